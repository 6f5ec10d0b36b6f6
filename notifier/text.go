package notifier

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

// TextOptions say how a text digest looks. The zero value is 100 columns wide
// and has no colour.
type TextOptions struct {
	Width int  // columns; 0 is 100, and at least 60 are used
	Color bool // for a terminal only; the caller decides
	Brief bool // ends after the ranking
}

type textWriter struct {
	w    io.Writer
	opts TextOptions
}

// NewText writes a report to w for people to read in a terminal. It is also
// told when there is nothing slow, since somebody is waiting for an answer. It
// withholds statements about passwords, but shows names and notes as they are,
// since whoever reads it can read the log.
func NewText(w io.Writer, opts TextOptions) Notifier {
	if opts.Width == 0 {
		opts.Width = 100
	}
	opts.Width = max(opts.Width, 60)
	return textWriter{w, opts}
}

func (t textWriter) Notify(_ context.Context, r *digest.Report) error {
	out := *r
	out.Classes = slices.Clone(r.Classes)
	for i := range out.Classes {
		out.Classes[i].Fingerprint = deskStatement(out.Classes[i].Fingerprint)
	}
	p := &page{TextOptions: t.opts}
	p.header(&out)
	p.coverage(&out)
	p.news(&out)
	p.ranking(&out)
	if !t.opts.Brief {
		for _, c := range inOrder(&out) {
			p.class(c)
		}
		p.footer(&out)
	}
	// One Write, so that the reader of a pipe never sees half a digest.
	_, err := io.WriteString(t.w, p.String())
	return err
}

// page is a text under construction: lines of a known width.
type page struct {
	strings.Builder
	TextOptions
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

func (p *page) line(s string) {
	p.WriteString(strings.TrimRight(s, " "))
	p.WriteByte('\n')
}

// wrapped writes s below a first line of its own, each line after the prefix.
func (p *page) wrapped(first, prefix, color, s string) {
	// A hyphen or comma at which ansi breaks a line may hang over by a column.
	width := max(p.Width-ansi.StringWidth(prefix)-1, 20)
	for i, l := range strings.Split(ansi.Wrap(s, width, ","), "\n") {
		if i == 0 {
			p.line(first + p.paint(color, l))
			continue
		}
		p.line(prefix + p.paint(color, strings.TrimLeft(l, " ")))
	}
}

func (p *page) header(r *digest.Report) {
	when := when(r)
	what := "Slow queries"
	if names := cleanAll(r.Instances); len(names) > 0 {
		what += " on " + strings.Join(names, ", ")
	}
	if gap := p.Width - ansi.StringWidth(what) - ansi.StringWidth(when); gap >= 2 {
		p.line(p.paint(bold, what) + strings.Repeat(" ", gap) + when)
	} else {
		p.wrapped("", "", bold, what)
		p.line(when)
	}
	p.line(p.paint(dim, strings.Repeat("─", p.Width)))
	p.wrapped("", "", "", headline(r))
}

// headline is the report in one sentence, which begins with what changed.
func headline(r *digest.Report) string {
	o, filtered := r.Overall, ""
	if r.Filter != nil {
		filtered = "Filtered: "
	}
	if o.Calls == 0 {
		if trouble(r) {
			return filtered + "No slow query was seen, but not everything could be read."
		}
		return filtered + "No slow query."
	}
	first := ""
	if n := news(r); n != "" {
		first = upperFirst(n) + ". "
	}
	return first + filtered + fmt.Sprintf("%s in %s: %s in total, p95 %s, max %s, %s rows examined.",
		plural(o.Calls, "slow query", "slow queries"), plural(int64(o.Classes), "class", "classes"),
		seconds(o.QueryTime.Sum), seconds(o.QueryTime.P95), seconds(o.QueryTime.Max), count(o.RowsExamined.Sum))
}

func (p *page) coverage(r *digest.Report) {
	c := r.Coverage
	word, color := trust(r), green
	if trouble(r) {
		color = red
	}
	prefix := strings.Repeat(" ", len(word)+2)
	p.wrapped(p.paint(color, word)+": ", prefix, "", coverageFacts(c))
	for _, n := range c.Notes {
		p.wrapped("  "+p.paint(yellow, "!")+" ", "    ", "", clean(n))
	}
}

// coverageFacts tells what the numbers rest on.
func coverageFacts(c digest.Coverage) string {
	var facts []string
	if c.Files > 0 || c.BytesRead > 0 {
		read := bytesize(c.BytesRead)
		if c.BytesListed > c.BytesRead {
			read += " of " + bytesize(c.BytesListed)
		}
		facts = append(facts, plural(int64(c.Files), "file", "files")+", "+read)
	}
	entries := plural(c.Events, "entry", "entries") + " read"
	if c.InWindow != c.Events {
		entries += ", " + count(float64(c.InWindow)) + " in the window"
	}
	facts = append(facts, entries)
	if c.Unreadable > 0 {
		facts = append(facts, count(float64(c.Unreadable))+" unreadable")
	}
	if c.Truncated > 0 {
		facts = append(facts, count(float64(c.Truncated))+" cut short")
	}
	return strings.Join(facts, ", ") + "."
}

func cleanAll(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		if n = clean(n); n != "" {
			out = append(out, n)
		}
	}
	return out
}
