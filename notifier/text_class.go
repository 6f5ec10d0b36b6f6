package notifier

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/notifier/paste"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/webpage"
)

const indent = "   "

// writeClass writes everything about one class.
func writeClass(p *page, r *digest.Report, c *digest.Class) {
	p.line("")
	if c.Group != nil {
		p.wrapped(p.paint(bold, fmt.Sprintf("#%d", c.Rank))+"  ", indent, bold, c.Label)
	} else {
		title := fmt.Sprintf("#%d  %s", c.Rank, redact.ShortID(c.ID))
		title = p.paint(bold, title)
		if b := Badge(c); b != "" {
			title = p.badge(b) + "  " + title
		}
		p.line(title)
		p.wrapped(indent, indent, "", c.Fingerprint)
	}
	for _, reason := range Reasons(c) {
		p.wrapped(indent+p.paint(yellow, "! "), indent+"  ", yellow, reason)
	}
	if s := planChange(c); s != "" {
		p.wrapped(indent+p.paint(yellow, "! "), indent+"  ", yellow, s)
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
	for i, q := range groupQueries(c) {
		p.wrapped(indent+label([]string{"queries", ""}[min(i, 1)]), indent+label(""), "", q)
	}
	if s := rates(&c.Totals); s != "" {
		p.wrapped(indent+label("rate"), indent+label(""), "", s)
	}
	for _, x := range []struct {
		by    digest.By
		names string
	}{
		{digest.ByUser, usersOf(c, 8)}, {digest.ByHost, hostsOf(c, 8)}, {digest.BySchema, schemasOf(c, 8)}, {digest.ByInstance, mostOf(c, 8)},
	} {
		if x.names != "" && x.by != r.By {
			p.wrapped(indent+label(string(x.by)+"s"), indent+label(""), "", x.names)
		}
	}
	for _, x := range []struct{ name, text string }{{"plan", planLine(c)}, {"code", codeOf(c, 8)}, {"tags", otherTags(c, 4, namesNoCode)}} {
		if x.text != "" {
			p.wrapped(indent+label(x.name), indent+label(""), "", x.text)
		}
	}
	if !c.FirstSeen.IsZero() {
		writeSeen(p, c)
	}
	if call, place := slowest(c); call != "" {
		p.wrapped(indent+label("slowest"), indent+label(""), "", call)
		p.unbroken(indent+label(""), place)
	}
	writeHistogram(p, c)
	if lines := paste.Lines(c); len(lines) > 0 {
		p.line("")
		for _, s := range lines {
			p.unbroken(indent, s)
		}
	}
}

// writeHistogram draws how many calls took how long, where they did not all take the same.
func writeHistogram(p *page, c *digest.Class) {
	bins := c.Distribution
	if len(bins) < 2 {
		return
	}
	if len(bins) > maxBins {
		bins = decades(bins)
	}
	most := int64(1)
	for _, b := range bins {
		most = max(most, b.Calls)
	}
	p.line("")
	for _, b := range bins {
		bar := math.Ceil(float64(b.Calls) / float64(most) * float64(min(maxBar, p.Width-len(indent)-len(label(""))-10)))
		p.line(indent + label(Duration(b.From)+" to "+Duration(b.To)) + strings.TrimLeft(strings.Repeat("█", int(bar))+" ", " ") + Count(float64(b.Calls)))
	}
}

// maxBar is the length of the longest bar of a histogram, in columns, and maxBins how many it has
// before those of a power of ten are one.
const (
	maxBar  = 50
	maxBins = 12
)

// decades adds up the bins between two powers of ten.
func decades(bins []digest.Bin) []digest.Bin {
	var out []digest.Bin
	for i, b := range bins {
		if power := math.Log10(b.From); i == 0 || math.Abs(power-math.Round(power)) < 1e-6 {
			out = append(out, b)
			continue
		}
		last := &out[len(out)-1]
		last.To, last.Calls = b.To, last.Calls+b.Calls
	}
	return out
}

// writeSeen says when a class was seen, with the time line below it where it has no room after it.
func writeSeen(p *page, c *digest.Class) {
	seen, drawn := InZone(Seen(c), p.Zone), Sparkline(c.Timeline)
	head := len(indent) + len(label(""))
	if head+ansi.StringWidth(seen)+2+ansi.StringWidth(drawn) <= p.Width {
		p.line(indent + label("seen") + seen + "  " + drawn)
		return
	}
	p.wrapped(indent+label("seen"), indent+label(""), "", seen)
	if drawn != "" && head+ansi.StringWidth(drawn) <= p.Width {
		p.line(indent + label("") + drawn)
	}
}

// label is the head of a line below a class, as wide as the others.
func label(s string) string { return fmt.Sprintf("%-15s", s) }

// writeMetrics writes the statistics of a class: as a table, or where that has no room, in lines.
func writeMetrics(p *page, c *digest.Class) {
	cells := func(r webpage.Metric) []string {
		return []string{r.Sum, r.Min, r.Mean, r.Median, r.P95, r.Max, r.StdDev}
	}
	head := cells(webpage.Metric{Sum: "total", Min: "min", Mean: "mean", Median: "median", P95: "p95", Max: "max", StdDev: "stddev"})
	width := min((p.Width-len(indent)-len(label("")))/len(head), metricWidth)
	row := func(color, name string, cells []string) {
		var b strings.Builder
		for _, s := range cells {
			fmt.Fprintf(&b, "%*s", width, s)
		}
		p.line(indent + p.paint(color, label(name)+b.String()))
	}
	calls := Plural(c.Calls, "call", "calls")
	if width < leastMetric {
		p.line(indent + p.paint(dim, calls))
	} else {
		row(dim, calls, head)
	}
	for _, r := range metricRows(c) {
		if width >= leastMetric {
			row("", r.Name, cells(r))
			continue
		}
		var all []string
		for i, s := range cells(r) {
			if s != "" {
				all = append(all, head[i]+noBreak+s)
			}
		}
		p.wrapped(indent+label(r.Name), indent+label(""), "", strings.Join(all, ", "))
	}
	if s := Tallies(c); s != "" {
		p.wrapped(indent+label("among them"), indent+label(""), "", s)
	}
}

// metricWidth is that of a column of the statistics, which may be as narrow as leastMetric.
const (
	metricWidth = 9
	leastMetric = 8
)

// Sparkline draws the query time over a window, or a day, a character for each slot.
func Sparkline(slots []float64) string {
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
	if r.By == digest.ByClass {
		add("Query ID", true, func(c *digest.Class) string { return redact.ShortID(c.ID) })
	}
	add("Share", false, func(c *digest.Class) string { return Percent(c.Share) })
	add("Time", false, func(c *digest.Class) string { return Duration(c.QueryTime.Sum) })
	add("Calls", false, func(c *digest.Class) string { return Count(float64(c.Calls)) })
	if width >= wide {
		add("Mean", false, func(c *digest.Class) string { return Duration(c.QueryTime.Mean) })
	}
	add("P95", false, func(c *digest.Class) string { return Duration(c.QueryTime.P95) })
	if len(r.Instances) > 1 && r.By != digest.ByInstance {
		add("Instance", true, instances)
	}
	return cols
}

// givenUp are the columns of the ranking that make room for the labels, the first of them first.
// Who has 100 columns sees IDs to copy; in fewer they are with the classes below.
func givenUp(width int) []string {
	if width >= 100 {
		return []string{"P95", "Instance"}
	}
	return []string{"Query ID", "Instance", "P95"}
}

// writeRanking writes the table of all classes.
func writeRanking(p *page, r *digest.Report) {
	if len(r.Classes) == 0 {
		return
	}
	classes := InOrder(r)
	rows := make([][]string, len(classes))
	var cols []column
	for _, col := range rankingColumns(r, p.Width) {
		for i, c := range classes {
			rows[i] = append(rows[i], col.cell(c))
		}
		cols = append(cols, col.column)
	}
	p.line("")
	p.table(cols, rows, givenUp(p.Width), ClassHead(r.By, true), func(columns int) []string {
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
		p.wrapped("", "", dim, s)
	}
}
