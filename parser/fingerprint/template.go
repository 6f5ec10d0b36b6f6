package fingerprint

import "bytes"

// template is the text of a member in the statement, in which literals may be others.
// It spares that members that are alike are read token by token: TestRepeats holds it
// to the same answers.
type template []piece

// piece is text that stays, and what is after it: a literal, whose first byte is a
// quotation mark or stands for any digit, or nothing.
type piece struct {
	text    []byte
	literal byte
}

const anyNumberLiteral = '0'

// maxTemplate bounds the texts that become templates.
const maxTemplate = 4096

// compile makes a template of a text, if there are only plain literals in it.
func (t template) compile(sql text, i, end int) (template, bool) {
	t = t[:0]
	from := i
	for i < end {
		c := sql[i]
		switch {
		case c == '\'' || c == '"' || byteClass[c]&isDigit != 0 && beforeNumber[sql[i-1]]:
			first := byte(anyNumberLiteral)
			if c == '\'' || c == '"' {
				first = c
			}
			after := plainLiteral(sql, i, first)
			if after < 0 || after > end {
				return t, false
			}
			t = append(t, piece{sql[from:i], first})
			from, i = after, after
		case c == '`':
			after, closed, _ := quoted(sql, i)
			if !closed || after > end {
				return t, false
			}
			i = after
		case c == '#', c == '/' && sql.at(i+1) == '*', c == '*' && sql.at(i+1) == '/', c == '-' && sql.at(i+1) == '-', c == '$', c == '\\':
			return t, false
		default:
			i++
		}
	}
	return append(t, piece{text: sql[from:end]}), true
}

// plainLiteral returns where a string or number ends that begins at i, -1 if it is not
// plain. First is as in piece.
func plainLiteral(sql text, i int, first byte) int {
	if first != anyNumberLiteral {
		if sql.at(i) != first {
			return -1
		}
		if end := shortQuoted(sql, i); end >= 0 {
			return end
		}
		end, closed, escaped := quoted(sql, i)
		if !closed || escaped {
			return -1
		}
		return end
	}
	if !sql.is(i, isDigit) {
		return -1
	}
	i = sql.span(i, isDigit)
	if sql.at(i) == '.' && sql.is(i+1, isDigit) {
		i = sql.span(i+1, isDigit)
	}
	if i < len(sql) && !afterNumber[sql[i]] {
		return -1
	}
	return i
}

// match returns where a text ends that begins at i and is as the template, -1 if none does.
func (t template) match(sql text, i int) int {
	for _, p := range t {
		if len(sql)-i < len(p.text) || !bytes.Equal(sql[i:i+len(p.text)], p.text) {
			return -1
		}
		if i += len(p.text); p.literal != 0 {
			if i = plainLiteral(sql, i, p.literal); i < 0 {
				return -1
			}
		}
	}
	return i
}

// repeat reads the members that come next and are as the one that was folded, whose
// text is that from the end of the one before it. The last token is that which joins
// the next one, and is a part of each.
func (t *template) repeat(f *formatter, c *chain) {
	sql := f.lexer.sql
	from, end, joint := c.source, f.before, f.lexer.pos-f.before
	c.source = end
	if f.byToken || end-from > maxTemplate || joint > end-from || f.lexer.versioned > 0 {
		return
	}
	var plain bool
	if *t, plain = t.compile(sql, from, end); !plain {
		return
	}
	n, last := 0, end
	for next := t.match(sql, end); next >= 0; next = t.match(sql, end) {
		last, end = end, next
		n++
	}
	if n < 2 { // the last one is read by token, as what comes after it may belong to it
		return
	}
	c.source, f.lexer.pos = last, last+joint
	c.length += n - 1
	f.longest = max(f.longest, c.length)
}

// repeatParens reads the ends of parentheses that are nested to the left, as of
// ((a = 1 or a = 2) or a = 3), and come as the last one did, whose text begins at a
// position of the statement.
func (t *template) repeatParens(f *formatter, from int) {
	sql, end := f.lexer.sql, f.lexer.pos
	if f.byToken || end-from > maxTemplate || f.lexer.versioned > 0 || !f.closesAlike() {
		return
	}
	var plain bool
	if *t, plain = t.compile(sql, from, end); !plain {
		return
	}
	pairs := 0
	for f.closesAlike() {
		next := t.match(sql, end)
		if next < 0 {
			break
		}
		end = next
		pairs++
		f.closeAlike()
	}
	if p := &f.frame.last; pairs > 0 {
		f.lexer.pos = end
		f.remove(p.open, p.open+pairs)
		p.end -= pairs
		p.or, p.and = p.or.moved(pairs), p.and.moved(pairs)
		f.stripNegated()
	}
}
