package fingerprint

import "bytes"

// list folds the elements of a list for IN, or of a row of VALUES. Those that are
// neither columns nor subqueries are one question mark as soon as they end, so that
// a list takes no room, however long. Positions are positions in dst.
type list struct {
	kind        listKind
	open        int  // where the parenthesis stands
	from        int  // literals take the place of dst[from:] if there is nothing else
	element     int  // where the element at hand begins, the space before it included
	literal     int  // where the last element ends if it is literal, else 0
	variable    bool // the element at hand, or the group if it is no list, holds more than literals and calls
	anyVariable bool // so did an element before
	elements    int  // that have ended
}

type listKind byte

const (
	noList listKind = iota
	inList
	rowList
)

const literals = "(?+)"

// endElement ends an element.
func (l *list) endElement(w *writer) {
	l.elements++
	switch {
	case l.variable:
		l.anyVariable, l.literal = true, 0
	case l.literal > 0:
		w.dst = w.dst[:l.literal]
	default:
		w.dst = w.dst[:l.element]
		if l.element > l.open+1 {
			w.dst = append(w.dst, ' ')
		}
		w.dst = append(w.dst, '?')
		l.literal = len(w.dst)
	}
	l.variable = false
}

// comma begins an element.
func (l *list) comma(w *writer) {
	w.dst = append(w.dst, ',')
	l.element = len(w.dst)
}

// run is the last member that was kept of members of which those are left out that
// are as the one before. It is dst[at:end].
type run struct{ at, end int }

// repeated reports whether a member is as the last one.
func (r run) repeated(w *writer, member []byte) bool {
	return bytes.Equal(member, w.dst[r.at:r.end])
}

// begun reports whether the beginning of a member, which the statement leaves open,
// is that of the last one.
func (r run) begun(w *writer, member []byte) bool {
	return bytes.HasPrefix(w.dst[r.at:r.end], member)
}

// rows folds the rows after VALUES, in the group that VALUES stands in.
type rows struct {
	state    rowState
	row      run
	literals bool // the last row holds only literals
	read     int  // how many rows there were
}

type rowState byte

const (
	noRows   rowState = iota
	rowDue            // a row comes
	rowDone           // one has ended
	rowComma          // and a comma came after it
)

// add ends a row, whose elements are in l, and takes it back if it is as the one
// before. Literal says that it holds literals only, closed that it has an end.
func (r *rows) add(w *writer, l *list, literal, closed bool) {
	if closed && !literal {
		w.dst = append(w.dst, ')')
	}
	row := w.dst[l.open:]
	switch {
	case r.state == rowComma && literal && r.literals,
		r.state == rowComma && !literal && !r.literals && r.row.repeated(w, row),
		r.state == rowComma && !closed && !r.literals && r.row.begun(w, row):
		w.dst = w.dst[:r.row.end]
	case literal && r.state == rowDue:
		w.dst = append(w.dst[:l.from], literals...)
	case literal:
		w.dst = append(w.dst[:l.open], literals...)
	}
	if len(w.dst) > r.row.end {
		r.row, r.literals = run{l.open, len(w.dst)}, literal
	}
	r.state = rowDone
	r.read++
}

// endRows takes back the comma, or comma and ROW, that a statement ends with.
func (r *rows) endRows(w *writer) {
	if r.state == rowComma {
		w.dst = w.dst[:r.row.end]
	}
	r.state = noRows
}

// args folds the arguments of a function that takes any number of them. A run of
// literals is "?+"; other arguments that are alike are one. Positions are positions in dst.
type args struct {
	anyNumber

	at     int // where the arguments at hand begin
	read   int // how many of them have ended
	last   run
	length int // how many last stands for
}

const literalArgs = "?+"

// end ends an argument before a comma or the parenthesis.
func (a *args) end(n *nesting) {
	a.read++
	if a.fixed > 0 {
		a.fixed--
	} else if a.read < int(a.size) && !a.isFolded(n.dst) {
		return
	} else {
		a.fold(n)
	}
	a.read, a.at = 0, len(n.dst)+len(",")
}

// isFolded reports whether the arguments at hand are what stands for some in a fingerprint.
func (a *args) isFolded(dst []byte) bool {
	return string(bytes.TrimLeft(dst[a.at:], " ")) == "? +"
}

// isLiteral reports whether the arguments at hand are nothing but literals.
func (a *args) isLiteral(text []byte) bool {
	for i := range a.read {
		if i > 0 {
			if !bytes.HasPrefix(text, []byte(", ")) {
				return false
			}
			text = text[2:]
		}
		if len(text) == 0 || text[0] != '?' {
			return false
		}
		text = text[1:]
	}
	return len(text) == 0
}

// fold ends arguments that belong together.
func (a *args) fold(n *nesting) {
	at := min(n.skipBlank(a.at), len(n.dst))
	text := n.dst[at:]
	charset := bytes.Index(text, []byte(" using ")) // of CHAR, after its last argument
	if charset >= 0 {
		text = text[:charset]
	}
	end := at + len(text)
	if a.isFolded(n.dst) || a.read == int(a.size) && a.isLiteral(text) {
		n.replace(at, end, literalArgs)
		end = at + len(literalArgs)
	}
	if a.length > 0 && a.last.repeated(&n.writer, n.dst[at:end]) && bytes.IndexByte(n.dst[at:end], '?') >= 0 {
		n.remove(a.last.end, end)
		a.length++
		n.longest = max(n.longest, a.length)
		return
	}
	a.last, a.length = run{at, end}, 1
}
