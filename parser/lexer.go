package parser

import "bytes"

// kind is what a token of SQL is.
type kind byte

const (
	endOfSQL      kind = iota
	plainWord          // an identifier or a keyword
	quotedWord         // an identifier in back-quotes
	stringLiteral      // in any quotes, introducer included
	numberLiteral      // of any base, without a sign
	variable           // @user or @@system, qualifiers included
	symbol             // an operator or punctuation
)

// token is sql[start:end] of the statement it stands in.
type token struct {
	kind       kind
	start, end int
	open       bool // the statement ends within it
}

// lexer cuts a statement into tokens as MySQL's and MariaDB's lexers do. It
// leaves out white space, comments and optimizer hints, and reads the code of
// version comments (/*!50000 ... */ and /*M! ... */) as code.
//
// A double-quoted text is taken for a string. Under ANSI_QUOTES it would be an
// identifier, but the log does not tell, and a literal must not be shown.
type lexer struct {
	sql       []byte
	pos       int
	versioned int  // version comments that are open
	open      bool // the statement ends within a literal or a comment
}

// Classes of bytes.
const (
	isSpace  = 1 << iota
	isDigit  // 0 to 9
	isHex    // 0 to 9, a to f, A to F
	isLetter // what an identifier is made of, digits aside
)

var byteClass = func() (c [256]byte) {
	for b := range 256 {
		switch {
		case b <= ' ' || b == 0x7f:
			c[b] = isSpace
		case '0' <= b && b <= '9':
			c[b] = isDigit | isHex
		case 'a' <= b && b <= 'f', 'A' <= b && b <= 'F':
			c[b] = isLetter | isHex
		case 'g' <= b && b <= 'z', 'G' <= b && b <= 'Z', b == '_', b == '$', b >= 0x80:
			c[b] = isLetter
		}
	}
	return c
}()

func (l *lexer) at(i int) byte {
	if i < len(l.sql) {
		return l.sql[i]
	}
	return 0
}

// span returns the first index from i on whose byte is in none of the classes.
func (l *lexer) span(i int, classes byte) int {
	for i < len(l.sql) && byteClass[l.sql[i]]&classes != 0 {
		i++
	}
	return i
}

func (l *lexer) next() token {
	l.skip()
	start := l.pos
	if start >= len(l.sql) {
		return token{kind: endOfSQL, start: start, end: start}
	}
	switch c := l.sql[start]; {
	case c == '\'' || c == '"':
		return l.text(start, start)
	case c == '`':
		end, closed := l.quotes(start, false)
		l.open = l.open || !closed
		return l.token(quotedWord, start, end)
	case byteClass[c]&isDigit != 0, c == '.' && byteClass[l.at(start+1)]&isDigit != 0 && !l.qualified(start):
		return l.number(start)
	case byteClass[c]&isLetter != 0:
		return l.word(start)
	case c == '@':
		return l.variable(start)
	}
	return l.token(symbol, start, start+l.symbolLen(start))
}

func (l *lexer) token(k kind, start, end int) token {
	l.pos = end
	return token{kind: k, start: start, end: end, open: end >= len(l.sql)}
}

// skip passes over what means nothing.
func (l *lexer) skip() {
	for {
		l.pos = l.span(l.pos, isSpace)
		switch c := l.at(l.pos); {
		case c != '#' && c != '-' && c != '/' && c != '*':
			return
		case c == '#', c == '-' && l.at(l.pos+1) == '-' && (l.pos+2 >= len(l.sql) || byteClass[l.sql[l.pos+2]]&isSpace != 0):
			if n := bytes.IndexByte(l.sql[l.pos:], '\n'); n >= 0 {
				l.pos += n
			} else {
				l.pos = len(l.sql)
			}
		case c == '/' && l.at(l.pos+1) == '*':
			l.comment()
		case c == '*' && l.at(l.pos+1) == '/' && l.versioned > 0:
			l.versioned--
			l.pos += 2
		default:
			return
		}
	}
}

