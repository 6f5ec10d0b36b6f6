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
// quote too many, as one has that could not be parsed: see inside.
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
	case ' ':
		if !s.midLine && w.hasPrefix(i, cutMarker) && p.seamEnds(i, true) {
			p.last = entryEnd{sql: s.sql, end: w.raw(w.position(i)), resume: i, cut: true, lost: true}
			return true
		}
	case '=':
		if !s.midLine && startsHeading(w, i) && p.seamEnds(i, true) {
			p.last = entryEnd{sql: s.sql, end: w.raw(w.position(i)), resume: i, cut: !s.terminated, lost: !s.terminated}
			return true
		}
	case 'T':
		if !s.midLine && s.banner >= 0 && w.startsPortLine(i) && p.seamEnds(i, false) {
			before := &s.beforeBanner
			p.last = entryEnd{sql: before.sql, end: w.raw(s.banner), resume: int(s.banner - w.base), cut: !before.terminated}
			return true
		}
	}
	return false
}

// headerEnds reports whether what looks like a header at index i is the next one,
// which p.next holds then if it can be read.
func (p *Parser) headerEnds(i int) bool {
	w, s := &p.win, &p.stmt
	if w.position(i) < s.refused || s.q.Open() && w.position(i) < s.sealed {
		return false
	}
	kind := p.headers.read(i, p.next)
	if kind == notHeader {
		return false
	}
	last, lineEnds := s.ending, true
	if s.midLine {
		last = s.endingAt(i)
		lineEnds = last == s.ending // there are only blanks before it
	}
	end := entryEnd{sql: last.sql, end: w.raw(w.position(i)), resume: i, cut: !last.terminated && last.sql > s.start}
	switch {
	case s.q.Open():
		if p.next.garbled {
			return false
		}
		if kind != goodHeader || p.inside(i) {
			return p.refuse(i)
		}
	case !end.cut && !last.hidden && lineEnds && !p.cur.warned:
	case kind == goodHeader && p.fits(p.next, maxLate):
		if end.cut && last.clean >= 0 {
			end.sql, end.end, end.cut = last.cleanSQL, last.clean, false
			p.stats.problem(reasonStray, last.clean)
		}
	case kind == endedHeader && !end.cut:
	case p.cur.warned: // finish tells of it, at the latest
		s.disbelieved = true
		return p.refuse(i)
	default:
		p.stats.problem(reasonDisbelieved, p.next.Offset)
		return p.refuse(i)
	}
	if end.cut {
		p.stats.problem(reasonCut, p.cur.Offset)
	}
	p.pending = kind == goodHeader
	p.last = end
	return true
}

// refuse notes that the header at index i, which p.next holds, is not believed. Its
// second line is none then, either.
func (p *Parser) refuse(i int) bool {
	if p.next.loggedZone != noTime || p.next.garbled {
		second, _ := p.win.line(i, maxHeaderLine)
		p.stmt.refused = p.win.position(second) + 1
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

// inside reports whether the header at index i, which p.next holds and which stands
// in an open literal or comment, is a part of it. Where reading ahead does not
// decide, and where it finds that both can be, the header is not believed, or at
// least the doubt is told.
func (p *Parser) inside(i int) bool {
	w := &p.win
	fits := p.fits(p.next, 0)
	v, quote, end := p.readAhead(i)
	switch v {
	case unclosed:
		return false
	case closed:
		if fits && (opensLiteral(w.buf[i:quote-1]) || p.repeated(i, quote)) {
			return false
		}
		p.seal(i, end)
		return true
	case endless:
		return !fits
	}
	if fits || v == tooFar {
		p.stats.problem(reasonUndecided, p.next.Offset)
	}
	return !fits || v != nested
}

// readAhead returns what goesOn does, but reads no text again of which it has said
// that it knows nothing.
func (p *Parser) readAhead(i int) (v verdict, quote, end int) {
	s, w := &p.stmt, &p.win
	if w.position(i) < s.unsure {
		return s.verdict, 0, i
	}
	v, quote, end = p.ahead.goesOn(i, s.q)
	if v != closed && v != unclosed {
		s.unsure, s.verdict = w.position(end), v
	}
	return v, quote, end
}

// seal notes that the literal or comment that is open at index i is closed, and its
// statement ends, at another. If what is between can as well be read as entries after a
// statement that is cut, that is told.
func (p *Parser) seal(i, end int) {
	s := &p.stmt
	s.sealed = p.win.position(end)
	var header int
	if header, s.doubtful = p.ahead.readsAsCode(i, end, s.q, p.canFollow); s.doubtful {
		p.stats.problem(reasonUndecided, p.win.raw(p.win.position(header)))
	}
}

// canFollow reports whether the header at index i is whole and fits the log.
func (p *Parser) canFollow(i int) bool {
	return p.headers.read(i, &p.other) == goodHeader && p.fits(&p.other, maxLate)
}

// seamEnds reports whether the line at index i ends the entry, where RDS, the server
// or tail tells that the log is interrupted: it does in code, and in a literal that is
// not closed. A line that says that the entry is cut ends it as well if a header that
// fits the log follows at once, and what is between can be read as entries.
func (p *Parser) seamEnds(i int, saysCut bool) bool {
	s, w := &p.stmt, &p.win
	if !s.q.Open() {
		return true
	}
	if w.position(i) >= s.sealed {
		switch v, _, end := p.readAhead(i); v {
		case unclosed, endless, cutOff:
			return true
		case nested, tooFar:
			return saysCut && p.entryFollows(i) || !w.has(int(s.unsure-w.base))
		default:
			p.seal(i, end)
		}
	}
	if !saysCut || !s.doubtful || !p.entryFollows(i) {
		return false
	}
	_, entries := p.ahead.readsAsCode(i, int(s.sealed-w.base), s.q, p.canFollow)
	return entries
}

// entryFollows reports whether a header that fits the log follows the line at index i.
func (p *Parser) entryFollows(i int) bool {
	next, _ := p.win.line(i, maxHeaderLine)
	next = p.win.skipBlanks(next)
	return p.win.startsHeader(next) && p.canFollow(next)
}

// gapBefore reports whether the source knows that text is missing between the last
// line of the entry and index i, where a line starts.
func (p *Parser) gapBefore(i int) bool {
	if p.gaps == nil || p.stmt.midLine {
		return false
	}
	found, at := false, p.win.raw(p.win.position(i))
	for all := p.gaps(); p.gapsSeen < len(all) && all[p.gapsSeen] <= at; p.gapsSeen++ {
		found = found || all[p.gapsSeen] > p.cur.Offset
	}
	return found
}

// repeated reports whether the literal open at index i, if it went on to its
// closing quote, would end with what the current statement has up to the
// opening one: then it is the same statement again, with the same quote too
// many.
func (p *Parser) repeated(i, quote int) bool {
	s := &p.stmt
	if s.spilled || p.win.position(i)-s.start > int64(s.maxSQL) {
		return false
	}
	rest, same := bytes.CutSuffix(p.win.buf[i:quote], p.win.buf[:s.opened-s.start+1])
	return same && bytes.HasSuffix(rest, []byte("\n"))
}
