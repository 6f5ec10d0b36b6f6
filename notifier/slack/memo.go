package slack

import (
	"context"
	"fmt"
	"io"

	slackgo "github.com/slack-go/slack"

	"slowdigest/notifier"
)

// memoText is how many UTF-16 code units of a line a message has.
const memoText = 600

// memoForms is a memo in ever plainer forms, each with as many lines of each list as there is room for.
func memoForms(m *notifier.Memo) []form {
	var out []form
	text := mrkdwn(m.Title + ": " + m.Headline)
	add := func(name string, build func(lines int) []slackgo.Block) {
		for lines := maxRows; lines > 0; lines = lines * 2 / 3 {
			if f := (Message{Text: text, Blocks: build(lines)}); fits(f.Blocks) && len(f.Blocks) <= maxBlocks {
				out = append(out, form{Message: f, name: name})
				return
			}
		}
	}
	add("full", func(lines int) []slackgo.Block {
		blocks := []slackgo.Block{heading(m.Title), rich(line(strong(m.Headline)))}
		for _, s := range m.Facts {
			blocks = append(blocks, small(s))
		}
		for i := range m.Sections {
			blocks = append(blocks, rich(section(&m.Sections[i], lines)...))
		}
		if m.Foot != "" {
			blocks = append(blocks, small(m.Foot))
		}
		return blocks
	})
	add("minimal", func(lines int) []slackgo.Block {
		elements := []slackgo.RichTextElement{line(strong(m.Title)), line(words(m.Headline))}
		for _, s := range m.Facts {
			elements = append(elements, line(words(s)))
		}
		for i := range m.Sections {
			elements = append(elements, section(&m.Sections[i], lines)...)
		}
		return []slackgo.Block{rich(elements...)}
	})
	return append(out, form{Message: Message{Text: text}, name: "text"})
}

// section is a list of so many lines at most, with its title.
func section(s *notifier.Section, lines int) []slackgo.RichTextElement {
	var items []slackgo.RichTextElement
	n := min(lines, len(s.Lines))
	for _, l := range s.Lines[:n] {
		parts := []inlineText{words(cutUnits(l.Text, memoText))}
		if l.Strong != "" {
			parts = []inlineText{strong(l.Strong), words("  "), parts[0]}
		}
		items = append(items, line(parts...))
	}
	more := s.More
	if left := len(s.Lines) - n; left > 0 {
		if more != "" {
			more = "; " + more
		}
		more = fmt.Sprintf("and %d more of these", left) + more
	}
	if more != "" {
		items = append(items, line(words(more)))
	}
	return []slackgo.RichTextElement{line(strong(s.Title)), bullets(items)}
}

// memoReplies is the table, for the thread: in lines, for a phone has no room for columns.
func memoReplies(m *notifier.Memo) []Message {
	for rows := m.Table.Details; len(rows) > 0; rows = rows[:len(rows)-1] {
		var lines []slackgo.RichTextElement
		for _, d := range rows {
			parts := []inlineText{strong(d.Strong + "  "), code(d.Code), words("\n" + cutUnits(d.Text, memoText) + "\n"), code(d.Drawn), words(" " + d.Of)}
			lines = append(lines, line(parts...))
		}
		reply := Message{Text: mrkdwn(m.Table.Title), Blocks: []slackgo.Block{rich(line(strong(m.Table.Title)), bullets(lines))}}
		if fits(reply.Blocks) {
			return []Message{reply}
		}
	}
	return nil
}

// WriteMemoJSON writes to w, as JSON, the message that Bot.PostMemo would post, with the reply under "thread".
func WriteMemoJSON(w io.Writer, m *notifier.Memo) error {
	f := memoForms(m)[0]
	f.Thread = memoReplies(m)
	b, err := notifier.IndentedJSON(f.Message)
	if err != nil {
		return fmt.Errorf("write the message for Slack: %w", err)
	}
	_, err = w.Write(b)
	return err
}

const memoStep = "post the memo to Slack"

// PostMemo posts a memo; nothing can find it. Its error is a *notifier.DeliveryError.
func (w *Webhook) PostMemo(ctx context.Context, m *notifier.Memo, _ string) (notifier.Receipt, error) {
	return notifier.Receipt{}, w.offer(ctx, memoForms(m), memoStep+"'s webhook")
}
