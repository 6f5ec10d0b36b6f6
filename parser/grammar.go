package parser

import "bytes"

// word writes a keyword or a name. It tells whether the statement goes on.
func (f *formatter) word(t token) bool {
	raw := f.sql[t.start:t.end]
	k := noKeyword
	if f.prevByte != '.' { // behind a dot anything is a name
		k = lookup(raw)
	}
	if f.table && k.operand() {
		k = noKeyword
	}
	if !f.begun {
		f.statement = k
		switch k {
		case kwCall:
			f.callStatement()
			return false
		case kwUse:
			f.dst = append(f.dst, "use ?"...)
			return false
		}
	}
	next := f.nextByte(t)
	switch {
	case k == noKeyword && next == '(' && !f.table && !f.spaced:
		f.limit = false
		f.name(t, false)
		return true
	case k == noKeyword:
		f.identifier(t)
		return true
	case k != kwValues && next == '(' && callable(raw) && f.prevKey != kwAs:
		f.limit = false
		f.keyword(t, k)
		f.call = true
		return true
	}
	switch k {
	case kwNull, kwTrue, kwDefault:
		if f.valuePosition(k, next) {
			f.literal(token{numberLiteral, t.start, t.end, t.open})
			return true
		}
	case kwAsc:
		if f.top().ordered {
			return true
		}
	case kwOffset:
		if f.limit {
			f.remember(t, k, 0)
			return true
		}
	}
	f.limit = false
	if !f.constant(k, next) {
		f.top().notConst = true
	}
	f.context(k)
	f.keyword(t, k)
	return true
}

func (f *formatter) keyword(t token, k keyword) {
	rows := noList
	switch {
	case k == kwRow:
		rows = f.rows
	case k == kwValues && (f.prevByte == 0 || f.prevByte == ')'):
		rows = firstRow
	}
	f.space()
	f.dst = appendLower(f.dst, f.sql[t.start:t.end])
	f.remember(t, k, 0)
	f.rows = rows
}

// constant tells whether a keyword may stand among literals that are one with
// any others, as in CAST(? AS SIGNED) or INTERVAL ? DAY.
func (f *formatter) constant(k keyword, next byte) bool {
	switch k {
	case kwNow, kwAs, kwInterval, kwRow:
		return true
	case kwUnit:
		return f.prev.kind == stringLiteral || f.prev.kind == numberLiteral || f.prevByte == ')' ||
			f.prevKey == kwAs || f.prevKey == kwUnit || next == '\'' || next == '"'
	}
	return false
}

// valuePosition tells whether NULL, TRUE, FALSE or DEFAULT is a literal here.
func (f *formatter) valuePosition(k keyword, next byte) bool {
	if k == kwDefault {
		return bytes.IndexByte([]byte("=(,:"), f.prevByte) >= 0 && f.prevByte != 0 &&
			(next == 0 || next == ',' || next == ')' || next == ';' || byteClass[next]&isLetter != 0)
	}
	switch f.prevKey {
	case kwIs, kwSet:
		return false
	case kwNot:
		return k == kwTrue && f.beforeKey != kwIs
	case noKeyword:
		return f.prevByte != 0 && f.prevByte != ')'
	}
	return true
}

// context keeps what a keyword tells of the names behind it.
func (f *formatter) context(k keyword) {
	g := f.top()
	table, spaced := f.table, f.spaced
	f.table, f.spaced = false, false
	switch k {
	case kwSelect:
		g.query, g.from, g.with, g.ordered = true, false, false, false
		if g.last < 0 {
			g.last = f.nextStart()
		}
	case kwFrom:
		g.from = g.query || len(f.groups) == 1
		f.table = g.from
	case kwJoin:
		f.table = true
	case kwInto, kwReferences, kwTable:
		f.endBranch(g)
		f.table, f.spaced = true, true
	case kwOther, kwNot, kwExists: // CREATE TABLE IF NOT EXISTS t (...)
		f.table, f.spaced = table && spaced, table && spaced
	case kwIndex, kwKey:
		f.spaced = f.prevKey != kwDuplicate
	case kwInsert, kwModifier:
		if !f.begun || table {
			f.table, f.spaced = true, f.statement == kwInsert
		}
	case kwUpdate:
		f.table = f.prevKey != kwFor && f.prevKey != kwKey && f.prevKey != kwOn
		g.from = f.table
	case kwDelete:
		f.table = f.prevKey != kwOn
		g.from = f.table
	case kwDescribe:
		f.table = !f.begun
	case kwUsing:
		f.table = f.statement == kwDelete
	case kwOn:
		f.table = f.statement == kwCreate && f.prevKey == noKeyword
		f.spaced = f.table
	case kwWith, kwRecursive:
		g.with, f.table, f.spaced = true, true, true
	case kwOrder:
		f.endBranch(g)
		g.from, g.ordered = false, true
	case kwLimit:
		f.endBranch(g)
		g.from, g.ordered, f.limit = false, false, true
	case kwFor:
		f.endBranch(g)
		g.from = false
	case kwWhere, kwGroup, kwHaving, kwSet, kwValues:
		g.from = false
	case kwUnion:
		f.endBranch(g)
		g.from, g.ordered = false, false
		g.unionStart = f.nextStart()
	case kwAs:
		f.spaced = spaced
	}
}

// endBranch ends the branch of a UNION at hand, and takes it back if it repeats
// the one before.
func (f *formatter) endBranch(g *group) {
	if g.last < 0 || g.last > len(f.dst) {
		return
	}
	if g.branch < 0 || !bytes.Equal(f.dst[g.branch:g.branchEnd], f.dst[g.last:]) {
		g.branch, g.branchEnd, g.marked, g.last = g.last, len(f.dst), 0, -1
		return
	}
	remark := append([]byte(" /*repeat "), bytes.TrimSpace(f.dst[g.unionStart:g.last])...)
	remark = append(remark, "*/"...)
	switch {
	case g.marked == 0:
		f.dst = append(f.dst[:g.branchEnd], remark...)
		g.marked = len(f.dst)
	case bytes.Equal(f.dst[g.branchEnd:g.marked], remark):
		f.dst = f.dst[:g.marked]
	}
	g.last = -1
}

// callStatement writes the procedure's name and nothing of its arguments.
func (f *formatter) callStatement() {
	f.dst = append(f.dst, "call"...)
	for t := f.next(); ; t = f.next() {
		switch {
		case t.kind == plainWord, t.kind == quotedWord:
			if t.kind == quotedWord {
				t = f.unquote(t)
			}
			if (f.cut || f.open) && f.incomplete(t) {
				return
			}
			f.name(t, false)
		case t.kind == symbol && f.sql[t.start] == '.':
			f.dst = append(f.dst, '.')
		default:
			return
		}
	}
}
