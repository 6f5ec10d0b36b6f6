package notifier

import (
	"fmt"
	"io"
	"strings"

	"slowdigest/digest"
)

// WriteDiffText writes what changed for people to read in a terminal, as NewText
// does a report.
func WriteDiffText(w io.Writer, d *digest.Diff, opts TextOptions) error {
	if opts.Width == 0 {
		opts.Width = 100
	}
	opts.Width = max(opts.Width, 60)
	p := &page{TextOptions: opts}
	p.line(p.paint(bold, "Slow queries, before and after"))
	p.line(p.paint(dim, strings.Repeat("─", p.Width)))
	p.wrapped(p.paint(dim, "before  "), "        ", "", diffSide(&d.Before, d.PerHour))
	p.wrapped(p.paint(dim, "after   "), "        ", "", diffSide(&d.After, d.PerHour))
	p.wrapped("", "", bold, diffHeadline(d))
	for _, n := range diffNotes(d) {
		p.wrapped("  "+p.paint(yellow, "!")+" ", "    ", "", clean(n))
	}
	p.diffTable(d)
	for i := range d.Classes {
		if c := &d.Classes[i]; c.Kind != digest.DiffSame {
			p.diffClass(d, i+1, c)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *page) diffTable(d *digest.Diff) {
	if len(d.Classes) > 0 {
		cols := []column{{"#", false, nil}, {"What", true, nil}, {"Part", false, nil}, {"Change", false, nil}}
		if p.Width >= wide {
			cols = append(cols, column{"By calls", false, nil}, column{"By time", false, nil})
		}
		cols = append(cols, column{"Query ID", true, nil}, column{"Query", true, nil})
		var rows [][]string
		for i := range d.Classes {
			c := &d.Classes[i]
			row := []string{fmt.Sprint(i + 1), string(c.Kind), part(d, c.Change), signed(c.Change, seconds)}
			if p.Width >= wide {
				row = append(row, signed(c.ByCalls, seconds), signed(c.ByTime, seconds))
			}
			rows = append(rows, append(row, shortID(c.ID), deskStatement(c.Fingerprint)))
		}
		p.line("")
		p.table(cols, rows)
	}
	if s := diffMisc(d); s != "" {
		p.line(p.paint(dim, s))
	}
}

func (p *page) diffClass(d *digest.Diff, rank int, c *digest.ClassDiff) {
	p.line("")
	p.line(p.paint(bold, fmt.Sprintf("#%d  %s  %s  %s, %s of the change", rank, shortID(c.ID), c.Kind, signed(c.Change, seconds), part(d, c.Change))))
	p.wrapped(indent, indent, "", deskStatement(c.Fingerprint))
	for _, f := range diffFacts(d, c) {
		p.wrapped(indent, indent, dim, f)
	}
}
