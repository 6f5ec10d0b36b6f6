package fingerprint

import (
	"bytes"
	"strings"
)

// maxSkeleton bounds a skeleton: its memory, and its depth to what the formatter
// tells apart.
const maxSkeleton = min(4<<10, maxDepth)

// AppendSkeleton appends to dst the statement with its literals masked and its
// comments left out, as far as that can be told without a look at the grammar. A
// statement and its skeleton have the same fingerprint, and it takes a sixth of
// the time, so whoever keeps the fingerprints of skeletons spares nearly all of
// that work: an application has some hundreds.
//
// Longest is how many members the longest list had of those that it left out: the
// longest of the statement is that, or the longest of the skeleton that
// AppendCounting finds.
//
// Ok is false, and dst not grown, for statements of which it is not plain to see.
// They are rare. A statement that was cut has no skeleton.
func AppendSkeleton(dst, sql []byte) (skeleton []byte, longest int, ok bool) {
	skeleton, _, longest, ok = AppendSkeletonNoting(dst, sql, nil)
	return skeleton, longest, ok
}

// Comment is sql[Start:End] of a statement, with what begins and ends it but for the end of a line.
type Comment struct{ Start, End int }

// AppendSkeletonNoting is AppendSkeleton, and appends to comments those that it left out, optimizer
// hints among them.
func AppendSkeletonNoting(dst, sql []byte, comments []Comment) (skeleton []byte, noted []Comment, longest int, ok bool) {
	s := skeletonWriter{lexer: newLexer(sql, false), plain: newPlainReader(sql), dst: dst, base: len(dst), comments: comments}
	if !s.run() {
		return dst, comments, 0, false
	}
	return s.dst, s.comments, s.longest, true
}

type skeletonWriter struct {
	lexer
	plain   plainReader
	dst     []byte // from base on
	base    int
	depth   int  // of parentheses
	decided bool // each string ends where it seems to

	longest  int // how many members the longest list had that was left out
	comments []Comment
}

