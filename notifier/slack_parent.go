package notifier

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/slack-go/slack"

	"slowdigest/digest"
)

// slackRows is how many classes the table shows, and slackStatements how many
// of them the message shows in full, with their statements.
const (
	slackRows       = 5
	slackStatements = 3
	parentSQL       = 600   // characters of a statement in the parent
	replySQL        = 2_500 // and in a reply
)

// parent builds the message that the channel sees.
type parent struct {
	opts    SlackOptions
	r       *digest.Report // has passed the border
	key     string
	classes []*digest.Class // in the order of the message
	inFull  []*digest.Class // those that the message shows in full if there is room
}

// rung is the parent in one of its forms.
type rung struct {
	SlackMessage
	name   string
	inFull []*digest.Class // the classes that it shows in full
}

// newParent shows in full what is NEW or BACK, since nobody knows it, and what
// takes the most time.
func newParent(r *digest.Report, opts SlackOptions) *parent {
	p := &parent{opts: opts, r: forChat(r), key: Key(r)}
	p.classes = inOrder(p.r)
	var unknown []*digest.Class
	for _, c := range p.classes {
		if k := c.Change; k != nil && (k.Kind == digest.New || k.Kind == digest.Back) {
			unknown = append(unknown, c)
		}
	}
	if top := p.top(); top != nil && !slices.Contains(unknown, top) {
		unknown = append(unknown[:min(len(unknown), slackStatements-1)], top)
	}
	p.inFull = unknown[:min(len(unknown), slackStatements)]
	return p
}

// fill shows in full what else comes first, up to n classes.
func (p *parent) fill(n int) {
	for _, c := range p.others(p.inFull) {
		if len(p.inFull) < n {
			p.inFull = append(p.inFull, c)
		}
	}
}

// top is the class of the highest rank, whatever changed.
func (p *parent) top() *digest.Class {
	if len(p.classes) == 0 {
		return nil
	}
	return slices.MinFunc(p.classes, func(a, b *digest.Class) int { return cmp.Compare(a.Rank, b.Rank) })
}

// ladder returns the parent in ever plainer forms, each with as many statements
// as fit. A workspace that rejects one for its blocks is offered the next, which
// shares none of the blocks that are likely to be at fault.
func (p *parent) ladder() []rung {
	var out []rung
	add := func(name string, inFull []*digest.Class, build func(inFull []*digest.Class) []slack.Block) {
		for n := len(inFull); n >= 0; n-- {
			m := SlackMessage{Text: p.fallback(), Blocks: build(inFull[:n])}
			if valid(m) {
				out = append(out, rung{m, name, inFull[:n]})
				return
			}
		}
	}
	add("full", p.inFull, p.full)
	add("simple", p.inFull, p.simple)
	add("minimal", nil, p.minimal)
	return append(out, rung{SlackMessage{Text: p.fallback()}, "text", nil})
}

// valid reports whether Slack would take m, going by all that is known.
func valid(m SlackMessage) bool {
	b, err := json.Marshal(m)
	return err == nil && len(ValidateSlack(b, SlackTextBudget)) == 0
}

// full is the message with all that Slack can show.
func (p *parent) full(inFull []*digest.Class) []slack.Block {
	blocks := p.head()
	if c := p.chart(); c != nil {
		blocks = append(blocks, c)
	}
	if t := p.table(); t != nil {
		blocks = append(blocks, t)
	}
	return append(append(blocks, p.details(inFull)...), p.foot(inFull)...)
}

// simple is the message without the blocks that some workspaces reject.
func (p *parent) simple(inFull []*digest.Class) []slack.Block {
	blocks := p.head()
	if len(p.classes) > 0 {
		blocks = append(blocks, rich(p.rows()...))
	}
	return append(append(blocks, p.details(inFull)...), p.foot(inFull)...)
}

func (p *parent) details(inFull []*digest.Class) []slack.Block {
	var blocks []slack.Block
	told := p.classes[:min(maxForemost, len(p.classes))]
	for _, c := range inFull {
		why := evidence(c)
		if foremost(c) && slices.Contains(told, c) {
			why = ""
		}
		blocks = append(append(blocks, slack.NewDividerBlock(), p.detail(c, parentSQL, why)), p.muteRow(c)...)
	}
	return blocks
}

// minimal is a single block.
func (p *parent) minimal([]*digest.Class) []slack.Block {
	elements := append([]slack.RichTextElement{line(strong(p.title())), line(words(p.facts()))}, p.news()...)
	if len(p.classes) > 0 {
		elements = append(elements, p.rows()...)
	}
	return []slack.Block{rich(elements...)}
}
