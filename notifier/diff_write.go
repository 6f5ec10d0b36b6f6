package notifier

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/chart"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/webpage"
)

// WriteDiffText writes what changed for people to read in a terminal, as NewText
// does a report.
func WriteDiffText(w io.Writer, d *digest.Diff, opts TextOptions) error {
	p := newPage(opts)
	p.line(p.paint(bold, "Slow queries, before and after"))
	p.line(p.paint(dim, strings.Repeat("─", p.Width)))
	p.wrapped(p.paint(dim, "before  "), "        ", "", DiffSide(&d.Before, d.PerHour))
	p.wrapped(p.paint(dim, "after   "), "        ", "", DiffSide(&d.After, d.PerHour))
	p.wrapped("", "", bold, DiffHeadline(d))
	for _, n := range DiffNotes(d) {
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
			row := []string{fmt.Sprint(i + 1), string(c.Kind), DiffPart(d, c.Change), Signed(c.Change, Duration)}
			if p.Width >= wide {
				row = append(row, Signed(c.ByCalls, Duration), Signed(c.ByTime, Duration))
			}
			rows = append(rows, append(row, redact.ShortID(c.ID)))
		}
		p.line("")
		p.table(cols, rows, []string{"Query ID"}, "Query", func(columns int) []string {
			classes := DiffClasses(d)
			return redact.Within(classes, slices.Repeat([]int{columns}, len(classes)))
		})
	}
	if s := DiffMisc(d); s != "" {
		p.wrapped("", "", dim, s)
	}
}

// DiffClasses are the classes of a difference with their labels.
func DiffClasses(d *digest.Diff) []*digest.Class {
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
	p.wrapped("", indent, bold, fmt.Sprintf("#%d  %s  %s  %s, %s of the change", rank, redact.ShortID(c.ID), c.Kind, Signed(c.Change, Duration), DiffPart(d, c.Change)))
	p.wrapped(indent, indent, "", redact.ForCLI(c.Fingerprint))
	for _, f := range DiffFacts(d, c) {
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
		b.text(redact.Cut(DiffSide(&d.Before, d.PerHour), redact.MaxCoverageNote)), b.text(redact.Cut(DiffSide(&d.After, d.PerHour), redact.MaxCoverageNote)), DiffHeadline(d))
	for i, n := range DiffNotes(d) {
		fmt.Fprintf(b, "%s- %s\n", []string{"\n", ""}[min(i, 1)], b.text(redact.Cut(n, redact.MaxCoverageNote)))
	}
	if len(d.Classes) > 0 {
		b.WriteString("\n| # | What | Part | Change | By calls | By time | Query |\n|--:|:--|--:|--:|--:|--:|:--|\n")
	}
	labels := DiffClasses(d)
	for i := range d.Classes {
		c := &d.Classes[i]
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %s | %s |\n", i+1, literal(string(c.Kind)), DiffPart(d, c.Change), Signed(c.Change, Duration),
			Signed(c.ByCalls, Duration), Signed(c.ByTime, Duration), strings.ReplaceAll(codeSpan(labels[i].Label), "|", `\|`))
	}
	if s := DiffMisc(d); s != "" {
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
		for _, f := range DiffFacts(d, c) {
			fmt.Fprintf(b, "- %s\n", f)
		}
	}
	return b.String()
}

// WriteDiffHTML writes what changed as one HTML file to hand around, as NewHTML does a report,
// and withholds what others may not see. A nil zone is UTC.
func WriteDiffHTML(w io.Writer, d *digest.Diff, zone *time.Location) error {
	if err := newDiffView(redact.OfDiff(d), zone).Write(w); err != nil {
		return fmt.Errorf("write the difference as HTML: %w", err)
	}
	return nil
}

func newDiffView(diff redact.Diff, zone *time.Location) *webpage.View {
	d := diff.Digest()
	before, after := &digest.Report{Coverage: d.Before.Coverage}, &digest.Report{Coverage: d.After.Coverage}
	v := &webpage.View{
		Title: "Slow queries, before and after", Window: InZone(window(d.Before.Window)+", and "+window(d.After.Window), zone), Headline: DiffHeadline(d),
		Trust: Trust(before), Incomplete: Incomplete(before) || Incomplete(after),
		Facts:   "Before: " + CoverageFacts(before.Coverage) + " After: " + CoverageFacts(after.Coverage),
		Caption: "What changed, the most first. A bar to the right is more query time, and one to the left is less.", Search: "statements, IDs",
		Heads: []string{"Change", "Before", "After", "Part", "By calls", "By time", "Calls"}, Data: "null", Misc: DiffMisc(d),
	}
	if t := Trust(after); t != v.Trust {
		v.Trust = "Before: " + v.Trust + ", after: " + t
	}
	for _, n := range DiffNotes(d) {
		v.Notes = append(v.Notes, InZone(redact.Cut(n, redact.MaxCoverageNote), zone))
	}
	for _, side := range []struct {
		name string
		*digest.Side
	}{{"Before: ", &d.Before}, {"After: ", &d.After}} { // when it was stands in the head
		text := sideTotals(side.Side, d.PerHour)
		if names := sideNames(side.Side); names != "" {
			text = names + ": " + text
		}
		v.Changes = append(v.Changes, side.name+redact.Cut(text, redact.MaxCoverageNote))
	}
	most := 0.0
	for i := range d.Classes {
		most = max(most, math.Abs(d.Classes[i].Change))
	}
	labels := DiffClasses(d)
	for i := range d.Classes {
		v.Classes = append(v.Classes, newViewDiff(d, i, labels[i].Label, most))
	}
	return v
}

// newViewDiff is the class i as a row and a panel. Its bar ends at the edge where it changed by most.
func newViewDiff(d *digest.Diff, i int, label string, most float64) webpage.Class {
	c := &d.Classes[i]
	whole := func(f float64) string { return Count(math.Round(f)) }
	v := webpage.Class{
		Rank: i + 1, ID: c.ID, ShortID: redact.ShortID(c.ID), Name: label, Since: ", " + string(c.Kind), SQL: Clauses(c.Fingerprint),
		Reasons: append([]string{fmt.Sprintf("%s: %s, %s of the change", c.Kind, Signed(c.Change, Duration), DiffPart(d, c.Change))}, DiffFacts(d, c)[1:]...),
		Cells: []webpage.Cell{
			{Text: Signed(c.Change, Duration), Value: c.Change, Bar: webpage.HTML(chart.Change(c.Change, most))},
			{Text: Duration(c.Before.QueryTime), Value: c.Before.QueryTime}, {Text: Duration(c.After.QueryTime), Value: c.After.QueryTime},
			{Text: DiffPart(d, c.Change), Value: c.Change}, {Text: Signed(c.ByCalls, Duration), Value: c.ByCalls}, {Text: Signed(c.ByTime, Duration), Value: c.ByTime},
			{Text: fromTo(c.Before.Calls, c.After.Calls, whole), Value: c.After.Calls - c.Before.Calls},
		},
	}
	for _, s := range []struct {
		name          string
		before, after float64
		write         func(float64) string
	}{
		{"Query time", c.Before.QueryTime, c.After.QueryTime, Duration}, {"Calls", c.Before.Calls, c.After.Calls, whole},
		{"Mean", c.Before.Mean, c.After.Mean, Duration}, {"P95", c.Before.P95, c.After.P95, Duration},
	} {
		v.Sides = append(v.Sides, webpage.Sides{Name: s.name, Before: s.write(s.before), After: s.write(s.after),
			Change: Signed(s.after-s.before, s.write), Bars: webpage.HTML(chart.Sides(s.before, s.after))})
	}
	return v
}
