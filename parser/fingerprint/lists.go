package fingerprint

import "bytes"

// list is what a group is if it is a list for IN or a row of VALUES. Its elements
// that are neither columns nor subqueries are one question mark as soon as they
// end, so that a list takes no room, however long.
type list struct {
	kind        listKind
	from        int  // what stands for a list of literals takes the place of dst[from:]
	element     int  // where the element at hand begins, the space before it included
	kept        int  // where the last element ends if it is literal, else 0
	anyVariable bool // an element was not literal
}

type listKind byte

const (
	noList listKind = iota
	inList
	rowList
)

// rows are the rows after VALUES, in the group that VALUES stands in.
type rows struct {
	state    rowState
	end      int  // where the last row ends that was kept
	text     int  // where it begins
	literals bool // it holds only literals
}

type rowState byte

const (
	noRows   rowState = iota
	rowDue            // a row comes
	rowDone           // one has ended
	rowComma          // and a comma came after it
)

const literals = "(?+)"

func (f *formatter) comma() {
	g := f.top
	if f.limit == limitOne {
		f.limit = limitSecond
		f.end(afterComma)
		return
	}
	place := f.prev
	f.dst = append(f.dst, ',')
	f.end(afterComma)
	switch {
	case f.deeper > 0:
	case g.list.kind != noList:
		f.dst = f.dst[:len(f.dst)-1]
		f.endElement(g)
		f.dst = append(f.dst, ',')
		g.element = len(f.dst)
	case g.rows.state == rowDone && place == afterClose:
		g.rows.state = rowComma
	case g.listed == table || g.listed == cte:
		f.expect = g.listed
	}
}

// endElement ends an element of a list.
func (f *formatter) endElement(g *group) {
	switch {
	case g.variable:
		g.anyVariable, g.kept = true, 0
	case g.kept > 0:
		f.dst = f.dst[:g.kept]
	default:
		f.dst = f.dst[:g.element]
		if g.element > g.open+1 {
			f.dst = append(f.dst, ' ')
		}
		f.dst = append(f.dst, '?')
		g.kept = len(f.dst)
	}
	g.variable = false
}

// closeList ends a list with its parenthesis, or where the statement ends.
func (f *formatter) closeList(g *group, closed bool) {
	empty := len(f.dst) == g.open+1
	switch {
	case len(f.dst) > g.element:
		f.endElement(g)
	case !empty: // the statement ends after a comma
		f.dst = f.dst[:g.element-1]
	}
	if g.list.kind == rowList {
		f.closeRow(g, closed, empty)
		return
	}
	f.top.variable = f.top.variable || g.anyVariable
	switch {
	case !g.anyVariable && !empty:
		f.dst = append(f.dst[:g.from], literals...)
	case closed:
		f.dst = append(f.dst, ')')
	}
}

// closeRow takes a row back that is as the one before.
func (f *formatter) closeRow(g *group, closed, empty bool) {
	r := &f.top.rows
	f.top.variable = true
	literal := !g.anyVariable && (!empty || !closed)
	if closed && !literal {
		f.dst = append(f.dst, ')')
	}
	text := f.dst[g.open:]
	switch {
	case r.state == rowComma && literal && r.literals,
		r.state == rowComma && !literal && !r.literals && bytes.Equal(text, f.dst[r.text:r.end]),
		r.state == rowComma && !closed && !r.literals && bytes.HasPrefix(f.dst[r.text:r.end], text):
		f.dst = f.dst[:r.end]
	case literal && r.state == rowDue:
		f.dst = append(f.dst[:g.from], literals...)
	case literal:
		f.dst = append(f.dst[:g.open], literals...)
	}
	if len(f.dst) > r.end {
		r.text, r.end, r.literals = g.open, len(f.dst), literal
	}
	r.state = rowDone
}

// endRows takes back the comma, or comma and ROW, that a statement ends with.
func (f *formatter) endRows(g *group) {
	if g.rows.state == rowComma {
		f.dst = f.dst[:g.rows.end]
	}
	g.rows.state = noRows
}
