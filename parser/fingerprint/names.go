package fingerprint

// expectation is the kind of thing that the next name is the name of.
type expectation byte

const (
	nothing expectation = iota
	table
	target // a table after which a list of columns may stand
	cte
	index
	savepoint
)

// namer writes names. It knows which of them are names of tables, whose digits go:
// the tables of a shard are one class.
type namer struct {
	nesting
	names     aliases
	tableName uint64 // the hash of the last table's name
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
		n.names.add(n.dst[n.word.text:], n.word.digits, true)
		n.prev = afterListName
	case index:
		n.prev = afterListName
	case savepoint:
		n.maskDigits()
	default:
		switch {
		case n.word.prev == afterAt:
			n.prev = afterVariable
			if byteClass[n.dst[n.word.text]]&isDigit != 0 {
				n.dst = append(n.dst[:n.word.text], '?') // an address
			}
		case !n.word.digits:
		case n.word.key == kwOf:
			n.maskUnlessAlias()
		case alias:
			n.addAlias()
		}
	}
	n.word.expect = expect
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
	if !n.word.digits {
		return
	}
	n.tableName = hash(n.dst[n.word.text:])
	switch {
	case n.top.verb == kwDelete: // DELETE a1 FROM t AS a1
		n.maskUnlessAlias()
	case !n.names.hasCTE(n.tableName):
		n.maskDigits()
	}
}

// addAlias remembers the alias of a table. An alias that repeats the name of its
// table is no other name.
func (n *namer) addAlias() {
	if h := hash(n.dst[n.word.text:]); h == n.tableName {
		n.maskDigits()
	} else {
		n.names.add(n.dst[n.word.text:], true, false)
	}
}

// maskUnlessAlias masks a name that is an alias or a table's. Aliases are often
// used before they are declared: then the statement is read once more.
func (n *namer) maskUnlessAlias() {
	if !n.names.has(hash(n.dst[n.word.text:])) {
		n.names.unknown = true
		n.maskDigits()
	}
}

// dot ends a name that qualifies another: a schema, a table or an alias. The
// digits of an alias stay.
func (n *namer) dot() {
	expect := nothing
	switch n.prev {
	case afterName, afterListName:
		expect = n.word.expect
		if n.word.digits && expect == nothing {
			n.maskUnlessAlias()
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

// aliases holds the aliases and common table expressions of a statement that have
// a digit in their names.
type aliases struct {
	hashes  []uint64 // the last bit tells an expression from an alias
	unknown bool     // a qualifier was taken for a table's name
	late    bool     // and an alias came after it, so it may have been one
}

// maxAliases bounds the number of aliases, as MySQL bounds that of tables in a join.
// Those after it are taken for names of tables.
const maxAliases = 64

// hash returns the FNV-1a hash of a name, without its last bit.
func hash(name []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range name {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h &^ 1
}

func (a *aliases) has(h uint64) bool {
	for _, other := range a.hashes {
		if other&^1 == h {
			return true
		}
	}
	return false
}

func (a *aliases) hasCTE(h uint64) bool {
	for _, other := range a.hashes {
		if other == h|1 {
			return true
		}
	}
	return false
}

func (a *aliases) add(name []byte, digits, expression bool) {
	h := hash(name)
	if expression {
		h |= 1
	}
	if !digits || len(a.hashes) == maxAliases || expression && a.hasCTE(h&^1) || !expression && a.has(h) {
		return
	}
	a.hashes = append(a.hashes, h)
	a.late = a.late || a.unknown
}
