package notifier

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

// page is a text under construction: lines of at most Width columns.
type page struct {
	strings.Builder
	TextOptions
}

func newPage(opts TextOptions) *page {
	if opts.Width == 0 {
		opts.Width = 100
	}
	opts.Width = max(opts.Width, 60)
	return &page{TextOptions: opts}
}

// The colours of a terminal's own palette, which its user chose.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[33m"
	green  = "\x1b[32m"
	reset  = "\x1b[0m"
)

func (p *page) paint(color, s string) string {
	if !p.Color || s == "" {
		return s
	}
	return color + s + reset
}

// badge paints the word for a change.
func (p *page) badge(word string) string {
	switch digest.ChangeKind(word) {
	case digest.New, digest.Worse, digest.Back:
		return p.paint(red, word)
	case digest.Better, digest.Gone, backToUsual:
		return p.paint(green, word)
	}
	return word
}

func (p *page) line(s string) {
	p.WriteString(strings.TrimRight(s, " "))
	p.WriteByte('\n')
}

// wrapped writes s after a first prefix of its own, and each further line after
// the other.
func (p *page) wrapped(first, prefix, color, s string) {
	// A hyphen or comma at which ansi breaks a line may hang over by a column.
	width := max(p.Width-ansi.StringWidth(prefix)-1, 20)
	for i, l := range strings.Split(ansi.Wrap(InZone(s, p.Zone), width, ","), "\n") {
		if i == 0 {
			p.line(first + p.paint(color, l))
			continue
		}
		p.line(prefix + p.paint(color, strings.TrimLeft(l, " ")))
	}
}

// column of a table. Numbers are aligned to the right.
type column struct {
	head string
	left bool
}

// table writes rows, whose last cell takes what the others leave of a line. Of that, what
// follows a tab is kept whole.
func (p *page) table(cols []column, rows [][]string) {
	last := len(cols) - 1
	widths := make([]int, last)
	heads := make([]string, last)
	for i, col := range cols[:last] {
		heads[i], widths[i] = col.head, ansi.StringWidth(col.head)
		for _, cells := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(cells[i]))
		}
	}
	head := p.row(cols, widths, heads)
	rest := max(p.Width-ansi.StringWidth(head), 8)
	p.line(p.paint(bold, head+cols[last].head))
	for _, cells := range rows {
		cut, kept, _ := strings.Cut(cells[last], "\t")
		p.line(p.row(cols, widths, cells[:last]) + ansi.Truncate(cut, max(rest-ansi.StringWidth(kept), 1), "…") + kept)
	}
}

// row sets the cells in their columns, two spaces after each.
func (p *page) row(cols []column, widths []int, cells []string) string {
	var b strings.Builder
	for i, s := range cells {
		pad := strings.Repeat(" ", widths[i]-ansi.StringWidth(s))
		if cols[i].left {
			b.WriteString(s + pad + "  ")
		} else {
			b.WriteString(pad + s + "  ")
		}
	}
	return b.String()
}
