package notifier

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

type markdown struct {
	w    io.Writer
	zone *time.Location
}

// NewMarkdown writes a report to w as GitHub's Markdown, for an issue or a
// review. It is written for others to read, so what a chat may not see is
// withheld here too. A nil zone is UTC.
func NewMarkdown(w io.Writer, zone *time.Location) Notifier { return markdown{w, zone} }

func (m markdown) Notify(_ context.Context, r *digest.Report) error {
	_, err := io.WriteString(m.w, markdownOf(redact.Of(r), m.zone))
	return err
}

// markdownPage is a text under construction.
type markdownPage struct {
	strings.Builder
	zone *time.Location
}

// text is a sentence as literal shows it, its times in the zone.
func (b *markdownPage) text(s string) string { return literal(InZone(s, b.zone)) }

func markdownOf(report redact.Report, zone *time.Location) string {
	r := report.Digest()
	b := &markdownPage{zone: zone}
	on := ""
	for i, name := range r.Instances {
		on += []string{" on ", ", "}[min(i, 1)] + codeSpan(name)
	}
	if len(r.Instances) > 2 {
		on = " on " + b.text(where(r))
	}
	fmt.Fprintf(b, "## Slow queries%s\n\n%s. %s\n\n**%s:** %s\n", on, InZone(When(r), zone), headline(r), Trust(r), CoverageFacts(r.Coverage))
	if s := InstanceTotals(r); s != "" {
		fmt.Fprintf(b, "\n%s\n", b.text(s))
	}
	for i, n := range folded(CoverageNotes(r)) {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "- %s\n", b.text(n))
	}
	markdownChanges(b, r)
	markdownTable(b, r)
	for _, c := range InOrder(r) {
		markdownClass(b, r, c)
	}
	for _, s := range []string{otherInstances(r), Muted(r)} {
		if s != "" {
			fmt.Fprintf(b, "\n%s\n", b.text(s))
		}
	}
	return b.String()
}

// markdownChanges writes the notices, and what changed.
func markdownChanges(b *markdownPage, r *digest.Report) {
	for _, n := range Notices(r) {
		fmt.Fprintf(b, "\n**%s:** %s\n", n.Word, b.text(n.Text))
	}
	for _, s := range Caveats(r) {
		fmt.Fprintf(b, "\n%s\n", b.text(s))
	}
	for i, x := range Changes(r) {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString("- ")
		if x.Word != "" {
			fmt.Fprintf(b, "**%s** ", literal(x.Word))
		}
		b.WriteString(b.text(x.String()) + "\n")
	}
}

func markdownTable(b *markdownPage, r *digest.Report) {
	if len(r.Classes) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| Share | %s | Time | Calls |\n|--:|:--|--:|--:|\n", ClassHead(r.By, true))
	for _, c := range InOrder(r) {
		fmt.Fprintf(b, "| %s | #%d %s | %s | %s |\n", literal(Badged(c)+Percent(c.Share)), c.Rank,
			strings.ReplaceAll(codeSpan(c.Label), "|", `\|`)+literal(OnInstances(r, c)+SinceIn(c, b.zone)+OwnedBy(c)), Duration(c.QueryTime.Sum), Count(float64(c.Calls)))
	}
	if s := miscLine(r); s != "" {
		fmt.Fprintf(b, "\n%s\n", s)
	}
}

func markdownClass(b *markdownPage, r *digest.Report, c *digest.Class) {
	if c.Group != nil {
		fmt.Fprintf(b, "\n### #%d %s\n\n", c.Rank, codeSpan(c.Label))
	} else {
		fmt.Fprintf(b, "\n### %s#%d %s\n\n", literal(Badged(c)), c.Rank, codeSpan(redact.ShortID(c.ID)))
		sql := Clauses(c.Fingerprint)
		fence := strings.Repeat("`", max(3, longestRun(sql)+1))
		fmt.Fprintf(b, "%ssql\n%s\n%s\n\n", fence, sql, fence)
	}
	said, inHead := InHead(r, c)
	said.Share, said.Time, said.Calls = true, true, true // the table has them
	for _, f := range FactsOf(c, inHead || NewIsSaid(r, c)) {
		if f.Strong {
			fmt.Fprintf(b, "- **%s**\n", b.text(f.Text))
		} else {
			fmt.Fprintf(b, "- %s\n", f.Label+b.text(f.Text))
		}
	}
	if s := Numbers(c, said); s != "" {
		fmt.Fprintf(b, "- %s\n", upperFirst(s))
	}
	if !c.FirstSeen.IsZero() {
		fmt.Fprintf(b, "- Seen %s\n", InZone(Seen(c), b.zone))
	}
}

// codeSpan shows s as it is. A pipe in it would still end the cell of a table.
func codeSpan(s string) string {
	if s == "" {
		return "-"
	}
	ticks := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return ticks + s + ticks
}

// longestRun is the length of the longest run of backticks in s.
func longestRun(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

var (
	punctuation = regexp.MustCompile("[\\\\`*_{}\\[\\]#!|<>~&$^]")
	address     = regexp.MustCompile(`(?i)://|www\.`)
)

// literal escapes s so that Markdown shows it as it is, and GitHub mentions and
// links nothing in it. A word joiner stands after what would.
func literal(s string) string {
	const joiner = "\u2060"
	s = strings.ReplaceAll(punctuation.ReplaceAllString(s, `\$0`), "@", "@"+joiner)
	return address.ReplaceAllStringFunc(s, func(a string) string { return a[:1] + joiner + a[1:] })
}
