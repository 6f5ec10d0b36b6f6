package handler

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
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
//
// The rules of the state's part are those of state.State: which hours are pending,
// whose claim holds, and what is entered. This file has what reaches the world.

const (
	defaultTimeout = 15 * time.Minute // no Lambda function runs longer

	// savingTime is how long it may take to save what has become of a message, also
	// if the time of the run is over.
	savingTime = 10 * time.Second
)

// errKnown says that nothing could be read and that this is not to be posted: it
// was before, or the digest itself may have been.
var errKnown = errors.New("nothing could be read, and it is not reported again")

// unreadError says that nothing of some hours could be read, and why.
type unreadError struct{ error }

func (e unreadError) Unwrap() error { return e.error }

// runPending posts w and whatever older hours are pending for the channel, the
// oldest first. The report is that of the last message; it is nil where there was
// nothing to do. Hours of which nothing could be read stay pending, and are an
// error only if w is among them.
func runPending(ctx context.Context, h *Handler, w digest.Window) (*digest.Report, error) {
	reading, cancel := readingTime(ctx)
	defer cancel()
	var last *digest.Report
	var passed []digest.Window
	for {
		i, err := claim(ctx, h, w, passed)
		if errors.Is(err, state.ErrDone) || errors.Is(err, state.ErrAtWork) {
			if last == nil {
				h.logger().InfoContext(ctx, "nothing to post", "reason", err.Error(), "window_start", w.Start)
			}
			return last, nil
		}
		if err != nil {
			return last, fmt.Errorf("claim the hour: %w", err)
		}
		r, err := i.run(ctx, reading)
		if last = r; errors.Is(err, state.ErrLost) {
			h.logger().WarnContext(ctx, "posted nothing", "reason", err.Error(), "window_start", i.Window.Start)
			return nil, nil
		}
		own := i.Window.Contains(w.Start)
		if err != nil && (own || !errors.As(err, new(unreadError))) {
			return last, err
		}
		if own {
			return last, nil
		}
		if passed = append(passed, i.Window); reading.Err() != nil {
			return last, fmt.Errorf("the time ran out: the hours from %s on are left for a later run", i.Window.End.Format("2006-01-02 15:04 UTC"))
		}
	}
}

// item is a work item of a run.
type item struct {
	state.Item
	handler *Handler
	claimed *state.State // as it was when the item was claimed
	found   bool         // the message was in the channel already
}

// claim takes on the next pending hours at the end of w.
func claim(ctx context.Context, h *Handler, w digest.Window, passed []digest.Window) (*item, error) {
	i := &item{handler: h}
	a := state.Attempt{Owner: h.Owner + "/" + rand.Text(), Window: w, Passed: passed, Force: h.Force, Instances: h.Instances}
	err := i.edit(ctx, func(s *state.State) error {
		a.Now, a.Deadline = h.Now(), i.deadline(ctx)
		next, err := s.Acquire(a)
		if err == nil {
			i.Item, i.claimed = *next, s
		}
		return err
	})
	return i, err
}

// deadline returns when the run must have ended.
func (i *item) deadline(ctx context.Context) time.Time {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline
	}
	return i.handler.Now().Add(cmp.Or(i.handler.Timeout, defaultTimeout))
}

func (i *item) edit(ctx context.Context, edit func(*state.State) error) error {
	return state.Edit(ctx, i.handler.Store, state.Key(i.handler.Channel), edit)
}

// editLate edits the state also if the time of the run is over.
func (i *item) editLate(ctx context.Context, edit func(*state.State)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), savingTime)
	defer cancel()
	return i.edit(ctx, func(s *state.State) error { edit(s); return nil })
}

