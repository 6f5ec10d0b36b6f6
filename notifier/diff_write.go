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
	p.wrapped(p.paint(dim, "before  "), "        ", "", DiffSide(&d.Before, d.By, d.PerHour))
	p.wrapped(p.paint(dim, "after   "), "        ", "", DiffSide(&d.After, d.By, d.PerHour))
	p.wrapped("", "", bold, DiffHeadline(d))
	for _, n := range DiffNotes(d) {
		p.wrapped("  "+p.paint(yellow, "!")+" ", "    ", "", redact.Clean(n))
	}
	classes := DiffClasses(d)
	writeDiffTable(p, d, classes)
	for i := range d.Classes {
		if c := &d.Classes[i]; c.Kind != digest.DiffSame || c.Plans != nil {
			title := fmt.Sprintf("%s  %s, %s of the change", c.Kind, Signed(c.Change, Duration), DiffPart(d, c.Change))
			writeDiffClass(p, d.By, i+1, classes[i], title, DiffFacts(d, c))
		}
	}
	for i := range d.Unlisted {
		at := len(d.Classes) + i
		writeDiffClass(p, d.By, at+1, classes[at], "unlisted", []string{UnlistedFacts(&d.Unlisted[i])})
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func writeDiffTable(p *page, d *digest.Diff, classes []*digest.Class) {
	if len(classes) > 0 {
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
			row := []string{fmt.Sprint(i + 1), string(c.Kind), DiffPart(d, c.Change), Signed(c.Change, Duration)}
			if p.Width >= wide {
				row = append(row, Signed(c.ByCalls, Duration), Signed(c.ByTime, Duration))
			}
			if d.By == digest.ByClass {
				row = append(row, redact.ShortID(c.ID))
			}
			rows = append(rows, row)
		}
		for i := range d.Unlisted {
			row := []string{fmt.Sprint(len(rows) + 1), "unlisted"}
			for len(row) < len(cols) {
				row = append(row, "-")
			}
			if d.By == digest.ByClass {
				row[len(row)-1] = redact.ShortID(d.Unlisted[i].ID)
			}
			rows = append(rows, row)
		}
		p.line("")
		p.table(cols, rows, []string{"Query ID"}, ClassHead(d.By, true), func(columns int) []string {
			return redact.Within(classes, slices.Repeat([]int{columns}, len(classes)))
		})
	}
	if s := DiffMisc(d); s != "" {
		p.wrapped("", "", dim, s)
	}
}

