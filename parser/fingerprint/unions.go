package fingerprint

// union folds the branches of a UNION, INTERSECT or EXCEPT, in the group that it stands
// in.
type union struct {
	inBranch bool
	branch   int    // where the branch at hand begins in dst
	joined   joined // how it is joined to the one before

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
func (u *union) join(k keyword) {
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
		(u.last.repeated(&n.writer, n.dst[u.branch:end]) || u.repeatsUnnamed(n, end))
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
