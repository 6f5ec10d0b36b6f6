package fingerprint

import (
	"unicode"
	"unicode/utf8"
)

// word writes a keyword or a name.
func (f *formatter) word(t *token) {
	expect, alias := f.expect, f.alias
	f.wordAt, f.wordPlace, f.wordKey, f.wordExpect = len(f.dst), f.prev, f.key, nothing
	if f.prev != afterDot { // a call of schema.function is as constant as one of function
		f.wordConst = f.top.variable
	}
	f.space()
	f.wordText = len(f.dst)
	f.dst = append(f.dst, f.sql[t.start:t.end]...)
	if t.classes&(isUpper|isHigh) != 0 {
		f.lower(f.wordText, t.classes)
	}
	f.wordDigits = t.classes&(isDigit|isMask) != 0
	if f.prev != afterDot && t.classes&(isHigh|isMask) == 0 && (!f.wordDigits || f.dst[f.wordText] == '_') {
		if e := lookup(f.dst[f.wordText:]); e != nil && f.keyword(e, expect, alias) {
			return
		}
	}
	f.name(expect, alias)
}

// lower puts what was written from start on in lower case.
func (f *formatter) lower(start int, classes byte) {
	text := f.dst[start:]
	if classes&isHigh == 0 {
		for i, c := range text {
			if byteClass[c]&isUpper != 0 {
				text[i] = c | 0x20
			}
		}
		return
	}
	raw := append([]byte(nil), text...)
	f.dst = f.dst[:start]
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n <= 1 {
			f.dst = append(f.dst, raw[0])
		} else {
			f.dst = utf8.AppendRune(f.dst, unicode.ToLower(r))
		}
		raw = raw[n:]
	}
}

// name ends a name that was just written.
func (f *formatter) name(expect expectation, alias bool) {
	f.top.rows.state = noRows
	if !f.wordPlace.operand() && f.wordPlace != afterAt && f.wordPlace != afterDot && !f.constName() {
		f.top.variable = true
	}
	key := f.wordKey
	f.end(afterName)
	switch expect {
	case table, target:
		f.table(expect)
	case cte:
		f.names.add(f.dst[f.wordText:], f.wordDigits, true)
		f.prev = afterListName
	case index:
		f.prev = afterListName
	case savepoint:
		f.mask()
	default:
		switch {
		case f.wordPlace == afterAt:
			f.prev = afterVariable
			if byteClass[f.dst[f.wordText]]&isDigit != 0 {
				f.dst = append(f.dst[:f.wordText], '?') // an address
			}
		case !f.wordDigits:
		case key == kwOf:
			f.maskUnlessAlias()
		case alias:
			f.addAlias()
		}
	}
	f.wordExpect = expect
}

// constName reports whether the last word names no column, though it stands where
// a column might: CAST(? AS CHAR), CONVERT(? USING latin1), EXTRACT(day FROM ?).
func (f *formatter) constName() bool {
	switch f.wordKey {
	case kwAs, kwUsing, kwCollate, kwSet:
		return true
	}
	return f.wordPlace == afterOpen && f.top.unit
}

// quotedName writes a name in back-quotes, without them unless it needs them.
func (f *formatter) quotedName(t *token) {
	expect, alias := f.expect, f.alias
	f.wordAt, f.wordPlace, f.wordKey, f.wordExpect = len(f.dst), f.prev, f.key, nothing
	if f.prev != afterDot {
		f.wordConst = f.top.variable
	}
	f.space()
	f.wordText = len(f.dst)
	f.appendUnquoted(f.sql[t.start:t.end])
	f.name(expect, alias)
}

// appendUnquoted appends a quoted name in lower case. It keeps its quotes if
// without them it would not be read as the same name.
func (f *formatter) appendUnquoted(quoted []byte) {
	start := len(f.dst)
	classes := byte(0)
	for _, c := range quoted {
		if byteClass[c]&isSpace != 0 {
			c = ' ' // a line feed would end a line of output
		}
		classes |= byteClass[c]
		f.dst = append(f.dst, c)
	}
	f.lower(start, classes)
	f.wordDigits = classes&(isDigit|isMask) != 0
	inner := f.dst[start+1 : len(f.dst)-1]
	l, t := newLexer(inner, false), token{}
	if l.next(&t); t.kind != plainWord || t.start != 0 || t.end != len(inner) {
		return
	}
	if e := lookup(inner); e != nil && !e.named && f.prev != afterDot {
		return
	}
	copy(f.dst[start:], inner)
	f.dst = f.dst[:len(f.dst)-2]
}

// variable writes a variable, or the host of an account: user@host.
func (f *formatter) variable(t *token) {
	account := f.sql[t.start] == '@' && f.prev.account()
	f.top.variable = f.top.variable || !account
	if f.prev == afterAt {
		f.dst = append(f.dst, ' ')
	} else if !account {
		f.space()
	}
	start := len(f.dst)
	if raw := f.sql[t.start:t.end]; raw[len(raw)-1] == '`' {
		at := 1
		if raw[1] == '@' {
			at = 2
		}
		f.dst = append(f.dst, raw[:at]...)
		f.appendUnquoted(raw[at:])
	} else if account && byteClass[raw[1]]&isDigit != 0 {
		f.dst = append(f.dst, "@?"...) // an address
	} else {
		f.dst = append(f.dst, raw...)
		f.lower(start, t.classes)
	}
	f.end(afterVariable)
}

// skip reads a token of a statement of which only a name is kept. It tells
// whether it did.
func (f *formatter) skip(t *token) bool {
	switch {
	case t.kind == symbol && t.symbol == ';':
		f.skipping = skipNone
		return false
	case f.skipping == skipAfterUse:
		f.skipping = skipAll
		if t.kind != symbol {
			f.dst = append(f.dst, " ?"...)
		}
	case f.skipping == skipAfterCall && (t.kind == plainWord || t.kind == quotedWord) && f.prev != afterName:
		f.space()
		start := len(f.dst)
		if t.kind == quotedWord {
			f.appendUnquoted(f.sql[t.start:t.end])
		} else {
			f.dst = append(f.dst, f.sql[t.start:t.end]...)
			f.lower(start, t.classes)
		}
		f.end(afterName)
	case f.skipping == skipAfterCall && t.kind == symbol && t.symbol == '.' && f.prev == afterName:
		f.dst = append(f.dst, '.')
		f.end(afterDot)
	default:
		f.skipping = skipAll
	}
	return true
}
