package notifier

import (
	"strings"

	"slowdigest/digest"
)

// news tells what has to be known before the numbers are read, and what changed.
func (p *page) news(r *digest.Report) {
	for _, n := range notices(r) {
		p.wrapped(p.paint(red, n.word)+": ", strings.Repeat(" ", len(n.word)+2), "", n.text)
	}
	if s := learning(r); s != "" {
		p.wrapped("", "", "", s)
	}
	all := changes(r)
	width := 0
	for _, x := range all {
		width = max(width, len(x.word)+2)
	}
	for i, x := range all {
		if i == 0 {
			p.line("")
		}
		p.wrapped(p.badge(x.word)+strings.Repeat(" ", width-len(x.word)), strings.Repeat(" ", width), "", x.String())
	}
}

// badge paints the word for a change.
func (p *page) badge(word string) string {
	switch digest.ChangeKind(word) {
	case digest.New, digest.Worse, digest.Back:
		return p.paint(red, word)
	case digest.Better, digest.Gone:
		return p.paint(green, word)
	}
	return word
}

// footer tells what the digest does not show.
func (p *page) footer(r *digest.Report) {
	var lines []string
	if s := muted(r); s != "" {
		lines = append(lines, s+".")
	}
	switch {
	case r.Past == nil && len(r.Classes) > 0:
		lines = append(lines, "Nothing is remembered here, so nobody can know what is new or worse.")
	case r.Past != nil && r.Past.Forgot > 0:
		lines = append(lines, plural(int64(r.Past.Forgot), "class was", "classes were")+" forgotten for want of room, and would look new.")
	}
	for i, s := range lines {
		if i == 0 {
			p.line("")
		}
		p.wrapped("", "", dim, s)
	}
}
