package slack

import (
	"strings"

	slackgo "github.com/slack-go/slack"

	"slowdigest/notifier/redact"
)

// The blocks of a digest hold no mrkdwn: rich text and plain text are shown as
// they are, so nothing in them can mention, link or lay out anything. Slack
// rejects a whole message for one empty text, so empty parts are left out here.

type inlineText = slackgo.RichTextSectionElement

func words(s string) inlineText { return styled(s, nil) }

func strong(s string) inlineText { return styled(s, &slackgo.RichTextSectionTextStyle{Bold: true}) }

func code(s string) inlineText { return styled(s, &slackgo.RichTextSectionTextStyle{Code: true}) }

func styled(s string, style *slackgo.RichTextSectionTextStyle) inlineText {
	if s == "" {
		return nil
	}
	return slackgo.NewRichTextSectionTextElement(s, style)
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
func line(parts ...inlineText) *slackgo.RichTextSection {
	return slackgo.NewRichTextSection(present(parts)...)
}

// rich is a block of lines, lists and statements.
func rich(elements ...slackgo.RichTextElement) slackgo.Block {
	return slackgo.NewRichTextBlock("", elements...)
}

func quote(parts ...inlineText) slackgo.RichTextElement {
	return &slackgo.RichTextQuote{Type: slackgo.RTEQuote, Elements: present(parts)}
}

func bullets(lines []slackgo.RichTextElement) slackgo.RichTextElement {
	return slackgo.NewRichTextList(slackgo.RTEListBullet, 0, lines...)
}

// preformatted shows s in a fixed width, and as SQL where language says so.
func preformatted(s, language string) slackgo.RichTextElement {
	return &slackgo.RichTextPreformatted{
		Type: slackgo.RTEPreformatted, Elements: present([]inlineText{words(s)}), Language: language,
	}
}

// angles are taken out of plain text. Slack shows it as it is, but other
// clients read <!channel> and the like even there.
var angles = strings.NewReplacer("<", "‹", ">", "›")

// plain is a text in which Slack reads neither markup nor :emoji:.
func plain(s string) *slackgo.TextBlockObject {
	if s = angles.Replace(s); s == "" {
		s = "-"
	}
	no := false
	return &slackgo.TextBlockObject{Type: slackgo.PlainTextType, Text: s, Emoji: &no}
}

func heading(s string) slackgo.Block { return slackgo.NewHeaderBlock(plain(cutUnits(s, maxHeader))) }

func small(s string) slackgo.Block { return slackgo.NewContextBlock("", plain(redact.Cut(s, 1_000))) }

func cell(parts ...inlineText) slackgo.TableCell {
	return slackgo.NewTableRichTextCell(line(parts...))
}
