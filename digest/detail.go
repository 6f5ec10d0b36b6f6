package digest

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"

	"slowdigest/digest/tally"
	"slowdigest/parser"
)

// Detail is a time line finer than Class.Timeline, in a report for which
// Aggregator.Detail asked for it.
//
// The time of a call is spread over the time it ran, not put where it ended, so
// that Load over Step is how many calls were running at a time on average; so are
// its lock time and the rows it examined. The call itself is counted where it ended.
// What ran before the window is not in it.
type Detail struct {
	Start time.Time `json:"start"` // of the first step
	Step  float64   `json:"step"`  // seconds: 1, or 10 and more if there would be over 720 steps
	Lines           // of all classes
	// Slices are the same by who ran the calls: the first 128 names of each kind, and
	// the others under OtherNames. Calls without a name are in none.
	Slices Slices `json:"slices"`
}

// Lines are time lines of each measure, of as many steps each.
type Lines struct {
	First        int       `json:"first"` // the step at which they begin
	Load         []float64 `json:"load"`  // query time, in seconds
	Calls        []float64 `json:"calls"` // those that ended
	RowsExamined []float64 `json:"rows_examined"`
	LockTime     []float64 `json:"lock_time"` // seconds
}

// Plus adds up the lines of two slices of one report.
func (l Lines) Plus(o Lines) Lines {
	first, end := min(l.First, o.First), max(l.First+len(l.Load), o.First+len(o.Load))
	sum := func(a, b []float64) []float64 {
		out := make([]float64, end-first)
		copy(out[l.First-first:], a)
		for i, v := range b {
			out[o.First-first+i] += v
		}
		return out
	}
	return Lines{first, sum(l.Load, o.Load), sum(l.Calls, o.Calls), sum(l.RowsExamined, o.RowsExamined), sum(l.LockTime, o.LockTime)}
}

// Slices hold the names of each kind, those with the most query time first.
type Slices struct {
	Users     []Slice `json:"users"`
	Hosts     []Slice `json:"hosts"`
	Schemas   []Slice `json:"schemas"`
	Instances []Slice `json:"instances"`
}

// Slice is what one user, host, schema or instance ran.
type Slice struct {
	Name string `json:"name"`
	Lines
}

// Bin counts the calls of at least From seconds, and less than To. The
// borders are 1, 2 and 5 times the powers of ten.
type Bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Calls int64   `json:"calls"`
}

const (
	maxSteps = 720

	// longestCall bounds how far back the time of a call is spread, in
	// microseconds: one day. A log can claim anything.
	longestCall = 24 * 3600 * uint64(perSecond)
)

// steps are the widths of the parts of a time line, in seconds. Each divides the
// next, so that a time line is widened by adding up. After the last they double.
var steps = []int64{1, 10, 30, 60, 120, 600, 1800, 3600, 7200, 21600, 43200, 86400}

func wider(step int64) int64 {
	if i := slices.Index(steps, step); i >= 0 && i+1 < len(steps) {
		return steps[i+1]
	}
	return 2 * step
}

// axis is the time line that all classes share. Parts are numbered from 1970.
type axis struct {
	step        int64 // seconds; 0 before the first call
	first, last int64
	load        load // of all classes
	slices      [4]loadsByName
}

// loadsByName are the loads by user, host, schema or instance.
type loadsByName struct{ tally.First[string, *load] }

// of returns the load of a name, and nil where there is none.
func (s *loadsByName) of(name string, calls uint64) *load {
	if name == "" {
		return nil
	}
	item := s.Add(name, calls, maxNames, OtherNames)
	if item.Value == nil {
		item.Value = new(load)
	}
	return item.Value
}

// add spreads a call over the parts in which it ran, from start on, for the class's
// load, or those of its groups, for that of all, and for those who ran it.
func (x *axis) add(e *parser.Event, instance string, start time.Time, classes ...*load) {
	end := e.Time.UnixMicro()
	began := end - int64(min(microseconds(e.QueryTime), longestCall))
	at := began
	if !start.IsZero() {
		at = max(at, start.UnixMicro())
	}
	if e.Time.IsZero() || at > end || at < 0 {
		return
	}
	x.cover(at, max(end, at+1))
	n := e.Weight
	var room [8]*load
	loads := append(append(room[:0], classes...), &x.load,
		x.slices[0].of(e.User, n), x.slices[1].of(e.Host, n), x.slices[2].of(e.Schema, n), x.slices[3].of(instance, n))
	all := amounts{lock: microseconds(e.LockTime), rows: e.RowsExamined}
	width := x.step * perSecond
	for {
		part := at / width
		until := min(end, (part+1)*width)
		w := amounts{us: uint64(until - at), lock: all.lock, rows: all.rows}
		if took := uint64(end - began); took > 0 { // what was before at is left out
			from, to := uint64(at-began), uint64(until-began)
			w.lock = share(all.lock, to, took) - share(all.lock, from, took)
			w.rows = share(all.rows, to, took) - share(all.rows, from, took)
		}
		if until == end {
			w.calls = 1
		}
		for _, l := range loads {
			if l != nil {
				l.add(x.step, part, w.times(e.Weight))
			}
		}
		if at = until; at == end {
			return
		}
	}
}

