package releases

import (
	"cmp"
	"slices"
	"time"
)

// Seen states when the first call of a report was that has a release.
type Seen struct {
	Application string    `json:"application,omitempty"` // the tag of that name, if the call has one
	Release     string    `json:"release"`
	First       time.Time `json:"first_seen"`
}

// maxWatched is how many releases are remembered.
const maxWatched = 40

// maxSeen bounds the releases of a report. A tag with more values is none of releases.
const maxSeen = 32

// First gathers them.
type First struct {
	all  []Seen
	many bool // more than maxSeen
}

// Add counts a call.
func (f *First) Add(s Seen) {
	if s.Release == "" || s.First.IsZero() {
		return
	}
	for i := range f.all {
		if x := &f.all[i]; x.Release == s.Release && x.Application == s.Application {
			if s.First.Before(x.First) {
				x.First = s.First
			}
			return
		}
	}
	if len(f.all) == maxSeen {
		f.many = true
		return
	}
	f.all = append(f.all, s)
}

// Merge adds what another has counted.
func (f *First) Merge(from *First) {
	for _, s := range from.all {
		f.Add(s)
	}
	f.many = f.many || from.many
}

// Report returns them by their times; nil where there are none, or too many to be releases.
func (f *First) Report() []Seen {
	if f.many {
		return nil
	}
	all := slices.Clone(f.all)
	slices.SortFunc(all, Seen.compare)
	return all
}

func (s Seen) compare(o Seen) int {
	return cmp.Or(s.First.Compare(o.First), cmp.Compare(s.Application, o.Application), cmp.Compare(s.Release, o.Release))
}

// Known is what is remembered of a release that was seen: the first and the last hour.
type Known struct {
	Application string    `json:"application,omitempty"`
	Release     string    `json:"release"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
}

// Watch remembers which releases were seen in the last 14 days, maxWatched of them at most.
type Watch []Known

// lately is in how many hours before there must have been another release of the application: else the tag is
// new, and not the release.
const lately = 24 * time.Hour

// New returns the marks of releases that are seen for the first time, where another one of the application was
// seen in the day before.
func (w Watch) New(hour time.Time, seen []Seen) []Mark {
	var out []Mark
	for _, s := range seen {
		known, other := false, false
		for _, k := range w {
			if k.Application != s.Application || !k.First.Before(hour) {
				continue
			}
			known = known || k.Release == s.Release
			other = other || !k.Last.Before(hour.Add(-lately))
		}
		if !known && other {
			out = append(out, Mark{s.Release, s.First.UTC(), true})
		}
	}
	return out
}

// Add remembers the releases of an hour.
func (w *Watch) Add(hour time.Time, seen []Seen) {
	hour = hour.UTC()
	for _, s := range seen {
		i := slices.IndexFunc(*w, func(k Known) bool { return k.Release == s.Release && k.Application == s.Application })
		if i < 0 {
			*w = append(*w, Known{s.Application, s.Release, hour, hour})
			continue
		}
		k := &(*w)[i]
		if hour.Before(k.First) {
			k.First = hour
		}
		if hour.After(k.Last) {
			k.Last = hour
		}
	}
	*w = slices.DeleteFunc(*w, func(k Known) bool { return k.Last.Before(hour.Add(-Kept)) })
	slices.SortFunc(*w, func(x, y Known) int {
		return cmp.Or(x.Last.Compare(y.Last), x.First.Compare(y.First), cmp.Compare(x.Application, y.Application), cmp.Compare(x.Release, y.Release))
	})
	*w = (*w)[max(0, len(*w)-maxWatched):]
}

// Forget takes back what was seen from a time on.
func (w *Watch) Forget(from time.Time) {
	*w = slices.DeleteFunc(*w, func(k Known) bool { return !k.First.Before(from) })
	for i := range *w {
		if k := &(*w)[i]; !k.Last.Before(from) {
			k.Last = from.Add(-time.Hour).Truncate(time.Hour)
		}
	}
}
