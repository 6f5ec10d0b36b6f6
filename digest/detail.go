package digest

import (
	"math"
	"slices"
	"time"

	"slowdigest/parser"
)

// Detail is a time line finer than Class.Timeline, in a report for which
// Aggregator.Detail asked for it.
//
// The time of a call is spread over the time it ran, not put where it ended, so
// that Load over Step is how many calls were running at a time on average. What
// ran before the window is not in it.
type Detail struct {
	Start time.Time `json:"start"` // of the first step
	Step  float64   `json:"step"`  // seconds: 1, or 10 and more if there would be over 720 steps
	Load  []float64 `json:"load"`  // query time in each step, in seconds, of all classes
}

// ClassDetail adds one class to a report's Detail.
type ClassDetail struct {
	First int       `json:"first"` // the step at which Load begins
	Load  []float64 `json:"load"`
	// Distribution counts the calls by query time, from the bin of the quickest
	// to that of the slowest. A call less than 1 % from a border may be counted
	// in the bin beyond it.
	Distribution []Bin `json:"distribution"`
}

// Bin counts the calls of at least From seconds, and less than the next Bin's. The
// borders are 1, 2 and 5 times the powers of ten.
type Bin struct {
	From  float64 `json:"from"`
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
}

// add spreads the time of a call over the parts in which it ran, from start on,
// for the class's load and for that of all.
func (x *axis) add(e *parser.Event, start time.Time, class *load) {
	end := e.Time.UnixMicro()
	at := end - int64(min(microseconds(e.QueryTime), longestCall))
	if !start.IsZero() {
		at = max(at, start.UnixMicro())
	}
	if e.Time.IsZero() || at >= end || at < 0 {
		return
	}
	x.cover(at, end)
	width := x.step * perSecond
	for at < end {
		part := at / width
		until := min(end, (part+1)*width)
		us := uint64(until-at) * e.Weight
		class.add(x.step, part, us)
		x.load.add(x.step, part, us)
		at = until
	}
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
	return &Detail{
		Start: time.Unix(x.first*x.step, 0).UTC(),
		Step:  float64(x.step),
		Load:  x.load.values(x.step),
	}
}

func (x *axis) classDetail(c *class) *ClassDetail {
	d := &ClassDetail{Load: c.load.values(x.step), Distribution: distribution(&c.queryTime)}
	if len(c.load.us) > 0 {
		d.First = int(c.load.first - x.first)
	}
	return d
}

// load holds query time in microseconds by part of an axis. It follows the axis
// to wider parts when it is used next.
type load struct {
	step  int64 // that the parts have, in seconds
	first int64
	us    []uint64
}

func (l *load) add(step, part int64, us uint64) {
	l.widen(step)
	switch {
	case len(l.us) == 0:
		l.first = part
	case part < l.first:
		l.us = slices.Insert(l.us, 0, make([]uint64, l.first-part)...)
		l.first = part
	}
	for int64(len(l.us)) <= part-l.first {
		l.us = append(l.us, 0)
	}
	l.us[part-l.first] += us
}

// widen adds up the parts to parts of a step that the present one divides.
func (l *load) widen(step int64) {
	if l.step == step {
		return
	}
	wide := load{step: step}
	for i, us := range l.us {
		wide.add(step, (l.first+int64(i))/(step/l.step), us)
	}
	*l = wide
}

// values returns the seconds in each part of the step.
func (l *load) values(step int64) []float64 {
	l.widen(step)
	s := make([]float64, len(l.us))
	for i, n := range l.us {
		s[i] = float64(n) / perSecond
	}
	return s
}

// distribution counts the values of q, which are microseconds, by bin.
func distribution(q *quantity) []Bin {
	calls := map[int]float64{}
	first, last := math.MaxInt, 0
	add := func(v, n float64) bool {
		i := binOf(v)
		calls[i] += n
		first, last = min(first, i), max(last, i)
		return false
	}
	for _, v := range q.values {
		add(float64(v), 1)
	}
	if q.sketch != nil {
		q.sketch.ForEach(func(v, n float64) bool {
			// The sketch knows a value within 1 %; its bounds are known exactly.
			return add(min(max(v, float64(q.min)), float64(q.max)), n)
		})
	}
	var bins []Bin
	for i := first; i <= last; i++ {
		bins = append(bins, Bin{From: binFrom(i) / perSecond, Calls: int64(math.Round(calls[i]))})
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
