package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
)

// How a state lets an hour be posted once. Each step is one edit of it by
// compare-and-swap; package handler makes them, and says why in handler/once.go.
//
//	Acquire       a run claims the oldest pending hours, for longer than it can last
//	StartPosting  from now on the message may be in the channel
//	Finish        the message is entered, the hours join the history, the claim ends
//	Release       the claim ends without a message
//
// An hour is pending from Since on, until it is entered as Posted or Missed.

// Claim says who is at work for a channel. Nobody else posts there until it
// expires, which is when its owner must have ended.
type Claim struct {
	Owner       string    `json:"owner"` // see Attempt.Owner
	Start       time.Time `json:"start"` // of the hours that are read or posted
	End         time.Time `json:"end"`
	Stage       Stage     `json:"stage"`
	FailureOnly bool      `json:"trouble,omitempty"`   // what is posted only says that nothing could be read
	Instances   []string  `json:"instances,omitempty"` // of the message, by which it is found
	Unseen      bool      `json:"unseen,omitempty"`    // see Item.FailureUnseen
	Expires     time.Time `json:"expires"`
}

// Stage says how far the owner of a Claim has come.
type Stage string

const (
	Reading Stage = "reading" // nothing is posted
	Posting Stage = "posting" // it may be
)

const (
	// claimMargin is how much longer a claim lasts than its owner, for clocks that
	// differ.
	claimMargin = time.Minute

	// catchUp is how long hours stay pending, and how long one message may be. RDS
	// keeps the logs of Aurora and MariaDB for as long.
	catchUp = 24 * time.Hour
)

func (c *Claim) window() digest.Window { return digest.Window{Start: c.Start, End: c.End} }

// live reports whether the owner may still be at work when another comes. Where
// Lambda tries a request again, the earlier try has ended. Should it be alive
// nevertheless, it notices before it posts.
func (c *Claim) live(now time.Time, other string) bool {
	again := c.Stage == Reading && request(other) != "" && request(other) == request(c.Owner)
	return now.Before(c.Expires) && !again
}

// request returns the part of an owner that stays the same when a request is
// tried again.
func request(owner string) string { return owner[:max(strings.LastIndex(owner, "/"), 0)] }

// Why Acquire and StartPosting refuse.
var (
	ErrDone   = errors.New("its hour is posted already")
	ErrAtWork = errors.New("another run is at work at it")
	ErrLost   = errors.New("another run has taken over")
)

// BusyError says that somebody else is at work for the channel, at other hours.
type BusyError struct {
	Owner   string
	Expires time.Time
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("another run, %s, is at work for this channel, until %s at the latest", e.Owner, e.Expires.Format("15:04:05 UTC"))
}

// Attempt describes a run that asks for work.
type Attempt struct {
	Owner     string          // an ID of the request, a slash and random text without one
	Window    digest.Window   // the hour that the run is for
	Passed    []digest.Window // what the run has had already
	Force     bool            // post Window again if it was posted
	Instances []string
	Now       time.Time
	Deadline  time.Time // when the run must have ended
}

// Item is a work item: hours to be read and posted as one message.
type Item struct {
	Owner       string
	Window      digest.Window
	Unconfirmed bool     // an earlier run may have posted it
	Instances   []string // of the message that may have been posted
	Repeat      bool     // it may have been posted, and no more is to be known about that
	Replace     *Entry   // of hours that were posted and are to be once more; else nil

	// FailureUnseen says that a message of the same window, which only says that
	// nothing could be read, may be in the channel; FailureTS is that message once it
	// is found there.
	FailureUnseen bool
	FailureTS     string
}

// Acquire claims the next work item for a run. It is called again with the same
// attempt where an earlier save had no answer. The error is ErrDone where nothing
// is left to do, ErrAtWork where another run is at the same hour, and a
// *BusyError where it is at others.
func (s *State) Acquire(a Attempt) (*Item, error) {
	forgetFuture(s, a.Now)
	if s.Since.IsZero() {
		s.Since = a.Window.Start
	}
	if c := s.Claim; c != nil && c.Owner != a.Owner && c.live(a.Now, a.Owner) {
		switch {
		case c.window().Contains(a.Window.Start):
			return nil, ErrAtWork
		case !s.done(a.Window.Start) || a.Force:
			return nil, &BusyError{Owner: c.Owner, Expires: c.Expires}
		}
		return nil, ErrDone
	}
	i := s.next(a)
	if i == nil {
		return nil, ErrDone
	}
	i.Owner = a.Owner
	s.Claim = &Claim{Owner: a.Owner, Start: i.Window.Start, End: i.Window.End, Stage: Reading, Expires: expiry(a.Deadline)}
	if i.Unconfirmed {
		s.Claim.Stage, s.Claim.Instances, s.Claim.Unseen = Posting, i.Instances, i.FailureUnseen
	}
	return i, nil
}

func expiry(deadline time.Time) time.Time { return deadline.Add(claimMargin).UTC() }

