package notifier

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

// wide is the width from which on the ranking has its less important columns.
const wide = 110

// maxInstance is how many characters of an instance's name the ranking shows.
const maxInstance = 16

// instance is the one with the most calls of a class, and how many others it has.
func instance(c *digest.Class) string {
	all := byCalls(c.Instances)
	if len(all) == 0 {
		return ""
	}
	s := cut(all[0], maxInstance)
	if n := len(all); n > 1 {
		s += fmt.Sprintf(" +%d", n-1)
	}
	return s
}

// column of the ranking. Numbers are aligned to the right.
type column struct {
	head string
	left bool
	cell func(c *digest.Class) string
}

func (p *page) columns(r *digest.Report) []column {
	cols := []column{
		{"#", false, func(c *digest.Class) string { return strconv.Itoa(c.Rank) }},
		{"Query ID", true, func(c *digest.Class) string { return shortID(c.ID) }},
		{"Share", false, func(c *digest.Class) string { return percent(c.Share) }},
		{"Time", false, func(c *digest.Class) string { return seconds(c.QueryTime.Sum) }},
		{"Calls", false, func(c *digest.Class) string { return count(float64(c.Calls)) }},
	}
	if p.Width >= wide {
		cols = append(cols, column{"Mean", false, func(c *digest.Class) string { return seconds(c.QueryTime.Mean) }})
	}
	cols = append(cols, column{"P95", false, func(c *digest.Class) string { return seconds(c.QueryTime.P95) }})
	if p.Width >= wide {
		cols = append(cols, column{"Examined/sent", false, examinedPerSent})
	}
	if len(r.Instances) > 1 {
		cols = append(cols, column{"Instance", true, instance})
	}
	for i := range r.Classes {
		if badge(&r.Classes[i]) != "" {
			return append([]column{{"", true, badge}}, cols...)
		}
	}
	return cols
}

// examinedPerSent is how many rows were read for each row that was returned.
func examinedPerSent(c *digest.Class) string {
	if c.RowsSent.Sum == 0 {
		return "-"
	}
	return count(c.RowsExamined.Sum / c.RowsSent.Sum)
}

// table writes rows, whose last cell takes what the others leave of a line.
func (p *page) table(cols []column, rows [][]string) {
	last := len(cols) - 1
	widths := make([]int, last)
	heads := make([]string, last)
	for i, col := range cols[:last] {
		heads[i], widths[i] = col.head, ansi.StringWidth(col.head)
		for _, cells := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(cells[i]))
		}
	}
	head := p.row(cols, widths, heads)
	rest := max(p.Width-ansi.StringWidth(head), 8)
	p.line(p.paint(bold, head+cols[last].head))
	for _, cells := range rows {
		p.line(p.row(cols, widths, cells[:last]) + ansi.Truncate(cells[last], rest, "…"))
	}
}

// ranking writes the table of all classes.
func (p *page) ranking(r *digest.Report) {
	if len(r.Classes) == 0 {
		return
	}
	cols := p.columns(r)
	var rows [][]string
	for _, c := range inOrder(r) {
		var cells []string
		for _, col := range cols {
			cells = append(cells, col.cell(c))
		}
		rows = append(rows, append(cells, c.Fingerprint))
	}
	p.line("")
	p.table(append(cols, column{"Query", true, nil}), rows)
	if s := miscLine(r); s != "" {
		p.line(p.paint(dim, s))
	}
}

// miscLine sums up the classes that are not shown, if there are any.
func miscLine(r *digest.Report) string {
	m := r.Misc
	if m.Calls == 0 {
		return ""
	}
	share := ""
	if r.Overall.QueryTime.Sum > 0 {
		share = percent(m.QueryTime.Sum/r.Overall.QueryTime.Sum) + ", "
	}
	return fmt.Sprintf("MISC: %s, %s%s, %s.", plural(int64(m.Classes), "more class", "more classes"),
		share, seconds(m.QueryTime.Sum), plural(m.Calls, "call", "calls"))
}

// row sets the cells in their columns, two spaces after each.
func (p *page) row(cols []column, widths []int, cells []string) string {
	var b strings.Builder
	for i, s := range cells {
		pad := strings.Repeat(" ", widths[i]-ansi.StringWidth(s))
		if cols[i].left {
			b.WriteString(s + pad + "  ")
		} else {
			b.WriteString(pad + s + "  ")
		}
	}
	return b.String()
}
