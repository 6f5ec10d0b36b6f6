package notifier

import (
	"regexp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

// page is a text under construction: lines of at most Width columns.
type page struct {
	strings.Builder
	TextOptions
}

// minWidth is how many columns a text needs. In fewer the terminal breaks its lines.
const minWidth = 40

func newPage(opts TextOptions) *page {
	if opts.Width == 0 {
		opts.Width = 100
	}
	opts.Width = max(opts.Width, minWidth)
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
	if !p.Color || s == "" || color == "" {
		return s
	}
	return color + s + reset
}

// badge paints the word for a change.
func (p *page) badge(word string) string {
	switch digest.ChangeKind(word) {
	case digest.New, digest.Worse, digest.Back:
		return p.paint(red, word)
	case digest.Better, digest.Gone, digest.BackToUsual, digest.Fixed:
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
	width := max(p.Width-max(ansi.StringWidth(first), ansi.StringWidth(prefix))-1, 20)
	s = thousands.ReplaceAllStringFunc(InZone(s, p.Zone), func(n string) string { return strings.ReplaceAll(n, ",", noComma) })
	s = minus.ReplaceAllString(strings.ReplaceAll(s, " --", " "+noHyphen+noHyphen), noHyphen+"$1") // nor is a flag broken
	s = strings.NewReplacer(noComma, ",", noHyphen, "-", noBreak, " ").Replace(ansi.Wrap(s, width, ","))
	for i, l := range strings.Split(s, "\n") {
		if i == 0 {
			p.line(first + p.paint(color, l))
			continue
		}
		p.line(prefix + p.paint(color, strings.TrimLeft(l, " ")))
	}
}

// unbroken writes s, which somebody will copy, in one line: after the prefix, or where it has no
// room there, at the margin. What is longer than a line is for the terminal to break.
func (p *page) unbroken(prefix, s string) {
	if ansi.StringWidth(prefix+s) > p.Width {
		prefix = ""
	}
	if s != "" {
		p.line(prefix + s)
	}
}

// thousands are the numbers with commas, and minus is what stands before one, or within a date,
// where no line is broken: meanwhile characters stand for them that no text has, as Clean leaves none.
var (
	thousands = regexp.MustCompile(`\d(,\d{3})+\b`)
	minus     = regexp.MustCompile(`-(\d)`)
)

const (
	noComma  = "\uE000"
	noHyphen = "\uE001"
	noBreak  = "\uE002" // a space at which no line is broken
)

// column of a table. Numbers are aligned to the right.
type column struct {
	head string
	left bool
}

// labelColumns is how many columns there are at least for what stands after the rows of a table.
const labelColumns = 24

// table writes rows, after each of which stands what fills the columns that they leave of
// a line. Where they leave too few the columns named in without are given up, in this order; and
// where that is not enough, what stands after a row gets a line of its own.
func (p *page) table(cols []column, rows [][]string, without []string, last string, fill func(columns int) []string) {
	cols, rows = slices.Clone(cols), slices.Clone(rows)
	left := p.Width
	for i, col := range cols {
		left -= widthOf(col, rows, i) + 2
	}
	for _, name := range without {
		n := slices.IndexFunc(cols, func(c column) bool { return c.head == name })
		if n < 0 || left >= labelColumns {
			continue
		}
		left += widthOf(cols[n], rows, n) + 2
		cols = slices.Delete(cols, n, n+1)
		for i := range rows {
			rows[i] = slices.Delete(slices.Clone(rows[i]), n, n+1)
		}
	}
	between := ""
	if left < labelColumns {
		between, left = "\n"+indent, p.Width-len(indent)
	}
	widths, heads := make([]int, len(cols)), make([]string, len(cols))
	for i, col := range cols {
		heads[i], widths[i] = col.head, widthOf(col, rows, i)
	}
	line := func(color string, cells []string, text string) {
		for l := range strings.SplitSeq(p.row(cols, widths, cells)+between+text, "\n") {
			p.line(p.paint(color, l))
		}
	}
	line(bold, heads, last)
	for i, text := range fill(left) {
		line("", rows[i], text)
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
