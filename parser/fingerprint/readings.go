package fingerprint

import "bytes"

// A backslash before a quote has two readings. It escapes the quote, or it is a
// character: under NO_BACKSLASH_ESCAPES, and as the second byte of a character of
// SJIS, GBK or Big5, of which RDS replaces the first byte by a question mark. The log
// does not tell. Under NO_BACKSLASH_ESCAPES all of a statement's are, so that is one
// reading; which question marks are bytes of a character is not known, so that these
// are many. A reading that takes code for a string and a string for code soon
// comes upon a token that cannot stand where it does: then it is impossible.

// undecided returns where the quote of the first string of sql stands that may end
// elsewhere than the lexer says, -1 if there is none. Each byte is read a bounded
// number of times. First is where the quote of the first string stands that holds a
// backslash before a quote.
func undecided(sql []byte, first int, cut bool) int {
	r := readings{sql: sql, cut: cut}
	bare := false // the reading of NO_BACKSLASH_ESCAPES is known not to be one
	l, t := newLexer(sql, cut), token{}
	if !bytes.Contains(sql[:first], []byte("/*!")) { // whose end the lexer would not know
		l.pos = first
	}
	last := bytes.LastIndexByte(sql, '\\') // no string after that has another reading
	for {
		l.next(&t)
		if t.start > last {
			return -1
		}
		if quote := l.sql.quoteOf(&t); quote >= 0 {
			if !bare && r.escapes(quote, t.end) {
				if bare = true; r.bare(quote) {
					return quote
				}
			}
			if r.others(quote, t.end) {
				return quote
			}
		}
		if t.kind == endOfSQL {
			return -1
		}
	}
}

// escapes reports whether a quote is escaped in the string whose quote is at quote, and
// that ends at end.
func (r *readings) escapes(quote, end int) bool {
	q := r.sql[quote]
	for i := quote + 1; i < end; i++ {
		n := bytes.IndexByte(r.sql[i:end], q)
		if n < 0 {
			return false
		}
		i += n
		if backslashes, _ := r.run(i); backslashes%2 == 1 {
			return true
		}
	}
	return false
}

// bare reports whether the statement can be read to its end if no backslash escapes
// anything, in the string whose quote is at quote and after it.
func (r *readings) bare(quote int) bool {
	n := readings{sql: r.sql, cut: r.cut, none: true}
	n.push(place{quote + 1, Quote(r.sql[quote]), afterAny})
	if !n.follow() || n.hides && !n.strings { // else each # and -- after an escaped quote would do
		return false
	}
	f := formatters.Get().(*formatter)
	defer formatters.Put(f)
	return f.canBeBare(r.sql, r.cut)
}

// span is a part of the statement that holds no end of a comment or name of a kind but at
// to.
type span struct{ from, to int }

// hiddenEnd returns where the comment or name ends in which i lies.
func (r *readings) hiddenEnd(i int, q Quote) (end int, closed bool) {
	s := &r.ends[bytes.IndexByte([]byte{byte(InLine), byte(InComment), byte(InTick)}, byte(q))]
	if i < s.from || i > s.to || s.to == 0 {
		*s = span{i, len(r.sql) + 1}
		if after, to := NextQuote(r.sql, i, len(r.sql), q); to == InCode {
			s.to = after
		}
	}
	return min(s.to, len(r.sql)), s.to <= len(r.sql)
}

// quoteOf returns where the quote of a literal stands that has quotes, -1 for any other
// token.
func (s text) quoteOf(t *token) int {
	if t.kind != textLiteral && t.kind != literal {
		return -1
	}
	for i := t.start; i < min(t.start+2, t.end); i++ { // a prefix is one letter
		if s[i] == '\'' || s[i] == '"' {
			return i
		}
	}
	return -1
}

// context classifies what stands before a token, as far as it matters to a reading.
type context byte

const (
	afterAny     context = iota
	afterStart           // of a statement, after a semicolon
	afterString          // in single quotes
	afterDouble          // a string in double quotes, or a name
	afterOperand         // another operand
	afterAlias           // an alias, or what looks like one
	asAlias              // a string that is an alias, not yet closed
	contexts
)

