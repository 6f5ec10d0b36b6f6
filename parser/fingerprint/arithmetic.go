package fingerprint

import "bytes"

// arithmetic folds an expression of literals and operators, and nothing else: its
// value is that of a literal.
type arithmetic struct {
	at, first int  // where the last literal, or the first of the expression, begins and ends in dst
	open      bool // an expression is open
	operator  bool // its last token is an operator
}

// beginArithmetic begins an expression before an operator, if a literal stands there
// with which one can begin.
func (g *grammar) beginArithmetic() {
	a := &g.arith
	if a.open || a.first != len(g.dst) || g.prev != afterValue && g.prev != afterText || g.limit != noLimit {
		return
	}
	before := bytes.TrimRight(g.dst[g.base:a.at], " ")
	n := len(before)
	last := [2]byte{' ', ' '}
	copy(last[:], before[max(0, n-2):])
	if n == 1 {
		last = [2]byte{' ', last[0]}
	}
	switch c := last[1]; {
	case n == 0, c == '(', c == ',', c == ';', c == '=', c == '<' && last[0] != '<', c == '>' && last[0] != '>' && last[0] != '-',
		(c == '&' || c == '|') && last[0] == c,
		byteClass[c]&isLetter != 0 && !bytes.HasSuffix(before, []byte(" div")) && !bytes.HasSuffix(before, []byte(" mod")):
		a.open, a.operator = true, true
	}
}

// compute reads a token, before it is written, while an expression is open.
func (f *formatter) compute(t *token) {
	a := &f.arith
	switch value := t.kind == literal || t.kind == textLiteral || t.kind == placeholder; {
	case value && (a.operator || t.kind == textLiteral && f.prev == afterText):
		a.operator = false
	case f.isInfix(t) && !a.operator:
		a.operator = true
	case a.operator && t.kind == symbol && (t.symbol == '+' || t.symbol == '-'): // a sign
	case a.operator:
		a.open = false
	default:
		f.endArithmetic()
	}
}

// isInfix reports whether t is an operator that binds its operands more closely than a
// comparison does.
func (f *formatter) isInfix(t *token) bool {
	raw := f.token(t)
	if t.kind == symbol {
		return bytes.IndexByte([]byte("+-*/%^&|"), t.symbol) >= 0 || string(raw) == "<<" || string(raw) == ">>"
	}
	return t.kind == plainWord && (bytes.EqualFold(raw, []byte("div")) || bytes.EqualFold(raw, []byte("mod")))
}

// endArithmetic ends an expression of which the last literal was written.
func (f *formatter) endArithmetic() {
	if f.arith.open && !f.arith.operator {
		f.dst = f.dst[:f.arith.first]
	}
	f.arith.open = false
}
