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

	line    int64 // where the line at hand begins
	midLine bool  // a part of it has been read
	comment bool  // it ends in a comment
	escaped bool  // a quote in a string may be escaped
	ending        // at the end of the last line

	// banner is where a banner began in the last line, and else -1; beforeBanner is
	// how the text before it ends.
	banner       int64
	beforeBanner ending

	header      int64 // where the first header is that was not believed; 0 is nowhere
	doubt       int64 // where it is in doubt whether the text is still the statement's; 0 is nowhere
	disbelieved bool  // there was a whole header, and it is not reported yet
	refused     int64 // what looks like a header before it is the second line of one that was not believed

	kept    []byte
	spilled bool // the window does not hold the statement any more, kept does
}

// ending is how the text of a statement ends. Blanks after it do not count, nor do
// the NUL bytes that a log can hold where its file was cut while it was written.
type ending struct {
	terminated bool  // by a semicolon
	hidden     bool  // which stands in a comment to the end of its line
	sql        int64 // where the statement ends, the semicolon and the line's end left out

	// clean is where in the log the last line ends that has a semicolon at its end, in
	// code, or -1; cleanSQL is where the statement ends if that is the server's.
	clean, cleanSQL int64
}

// trimBlanks leaves out what may follow the semicolon that ends a statement.
func trimBlanks(b []byte) []byte {
	n := len(b)
	for n > 0 && isBlank(b[n-1]) {
		n--
	}
	return b[:n]
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0 }

// slack is how much longer than MaxSQL a statement can be before it is dropped
// from the window.
const slack = firstWindow

func (s *statement) reset(start int64) {
	s.start, s.line, s.banner = start, start, -1
	s.q, s.midLine, s.comment, s.escaped = fingerprint.InCode, false, false, false
	s.ending = ending{sql: start, clean: -1}
	s.disbelieved, s.header, s.doubt = false, 0, 0
	s.refused = 0
	s.kept, s.spilled = s.kept[:0], false
}

// text returns the length of the statement, which ends at a position in the
// stream, and as much of it as is kept.
func (s *statement) text(end int64) (sql []byte, length int64) {
	n := end - s.start
	kept := min(n, int64(s.maxSQL))
	if s.spilled {
		return s.kept[:kept], n
	}
	return s.w.buf[:kept], n
}

// readLine reads the rest of the line at index i as a part of the statement and
// returns the index after it, or that of what looks like a header in its middle.
func (s *statement) readLine(i int) int {
	w := s.w
	if !s.midLine {
		s.line = w.position(i)
		s.comment = false
	}
	for from := i + 1; ; from = i { // what stands at i is known to be no header
		read := len(w.buf)
		end, whole := read-3, false
		if n := bytes.IndexByte(w.buf[i:], '\n'); n >= 0 {
			end, whole = i+n+1, true
		}
		// NextQuote looks ahead, and a line end must be seen together with the
		// semicolon before it: the last bytes wait for more.
		if end > i {
			if i, s.midLine = s.follow(i, end, from); s.midLine {
				return s.spill(i)
			}
			if whole {
				s.endLine(end)
				return s.spill(end)
			}
			dropped := i - s.spill(i)
			i, read = i-dropped, read-dropped
		}
		if read < len(w.buf) || w.more() { // follow can have read on
			continue
		}
		if i, s.midLine = s.follow(i, len(w.buf), max(from, i)); !s.midLine {
			s.endLine(len(w.buf))
		}
		return i
	}
}

// follow follows the quotes of the window from index i to end, but stops before
// what looks like a header, if one stands at index from or after it. It reports
// whether it does.
func (s *statement) follow(i, end, from int) (int, bool) {
	w := s.w
	if s.q == fingerprint.InCode && i < end && fingerprint.PlainQuotes(w.buf, i, end) {
		return end, false // there is no # in it
	}
	for i < end {
		stop, found := w.nextHeader(max(i, from), end)
		for i < stop {
			if s.q == fingerprint.InCode {
				i = fingerprint.PlainCode(w.buf, i, stop)
			}
			j, q := fingerprint.NextQuote(w.buf, i, stop, s.q)
			if s.q == fingerprint.InSingle || s.q == fingerprint.InDouble {
				s.escaped = s.escaped || bytes.Contains(w.buf[i:min(j, len(w.buf))], []byte{'\\', byte(s.q)})
			}
			if q != s.q {
				s.comment = s.q == fingerprint.InLine
				s.opened = w.base + int64(j) - 1
				s.q = q
			}
			i = j
		}
		if found { // i is after stop where a backslash is before it
			return stop, true
		}
	}
	return i, false
}

// endLine looks at how the line ends that ends before an index of the window.
func (s *statement) endLine(end int) {
	w := s.w
	line := int(s.line - w.base)
	s.banner = -1
	if text := trimEOL(w.buf[max(line, 0):end]); line >= 0 && end-line <= maxHeaderLine && isBanner(text) {
		s.banner, s.beforeBanner = s.line, s.ending
		if n := bannerStart(text); !s.terminated && n > 0 { // the server was killed
			s.banner, s.beforeBanner = w.position(line+n), s.endingAt(line+n)
		}
	}
	s.ending.read(s, end)
}

// endingAt is how the statement ends if it ends before an index of the window, in
// the line at hand.
func (s *statement) endingAt(end int) ending {
	e := s.ending
	e.read(s, end)
	return e
}

// read takes in the end of the line at hand, up to an index of the window. Of a long
// line only the end counts, as the rest may have been dropped.
func (e *ending) read(s *statement, end int) {
	w := s.w
	line, whole := int(s.line-w.base), true
	if end-line > maxHeaderLine {
		line, whole = end-maxHeaderLine, false
	}
	n := end
	for ; n > line && isBlank(w.buf[n-1]); n-- {
	}
	if n == line && whole {
		return
	}
	if e.terminated = n > line && w.buf[n-1] == ';'; !e.terminated {
		e.hidden = false
		e.sql = w.position(line + len(trimEOL(w.buf[line:end])))
		return
	}
	e.sql = w.position(n - 1)
	e.hidden = s.comment || s.q == fingerprint.InLine
	if e.hidden && whole && s.line == s.start && bytes.HasPrefix(w.buf[line:n], []byte(adminPrefix)) {
		e.hidden = false // it is the server's, semicolon and all
	}
	if !s.q.Open() {
		e.clean, e.cleanSQL = w.raw(w.position(end)), e.sql
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

// throttled reads "throttle:       2878 'index not used' warning(s) suppressed.".
func throttled(sql []byte) uint64 {
	rest, ok := bytes.CutPrefix(sql, []byte("throttle:"))
	number, found := bytes.CutSuffix(rest, []byte(" 'index not used' warning(s) suppressed."))
	if !ok || !found {
		return 0
	}
	return parseCount(bytes.TrimLeft(number, " "))
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
