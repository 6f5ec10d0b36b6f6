package fingerprint

import "bytes"

// expectation is the kind of thing that the next name is the name of.
type expectation byte

const (
	nothing expectation = iota
	table
	target // a table after which a list of columns may stand
	cte
	index
	generated // a name that no author chose: of a savepoint, prepared statement or partition
)

// namer writes names. It knows which of them are names of tables, whose digits go:
// the tables of a shard are one class.
type namer struct {
	nesting
	tableName uint64 // the hash of the last table's name
	tableEnd  int    // where it ends in dst
}

// beginWord begins a name or keyword.
func (n *namer) beginWord() {
	variable := n.top.variable
	if n.prev == afterDot { // a call of schema.function is as constant as one of function
		variable = n.word.variable
	}
	n.word.mark = n.mark(variable)
	n.word.expect = nothing
	n.space()
	n.word.text = len(n.dst)
}

// endName ends a name that was just written, and is the name of what was expected.
func (n *namer) endName(expect expectation, alias bool) {
	n.top.rows.state = noRows
	if !n.word.prev.operand() && n.word.prev != afterAt && n.word.prev != afterDot && !n.constName() {
		n.top.variable = true
	}
	n.end(afterName)
	switch expect {
	case table, target:
		n.endTable(expect)
	case cte:
		if n.word.digits {
			n.names.add(n.dst[n.word.text:], cteName, n.before)
		}
		n.prev = afterListName
	case index:
		n.prev = afterListName
	case generated:
		n.maskDigits()
	default:
		aliased := !alias && n.top.selects && (n.word.key == kwAs || n.word.prev.operand())
		if aliased {
			n.columnAlias()
		}
		if alias {
			n.dropNumber()
		}
		if n.word.digits && (alias || n.top.listed == table && (n.word.prev.operand() || n.word.key == kwAs)) {
			alias = true // perhaps of JSON_TABLE(...), or of a table with PARTITION
			n.prev = afterListName
		}
		switch {
		case n.word.prev == afterAt:
			n.prev = afterVariable
			if byteClass[n.dst[n.word.text]]&isDigit != 0 {
				n.dst = append(n.dst[:n.word.text], '?') // an address
			}
		case n.word.key == kwFor && (string(n.dst[n.word.text:]) == "system_time" || string(n.dst[n.word.text:]) == "portion"):
			n.top.versions = true
		case !n.word.digits:
		case n.word.key == kwOf:
			n.maskUnlessAlias()
		case alias:
			n.addAlias()
		case aliased:
			n.names.addColumn(n.dst[n.word.text:], n.before)
		default:
			n.names.see(n.dst[n.word.text:])
		}
	}
	n.word.expect = expect
}

// maxSpans bounds the aliases of what branches select that are known.
const maxSpans = 4096

// columnAlias remembers where an alias stands in the first branch of what may be a union.
func (n *namer) columnAlias() {
	if n.top.joined != joinedNot || len(n.spans) == maxSpans || n.deeper > 0 {
		return
	}
	at := n.word.at
	if n.word.key == kwAs {
		at = n.keyAt
	}
	n.spans = append(n.spans, run{at, len(n.dst)})
}

// constName reports whether the last word names no column, though it stands where
// a column might: CAST(? AS CHAR), CONVERT(? USING latin1), EXTRACT(day FROM ?).
func (n *namer) constName() bool {
	switch n.word.key {
	case kwAs, kwUsing, kwCollate, kwSet:
		return true
	}
	return n.word.prev == afterOpen && n.top.unit
}

// endTable ends the name of a table. That of a common table expression is the
// statement's own and keeps its digits.
func (n *namer) endTable(expect expectation) {
	n.alias = true
	if expect == target {
		n.prev = afterListName
	}
	if n.tableName = 0; !n.word.digits {
		return
	}
	n.tableName = hash(n.dst[n.word.text:])
	switch {
	case n.top.verb == kwDelete: // DELETE a1 FROM t AS a1
		if !n.names.has(n.tableName) {
			n.names.unknown = true
			n.endTableName()
		}
	case !n.names.hasCTE(n.tableName):
		n.endTableName()
	}
}

// endTableName masks the name of a table. Tables of one scope, which is a branch of a
// UNION, a subquery or a statement, have numbers if they would be the same.
func (n *namer) endTableName() {
	n.maskDigits()
	masked := hash(bytes.Trim(n.dst[n.word.text:], "`"))
	n.names.tables = appendBounded(n.names.tables, masked)
	switch n.top.verb {
	case kwSelect, kwInsert, kwReplace, kwUpdate, kwDelete:
	default:
		if !n.top.tableRef {
			return
		}
	}
	if number := n.names.addTable(n.tableName, masked); number > 0 {
		n.dst = append(n.dst, byte(min(number, maxNumber)))
	}
	n.tableEnd = len(n.dst)
}

// dropNumber takes the number of the last table back if the last word is its alias.
func (n *namer) dropNumber() {
	at := n.word.at
	if n.word.key == kwAs {
		at = n.keyAt
	}
	if at == 0 || at != n.tableEnd {
		return
	}
	n.names.dropTable()
	if n.dst[at-1] <= maxNumber {
		n.remove(at-1, at)
	}
}

