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
	Instance string    `json:"instance"`         // the name that it had
	Holder   string    `json:"holder,omitempty"` // the ID of the Former that had it; empty for who has it now
	Start    time.Time `json:"start"`            // hours of the clock
	End      time.Time `json:"end"`
	Cause    string    `json:"cause"` // a source.Cause
	// Usual is set where hours like these have no log, so that the message does not say
	// that something is missing.
	Usual bool `json:"usual,omitempty"`
	// Slept is set where the instance was found asleep before these hours and after them.
	Slept bool `json:"slept,omitempty"`
}

// maxAge is how long hours stay pending, and parts open. RDS for MySQL keeps its logs
// for as long, and nobody keeps them for longer.
const maxAge = 14 * 24 * time.Hour

// Key tells whose a part is: it is the ID of a Former, or the name of who has it now.
func (o Open) Key() string { return cmp.Or(o.Holder, o.Instance) }

func (o Open) window() digest.Window { return digest.Window{Start: o.Start, End: o.End} }

// Parts are open, sorted by instance and time.
type Parts []Open

// has reports whether a part of the hour is open.
func (ps Parts) has(hour time.Time) bool {
	return slices.ContainsFunc(ps, func(o Open) bool { return o.window().Contains(hour) })
}

// In returns what of w is open.
func (ps Parts) In(w digest.Window) Parts {
	var in Parts
	for _, o := range ps {
		if o.Start.Before(w.End) && o.End.After(w.Start) {
			o.Start, o.End = later(o.Start, w.Start), earlier(o.End, w.End)
			in = append(in, o)
		}
	}
	return in
}

// Of reports whether a part of an instance is open in the hour.
func (ps Parts) Of(instance string, hour time.Time) bool {
	return slices.ContainsFunc(ps, func(o Open) bool { return o.Instance == instance && o.window().Contains(hour) })
}

// Usual reports whether a part of an instance is open in the hour of which the message
// does not say that it is missing.
func (ps Parts) Usual(instance string, hour time.Time) bool {
	return slices.ContainsFunc(ps, func(o Open) bool { return o.Usual && o.Instance == instance && o.window().Contains(hour) })
}

// answers reports whether a part of one of the instances, by their keys, is open in w.
func (ps Parts) answers(w digest.Window, keys []string) bool {
	return slices.ContainsFunc(ps.In(w), func(o Open) bool { return slices.Contains(keys, o.Key()) })
}

// set replaces what is open in w.
func (ps *Parts) set(w digest.Window, now Parts) {
	all := slices.Clone(now)
	for _, o := range *ps {
		before, after := o, o
		before.End, after.Start = earlier(o.End, w.Start), later(o.Start, w.End)
		for _, rest := range []Open{before, after} {
			if rest.Start.Before(rest.End) {
				all = append(all, rest)
			}
		}
	}
	*ps = Join(all)
}

// close gives up what is open of before a time, and returns it.
func (ps *Parts) close(before time.Time) Parts {
	old := ps.In(digest.Window{End: before})
	if len(old) > 0 {
		ps.set(digest.Window{End: before}, nil)
	}
	return old
}

// Join sorts parts, and makes one of those that follow on each other.
func Join(all Parts) Parts {
	slices.SortFunc(all, func(a, b Open) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Holder, b.Holder), a.Start.Compare(b.Start))
	})
	var joined Parts
	for _, o := range all {
		if n := len(joined); n > 0 && joined[n-1].goesOn(o) {
			joined[n-1].End = o.End
		} else {
			joined = append(joined, o)
		}
	}
	return joined
}

// goesOn reports whether next follows on o, and differs in nothing else.
func (o Open) goesOn(next Open) bool {
	follows := o.End.Equal(next.Start)
	next.Start, next.End = o.Start, o.End
	return follows && next == o
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
