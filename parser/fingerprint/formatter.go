package fingerprint

// formatter writes the fingerprint of one statement, token by token, with one
// spacing whatever the statement's own. It reads each byte once and never looks
// ahead further than a token: what a token means for those before it, it changes
// in dst. So a list that turns out to hold only literals is taken back when it
// is closed, and the branch of a UNION that was there before when it ends.
type formatter struct {
	lexer
	dst  []byte
	base int // where the fingerprint begins in dst

	groups []group // that are open; the first is the statement itself
	top    *group  // the last of groups
	deeper int     // how many more are open than maxDepth

	prev         place
	key, keyPrev keyword // of the last token and of the one before, noKeyword if it was none
	keyAt        int     // where the last keyword begins, the space before it included

	expect   expectation // what the next name is the name of
	alias    bool        // the next name would be the alias of a table
	skipping skipping
	limit    limit
	ended    bool // a semicolon came, which is not written before what follows
	odku     bool // after ON DUPLICATE KEY UPDATE, where VALUES is a function

	// Of the last word: where it begins in dst, the space before it included or
	// not, and what was true before it, so that it can be taken back.
	wordAt, wordText int
	wordPlace        place
	wordKey          keyword
	wordConst        bool
	wordDigits       bool
	wordExpect       expectation
	tableName        uint64 // the hash of the last table's name

	signAt    int // where the first of the signs before this token begins
	signPlace place
	signKey   keyword

	braceAt    int // where the last { begins
	bracePlace place
	braceKey   keyword
	braceConst bool

	names aliases
}

// place is what the last token was, for what may follow it.
type place byte

const (
	atStart place = iota
	afterSemicolon
	afterOpen
	afterDot
	afterSign
	afterUnary // ! and ~
	afterAt
	afterArrow
	afterClose
	afterComma
	afterOperator
	afterText // a string
	afterValue
	afterName
	afterListName // a name after which a list of columns stands
	afterVariable
	afterStar
	afterKeyword
	afterCallable // a keyword that is also a function
)

// operand reports whether the last token ends an operand, so that a sign is an
// operator and a name is an alias or a unit.
func (p place) operand() bool { return p == afterClose || p >= afterText && p <= afterStar }

// account reports whether an @ after the last token is that of an account.
func (p place) account() bool { return p == afterText || p == afterValue || p == afterName }

// glued reports whether no space is between the last token and any next.
func (p place) glued() bool { return p == atStart || p >= afterOpen && p <= afterArrow }

// skipping is how a statement is read that is left out but for a name.
type skipping byte

const (
	skipNone      skipping = iota
	skipAfterCall          // after CALL
	skipAfterUse           // after USE
	skipAll
)

// group is what stands between a pair of parentheses, or the whole statement.
// Its positions are positions in formatter.dst.
type group struct {
	open     int  // where the parenthesis stands
	variable bool // it holds more than literals and calls, its element at hand if it is a list
	call     bool // it holds the arguments of a function, where FROM is no clause
	unit     bool // its first word is a unit
	tableRef bool // it stands in place of a table

	verb    keyword // the statement it is
	listed  expectation
	ordered bool // after ORDER BY

	list
	rows
	union
}

// maxDepth bounds the nesting in which groups are told apart.
const maxDepth = 4096

// Append's work; see the package comment for the rules.
func (f *formatter) run() {
	f.groups = append(f.groups[:0], group{})
	f.top = &f.groups[0]
	var t token
	for {
		if f.top.kind != noList && (f.prev == afterOpen || f.prev == afterComma) {
			f.plainElements()
		} else if f.top.rows.state == rowDone && f.top.rows.literals && f.prev == afterClose {
			f.plainRows()
		}
		f.masked = f.expect != nothing
		if f.next(&t); t.kind == endOfSQL {
			f.endStatement()
			return
		}
		if f.skipping != skipNone && f.skip(&t) {
			continue
		}
		f.add(&t)
	}
}

func (f *formatter) add(t *token) {
	if f.ended && t.symbol != ';' {
		f.dst = append(f.dst, ';')
		f.ended = false
	}
	if f.limit != noLimit {
		f.endLimit(t)
	}
	switch t.kind {
	case plainWord:
		f.word(t)
	case textLiteral, literal, placeholder:
		f.literal(t.kind)
		if f.runsOn() {
			f.pos = len(f.sql)
		}
	case symbol:
		f.symbol(t)
	case quotedWord:
		f.quotedName(t)
	case variable:
		f.variable(t)
	case remark:
		f.write(t, afterClose)
	}
}

// space separates the next token from the last.
func (f *formatter) space() {
	if !f.prev.glued() {
		f.dst = append(f.dst, ' ')
	}
}

// write writes a token as it is.
func (f *formatter) write(t *token, p place) {
	f.space()
	f.dst = append(f.dst, f.sql[t.start:t.end]...)
	f.end(p)
}

// end makes a token that is no keyword the last one.
func (f *formatter) end(p place) {
	f.keyPrev, f.key = f.key, noKeyword
	f.prev = p
	f.expect, f.alias = nothing, false
}

// literal writes a question mark for a literal, its sign, its character set and
// the strings before it to which it is joined.
func (f *formatter) literal(k kind) {
	if k == textLiteral && f.prev == afterText {
		return
	}
	if k != placeholder && (f.key == kwCharset || f.key == kwDate && k == textLiteral) {
		f.takeBack()
	}
	if f.prev == afterSign {
		f.dst, f.prev, f.key = f.dst[:f.signAt], f.signPlace, f.signKey
	}
	p := afterValue
	if k == textLiteral {
		p = afterText
	}
	if f.limit == limitSecond {
		f.limit = limitOne
		f.end(p)
		return
	}
	f.space()
	f.dst = append(f.dst, '?')
	f.end(p)
	if f.limit == limitFirst {
		f.limit = limitOne
	}
}

// runsOn reports whether a string is followed by text at once, as in 'O'Brien': a
// quote was not escaped, and what follows is a piece of the literal. Only words
// that can follow an operand do stand so, as in 'x'and.
func (f *formatter) runsOn() bool {
	end := f.span(f.pos, isLetter|isDigit)
	if end == f.pos || f.sql[f.pos-1] != '\'' && f.sql[f.pos-1] != '"' {
		return false
	}
	var room [16]byte
	if end-f.pos > len(room) {
		return true
	}
	word := appendLower(room[:0], f.sql[f.pos:end])
	switch string(word) {
	case "end", "escape", "comment", "desc":
		return false
	}
	e := lookup(word)
	return e == nil || e.named && e.keyword != kwOffset && e.keyword != kwExcept
}

// takeBack removes the last word.
func (f *formatter) takeBack() {
	f.dst = f.dst[:f.wordAt]
	f.prev, f.key = f.wordPlace, f.wordKey
	f.top.variable = f.wordConst
}

// endStatement closes what is open.
func (f *formatter) endStatement() {
	for len(f.groups) > 1 {
		f.closeOpen()
	}
	f.endRows(f.top)
	f.endBranch(f.top, len(f.dst), true)
	f.deeper, f.skipping, f.limit, f.odku = 0, skipNone, noLimit, false
	f.expect, f.alias = nothing, false
}

// semicolon ends a statement. It is written only if another follows.
func (f *formatter) semicolon() {
	f.endStatement()
	f.groups[0] = group{}
	if len(f.dst) > f.base {
		f.ended = true
		f.end(afterSemicolon)
	}
}
