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
	neighbours
	byToken bool // leaves nothing to plain
	bare    bool // reads as under NO_BACKSLASH_ESCAPES
	ended   bool // a semicolon came, which is not written before what follows

	statements chain
	brace      mark // the last {

	seeking   bool // for the first string, which ends the statement
	firstText int  // where the quote of that string stands
}

func (f *formatter) reset(dst, sql []byte, cut, again bool) {
	if f.names == nil {
		f.names = new(aliases)
	}
	f.names.reset(again)
	names, groups, frames, scratch, spans, members, template := f.names, f.groups, f.frames, f.scratch, f.spans, f.members, f.template
	*f = formatter{plain: newPlainReader(sql), byToken: f.byToken, bare: f.bare, neighbours: neighbours{settled: f.settled}}
	f.lexer = newLexer(sql, cut)
	f.lexer.bare = f.bare
	f.dst, f.base = dst, len(dst)
	f.names, f.groups, f.frames, f.scratch, f.spans, f.members, f.template = names, groups, frames, scratch, spans, members, template[:0]
	f.statements.at = len(dst)
}

// format appends the fingerprint of sql to dst.
func (f *formatter) format(dst, sql []byte, cut bool) []byte {
	early := f.read(dst, sql, cut)
	if f.lexer.cut {
		f.mergeOpen()
	}
	f.finishNames()
	if early {
		f.dst = append(f.dst, EndsEarly...)
	}
	dst = f.dst
	f.forget()
	return dst
}

// forget drops what is not the formatter's own.
func (f *formatter) forget() {
	f.dst, f.lexer.sql, f.plain.sql, f.plain.function = nil, nil, nil, nil
	clear(f.template[:cap(f.template)])
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
		} else if f.top.pairs > 0 && f.opensPair() {
			f.plainPairs()
		}
		f.lexer.masked = f.expect != nothing
		f.before = f.lexer.pos
		if f.lexer.next(&t); t.kind == endOfSQL {
			f.atEnd()
			f.arith.end(f)
			f.endStatement()
			return
		}
		if f.skipping != skipNone && f.skip(&t) {
			continue
		}
		if (f.last != noString || besides[t.kind] || f.ended || t.kind == symbol && f.isOdd(&t)) && f.stops(&t) {
			return
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

// isName reports whether t is a text in double quotes that stands where the name of a
// table does, as under ANSI_QUOTES.
func (f *formatter) isName(t *token) bool {
	if t.kind != textLiteral || f.expect != table && f.expect != target || !nameInQuotes(f.token(t)) {
		return false
	}
	switch f.key {
	case kwFrom:
		switch f.top.verb {
		case kwSelect, kwDelete, kwShow: // and not PREPARE or IMPORT TABLE
			return true
		}
		return false
	case kwJoin, kwStraightJoin, kwInto, kwUpdate, kwTable:
		return true
	case kwModifier: // UPDATE LOW_PRIORITY, TABLE IF NOT EXISTS
		return f.keyPrev == kwUpdate || f.keyPrev == kwTable || f.keyPrev == kwModifier || f.keyPrev == kwNot
	}
	return f.prev == afterDot || f.prev == afterComma || f.prev == afterOpen
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
	f.lexer.pos, f.last = i, noString
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

// plainPairs reads parentheses that open at once after one that did.
func (f *formatter) plainPairs() {
	open := f.lexer.pos
	for f.lexer.sql.at(f.lexer.pos) == '(' && f.depth+f.lexer.pos-open < maxDepth {
		f.lexer.pos++
	}
	f.openPairs(f.lexer.pos - open)
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
	if n > 0 {
		f.lexer.pos, f.last = i, noString
	}
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
		if end := f.passwordEnd(t); end > 0 {
			f.lexer.pos = end
			f.literal(literal)
			return
		}
		f.addWord(t)
	case textLiteral, literal, placeholder:
		if f.expect != nothing && f.isName(t) {
			f.name(t)
			return
		}
		if f.key == kwFrom {
			f.top.listed = nothing // no table comes
		}
		f.literal(t.kind)
	case symbol:
		f.addSymbol(t)
	case quotedWord:
		f.name(t)
	case variable:
		f.addVariable(t)
	case remark:
		f.top.variable = true // there are branches
		f.write(f.token(t), afterClose)
	}
}

// passwordEnd returns the index after a password that somebody forgot to quote and that begins with t, a word, or 0 if
// it is none. The server refuses such a statement, and can log it. What has a quote or a parenthesis in it is none.
func (f *formatter) passwordEnd(t *token) int {
	before := f.dst[f.statements.at:]
	ends := func(text string) bool { return bytes.HasSuffix(before, []byte(text)) }
	begins := func(text string) bool { return bytes.HasPrefix(before, []byte(text)) }
	switch {
	case ends(" by"), ends(" by password"):
		if !begins("create user") && !begins("alter user") && !begins("grant ") || !bytes.Contains(before, []byte(" identified ")) {
			return 0
		}
	case ends("="):
		if !begins("set password") && !(begins("change ") && ends("_password =")) {
			return 0
		}
	case ends("password("):
		if !begins("set password") {
			return 0
		}
	default: // nearly always
		return 0
	}
	switch string(bytes.ToLower(f.token(t))) {
	case "password", "old_password", "random":
		return 0
	}
	for i := t.end; i < len(f.lexer.sql); i++ {
		switch c := f.lexer.sql[i]; {
		case bytes.IndexByte([]byte(" \t\r\n;,)"), c) >= 0:
			return i
		case bytes.IndexByte([]byte("('\"`\\"), c) >= 0:
			return 0
		}
		if q, _ := opening(f.lexer.sql, i); q != InCode { // a comment
			return i
		}
	}
	return len(f.lexer.sql)
}

// name writes a name in quotes.
func (f *formatter) name(t *token) {
	expect, alias := f.expect, f.alias
	f.beginWord()
	f.appendUnquoted(f.token(t))
	f.endName(expect, alias)
	f.foldName(expect)
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
			if a := itemsAfter[f.key]; a != 0 {
				f.top.items = a > 0
				f.top.versions = f.top.versions && f.key == kwFrom
			}
			return
		}
	}
	f.endName(expect, alias)
	f.foldName(expect)
}

