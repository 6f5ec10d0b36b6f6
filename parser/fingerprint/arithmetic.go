package fingerprint

import "bytes"

// arithmetic folds an expression of literals and operators, and nothing else: its
// value is that of a literal.
type arithmetic struct {
	state    operand
	literals int
	first    int // where its first literal ends in dst
}

// operand is what an operator would stand after.
type operand byte

const (
	noOperand       operand = iota // nothing: an expression may begin
	otherOperand                   // something that is no literal, or an operator after that
	literalOperand                 // literals and operators
	literalOperator                // these, and an operator
)

// compute reads a token before it is written.
func (f *formatter) compute(t *token) {
	a := &f.arith
	value := t.kind == literal || t.kind == textLiteral || t.kind == placeholder
	infix := f.isArithmetic(t)
	if a.state == literalOperand {
		if a.literals == 1 {
			a.first = len(f.dst)
		}
		if infix {
			a.state = literalOperator
			return
		}
		if t.kind == textLiteral && f.prev == afterText {
			return
		}
		f.endArithmetic()
	}
	switch {
	case f.limit != noLimit:
		a.state = noOperand
	case value && a.state == literalOperator:
		a.state = literalOperand
		a.literals++
	case value && a.state == noOperand:
		a.state, a.literals = literalOperand, 1
	case infix && !f.prev.operand() && a.state != otherOperand: // a sign
	case infix, t.kind == symbol && bytes.IndexByte([]byte("(),;=<>*}"), t.symbol) < 0 && t.symbol != operator:
		a.state = otherOperand
	default:
		a.state = noOperand
	}
}

// isArithmetic reports whether t is an operator that binds its operands more closely
// than a comparison, or a sign.
func (f *formatter) isArithmetic(t *token) bool {
	switch raw := f.token(t); t.kind {
	case symbol:
		switch t.symbol {
		case '+', '-', '/', '%', '^', '&', '|':
			return true
		case '*':
			return f.prev.operand()
		}
		return t.symbol == operator && (raw[0] == '<' && raw[1] == '<' || raw[0] == '>' && raw[1] == '>')
	case plainWord:
		return len(raw) == 3 && (bytes.EqualFold(raw, []byte("div")) || bytes.EqualFold(raw, []byte("mod"))) && f.prev.operand()
	}
	return false
}

// endArithmetic ends an expression before a token that is no part of it.
func (f *formatter) endArithmetic() {
	a := &f.arith
	if a.state == literalOperand && a.literals > 1 {
		f.dst = f.dst[:a.first]
	}
	a.state = noOperand
}
