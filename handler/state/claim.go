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
//	Acquire       a run claims the newest pending hours, for longer than it can last
//	StartPosting  from now on the message may be in the channel
//	Finish        the message is entered, the hours join the history, the claim ends
//	Release       the claim ends without a message
//
// An hour is pending from Since on, until it is entered as Posted or Missed. One that
// is Posted may have parts that are Open: they are read again, and then the message
// and the history of the hour are corrected.

// Claim says who is at work for a channel. Nobody else posts there until it
// expires, which is when its owner must have ended.
type Claim struct {
	Owner       string    `json:"owner"` // see Attempt.Owner
	Start       time.Time `json:"start"` // of the hours that are read or posted
	End         time.Time `json:"end"`
	Stage       Stage     `json:"stage"`
	FailureOnly bool      `json:"trouble,omitempty"` // what is posted only says that nothing could be read
	Correct     bool      `json:"correct,omitempty"` // the hours were entered before, with a part open
	Unseen      bool      `json:"unseen,omitempty"`  // see Item.FailureUnseen
	Expires     time.Time `json:"expires"`
	Message
}

// Message describes what a run is about to post.
type Message struct {
	Instances []string `json:"instances,omitempty"` // by which it is found
	// Calls are those that it counts, by the ID of the instance, or its name, and Lacks the parts that may still
	// be read. Calls are nil where that is not known, as in the states of earlier releases.
	Calls map[string]int64 `json:"calls,omitempty"`
	Lacks Parts            `json:"lacks,omitempty"`
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

	// longestRun is how long a run can take: no Lambda function lasts longer, and
	// package handler gives itself no more.
	longestRun = 15 * time.Minute

	// longest is how long one message may be.
	longest = 24 * time.Hour
)

func (c *Claim) window() digest.Window { return digest.Window{Start: c.Start, End: c.End} }

// live reports whether the owner may still be at work when another comes. Where
// Lambda tries a request again, the earlier try has ended. Should it be alive
// nevertheless, it notices before it posts. A claim that expires later than any can
// was made by a clock that was wrong, and says nothing.
func (c *Claim) live(now time.Time, other string) bool {
	again := c.Stage == Reading && request(other) != "" && request(other) == request(c.Owner)
	wrong := c.Expires.After(now.Add(longestRun + claimMargin + clockSkew))
	return now.Before(c.Expires) && !wrong && !again
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
	Answering []string // those that the run has read, and whose open parts it may read
	Now       time.Time
	Deadline  time.Time // when the run must have ended
}

// Item is a work item: hours to be read and posted as one message.
type Item struct {
	Owner       string
	Window      digest.Window
	Unconfirmed bool   // an earlier run may have posted it
	Message            // that may have been posted
	Repeat      bool   // it may have been posted, and no more is to be known about that
	Replace     *Entry // of hours that were posted and are to be once more; else nil
	Correct     bool   // and that had a part open, so that the history is corrected, too

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
		s.Claim.Stage, s.Claim.Message, s.Claim.Correct, s.Claim.Unseen = Posting, i.Message, i.Correct, i.FailureUnseen
	}
	return i, nil
}

func expiry(deadline time.Time) time.Time { return deadline.Add(claimMargin).UTC() }

// next returns what is to be done first: what a run has left undone that did not
// come to its end, what is to be done again, the newest pending hours, or the newest
// with an open part.
func (s *State) next(a Attempt) *Item {
	s.settleOld()
	if c := s.Claim; c != nil && c.Stage == Posting {
		switch {
		case c.Correct:
			if i := s.corrected(c); i != nil {
				return i
			}
		case s.allDone(c.window()):
		case !c.FailureOnly:
			return &Item{Window: c.window(), Unconfirmed: true, Message: c.Message, FailureUnseen: c.Unseen}
		default:
			s.enterFailure(c.window(), Entry{Unseen: true}) // rather not at all than twice
		}
	}
	s.giveUp(a.Window.End)
	if e, ok := s.Entries.At(a.Window.Start); a.Force && ok && e.Kind != FailureReported && len(a.Passed) == 0 {
		return &Item{Window: digest.Window{Start: e.Start, End: e.End}, Replace: &e}
	}
	if w, ok := s.pending(a.Window, a.Passed); ok {
		return &Item{Window: w, Unconfirmed: s.Doubt, Message: Message{Instances: a.Instances}, Repeat: s.Entries.unconfirmed(w),
			FailureUnseen: s.Entries.failureUnseen(w)}
	}
	return s.reopen(a)
}

// corrected returns the correction that a run has left which died while it posted.
// One that replaces a message can simply be made again. Else the new message may be
// in the channel.
func (s *State) corrected(c *Claim) *Item {
	w := c.window()
	if len(s.Open.In(w)) == 0 {
		return nil
	}
	e := Entry{Start: w.Start, End: w.End, Kind: Posted, Silent: true}
	if at, ok := s.Entries.At(w.Start); ok && at.Start.Equal(w.Start) && at.End.Equal(w.End) {
		e = at
	}
	return &Item{Window: w, Replace: &e, Correct: true, Unconfirmed: e.TS == "", Message: c.Message, Repeat: s.Entries.unconfirmed(w)}
}

