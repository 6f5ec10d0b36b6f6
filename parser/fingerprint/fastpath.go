package fingerprint

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Most of the bytes of a log are strings, and lists of literals. Here they are read
// without a look at each byte or token: wherever it is not plain to see what they
// are, NextQuote or the formatter reads them. TestFastPaths and TestPlainLists
// hold them to the same answers. Members of a chain that repeat are read by a template.

// PlainQuotes reports whether b is in code at end as it is at i, as far as can be told
// by counting: nothing but single quotes opens anything, and if they are of an even
// number, those that are doubled included, each literal is closed. I is less than end.
func PlainQuotes(b []byte, i, end int) bool {
	part := b[i:end]
	for _, c := range [...]byte{'"', '`', '#', '\\'} {
		if bytes.IndexByte(part, c) >= 0 {
			return false
		}
	}
	return bytes.Count(part, []byte{'\''})%2 == 0 &&
		!pairs(b, i, end, '-', '-') && !pairs(b, i, end, '/', '*') && !pairs(b, end-1, end, '\'', '\'')
}

// pairs reports whether c stands between i and end, and next at once after it.
func pairs(b []byte, i, end int, c, next byte) bool {
	for {
		n := bytes.IndexByte(b[i:end], c)
		if n < 0 {
			return false
		}
		if i += n + 1; i < len(b) && b[i] == next {
			return true
		}
	}
}

// PlainCode reads b, in code, from i to where something begins that is not short and
// plain literals and names, and at most to end. It returns an index in code.
func PlainCode(b []byte, i, end int) int {
	for i < end {
		c := b[i]
		if !opens[c] {
			i++
			continue
		}
		if c != '\'' && c != '"' && c != '`' {
			break
		}
		after := shortQuoted(b, i)
		if after < 0 || after >= end {
			break
		}
		i = after
	}
	return i
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte

	maxShort = 32 // bytes between the quotes that shortQuoted reads
)

// load returns the eight bytes at i; past the end are zeros.
func load(sql []byte, i int) uint64 {
	if i+8 <= len(sql) {
		return binary.LittleEndian.Uint64(sql[i:])
	}
	var tail [8]byte
	if i < len(sql) {
		copy(tail[:], sql[i:])
	}
	return binary.LittleEndian.Uint64(tail[:])
}

// shortQuoted returns the index after the string or name whose quote stands at i, as
// quoted does, if there is neither a backslash nor a quote in it. It is -1 if there
// is one, or if the string is not shorter than maxShort.
func shortQuoted(sql []byte, i int) int {
	q := sql[i]
	i++
	for end := i + maxShort; i < end; i += 8 {
		v := load(sql, i)
		found := zeroBytes(v^uint64(q)*eachByte) | zeroBytes(v^'\\'*eachByte)
		if found == 0 {
			continue
		}
		i += bits.TrailingZeros64(found) / 8
		if sql[i] == q && (i+1 == len(sql) || sql[i+1] != q) {
			return i + 1
		}
		break
	}
	return -1
}

// zeroBytes sets the highest bit of each byte that is zero. Bits above the first
// of these may be wrong.
func zeroBytes(v uint64) uint64 { return (v - eachByte) &^ v & highBits }

// numeric returns how many of the first of eight bytes are digits, points or
// slashes: what stands between two commas and is made of these is numbers.
func numeric(v uint64) int {
	low := v &^ highBits
	from := low + (0x80-'.')*eachByte // sets the highest bit of a byte that is '.' or more,
	past := low + (0x7f-'9')*eachByte // and of one that is more than '9'
	return bits.TrailingZeros64((^from|past|v)&highBits) / 8
}

// plainReader reads lists of literals of a statement.
type plainReader struct {
	sql      text
	escaped  int    // where the first string begins that holds a backslash before a quote, or -1
	texts    bool   // a string was read
	function []byte // the last call without arguments that was read
	elements int    // of the last group that was read
}

func newPlainReader(sql []byte) plainReader { return plainReader{sql: sql, escaped: -1} }

