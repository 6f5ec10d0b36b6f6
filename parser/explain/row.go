package explain

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slowdigest/parser/fingerprint"
)

// The words of MariaDB 10.0 to 12.
var (
	selects = words("SIMPLE; PRIMARY; INSERT; UNION; DEPENDENT UNION; UNCACHEABLE UNION; RECURSIVE UNION; UNION RESULT; INTERSECT; DEPENDENT INTERSECT; " +
		"UNCACHEABLE INTERSECT; INTERSECT RESULT; EXCEPT; DEPENDENT EXCEPT; UNCACHEABLE EXCEPT; EXCEPT RESULT; UNIT RESULT; SUBQUERY; DEPENDENT SUBQUERY; " +
		"UNCACHEABLE SUBQUERY; MATERIALIZED; DERIVED; DEPENDENT DERIVED; LATERAL DERIVED; PUSHED SELECT; PUSHED DERIVED; PUSHED UNION; PUSHED INTERSECT; " +
		"PUSHED EXCEPT; PUSHED UNIT")
	types = words("system; const; eq_ref; ref; ALL; range; index; fulltext; ref_or_null; unique_subquery; index_subquery; index_merge; hash_ALL; hash_range; " +
		"hash_index; hash_index_merge")
	extras = words("Using where; Using where with pushed condition; Using index; Using index condition; Using index condition(BKA); Using temporary; Using filesort; " +
		"Using buffer; Using join buffer (flat, BNL join); Using join buffer (flat, BNLH join); Using join buffer (flat, BKA join); " +
		"Using join buffer (flat, BKAH join); Using join buffer (incremental, BNL join); Using join buffer (incremental, BNLH join); " +
		"Using join buffer (incremental, BKA join); Using join buffer (incremental, BKAH join); Using rowid filter; Using index for group-by; Using index for group-by (scanning); Rowid-ordered scan; Key-ordered scan; " +
		"Key-ordered Rowid-ordered scan; Using MRR; Not exists; Full scan on NULL key; Distinct; LooseScan; Start temporary; End temporary; FirstMatch; " +
		"const row not found; unique row not found; no matching row in const table; No tables used; Impossible WHERE; " +
		"Impossible WHERE noticed after reading const tables; Impossible HAVING; Impossible HAVING noticed after reading const tables; Impossible ON condition; " +
		"Select tables optimized away; No matching min/max row; Zero limit; No matching rows after partition pruning; Deleting all rows; " +
		"Storage engine handles GROUP BY; Table function: json_table; Skip_open_table; Open_frm_only; Open_full_table; Open_trigger_only; " +
		"Scanned 0 databases; Scanned 1 database; Scanned all databases")
	results = words("derived; union; subquery; intersect; except; unit")
)

// opened begin those that go on with a parenthesis: what is in it are names, which other columns have too.
var opened = []string{"Using union", "Using intersect", "Using sort_union", "Using sort_intersect", "FirstMatch", "Range checked for each record"}

func words(list string) []string { return strings.Split(list, "; ") }

// word returns b if it is one of them, and else nothing.
func word(known []string, b []byte) string {
	for _, w := range known {
		if w == string(b) {
			return w
		}
	}
	return ""
}

// row makes a Row of the line that was split.
func (r *Reader) row() Row {
	return Row{Select: word(selects, r.field(colSelect)), Table: r.table(r.field(colTable)), Type: accessType(r.field(colType)),
		Key: keysOf(r.field(colKey), keyName), Ref: r.refsOf(r.field(colRef)), Extra: extrasOf(r.field(colExtra))}
}

// text is that of which the ID of a Shape is made. No word and no name holds a tab.
func (r *Row) text() string {
	return strings.Join([]string{r.Select, r.Table, r.Type, r.Key, r.Ref, strings.Join(r.Extra, "; ")}, "\t") + "\n"
}

// table returns the name of a table.
func (r *Reader) table(b []byte) string {
	if n := len(b); n > 2 && b[0] == '<' && b[n-1] == '>' {
		if kind := word(results, bytes.TrimRight(b[1:n-1], "0123456789,.")); kind != "" {
			return "<" + kind + ">"
		}
	}
	if len(b) == 0 {
		return ""
	}
	return r.masked(b)
}

