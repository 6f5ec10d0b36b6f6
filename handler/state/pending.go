package state

import (
	"fmt"
	"slices"
	"time"

	"slowdigest/digest"
)

// enter puts an entry, and drops those that are no longer needed: what they tell is
// then in Settled.
func (s *State) enter(e Entry) {
	s.settleOld()
	s.Entries.put(e)
	horizon := s.Entries.horizon()
	at := later(s.Since, s.Settled)
	for at.Before(horizon) && s.done(at) && !s.Open.has(at) {
		at = at.Add(time.Hour)
		s.Settled = at
	}
	s.Entries = slices.DeleteFunc(s.Entries, func(old Entry) bool { return old.End.Before(horizon) && !old.End.After(s.Settled) })
}

// settleOld takes over a state of an earlier release, in which all hours were done
// that were older than a week.
func (s *State) settleOld() {
	if s.Settled.IsZero() {
		s.Settled = later(s.Since, s.Entries.horizon())
	}
}

// enterFailure enters hours of which nothing could be read, and the message that
// says so. If e names none, the one that is known of each hour stays.
func (s *State) enterFailure(w digest.Window, e Entry) {
	for _, hour := range w.Hours() {
		failure := Entry{Start: hour.Start, End: hour.End, Kind: FailureReported, Channel: e.Channel, TS: e.TS, Unconfirmed: e.Unconfirmed, Unseen: e.Unseen}
		if before, ok := s.Entries.at(hour.Start); ok && e.TS == "" {
			failure.Channel, failure.TS, failure.Unseen = before.Channel, before.TS, e.Unseen || before.Unseen
		}
		s.enter(failure)
	}
}

// done reports whether an hour is pending no more.
func (s *State) done(hour time.Time) bool {
	if e, ok := s.Entries.at(hour); ok {
		return e.Kind != FailureReported
	}
	settled := s.Settled
	if settled.IsZero() {
		settled = s.Entries.horizon()
	}
	return !hour.Before(s.Since) && hour.Before(settled)
}

func (s *State) allDone(w digest.Window) bool {
	return !slices.ContainsFunc(w.Hours(), func(hour digest.Window) bool { return !s.done(hour.Start) })
}

// giveUp enters the hours as missed that were still pending maxAge before a time,
// and gives up the parts that were open.
func (s *State) giveUp(end time.Time) {
	for _, w := range s.PendingBefore(end.Add(-maxAge)) {
		s.enter(Entry{Start: w.Start, End: w.End, Kind: Missed})
		s.GivenUp = append(s.GivenUp, w)
	}
	for _, o := range s.Open.close(end.Add(-maxAge)) {
		s.News = append(s.News, fmt.Sprintf("What %s logged from %s to %s could not be read for 14 days, and is given up.",
			o.Instance, o.Start.Format(timeFormat), o.End.Format(timeFormat+" UTC")))
	}
}

// PendingBefore returns the hours before a time that are pending, the oldest first.
func (s *State) PendingBefore(end time.Time) []digest.Window {
	hours := digest.Window{Start: later(s.Since, s.Settled), End: end}.Hours()
	return digest.JoinWindows(slices.DeleteFunc(hours, func(hour digest.Window) bool { return s.done(hour.Start) }))
}

// pending returns the newest hours that are pending at the end of w, as many as
// follow on each other, and 24 at most. Those in passed are left out.
func (s *State) pending(w digest.Window, already []digest.Window) (digest.Window, bool) {
	all := s.PendingBefore(w.End)
	if w.Start.Before(s.Since) { // as for an event that came late: nothing else is pending
		all = nil
		if !s.allDone(w) {
			all = []digest.Window{w}
		}
	}
	var hours []digest.Window
	for _, p := range all {
		for _, hour := range p.Hours() {
			if !passed(already, hour) {
				hours = append(hours, hour)
			}
		}
	}
	joined := digest.JoinWindows(hours)
	if len(joined) == 0 {
		return digest.Window{}, false
	}
	newest := joined[len(joined)-1]
	newest.Start = later(newest.Start, newest.End.Add(-longest))
	return newest, true
}

// Pending counts the hours up to a time that are pending, or have an open part that
// could have been read: that of an instance which is asleep, or of a log that is not
// listed yet, could not.
func (s *State) Pending(end time.Time, blocks func(cause string) bool) int {
	n := 0
	for _, hour := range (digest.Window{Start: later(s.Since, end.Add(-maxAge)), End: end}).Hours() {
		open := slices.ContainsFunc(s.Open, func(o Open) bool { return o.window().Contains(hour.Start) && blocks(o.Cause) })
		if open || !s.done(hour.Start) {
			n++
		}
	}
	return n
}

const timeFormat = "2006-01-02 15:04"

// reopen returns the newest hours with an open part of an instance that answers, as
// the message has them; nil if there is none. Hours of which nothing was posted, and
// which follow on each other, are read together, up to 24.
func (s *State) reopen(a Attempt) *Item {
	var e *Entry
	for n := len(s.Entries) - 1; n >= 0; n-- {
		at := s.Entries[n]
		w := digest.Window{Start: at.Start, End: at.End}
		due := at.Kind == Posted && !passed(a.Passed, w) && s.Open.answers(w, a.Answering)
		switch {
		case due && e == nil:
			e = &at
		case due && at.End.Equal(e.Start) && at.Silent && e.Silent && e.End.Sub(at.Start) <= longest:
			e.Start = at.Start
		case e != nil:
			n = 0
		}
	}
	if e == nil {
		return nil
	}
	return &Item{Window: digest.Window{Start: e.Start, End: e.End}, Replace: e, Correct: true, Repeat: e.Unconfirmed}
}
