// Package weekjob tells a channel once what a week was like, from the archive of its hours.
//
// It is told once as an hour is posted once: who tells it claims it in the state, notes that he is about to send
// the message, sends it, and notes that it is told. One that finds that somebody was about to send it looks into
// the channel first. If it may not look, it sends the message again, which then says so.
package weekjob

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/releases"
	"slowdigest/digest/week"
	"slowdigest/handler/archive"
	"slowdigest/handler/owners"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/weekly"
)

// Poster sends memos; a chat that can be looked into is a Finder, too.
type Poster interface {
	PostMemo(ctx context.Context, m *notifier.Memo, key string) (notifier.Receipt, error)
}

// Finder finds a memo by the key that it was posted with.
type Finder interface {
	FindMemo(ctx context.Context, key string, since time.Time) (bool, error)
}

// Job is the week of a channel.
type Job struct {
	Store       state.Store
	Channel     string
	Window      digest.Window // as week.Last and week.Of return it
	Zone        *time.Location
	Poster      Poster
	Owners      func(ctx context.Context) (*owners.Owners, error) // as of a Handler; nil is nobody's
	Owner       string                                            // who does it: the ID of a run, which is the same when its event is tried again; empty is made up
	SkipUnknown bool                                              // rather leaves a week out than tells it twice
	Now         func() time.Time
	Timeout     time.Duration // for how long a claim holds where ctx has no deadline; 0 is 15 minutes
	Logger      *slog.Logger  // nil is none
}

const defaultTimeout = 15 * time.Minute // no Lambda function runs longer

// errNoHours says that the channel has had no hour yet, and so has no state.
var errNoHours = errors.New("no hour was told yet")

// Build sums up the week. The error is that of an archive of which nothing could be read.
func (j *Job) Build(ctx context.Context) (*week.Week, error) {
	s, err := state.Read(ctx, j.Store, state.Key(j.Channel))
	if err != nil {
		return nil, fmt.Errorf("sum up the week: %w", err)
	}
	return j.build(ctx, s)
}

// lookingBack is how much of the time of a run is for the weeks before; the rest is for the message.
const lookingBack = 0.8

func (j *Job) build(ctx context.Context, s *state.State) (*week.Week, error) {
	b := week.New(j.Window, j.Zone, s.History.FixedIn(j.Window))
	back := ctx // for the weeks before: of those that are not read in time nothing is said
	if deadline, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		back, cancel = context.WithTimeout(ctx, time.Duration(lookingBack*float64(deadline.Sub(j.Now()))))
		defer cancel()
	}
	read, first := 0, error(nil)
	for i, w := range b.Windows() {
		reading := back
		if i == 0 {
			reading = ctx
		}
		n, err := j.add(reading, b, w)
		if read += n; first == nil {
			first = err
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("sum up the week: %w", ctx.Err())
	case read == 0 && first != nil:
		return nil, fmt.Errorf("sum up the week: %w", first)
	case back.Err() != nil:
		j.logger().WarnContext(ctx, "the time did not last for all weeks before; more memory makes the function faster", "hours_read", read)
	}
	w := b.Week(weekly.Top, s.Mutes)
	j.name(ctx, w, s)
	return w, nil
}

// name adds who owns the classes, and the releases with which those that are new began.
func (j *Job) name(ctx context.Context, w *week.Week, s *state.State) {
	var owned *owners.Owners
	if j.Owners != nil {
		var err error
		if owned, err = j.Owners(ctx); err != nil {
			j.logger().WarnContext(ctx, "the week names no owners", "error", err.Error())
		}
	}
	for _, c := range w.Named() {
		c.Owners = owned.Of(c)
	}
	marks := releases.Marks(s.History.Releases())
	for i := range w.New {
		c := &w.New[i]
		if m := marks.Since(releases.At(c.First)); m != nil && (!m.ByTag || slices.ContainsFunc(c.In.Tags, func(t digest.TagCount) bool { return t.Key == "release" && t.Value == m.Name })) {
			c.Release = m
		}
	}
}

// add adds the hours of a window that are kept. It returns how many were read, and the first error.
func (j *Job) add(ctx context.Context, b *week.Builder, w digest.Window) (read int, first error) {
	for r, err := range archive.Reports(ctx, j.Store, state.Key(j.Channel), w) {
		switch {
		case ctx.Err() != nil:
			return read, cmp.Or(first, ctx.Err())
		case err == nil:
			b.Add(r)
			read++
			continue
		}
		if b.Unreadable(); first == nil {
			first = err
			j.logger().WarnContext(ctx, "an hour of the archive was not read", "error", err.Error())
		}
	}
	return read, first
}

