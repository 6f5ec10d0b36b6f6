package digest

import (
	"math"
	"math/bits"
	"slices"

	"slowdigest/digest/sketch"
	"slowdigest/parser"
)

// exactCalls is how many values of a quantity are kept as they are. Most
// classes of a real log are rarer than that, and their quantiles are exact;
// the others go over to a sketch.
const exactCalls = 32

// perSecond is the resolution of every server's slow log: a microsecond. Times
// are added up as whole microseconds, so that sums are exact and do not depend
// on the order of the entries.
const perSecond = 1e6

// quantity gathers the values of one quantity: whole microseconds, or rows, or
// bytes. Its size is bounded whatever the number of values.
type quantity struct {
	calls    uint64
	sum      uint64
	squares  squares
	min, max uint64
	values   []uint64 // all of them, until there are more than exactCalls
	sketch   *sketch.Sketch
}

// add counts v weight times.
func (q *quantity) add(v, weight uint64) {
	if q.calls == 0 || v < q.min {
		q.min = v
	}
	q.max = max(q.max, v)
	q.calls += weight
	q.sum += v * weight
	q.squares.add(v, weight)
	if q.sketch == nil {
		if weight == 1 && len(q.values) < exactCalls {
			q.values = append(q.values, v)
			return
		}
		q.toSketch()
	}
	q.sketch.Add(v, weight)
}

// merge adds what from has counted.
func (q *quantity) merge(from *quantity) {
	if from.calls == 0 {
		return
	}
	if q.calls == 0 || from.min < q.min {
		q.min = from.min
	}
	q.max = max(q.max, from.max)
	q.calls += from.calls
	q.sum += from.sum
	q.squares.merge(from.squares)
	if q.sketch == nil && from.sketch == nil && len(q.values)+len(from.values) <= exactCalls {
		q.values = append(q.values, from.values...)
		return
	}
	q.toSketch()
	for _, v := range from.values {
		q.sketch.Add(v, 1)
	}
	if from.sketch != nil {
		q.sketch.Merge(from.sketch)
	}
}

// toSketch goes over from the values to a sketch of them.
func (q *quantity) toSketch() {
	if q.sketch != nil {
		return
	}
	q.sketch = new(sketch.Sketch)
	for _, v := range q.values {
		q.sketch.Add(v, 1)
	}
	q.values = nil
}

// quantile returns the value below which the fraction f of the values lies. Of
// the values kept as they are it interpolates, as everybody's median of an even number
// does.
func (q *quantity) quantile(f float64) float64 {
	if q.sketch == nil {
		slices.Sort(q.values)
		at := f * float64(len(q.values)-1)
		i := int(at)
		if i+1 >= len(q.values) {
			return float64(q.values[len(q.values)-1])
		}
		low, high := float64(q.values[i]), float64(q.values[i+1])
		return low + (high-low)*(at-float64(i))
	}
	return min(max(q.sketch.Quantile(f), float64(q.min)), float64(q.max))
}

// metrics states the quantity in the unit of which it was counted per parts.
func (q *quantity) metrics(per float64) Metrics {
	if q.calls == 0 {
		return Metrics{}
	}
	return Metrics{
		Sum:    float64(q.sum) / per,
		Min:    float64(q.min) / per,
		Max:    float64(q.max) / per,
		Mean:   float64(q.sum) / float64(q.calls) / per,
		Median: q.quantile(0.5) / per,
		P95:    q.quantile(0.95) / per,
		StdDev: math.Sqrt(q.variance()) / per,
	}
}

// squares adds up squares in 128 bits: exact, so that the variance, a small
// difference of large sums, keeps its digits.
type squares struct{ hi, lo uint64 }

func (s *squares) add(v, weight uint64) {
	hi, lo := bits.Mul64(v, v)
	over, lo := bits.Mul64(lo, weight)
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi += hi*weight + over + carry
}

func (s *squares) merge(from squares) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, from.lo, 0)
	s.hi += from.hi + carry
}

// variance returns that of the population, in the square of q's unit; 0 where there is
// no call.
func (q *quantity) variance() float64 {
	if q.calls == 0 {
		return 0
	}
	n := float64(q.calls)
	mean := float64(q.sum) / n
	meanOfSquares := (float64(q.squares.hi)*(1<<64) + float64(q.squares.lo)) / n
	return max(0, meanOfSquares-mean*mean)
}

// vmr returns the variance over the mean, in q's unit.
func (q *quantity) vmr() float64 {
	if q.sum == 0 {
		return 0
	}
	return q.variance() / (float64(q.sum) / float64(q.calls))
}

// lists adds up a Lists. Most lists are short, and calls are counted by their lengths.
type lists struct {
	calls, max uint64
	short      *[shortLists]uint64 // calls by length
	long       quantity            // lengths of the others
	longTime   uint64              // microseconds
}

const shortLists = 64

