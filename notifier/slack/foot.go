package slack

import (
	"cmp"
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// foot holds the links and what the message does not show.
func (d *draft) foot(inFull []*digest.Class) []slackgo.Block {
	var blocks []slackgo.Block
	if l := d.links(); l != nil {
		blocks = append(blocks, rich(line(l...)))
	}
	if s := notifier.Muted(d.r); s != "" {
		blocks = append(blocks, small(s))
	}
	var notes []string
	rest := d.r.Misc.Classes
	if d.threaded(inFull) {
		in, not := d.inThread(inFull)
		notes = append(notes, notifier.Classes(d.r.By, in, "")+" in the thread")
		rest += not
	} else {
		rest += len(d.classes) - len(inFull)
	}
	if rest > 0 {
		notes = append(notes, notifier.Classes(d.r.By, rest, "")+" not shown")
	}
	notes = append(notes, d.opts.askedBy()...)
	if d.opts.Show {
		blocks = append(blocks, showButton(d.r.Instances))
	}
	return append(blocks, small(strings.Join(append(notes, "digest "+d.key), " · ")))
}

// linkedInstances is how many of the instances have links, and linkText how much
// of the text budget these may take, since Slack may count URLs as text.
const (
	linkedInstances = 3
	linkText        = 2_000
)

// links leads to the first instances.
func (d *draft) links() []inlineText {
	var out []inlineText
	room := linkText
	seen := map[string]bool{}
	for _, instance := range d.r.Instances[:min(linkedInstances, len(d.r.Instances))] {
		for _, l := range d.opts.Links {
			url, ok := l.Expand(d.opts.Region, instance, d.r.Window)
			if !ok || seen[url] || len(url) > room {
				continue
			}
			seen[url], room = true, room-len(url)
			label := l.Label
			if len(d.r.Instances) > 1 && strings.Contains(l.URL, "{instance}") {
				label += " of " + instance
			}
			if out != nil {
				out = append(out, words("  ·  "))
			}
			out = append(out, slackgo.NewRichTextSectionLinkElement(url, redact.Cut(label, 100), nil))
		}
	}
	return out
}

// fallbackText is the digest in one sentence: what a phone's notification shows
// and a screen reader reads. Slack reads markup in it, so it is escaped.
func (d *draft) fallbackText() string {
	notes, _ := notifier.Notes(d.r)
	s := notifier.Title(d.r) + ", " + notifier.When(d.r) + "."
	switch {
	case d.r.Past != nil && d.r.Past.Incident != nil:
		s += " " + notifier.NoticesBelow(d.r)[0].Text
	case notifier.Incomplete(d.r) && len(notes) > 0:
		s += " " + notes[0]
	case d.r.Past != nil && d.r.Past.Day != nil && !d.news:
		s += " " + notifier.Caveats(d.r)[0]
	case len(d.classes) > 0:
		c := append(d.inFull[:len(d.inFull):len(d.inFull)], d.classes[0])[0]
		s += fmt.Sprintf(" %s: %s (%s, %s", cmp.Or(notifier.Badge(c), "First"), c.Label, notifier.Percent(c.Share), notifier.Plural(c.Calls, "call", "calls"))
		if c.Group == nil {
			s += ", " + redact.ShortID(c.ID)
		}
		s += ")"
	}
	return mrkdwn(redact.Cut(s, 600))
}