// readings follows the readings that are not the lexer's.
type readings struct {
	sql  text
	cut  bool
	none bool // no backslash escapes anything, so that there is one reading

	// Of the reading, if it is one: whether it has a string after the first to which that is
	// not joined, and a comment that holds a quote.
	strings, hides bool

	ends [3]span
	todo []place
	seen []uint16 // for each index, the states from which no reading goes on to the end
}

// place is an index of the statement in a reading: in code, or in a string of quote q.
type place struct {
	i       int
	q       Quote
	context context
}

// run returns how many backslashes stand before the quote at i, in a string that
// begins at from or before, and whether the first of them may be the second byte of a
// character.
func (r *readings) run(i int) (n int, wide bool) {
	for n < i && r.sql[i-1-n] == '\\' {
		n++
	}
	if n == 0 || n == i {
		return n, false
	}
	c := r.sql[i-1-n]
	return n, c == '?' || c >= 0x80
}

// others reports whether a reading in which the string whose quote is at quote, and
// that ends at end for the lexer, ends elsewhere reaches the end of the statement.
func (r *readings) others(quote, end int) bool {
	q := r.sql[quote]
	for i := quote + 1; i < end; i++ {
		n := bytes.IndexByte(r.sql[i:end], q)
		if n < 0 {
			break
		}
		i += n
		backslashes, wide := r.run(i)
		switch {
		case !wide || backslashes == 0:
		case backslashes%2 == 1: // escaped, for the lexer
			if !r.touchesWord(i + 1) {
				r.closes(i, Quote(q), afterAny)
			}
		default:
			r.push(place{i + 1, Quote(q), afterAny})
		}
		if backslashes%2 == 0 && r.sql.at(i+1) == q {
			i++
		}
		if len(r.todo) > 0 && r.follow() {
			return true
		}
	}
	return false
}

// touchesWord reports whether a word begins at i that cannot stand at once after a string.
func (r *readings) touchesWord(i int) bool {
	if !r.sql.is(i, isLetter) || r.sql[i] == '$' {
		return false
	}
	end := r.sql.span(i, isLetter|isDigit)
	prefix := end == i+1 && bytes.IndexByte([]byte("nNxXbB"), r.sql[i]) >= 0 // of a string
	return !prefix && useOf(r.sql[i:end])&(follows|defines) == 0
}

// push adds a place to todo, unless it was there before.
func (r *readings) push(p place) {
	if r.none {
		r.todo = append(r.todo, p)
		return
	}
	if r.seen == nil {
		r.seen = make([]uint16, len(r.sql)+3) // a doubled quote may end past the end
	}
	state := uint16(1) << p.context
	if p.q != InCode {
		state = 1 << contexts
		if p.context == asAlias {
			state <<= 1
		}
		if p.q == InDouble {
			state <<= 2
		}
	}
	seen := &r.seen[p.i]
	if *seen&state == 0 {
		*seen |= state
		r.todo = append(r.todo, p)
	}
}

// closes is for a quote at i that no backslash escapes, in a string of quote q.
func (r *readings) closes(i int, q Quote, c context) {
	switch {
	case r.sql.at(i+1) == byte(q):
		r.push(place{i + 2, q, c})
	case c == asAlias:
		r.push(place{i + 1, InCode, afterAlias})
	case q == InDouble:
		r.push(place{i + 1, InCode, afterDouble})
	default:
		r.push(place{i + 1, InCode, afterString})
	}
}

// follow reports whether a reading of todo reaches the end of the statement.
func (r *readings) follow() bool {
	for len(r.todo) > 0 {
		p := r.todo[len(r.todo)-1]
		r.todo = r.todo[:len(r.todo)-1]
		if p.q == InCode && r.code(p.i, p.context) || p.q != InCode && r.text(p) {
			r.todo = r.todo[:0]
			return true
		}
	}
	return false
}

// text goes on in a string to the next quote.
func (r *readings) text(p place) (reached bool) {
	n := -1
	if p.i < len(r.sql) {
		n = bytes.IndexByte(r.sql[p.i:], byte(p.q))
	}
	if n < 0 {
		return r.cut
	}
	i := p.i + n
	backslashes, wide := r.run(i)
	if backslashes = min(backslashes, n); backslashes == 0 {
		wide = false
	}
	if !r.none && (backslashes%2 == 1 || wide) {
		r.push(place{i + 1, p.q, p.context})
	}
	if (r.none || backslashes%2 == 0 || wide) && !r.touchesWord(i+1) {
		r.closes(i, p.q, p.context)
	}
	return false
}

