package fingerprint

import "bytes"

// group holds what is known of the text between a pair of parentheses, or of the
// whole statement.
type group struct {
	call     bool // it holds the arguments of a function, where FROM is no clause
	pairs    int  // how many parentheses at once before its own hold nothing else so far
	unit     bool // its first word is a unit
	tableRef bool // it stands in place of a table
	versions bool // FOR SYSTEM_TIME or FOR PORTION OF stands by a table: a time comes after FROM, and an alias or TO may be next to that
	items    bool // an expression may have an alias here

	verb   keyword // the statement it is
	tables int     // how many tables were in the scopes around it

	selects    bool // what a SELECT selects stands here, and may have aliases
	selected   int  // where that begins if the SELECT is all of the group, else 0
	listed     expectation
	namesAlike int  // how many names were taken back one after another
	ordered    bool // after ORDER BY

	list
	args args
	rows
	union
}

// endElement ends an element of a list. If it is taken back, so are the branches that
// seemed to be in it, as in IN (1, UNION (2)).
func (g *group) endElement(w *writer) {
	if !g.variable && (g.inBranch && g.branch >= g.element || g.last.end > g.element) {
		g.union = union{}
	}
	g.list.endElement(w)
}

// endBranch ends a branch of a UNION. If it is taken back, so are the elements in it,
// as in IN (SELECT 1, 2 UNION SELECT 3, 4).
func (n *nesting) endBranch(g *group, end int, cut bool) {
	if g.union.end(n, end, cut) && g.element > g.last.at && g.list.kind != noList {
		g.element, g.literal, g.variable = g.last.at, 0, true
	}
}

// maxDepth bounds the nesting in which groups are told apart.
const maxDepth = 1 << 14

// nesting knows which groups are open. It folds their lists, rows and branches when
// they end.
type nesting struct {
	writer
	names  *aliases
	groups []group // that are open; the first is the statement itself
	top    *group  // the last of groups
	depth  int     // how many parentheses are open, and the statement
	deeper int     // how many more are open than maxDepth

	members  members   // that are seen
	spans    []run     // of the aliases in the first branches of what may be a union
	frames   []frame   // that are open: those of groups, and of CASE
	frame    *frame    // the last of frames
	cases    int       // how many of them are of CASE
	unfold   int       // where in the statement the last member of the parentheses begins that this token closes, if it was taken back
	folded   *chain    // whose member this token ended, and took back
	variadic anyNumber // of the function whose name was read last
	longest  int       // how many members the longest list and chain had
	cutOff   bool      // the statement ends within what is open
}

// begin begins a statement.
func (n *nesting) begin() {
	n.groups = append(n.groups[:0], group{})
	n.top = &n.groups[0]
	n.spans, n.members = n.spans[:0], n.members[:0]
	n.depth, n.deeper = 1, 0
	n.frames = n.frames[:0]
	n.openFrame(false, false)
}

// openGroup writes an opening parenthesis.
func (n *nesting) openGroup() {
	if n.opensPair() {
		n.openPairs(1)
		return
	}
	outer, p, expect, key := n.top, n.prev, n.expect, n.key
	call, kind, from := p == afterName || p == afterCallable, n.listKind(), len(n.dst)
	if p == afterName {
		outer.variable = n.word.variable // the name of a function is no column
	}
	begins := p == atStart || p == afterSemicolon || p == afterOpen || n.afterSetOperator()
	if !call {
		n.space()
	}
	open := len(n.dst)
	if begins {
		outer.beginBranch(open)
	}
	n.dst = append(n.dst, '(')
	n.end(afterOpen)
	if n.depth >= maxDepth {
		n.deeper++
		return
	}
	n.depth++
	g := n.pushGroup()
	g.call, g.unit, g.aliases, g.tables = call, key == kwUnitCall, len(n.spans), len(n.names.scope)
	g.list.kind, g.list.from, g.list.open, g.list.element = kind, from, open, len(n.dst)
	switch {
	case key == kwVariadic:
		g.args = args{anyNumber: n.variadic, at: len(n.dst), seen: n.members.begin()}
	case expect == generated:
		g.listed, n.expect = generated, generated
	case !call && (expect == table || expect == target):
		g.tableRef, g.listed, n.expect = true, table, table
	}
	condition := !call && kind == noList && n.frame.condition && (n.skipBlank(n.frame.and.at) == open || key == kwNot)
	n.openFrame(condition, false)
}

// pushGroup begins a group in the room of those that were there.
func (n *nesting) pushGroup() *group {
	if len(n.groups) < cap(n.groups) {
		n.groups = n.groups[:len(n.groups)+1]
	} else {
		n.groups = append(n.groups, group{})
	}
	n.top = &n.groups[len(n.groups)-1]
	*n.top = group{}
	return n.top
}

// listKind returns what list a parenthesis opens here.
func (n *nesting) listKind() listKind {
	switch {
	case n.deeper > 0:
	case n.key == kwIn:
		return inList
	case n.top.rows.state == rowDue && (n.key == kwValues || n.key == kwValue || n.key == kwRow),
		n.top.rows.state == rowComma && (n.prev == afterComma || n.key == kwRow):
		return rowList
	}
	return noList
}

