package parser

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Most of the text of long statements is lists of literals. Here they are read
// without a look at each token: wherever it is not plain to see that an element
// is a literal, the formatter reads it. Numbers and strings are read eight bytes
// at a time, and the last bytes of a statement are left to the formatter.

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

// plainRows reads the rows behind a row of literals that are plain.
func (f *formatter) plainRows() {
	if !f.top.rows.literals {
		return
	}
	for {
		i := skipSpace(f.sql, f.pos)
		if f.at(i) != ',' {
			return
		}
		if i = skipSpace(f.sql, i+1); f.at(i) != '(' {
			return
		}
		if i = f.plainGroup(i+1, true); i < 0 {
			return
		}
		f.pos = i
	}
}

// plainGroup is where a group of plain elements ends whose first begins at i: behind
// its parenthesis. It is -1 if one is not plain.
func (f *formatter) plainGroup(i int, calls bool) int {
	for {
		if i = f.plainElement(i, calls); i < 0 {
			return -1
		}
		i++
		if f.sql[i-1] == ')' {
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
// or the parenthesis behind it. It is -1 if the element is not plain.
func (f *formatter) plainElement(i int, calls bool) int {
	sql := f.sql
	i = skipSpace(sql, i)
	if i < len(sql) && (sql[i] == '-' || sql[i] == '+') {
		i++
	}
	if i+8 > len(sql) {
		return -1
	}
	switch c := sql[i]; {
	case c-'0' <= 9:
		n := 8
		for n == 8 && i+8 <= len(sql) {
			n = numeric(binary.LittleEndian.Uint64(sql[i:]))
			i += n
		}
	case c == '\'' || c == '"':
		end, escaped := shortText(sql, i), false
		if end < 0 {
			var closed bool
			if end, closed, escaped = quotedText(sql, i, true); !closed {
				return -1
			}
		}
		if escaped && f.escaped < 0 {
			f.escaped = i
		}
		i = end
	case byteClass[c]&isLetter == 0:
		return -1
	default:
		if i = f.plainWord(i, calls); i < 0 {
			return -1
		}
	}
	i = skipSpace(sql, i)
	if i < len(sql) && (sql[i] == ',' || sql[i] == ')') {
		return i
	}
	return -1
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x80 * eachByte
)

// numeric is how many of the first of eight bytes are digits, points or slashes:
// what stands between two commas and is made of these is numbers.
func numeric(v uint64) int {
	low := v &^ highBits
	from := low + (0x80-'.')*eachByte   // sets the highest bit of a byte that is '.' or more,
	beyond := low + (0x7f-'9')*eachByte // and of one that is more than '9'
	return bits.TrailingZeros64((^from|beyond|v)&highBits) / 8
}

// shortText is the index behind a string that begins at i and has neither a
// backslash nor a quote in it. It is -1 if there is one, or if the string is not
// shorter than 32 bytes.
func shortText(sql []byte, i int) int {
	q := sql[i]
	i++
	for end := i + 32; i < end && i+8 <= len(sql); i += 8 {
		v := binary.LittleEndian.Uint64(sql[i:])
		found := zeroBytes(v^uint64(q)*eachByte) | zeroBytes(v^'\\'*eachByte)
		if found == 0 {
			continue
		}
		i += bits.TrailingZeros64(found) / 8
		if i+1 < len(sql) && sql[i] == q && sql[i+1] != q {
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
func (f *formatter) plainWord(i int, calls bool) int {
	if end := i + len(f.function); calls && end > i && end <= len(f.sql) && bytes.Equal(f.sql[i:end], f.function) {
		return end // as in the row before: NULL, or a call without arguments
	}
	end := f.span(i, isLetter)
	word := f.sql[i:end]
	if len(word) == len("null") && bytes.EqualFold(word, []byte("null")) {
		return end
	}
	if !calls || f.at(end) != '(' || isKeyword(word) {
		return -1
	}
	if end := skipSpace(f.sql, end+1); f.at(end) == ')' {
		f.function = f.sql[i : end+1]
		return end + 1
	}
	return f.plainGroup(end+1, false)
}