// comment passes over a comment, or over the opening of a version comment.
func (l *lexer) comment() {
	i := l.pos + 2
	if l.at(i) == '!' || l.at(i) == 'M' && l.at(i+1) == '!' {
		i += bytes.IndexByte(l.sql[i:], '!') + 1
		l.pos = l.span(i, isDigit)
		l.versioned++
		return
	}
	n := bytes.Index(l.sql[i:], []byte("*/"))
	if n < 0 {
		l.pos, l.open = len(l.sql), true
		return
	}
	l.pos = i + n + 2
}

// quotes returns the index behind a quoted text that begins at i, and whether it
// is closed. A doubled quote is a quote, and so, outside of identifiers, is one
// behind a backslash.
func (l *lexer) quotes(i int, backslash bool) (int, bool) {
	q := l.sql[i]
	i++
	for {
		n := bytes.IndexByte(l.sql[min(i, len(l.sql)):], q)
		if n < 0 {
			return len(l.sql), false
		}
		end := i + n
		for backslash && i <= end {
			escape := bytes.IndexByte(l.sql[i:end], '\\')
			if escape < 0 {
				break
			}
			i += escape + 2
		}
		switch {
		case i > end: // the quote itself was escaped
		case l.at(end+1) == q:
			i = end + 2
		default:
			return end + 1, true
		}
	}
}

// literals returns the index behind the parenthesis that closes a list, if from i
// to there stands nothing but plain literals and calls with such: the most of all
// bulk inserts, read without a look at each token. It tells whether it is so.
func (l *lexer) literals(i int) (int, bool) {
	any, depth := false, 1
	for i < len(l.sql) {
		switch c := l.sql[i]; {
		case c == ',' || c == '.' || c == '-' && l.at(i+1) != '-' || byteClass[c]&isSpace != 0:
			i++
		case byteClass[c]&isDigit != 0:
			i = l.span(i+1, isDigit)
			if byteClass[l.at(i)]&isLetter != 0 {
				return 0, false
			}
			any = true
		case c == '\'' || c == '"':
			end, closed := l.quotes(i, true)
			if !closed {
				return 0, false
			}
			i, any = end, true
		case c == '(':
			depth++
			i++
		case c == ')':
			i++
			if depth--; depth == 0 {
				return i, any
			}
		case byteClass[c]&isLetter != 0:
			end := l.span(i, isLetter|isDigit)
			k := lookup(l.sql[i:end])
			if k != kwNull && (k != noKeyword || l.at(end) != '(') {
				return 0, false
			}
			i, any = end, true
		default:
			return 0, false
		}
	}
	return 0, false
}

// text is a string whose introducer, if any, begins at start.
func (l *lexer) text(start, quote int) token {
	end, closed := l.quotes(quote, true)
	t := l.token(stringLiteral, start, end)
	t.open = !closed
	l.open = l.open || !closed
	return t
}

// qualified tells whether the dot at i stands behind a name, and so what follows
// is a name, even if it begins with a digit.
func (l *lexer) qualified(i int) bool {
	return i > 0 && (byteClass[l.sql[i-1]]&(isLetter|isDigit) != 0 || l.sql[i-1] == '`')
}

// number is a number, or an identifier that begins with a digit.
func (l *lexer) number(start int) token {
	end := l.span(start, isLetter|isDigit)
	if end > start && start > 0 && l.sql[start-1] == '.' && l.qualified(start-1) {
		return l.token(plainWord, start, end)
	}
	digits := l.span(start, isDigit)
	if end == start+1 && l.sql[start] == '0' || end > start+2 && l.sql[start] == '0' {
		rest := l.sql[min(start+2, end):end]
		switch l.at(start + 1) {
		case 'x':
			if all(rest, isHex) {
				return l.token(numberLiteral, start, end)
			}
		case 'b':
			if len(bytes.Trim(rest, "01")) == 0 {
				return l.token(numberLiteral, start, end)
			}
		}
	}
	if l.at(digits) == '.' {
		digits = l.span(digits+1, isDigit)
	} else if end > digits && !l.exponent(digits) && !l.cutExponent(digits) {
		return l.token(plainWord, start, end)
	}
	if l.cutExponent(digits) {
		return l.token(numberLiteral, start, len(l.sql))
	}
	if l.exponent(digits) {
		digits++
		if c := l.at(digits); c == '+' || c == '-' {
			digits++
		}
		digits = l.span(digits, isDigit)
	}
	return l.token(numberLiteral, start, digits)
}

