package slack

import (
	"fmt"
	"slices"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

const (
	maxStatements = 3     // classes that the message shows in full, with their statements
	messageSQL    = 600   // UTF-16 code units of a statement in the message
	replySQL      = 2_500 // and in a reply
)

// draft builds the message that the channel sees, and the replies in its thread.
type draft struct {
	opts    Options
	r       *digest.Report // redacted
	key     string
	classes []*digest.Class // in the order of the message
	inFull  []*digest.Class // those that the message shows in full if there is room
}

// form is the message in one of its forms.
type form struct {
	Message
	name   string
	inFull []*digest.Class // the classes that it shows in full
}

func newDraft(report redact.Report, opts Options) *draft {
	classes := notifier.InOrder(report.Digest())
	return &draft{opts, report.Digest(), report.Key(), classes, notifier.InFull(classes, maxStatements)}
}

// withoutThread shows in full what else comes first, since no thread does.
func (d *draft) withoutThread() {
	rest := notifier.Without(d.classes, d.inFull)
	d.inFull = append(d.inFull, rest[:min(len(rest), notifier.TableRows-len(d.inFull))]...)
}

// fallbacks returns the message in ever plainer forms, each with as many
// statements as fit. A workspace that rejects one for its blocks is offered the
// next, which has none of the blocks that are likely to be at fault.
func (d *draft) fallbacks() []form {
	var out []form
	text := d.fallbackText()
	add := func(name string, inFull []*digest.Class, build func(inFull []*digest.Class) []slackgo.Block) {
		for n := len(inFull); n >= 0; n-- {
			if m := (Message{Text: text, Blocks: build(inFull[:n])}); fits(m.Blocks) {
				out = append(out, form{m, name, inFull[:n]})
				return
			}
		}
	}
	add("full", d.inFull, d.full)
	add("simple", d.inFull, d.simple)
	add("minimal", nil, d.minimal)
	return append(out, form{Message{Text: text}, "text", nil})
}

// full is the message with all that Slack can show.
func (d *draft) full(inFull []*digest.Class) []slackgo.Block {
	blocks := head(d.r)
	if c := chart(d.r, d.classes); c != nil {
		blocks = append(blocks, c)
	}
	if len(d.classes) > 0 {
		blocks = append(blocks, table(d.r, d.classes))
	}
	return append(append(blocks, d.details(inFull)...), d.foot(inFull)...)
}

// simple is the message without the blocks that some workspaces reject.
func (d *draft) simple(inFull []*digest.Class) []slackgo.Block {
	blocks := head(d.r)
	if len(d.classes) > 0 {
		blocks = append(blocks, rich(rows(d.r, d.classes)...))
	}
	return append(append(blocks, d.details(inFull)...), d.foot(inFull)...)
}

// minimal is a single block.
func (d *draft) minimal([]*digest.Class) []slackgo.Block {
	elements := append([]slackgo.RichTextElement{line(strong(notifier.Title(d.r))), line(words(notifier.Facts(d.r)))}, changes(d.r)...)
	if len(d.classes) > 0 {
		elements = append(elements, rows(d.r, d.classes)...)
	}
	return []slackgo.Block{rich(elements...)}
}

// details leaves out the evidence that stands in the head.
func (d *draft) details(inFull []*digest.Class) []slackgo.Block {
	var blocks []slackgo.Block
	inHead := d.classes[:min(notifier.MaxLeading, len(d.classes))]
	for _, c := range inFull {
		evidence := notifier.Evidence(c)
		if c.Leads() && slices.Contains(inHead, c) {
			evidence = ""
		}
		blocks = append(blocks, slackgo.NewDividerBlock(), detail(c, messageSQL, evidence))
		if d.opts.Mute {
			blocks = append(blocks, muteButton(c))
		}
	}
	return blocks
}

// replies is the thread: each class that the message does not show in
// full, as many as the options let through.
func (d *draft) replies(inFull []*digest.Class) []Message {
	var out []Message
	rest := notifier.Without(d.classes, inFull)
	for _, c := range rest[:d.opts.replies(len(rest))] {
		m := Message{Text: slackutilsx.EscapeMessage(fmt.Sprintf("%s#%d %s: %s of the time, %s", notifier.Badged(c), c.Rank,
			notifier.Short(c.Fingerprint, 80), notifier.Percent(c.Share), notifier.Plural(c.Calls, "call", "calls")))}
		for _, sql := range []int{replySQL, messageSQL, 1} {
			m.Blocks = []slackgo.Block{detail(c, sql, notifier.Evidence(c))}
			if d.opts.Mute {
				m.Blocks = append(m.Blocks, muteButton(c))
			}
			if fits(m.Blocks) {
				break
			}
		}
		out = append(out, m)
	}
	return out
}
