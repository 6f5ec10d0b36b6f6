package slack

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

const (
	diffRows  = 10 // classes of a difference that the message has a line of
	diffNotes = 6  // notes on the two windows; the others are counted

	maxDiffLabel = 200 // UTF-16 code units of what a class is called
)

// diffDraft builds the message of what changed between two windows, and the reply in its thread.
type diffDraft struct {
	opts    Options
	d       *digest.Diff    // redacted
	labels  []*digest.Class // of d.Classes, in their order, and then of d.Unlisted
	changed []int           // of labels: those that are not the same, in their order
}

func newDiffDraft(diff redact.Diff, opts Options) *diffDraft {
	x := &diffDraft{opts: opts, d: diff.Digest()}
	x.labels = notifier.DiffClasses(x.d)
	for i := range x.labels {
		x.labels[i].Label = cutUnits(x.labels[i].Label, maxDiffLabel)
		if x.unlisted(i) != nil || x.d.Classes[i].Kind != digest.DiffSame {
			x.changed = append(x.changed, i)
		}
	}
	return x
}

// unlisted returns the class i if it is unlisted, and else nil.
func (x *diffDraft) unlisted(i int) *digest.UnlistedClass {
	if i < len(x.d.Classes) {
		return nil
	}
	return &x.d.Unlisted[i-len(x.d.Classes)]
}

// fallbacks are as those of draft: the message in ever plainer forms.
func (x *diffDraft) fallbacks() []form {
	var out []form
	text := mrkdwn("Slow queries, before and after: " + notifier.DiffHeadline(x.d))
	for n := min(maxStatements, len(x.changed)); n >= 0; n-- {
		if m := (Message{Text: text, Blocks: x.full(n)}); fits(m.Blocks) {
			out = append(out, form{Message: m, name: "full"})
			out[0].details = n
			break
		}
	}
	if m := (Message{Text: text, Blocks: x.minimal()}); fits(m.Blocks) {
		out = append(out, form{Message: m, name: "minimal"})
	}
	return append(out, form{Message: Message{Text: text}, name: "text"})
}

const diffTitle = "Slow queries, before and after"

// full shows n of the classes that changed with their statements.
func (x *diffDraft) full(n int) []slackgo.Block {
	blocks := []slackgo.Block{heading(diffTitle), rich(line(strong(notifier.DiffHeadline(x.d))))}
	for _, s := range x.sides() {
		blocks = append(blocks, small(s))
	}
	if notes := x.notes(); notes != nil {
		blocks = append(blocks, rich(bullets(notes)))
	}
	if len(x.labels) > 0 {
		blocks = append(blocks, rich(line(strong("What changed")), x.rows()))
	}
	for _, i := range x.changed[:n] {
		blocks = append(blocks, slackgo.NewDividerBlock(), x.detail(i, messageSQL))
	}
	return append(blocks, x.foot(n)...)
}

// minimal is a single block.
func (x *diffDraft) minimal() []slackgo.Block {
	elements := []slackgo.RichTextElement{line(strong(diffTitle)), line(words(notifier.DiffHeadline(x.d)))}
	for _, s := range x.sides() {
		elements = append(elements, line(words(s)))
	}
	if notes := x.notes(); notes != nil {
		elements = append(elements, bullets(notes))
	}
	if len(x.labels) > 0 {
		elements = append(elements, line(strong("What changed")), x.rows())
	}
	return []slackgo.Block{rich(elements...)}
}

func (x *diffDraft) sides() []string {
	return []string{"Before: " + redact.Cut(notifier.DiffSide(&x.d.Before, x.d.By, x.d.PerHour), redact.MaxCoverageNote),
		"After: " + redact.Cut(notifier.DiffSide(&x.d.After, x.d.By, x.d.PerHour), redact.MaxCoverageNote)}
}

func (x *diffDraft) notes() []slackgo.RichTextElement {
	var lines []slackgo.RichTextElement
	all := notifier.DiffNotes(x.d)
	for _, n := range all[:min(diffNotes, len(all))] {
		lines = append(lines, line(words(redact.Cut(n, redact.MaxCoverageNote))))
	}
	if more := len(all) - diffNotes; more > 0 {
		lines = append(lines, line(words(fmt.Sprintf("and %d more", more))))
	}
	return lines
}

// rows lists the first classes, a line each.
func (x *diffDraft) rows() slackgo.RichTextElement {
	var lines []slackgo.RichTextElement
	for i := range x.labels[:min(diffRows, len(x.labels))] {
		if u := x.unlisted(i); u != nil {
			lines = append(lines, line(strong("unlisted"), words(fmt.Sprintf("  #%d %s: %s", i+1, x.labels[i].Label, notifier.UnlistedFacts(u)))))
			continue
		}
		c := &x.d.Classes[i]
		lines = append(lines, line(strong(notifier.Signed(c.Change, notifier.Duration)),
			words(fmt.Sprintf("  #%d %s: %s, %s", i+1, x.labels[i].Label, c.Kind, notifier.DiffFacts(x.d, c)[0]))))
	}
	return bullets(lines)
}

