package state

import (
	"cmp"
	"slices"
	"time"

	"slowdigest/digest"
)

// Open is a part of hours that are done otherwise: what one instance logged in them
// was not read, but may still be.
type Open struct {
	Instance string    `json:"instance"`
	Start    time.Time `json:"start"` // hours of the clock
	End      time.Time `json:"end"`
	Cause    string    `json:"cause"` // a source.Cause
}

// maxAge is how long hours stay pending, and parts open. RDS for MySQL keeps its logs
// for as long, and nobody keeps them for longer.
const maxAge = 14 * 24 * time.Hour

func (o Open) window() digest.Window { return digest.Window{Start: o.Start, End: o.End} }

// isOpen reports whether a part of the hour is open.
func (s *State) isOpen(hour time.Time) bool {
	return slices.ContainsFunc(s.Open, func(o Open) bool { return o.window().Contains(hour) })
}

// OpenIn returns the parts of w that are open.
func (s *State) OpenIn(w digest.Window) []Open {
	var in []Open
	for _, o := range s.Open {
		if o.Start.Before(w.End) && o.End.After(w.Start) {
			o.Start, o.End = later(o.Start, w.Start), earlier(o.End, w.End)
			in = append(in, o)
		}
	}
	return in
}

// setOpen replaces what was open in w. The parts are sorted, and those that follow on
// each other are one.
func (s *State) setOpen(w digest.Window, now []Open) {
	all := slices.Clone(now)
	for _, o := range s.Open {
		before, after := o, o
		before.End, after.Start = earlier(o.End, w.Start), later(o.Start, w.End)
		for _, rest := range []Open{before, after} {
			if rest.Start.Before(rest.End) {
				all = append(all, rest)
			}
		}
	}
	s.Open = JoinOpen(all)
}

// JoinOpen sorts parts, and makes one of those that follow on each other.
func JoinOpen(all []Open) []Open {
	slices.SortFunc(all, func(a, b Open) int { return cmp.Or(cmp.Compare(a.Instance, b.Instance), a.Start.Compare(b.Start)) })
	var joined []Open
	for _, o := range all {
		if n := len(joined); n > 0 && joined[n-1].Instance == o.Instance && joined[n-1].Cause == o.Cause && joined[n-1].End.Equal(o.Start) {
			joined[n-1].End = o.End
		} else {
			joined = append(joined, o)
		}
	}
	return joined
}

// closeOld gives up what is open of before a time, and returns it.
func (s *State) closeOld(before time.Time) []Open {
	old := s.OpenIn(digest.Window{End: before})
	if len(old) > 0 {
		s.setOpen(digest.Window{End: before}, nil)
	}
	return old
}

// reopen returns the newest hours with an open part of an instance that answers, as
// the message has them; nil if there is none. Hours of which nothing was posted, and
// which follow on each other, are read together, up to 24.
func (s *State) reopen(a Attempt) *Item {
	var newest *Entry
	for n := range s.Entries {
		e := &s.Entries[n]
		w := digest.Window{Start: e.Start, End: e.End}
		if e.Kind == Posted && !passed(a.Passed, w) && s.answers(w, a.Answering) {
			newest = e
		}
	}
	if newest == nil {
		return nil
	}
	e := *newest
	for n := len(s.Entries) - 1; n >= 0; n-- {
		before := s.Entries[n]
		joins := before.End.Equal(e.Start) && before.Kind == Posted && before.Silent && e.Silent && e.End.Sub(before.Start) <= longest
		if w := (digest.Window{Start: before.Start, End: before.End}); joins && !passed(a.Passed, w) && s.answers(w, a.Answering) {
			e.Start = before.Start
		}
	}
	return &Item{Window: digest.Window{Start: e.Start, End: e.End}, Replace: &e, Correct: true, Repeat: e.Unconfirmed}
}

func (s *State) answers(w digest.Window, instances []string) bool {
	return slices.ContainsFunc(s.OpenIn(w), func(o Open) bool { return slices.Contains(instances, o.Instance) })
}

func passed(all []digest.Window, w digest.Window) bool {
	return slices.ContainsFunc(all, func(p digest.Window) bool { return p.Start.Before(w.End) && p.End.After(w.Start) })
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
