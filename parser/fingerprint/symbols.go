package fingerprint

import "bytes"

// addSymbol writes an operator or punctuation.
func (f *formatter) addSymbol(t *token) {
	raw := f.token(t)
	switch t.symbol {
	case '(':
		f.openGroup()
	case ')':
		f.closeGroup()
	case ',':
		if f.limit == limitOne {
			f.limit = limitSecond
			f.end(afterComma)
		} else {
			f.comma()
		}
	case '.':
		f.dot()
	case ';':
		f.semicolon()
	case '+', '-':
		f.arith.begin(&f.grammar, len(f.dst), f.prev)
		f.sign(raw)
	case '*':
		if f.prev.operand() && f.prev != afterStar {
			f.arith.begin(&f.grammar, len(f.dst), f.prev)
			f.operator(raw, afterOperator)
		} else {
			f.operator(raw, afterStar)
		}
	case '!', '~':
		f.operator(raw, afterUnary)
	case '@':
		f.tight(raw, afterAt)
	case arrow:
		f.tight(raw, afterArrow)
	case ':':
		f.tight(raw, afterOperator)
	case '{':
		f.brace = f.mark(f.top.variable)
		f.braces++
		f.operator(raw, afterOperator)
	case '}':
		f.braces--
		f.closeBrace(raw)
	default:
		f.addOperator(raw)
	}
}

// addOperator writes an operator of any other kind.
func (f *formatter) addOperator(raw []byte) {
	k := noKeyword
	switch string(raw) {
	case "/", "%", "^", "&", "|", "<<", ">>":
		f.arith.begin(&f.grammar, len(f.dst), f.prev)
	case "&&":
		k = kwAnd
	case "||":
		k = kwOr
	case ":=":
		f.frame.broken = true
	case "!=":
		raw = []byte("<>")
	}
	if k != noKeyword {
		f.endOperand(k, len(f.dst))
	}
	f.operator(raw, afterOperator)
	if k != noKeyword {
		f.beginOperand(k)
	}
}

// closeBrace ends ODBC's literals of dates and times, {d '2030-01-31'}.
func (f *formatter) closeBrace(raw []byte) {
	switch string(bytes.TrimLeft(f.dst[min(f.brace.at, len(f.dst)):], " ")) {
	case "{ d ?", "{ t ?", "{ ts ?":
		f.takeBack(f.brace)
		f.top.variable = f.brace.variable
		f.literal(literal)
	default:
		f.operator(raw, afterClose)
	}
}

// endLimit ends a LIMIT. A comma or an OFFSET after which no number came is written
// after all.
func (f *formatter) endLimit() {
	second := f.limit == limitSecond
	f.limit = noLimit
	switch {
	case second && f.key == kwOffset:
		f.dst = append(f.dst, " offset"...)
	case second:
		f.comma()
	}
}

// semicolon ends a statement. It is written only if another follows.
func (f *formatter) semicolon() {
	f.endStatement()
	f.groups[0] = group{}
	f.frames = f.frames[:0]
	f.openFrame(false, false)
	if len(f.dst) > f.base {
		f.ended = true
		f.end(afterSemicolon)
	}
}

// endStatement closes what is open.
func (f *formatter) endStatement() {
	f.closeAll(f.lexer.cut)
	f.foldStatement()
	f.skipping, f.limit, f.odku, f.braces = skipNone, noLimit, false, 0
	f.expect, f.alias = nothing, false
}

// foldStatement takes a statement back that is as the one before in the same text.
func (f *formatter) foldStatement() {
	c := &f.statements
	at := f.skipBlank(c.at)
	statement := f.dst[min(at, len(f.dst)):]
	switch {
	case len(statement) == 0:
	case c.kept > 0 && (c.repeated(&f.writer, statement) || f.lexer.cut && c.begun(&f.writer, statement)):
		f.dst = f.dst[:c.run.end]
		c.length++
		f.longest = max(f.longest, c.length)
	default:
		c.run, c.length = run{at, len(f.dst)}, 1
		c.kept++
	}
	c.at = len(f.dst)
}

// limit is the part of a LIMIT that has been read.
type limit byte

const (
	noLimit     limit = iota
	limitFirst        // LIMIT, whose first number comes
	limitOne          // the numbers that were there
	limitSecond       // a comma or an OFFSET, whose number comes
)

// number takes a number, and reports whether it is to be shown.
func (l *limit) number() (shown bool) {
	shown = *l != limitSecond
	if *l != noLimit {
		*l = limitOne
	}
	return shown
}

// holds reports whether a token of sql, which comes after prev, is a part of the
// LIMIT.
func (l limit) holds(t *token, sql []byte, prev previous) bool {
	switch t.kind {
	case literal, textLiteral, placeholder:
		return l != limitOne || t.kind == textLiteral && prev == afterText
	case symbol:
		return l == limitOne && t.symbol == ',' || l != limitOne && (t.symbol == '+' || t.symbol == '-')
	case plainWord:
		word := sql[t.start:t.end]
		return l == limitOne && bytes.EqualFold(word, []byte("offset")) ||
			l != limitOne && word[0] == '_' // or an introducer
	}
	return false
}

// arithmetic folds an expression of literals and operators, and nothing else: its
// value is that of a literal.
type arithmetic struct {
	at, first int  // where the last literal, or the first of the expression, begins and ends in dst
	open      bool // an expression is open
	operator  bool // its last token is an operator
}

// begin begins an expression before an operator, which stands at a position of dst, if a
// literal stands there with which one can begin.
func (a *arithmetic) begin(g *grammar, at int, p previous) {
	if a.open || a.first != at || p != afterValue && p != afterText || g.limit != noLimit {
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

// read reads a token, before it is written, while an expression is open.
func (a *arithmetic) read(f *formatter, t *token) {
	switch value := t.kind == literal || t.kind == textLiteral || t.kind == placeholder; {
	case value && (a.operator || t.kind == textLiteral && f.prev == afterText):
		a.operator = false
	case isInfix(f.token(t), t) && !a.operator:
		a.operator = true
	case a.operator && t.kind == symbol && (t.symbol == '+' || t.symbol == '-'): // a sign
	case a.operator && t.kind == plainWord:
		switch keywordOf(f.token(t)) {
		case kwNull, kwTrue:
			a.operator = false
		case kwCharset, kwDate: // before a string
		default:
			a.open = false
		}
	case a.operator:
		a.open = false
	default:
		a.end(f)
	}
}

// isInfix reports whether t, whose text is raw, is an operator that binds its operands more closely than a
// comparison does.
func isInfix(raw []byte, t *token) bool {
	if t.kind == symbol {
		return bytes.IndexByte([]byte("+-*/%^&|"), t.symbol) >= 0 || string(raw) == "<<" || string(raw) == ">>"
	}
	return t.kind == plainWord && (bytes.EqualFold(raw, []byte("div")) || bytes.EqualFold(raw, []byte("mod")))
}

// end ends an expression of which the last literal was written.
func (a *arithmetic) end(f *formatter) {
	if a.open && !a.operator {
		f.dst = f.dst[:a.first]
	}
	a.open = false
}
