package notifier

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"slowdigest/digest"
)

type markdown struct{ w io.Writer }

// NewMarkdown writes a report to w as GitHub's Markdown, for an issue or a
// review. It is written for others to read, so what a chat may not see is
// withheld here too.
func NewMarkdown(w io.Writer) Notifier { return markdown{w} }

func (m markdown) Notify(_ context.Context, r *digest.Report) error {
	r = forChat(r)
	var b strings.Builder
	where := ""
	for i, name := range r.Instances {
		where += []string{" on ", ", "}[min(i, 1)] + codeSpan(name)
	}
	fmt.Fprintf(&b, "## Slow queries%s\n\n%s. %s\n\n**%s:** %s\n", where, when(r), headline(r), trust(r), coverageFacts(r.Coverage))
	for i, n := range r.Coverage.Notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "- %s\n", literal(n))
	}
	m.news(&b, r)
	m.table(&b, r)
	for _, c := range inOrder(r) {
		m.class(&b, c)
	}
	if s := muted(r); s != "" {
		fmt.Fprintf(&b, "\n%s\n", literal(s))
	}
	_, err := io.WriteString(m.w, b.String())
	return err
}

// news tells what has to be known before the numbers are read, and what changed.
func (m markdown) news(b *strings.Builder, r *digest.Report) {
	for _, n := range notices(r) {
		fmt.Fprintf(b, "\n**%s:** %s\n", n.word, literal(n.text))
	}
	if s := learning(r); s != "" {
		fmt.Fprintf(b, "\n%s\n", literal(s))
	}
	for i, x := range changes(r) {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString("- ")
		if x.word != "" {
			fmt.Fprintf(b, "**%s** ", literal(x.word))
		}
		b.WriteString(literal(x.String()) + "\n")
	}
}

func (m markdown) table(b *strings.Builder, r *digest.Report) {
	if len(r.Classes) == 0 {
		return
	}
	b.WriteString("\n| # | Share | Query | Time | Calls | P95 | Examined/sent |\n|--:|--:|:--|--:|--:|--:|--:|\n")
	for _, c := range inOrder(r) {
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %s | %s |\n", c.Rank, literal(badged(c)+percent(c.Share)),
			strings.ReplaceAll(codeSpan(short(c.Fingerprint, 60)), "|", `\|`)+literal(where(r, c)), seconds(c.QueryTime.Sum), count(float64(c.Calls)),
			seconds(c.QueryTime.P95), examinedPerSent(c))
	}
	if s := miscLine(r); s != "" {
		fmt.Fprintf(b, "\n%s\n", s)
	}
}

func (m markdown) class(b *strings.Builder, c *digest.Class) {
	fmt.Fprintf(b, "\n### %s#%d %s\n\n", literal(badged(c)), c.Rank, codeSpan(shortID(c.ID)))
	sql := clauses(c.Fingerprint)
	fence := strings.Repeat("`", max(3, longestRun(sql)+1))
	fmt.Fprintf(b, "%ssql\n%s\n%s\n\n", fence, sql, fence)
	if s := evidence(c); s != "" {
		fmt.Fprintf(b, "- **%s**\n", literal(s))
	}
	if c.Note != "" {
		fmt.Fprintf(b, "- Note: %s\n", literal(c.Note))
	}
	for _, reason := range c.Reasons {
		fmt.Fprintf(b, "- **%s**\n", literal(reason))
	}
	fmt.Fprintf(b, "- %s\n", numbers(c))
	if s := rowsPerCall(c); s != "" {
		fmt.Fprintf(b, "- %s\n", s)
	}
	if s := tallies(c); s != "" {
		fmt.Fprintf(b, "- Among them: %s\n", s)
	}
	if s := origin(c); s != "" {
		fmt.Fprintf(b, "- %s\n", literal(s))
	}
	if !c.FirstSeen.IsZero() {
		fmt.Fprintf(b, "- Seen %s\n", seen(c, time.DateTime))
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
