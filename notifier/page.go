package notifier

import (
	"regexp"
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
	case digest.Better, digest.Gone, digest.BackToUsual:
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
	s = thousands.ReplaceAllString(InZone(s, p.Zone), "$1"+noBreak+"$2")
	s = strings.ReplaceAll(ansi.Wrap(s, width, ","), noBreak, ",")
	for i, l := range strings.Split(s, "\n") {
		if i == 0 {
			p.line(first + p.paint(color, l))
			continue
		}
		p.line(prefix + p.paint(color, strings.TrimLeft(l, " ")))
	}
}

// thousands are the commas within numbers, where no line is broken: meanwhile a character stands
// for them that no text has, as Clean leaves none.
var thousands = regexp.MustCompile(`(\d),(\d{3}\b)`)

const noBreak = "\uE000"

// column of a table. Numbers are aligned to the right.
type column struct {
	head string
	left bool
}

// table writes rows, after each of which stands what fills the columns that they leave of
// a line.
func (p *page) table(cols []column, rows [][]string, last string, fill func(columns int) []string) {
	widths, heads := make([]int, len(cols)), make([]string, len(cols))
	for i, col := range cols {
		heads[i], widths[i] = col.head, widthOf(col, rows, i)
	}
	head := p.row(cols, widths, heads)
	p.line(p.paint(bold, head+last))
	for i, text := range fill(max(p.Width-ansi.StringWidth(head), 8)) {
		p.line(p.row(cols, widths, rows[i]) + text)
	}
}

// widthOf is how wide the column i is.
func widthOf(col column, rows [][]string, i int) int {
	width := ansi.StringWidth(col.head)
	for _, cells := range rows {
		width = max(width, ansi.StringWidth(cells[i]))
	}
	return width
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
