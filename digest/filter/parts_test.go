package filter

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPartsOf(t *testing.T) {
	for expression, want := range map[string][]string{
		"orders":                    {"orders"},
		"^from orders$":             {"from orders"},
		"orders|items":              {"orders", "items"},
		"from (orders|items) as o":  {"from"},
		"x(orders|items)+":          {"orders", "items"},
		"(?i)orders":                {"fold", "orders"},
		"(?i)^SELECT .* For Update": {"fold", "for update"},
		"Orders|(?i)items":          {"fold", "orders", "items"},
		"(?i)größe":                 nil,
		"(?i:ab)ORDERS":             {"ORDERS"},
		"orders|":                   nil,
		"(orders)?":                 nil,
		"(orders)*":                 nil,
		"(orders){0,3}":             nil,
		"[ab]":                      nil,
		"a.*bcd.*e":                 {"bcd"},
		".*":                        nil,
		"ü":                         {"ü"},
	} {
		got, folded := partsOf(expression)
		if folded {
			got = append([]string{"fold"}, got...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

// Whatever an expression matches has one of its parts.
func TestPartsAreInWhatMatches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	pieces := []string{"a", "b", "ab", "c", "(", ")", "|", "*", "+", "?", ".", "^", "$", "[ab]", "[^a]", "{2}", "{0,2}", "(?i)", "(?s)", "\\b", "ü", "\\pL", "s", "K", "(?-i)"}
	texts := []string{"", "a", "b", "ab", "abc", "aabb", "cab", "ABC", "ü", "Ü", "bca", "aXb", "a\nb", "\xff", "ccc", "aSb", "ſ", "aſ", "k", "K", "\u212a", "bK\u212a", "As"}
	matched := 0
	for range 100_000 {
		var b strings.Builder
		for range 1 + r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		re, err := regexp.Compile(b.String())
		if err != nil {
			continue
		}
		parts, folded := partsOf(b.String())
		for _, text := range texts {
			if re.MatchString(text) {
				within := []byte(text)
				if folded {
					within = appendLower(nil, within)
				}
				if !holdsOne(within, parts) && !(folded && strings.Contains(text, "ſ")) {
					t.Fatalf("%s matches %q, which has none of %q", b.String(), text, parts)
				}
				if parts != nil {
					matched++
				}
			}
		}
	}
	if matched < 10_000 {
		t.Errorf("only %d were of use", matched)
	}
}
