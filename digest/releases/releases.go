// Package releases names the release with which something began: the last one that was marked before,
// if that is not longer than an hour before. It says nothing of causes.
//
// A mark is set by people and pipelines or, where statements carry a tag `release`, when a
// value of it is seen for the first time.
package releases

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Mark says when a release began.
type Mark struct {
	Name string    `json:"name"`
	At   time.Time `json:"at,omitzero"`
	// ByTag is set where nobody set it: a tag was seen for the first time.
	ByTag bool `json:"by_tag,omitempty"`
}

const (
	// Within is for how long after a mark what begins is said to be since then.
	Within = time.Hour

	// Kept is for how long marks are, and Max how many: of more the oldest go, and those that tags have made first.
	Kept = 14 * 24 * time.Hour
	Max  = 60

	// again is for how long a mark of the same name that says no time is taken for the same request.
	again = time.Hour
)

// Marks are in the order of their times, each name once.
type Marks []Mark

// Set adds a mark. One with the same name is moved, but not by one without a given time that
// comes soon after it, as a pipeline that tries again sends. It returns the mark as it is now.
func (m *Marks) Set(mark Mark, given bool) Mark {
	mark.At = mark.At.UTC()
	if i := slices.IndexFunc(*m, func(x Mark) bool { return x.Name == mark.Name }); i >= 0 {
		if old := (*m)[i]; !given && !old.ByTag && mark.At.Sub(old.At).Abs() < again {
			return old
		}
		*m = slices.Delete(slices.Clone(*m), i, i+1)
	}
	*m = append(slices.Clip(*m), mark)
	m.sort()
	return mark
}

func (m *Marks) sort() {
	slices.SortFunc(*m, func(x, y Mark) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Name, y.Name)) })
	for len(*m) > Max { // those that people and pipelines have set stay the longest
		i := max(0, slices.IndexFunc(*m, func(x Mark) bool { return x.ByTag }))
		*m = slices.Delete(*m, i, i+1)
	}
}

// Remove takes a mark away, and reports whether there was one.
func (m *Marks) Remove(name string) bool {
	n := len(*m)
	*m = slices.DeleteFunc(slices.Clone(*m), func(x Mark) bool { return x.Name == name })
	return len(*m) < n
}

// Keep drops what was marked too long before a time.
func (m *Marks) Keep(now time.Time) {
	*m = slices.DeleteFunc(*m, func(x Mark) bool { return x.At.Before(now.Add(-Kept)) })
}

// Since returns the last mark before something began, if that is within an hour after it, and all of Began not
// long before or after that; nil is none.
func (m Marks) Since(b Began) *Mark {
	for _, x := range slices.Backward(m) {
		if x.At.After(b.At) {
			continue
		}
		if b.From.Before(x.At.Add(-early)) || !b.At.Before(x.At.Add(Within)) || !b.To.Before(x.At.Add(Within+late)) {
			return nil
		}
		return &x
	}
	return nil
}

// Began states when something began, as far as that is known: up to At by what is likeliest, and not before From nor
// after To.
type Began struct{ At, From, To time.Time }

// At is something that is known to begin at a time.
func At(t time.Time) Began { return Began{t, t, t} }

// In is something that is known to begin from one time up to, but without, another.
func In(start, end time.Time) Began { return Began{end.Add(-1), start, end} }

// Earlier is what began so long before: a log has the times at which calls end.
func (b Began) Earlier(d time.Duration) Began {
	return Began{b.At.Add(-d), b.From.Add(-d), b.To.Add(-d)}
}

// A Bin is a part of the time in which something began: what took how long in it, and would have
// if it begins later, and if it had begun before. These are in seconds of query time.
type Bin struct {
	Start, End          time.Time
	Took, Before, After float64
}

const (
	// early is how much before a mark something may have begun by what is known.
	early = 20 * time.Minute
	// late is how much after the hour it may have.
	late = 5 * time.Minute
	// likely is how much less likely than the likeliest a beginning may be, as a logarithm.
	likely = 2.0
	// certain is how much likelier it must be that something has begun than that it has not.
	certain = 7.0
	// longest is how long the time in which it may have begun can be.
	longest = time.Hour
)

// Begin finds out in which of the bins, which follow on each other, something began, where each call takes
// so many seconds: as where independent calls come at random. It is false where nothing is certain enough.
func Begin(bins []Bin, each float64) (Began, bool) {
	if len(bins) < 2 || !(each > 0) {
		return Began{}, false
	}
	best, evidence := turn(bins, each)
	first, last := best, best
	for i := range evidence {
		if evidence[i] >= evidence[best]-likely {
			first, last = min(first, i), max(last, i)
		}
	}
	if first == 0 || last >= len(bins) { // it may have been before, or not at all
		return Began{}, false
	}
	out := Began{At: bins[best].End.Add(-1), From: bins[first].Start.Add(-half(bins[first-1])), To: bins[last].End}
	return out, out.To.Sub(out.From) <= longest
}

// turn returns with which bin something is likeliest to have begun, and how likely it is to have begun with each, and
// after all, than to have begun after all: as logarithms.
func turn(bins []Bin, each float64) (best int, evidence []float64) {
	evidence = make([]float64, len(bins)+1)
	best = len(bins)
	for i := len(bins) - 1; i >= 0; i-- {
		if evidence[i] = evidence[i+1] + weigh(bins[i])/each; evidence[i] > evidence[best] {
			best = i
		}
	}
	return best, evidence
}

// Last returns with which of the bins something is likeliest to have begun that lasts. It is false where that
// is not beyond chance, or it may have ended again.
func Last(bins []Bin, each float64) (int, bool) {
	if len(bins) == 0 || !(each > 0) {
		return 0, false
	}
	best, evidence := turn(bins, each)
	return best, evidence[best] >= certain && slices.Min(evidence[best:]) > -likely
}

func half(b Bin) time.Duration { return b.End.Sub(b.Start) / 2 }

// weigh is by how much the likelihood of what a bin took is greater if it began before, in seconds.
func weigh(b Bin) float64 {
	before, after := max(b.Before, leastTook), max(b.After, leastTook)
	return b.Took*math.Log(after/before) - (after - before)
}

// leastTook is what nothing may take.
const leastTook = 1e-3
