package fingerprint

import "bytes"

// kind classifies a token.
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
// version comments, /*!50000 ... */, as code. /*M! ... */ is code to MariaDB alone: it is
// left out, and AppendMariaDB writes it as the former where it is code.
//
// A text in double quotes is a string to it. Under ANSI_QUOTES it would be an
// identifier, but the log does not tell, and a literal must not be shown.
type lexer struct {
	sql       text
	pos       int
	cut       bool // sql is only the beginning of a statement
	bare      bool // no backslash escapes anything, as under NO_BACKSLASH_ESCAPES
	masked    bool // the next word may hold question marks in place of digits
	versioned int  // version comments that are open

	open    int // where the string, name or comment begins that has no end, or -1
	unsure  int // where a comment of MariaDB's begins that may end elsewhere for MySQL, or -1
	escaped int // where the first string begins that holds an escaped quote, or -1
}

func newLexer(sql []byte, cut bool) lexer {
	return lexer{sql: sql, cut: cut, open: -1, unsure: -1, escaped: -1}
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

// next replaces t, which is the last token, by the next one. Of a statement that
// was cut the last one is left out if it may be a part of another; a literal is a
// literal however short.
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
		if l.pos = i; !l.comment() {
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
		return bytes.IndexByte([]byte("(),;[]}"), first) < 0
	}
	return false
}

// peek returns the first byte of the next token, 0 at the end.
func (l *lexer) peek() byte {
	if i := l.sql.span(l.pos, isSpace); i < len(l.sql) && bytes.IndexByte([]byte("#-/*"), l.sql[i]) < 0 {
		return l.sql[i]
	}
	ahead, t := *l, token{}
	if ahead.next(&t); t.kind == endOfSQL {
		return 0
	}
	return l.sql[t.start]
}

// comment passes over a comment that begins at l.pos, or over the beginning or the
// end of a version comment, and reports whether one stands there.
func (l *lexer) comment() bool {
	i := l.pos
	if l.sql[i] == '*' {
		if l.versioned == 0 || l.sql.at(i+1) != '/' {
			return false
		}
		l.versioned--
		l.pos = i + 2
		return true
	}
	q, after := opening(l.sql, i)
	switch {
	case after == i || q == InComment && l.remark(i) > 0:
		return false
	case q == InComment && l.sql.at(after) == 'M' && l.sql.at(after+1) == '!': // MariaDB's
		after += len("M!")
		l.pos = len(l.sql)
		if n := bytes.Index(l.sql[after:], []byte("*/")); n >= 0 {
			l.pos = after + n + 2
		} else {
			l.open = i
		}
		if l.unsure < 0 && (bytes.ContainsAny(l.sql[after:l.pos], "'\"`#-") || bytes.Contains(l.sql[after:l.pos], []byte("/*"))) {
			l.unsure, l.pos = i, len(l.sql) // the rest is not read
		}
	case q == InCode: // a version of five or six digits may follow
		if n := l.sql.span(after, isDigit) - after; n >= 5 {
			after += min(n, 6)
		}
		l.pos = after
		l.versioned++
	default:
		begin := l.pos
		if l.pos, q = NextQuote(l.sql, after, len(l.sql), q); q == InComment {
			l.open = begin
		}
		if l.sql[begin] != '/' && l.sql[l.pos-1] == '\n' {
			l.pos-- // the end of the line is no part of the comment
		}
	}
	return true
}

// remark returns the length of the remark at i, 0 if there is none.
func (l *lexer) remark(i int) int {
	if l.sql.at(i+2) != 'r' {
		return 0
	}
	for _, r := range remarks {
		if bytes.HasPrefix(l.sql[i:], []byte(r[1:])) {
			return len(r) - 1
		}
	}
	return 0
}

