package redact

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

// labelWidth is how many columns a Class.Label has at most, if that makes it unique.
const labelWidth = 44

// listWidth is how many more one has that names what is selected.
const listWidth = 16

// Label sets the labels of classes, none of which are the same but for case: see TellApart.
func Label(classes []digest.Class) {
	for i, label := range apart(classes) {
		classes[i].Label = label
	}
}

// TellApart sets the forms of the labels of classes so that no two labels are the same.
// The one that was known first keeps its form, and the others get the next: the first of
// what they select is named and, where that is not enough, the first digits of their IDs.
// Where none was first, all get it.
func TellApart(classes []digest.Class) { apart(classes) }

// apart returns the labels in these forms.
func apart(classes []digest.Class) []string {
	labels := make([]string, len(classes))
	for i := range classes {
		labels[i] = Name(&classes[i])
	}
	for again := true; again; {
		again = false
		alike := map[string][]int{}
		for i, label := range labels {
			key := strings.ToLower(label)
			alike[key] = append(alike[key], i)
		}
		for _, twins := range alike {
			if len(twins) < 2 {
				continue
			}
			first := earliest(classes, twins)
			for _, i := range twins {
				if c := &classes[i]; i != first && c.Form < lastForm {
					c.Form++
					labels[i], again = Name(c), true
				}
			}
		}
	}
	return labels
}

// earliest returns the one of some classes that was known before the others, or -1.
func earliest(classes []digest.Class, of []int) int {
	first, alone := of[0], true
	for _, i := range of[1:] {
		switch classes[i].Known.Compare(classes[first].Known) {
		case -1:
			first, alone = i, true
		case 0:
			alone = false
		}
	}
	if !alone {
		return -1
	}
	return first
}

// The forms of a label, beyond the one that is as short as can be: with what is selected,
// and with 4, 8 or 16 digits of the ID in addition.
const (
	listForm   = 1
	digitsForm = 2
	lastForm   = 4
)

// Name is the label of a class in its form.
func Name(c *digest.Class) string {
	name := Short(c.Fingerprint, labelWidth)
	if c.Form >= listForm {
		name = appendNames(name, ": ", partsOf(c.Fingerprint).list, labelWidth+listWidth)
	}
	if c.Form >= digitsForm && c.ID != "" {
		id := ShortID(c.ID)
		name += " · " + id[:min(len(id), 4<<(c.Form-digitsForm))]
	}
	return name
}

// ShortID is the last 16 digits of a query ID, which is how Percona's tools
// show it.
func ShortID(id string) string {
	id = Clean(Cut(id, MaxName))
	return id[max(0, len(id)-16):]
}

// Short says in a few words what a statement does: its verb and tables, the columns that
// it sets, those by which it looks rows up, and those by which it groups them, as in
// "SELECT sessions by country, email" and "UPDATE stock set qty by id". It takes a number
// of columns on the screen, of which a wide character takes two, and leaves out whole
// names rather than the ends of them. It reads a fingerprint word by word and knows no
// more of SQL. Where that yields no table, it is the statement.
func Short(fingerprint string, columns int) string {
	p := partsOf(fingerprint)
	if fingerprint == "" {
		return "(no statement)"
	}
	if p.tables == nil {
		return ansi.Truncate(fingerprint, columns, "…")
	}
	out := p.verb
	for i, list := range [][]string{p.tables, p.set, p.by, p.per} {
		out = appendNames(out, []string{" ", " set ", " by ", " per "}[i], list, columns)
	}
	return ansi.Truncate(out, columns, "…")
}

// appendNames appends as many names as there is room for, and how many there are more.
func appendNames(s, word string, names []string, columns int) string {
	for n := len(names); n > 0; n-- {
		next := s + word + strings.Join(names[:n], ", ")
		if more := len(names) - n; more > 0 {
			next += fmt.Sprintf(" +%d", more)
		}
		if ansi.StringWidth(next) <= columns || n == 1 && word == " " {
			return next
		}
	}
	return s
}

// parts of a statement.
type parts struct {
	verb                       string
	tables, set, by, per, list []string
}

// What a clause begins with, and words that are no columns.
var (
	clauseOf = map[string]string{"from": "from", "join": "from", "straight_join": "from", "into": "from", "table": "from", "call": "from", "update": "from",
		"set": "set", "where": "where", "having": "where", "on": "on", "using": "on", "group": "group", "order": "other", "limit": "other", "select": "select",
		"values": "other", "value": "other", "union": "other", "intersect": "other", "except": "other", "for": "other", "partition": "other"}
	noTables = []string{"if", "not", "exists", "ignore", "low_priority", "lateral", "select", "as", "only"}
	noNames  = []string{"and", "or", "xor", "not", "is", "null", "in", "like", "between", "exists", "any", "all", "some", "case", "when", "then", "else", "end", "binary", "by", "div", "mod"}
	compares = []string{"=", "<", ">", "!", "in", "like", "not", "is", "between", "regexp", "rlike", "member"}
)

// partsOf reads a fingerprint.
func partsOf(s string) parts {
	var p parts
	if strings.Contains(s, "[withheld") {
		return p
	}
	tokens := labelTokens(s)
	var clauses []string // those around, for each parenthesis
	clause, expected := "", false
	for i, t := range tokens {
		next := ""
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		name := strings.ReplaceAll(t, "`", "")
		switch c, begins := clauseOf[t]; {
		case t == "(":
			if clauses = append(clauses, clause); clause == "from" && !expected {
				clause = "" // of the columns of an INSERT
			}
		case t == ")":
			if n := len(clauses); n > 0 {
				clause, clauses = clauses[n-1], clauses[:n-1]
			}
			expected = false
		case i == 0 && t != "update" && t != "call":
			p.verb = strings.ToUpper(t)
			clause = clauseOf[t]
		case t == "update" && i > 0: // FOR UPDATE, ON DUPLICATE KEY UPDATE
			clause, expected = "set", false
		case begins && !(t == "values" && next != "("):
			clause, expected = c, c == "from"
			if i == 0 {
				p.verb = strings.ToUpper(t)
			}
		case expected && slices.Contains(noTables, t):
		case expected && t != ",":
			if expected = false; strings.ContainsFunc(name, unicode.IsLetter) {
				p.tables = add(p.tables, name)
			}
		case t == ",":
			expected = clause == "from" && p.verb != "CALL"
		case !strings.ContainsFunc(name, unicode.IsLetter) || slices.Contains(noNames, t) || next == "(" && t != "values":
		case clause == "set" && next == "=":
			p.set = add(p.set, column(name))
		case clause == "where" && slices.Contains(compares, next):
			p.by = add(p.by, column(name))
		case clause == "group":
			p.per = add(p.per, column(name))
		case clause == "select":
			p.list = add(p.list, column(name))
		}
	}
	return p
}

// labelTokens splits a fingerprint into words, parentheses, commas and comparisons.
func labelTokens(s string) []string {
	var tokens []string
	word := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] == '`' { // a quoted name can hold anything
			if n := strings.IndexByte(s[i+1:], '`'); n >= 0 {
				i += n + 1
				continue
			}
		}
		if i < len(s) && !strings.ContainsRune(" (),;=<>!+-*/%&|^~", rune(s[i])) {
			continue
		}
		if i > word {
			tokens = append(tokens, s[word:i])
		}
		if i < len(s) && strings.IndexByte("(),=<>!", s[i]) >= 0 {
			tokens = append(tokens, s[i:i+1])
		}
		word = i + 1
	}
	return tokens
}

// column is a name without that of its table.
func column(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func add(names []string, name string) []string {
	if name == "" || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}
