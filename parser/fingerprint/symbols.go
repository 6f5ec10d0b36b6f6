package fingerprint

import "bytes"

// symbol writes an operator or punctuation.
func (f *formatter) symbol(t *token) {
	switch t.symbol {
	case '(':
		f.openGroup()
	case ')':
		f.closeGroup()
	case ',':
		f.comma()
	case '.':
		f.dot()
	case ';':
		f.semicolon()
	case '+', '-':
		f.sign(t)
	case '*':
		if f.prev.operand() && f.prev != afterStar {
			f.operator(t, afterOperator)
		} else {
			f.operator(t, afterStar)
		}
	case '!', '~':
		f.operator(t, afterUnary)
	case '@', ':', arrow:
		f.tight(t)
	case '{':
		f.braceAt, f.bracePlace, f.braceKey, f.braceConst = len(f.dst), f.prev, f.key, f.top.variable
		f.operator(t, afterOperator)
	case '}':
		f.closeBrace(t)
	default:
		f.operator(t, afterOperator)
	}
}

// operator writes an operator, which never touches another.
func (f *formatter) operator(t *token, p place) {
	if f.prev >= afterSign && f.prev <= afterArrow {
		f.dst = append(f.dst, ' ')
	}
	f.write(t, p)
}

// tight writes an operator that touches the operand before it: a->b, 'u'@'h',
// label: loop.
func (f *formatter) tight(t *token) {
	p := afterOperator
	switch t.symbol {
	case '@':
		p = afterAt
	case arrow:
		p = afterArrow
	}
	switch {
	case p == afterAt && f.prev != afterAt && !f.prev.account():
		f.write(t, p)
		return
	case !f.prev.operand():
		f.operator(t, p)
		return
	}
	f.dst = append(f.dst, f.sql[t.start:t.end]...)
	f.end(p)
}

// sign writes a sign, which goes with the literal after it, or an operator.
func (f *formatter) sign(t *token) {
	if f.prev.operand() {
		f.operator(t, afterOperator)
		return
	}
	if f.prev != afterSign {
		f.signAt, f.signPlace, f.signKey = len(f.dst), f.prev, f.key
	}
	f.operator(t, afterSign)
}

// closeBrace ends ODBC's literals of dates and times, {d '2030-01-31'}.
func (f *formatter) closeBrace(t *token) {
	if text := string(bytes.TrimLeft(f.dst[min(f.braceAt, len(f.dst)):], " ")); text == "{ d ?" || text == "{ t ?" || text == "{ ts ?" {
		f.dst, f.prev, f.key = f.dst[:f.braceAt], f.bracePlace, f.braceKey
		f.top.variable = f.braceConst
		f.literal(literal)
		return
	}
	f.operator(t, afterClose)
}

func (f *formatter) openGroup() {
	g, p, expect := f.top, f.prev, f.expect
	inner := group{call: p == afterName || p == afterCallable, unit: f.key == kwUnitCall}
	inner.list = list{kind: f.listKind(), from: len(f.dst)}
	if p == afterName {
		g.variable = f.wordConst // the name of a function is no column
	}
	begins := p == atStart || p == afterSemicolon || p == afterOpen || f.afterSetOperator()
	if !inner.call {
		f.space()
	}
	inner.open = len(f.dst)
	if begins {
		f.beginBranch(g, inner.open)
	}
	f.dst = append(f.dst, '(')
	f.end(afterOpen)
	if len(f.groups) >= maxDepth {
		f.deeper++
		return
	}
	inner.element = len(f.dst)
	if !inner.call && (expect == table || expect == target) {
		inner.tableRef, inner.listed = true, table
		f.expect = table
	}
	f.groups = append(f.groups, inner)
	f.top = &f.groups[len(f.groups)-1]
}

// listKind is what list a parenthesis opens here.
func (f *formatter) listKind() listKind {
	switch {
	case f.deeper > 0:
	case f.key == kwIn:
		return inList
	case f.top.rows.state == rowDue && (f.key == kwValues || f.key == kwValue || f.key == kwRow),
		f.top.rows.state == rowComma && (f.prev == afterComma || f.key == kwRow):
		return rowList
	}
	return noList
}

func (f *formatter) closeGroup() {
	if f.deeper > 0 || len(f.groups) == 1 {
		f.deeper = max(0, f.deeper-1)
		f.dst = append(f.dst, ')')
		f.end(afterClose)
		return
	}
	g := f.pop(false)
	if g.list.kind != noList {
		f.closeList(&g, true)
	} else {
		f.dst = append(f.dst, ')')
	}
	f.end(afterClose)
	f.alias = g.tableRef
}

// closeOpen closes a group that the statement leaves open.
func (f *formatter) closeOpen() {
	if g := f.pop(true); g.list.kind != noList {
		f.closeList(&g, false)
	}
}

// pop ends what is open in the last group and takes it off.
func (f *formatter) pop(final bool) group {
	f.endRows(f.top)
	f.endBranch(f.top, len(f.dst), final)
	g := *f.top
	f.groups = f.groups[:len(f.groups)-1]
	f.top = &f.groups[len(f.groups)-1]
	if g.list.kind == noList {
		f.top.variable = f.top.variable || g.variable
	}
	return g
}
