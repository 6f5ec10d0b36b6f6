package parser

import "bytes"

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
	doubtful       bool
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
// decide, and where it finds that both can be, the header is not believed, and the
// doubt is reported.
func (o *openText) inside(i int, fits bool) bool {
	v, quote, end := o.readAhead(i)
	o.readOtherwise = false
	switch {
	case v == closed:
		o.seal(i, end)
		if !o.doubtful && fits {
			o.doubtful = o.codeOtherwise(i, end) || opensLiteral(o.w.buf[i:quote-1]) || o.repeated(i, quote)
			if o.doubtful {
				o.doubt(i)
			}
		}
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
	return !fits || v != nested || !o.anotherFollows(i, end)
}

// anotherFollows reports whether a header that fits the log stands between that at index i
// and another, where a comment ends that begins in between.
func (o *openText) anotherFollows(i, end int) bool {
	if end == i { // read before
		end = int(o.unsure - o.w.base)
	}
	for at := max(o.headerEnd(i), i+1); ; at++ {
		var found bool
		if at, found = o.w.headerFrom(at, end); !found {
			return false
		}
		if o.headerEnd(at) > 0 {
			return true
		}
	}
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
func (o *openText) readAhead(i int) (v verdict, quote, end int) {
	w := o.w
	if w.position(i) < o.unsure {
		return o.verdict, 0, i
	}
	v, quote, end = o.ahead.goesOn(i, o.s.q, usual)
	if v != closed && v != unclosed {
		o.unsure, o.verdict = w.position(end), v
	}
	return v, quote, end
}

// seal notes that the literal or comment that is open at index i is closed, and its
// statement ends, at another. If what is between can as well be read as entries after a
// statement that is cut, that is reported.
func (o *openText) seal(i, end int) {
	o.sealed = o.w.position(end)
	var header int
	if header, o.doubtful, _ = o.ahead.readsAsCode(i, end, o.s.q, usual, o.headerEnd); o.doubtful {
		o.doubt(header)
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
		switch v, _, end := o.readAhead(i); v {
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
	if !mark || !o.doubtful || !o.entryFollows(i) {
		return false
	}
	_, _, entries := o.ahead.readsAsCode(i, int(o.sealed-w.base), o.s.q, usual, o.headerEnd)
	return entries
}

// entryFollows reports whether a header that fits the log follows the line at index i.
func (o *openText) entryFollows(i int) bool {
	next, _ := o.w.line(i, maxHeaderLine)
	next = o.w.skipBlanks(next)
	return o.w.startsHeader(next) && o.headerEnd(next) > 0
}

// repeated reports whether the literal open at index i, if it went on to its
// closing quote, would end with what the current statement has up to the
// opening one: then it is the same statement again, with the same quote too
// many.
func (o *openText) repeated(i, quote int) bool {
	if o.s.spilled || o.w.position(i)-o.s.start > int64(o.s.maxSQL) {
		return false
	}
	rest, same := bytes.CutSuffix(o.w.buf[i:quote], o.w.buf[:o.s.opened-o.s.start+1])
	return same && bytes.HasSuffix(rest, []byte("\n"))
}
