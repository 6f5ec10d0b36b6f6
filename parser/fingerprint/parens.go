package fingerprint

// parens is a pair of parentheses around a condition.
type parens struct {
	open, end int
	nested    int  // how many pairs within it hold nothing else
	single    bool // it holds one predicate, neither AND nor OR
	list      bool // which is IN with a list of literals, but of no rows
	chain     bool // it holds a chain of which one member is left, which is in parentheses too
	length    int  // of the longest chain in it

	or, and run  // of more than one predicate: the last member, if they are a chain
	members int  // how many it stands for
	folded  bool // some of them came after the parentheses
}

// strip leaves out the outermost pairs of parentheses.
func (n *nesting) strip(p *parens, pairs int) {
	if pairs > 0 {
		n.remove(p.end-pairs, p.end)
		n.remove(p.open, p.open+pairs)
		p.end -= 2 * pairs
		p.nested -= pairs
		p.or, p.and = p.or.moved(pairs), p.and.moved(pairs)
	}
}

// unwrap leaves out the parentheses around a predicate where the chain also has members
// that are in none: some frameworks write them if there is more than one predicate. But
// where all members are in parentheses, these stay.
func (n *nesting) unwrap(c *chain, r run, single bool) (run, bool) {
	f := n.frame
	whole := f.last.end == r.end && f.last.open == r.at
	pending := &f.pending[0]
	if c == &f.or {
		pending = &f.pending[1]
	}
	switch {
	case whole && f.last.list:
	case single && c.bare:
		n.strip(&f.last, 1)
		r.end, f.last.end = r.end-2, 0
		return r, false
	case single && c.pended < len(pending):
		pending[c.pended] = r
		c.pended++
	case !whole:
		r = n.unpend(c, r)
	}
	return r, single
}

// unpend leaves out the parentheses around the members that are in them, as one is in none.
// It returns where r, which is the last of them or stands after them, is then.
func (n *nesting) unpend(c *chain, r run) run {
	pending := &n.frame.pending[0]
	if c == &n.frame.or {
		pending = &n.frame.pending[1]
	}
	for c.bare = true; c.pended > 0; c.pended-- {
		r = n.unparen(pending[c.pended-1], r)
	}
	return r
}

// unparen leaves out the parentheses that are p. It returns where r, which is p or stands
// after it, is then.
func (n *nesting) unparen(p, r run) run {
	n.remove(p.end-1, p.end)
	n.remove(p.at, p.at+1)
	if r.at > p.at {
		r.at -= 2
	}
	r.end -= 2
	return r
}

// maxParens bounds the text in parentheses that may be left out, as what is in them is
// moved, and may be so again by those around them.
const maxParens = 16 << 10

// closeParens ends parentheses that opened at a position of dst, and whose frame was
// closed. If they hold a condition, it may be a member of another chain.
func (n *nesting) closeParens(f *frame, open int) {
	n.frame.last.end = 0
	if f.broken || !f.literal {
		return
	}
	p := parens{open: open, end: len(n.dst), single: f.or.kept <= 1 && f.and.kept <= 1, length: 1}
	p.list = p.single && f.list
	p.chain = f.or.kept == 1 && f.and.kept == 1 && max(f.or.length, f.and.length) > 1 && f.or.run == (run{open + 1, p.end - 1}) &&
		f.last.end == p.end-1 && f.last.open == open+1
	only := p.single && f.last.end == len(n.dst)-1 && f.last.open == open+1 && f.condition
	text := p.end - p.open
	if only {
		text -= 2 * f.last.nested
	}
	if text > maxParens {
		return
	}
	if only {
		p.nested, p.single, p.list, p.length = f.last.nested+1, f.last.single, f.last.list, f.last.length
		p.or, p.and, p.members, p.folded = f.last.or, f.last.and, f.last.members, f.last.folded
		if p.folded {
			n.strip(&p, 1)
		}
	} else if !p.single && f.condition && f.or.kept > 0 {
		p.or, p.members = f.or.run, f.or.length
		if f.or.kept == 1 && f.and.run.end == f.or.run.end {
			p.and, p.members = f.and.run, f.and.length
		}
	}
	if p.single && f.or.kept == 1 {
		p.length = f.or.length
	}
	if n.frame.last = p; f.condition {
		n.stripNegated()
	}
}

