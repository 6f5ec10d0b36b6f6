package parser

import "time"

// lookAhead is how far the log is read ahead, in bytes, to find out whether
// what looks like a header is one, or stands in a literal or comment. It is
// held in memory. If a literal is longer, a header in it is taken for real if it
// fits the log, and else for a part of it.
const lookAhead = 1 << 20

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
		if p.looksLikeHeader(i) && p.headerEnds(i) {
			return atHeader
		}
	case ' ':
		if w.hasPrefix(i, cutMarker) && !(s.q.Open() && p.inside(i, false)) {
			return atMarker
		}
	case 'T':
		if s.banner >= 0 && isPortLine(w, i) && !(s.q.Open() && p.inside(i, false)) {
			return atBanner
		}
	}
	return notEnd
}

func (p *Parser) headerEnds(i int) bool {
	s := &p.stmt
	if !s.terminated && p.position(i) > s.start {
		return false
	}
	if s.q.Open() && p.position(i) < s.sealed {
		return false
	}
	kind := p.parseHeader(i, p.next)
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
	if e.form() != p.form || !w.has(e.sql) || p.looksLikeHeader(e.sql) {
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
