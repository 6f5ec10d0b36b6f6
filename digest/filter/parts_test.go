package filter

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
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
		"a\ufffdb":                  nil,
	} {
		n := needsOf(expression)
		got := n.parts
		if n.folded {
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
	pieces := []string{"\\x{fffd}", "\\d", "{3,}", "a", "b", "ab", "c", "(", ")", "|", "*", "+", "?", ".", "^", "$", "[ab]", "[^a]", "{2}", "{0,2}", "(?i)", "(?s)", "\\b", "ü", "\\pL", "s", "K", "(?-i)"}
	texts := []string{"", "ü\x80b", "12 345", "a", "b", "ab", "abc", "aabb", "cab", "ABC", "ü", "Ü", "bca", "aXb", "a\nb", "\xff", "ccc", "aSb", "ſ", "aſ", "k", "K", "\u212a", "bK\u212a", "As"}
	short := len(texts)
	for range 40 {
		var b strings.Builder
		for range 1 + r.IntN(20) {
			b.WriteString(texts[r.IntN(short)])
		}
		texts = append(texts, b.String())
	}
	matched, stretches := 0, 0
	for range 30_000 {
		var b strings.Builder
		for range 1 + r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		re, err := regexp.Compile(b.String())
		if err != nil {
			continue
		}
		n := needsOf(b.String())
		stretch := n.stretch
		for _, text := range texts {
			if re.MatchString(text) {
				if rest, possible := stretch.cut([]byte(text)); !possible || !re.Match(rest) {
					t.Fatalf("%s matches %q, and not %q, cut at %s", b.String(), text, rest, shown(stretch))
				}
				if stretch.least > 0 {
					stretches++
				}
				within := []byte(text)
				if n.folded {
					within = appendLower(nil, within)
				}
				if !holdsOne(within, n.parts) && !(n.folded && strings.Contains(text, "ſ")) {
					t.Fatalf("%s matches %q, which has none of %q", b.String(), text, n.parts)
				}
				if n.parts != nil {
					matched++
				}
			}
		}
	}
	if matched < 10_000 || stretches < 10_000 {
		t.Errorf("only %d and %d were of use", matched, stretches)
	}
}

func TestStretchOf(t *testing.T) {
	for expression, want := range map[string]string{
		"[0-9]{16}":                     "16 of 0-9, leading",
		`\b[0-9]{16}\b`:                 "16 of 0-9",
		"[0-9]+":                        "1 of 0-9, leading",
		`\d{4}-\d\d-\d\d`:               "10 of -0-9, leading",
		"(?i)key [0-9a-f]{8}":           "8 of 0-9A-Fa-f",
		"[0-9]{3}(x|yz){2}":             "5 of 0-9x-z, leading",
		"a[0-9]{3}?b":                   "5 of 0-9a-b, leading",
		".*[0-9]{8}":                    "8 of 0-9",
		"([0-9]{4})+":                   "4 of 0-9, leading",
		"([0-9]{4})?":                   "",
		"[0-9]{4}|[a-f]{9}":             "4 of 0-9a-f, leading",
		"[^ ]":                          "",
		".{5000}":                       "",
		"(?m)^[A-Z]{12}$":               "12 of A-Z",
		"[ä-ü]":                         `1 of \x80-\xff, leading`,
		strings.Repeat("[0-9]", 1000):   "1000 of 0-9, leading",
		strings.Repeat("([0-9])?", 500): "",
	} {
		if got := shown(needsOf(expression).stretch); got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

func shown(s stretch) string {
	if s.least == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of ", s.least)
	for from := 0; from < len(s.of); from++ {
		to := from
		for to < len(s.of) && s.of[to] {
			to++
		}
		if to > from {
			fmt.Fprintf(&b, "%s", strings.Trim(strconv.QuoteToASCII(string([]byte{byte(from)})), `"`))
			if to > from+1 {
				fmt.Fprintf(&b, "-%s", strings.Trim(strconv.QuoteToASCII(string([]byte{byte(to - 1)})), `"`))
			}
			from = to
		}
	}
	if s.leading {
		b.WriteString(", leading")
	}
	return b.String()
}

func TestCut(t *testing.T) {
	for _, test := range []struct{ expression, text, want string }{
		{"[0-9]{4}", "", "none"},
		{"[0-9]{4}", "123", "none"},
		{"[0-9]{4}", "1234", "1234"},
		{"[0-9]{4}", "123 123 12345 x", "12345 x"},
		{"[0-9]{4}", "123 123 123", "none"},
		{"[0-9]{4}$", "x 1234", "1234"},
		{`\b[0-9]{4}`, "x1234", "x1234"},
		{`x*\b[0-9]{4}`, "x123", "none"},
		{"[a-z ]*", "x", "x"},
	} {
		stretch := needsOf(test.expression).stretch
		rest, possible := stretch.cut([]byte(test.text))
		got := string(rest)
		if !possible {
			got = "none"
		}
		if got != test.want {
			t.Errorf("%s in %q: %q, want %q", test.expression, test.text, got, test.want)
		}
	}
}
