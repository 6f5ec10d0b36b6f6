package slack

import (
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/notifier"
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

// present leaves out what is empty, and puts a dash where nothing remains. Slack shows
// the times of sentences in the zone of each reader.
func present(parts []inlineText) []inlineText {
	var out []inlineText
	for _, p := range parts {
		text, ok := p.(*slackgo.RichTextSectionTextElement)
		switch {
		case p == nil:
		case ok && (text.Style == nil || !text.Style.Code):
			for _, piece := range notifier.Pieces(text.Text) {
				out = append(out, inline(piece, text.Style))
			}
		default:
			out = append(out, p)
		}
	}
	if out == nil {
		out = []inlineText{words("-")}
	}
	return out
}

func inline(p notifier.Piece, style *slackgo.RichTextSectionTextStyle) inlineText {
	if p.Text != "" {
		return slackgo.NewRichTextSectionTextElement(p.Text, style)
	}
	format, fallback := dateFormat(p)
	return slackgo.NewRichTextSectionDateElement(p.At.Unix(), format, nil, &fallback)
}

// dateFormat returns Slack's template for a time, and what stands for it where that is
// not understood. "Today" and "yesterday" are Slack's to say.
func dateFormat(p notifier.Piece) (format, fallback string) {
	format, layout := "{time}", "15:04"
	if p.Seconds {
		format, layout = "{time_secs}", "15:04:05"
	}
	if !p.NoDay {
		format, layout = "{date_short_pretty} "+format, "2006-01-02 "+layout
	}
	return format, p.At.Format(layout + " UTC")
}

// mrkdwn is a text in which Slack reads markup, where blocks cannot be: it holds no other
// markup than times.
func mrkdwn(s string) string {
	var b strings.Builder
	for _, p := range notifier.Pieces(s) {
		if p.Text != "" {
			b.WriteString(slackutilsx.EscapeMessage(p.Text))
			continue
		}
		format, fallback := dateFormat(p)
		fmt.Fprintf(&b, "<!date^%d^%s|%s>", p.At.Unix(), format, fallback)
	}
	return b.String()
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
	if s == "" {
		s = "-"
	}
	return &slackgo.RichTextPreformatted{
		Type: slackgo.RTEPreformatted, Elements: []inlineText{words(s)}, Language: language,
	}
}

// angles are taken out of plain text. Slack shows it as it is, but other
// clients read <!channel> and the like even there. A share of less than 1 % is none of those,
// and is written as elsewhere.
var angles = strings.NewReplacer("<1%", "<1%", ">99%", ">99%", "<", "‹", ">", "›")

// plain is a text in which Slack reads neither markup nor :emoji:.
func plain(s string) *slackgo.TextBlockObject {
	if s = angles.Replace(s); s == "" {
		s = "-"
	}
	no := false
	return &slackgo.TextBlockObject{Type: slackgo.PlainTextType, Text: s, Emoji: &no}
}

func heading(s string) slackgo.Block { return slackgo.NewHeaderBlock(plain(cutUnits(s, maxHeader))) }

// small is a note in small letters. Slack shows times only in lines of rich text.
func small(s string) slackgo.Block {
	if s = redact.Cut(s, 1_000); len(notifier.Pieces(s)) > 1 {
		return rich(line(words(s)))
	}
	return slackgo.NewContextBlock("", plain(s))
}
