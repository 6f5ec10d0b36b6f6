package fingerprint

import (
	"bytes"
	"strings"
)

// use says where a word may stand next to a string.
type use byte

const (
	follows    use = 1 << iota // after a string in any statement
	defines                    // after one in a statement that neither reads nor changes rows
	isType                     // after a name in double quotes: "id" int
	precedes                   // before a string
	namesNext                  // before a name, where a string is none: table "t"
	endsAlias                  // after an alias in the list of a SELECT
	startsVerb                 // at the beginning of a statement
)

// uses are the words that may stand next to a string, as the manuals of MySQL 9
// and MariaDB 11 have them. Keywords of wordForms may also precede one.
var uses = func() map[string]use {
	m := map[string]use{}
	for _, row := range []struct {
		use   use
		words string
	}{
		{follows, `and or xor div mod as asc desc between collate regexp rlike like not in is sounds member escape separator
			from for group having limit offset order into lock union except intersect minus using when then else elseif end
			where window with on procedure returning rows range groups partition null default error columns values value select set over
			microsecond second minute hour day week month quarter year second_microsecond minute_microsecond minute_second
			hour_microsecond hour_second hour_minute day_microsecond day_second day_minute day_hour year_month
			join left right inner cross natural straight_join force use ignore nulls
			character fields lines optionally enclosed escaped terminated starting preceding following to`},
		{defines, `comment unique primary key after first auto_increment generated always virtual stored visible invisible check
			constraint references column_format storage engine charset character row_format data index connection max_rows min_rows
			avg_row_length checksum compression encryption password account identified by require attribute engine_attribute
			secondary_engine_attribute failed_login_attempts password_lock_time retain replace role at every starts ends completion
			enable disable preserve sql deterministic contains reads modifies no language returns return add drop modify change
			rename algorithm tablespace options insert_method key_block_size pack_keys stats_persistent stats_auto_recalc
			stats_sample_pages delay_key_write table to until channel
			cipher issuer subject grant join resume suspend one do begin insert update delete call if signal autoextend_size
			secondary_engine transactional page_checksum page_compressed page_compression_level sequence encrypted
			encryption_key_id subpartition nodegroup file_block_size initial_size extent_size wait admin and while declare
			view function trigger event partitions current user via alter unlock import component password_reuse aggregate body not exists read write`},
		{isType, `int integer bigint smallint tinyint mediumint decimal dec numeric fixed float double real bit bool boolean char
			varchar binary varbinary tinytext text mediumtext longtext tinyblob blob mediumblob longblob json date time datetime
			timestamp year enum set national nchar nvarchar geometry point linestring polygon multipoint multilinestring
			multipolygon geometrycollection uuid inet4 inet6 vector serial character exists path`},
		{precedes, `escape comment path password user host immediate soname wrapper dumpfile start end commit rollback recover prepare help
			master channel sqlstate value names charset character connection tablespace starts ends at every require subject
			issuer cipher attribute engine_attribute secondary_engine_attribute compression encryption engine algorithm of
			component file datafile undofile logfile role type identified via old current owner port socket database returns
			print text binlog zone xid begin all only to from slave replica reset savepoint sql_mode options
			sql_no_cache sql_cache sql_buffer_result admin option execute exists separator directory collate offset row values definer`},
		{namesNext, `table tables index key view trigger procedure function event sequence server column constraint add drop modify
			change alter prepare plugin read handler group references exists partition database schema savepoint after before on
			call open close fetch declare unique rename first package`},
		{endsAlias, `from into where limit order group having union except intersect minus for lock window procedure offset on`},
		{startsVerb, `select insert update delete replace with values table call do set show explain describe desc analyze begin
			start commit rollback savepoint release lock unlock create alter drop truncate rename grant revoke use kill
			load handler prepare execute deallocate flush optimize repair check checksum cache reset purge change stop xa
			signal resignal get help import install uninstall binlog clone restart shutdown backup end if while loop
			return declare leave iterate open fetch close else elseif until`},
	} {
		for _, w := range strings.Fields(row.words) {
			m[w] |= row.use
		}
	}
	return m
}()

// nameInQuotes reports whether a text in double quotes may be a name.
func nameInQuotes(s []byte) bool {
	return len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' && plausibleName(s) && bytes.IndexByte(s, '\\') < 0
}