// detail is all about the class i, with the beginning of its statement: sql UTF-16 code units of it.
func (x *diffDraft) detail(i, sql int) slackgo.Block {
	var id, fingerprint, kind, said string
	var texts []string
	if u := x.unlisted(i); u != nil {
		id, fingerprint, kind, said = u.ID, u.Fingerprint, "unlisted", "\nits change is not known"
		texts = []string{notifier.UnlistedFacts(u)}
	} else {
		c := &x.d.Classes[i]
		id, fingerprint, kind = c.ID, c.Fingerprint, string(c.Kind)
		said = fmt.Sprintf("\n%s, %s of the change", notifier.Signed(c.Change, notifier.Duration), notifier.DiffPart(x.d, c.Change))
		texts = notifier.DiffFacts(x.d, c)
	}
	var facts []slackgo.RichTextElement
	for _, f := range texts {
		facts = append(facts, line(words(f)))
	}
	title := fmt.Sprintf("%s #%d %s", strings.ToUpper(kind), i+1, x.labels[i].Label)
	if x.labels[i].Group != nil {
		return rich(line(strong(title), words(said)), bullets(facts))
	}
	return rich(line(strong(title), words("  "), code(redact.ShortID(id)), words(said)),
		preformatted(notifier.Clauses(cutUnits(fingerprint, sql)), "sql"), bullets(facts))
}

// foot says what the message with n statements does not show.
func (x *diffDraft) foot(n int) []slackgo.Block {
	var notes []string
	if s := notifier.DiffMisc(x.d); s != "" {
		notes = append(notes, strings.TrimSuffix(s, "."))
	}
	_, threaded := x.statements(n)
	if len(threaded) > 0 {
		notes = append(notes, notifier.Classes(x.d.By, len(threaded), "")+" in the thread")
	}
	hidden := 0
	for i := diffRows; i < len(x.labels); i++ {
		if !slices.Contains(threaded, i) {
			hidden++
		}
	}
	if hidden > 0 {
		notes = append(notes, notifier.Classes(x.d.By, hidden, "")+" not shown")
	}
	notes = append(notes, x.opts.askedBy()...)
	if notes == nil {
		return nil
	}
	return []slackgo.Block{small(strings.Join(notes, " · "))}
}

// statements is the reply in the thread: those that changed and that a message with n statements
// does not show, as many as there is room for, and which they are.
func (x *diffDraft) statements(n int) (m Message, shown []int) {
	if x.opts.NoThread {
		return m, nil
	}
	for _, i := range x.changed[n:min(n+maxReplyStatements, len(x.changed))] {
		blocks := m.Blocks
		for _, sql := range []int{replySQL, messageSQL, 1} {
			if blocks = append(slices.Clip(m.Blocks), x.detail(i, sql)); fits(blocks) {
				break
			}
		}
		if !fits(blocks) {
			break
		}
		m.Blocks, shown = blocks, append(shown, i)
	}
	if shown != nil {
		what := "Statements"
		if x.d.By != digest.ByClass {
			what = notifier.ClassHead(x.d.By, false)
		}
		m.Text = mrkdwn(redact.Cut(what+": "+x.labels[shown[0]].Label, 600))
	}
	return m, shown
}

// replies is the thread of the message in a form.
func (x *diffDraft) replies(f form) []Message {
	if m, shown := x.statements(f.details); len(shown) > 0 {
		return []Message{m}
	}
	return nil
}

// WriteDiffJSON writes to w, as JSON, the message that Bot.PostDiff would post, with the reply
// under "thread".
func WriteDiffJSON(w io.Writer, d *digest.Diff, opts Options) error {
	x := newDiffDraft(redact.OfDiff(d), opts.withDefaults())
	f := x.fallbacks()[0]
	f.Thread = x.replies(f)
	b, err := notifier.IndentedJSON(f.Message)
	if err != nil {
		return fmt.Errorf("write the message for Slack: %w", err)
	}
	_, err = w.Write(b)
	return err
}

const diffStep = "post what changed to Slack"

// PostDiff posts what changed between two windows, as an answer to who asked for it. Its error
// is a *notifier.DeliveryError, which says where only the reply in the thread is missing.
func (b *Bot) PostDiff(ctx context.Context, d *digest.Diff) error {
	x := newDiffDraft(redact.OfDiff(d), b.opts)
	thread := thread{&b.client, ""}
	if a := b.opts.Answer; a != nil {
		thread.timestamp = a.Thread
	}
	posted, f, err := b.offer(ctx, x.fallbacks(), diffStep, func(m Message) (slackgo.Message, *notifier.DeliveryError) {
		return b.post(ctx, m, slackgo.MsgOptionTS(thread.timestamp))
	})
	if err != nil {
		return err
	}
	thread.timestamp = cmp.Or(thread.timestamp, posted.Timestamp)
	if _, err := thread.post(ctx, x.replies(f)); err != nil {
		err.Posted = notifier.IsPosted
		return err
	}
	return nil
}

// PostDiff posts what changed between two windows. Its error is a *notifier.DeliveryError.
func (w *Webhook) PostDiff(ctx context.Context, d *digest.Diff) error {
	return w.offer(ctx, newDiffDraft(redact.OfDiff(d), w.opts).fallbacks(), "post what changed to Slack's webhook")
}
