package fingerprint

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// writer writes a fingerprint, with one spacing whatever the statement's own. It
// remembers of the last tokens what tells how the next one is to be read, and
// what is needed to take them back.
type writer struct {
	dst     []byte
	base    int    // where the fingerprint begins in dst
	scratch []byte // room for what is written anew

	prev         previous
	key, keyPrev keyword // of the last token and of the one before, noKeyword if it was none
	keyAt        int     // where the last keyword begins, the space before it included

	expect expectation // what the next name is the name of
	alias  bool        // the next name would be the alias of a table

	word   word // the last one
	before int  // where in the statement the token before this one ends
	signs  mark // the first of the signs before this token
}

// previous classifies the last token, by what may follow it.
type previous byte

const (
	atStart previous = iota
	afterSemicolon
	afterOpen
	afterDot
	afterSign
	afterUnary // ! and ~
	afterAt
	afterArrow
	afterClose
	afterComma
	afterOperator
	afterText // a string
	afterValue
	afterName
	afterListName // a name after which a list of columns stands
	afterVariable
	afterStar
	afterKeyword
	afterCallable // a keyword that is also a function
)

// operand reports whether the last token ends an operand, so that a sign is an
// operator and a name is an alias or a unit.
func (p previous) operand() bool { return p == afterClose || p >= afterText && p <= afterStar }

// account reports whether an @ after the last token is that of an account.
func (p previous) account() bool { return p == afterText || p == afterValue || p == afterName }

// glued reports whether no space is between the last token and any next.
func (p previous) glued() bool { return p == atStart || p >= afterOpen && p <= afterArrow }

// mark holds what was true before a token, so that it can be taken back.
type mark struct {
	at       int // where the token begins in dst, the space before it included
	prev     previous
	key      keyword
	variable bool // whether the group held more than literals and calls
}

// word is a name or keyword that was written.
type word struct {
	mark
	text   int         // where it begins in dst, without the space
	digits bool        // it holds digits, or question marks in their place
	expect expectation // what it is the name of
}

// space separates the next token from the last.
func (w *writer) space() {
	if !w.prev.glued() {
		w.dst = append(w.dst, ' ')
	}
}

// write writes a token as it is.
func (w *writer) write(token []byte, p previous) {
	w.space()
	w.dst = append(w.dst, token...)
	w.end(p)
}

// end makes a token that is no keyword the last one.
func (w *writer) end(p previous) {
	w.keyPrev, w.key = w.key, noKeyword
	w.prev = p
	w.expect, w.alias = nothing, false
}

// mark returns what is true before the next token. Variable is the group's.
func (w *writer) mark(variable bool) mark {
	return mark{at: len(w.dst), prev: w.prev, key: w.key, variable: variable}
}

// takeBack removes the token before which m was made, and all after it.
func (w *writer) takeBack(m mark) {
	w.dst, w.prev, w.key = w.dst[:m.at], m.prev, m.key
}

// replace puts s in the place of dst[from:end]. What stands after that is the last
// keyword, if anything.
func (w *writer) replace(from, end int, s string) {
	var room [32]byte
	after := append(room[:0], w.dst[end:]...)
	w.dst = append(append(w.dst[:from], s...), after...)
	moved := end - from - len(s)
	w.word.at, w.word.text, w.keyAt = w.word.at-moved, w.word.text-moved, w.keyAt-moved
}

// remove leaves dst[from:end] out. What stands after that is the last keyword, if
// anything.
func (w *writer) remove(from, end int) {
	n := end - from
	w.dst = append(w.dst[:from], w.dst[end:]...)
	if w.word.at >= end {
		w.word.at, w.word.text = w.word.at-n, w.word.text-n
	}
	if w.keyAt >= end {
		w.keyAt -= n
	}
}

// operator writes an operator, which never touches another.
func (w *writer) operator(token []byte, p previous) {
	if w.prev >= afterSign && w.prev <= afterArrow {
		w.dst = append(w.dst, ' ')
	}
	w.write(token, p)
}

// tight writes an operator that touches the operand before it: a->b, 'u'@'h',
// label: loop.
func (w *writer) tight(token []byte, p previous) {
	switch {
	case p == afterAt && w.prev != afterAt && !w.prev.account():
		w.write(token, p)
		return
	case !w.prev.operand():
		w.operator(token, p)
		return
	}
	w.dst = append(w.dst, token...)
	w.end(p)
}

// sign writes a sign, which goes with the literal after it, or an operator.
func (w *writer) sign(token []byte) {
	if w.prev.operand() {
		w.operator(token, afterOperator)
		return
	}
	if w.prev != afterSign {
		w.signs = w.mark(false)
	}
	w.operator(token, afterSign)
}

// lower puts what was written from start on in lower case.
func (w *writer) lower(start int, classes byte) {
	written := w.dst[start:]
	if classes&isHigh == 0 {
		for i, c := range written {
			if byteClass[c]&isUpper != 0 {
				written[i] = c | 0x20
			}
		}
		return
	}
	raw := append([]byte(nil), written...)
	w.dst = w.dst[:start]
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n <= 1 {
			w.dst = append(w.dst, raw[0])
		} else {
			w.dst = utf8.AppendRune(w.dst, unicode.ToLower(r))
		}
		raw = raw[n:]
	}
}

// appendUnquoted appends a name in back-quotes in lower case. It keeps its quotes
// if without them it would not be read as the same name.
func (w *writer) appendUnquoted(name []byte) {
	start := len(w.dst)
	classes := byte(0)
	for _, c := range name {
		if byteClass[c]&isSpace != 0 {
			c = ' ' // a line feed would end a line of output
		}
		classes |= byteClass[c]
		w.dst = append(w.dst, c)
	}
	w.lower(start, classes)
	w.word.digits = classes&(isDigit|isMask) != 0
	inner := w.dst[start+1 : len(w.dst)-1]
	if name[0] == '"' && !bytes.ContainsAny(inner, "`\"") {
		w.dst[start], w.dst[len(w.dst)-1] = '`', '`'
	}
	if !isPlainWord(inner) {
		return
	}
	if e := lookup(inner); e != nil && !e.named && w.prev != afterDot {
		return
	}
	copy(w.dst[start:], inner)
	w.dst = w.dst[:len(w.dst)-2]
}

// isPlainWord reports whether a text is read as one word.
func isPlainWord(s []byte) bool {
	if text(s).is(0, isLetter) && s[0] != '$' && text(s).span(0, isLetter|isDigit) == len(s) {
		return true // as most are
	}
	l, t := newLexer(s, false), token{}
	l.next(&t)
	return t.kind == plainWord && t.start == 0 && t.end == len(s)
}

// maskDigits masks what is generated in the last word. A name of which nothing else is
// left has back-quotes, so that it is no literal.
func (w *writer) maskDigits() {
	w.dst = w.dst[:w.word.text+maskGenerated(w.dst[w.word.text:])]
	if string(w.dst[w.word.text:]) == "?" {
		w.dst = append(w.dst[:w.word.text], "`?`"...)
	}
}
