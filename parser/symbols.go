package parser

// symbol writes an operator or punctuation.
func (f *formatter) symbol(t token) {
	c := f.sql[t.start]
	if c != ',' && c != '?' && c != '+' && c != '-' {
		f.limit = false
	}
	switch c {
	case '(':
		f.openGroup(t)
	case ')':
		f.close(t)
	case ',':
		f.comma(t)
	case ';':
		f.semicolon(t)
	case '?':
		f.literal(token{numberLiteral, t.start, t.end, t.open})
	case '+', '-':
		if t.end-t.start == 1 {
			f.sign(t)
			return
		}
		f.tight(t) // -> and ->>
	case '.', '@':
		f.tight(t)
	case '!', '~', ':':
		f.operator(t)
		f.glue = t.end-t.start == 1
	default:
		f.operator(t)
	}
}

func (f *formatter) operator(t token) {
	f.space()
	f.dst = append(f.dst, f.sql[t.start:t.end]...)
	f.remember(t, noKeyword, f.sql[t.start])
}

// tight is an operator without spaces.
func (f *formatter) tight(t token) {
	if f.prev.kind == symbol && f.prevByte != ')' && f.prevByte != '*' {
		f.space() // .. is no SQL; it shall not run into the name before it
	}
	f.dst = append(f.dst, f.sql[t.start:t.end]...)
	f.remember(t, noKeyword, f.sql[t.start])
	f.glue = true
}

// sign leaves out the sign of a literal; behind an operand it is an operator.
func (f *formatter) sign(t token) {
	operand := f.begun && (f.prev.kind != symbol && f.prevKey.operand() && f.prevByte == 0 || f.prevByte == ')' || f.prevByte == '?')
	if operand {
		f.limit = false
		f.operator(t)
		return
	}
	signs := []token{t}
	for {
		after := f.pos
		next := f.next()
		if next.kind == symbol && (f.sql[next.start] == '+' || f.sql[next.start] == '-') && next.end-next.start == 1 {
			signs = append(signs, next)
			continue
		}
		f.pos = after
		if next.kind == stringLiteral || next.kind == numberLiteral || next.kind == symbol && f.sql[next.start] == '?' {
			return
		}
		for _, s := range signs {
			f.operator(s)
			f.glue = true
		}
		return
	}
}

// openGroup writes a parenthesis and opens its group.
func (f *formatter) openGroup(t token) {
	list, start := f.rows, len(f.dst)
	switch {
	case f.prevKey == kwIn:
		list = inList
	case list == nextRow:
		start = f.top().start
	}
	switch {
	case f.prev.kind == symbol || !f.begun:
		f.space()
	case f.prevKey == noKeyword && (f.prev.kind == plainWord || f.prev.kind == quotedWord || f.prev.kind == variable):
		if f.spaced {
			f.space()
		}
	case f.call, f.prevKey == kwValues && list == noList, f.prevKey == kwRow:
	default:
		f.space()
	}
	g := f.top()
	if g.last < 0 && (!g.filled || f.prevKey == kwUnion || f.prevKey == kwUnionKind || f.prevKey == kwDistinct && f.beforeKey == kwUnion) {
		g.last = f.nextStart()
	}
	from := f.table && f.prevKey != kwUsing
	f.spaced, f.glue = false, false
	if list != noList && f.deeper == 0 && f.plainList(t, list, start) {
		return
	}
	f.dst = append(f.dst, '(')
	f.remember(t, noKeyword, '(')
	if len(f.groups) >= maxDepth {
		f.deeper++
		return
	}
	f.table = from
	f.groups = append(f.groups, group{list: list, start: start, from: from, query: from, branch: -1, last: -1})
}

// plainList reads a list of plain literals, and the rows behind it that are like
// it, at once. It tells whether t opens one.
func (f *formatter) plainList(t token, list listKind, start int) bool {
	end, ok := f.literals(t.end)
	if !ok {
		return false
	}
	f.dst = f.dst[:start]
	f.collapse(&group{list: list})
	for f.pos = end; list != inList && ok; {
		next := f.span(f.pos, isSpace)
		if f.at(next) != ',' {
			break
		}
		if next = f.span(next+1, isSpace); f.at(next) != '(' {
			break
		}
		if end, ok = f.literals(next + 1); ok {
			f.pos = end
		}
	}
	f.table = false
	f.remember(token{symbol, f.pos - 1, f.pos, f.pos == len(f.sql)}, noKeyword, ')')
	f.afterRows = list != inList
	return true
}

func (f *formatter) close(t token) {
	f.table, f.spaced, f.glue = false, false, false
	if f.deeper > 0 || len(f.groups) == 1 {
		f.deeper = max(0, f.deeper-1)
		f.dst = append(f.dst, ')')
		f.remember(t, noKeyword, ')')
		return
	}
	g := *f.top()
	f.endBranch(&g)
	f.groups = f.groups[:len(f.groups)-1]
	if g.list != noList && !g.notConst && g.filled {
		f.dst = f.dst[:g.start]
		f.collapse(&g)
		f.remember(t, noKeyword, ')')
		f.afterRows = g.list != inList
		return
	}
	f.dst = append(f.dst, ')')
	f.top().notConst = f.top().notConst || g.notConst
	f.remember(t, noKeyword, ')')
}

// collapse writes what stands for a list of literals.
func (f *formatter) collapse(g *group) {
	if g.list != nextRow {
		f.dst = append(f.dst, "(?+)"...)
	}
}

func (f *formatter) comma(t token) {
	g := f.top()
	if f.limit {
		f.remember(t, noKeyword, ',')
		return
	}
	rows := f.afterRows
	if rows {
		g.start = len(f.dst)
	}
	f.dst = append(f.dst, ',')
	f.remember(t, noKeyword, ',')
	if rows {
		f.rows = nextRow
	}
	f.table = g.from
	if g.with {
		f.table, f.spaced = true, true
	}
}

// semicolon ends a statement; what follows is another.
func (f *formatter) semicolon(t token) {
	f.endBranch(f.top())
	f.dst = append(f.dst, ';')
	f.remember(t, noKeyword, ';')
	*f.top() = group{branch: -1, last: -1, notConst: true}
	f.table, f.spaced, f.begun = false, false, false
}
