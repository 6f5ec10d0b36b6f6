package fingerprint

// union folds the branches of a UNION, in the group that it stands in.
type union struct {
	inBranch bool
	branch   int    // where the branch at hand begins in dst
	joined   joined // how it is joined to the one before

	last      run    // the last branch that was kept
	repeated  joined // how its repetitions were joined to it
	remarkEnd int    // where the remark after it ends
}

type joined byte

const (
	joinedNot joined = iota
	joinedUnion
	joinedAll
	joinedDistinct
	joinedExcept
)

// beginBranch begins a branch that begins at a position of dst.
func (u *union) beginBranch(at int) {
	if !u.inBranch {
		u.inBranch, u.branch = true, at
	}
}

// repeats reports whether the branch at hand, if it ends at a position of dst, is as
// the one before and joined in the same way.
func (u *union) repeats(w *writer, end int) bool {
	return u.inBranch && u.joined != joinedNot && u.joined != joinedExcept &&
		(u.repeated == joinedNot || u.repeated == u.joined) && u.last.repeated(w, w.dst[u.branch:end])
}

// endBranch ends the branch at hand at a position of dst. It is taken back if it
// is as the one before, or would have become so had the statement not been cut
// within it. It reports whether it was, or was completed.
func (u *union) endBranch(w *writer, end int, cut bool) (changed bool) {
	if !u.inBranch {
		return false
	}
	if cut && u.joined != joinedNot && u.last.begun(w, w.dst[u.branch:end]) {
		w.dst = append(w.dst[:u.branch], w.dst[u.last.at:u.last.end]...) // taken for a whole one
		end, changed = len(w.dst), true
	}
	repeats := u.repeats(w, end)
	u.inBranch = false
	switch {
	case !repeats:
		u.last, u.repeated = run{u.branch, end}, joinedNot
		return changed
	case u.repeated == joinedNot:
		u.repeated = u.joined
		remark := remarks[u.joined-1]
		w.replace(u.last.end, end, remark)
		u.remarkEnd = u.last.end + len(remark)
	default:
		w.replace(u.remarkEnd, end, "")
	}
	return true
}
