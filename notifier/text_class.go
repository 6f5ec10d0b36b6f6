package notifier

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
)

const indent = "   "

// class writes everything about one class.
func (p *page) class(c *digest.Class) {
	p.line("")
	title := fmt.Sprintf("#%d  %s  %s", c.Rank, shortID(c.ID), percent(c.Share))
	title = p.paint(bold, title)
	if b := badge(c); b != "" {
		title = p.badge(b) + "  " + title
	}
	p.line(title)
	p.wrapped(indent, indent, "", c.Fingerprint)
	for _, reason := range c.Reasons {
		p.wrapped(indent+p.paint(yellow, "! "), indent+"  ", yellow, clean(reason))
	}
	if s := evidence(c); s != "" {
		p.wrapped(indent, indent, "", s)
	}
	if note := clean(cut(c.Note, maxNote)); note != "" {
		p.wrapped(indent+p.paint(bold, "Note")+": ", indent+"  ", "", note)
	}
	p.line("")
	p.metrics(c)
	for _, names := range []struct {
		title string
		calls map[string]int64
	}{{"users", c.Users}, {"hosts", c.Hosts}, {"schemas", c.Schemas}, {"instances", c.Instances}} {
		if len(names.calls) == 0 || names.title == "instances" && len(names.calls) == 1 {
			continue
		}
		p.wrapped(indent+label(names.title), indent+label(""), "", mostCalls(names.calls, 8))
	}
	if !c.FirstSeen.IsZero() {
		p.line(indent + label("seen") + seen(c, time.DateTime) + "  " + sparkline(c.Timeline))
	}
}

// label is the head of a line below a class, as wide as the others.
func label(s string) string { return fmt.Sprintf("%-15s", s) }

// metrics writes the statistics of a class as a table.
func (p *page) metrics(c *digest.Class) {
	const cells = "%9s%9s%9s%9s%9s%9s"
	p.line(indent + p.paint(dim, label(plural(c.Calls, "call", "calls"))+
		fmt.Sprintf(cells, "total", "min", "mean", "median", "p95", "max")))
	for _, row := range metricRows(c) {
		p.line(indent + label(row.Name) + fmt.Sprintf(cells, row.Sum, row.Min, row.Mean, row.Median, row.P95, row.Max))
	}
	if s := tallies(c); s != "" {
		p.line(indent + label("among them") + s)
	}
}

// metricRow is the statistics of one quantity as they are shown.
type metricRow struct{ Name, Sum, Min, Mean, Median, P95, Max string }

// metricRows leaves out what the log does not tell, or is all zero.
func metricRows(c *digest.Class) []metricRow {
	var rows []metricRow
	add := func(name string, m *digest.Metrics, f func(float64) string) {
		if m != nil && *m != (digest.Metrics{}) {
			rows = append(rows, metricRow{name, f(m.Sum), f(m.Min), f(m.Mean), f(m.Median), f(m.P95), f(m.Max)})
		}
	}
	add("query time", &c.QueryTime, seconds)
	add("lock time", &c.LockTime, seconds)
	add("rows sent", &c.RowsSent, count)
	add("rows examined", &c.RowsExamined, count)
	add("rows affected", c.RowsAffected, count)
	add("bytes sent", c.BytesSent, count)
	return rows
}

// tallies tells what the server marked the calls with.
func tallies(c *digest.Class) string {
	var s []string
	add := func(n *int64, one, many string) {
		if n != nil && *n > 0 {
			s = append(s, plural(*n, one, many))
		}
	}
	add(c.FullScans, "full scan", "full scans")
	add(c.TmpTables, "temporary table", "temporary tables")
	add(c.TmpDiskTables, "of them on disk", "of them on disk")
	add(c.Errors, "error", "errors")
	return strings.Join(s, ", ")
}

// mostCalls lists the n names with the most calls, and how many others there are.
func mostCalls(calls map[string]int64, n int) string {
	type entry struct {
		name  string
		calls int64
	}
	all := make([]entry, 0, len(calls))
	for name, k := range calls {
		if name = cut(clean(cut(name, 4*maxName)), maxName); name == "" {
			name = "(none)"
		}
		all = append(all, entry{name, k})
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), strings.Compare(a.name, b.name))
	})
	var s []string
	for _, e := range all[:min(n, len(all))] {
		if len(all) == 1 {
			s = append(s, e.name)
			continue
		}
		s = append(s, e.name+" ("+count(float64(e.calls))+")")
	}
	if more := len(all) - n; more > 0 {
		s = append(s, "and "+strconv.Itoa(more)+" more")
	}
	return strings.Join(s, ", ")
}

// seen tells when a class was first and last seen. The last is told by its time
// alone where the day is the same.
func seen(c *digest.Class, layout string) string {
	first, last := c.FirstSeen.UTC(), c.LastSeen.UTC()
	sameDay := first.Format(time.DateOnly) == last.Format(time.DateOnly)
	switch {
	case first.Truncate(time.Second).Equal(last.Truncate(time.Second)):
		return first.Format(layout) + " UTC"
	case sameDay:
		return first.Format(layout) + " to " + last.Format(time.TimeOnly) + " UTC"
	}
	return first.Format(time.DateTime) + " to " + last.Format(time.DateTime) + " UTC"
}

// sparkline draws the query time over the window, a character for each slot.
func sparkline(slots []float64) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	if len(slots) < 2 || slices.Max(slots) <= 0 {
		return ""
	}
	top := slices.Max(slots)
	out := make([]rune, len(slots))
	for i, s := range slots {
		if out[i] = ' '; s > 0 {
			out[i] = levels[min(int(s/top*float64(len(levels))), len(levels)-1)]
		}
	}
	return strings.TrimRight(string(out), " ")
}
