// Package paste makes lines of a query class that somebody can paste into the client of a
// database, as pt-query-digest prints them.
//
// Names and statements come from a log that others have a hand in, and a client obeys more
// than SQL: \! runs a program, and what follows a semicolon is another statement. So there is a
// line only where all of it is known to be harmless, and else none.
package paste

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"slowdigest/digest"
)

// maxTables is of how many tables there are lines.
const maxTables = 4

// safeName matches names that cannot end their quotes, "?" being what the fingerprint has in the
// place of a part that is generated.
var safeName = regexp.MustCompile(`^[\pL\pN_$.?-]+(?: [\pL\pN_$.?-]+)*$`)

// explained matches what EXPLAIN takes, by "EXPLAIN Statement" in the MySQL Reference Manual.
var explained = regexp.MustCompile(`^\(*(?:select|insert|update|delete|replace|with|table) `)

// unsafe matches what begins a comment or a command of the client, or ends a statement; and
// what is not all of one.
var unsafe = regexp.MustCompile(`[;\\#\pC]|--|/\*|\*/|\[withheld|\.\.\.$`)

// rows matches what the fingerprint has in the place of rows, of which it does not say how many
// values they have.
var rows = regexp.MustCompile(`\bvalues? ?\(\?\+\)`)

// repeated matches the remark of the fingerprint on branches of UNION and the like.
var repeated = regexp.MustCompile(` /\*repeat [a-z ]+\*/`)

// Lines returns SHOW TABLE STATUS and SHOW CREATE TABLE for the first four tables of a class, and
// EXPLAIN with a "?" for each value, or for all of a list; not where a part of a name is generated. Tables without a schema are those of the default database that
// most calls have. Names are in lower case, as in all fingerprints.
func Lines(c *digest.Class) []string {
	schema := mostCalls(c.Schemas)
	var out []string
	for _, t := range c.Tables[:min(len(c.Tables), maxTables)] {
		in := cmp.Or(t.Schema, schema)
		if !safeName.MatchString(t.Name) || in != "" && !safeName.MatchString(in) || strings.Contains(in, "?") {
			continue
		}
		from := ""
		if in != "" {
			from = " FROM `" + in + "`"
			in = "`" + in + "`."
		}
		out = append(out, "SHOW TABLE STATUS"+from+" LIKE '"+strings.ReplaceAll(t.Name, "?", "%")+`'\G`)
		if !strings.Contains(t.Name, "?") {
			out = append(out, "SHOW CREATE TABLE "+in+"`"+t.Name+"`"+`\G`)
		}
	}
	if slices.ContainsFunc(c.Tables, func(t digest.Table) bool { return strings.Contains(t.Schema+t.Name, "?") }) {
		return out // the fingerprint numbers such names, and those are of other tables
	}
	sql := repeated.ReplaceAllString(strings.ReplaceAll(c.Fingerprint, "(?+)", "(?)"), "")
	if len(out) == 0 || !explained.MatchString(sql) || rows.MatchString(c.Fingerprint) || unsafe.MatchString(sql) {
		return out
	}
	if safeName.MatchString(schema) {
		out = append(out, "USE `"+schema+"`;")
	}
	return append(out, "EXPLAIN "+sql+`\G`)
}

// mostCalls returns the name that has most of the calls; empty if there is none.
func mostCalls(calls map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(calls), func(a, b string) int {
		return cmp.Or(cmp.Compare(calls[b], calls[a]), strings.Compare(a, b))
	})
	names = slices.DeleteFunc(names, func(name string) bool { return name == digest.OtherNames })
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
