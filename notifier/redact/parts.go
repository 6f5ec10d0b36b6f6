package redact

import (
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// parts of a statement.
type parts struct {
	verb                       string
	tables, set, by, per, list []string
	mentioned                  []string // what else conditions name
	// words are what a statement can be told by, in their order: its tables, what it sets, how it compares
	// columns, by what it orders and groups, and what else most statements do not have.
	words []string
	terms []string // the whole text, cut: see termsOf
}

// What a clause begins with, and words that are no columns.
var (
	clauseOf = map[string]string{"from": "from", "join": "from", "straight_join": "from", "into": "from", "table": "from", "call": "from", "update": "from",
		"set": "set", "where": "where", "having": "where", "on": "on", "using": "on", "group": "group", "order": "order", "limit": "other", "select": "select",
		"values": "other", "value": "other", "union": "other", "intersect": "other", "except": "other", "for": "other", "lock": "other", "partition": "other"}
	noTables = []string{"if", "not", "exists", "ignore", "low_priority", "lateral", "select", "as", "only"}
	noNames  = []string{"and", "or", "xor", "not", "is", "null", "in", "like", "between", "exists", "any", "all", "some", "case", "when", "then", "else", "end", "binary", "by", "div", "mod", "asc", "desc",
		"sql_no_cache", "sql_cache", "sql_small_result", "sql_big_result", "sql_buffer_result", "high_priority"}
	compares = []string{"=", "<", ">", "!", "in", "like", "not", "is", "between", "regexp", "rlike", "member", "against"}
	// phrases are clauses that say by themselves what is special, by their first words.
	phrases = map[string][]string{"distinct": {"distinct"}, "for": {"for update", "for share"}, "lock": {"lock in share mode"}, "skip": {"skip locked"}, "nowait": {"nowait"},
		"union": {"union all", "union"}, "with": {"with rollup"}, "sql_calc_found_rows": {"sql_calc_found_rows"}, "limit": {"limit"}}
)

// scope is what surrounds a token: the clause, how what is in the parenthesis is compared, if
// it is, by which function, and how many CASE are open. In a parenthesis of its own stand the columns of a row
// that is compared, as in (a, b) in (…), and what a function reads, as in lower(a) = ?.
type scope struct {
	clause, comparison, function string
	cases                        int
}

// partsOf reads a fingerprint.
func partsOf(s string) parts {
	var p parts
	if strings.Contains(s, "[withheld") {
		return p
	}
	tokens := labelTokens(s)
	p.terms = termsOf(s)
	closing := closings(tokens)
	var outer []scope
	var in scope
	// expected is whether a table comes next, and target a column that is set.
	expected, target := false, false
	for i, t := range tokens {
		next, last := "", ""
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		if i > 0 {
			last = tokens[i-1]
		}
		name := strings.ReplaceAll(t, "`", "")
		if !strings.ContainsFunc(name, unicode.IsLetter) {
			name = ""
		}
		phrase := phraseAt(tokens[i:])
		p.tell(phrase)
		isTarget := target
		target = t == "," && in.clause == "set" && in.cases == 0
		switch c, begins := clauseOf[t]; {
		case t == "(":
			outer = append(outer, in)
			switch in.clause {
			case "from":
				if !expected {
					in.clause = ""
					if p.list == nil && (p.verb == "INSERT" || p.verb == "REPLACE") {
						in.clause = "select" // its columns
					}
				}
			case "set":
				in.clause = "" // of the value that is set
			case "where":
				if after := tokens[min(closing[i]+1, len(tokens)):]; len(after) > 0 && slices.Contains(compares, after[0]) {
					in.comparison = comparison(after)
				}
				if isName(last) && !slices.Contains(compares, last) && clauseOf[last] == "" {
					in.function = last
				}
			}
		case t == ")":
			if n := len(outer); n > 0 {
				in, outer = outer[n-1], outer[:n-1]
			}
			expected = false
		case p.verb == "" && strings.HasPrefix(t, "sql_"): // before it, as mysqldump has it
		case p.verb == "":
			p.verb = strings.ToUpper(t)
			in.clause = c
			expected = t == "update" || t == "call"
		case t == "case":
			in.cases++
		case t == "end" && in.cases > 0:
			in.cases--
		case t == "update": // FOR UPDATE, ON DUPLICATE KEY UPDATE
			in.clause, expected, target = "set", false, true
		case begins && !(t == "values" && (next != "(" || in.clause == "set")):
			in = scope{clause: c}
			expected, target = c == "from", c == "set"
		case expected && slices.Contains(noTables, t):
		case expected && t != ",":
			if expected = false; name != "" {
				p.tables = add(p.tables, name)
				p.tell(name)
			}
		case t == ",":
			expected = in.clause == "from" && p.verb != "CALL"
		case in.clause == "select" && (t == "as" || isAlias(last, t)):
		case !isName(t) || phrase != "":
		case next == "(" && !strings.HasPrefix(t, "`") && t != "values":
			p.addTo(in, name+"()")
		case next == "(" && t != "values":
		case in.clause == "set":
			if isTarget && next == "=" {
				p.set = add(p.set, column(name))
				p.tell("set " + column(name))
			}
		case in.clause == "where" && slices.Contains(compares, next):
			p.by = add(p.by, column(name))
			p.tell(column(name) + " " + comparison(tokens[i+1:]))
		case in.clause == "where" && in.comparison != "":
			p.by = add(p.by, column(name))
			if name = column(name); in.function != "" {
				name = in.function + "(" + name + ")"
			}
			p.tell(strings.TrimSpace(name + " " + in.comparison))
		case in.clause == "order" && next == "desc":
			p.addTo(in, column(name)+" desc")
		case in.clause == "group":
			p.per = add(p.per, column(name))
			p.tell("per " + column(name))
		default:
			p.addTo(in, column(name))
		}
	}
	if p.by == nil { // a statement with conditions is not to read as one of the whole table
		isFunction := func(name string) bool { return strings.HasSuffix(name, "()") }
		if p.by = p.mentioned; slices.ContainsFunc(p.by, func(name string) bool { return !isFunction(name) }) {
			p.by = slices.DeleteFunc(p.by, isFunction)
		}
	}
	if p.list == nil && p.verb == "SELECT" {
		p.list = []string{"*"}
	}
	return p
}

// isName reports whether a word can name a column or a function.
func isName(t string) bool {
	return strings.ContainsFunc(t, unicode.IsLetter) && !slices.Contains(noNames, t)
}

// closings returns where each parenthesis ends, or the end.
func closings(tokens []string) map[int]int {
	out := map[int]int{}
	var open []int
	for i, t := range tokens {
		switch n := len(open); {
		case t == "(":
			open = append(open, i)
			out[i] = len(tokens)
		case t == ")" && n > 0:
			out[open[n-1]] = i
			open = open[:n-1]
		}
	}
	return out
}

// isAlias reports whether a word is the name of what is selected before it, with AS or without.
func isAlias(last, word string) bool {
	switch {
	case last == "as":
		return true
	case strings.Contains("(,=<>!+-*/%&|^~", last) || slices.Contains(noNames, last) && last != "end" && last != "null" || clauseOf[last] != "" || phrases[last] != nil:
		return false
	}
	return word != "as" && !strings.Contains("(),=<>!+-*/%&|^~", word) && !slices.Contains(noNames, word) && !slices.Contains(compares, word) && word != "collate"
}

// addTo adds a name to those that are selected, or by which rows are ordered, or to what
// conditions mention.
func (p *parts) addTo(in scope, name string) {
	switch in.clause {
	case "where":
		p.mentioned = add(p.mentioned, name)
		if !strings.HasSuffix(name, "()") {
			p.tell(name)
		}
	case "select":
		p.list = add(p.list, name)
	case "order":
		p.tell("order by " + name)
	}
}

// tell adds a word to those that a statement can be told by.
func (p *parts) tell(word string) {
	if len(p.words) < maxWords {
		p.words = add(p.words, ansi.Truncate(word, maxWord, "…"))
	}
}

// isWord reports whether a token is no operator.
func isWord(t string) bool { return !strings.Contains("(),=<>!+-*/%&|^~", t) }

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
var comment = onUse(`/\*.*?\*/`)

// labelTokens splits a fingerprint into words, parentheses, commas and operators.
func labelTokens(s string) []string {
	var tokens []string
	s = comment().ReplaceAllString(s, " ")
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
		if i < len(s) && strings.IndexByte("(),=<>!+-*/%&|^~", s[i]) >= 0 {
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
