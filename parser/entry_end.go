package parser

import (
	"bytes"
	"time"
)

// maxIdle is the longest time between two entries that is believed where there
// is reason to doubt.
const maxIdle = 31 * 24 * time.Hour

// maxLate is by how much an entry may be older than the one before it: busy servers
// swap entries of nearly the same time.
const maxLate = time.Second

// entryEnd is where the current entry ends.
type entryEnd struct {
	sql    int64 // where its statement ends in the stream
	end    int64 // where its text ends in the log; what follows it up to the next header is of no entry
	resume int   // index of what comes after it
	cut    bool  // its statement goes on
	lost   bool  // and the rest of it may follow
}

// entryEnds reports whether the entry ends at index i, which is the start of a line
// or what looks like a header within one. P.last says then how it ends.
//
// The server ends a statement with a semicolon and a line feed, and a header after
// that is the next one, whatever blanks are between. A header in code without
// those before it must be whole, and look like the others of the log; the entry
// before it is then cut, or followed by text that is of no entry. So must it be
// where the semicolon stands in a comment to the end of its line, and can be the
// comment's own, and after warnings, where it can be of their text.
//
// Within a literal or a comment that is still open, either the statement goes on
// and somebody has put a header into a literal, or the statement is cut or has a
// quote too many, as one has that could not be parsed: see openText.
func (p *Parser) entryEnds(i int) bool {
	w, s := &p.win, &p.stmt
	if p.gapBefore(i) {
		p.last = entryEnd{sql: s.sql, end: w.raw(w.position(i)), resume: i, cut: !s.terminated || s.q.Open(), lost: true}
		return true
	}
	switch w.buf[i] {
	case '#':
		if w.startsHeader(i) {
			return p.headerEnds(i)
		}
		return p.formEnds(i)
	case 0, 0x1f, 0xfd, 0xfe, 0xff, 'B':
		return p.formEnds(i)
	case ' ':
		if !s.midLine && w.hasPrefix(i, cutMarker) && p.open.seamEnds(i, true) {
			p.last = entryEnd{sql: s.sql, end: w.raw(w.position(i)), resume: i, cut: true, lost: true}
			return true
		}
	case '=':
		if !s.midLine && startsHeading(w, i) && p.open.seamEnds(i, false) {
			p.endOpen(&s.ending, i)
			p.last.lost = p.last.cut
			return true
		}
	case 'T':
		if !s.midLine && s.banner >= 0 && w.startsPortLine(i) && p.open.seamEnds(i, false) {
			p.endOpen(&s.beforeBanner, int(s.banner-w.base))
			return true
		}
	}
	return false
}

// formEnds reports whether at index i, after a whole entry, text begins that is compressed or
// in UTF-16, as where such a file is joined to another.
func (p *Parser) formEnds(i int) bool {
	s := &p.stmt
	if s.midLine || s.q.Open() || !s.terminated || !startsForm(&p.win, i) {
		return false
	}
	p.endAt(&s.ending, i)
	return true
}

// headerEnds reports whether what looks like a header at index i is the next one,
// which p.next holds then if it can be read.
func (p *Parser) headerEnds(i int) bool {
	w, s := &p.win, &p.stmt
	if w.position(i) < s.refused || s.q.Open() && w.position(i) < p.open.sealed {
		return false
	}
	kind := p.headers.read(i, p.next)
	if kind == notHeader {
		return false
	}
	last, lineEnds := &s.ending, true
	if s.midLine {
		here := s.endingAt(i)
		last, lineEnds = &here, here == s.ending // there are only blanks before it
	}
	cut := !last.terminated && last.sql > s.start
	switch {
	case s.q.Open():
		if p.next.garbled { // such a line may be the literal's: the next one decides
			p.open.inside(i, false)
			return false
		}
		if kind != goodHeader || p.open.inside(i, p.fits(p.next, 0)) {
			return p.refuse(i)
		}
	case s.escaped && kind == goodHeader && p.open.inLiteralOtherwise(i):
		return p.refuse(i)
	case !cut && !last.hidden && lineEnds && !p.cur.warned && (kind != goodHeader || p.form.hasHeader(p.next)):
	case kind == goodHeader && p.fits(p.next, maxLate):
	case kind == endedHeader && !cut:
	case p.cur.warned: // finish tells of it, at the latest
		s.disbelieved = true
		return p.refuse(i)
	default:
		p.stats.problem(reasonDisbelieved, p.next.Offset)
		return p.refuse(i)
	}
	p.pending = kind == goodHeader
	p.endAt(last, i)
	switch p.last.cut = p.last.cut && cut; {
	case p.last.cut:
		p.stats.problem(reasonCut, p.cur.Offset)
	case s.q.Open() && !p.open.readOtherwise && !p.cur.warned:
		p.stats.problem(reasonOpen, p.cur.Offset)
	}
	return true
}

