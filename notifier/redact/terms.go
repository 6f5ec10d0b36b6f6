package redact

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// maxTerm is about how long a term is at most, in bytes.
const maxTerm = 30

// startsTerm are the words before which a statement is cut into terms, further to those of clauseOf.
var startsTerm = []string{"and", "or", "xor", "left", "right", "inner", "cross", "natural", "case", "when", "else", "end", "offset", "returning", "repeat"}

// termsOf cuts a statement into what stands between commas, AND, OR and the words that begin a clause, in
// which everything is that is in the statement: any two that differ in a word differ in a term. One that was
// there before stands with the one before it.
func termsOf(s string) []string {
	var terms []string
	var term, before string
	end := func(next string) {
		if slices.Contains(terms, term) {
			term = before + term
		}
		if terms = add(terms, ansi.Truncate(term, maxWord, "…")); term != "" {
			before = term + next
		}
		if len(before) > 2*maxWord { // of which no more is seen
			before = ""
		}
		term = ""
	}
	tokens := labelTokens(strings.NewReplacer("/*", " ", "*/", " ").Replace(s)) // with what repeats
	for i, t := range tokens {
		last := ""
		if i > 0 {
			last = tokens[i-1]
		}
		starts := slices.Contains(startsTerm, t) || clauseOf[t] != "" && t != "values" && t != "value"
		closes := t == ")" && strings.Count(term, "(") <= strings.Count(term, ")") // what an earlier term opened
		joined := t == "join" && slices.Contains(startsTerm, last) || strings.Trim(term, ")") == ""
		switch {
		case t == ",":
			end(", ")
		case closes && strings.Trim(term, ")") != "" || starts && !joined || len(term)+len(t) > maxTerm:
			end(" ")
		}
		if len(terms) >= maxWords {
			return terms[:maxWords]
		}
		switch {
		case t == ",":
		case term != "" && spaced(last, t, i+1 < len(tokens) && tokens[i+1] == ")"):
			term += " " + strings.ReplaceAll(t, "`", "")
		default:
			term += strings.ReplaceAll(t, "`", "")
		}
	}
	end("")
	return terms
}

// spaced reports whether a space stands between two tokens, the second of which may be before a parenthesis
// that ends, as in "in (?+)".
func spaced(last, t string, ending bool) bool {
	switch {
	case last == "(" || t == ")" || t == "+" && ending:
		return false
	case t == "(":
		return !isName(last) || clauseOf[last] != "" || slices.Contains(compares, last)
	}
	return isWord(last) || isWord(t)
}
