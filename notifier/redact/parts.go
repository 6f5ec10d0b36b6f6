package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// parts of a statement.
type parts struct {
	verb                       string
	tables, set, by, per, list []string
	compared                   []string // columns by which rows are looked up, each with how it is compared
	clauses                    []string // the order, locks, and what else most statements do not have
}

// What a clause begins with, and words that are no columns.
var (
	clauseOf = map[string]string{"from": "from", "join": "from", "straight_join": "from", "into": "from", "table": "from", "call": "from", "update": "from",
		"set": "set", "where": "where", "having": "where", "on": "on", "using": "on", "group": "group", "order": "order", "limit": "other", "select": "select",
		"values": "other", "value": "other", "union": "other", "intersect": "other", "except": "other", "for": "other", "lock": "other", "partition": "other"}
	noTables = []string{"if", "not", "exists", "ignore", "low_priority", "lateral", "select", "as", "only"}
	noNames  = []string{"and", "or", "xor", "not", "is", "null", "in", "like", "between", "exists", "any", "all", "some", "case", "when", "then", "else", "end", "binary", "by", "div", "mod", "asc", "desc",
		"sql_no_cache", "sql_cache", "sql_small_result", "sql_big_result", "sql_buffer_result", "high_priority"}
	compares = []string{"=", "<", ">", "!", "in", "like", "not", "is", "between", "regexp", "rlike", "member"}
	// phrases are clauses that say by themselves what is special, by their first words.
	phrases = map[string][]string{"distinct": {"distinct"}, "for": {"for update", "for share"}, "lock": {"lock in share mode"}, "skip": {"skip locked"}, "nowait": {"nowait"},
		"union": {"union all", "union"}, "with": {"with rollup"}, "sql_calc_found_rows": {"sql_calc_found_rows"}, "limit": {"limit"}}
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
		phrase := phraseAt(tokens[i:])
		p.clauses = add(p.clauses, phrase)
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
		case p.verb == "" && strings.HasPrefix(t, "sql_"): // before it, as mysqldump has it
		case p.verb == "":
			p.verb = strings.ToUpper(t)
			clause = c
			expected = t == "update" || t == "call"
		case t == "update": // FOR UPDATE, ON DUPLICATE KEY UPDATE
			clause, expected = "set", false
		case begins && !(t == "values" && next != "("):
			clause, expected = c, c == "from"
		case expected && slices.Contains(noTables, t):
		case expected && t != ",":
			if expected = false; strings.ContainsFunc(name, unicode.IsLetter) {
				p.tables = add(p.tables, name)
			}
		case t == ",":
			expected = clause == "from" && p.verb != "CALL"
		case !strings.ContainsFunc(name, unicode.IsLetter) || slices.Contains(noNames, t) || phrase != "":
		case next == "(" && !strings.HasPrefix(t, "`") && t != "values" && (clause == "select" || clause == "order"): // a function
			p.addTo(clause, name+"()")
		case next == "(" && t != "values":
		case clause == "set" && next == "=":
			p.set = add(p.set, column(name))
		case clause == "where" && slices.Contains(compares, next):
			p.by = add(p.by, column(name))
			p.compared = add(p.compared, column(name)+" "+comparison(tokens[i+1:]))
		case clause == "order" && next == "desc":
			p.addTo(clause, column(name)+" desc")
		case clause == "group":
			p.per = add(p.per, column(name))
		default:
			p.addTo(clause, column(name))
		}
	}
	if p.list == nil && p.verb == "SELECT" {
		p.list = []string{"*"}
	}
	return p
}

// addTo adds a name to those that are selected, or by which rows are ordered.
func (p *parts) addTo(clause, name string) {
	switch clause {
	case "select":
		p.list = add(p.list, name)
	case "order":
		p.clauses = add(p.clauses, "order by "+name)
	}
}

// phraseAt returns the one of phrases with which the tokens begin, or nothing.
func phraseAt(tokens []string) string {
	for _, phrase := range phrases[tokens[0]] {
		words := strings.Fields(phrase)
		if len(tokens) >= len(words) && slices.Equal(tokens[:len(words)], words) {
			return phrase
		}
	}
	return ""
}

// comparison is how a column is compared that stands before the tokens.
func comparison(tokens []string) string {
	var signs, words []string
	for _, t := range tokens {
		switch {
		case len(words) == 0 && strings.Contains("=<>!", t):
			signs = append(signs, t)
		case len(signs) == 0 && (slices.Contains(compares, t) || t == "null"):
			words = append(words, t)
		default:
			return strings.Join(signs, "") + strings.Join(words, " ")
		}
	}
	return strings.Join(signs, "") + strings.Join(words, " ")
}

// comment is what a fingerprint says of repeated branches.
var comment = regexp.MustCompile(`/\*.*?\*/`)

// labelTokens splits a fingerprint into words, parentheses, commas and comparisons.
func labelTokens(s string) []string {
	var tokens []string
	s = comment.ReplaceAllString(s, " ")
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
