package parser

import "bytes"

// inside tells whether the line at index i, which stands in an open literal or
// comment, is a part of it. Plausible tells whether it is a header that fits
// the log, for where reading ahead does not decide.
func (p *Parser) inside(i int, plausible bool) bool {
	s := &p.stmt
	if p.position(i) < s.sealed {
		return true
	}
	v, end := p.goesOn(i)
	switch v {
	case unclosed:
		return false
	case closed:
		if plausible && p.repeated(i, end) {
			return false
		}
	case unknown:
		// A banner or the mark of a cut is believed if the log ends soon after.
		if plausible || !p.looksLikeHeader(i) && !p.win.has(end) {
			return false
		}
	}
	s.sealed = p.position(end)
	return true
}

// verdict is what reading ahead says of an open literal or comment.
type verdict int

const (
	unknown  verdict = iota
	closed           // it ends as literals end, and so does the statement
	unclosed         // what would end it begins a literal of a later entry
)

// goesOn reads ahead from index i as if the literal or comment that is open
// went on there. If it really does, it is closed, and behind the quote comes
// what can come behind a literal, and the statement ends with a semicolon
// before a header. If it does not, what closes it is the quote that opens the
// next literal of a later entry, and behind that comes its text.
//
// It also returns how far it has read. It reads ahead eight times the length of
// the log at most, so that time stays linear, and knows nothing beyond that.
func (p *Parser) goesOn(i int) (verdict, int) {
	w := &p.win
	limit := i + lookAhead
	if p.scanned > 8*p.position(i)+4*lookAhead {
		return unknown, i
	}
	q, done, nested := p.stmt.q, false, false
	for i < limit {
		end, how := w.line(i, limit-i)
		p.scanned += int64(end - i)
		line := i
		for i < end {
			j, next := nextQuote(w.buf, i, end, q)
			if next != q && !plausibleChange(w, i, j, q, next) {
				return unclosed, j
			}
			nested = nested || q == inComment && !done && bytes.Contains(w.buf[i:j], []byte("/*"))
			done = done || next == inCode
			i, q = j, next
		}
		if nested && done {
			return unknown, i // it can be the comment of a later entry
		}
		if how == lineLast || !w.has(end) {
			if done && !q.open() {
				return closed, end
			}
			return unknown, end
		}
		if done && !q.open() && how == lineWhole && bytes.HasSuffix(trimEOL(w.buf[line:end]), []byte(";")) && p.looksLikeHeader(end) {
			return closed, end
		}
	}
	if done {
		return closed, i
	}
	return unknown, i
}

// plausibleChange tells whether a literal can begin or end at index j, where q
// changes to next.
func plausibleChange(w *window, i, j int, q, next quote) bool {
	switch {
	case q == inSingle, q == inDouble, q == inTick:
		return !w.has(j) || afterLiteral(w.buf[j], q)
	case next == inSingle, next == inDouble:
		return beforeLiteral(w.buf[:j-1])
	}
	return true
}

// afterLiteral tells whether c can follow a literal.
func afterLiteral(c byte, q quote) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '\f', '\v', ',', ')', ';', '=', '<', '>', '!', '+', '-', '*', '/', '|', '&', '^', '}', '@':
		return true
	case '.', ':':
		return q != inSingle
	}
	return false
}

// beforeLiteral tells whether a literal can follow b: if a word stands there,
// it must be an introducer, as in N'...', x'...' and _utf8mb4'...'.
func beforeLiteral(b []byte) bool {
	n := len(b)
	for n > 0 && isWord(b[n-1]) {
		n--
	}
	word := b[n:]
	switch {
	case len(word) == 0 || word[0] == '_':
		return true
	case len(word) == 1:
		return bytes.IndexByte([]byte("nNxXbB"), word[0]) >= 0
	}
	return false
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// repeated tells whether the text that would end at index end, if the literal
// open at index i went on, ends with a statement that begins as the current one
// does up to its open quote: then it is the same statement again, with the same
// quote too many.
func (p *Parser) repeated(i, end int) bool {
	s := &p.stmt
	if p.position(i)-s.start > int64(p.maxSQL) {
		return false
	}
	head := p.win.buf[:s.opened-s.start+1]
	tail := p.win.buf[i:end]
	n := len(head)
	at := bytes.LastIndex(tail, append([]byte{'\n'}, head...))
	return at >= 0 && bytes.IndexByte(tail[at+1+n:len(tail)-1], '\n') < 0
}