// afterSetOperator reports whether the last token joins two branches.
func (n *nesting) afterSetOperator() bool {
	switch n.key {
	case kwUnion, kwExcept, kwIntersect:
		return true
	case kwUnionKind, kwDistinct:
		return n.keyPrev == kwUnion || n.keyPrev == kwExcept || n.keyPrev == kwIntersect
	}
	return false
}

// comma writes a comma.
func (n *nesting) comma() {
	g, p := n.top, n.prev
	n.end(afterComma)
	if n.deeper > 0 {
		n.dst = append(n.dst, ',')
		return
	}
	n.endExpression(len(n.dst))
	n.frame.broken = true
	switch {
	case g.list.kind != noList:
		g.endElement(&n.writer)
		g.comma(&n.writer)
		if g.listed == table { // of a subquery
			n.expect = table
		}
	case g.args.size > 0:
		g.args.end(n)
		fallthrough
	default:
		n.dst = append(n.dst, ',')
		switch {
		case g.rows.state == rowDone && p == afterClose:
			g.rows.state = rowComma
		case g.listed == table || g.listed == cte || g.listed == generated:
			n.expect = g.listed
		}
	}
	n.beginExpression(false)
}

// closeGroup writes a closing parenthesis.
func (n *nesting) closeGroup() {
	if n.deeper > 0 || len(n.groups) == 1 {
		n.deeper = max(0, n.deeper-1)
		n.dst = append(n.dst, ')')
		n.end(afterClose)
		return
	}
	g, f := n.pop(false)
	if g.list.kind != noList {
		n.closeList(g, true)
	} else {
		if g.args.size > 0 && len(n.dst) > g.open+1 {
			g.args.end(n)
		}
		n.dst = append(n.dst, ')')
		if !g.call {
			n.closeParens(f, g.open)
			if p := &n.frame.last; p.end == len(n.dst) && f.or.kept == 1 && (p.folded || p.single && f.or.length > 1) {
				n.unfold = min(f.or.source, f.and.source)
			}
			n.top.union.nest(g, len(n.dst))
		}
	}
	n.end(afterClose)
	n.alias = g.tableRef
}

// closeAll ends the statement, and the groups that it leaves open. Cut says that
// there may have been more of it.
func (n *nesting) closeAll(cut bool) {
	n.cutOff = cut
	for len(n.groups) > 1 {
		if g, _ := n.pop(cut); g.list.kind != noList {
			n.closeList(g, false)
		}
	}
	for n.frame.isCase {
		n.closeExpression()
		n.popFrame()
	}
	n.endExpression(len(n.dst))
	n.endParts(cut)
	n.deeper, n.names.scope = 0, n.names.scope[:0]
}

// pop ends what is open in the last group and takes it off. The group and its frame
// are those until others begin.
func (n *nesting) pop(cut bool) (*group, *frame) {
	n.splitPair()
	n.depth--
	f := n.closeFrame()
	n.endParts(cut)
	g := n.top
	n.spans = n.spans[:min(g.aliases, len(n.spans))]
	if g.verb != noKeyword {
		n.names.scope = n.names.scope[:min(g.tables, len(n.names.scope))]
	}
	n.groups = n.groups[:len(n.groups)-1]
	n.top = &n.groups[len(n.groups)-1]
	if g.list.kind == noList {
		n.top.variable = n.top.variable || g.variable
	}
	return g, f
}

// endParts ends the rows and the branch of the last group.
func (n *nesting) endParts(cut bool) {
	n.top.endRows(&n.writer)
	n.foldLiterals(n.top)
	n.endBranch(n.top, len(n.dst), cut)
}

// foldLiterals folds the list of a SELECT that is nothing but literals.
func (n *nesting) foldLiterals(g *group) {
	if !g.selects || g.joined != joinedNot || g.selected == 0 || g.args.size > 0 {
		return
	}
	items, end := 1, len(n.dst)
	for end > g.selected && bytes.HasSuffix(n.dst[g.selected:end], []byte(", ?")) {
		end -= len(", ?")
		items++
	}
	if items > 1 && string(n.dst[g.selected:end]) == " ?" {
		n.dst = n.dst[:end]
		n.longest = max(n.longest, items)
	}
}

// closeList ends a list with its parenthesis, or where the statement ends.
func (n *nesting) closeList(g *group, closed bool) {
	empty := len(n.dst) == g.open+1
	switch {
	case len(n.dst) > g.element:
		g.endElement(&n.writer)
	case !empty: // the statement ends after a comma
		n.dst = n.dst[:g.element-1]
	}
	if g.list.kind == rowList {
		n.top.variable = true
		n.top.rows.add(n, &g.list, !g.anyVariable && (!empty || !closed), closed)
		n.longest = max(n.longest, n.top.rows.read)
		return
	}
	n.longest = max(n.longest, g.elements)
	n.top.variable = n.top.variable || g.anyVariable
	switch {
	case !g.anyVariable && !empty:
		n.dst = append(n.dst[:g.from], literals...)
		n.frame.literal = true
		n.frame.list = n.dst[n.skipBlank(n.frame.and.at)] != '('
	case closed:
		n.frame.literal = n.frame.literal || g.anyLiteral
		n.dst = append(n.dst, ')')
	}
}
