package notifier

import (
	"fmt"
	"io"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

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