// plausibleName reports whether a name in quotes is no longer than MySQL allows, and of
// one line.
func plausibleName(s []byte) bool {
	const longest = 4 * 64
	return len(s) <= longest+2 && bytes.IndexByte(s, '\n') < 0
}

// longestUse bounds the words of uses.
const longestUse = len("secondary_engine_attribute")

// useOf returns where a word in any case may stand.
func useOf(word []byte) use {
	var room [longestUse]byte
	if len(word) > len(room) {
		return 0
	}
	word = appendLower(room[:0], word)
	if e := lookup(word); e != nil {
		return e.use
	}
	return uses[string(word)]
}

// neighbours looks at the tokens next to strings. Where one cannot stand, a quote
// before it was none, or was not closed where it seemed, and what is read as code
// may be a piece of a literal.
type neighbours struct {
	last    neighbour // the last token
	textEnd int       // where it ends, if it is a string
	settled bool      // nothing is looked at
	doubt   bool      // a token stands where it cannot
	braces  int       // how many are open
}

type neighbour byte

const (
	noString    neighbour = iota
	anyString             // a string
	maybeName             // a string in double quotes
	surelyName            // one that stands where only a name can
	stringAlias           // the alias of an item of a SELECT, next to a string or a string itself
)

// besides are the kinds of tokens that fits is asked about whatever stands before them.
var besides = [symbol + 1]bool{textLiteral: true, literal: true, quotedWord: true}

// fits reports whether t can stand after the last token, if one of the two is a string,
// and remembers it.
func (f *formatter) fits(t *token) bool {
	last := f.last
	f.last = noString
	if f.expect != nothing && f.isName(t) {
		return last == noString
	}
	if f.lexer.sql.quoteOf(t) >= 0 {
		return !f.ended && f.textFits(t, last)
	}
	switch {
	case t.kind == symbol && f.isOdd(t), t.kind == quotedWord && (!f.bare && !plausibleName(f.token(t)) || f.touchesName(t.start)), f.ended && !f.begins(t):
		return false
	case last == noString:
		return true
	}
	touches := t.start == f.textEnd
	switch t.kind {
	case plainWord:
		return f.wordFits(t, last, touches)
	case quotedWord:
		return f.aliasFits(last, touches)
	case symbol:
		return f.symbolFits(t.symbol, last)
	case variable:
		return last != stringAlias
	}
	return t.kind == remark
}

// touchesName reports whether the last token is a name without quotes, and ends at i,
// where one in quotes begins.
func (f *formatter) touchesName(i int) bool {
	if f.prev != afterName && f.prev != afterListName || i == 0 || !f.lexer.sql.is(i-1, isLetter|isDigit) {
		return false
	}
	word, _ := lastWord(f.lexer.sql[:i])
	return !isKeyword(word) && useOf(word) == 0
}

// begins reports whether a statement may begin with t.
func (f *formatter) begins(t *token) bool {
	switch t.kind {
	case plainWord:
		return useOf(f.token(t))&startsVerb != 0
	case symbol:
		return t.symbol == '(' || t.symbol == ';' || t.symbol == '{'
	}
	return t.kind == remark
}

// needsOperand are the tokens after which an operand must come.
var needsOperand = [afterCallable + 1]bool{afterDot: true, afterSign: true, afterUnary: true, afterAt: true, afterArrow: true, afterComma: true, afterOperator: true}

// secret is what MySQL writes in the place of a password.
const secret = "<secret>"

// lacksOperand reports whether the last token needs an operand after it.
func (f *formatter) lacksOperand() bool {
	return needsOperand[f.prev] && !bytes.HasSuffix(f.lexer.sql[:f.before], []byte(secret))
}

// isOdd reports whether t, a symbol, stands where no grammar has one.
func (f *formatter) isOdd(t *token) bool {
	switch t.symbol {
	case '(', '-', '+', '.', '@', ':':
		return false
	case ')':
		return f.depth == 1 || f.lacksOperand()
	case ',':
		return f.prev == afterOpen || f.lacksOperand() || f.frame.isCase && f.deeper == 0 && f.dml()
	case ';':
		return f.depth > 1 || f.braces > 0 || f.lacksOperand()
	case '}':
		return f.braces == 0 || f.lacksOperand()
	case '{':
		return !f.escapesODBC()
	case '[', ']', '\\':
		return true
	case '!', '~':
		return f.prev == afterText || f.prev == afterValue || f.prev == afterVariable
	case '*':
		return f.prev == afterStar || needsOperand[f.prev] && f.prev != afterDot && f.prev != afterComma
	case '<':
		if bytes.HasPrefix(f.lexer.sql[t.start:], []byte(secret)) {
			return false
		}
	case '%':
		if f.prev == afterAt {
			return false // any host
		}
	}
	return f.prev == afterStar || f.prev == afterOpen || f.lacksOperand()
}

