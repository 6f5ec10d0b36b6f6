package notifier

import (
	"fmt"
	"slices"
	"strconv"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// wide is the width in columns from which on a table has its less important columns.
const wide = 110

// maxInstance is how many characters of an instance's name the ranking shows.
const maxInstance = 16

// instance is the one with the most calls of a class, and how many others it has.
func instance(c *digest.Class) string {
	all := byCalls(c.Instances)
	if len(all) == 0 {
		return ""
	}
	s := redact.Cut(all[0], maxInstance)
	if n := len(all); n > 1 {
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
	if width >= wide {
		add("Examined/sent", false, examinedPerSent)
	}
	if len(r.Instances) > 1 {
		add("Instance", true, instance)
	}
	return cols
}

// writeRanking writes the table of all classes.
func writeRanking(p *page, r *digest.Report) {
	if len(r.Classes) == 0 {
		return
	}
	var cols []column
	rows := make([][]string, len(r.Classes))
	for _, col := range rankingColumns(r, p.Width) {
		cols = append(cols, col.column)
		for i, c := range InOrder(r) {
			rows[i] = append(rows[i], col.cell(c))
		}
	}
	for i, c := range InOrder(r) {
		rows[i] = append(rows[i], c.Label+"\t"+SinceIn(c, p.Zone))
	}
	p.line("")
	p.table(append(cols, column{"Query", true}), rows)
	if s := miscLine(r); s != "" {
		p.line(p.paint(dim, s))
	}
}
