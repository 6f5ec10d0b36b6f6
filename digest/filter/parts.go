package filter

import (
	"bytes"
	"cmp"
	"math"
	resyntax "regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Go's expressions look at each byte for some 20 ns. What a match must contain is looked for before: texts,
// and a stretch of bytes.

// longS matches s in any case, and is no letter that has one in lower case: it is one.
var longS = []byte("ſ")

// needs are what stands in whatever a regular expression matches, as far as it is known. To look for them
// is many times as fast as to run the expression.
type needs struct {
	parts   []string // one of these, unless there is none
	folded  bool     // they are in lower case, and stand so in lower case where there is no longS
	stretch stretch
}

// needsOf returns those of an expression that compiles.
func needsOf(expression string) (n needs) {
	re, err := resyntax.Parse(expression, resyntax.Perl)
	if err != nil {
		return n
	}
	re = re.Simplify()
	n.parts, n.folded = partsOf(re)
	n.stretch = stretchOf(re)
	return n
}

// cut reports whether the expression may match a text, and returns the part in which it does if it does
// anywhere in the text. Room is for a copy of the text.
func (n *needs) cut(text []byte, room *[]byte) (rest []byte, possible bool) {
	within := text
	if n.folded {
		within = appendLower((*room)[:0], text)
		*room = within
	}
	if !holdsOne(within, n.parts) && !(n.folded && bytes.Contains(text, longS)) {
		return nil, false
	}
	return n.stretch.cut(text)
}

// partsOf returns needs.parts, and whether they are folded.
func partsOf(re *resyntax.Regexp) (parts []string, folded bool) {
	parts, folded = required(re)
	for i := range parts {
		if word := strings.Trim(parts[i], " "); word != "" { // a space stands everywhere, and delays the search
			parts[i] = word
		}
		if folded {
			parts[i] = string(appendLower(nil, []byte(parts[i])))
		}
	}
	return parts, folded
}

// required is partsOf, before what is folded is in lower case. Of the parts of a sequence it takes those of
// which the shortest is the longest.
func required(re *resyntax.Regexp) (parts []string, folded bool) {
	switch re.Op {
	case resyntax.OpLiteral:
		folded = re.Flags&resyntax.FoldCase != 0
		if slices.Contains(re.Rune, utf8.RuneError) { // which bytes that are no UTF-8 match, too
			return nil, false
		}
		if folded && slices.ContainsFunc(re.Rune, func(r rune) bool { return r >= utf8.RuneSelf }) { // letters have more than two cases
			return nil, false
		}
		return []string{string(re.Rune)}, folded
	case resyntax.OpCapture, resyntax.OpPlus:
		return required(re.Sub[0])
	case resyntax.OpConcat:
		for _, sub := range re.Sub {
			if other, fold := required(sub); shortest(other) > shortest(parts) {
				parts, folded = other, fold
			}
		}
	case resyntax.OpAlternate:
		for _, sub := range re.Sub {
			other, fold := required(sub)
			if other == nil {
				return nil, false
			}
			parts, folded = append(parts, other...), folded || fold
		}
	}
	return parts, folded
}

func shortest(parts []string) int {
	if len(parts) == 0 {
		return 0
	}
	return len(slices.MinFunc(parts, func(a, b string) int { return cmp.Compare(len(a), len(b)) }))
}

// holdsOne reports whether one of the parts is in a text; also if there are none.
func holdsOne(text []byte, parts []string) bool {
	for _, part := range parts {
		if bytes.Contains(text, []byte(part)) { // which the compiler does without a copy
			return true
		}
	}
	return len(parts) == 0
}

// stretch is what stands in whatever a regular expression matches: so many bytes side by side, or more,
// which are all of a set. Sixteen digits are found by looking at each sixteenth byte.
type stretch struct {
	of      byteSet
	least   int  // bytes; 0 says nothing
	leading bool // a match begins with it, and what stands before does not matter
}

type byteSet [256]bool

func (s *byteSet) add(other *byteSet) {
	for b := range s {
		s[b] = s[b] || other[b]
	}
}

// addRune adds the bytes of a letter, of which those beyond ASCII are not told apart.
func (s *byteSet) addRune(r rune) {
	if r < utf8.RuneSelf {
		s[r] = true
		return
	}
	for b := utf8.RuneSelf; b < len(s); b++ {
		s[b] = true
	}
}

// stretchOf returns the rarest stretch that is known of an expression.
func stretchOf(re *resyntax.Regexp) stretch {
	s := rarest(re, !looksBack(re))
	if s.rarity() > math.Log(0.25) { // most statements have it
		return stretch{}
	}
	return s
}

// rarest is stretchOf. Of a sequence it takes any of its parts, or several side by side.
func rarest(re *resyntax.Regexp, leading bool) stretch {
	best := whole(re)
	best.leading = leading
	consider := func(s stretch) {
		if s.rarity() < best.rarity() {
			best = s
		}
	}
	switch re.Op {
	case resyntax.OpCapture, resyntax.OpPlus:
		consider(rarest(re.Sub[0], leading))
	case resyntax.OpConcat:
		for i, sub := range re.Sub {
			consider(rarest(sub, leading && i == 0))
			joined := stretch{leading: leading && i == 0}
			for _, sub := range re.Sub[i:] {
				next := whole(sub)
				joined.of.add(&next.of)
				joined.least += next.least
				if consider(joined); joined.least >= 32 { // rare enough
					break
				}
			}
		}
	}
	return best
}

// whole is the stretch that all of a match is.
func whole(re *resyntax.Regexp) (s stretch) {
	switch re.Op {
	case resyntax.OpLiteral:
		s.least = len(re.Rune) // each is one byte or more, also where it is no UTF-8
		for _, r := range re.Rune {
			s.of.addRune(r)
			if re.Flags&resyntax.FoldCase != 0 {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					s.of.addRune(f)
				}
			}
		}
	case resyntax.OpCharClass:
		s.least = 1
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= min(re.Rune[i+1], utf8.RuneSelf); r++ {
				s.of.addRune(r)
			}
			s.of.addRune(re.Rune[i+1])
		}
	case resyntax.OpAnyChar, resyntax.OpAnyCharNotNL:
		s.least = 1
		for b := range s.of {
			s.of[b] = re.Op == resyntax.OpAnyChar || b != '\n'
		}
	case resyntax.OpAlternate:
		s.least = math.MaxInt
		for _, sub := range re.Sub {
			other := whole(sub)
			s.of.add(&other.of)
			s.least = min(s.least, other.least)
		}
	default:
		for _, sub := range re.Sub {
			other := whole(sub)
			s.of.add(&other.of)
			s.least += other.least
		}
		if re.Op == resyntax.OpStar || re.Op == resyntax.OpQuest {
			s.least = 0
		}
	}
	return s
}

