package parser

import (
	"bytes"
	"time"
)

// maxIdle is the longest time between two entries that is believed where there
// is reason to doubt.
const maxIdle = 31 * 24 * time.Hour

// boundaryKind tells what a statement ends at.
type boundaryKind int

const (
	notEnd   boundaryKind = iota
	atHeader              // of the next entry
	atBanner              // which began a line earlier
	atMarker              // of RDS, where it has cut an entry
)

// boundary reports whether the statement ends before the line at index i.
//
// The server ends a statement with a semicolon and a line feed, and what looks
// like a header without those before it is a comment in the statement. With
// them it is the next header, but for two cases. After a comment at the end of
// a line the semicolon can be the comment's own, and after warnings it can be
// of their text: the header must look like the others of the log. And within a
// literal or a comment that is still open, either the statement goes on and
// somebody has put a header into a literal, or the statement has a quote too
// many, as one has that could not be parsed: see goesOn.
func (p *Parser) boundary(i int) boundaryKind {
	w, s := &p.win, &p.stmt
	switch w.buf[i] {
	case '#':
		if p.win.startsHeader(i) && p.headerEnds(i) {
			return atHeader
		}
	case ' ':
		if w.hasPrefix(i, cutMarker) && !(s.q.Open() && p.inside(i, false)) {
			return atMarker
		}
	case 'T':
		if s.banner >= 0 && w.startsPortLine(i) && !(s.q.Open() && p.inside(i, false)) {
			return atBanner
		}
	}
	return notEnd
}

func (p *Parser) headerEnds(i int) bool {
	s := &p.stmt
	if !s.terminated && p.win.position(i) > s.start {
		return false
	}
	if s.q.Open() && p.win.position(i) < s.sealed {
		return false
	}
	kind := p.headers.read(i, p.next)
	switch {
	case kind == notHeader:
		return false
	case s.q.Open():
		if kind != goodHeader || p.inside(i, p.fits(p.next, 0)) {
			return false
		}
	case s.remark, p.cur.warned:
		if kind == brokenHeader || kind == goodHeader && !p.fits(p.next, time.Second) {
			return false
		}
	}
	p.pending = kind == goodHeader
	return true
}

// fits reports whether e can be the entry after the current one: it is written as
// the log's other entries are, has a statement, and its times follow. Busy
// servers can swap entries of nearly the same time, by late at the most.
func (p *Parser) fits(e *entry, late time.Duration) bool {
	w, last := &p.win, p.cur
	if e.form() != p.form || !w.has(e.sql) || p.win.startsHeader(e.sql) {
		return false
	}
	from, to := last.Time.Add(-late), last.Time.Add(maxIdle)
	t := e.epoch
	if e.loggedZone == utcTime {
		t = e.logged
		// SET timestamp is the start or the end, in whole seconds.
		took := time.Duration(e.QueryTime * float64(time.Second))
		end, start := t.Sub(e.epoch), t.Add(-took).Sub(e.epoch)
		if !e.epoch.IsZero() && end.Abs() > 2*time.Second && start.Abs() > 2*time.Second {
			return false
		}
	}
	return t.IsZero() || !t.Before(from) && t.Before(to)
}

// inside reports whether the line at index i, which stands in an open literal or
// comment, is a part of it. Plausible reports whether it is a header that fits
// the log; that decides where reading ahead does not.
func (p *Parser) inside(i int, plausible bool) bool {
	s := &p.stmt
	if p.win.position(i) < s.sealed {
		return true
	}
	v, end := unknown, i
	var quote int
	if p.win.position(i) >= s.unsure {
		v, quote, end = p.ahead.goesOn(i, s.q)
	}
	switch v {
	case unclosed:
		return false
	case closed:
		if plausible && (opensLiteral(p.win.buf[i:quote-1]) || p.repeated(i, quote)) {
			return false
		}
		s.sealed = p.win.position(end)
		return true
	}
	s.unsure = max(s.unsure, p.win.position(end))
	// A banner or the mark of a cut is believed if the log ends soon after.
	return !plausible && (p.win.startsHeader(i) || p.win.has(int(s.unsure-p.win.base)))
}

// repeated reports whether the literal open at index i, if it went on to its
// closing quote, would end with what the current statement has up to the
// opening one: then it is the same statement again, with the same quote too
// many.
func (p *Parser) repeated(i, quote int) bool {
	s := &p.stmt
	if p.win.position(i)-s.start > int64(s.maxSQL) {
		return false
	}
	rest, same := bytes.CutSuffix(p.win.buf[i:quote], p.win.buf[:s.opened-s.start+1])
	return same && bytes.HasSuffix(rest, []byte("\n"))
}
