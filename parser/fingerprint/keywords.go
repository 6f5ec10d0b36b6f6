package fingerprint

import (
	"maps"
	"slices"
)

// keyword numbers the words that mean something to the formatter.
type keyword byte

const (
	noKeyword keyword = iota
	kwAlter
	kwAnd
	kwAny // and some
	kwAs
	kwAsc
	kwBegin // begins a statement after it: begin, do, loop
	kwBetween
	kwCall
	kwCase
	kwCharset // an introducer: _utf8mb4
	kwCollate
	kwCreate
	kwDate // date, time, timestamp
	kwDefault
	kwDelete
	kwDescribe // and explain
	kwDistinct
	kwDiv // and mod
	kwDrop
	kwDuplicate
	kwEnd
	kwEvent // before, after: of a trigger
	kwExcept
	kwFor
	kwFrom
	kwGrant // and revoke
	kwGroup
	kwHandler
	kwIn
	kwIndex // and key, unique
	kwInsert
	kwIntersect
	kwInto
	kwIs
	kwJoin
	kwLike
	kwLimit
	kwLock // lock, analyze and others, whose tables are a list
	kwModifier
	kwNot
	kwNow // a function that needs no parentheses
	kwNull
	kwOf
	kwOffset
	kwOn
	kwOr
	kwOrder
	kwOver // a keyword only before a parenthesis
	kwPartition
	kwPlain
	kwPrepare // execute, deallocate
	kwRecursive
	kwReferences
	kwRelease
	kwRename
	kwReplace
	kwReturning
	kwRollback
	kwRow
	kwSavepoint
	kwSchema // and database
	kwSelect
	kwSet
	kwShare
	kwShow
	kwStraightJoin
	kwTable
	kwTables
	kwThen // and else
	kwTo
	kwTrue // and false
	kwTruncate
	kwUnion
	kwUnionKind // all
	kwUnitCall  // a function whose first argument is a unit: timestampdiff(day, ...)
	kwUpdate
	kwUse
	kwUsing
	kwValue
	kwValues
	kwView
	kwVariadic // a function of any number of arguments
	kwWhen
	kwWhere // and others that end a list of tables
	kwWindow
	kwWith
)

