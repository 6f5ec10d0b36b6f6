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
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
	"slowdigest/source"
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
// An hour is done when the part of each instance was read, or is known never to come:
// RDS lists it no more, or nothing was logged. Whether there is evidence for that is
// for source to say, which gives each absence its cause. An hour of which nothing
// could be read stays pending, and one message says so. Of any other the parts that
// may still be read stay open: that they could not be (Passing, Denied), are not
// listed yet, or belong to an instance that is asleep. As soon as such an instance is
// read without a hitch, its open hours are read again, all of each, and what is in the
// channel and in the history is replaced, or is posted where there was nothing to
// say. An instance that is asleep is no reason for a message: that it fell asleep, or
// woke up, is a line of the next digest.
//
// A run that dies while it reads has done nothing. One that dies after it noted
// that it would post leaves that undone: the next run looks into the channel, and
// what is there is only entered. If it may not look, it posts again and says so.
//
// The rules of the state's part are those of state.State: which hours are pending,
// whose claim holds, and what is entered. What reaches the channel is in deliver.go.

const (
	defaultTimeout = 15 * time.Minute // no Lambda function runs longer

	// savingTime is how long it may take to save what has become of a message, also
	// if the time of the run is over.
	savingTime = 10 * time.Second
)

// unreadError says that nothing of some hours could be read, and why.
type unreadError struct{ error }

func (e unreadError) Unwrap() error { return e.error }

// runPending posts w and whatever other hours are pending for the channel, the
// newest first, and then corrects those that have an open part. The report is that of
// w, or if there is none of the last message; it is nil where there was nothing to do.
// Hours of which nothing could be read stay pending, and are an error only if w is
// among them.
func runPending(ctx context.Context, h *Handler, w digest.Window) (*digest.Report, error) {
	reading, cancel := readingTime(ctx)
	defer cancel()
	var report *digest.Report
	var passed []digest.Window
	var answering []string
	h.Done, h.Pending, h.Silent = 0, nil, true
	for {
		i, err := claim(ctx, h, w, passed, answering)
		if errors.Is(err, state.ErrDone) || errors.Is(err, state.ErrAtWork) {
			if report == nil {
				h.logger().InfoContext(ctx, "nothing to post", "reason", err.Error(), "window_start", w.Start)
			}
			return report, nil
		}
		if err != nil {
			return report, fmt.Errorf("claim the hour: %w", err)
		}
		r, err := i.run(ctx, reading)
		if errors.Is(err, state.ErrLost) {
			h.logger().WarnContext(ctx, "posted nothing", "reason", err.Error(), "window_start", i.Window.Start)
			return report, nil
		}
		if i.Correct && errors.As(err, new(*notifier.DeliveryError)) { // the next hour's run tries again, and Lambda's retry would not
			h.logger().WarnContext(ctx, "not corrected", "reason", err.Error(), "window_start", i.Window.Start)
			err = nil
		}
		own := i.Window.Contains(w.Start)
		if own || report == nil {
			report = r
		}
		switch {
		case err != nil && (own || !errors.As(err, new(unreadError))):
			return report, err
		case own && answering == nil:
			answering = i.answering
		case i.Correct:
			answering = slices.DeleteFunc(answering, func(id string) bool { return slices.Contains(i.hitches, id) })
		}
		if passed = append(passed, i.Window); reading.Err() != nil {
			return report, i.timeRanOut(own)
		}
	}
}

// timeRanOut returns the error of a run that has not come to w in its time.
func (i *item) timeRanOut(own bool) error {
	if own || i.Correct {
		return nil
	}
	return fmt.Errorf("the time ran out: the hours from %s on are left for a later run", i.Window.End.Format("2006-01-02 15:04 UTC"))
}

// item is a work item of a run.
type item struct {
	state.Item
	handler *Handler
	claimed *state.State // as it was when the item was claimed
	found   bool         // the message was in the channel already

	ids       identities // who has the names
	answering []string   // the instances that were read without a hitch, by their names and IDs
	hitches   []string   // the others of those that were read
	apart     bool       // a correction that leaves the message as it is
	renewed   bool       // the message was in the channel, and was replaced
	nobody    bool       // there is no instance any more, so that no hour of it is done
}