// Bytes at which a skeleton may differ from its statement, or that tell where in a
// statement it is.
var masks = func() (c [256]bool) {
	for _, b := range []byte("0123456789'\"`#-/$()") {
		c[b] = true
	}
	for b := range c { // control characters, which are blanks for MySQL, but not for all that reads a skeleton
		c[b] = c[b] || byteClass[b]&isSpace != 0 && !strings.ContainsRune(" \t\r\n", rune(b))
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
			if !s.open() {
				return false
			}
		case ')':
			s.depth = max(0, s.depth-1)
			s.take(1)
		case '$':
			return false // perhaps a text in JavaScript
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			s.number()
		case '#', '-', '/':
			if s.sql.at(i+2) == 'M' && s.sql.at(i+3) == '!' {
				return false // perhaps code: see AppendMariaDB
			} else if !s.comment() {
				s.take(1)
			} else if s.versioned > 0 || s.lexer.open >= 0 || s.unsure >= 0 || bytes.HasSuffix(s.dst, []byte("--")) {
				return false // code, and two signs that a space would make a comment
			} else {
				s.dst = append(s.dst, ' ')
				s.comments = append(s.comments, Comment{i, s.pos})
			}
		default:
			return false
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
	return admin || bytes.HasSuffix(sql, []byte(truncationNotice)) || bytes.HasSuffix(sql, []byte(EndsEarly))
}

// text leaves out what stands between quotes, if these are no name's.
func (s *skeletonWriter) text(q byte) bool {
	end, escaped := shortQuoted(s.sql, s.pos), false
	if end < 0 {
		var closed bool
		if end, closed, escaped = quoted(s.sql, s.pos); !closed {
			return false
		}
	}
	if escaped && !s.decides(s.pos) || s.touches(end) {
		return false
	}
	if q == '"' {
		switch maybe, surely := tableFollows(s.dst[s.base:], s.depth); {
		case maybe && nameInQuotes(s.sql[s.pos:end]):
			return false
		case surely && nameInQuotes(s.sql[s.pos:end]):
			s.take(end - s.pos)
			return true
		}
	}
	s.dst = append(s.dst, q, q)
	s.pos = end
	return true
}

// touches reports whether a word stands at once before or after a string that ends at end,
// and has no business there: the one or the other is a piece of a literal.
func (s *skeletonWriter) touches(end int) bool {
	if after := s.sql.span(end, isLetter|isDigit); after > end && useOf(s.sql[end:after])&follows == 0 {
		return true
	}
	if s.pos == 0 || byteClass[s.sql[s.pos-1]]&(isLetter|isDigit) == 0 {
		return false
	}
	word, _ := lastWord(s.dst[s.base:])
	return len(word) > 1 && !isKeyword(word)
}

// decides reports whether each string ends where it seems to. The first that holds a
// backslash before a quote begins at an index.
func (s *skeletonWriter) decides(first int) bool {
	if !s.decided {
		s.decided = undecided(s.sql, first, false) < 0
	}
	return s.decided
}

// tableFollows reports whether a text in double quotes after a statement that begins with
// s, in parentheses of a depth, would be the name of a table: surely, or maybe, as after
// a comma.
func tableFollows(s []byte, depth int) (maybe, surely bool) {
	const far = 256
	word, before := lastWord(s)
	if len(word) > 0 {
		switch keywordOf(word) {
		case kwJoin, kwInto, kwUpdate, kwTable:
			return false, true
		case kwFrom: // but not in EXTRACT(year FROM "...") nor in PREPARE s FROM "..."
			if valueFollowsFrom(before) {
				return false, false
			}
			verb := keywordOf(s[:text(s).span(0, isLetter)])
			surely = depth == 0 && (verb == kwSelect || verb == kwDelete)
			return !surely, surely
		case kwStraightJoin, kwModifier: // which are also options of SELECT
			return true, false
		}
		return false, false
	}
	before = bytes.TrimRight(before, " \t\r\n")
	if len(before) == 0 {
		return false, false
	}
	switch before[len(before)-1] {
	case '.':
		return false, true
	case ',', '(':
	default:
		return false, false
	}
	depth = 0
	for n := 0; len(before) > 0; n++ {
		if n == far {
			return true, false
		}
		if word, rest := lastWord(before); len(word) > 0 {
			switch before = rest; keywordOf(word) {
			case kwFrom, kwJoin, kwStraightJoin, kwInto, kwUpdate, kwTable, kwTables, kwDelete, kwInsert, kwReplace, kwUsing, kwModifier:
				if depth == 0 {
					return true, false
				}
			case kwValues:
				if last, _ := lastWord(rest); depth == 0 && endsOperand(rest) && !isKeyword(last) {
					return false, false
				}
			case kwSelect, kwWhere, kwSet, kwOrder, kwGroup, kwLimit: // which are no names but after a dot
				if depth == 0 && !bytes.HasSuffix(bytes.TrimRight(rest, " \t\r\n"), []byte(".")) {
					return false, false
				}
			}
			continue
		}
		switch before[len(before)-1] {
		case ')':
			depth++
		case '(':
			depth--
			before = bytes.TrimRight(before[:len(before)-1], " \t\r\n")
			if word, _ := lastWord(before); depth < 0 && len(word) > 0 {
				return mayOpenTables[keywordOf(word)], false // else arguments, or a list for IN
			}
			depth = max(0, depth)
			continue
		}
		before = before[:len(before)-1]
	}
	return false, false
}

// valueFollowsFrom reports whether FROM after a text begins no list of tables: the text
// ends with SYSTEM_TIME, with OF and the name of a period, or with IS DISTINCT.
func valueFollowsFrom(text []byte) bool {
	word, before := lastWord(text)
	if len(word) == 0 {
		before = bytes.TrimRight(before, " \t\r\n")
		if n := len(before) - 1; n > 0 && (before[n] == '`' || before[n] == '"') {
			before = before[:max(0, bytes.LastIndexByte(before[:n], before[n]))]
		}
	} else if bytes.EqualFold(word, []byte("system_time")) || bytes.EqualFold(word, []byte("distinct")) {
		return true
	}
	of, _ := lastWord(before)
	return bytes.EqualFold(of, []byte("of"))
}

// mayOpenTables are the keywords after which a table may stand in parentheses. With INSERT,
// REPLACE, TRUNCATE and SCHEMA these are a function's.
var mayOpenTables = [256]bool{kwFrom: true, kwJoin: true, kwStraightJoin: true, kwInto: true, kwUpdate: true, kwDelete: true,
	kwTable: true, kwTables: true, kwView: true, kwHandler: true, kwDescribe: true, kwUsing: true, kwOn: true, kwTo: true,
	kwAs: true, kwLike: true, kwReferences: true, kwRename: true, kwNot: true, kwModifier: true}

// keywordOf returns what a word in any case means.
func keywordOf(word []byte) keyword {
	var room [longestKeyword]byte
	if len(word) > len(room) {
		return noKeyword
	}
	if e := lookup(appendLower(room[:0], word)); e != nil {
		return e.keyword
	}
	return noKeyword
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
func (s *skeletonWriter) open() bool {
	s.plain.texts = false
	word, before := lastWord(s.dst[s.base:])
	switch {
	case len(word) == len("in") && bytes.EqualFold(word, []byte("in")) && endsOperand(before):
		if end := s.plain.group(s.pos+1, true); end > 0 {
			return s.list(end, s.plain.elements)
		}
	case s.depth == 0 && len(word) == len("values") && bytes.EqualFold(word, []byte("values")) && s.rowsFollow(before):
		if end := s.plain.group(s.pos+1, true); end > 0 {
			end, more := s.plain.rows(end)
			return s.list(end, 1+more)
		}
	}
	s.depth++
	s.take(1)
	return true
}

// list takes one literal for a list, or for rows, of some members, that ends at end. It is a string if
// any of them is, so that the first string of the statement stands where it stood.
func (s *skeletonWriter) list(end, members int) bool {
	if s.plain.escaped >= 0 && !s.decides(s.plain.escaped) {
		return false
	}
	mask := "(0)"
	if s.plain.texts {
		mask = "('')"
	}
	s.dst = append(s.dst, mask...)
	s.pos = end
	s.longest = max(s.longest, members)
	return true
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
