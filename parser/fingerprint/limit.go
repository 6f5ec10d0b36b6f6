package fingerprint

import "bytes"

// limit is how far a LIMIT was read.
type limit byte

const (
	noLimit    limit = iota
	limitFirst       // its first number comes
	limitOne         // that was read

	limitSecond // a comma or an OFFSET, whose number comes
)

// endLimit ends a LIMIT with a token that is no part of it.
func (f *formatter) endLimit(t *token) {
	switch t.kind {
	case literal, textLiteral, placeholder:
		if f.limit != limitOne || t.kind == textLiteral && f.prev == afterText {
			return
		}
	case symbol:
		if f.limit == limitOne && t.symbol == ',' || f.limit != limitOne && (t.symbol == '+' || t.symbol == '-') {
			return
		}
	case plainWord:
		if word := f.sql[t.start:t.end]; f.limit == limitOne && bytes.EqualFold(word, []byte("offset")) ||
			f.limit != limitOne && word[0] == '_' { // or an introducer
			return
		}
	}
	second := f.limit == limitSecond
	f.limit = noLimit
	switch {
	case second && f.key == kwOffset:
		f.dst = append(f.dst, " offset"...)
	case second:
		f.comma()
	}
}