// foldName takes a name back that is as the one before in a list of partitions, or of tables
// to be dropped.
func (f *formatter) foldName(expect expectation) {
	if f.word.prev != afterComma || !f.word.digits || expect != generated && (expect != table && expect != target || f.top.verb != kwDrop) || f.lexer.peek() == '.' {
		return
	}
	name := f.dst[f.word.text:]
	before, _ := bytes.CutSuffix(f.dst[:f.word.at], []byte(","))
	at := len(before) - len(name)
	if at < 1 || !bytes.HasSuffix(before, name) || before[at-1] != ' ' && before[at-1] != '(' {
		f.top.namesAlike = 0
		return
	}
	f.top.namesAlike++
	f.longest = max(f.longest, f.top.namesAlike+1)
	f.dst, f.word.text, f.word.at = before, at, at-1
}

// itemsAfter is 1 for keywords after which an expression may have an alias, and -1 for those
// after which none may.
var itemsAfter = [256]int8{kwSelect: 1, kwReturning: 1, kwFrom: -1, kwInto: -1, kwWhere: -1, kwGroup: -1, kwOrder: -1, kwLimit: -1,
	kwWindow: -1, kwUnion: -1, kwExcept: -1, kwSet: -1, kwValues: -1, kwLock: -1}

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
		f.dst = f.dst[:start+maskDigits(name)]
		f.frame.literal = true // as far as a chain of them is concerned
	}
	f.end(afterVariable)
}

// skip reads a token of a statement of which only a name is kept, and reports
// whether it did.
func (f *formatter) skip(t *token) bool {
	if f.seeking && f.firstText < 0 {
		if f.seek(t); f.firstText >= 0 {
			f.lexer.pos = len(f.lexer.sql)
		}
	}
	switch {
	case t.kind == symbol && t.symbol == ';':
		f.skipping, f.braces = skipNone, 0
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
