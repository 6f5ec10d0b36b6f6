package notifier

import (
	"regexp"
	"strings"
)

// clauseStart is the white space before a clause.
var clauseStart = regexp.MustCompile(` ((?:(?:left|right|inner|outer|cross|straight|natural) )*(?:join|straight_join) |from |where |` +
	`group by |having |order by |limit |union |set |values ?\(|on duplicate key )`)

// Clauses puts each clause of a statement on a line of its own.
func Clauses(sql string) string {
	return strings.Replace(clauseStart.ReplaceAllString(sql, "\n$1"), "delete\nfrom ", "delete from ", 1)
}