// other reads a token that begins with none of the commonest bytes.
func (l *lexer) other(t *token, last token) {
	i, sql := t.start, l.sql
	name := last.kind == plainWord || last.kind == quotedWord
	switch c := sql[i]; {
	case c == '`':
		l.quotedName(t, quotedWord, i)
	case c == '.' && sql.is(i+1, isDigit) && !(name && last.end == i):
		t.kind, t.end = literal, sql.fraction(i)
	case c == '@':
		l.variable(t)
	case c == '?' && sql.is(i+1, isLetter) && l.isMasked(i+1, sql.span(i+1, isLetter|isDigit)):
		l.word(t)
	case c == '?':
		t.kind = placeholder
	case c == ':' && sql.is(i+1, isLetter) && !name:
		t.kind, t.classes, t.end = variable, isUpper, sql.span(i+1, isLetter|isDigit)
	case c == '\\' && sql.at(i+1) == 'N':
		t.kind, t.end = literal, i+2
	case c == '/' && l.remark(i) > 0:
		t.kind, t.end = remark, i+l.remark(i)
	default:
		l.symbol(t)
	}
}

// word reads an identifier or a keyword, or a literal with its prefix.
func (l *lexer) word(t *token) {
	t.kind = plainWord
	sql, end, classes := l.sql, t.start, byte(0)
	for end < len(sql) {
		class := byteClass[sql[end]]
		if class&(isLetter|isDigit) == 0 {
			if class&isMask == 0 || classes&isMask == 0 && end > t.start && !l.isMasked(t.start, end) {
				break
			}
		}
		classes |= class
		end++
	}
	t.end, t.classes = end, classes
	switch {
	case sql[t.start] == '$':
		l.dollars(t)
	case end == t.start+1 && (sql.at(end) == '\'' || sql.at(end) == '"'):
		switch sql[t.start] {
		case 'n', 'N':
			l.text(t, textLiteral, end)
		case 'x', 'X', 'b', 'B':
			l.text(t, literal, end)
		}
	}
}

// isMasked reports whether a question mark that touches the word from start to end
// stands for digits of a name in a fingerprint: t_?. After a keyword, or before
// one, it is a placeholder, unless a dot or an underscore follows.
func (l *lexer) isMasked(start, end int) bool {
	if after := l.sql.at(end + 1); l.masked || l.sql.at(end) == '?' && (after == '.' || after == '_') {
		return end > start
	}
	return end > start && !isKeyword(l.sql[start:end])
}

// variable reads @name, @@global.name or @`name`. An @ before a quote or white
// space, as in 'user'@'host', is a symbol.
func (l *lexer) variable(t *token) {
	name := t.start + 1
	if l.sql.at(name) == '@' {
		name++
	}
	if l.sql.at(name) == '`' {
		l.quotedName(t, variable, name)
		return
	}
	t.kind, t.end = variable, name
	for t.end < len(l.sql) && (byteClass[l.sql[t.end]]&(isLetter|isDigit) != 0 || l.sql[t.end] == '.' ||
		l.sql[t.end] == '?' && t.end > name) { // in a fingerprint, for digits
		t.classes |= byteClass[l.sql[t.end]]
		t.end++
	}
	if t.end == name {
		t.kind, t.symbol = symbol, '@'
	}
}

// symbol reads an operator or punctuation.
func (l *lexer) symbol(t *token) {
	i := t.start
	c, next := l.sql[i], l.sql.at(i+1)
	t.kind, t.symbol = symbol, c
	switch {
	case c == '-' && next == '>':
		t.symbol, t.end = arrow, i+2
		if l.sql.at(i+2) == '>' {
			t.end++
		}
	case c == '<' && next == '=' && l.sql.at(i+2) == '>':
		t.symbol, t.end = operator, i+3
	case next == '=' && (c == ':' || c == '!' || c == '>' || c == '<'),
		next == '>' && (c == '<' || c == '>'),
		c == next && (c == '<' || c == '&' || c == '|'):
		t.symbol, t.end = operator, i+2
	}
}
