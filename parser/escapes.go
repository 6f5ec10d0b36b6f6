package parser

import (
	"bytes"

	"slowdigest/parser/fingerprint"
)

// escapes says which backslashes in a string are escapes. A log does not tell.
type escapes int

const (
	usual escapes = iota
	// none is under NO_BACKSLASH_ESCAPES.
	none
	// multibyte is where the second byte of a character of SJIS, GBK or Big5 can be a
	// backslash. RDS writes the first one as a question mark.
	multibyte
	readingsOfEscapes
)

// nextQuote is fingerprint.NextQuote in another reading of backslashes.
func (m escapes) nextQuote(b []byte, i, end int, q fingerprint.Quote) (int, fingerprint.Quote) {
	if m == usual || q != fingerprint.InSingle && q != fingerprint.InDouble {
		return fingerprint.NextQuote(b, i, end, q)
	}
	for i < end {
		switch c := b[i]; {
		case c == '\\' && m == multibyte && !(i > 0 && (b[i-1] > 0x80 || b[i-1] == '?')):
			i += 2
		case c != byte(q):
			i++
		case i+1 < len(b) && b[i+1] == c:
			i += 2
		default:
			return i + 1, fingerprint.InCode
		}
	}
	return i, q
}

// escapeReading is how far a statement has been read with one reading of backslashes.
type escapeReading struct {
	at      int64 // up to there, in the stream
	q       fingerprint.Quote
	garbled bool // a literal in it begins or ends as none does

	unsure  int64 // as in openText
	verdict verdict
}

// read reads on to index i. What is not in the window any more is taken to be as in the
// usual reading, in which q is at i.
func (r *escapeReading) read(w *window, m escapes, i int, q fingerprint.Quote) {
	at := int(r.at - w.base)
	if at < 0 {
		r.q, at = q, i
	}
	w.has(i + 2)
	for at < i {
		j, next := m.nextQuote(w.buf, at, i, r.q)
		r.garbled = r.garbled || next != r.q && !plausibleChange(w, j, r.q, next)
		at, r.q = j, next
	}
	r.at = w.position(at)
}

// otherwise reads the statement up to a header at index i with other readings of
// backslashes. It reports whether in one of them it stands in a literal that is
// closed, and where that ends; and whether in one it stands in code. To is how far the
// usual reading has been read: without a backslash up to there, all are the same.
func (o *openText) otherwise(i, to int) (inside bool, end int, code bool) {
	w, s := o.w, o.s
	start := max(0, int(s.start-w.base))
	if !s.spilled && bytes.IndexByte(w.buf[start:max(i, to)], '\\') < 0 {
		return false, i, false
	}
	for m := none; m < readingsOfEscapes; m++ {
		r := &o.readings[m]
		r.read(w, m, i, s.q)
		switch {
		case r.garbled:
		case !r.q.Open():
			code = true
		default:
			v, at := r.verdict, i
			if w.position(i) >= r.unsure {
				if v, at = o.ahead.goesOn(i, r.q, m); v != closed && v != unclosed {
					r.unsure, r.verdict = w.position(at), v
				}
			}
			if v == closed || v == tooFar {
				inside, end = true, max(end, at)
			}
		}
	}
	return inside, end, code
}

// inLiteralOtherwise reports whether a header at index i, which stands in code, is to be
// taken for a part of a literal that is closed, which it is with another reading of
// backslashes: it is if no literal can begin and end as the usual reading has it. If
// either reading is possible, that is told.
func (o *openText) inLiteralOtherwise(i int) bool {
	if inside := o.insideOtherwise(i, i); !inside {
		return false
	}
	o.doubt(i)
	r := &o.readings[usual]
	r.read(o.w, usual, i, o.s.q)
	return r.garbled
}
