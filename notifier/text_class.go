package notifier

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

const indent = "   "

// writeClass writes everything about one class.
func writeClass(p *page, r *digest.Report, c *digest.Class) {
	p.line("")
	title := fmt.Sprintf("#%d  %s", c.Rank, redact.ShortID(c.ID))
	title = p.paint(bold, title)
	if b := Badge(c); b != "" {
		title = p.badge(b) + "  " + title
	}
	p.line(title)
	p.wrapped(indent, indent, "", c.Fingerprint)
	for _, reason := range Reasons(c) {
		p.wrapped(indent+p.paint(yellow, "! "), indent+"  ", yellow, reason)
	}
	if _, inHead := InHead(r, c); !inHead && c.Change != nil && !NewIsSaid(r, c) {
		p.wrapped(indent, indent, "", EvidenceBeside(c))
	}
	if s := Detection(c); s != "" {
		p.wrapped(indent, indent, "", s+".")
	}
	if note := redact.Clean(redact.Cut(c.Note, digest.MaxNote)); note != "" {
		p.wrapped(indent+p.paint(bold, "Note")+": ", indent+"  ", "", note)
	}
	p.line("")
	writeMetrics(p, c)
	for _, x := range []struct{ title, names string }{
		{"users", usersOf(c, 8)}, {"hosts", hostsOf(c, 8)}, {"schemas", schemasOf(c, 8)}, {"instances", mostOf(c, 8)},
	} {
		if x.names != "" {
			p.wrapped(indent+label(x.title), indent+label(""), "", x.names)
		}
	}
	if !c.FirstSeen.IsZero() {
		p.line(indent + label("seen") + InZone(Seen(c), p.Zone) + "  " + sparkline(c.Timeline))
	}
}

// label is the head of a line below a class, as wide as the others.
func label(s string) string { return fmt.Sprintf("%-15s", s) }

// writeMetrics writes the statistics of a class as a table.
func writeMetrics(p *page, c *digest.Class) {
	const cells = "%9s%9s%9s%9s%9s%9s"
	p.line(indent + p.paint(dim, label(Plural(c.Calls, "call", "calls"))+
		fmt.Sprintf(cells, "total", "min", "mean", "median", "p95", "max")))
	for _, row := range metricRows(c) {
		p.line(indent + label(row.Name) + fmt.Sprintf(cells, row.Sum, row.Min, row.Mean, row.Median, row.P95, row.Max))
	}
	if s := Tallies(c); s != "" {
		p.line(indent + label("among them") + s)
	}
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

// wide is the width in columns from which on a table has its less important columns.
const wide = 110

// maxInstance is how many characters of an instance's name the ranking shows.
const maxInstance = 16

// instances is the one with the greatest part of a class, and how many others it has.
func instances(c *digest.Class) string {
	s := redact.Cut(instance(c), maxInstance)
	if n := len(c.ByInstance); n > 1 {
		s += fmt.Sprintf(" +%d", n-1)
	}
	return s
}

// classColumn is a column of the ranking, with what it shows of a class.
type classColumn struct {
	column
	cell func(c *digest.Class) string
}

// rankingColumns are all but the last, which is the label.
func rankingColumns(r *digest.Report, width int) []classColumn {
	var cols []classColumn
	add := func(head string, left bool, cell func(c *digest.Class) string) {
		cols = append(cols, classColumn{column{head, left}, cell})
	}
	if slices.ContainsFunc(r.Classes, func(c digest.Class) bool { return Badge(&c) != "" }) {
		add("", true, Badge)
	}
	add("#", false, func(c *digest.Class) string { return strconv.Itoa(c.Rank) })
	add("Query ID", true, func(c *digest.Class) string { return redact.ShortID(c.ID) })
	add("Share", false, func(c *digest.Class) string { return Percent(c.Share) })
	add("Time", false, func(c *digest.Class) string { return Duration(c.QueryTime.Sum) })
	add("Calls", false, func(c *digest.Class) string { return Count(float64(c.Calls)) })
	if width >= wide {
		add("Mean", false, func(c *digest.Class) string { return Duration(c.QueryTime.Mean) })
	}
	add("P95", false, func(c *digest.Class) string { return Duration(c.QueryTime.P95) })
	if len(r.Instances) > 1 {
		add("Instance", true, instances)
	}
	return cols
}

// labelColumns is how many columns the label has in a narrow table, which leaves out for it
// the first of narrowWithout.
const labelColumns = 24

var narrowWithout = []string{"P95", "Instance"}

// writeRanking writes the table of all classes.
func writeRanking(p *page, r *digest.Report) {
	if len(r.Classes) == 0 {
		return
	}
	classes := InOrder(r)
	rows := make([][]string, len(classes))
	var cols []column
	left := p.Width
	for _, col := range rankingColumns(r, p.Width) {
		for i, c := range classes {
			rows[i] = append(rows[i], col.cell(c))
		}
		cols = append(cols, col.column)
		left -= widthOf(col.column, rows, len(cols)-1) + 2
	}
	for _, name := range narrowWithout {
		n := slices.IndexFunc(cols, func(c column) bool { return c.head == name })
		if n < 0 || left >= labelColumns {
			continue
		}
		left += widthOf(cols[n], rows, n) + 2
		cols = slices.Delete(cols, n, n+1)
		for i := range rows {
			rows[i] = slices.Delete(rows[i], n, n+1)
		}
	}
	p.line("")
	p.table(cols, rows, "Query", func(columns int) []string {
		each, since := make([]int, len(classes)), make([]string, len(classes))
		for i, c := range classes {
			since[i] = SinceIn(c, p.Zone)
			each[i] = max(columns-ansi.StringWidth(since[i]), 8)
		}
		labels := redact.Within(classes, each)
		for i := range labels {
			labels[i] += since[i]
		}
		return labels
	})
	if s := miscLine(r); s != "" {
		p.line(p.paint(dim, s))
	}
}
