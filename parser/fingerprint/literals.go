package fingerprint

import "bytes"

// text is a string whose quote stands at quote, and its prefix before it.
func (l *lexer) text(t *token, k kind, quote int) {
	end, closed, escaped := quotedText(l.sql, quote, true)
	if escaped && l.escaped < 0 {
		l.escaped = quote
	}
	if !closed {
		l.open = quote
	}
	t.kind, t.end = k, end
}

// quoted is a name in back-quotes. One without an end is not shown, nor what
// stands after it: it may hold literals.
func (l *lexer) quoted(t *token) {
	var closed bool
	t.kind = quotedWord
	if t.end, closed, _ = quotedText(l.sql, t.start, false); !closed {
		t.kind = endOfSQL
	}
}

// quotedText returns the index after a quoted text that begins at i, whether it is
// closed, and whether a quote in it is escaped. A doubled quote is a quote, and
// so is, if backslashes count, one after a backslash.
func quotedText(sql []byte, i int, backslash bool) (end int, closed, escaped bool) {
	q := sql[i]
	i++
	for end := i; end < len(sql) && end < i+32; end++ { // most are short
		if c := sql[end]; c == q && (end+1 == len(sql) || sql[end+1] != q) {
			return end + 1, true, false
		} else if c == q || c == '\\' {
			break
		}
	}
	for {
		n := bytes.IndexByte(sql[min(i, len(sql)):], q)
		if n < 0 {
			return len(sql), false, escaped
		}
		end := i + n
		for backslash && i <= end {
			n := bytes.IndexByte(sql[i:end], '\\')
			if n < 0 {
				break
			}
			i += n + 2
		}
		switch {
		case i > end:
			escaped = true
		case end+1 < len(sql) && sql[end+1] == q:
			i = end + 2
		default:
			return end + 1, true, escaped
		}
	}
}

// dollars is the text of a routine in JavaScript, of MySQL 9, between dollars that
// may have a tag: $$ ... $$, or $mle$ ... $mle$. It reports whether one begins with t,
// whose word holds the first tag.
func (l *lexer) dollars(t *token) bool {
	n := bytes.IndexByte(l.sql[t.start+1:t.end], '$')
	if n < 0 {
		return false
	}
	tag := l.sql[t.start : t.start+1+n+1]
	t.kind, t.end = literal, len(l.sql)
	if n := bytes.Index(l.sql[t.start+len(tag):], tag); n >= 0 {
		t.end = t.start + len(tag) + n + len(tag)
	} else {
		l.open = t.start
	}
	return true
}

// number is a number, or an identifier that begins with a digit.
func (l *lexer) number(t *token, afterDot bool) {
	t.kind = literal
	digits := l.span(t.start, isDigit)
	word := l.span(digits, isLetter|isDigit)
	switch {
	case digits == word && (l.at(digits) != '.' || afterDot):
		t.end = digits
	case afterDot:
		l.word(t)
	case digits == word:
		t.end = l.fraction(digits)
	case l.based(t.start, word):
		t.end = word
	case l.exponent(digits) > 0:
		t.end = l.exponent(digits)
	case l.cut && word == len(l.sql):
		t.end = word // as 1 of 1e5 is, so that there is one class and not two
	default:
		l.word(t)
	}
}

// based reports whether the word from i to end is a number of base 16 or 2. MySQL
// wants a small x or b; 0X1F is a mistake, but the writer meant a literal.
func (l *lexer) based(i, end int) bool {
	if l.sql[i] != '0' || end < i+2 {
		return false
	}
	switch l.sql[i+1] {
	case 'x', 'X':
		return end == i+2 || l.is(i+2, isHex)
	case 'b', 'B':
		return l.span(i+2, isDigit) == end
	}
	return false
}

// fraction is where a number ends whose point stands at i.
func (l *lexer) fraction(i int) int {
	i = l.span(i+1, isDigit)
	return max(i, l.exponent(i))
}

// exponent is where the exponent at i ends, 0 if there is none. An e without
// digits counts, and its sign if the statement ends there: they may be a part of
// a longer one.
func (l *lexer) exponent(i int) int {
	if l.at(i)|0x20 != 'e' {
		return 0
	}
	i++
	digits := i
	if c := l.at(i); c == '+' || c == '-' {
		digits++
	}
	if digits == len(l.sql) || l.is(digits, isDigit) {
		return l.span(digits, isDigit)
	}
	if l.is(i, isLetter) {
		return 0
	}
	return i
}
