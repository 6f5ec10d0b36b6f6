package fingerprint

import "bytes"

// formatter writes the fingerprint of one statement, token by token. It reads each
// byte once and never looks ahead further than a token: what a token means for
// those before it, it changes in dst. So a list that turns out to hold only
// literals is taken back when it is closed, and the branch of a UNION that was
// there before when it ends.
//
// It is made of parts that need only those before them:
//
//	lexer    cuts the statement into tokens
//	writer   writes them, and remembers what stands before the next one
//	list, rows, union
//	         take elements, rows and branches back that repeat
//	nesting  knows which parentheses are open, and so which lists
//	namer    knows what a name is the name of, and masks its digits
//	grammar  knows what a keyword tells of the words after it
type formatter struct {
	grammar
	plain    plainReader
	template template
	byToken  bool // leaves nothing to plain; set by tests alone
	ended    bool // a semicolon came, which is not written before what follows

	statements chain
	brace      mark // the last {
}

func (f *formatter) reset(dst, sql []byte, cut, again bool) {
	if f.names == nil {
		f.names = new(aliases)
	}
	f.names.reset(again)
	names, groups, frames, scratch, spans, template := f.names, f.groups, f.frames, f.scratch, f.spans, f.template
	*f = formatter{plain: newPlainReader(sql), byToken: f.byToken}
	f.lexer = newLexer(sql, cut)
	f.dst, f.base = dst, len(dst)
	f.names, f.groups, f.frames, f.scratch, f.spans, f.template = names, groups, frames, scratch, spans, template[:0]
	f.statements.at = len(dst)
}

// format appends the fingerprint of sql to dst.
func (f *formatter) format(dst, sql []byte, cut bool) []byte {
	f.reset(dst, sql, cut, false)
	f.run()
	if f.names.late {
		f.again(sql, cut)
	}
	// A string that holds an escaped quote, and later one without an end: perhaps
	// the backslash was none, under NO_BACKSLASH_ESCAPES, and what looked like
	// words are literals. What was read before the first such string is certain.
	if escaped := f.firstEscaped(); !f.lexer.cut && escaped >= 0 && escaped < f.lexer.open {
		f.again(sql[:escaped+1], false)
	}
	f.finishNames()
	dst = f.dst
	f.dst, f.lexer.sql, f.plain.sql, f.plain.function = nil, nil, nil, nil // not kept
	clear(f.template[:cap(f.template)])
	return dst
}

// again writes the fingerprint anew, with the aliases known.
func (f *formatter) again(sql []byte, cut bool) {
	f.reset(f.dst[:f.base], sql, cut, true)
	f.run()
}

// firstEscaped returns where the first string begins that holds an escaped quote, -1
// if none does.
func (f *formatter) firstEscaped() int {
	if f.plain.escaped < 0 || f.lexer.escaped >= 0 && f.lexer.escaped < f.plain.escaped {
		return f.lexer.escaped
	}
	return f.plain.escaped
}

// run writes the fingerprint; see the package comment for the rules.
func (f *formatter) run() {
	f.begin()
	var t token
	for {
		if f.byToken {
		} else if f.top.list.kind != noList && (f.prev == afterOpen || f.prev == afterComma) {
			f.plainElements()
		} else if f.top.rows.state == rowDone && f.top.rows.literals && f.prev == afterClose {
			f.plainRows()
		} else if f.top.args.length > 0 && f.prev == afterComma && f.deeper == 0 {
			f.plainArgs()
		}
		f.lexer.masked = f.expect != nothing
		f.before = f.lexer.pos
		if f.lexer.next(&t); t.kind == endOfSQL {
			f.arith.end(f)
			f.endStatement()
			return
		}
		if f.skipping != skipNone && f.skip(&t) {
			continue
		}
		f.add(&t)
		if f.folded != nil {
			f.template.repeat(f, f.folded)
			f.folded = nil
		}
		if f.unfold > 0 {
			f.template.repeatParens(f, f.unfold)
			f.unfold = 0
		}
	}
}

// plainElements reads the elements of a list that are plain, all but the last.
func (f *formatter) plainElements() {
	n, i := 0, f.lexer.pos
	for {
		end := f.plain.element(i, true)
		if end < 0 || f.lexer.sql[end] != ',' {
			break
		}
		i = end + 1
		n++
	}
	if n == 0 {
		return
	}
	f.lexer.pos = i
	f.frame.literal = true
	g := f.top
	if g.literal == 0 {
		g.endElement(&f.writer)
		g.comma(&f.writer)
		n--
	}
	g.elements += n
	f.end(afterComma)
	f.beginExpression(false)
}

// plainRows reads rows that are plain.
func (f *formatter) plainRows() {
	var n int
	f.lexer.pos, n = f.plain.rows(f.lexer.pos)
	f.top.rows.read += n
	f.longest = max(f.longest, f.top.rows.read)
}