// Run tells the week, and returns it. It is nil where there was nothing to do: it was told, or somebody else is
// at work. Of a week of which no hour is kept nothing is told.
func (j *Job) Run(ctx context.Context) (*week.Week, error) {
	owner := cmp.Or(j.Owner, rand.Text())
	var s *state.State
	unconfirmed := false
	err := j.edit(ctx, func(in *state.State) (err error) {
		if s = in; in.Since.IsZero() {
			return errNoHours
		}
		in.Week = cmp.Or(in.Week, new(state.Week))
		unconfirmed, err = in.Week.Claim(j.Window, owner, j.Now(), j.deadline(ctx))
		return err
	})
	if errors.Is(err, state.ErrTold) || errors.Is(err, state.ErrAtWork) || errors.Is(err, errNoHours) {
		j.logger().InfoContext(ctx, "no week to tell", "reason", err.Error(), "window_start", j.Window.Start)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim the week: %w", err)
	}
	w, err := j.build(ctx, s)
	if err != nil || w.Hours.Read == 0 {
		return w, errors.Join(err, j.end(ctx, owner, false))
	}
	err = j.edit(ctx, func(s *state.State) error { return s.Week.Post(j.Window, owner) })
	if errors.Is(err, state.ErrLost) {
		j.logger().WarnContext(ctx, "told no week", "reason", err.Error(), "window_start", j.Window.Start)
		return nil, nil
	}
	if err != nil {
		return w, fmt.Errorf("note that the week is about to be told: %w", err)
	}
	posted, err := j.post(ctx, weekly.Memo(w, true), unconfirmed)
	if posted == notifier.MaybePosted { // the claim stays as it is, for the next try to look into the channel
		return w, err
	}
	return w, errors.Join(err, j.end(ctx, owner, posted == notifier.IsPosted))
}

// post sends the memo, once if what has become of an earlier one is known.
func (j *Job) post(ctx context.Context, m *notifier.Memo, unconfirmed bool) (notifier.Posted, error) {
	if unconfirmed {
		found, err := j.find(ctx)
		switch {
		case found:
			return notifier.IsPosted, nil
		case err != nil && j.SkipUnknown:
			j.logger().WarnContext(ctx, "the week may not have been told, and is not told again", "error", err.Error())
			return notifier.IsPosted, nil
		case err != nil:
			m.Foot = "This may be a repeat: whether the week was told before is not known."
		}
	}
	_, err := j.Poster.PostMemo(ctx, m, j.key())
	var delivery *notifier.DeliveryError
	switch {
	case err == nil:
		return notifier.IsPosted, nil
	case !errors.As(err, &delivery):
		return notifier.NotPosted, fmt.Errorf("tell the week: %w", err)
	case delivery.Posted == notifier.IsPosted: // but for its table
		j.logger().WarnContext(ctx, "the week was told in part", "error", err.Error())
		return notifier.IsPosted, nil
	case delivery.Posted == notifier.MaybePosted && ctx.Err() == nil:
		if found, lookErr := j.find(ctx); lookErr == nil && found {
			return notifier.IsPosted, nil
		} else if lookErr == nil {
			return notifier.NotPosted, fmt.Errorf("tell the week: %w", err)
		}
	}
	return delivery.Posted, fmt.Errorf("tell the week: %w", err)
}

func (j *Job) find(ctx context.Context) (bool, error) {
	f, ok := j.Poster.(Finder)
	if !ok {
		return false, errors.New("this chat cannot be searched for a message")
	}
	return f.FindMemo(ctx, j.key(), j.Window.End)
}

// key tells the memo from others in the channel.
func (j *Job) key() string { return "week " + j.Window.End.UTC().Format("2006-01-02T15:04Z") }

// end ends the claim, also if the time of the run is over.
func (j *Job) end(ctx context.Context, owner string, told bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := j.edit(ctx, func(s *state.State) error {
		s.Week.End(j.Window, owner, told)
		return nil
	})
	if err != nil {
		return fmt.Errorf("note whether the week is told: %w", err)
	}
	return nil
}

func (j *Job) edit(ctx context.Context, edit func(*state.State) error) error {
	return state.Edit(ctx, j.Store, state.Key(j.Channel), edit)
}

func (j *Job) deadline(ctx context.Context) time.Time {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline
	}
	return j.Now().Add(cmp.Or(j.Timeout, defaultTimeout))
}

func (j *Job) logger() *slog.Logger {
	if j.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return j.Logger
}
