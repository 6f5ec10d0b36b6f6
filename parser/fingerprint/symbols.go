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
		f.beginArithmetic()
		f.sign(raw)
	case '*':
		if f.prev.operand() && f.prev != afterStar {
			f.beginArithmetic()
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
		f.operator(raw, afterOperator)
	case '}':
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
		f.beginArithmetic()
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
	f.skipping, f.limit, f.odku = skipNone, noLimit, false
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
