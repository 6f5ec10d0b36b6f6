package fingerprint

// keyword acts on the last word, which was written, if it is a keyword where it
// stands. If it is a name there it says so.
func (f *formatter) keyword(e *keywordEntry, expect expectation, alias bool) bool {
	if e.named && !f.isKeyword(e.keyword, expect) {
		return false
	}
	k, p := e.keyword, afterKeyword
	if e.tight {
		p = afterCallable
	}
	switch k {
	case kwNull, kwTrue, kwDefault:
		if f.isValue(k) {
			f.takeBack()
			f.literal(literal)
			return true
		}
		if k != kwDefault {
			p = afterName
		}
	case kwAsc:
		if f.top.ordered {
			f.takeBack()
			f.expect, f.alias = nothing, false
			return true
		}
	case kwNow:
		p = afterName
	case kwDate, kwCharset, kwUnitCall:
		f.name(expect, alias)
		f.key = k
		return true
	}
	if k != kwRow {
		f.top.rows.state = noRows
	}
	next := f.clause(k, expect, alias)
	if k == kwValues || k == kwValue {
		p = f.values()
	}
	f.end(p)
	f.key, f.expect, f.keyAt = k, next, f.wordAt
	f.alias = alias && k == kwAs
	return true
}

// atStart reports whether the last word begins a statement.
func (f *formatter) atStart() bool {
	return f.wordPlace <= afterSemicolon || f.wordKey == kwBegin || f.wordKey == kwDescribe
}

// isKeyword reports whether a word that can be a name without back-quotes is a
// keyword here.
func (f *formatter) isKeyword(k keyword, expect expectation) bool {
	verb := f.top.verb
	switch k {
	case kwAny, kwOver:
		return f.peek() == '('
	case kwBegin, kwHandler, kwRollback, kwTruncate, kwLock:
		return f.atStart()
	case kwDuplicate:
		return f.wordKey == kwOn
	case kwEvent:
		return verb == kwCreate
	case kwExcept:
		return f.wordPlace.operand() && f.top.inBranch
	case kwModifier:
		return expect != nothing
	case kwOf:
		return f.wordKey == kwShare || f.wordKey == kwUpdate
	case kwOffset:
		return f.limit == limitOne
	case kwRecursive:
		return f.wordKey == kwWith
	case kwReturning:
		return f.wordPlace.operand() && (verb == kwInsert || verb == kwReplace || verb == kwDelete)
	case kwRow:
		return f.top.rows.state == rowDue || f.top.rows.state == rowComma
	case kwSavepoint:
		return f.atStart() || f.wordKey == kwTo || f.wordKey == kwRelease
	case kwShare:
		return f.wordKey == kwFor
	case kwTables:
		return f.wordKey == kwLock || f.wordKey == kwShow
	case kwValue:
		return (f.wordPlace == afterClose || f.wordPlace == afterListName) && (verb == kwInsert || verb == kwReplace)
	case kwView:
		return verb == kwCreate || verb == kwDrop || verb == kwAlter || verb == kwShow
	case kwWindow:
		return f.wordPlace.operand() && verb == kwSelect
	}
	return true
}

// isValue reports whether NULL, TRUE, FALSE or DEFAULT is a literal here, and not
// a part of IS NULL, NOT NULL, DEFAULT CHARSET, DEFAULT(a) and the like.
func (f *formatter) isValue(k keyword) bool {
	if k == kwDefault {
		switch f.wordPlace {
		case afterOperator:
			return f.peek() != '('
		case afterOpen, afterComma:
			next := f.peek()
			return next == ',' || next == ')' || next == 0
		}
		return false
	}
	switch f.wordKey {
	case kwIs:
		return false
	case kwNot:
		return k == kwTrue && f.keyPrev != kwIs
	case kwSet:
		return k == kwTrue
	}
	return !f.wordPlace.operand()
}

// values reports whether VALUES is followed by rows, or is a function, as after
// ON DUPLICATE KEY UPDATE.
func (f *formatter) values() place {
	g := f.top
	switch {
	case f.odku, g.call, f.wordPlace == afterComma, f.wordPlace == afterOperator,
		f.wordPlace == afterKeyword && f.wordKey != kwUnion && f.wordKey != kwUnionKind && f.wordKey != kwDescribe:
		return afterCallable
	}
	g.listed = nothing
	g.rows = rows{state: rowDue}
	f.beginBranch(g, f.wordText)
	return afterKeyword
}

// clause keeps what a keyword tells of the words after it. It returns what the
// next name is the name of.
func (f *formatter) clause(k keyword, expect expectation, alias bool) expectation {
	g := f.top
	switch k {
	case kwCall:
		f.skipping = skipAfterCall
	case kwUse:
		if f.wordPlace <= afterSemicolon {
			f.skipping = skipAfterUse
		}
	case kwInto:
		if f.repeats(g, f.wordAt) {
			f.endClauses(f.wordAt)
		}
		return expect
	case kwModifier, kwNot, kwRecursive:
		return expect
	case kwSelect:
		if g.verb != kwGrant {
			f.selects()
		}
	case kwLimit:
		f.endClauses(f.wordAt)
		f.limit = limitFirst
	case kwOffset:
		f.dst, f.limit = f.dst[:f.wordAt], limitSecond
	case kwOrder:
		f.endClauses(f.wordAt)
		g.ordered = true
	case kwGroup, kwWhere, kwWindow, kwReturning, kwSet:
		g.listed, g.ordered = nothing, false
	case kwDuplicate:
		f.odku = true
		f.endClauses(f.keyAt)
	case kwShare:
		f.endClauses(f.keyAt)
	case kwUnion, kwExcept:
		f.setOperator(k)
	case kwUnionKind, kwDistinct:
		if f.wordKey == kwUnion {
			g.joined = joinedAll
		}
		if f.wordKey == kwUnion && k == kwDistinct {
			g.joined = joinedDistinct
		}
	case kwWith:
		g.variable, g.listed = true, cte
		return cte
	case kwReferences:
		return target
	case kwIndex:
		return index
	case kwSavepoint:
		return savepoint
	default:
		return f.tableClause(k, expect, alias)
	}
	return nothing
}

// selects begins a SELECT, and a branch of a UNION, the parenthesis before it
// included.
func (f *formatter) selects() {
	g := f.top
	g.verb, g.variable, g.listed, g.ordered = kwSelect, true, nothing, false
	f.beginBranch(g, f.wordText)
	if n := len(f.groups); n > 1 && f.wordPlace == afterOpen && f.groups[n-2].listed != cte {
		f.beginBranch(&f.groups[n-2], g.open)
	}
}

// endClauses ends what cannot go on after ORDER BY, LIMIT, FOR UPDATE, LOCK IN
// SHARE MODE or ON DUPLICATE KEY UPDATE, which begins at end.
func (f *formatter) endClauses(end int) {
	f.endBranch(f.top, end, false)
	f.top.listed, f.top.ordered = nothing, false
}
