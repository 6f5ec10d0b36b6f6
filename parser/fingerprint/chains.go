package fingerprint

import "math"

// chain folds members that are alike once their literals are masked, as those of
// "a = ? or a = ?" and the branches of a CASE. Positions are positions in dst, but for
// source.
type chain struct {
	at     int    // where the member at hand begins
	kept   int    // members that were kept
	run           // the last of them
	parens bool   // which is one predicate in parentheses
	length int    // how many members it stands for
	first  parens // which are the first member, or none

	bare   bool // a member was in no parentheses
	pended int  // how many of the frame's pending are its members

	since  int // where in the statement what was before the last member ends
	source int // and where that ends
	seen   seen
}

// frame is an expression: of a pair of parentheses, from CASE to END, or of a clause.
// It is a chain of OR, whose members are chains of AND.
type frame struct {
	or, and   chain
	branches  chain     // of a CASE
	pending   [2][3]run // members of and, and of or, that are predicates in parentheses
	last      parens
	isCase    bool
	condition bool // only its truth counts
	broken    bool // it holds more than a condition
	literal   bool // it holds a literal
	list      bool // a predicate is IN with a list of literals, which are no rows
	between   int  // BETWEENs whose AND comes
}

// beginExpression begins an expression in the last frame.
func (n *nesting) beginExpression(condition bool) {
	f := n.frame
	f.or.at, f.and.at = len(n.dst), len(n.dst)
	f.or.source, f.and.source = n.before, n.before
	f.or.kept, f.and.kept, f.between = 0, 0, 0
	f.or.bare, f.and.bare, f.or.pended, f.and.pended = false, false, 0, 0
	f.or.seen, f.and.seen = n.members.begin(), n.members.begin()
	f.last.end = 0
	f.condition = condition
}

// endExpression ends the expression of the last frame, after which no more than a word
// was written. Parentheses around a whole condition make no difference.
func (n *nesting) endExpression(end int) {
	f := n.frame
	if f.or.kept+f.and.kept == 0 && (f.last.end == 0 || f.last.end != end) {
		return
	}
	n.endDisjunct(end)
	if p := &f.last; f.condition && !p.list && f.or.kept == 1 && f.and.kept == 1 && p.end > 0 && f.or.run == (run{p.open, p.end}) {
		n.strip(p, p.nested+1)
		p.end = 0
	}
}

// endDisjunct ends a member of a chain of OR, and reports whether it was taken back.
func (n *nesting) endDisjunct(end int) bool {
	f := n.frame
	end, _ = n.endConjunct(end)
	length := f.and.length
	if f.and.kept > 1 {
		length = 1
	}
	_, repeats := n.endMember(&f.or, end, length)
	return repeats
}

// endConjunct ends a member of a chain of AND. It returns where what is before it ends,
// and reports whether it was taken back.
func (n *nesting) endConjunct(end int) (int, bool) {
	f, length := n.frame, 1
	if f.last.end > 0 && f.last.end == end && f.last.open == n.skipBlank(f.and.at) {
		length = f.last.length
		if f.condition {
			n.strip(&f.last, f.last.nested)
			end = f.last.end
		}
	}
	return n.endMember(&f.and, end, length)
}

func (n *nesting) skipBlank(at int) int {
	if at < len(n.dst) && n.dst[at] == ' ' {
		at++
	}
	return at
}

// endMember ends a member of a chain, which stands for a number of members, and takes
// it back if it is as the one before, parentheses around a predicate aside.
func (n *nesting) endMember(c *chain, end, length int) (int, bool) {
	f := n.frame
	at := min(n.skipBlank(c.at), end)
	member := n.dst[at:end]
	whole := f.last.end == end && f.last.open == at && end > at
	single := whole && f.last.single
	switch {
	case c.kept == 0:
		return n.keep(c, run{at, end}, single, length)
	case n.cutOff && c.begun(&n.writer, member):
		n.remove(c.run.end, end)
		return c.run.end, true
	case n.repeats(c, c.run, member):
	case single && !c.parens && n.repeats(c, c.run, member[1:len(member)-1]):
		whole = false
	case whole && c == &f.or && f.last.or == (run{at + 1, end - 1}) && n.repeats(c, c.run, member[1:len(member)-1]):
		whole, f.and.kept = false, 2 // a and b or (a and b)
	case !single && c.parens && n.repeats(c, run{c.run.at + 1, c.run.end - 1}, member):
		length := end - c.run.end
		if c.pended == 0 { // it is no condition's
			c.run = n.unparen(c.run, c.run)
		} else {
			c.run = n.unpend(c, c.run)
		}
		end, c.parens = c.run.end+length, false
	case c.kept == 1 && c.first.chain && whole && n.repeats(c, run{c.run.at + 1, c.run.end - 1}, member):
		member := end - c.run.end
		c.run = n.unparen(c.run, c.run)
		end, c.first.chain, c.parens = c.run.end+member, false, single
	case n.endsFirst(c, member), single && n.endsFirst(c, member[1:len(member)-1]):
		n.remove(c.run.end, end)
		c.length = max(c.length, c.first.members) + length
		n.longest = max(n.longest, c.length)
		c.first.members, c.first.folded = c.length, true
		f.last, f.and.kept = c.first, 1 // and nothing else
		return c.run.end, true
	case n.members.saw(&c.seen, n.names.unnumbered(n.bare(run{at, end}, single), c.source, math.MaxInt)):
		n.names.forget(c.source)
		n.remove(c.run.end, end)
		if f.last.end = 0; !single && f.condition && c != &f.branches {
			c.run = n.unpend(c, c.run)
			c.parens = false
		}
		c.length += length
		n.longest = max(n.longest, c.length)
		return c.run.end, true
	default:
		n.members.see(&c.seen, n.names.unnumbered(n.bare(c.run, c.parens), c.since, c.source))
		return n.keep(c, run{at, end}, single, length)
	}
	if f.last.end = 0; whole {
		f.last.open, f.last.end = c.run.at, c.run.end
	}
	n.remove(c.run.end, end)
	c.length += length
	n.longest = max(n.longest, c.length)
	return c.run.end, true
}

