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

type markdown struct {
	w     io.Writer
	badge Badge
}

// NewMarkdown writes a report to w as GitHub's Markdown, for an issue or a
// review. It is written for others to read, so what a chat may not see is
// withheld here too. badge may be nil.
func NewMarkdown(w io.Writer, badge Badge) Notifier { return markdown{w, badge} }

func (m markdown) Notify(_ context.Context, r *digest.Report) error {
	r = forChat(r)
	var b strings.Builder
	where := ""
	for i, name := range r.Instances {
		where += []string{" on ", ", "}[min(i, 1)] + codeSpan(name)
	}
	fmt.Fprintf(&b, "## Slow queries%s\n\n%s. %s\n\n**%s:** %s\n", where, window(r.Window), headline(r), trust(r), coverageFacts(r.Coverage))
	for i, n := range r.Coverage.Notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "- %s\n", literal(n))
	}
	m.table(&b, r)
	for i := range r.Classes {
		m.class(&b, &r.Classes[i])
	}
	_, err := io.WriteString(m.w, b.String())
	return err
}

func (m markdown) table(b *strings.Builder, r *digest.Report) {
	if len(r.Classes) == 0 {
		return
	}
	b.WriteString("\n| # | Share | Query | Time | Calls | P95 | Examined/sent |\n|--:|--:|:--|--:|--:|--:|--:|\n")
	for i := range r.Classes {
		c := &r.Classes[i]
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %s | %s |\n", c.Rank, literal(badged(m.badge.of(c))+percent(c.Share)),
			strings.ReplaceAll(codeSpan(short(c, 60)), "|", `\|`), seconds(c.QueryTime.Sum), count(float64(c.Calls)),
			seconds(c.QueryTime.P95), examinedPerSent(c))
	}
	if s := miscLine(r); s != "" {
		fmt.Fprintf(b, "\n%s\n", s)
	}
}

func (m markdown) class(b *strings.Builder, c *digest.Class) {
	fmt.Fprintf(b, "\n### %s#%d %s\n\n", literal(badged(m.badge.of(c))), c.Rank, codeSpan(shortID(c.ID)))
	sql := clauses(c.Fingerprint)
	fence := strings.Repeat("`", max(3, longestRun(sql)+1))
	fmt.Fprintf(b, "%ssql\n%s\n%s\n\n", fence, sql, fence)
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
// links nothing in it. A word joiner stands behind what would.
func literal(s string) string {
	const joiner = "\u2060"
	s = strings.ReplaceAll(punctuation.ReplaceAllString(s, `\$0`), "@", "@"+joiner)
	return address.ReplaceAllStringFunc(s, func(a string) string { return a[:1] + joiner + a[1:] })
}
