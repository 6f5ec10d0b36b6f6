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
// It also returns how far it has read: lookAhead at most, and eight times the length
// of the log in all, so that time stays linear. It knows nothing beyond that.
func (l *lookahead) goesOn(i int, q fingerprint.Quote, m escapes) (v verdict, end int) {
	if !l.allowed(i) {
		return tooFar, i
	}
	w := l.w
	limit := i + lookAhead
	inner, quoted := false, true // quoted until what is open at i has ended
	for i < limit {
		line := i
		end, how := w.line(i, limit-i)
		w.has(end + 2) // NextQuote looks ahead
		l.scanned += int64(end - i)
		for i < end {
			j, next := m.nextQuote(w.buf, i, end, q)
			if next != q && !plausibleChange(w, j, q, next) {
				return unclosed, j
			}
			inner = inner || quoted && q == fingerprint.InComment && bytes.Contains(w.buf[i:j], []byte("/*"))
			quoted = quoted && next != fingerprint.InCode
			i, q = j, next
		}
		switch ended := !quoted && !q.Open(); {
		case inner && !quoted:
			return nested, i
		case ended && !w.has(end):
			return closed, end
		case ended && how == lineWhole && l.endsBefore(line, end):
			return closed, end
		case !w.has(end) && endsEntry(w.buf[line:end]):
			return endless, end
		case !w.has(end):
			return cutOff, end
		}
	}
	if !quoted {
		return closed, i
	}
	return tooFar, i
}

// readsAsCode reports whether the text from index i to another, at the end of a line,
// which would stand in a literal or comment q, can as well be entries: whether there is
// a header in it from which on each literal begins and ends as literals do, and no
// comment ends that did not begin; and the last entry ends in code, or where it can be
// cut. HeaderEnd returns where the statement begins after a header that can be one of
// the log's, and else 0.
//
// From each header on the text is read in code. Two readings that come to be in the
// same state are one, so there are never more than there are states.
func (l *lookahead) readsAsCode(i, to int, q fingerprint.Quote, headerEnd func(int) int) bool {
	w := l.w
	var open [len(states)]bool // whether a reading is in that state
	for i < to {
		if !l.allowed(i) { // nothing is known, so it may be
			return true
		}
		end, _ := w.line(i, to-i)
		w.has(end + 1)
		last := open
		open = [len(states)]bool{}
		for state, is := range last {
			if is {
				l.scanned += int64(end - i)
				if state = readLineAsCode(w, i, end, state, q); state >= 0 {
					open[state] = true
				}
			}
		}
		l.scanned += int64(end - i)
		if at, found := w.headerFrom(i, end); found && headerEnd(at) > 0 {
			open[0] = true
		}
		i = end
	}
	return open[0] || open != [len(states)]bool{} && l.mayBeCut(to)
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
func readLineAsCode(w *window, i, end, state int, around fingerprint.Quote) int {
	q := states[state]
	for i < end {
		j, next := fingerprint.NextQuote(w.buf, i, end, q)
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
