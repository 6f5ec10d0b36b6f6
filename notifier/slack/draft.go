package slack

import (
	"cmp"
	"slices"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

const (
	maxStatements = 3     // classes that the message shows in full, with their statements
	messageSQL    = 600   // UTF-16 code units of a statement in the message
	replySQL      = 2_500 // and in the thread

	maxBlocks          = 50    // of a message, as Slack takes them
	maxReplyStatements = 20    // classes that the thread shows in full: two blocks each, of the 50 that Slack takes
	maxWorst           = 3     // classes that the message lists, besides those that changed
	maxUnlisted        = 2_000 // characters that name what is new and not listed
	maxRows            = 100   // lines of a list, of which Slack takes no more
)

// draft builds the message that the channel sees, and the replies in its thread.
type draft struct {
	opts    Options
	r       *digest.Report // redacted
	key     string
	classes []*digest.Class // in the order of the message
	inFull  []*digest.Class // those that the message shows in full if there is room
	news    bool            // else a few lines will do

	mentions []string // IDs of whom the message mentions; see announce
}

// form is the message in one of its forms.
type form struct {
	Message
	name    string
	inFull  []*digest.Class // the classes that it shows in full
	details int             // how many classes of a difference it does
}

func newDraft(report redact.Report, opts Options) *draft {
	r := report.Digest()
	classes := notifier.InOrder(r)
	return &draft{opts: opts, r: r, key: report.Key(), classes: classes, inFull: notifier.InFull(r, classes, maxStatements),
		news: opts.Answer != nil || notifier.Details(r)}
}

// announce has the message mention those whom it is news for. It is for one that is posted, and not
// for one that is changed, or answers somebody.
func (d *draft) announce() {
	if d.opts.Answer == nil {
		d.mentions = notifier.Mentions(d.r)
	}
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
				out = append(out, form{Message: m, name: name, inFull: inFull[:n]})
				return
			}
		}
	}
	if d.news {
		quiet := *d
		quiet.mentions = nil
		add("full", d.inFull, d.full)
		if d.mentions != nil { // which may be what Slack rejects, such as of a user that is not there any more
			add("full without mentions", d.inFull, quiet.full)
		}
		add("simple", d.inFull, d.simple)
		if d.mentions != nil {
			add("simple without mentions", d.inFull, quiet.simple)
		}
	} else {
		add("short", nil, d.short)
	}
	add("minimal", nil, d.minimal)
	return append(out, form{Message: Message{Text: text}, name: "text"})
}

// full is the message with all that Slack can show.
func (d *draft) full(inFull []*digest.Class) []slackgo.Block {
	blocks := append(head(d.r, d.mentions...), d.ranking()...) // before the chart: on a phone nobody sees what is below it
	first := 0
	if x := d.r.Past; x != nil && x.Incident != nil && x.Incident.Class != "" {
		first = min(1, len(inFull)) // what it is comes before when it was
	}
	blocks = append(blocks, d.details(inFull[:first])...)
	if c := chart(d.r, d.classes, cmp.Or(d.opts.Zone, time.UTC)); c != nil {
		blocks = append(blocks, c)
	}
	return append(append(blocks, d.details(inFull[first:])...), d.foot(inFull)...)
}

// simple is the message without the blocks that some workspaces reject.
func (d *draft) simple(inFull []*digest.Class) []slackgo.Block {
	blocks := append(head(d.r, d.mentions...), d.ranking()...)
	return append(append(blocks, d.details(inFull)...), d.foot(inFull)...)
}

// short is the message of an hour in which nothing is as it was not before.
func (d *draft) short([]*digest.Class) []slackgo.Block {
	shown := d.worst()
	blocks := head(d.r)
	if len(shown) > 0 {
		blocks = append(blocks, rich(rows(d.r, shown)))
	}
	return append(blocks, d.foot(shown)...)
}

// worst returns the classes with the most time of those that the head does not name.
func (d *draft) worst() []*digest.Class {
	rest := notifier.Without(d.classes, notifier.Leading(d.r))
	rest = slices.DeleteFunc(rest, func(c *digest.Class) bool { return c.Change != nil && c.Change.Kind == digest.Better })
	slices.SortStableFunc(rest, func(a, b *digest.Class) int { return a.Rank - b.Rank })
	return rest[:min(maxWorst, len(rest))]
}

// ranking lists them, if there are any, with a title where they would go on from the notes.
func (d *draft) ranking() []slackgo.Block {
	worst := d.worst()
	switch {
	case len(worst) == 0:
		return nil
	case notifier.Incomplete(d.r):
		return []slackgo.Block{rich(line(strong(notifier.ClassHead(d.r.By, false))), rows(d.r, worst))}
	}
	return []slackgo.Block{rich(rows(d.r, worst))}
}

// minimal is a single block.
func (d *draft) minimal([]*digest.Class) []slackgo.Block {
	elements := append([]slackgo.RichTextElement{line(strong(notifier.Title(d.r))), line(words(notifier.WhenAndUsual(d.r) + " · " + notifier.Facts(d.r)))}, changes(d.r)...)
	for _, c := range notifier.Caveats(d.r) {
		elements = append(elements, line(words(c)))
	}
	if len(d.classes) > 0 {
		elements = append(elements, d.first()...)
	}
	return []slackgo.Block{rich(elements...)}
}

