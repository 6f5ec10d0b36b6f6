package notifier

import (
	"fmt"
	"slices"
	"strings"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

const indent = "   "

// writeClass writes everything about one class.
func writeClass(p *page, c *digest.Class) {
	p.line("")
	title := fmt.Sprintf("#%d  %s  %s", c.Rank, redact.ShortID(c.ID), Percent(c.Share))
	title = p.paint(bold, title)
	if b := Badge(c); b != "" {
		title = p.badge(b) + "  " + title
	}
	p.line(title)
	p.wrapped(indent, indent, "", c.Fingerprint)
	for _, reason := range Reasons(c) {
		p.wrapped(indent+p.paint(yellow, "! "), indent+"  ", yellow, reason)
	}
	if s := Evidence(c); s != "" {
		p.wrapped(indent, indent, "", s)
	}
	if note := redact.Clean(redact.Cut(c.Note, digest.MaxNote)); note != "" {
		p.wrapped(indent+p.paint(bold, "Note")+": ", indent+"  ", "", note)
	}
	p.line("")
	writeMetrics(p, c)
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
