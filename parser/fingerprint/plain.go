package fingerprint

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Most of the text of long statements is lists of literals. Here they are read
// without a look at each token: wherever it is not plain to see that an element
// is a literal, the formatter reads it.

// plainElements reads the elements of a list that are plain, all but the last.
func (f *formatter) plainElements() {
	i := f.pos
	for {
		end := f.plainElement(i, true)
		if end < 0 || f.sql[end] != ',' {
			break
		}
		i = end + 1
	}
	if i == f.pos {
		return
	}
	f.pos = i
	if g := f.top; g.kept == 0 {
		f.endElement(g)
		f.dst = append(f.dst, ',')
		g.element = len(f.dst)
	}
	f.end(afterComma)
}

// plainRows reads the rows that are plain after a row of literals.
func (l *lexer) plainRows() {
	for {
		i := skipSpace(l.sql, l.pos)
		if l.at(i) != ',' {
			return
		}
		if i = skipSpace(l.sql, i+1); l.at(i) != '(' {
			return
		}
		if i = l.plainGroup(i+1, true); i < 0 {
			return
		}
		l.pos = i
	}
}

// plainGroup is where a group of plain elements ends whose first begins at i: after
// its parenthesis. It is -1 if one is not plain.
func (l *lexer) plainGroup(i int, calls bool) int {
	for {
		if i = l.plainElement(i, calls); i < 0 {
			return -1
		}
		i++
		if l.sql[i-1] == ')' {
			return i
		}
	}
}

func skipSpace(sql []byte, i int) int {
	for i < len(sql) && sql[i] <= ' ' {
		i++
	}
	return i
}

// plainElement is where an element ends that begins at i and is literals and
// nothing else or, if calls may be, a call with nothing but literals: at the comma
// or the parenthesis after it. It is -1 if the element is not plain.
func (l *lexer) plainElement(i int, calls bool) int {
	sql := l.sql
	i = skipSpace(sql, i)
	if i < len(sql) && (sql[i] == '-' || sql[i] == '+') {
		i++
	}
	if i >= len(sql) {
		return -1
	}
	switch c := sql[i]; {
	case c-'0' <= 9:
		i = l.plainNumber(i)
	case c == '\'' || c == '"':
		end, escaped := shortText(sql, i), false
		if end < 0 {
			var closed bool
			if end, closed, escaped = quotedText(sql, i, true); !closed {
				return -1
			}
		}
		if escaped && l.escaped < 0 {
			l.escaped = i
		}
		i = end
	case byteClass[c]&isLetter == 0:
		return -1
	default:
		if i = l.plainWord(i, calls); i < 0 {
			return -1
		}
	}
	i = skipSpace(sql, i)
	if i < len(sql) && (sql[i] == ',' || sql[i] == ')') {
		return i
	}
	return -1
}

// plainNumber is where a number ends that begins at i, or an expression of numbers.
func (l *lexer) plainNumber(i int) int {
	sql, start := l.sql, i
	for n := 8; n == 8; i += n {
		n = numeric(load(sql, i))
	}
	switch c := l.at(i); {
	case c == 'x' && i == start+1 && sql[start] == '0' && l.is(i+1, isHex):
		return l.span(i+1, isHex)
	case c|0x20 == 'e' && byteClass[sql[i-1]]&isDigit != 0:
		return max(i, l.exponent(i))
	}
	return i
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte
)

// load is the eight bytes at i; after the end are zeros.
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

// numeric is how many of the first of eight bytes are digits, points or slashes:
// what stands between two commas and is made of these is numbers.
func numeric(v uint64) int {
	low := v &^ highBits
	from := low + (0x80-'.')*eachByte   // sets the highest bit of a byte that is '.' or more,
	beyond := low + (0x7f-'9')*eachByte // and of one that is more than '9'
	return bits.TrailingZeros64((^from|beyond|v)&highBits) / 8
}

// shortText is the index after a string that begins at i and has neither a
// backslash nor a quote in it. It is -1 if there is one, or if the string is not
// shorter than 32 bytes.
func shortText(sql []byte, i int) int {
	q := sql[i]
	i++
	for end := i + 32; i < end; i += 8 {
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

// plainWord is where NULL or a plain call ends that begins at i.
func (l *lexer) plainWord(i int, calls bool) int {
	if end := i + len(l.function); calls && end > i && end <= len(l.sql) && bytes.Equal(l.sql[i:end], l.function) {
		return end // as in the row before: NULL, or a call without arguments
	}
	end := l.span(i, isLetter)
	word := l.sql[i:end]
	if len(word) == len("null") && bytes.EqualFold(word, []byte("null")) {
		return end
	}
	if !calls || l.at(end) != '(' || isKeyword(word) {
		return -1
	}
	if end := skipSpace(l.sql, end+1); l.at(end) == ')' {
		l.function = l.sql[i : end+1]
		return end + 1
	}
	return l.plainGroup(end+1, false)
}