// DiffClasses are the classes of a difference with their labels, and after them the unlisted ones.
func DiffClasses(d *digest.Diff) []*digest.Class {
	var all []digest.Class
	for _, c := range d.Classes {
		all = append(all, digest.Class{ID: c.ID, Fingerprint: redact.ForCLI(c.Fingerprint), Group: c.Group})
	}
	for _, u := range d.Unlisted {
		all = append(all, digest.Class{ID: u.ID, Fingerprint: redact.ForCLI(u.Fingerprint), Group: u.Group})
	}
	if d.By != digest.ByClass {
		redact.Groups(d.By, all, redact.NameForCLI, redact.ForCLI)
	} else {
		redact.Label(all)
	}
	out := make([]*digest.Class, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

// writeDiffClass writes what became of a class, as one of DiffClasses, and the facts of it.
func writeDiffClass(p *page, by digest.By, rank int, c *digest.Class, what string, facts []string) {
	p.line("")
	title, of := redact.ShortID(c.ID), c.Fingerprint
	if c.Group != nil {
		title, of = strings.ToLower(ClassHead(by, true)), c.Label
	}
	p.wrapped("", indent, bold, fmt.Sprintf("#%d  %s  %s", rank, title, what))
	p.wrapped(indent, indent, "", of)
	for _, f := range facts {
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
		b.text(redact.Cut(DiffSide(&d.Before, d.By, d.PerHour), redact.MaxCoverageNote)), b.text(redact.Cut(DiffSide(&d.After, d.By, d.PerHour), redact.MaxCoverageNote)), DiffHeadline(d))
	for i, n := range DiffNotes(d) {
		fmt.Fprintf(b, "%s- %s\n", []string{"\n", ""}[min(i, 1)], b.text(redact.Cut(n, redact.MaxCoverageNote)))
	}
	labels := DiffClasses(d)
	if len(labels) > 0 {
		fmt.Fprintf(b, "\n| # | What | Part | Change | By calls | By time | %s |\n|--:|:--|--:|--:|--:|--:|:--|\n", ClassHead(d.By, true))
	}
	cell := func(i int) string { return strings.ReplaceAll(codeSpan(labels[i].Label), "|", `\|`) }
	for i := range d.Classes {
		c := &d.Classes[i]
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %s | %s |\n", i+1, literal(string(c.Kind)), DiffPart(d, c.Change), Signed(c.Change, Duration),
			Signed(c.ByCalls, Duration), Signed(c.ByTime, Duration), cell(i))
	}
	for i := len(d.Classes); i < len(labels); i++ {
		fmt.Fprintf(b, "| %d | unlisted | - | - | - | - | %s |\n", i+1, cell(i))
	}
	if s := DiffMisc(d); s != "" {
		fmt.Fprintf(b, "\n%s\n", s)
	}
	for i := range d.Classes {
		c := &d.Classes[i]
		if c.Kind != digest.DiffSame || c.Plans != nil {
			b.diffClass(i+1, c.Fingerprint, labels[i], DiffFacts(d, c))
		}
	}
	for i := range d.Unlisted {
		u, at := &d.Unlisted[i], len(d.Classes)+i
		b.diffClass(at+1, u.Fingerprint, labels[at], []string{UnlistedFacts(u)})
	}
	return b.String()
}

// diffClass writes the facts of a class, one of DiffClasses.
func (b *markdownPage) diffClass(rank int, fingerprint string, c *digest.Class, facts []string) {
	if c.Group != nil {
		fmt.Fprintf(b, "\n### #%d %s\n\n", rank, codeSpan(c.Label))
	} else {
		sql := Clauses(fingerprint)
		fence := strings.Repeat("`", max(3, longestRun(sql)+1))
		fmt.Fprintf(b, "\n### #%d %s\n\n%ssql\n%s\n%s\n\n", rank, codeSpan(redact.ShortID(c.ID)), fence, sql, fence)
	}
	for _, f := range facts {
		fmt.Fprintf(b, "- %s\n", b.text(f))
	}
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
		What: d.By.String(), One: ClassHead(d.By, true), Many: groupsHead(d.By),
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
		text := sideTotals(side.Side, d.By, d.PerHour)
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
	for i := range d.Unlisted {
		at := len(d.Classes) + i
		v.Classes = append(v.Classes, newViewUnlisted(&d.Unlisted[i], at+1, labels[at].Label))
	}
	return v
}

// newViewUnlisted is a row and a panel without what is not known, which sorts as nothing.
func newViewUnlisted(u *digest.UnlistedClass, rank int, label string) webpage.Class {
	time, calls, none := notListed(u, Duration(u.QueryTime)), notListed(u, Count(math.Round(u.Calls))), webpage.Cell{Text: "-"}
	v := webpage.Class{
		Rank: rank, ID: u.ID, ShortID: redact.ShortID(u.ID), Name: label, Since: ", unlisted", SQL: Clauses(u.Fingerprint),
		Reasons: []string{"unlisted: one side only sums it up, so that its change is not known"},
		Cells:   []webpage.Cell{none, {Text: time[0]}, {Text: time[1]}, none, none, none, {Text: calls[0] + " → " + calls[1]}},
	}
	if u.Group != nil {
		v.ID, v.ShortID = "", ""
	}
	if u.Listed == digest.InBefore {
		v.Cells[1].Value = u.QueryTime
	} else {
		v.Cells[2].Value = u.QueryTime
	}
	for _, s := range []struct {
		name  string
		sides [2]string
	}{{"Query time", time}, {"Calls", calls}, {"Mean", notListed(u, Duration(u.Mean))}, {"P95", notListed(u, Duration(u.P95))}} {
		v.Sides = append(v.Sides, webpage.Sides{Name: s.name, Before: s.sides[0], After: s.sides[1], Change: "-"})
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
	if c.Group != nil {
		v.ID, v.ShortID = "", ""
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