// next returns what is to be done first: what a run has left undone that did not
// come to its end, what is to be done again, or the oldest pending hours.
func (s *State) next(a Attempt) *Item {
	if c := s.Claim; c != nil && c.Stage == Posting && !s.allDone(c.window()) {
		if !c.FailureOnly {
			return &Item{Window: c.window(), Unconfirmed: true, Instances: c.Instances, FailureUnseen: c.Unseen}
		}
		s.Entries.enterFailure(c.window(), Entry{Unseen: true}) // rather not at all than twice
	}
	s.giveUp(a.Window.End)
	if e, ok := s.Entries.at(a.Window.Start); a.Force && ok && e.Kind != FailureReported && len(a.Passed) == 0 {
		return &Item{Window: digest.Window{Start: e.Start, End: e.End}, Replace: &e}
	}
	if w, ok := s.pending(a.Window, a.Passed); ok {
		return &Item{Window: w, Unconfirmed: s.Doubt, Instances: a.Instances, Repeat: s.Entries.unconfirmed(w),
			FailureUnseen: s.Entries.failureUnseen(w)}
	}
	return nil
}

// StartPosting notes that from now on the message of an item may be in the
// channel. The error is ErrLost where the claim is another's by now, and then it
// must not be posted.
func (s *State) StartPosting(i Item, instances []string, failureOnly bool, deadline time.Time) error {
	if s.Claim == nil || s.Claim.Owner != i.Owner {
		return ErrLost
	}
	*s.Claim = Claim{Owner: i.Owner, Start: i.Window.Start, End: i.Window.End, Stage: Posting,
		FailureOnly: failureOnly, Instances: instances, Unseen: i.FailureUnseen, Expires: expiry(deadline)}
	if i.FailureTS != "" {
		s.Entries.enterFailure(i.Window, Entry{TS: i.FailureTS})
	}
	return nil
}

// Release gives a claim back. Where the message may be in the channel, what is
// known of it stays for the run that comes next.
func (s *State) Release(i Item, now time.Time) {
	switch c := s.Claim; {
	case c == nil || c.Owner != i.Owner:
	case i.Unconfirmed:
		c.Expires = now.UTC()
	default:
		s.Claim = nil
	}
}

// Result describes what became of an Item.
type Result struct {
	Channel, TS string           // of the message; empty where there is none
	Failure     bool             // it only says that nothing could be read
	Silent      bool             // nothing was posted, as there is nothing to report
	Report      *digest.Report   // of all hours, as compared with the history
	Hours       []*digest.Report // each hour's own, with all classes
}

// Finish enters what became of an item, and ends the claim. Where somebody else
// has posted the hours nevertheless, theirs is what counts.
func (s *State) Finish(i Item, r Result) {
	if s.Claim != nil && s.Claim.Owner == i.Owner {
		s.Claim = nil
	}
	if i.Replace == nil && s.allDone(i.Window) {
		return
	}
	s.Doubt = false
	e := Entry{Start: i.Window.Start, End: i.Window.End, Kind: Posted, Channel: r.Channel, TS: r.TS}
	switch {
	case i.Replace != nil:
		s.Entries.enter(e)
	case r.Failure:
		e.Unconfirmed = i.Unconfirmed || i.Repeat
		s.Entries.enterFailure(i.Window, e)
	default:
		for _, hour := range r.Hours {
			_ = s.History.Add(hour) // it is an hour of the clock
		}
		s.History.MarkReported(r.Report)
		s.Entries.enter(e)
	}
	if !r.Silent {
		s.Missed, s.Unreported = nil, nil
	}
}

// done reports whether an hour is pending no more.
func (s *State) done(hour time.Time) bool {
	if e, ok := s.Entries.at(hour); ok {
		return e.Kind != FailureReported
	}
	return !hour.Before(s.Since) && hour.Before(s.Entries.horizon())
}

func (s *State) allDone(w digest.Window) bool {
	return !slices.ContainsFunc(w.Hours(), func(hour digest.Window) bool { return !s.done(hour.Start) })
}

// giveUp enters the hours as missed that were still pending catchUp before a time.
func (s *State) giveUp(end time.Time) {
	from := s.Since
	if h := s.Entries.horizon(); h.After(from) {
		from = h
	}
	missed := digest.Window{Start: from, End: end.Add(-catchUp)}.Hours()
	missed = slices.DeleteFunc(missed, func(hour digest.Window) bool { return s.done(hour.Start) })
	for _, w := range digest.JoinWindows(missed) {
		s.Entries.enter(Entry{Start: w.Start, End: w.End, Kind: Missed})
		s.Missed = append(s.Missed, w)
	}
}

// pending returns the oldest hours that are pending at the end of w, as many as
// follow on each other. Those in passed are left out.
func (s *State) pending(w digest.Window, passed []digest.Window) (digest.Window, bool) {
	from := w.End.Add(-catchUp)
	if from.Before(s.Since) {
		from = s.Since
	}
	hours := digest.Window{Start: from, End: w.End}.Hours()
	if w.Start.Before(s.Since) { // as for an event that came late: nothing else is pending
		hours = []digest.Window{w}
	}
	hours = slices.DeleteFunc(hours, func(hour digest.Window) bool {
		return s.done(hour.Start) || slices.ContainsFunc(passed, func(p digest.Window) bool { return p.Contains(hour.Start) })
	})
	if len(hours) == 0 {
		return digest.Window{}, false
	}
	return digest.JoinWindows(hours)[0], true
}
