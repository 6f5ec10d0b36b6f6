package parser

// keyword is what the formatter has to know of a word.
type keyword byte

const (
	noKeyword keyword = iota
	kwAs
	kwAsc
	kwBy
	kwCall
	kwCreate
	kwDefault
	kwDelete
	kwDescribe
	kwDistinct
	kwDuplicate
	kwExists
	kwFor
	kwFrom
	kwGroup
	kwHaving
	kwIn
	kwIndex
	kwInsert
	kwInto
	kwIs
	kwJoin
	kwKey
	kwLimit
	kwNot
	kwNull
	kwOffset
	kwOn
	kwOrder
	kwRecursive
	kwReferences
	kwRow
	kwSelect
	kwSet
	kwTable
	kwTrue // and false
	kwUnion
	kwUnionKind // all, beside distinct
	kwUpdate
	kwUse
	kwUsing
	kwValues // and value
	kwWhere
	kwWith
	kwModifier // of insert, between it and the table
	kwInterval
	kwNow  // a function without parentheses
	kwUnit // may stand among literals: interval ? day, cast(? as signed)
	kwEnd
	kwOther // another reserved word
)

// keywords are the reserved words and the few others that matter, by wordHash: a
// lookup is the most frequent thing that is done, and most words are none.
var keywords = func() (table [256][]namedKeyword) {
	for w, k := range keywordNames() {
		h := wordHash([]byte(w))
		table[h] = append(table[h], namedKeyword{w, k})
	}
	return table
}()

type namedKeyword struct {
	name    string
	keyword keyword
}

// wordHash is of the letters of w whatever their case.
func wordHash(w []byte) byte {
	n := len(w)
	return byte(n)*61 + (w[0]|0x20)*7 + (w[n/2]|0x20)*31 + (w[n-1]|0x20)*13
}

// lookup returns the keyword that a word, which is not empty, is in any case.
func lookup(w []byte) keyword {
	for _, k := range keywords[wordHash(w)] {
		if len(k.name) == len(w) && equalFold(w, k.name) {
			return k.keyword
		}
	}
	return noKeyword
}

// equalFold compares w with a word of lower-case letters of the same length.
func equalFold(w []byte, lower string) bool {
	for i, c := range w {
		if c != lower[i] && c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

func keywordNames() map[string]keyword {
	m := map[string]keyword{
		"as": kwAs, "asc": kwAsc, "by": kwBy, "call": kwCall, "create": kwCreate, "default": kwDefault,
		"delete": kwDelete, "describe": kwDescribe, "desc": kwDescribe, "explain": kwDescribe, "distinct": kwDistinct,
		"distinctrow": kwDistinct, "duplicate": kwDuplicate, "exists": kwExists, "for": kwFor, "from": kwFrom,
		"group": kwGroup, "having": kwHaving, "in": kwIn, "index": kwIndex, "insert": kwInsert, "replace": kwInsert,
		"into": kwInto, "is": kwIs, "join": kwJoin, "straight_join": kwJoin, "key": kwKey, "limit": kwLimit,
		"not": kwNot, "null": kwNull, "offset": kwOffset, "on": kwOn, "order": kwOrder, "recursive": kwRecursive,
		"references": kwReferences, "row": kwRow, "select": kwSelect, "set": kwSet, "table": kwTable, "tables": kwTable,
		"truncate": kwTable, "true": kwTrue, "false": kwTrue, "union": kwUnion, "all": kwUnionKind, "update": kwUpdate,
		"use": kwUse, "using": kwUsing, "values": kwValues, "value": kwValues, "where": kwWhere, "with": kwWith,
		"end": kwEnd, "interval": kwInterval, "ignore": kwModifier, "low_priority": kwModifier, "high_priority": kwModifier,
		"delayed": kwModifier, "quick": kwModifier,
	}
	for _, w := range []string{
		"microsecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year",
		"second_microsecond", "minute_microsecond", "minute_second", "hour_microsecond", "hour_second", "hour_minute",
		"day_microsecond", "day_second", "day_minute", "day_hour", "year_month",
		"date", "time", "timestamp", "datetime", "signed", "unsigned", "integer", "decimal", "char", "binary", "json",
		"double", "float", "charset", "character", "collate", "utf8mb4", "utf8", "utf8mb3", "latin1",
	} {
		m[w] = kwUnit
	}
	for _, w := range []string{
		"current_timestamp", "current_date", "current_time", "localtime", "localtimestamp", "utc_date", "utc_time",
		"utc_timestamp", "current_user",
	} {
		m[w] = kwNow
	}
	for _, w := range []string{
		"accessible", "add", "alter", "analyze", "and", "before", "between", "both", "cascade", "case", "change",
		"check", "column", "condition", "constraint", "continue", "convert", "cross", "cube", "cursor", "database",
		"databases", "declare", "div", "drop", "each", "else", "elseif", "enclosed", "escaped", "except", "exit",
		"fetch", "force", "foreign", "fulltext", "grant", "grouping", "if", "infile", "inner", "inout", "intersect",
		"iterate", "keys", "kill", "leading", "leave", "left", "like", "linear", "lines", "load", "lock", "loop",
		"match", "against", "mod", "natural", "of", "optimize", "option", "optionally", "or", "out", "outer", "outfile",
		"over", "partition", "primary", "procedure", "purge", "range", "read", "regexp", "release", "rename", "repeat",
		"require", "restrict", "return", "revoke", "right", "rlike", "schema", "schemas", "separator", "show",
		"signal", "sounds", "spatial", "sql", "starting", "terminated", "then", "to", "trailing", "trigger", "undo",
		"unique", "unlock", "usage", "when", "while", "window", "write", "xor", "zerofill", "any", "some", "begin",
	} {
		m[w] = kwOther
	}
	return m
}

// callable are the keywords that are also functions or types: a parenthesis
// behind one is its own.
func callable(w []byte) bool {
	var lower [24]byte
	switch string(appendLower(lower[:0], w)) {
	case "if", "left", "right", "mod", "convert", "replace", "insert", "values", "value", "default", "row", "repeat",
		"truncate", "char", "date", "time", "timestamp", "datetime", "decimal", "binary", "year", "month", "day", "hour",
		"minute", "second", "microsecond", "week", "quarter", "float", "double", "json", "current_timestamp",
		"current_date", "current_time", "localtime", "localtimestamp", "utc_date", "utc_time", "utc_timestamp",
		"current_user", "charset", "database", "schema", "grouping", "signed", "unsigned", "integer", "character",
		"match", "end":
		return true
	}
	return false
}

// operand tells whether the keyword can also be the name of a column, and so a
// sign behind it is an operator.
func (k keyword) operand() bool {
	switch k {
	case noKeyword, kwUnit, kwNow, kwEnd, kwOffset, kwRow, kwNull, kwTrue:
		return true
	}
	return false
}
