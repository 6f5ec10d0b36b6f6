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
	p.wrapped(p.paint(dim, "before  "), "        ", "", diffSide(&d.Before, d.PerHour))
	p.wrapped(p.paint(dim, "after   "), "        ", "", diffSide(&d.After, d.PerHour))
	p.wrapped("", "", bold, diffHeadline(d))
	for _, n := range diffNotes(d) {
		p.wrapped("  "+p.paint(yellow, "!")+" ", "    ", "", redact.Clean(n))
	}
	writeDiffTable(p, d)
	for i := range d.Classes {
		if c := &d.Classes[i]; c.Kind != digest.DiffSame {
			writeDiffClass(p, d, i+1, c)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func writeDiffTable(p *page, d *digest.Diff) {
	if len(d.Classes) > 0 {
		cols := []column{{"#", false}, {"What", true}, {"Part", false}, {"Change", false}}
		if p.Width >= wide {
			cols = append(cols, column{"By calls", false}, column{"By time", false})
		}
		cols = append(cols, column{"Query ID", true})
		var rows [][]string
		for i := range d.Classes {
			c := &d.Classes[i]
			row := []string{fmt.Sprint(i + 1), string(c.Kind), part(d, c.Change), signed(c.Change, Duration)}
			if p.Width >= wide {
				row = append(row, signed(c.ByCalls, Duration), signed(c.ByTime, Duration))
			}
			rows = append(rows, append(row, redact.ShortID(c.ID)))
		}
		p.line("")
		p.table(cols, rows, []string{"Query ID"}, "Query", func(columns int) []string {
			classes := labelled(d)
			return redact.Within(classes, slices.Repeat([]int{columns}, len(classes)))
		})
	}
	if s := diffMisc(d); s != "" {
		p.wrapped("", "", dim, s)
	}
}

// labelled are the classes of a difference with their labels.
func labelled(d *digest.Diff) []*digest.Class {
	all := make([]digest.Class, len(d.Classes))
	for i, c := range d.Classes {
		all[i] = digest.Class{ID: c.ID, Fingerprint: redact.ForCLI(c.Fingerprint)}
	}
	redact.Label(all)
	out := make([]*digest.Class, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

func writeDiffClass(p *page, d *digest.Diff, rank int, c *digest.ClassDiff) {
	p.line("")
	p.wrapped("", indent, bold, fmt.Sprintf("#%d  %s  %s  %s, %s of the change", rank, redact.ShortID(c.ID), c.Kind, signed(c.Change, Duration), part(d, c.Change)))
	p.wrapped(indent, indent, "", redact.ForCLI(c.Fingerprint))
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
		b.text(redact.Cut(diffSide(&d.Before, d.PerHour), redact.MaxCoverageNote)), b.text(redact.Cut(diffSide(&d.After, d.PerHour), redact.MaxCoverageNote)), diffHeadline(d))
	for i, n := range diffNotes(d) {
		fmt.Fprintf(b, "%s- %s\n", []string{"\n", ""}[min(i, 1)], b.text(redact.Cut(n, redact.MaxCoverageNote)))
	}
	if len(d.Classes) > 0 {
		b.WriteString("\n| # | What | Part | Change | By calls | By time | Query |\n|--:|:--|--:|--:|--:|--:|:--|\n")
	}
	labels := labelled(d)
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
		sql := Clauses(c.Fingerprint)
		fence := strings.Repeat("`", max(3, longestRun(sql)+1))
		fmt.Fprintf(b, "\n### #%d %s\n\n%ssql\n%s\n%s\n\n", i+1, codeSpan(redact.ShortID(c.ID)), fence, sql, fence)
		for _, f := range diffFacts(d, c) {
			fmt.Fprintf(b, "- %s\n", f)
		}
	}
	return b.String()
}
