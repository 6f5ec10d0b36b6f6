package notifier

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// clauseStart is the white space before a clause.
var clauseStart = regexp.MustCompile(` ((?:(?:left|right|inner|outer|cross|straight|natural) )*(?:join|straight_join) |from |where |` +
	`group by |having |order by |limit |union |set |values ?\(|on duplicate key )`)

// Clauses puts each clause of a statement on a line of its own.
func Clauses(sql string) string {
	return strings.Replace(clauseStart.ReplaceAllString(sql, "\n$1"), "delete\nfrom ", "delete from ", 1)
}

// Short is the summary within a number of columns, of which a wide character takes two.
func Short(fingerprint string, columns int) string {
	return ansi.Truncate(Summary(fingerprint), columns, "…")
}

// Summary says in a few words what a statement does to which tables, such as
// "SELECT orders, customers". In a fingerprint a word after FROM, JOIN, INTO,
// TABLE, CALL or a leading UPDATE is a table; Summary knows no more of SQL. Where
// that yields nothing, it is the statement.
func Summary(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" (),;", r) })
	if len(words) == 0 {
		return "(no statement)"
	}
	var tables []string
	after := false // a word that a table follows
	for i, w := range words {
		switch {
		case slices.Contains([]string{"from", "join", "into", "table", "call"}, w), w == "update" && i == 0:
			after = true
			continue
		case slices.Contains([]string{"if", "not", "exists", "ignore", "low_priority", "lateral"}, w):
			continue
		}
		t := strings.ReplaceAll(w, "`", "")
		if after && w != "select" && strings.ContainsFunc(t, unicode.IsLetter) && !slices.Contains(tables, t) {
			tables = append(tables, t)
		}
		after = false
	}
	if len(tables) == 0 || strings.Contains(s, "[withheld") {
		return s
	}
	return strings.ToUpper(words[0]) + " " + strings.Join(tables, ", ")
}