// bare returns a member without the parentheses around it.
func (n *nesting) bare(r run, parens bool) []byte {
	if parens {
		return n.dst[r.at+1 : r.end-1]
	}
	return n.dst[r.at:r.end]
}

// repeats reports whether a member of a chain is as one before, and holds a literal. There
// is none before where an operand is missing.
func (n *nesting) repeats(c *chain, before run, member []byte) bool {
	return before.at < before.end && n.names.alike(n.dst[before.at:before.end], member, c.source) && isMasked(member)
}

// endsFirst reports whether a member is as the last one in the parentheses that are all of
// the chain so far: (b or a) or a.
func (n *nesting) endsFirst(c *chain, member []byte) bool {
	last := c.first.and
	if c == &n.frame.or {
		last = c.first.or
	}
	return c.kept == 1 && last.end > last.at && n.repeats(c, last, member)
}

// keep makes a member the last one that was kept.
func (n *nesting) keep(c *chain, r run, single bool, length int) (int, bool) {
	f := n.frame
	if f.condition && c != &f.branches {
		r, single = n.unwrap(c, r, single)
	}
	c.first.or, c.first.and = run{}, run{}
	if c.kept == 0 {
		if c.first = (parens{}); f.last.end == r.end && f.last.open == r.at {
			c.first = f.last
		}
	}
	c.kept++
	c.run, c.parens, c.length, c.since, c.source = r, single, length, c.source, n.before
	return r.end, false
}

// endOperand ends a member before AND or OR, which stands at a position of dst. Begun
// begins the next one after it.
func (n *nesting) endOperand(k keyword, at int) {
	f := n.frame
	switch {
	case n.deeper > 0:
	case k == kwOr:
		if n.endDisjunct(at) {
			n.folded = &f.or
		}
	case f.between == 0:
		if _, repeats := n.endConjunct(at); repeats {
			n.folded = &f.and
		}
	}
}

func (n *nesting) beginOperand(k keyword) {
	f := n.frame
	switch {
	case n.deeper > 0:
	case k == kwOr:
		f.or.at, f.and.at = len(n.dst), len(n.dst)
		f.and.kept, f.and.bare, f.and.pended, f.and.seen = 0, false, 0, n.members.begin()
	case f.between > 0:
		f.between--
	default:
		f.and.at = len(n.dst)
	}
}

// openFrame begins a frame.
func (n *nesting) openFrame(condition, isCase bool) {
	if len(n.frames) == cap(n.frames) {
		n.frames = append(n.frames, frame{})
	} else {
		n.frames = n.frames[:len(n.frames)+1]
	}
	f := &n.frames[len(n.frames)-1]
	n.frame = f
	f.isCase, f.broken, f.literal, f.list = isCase, false, false, false
	f.branches.at, f.branches.kept, f.branches.seen = 0, 0, n.members.begin()
	f.branches.source = n.before
	n.beginExpression(condition)
}

// closeFrame ends the last frame, and those of a CASE in it that have no END.
// The frame is that until another one begins.
func (n *nesting) closeFrame() (closed *frame) {
	for {
		n.closeExpression()
		closed = n.frame
		n.popFrame()
		if !closed.isCase {
			return closed
		}
	}
}

// closeExpression ends what is open in the last frame. Parentheses that are all of it
// stay: it may be one pair of them more.
func (n *nesting) closeExpression() {
	f := n.frame
	if f.broken || f.isCase {
		n.endExpression(len(n.dst))
	} else if f.or.kept+f.and.kept > 0 {
		n.endDisjunct(len(n.dst))
	}
	if f.branches.at > 0 {
		n.endMember(&f.branches, len(n.dst), 1)
	}
}

func (n *nesting) popFrame() {
	literal := n.frame.literal
	if n.frame.isCase {
		n.cases--
	}
	n.frames = n.frames[:len(n.frames)-1]
	n.frame = &n.frames[len(n.frames)-1]
	n.frame.literal = n.frame.literal || literal
}

// beginCase begins a CASE after its word.
func (n *nesting) beginCase() {
	if n.deeper == 0 && n.cases < maxDepth {
		n.cases++
		n.openFrame(false, true)
	}
}

// endWhen ends a branch of a CASE before the last word, which is WHEN, ELSE or END.
func (n *nesting) endWhen() {
	n.endExpression(n.word.at)
	if c := &n.frame.branches; c.at > 0 {
		if _, repeats := n.endMember(c, n.word.at, 1); repeats {
			n.folded = c
		}
		c.at = 0
	}
}

// endCase ends a CASE before the last word, which is END.
func (n *nesting) endCase() {
	n.endWhen()
	n.folded = nil
	n.popFrame()
}