// wordForms are the words of each keyword. Words that are only ever reserved in
// places where a name would be read the same way are not here.
var wordForms = map[keyword][]string{
	kwAlter: {"alter"}, kwAnd: {"and"}, kwAny: {"any", "some"}, kwAs: {"as"}, kwAsc: {"asc"}, kwBegin: {"begin", "do", "loop"},
	kwBetween: {"between"}, kwCase: {"case"}, kwDiv: {"div", "mod"}, kwEnd: {"end"}, kwOr: {"or"}, kwPartition: {"partition"}, kwPrepare: {"prepare", "execute", "deallocate"}, kwThen: {"then", "else"}, kwWhen: {"when"},
	kwCall: {"call"}, kwCollate: {"collate"}, kwCreate: {"create"}, kwDate: {"date", "time", "timestamp"},
	kwDefault: {"default"}, kwDelete: {"delete"}, kwDescribe: {"describe", "desc", "explain"},
	kwDistinct: {"distinct", "distinctrow"}, kwDrop: {"drop"}, kwDuplicate: {"duplicate"}, kwEvent: {"before", "after"},
	kwExcept: {"except", "minus"}, kwFor: {"for"}, kwFrom: {"from"}, kwGrant: {"grant", "revoke"}, kwGroup: {"group"},
	kwHandler: {"handler"}, kwIn: {"in"}, kwIndex: {"index", "key", "unique"}, kwInsert: {"insert"}, kwInto: {"into"}, kwIs: {"is"},
	kwJoin: {"join"}, kwLike: {"like"}, kwLimit: {"limit"},
	kwLock:     {"lock", "unlock", "analyze", "optimize", "check", "repair", "checksum", "flush"},
	kwModifier: {"low_priority", "high_priority", "delayed", "ignore", "quick", "exists", "if", "lateral", "only"},
	kwNot:      {"not"},
	kwNow: {"current_timestamp", "current_date", "current_time", "localtime", "localtimestamp", "utc_date", "utc_time",
		"utc_timestamp", "current_user"},
	kwNull: {"null"}, kwOf: {"of"}, kwOffset: {"offset"}, kwOn: {"on"}, kwOrder: {"order"},
	kwOver: {"over", "against", "than"}, kwIntersect: {"intersect"}, kwRecursive: {"recursive"}, kwReferences: {"references"},
	kwRelease: {"release"}, kwRename: {"rename"}, kwReplace: {"replace"}, kwReturning: {"returning"}, kwRollback: {"rollback"},
	kwRow: {"row"}, kwSavepoint: {"savepoint"}, kwSchema: {"database", "schema"}, kwSelect: {"select"}, kwSet: {"set"},
	kwShare: {"share"}, kwShow: {"show"}, kwStraightJoin: {"straight_join"}, kwTable: {"table"}, kwTables: {"tables"},
	kwTo: {"to"}, kwTrue: {"true", "false"}, kwTruncate: {"truncate"}, kwUnion: {"union"}, kwUnionKind: {"all"},
	kwUnitCall: {"extract", "timestampadd", "timestampdiff", "get_format"}, kwUpdate: {"update"}, kwUse: {"use"},
	kwUsing: {"using"}, kwValue: {"value"}, kwValues: {"values"}, kwView: {"view"}, kwWhere: {"where", "having"},
	kwWindow: {"window"}, kwWith: {"with"},
	kwCharset: {"_armscii8", "_ascii", "_big5", "_binary", "_cp1250", "_cp1251", "_cp1256", "_cp1257", "_cp850", "_cp852",
		"_cp866", "_cp932", "_dec8", "_eucjpms", "_euckr", "_gb18030", "_gb2312", "_gbk", "_geostd8", "_greek", "_hebrew",
		"_hp8", "_keybcs2", "_koi8r", "_koi8u", "_latin1", "_latin2", "_latin5", "_latin7", "_macce", "_macroman", "_sjis",
		"_swe7", "_tis620", "_ucs2", "_ujis", "_utf16", "_utf16le", "_utf32", "_utf8", "_utf8mb3", "_utf8mb4"},
	kwVariadic: slices.Sorted(maps.Keys(variadic)),
	kwPlain: {"add", "binary", "both", "by", "change", "column", "condition", "constraint",
		"cross", "declare", "each", "elseif", "enclosed", "escaped", "exit", "fetch", "force", "foreign", "fulltext",
		"infile", "inner", "interval", "kill", "leading", "left", "lines", "load", "match", "modifies", "natural",
		"outer", "outfile", "primary", "procedure", "purge", "reads", "regexp", "repeat", "return", "right",
		"rlike", "separator", "signal", "spatial", "sql_big_result", "sql_buffer_result", "sql_cache", "sql_calc_found_rows", "sql_no_cache", "sql_small_result", "starting",
		"terminated", "trailing", "trigger", "until", "while", "xor"},
}

// named are the keywords that are not reserved everywhere, so that a column of
// that name needs no back-quotes.
var named = [256]bool{kwAny: true, kwCharset: true, kwDate: true, kwDuplicate: true, kwEnd: true, kwExcept: true, kwHandler: true, kwIntersect: true,
	kwOf: true, kwOffset: true, kwOver: true, kwPrepare: true, kwRecursive: true, kwReturning: true, kwRollback: true, kwRow: true,
	kwSavepoint: true, kwShare: true, kwTables: true, kwTruncate: true, kwUnitCall: true, kwValue: true, kwVariadic: true, kwView: true,
	kwWindow: true}

// inner are the keywords that stand within an expression.
var inner = [256]bool{kwAny: true, kwBetween: true, kwCharset: true, kwCollate: true, kwDate: true, kwDefault: true,
	kwDistinct: true, kwIn: true, kwIs: true, kwLike: true, kwModifier: true, kwNot: true, kwNow: true, kwNull: true,
	kwRow: true, kwTrue: true, kwUnionKind: true, kwUnitCall: true, kwVariadic: true}

