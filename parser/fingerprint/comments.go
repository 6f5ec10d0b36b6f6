package fingerprint

import "bytes"

// comment passes over what begins at l.pos with c, if it is a comment, or the
// beginning or the end of a version comment.
func (l *lexer) comment(c byte) bool {
	i := l.pos
	switch next := l.at(i + 1); {
	case c == '#', c == '-' && next == '-' && (i+2 >= len(l.sql) || l.is(i+2, isSpace)):
		if n := bytes.IndexByte(l.sql[i:], '\n'); n >= 0 {
			l.pos = i + n
		} else {
			l.pos = len(l.sql)
		}
		return true
	case c == '/' && next == '*' && l.remark(i) == 0:
		l.blockComment(i + 2)
		return true
	case c == '*' && next == '/' && l.versioned > 0:
		l.versioned--
		l.pos = i + 2
		return true
	}
	return false
}

// blockComment passes over a comment whose text begins at i, or over the opening
// of a version comment, with its number of five or six digits.
func (l *lexer) blockComment(i int) {
	if l.at(i) == '!' || l.at(i) == 'M' && l.at(i+1) == '!' {
		i += bytes.IndexByte(l.sql[i:], '!') + 1
		if n := l.span(i, isDigit) - i; n >= 5 {
			i += min(n, 6)
		}
		l.pos = i
		l.versioned++
		return
	}
	if n := bytes.Index(l.sql[i:], []byte("*/")); n >= 0 {
		l.pos = i + n + 2
	} else {
		l.pos = len(l.sql)
	}
}

// remarks are the comments in which a fingerprint says that the branches of a
// UNION repeat. They are no comments, so that the fingerprint of a fingerprint is
// the same.
var remarks = [...]string{"/*repeat union*/", "/*repeat union all*/", "/*repeat union distinct*/"}

// remark is the length of the remark at i, 0 if there is none.
func (l *lexer) remark(i int) int {
	for _, r := range remarks {
		if l.at(i+2) == 'r' && len(l.sql)-i >= len(r) && string(l.sql[i:i+len(r)]) == r {
			return len(r)
		}
	}
	return 0
}

// peek is the first byte of the next token, 0 at the end.
func (l *lexer) peek() byte {
	if i := l.span(l.pos, isSpace); i < len(l.sql) && bytes.IndexByte([]byte("#-/*"), l.sql[i]) < 0 {
		return l.sql[i]
	}
	ahead, t := *l, token{}
	if ahead.next(&t); t.kind == endOfSQL {
		return 0
	}
	return l.sql[t.start]
}
