package fingerprint

import (
	"bytes"
	"slices"
	"strings"
)

// Table is the name of a table or view.
type Table struct {
	Schema string `json:"schema,omitempty"` // empty where the statement writes none
	Name   string `json:"name"`             // in lower case, with "?" in the place of what is generated, without quotes
}

// String returns the name as a statement has it: a part that would not be read as one
// word is in back-quotes.
func (t Table) String() string {
	if t.Schema == "" {
		return quoteName(t.Name)
	}
	return quoteName(t.Schema) + "." + quoteName(t.Name)
}

// In returns the table with the name of its database where the statement leaves that to the default
// one; empty is one that is not known.
func (t Table) In(database string) Table {
	if t.Schema == "" && database != "" {
		t.Schema = maskedName(strings.ToLower(database))
	}
	return t
}

func quoteName(name string) string {
	if e := lookup([]byte(name)); isPlainWord([]byte(name)) && (e == nil || e.named) {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// Tables returns the tables and views that the statements of a class name, in the order in
// which its fingerprint does, each once. Aliases, common table expressions, functions,
// procedures and DUAL are none. Where the fingerprint ends early, so do they.
func Tables(fingerprint string) []Table {
	sql, early := bytes.CutSuffix([]byte(fingerprint), []byte(EndsEarly))
	if _, admin := adminName(sql); admin {
		return nil
	}
	r := tableReader{}
	r.reset(nil, sql, early, false)
	r.byToken = true
	r.run()
	return r.tables
}

// tableReader reads a fingerprint as the formatter does, by which it knows what each name
// is the name of, and keeps those of tables.
type tableReader struct {
	formatter
	tables []Table

	after   keyword   // the keyword that a table comes after
	seen    [256]bool // the keywords of the statement
	columns bool      // SHOW COLUMNS or the like, of a table
	shown   bool      // which was named
	deleted int       // how many tables came before DELETE
	braced  bool      // a brace stands in the place of a table, as in {oj t1 left join t2}

	last   found // which may be another thing, as the next token tells
	schema string
	parens int // that are open

	ctes      []commonTable
	declared  commonTable // whose AS is to come
	recursive bool
}

// found is a name that stands where that of a table does.
type found struct {
	raw         string // as it is written, without quotes
	schema      string
	after, verb keyword
	expect      expectation
}

// commonTable is the name of a common table expression.
type commonTable struct {
	name    string
	parens  int  // how many are open around it
	visible bool // it is only after its own text, unless it is recursive
}

func (r *tableReader) run() {
	r.begin()
	for t := (token{}); ; {
		r.lexer.masked = r.expect != nothing
		r.before = r.lexer.pos
		r.lexer.next(&t)
		r.keepLast(&t)
		switch {
		case t.kind == endOfSQL:
			return
		case r.skipping != skipNone && r.skip(&t):
			continue
		}
		expect := r.expect
		r.add(&t)
		r.folded, r.unfold = nil, 0
		switch t.kind {
		case symbol:
			r.noteSymbol(t.symbol, expect)
		case plainWord, quotedWord:
			r.noteWord(&t)
		}
	}
}

// noteSymbol keeps what a symbol tells, which the formatter has read.
func (r *tableReader) noteSymbol(symbol byte, expect expectation) {
	switch symbol {
	case '(':
		r.parens++
	case ')':
		r.parens--
		r.ctes = slices.DeleteFunc(r.ctes, func(c commonTable) bool { return c.parens > r.parens })
		for i := range r.ctes {
			r.ctes[i].visible = r.ctes[i].visible || r.ctes[i].parens == r.parens
		}
	case '{':
		r.braced = expect == table
	case ';':
		*r = tableReader{formatter: r.formatter, tables: r.tables}
	}
	if symbol != '.' {
		r.schema = ""
	}
}

// noteWord keeps what a word tells, which the formatter has read.
func (r *tableReader) noteWord(t *token) {
	raw := r.token(t)
	schema := r.schema
	r.schema = ""
	switch {
	case r.braced && string(raw) == "oj":
		r.expect, r.top.listed = table, table
	case r.word.expect == table, r.word.expect == target:
		r.last = found{raw: unquoted(raw), schema: schema, after: r.after, verb: r.top.verb, expect: r.word.expect}
	case r.word.expect == cte:
		r.declared = commonTable{name: unquoted(raw), parens: r.parens, visible: r.recursive}
	case r.key == noKeyword:
		switch string(raw) {
		case "columns", "fields", "indexes", "keys":
			r.columns = true
		case "returning": // of INSERT ... SELECT
			if r.seen[kwInsert] || r.seen[kwReplace] {
				r.top.listed = nothing
			}
		}
	default:
		r.noteKeyword(r.key)
	}
	r.braced = false
}

func (r *tableReader) noteKeyword(k keyword) {
	r.seen[k] = true
	switch k {
	case kwWith:
		r.recursive = false
	case kwRecursive:
		r.recursive = true
	case kwAs:
		if r.declared.name != "" && r.declared.parens == r.parens {
			r.ctes, r.declared = append(r.ctes, r.declared), commonTable{}
		}
	case kwLike:
		if r.word.prev == afterOpen && r.seen[kwCreate] { // CREATE TABLE t (LIKE u)
			r.expect = target
		}
	case kwView:
		if r.top.verb == kwDrop {
			r.top.listed = table
		}
	case kwDelete:
		r.deleted = len(r.tables)
	case kwUsing:
		if r.expect == table { // DELETE FROM a USING t AS a
			r.tables = r.tables[:r.deleted]
		}
	case kwInto, kwModifier, kwNot, kwRename: // which a table comes after as it does without them
		if k != kwRename || r.top.verb == kwRename {
			return
		}
	}
	if r.expect == table || r.expect == target {
		r.after = k
	}
}

// keepLast keeps the last name if it is a table's, as the next token tells.
func (r *tableReader) keepLast(next *token) {
	last := r.last
	if r.last = (found{}); last.raw == "" {
		return
	}
	switch {
	case next.kind == endOfSQL && r.lexer.cut: // perhaps a dot was
	case next.kind == symbol && next.symbol == '.':
		r.schema = last.raw
	case next.kind == symbol && next.symbol == '(' && last.expect == table: // JSON_TABLE(...)
	case last.after == kwDescribe && next.kind == symbol && next.symbol != ';': // EXPLAIN FORMAT = JSON SELECT
	case last.after == kwDescribe && next.kind == plainWord && lookup(r.token(next)) != nil: // EXPLAIN EXTENDED SELECT
	case r.isTable(&last):
		if t := (Table{maskedName(last.schema), maskedName(last.raw)}); !slices.Contains(r.tables, t) {
			r.tables = append(r.tables, t)
		}
	}
}

// isTable reports whether a name is a table's, and not that of a schema, an alias, an account
// or another thing that may stand there.
func (r *tableReader) isTable(name *found) bool {
	if name.schema == "" && name.expect == table {
		if name.raw == "dual" || slices.ContainsFunc(r.ctes, func(c commonTable) bool { return c.visible && c.name == name.raw }) {
			return false
		}
	}
	switch name.after {
	case kwSchema, kwDelete:
		return false
	case kwOn: // not CREATE EVENT e ON SCHEDULE
		return name.verb != kwCreate || r.seen[kwIndex] || r.seen[kwEvent]
	case kwTo: // not RENAME USER a TO b
		return r.seen[kwTable]
	}
	switch name.verb {
	case kwGrant:
		return name.after != kwFrom
	case kwShow:
		return r.isShown(name)
	}
	return true
}

// isShown is isTable for SHOW. The second FROM of SHOW COLUMNS FROM t FROM s names the schema.
func (r *tableReader) isShown(name *found) bool {
	from := name.after == kwFrom || name.after == kwIn
	switch {
	case r.seen[kwCreate]:
		return true
	case from && r.shown:
		r.tables[len(r.tables)-1].Schema = maskedName(name.raw)
		return false
	}
	r.shown = from && (r.columns || r.seen[kwIndex])
	return r.shown
}

func maskedName(name string) string {
	masked := []byte(name)
	return string(masked[:maskGenerated(masked)])
}

// unquoted returns a name without back-quotes.
func unquoted(name []byte) string {
	if name[0] != '`' {
		return string(name)
	}
	return strings.ReplaceAll(string(name[1:len(name)-1]), "``", "`")
}