func (l *lists) add(e *parser.Event, members int) {
	if members == 0 {
		return
	}
	l.calls += e.Weight
	l.max = max(l.max, uint64(members))
	if members < shortLists {
		if l.short == nil {
			l.short = new([shortLists]uint64)
		}
		l.short[members] += e.Weight
		return
	}
	l.long.add(uint64(members), e.Weight)
	if members >= longList {
		l.longTime += microseconds(e.QueryTime) * e.Weight
	}
}

func (l *lists) merge(from *lists) {
	l.calls += from.calls
	l.max = max(l.max, from.max)
	if from.short != nil {
		if l.short == nil {
			l.short = new([shortLists]uint64)
		}
		for n, calls := range from.short {
			l.short[n] += calls
		}
	}
	l.long.merge(&from.long)
	l.longTime += from.longTime
}

// report returns nil where no list had two members.
func (l *lists) report() *Lists {
	if l.max < 2 {
		return nil
	}
	return &Lists{
		Calls: int64(l.calls), Median: (l.nth((l.calls-1)/2) + l.nth(l.calls/2)) / 2, Max: int64(l.max),
		LongTime: float64(l.longTime) / perSecond,
	}
}

// nth returns the length of the nth shortest list, from 0.
func (l *lists) nth(n uint64) float64 {
	if l.short != nil {
		for length, calls := range l.short {
			if n < calls {
				return float64(length)
			}
			n -= calls
		}
	}
	return l.long.quantile(float64(n) / float64(max(l.long.calls-1, 1)))
}

// totals add up what a Totals states.
type totals struct {
	calls                                       int64
	queryTime, lockTime, rowsSent, rowsExamined quantity
	rowsAffected, bytesSent, queryBytes         quantity
	tmpTables, tmpDiskTables, fullScans, errors counter
}

func (t *totals) add(e *parser.Event) {
	w := e.Weight
	t.calls += int64(w)
	t.queryTime.add(microseconds(e.QueryTime), w)
	t.lockTime.add(microseconds(e.LockTime), w)
	t.rowsSent.add(e.RowsSent, w)
	t.rowsExamined.add(e.RowsExamined, w)
	t.queryBytes.add(uint64(e.SQLBytes), w)
	if e.Has&parser.HasRowsAffected != 0 {
		t.rowsAffected.add(e.RowsAffected, w)
	}
	if e.Has&parser.HasBytesSent != 0 {
		t.bytesSent.add(e.BytesSent, w)
	}
	t.tmpTables.add(e, parser.HasTmpTables, e.TmpTables)
	t.tmpDiskTables.add(e, parser.HasTmpDiskTables, e.TmpDiskTables)
	t.fullScans.add(e, parser.HasFullScan, one(e.FullScan))
	t.errors.add(e, parser.HasErrno, one(e.Errno != 0))
}

func (t *totals) merge(from *totals) {
	t.calls += from.calls
	t.queryTime.merge(&from.queryTime)
	t.lockTime.merge(&from.lockTime)
	t.rowsSent.merge(&from.rowsSent)
	t.rowsExamined.merge(&from.rowsExamined)
	t.queryBytes.merge(&from.queryBytes)
	t.rowsAffected.merge(&from.rowsAffected)
	t.bytesSent.merge(&from.bytesSent)
	t.tmpTables.merge(from.tmpTables)
	t.tmpDiskTables.merge(from.tmpDiskTables)
	t.fullScans.merge(from.fullScans)
	t.errors.merge(from.errors)
}

func (t *totals) report() Totals {
	r := Totals{
		Calls:        t.calls,
		QueryTime:    t.queryTime.metrics(perSecond),
		LockTime:     t.lockTime.metrics(perSecond),
		RowsSent:     t.rowsSent.metrics(1),
		RowsExamined: t.rowsExamined.metrics(1),
		QueryBytes:   t.queryBytes.metrics(1),
	}
	if t.rowsAffected.calls > 0 {
		m := t.rowsAffected.metrics(1)
		r.RowsAffected = &m
	}
	if t.bytesSent.calls > 0 {
		m := t.bytesSent.metrics(1)
		r.BytesSent = &m
	}
	r.TmpTables, _ = t.tmpTables.report(t.calls)
	r.TmpDiskTables, r.TmpDiskTablesOf = t.tmpDiskTables.report(t.calls)
	r.FullScans, r.FullScansOf = t.fullScans.report(t.calls)
	r.Errors, r.ErrorsOf = t.errors.report(t.calls)
	return r
}

// counter counts what some logs state and others do not.
type counter struct {
	n  int64
	of int64 // calls whose entries state it
}

func (c *counter) add(e *parser.Event, field parser.Fields, n uint64) {
	if e.Has&field != 0 {
		c.n += int64(n * e.Weight)
		c.of += int64(e.Weight)
	}
}

func (c *counter) merge(from counter) {
	c.n += from.n
	c.of += from.of
}

// report returns nil where nothing is known, and of how many calls it is known
// unless it is of all.
func (c counter) report(calls int64) (n *int64, of int64) {
	if c.of == 0 {
		return nil, 0
	}
	if c.of < calls {
		of = c.of
	}
	return &c.n, of
}

func one(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}
