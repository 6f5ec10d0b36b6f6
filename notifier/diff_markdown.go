package notifier

import (
	"fmt"
	"io"
	"strings"

	"slowdigest/digest"
)

// WriteDiffMarkdown writes what changed as GitHub's Markdown. As NewMarkdown, it
// withholds what a chat may not see.
func WriteDiffMarkdown(w io.Writer, d *digest.Diff) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Slow queries, before and after\n\n- Before: %s\n- After: %s\n\n**%s**\n",
		literal(public(diffSide(&d.Before, d.PerHour), maxNote)), literal(public(diffSide(&d.After, d.PerHour), maxNote)), diffHeadline(d))
	for i, n := range diffNotes(d) {
		fmt.Fprintf(&b, "%s- %s\n", []string{"\n", ""}[min(i, 1)], literal(public(n, maxNote)))
	}
	if len(d.Classes) > 0 {
		b.WriteString("\n| # | What | Part | Change | By calls | By time | Query |\n|--:|:--|--:|--:|--:|--:|:--|\n")
	}
	for i := range d.Classes {
		c := &d.Classes[i]
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s |\n", i+1, literal(public(string(c.Kind), maxBadge+4)), part(d, c.Change), signed(c.Change, seconds),
			signed(c.ByCalls, seconds), signed(c.ByTime, seconds), strings.ReplaceAll(codeSpan(short(publicStatement(c.Fingerprint), 60)), "|", `\|`))
	}
	if s := diffMisc(d); s != "" {
		fmt.Fprintf(&b, "\n%s\n", s)
	}
	for i := range d.Classes {
		c := &d.Classes[i]
		if c.Kind == digest.DiffSame {
			continue
		}
		sql := clauses(publicStatement(c.Fingerprint))
		fence := strings.Repeat("`", max(3, longestRun(sql)+1))
		fmt.Fprintf(&b, "\n### #%d %s\n\n%ssql\n%s\n%s\n\n", i+1, codeSpan(shortID(c.ID)), fence, sql, fence)
		for _, f := range diffFacts(d, c) {
			fmt.Fprintf(&b, "- %s\n", f)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