// escapesODBC reports whether a word comes that ODBC and JDBC have after a brace.
func (f *formatter) escapesODBC() bool {
	from := f.lexer.sql.span(f.lexer.pos, isSpace)
	switch string(bytes.ToLower(f.lexer.sql[from:f.lexer.sql.span(from, isLetter)])) {
	case "d", "t", "ts", "fn", "oj", "call", "escape":
		return true
	}
	return false
}

// dml reports whether the statement is one that reads or changes rows.
func (f *formatter) dml() bool {
	switch f.groups[0].verb {
	case kwSelect, kwInsert, kwReplace, kwUpdate, kwDelete:
		return true
	}
	return false
}

func (f *formatter) wordFits(t *token, last neighbour, touches bool) bool {
	u := useOf(f.token(t))
	switch {
	case last == stringAlias:
		return u&endsAlias != 0
	case u&follows != 0, u&defines != 0 && !f.dml(), u&isType != 0 && last != anyString:
		return true
	case last == surelyName:
		return true
	}
	return f.aliasFits(last, touches)
}

// aliasFits is for a name after a string.
func (f *formatter) aliasFits(last neighbour, touches bool) bool {
	if f.top.versions && !touches && last != stringAlias {
		return true
	}
	if touches || last == stringAlias || !f.top.items {
		return last == surelyName
	}
	f.last = stringAlias
	return true
}

func (f *formatter) symbolFits(s byte, last neighbour) bool {
	switch s {
	case ',', ')', ';', '}':
		return true
	case '(':
		return last == maybeName || last == surelyName || last == anyString && !f.dml()
	case '.':
		return last == maybeName || last == surelyName
	case '{', '[', ']', '~', '!', ':':
		return false
	}
	return last != stringAlias
}

// textFits is for a string.
func (f *formatter) textFits(t *token, last neighbour) bool {
	double := f.lexer.sql[t.end-1] == '"' || f.lexer.sql[t.start] == '"'
	touches := t.start > 0 && byteClass[f.lexer.sql[t.start-1]]&(isLetter|isDigit) != 0
	prefixed := f.key == kwCharset || f.key == kwDate
	beside := f.textEnd == t.start
	f.textEnd = t.end
	f.last = anyString
	if double {
		f.last = maybeName
	}
	switch {
	case last == stringAlias, last != noString && beside:
		return false
	case last != noString: // strings side by side are one, and "a" "b" may be a name and its alias
		return true
	case prefixed || !f.prev.operand() && f.prev != afterListName:
		if double && (f.prev == afterOpen || f.prev == afterComma) && !f.top.call && !f.dml() {
			f.last = surelyName
		}
		if double && f.prev >= afterKeyword && !f.dml() && useOf(f.lastWord())&namesNext != 0 {
			f.last = surelyName
		}
		return true
	case f.prev == afterName || f.prev == afterListName:
		u := useOf(f.lastWord())
		if f.word.at > 0 && f.word.prev == afterOperator && f.dst[f.word.at-1] == '{' {
			return true // {d '2030-01-31'}
		}
		if u&precedes != 0 && !touches {
			return true
		}
		if double && u&namesNext != 0 && !touches && !f.dml() {
			f.last = surelyName
			return true
		}
	}
	switch {
	case touches && f.prev != afterClose:
		return false
	case f.top.items:
		f.last = stringAlias
		return true
	}
	return double && f.alias
}

// lastWord returns the last name or keyword, if nothing has come after it.
func (f *formatter) lastWord() []byte {
	return bytes.TrimLeft(f.dst[min(f.word.text, len(f.dst)):], " ")
}