// claim takes on the next pending hours at the end of w.
func claim(ctx context.Context, h *Handler, w digest.Window, passed []digest.Window, answering []string) (*item, error) {
	i := &item{handler: h}
	a := state.Attempt{Owner: h.Owner + "/" + rand.Text(), Window: w, Passed: passed, Force: h.Force, Instances: h.Instances, Answering: answering}
	err := i.edit(ctx, func(s *state.State) error {
		a.Now, a.Deadline = h.Now(), i.deadline(ctx)
		next, err := s.Acquire(a)
		h.Pending = new(s.Pending(w.End, func(cause string) bool { return blocks(source.Cause(cause)) }))
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

// run reads the hours of an item, posts them and saves that. Its report is nil only
// where there never was an instance.
func (i *item) run(ctx, reading context.Context) (*digest.Report, error) {
	h := i.handler
	if len(h.Instances) == 0 && !i.claimed.Entries.Done() {
		return nil, errors.Join(&NoInstanceError{Omitted: h.Notes}, i.editLate(ctx, func(s *state.State) { s.Release(i.Item, h.Now()) }))
	}
	rd := h.read(reading, i.Window, i.Window.Hours(), i.claimed)
	if !i.Unconfirmed && i.Replace == nil {
		rd.stopWhereTimeRanOut()
		i.Window = rd.window
	}
	result := state.Result{Open: rd.open()}
	i.ids = rd.ids
	answering := rd.answering()
	i.answering = rd.ids.keys(answering)
	i.hitches = rd.ids.keys(slices.DeleteFunc(slices.Clone(rd.instances), func(id string) bool { return slices.Contains(answering, id) }))
	if i.notes() {
		i.observe(ctx, rd, &result)
	}
	i.missing(rd, result.Seen, result.Remade)
	i.nobody = rd.allMissing()
	r := rd.report(digest.Limit{})
	result.Calls, result.Unsure = rd.calls(), rd.ids.err != nil
	if i.Correct && !i.Unconfirmed {
		switch i.compareOpen(rd, &result) {
		case confirmed:
			result.Hours = rd.hourly()
			archiveHours(ctx, h, archive.Save, result.Hours, nil)
			fallthrough
		case unimproved:
			result.Unchanged = true
			return r, i.finish(ctx, result)
		case lessThanBefore:
			return i.runApart(ctx, reading, rd, result.Calls)
		}
	}
	var unread error
	if r.Overall.Calls == 0 && rd.failed() {
		unread, result.Seen, result.News = rd.err(), nil, nil
	}
	result.Lost = rd.lost()
	hours := rd.hourly()
	if unread == nil {
		archiveHours(ctx, h, archive.Save, hours, result.Lost)
	}
	i.compare(rd, r, &result)
	message := shortened(r, h.Limit, h.OrderBy)
	noteUnnamed(r, message)
	if i.onlyLost(rd, r, result) || i.withoutNews(message) {
		result.Found = i.found && !i.renewed
		result.Silent, result.Report, result.Hours = true, r, hours
		if err := i.finish(ctx, result); err != nil {
			return message, err
		}
		i.follow(ctx, r, false)
		return message, nil
	}
	receipt, err := i.deliver(ctx, message, state.Message{Calls: result.Calls, Lacks: result.Open}, unread != nil, len(result.Open)+len(rd.gone) > 0)
	if err != nil && !errors.Is(err, errKnown) {
		return message, errors.Join(err, unread, i.editLate(ctx, func(s *state.State) { s.Release(i.Item, h.Now()) }))
	}
	result.Channel, result.TS, result.Failure = receipt.Channel, receipt.Timestamp, unread != nil && !i.found
	if result.Found = i.found && !i.renewed; result.Found && i.Calls != nil {
		i.leave(&result)
	}
	result.Silent = !i.found && (notifier.Quiet(message) || err != nil) // errKnown posts nothing
	h.Silent = h.Silent && result.Silent
	result.Report, result.Hours, result.Repeat = r, hours, message.Past.Repeat
	if result.Failure && err == nil {
		i.Unconfirmed = false // delivery of the digest itself: that was not posted
	}
	switch err = i.finish(ctx, result); {
	case err == nil && unread != nil:
		err = unreadError{unread}
	case err == nil:
		i.follow(ctx, r, !result.Silent)
	}
	return message, err
}

// leave has a message of an earlier run stay as it is: what that lacked is open.
func (i *item) leave(r *state.Result) {
	r.Open, r.Calls = slices.Clone(i.Lacks), i.Calls
	for _, f := range r.Formers {
		r.Open = f.Claim(r.Open)
	}
}

// finish saves what has become of an item.
func (i *item) finish(ctx context.Context, r state.Result) error {
	h := i.handler
	done := len(i.Window.Hours())
	for _, w := range r.Lost {
		for _, hour := range w.Hours() {
			if !i.Window.Contains(hour.Start) {
				done++
			}
		}
	}
	if i.Correct {
		done = 0
	}
	freed := 0 // hours of which all is known now, or known never to come
	err := i.editLate(ctx, func(s *state.State) {
		before := blocked(s.Open)
		s.Finish(i.Item, r)
		freed = before - blocked(s.Open)
	})
	if err != nil {
		return fmt.Errorf("note that the digest is posted: %w", err)
	}
	if !r.Failure && !i.nobody {
		h.Done += max(0, done+freed)
	}
	return nil
}

// notes reports whether the state gets to know by this item how the instances are now.
func (i *item) notes() bool { return i.Replace == nil && i.newest() }

// newest reports whether no later hour was entered, so that what is found now is how
// the instances are.
func (i *item) newest() bool {
	n := len(i.claimed.Entries)
	return n == 0 || i.claimed.Entries[n-1].Start.Before(i.Window.End)
}

// compare compares the report with the past, and adds what waits for a message.
func (i *item) compare(rd *reading, r *digest.Report, result *state.Result) {
	s := i.claimed
	s.History.Compare(r, digest.Options{NewAfter: i.handler.NewAfter, Mutes: s.Mutes, Notes: s.Notes, TellApart: redact.TellApart})
	r.Past.CatchUp = len(rd.hours)
	var said state.Said
	if i.Replace != nil && i.Replace.Said != nil && !i.apart {
		said = *i.Replace.Said
	}
	if i.Correct {
		said.News = slices.Concat(said.News, i.readLater(rd, result.Calls))
	}
	if !i.Edits() {
		hours, parts := s.Abandoned(rd.window.End)
		instances := s.Instances
		if result.Seen != nil {
			instances = result.Seen
		}
		said.Missed = slices.Concat(said.Missed, s.Missed, result.Lost)
		said.GivenUp = slices.Concat(said.GivenUp, hours)
		said.News = slices.Concat(said.News, s.News, parts, result.News, instances.FellAsleep())
		said.Notes = slices.Concat(said.Notes, s.Unreported)
	}
	r.Past.Missed, r.Past.GivenUp, r.Past.News = said.Missed, said.GivenUp, said.News
	r.Coverage.Notes = slices.Concat(said.Notes, r.Coverage.Notes)
	if !i.Edits() && (r.Overall.Calls > 0 || !rd.failed()) { // or the digest of these hours, which is still to come, tells it again
		said.Day = i.handler.Daily.day(s, r, result.Open)
	}
	if r.Past.Day = said.Day; said.Day == nil && i.handler.Daily != (Daily{}) {
		r.Past.Days = 0 // for the message that tells the day to say
	}
	if said.Day != nil || len(said.News)+len(said.Notes)+len(said.Missed)+len(said.GivenUp) > 0 {
		result.Said = &said
	}
}

// onlyLost reports whether nothing is left of hours that are not the newest. That is
// for the next message to say.
func (i *item) onlyLost(rd *reading, r *digest.Report, result state.Result) bool {
	hours := 0
	for _, w := range result.Lost {
		for _, hour := range w.Hours() {
			if rd.window.Contains(hour.Start) {
				hours++
			}
		}
	}
	return hours == len(rd.hours) && r.Overall.Calls == 0 && !i.newest() && !i.Unconfirmed && i.Replace == nil
}

// withoutNews reports whether a message is left out, as nothing is as it was not before.
func (i *item) withoutNews(r *digest.Report) bool {
	return i.handler.Daily != Daily{} && !i.Unconfirmed && i.Replace == nil && !notifier.News(r)
}

// noteUnnamed marks the classes that are WORSE and that the message does not name. One that is NEW
// or BACK is told by its count: a deploy of fifty classes is no news for ten hours.
func noteUnnamed(r, message *digest.Report) {
	named := map[string]bool{}
	for _, c := range notifier.Leading(message) {
		named[c.ID] = true
	}
	for n := range r.Classes {
		c := &r.Classes[n]
		c.Unnamed = c.Leads() && c.Change.Kind == digest.Worse && !named[c.ID]
	}
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