// anyNumber says of a function of any number of arguments how many of those belong together,
// and how many come before them.
type anyNumber struct{ size, fixed int8 }

// variadic are the functions that MySQL or MariaDB document as taking any number of
// arguments.
var variadic = map[string]anyNumber{
	"char": {size: 1}, "coalesce": {size: 1}, "concat": {size: 1}, "concat_ws": {size: 1, fixed: 1}, "elt": {size: 1, fixed: 1},
	"field": {size: 1, fixed: 1}, "greatest": {size: 1}, "least": {size: 1}, "make_set": {size: 1, fixed: 1},
	"json_array": {size: 1}, "json_contains_path": {size: 1, fixed: 2}, "json_extract": {size: 1, fixed: 1},
	"json_merge": {size: 1}, "json_merge_patch": {size: 1}, "json_merge_preserve": {size: 1}, "json_remove": {size: 1, fixed: 1},
	"json_array_append": {size: 2, fixed: 1}, "json_array_insert": {size: 2, fixed: 1}, "json_insert": {size: 2, fixed: 1},
	"decode": {size: 2, fixed: 1}, "json_search": {size: 1, fixed: 4}, "sformat": {size: 1, fixed: 1},
	"json_object": {size: 2}, "json_replace": {size: 2, fixed: 1}, "json_set": {size: 2, fixed: 1},
	"column_add": {size: 2, fixed: 1}, "column_create": {size: 2}, "column_delete": {size: 1, fixed: 1},
	"geometrycollection": {size: 1}, "linestring": {size: 1}, "multilinestring": {size: 1}, "multipoint": {size: 1},
	"multipolygon": {size: 1}, "polygon": {size: 1},
}

type keywordEntry struct {
	word    string
	keyword keyword
	use     use
	named   bool      // it may be a name without back-quotes
	tight   bool      // it is also a function or a type: a parenthesis stands close to it
	inner   bool      // it stands within an expression, and does not end it
	args    anyNumber // of a function of any number of arguments
}

// keywords is an open hash table.
var keywords = func() (table [1024]keywordEntry) {
	for k, words := range wordForms {
		for _, w := range words {
			h := wordHash([]byte(w))
			for table[h].word != "" {
				h = (h + 1) % uint(len(table))
			}
			table[h] = keywordEntry{word: w, keyword: k, use: uses[w], named: named[k], inner: inner[k], args: variadic[w]}
			switch w {
			case "binary", "database", "default", "if", "insert", "interval", "left", "mod", "repeat", "replace", "right",
				"row", "schema", "set", "truncate", "values":
				table[h].tight = true
			case "begin", "do", "after", "minus", "check", "checksum", "flush", "repair", "quick", "only":
				table[h].named = true
			}
			switch w {
			case "sql_big_result", "sql_buffer_result", "sql_cache", "sql_calc_found_rows", "sql_no_cache", "sql_small_result":
				table[h].inner = true // a name after it is no alias
			case "against", "binary", "div", "interval", "match", "mod", "regexp", "rlike":
				table[h].inner = true
			}
		}
	}
	return table
}()

const longestKeyword = len("sql_calc_found_rows")

func wordHash(w []byte) uint {
	n := len(w)
	return (uint(n)*131 + uint(w[0])*31 + uint(w[n/2])*71 + uint(w[n-1])*257) % 1024
}

// lookup returns what is known of a word in lower case.
func lookup(w []byte) *keywordEntry {
	if len(w) < 2 || len(w) > longestKeyword {
		return nil
	}
	for h := wordHash(w); ; h = (h + 1) % uint(len(keywords)) {
		switch e := &keywords[h]; {
		case e.word == "":
			return nil
		case e.word == string(w):
			return e
		}
	}
}

// isKeyword reports whether a word in any case is known.
func isKeyword(word []byte) bool {
	var room [longestKeyword]byte
	return len(word) <= len(room) && lookup(appendLower(room[:0], word)) != nil
}

func appendLower(dst, word []byte) []byte {
	for _, c := range word {
		if byteClass[c]&isUpper != 0 {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}
