package fingerprint

import "bytes"

// maxSkeleton bounds a skeleton: its memory, and its depth to what the formatter
// tells apart.
const maxSkeleton = min(4<<10, maxDepth)

// AppendSkeleton appends to dst the statement with its literals masked and its
// comments left out, as far as that can be told without a look at the grammar. A
// statement and its skeleton have the same fingerprint, and it takes a sixth of
// the time, so whoever keeps the fingerprints of skeletons spares nearly all of
// that work: an application has some hundreds.
//
// Ok is false, and dst not grown, for statements of which it is not plain to see.
// They are rare. A statement that was cut has no skeleton.
func AppendSkeleton(dst, sql []byte) (skeleton []byte, ok bool) {
	skeleton, _, ok = AppendSkeletonCounting(dst, sql)
	return skeleton, ok
}

// AppendSkeletonCounting is AppendSkeleton, and returns how many members the longest
// list had of those that it left out: the longest of the statement is that, or the
// longest of the skeleton that AppendCounting finds.
func AppendSkeletonCounting(dst, sql []byte) (skeleton []byte, longest int, ok bool) {
	s := skeletonWriter{lexer: newLexer(sql, false), plain: newPlainReader(sql), dst: dst, base: len(dst)}
	if !s.run() {
		return dst, 0, false
	}
	return s.dst, s.longest, true
}

type skeletonWriter struct {
	lexer
	plain plainReader
	dst   []byte // from base on
	base  int
	depth int // of parentheses

	longest int // how many members the longest list had that was left out
}

// Bytes at which a skeleton may differ from its statement, or that tell where in a
// statement it is.
var masks = func() (c [256]bool) {
	for _, b := range []byte("0123456789'\"`#-/$()") {
		c[b] = true
	}
	return c
}()

func (s *skeletonWriter) run() bool {
	for sql := s.sql; ; {
		i := s.pos
		for i < len(sql) && !masks[sql[i]] {
			i++
		}
		if len(s.dst)-s.base+i-s.pos > maxSkeleton {
			return false
		}
		s.dst = append(s.dst, sql[s.pos:i]...)
		if s.pos = i; i == len(sql) {
			return s.readAlike()
		}
		switch c := sql[i]; c {
		case '\'', '"':
			if !s.text(c) {
				return false
			}
		case '`':
			if !s.name() {
				return false
			}
		case '(':
			s.open()
		case ')':
			s.depth = max(0, s.depth-1)
			s.take(1)
		case '$':
			return false // perhaps a text in JavaScript
		case '#', '-', '/':
			if !s.comment() {
				s.take(1)
			} else if s.versioned > 0 || bytes.HasSuffix(s.dst, []byte("--")) {
				return false // code, and two signs that a space would make a comment
			} else {
				s.dst = append(s.dst, ' ')
			}
		default:
			s.number()
		}
	}
}

// take copies the next n bytes.
func (s *skeletonWriter) take(n int) {
	s.dst = append(s.dst, s.sql[s.pos:s.pos+n]...)
	s.pos += n
}

// readAlike reports whether neither the statement nor its skeleton is one of those
// that Append knows by their text.
func (s *skeletonWriter) readAlike() bool {
	return !knownByText(s.sql) && !knownByText(s.dst[s.base:])
}

func knownByText(sql []byte) bool {
	sql = trimEnd(sql)
	_, admin := adminName(sql)
	return admin || bytes.HasSuffix(sql, []byte(truncationNotice))
}

// text leaves out what stands between quotes.
func (s *skeletonWriter) text(q byte) bool {
	end := shortQuoted(s.sql, s.pos)
	if end < 0 {
		var closed bool
		if end, closed, _ = quoted(s.sql, s.pos); !closed {
			return false
		}
	}
	s.dst = append(s.dst, q, q)
	s.pos = end
	return true
}

// name takes a name in back-quotes.
func (s *skeletonWriter) name() bool {
	end, closed, _ := quoted(s.sql, s.pos)
	if closed {
		s.take(end - s.pos)
	}
	return closed
}

