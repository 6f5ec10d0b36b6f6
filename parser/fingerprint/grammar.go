package fingerprint

import "bytes"

// grammar knows what a word means where it stands, and what it tells of the words
// after it. The keywords that tables stand after are in names.go.
type grammar struct {
	namer
	lexer lexer

	limit    limit
	skipping skipping
	arith    arithmetic
	odku     bool // after ON DUPLICATE KEY UPDATE, where VALUES is a function
}

// skipping says how a statement is read that is left out but for a name.
type skipping byte

const (
	skipNone      skipping = iota
	skipAfterCall          // after CALL
	skipAfterUse           // after USE
	skipAll
)

// keyword acts on the last word, which was written, and reports whether it is a
// keyword where it stands, and not a name.
func (g *grammar) keyword(e *keywordEntry, expect expectation, alias bool) bool {
	if e.named && !g.isKeyword(e.keyword, expect) {
		return false
	}
	if e.inner || g.deeper > 0 || e.tight && g.lexer.peek() == '(' {
		return g.act(e, expect, alias)
	}
	g.endOfExpression(e.keyword)
	switch e.keyword {
	case kwAs, kwAnd, kwOr, kwCase, kwEnd: // which may stand in what a SELECT selects
	default:
		g.top.selects = g.frame.isCase && g.top.selects
	}
	value := g.act(e, expect, alias)
	g.startOfExpression(e.keyword)
	return value
}

// endOfExpression ends the expression, or the part of one, that the last word ends.
func (g *grammar) endOfExpression(k keyword) {
	switch {
	case k == kwAnd || k == kwOr:
		g.endOperand(k, g.word.at)
		return
	case k == kwEnd:
		g.endCase()
		return
	case k == kwCase:
		return
	case g.frame.isCase && (k == kwWhen || k == kwThen && g.dst[g.word.text] == 'e'):
		g.endWhen()
	default:
		g.endExpression(g.word.at)
	}
	g.frame.broken = true
}

// startOfExpression begins what comes after the last word.
func (g *grammar) startOfExpression(k keyword) {
	switch k {
	case kwAnd, kwOr:
		g.beginOperand(k)
	case kwCase:
		g.beginCase()
	case kwEnd:
	case kwWhen:
		if g.frame.isCase {
			g.frame.branches.at = g.word.at
		}
		g.beginExpression(true)
	default:
		g.beginExpression(k == kwWhere || k == kwOn)
	}
}

// act does what a keyword is for, and reports whether it is one.
func (g *grammar) act(e *keywordEntry, expect expectation, alias bool) bool {
	k, p := e.keyword, afterKeyword
	if e.tight {
		p = afterCallable
	}
	switch k {
	case kwNull, kwTrue, kwDefault:
		if g.isValue(k) {
			g.takeBackWord()
			g.literal(literal)
			return true
		}
		if k != kwDefault {
			p = afterName
		}
	case kwAsc:
		if g.top.ordered {
			g.takeBackWord()
			g.expect, g.alias = nothing, false
			return true
		}
	case kwNow:
		p = afterName
	case kwDiv:
		g.arith.begin(g, g.word.at, g.word.prev)
	case kwBetween:
		if g.deeper == 0 {
			g.frame.between++
		}
	case kwEnd:
		g.endName(expect, alias)
		return true
	case kwDate, kwCharset, kwUnitCall, kwVariadic:
		g.endName(expect, alias)
		g.key, g.variadic = k, e.args
		return true
	}
	if k != kwRow {
		alias = alias || k == kwAs && g.top.rows.state == rowDone // VALUES (1) AS new1 ON DUPLICATE KEY UPDATE
		g.top.rows.state = noRows
	}
	next := g.clause(k, expect, alias)
	if k == kwValues || k == kwValue {
		if p = g.values(); k == kwValue {
			g.dst = append(g.dst, 's')
		}
	}
	g.end(p)
	g.key, g.expect, g.keyAt = k, next, g.word.at
	g.alias = alias && k == kwAs
	return true
}

