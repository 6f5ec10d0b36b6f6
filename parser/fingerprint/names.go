package fingerprint

// expectation is what the next name is the name of.
type expectation byte

const (
	nothing expectation = iota
	table
	target // a table after which a list of columns may stand
	cte
	index
	savepoint
)

// table ends the name of a table, whose digits go: the tables of a shard are one
// class. The name of a common table expression is the statement's own and stays.
func (f *formatter) table(expect expectation) {
	f.alias = true
	if expect == target {
		f.prev = afterListName
	}
	if !f.wordDigits {
		return
	}
	f.tableName = hash(f.dst[f.wordText:])
	switch {
	case f.top.verb == kwDelete: // DELETE a1 FROM t AS a1
		f.maskUnlessAlias()
	case !f.names.hasCTE(f.tableName):
		f.mask()
	}
}

// addAlias remembers the alias of a table. An alias that repeats the name of its
// table is no other name.
func (f *formatter) addAlias() {
	if h := hash(f.dst[f.wordText:]); h == f.tableName {
		f.mask()
	} else {
		f.names.add(f.dst[f.wordText:], true, false)
	}
}

// dot ends a name that qualifies another: a schema, a table or an alias. The
// digits of an alias stay.
func (f *formatter) dot() {
	expect := nothing
	switch f.prev {
	case afterName, afterListName:
		expect = f.wordExpect
		if f.wordDigits && expect == nothing {
			f.maskUnlessAlias()
		}
	case afterKeyword, afterCallable: // a schema or table of that name
	default:
		f.wordConst = f.top.variable
	}
	if f.prev.operand() && f.prev != afterVariable || f.prev.glued() || f.prev == afterKeyword || f.prev == afterCallable {
		f.dst = append(f.dst, '.')
	} else {
		f.dst = append(f.dst, " ."...)
	}
	f.end(afterDot)
	f.expect = expect
}

// maskUnlessAlias masks a name that is an alias or a table's. Aliases are often
// used before they are declared: then the statement is read once more.
func (f *formatter) maskUnlessAlias() {
	if !f.names.has(hash(f.dst[f.wordText:])) {
		f.names.unknown = true
		f.mask()
	}
}

// mask replaces each run of digits of the last name by a question mark.
func (f *formatter) mask() {
	text := f.dst[f.wordText:]
	n, run := 0, false
	for _, c := range text {
		digit := byteClass[c]&(isDigit|isMask) != 0
		if digit && run {
			continue
		}
		if run = digit; digit {
			c = '?'
		}
		text[n] = c
		n++
	}
	f.dst = f.dst[:f.wordText+n]
}

// aliases are the aliases and common table expressions of a statement that have
// a digit in their names. Their number is bounded as that of tables in a join is.
type aliases struct {
	hashes  []uint64 // the last bit tells an expression from an alias
	unknown bool     // a qualifier was taken for a table's name
	late    bool     // and an alias came after it, so it may have been one
}

const maxAliases = 64

// hash is FNV-1a, without its last bit.
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