// looksBack reports whether an expression asks what stands before a place.
func looksBack(re *resyntax.Regexp) bool {
	switch re.Op {
	case resyntax.OpBeginLine, resyntax.OpBeginText, resyntax.OpWordBoundary, resyntax.OpNoWordBoundary:
		return true
	}
	return slices.ContainsFunc(re.Sub, looksBack)
}

// rarity is the logarithm of about how often the stretch begins at a place of a statement, as if its
// bytes were independent.
func (s *stretch) rarity() float64 {
	share := 0.0
	for b, in := range s.of {
		switch {
		case !in:
		case 'a' <= b && b <= 'z':
			share += 0.5 / 26
		case 'A' <= b && b <= 'Z':
			share += 0.15 / 26
		case '0' <= b && b <= '9':
			share += 0.1 / 10
		case b == ' ':
			share += 0.15
		default:
			share += 0.1 / 193
		}
	}
	if s.least == 0 {
		return 0
	}
	return float64(s.least) * math.Log(share)
}

// cut is needs.cut of the stretch alone.
func (s *stretch) cut(text []byte) (rest []byte, possible bool) {
	if s.least == 0 {
		return text, true
	}
	begin := 0 // the bytes from here up to i, exclusive, are of the set
	for i := s.least - 1; i < len(text); {
		at := i
		for at >= begin && s.of[text[at]] {
			at--
		}
		if at < begin {
			if s.leading {
				return text[begin:], true
			}
			return text, true
		}
		begin = at + 1
		i = at + s.least
	}
	return nil, false
}