// run reads the hours of an item, posts them and saves that. Its report is never
// nil.
func (i *item) run(ctx, reading context.Context) (*digest.Report, error) {
	h := i.handler
	rd := h.read(reading, i.Window, i.Window.Hours())
	if !i.Unconfirmed && i.Replace == nil {
		rd.stopWhereTimeRanOut()
		i.Window = rd.window
	}
	r := rd.report(digest.Limit{})
	unread := rd.err()
	if r.Coverage.Events > 0 {
		unread = nil
	}
	i.compare(rd, r)
	message := shortened(r, h.Limit, h.OrderBy)
	receipt, err := i.deliver(ctx, message, unread != nil)
	if err != nil && !errors.Is(err, errKnown) {
		return message, errors.Join(err, unread, i.editLate(ctx, func(s *state.State) { s.Release(i.Item, h.Now()) }))
	}
	result := state.Result{Channel: receipt.Channel, TS: receipt.Timestamp, Failure: unread != nil && !i.found,
		Silent: notifier.Quiet(message), Report: r, Hours: rd.hourly()}
	if result.Failure && err == nil {
		i.Unconfirmed = false // delivery of the digest itself: that was not posted
	}
	if err = i.editLate(ctx, func(s *state.State) { s.Finish(i.Item, result) }); err != nil {
		err = fmt.Errorf("note that the digest is posted: %w", err)
	} else if unread != nil {
		err = unreadError{unread}
	}
	return message, err
}

// compare compares the report with the past, and adds what waits for a message.
func (i *item) compare(rd *reading, r *digest.Report) {
	s := i.claimed
	s.History.Compare(r, digest.Options{NewAfter: i.handler.NewAfter, Mutes: s.Mutes, Notes: s.Notes})
	r.Past.Missed = append(slices.Clone(s.Missed), rd.purged()...)
	r.Past.CatchUp = len(rd.hours)
	r.Coverage.Notes = append(r.Coverage.Notes, s.Unreported...)
}

// shortened returns what is shown of a report of all classes.
func shortened(r *digest.Report, l digest.Limit, by digest.OrderBy) *digest.Report {
	short, past := *r, *r.Past
	short.Past = &past
	short.Classes = slices.Clone(r.Classes)
	short.Coverage.Notes = slices.Clone(r.Coverage.Notes)
	short.Shorten(l, by)
	return &short
}

// deliver sees to it that the message of an item is in the channel once. An error
// leaves delivery unconfirmed if i.Unconfirmed is set. failureOnly is for a
// message that only says that nothing could be read.
func (i *item) deliver(ctx context.Context, r *digest.Report, failureOnly bool) (notifier.Receipt, error) {
	r.Past.Repeat = i.Repeat
	if i.Unconfirmed { // since an earlier run
		receipt, found, err := i.find(ctx, r)
		i.found = found
		switch {
		case found:
			return receipt, nil
		case err == nil:
			i.Unconfirmed = false
		case i.handler.SkipUnknown:
			return notifier.Receipt{}, skip(r)
		default:
			r.Past.Repeat = true
		}
	}
	if failureOnly && i.Replace == nil && (i.Unconfirmed || i.claimed.Entries.FailureReported(i.Window)) {
		return notifier.Receipt{}, errKnown
	}
	if i.FailureUnseen && !i.Unconfirmed {
		_, _, _ = i.find(ctx, r) // while there is no digest to take it for
	}
	err := i.edit(ctx, func(s *state.State) error {
		return s.StartPosting(i.Item, i.handler.Instances, failureOnly, i.deadline(ctx))
	})
	if err != nil {
		return notifier.Receipt{}, fmt.Errorf("claim the right to post: %w", err)
	}
	if i.Replace != nil {
		return i.replace(ctx, r)
	}
	receipt, posted, err := i.post(ctx, r)
	if posted != notifier.MaybePosted {
		return receipt, err
	}
	i.Unconfirmed = true
	return i.reconcile(ctx, r, err)
}

