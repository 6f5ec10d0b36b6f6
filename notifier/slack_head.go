package notifier

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
)

// head is what everybody reads: the headline, what it rests on, and the news.
func (p *parent) head() []slack.Block {
	blocks := []slack.Block{heading(p.title()), small(p.facts())}
	if n := p.news(); n != nil {
		blocks = append(blocks, rich(n...))
	}
	if notes := p.r.Coverage.Notes; !trouble(p.r) && len(notes) > 0 {
		blocks = append(blocks, small(strings.Join(notes[:min(3, len(notes))], " ")))
	}
	if s := learning(p.r); s != "" {
		blocks = append(blocks, small(s))
	}
	return blocks
}

// title is the headline, which begins with what changed. Trouble stands before
// that, with a sign and a word.
func (p *parent) title() string {
	where := names(p.r.Instances, 2)
	title := where + ": "
	if n := news(p.r); n != "" {
		title = upperFirst(n) + " on " + title
	}
	title += fmt.Sprintf("%s, %s", plural(p.r.Overall.Calls, "slow query", "slow queries"), seconds(p.r.Overall.QueryTime.Sum))
	switch all := notices(p.r); {
	case trouble(p.r) && p.r.Overall.Calls == 0:
		return "⚠️ NO DATA from " + where
	case trouble(p.r):
		return "⚠️ PARTIAL: " + title
	case len(all) > 0:
		return "⚠️ " + all[0].word + ": " + title
	}
	return title
}

// news is what has to be known before the numbers are read, and what changed.
func (p *parent) news() []slack.RichTextElement {
	var out []slack.RichTextElement
	if trouble(p.r) {
		out = append(out, quote(strong(trust(p.r)+": "), words(p.warning())), bullets(p.notes()))
	}
	for _, n := range notices(p.r) {
		out = append(out, quote(strong(n.word+": "), words(n.text)))
	}
	var lines []slack.RichTextElement
	for _, x := range changes(p.r) {
		lines = append(lines, line(strong(withSpace(x.word)), words(x.String())))
	}
	if lines != nil && trouble(p.r) {
		out = append(out, line(strong("What changed"))) // or it would go on from the notes
	}
	if lines != nil {
		out = append(out, bullets(lines))
	}
	return out
}

func (p *parent) warning() string {
	if p.r.Overall.Calls == 0 {
		return "Nothing is known of this window. It may have been slow."
	}
	return "A part of this window could not be read. The true numbers are higher."
}

func (p *parent) notes() []slack.RichTextElement {
	var lines []slack.RichTextElement
	notes := p.r.Coverage.Notes
	for _, n := range notes[:min(maxNotes, len(notes))] {
		lines = append(lines, line(words(n)))
	}
	if more := len(notes) - maxNotes; more > 0 {
		lines = append(lines, line(words(fmt.Sprintf("and %d more", more))))
	}
	if lines == nil {
		lines = append(lines, line(words(coverageFacts(p.r.Coverage))))
	}
	return lines
}

// facts is the line below the headline.
func (p *parent) facts() string {
	o, c := p.r.Overall, p.r.Coverage
	facts := []string{when(p.r)}
	if o.Calls > 0 {
		facts = append(facts, plural(int64(o.Classes), "class", "classes"), "p95 "+seconds(o.QueryTime.P95),
			count(o.RowsExamined.Sum)+" rows examined")
	}
	coverage := fmt.Sprintf("complete: %s, %s", plural(int64(c.Files), "file", "files"), bytesize(c.BytesRead))
	if trouble(p.r) {
		coverage = trust(p.r) + ": " + strings.TrimSuffix(coverageFacts(c), ".")
	}
	return strings.Join(append(facts, coverage), " · ")
}

// names lists the first n, and how many others there are.
func names(all []string, n int) string {
	if len(all) == 0 {
		return "slow log"
	}
	out := strings.Join(all[:min(n, len(all))], ", ")
	if more := len(all) - n; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

// foot holds the links and what the message does not show.
func (p *parent) foot(inFull []*digest.Class) []slack.Block {
	var blocks []slack.Block
	if l := p.links(); l != nil {
		blocks = append(blocks, rich(line(l...)))
	}
	if s := muted(p.r); s != "" {
		blocks = append(blocks, small(s))
	}
	var notes []string
	others := len(p.others(inFull))
	replies := p.opts.replies(others)
	if replies > 0 {
		notes = append(notes, plural(int64(replies), "more class", "more classes")+" in the thread")
	}
	if rest := p.r.Misc.Classes + others - replies; rest > 0 {
		notes = append(notes, plural(int64(rest), "class", "classes")+" not shown")
	}
	if len(p.classes) > 0 {
		notes = append(notes, "literals are replaced by ?")
	}
	if a := p.opts.Answer; a != nil && a.To != "" {
		notes = append(notes, "asked for by "+cut(clean(a.To), 80))
	}
	blocks = append(blocks, p.showRow()...)
	return append(blocks, small(strings.Join(append(notes, "digest "+p.key), " · ")))
}

// links leads to the instances, three at most. Slack counts the addresses as
// text, so they get a part of its budget.
func (p *parent) links() []inlineText {
	var out []inlineText
	room := 2_000
	seen := map[string]bool{}
	for _, instance := range p.r.Instances[:min(3, len(p.r.Instances))] {
		for _, l := range p.opts.Links {
			url, ok := l.expand(p.opts.Region, instance, p.r.Window)
			if !ok || seen[url] || len(url) > room {
				continue
			}
			seen[url], room = true, room-len(url)
			label := l.Label
			if len(p.r.Instances) > 1 && strings.Contains(l.URL, "{instance}") {
				label += " of " + instance
			}
			if out != nil {
				out = append(out, words("  ·  "))
			}
			out = append(out, slack.NewRichTextSectionLinkElement(url, cut(label, 100), nil))
		}
	}
	return out
}

// fallback is the digest in one sentence: what a phone's notification shows
// and a screen reader reads. Slack reads markup in it, so it is escaped.
func (p *parent) fallback() string {
	s := p.title() + ", " + when(p.r) + "."
	switch {
	case trouble(p.r) && len(p.r.Coverage.Notes) > 0:
		s += " " + p.r.Coverage.Notes[0]
	case len(p.classes) > 0:
		c := p.classes[0]
		s += fmt.Sprintf(" %s: %s (%s, %s, %s)", cmp.Or(badge(c), "First"), short(c.Fingerprint, 80),
			percent(c.Share), plural(c.Calls, "call", "calls"), shortID(c.ID))
	}
	return slackutilsx.EscapeMessage(cut(s, 600))
}

// Key names a digest in eight digits. The same window of the same instances has
// the same key wherever and whenever it is made.
func Key(r *digest.Report) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %s %s", slices.Sorted(slices.Values(r.Instances)), r.Window.Start.UTC(), r.Window.End.UTC())
	return hex.EncodeToString(h.Sum(nil)[:4])
}
