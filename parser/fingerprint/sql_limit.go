package fingerprint

import "bytes"

// limit is the part of a LIMIT that has been read.
type limit byte

const (
	noLimit     limit = iota
	limitFirst        // LIMIT, whose first number comes
	limitOne          // the numbers that were there
	limitSecond       // a comma or an OFFSET, whose number comes
)

// number takes a number, and reports whether it is to be shown.
func (l *limit) number() (shown bool) {
	shown = *l != limitSecond
	if *l != noLimit {
		*l = limitOne
	}
	return shown
}

// holds reports whether a token of sql, which comes after prev, is a part of the
// LIMIT.
func (l limit) holds(t *token, sql []byte, prev previous) bool {
	switch t.kind {
	case literal, textLiteral, placeholder:
		return l != limitOne || t.kind == textLiteral && prev == afterText
	case symbol:
		return l == limitOne && t.symbol == ',' || l != limitOne && (t.symbol == '+' || t.symbol == '-')
	case plainWord:
		word := sql[t.start:t.end]
		return l == limitOne && bytes.EqualFold(word, []byte("offset")) ||
			l != limitOne && word[0] == '_' // or an introducer
	}
	return false
}
