package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks a character keeps. No language needs
// more, and a tower of them covers the lines above.
const maxMarks = 4

// Clean takes out of s what could disturb a screen or a message: control
// characters (terminal escapes among them), bidirectional overrides, what is
// invisible or private, invalid UTF-8. White space becomes one space.
func Clean(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space, marks := true, 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			if !space {
				b.WriteByte(' ')
			}
			space, marks = true, 0
			continue
		}
		if r == utf8.RuneError || unicode.In(r, unicode.C, unicode.Noncharacter_Code_Point, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			continue
		}
		if unicode.Is(unicode.M, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		space = false
		b.WriteRune(r)
	}
	return strings.TrimSuffix(b.String(), " ")
}

// Cut shortens s to at most n characters, the last of which then is "…". It
// never cuts a character in two.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:max(n-1, 0)]), " ") + "…"
}