// read appends the fingerprint of sql to dst, as far as it is certain what is a literal.
// It reports whether that leaves something out.
func (f *formatter) read(dst, sql []byte, cut bool) (early bool) {
	f.settled = false
	f.compose(dst, sql, cut)
	if f.doubt || !cut && f.lexer.open >= 0 {
		return f.endAtFirstText(sql, cut)
	}
	if at := f.lexer.unsure; at >= 0 {
		f.read(f.dst[:f.base], sql[:at], true)
		return true
	}
	if first := f.firstEscaped(); first >= 0 {
		if at := undecided(sql, first, cut); at >= 0 {
			return f.endAt(at, sql, append([]byte(nil), f.dst[f.base:]...))
		}
	}
	return false
}

// canBeBare reports whether nothing stands where it cannot in a statement as it is read
// under NO_BACKSLASH_ESCAPES.
func (f *formatter) canBeBare(sql []byte, cut bool) bool {
	byToken := f.byToken
	f.byToken, f.bare, f.settled = true, true, false
	f.reset(nil, sql, cut, false)
	f.run()
	f.byToken, f.bare = byToken, false
	can := !f.doubt && (cut || f.lexer.open < 0)
	f.forget()
	return can
}

// compose appends the fingerprint of sql to dst, as it is read at first. Aliases are
// often used before they are declared, and tables before there is another of which they
// have to be told apart: then the statement is read once more.
func (f *formatter) compose(dst, sql []byte, cut bool) {
	f.reset(dst, sql, cut, false)
	f.run()
	if (f.names.late || len(f.names.several) > f.names.read) && !f.doubt {
		f.reset(f.dst[:f.base], sql, cut, true)
		f.run()
	}
}

// endAtFirstText writes the fingerprint anew, to the first string: any string may be
// the one that does not end where it seems to. It reports whether that leaves
// something out.
func (f *formatter) endAtFirstText(sql []byte, cut bool) bool {
	doubt, open := f.doubt, f.lexer.open
	whole := append([]byte(nil), f.dst[f.base:]...)
	f.reset(f.dst[:f.base], sql, cut, false)
	byToken := f.byToken
	f.byToken, f.seeking, f.firstText = true, true, -1
	f.run()
	f.byToken, f.settled = byToken, true
	at := f.firstText
	if at < 0 || !doubt && at == open { // of the only string nothing is known but that it has begun
		f.compose(f.dst[:f.base], sql, cut)
		return false
	}
	return f.endAt(at, sql, whole) || doubt
}

// endAt writes the fingerprint anew, to an index at which a literal, a name or a
// comment begins. It reports whether that leaves something out of the whole.
func (f *formatter) endAt(at int, sql, whole []byte) bool {
	end := at
	if sql[at] == '\'' || sql[at] == '"' {
		end++ // a literal has begun
	}
	f.settled = true
	f.compose(f.dst[:f.base], sql[:end], false)
	return !bytes.Equal(whole, f.dst[f.base:])
}

// firstEscaped returns where the first string begins that holds an escaped quote, -1
// if none does.
func (f *formatter) firstEscaped() int {
	if f.plain.escaped < 0 || f.lexer.escaped >= 0 && f.lexer.escaped < f.plain.escaped {
		return f.lexer.escaped
	}
	return f.plain.escaped
}

// stops reports whether the fingerprint ends before t.
func (f *formatter) stops(t *token) bool {
	switch {
	case f.seeking:
		f.seek(t)
		return f.firstText >= 0
	case f.settled:
		return false
	}
	f.doubt = !f.fits(t)
	return f.doubt
}

// atEnd looks at how the statement ends.
func (f *formatter) atEnd() {
	switch cut := f.lexer.cut; {
	case f.settled || f.seeking:
	case cut && (f.last == stringAlias && !f.bare || f.lexer.open >= 0 && f.lexer.sql[f.lexer.open] == '`' && f.touchesName(f.lexer.open)):
		f.doubt = true // nothing has shown that it is one
	case !cut && f.lexer.open < 0 && f.skipping == skipNone && (f.depth > 1 || f.braces > 0 || f.lacksOperand()):
		f.doubt = true
	}
}

// seek takes t for the first string if it is one.
func (f *formatter) seek(t *token) {
	switch {
	case t.kind == quotedWord && !plausibleName(f.token(t)):
		f.firstText = t.start
	case f.expect == nothing || !f.isName(t):
		f.firstText = f.lexer.sql.quoteOf(t)
	}
}