// stripNegated leaves out all but one of the last pairs of parentheses if NOT is before them.
func (n *nesting) stripNegated() {
	if p := &n.frame.last; p.open != n.skipBlank(n.frame.and.at) {
		n.strip(p, p.nested)
	}
}

// closesAlike reports whether the last group is parentheses that hold no more than those
// that ended last.
func (n *nesting) closesAlike() bool {
	g, f := n.top, n.frame
	return len(n.groups) > 1 && n.deeper == 0 && !g.call && !g.tableRef && g.list.kind == noList && g.args.size == 0 &&
		!f.isCase && !f.broken && f.condition && f.or.kept+f.and.kept == 0 && f.last.open == g.open+1 && f.and.at == g.open+1
}

// closeAlike closes the last group, of which closesAlike is true. What it holds stands
// for one member more.
func (n *nesting) closeAlike() {
	last := n.frame.last
	last.open--
	if last.folded {
		last.members++
	} else {
		last.length++
	}
	n.longest = max(n.longest, last.length, last.members)
	n.depth--
	if g := n.top; g.pairs > 0 {
		g.pairs--
		g.open, g.element, g.branch = g.open-1, g.element-1, g.branch-1
		n.frame.or.at, n.frame.and.at = g.element, g.element
	} else {
		n.popFrame()
		n.groups = n.groups[:len(n.groups)-1]
		n.top = &n.groups[len(n.groups)-1]
		n.top.variable = n.top.variable || g.variable
	}
	n.frame.last = last
}

// opensPair reports whether a parenthesis that opens comes at once after one that
// begins a condition.
func (n *nesting) opensPair() bool {
	return n.prev == afterOpen && n.expect == nothing && n.frame.condition && n.frame.and.at == len(n.dst) &&
		n.top.list.open == len(n.dst)-1 && n.deeper == 0 && n.depth < maxDepth
}

// openPairs writes parentheses at once after another. They are one group with it until
// they close: nested chains begin with thousands.
func (n *nesting) openPairs(pairs int) {
	for range pairs {
		n.dst = append(n.dst, '(')
	}
	n.end(afterOpen)
	n.depth += pairs
	g := n.top
	g.pairs += pairs
	g.open, g.element = g.open+pairs, len(n.dst)
	n.frame.or.at, n.frame.and.at = g.element, g.element
}

// splitPair makes the last parenthesis a group of its own if it is one with those at once
// before it, which are as they were before it came.
func (n *nesting) splitPair() {
	if n.top.pairs == 0 {
		return
	}
	for n.frame.isCase {
		n.closeExpression()
		n.popFrame()
	}
	outer, f := n.top, n.frame
	inner, frame := *outer, *f
	*outer = group{pairs: inner.pairs - 1}
	outer.aliases, outer.open, outer.element = inner.aliases, inner.open-1, inner.open
	outer.beginBranch(inner.open)
	f.broken, f.literal, f.list = false, false, false
	n.beginExpression(true)
	f.or.at, f.and.at = inner.open, inner.open
	inner.pairs = 0
	*n.pushGroup() = inner
	n.openFrame(true, false)
	*n.frame = frame
}

// mergeOpen leaves one of several parentheses that open at once after another and do not
// end, as those of a chain do that is nested to the left, in a statement that was cut.
func (n *nesting) mergeOpen() {
	s := n.dst[n.base:]
	closed, at, quoted := 0, len(s), false
	for i := len(s) - 1; i >= 0; i-- {
		switch c := s[i]; {
		case c == '`':
			quoted = !quoted
		case quoted:
		case c == ')':
			closed++
		case c == '(' && closed > 0:
			closed--
		case c == '(' && i > 0 && s[i-1] == '(':
			continue
		}
		at--
		s[at] = s[i]
	}
	n.dst = append(n.dst[:n.base], s[at:]...)
}