// first lists the classes that come first.
func (d *draft) first() []slackgo.RichTextElement {
	return []slackgo.RichTextElement{line(strong(notifier.ClassHead(d.r.By, false))), rows(d.r, d.classes[:min(notifier.TableRows, len(d.classes))])}
}

// details leaves out what stands in the head, and in the list of classes.
func (d *draft) details(inFull []*digest.Class) []slackgo.Block {
	var blocks []slackgo.Block
	worst := d.worst()
	for _, c := range inFull {
		said, inHead := notifier.InHead(d.r, c)
		if slices.Contains(worst, c) {
			said = notifier.Said{Share: true, Time: true, Calls: true, P95: true}
		}
		blocks = append(blocks, slackgo.NewDividerBlock(), detail(c, messageSQL, said, inHead || notifier.NewIsSaid(d.r, c)))
		if d.opts.Mute && c.Group == nil {
			blocks = append(blocks, muteButton(c))
		}
	}
	return blocks
}

// replies is the thread, of at most two messages: a table of all classes, if the message
// does not list them all, and those that it does not show in full with their
// statements, as many as there is room for.
func (d *draft) replies(inFull []*digest.Class) []Message {
	if !d.threaded(inFull) {
		return nil
	}
	var out []Message
	if d.listed() {
		list, _ := d.list()
		out = append(out, list)
	}
	statements, _ := d.statements(inFull)
	out = append(out, statements)
	if s := notifier.AllInstances(d.r); s != "" {
		if blocks := append([]slackgo.Block{small(s)}, out[0].Blocks...); fits(blocks) && len(blocks) <= maxBlocks {
			out[0].Blocks = blocks
		}
	}
	if s := notifier.Unlisted(d.r, maxUnlisted); s != "" {
		if blocks := append(slices.Clone(out[0].Blocks), rich(line(words(s)))); fits(blocks) && len(blocks) <= maxBlocks {
			out[0].Blocks = blocks
		}
	}
	return out
}

// changedFirst puts those first that are new, worse or back, also where they are too small or too
// many to lead.
func changedFirst(classes []*digest.Class) []*digest.Class {
	isChanged := func(c *digest.Class) bool {
		return c.Change != nil && c.Change.Since.IsZero() && c.Change.Kind != digest.Better
	}
	var changed []*digest.Class
	for _, c := range classes {
		if isChanged(c) {
			changed = append(changed, c)
		}
	}
	return append(changed, notifier.Without(classes, changed)...)
}

// threaded reports whether there is a thread.
func (d *draft) threaded(inFull []*digest.Class) bool {
	return !d.opts.NoThread && d.news && len(inFull) < len(d.classes)
}

// listed reports whether the thread lists all classes: the message does not.
func (d *draft) listed() bool { return len(d.classes) > len(notifier.Leading(d.r))+maxWorst }

// inThread counts the classes that the thread has, and those that neither it nor the message has.
func (d *draft) inThread(inFull []*digest.Class) (in, not int) {
	_, statements := d.statements(inFull)
	if !d.listed() { // the message has a line of each
		return statements, 0
	}
	_, listed := d.list()
	shown := d.classes[:listed:listed]
	for _, c := range changedFirst(notifier.Without(d.classes, inFull))[:statements] {
		if !slices.Contains(shown, c) {
			shown = append(shown, c)
		}
	}
	return len(shown), len(d.classes) - len(shown)
}

// list is a line for each class, as many as there is room for, and how many that are.
func (d *draft) list() (Message, int) {
	m := Message{Text: slackutilsx.EscapeMessage(notifier.Classes(d.r.By, len(d.classes), "") + " of this digest")}
	n := min(len(d.classes), maxRows)
	for ; n > 0; n = n * 9 / 10 {
		m.Blocks = []slackgo.Block{rich(rows(d.r, d.classes[:n]))}
		if more := len(d.classes) - n; more > 0 {
			m.Blocks = append(m.Blocks, small("and "+notifier.Classes(d.r.By, more, "more ")))
		}
		if fits(m.Blocks) {
			break
		}
	}
	return m, n
}

// statements shows in full what the message does not, as many as there is room for, and says how many that are.
func (d *draft) statements(inFull []*digest.Class) (Message, int) {
	classes := changedFirst(notifier.Without(d.classes, inFull))
	n := 0
	m := Message{Text: slackutilsx.EscapeMessage("Statements: " + classes[0].Label)}
	if d.r.By != digest.ByClass {
		m.Text = slackutilsx.EscapeMessage(notifier.ClassHead(d.r.By, false) + ": " + classes[0].Label)
	}
	for i, c := range classes[:min(maxReplyStatements, len(classes))] {
		blocks := m.Blocks
		for _, sql := range []int{replySQL, messageSQL, 1} {
			blocks = append(slices.Clip(m.Blocks), detail(c, sql, notifier.Said{}, notifier.NewIsSaid(d.r, c)))
			if d.opts.Mute && c.Group == nil {
				blocks = append(blocks, muteButton(c))
			}
			if fits(blocks) {
				break
			}
		}
		if i > 0 && !fits(blocks) {
			break
		}
		m.Blocks = blocks
		n++
	}
	return m, n
}
