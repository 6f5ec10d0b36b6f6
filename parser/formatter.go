package parser

import (
	"bytes"
	"slices"
)

// formatter writes the fingerprint of one statement, token by token, with one
// spacing whatever the statement's own. What turns out to be a list of literals
// when it is closed, or a branch of a UNION that was there before, is taken back
// from dst, so that a statement of any length is read once.
type formatter struct {
	lexer
	dst  []byte
	base int // where the fingerprint begins in dst
	cut  bool

	groups []group // that are open, the statement itself first
	deeper int     // how many are open beyond maxDepth

	// Of the last token:
	prev      token
	prevKey   keyword // noKeyword if it was none
	beforeKey keyword // of the one before it
	prevByte  byte    // the first byte of a symbol, else 0
	call      bool    // a keyword with its own parenthesis behind it
	begun     bool    // there was one in this statement

	glue      bool     // no space before the next token
	table     bool     // the next name is a table's
	spaced    bool     // the name behind which a list of columns comes
	rows      listKind // which row of VALUES a parenthesis would open
	afterRows bool     // such rows were the last
	limit     bool     // behind LIMIT
	statement keyword  // what the statement begins with

	collecting bool // only the names of the tables matter
	collected  bool
	tables     [][]byte
}

// group is what stands between a pair of parentheses, or the whole statement.
// Its indexes are into formatter.dst.
type group struct {
	list     listKind
	start    int  // what a list of literals takes the place of
	notConst bool // something else than literals and calls stands in it
	from     bool // a comma is followed by another table
	with     bool // a comma is followed by another common table expression
	ordered  bool // behind ORDER BY
	query    bool // it is a SELECT, so its FROM names tables
	filled   bool

	branch, branchEnd int // the last branch of a UNION that has ended; -1 without
	marked            int // where the remark on its repetition ends, if there is one
	last              int // where the branch at hand begins; -1 if there is none
	unionStart        int // where the word UNION before it stands
}

type listKind byte

const (
	noList listKind = iota
	inList
	firstRow // of VALUES
	nextRow
)

// maxDepth bounds the nesting in which groups are told apart.
const maxDepth = 1000

func (f *formatter) run() []byte {
	f.groups = append(f.groups, group{branch: -1, last: -1})
	for {
		t := f.next()
		if t.kind == endOfSQL || (f.cut || f.open) && f.incomplete(t) || !f.add(t) {
			return f.finish()
		}
	}
}

// incomplete tells whether t may be a part of a token that was cut.
func (f *formatter) incomplete(t token) bool {
	if !t.open {
		return false
	}
	switch t.kind {
	case stringLiteral, numberLiteral:
		return false
	case symbol:
		return bytes.IndexByte([]byte("(),?"), f.sql[t.start]) < 0
	}
	return true
}

// finish closes what is open and takes away what ends a statement.
func (f *formatter) finish() []byte {
	cut := f.cut || f.open || len(f.groups) > 1
	for i := len(f.groups) - 1; i > 0; i-- {
		g := &f.groups[i]
		if g.list != noList && !g.notConst {
			f.dst = f.dst[:g.start]
			f.collapse(g)
		} else if g.notConst {
			f.groups[i-1].notConst = true
		}
	}
	if !cut {
		f.endBranch(&f.groups[0])
	}
	for n := len(f.dst); n > f.base; n-- {
		if c := f.dst[n-1]; c != ' ' && c != ';' && (c != ',' || !cut) {
			return f.dst[:n]
		}
	}
	return f.dst[:f.base]
}

func (f *formatter) top() *group { return &f.groups[len(f.groups)-1] }

// add writes a token and tells whether the statement goes on.
func (f *formatter) add(t token) bool {
	switch t.kind {
	case stringLiteral, numberLiteral:
		f.literal(t)
		return !f.runsOn(t)
	case variable:
		f.limit = false
		f.top().notConst = true
		f.name(t, false)
	case quotedWord:
		f.identifier(f.unquote(t))
	case plainWord:
		return f.word(t)
	case symbol:
		f.symbol(t)
	}
	return true
}

// remember makes t the last token.
func (f *formatter) remember(t token, k keyword, symbol byte) {
	f.beforeKey = f.prevKey
	f.prev, f.prevKey, f.prevByte = t, k, symbol
	f.call, f.rows, f.afterRows = false, noList, false
	f.begun = true
	f.top().filled = true
}

