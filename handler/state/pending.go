package state

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
		if before, ok := s.Entries.At(hour.Start); ok && e.TS == "" {
			failure.Channel, failure.TS, failure.Unseen = before.Channel, before.TS, e.Unseen || before.Unseen
		}
		s.enter(failure)
	}
}

// done reports whether an hour is pending no more.
func (s *State) done(hour time.Time) bool {
	if e, ok := s.Entries.At(hour); ok {
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
		s.GivenUp = digest.JoinWindows(append(s.GivenUp, w))
	}
	for _, o := range s.Open.close(end.Add(-maxAge)) {
		o.Cause, o.Usual, o.Slept = "", false, false // all are given up for the same
		s.GivenUpParts = append(s.GivenUpParts, o)
	}
	s.GivenUpParts = Join(s.GivenUpParts)
	s.Lost.close(end.Add(-maxAge))
}

// givenUpAgain is how often it is said of an instance that something is given up.
const givenUpAgain = 24 * time.Hour

// Abandoned returns what was given up and is for a message of hours up to end to say:
// hours of all instances, and a sentence on the parts of each. Of what was said within
// a day before, the rest waits.
func (s *State) Abandoned(end time.Time) (hours []digest.Window, parts []string) {
	if s.givenUpDue("", end) {
		hours = slices.Clone(s.GivenUp)
	}
	var id string
	var spans []string
	say := func() {
		if len(spans) > 0 {
			parts = append(parts, fmt.Sprintf("What %s logged %s could not be read for 14 days, and is given up.", id, strings.Join(spans, ", ")))
		}
		spans = nil
	}
	for _, o := range s.GivenUpParts {
		if !s.givenUpDue(o.Instance, end) {
			continue
		}
		if o.Instance != id {
			say()
		}
		id, spans = o.Instance, append(spans, "from "+o.Start.Format(timeFormat)+" to "+o.End.Format(timeFormat+" UTC"))
	}
	say()
	return hours, parts
}

func (s *State) givenUpDue(id string, end time.Time) bool {
	said, ok := s.GivenUpSaid[id]
	return !ok || end.Sub(said) >= givenUpAgain
}

// abandon drops what Abandoned returns, for it is said.
func (s *State) abandon(end time.Time) {
	said := map[string]time.Time{}
	maps.Copy(said, s.GivenUpSaid)
	if len(s.GivenUp) > 0 && s.givenUpDue("", end) {
		s.GivenUp, said[""] = nil, end.UTC()
	}
	s.GivenUpParts = slices.DeleteFunc(s.GivenUpParts, func(o Open) bool {
		due := s.givenUpDue(o.Instance, end)
		if due {
			said[o.Instance] = end.UTC()
		}
		return due
	})
	maps.DeleteFunc(said, func(_ string, at time.Time) bool { return end.Sub(at) >= givenUpAgain })
	s.GivenUpSaid = said
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

// Span writes two times, and the day once where it is the same.
func Span(from, to time.Time) string {
	end := timeFormat
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		end = "15:04"
	}
	return from.Format(timeFormat) + " to " + to.Format(end+" UTC")
}

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
	w := digest.Window{Start: e.Start, End: e.End}
	return &Item{Window: w, Replace: e, Correct: true, Repeat: s.Entries.unconfirmed(w)}
}