// endOpen is endAt where the server or tail interrupts the entry, which is told where a
// literal or comment is open.
func (p *Parser) endOpen(last *ending, i int) {
	p.endAt(last, i)
	if p.stmt.q.Open() {
		p.stats.problem(reasonOpen, p.cur.Offset)
	}
}

// endAt sets p.last to the end of the entry at index i, where its text ends as last
// says. If that is not a semicolon, it is cut there, or it ends in code at the last
// line that has one, and what follows that is of no entry.
func (p *Parser) endAt(last *ending, i int) {
	end := &p.last
	end.resume, end.lost = i, false
	end.sql, end.end, end.cut = last.sql, p.win.raw(p.win.position(i)), !last.terminated
	if end.cut && last.clean >= 0 && !p.stmt.q.Open() {
		p.stats.problem(reasonStray, last.clean)
		end.sql, end.end, end.cut = last.cleanSQL, last.clean, false
	}
}

// refuse notes that the header at index i, which p.next holds, is not believed. Its
// second line is none then, either.
func (p *Parser) refuse(i int) bool {
	if p.stmt.header == 0 {
		p.stmt.header = p.win.position(i)
	}
	if p.next.loggedZone != noTime || p.next.garbled {
		second, _ := p.win.line(i, maxHeaderLine)
		if p.win.hasPrefix(second, userPrefix) && !bytes.Contains(p.win.buf[i:second], []byte(userPrefix)) {
			p.stmt.refused = max(p.stmt.refused, p.win.position(second)+1)
		}
	}
	return false
}

// fits reports whether e can be the entry after the current one: it is written as
// the log's other entries are, has a statement, and its times follow, by late
// before the last at the most. With no tolerance at all its own times must agree,
// too.
func (p *Parser) fits(e *entry, late time.Duration) bool {
	w, last := &p.win, p.cur
	if !p.form.has(e, late == 0) || !w.has(e.sql) || w.startsHeader(e.sql) {
		return false
	}
	t, took := e.epoch, time.Duration(e.QueryTime*float64(time.Second))
	switch {
	case e.loggedZone == utcTime:
		t = e.logged
		// SET timestamp is the start or the end, in whole seconds.
		end, start := t.Sub(e.epoch), t.Add(-took).Sub(e.epoch)
		if late == 0 && !e.epoch.IsZero() && end.Abs() > 2*time.Second && start.Abs() > 2*time.Second {
			return false
		}
	case e.loggedZone == localTime && p.clock.zoneKnown && late > 0:
		t = e.logged.Add(-p.clock.zone)
	case e.garbled:
		late += took
	}
	from, to := last.Time.Add(-late), last.Time.Add(maxIdle)
	return t.IsZero() || last.Time.IsZero() || !t.Before(from) && t.Before(to)
}

// headerEnd returns the index after the header at index i, where the statement begins, if
// the header is whole and fits the log, and else 0.
func (p *Parser) headerEnd(i int) int {
	if p.headers.read(i, &p.other) == goodHeader && p.fits(&p.other, maxLate) {
		return p.other.sql
	}
	return 0
}

// gapBefore reports whether the source knows that text is missing between the last
// line of the entry and index i, where a line starts.
func (p *Parser) gapBefore(i int) bool {
	all := p.win.gaps
	if p.gapsSeen == len(all) || p.stmt.midLine {
		return false
	}
	found, at := false, p.win.raw(p.win.position(i))
	for ; p.gapsSeen < len(all) && all[p.gapsSeen] <= at; p.gapsSeen++ {
		found = found || all[p.gapsSeen] > p.cur.Offset
	}
	return found
}
