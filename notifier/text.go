package notifier

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/notifier/paste"
	"slowdigest/notifier/redact"
)

// TextOptions say how a text digest looks. The zero value is 100 columns wide
// and has no colour.
type TextOptions struct {
	Width int            // columns; 0 is 100, and at least 40 are used
	Color bool           // for a terminal only; the caller decides
	SoFar bool           // reading goes on: it ends after the ranking, and claims nothing of what is to come
	Zone  *time.Location // of the times; nil is UTC
}

type textWriter struct {
	w    io.Writer
	opts TextOptions
}

// NewText writes a report to w for people to read in a terminal. It is also
// written when there is nothing slow, since somebody is waiting for an answer. It
// withholds statements about passwords, but shows names and notes as they are,
// since whoever reads it can read the log.
func NewText(w io.Writer, opts TextOptions) Notifier {
	return textWriter{w, opts}
}

func (t textWriter) Notify(_ context.Context, r *digest.Report) error {
	out := *r
	out.Classes = slices.Clone(r.Classes)
	for i := range out.Classes {
		out.Classes[i].Fingerprint = redact.ForCLI(out.Classes[i].Fingerprint)
	}
	if out.By != digest.ByClass {
		redact.Groups(out.By, out.Classes, redact.NameForCLI, redact.ForCLI)
	} else {
		redact.Label(out.Classes)
	}
	p := newPage(t.opts)
	writeHeader(p, &out)
	writeCoverage(p, &out)
	writeChanges(p, &out)
	writeRanking(p, &out)
	if !t.opts.SoFar {
		for _, c := range InOrder(&out) {
			writeClass(p, &out, c)
		}
		writeFooter(p, &out)
	}
	// One Write, so that the reader of a pipe never sees half a digest.
	_, err := io.WriteString(t.w, p.String())
	return err
}

func writeHeader(p *page, r *digest.Report) {
	when := InZone(When(r), p.Zone)
	what := "Slow queries"
	if len(r.Instances) > 0 {
		what += " on " + where(r)
	}
	if gap := p.Width - ansi.StringWidth(what) - ansi.StringWidth(when); gap >= 2 {
		p.line(p.paint(bold, what) + strings.Repeat(" ", gap) + when)
	} else {
		p.wrapped("", "", bold, what)
		p.wrapped("", "", "", when)
	}
	p.line(p.paint(dim, strings.Repeat("─", p.Width)))
	p.wrapped("", "", "", headline(r))
	if s := InstanceTotals(r); s != "" {
		p.wrapped("", "", "", s+".")
	}
}

func writeCoverage(p *page, r *digest.Report) {
	c := r.Coverage
	word, color := Trust(r), green
	switch {
	case p.SoFar:
		word, color = "So far", ""
	case Incomplete(r):
		color = red
	}
	prefix := strings.Repeat(" ", len(word)+2)
	p.wrapped(p.paint(color, word)+": ", prefix, "", CoverageFacts(c))
	for _, n := range folded(CoverageNotes(r)) {
		p.wrapped("  "+p.paint(yellow, "!")+" ", "    ", "", redact.Clean(n))
	}
}

// writeChanges writes the notices, and what changed.
func writeChanges(p *page, r *digest.Report) {
	for _, n := range Notices(r) {
		p.wrapped(p.paint(red, n.Word)+": ", strings.Repeat(" ", len(n.Word)+2), "", n.Text)
	}
	for _, s := range Caveats(r) {
		p.wrapped("", "", "", s)
	}
	all := Changes(r)
	width := 0
	for _, x := range all {
		width = max(width, len(x.Word)+2)
	}
	for i, x := range all {
		if i == 0 {
			p.line("")
		}
		p.wrapped(p.badge(x.Word)+strings.Repeat(" ", width-len(x.Word)), strings.Repeat(" ", width), "", x.String())
	}
}

// writeFooter says what the digest does not show.
func writeFooter(p *page, r *digest.Report) {
	var lines []string
	if s := rates(&r.Overall.Totals); s != "" {
		lines = append(lines, "All together: "+s+".")
	}
	if slices.ContainsFunc(r.Classes, func(c digest.Class) bool { return c.Slowest != nil && c.Slowest.Offset != nil }) {
		lines = append(lines, "slowdigest entry FILE BYTE prints the slowest call from the log or a copy of it, with its values.")
	}
	if slices.ContainsFunc(r.Classes, func(c digest.Class) bool { return len(paste.Lines(&c)) > 0 }) {
		lines = append(lines, "The lines to paste have names of tables in lower case, as fingerprints have them.")
	}
	if s := otherInstances(r); s != "" {
		lines = append(lines, s)
	}
	if s := Muted(r); s != "" {
		lines = append(lines, s+".")
	}
	switch {
	case r.By != digest.ByClass: // nothing is remembered of groups
	case r.Past == nil && len(r.Classes) > 0:
		lines = append(lines, "Nothing is remembered here, so it is not known what is new or worse.")
	case r.Past != nil && r.Past.Forgot > 0:
		lines = append(lines, Plural(int64(r.Past.Forgot), "class was", "classes were")+" forgotten for want of room, and would look new.")
	}
	for i, s := range lines {
		if i == 0 {
			p.line("")
		}
		p.wrapped("", "", dim, s)
	}
}

func cleanAll(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		if n = redact.Clean(n); n != "" {
			out = append(out, n)
		}
	}
	return out
}
