package notifier

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
)

// table ranks the first classes, in few columns, since a phone shows no more.
func (p *parent) table() slack.Block {
	if len(p.first) == 0 {
		return nil
	}
	t := slack.NewTableBlock("")
	t.ColumnSettings = []slack.ColumnSetting{
		{Align: slack.ColumnAlignmentLeft}, {Align: slack.ColumnAlignmentLeft, IsWrapped: true},
		{Align: slack.ColumnAlignmentRight}, {Align: slack.ColumnAlignmentRight}, {Align: slack.ColumnAlignmentRight},
	}
	t.AddRow(cell(strong("Share")), cell(strong("Query")), cell(strong("Time")), cell(strong("Calls")), cell(strong("P95")))
	for _, c := range p.first[:min(slackRows, len(p.first))] {
		t.AddRow(cell(strong(badged(p.opts.Badge.of(c))), words(percent(c.Share))),
			cell(words(fmt.Sprintf("#%d %s", c.Rank, short(c, 40)))),
			cell(words(seconds(c.QueryTime.Sum))), cell(words(count(float64(c.Calls)))), cell(words(seconds(c.QueryTime.P95))))
	}
	return t
}

// badged is a badge with the space behind it.
func badged(badge string) string {
	if badge == "" {
		return ""
	}
	return badge + " "
}

// rows is the table as a list.
func (p *parent) rows() []slack.RichTextElement {
	var lines []slack.RichTextElement
	for _, c := range p.first[:min(slackRows, len(p.first))] {
		lines = append(lines, line(
			strong(badged(p.opts.Badge.of(c))+percent(c.Share)),
			words(fmt.Sprintf("  #%d %s: %s, %s, p95 %s", c.Rank, short(c, 40), seconds(c.QueryTime.Sum),
				plural(c.Calls, "call", "calls"), seconds(c.QueryTime.P95)))))
	}
	return []slack.RichTextElement{line(strong("Most query time")), bullets(lines)}
}

// detail is all about one class: in the parent for the first, in the thread for
// the others.
func (p *parent) detail(c *digest.Class, sql int) slack.Block {
	title := line(strong(badged(p.opts.Badge.of(c))+fmt.Sprintf("#%d %s", c.Rank, short(c, 80))),
		words("  "), code(shortID(c.ID)))
	elements := []slack.RichTextElement{title, line(words(numbers(c))), preformatted(clauses(cut(c.Fingerprint, sql)), "sql")}
	var facts []slack.RichTextElement
	for _, reason := range c.Reasons[:min(6, len(c.Reasons))] {
		facts = append(facts, line(strong(reason)))
	}
	if s := rowsPerCall(c); s != "" {
		facts = append(facts, line(words(s)))
	}
	if t := tallies(c); t != "" {
		facts = append(facts, line(words("Among them: "+t)))
	}
	if o := origin(c); o != "" {
		facts = append(facts, line(words(o)))
	}
	if !c.FirstSeen.IsZero() {
		// The day stands in the head of the digest.
		facts = append(facts, line(words("Seen "+seen(c, time.TimeOnly))))
	}
	if facts != nil {
		elements = append(elements, bullets(facts))
	}
	return rich(elements...)
}

// numbers is a class in one line.
func numbers(c *digest.Class) string {
	return fmt.Sprintf("%s of the time: %s in %s · mean %s · p95 %s · max %s", percent(c.Share),
		seconds(c.QueryTime.Sum), plural(c.Calls, "call", "calls"),
		seconds(c.QueryTime.Mean), seconds(c.QueryTime.P95), seconds(c.QueryTime.Max))
}

func rowsPerCall(c *digest.Class) string {
	if c.RowsExamined.Sum == 0 && c.RowsSent.Sum == 0 {
		return ""
	}
	s := fmt.Sprintf("Rows a call: %s examined, %s sent", count(c.RowsExamined.Mean), count(c.RowsSent.Mean))
	if c.RowsAffected != nil && c.RowsAffected.Sum > 0 {
		s += ", " + count(c.RowsAffected.Mean) + " affected"
	}
	return s
}

// origin tells who called and from where, each by the most calls.
func origin(c *digest.Class) string {
	var parts []string
	for _, x := range []struct {
		what  string
		calls map[string]int64
	}{{"By ", c.Users}, {"from ", c.Hosts}, {"in ", c.Schemas}} {
		if len(x.calls) > 0 {
			parts = append(parts, x.what+mostCalls(x.calls, 4))
		}
	}
	if len(c.Instances) > 1 {
		parts = append(parts, "on "+mostCalls(c.Instances, 4))
	}
	return strings.Join(parts, " · ")
}

// thread is the replies: each further class, as many as the options let through.
func (p *parent) thread(statements int) []SlackMessage {
	var out []SlackMessage
	rest := p.first[statements:]
	for _, c := range rest[:p.opts.replies(len(rest))] {
		text := slackutilsx.EscapeMessage(fmt.Sprintf("%s#%d %s: %s of the time, %s", badged(p.opts.Badge.of(c)), c.Rank,
			short(c, 80), percent(c.Share), plural(c.Calls, "call", "calls")))
		m := SlackMessage{Text: text}
		for _, sql := range []int{replySQL, parentSQL} {
			if m.Blocks = []slack.Block{p.detail(c, sql)}; valid(m) {
				break
			}
			m.Blocks = nil
		}
		out = append(out, m)
	}
	return out
}
