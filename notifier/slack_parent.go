package notifier

import (
	"encoding/json"

	"github.com/slack-go/slack"

	"slowdigest/digest"
)

// slackRows is how many classes the table shows, and slackStatements how many
// statements the parent may hold: the first class's, and those of badged ones.
const (
	slackRows       = 5
	slackStatements = 3
	parentSQL       = 600   // characters of a statement in the parent
	replySQL        = 2_500 // and in a reply
)

// parent builds the message that the channel sees.
type parent struct {
	opts  SlackOptions
	r     *digest.Report // has passed the border
	key   string
	first []*digest.Class // the classes in the order of the message
	most  int             // statements, where there is no thread to hold the others
}

// rung is the parent in one of its forms.
type rung struct {
	SlackMessage
	name       string
	statements int // how many classes it shows in full
}

func newParent(r *digest.Report, opts SlackOptions) *parent {
	p := &parent{opts: opts, r: forChat(r), key: Key(r)}
	// What changed is read first, in the order of its rank.
	for _, changed := range []bool{true, false} {
		for i := range p.r.Classes {
			if c := &p.r.Classes[i]; (opts.Badge.of(c) != "") == changed {
				p.first = append(p.first, c)
			}
		}
	}
	return p
}

// ladder returns the parent in ever plainer forms, each with as many statements
// as fit. A workspace that rejects one for its blocks is offered the next, which
// shares none of the blocks that are likely to be at fault.
func (p *parent) ladder() []rung {
	var out []rung
	add := func(name string, most int, build func(statements int) []slack.Block) {
		for n := most; n >= 0; n-- {
			m := SlackMessage{Text: p.fallback(), Blocks: build(n)}
			if valid(m) {
				out = append(out, rung{m, name, n})
				return
			}
		}
	}
	add("full", p.statements(), p.full)
	add("simple", p.statements(), p.simple)
	add("minimal", 0, p.minimal)
	return append(out, rung{SlackMessage{Text: p.fallback()}, "text", 0})
}

// valid tells whether Slack would take m, going by all that is known.
func valid(m SlackMessage) bool {
	b, err := json.Marshal(m)
	return err == nil && len(ValidateSlack(b, SlackTextBudget)) == 0
}

// statements is how many classes have their statement in the parent: those
// with a badge, and the first without one.
func (p *parent) statements() int {
	n := 0
	for n < len(p.first) && p.opts.Badge.of(p.first[n]) != "" {
		n++
	}
	return min(max(min(n+1, slackStatements), p.most), len(p.first))
}

// full is the message with all that Slack can show.
func (p *parent) full(statements int) []slack.Block {
	blocks := p.head()
	if c := chartOf(p.r); c != nil {
		blocks = append(blocks, c)
	}
	if t := p.table(); t != nil {
		blocks = append(blocks, t)
	}
	for _, c := range p.first[:statements] {
		blocks = append(blocks, slack.NewDividerBlock(), p.detail(c, parentSQL))
	}
	return append(blocks, p.foot(statements)...)
}

// simple is the message without the blocks that some workspaces reject.
func (p *parent) simple(statements int) []slack.Block {
	blocks := p.head()
	if len(p.first) > 0 {
		blocks = append(blocks, rich(p.rows()...))
	}
	for _, c := range p.first[:statements] {
		blocks = append(blocks, slack.NewDividerBlock(), p.detail(c, parentSQL))
	}
	return append(blocks, p.foot(statements)...)
}

// minimal is a single block.
func (p *parent) minimal(_ int) []slack.Block {
	elements := []slack.RichTextElement{line(strong(p.title())), line(words(p.facts()))}
	if trouble(p.r) {
		elements = append(elements, bullets(p.notes()))
	}
	if len(p.first) > 0 {
		elements = append(elements, p.rows()...)
	}
	return []slack.Block{rich(elements...)}
}
