package notifier

import (
	"fmt"
	"io"
	"strings"
	"time"

	"slowdigest/notifier/redact"
)

// Memo is what a message says that is no digest, in sentences, which each format lays out in its way. What
// stands in it is shown as it is, and not as markup; times in the form of At are in the reader's zone.
type Memo struct {
	Title    string
	Headline string
	Facts    []string // small, below it
	Sections []Section
	Table    Table // beside the message, where there is room
	Foot     string
}

// Section is a list with a title.
type Section struct {
	Title string
	Lines []MemoLine
	More  string // what is left out of the list, or empty
}

// MemoLine begins with what is in bold.
type MemoLine struct{ Strong, Text string }

// Table has a head and rows of as many cells, of which the last is aligned to the left. Where there is no room
// for all, the columns of Without are given up, in this order. Where there is none for a table at all, Details say
// the same.
type Table struct {
	Title   string
	Head    []string
	Rows    [][]string
	Without []string
	Details []Detail
}

// Detail is a row of a table in sentences, with what is drawn in characters of the same width, and of what that is.
type Detail struct{ Strong, Code, Text, Drawn, Of string }

// WriteMemoText writes a memo for a terminal.
func WriteMemoText(w io.Writer, m *Memo, opts TextOptions) error {
	p := newPage(opts)
	p.wrapped("", "", bold, m.Title)
	p.line(p.paint(dim, strings.Repeat("─", p.Width)))
	p.wrapped("", "", "", m.Headline)
	for _, s := range m.Facts {
		p.wrapped("", "", "", s)
	}
	for _, s := range m.Sections {
		p.line("")
		p.line(p.paint(bold, s.Title))
		for _, l := range s.Lines {
			first := "  "
			if l.Strong != "" {
				first += p.paint(bold, l.Strong) + "  "
			}
			p.wrapped(first, "    ", "", l.Text)
		}
		if s.More != "" {
			p.wrapped("  ", "  ", dim, s.More)
		}
	}
	if t := m.Table; len(t.Rows) > 0 {
		p.line("")
		p.wrapped("", "", bold, t.Title)
		last := len(t.Head) - 1
		var cols []column
		for _, head := range t.Head[:last] {
			cols = append(cols, column{head, false})
		}
		rows, labels := make([][]string, len(t.Rows)), make([]string, len(t.Rows))
		for i, r := range t.Rows {
			rows[i], labels[i] = r[:last], r[last]
		}
		p.table(cols, rows, t.Without, t.Head[last], func(columns int) []string {
			out := make([]string, len(labels))
			for i, s := range labels {
				out[i] = redact.Cut(s, max(columns, 8))
			}
			return out
		})
	}
	if m.Foot != "" {
		p.line("")
		p.wrapped("", "", dim, m.Foot)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// WriteMemoMarkdown writes a memo as GitHub's Markdown. A nil zone is UTC.
func WriteMemoMarkdown(w io.Writer, m *Memo, zone *time.Location) error {
	b := &markdownPage{zone: zone}
	fmt.Fprintf(b, "## %s\n\n**%s**\n", b.text(m.Title), b.text(m.Headline))
	for _, s := range m.Facts {
		fmt.Fprintf(b, "\n%s\n", b.text(s))
	}
	for _, s := range m.Sections {
		fmt.Fprintf(b, "\n### %s\n\n", b.text(s.Title))
		for _, l := range s.Lines {
			strong := ""
			if l.Strong != "" {
				strong = "**" + b.text(l.Strong) + "** "
			}
			fmt.Fprintf(b, "- %s%s\n", strong, b.text(l.Text))
		}
		if s.More != "" {
			fmt.Fprintf(b, "\n%s\n", b.text(s.More))
		}
	}
	if t := m.Table; len(t.Rows) > 0 {
		fmt.Fprintf(b, "\n### %s\n\n", b.text(t.Title))
		last := len(t.Head) - 1
		row := func(cells []string) {
			for _, s := range cells {
				b.WriteString("| " + b.text(s) + " ") // which escapes what ends a cell
			}
			b.WriteString("|\n")
		}
		row(t.Head)
		for i := range t.Head {
			if i == last {
				b.WriteString("|:--")
			} else {
				b.WriteString("|--:")
			}
		}
		b.WriteString("|\n")
		for _, r := range t.Rows {
			row(r)
		}
	}
	if m.Foot != "" {
		fmt.Fprintf(b, "\n%s\n", b.text(m.Foot))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
