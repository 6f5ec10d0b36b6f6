package fingerprint

import "bytes"

// kind is what a token of SQL is.
type kind byte

const (
	endOfSQL    kind = iota
	plainWord        // an identifier or a keyword
	quotedWord       // an identifier in back-quotes, which are part of the token
	textLiteral      // a string in quotes, to which a string after it would be joined
	literal          // a number of any base, a string with a prefix, \N
	placeholder      // ?
	variable         // @user or @@system, qualifiers included, or :name
	remark           // what a fingerprint says of a UNION that repeats
	symbol           // an operator or punctuation
)

// token is sql[start:end] of the statement it stands in.
type token struct {
	kind       kind
	symbol     byte // of a symbol: the character it is, or operator or arrow
	classes    byte // of a word: the classes of all its bytes
	start, end int
}

const (
	operator byte = iota + 1 // of several characters
	arrow                    // -> or ->>
)

// lexer cuts a statement into tokens as MySQL's and MariaDB's lexers do. It
// leaves out white space, comments and optimizer hints, and reads the code of
// version comments (/*!50000 ... */ and /*M! ... */) as code.
//
// A text in double quotes is a string to it. Under ANSI_QUOTES it would be an
// identifier, but the log does not tell, and a literal must not be shown.
type lexer struct {
	sql       []byte
	pos       int
	cut       bool // sql is only the beginning of a statement
	masked    bool // the next word may hold question marks in place of digits
	versioned int  // version comments that are open

	open    int // where the string begins that has no end, or -1
	escaped int // where the first string begins that holds an escaped quote, or -1

	function []byte // the last call without arguments that plainWord read
}

func newLexer(sql []byte, cut bool) lexer {
	return lexer{sql: sql, cut: cut, open: -1, escaped: -1}
}

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

func (l *lexer) at(i int) byte {
	if i < len(l.sql) {
		return l.sql[i]
	}
	return 0
}

// is reports whether the byte at i is of one of the classes.
func (l *lexer) is(i int, classes byte) bool {
	return byteClass[l.at(i)]&classes != 0 && i < len(l.sql)
}

// span returns the first index from i on whose byte is in none of the classes.
func (l *lexer) span(i int, classes byte) int {
	for i < len(l.sql) && byteClass[l.sql[i]]&classes != 0 {
		i++
	}
	return i
}

// Kinds of first bytes, by which next tells tokens apart.
const (
	leadsSymbol = iota // one that may be longer, or a comment
	leadsNothing
	leadsWord
	leadsNumber
	leadsText
	leadsSelf // a symbol of this one character
)

var leads = func() (c [256]byte) {
	for b := range 256 {
		switch class := byteClass[b]; {
		case class&isSpace != 0:
			c[b] = leadsNothing
		case class&isLetter != 0:
			c[b] = leadsWord
		case class&isDigit != 0:
			c[b] = leadsNumber
		case b == '\'' || b == '"':
			c[b] = leadsText
		case bytes.IndexByte([]byte("(),;=+%^{}[]~"), byte(b)) >= 0:
			c[b] = leadsSelf
		}
	}
	return c
}()

// next replaces t, which is the last token, by the next one. Of a statement that was cut the last one is left out
// if it may be a part of another; a literal is a literal however short.
func (l *lexer) next(t *token) {
	i, sql := l.pos, l.sql
	for {
		for i < len(sql) && leads[sql[i]] == leadsNothing {
			i++
		}
		if i >= len(sql) {
			l.pos = i
			*t = token{kind: endOfSQL, start: i, end: i}
			return
		}
		c := sql[i]
		if c != '#' && c != '-' && c != '/' && c != '*' {
			break
		}
		if l.pos = i; !l.comment(c) {
			break
		}
		i = l.pos
	}
	last := *t
	*t = token{start: i, end: i + 1}
	switch leads[sql[i]] {
	case leadsWord:
		l.word(t)
	case leadsSelf:
		t.kind, t.symbol = symbol, sql[i]
	case leadsText:
		l.text(t, textLiteral, i)
	case leadsNumber:
		l.number(t, last.symbol == '.')
	default:
		l.other(t, last)
	}
	l.pos = t.end
	if l.cut && t.end == len(sql) && t.partial(sql[i]) {
		t.kind = endOfSQL
	}
}