// StartPosting notes that from now on the message of an item may be in the
// channel, and what it counts. The error is ErrLost where the claim is another's by now, and then it
// must not be posted.
func (s *State) StartPosting(i Item, m Message, failureOnly bool, deadline time.Time) error {
	if s.Claim == nil || s.Claim.Owner != i.Owner {
		return ErrLost
	}
	*s.Claim = Claim{Owner: i.Owner, Start: i.Window.Start, End: i.Window.End, Stage: Posting,
		FailureOnly: failureOnly, Correct: i.Correct, Message: m, Unseen: i.FailureUnseen, Expires: expiry(deadline)}
	for n, e := range s.Entries {
		if i.Correct && e.Start.Equal(i.Window.Start) && e.End.Equal(i.Window.End) {
			s.Entries[n].Uncounted = true
		}
	}
	if i.FailureTS != "" {
		s.enterFailure(i.Window, Entry{TS: i.FailureTS})
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
	Found       bool             // an earlier run has posted the message, which stays as it is
	Report      *digest.Report   // of all hours, as compared with the history
	Hours       []*digest.Report // each hour's own, with all classes
	Open        Parts            // the parts that may still be read
	Lost        []digest.Window  // hours of before that are not there any more
	Unchanged   bool             // of a correction: the message stays as it is
	Repeat      bool             // the message says that it may be a repeat
	Calls       map[string]int64 // that the message counts, as in Message
	Said        *Said            // by the message; nil is nothing
	// Seen and News state what is known of the instances after the newest hours, Formers are
	// those whose names were found to be others', and Ended the IDs of those of which
	// nothing that is open will come, or their names. Nil leaves that as it is.
	Seen    Instances
	News    []string
	Formers []Former
	Ended   []string
	Reopen  Parts // of hours of before, in which somebody else may have had a name
	Remade  Parts // what nobody can read, for who had the name does not exist any more

	Unidentified bool // the role may not ask who has the names
	Unsure       bool // who had the names is not known
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
	s.finishInstances(i, r)
	e := Entry{Start: i.Window.Start, End: i.Window.End, Kind: Posted, Channel: r.Channel, TS: r.TS, Silent: r.Silent, Unconfirmed: r.Repeat}
	if len(r.Open) > 0 || r.Unsure {
		e.Calls, e.Uncounted = r.Calls, r.Found && i.Calls == nil
		if !r.Silent { // else a later message says it
			e.Said = r.Said
		}
	}
	switch {
	case i.Correct:
		for _, hour := range r.Hours {
			_ = s.History.Correct(hour) // it is an hour of the clock
		}
		if r.Report != nil {
			s.History.KeepLabels(r.Report)
		}
		if s.Open.set(i.Window, r.Open); r.Unchanged {
			return
		}
		s.enter(e)
	case i.Replace != nil:
		s.enter(e)
	case r.Failure:
		e.Unconfirmed = i.Unconfirmed || i.Repeat
		s.enterFailure(i.Window, e)
	default:
		for _, hour := range r.Hours {
			_ = s.History.Add(hour) // it is an hour of the clock
		}
		s.History.MarkReported(r.Report)
		s.Open.set(i.Window, r.Open)
		s.enter(e)
	}
	if r.says(i) {
		s.Missed, s.Unreported, s.News = nil, nil, nil
		s.Instances.asleepSaid()
		s.abandon(i.Window.End)
	}
	for _, w := range r.Lost {
		s.enter(Entry{Start: w.Start, End: w.End, Kind: Missed})
		if !r.says(i) {
			s.Missed = append(s.Missed, w)
		}
	}
}

// finishInstances enters what is known of the instances. What was open of one that is
// gone will never come.
func (s *State) finishInstances(i Item, r Result) {
	if r.Seen == nil {
		return
	}
	s.addFormers(r.Formers, i.Window.End)
	s.lose(func(o Open) bool {
		_, known := s.Instances[o.Instance]
		now, there := r.Seen[o.Instance]
		gone := known && (!there || !now.Gone.IsZero())
		return slices.Contains(r.Ended, o.Key()) || gone && o.Holder == ""
	})
	for n, e := range s.Entries {
		if len(r.Reopen.In(digest.Window{Start: e.Start, End: e.End})) > 0 && e.Calls == nil && !e.Silent {
			s.Entries[n].Uncounted = true // for it had no open part
		}
	}
	s.Open, s.Lost = Join(append(s.Open, r.Reopen...)), Join(append(s.Lost, r.Remade...))
	s.Instances, s.Unidentified = r.Seen, r.Unidentified
	s.News = append(s.News, r.News...)
}

// addFormers adds those that had a name, and forgets the ones of which RDS has no log any more.
func (s *State) addFormers(all []Former, end time.Time) {
	s.Formers = slices.DeleteFunc(append(s.Formers, all...), func(f Former) bool { return f.Until.Before(end.Add(-maxAge)) })
	for _, f := range all {
		s.Open = f.Claim(s.Open)
	}
}

// lose gives up what is open of instances that are gone.
func (s *State) lose(gone func(Open) bool) {
	var open Parts
	for _, o := range s.Open {
		if gone(o) {
			s.Lost = append(s.Lost, o)
		} else {
			open = append(open, o)
		}
	}
	s.Open, s.Lost = open, Join(s.Lost)
}

// says reports whether there is a new message, which says all that waited for one.
func (r *Result) says(i Item) bool { return !r.Silent && !r.Found && !i.Edits() }

// Edits reports whether the item corrects a message that people have seen, which is
// no place for news.
func (i *Item) Edits() bool { return i.Correct && !i.Replace.Silent }