// Bytes that end a token before a number, and after one.
var beforeNumber, afterNumber = func() (before, after [256]bool) {
	for b := range 256 {
		space := byteClass[b]&isSpace != 0
		before[b] = space || bytes.IndexByte([]byte("(),;=<>+-*/%|&^[{"), byte(b)) >= 0
		after[b] = space || bytes.IndexByte([]byte("(),;=<>+-*/%|&^]}"), byte(b)) >= 0
	}
	return before, after
}()

// number masks a number: 123, 4.56 or 0x7F. What looks otherwise, or is a part of
// something else, is taken as it is.
func (s *skeletonWriter) number() {
	i, mask := s.pos, "0"
	end := s.sql.span(i, isDigit)
	switch {
	case s.sql.at(end) == '.' && s.sql.is(end+1, isDigit):
		end, mask = s.sql.span(end+1, isDigit), "0.0"
	case end == i+1 && s.sql[i] == '0' && s.sql.at(end) == 'x' && s.sql.is(end+1, isHex) && s.beginsOperand():
		end, mask = s.sql.span(end+1, isHex), "0x0"
	}
	if (i == 0 || beforeNumber[s.sql[i-1]]) && (end == len(s.sql) || afterNumber[s.sql[end]]) {
		s.dst = append(s.dst, mask...)
		s.pos = end
		return
	}
	s.take(s.sql.span(i, isDigit) - i)
}

// beginsOperand reports whether what comes is no part of a name or number for sure,
// as x1 is in 1e-0x1 and 0x1 in a.0x1.
func (s *skeletonWriter) beginsOperand() bool {
	before := bytes.TrimRight(s.dst[s.base:], " \t\r\n")
	return len(before) > 0 && bytes.IndexByte([]byte("(,=<>"), before[len(before)-1]) >= 0
}

// open takes a parenthesis. After IN and VALUES, a list of literals is left out
// but for one, and so are rows.
func (s *skeletonWriter) open() {
	word, before := lastWord(s.dst[s.base:])
	switch {
	case len(word) == len("in") && bytes.EqualFold(word, []byte("in")) && endsOperand(before):
		if end := s.plain.group(s.pos+1, true); end > 0 {
			s.dst = append(s.dst, "(0)"...)
			s.pos = end
			s.longest = max(s.longest, s.plain.elements)
			return
		}
	case s.depth == 0 && len(word) == len("values") && bytes.EqualFold(word, []byte("values")) && s.rowsFollow(before):
		if end := s.plain.group(s.pos+1, true); end > 0 {
			s.dst = append(s.dst, "(0)"...)
			var more int
			s.pos, more = s.plain.rows(end)
			s.longest = max(s.longest, 1+more)
			return
		}
	}
	s.depth++
	s.take(1)
}

// lastWord is the word that text ends with, white space aside, and what stands
// before it.
func lastWord(text []byte) (word, before []byte) {
	end := len(text)
	for end > 0 && text[end-1] <= ' ' {
		end--
	}
	start := end
	for start > 0 && byteClass[text[start-1]]&(isLetter|isDigit) != 0 {
		start--
	}
	return text[start:end], text[:start]
}

// endsOperand reports whether a word after text is no name for sure: one may follow
// a dot, an @ or a colon.
func endsOperand(text []byte) bool {
	word, before := lastWord(text)
	if len(word) > 0 {
		return len(before)+len(word) < len(text)
	}
	if before = bytes.TrimRight(before, " \t\r\n"); len(before) == 0 {
		return false
	}
	switch before[len(before)-1] {
	case ')', '`', '\'', '"':
		return true
	}
	return false
}

// rowsFollow reports whether VALUES, after text, begins rows, as it does after the
// name of a table and the list of its columns, but not as a function after ON
// DUPLICATE KEY UPDATE.
func (s *skeletonWriter) rowsFollow(text []byte) bool {
	if !endsOperand(text) {
		return false
	}
	if word, _ := lastWord(text); len(word) > 0 && isKeyword(word) {
		return false
	}
	for i, c := range text {
		if c|0x20 == 'd' && len(text)-i > len("duplicate") && bytes.EqualFold(text[i:i+len("duplicate")], []byte("duplicate")) {
			return false
		}
	}
	return true
}
