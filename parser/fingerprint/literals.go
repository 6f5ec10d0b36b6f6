package fingerprint

import "bytes"

// text reads a string whose quote stands at quote, and its prefix before it.
func (l *lexer) text(t *token, k kind, quote int) {
	end, closed, escaped := quoted(l.sql, quote)
	if l.bare {
		end, closed = bareQuoted(l.sql, quote)
	}
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

// text is a statement. Its methods look at single bytes and may be asked for any
// index: past the end is nothing.
type text []byte

// Classes of bytes.
const (
	isSpace  = 1 << iota // white space, and every other control character
	isDigit              // 0 to 9
	isHex                // 0 to 9, a to f, A to F
	isLetter             // what an identifier is made of, digits aside
	isUpper              // A to Z
	isHigh               // beyond ASCII
	isMask               // the question mark
)

var byteClass = func() (c [256]byte) {
	for b := range 256 {
		switch {
		case b <= ' ' || b == 0x7f:
			c[b] = isSpace
		case '0' <= b && b <= '9':
			c[b] = isDigit | isHex
		case 'a' <= b && b <= 'z', b == '_', b == '$':
			c[b] = isLetter
		case 'A' <= b && b <= 'Z':
			c[b] = isLetter | isUpper
		case b >= 0x80:
			c[b] = isLetter | isHigh
		case b == '?':
			c[b] = isMask
		}
		if 'a' <= b|0x20 && b|0x20 <= 'f' && c[b]&isLetter != 0 {
			c[b] |= isHex
		}
	}
	return c
}()

// at returns the byte at i, 0 past the end.
func (s text) at(i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// is reports whether the byte at i is of one of the classes.
func (s text) is(i int, classes byte) bool {
	return byteClass[s.at(i)]&classes != 0 && i < len(s)
}

// span returns the first index from i on whose byte is in none of the classes.
func (s text) span(i int, classes byte) int {
	for i < len(s) && byteClass[s[i]]&classes != 0 {
		i++
	}
	return i
}

// maskDigits replaces each run of digits by a question mark. It returns how many bytes
// remain.
func maskDigits(name []byte) int {
	n, run := 0, false
	for _, c := range name {
		digit := byteClass[c]&(isDigit|isMask) != 0
		if digit && run {
			continue
		}
		if run = digit; digit {
			c = '?'
		}
		name[n] = c
		n++
	}
	return n
}

// shortestHash is the least number of hexadecimal digits that no author chose, if a
// letter comes after one of 0 to 9.
const shortestHash = 8

// maskGenerated is maskDigits, and takes hashes and UUIDs for digits too.
func maskGenerated(name []byte) int {
	n := 0
	for i := 0; i < len(name); {
		end := i + hexSpan(name[i:])
		uuid := 0
		if end-i >= shortestHash {
			if uuid = restOfUUID(name[end:]); !bytes.ContainsAny(name[i:end+uuid], "0123456789?") {
				uuid = 0
			}
		}
		if uuid == 0 && !isHash(name[i:end]) {
			end = min(max(end, i+1), len(name))
			part := name[i:end]
			if n > 0 && name[n-1] == '?' && byteClass[part[0]]&(isDigit|isMask) != 0 {
				n--
			}
			n += copy(name[n:], part[:maskDigits(part)])
			i = end
			continue
		}
		name[n] = '?'
		n++
		i = end + uuid
	}
	return n
}

// surelyHash is the least number of hexadecimal digits that are a hash even if they are
// letters and then digits, as those of feed20260101.
const surelyHash = 16

// isHash reports whether hexadecimal digits are those of a hash.
func isHash(digits []byte) bool {
	if len(digits) < shortestHash {
		return false
	}
	first := bytes.IndexAny(digits, "0123456789?")
	return first >= 0 && (len(digits) >= surelyHash || bytes.ContainsAny(digits[first:], "abcdefABCDEF"))
}

func hexSpan(name []byte) (n int) {
	for n < len(name) && byteClass[name[n]]&(isHex|isMask) != 0 {
		n++
	}
	return n
}

// restOfUUID returns the length of a UUID but for its first eight digits, 0 if there
// is none.
func restOfUUID(name []byte) int {
	i := 0
	for group := range 4 {
		if i >= len(name) || name[i] != '-' && name[i] != '_' || name[i] != name[0] {
			return 0
		}
		i++
		switch n := hexSpan(name[i:]); {
		case group < 3 && n == 4, group == 3 && n >= 12:
			i += n
		default:
			return 0
		}
	}
	return i
}