// addAlias remembers the alias of a table. An alias that repeats the name of its
// table is no other name.
func (n *namer) addAlias() {
	if h := hash(n.dst[n.word.text:]); h == n.tableName {
		n.maskTable(n.names.tableNumber(h))
	} else {
		n.names.add(n.dst[n.word.text:], tableAlias, n.before)
	}
}

// maskUnlessAlias masks a name that is an alias or a table's. Aliases are often
// used before they are declared: then the statement is read once more.
func (n *namer) maskUnlessAlias() {
	if h := hash(n.dst[n.word.text:]); !n.names.has(h) {
		n.names.unknown = true
		n.maskTable(n.names.tableNumber(h))
	}
}

// qualifier is for the name of a table, schema or alias before a dot. Where it is not
// known which, that is seen when the statement has been read.
func (n *namer) qualifier() {
	h := hash(n.dst[n.word.text:])
	n.names.unsee(h)
	switch {
	case n.names.has(h):
	case h == n.tableName, n.names.tableNumber(h) > 0:
		n.maskTable(n.names.tableNumber(h))
	default:
		n.names.addOpen(n.dst[n.word.text:])
	}
}

// dot ends a name that qualifies another: a schema, a table or an alias. The
// digits of an alias are seen to at the end.
func (n *namer) dot() {
	expect := nothing
	switch n.prev {
	case afterName, afterListName:
		expect = n.word.expect
		if n.word.digits && expect == nothing {
			n.qualifier()
		}
	case afterKeyword, afterCallable: // a schema or table of that name
	default:
		n.word.variable = n.top.variable
	}
	if n.prev.operand() && n.prev != afterVariable || n.prev.glued() || n.prev == afterKeyword || n.prev == afterCallable {
		n.dst = append(n.dst, '.')
	} else {
		n.dst = append(n.dst, " ."...)
	}
	n.end(afterDot)
	n.expect = expect
}

// tableClause is clause for the keywords that tables stand after.
func (g *grammar) tableClause(k keyword, expect expectation, alias bool) expectation {
	top := g.top
	switch k {
	case kwFrom:
		if top.call && top.verb == noKeyword || g.word.key == kwDistinct || top.versions {
			return nothing // SUBSTRING(a FROM 2), IS DISTINCT FROM, FOR SYSTEM_TIME FROM, FOR PORTION OF p FROM
		}
		top.listed = table
		return table
	case kwJoin:
		if g.word.key != kwFor { // USE INDEX FOR JOIN
			return table
		}
	case kwStraightJoin:
		if top.listed == table { // else it is an option of SELECT
			return table
		}
	case kwUpdate, kwDelete:
		return g.changes(k)
	case kwInsert, kwReplace:
		if g.word.key != kwEvent && g.word.key != kwGrant {
			if g.atStart() {
				top.verb = k
			}
			return target
		}
	case kwTable, kwTables:
		top.variable = true
		if listsTables(top.verb) {
			top.listed = table
		}
		if g.atStart() || g.afterSetOperator() {
			top.beginBranch(g.word.text)
		}
		return target
	case kwView, kwTruncate:
		return target
	case kwHandler:
		return table
	case kwDescribe:
		if g.word.prev <= afterSemicolon {
			return table
		}
	case kwSchema:
		if top.verb == kwCreate || top.verb == kwDrop || top.verb == kwAlter || top.verb == kwShow {
			return table
		}
	case kwIn:
		if top.verb == kwShow && g.lexer.peek() != '(' {
			return table
		}
	case kwLike:
		if top.verb == kwCreate && alias {
			return target
		}
	case kwUsing:
		if top.verb == kwDelete && g.lexer.peek() != '(' {
			top.listed = table
			return table
		}
	case kwOn:
		if top.verb == kwCreate || top.verb == kwDrop || top.verb == kwGrant {
			return target
		}
	case kwAs, kwTo:
		return g.renames(k, expect)
	case kwCreate, kwAlter, kwDrop, kwGrant, kwShow, kwRollback, kwRename, kwLock:
		return g.begins(k)
	}
	return nothing
}

// changes is for UPDATE and DELETE, which are statements unless they stand in
// FOR UPDATE, ON DUPLICATE KEY UPDATE, ON DELETE, BEFORE DELETE or a GRANT.
func (g *grammar) changes(k keyword) expectation {
	switch g.word.key {
	case kwFor:
		g.endClauses(g.keyAt)
		return nothing
	case kwOn, kwIndex, kwEvent, kwGrant:
		return nothing
	}
	if g.word.prev == afterComma {
		return nothing
	}
	g.top.verb, g.top.listed = k, table
	return table
}

// begins is for what is a statement only at its beginning.
func (g *grammar) begins(k keyword) expectation {
	switch {
	case g.atStart():
		g.top.verb = k
	case k == kwRename: // of ALTER TABLE
		return target
	case k == kwLock:
		g.endClauses(g.word.at)
	}
	return nothing
}

// renames is for TO and AS of RENAME, and for TO of ROLLBACK TO.
func (g *grammar) renames(k keyword, expect expectation) expectation {
	switch {
	case g.word.key == kwRename:
		return expect
	case k == kwTo && g.top.verb == kwRename:
		return table
	case k == kwTo && g.top.verb == kwRollback:
		return generated
	}
	return nothing
}

// listsTables reports whether TABLE is followed by a list of tables in a statement.
func listsTables(verb keyword) bool { return verb == kwDrop || verb == kwLock || verb == kwRename }