// plainArgs reads literals that come after a literal of a function's arguments.
func (f *formatter) plainArgs() {
	a := &f.top.args
	if a.read > 0 || string(f.dst[a.last.at:a.last.end]) != literalArgs {
		return
	}
	n, read, i := 0, 0, f.lexer.pos
	for end := i; ; {
		end = f.plain.element(end, false)
		if end < 0 || f.lexer.sql[end] != ',' {
			break
		}
		end++
		if read++; read%int(a.size) == 0 {
			n, i = read, end
		}
	}
	f.lexer.pos = i
	a.length += n / int(a.size)
	f.longest = max(f.longest, a.length)
}

func (f *formatter) add(t *token) {
	if f.ended && t.symbol != ';' {
		f.dst = append(f.dst, ';')
		f.ended = false
		f.statements.at = len(f.dst)
	}
	if f.arith.open {
		f.arith.read(f, t)
	}
	if f.limit != noLimit && !f.limit.holds(t, f.lexer.sql, f.prev) {
		f.endLimit()
	}
	switch t.kind {
	case plainWord:
		f.addWord(t)
	case textLiteral, literal, placeholder:
		f.literal(t.kind)
		if f.runsOn() {
			f.lexer.pos = len(f.lexer.sql)
		}
	case symbol:
		f.addSymbol(t)
	case quotedWord:
		expect, alias := f.expect, f.alias
		f.beginWord()
		f.appendUnquoted(f.token(t))
		f.endName(expect, alias)
	case variable:
		f.addVariable(t)
	case remark:
		f.write(f.token(t), afterClose)
	}
}

func (f *formatter) token(t *token) []byte { return f.lexer.sql[t.start:t.end] }

// addWord writes a keyword or a name.
func (f *formatter) addWord(t *token) {
	expect, alias := f.expect, f.alias
	f.beginWord()
	f.dst = append(f.dst, f.token(t)...)
	if t.classes&(isUpper|isHigh) != 0 {
		f.lower(f.word.text, t.classes)
	}
	f.word.digits = t.classes&(isDigit|isMask) != 0
	if f.prev != afterDot && t.classes&(isHigh|isMask) == 0 && (!f.word.digits || f.dst[f.word.text] == '_') {
		if e := lookup(f.dst[f.word.text:]); e != nil && f.keyword(e, expect, alias) {
			return
		}
	}
	f.endName(expect, alias)
}

// addVariable writes a variable, or the host of an account: user@host.
func (f *formatter) addVariable(t *token) {
	raw := f.token(t)
	account := raw[0] == '@' && f.prev.account()
	f.top.variable = f.top.variable || !account
	if f.prev == afterAt {
		f.dst = append(f.dst, ' ')
	} else if !account {
		f.space()
	}
	start := len(f.dst)
	if account && text(bytes.TrimLeft(raw[1:], "`")).is(0, isDigit) {
		f.dst = append(f.dst, "@?"...) // an address
	} else if raw[len(raw)-1] == '`' {
		at := 1
		if raw[1] == '@' {
			at = 2
		}
		f.dst = append(f.dst, raw[:at]...)
		f.appendUnquoted(raw[at:])
	} else {
		f.dst = append(f.dst, raw...)
		f.lower(start, t.classes)
	}
	if name := f.dst[start:]; !account && name[0] == '@' && name[1] != '@' && bytes.ContainsAny(name, "0123456789?") && !bytes.ContainsAny(name, ".`") {
		f.names.add(name, userVariable)
	}
	f.end(afterVariable)
}

// runsOn reports whether a string is followed by text at once, as in 'O'Brien': a
// quote was not escaped, and what follows is a piece of the literal. Only words
// that can follow an operand do stand so, as in 'x'and.
func (f *formatter) runsOn() bool {
	sql, pos := f.lexer.sql, f.lexer.pos
	end := sql.span(pos, isLetter|isDigit)
	if end == pos || sql[pos-1] != '\'' && sql[pos-1] != '"' {
		return false
	}
	var room [16]byte
	if end-pos > len(room) {
		return true
	}
	word := appendLower(room[:0], sql[pos:end])
	switch string(word) {
	case "end", "escape", "comment", "desc":
		return false
	}
	e := lookup(word)
	return e == nil || e.named && e.keyword != kwOffset && e.keyword != kwExcept && e.keyword != kwIntersect
}

// skip reads a token of a statement of which only a name is kept, and reports
// whether it did.
func (f *formatter) skip(t *token) bool {
	switch {
	case t.kind == symbol && t.symbol == ';':
		f.skipping = skipNone
		return false
	case f.skipping == skipAfterUse:
		f.skipping = skipAll
		if t.kind != symbol {
			f.dst = append(f.dst, " ?"...)
		}
	case f.skipping == skipAfterCall && (t.kind == plainWord || t.kind == quotedWord) && f.prev != afterName:
		f.space()
		f.word.text = len(f.dst)
		if t.kind == quotedWord {
			f.appendUnquoted(f.token(t))
		} else {
			f.dst = append(f.dst, f.token(t)...)
			f.lower(f.word.text, t.classes)
		}
		f.end(afterName)
	case f.skipping == skipAfterCall && t.kind == symbol && t.symbol == '.' && f.prev == afterName:
		f.maskDigits() // of a schema
		f.dst = append(f.dst, '.')
		f.end(afterDot)
	default:
		f.skipping = skipAll
	}
	return true
}