// atStart reports whether the last word begins a statement.
func (g *grammar) atStart() bool {
	return g.word.prev <= afterSemicolon || g.word.key == kwBegin || g.word.key == kwThen || g.word.key == kwDescribe
}

// isKeyword reports whether a word that can be a name without back-quotes is a
// keyword here.
func (g *grammar) isKeyword(k keyword, expect expectation) bool {
	verb := g.top.verb
	switch k {
	case kwAny, kwOver:
		return g.lexer.peek() == '('
	case kwBegin, kwHandler, kwRollback, kwTruncate, kwLock:
		return g.atStart()
	case kwDuplicate:
		return g.word.key == kwOn
	case kwEnd:
		return g.frame.isCase && g.deeper == 0 && g.word.prev.operand()
	case kwEvent:
		return verb == kwCreate
	case kwExcept, kwIntersect:
		return g.word.prev.operand() && g.top.inBranch
	case kwModifier:
		return expect != nothing
	case kwOf:
		return g.word.key == kwShare || g.word.key == kwUpdate
	case kwOffset:
		return g.limit == limitOne
	case kwRecursive:
		return g.word.key == kwWith
	case kwReturning:
		return g.word.prev.operand() && (verb == kwInsert || verb == kwReplace || verb == kwDelete)
	case kwRow:
		return g.top.rows.state == rowDue || g.top.rows.state == rowComma
	case kwPrepare:
		return g.atStart() || g.word.key == kwPrepare || g.word.key == kwDrop
	case kwSavepoint:
		return g.atStart() || g.word.key == kwTo || g.word.key == kwRelease
	case kwShare:
		return g.word.key == kwFor
	case kwTables:
		return g.word.key == kwLock || g.word.key == kwShow
	case kwVariadic: // also a type, CHAR(10)
		return g.lexer.peek() == '(' && g.word.key != kwAs && !g.word.prev.operand()
	case kwValue:
		return (g.word.prev == afterClose || g.word.prev == afterListName) && (verb == kwInsert || verb == kwReplace)
	case kwView:
		return verb == kwCreate || verb == kwDrop || verb == kwAlter || verb == kwShow
	case kwWindow:
		return g.word.prev.operand() && verb == kwSelect
	}
	return true
}

// isValue reports whether NULL, TRUE, FALSE or DEFAULT is a literal here, and not
// a part of IS NULL, NOT NULL, DEFAULT CHARSET, DEFAULT(a) and the like.
func (g *grammar) isValue(k keyword) bool {
	if k == kwDefault {
		switch g.word.prev {
		case afterOperator:
			return g.lexer.peek() != '('
		case afterOpen, afterComma:
			next := g.lexer.peek()
			return next == ',' || next == ')' || next == 0
		}
		return false
	}
	switch g.word.key {
	case kwIs:
		return false
	case kwNot:
		return k == kwTrue && g.keyPrev != kwIs
	case kwSet:
		return k == kwTrue
	}
	return !g.word.prev.operand()
}

// values reports whether VALUES is followed by rows, or is a function, as after
// ON DUPLICATE KEY UPDATE.
func (g *grammar) values() previous {
	top := g.top
	switch {
	case g.odku, top.call, g.word.prev == afterComma, g.word.prev == afterOperator,
		g.word.prev == afterKeyword && g.word.key != kwUnion && g.word.key != kwUnionKind && g.word.key != kwDescribe:
		return afterCallable
	}
	top.listed = nothing
	top.rows = rows{state: rowDue, seen: g.members.begin()}
	top.beginBranch(g.word.text)
	return afterKeyword
}