// partial reports whether t, with which a cut statement ends, is no whole token.
func (t *token) partial(first byte) bool {
	switch t.kind {
	case plainWord, variable:
		return true
	case symbol:
		return bytes.IndexByte([]byte("(),;"), first) < 0
	}
	return false
}

// other reads a token that begins with none of the commonest bytes.
func (l *lexer) other(t *token, last token) {
	i := t.start
	name := last.kind == plainWord || last.kind == quotedWord
	switch c := l.sql[i]; {
	case c == '`':
		l.quoted(t)
	case c == '.' && l.is(i+1, isDigit) && !(name && last.end == i):
		t.kind, t.end = literal, l.fraction(i)
	case c == '@':
		l.variable(t)
	case c == '?' && l.is(i+1, isLetter) && l.isMasked(i+1, l.span(i+1, isLetter|isDigit)):
		l.word(t)
	case c == '?':
		t.kind = placeholder
	case c == ':' && l.is(i+1, isLetter) && !name:
		t.kind, t.classes, t.end = variable, isUpper, l.span(i+1, isLetter|isDigit)
	case c == '\\' && l.at(i+1) == 'N':
		t.kind, t.end = literal, i+2
	case c == '/' && l.remark(i) > 0:
		t.kind, t.end = remark, i+l.remark(i)
	default:
		l.symbol(t)
	}
}

// word is an identifier or a keyword, or a literal with its prefix.
func (l *lexer) word(t *token) {
	t.kind = plainWord
	end, classes := t.start, byte(0)
	for end < len(l.sql) {
		class := byteClass[l.sql[end]]
		if class&(isLetter|isDigit) == 0 {
			if class&isMask == 0 || classes&isMask == 0 && end > t.start && !l.isMasked(t.start, end) {
				break
			}
		}
		classes |= class
		end++
	}
	t.end, t.classes = end, classes
	if l.sql[t.start] == '$' && l.dollars(t) {
		return
	}
	if end == t.start+1 && (l.at(end) == '\'' || l.at(end) == '"') {
		switch l.sql[t.start] {
		case 'n', 'N':
			l.text(t, textLiteral, end)
		case 'x', 'X', 'b', 'B':
			l.text(t, literal, end)
		}
	}
}

// isMasked reports whether the question mark at i, which touches the word from start
// to end, stands for digits of a name in a fingerprint: t_?. After a keyword, or
// before one, it is a placeholder, unless a dot follows.
func (l *lexer) isMasked(start, end int) bool {
	if l.masked || l.at(end) == '?' && l.at(end+1) == '.' {
		return end > start
	}
	return end > start && !isKeyword(l.sql[start:end])
}

// variable is @name, @@global.name or @`name`. An @ before a quote or white
// space, as in 'user'@'host', is a symbol.
func (l *lexer) variable(t *token) {
	name := t.start + 1
	if l.at(name) == '@' {
		name++
	}
	t.kind, t.end = variable, name
	if l.at(name) == '`' {
		var closed bool
		if t.end, closed, _ = quotedText(l.sql, name, false); !closed {
			t.kind = endOfSQL
		}
		return
	}
	for t.end < len(l.sql) && (byteClass[l.sql[t.end]]&(isLetter|isDigit) != 0 || l.sql[t.end] == '.') {
		t.classes |= byteClass[l.sql[t.end]]
		t.end++
	}
	if t.end == name {
		t.kind, t.symbol = symbol, '@'
	}
}

func (l *lexer) symbol(t *token) {
	i := t.start
	c, next := l.sql[i], l.at(i+1)
	t.kind, t.symbol = symbol, c
	switch {
	case c == '-' && next == '>':
		t.symbol, t.end = arrow, i+2
		if l.at(i+2) == '>' {
			t.end++
		}
	case c == '<' && next == '=' && l.at(i+2) == '>':
		t.symbol, t.end = operator, i+3
	case next == '=' && (c == ':' || c == '!' || c == '>' || c == '<'),
		next == '>' && (c == '<' || c == '>'),
		c == next && (c == '<' || c == '&' || c == '|'):
		t.symbol, t.end = operator, i+2
	}
}