// cutExponent tells whether the statement ends, at i, within an exponent.
func (l *lexer) cutExponent(i int) bool {
	rest := l.sql[i:]
	return len(rest) == 1 && rest[0]|0x20 == 'e' ||
		len(rest) == 2 && rest[0]|0x20 == 'e' && (rest[1] == '+' || rest[1] == '-')
}

// exponent tells whether at i stands the exponent of a number.
func (l *lexer) exponent(i int) bool {
	if l.at(i)|0x20 != 'e' {
		return false
	}
	i++
	if c := l.at(i); c == '+' || c == '-' {
		return byteClass[l.at(i+1)]&isDigit != 0
	}
	end := l.span(i, isDigit)
	return end > i && byteClass[l.at(end)]&isLetter == 0
}

func all(b []byte, class byte) bool {
	for _, c := range b {
		if byteClass[c]&class == 0 {
			return false
		}
	}
	return true
}

// word is an identifier, a keyword, or the introducer of a literal with it.
func (l *lexer) word(start int) token {
	end := l.span(start, isLetter|isDigit)
	if q := l.at(end); q == '\'' || q == '"' {
		switch {
		case end == start+1 && bytes.IndexByte([]byte("nNxXbB"), l.sql[start]) >= 0, isCharset(l.sql[start:end]):
			return l.text(start, end)
		}
	}
	if isCharset(l.sql[start:end]) {
		if t, ok := l.introduced(start, end); ok {
			return t
		}
	}
	return l.token(plainWord, start, end)
}

// introduced is the literal behind a character set that ends at end, white space
// and comments between them or not.
func (l *lexer) introduced(start, end int) (token, bool) {
	l.pos = end
	l.skip()
	switch c := l.at(l.pos) | 0x20; {
	case l.at(l.pos) == '\'' || l.at(l.pos) == '"':
		return l.text(start, l.pos), true
	case (c == 'x' || c == 'b') && l.at(l.pos+1) == '\'':
		return l.text(start, l.pos+1), true
	case l.at(l.pos) == '0' && (l.at(l.pos+1) == 'x' || l.at(l.pos+1) == 'b'):
		t := l.number(l.pos)
		t.start = start
		return t, t.kind == numberLiteral
	}
	return token{}, false
}

// isCharset tells whether a word is an introducer: a character set behind an
// underscore.
func isCharset(w []byte) bool {
	if len(w) < 4 || len(w) > 9 || w[0] != '_' {
		return false
	}
	var lower [8]byte
	switch string(appendLower(lower[:0], w[1:])) {
	case "armscii8", "ascii", "big5", "binary", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "cp932",
		"dec8", "eucjpms", "euckr", "gb18030", "gb2312", "gbk", "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r",
		"koi8u", "latin1", "latin2", "latin5", "latin7", "macce", "macroman", "sjis", "swe7", "tis620", "ucs2", "ujis",
		"utf16", "utf16le", "utf32", "utf8", "utf8mb3", "utf8mb4":
		return true
	}
	return false
}

// variable is @name, @@global.name, @`name`; a lone @ before a quote or nothing,
// as in 'user'@'host', is a symbol.
func (l *lexer) variable(start int) token {
	i := start + 1
	if l.at(i) == '@' {
		i++
	}
	if l.at(i) == '`' {
		end, closed := l.quotes(i, false)
		l.open = l.open || !closed
		return l.token(variable, start, end)
	}
	end := i
	for end < len(l.sql) && (byteClass[l.sql[end]]&(isLetter|isDigit) != 0 || l.sql[end] == '.') {
		end++
	}
	if end == i {
		return l.token(symbol, start, i)
	}
	return l.token(variable, start, end)
}

// symbolLen is the length of the operator at i.
func (l *lexer) symbolLen(i int) int {
	c, next := l.sql[i], l.at(i+1)
	switch {
	case c == '<' && next == '=' && l.at(i+2) == '>', c == '-' && next == '>' && l.at(i+2) == '>':
		return 3
	case next == '=' && (c == ':' || c == '!' || c == '>' || c == '<'),
		next == '>' && (c == '<' || c == '>' || c == '-'),
		c == next && (c == '<' || c == '&' || c == '|'):
		return 2
	}
	return 1
}

func appendLower(dst, b []byte) []byte {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}
