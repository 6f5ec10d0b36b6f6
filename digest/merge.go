package digest

import (
	"bytes"
	"math/bits"
	"slices"
	"time"
)

// Merge takes in what other has counted, as if a had been given other's events
// too. Other, whose window should lie in a's, stays as it is and must not be
// added to at the time. The hours of several digests thus become one. The
// Filters should be the same, and Detail is not merged.
func (a *Aggregator) Merge(other *Aggregator) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events += other.events
	a.inWindow += other.inWindow
	a.untimed += other.untimed
	a.cut += other.cut
	a.throttled += other.throttled
	a.filtered += other.filtered
	if !other.first.IsZero() && (a.first.IsZero() || other.first.Before(a.first)) {
		a.first = other.first
	}
	if other.last.After(a.last) {
		a.last = other.last
	}
	a.folded.classes += other.folded.classes
	a.folded.merge(&other.folded.totals)

	classes := make([]*class, 0, len(other.classes))
	for _, c := range other.classes {
		classes = append(classes, c)
	}
	// Always in the same order, for there may be more classes than a keeps.
	slices.SortFunc(classes, func(x, y *class) int { return bytes.Compare(x.key[:], y.key[:]) })
	for _, from := range classes {
		c := a.classes[from.key]
		if c == nil {
			if len(a.classes) >= maxClasses {
				a.fold()
			}
			c = &class{key: from.key, fingerprint: from.fingerprint}
			a.classes[from.key] = c
		}
		a.mergeClass(c, from, other.window)
	}
}

func (a *Aggregator) mergeClass(c, from *class, window Window) {
	c.totals.merge(&from.totals)
	c.squares.merge(from.squares)
	c.users.merge(from.users)
	c.hosts.merge(from.hosts)
	c.schemas.merge(from.schemas)
	c.instances.merge(from.instances)
	if c.first.IsZero() || !from.first.IsZero() && from.first.Before(c.first) {
		c.first = from.first
	}
	if from.last.After(c.last) {
		c.last = from.last
	}
	part := window.End.Sub(window.Start) / timelineBuckets
	for i, us := range from.timeline {
		if bucket := a.bucket(window.Start.Add(part * time.Duration(i))); bucket >= 0 {
			if c.timeline == nil {
				c.timeline = make([]uint64, timelineBuckets)
			}
			c.timeline[bucket] += us
		}
	}
}

func (t *totals) merge(from *totals) {
	t.calls += from.calls
	t.queryTime.merge(&from.queryTime)
	t.lockTime.merge(&from.lockTime)
	t.rowsSent.merge(&from.rowsSent)
	t.rowsExamined.merge(&from.rowsExamined)
	t.rowsAffected.merge(&from.rowsAffected)
	t.bytesSent.merge(&from.bytesSent)
	t.tmpTables.merge(from.tmpTables)
	t.tmpDiskTables.merge(from.tmpDiskTables)
	t.fullScans.merge(from.fullScans)
	t.errors.merge(from.errors)
}

func (c *counter) merge(from counter) {
	c.n += from.n
	c.of += from.of
}

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
	if q.sketch == nil && from.sketch == nil && len(q.values)+len(from.values) <= exactCalls {
		q.values = append(q.values, from.values...)
		return
	}
	q.toSketch()
	for _, v := range from.values {
		q.addToSketch(v, 1)
	}
	if from.sketch != nil {
		if err := q.sketch.MergeWith(from.sketch); err != nil {
			panic("digest: sketches of one kind do not merge: " + err.Error())
		}
	}
}

func (s *squares) merge(from squares) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, from.lo, 0)
	s.hi += from.hi + carry
}

func (t *tally) merge(from tally) {
	for _, e := range from {
		t.add(e.name, e.calls)
	}
}
