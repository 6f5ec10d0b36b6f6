package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// How an hour is posted once, whatever happens to those who post it:
//
//  1. A run claims the hours by compare-and-swap, for longer than it can last.
//     Whoever finds a live claim leaves them alone.
//  2. It reads them, and notes in the claim that it is about to post. If the claim
//     is somebody else's by then, it stops: nobody posts who has lost a claim.
//  3. It posts, and in one save enters the message, adds the hours to the history
//     and ends the claim.
//
// A run that dies while it reads has done nothing. One that dies after it noted
// that it would post leaves that undone: the next run looks into the channel, and
// what is there is only entered. If it may not look, it posts again and says so.

// runOwed posts w and whatever older hours are owed to the channel, the oldest
// first. The report is that of the last message; it is nil where there was
// nothing to do. Hours of which nothing could be read stay owed, and are an
// error only if w is among them.
func (h *Handler) runOwed(ctx context.Context, w digest.Window) (*digest.Report, error) {
	reading, cancel := readingTime(ctx)
	defer cancel()
	var last *digest.Report
	var done []digest.Window
	for {
		d, err := h.claim(ctx, w, done)
		if errors.Is(err, errSettled) || errors.Is(err, errAtWork) || errors.Is(err, errLost) {
			if last == nil {
				h.logger().InfoContext(ctx, "nothing to post", "reason", err.Error(), "window_start", w.Start)
			}
			return last, nil
		}
		if err != nil {
			return last, fmt.Errorf("claim the hour: %w", err)
		}
		r, err := h.run(ctx, reading, d)
		if last = r; errors.Is(err, errLost) {
			h.logger().WarnContext(ctx, "posted nothing", "reason", err.Error(), "window_start", d.window.Start)
			return nil, nil
		}
		own := d.window.Contains(w.Start)
		if err != nil && (own || !errors.As(err, new(unreadError))) {
			return last, err
		}
		if own {
			return last, nil
		}
		if done = append(done, d.window); reading.Err() != nil {
			return last, fmt.Errorf("the time ran out: the hours from %s on are left for a later run", d.window.End.Format("2006-01-02 15:04 UTC"))
		}
	}
}

// unreadError says that nothing of some hours could be read, and why.
type unreadError struct{ error }

func (e unreadError) Unwrap() error { return e.error }

// run reads the hours of a debt, posts them and saves that. Its report is never
// nil.
func (h *Handler) run(ctx, reading context.Context, d *debt) (*digest.Report, error) {
	rd := h.read(reading, d.window, d.window.Hours())
	if !d.maybe && !d.redo {
		rd.stopWhereTimeRanOut()
		d.window = rd.window
	}
	r := rd.report(digest.Limit{})
	unread := rd.err()
	if r.Coverage.Events > 0 {
		unread = nil
	}
	h.remember(d.state, rd, r)
	message := h.shortened(r)
	receipt, err := h.deliver(ctx, d, message, unread != nil)
	posted := Entry{Start: d.window.Start, End: d.window.End, Kind: Posted, Channel: receipt.Channel, TS: receipt.Timestamp}
	if errors.Is(err, errNoNews) {
		err = nil
	}
	if err != nil {
		return message, errors.Join(err, unread, h.release(ctx, d))
	}
	err = h.save(ctx, d, func(s *State) {
		switch {
		case unread != nil && !d.found && !d.redo:
			posted.Maybe = d.maybe || d.repeat
			s.told(d.window, posted)
		case !d.redo:
			for _, hour := range rd.hourly() {
				_ = s.History.Add(hour) // it is an hour of the clock
			}
			s.History.MarkReported(r)
			fallthrough
		default:
			s.enter(posted)
		}
		if !notifier.Quiet(message) {
			s.Missed, s.Untold = nil, nil
		}
	})
	if err == nil && unread != nil {
		err = unreadError{unread}
	}
	return message, err
}

// remember compares the report with the past.
func (h *Handler) remember(s *State, rd *reading, r *digest.Report) {
	s.History.Compare(r, digest.Options{NewAfter: h.NewAfter, Mutes: s.Mutes, Notes: s.Notes})
	r.Past.Missed = append(slices.Clone(s.Missed), rd.purged()...)
	r.Past.CatchUp = len(rd.hours)
	r.Coverage.Notes = append(r.Coverage.Notes, s.Untold...)
}

// shortened is what is shown of a report of all classes.
func (h *Handler) shortened(r *digest.Report) *digest.Report {
	short, past := *r, *r.Past
	short.Past = &past
	short.Classes = slices.Clone(r.Classes)
	short.Coverage.Notes = slices.Clone(r.Coverage.Notes)
	short.Shorten(h.Limit, h.OrderBy)
	return &short
}

// save edits the state after the message is in the channel, and ends the claim.
// Where somebody else has posted the hours nevertheless, theirs is what counts.
func (h *Handler) save(ctx context.Context, d *debt, edit func(*State)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), savingTime)
	defer cancel()
	err := EditState(ctx, h.Store, StateKey(h.Channel), func(s *State) error {
		if s.Claim != nil && s.Claim.Owner == d.owner {
			s.Claim = nil
		}
		if d.redo || !s.allSettled(d.window) {
			edit(s)
			s.Doubt = false
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note that the digest is posted: %w", err)
	}
	return nil
}
