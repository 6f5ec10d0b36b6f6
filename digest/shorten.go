package digest

import (
	"math"
	"slices"
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
	keep := l.keep(ranked, order)
	first, rest := []Class{}, []Class{}
	for i := range ranked {
		c := &ranked[i]
		switch {
		case c.leads():
			first = append(first, *c)
		case i < keep || c.outlier() || c.Change != nil && c.Change.Kind == Better:
			rest = append(rest, *c)
		default:
			r.Misc.Classes++
			r.Misc.Calls += c.Calls
			r.Misc.QueryTime.Sum += c.QueryTime.Sum
		}
	}
	// Sums are of whole microseconds.
	r.Misc.QueryTime.Sum = math.Round(r.Misc.QueryTime.Sum*perSecond) / perSecond
	r.Classes = append(first, rest...)
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
