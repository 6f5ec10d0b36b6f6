package parser

import (
	"bytes"

	"slowdigest/parser/fingerprint"
)

// statement is how far the statement of the current entry has been read.
type statement struct {
	start  int64             // in the stream
	q      fingerprint.Quote // at the end of what has been read
	opened int64             // where the literal or comment began, if q is one

	terminated bool // the last line ends in a semicolon
	remark     bool // the last line ends in a comment, the semicolon within it
	eol        int  // the length of the last line's end, in bytes

	// banner is where the last line began, if it can be a banner, and else -1;
	// the others are terminated and eol of the line before.
	banner           int64
	bannerTerminated bool
	bannerEOL        int

	// Up to sealed, what looks like a header is known to be inside; up to
	// unsure, reading ahead does not tell.
	sealed, unsure int64

	kept    []byte
	spilled bool // the window does not hold the statement any more, kept does
}

func (s *statement) reset(start int64) {
	*s = statement{start: start, banner: -1, kept: s.kept[:0]}
}

// slack is how much longer than MaxSQL a statement can be before it is dropped
// from the window.
const slack = firstWindow

// readStatement reads the statement at index 0 of the window to its end, which
// it returns as a position in the stream. If the next header is after it,
// p.next holds it then.
func (p *Parser) readStatement() int64 {
	s := &p.stmt
	s.reset(p.win.base)
	for i := 0; ; {
		if !p.win.has(i) {
			if p.endsInServerLine(i) {
				p.finish(s.start, true)
			} else {
				p.finish(p.position(i), !s.terminated)
			}
			p.win.drop(i)
			return p.win.base
		}
		switch p.boundary(i) {
		case notEnd:
			i = p.readLine(i)
			continue
		case atBanner:
			i = int(s.banner - p.win.base)
			s.terminated, s.eol = s.bannerTerminated, s.bannerEOL
			p.finish(s.banner, !s.terminated)
		case atMarker:
			p.finish(p.position(i), true)
			p.tail = true
		case atHeader:
			p.finish(p.position(i), false)
		}
		if !p.pending {
			p.win.drop(i)
			return p.win.base
		}
		return p.next.Offset
	}
}

// finish sets the statement of the current entry, which ends at a position in
// the stream, or is cut there.
func (p *Parser) finish(end int64, cut bool) {
	s, e := &p.stmt, p.cur
	n := end - s.start - int64(s.eol)
	if s.terminated {
		n--
	}
	e.SQLBytes = max(n, 0)
	kept := min(e.SQLBytes, int64(p.maxSQL))
	if s.spilled {
		e.SQL = s.kept[:kept]
	} else {
		e.SQL = p.win.buf[:kept]
	}
	e.Cut = cut || kept < e.SQLBytes
	if e.warned && !(e.clear && inLiteral(e.SQL, []byte("\nSET timestamp="))) {
		p.stats.problem(reasonWarned, false, e.Offset)
		e.SQL, e.Cut = e.SQL[:0], true
		return
	}
	switch {
	case bytes.HasPrefix(e.SQL, []byte(adminPrefix)) && bytes.IndexByte(e.SQL, '\n') < 0:
		e.Admin = true
		e.SQL = e.SQL[len(adminPrefix):]
		e.SQLBytes = int64(len(e.SQL))
	case len(e.SQL) == 0:
		p.stats.problem(reasonNoStatement, false, e.Offset)
	case e.User == "":
		e.Throttled = throttled(e.SQL)
	}
}

// endsInServerLine reports whether the stream ends, at index i, within the line
// SET timestamp that the server writes before the statement.
func (p *Parser) endsInServerLine(i int) bool {
	line := p.win.buf[:i]
	return p.cur.epoch.IsZero() && !p.stmt.terminated &&
		(bytes.HasPrefix([]byte("SET timestamp="), line) || bytes.HasPrefix(line, []byte("SET timestamp=")))
}

// throttled reads "throttle:       2878 'index not used' warning(s) suppressed.".
func throttled(sql []byte) uint64 {
	rest, ok := bytes.CutPrefix(sql, []byte("throttle:"))
	number, found := bytes.CutSuffix(rest, []byte(" 'index not used' warning(s) suppressed."))
	if !ok || !found {
		return 0
	}
	return count(bytes.TrimLeft(number, " "))
}

// readLine reads the line at index i as a part of the statement and returns
// the index after it.
func (p *Parser) readLine(i int) int {
	w, s := &p.win, &p.stmt
	s.remark = false
	line := i
	for {
		n := bytes.IndexByte(w.buf[i:], '\n')
		if n >= 0 {
			end := i + n + 1
			s.read(w, i, end)
			s.endLine(w, line, end)
			return p.spill(end)
		}
		// NextQuote looks ahead, and a line end must be seen together with the
		// semicolon before it: the last bytes wait for more.
		if end := len(w.buf) - 3; end > i {
			i = s.read(w, i, end)
			dropped := p.spill(i)
			line -= i - dropped
			i = dropped
		}
		if !w.more() {
			s.read(w, i, len(w.buf))
			s.endLine(w, line, len(w.buf))
			return len(w.buf)
		}
	}
}

// read follows the quotes of the window from index i to end.
func (s *statement) read(w *window, i, end int) int {
	if s.q == fingerprint.InCode && i < end && fingerprint.PlainQuotes(w.buf, i, end) {
		return end
	}
	for i < end {
		if s.q == fingerprint.InCode {
			i = fingerprint.PlainCode(w.buf, i, end)
		}
		j, q := fingerprint.NextQuote(w.buf, i, end, s.q)
		if q != s.q {
			s.remark = s.q == fingerprint.InLine
			s.opened = w.base + int64(j) - 1
			s.q = q
		}
		i = j
	}
	return i
}

// endLine looks at how a line ends that lies between two indices of the window.
// The first is negative if the beginning of the line was dropped.
func (s *statement) endLine(w *window, line, end int) {
	s.bannerTerminated, s.bannerEOL = s.terminated, s.eol
	text := trimEOL(w.buf[max(line, 0):end])
	s.eol = end - max(line, 0) - len(text)
	s.terminated = len(text) > 0 && text[len(text)-1] == ';'
	if w.base+int64(line) == s.start && bytes.HasPrefix(text, []byte(adminPrefix)) {
		s.remark = false // the server's, semicolon and all
	}
	s.banner = -1
	if line >= 0 && end-line <= maxHeaderLine && isBanner(text) {
		s.banner = w.base + int64(line)
	}
}

// spill moves a statement that is longer than what is kept of it out of the
// window, but for what lies shortly before index i. It returns the index that
// i becomes.
func (p *Parser) spill(i int) int {
	w, s := &p.win, &p.stmt
	if i < p.maxSQL+slack {
		return i
	}
	if !s.spilled {
		s.spilled = true
		s.kept = append(s.kept, w.buf[:p.maxSQL]...)
	}
	n := i - maxHeaderLine
	w.drop(n)
	return i - n
}

// inLiteral reports whether all that is like line in sql stands in a literal or a
// comment, as it does if sql begins where the server began it.
func inLiteral(sql, line []byte) bool {
	for i, q := 0, fingerprint.InCode; ; {
		n := bytes.Index(sql[i:], line)
		if n < 0 {
			return true
		}
		for at := i + n; i <= at; {
			i, q = fingerprint.NextQuote(sql, i, at+1, q)
		}
		if !q.Open() {
			return false
		}
	}
}