// reconcile looks for a message just posted whose delivery cause left unconfirmed,
// and posts it again where it is not there.
func (i *item) reconcile(ctx context.Context, r *digest.Report, cause error) (notifier.Receipt, error) {
	if ctx.Err() != nil {
		return notifier.Receipt{}, cause
	}
	receipt, found, err := i.find(ctx, r)
	switch {
	case found:
		return receipt, nil
	case err != nil && i.handler.SkipUnknown:
		return notifier.Receipt{}, skip(r)
	case err != nil:
		r.Past.Repeat = true
	default:
		i.Unconfirmed = false
	}
	receipt, posted, err := i.post(ctx, r)
	i.Unconfirmed = i.Unconfirmed || posted == notifier.MaybePosted
	return receipt, err
}

// skip notes that nothing is posted for fear of repeating it.
func skip(r *digest.Report) error {
	r.Coverage.Notes = append(r.Coverage.Notes, "Delivery of this digest is unconfirmed, and it is not posted again.")
	return nil
}

// post reports whether the message is in the channel, in whole or in part. What is
// missing of it then becomes a note.
func (i *item) post(ctx context.Context, r *digest.Report) (receipt notifier.Receipt, posted notifier.Posted, err error) {
	if p, ok := i.handler.Notifier.(Poster); ok {
		receipt, err = p.Post(ctx, r)
	} else {
		err = i.handler.Notifier.Notify(ctx, r)
	}
	var delivery *notifier.DeliveryError
	switch {
	case err == nil:
		return receipt, notifier.IsPosted, nil
	case errors.As(err, &delivery) && delivery.Posted == notifier.IsPosted:
		r.Coverage.Notes = append(r.Coverage.Notes, err.Error())
		return receipt, notifier.IsPosted, nil
	case errors.As(err, &delivery):
		posted = delivery.Posted
	default:
		posted = notifier.NotPosted
	}
	return receipt, posted, fmt.Errorf("post digest: %w", err)
}

var (
	errNoSearch  = errors.New("this chat cannot be searched for a digest")
	errAmbiguous = errors.New("the message found may only say that nothing could be read")
)

// find looks for the message of an item, and takes notice of the one that says that
// nothing could be read: of the same window, both look the same. An error leaves
// delivery unconfirmed.
func (i *item) find(ctx context.Context, r *digest.Report) (notifier.Receipt, bool, error) {
	p, ok := i.handler.Notifier.(Poster)
	if !ok {
		return notifier.Receipt{}, false, errNoSearch
	}
	like := &digest.Report{Version: r.Version, Window: r.Window, Instances: i.Instances}
	if i.Instances == nil {
		like.Instances = r.Instances
	}
	receipt, found, err := p.Find(ctx, like)
	switch ts := receipt.Timestamp; {
	case err != nil:
	case !found:
		i.FailureUnseen = false
	case i.claimed.Entries.IsFailure(ts) || ts == i.FailureTS:
		found = false
	case i.FailureUnseen && (i.Unconfirmed || i.Repeat):
		found, err = false, errAmbiguous
	case i.FailureUnseen:
		i.FailureUnseen, i.FailureTS, found = false, ts, false
	}
	if err != nil {
		i.handler.logger().WarnContext(ctx, "delivery of a digest is unconfirmed", "window_start", r.Window.Start, "error", err.Error())
	}
	return receipt, found, err
}

// replace updates the message of hours that were posted. If that is not there any
// more, or not known, they are posted anew.
func (i *item) replace(ctx context.Context, r *digest.Report) (notifier.Receipt, error) {
	at := notifier.Receipt{Channel: i.Replace.Channel, Timestamp: i.Replace.TS}
	if at.Timestamp == "" {
		receipt, found, err := i.find(ctx, r)
		if r.Past.Repeat = err != nil; found {
			at = receipt
		}
	}
	if p, ok := i.handler.Notifier.(Poster); ok && at.Timestamp != "" {
		receipt, err := p.Update(ctx, r, at)
		var delivery *notifier.DeliveryError
		if err == nil || !errors.As(err, &delivery) || delivery.Posted != notifier.NotPosted {
			return receipt, err
		}
	}
	receipt, _, err := i.post(ctx, r)
	return receipt, err
}
