package digest

import (
	"math"
	"slices"
	"time"
)

// Shorten moves the classes that the limit leaves out to Misc, and drops those
// that Compare found muted, which are counted in Past. NEW, WORSE and BACK
// classes that matter are kept whatever the limit, and so is what is BETTER;
// the former stand first. Rank stays the rank among all classes.
func (r *Report) Shorten(l Limit, order OrderBy) {
	muted := map[string]bool{}
	if r.Past != nil {
		for _, m := range r.Past.Muted {
			muted[m.ID] = true
		}
	}
	ranked := slices.DeleteFunc(r.Classes, func(c Class) bool { return muted[c.ID] })
	keep := l.keep(len(ranked), func(i int) float64 { return order.of(&ranked[i]) })
	first, rest := []Class{}, []Class{}
	for i := range ranked {
		c := &ranked[i]
		switch {
		case c.leads():
			first = append(first, *c)
		case i < keep || c.outlier() || c.Change != nil && c.Change.Kind == Better:
			rest = append(rest, *c)
		default:
			r.Misc.add(c)
		}
	}
	r.Classes = append(first, rest...)
}

// Keep moves all classes but the first n to Misc.
func (r *Report) Keep(n int) {
	for i := range r.Classes[n:] {
		r.Misc.add(&r.Classes[n+i])
	}
	r.Classes = r.Classes[:n:n]
}

// add counts a class that is not shown. Sums are of whole microseconds.
func (m *Misc) add(c *Class) {
	m.Classes++
	m.Calls += c.Calls
	m.QueryTime.Sum = math.Round((m.QueryTime.Sum+c.QueryTime.Sum)*perSecond) / perSecond
}

// leads reports whether the class is read before those of a higher rank.
func (c *Class) leads() bool {
	if c.Change == nil {
		return false
	}
	switch c.Change.Kind {
	case Worse:
		return true
	case New, Back:
		return c.QueryTime.Sum >= minTime && c.Share >= minShare || c.outlier()
	}
	return false
}

// Mute keeps a class out of the digests for a while. Its calls stay in the
// totals, and it returns at once if it becomes WORSE.
type Mute struct {
	ID     string    `json:"id"` // Class.ID
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero is forever
}

// covers reports whether the mute holds at the end of the window.
func (m Mute) covers(w Window) bool { return m.Until.IsZero() || w.End.Before(m.Until) }

// listMuted lists in r.Past the classes that are to be left out. It returns the
// IDs of all that are muted.
func listMuted(r *Report, mutes []Mute) map[string]bool {
	muted := map[string]bool{}
	by := map[string]Mute{}
	for _, m := range mutes {
		if m.covers(r.Window) {
			muted[m.ID], by[m.ID] = true, m
		}
	}
	for i := range r.Classes {
		class := &r.Classes[i]
		m, ok := by[class.ID]
		if !ok || class.Change != nil && class.Change.Kind == Worse {
			continue
		}
		r.Past.Muted = append(r.Past.Muted, MutedClass{
			ID: class.ID, Fingerprint: class.Fingerprint, Calls: class.Calls, QueryTime: class.QueryTime.Sum,
			Until: m.Until, Reason: m.Reason, By: m.By,
		})
	}
	return muted
}
