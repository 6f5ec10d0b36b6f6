package fingerprint

// text reads a string whose quote stands at quote, and its prefix before it.
func (l *lexer) text(t *token, k kind, quote int) {
	end, closed, escaped := quoted(l.sql, quote)
	if escaped && l.escaped < 0 {
		l.escaped = quote
	}
	if !closed {
		l.open = quote
	}
	t.kind, t.end = k, end
}

// quotedName reads a token that is, or ends with, a name in back-quotes. One
// without an end is not shown, nor what stands after it: it may hold literals.
func (l *lexer) quotedName(t *token, k kind, quote int) {
	var closed bool
	t.kind = k
	if t.end, closed, _ = quoted(l.sql, quote); !closed {
		t.kind = endOfSQL
		l.open = quote
	}
}

// dollars reads the text of a routine, if t, a word, holds its first tag.
func (l *lexer) dollars(t *token) {
	after, closed := dollarQuoted(l.sql, t.start, t.end)
	if after == t.start {
		return
	}
	if !closed {
		l.open = t.start
	}
	t.kind, t.end = literal, after
}

// number reads a number, or an identifier that begins with a digit.
func (l *lexer) number(t *token, afterDot bool) {
	t.kind = literal
	sql := l.sql
	digits := sql.span(t.start, isDigit)
	word := sql.span(digits, isLetter|isDigit)
	switch {
	case digits == word && (sql.at(digits) != '.' || afterDot):
		t.end = digits
	case afterDot:
		l.word(t)
	case digits == word:
		t.end = sql.fraction(digits)
	case sql.based(t.start, word):
		t.end = word
	case sql.exponent(digits) > 0:
		t.end = sql.exponent(digits)
	case l.cut && word == len(sql):
		t.end = word // as 1 of 1e5 is, so that there is one class and not two
	default:
		l.word(t)
	}
}

// based reports whether the word from i to end is a number of base 16 or 2. MySQL
// wants a small x or b; 0X1F is a mistake, but the writer meant a literal.
func (s text) based(i, end int) bool {
	if s[i] != '0' || end < i+2 {
		return false
	}
	switch s[i+1] {
	case 'x', 'X':
		return end == i+2 || s.is(i+2, isHex)
	case 'b', 'B':
		return s.span(i+2, isDigit) == end
	}
	return false
}

// fraction returns where a number ends whose point stands at i.
func (s text) fraction(i int) int {
	i = s.span(i+1, isDigit)
	return max(i, s.exponent(i))
}

// exponent returns where the exponent at i ends, 0 if there is none. An e without
// digits counts, and its sign if the statement ends there: they may be a part of
// a longer one.
func (s text) exponent(i int) int {
	if s.at(i)|0x20 != 'e' {
		return 0
	}
	i++
	digits := i
	if c := s.at(i); c == '+' || c == '-' {
		digits++
	}
	if digits == len(s) || s.is(digits, isDigit) {
		return s.span(digits, isDigit)
	}
	if s.is(i, isLetter) {
		return 0
	}
	return i
}
