package parser

import (
	"bytes"

	"slowdigest/parser/fingerprint"
)

// statement is how far the statement of the current entry has been read.
type statement struct {
	w      *window
	maxSQL int

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
	*s = statement{w: s.w, maxSQL: s.maxSQL, start: start, banner: -1, kept: s.kept[:0]}
}

// slack is how much longer than MaxSQL a statement can be before it is dropped
// from the window.
const slack = firstWindow

// text returns the length of the statement that ends at a position in the stream,
// and as much of it as is kept.
func (s *statement) text(end int64) (sql []byte, length int64) {
	n := end - s.start - int64(s.eol)
	if s.terminated {
		n--
	}
	n = max(n, 0)
	kept := min(n, int64(s.maxSQL))
	if s.spilled {
		return s.kept[:kept], n
	}
	return s.w.buf[:kept], n
}

// throttled reads "throttle:       2878 'index not used' warning(s) suppressed.".
func throttled(sql []byte) uint64 {
	rest, ok := bytes.CutPrefix(sql, []byte("throttle:"))
	number, found := bytes.CutSuffix(rest, []byte(" 'index not used' warning(s) suppressed."))
	if !ok || !found {
		return 0
	}
	return parseCount(bytes.TrimLeft(number, " "))
}

// readLine reads the line at index i as a part of the statement and returns
// the index after it.
func (s *statement) readLine(i int) int {
	w := s.w
	s.remark = false
	line := i
	for {
		n := bytes.IndexByte(w.buf[i:], '\n')
		if n >= 0 {
			end := i + n + 1
			s.follow(i, end)
			s.endLine(line, end)
			return s.spill(end)
		}
		// NextQuote looks ahead, and a line end must be seen together with the
		// semicolon before it: the last bytes wait for more.
		if end := len(w.buf) - 3; end > i {
			i = s.follow(i, end)
			dropped := s.spill(i)
			line -= i - dropped
			i = dropped
		}
		if !w.more() {
			s.follow(i, len(w.buf))
			s.endLine(line, len(w.buf))
			return len(w.buf)
		}
	}
}

// follow follows the quotes of the window from index i to end.
func (s *statement) follow(i, end int) int {
	w := s.w
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
func (s *statement) endLine(line, end int) {
	w := s.w
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
func (s *statement) spill(i int) int {
	w := s.w
	if i < s.maxSQL+slack {
		return i
	}
	if !s.spilled {
		s.spilled = true
		s.kept = append(s.kept, w.buf[:s.maxSQL]...)
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
