package parser

import (
	"bytes"
	"slices"

	"slowdigest/parser/fingerprint"
)

// lookAhead is how far the log is read ahead, in bytes, to find out whether
// what looks like a header is one, or stands in a literal or comment. It is
// held in memory. If a literal is longer, a header in it is taken for a part of it.
const lookAhead = 1 << 20

// lookahead reads on from a place in a statement without dropping anything.
type lookahead struct {
	w       *window
	scanned int64 // bytes, in all
}

// verdict says what an open literal or comment is by what follows.
type verdict int

const (
	closed   verdict = iota // it ends as literals end, and so does the statement
	unclosed                // what would end it begins a literal of a later entry
	nested                  // it is a comment, and what would end it may end that of a later entry
	endless                 // the log ends before it, though with a whole entry
	cutOff                  // the log ends before it
	tooFar                  // it does not end within lookAhead, or too much has been read ahead
)

// goesOn reads ahead from index i as if a literal or comment q were open there.
// If one is, then it is closed, and after the quote comes what can come after
// a literal, and the statement ends with a semicolon before a header. If none
// is, then what would close it is the quote that opens the next literal of a
// later entry, and after that comes its text. Backslashes are read as m says.
//
// It also returns the index after the closing quote, if there is one, and how
// far it has read: lookAhead at most, and eight times the length of the log in
// all, so that time stays linear. It knows nothing beyond that.
func (l *lookahead) goesOn(i int, q fingerprint.Quote, m escapes) (v verdict, quote, end int) {
	if !l.allowed(i) {
		return tooFar, 0, i
	}
	w := l.w
	limit := i + lookAhead
	inner := false
	for i < limit {
		line := i
		end, how := w.line(i, limit-i)
		w.has(end + 2) // NextQuote looks ahead
		l.scanned += int64(end - i)
		for i < end {
			j, next := m.nextQuote(w.buf, i, end, q)
			if next != q && !plausibleChange(w, j, q, next) {
				return unclosed, j, j
			}
			inner = inner || quote == 0 && q == fingerprint.InComment && bytes.Contains(w.buf[i:j], []byte("/*"))
			if quote == 0 && next == fingerprint.InCode {
				quote = j
			}
			i, q = j, next
		}
		switch ended := quote > 0 && !q.Open(); {
		case inner && quote > 0:
			return nested, quote, i
		case ended && !w.has(end):
			return closed, quote, end
		case ended && how == lineWhole && l.endsBefore(line, end):
			return closed, quote, end
		case !w.has(end) && endsEntry(w.buf[line:end]):
			return endless, 0, end
		case !w.has(end):
			return cutOff, 0, end
		}
	}
	if quote > 0 {
		return closed, quote, i
	}
	return tooFar, 0, i
}

// readsAsCode reports whether the text from index i to another, at the end of a line,
// which would stand in a literal or comment q, can as well be entries: whether there is
// a header in it from which on each literal begins and ends as literals do, and no
// comment ends that did not begin. Then all is true if the last entry ends in code, or
// where the log ends or the server was killed; else it is cut in a literal, and one
// before it is whole. It returns the index of the first such header. HeaderEnd returns
// where the statement begins after a header that can be one of the log's, and else 0.
//
// From each header on the text is read in code. Two readings that come to be in the
// same state are one, so there are never more than there are states.
func (l *lookahead) readsAsCode(i, to int, q fingerprint.Quote, m escapes, headerEnd func(int) int) (header int, can, all bool) {
	w := l.w
	r := readings{w: w, first: i, around: q, escapes: m, headerEnd: headerEnd}
	for i < to {
		if !l.allowed(i) { // nothing is known, so it may be
			return r.first, true, true
		}
		if r.open == [len(states)]reading{} { // nothing is read from a header on, yet
			at, found := w.headerFrom(i, to)
			l.scanned += int64(at - i)
			if i = at; !found {
				break
			}
			if i++; r.begin(at) {
				i, _ = w.line(at, to-at)
			}
			continue
		}
		end, _ := w.line(i, to-i)
		w.has(end + 1)
		l.scanned += int64(end-i) * int64(1+r.line(i, end))
		i = end
	}
	if i != to {
		return 0, false, false
	}
	if r.open == [len(states)]reading{} && r.died > 0 {
		return r.first + r.died - 1, true, false
	}
	began := r.open[0].from
	all = began > 0
	for _, o := range r.open {
		if began == 0 && l.mayBeCut(to) {
			began, all = o.from, o.from > 0
		}
		can = can || o.from > 0 && o.begun && r.whole > 0
	}
	if !all {
		began = r.whole
	}
	return r.first + began - 1, can || all, all
}

// readings are the ways to read a text as entries.
type readings struct {
	w         *window
	first     int // index of the text
	around    fingerprint.Quote
	escapes   escapes
	headerEnd func(int) int

	open  [len(states)]reading // those that have come to be in each state
	sql   int                  // where the statement begins after the last header
	whole int                  // from of a reading that has met a whole entry
	died  int                  // from of one that could not be read on within an entry
}

// reading is a way to read a text as entries, from one of its headers on.
type reading struct {
	from  int  // where that header is, from 1 on; 0 if there is no such reading
	begun bool // the last entry has not come to a semicolon yet
}

// begin begins a reading at an index if that is where a header is.
func (r *readings) begin(at int) bool {
	sql := r.headerEnd(at)
	if sql > 0 {
		r.sql, r.open[0] = sql, reading{at - r.first + 1, true}
	}
	return sql > 0
}

