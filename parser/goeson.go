package parser

import (
	"bytes"

	"slowdigest/parser/fingerprint"
)

// inside reports whether the line at index i, which stands in an open literal or
// comment, is a part of it. Plausible reports whether it is a header that fits
// the log; that decides where reading ahead does not.
func (p *Parser) inside(i int, plausible bool) bool {
	s := &p.stmt
	if p.position(i) < s.sealed {
		return true
	}
	v, end := unknown, i
	var quote int
	if p.position(i) >= s.unsure {
		v, quote, end = p.goesOn(i, s.q)
	}
	switch v {
	case unclosed:
		return false
	case closed:
		if plausible && (opensLiteral(p.win.buf[i:quote-1]) || p.repeated(i, quote)) {
			return false
		}
		s.sealed = p.position(end)
		return true
	}
	s.unsure = max(s.unsure, p.position(end))
	// A banner or the mark of a cut is believed if the log ends soon after.
	return !plausible && (p.looksLikeHeader(i) || p.win.has(int(s.unsure-p.win.base)))
}

// verdict is what reading ahead says of an open literal or comment.
type verdict int

const (
	unknown  verdict = iota
	closed           // it ends as literals end, and so does the statement
	unclosed         // what would end it begins a literal of a later entry
)

// goesOn reads ahead from index i as if a literal or comment q were open there.
// If one is, then it is closed, and after the quote comes what can come after
// a literal, and the statement ends with a semicolon before a header. If none
// is, then what would close it is the quote that opens the next literal of a
// later entry, and after that comes its text.
//
// It also returns the index after the closing quote, if there is one, and how
// far it has read: lookAhead at most, and eight times the length of the log in
// all, so that time stays linear. It knows nothing beyond that.
func (p *Parser) goesOn(i int, q fingerprint.Quote) (v verdict, quote, end int) {
	if p.scanned > 8*p.position(i)+4*lookAhead {
		return unknown, 0, i
	}
	w := &p.win
	limit := i + lookAhead
	nested := false
	for i < limit {
		line := i
		end, how := w.line(i, limit-i)
		w.has(end + 2) // NextQuote looks ahead
		p.scanned += int64(end - i)
		for i < end {
			j, next := fingerprint.NextQuote(w.buf, i, end, q)
			if next != q && !plausibleChange(w, j, q, next) {
				return unclosed, j, j
			}
			nested = nested || quote == 0 && q == fingerprint.InComment && bytes.Contains(w.buf[i:j], []byte("/*"))
			if quote == 0 && next == fingerprint.InCode {
				quote = j
			}
			i, q = j, next
		}
		switch ended := quote > 0 && !q.Open(); {
		case nested && quote > 0: // it can be the comment of a later entry
			return unknown, quote, i
		case ended && !w.has(end):
			return closed, quote, end
		case ended && how == lineWhole && p.endsBefore(line, end):
			return closed, quote, end
		case !w.has(end):
			return unknown, 0, end
		}
	}
	if quote > 0 {
		return closed, quote, i
	}
	return unknown, 0, i
}

// endsBefore reports whether a statement ends with the line between two indices.
func (p *Parser) endsBefore(line, end int) bool {
	if !bytes.HasSuffix(trimEOL(p.win.buf[line:end]), []byte(";")) {
		return false
	}
	if p.looksLikeHeader(end) {
		return true
	}
	after, _ := p.win.line(end, maxHeaderLine)
	return isBanner(trimEOL(p.win.buf[end:after]))
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

// repeated reports whether the literal open at index i, if it went on to its
// closing quote, would end with what the current statement has up to the
// opening one: then it is the same statement again, with the same quote too
// many.
func (p *Parser) repeated(i, quote int) bool {
	s := &p.stmt
	if p.position(i)-s.start > int64(p.maxSQL) {
		return false
	}
	rest, same := bytes.CutSuffix(p.win.buf[i:quote], p.win.buf[:s.opened-s.start+1])
	return same && bytes.HasSuffix(rest, []byte("\n"))
}
