package parser

import "bytes"

// quote is what the text of a statement is inside of.
type quote byte

const (
	inCode    quote = 0
	inSingle  quote = '\''
	inDouble  quote = '"'
	inTick    quote = '`'
	inComment quote = '*' // /* ... */
	inLine    quote = '#' // # or -- to the end of the line
)

// open tells whether the line end at which q was reached lies inside of a
// literal or a comment.
func (q quote) open() bool { return q != inCode && q != inLine }

// opens marks the bytes that can begin something else than code.
var opens = [256]bool{'\'': true, '"': true, '`': true, '#': true, '-': true, '/': true}

// plainQuotes tells whether b is in code at end as it is at i, as far as can be told
// by counting: nothing but single quotes opens anything, and if they are of an even
// number, those that are doubled included, each literal is closed.
func plainQuotes(b []byte, i, end int) bool {
	text := b[i:end]
	for _, c := range [...]byte{'"', '`', '#', '\\'} {
		if bytes.IndexByte(text, c) >= 0 {
			return false
		}
	}
	return bytes.Count(text, []byte{'\''})%2 == 0 &&
		!pairs(b, i, end, '-', '-') && !pairs(b, i, end, '/', '*') && !pairs(b, end-1, end, '\'', '\'')
}

// pairs tells whether c stands between i and end, and next at once behind it.
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

// plainCode reads b, in code, from i to where something begins that is not short and
// plain literals and names, and at most to end.
func plainCode(b []byte, i, end int) int {
	for i < end {
		c := b[i]
		if !opens[c] {
			i++
			continue
		}
		if c != '\'' && c != '"' && c != '`' {
			break
		}
		text := shortText(b, i)
		if text < 0 || text >= end {
			break
		}
		i = text
	}
	return i
}

// nextQuote reads b from i, in state q, up to the next change of state, and at
// most to end. It returns the index behind the change, which can lie a byte
// behind end, and the new state. It looks up to two bytes ahead: b must reach
// that far beyond end, or end with the stream.
//
// The rules are MySQL's: a doubled quote and, but for back-ticks, a backslash
// do not end a literal; -- begins a comment only before white space; what is
// in /*! */ is code. The SQL modes that change them are not in the log.
func nextQuote(b []byte, i, end int, q quote) (int, quote) {
	switch q {
	case inCode:
		return nextOpen(b, i, end)
	case inLine:
		for ; i < end; i++ {
			if b[i] == '\n' {
				return i + 1, inCode
			}
		}
		return i, q
	case inComment:
		for ; i < end; i++ {
			if b[i] == '*' && i+1 < len(b) && b[i+1] == '/' {
				return i + 2, inCode
			}
		}
		return i, q
	}
	for ; i < end; i++ {
		c := b[i]
		if c != byte(q) && c != '\\' {
			continue
		}
		switch {
		case c == '\\':
			if q != inTick {
				i++
			}
		case i+1 < len(b) && b[i+1] == c:
			i++
		default:
			return i + 1, inCode
		}
	}
	return i, q
}

func nextOpen(b []byte, i, end int) (int, quote) {
	for ; i < end; i++ {
		c := b[i]
		if !opens[c] {
			continue
		}
		switch c {
		case '-':
			if i+1 < len(b) && b[i+1] == '-' && (i+2 == len(b) || b[i+2] <= ' ') {
				return i + 2, inLine
			}
		case '/':
			if i+1 < len(b) && b[i+1] == '*' {
				if i+2 < len(b) && b[i+2] == '!' {
					i += 2
					continue
				}
				return i + 2, inComment
			}
		default:
			return i + 1, quote(c)
		}
	}
	return i, inCode
}