// line reads a line in all ways, and returns how many they are.
func (r *readings) line(i, end int) (n int) {
	w, last := r.w, r.open
	r.open = [len(states)]reading{}
	for state, o := range last {
		if o.from == 0 {
			continue
		}
		n++
		if state = readLineAsCode(w, i, end, state, r.around, r.escapes); state >= 0 {
			to := &r.open[state]
			if to.from == 0 || o.from < to.from {
				to.from = o.from
			}
			to.begun = to.begun || o.begun
		} else if o.begun && r.whole == o.from {
			r.died = o.from
		}
	}
	sql, code := 0, &r.open[0]
	if w.startsHeader(i) {
		sql = r.headerEnd(i)
	}
	switch {
	case sql > 0 && code.from > 0:
		if !last[0].begun && last[0].from > 0 {
			r.whole = last[0].from
		}
		r.sql, code.begun = sql, true
	case code.from > 0:
		code.begun = code.begun && !(i >= r.sql && endsEntry(w.buf[i:end]))
	case sql > 0:
		r.sql, *code = sql, reading{i - r.first + 1, true}
	default:
		if at, found := w.nextHeader(i+1, end); found {
			r.begin(at)
		}
	}
	return n
}

// mayBeCut reports whether the entry that ends at an index may be cut.
func (l *lookahead) mayBeCut(end int) bool {
	if !l.w.has(end) {
		return !endsEntry(l.w.buf[max(0, end-maxHeaderLine):end])
	}
	next := l.w.skipBlanks(end)
	line, _ := l.w.line(next, maxHeaderLine)
	return isBanner(trimEOL(l.w.buf[next:line]))
}

// states are those in which a line can end; the first is code.
var states = [...]fingerprint.Quote{fingerprint.InCode, fingerprint.InSingle, fingerprint.InDouble, fingerprint.InTick, fingerprint.InComment}

// readLineAsCode reads a line from one of the states on and returns that in which it
// ends, or -1 if it cannot be read.
func readLineAsCode(w *window, i, end, state int, around fingerprint.Quote, m escapes) int {
	q := states[state]
	for i < end {
		j, next := m.nextQuote(w.buf, i, end, q)
		if next != q && !plausibleChange(w, j, q, next) ||
			around == fingerprint.InComment && q == fingerprint.InCode && bytes.Contains(w.buf[i:j], []byte("*/")) {
			return -1
		}
		i, q = j, next
	}
	if q == fingerprint.InLine {
		return 0
	}
	return slices.Index(states[:], q)
}

// allowed reports whether reading ahead from index i leaves time linear.
func (l *lookahead) allowed(i int) bool {
	return l.scanned <= 8*l.w.position(i)+4*lookAhead
}

// endsBefore reports whether a statement ends with the line between two indices.
func (l *lookahead) endsBefore(line, end int) bool {
	if !endsEntry(l.w.buf[line:end]) {
		return false
	}
	end = l.w.skipBlanks(end)
	if l.w.startsEntry(end) {
		return true
	}
	after, _ := l.w.line(end, maxHeaderLine)
	text := trimEOL(l.w.buf[end:after])
	return isBanner(text) || isHeading(text)
}

// endsEntry reports whether a line ends in a semicolon, as the last of an entry does.
func endsEntry(line []byte) bool {
	return bytes.HasSuffix(trimBlanks(line), []byte(";"))
}

// plausibleChange reports whether a literal can begin or end before index j, where
// q changes to next.
func plausibleChange(w *window, j int, q, next fingerprint.Quote) bool {
	switch {
	case q == fingerprint.InSingle, q == fingerprint.InDouble, q == fingerprint.InTick:
		return !w.has(j) || afterLiteral(w.buf[j], q)
	case next == fingerprint.InSingle, next == fingerprint.InDouble:
		return beforeLiteral(w.buf[:j-1])
	}
	return true
}

// afterLiteral reports whether c can follow a literal.
func afterLiteral(c byte, q fingerprint.Quote) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '\f', '\v', ',', ')', ';', '=', '<', '>', '!', '+', '-', '*', '/', '|', '&', '^', '}', '@':
		return true
	case '.', ':':
		return q != fingerprint.InSingle
	}
	return false
}

// beforeLiteral reports whether a literal can follow b: if a word stands there,
// it must be an introducer, as in N'...', x'...', _utf8mb4'...' and date'...'.
func beforeLiteral(b []byte) bool {
	n := len(b)
	for n > 0 && isWord(b[n-1]) {
		n--
	}
	word := b[n:]
	switch {
	case len(word) == 0:
		return n == 0 || b[n-1] != '\\'
	case word[0] == '_':
		return true
	case len(word) == 1:
		return bytes.IndexByte([]byte("nNxXbB"), word[0]) >= 0
	}
	switch string(bytes.ToLower(word[:min(len(word), len("timestamp")+1)])) {
	case "date", "time", "timestamp":
		return true
	}
	return false
}

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}

// opensLiteral reports whether a quote after b rather begins a literal than ends
// one.
func opensLiteral(b []byte) bool {
	trimmed := bytes.TrimRight(b, " ")
	n := len(trimmed)
	if n == 0 || n == len(b) && isWord(trimmed[n-1]) {
		return false
	}
	word := n
	for word > 0 && isWord(trimmed[word-1]) {
		word--
	}
	switch string(bytes.ToLower(trimmed[max(word, n-8):n])) {
	case "select", "like", "and", "or", "between", "when", "then", "else", "by":
		return true
	}
	return bytes.IndexByte([]byte("=<>(,"), trimmed[n-1]) >= 0
}
