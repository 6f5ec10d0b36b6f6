package slack

import (
	"fmt"
	"time"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// rows lists classes, a line each.
func rows(r *digest.Report, classes []*digest.Class) slackgo.RichTextElement {
	var lines []slackgo.RichTextElement
	for _, c := range classes {
		parts := []inlineText{strong(notifier.Badged(c) + notifier.Percent(c.Share)),
			words(fmt.Sprintf("  #%d %s%s", c.Rank, c.Label, notifier.OnInstances(r, c)))}
		lines = append(lines, line(append(append(parts, since(c)...), words(fmt.Sprintf("%s: %s, %s, p95 %s%s", notifier.OwnedBy(c), notifier.Duration(c.QueryTime.Sum),
			notifier.Plural(c.Calls, "call", "calls"), notifier.Duration(c.QueryTime.P95), notifier.OneCall(c))))...))
	}
	return bullets(lines)
}

// detail is all about one class, with the beginning of its statement: sql UTF-16
// code units of it. What is said, and why it changed if that is said, is left out.
func detail(c *digest.Class, sql int, said notifier.Said, whySaid bool) slackgo.Block {
	title := []inlineText{strong(notifier.Badged(c) + fmt.Sprintf("#%d %s", c.Rank, c.Label))}
	if c.Group == nil {
		title = append(title, words("  "), code(redact.ShortID(c.ID)))
	}
	if s := notifier.Numbers(c, said); s != "" {
		title = append(title, words("\n"+s)) // a section of its own may go on in the line
	}
	elements := []slackgo.RichTextElement{line(title...)}
	if c.Group == nil {
		elements = append(elements, preformatted(notifier.Clauses(cutUnits(c.Fingerprint, sql)), "sql"))
	}
	var facts []slackgo.RichTextElement
	for _, f := range notifier.FactsOf(c, whySaid) {
		if f.Strong {
			facts = append(facts, line(strong(f.Text)))
		} else if f.Label == "Note: " || f.Label == "Query: " {
			facts = append(facts, line(strong(f.Label), words(f.Text)))
		} else {
			facts = append(facts, line(words(f.Label+f.Text)))
		}
	}
	if !c.FirstSeen.IsZero() {
		facts = append(facts, line(seen(c)...))
	}
	if facts != nil {
		elements = append(elements, bullets(facts))
	}
	return rich(elements...)
}

// since says since when a class is new or worse, if a digest of the last day has said so.
func since(c *digest.Class) []inlineText {
	word, at := notifier.Since(c)
	if word == "" {
		return nil
	}
	return []inlineText{words(", " + word + " "), inline(notifier.Piece{At: at, NoDay: true}, nil)}
}

// seen leaves out the day, which the head of the digest tells, where a day holds it all.
func seen(c *digest.Class) []inlineText {
	out := []inlineText{words("Seen ")}
	for _, p := range notifier.Pieces(notifier.Seen(c)) {
		p.NoDay = p.NoDay || c.LastSeen.Sub(c.FirstSeen) < 24*time.Hour
		out = append(out, inline(p, nil))
	}
	return out
}
