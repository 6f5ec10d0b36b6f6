package fingerprint

import (
	"bytes"
	"slices"
)

// list folds the elements of a list for IN, or of a row of VALUES. Those that are
// neither columns nor subqueries are one question mark as soon as they end, so that
// a list takes no room, however long. Positions are positions in dst.
type list struct {
	kind        listKind
	open        int  // where the parenthesis stands
	from        int  // literals take the place of dst[from:] if there is nothing else
	element     int  // where the element at hand begins, the space before it included
	literal     int  // where the last element ends if it is literal, else 0
	numbered    run  // the last element if it is a numbered user variable
	variable    bool // the element at hand, or the group if it is no list, holds more than literals and calls
	anyVariable bool // so did an element before
	anyLiteral  bool // an element did not
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
		l.foldNumbered(w)
	case l.literal > 0:
		w.dst = w.dst[:l.literal]
	default:
		w.dst = w.dst[:l.element]
		if l.element > l.open+1 {
			w.dst = append(w.dst, ' ')
		}
		w.dst = append(w.dst, '?')
		l.literal, l.anyLiteral = len(w.dst), true
	}
	l.variable = false
}

// foldNumbered takes an element back that is a numbered user variable as the one before.
func (l *list) foldNumbered(w *writer) {
	text := bytes.TrimLeft(w.dst[l.element:], " ")
	at := len(w.dst) - len(text)
	switch numbered := len(text) > 0 && text[0] == '@' && bytes.IndexByte(text, ' ') < 0 && bytes.IndexByte(text, '?') > 0; {
	case !numbered:
		l.numbered = run{}
	case l.numbered.end == l.element-len(",") && l.numbered.repeated(w, text):
		w.dst = w.dst[:l.numbered.end]
	default:
		l.numbered = run{at, len(w.dst)}
	}
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

// isMasked reports whether a literal or a numbered user variable was masked in a text. In
// names of tables question marks stand for digits too.
func isMasked(member []byte) bool {
	s := text(member)
	for i := 0; ; i++ {
		n := bytes.IndexByte(s[i:], '?')
		if n < 0 {
			return false
		}
		i += n
		if i == 0 || s[i-1] == ' ' || s[i-1] == '(' {
			if i+1 == len(s) || bytes.IndexByte([]byte(" ,)+"), s[i+1]) >= 0 {
				return true
			}
			continue
		}
		start := i
		for start > 0 && byteClass[s[start-1]]&(isLetter|isDigit|isMask) != 0 {
			start--
		}
		if start > 0 && s[start-1] == '@' {
			return true
		}
	}
}

// moved returns where r is when a number of bytes before it are left out.
func (r run) moved(bytes int) run { return run{r.at - bytes, r.end - bytes} }

// begun reports whether the beginning of a member, which the statement leaves open,
// is that of the last one.
func (r run) begun(w *writer, member []byte) bool {
	return bytes.HasPrefix(w.dst[r.at:r.end], member)
}

// seen are the members of a chain, the branches of a CASE or the like that were kept
// before the last one, members[from:to]. Those of chains within them come after these,
// and go when the next one is seen.
type seen struct{ from, to int }

const (
	maxSeen   = 32  // members that are known
	maxMember = 256 // bytes of one
)

// members are hashes of those that are seen.
type members []uint64

func (m *members) begin() seen { return seen{len(*m), len(*m)} }

// see remembers a member.
func (m *members) see(s *seen, member []byte) {
	if s.to > len(*m) {
		*s = m.begin()
	}
	if len(member) <= maxMember && s.to-s.from < maxSeen {
		*m = append((*m)[:s.to], hash(member))
		s.to++
	}
}

// saw reports whether a member, which holds a literal, was there before.
func (m *members) saw(s *seen, member []byte) bool {
	return s.to > s.from && s.to <= len(*m) && len(member) <= maxMember && slices.Contains((*m)[s.from:s.to], hash(member)) && isMasked(member)
}

// rows folds the rows after VALUES, in the group that VALUES stands in.
type rows struct {
	state    rowState
	row      run
	literals bool // the last row holds only literals
	read     int  // how many rows there were
	anyPlain bool // one held only literals
	seen     seen // the others
}

type rowState byte

const (
	noRows   rowState = iota
	rowDue            // a row comes
	rowDone           // one has ended
	rowComma          // and a comma came after it
)

// add ends a row, whose elements are in l, and takes it back if there was one such.
// Literal says that it holds literals only, closed that it has an end.
func (r *rows) add(n *nesting, l *list, literal, closed bool) {
	if closed && !literal {
		n.dst = append(n.dst, ')')
	}
	row := n.dst[l.open:]
	if more := r.state == rowComma; more && (literal && r.anyPlain ||
		!literal && !r.literals && (r.row.repeated(&n.writer, row) || !closed && r.row.begun(&n.writer, row)) ||
		!literal && n.members.saw(&r.seen, row)) {
		n.dst = n.dst[:r.row.end]
	} else {
		if more && !r.literals {
			n.members.see(&r.seen, n.dst[r.row.at:r.row.end])
		}
		if literal && r.state == rowDue {
			n.dst = append(n.dst[:l.from], literals...)
		} else if literal {
			n.dst = append(n.dst[:l.open], literals...)
		}
		r.row, r.literals = run{l.open, len(n.dst)}, literal
	}
	r.anyPlain = r.anyPlain || literal
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
	using  int // where USING stands after the last of CHAR, else 0
	read   int // how many of them have ended
	last   run
	length int // how many last stands for
	seen   seen
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
	a.read, a.at, a.using = 0, len(n.dst)+len(","), 0
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
	end := len(n.dst)
	if a.using > at && a.using < end {
		end = a.using
	}
	text := n.dst[at:end]
	if a.isFolded(n.dst) || a.read == int(a.size) && a.isLiteral(text) {
		n.replace(at, end, literalArgs)
		end = at + len(literalArgs)
	}
	if a.length > 0 && (a.last.repeated(&n.writer, n.dst[at:end]) && isMasked(n.dst[at:end]) ||
		a.size == 2 && n.members.saw(&a.seen, n.dst[at:end])) {
		n.remove(a.last.end, end)
		a.length++
		n.longest = max(n.longest, a.length)
		return
	}
	if a.length > 0 && a.size == 2 {
		n.members.see(&a.seen, n.dst[a.last.at:a.last.end])
	}
	a.last, a.length = run{at, end}, 1
}

// union folds the branches of a UNION, INTERSECT or EXCEPT, in the group that it stands
// in.
type union struct {
	inBranch bool
	branch   int    // where the branch at hand begins in dst
	joined   joined // how it is joined to the one before
	since    int    // where in the statement that is said

	last      run        // the last branch that was kept
	length    int        // how many branches it stands for
	repeated  joined     // how its repetitions were joined to it
	remarkEnd int        // where the remark after it ends
	inner     innerUnion // of the branch at hand
	lastInner innerUnion // of the last branch
	aliases   int        // where those of what the first branch selects begin in spans
}

// innerUnion is a branch that is a union in parentheses of branches that repeat.
type innerUnion struct {
	repeated joined // how they do
	end      int    // where the one that was kept ends, 0 if it is no such union
	length   int    // how many it stands for
}

// joined tells how a branch is joined to the one before: by one of the operators, which
// ALL and DISTINCT may follow.
type joined byte

const (
	joinedNot  joined = 0
	joinedBy   joined = 1 // UNION; the others follow
	joinedKind joined = 3 // how many there are of each
)

// setOperators are the operators, in the order of joined.
var setOperators = [...]keyword{kwUnion, kwIntersect, kwExcept}

// remarks are the comments in which a fingerprint says that branches repeat, with the
// space before them, in the order of joined. They are tokens, so that the fingerprint of
// a fingerprint is the same.
var remarks = [...]string{
	" /*repeat union*/", " /*repeat union all*/", " /*repeat union distinct*/",
	" /*repeat intersect*/", " /*repeat intersect all*/", " /*repeat intersect distinct*/",
	" /*repeat except*/", " /*repeat except all*/", " /*repeat except distinct*/",
}

// join takes an operator, or a word after one.
func (u *union) join(k keyword, at int) {
	u.since = at
	switch k {
	case kwUnionKind:
		u.joined++
	case kwDistinct:
		u.joined += 2
	default:
		for i, op := range setOperators {
			if op == k {
				u.joined = joinedBy + joined(i)*joinedKind
			}
		}
	}
}

// beginBranch begins a branch that begins at a position of dst.
func (u *union) beginBranch(at int) {
	if !u.inBranch {
		u.inBranch, u.branch, u.inner = true, at, innerUnion{}
	}
}

// repeats reports whether the branch at hand, if it ends at a position of dst, is as
// the one before and joined in the same way.
func (u *union) repeats(n *nesting, end int) bool {
	return u.inBranch && u.joined != joinedNot && (u.repeated == joinedNot || u.repeated == u.joined) &&
		(n.names.alike(n.dst[u.last.at:u.last.end], n.dst[u.branch:end], u.since) || u.repeatsUnnamed(n, end))
}

// repeatsUnnamed reports whether the branch at hand is as the last one without the
// aliases of what it selects, which is the first.
func (u *union) repeatsUnnamed(n *nesting, end int) bool {
	spans := n.spans[min(u.aliases, len(n.spans)):]
	if len(spans) == 0 || spans[0].at < u.last.at || spans[len(spans)-1].end > u.last.end {
		return false
	}
	at, branch := u.last.at, n.dst[u.branch:end]
	for _, s := range append(spans, run{u.last.end, u.last.end}) {
		part := n.dst[at:s.at]
		if len(part) > len(branch) || string(part) != string(branch[:len(part)]) {
			return false
		}
		branch = branch[len(part):]
		at = s.end
	}
	return len(branch) == 0
}

// end ends the branch at hand at a position of dst. It is taken back if it
// is as the one before, or would have become so had the statement not been cut
// within it. It reports whether it was, or was completed.
func (u *union) end(n *nesting, end int, cut bool) (changed bool) {
	if !u.inBranch {
		return false
	}
	if cut && u.joined != joinedNot && u.last.begun(&n.writer, n.dst[u.branch:end]) {
		n.dst = append(n.dst[:u.branch], n.dst[u.last.at:u.last.end]...) // taken for a whole one
		end, changed = len(n.dst), true
	}
	if u.unnest(n, end) {
		return true
	}
	repeats := u.repeats(n, end)
	u.inBranch = false
	switch {
	case !repeats:
		u.last, u.length, u.repeated, u.lastInner = run{u.branch, end}, 1, joinedNot, u.inner
		if in := u.inner; in.end > 0 && end != in.end+len(remarks[in.repeated-1])+1 {
			u.lastInner.end = 0 // something stands after it
		}
		return changed
	case u.repeated == joinedNot:
		u.repeated = u.joined
		remark := remarks[u.joined-1]
		n.replace(u.last.end, end, remark)
		u.remarkEnd = u.last.end + len(remark)
	default:
		n.replace(u.remarkEnd, end, "")
	}
	u.length++
	n.longest = max(n.longest, u.length)
	return true
}

// unnest takes the branch at hand back if the last one is a union in parentheses of
// branches such as this one: ((a union a) union a).
func (u *union) unnest(n *nesting, end int) bool {
	in := u.lastInner
	if in.end == 0 || in.repeated != u.joined || u.repeated != joinedNot || in.end > u.last.end ||
		string(n.dst[u.branch:end]) != string(n.dst[u.last.at+1:in.end]) {
		return false
	}
	n.remove(u.last.end-1, end)
	n.remove(u.last.at, u.last.at+1)
	u.inBranch, u.lastInner.end = false, 0
	u.last.end, u.repeated = in.end-1, u.joined
	u.remarkEnd = u.last.end + len(remarks[u.joined-1])
	u.length = in.length + 1
	n.longest = max(n.longest, u.length)
	return true
}

// nest tells the union around parentheses, which end at a position of dst, if they hold
// a union that may be a branch of it.
func (u *union) nest(g *group, end int) {
	if g.repeated != joinedNot && g.union.last.at == g.open+1 && g.remarkEnd == end-1 && u.inBranch && u.branch == g.open {
		u.inner = innerUnion{g.repeated, g.union.last.end, g.union.length}
	}
}