// code goes on in code to the next quote. A comment or a name that holds one is taken
// for a piece of a string.
func (r *readings) code(i int, c context) (reached bool) {
	end := len(r.sql)
	if n := bytes.IndexAny(r.sql[i:], `'"`); n >= 0 {
		end = i + n
	}
	q := InCode
	for j := i; j < end; {
		j, q = NextQuote(r.sql[:end], j, end, q)
	}
	if q != InCode && end == len(r.sql) && q != InLine && !r.cut {
		return false
	}
	l, t := newLexer(r.sql[:end], false), token{}
	l.pos = i
	for {
		l.next(&t)
		if t.kind == endOfSQL {
			break
		}
		if prefix := t.end == end && t.end == t.start+1 && bytes.IndexByte([]byte("nNxXbB"), r.sql[t.start]) >= 0; prefix && end < len(r.sql) {
			if c == afterOperand || c == afterAlias || c == afterStart {
				return false
			}
			break
		}
		if c = l.step(&t, c, t.start == i); c == contexts || c == afterOperand && t.kind == plainWord && t.end == end && end < len(r.sql) {
			return false
		}
	}
	if q != InCode && end < len(r.sql) {
		r.hides = r.hides || q != InTick
		after, closed := r.hiddenEnd(end, q)
		if q == InTick {
			c = afterOperand
		}
		r.push(place{after, InCode, c})
		return !closed && (q == InLine || r.cut)
	}
	r.strings = r.strings || c != afterString && c != afterDouble && end < len(r.sql)
	switch {
	case end == len(r.sql):
		return true
	case c == afterStart || c == afterAlias || end == i && (c == afterString || c == afterDouble):
		return false
	case c == afterOperand && r.sql[end] == '\'':
		c = asAlias
	default:
		c = afterAny
	}
	r.push(place{end + 1, Quote(r.sql[end]), c})
	return false
}

// step returns the context after t, which is no string, or contexts if t cannot stand
// in c.
func (l *lexer) step(t *token, c context, touches bool) context {
	switch t.kind {
	case plainWord:
		return l.stepWord(t, c, touches)
	case quotedWord:
		switch {
		case c == afterString && !touches:
			return afterAlias
		case c == afterAny, c == afterOperand, c == afterDouble:
			return afterOperand
		}
		return contexts
	case literal, placeholder:
		if c == afterAny || c == afterOperand { // FETCH NEXT 5 ROWS
			return afterOperand
		}
		return contexts
	case variable:
		if c == afterAlias || c == afterStart {
			return contexts
		}
		return afterOperand
	}
	switch t.symbol {
	case ')':
		return afterOperand
	case ',':
		if c != afterStart {
			return afterAny
		}
	case ';':
		return afterStart
	case '\\':
		return contexts
	case '(':
		if c == afterAny || c == afterOperand || c == afterDouble || c == afterStart || c == afterString && l.lists() {
			return afterAny
		}
		return contexts
	case '.':
		if c == afterDouble || c == afterOperand || c == afterAny {
			return afterAny
		}
	case '{', '[', ']', '~', '!', ':':
		if c == afterAny || c == afterOperand && t.symbol == ':' {
			return afterAny
		}
	case '}':
		return afterOperand
	default:
		if c != afterAlias && c != afterStart {
			return afterAny
		}
	}
	return contexts
}

// lists reports whether the statement is LOAD DATA, in which a list of columns may stand
// after a string.
func (l *lexer) lists() bool {
	i := l.sql.span(0, isSpace)
	return len(l.sql) > i+4 && bytes.EqualFold(l.sql[i:i+4], []byte("load"))
}

func (l *lexer) stepWord(t *token, c context, touches bool) context {
	word := l.sql[t.start:t.end]
	u := useOf(word)
	next := afterOperand
	if u&(precedes|namesNext) != 0 || isKeyword(word) {
		next = afterAny
	}
	switch c {
	case afterStart:
		if u&startsVerb == 0 {
			return contexts
		}
	case afterAlias:
		if u&endsAlias == 0 {
			return contexts
		}
	case afterString, afterDouble:
		switch {
		case u&(follows|defines) != 0:
		case touches:
			return contexts
		case c == afterString:
			return afterAlias
		}
	}
	return next
}
