package digest

import (
	"fmt"
	"slices"
	"time"
)

// Report ranks what has been added so far. Instances and what the sources know
// of the coverage are for the caller to fill in. Where the window has
// no bound, the report's is that of the events, in whole seconds.
func (a *Aggregator) Report(limit Limit, order OrderBy) *Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := &Report{Version: 1, Window: a.window, Coverage: a.coverage()}
	if r.Window.Start.IsZero() {
		r.Window.Start = a.first.Truncate(time.Second)
	}
	if r.Window.End.IsZero() && !a.last.IsZero() {
		r.Window.End = a.last.Truncate(time.Second).Add(time.Second)
	}
	r.Filter = a.Filter
	var overall totals
	overall.merge(&a.folded.totals)
	for _, c := range a.classes {
		overall.merge(&c.totals)
	}
	r.Overall = Overall{Classes: len(a.classes) + a.folded.classes, Totals: overall.report()}

	r.Misc.Classes, r.Misc.Calls = a.folded.classes, a.folded.calls
	r.Misc.QueryTime.Sum = float64(a.folded.queryTime.sum) / perSecond
	ranked := make([]*Class, 0, len(a.classes))
	for _, c := range a.classes {
		ranked = append(ranked, c.report(overall.queryTime.sum))
	}
	slices.SortFunc(ranked, func(x, y *Class) int { return compareBy(order, x, y) })
	r.Classes = make([]Class, len(ranked))
	for i, c := range ranked {
		c.Rank = i + 1
		r.Classes[i] = *c
	}
	r.Shorten(limit, order)
	if a.Detail {
		r.Detail = a.detail()
		a.addDetails(r.Classes)
	}
	return r
}

func (a *Aggregator) coverage() Coverage {
	c := Coverage{
		Events: a.events, InWindow: a.inWindow, Unreadable: a.untimed, Truncated: a.cut,
		Complete: true, Notes: []string{},
	}
	if a.Filter != nil {
		c.Notes = append(c.Notes, a.Filter.note(a.filtered, a.inWindow))
	}
	if a.untimed > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%d entries bear no time and are not counted.", a.untimed))
	}
	if a.throttled > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf(
			"The server left out %d statements without an index (log_throttle_queries_not_using_indexes).", a.throttled))
	}
	if a.folded.classes > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf(
			"There were over %d classes; the least %d are only counted together, and one that came back may be counted twice.",
			maxClasses, a.folded.classes))
	}
	return c
}

func (t *totals) report() Totals {
	r := Totals{
		Calls:        t.calls,
		QueryTime:    t.queryTime.metrics(perSecond),
		LockTime:     t.lockTime.metrics(perSecond),
		RowsSent:     t.rowsSent.metrics(1),
		RowsExamined: t.rowsExamined.metrics(1),
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

func (c *class) report(overall uint64) *Class {
	r := &Class{
		ID:          c.id(),
		Fingerprint: c.fingerprint,
		Totals:      c.totals.report(),
		VMR:         c.squares.vmr(&c.queryTime) / perSecond,
		Users:       c.users.names(),
		Hosts:       c.hosts.names(),
		Schemas:     c.schemas.names(),
		Instances:   c.instances.names(),
		FirstSeen:   c.first,
		LastSeen:    c.last,
	}
	if overall > 0 {
		r.Share = float64(c.queryTime.sum) / float64(overall)
	}
	for _, us := range c.timeline {
		r.Timeline = append(r.Timeline, float64(us)/perSecond)
	}
	r.Reasons = reasons(r)
	return r
}
