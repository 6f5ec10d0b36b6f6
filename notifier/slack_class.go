package notifier

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
)

// table ranks the first classes, in few columns, since a phone shows no more.
func (p *parent) table() slack.Block {
	if len(p.classes) == 0 {
		return nil
	}
	t := slack.NewTableBlock("")
	t.ColumnSettings = []slack.ColumnSetting{
		{Align: slack.ColumnAlignmentLeft}, {Align: slack.ColumnAlignmentLeft, IsWrapped: true},
		{Align: slack.ColumnAlignmentRight}, {Align: slack.ColumnAlignmentRight}, {Align: slack.ColumnAlignmentRight},
	}
	t.AddRow(cell(strong("Share")), cell(strong("Query")), cell(strong("Time")), cell(strong("Calls")), cell(strong("P95")))
	for _, c := range p.classes[:min(slackRows, len(p.classes))] {
		t.AddRow(cell(strong(badged(c)), words(percent(c.Share))),
			cell(words(fmt.Sprintf("#%d %s%s", c.Rank, short(c.Fingerprint, 40), where(p.r, c)))),
			cell(words(seconds(c.QueryTime.Sum))), cell(words(count(float64(c.Calls)))), cell(words(seconds(c.QueryTime.P95))))
	}
	return t
}

// rows is the table as a list.
func (p *parent) rows() []slack.RichTextElement {
	var lines []slack.RichTextElement
	for _, c := range p.classes[:min(slackRows, len(p.classes))] {
		lines = append(lines, line(
			strong(badged(c)+percent(c.Share)),
			words(fmt.Sprintf("  #%d %s%s: %s, %s, p95 %s", c.Rank, short(c.Fingerprint, 40), where(p.r, c), seconds(c.QueryTime.Sum),
				plural(c.Calls, "call", "calls"), seconds(c.QueryTime.P95)))))
	}
	return []slack.RichTextElement{line(strong("Queries")), bullets(lines)}
}

// detail is all about one class: in the parent for the first, in the thread for
// the others. The evidence is left out where it stands above.
func (p *parent) detail(c *digest.Class, sql int, evidence string) slack.Block {
	title := line(strong(badged(c)+fmt.Sprintf("#%d %s", c.Rank, short(c.Fingerprint, 80))),
		words("  "), code(shortID(c.ID)))
	elements := []slack.RichTextElement{title, line(words(numbers(c))), preformatted(clauses(cut(c.Fingerprint, sql)), "sql")}
	var facts []slack.RichTextElement
	if evidence != "" {
		facts = append(facts, line(strong(evidence)))
	}
	if c.Note != "" {
		facts = append(facts, line(strong("Note: "), words(c.Note)))
	}
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

// thread is the replies: each class that the message does not show in full, as
// many as the options let through.
func (p *parent) thread(inFull []*digest.Class) []SlackMessage {
	var out []SlackMessage
	rest := p.others(inFull)
	for _, c := range rest[:p.opts.replies(len(rest))] {
		text := slackutilsx.EscapeMessage(fmt.Sprintf("%s#%d %s: %s of the time, %s", badged(c), c.Rank,
			short(c.Fingerprint, 80), percent(c.Share), plural(c.Calls, "call", "calls")))
		m := SlackMessage{Text: text}
		for _, sql := range []int{replySQL, parentSQL} {
			if m.Blocks = append([]slack.Block{p.detail(c, sql, evidence(c))}, p.muteRow(c)...); valid(m) {
				break
			}
			m.Blocks = nil
		}
		out = append(out, m)
	}
	return out
}

// others is the classes that are not in full in the message.
func (p *parent) others(inFull []*digest.Class) []*digest.Class {
	var out []*digest.Class
	for _, c := range p.classes {
		if !slices.Contains(inFull, c) {
			out = append(out, c)
		}
	}
	return out
}
