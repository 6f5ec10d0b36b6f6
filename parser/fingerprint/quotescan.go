package fingerprint

import "bytes"

// Where quoted text and comments begin and end is known in this file only. The
// rules are MySQL's:
//
//   - ' and " begin a string, ` a name. The same quote ends it, unless it is
//     doubled or, in a string, stands after a backslash.
//   - # begins a comment to the end of the line, and so does -- before white
//     space, another control character, or the end.
//   - /* begins a comment that ends with the next */. After /*! stands code, to a */
//     that only the lexer looks for: NextQuote takes what is after the star in
//     /*! a */* for a comment. MariaDB's /*M! is a comment, as it is to MySQL: to MariaDB
//     it is code, and ends elsewhere only if it holds a string with */ in it.
//   - $$ or $tag$ begins the text of a routine in JavaScript, of MySQL 9, which
//     ends with the same. Only the lexer reads these: NextQuote would have to
//     remember the tag.
//
// The SQL modes ANSI_QUOTES and NO_BACKSLASH_ESCAPES, which change them, are not in
// the log. Functions of fastpath.go give the same answers faster, where they give
// one; TestFastPaths compares them on random texts.

// Quote is the kind of text that an index of a statement lies in.
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

// NextQuote reads b from i, in state q, up to the next change of state, and at
// most to end. It returns the index after the change, which can lie a byte
// past end, and the new state. It looks up to two bytes ahead: b must reach
// that far past end, or end with the stream.
func NextQuote(b []byte, i, end int, q Quote) (int, Quote) {
	switch q {
	case InCode:
		for ; i < end; i++ {
			if !opens[b[i]] {
				continue
			}
			if q, after := opening(b, i); q != InCode {
				return after, q
			}
		}
		return i, InCode
	case InLine:
		if i < end {
			if n := bytes.IndexByte(b[i:end], '\n'); n >= 0 {
				return i + n + 1, InCode
			}
		}
		return max(i, end), q
	case InComment:
		if i < end {
			if n := bytes.Index(b[i:min(end+1, len(b))], []byte("*/")); n >= 0 {
				return i + n + 2, InCode
			}
		}
		return max(i, end), q
	}
	i, closed, _ := quoteEnd(b, i, end, q)
	if closed {
		return i, InCode
	}
	return i, q
}

// opens marks the bytes that can begin something else than code.
var opens = [256]bool{'\'': true, '"': true, '`': true, '#': true, '-': true, '/': true}

// opening returns what begins with the byte at i, and the index after its opening.
// If that is code, the index is i, but after /*! where that stands.
func opening(b []byte, i int) (q Quote, after int) {
	switch c := b[i]; c {
	case '\'', '"', '`', '#':
		return Quote(c), i + 1
	case '-':
		if i+1 < len(b) && b[i+1] == '-' && (i+2 == len(b) || byteClass[b[i+2]]&isSpace != 0) {
			return InLine, i + 2
		}
	case '/':
		switch {
		case i+1 >= len(b) || b[i+1] != '*':
			return InCode, i
		case i+2 < len(b) && b[i+2] == '!':
			return InCode, i + 3
		}
		return InComment, i + 2
	}
	return InCode, i
}

// quoteEnd reads b from i, in a string or name with quotes q, at most to end. It
// returns the index after the closing quote, and whether there is one. If there
// is none the index is end, or a byte after it where a doubled quote or a backslash
// stands before it. Escaped says that a backslash stands before a quote q.
func quoteEnd(b []byte, i, end int, q Quote) (after int, closed, escaped bool) {
	begin := i
	for short := min(end, i+32); i < short; i++ { // most are
		if c := b[i]; c == byte(q) && (i+1 == len(b) || b[i+1] != byte(q)) {
			return i + 1, true, false
		} else if c == byte(q) || c == '\\' {
			break
		}
	}
	for i < end {
		quote := end
		if n := bytes.IndexByte(b[i:end], byte(q)); n >= 0 {
			quote = i + n
		}
		for q != InTick && i < quote {
			n := bytes.IndexByte(b[i:quote], '\\')
			if n < 0 {
				break
			}
			i += n + 2
		}
		if quote < end && quote > begin && b[quote-1] == '\\' && q != InTick {
			escaped = true
		}
		switch {
		case quote == end:
			return max(i, end), false, escaped
		case i > quote:
		case quote+1 < len(b) && b[quote+1] == byte(q):
			i = quote + 2
		default:
			return quote + 1, true, escaped
		}
	}
	return i, false, escaped
}

// quoted returns the index after the string or name whose quote stands at i, which
// is the end of b if it is not closed.
func quoted(b []byte, i int) (after int, closed, escaped bool) {
	if after = shortQuoted(b, i); after >= 0 {
		return after, true, false
	}
	after, closed, escaped = quoteEnd(b, i+1, len(b), Quote(b[i]))
	return min(after, len(b)), closed, escaped
}

// bareQuoted is quoted where no backslash escapes a quote.
func bareQuoted(b []byte, i int) (after int, closed bool) {
	q := b[i]
	for i++; i < len(b); i += 2 { // past two quotes
		n := bytes.IndexByte(b[i:], q)
		if n < 0 {
			break
		}
		if i += n; i+1 == len(b) || b[i+1] != q {
			return i + 1, true
		}
	}
	return len(b), false
}

// dollarQuoted returns the index after the text of a routine, whose first tag is in
// b[i:word]. The index is i if no tag is there.
func dollarQuoted(b []byte, i, word int) (after int, closed bool) {
	n := bytes.IndexByte(b[i+1:word], '$')
	if n < 0 {
		return i, false
	}
	tag := b[i : i+1+n+1]
	if n := bytes.Index(b[i+len(tag):], tag); n >= 0 {
		return i + len(tag) + n + len(tag), true
	}
	return len(b), false
}

// AppendMariaDB appends sql to dst and writes its comments /*M! ... */, which only
// MariaDB runs, as /*! ... */, which Append and AppendSkeleton read as code.
func AppendMariaDB(dst, sql []byte) []byte {
	for i, q := 0, InCode; i < len(sql); {
		j, next := NextQuote(sql, i, len(sql), q)
		j = min(j, len(sql))
		dst = append(dst, sql[i:j]...)
		if q == InCode && next == InComment && bytes.HasPrefix(sql[j:], []byte("M!")) {
			i = j + len("M") // code follows
			continue
		}
		i, q = j, next
	}
	return dst
}
