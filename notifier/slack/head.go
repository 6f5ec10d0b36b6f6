package slack

import (
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// maxHeadNotes is how many notes stand in the head of a complete report. Those of
// an incomplete one are a list.
const maxHeadNotes = 3

// head is read by everybody: the title, what it rests on, and what changed, with mentions of those
// whom that is for.
func head(r *digest.Report, mentions ...string) []slackgo.Block {
	facts := []slackgo.Block{small(notifier.Facts(r))}
	if s := notifier.InstanceTotals(r); s != "" {
		facts = append(facts, small(s))
	}
	blocks := []slackgo.Block{heading(notifier.Title(r)), rich(line(words(notifier.WhenAndUsual(r))))}
	if incident := r.Past != nil && r.Past.Incident != nil; !incident {
		blocks, facts = append(blocks, facts...), nil
	}
	if lines := append(changes(r), mentioning(mentions)...); lines != nil {
		blocks = append(blocks, rich(lines...))
	}
	blocks = append(blocks, facts...)
	if notes, _ := notifier.Notes(r); !notifier.Incomplete(r) && len(notes) > 0 {
		blocks = append(blocks, small(strings.Join(notes[:min(maxHeadNotes, len(notes))], " ")))
	}
	for _, s := range notifier.Caveats(r) {
		blocks = append(blocks, small(s))
	}
	return blocks
}

// changes lists what has to be known before the numbers are read, and what changed.
func changes(r *digest.Report) []slackgo.RichTextElement {
	var out []slackgo.RichTextElement
	if notifier.Incomplete(r) {
		out = append(out, quote(words(notifier.Warning(r))), bullets(notes(r)))
	}
	for _, n := range notifier.NoticesBelow(r) {
		out = append(out, quote(strong(n.Label()), words(n.Text)))
	}
	var lines []slackgo.RichTextElement
	for _, x := range notifier.Changes(r) {
		lines = append(lines, line(strong(x.Label()), words(x.String())))
	}
	if lines != nil && notifier.Incomplete(r) {
		out = append(out, line(strong("What changed"))) // or it would go on from the notes
	}
	if lines != nil {
		out = append(out, bullets(lines))
	}
	return out
}

// mentioning is a line that mentions users and user groups, by their IDs, if there are any. Nothing else in a
// message mentions anybody.
func mentioning(ids []string) []slackgo.RichTextElement {
	var parts []inlineText
	for i, id := range ids {
		parts = append(parts, words([]string{"For ", ", "}[min(i, 1)]))
		if strings.HasPrefix(id, "S") {
			parts = append(parts, slackgo.NewRichTextSectionUserGroupElement(id))
		} else {
			parts = append(parts, slackgo.NewRichTextSectionUserElement(id, nil))
		}
	}
	if parts == nil {
		return nil
	}
	return []slackgo.RichTextElement{line(parts...)}
}

func notes(r *digest.Report) []slackgo.RichTextElement {
	var lines []slackgo.RichTextElement
	all, more := notifier.Notes(r)
	for _, n := range all {
		lines = append(lines, line(words(n)))
	}
	if more > 0 {
		lines = append(lines, line(words(fmt.Sprintf("and %d more", more))))
	}
	if lines == nil {
		lines = append(lines, line(words(notifier.CoverageFacts(r.Coverage))))
	}
	return lines
}