// rows returns where the rows end that are plain and stand, with a comma before each,
// after a row of literals that ends at i, and how many they are.
func (r *plainReader) rows(i int) (end, n int) {
	for ; ; n++ {
		comma := i
		if r.sql.at(comma) != ',' {
			if comma = r.skipSpace(i); r.sql.at(comma) != ',' {
				return i, n
			}
		}
		open := comma + 1
		if r.sql.at(open) != '(' {
			open = r.skipSpace(open)
		}
		if r.sql.at(open) != '(' {
			return i, n
		}
		end := r.group(open+1, true)
		if end < 0 {
			return i, n
		}
		i = end
	}
}

// group returns where a group of plain elements ends whose first begins at i: after
// its parenthesis. It is -1 if one is not plain.
func (r *plainReader) group(i int, calls bool) int {
	sql := r.sql
	for n := 1; i < len(sql); n++ {
		end := -1 // most elements are short, with nothing around them
		switch c := sql[i]; {
		case c-'0' <= 9:
			end = i + numeric(load(sql, i))
		case c == '\'':
			end = shortQuoted(sql, i)
			r.texts = r.texts || end > 0
		}
		if end < 0 || end >= len(sql) || sql[end] != ',' && sql[end] != ')' {
			if end = r.element(i, calls); end < 0 {
				return -1
			}
		}
		i = end + 1
		if sql[end] == ')' {
			r.elements = n
			return i
		}
	}
	return -1
}

func (r *plainReader) skipSpace(i int) int {
	for i < len(r.sql) && r.sql[i] <= ' ' {
		i++
	}
	return i
}

// element returns where an element ends that begins at i and is literals and nothing
// else or, if calls may be, a call with nothing but literals: at the comma or the
// parenthesis after it. It is -1 if the element is not plain.
func (r *plainReader) element(i int, calls bool) int {
	sql := r.sql
	for i < len(sql) && sql[i] <= ' ' {
		i++
	}
	if i < len(sql) && (sql[i] == '-' || sql[i] == '+') {
		i++
	}
	if i >= len(sql) {
		return -1
	}
	switch c := sql[i]; {
	case c-'0' <= 9:
		i = r.number(i)
	case c == '\'' || c == '"':
		end, escaped := shortQuoted(sql, i), false
		if end < 0 {
			var closed bool
			if end, closed, escaped = quoted(sql, i); !closed {
				return -1
			}
		}
		if escaped && r.escaped < 0 {
			r.escaped = i
		}
		i, r.texts = end, true
	case byteClass[c]&isLetter == 0 || c == '$': // which can begin a text: $tag$
		return -1
	default:
		if i = r.word(i, calls); i < 0 {
			return -1
		}
	}
	for i < len(sql) {
		switch c := sql[i]; {
		case c == ',' || c == ')':
			return i
		case c > ' ':
			return -1
		}
		i++
	}
	return -1
}

// number returns where a number ends that begins at i, or an expression of numbers.
func (r *plainReader) number(i int) int {
	sql, start := r.sql, i
	for n := 8; n == 8; i += n {
		n = numeric(load(sql, i))
	}
	if i >= len(sql) {
		return len(sql)
	}
	switch c := sql[i]; {
	case c == ',' || c == ')':
		return i
	case c == 'x' && i == start+1 && sql[start] == '0' && sql.is(i+1, isHex):
		return sql.span(i+1, isHex)
	case c|0x20 == 'e' && byteClass[sql[i-1]]&isDigit != 0:
		return max(i, sql.exponent(i))
	}
	return i
}

// word returns where NULL or a plain call ends that begins at i, -1 if neither does.
func (r *plainReader) word(i int, calls bool) int {
	sql := r.sql
	if end := i + len(r.function); calls && end > i && end <= len(sql) && bytes.Equal(sql[i:end], r.function) {
		return end // as in the row before: NULL, or a call without arguments
	}
	end := sql.span(i, isLetter)
	word := sql[i:end]
	if len(word) == len("null") && bytes.EqualFold(word, []byte("null")) {
		return end
	}
	if !calls || sql.at(end) != '(' || isKeyword(word) {
		return -1
	}
	if end := r.skipSpace(end + 1); sql.at(end) == ')' {
		r.function = sql[i : end+1]
		return end + 1
	}
	return r.group(end+1, false)
}

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
