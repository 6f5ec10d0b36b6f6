package notifier

import (
	"strings"

	"github.com/slack-go/slack"
)

// The blocks of a digest hold no mrkdwn: rich text and plain text are shown as
// they are, so nothing in them can mention, link or lay out anything. Slack
// rejects a whole message for one empty text, so empty parts are left out here.

type inlineText = slack.RichTextSectionElement

func words(s string) inlineText { return styled(s, nil) }

func strong(s string) inlineText { return styled(s, &slack.RichTextSectionTextStyle{Bold: true}) }

func code(s string) inlineText { return styled(s, &slack.RichTextSectionTextStyle{Code: true}) }

func styled(s string, style *slack.RichTextSectionTextStyle) inlineText {
	if s == "" {
		return nil
	}
	return slack.NewRichTextSectionTextElement(s, style)
}

// present leaves out what is empty, and puts a dash where nothing remains.
func present(parts []inlineText) []inlineText {
	var out []inlineText
	for _, p := range parts {
		if p != nil {
			out = append(out, p)
		}
	}
	if out == nil {
		out = []inlineText{words("-")}
	}
	return out
}

// line is a line of rich text.
func line(parts ...inlineText) *slack.RichTextSection {
	return slack.NewRichTextSection(present(parts)...)
}

// rich is a block of lines, lists and statements.
func rich(elements ...slack.RichTextElement) slack.Block {
	return slack.NewRichTextBlock("", elements...)
}

func quote(parts ...inlineText) slack.RichTextElement {
	return &slack.RichTextQuote{Type: slack.RTEQuote, Elements: present(parts)}
}

func bullets(lines []slack.RichTextElement) slack.RichTextElement {
	return slack.NewRichTextList(slack.RTEListBullet, 0, lines...)
}

// preformatted shows s in a fixed width, and as SQL where language says so.
func preformatted(s, language string) slack.RichTextElement {
	return &slack.RichTextPreformatted{
		Type: slack.RTEPreformatted, Elements: present([]inlineText{words(s)}), Language: language,
	}
}

// angles are taken out of plain text. Slack shows it as it is, but other
// clients read <!channel> and the like even there.
var angles = strings.NewReplacer("<", "‹", ">", "›")

// plain is a text in which Slack reads neither markup nor :emoji:.
func plain(s string) *slack.TextBlockObject {
	if s = angles.Replace(s); s == "" {
		s = "-"
	}
	no := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: s, Emoji: &no}
}

func heading(s string) slack.Block { return slack.NewHeaderBlock(plain(cut(s, slackMaxHeader))) }

func small(s string) slack.Block { return slack.NewContextBlock("", plain(cut(s, 1_000))) }

func cell(parts ...inlineText) slack.TableCell {
	return slack.NewTableRichTextCell(line(parts...))
}
