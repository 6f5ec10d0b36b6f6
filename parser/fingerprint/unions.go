package fingerprint

import "bytes"

// union is what a group knows of the branches of its UNION.
type union struct {
	inBranch bool
	branch   int    // where the branch at hand begins
	joined   joined // how it is joined to the one before

	last, lastEnd int    // the last branch that was kept
	repeated      joined // how its repetitions were joined to it
	remarkEnd     int    // where the remark after it ends
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
func (f *formatter) beginBranch(g *group, at int) {
	if !g.inBranch {
		g.inBranch, g.branch = true, at
	}
}

// setOperator is for UNION and EXCEPT, which end a branch; INTERSECT binds more
// closely and does not.
func (f *formatter) setOperator(k keyword) {
	g := f.top
	f.endClauses(f.wordAt)
	g.joined = joinedUnion
	if k == kwExcept {
		g.joined = joinedExcept
	}
}

// afterSetOperator reports whether the last token joins two branches.
func (f *formatter) afterSetOperator() bool {
	switch f.key {
	case kwUnion, kwExcept:
		return true
	case kwUnionKind, kwDistinct:
		return f.keyPrev == kwUnion || f.keyPrev == kwExcept
	}
	return false
}

// repeats reports whether the branch at hand, if it ends at a position of dst, is as
// the one before and joined in the same way.
func (f *formatter) repeats(g *group, end int) bool {
	return g.inBranch && g.joined != joinedNot && g.joined != joinedExcept &&
		(g.repeated == joinedNot || g.repeated == g.joined) && bytes.Equal(f.dst[g.branch:end], f.dst[g.last:g.lastEnd])
}

// endBranch ends the branch at hand at a position of dst. It is taken back if it
// is as the one before, or would have become so had the statement not been cut.
func (f *formatter) endBranch(g *group, end int, final bool) {
	if !g.inBranch {
		return
	}
	if final && f.cut && g.joined != joinedNot && bytes.HasPrefix(f.dst[g.last:g.lastEnd], f.dst[g.branch:end]) {
		f.dst = append(f.dst[:g.branch], f.dst[g.last:g.lastEnd]...) // a cut branch is taken for a whole one
		end = len(f.dst)
	}
	repeats := f.repeats(g, end)
	g.inBranch = false
	if !repeats {
		g.last, g.lastEnd, g.repeated = g.branch, end, joinedNot
		return
	}
	var room [32]byte
	after := append(room[:0], f.dst[end:]...) // the keyword that ended it
	if g.repeated == joinedNot {
		f.dst = append(append(f.dst[:g.lastEnd], ' '), remarks[g.joined-1]...)
		g.repeated, g.remarkEnd = g.joined, len(f.dst)
	}
	f.dst = append(f.dst[:g.remarkEnd], after...)
	moved := end - g.remarkEnd
	f.wordAt, f.wordText, f.keyAt = f.wordAt-moved, f.wordText-moved, f.keyAt-moved
}
