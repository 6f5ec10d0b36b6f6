package parser

// openText tells what stands in the literal or comment that is open in the statement,
// and what ends it.
type openText struct {
	w         *window
	s         *statement
	ahead     *lookahead
	stats     *Stats
	headerEnd func(i int) int // as in Parser

	// Up to sealed, what looks like a header is known to be inside, though perhaps it
	// can as well be one; up to unsure, reading ahead has only led to this verdict.
	sealed, unsure int64
	verdict        verdict

	readings      [readingsOfEscapes]escapeReading
	readOtherwise bool // the header that is believed stands in code in one of them
}

func (o *openText) reset() {
	o.sealed, o.unsure = 0, 0
	for m := range o.readings {
		o.readings[m] = escapeReading{at: o.s.start}
	}
}

// inside reports whether the whole header at index i, which stands in it, is a part of
// it. Fits reports whether it fits the log. Where reading ahead does not
// decide, and where it finds that both can be, the header is not believed. What fits and
// is not believed is reported, also where the literal is closed: so can one be that begins
// in a statement with a quote too many and ends in another.
func (o *openText) inside(i int, fits bool) bool {
	v, end := o.readAhead(i)
	o.readOtherwise = false
	switch {
	case v == closed:
		o.seal(i, end)
		return true
	case v == unclosed, fits && v == endless:
		inside := o.insideOtherwise(i, end)
		if inside {
			o.doubt(i)
		}
		return inside
	case fits, v == tooFar, v == endless, o.headerEnd(i) > 0:
		o.doubt(i)
	}
	if !fits || v != nested {
		return true
	}
	if end == i { // read before
		end = int(o.unsure - o.w.base)
	}
	_, another := o.w.entryIn(max(o.headerEnd(i), i+1), end, o.headerEnd)
	return !another
}

// insideOtherwise reports whether index i, which is in no literal that is closed, is in
// one with another reading of backslashes. Up to its end no header is believed then.
func (o *openText) insideOtherwise(i, to int) bool {
	inside, end, code := o.otherwise(i, max(to, int(o.unsure-o.w.base)))
	if o.readOtherwise = code; inside {
		o.s.refused = max(o.s.refused, o.w.position(end))
	}
	return inside
}

// readAhead returns what goesOn does, but reads no text again of which it has said
// that it knows nothing.
func (o *openText) readAhead(i int) (v verdict, end int) {
	w := o.w
	if w.position(i) < o.unsure {
		return o.verdict, i
	}
	v, end = o.ahead.goesOn(i, o.s.q, usual)
	if v != closed && v != unclosed {
		o.unsure, o.verdict = w.position(end), v
	}
	return v, end
}

// seal notes that the literal or comment that is open at index i is closed, and its
// statement ends, at another. A header between them that fits the log is reported.
func (o *openText) seal(i, end int) {
	o.sealed = o.w.position(end)
	if at, found := o.w.entryIn(i, end, o.headerEnd); found {
		o.doubt(at)
	}
}

// doubt notes that the text from an index on may be entries.
func (o *openText) doubt(i int) {
	at := o.w.position(i)
	o.stats.problem(reasonUndecided, o.w.raw(at))
	if o.s.doubt == 0 {
		o.s.doubt = at
	}
}

// seamEnds reports whether the line at index i ends the entry, where RDS, the server
// or tail tells that the log is interrupted: it does in code, and in a literal that is
// not closed. The mark of RDS does as well if a header that fits the log follows at
// once, and what is between can be read as entries.
func (o *openText) seamEnds(i int, mark bool) bool {
	w := o.w
	if !o.s.q.Open() {
		return true
	}
	if w.position(i) >= o.sealed {
		switch v, end := o.readAhead(i); v {
		case unclosed, endless, cutOff:
			inside := o.insideOtherwise(i, end)
			if inside {
				o.doubt(i)
			}
			return !inside
		case nested, tooFar:
			o.doubt(i)
			return mark && o.entryFollows(i) || !w.has(int(o.unsure-w.base))
		default:
			o.seal(i, end)
		}
	}
	return mark && o.entryFollows(i) && o.ahead.readsAsCode(i, int(o.sealed-w.base), o.s.q, o.headerEnd)
}

// entryFollows reports whether a header that fits the log follows the line at index i.
func (o *openText) entryFollows(i int) bool {
	next, _ := o.w.line(i, maxHeaderLine)
	next = o.w.skipBlanks(next)
	return o.w.startsHeader(next) && o.headerEnd(next) > 0
}