// share is that part of n, for a part that is no more than the whole.
func share(n, part, whole uint64) uint64 {
	hi, lo := bits.Mul64(n, part)
	q, _ := bits.Div64(hi, lo, whole)
	return q
}

// cover makes the axis reach from start to end, in microseconds, and its parts
// as wide as that takes.
func (x *axis) cover(start, end int64) {
	if x.step == 0 {
		x.step = steps[0]
		x.first = start / perSecond / x.step
		x.last = x.first
	}
	x.first = min(x.first, start/perSecond/x.step)
	x.last = max(x.last, (end-1)/perSecond/x.step)
	for x.last-x.first >= maxSteps {
		n := wider(x.step) / x.step
		x.step *= n
		x.first, x.last = x.first/n, x.last/n
	}
}

// detail returns nil where nothing has a time.
func (x *axis) detail() *Detail {
	if x.step == 0 {
		return nil
	}
	d := &Detail{Start: time.Unix(x.first*x.step, 0).UTC(), Step: float64(x.step), Lines: x.lines(&x.load)}
	for i, to := range []*[]Slice{&d.Slices.Users, &d.Slices.Hosts, &d.Slices.Schemas, &d.Slices.Instances} {
		*to = x.sliced(&x.slices[i])
	}
	return d
}

// sliced states the slices, those with the most time first.
func (x *axis) sliced(s *loadsByName) []Slice {
	out := make([]Slice, len(s.Items))
	sums := make(map[string]float64, len(s.Items))
	for i, e := range s.Items {
		out[i] = Slice{Name: e.Key, Lines: x.lines(e.Value)}
		for _, v := range out[i].Load {
			sums[e.Key] += v
		}
	}
	slices.SortFunc(out, func(x, y Slice) int {
		return cmp.Or(cmp.Compare(sums[y.Name], sums[x.Name]), cmp.Compare(x.Name, y.Name))
	})
	return out
}

// lines states a load in the axis's steps.
func (x *axis) lines(l *load) Lines {
	l.widen(x.step)
	n := len(l.parts)
	out := Lines{Load: make([]float64, n), Calls: make([]float64, n), RowsExamined: make([]float64, n), LockTime: make([]float64, n)}
	if n > 0 {
		out.First = int(l.first - x.first)
	}
	for i, w := range l.parts {
		out.Load[i], out.LockTime[i] = float64(w.us)/perSecond, float64(w.lock)/perSecond
		out.Calls[i], out.RowsExamined[i] = float64(w.calls), float64(w.rows)
	}
	return out
}

// amounts are what calls did in a part of an axis, times in microseconds.
type amounts struct{ us, lock, rows, calls uint64 }

func (w amounts) times(n uint64) amounts {
	return amounts{w.us * n, w.lock * n, w.rows * n, w.calls * n}
}

func (w *amounts) add(o amounts) {
	w.us, w.lock, w.rows, w.calls = w.us+o.us, w.lock+o.lock, w.rows+o.rows, w.calls+o.calls
}

// load holds what calls did by part of an axis. It follows the axis to wider parts
// when it is used next. That of a class takes up to 32 bytes in each of 720 parts.
type load struct {
	step  int64 // that the parts have, in seconds
	first int64
	parts []amounts
}

func (l *load) add(step, part int64, w amounts) {
	l.widen(step)
	switch {
	case len(l.parts) == 0:
		l.first = part
	case part < l.first:
		l.parts = append(make([]amounts, l.first-part), l.parts...)
		l.first = part
	}
	for int64(len(l.parts)) <= part-l.first {
		l.parts = append(l.parts, amounts{})
	}
	l.parts[part-l.first].add(w)
}

// widen adds up the parts to parts of a step that the present one divides.
func (l *load) widen(step int64) {
	if l.step == step {
		return
	}
	wide := load{step: step}
	for i, w := range l.parts {
		wide.add(step, (l.first+int64(i))/(step/l.step), w)
	}
	*l = wide
}

// distribution counts the values of q, which are microseconds, by bin.
func distribution(q *quantity) []Bin {
	calls := map[int]float64{}
	first, last := math.MaxInt, 0
	add := func(v float64, n uint64) {
		i := binOf(v)
		calls[i] += float64(n)
		first, last = min(first, i), max(last, i)
	}
	for _, v := range q.values {
		add(float64(v), 1)
	}
	if q.sketch != nil {
		q.sketch.Each(func(v float64, n uint64) {
			// The sketch knows a value within 1 %; its bounds are known exactly.
			add(min(max(v, float64(q.min)), float64(q.max)), n)
		})
	}
	var bins []Bin
	for i := first; i <= last; i++ {
		bins = append(bins, Bin{From: binFrom(i) / perSecond, To: binFrom(i+1) / perSecond, Calls: int64(math.Round(calls[i]))})
	}
	return bins
}

// binOf numbers the bins from 0, which is what took less than a microsecond.
func binOf(us float64) int {
	i := 0
	for binFrom(i+1) <= us {
		i++
	}
	return i
}

// binFrom returns the lower border of a bin, in microseconds.
func binFrom(i int) float64 {
	if i == 0 {
		return 0
	}
	return float64([]int{1, 2, 5}[(i-1)%3]) * math.Pow10((i-1)/3)
}
