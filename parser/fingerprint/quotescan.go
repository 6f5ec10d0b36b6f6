package fingerprint

import "bytes"

// Quote is what the text of a statement is inside of.
type Quote byte

const (
	InCode    Quote = 0
	InSingle  Quote = '\''
	InDouble  Quote = '"'
	InTick    Quote = '`'
	InComment Quote = '*' // /* ... */
	InLine    Quote = '#' // # or -- to the end of the line
)

// Open reports whether the line end at which q was reached lies inside of a
// literal or a comment.
func (q Quote) Open() bool { return q != InCode && q != InLine }

// opens marks the bytes that can begin something else than code.
var opens = [256]bool{'\'': true, '"': true, '`': true, '#': true, '-': true, '/': true}

// PlainQuotes reports whether b is in code at end as it is at i, as far as can be told
// by counting: nothing but single quotes opens anything, and if they are of an even
// number, those that are doubled included, each literal is closed.
func PlainQuotes(b []byte, i, end int) bool {
	text := b[i:end]
	for _, c := range [...]byte{'"', '`', '#', '\\'} {
		if bytes.IndexByte(text, c) >= 0 {
			return false
		}
	}
	return bytes.Count(text, []byte{'\''})%2 == 0 &&
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
// plain literals and names, and at most to end.
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
		text := shortText(b, i)
		if text < 0 || text >= end {
			break
		}
		i = text
	}
	return i
}

// NextQuote reads b from i, in state q, up to the next change of state, and at
// most to end. It returns the index after the change, which can lie a byte
// after end, and the new state. It looks up to two bytes ahead: b must reach
// that far beyond end, or end with the stream.
//
// The rules are MySQL's: a doubled quote and, but for back-ticks, a backslash
// do not end a literal; -- begins a comment only before white space; what is
// in /*! */ is code. The SQL modes that change them are not in the log.
func NextQuote(b []byte, i, end int, q Quote) (int, Quote) {
	switch q {
	case InCode:
		return nextOpen(b, i, end)
	case InLine:
		for ; i < end; i++ {
			if b[i] == '\n' {
				return i + 1, InCode
			}
		}
		return i, q
	case InComment:
		for ; i < end; i++ {
			if b[i] == '*' && i+1 < len(b) && b[i+1] == '/' {
				return i + 2, InCode
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
			if q != InTick {
				i++
			}
		case i+1 < len(b) && b[i+1] == c:
			i++
		default:
			return i + 1, InCode
		}
	}
	return i, q
}

func nextOpen(b []byte, i, end int) (int, Quote) {
	for ; i < end; i++ {
		c := b[i]
		if !opens[c] {
			continue
		}
		switch c {
		case '-':
			if i+1 < len(b) && b[i+1] == '-' && (i+2 == len(b) || b[i+2] <= ' ') {
				return i + 2, InLine
			}
		case '/':
			if i+1 < len(b) && b[i+1] == '*' {
				if i+2 < len(b) && b[i+2] == '!' {
					i += 2
					continue
				}
				return i + 2, InComment
			}
		default:
			return i + 1, Quote(c)
		}
	}
	return i, InCode
}
