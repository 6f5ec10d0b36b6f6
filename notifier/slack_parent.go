package notifier

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
)

// slackParent is the message that the channel sees.
func slackParent(r *digest.Report, opts SlackOptions) SlackMessage {
	title := strings.Join(append([]string{"Slow queries on"}, cut(strings.Join(cleanAll(r.Instances), ", "), 80)), " ") + ", " + window(r.Window)
	m := SlackMessage{Text: slackutilsx.EscapeMessage(title + ": " + headline(r))}
	facts := "Complete: "
	if trouble(r) {
		facts = "PARTIAL: "
	}
	m.Blocks = append(m.Blocks,
		slack.NewHeaderBlock(plain(cut(title, 150))),
		slack.NewContextBlock("", plain(headline(r)+" "+facts+coverageFacts(r.Coverage))))
	for _, n := range r.Coverage.Notes {
		m.Blocks = append(m.Blocks, slack.NewContextBlock("", plain(cut("! "+clean(n), 500))))
	}
	for i := range r.Classes[:min(5, len(r.Classes))] {
		c := &r.Classes[i]
		line := fmt.Sprintf("#%d %s %s, %s, p95 %s  %s", c.Rank, percent(c.Share), seconds(c.QueryTime.Sum),
			plural(c.Calls, "call", "calls"), seconds(c.QueryTime.P95), shortID(c.ID))
		sql := &slack.RichTextPreformatted{
			Type:     slack.RTEPreformatted,
			Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(cut(statement(c), 600), nil)},
			Language: "sql",
		}
		m.Blocks = append(m.Blocks, slack.NewRichTextBlock("",
			slack.NewRichTextSection(slack.NewRichTextSectionTextElement(line, &slack.RichTextSectionTextStyle{Bold: true})), sql))
	}
	return m
}

// plain is a text in which Slack reads no markup. Text of no length, which
// Slack rejects with the whole message, becomes a dash.
func plain(s string) *slack.TextBlockObject {
	if s == "" {
		s = "-"
	}
	no := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: s, Emoji: &no}
}
