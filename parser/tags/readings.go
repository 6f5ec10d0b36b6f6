package tags

import (
	"bytes"
	"math/bits"
	"slices"

	"slowdigest/parser/fingerprint"
)

// maxLed and maxReread bound the work of sure: so many backslashes may be parts of characters, in so many
// bytes.
const (
	maxLed    = 6
	maxReread = 64 << 10
)

// reading says which backslashes in a literal are none that make the next character plain: all under
// NO_BACKSLASH_ESCAPES; in SJIS, GBK and Big5 those that are the second byte of a character.
type reading struct {
	all bool
	led []int // some of those after a byte beyond ASCII, before a quote
}

func (r reading) plain(at int) bool {
	if r.all {
		return true
	}
	_, led := slices.BinarySearch(r.led, at)
	return led
}

// sure leaves those comments of a statement that are comments in each reading. One in which the statement ends
// within a literal is none.
func sure(sql []byte, comments []fingerprint.Comment) []fingerprint.Comment {
	if len(comments) == 0 {
		return nil
	}
	first, led := doubted(sql)
	if first < 0 || first > comments[len(comments)-1].Start {
		return comments
	}
	before, _ := slices.BinarySearchFunc(comments, first, func(c fingerprint.Comment, at int) int { return c.Start - at })
	if len(led) > maxLed || len(led) > 0 && len(sql) > maxReread || len(comments) > maxNoted {
		return comments[:before]
	}
	in, possible := ^uint64(0)>>(64-len(comments)), false
	try := func(r reading) {
		if found, ends := r.comments(sql, comments); ends {
			in, possible = in&found, true
		}
	}
	try(reading{all: true})
	for some := range 1 << len(led) {
		var r reading
		for i, at := range led {
			if some>>i&1 == 1 {
				r.led = append(r.led, at)
			}
		}
		try(r)
	}
	if !possible {
		return comments[:before]
	}
	var left []fingerprint.Comment
	for ; in != 0; in &= in - 1 {
		left = append(left, comments[bits.TrailingZeros64(in)])
	}
	return left
}

// doubted returns where the first backslash before a quote is, or -1, and where those are that may be the second
// byte of a character: a few more than maxLed at most.
func doubted(sql []byte) (first int, led []int) {
	first = -1
	for i := 0; len(led) <= maxLed; {
		n := bytes.IndexByte(sql[i:], '\\')
		if n < 0 {
			break
		}
		i += n
		end := i
		for end < len(sql) && sql[end] == '\\' {
			end++
		}
		if end < len(sql) && (sql[end] == '\'' || sql[end] == '"') {
			if first < 0 {
				first = i
			}
			if i > 0 && sql[i-1] >= 0x80 {
				led = append(led, i)
			}
		}
		i = end
	}
	return first, led
}

// comments returns which of the comments are comments in the reading, as bits, and whether the statement ends
// outside of literals and comments.
func (r reading) comments(sql []byte, comments []fingerprint.Comment) (found uint64, ends bool) {
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == '\'' || c == '"' || c == '`':
			end := r.literalEnd(sql, i)
			if end < 0 {
				return found, false
			}
			i = end
		case bytes.HasPrefix(sql[i:], opensComment) && !bytes.HasPrefix(sql[i:], []byte("/*!")) && !bytes.HasPrefix(sql[i:], []byte("/*M!")):
			n := bytes.Index(sql[i+len("/*"):], []byte("*/"))
			if n < 0 {
				return found, false
			}
			found |= bitOf(comments, i)
			i += len("/*") + n + len("*/")
		case c == '#' || bytes.HasPrefix(sql[i:], []byte("--")) && (i+2 == len(sql) || sql[i+2] <= ' '):
			found |= bitOf(comments, i)
			n := bytes.IndexByte(sql[i:], '\n')
			if n < 0 {
				return found, true
			}
			i += n
		default:
			i++
		}
	}
	return found, true
}

// bitOf returns the bit of the comment that begins at an index, or 0.
func bitOf(comments []fingerprint.Comment, at int) uint64 {
	i, found := slices.BinarySearchFunc(comments, at, func(c fingerprint.Comment, at int) int { return c.Start - at })
	if !found {
		return 0
	}
	return 1 << i
}

// literalEnd returns the index after the literal, or name in backticks, that begins at an index, or -1.
func (r reading) literalEnd(sql []byte, i int) int {
	q := sql[i]
	for i++; i < len(sql); i++ {
		switch {
		case sql[i] == '\\' && q != '`':
			if !r.plain(i) {
				i++
			}
		case sql[i] == q && i+1 < len(sql) && sql[i+1] == q:
			i++
		case sql[i] == q:
			return i + 1
		}
	}
	return -1
}