// space separates the next token from the last one.
func (f *formatter) space() {
	if n := f.nextStart(); n > len(f.dst) {
		f.dst = append(f.dst, ' ')
	}
	f.glue = false
}

// nextStart is where the next token will begin in dst.
func (f *formatter) nextStart() int {
	n := len(f.dst)
	if n == f.base || f.glue || f.dst[n-1] == '(' || f.dst[n-1] == '.' || f.dst[n-1] == ' ' {
		return n
	}
	return n + 1
}

// literal writes a question mark. Strings that stand side by side are one, and
// so are the two numbers of LIMIT, whose comma or OFFSET was not written.
func (f *formatter) literal(t token) {
	switch {
	case t.kind == stringLiteral && f.prev.kind == stringLiteral && f.begun:
		return
	case f.limit && (f.prevByte == ',' || f.prevKey == kwOffset):
		f.limit = false
		f.remember(t, noKeyword, 0)
		return
	}
	f.space()
	f.dst = append(f.dst, '?')
	f.remember(t, noKeyword, 0)
}

// runsOn tells whether a string is followed by text at once, as in 'O'Brien': a
// quote was not escaped, and what follows is a piece of the literal. Keywords do
// stand so, in 'x'and.
func (f *formatter) runsOn(t token) bool {
	if t.kind != stringLiteral {
		return false
	}
	end := f.span(t.end, isLetter|isDigit)
	return end > t.end && f.sql[t.end-1] < 'A' && lookup(f.sql[t.end:end]) == noKeyword
}

// name writes a name in lower case, and the digits of a table's as one question
// mark a run.
func (f *formatter) name(t token, isTable bool) {
	f.space()
	raw := f.sql[t.start:t.end]
	if isTable {
		f.dst = appendShard(f.dst, raw)
	} else {
		f.dst = appendLower(f.dst, raw)
	}
	f.remember(t, noKeyword, 0)
}

func appendShard(dst, raw []byte) []byte {
	for i, c := range raw {
		switch {
		case byteClass[c]&isDigit == 0:
			dst = appendLower(dst, raw[i:i+1])
		case i == 0 || byteClass[raw[i-1]]&isDigit == 0:
			dst = append(dst, '?')
		}
	}
	return dst
}

// identifier writes a name that is not the name of a function.
func (f *formatter) identifier(t token) {
	f.limit = false
	f.top().notConst = true
	raw := f.sql[t.start:t.end]
	qualifier := f.follows(t, '.')
	isTable := f.table || qualifier && hasDigit(raw) && f.isTableName(raw)
	if f.table && f.collecting {
		f.tables = append(f.tables, raw)
	}
	f.name(t, isTable)
	f.table = f.table && qualifier
	f.spaced = f.spaced && (f.table || f.follows(t, '('))
}

// follows tells whether c is the next byte behind t, white space aside.
func (f *formatter) follows(t token, c byte) bool { return f.nextByte(t) == c }

// nextByte is the byte with which the next token behind t begins, 0 at the end.
func (f *formatter) nextByte(t token) byte {
	end := t.end
	if f.at(end) == '`' { // of a name without its back-quotes
		end++
	}
	end = f.span(end, isSpace)
	if c := f.at(end); c != '/' && c != '#' && c != '-' && c != '*' {
		return c
	}
	ahead := lexer{sql: f.sql, pos: end, versioned: f.versioned}
	ahead.skip()
	return ahead.at(ahead.pos)
}

func hasDigit(b []byte) bool {
	return slices.ContainsFunc(b, func(c byte) bool { return byteClass[c]&isDigit != 0 })
}

// isTableName tells whether a qualifier is the name of a table of the statement
// or of its schema, and not an alias. For that the statement is read once more.
func (f *formatter) isTableName(raw []byte) bool {
	if f.collecting {
		return false
	}
	if !f.collected {
		c := formatter{lexer: lexer{sql: f.sql}, collecting: true}
		c.run()
		f.tables, f.collected = c.tables, true
	}
	return slices.ContainsFunc(f.tables, func(t []byte) bool { return bytes.EqualFold(t, raw) })
}

// unquote takes off the back-quotes of a name that needs none.
func (f *formatter) unquote(t token) token {
	inner := f.sql[t.start+1 : max(t.start+1, t.end-1)]
	if len(inner) == 0 || byteClass[inner[0]]&isLetter == 0 || !all(inner, isLetter|isDigit) {
		return t
	}
	if k := lookup(inner); k != noKeyword && !k.operand() {
		return t
	}
	t.start, t.end = t.start+1, t.end-1
	return t
}
