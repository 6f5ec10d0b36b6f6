package notifier

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// WriteDiffText writes what changed for people to read in a terminal, as NewText
// does a report.
func WriteDiffText(w io.Writer, d *digest.Diff, opts TextOptions) error {
	p := newPage(opts)
	p.line(p.paint(bold, "Slow queries, before and after"))
	p.line(p.paint(dim, strings.Repeat("─", p.Width)))
	p.wrapped(p.paint(dim, "before  "), "        ", "", diffSide(&d.Before, d.By, d.PerHour))
	p.wrapped(p.paint(dim, "after   "), "        ", "", diffSide(&d.After, d.By, d.PerHour))
	p.wrapped("", "", bold, diffHeadline(d))
	for _, n := range diffNotes(d) {
		p.wrapped("  "+p.paint(yellow, "!")+" ", "    ", "", redact.Clean(n))
	}
	classes := labelled(d, redact.NameForCLI)
	writeDiffTable(p, d, classes)
	for i, named := range classes {
		if c := &d.Classes[i]; c.Kind != digest.DiffSame {
			writeDiffClass(p, d, i+1, c, named)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func writeDiffTable(p *page, d *digest.Diff, classes []*digest.Class) {
	if len(d.Classes) > 0 {
		cols := []column{{"#", false}, {"What", true}, {"Part", false}, {"Change", false}}
		if p.Width >= wide {
			cols = append(cols, column{"By calls", false}, column{"By time", false})
		}
		if d.By == digest.ByClass {
			cols = append(cols, column{"Query ID", true})
		}
		var rows [][]string
		for i := range d.Classes {
			c := &d.Classes[i]
			row := []string{fmt.Sprint(i + 1), string(c.Kind), part(d, c.Change), signed(c.Change, Duration)}
			if p.Width >= wide {
				row = append(row, signed(c.ByCalls, Duration), signed(c.ByTime, Duration))
			}
			if d.By == digest.ByClass {
				row = append(row, redact.ShortID(c.ID))
			}
			rows = append(rows, row)
		}
		p.line("")
		p.table(cols, rows, []string{"Query ID"}, ClassHead(d.By, true), func(columns int) []string {
			return redact.Within(classes, slices.Repeat([]int{columns}, len(classes)))
		})
	}
	if s := diffMisc(d); s != "" {
		p.wrapped("", "", dim, s)
	}
}

// labelled are the classes of a difference with their labels, for which name makes those of groups.
func labelled(d *digest.Diff, name func(string) string) []*digest.Class {
	all := make([]digest.Class, len(d.Classes))
	for i, c := range d.Classes {
		all[i] = digest.Class{ID: c.ID, Fingerprint: redact.ForCLI(c.Fingerprint), Group: c.Group}
	}
	if d.By != digest.ByClass {
		redact.Groups(d.By, all, name, redact.ForCLI)
	} else {
		redact.Label(all)
	}
	out := make([]*digest.Class, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

// writeDiffClass writes what changed of a class; named has its label.
func writeDiffClass(p *page, d *digest.Diff, rank int, c *digest.ClassDiff, named *digest.Class) {
	p.line("")
	title, of := redact.ShortID(c.ID), redact.ForCLI(c.Fingerprint)
	if c.Group != nil {
		title, of = string(d.By), named.Label
	}
	p.wrapped("", indent, bold, fmt.Sprintf("#%d  %s  %s  %s, %s of the change", rank, title, c.Kind, signed(c.Change, Duration), part(d, c.Change)))
	p.wrapped(indent, indent, "", of)
	for _, f := range diffFacts(d, c) {
		p.wrapped(indent, indent, dim, f)
	}
}

// WriteDiffMarkdown writes what changed as GitHub's Markdown, and withholds what
// others may not see. A nil zone is UTC.
func WriteDiffMarkdown(w io.Writer, d *digest.Diff, zone *time.Location) error {
	_, err := io.WriteString(w, diffMarkdownOf(redact.OfDiff(d), zone))
	return err
}

func diffMarkdownOf(diff redact.Diff, zone *time.Location) string {
	d := diff.Digest()
	b := &markdownPage{zone: zone}
	fmt.Fprintf(b, "## Slow queries, before and after\n\n- Before: %s\n- After: %s\n\n**%s**\n",
		b.text(redact.Cut(diffSide(&d.Before, d.By, d.PerHour), redact.MaxCoverageNote)), b.text(redact.Cut(diffSide(&d.After, d.By, d.PerHour), redact.MaxCoverageNote)), diffHeadline(d))
	for i, n := range diffNotes(d) {
		fmt.Fprintf(b, "%s- %s\n", []string{"\n", ""}[min(i, 1)], b.text(redact.Cut(n, redact.MaxCoverageNote)))
	}
	if len(d.Classes) > 0 {
		fmt.Fprintf(b, "\n| # | What | Part | Change | By calls | By time | %s |\n|--:|:--|--:|--:|--:|--:|:--|\n", ClassHead(d.By, true))
	}
	labels := labelled(d, func(name string) string { return name }) // which OfDiff has cleaned
	for i := range d.Classes {
		c := &d.Classes[i]
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %s | %s |\n", i+1, literal(string(c.Kind)), part(d, c.Change), signed(c.Change, Duration),
			signed(c.ByCalls, Duration), signed(c.ByTime, Duration), strings.ReplaceAll(codeSpan(labels[i].Label), "|", `\|`))
	}
	if s := diffMisc(d); s != "" {
		fmt.Fprintf(b, "\n%s\n", s)
	}
	for i := range d.Classes {
		c := &d.Classes[i]
		if c.Kind == digest.DiffSame {
			continue
		}
		if c.Group != nil {
			fmt.Fprintf(b, "\n### #%d %s\n\n", i+1, codeSpan(labels[i].Label))
		} else {
			sql := Clauses(c.Fingerprint)
			fence := strings.Repeat("`", max(3, longestRun(sql)+1))
			fmt.Fprintf(b, "\n### #%d %s\n\n%ssql\n%s\n%s\n\n", i+1, codeSpan(redact.ShortID(c.ID)), fence, sql, fence)
		}
		for _, f := range diffFacts(d, c) {
			fmt.Fprintf(b, "- %s\n", f)
		}
	}
	return b.String()
}