// clause keeps what a keyword tells of the words after it. It returns what the
// next name is the name of.
func (g *grammar) clause(k keyword, expect expectation, alias bool) expectation {
	top := g.top
	switch k {
	case kwCall:
		g.skipping = skipAfterCall
		if before := g.dst[g.base:g.word.at]; bytes.HasSuffix(before, []byte("{")) && (len(before) == 1 || bytes.HasSuffix(before, []byte("; {"))) {
			g.remove(g.word.at-1, g.word.text) // { call p() }, as ODBC and JDBC have it
		}
	case kwUse:
		if g.word.prev <= afterSemicolon {
			g.skipping = skipAfterUse
		}
	case kwInto:
		if top.union.repeats(&g.nesting, g.word.at) {
			g.endClauses(g.word.at)
		}
		if top.listed == generated {
			top.listed = nothing
		}
		return expect
	case kwModifier, kwNot, kwRecursive:
		return expect
	case kwSelect:
		if top.verb != kwGrant {
			g.selects()
		}
	case kwLimit:
		g.endClauses(g.word.at)
		g.limit = limitFirst
	case kwOffset:
		g.dst, g.limit = g.dst[:g.word.at], limitSecond
	case kwOrder:
		g.endClauses(g.word.at)
		top.ordered = true
	case kwGroup, kwWhere, kwWindow, kwReturning, kwSet:
		top.listed, top.ordered = nothing, false
	case kwDuplicate:
		g.odku = true
		g.endClauses(g.keyAt)
	case kwShare:
		g.endClauses(g.keyAt)
	case kwUsing:
		top.args.using = g.word.at // of CHAR, after its arguments
		return g.tableClause(k, expect, alias)
	case kwUnion, kwExcept, kwIntersect:
		g.endClauses(g.word.at)
		top.join(k, g.before)
		g.names.scope = g.names.scope[:min(top.tables, len(g.names.scope))]
	case kwUnionKind, kwDistinct:
		if g.afterSetOperator() {
			top.join(k, g.before)
		}
	case kwWith:
		top.variable, top.listed = true, cte
		return cte
	case kwReferences:
		return target
	case kwIndex:
		return index
	case kwSavepoint, kwPrepare:
		return generated
	case kwPartition:
		if top.verb == kwAlter {
			top.listed = generated
		}
		return generated
	default:
		return g.tableClause(k, expect, alias)
	}
	return nothing
}

// selects begins a SELECT, and a branch of a UNION, the parenthesis before it
// included.
func (g *grammar) selects() {
	top := g.top
	if top.joined == joinedNot {
		top.tables = len(g.names.scope)
	}
	top.verb, top.variable, top.listed, top.ordered = kwSelect, true, nothing, false
	top.selects, top.selected = true, 0
	if g.word.prev <= afterOpen {
		top.selected = len(g.dst)
	}
	top.beginBranch(g.word.text)
	if n := len(g.groups); n > 1 && g.word.prev == afterOpen && top.pairs == 0 && g.groups[n-2].listed != cte {
		g.groups[n-2].beginBranch(top.open)
	}
}

// endClauses ends what cannot go on after ORDER BY, LIMIT, FOR UPDATE, LOCK IN
// SHARE MODE or ON DUPLICATE KEY UPDATE, which begins at end.
func (g *grammar) endClauses(end int) {
	g.endBranch(g.top, end, false)
	g.top.listed, g.top.ordered = nothing, false
}

// takeBackWord removes the last word.
func (g *grammar) takeBackWord() {
	g.takeBack(g.word.mark)
	g.top.variable = g.word.variable
}

// literal writes a question mark for a literal, its sign, its character set and
// the strings before it to which it is joined.
func (g *grammar) literal(k kind) {
	g.frame.literal = true
	if k == textLiteral && g.prev == afterText {
		return
	}
	if k != placeholder && (g.key == kwCharset || g.key == kwDate && k == textLiteral) {
		g.takeBackWord()
	}
	if g.prev == afterSign {
		g.takeBack(g.signs)
	}
	at := len(g.dst)
	if g.limit.number() {
		g.space()
		g.dst = append(g.dst, '?')
	}
	if !g.arith.open {
		g.arith.at, g.arith.first = at, len(g.dst)
	}
	if k == textLiteral {
		g.end(afterText)
	} else {
		g.end(afterValue)
	}
}