// masked returns a name as fingerprints have that of a table.
func (r *Reader) masked(b []byte) string {
	if !isName(b) {
		return Unnamed
	}
	name, found := r.tables[string(b)]
	if !found {
		const before = "select ? from "
		name = strings.Trim(strings.TrimPrefix(fingerprint.Of("select 1 from `"+string(b)+"`"), before), "`")
		if !isName([]byte(strings.ReplaceAll(name, "?", "0"))) {
			name = Unnamed
		}
		if r.tables == nil {
			r.tables = map[string]string{}
		}
		r.tables[string(b)] = name
		r.used += len(b) + cost
	}
	return name
}

// isName reports whether a name consists of letters, digits, _, $ and -.
func isName(b []byte) bool {
	n := 0
	for i := 0; i < len(b); n++ {
		c, size := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.Is(unicode.M, c) && c != '_' && c != '$' && c != '-' {
			return false
		}
		i += size
	}
	return n > 0 && n <= 64
}

func accessType(b []byte) string {
	b, filtered := bytes.CutSuffix(b, []byte("|filter"))
	known := word(types, b)
	if known != "" && filtered {
		return known + "|filter"
	}
	return known
}

// keysOf returns the names of keys: of an index_merge with commas, of a filter with |, and of a hash join with
// #hash# before them.
func keysOf(b []byte, name func([]byte) string) string {
	return eachName(b, ",|:", func(b []byte) string {
		if b, hash := bytes.CutPrefix(b, []byte("#hash#")); hash {
			return "#hash#" + name(b)
		}
		return name(b)
	})
}

// keyName returns the name of a key.
func keyName(b []byte) string {
	if !isName(b) {
		return Unnamed
	}
	return string(b)
}

// refsOf returns what the key is compared with, without the names of schemas.
func (r *Reader) refsOf(b []byte) string {
	return eachName(b, ",", func(b []byte) string {
		if string(b) == "const" || string(b) == "func" {
			return string(b)
		}
		column := bytes.LastIndexByte(b, '.')
		if column < 0 || !isName(b[column+1:]) {
			return Unnamed
		}
		table := b[:column]
		return r.masked(table[bytes.LastIndexByte(table, '.')+1:]) + string(b[column:])
	})
}

// eachName joins what f makes of names, with what stands between them.
func eachName(b []byte, between string, f func([]byte) string) string {
	var out strings.Builder
	for n := 0; len(b) > 0 && n < maxNames; n++ {
		i := bytes.IndexAny(b, between)
		if i < 0 {
			out.WriteString(f(b))
			break
		}
		out.WriteString(f(b[:i]))
		out.WriteByte(b[i])
		b = b[i+1:]
	}
	return out.String()
}

// maxNames bounds the names in a column. An index has 32 parts at most.
const maxNames = 32

// extrasOf returns the phrases that are known, in their order.
func extrasOf(b []byte) []string {
	var out []string
	for phrase := range bytes.SplitSeq(b, []byte("; ")) {
		known := word(extras, phrase)
		if known == "" {
			before, _, _ := bytes.Cut(phrase, []byte("("))
			known = word(opened, bytes.TrimSuffix(before, []byte(" ")))
		}
		if known != "" && !slices.Contains(out, known) {
			out = append(out, known)
		}
	}
	return out
}

// Checked returns the row as others may see it who got it from elsewhere: with known words alone, and of each name what
// the function makes of it.
func (r Row) Checked(name func(string) string) Row {
	named := func(b []byte) string {
		if !isName(bytes.ReplaceAll(b, []byte("?"), []byte("0"))) {
			return Unnamed
		}
		return name(string(b))
	}
	if kind, ok := strings.CutPrefix(r.Table, "<"); !ok || word(results, []byte(strings.TrimSuffix(kind, ">"))) == "" {
		r.Table = eachName([]byte(r.Table), "", named)
	}
	r.Select, r.Type = word(selects, []byte(r.Select)), accessType([]byte(r.Type))
	r.Key, r.Ref = keysOf([]byte(r.Key), named), eachName([]byte(r.Ref), ",.", named)
	r.Extra, r.Times = extrasOf([]byte(strings.Join(r.Extra, "; "))), max(r.Times, 0)
	return r
}
