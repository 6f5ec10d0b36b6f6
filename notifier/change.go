package notifier

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slowdigest/digest"
)

// maxBadge is how many characters of the word for a change are shown.
const maxBadge = 12

// badge is the word for what changed about a class, or empty.
func badge(c *digest.Class) string {
	if c.Change == nil {
		return ""
	}
	return cut(clean(string(c.Change.Kind)), maxBadge)
}

// badged is the badge with a space after it.
func badged(c *digest.Class) string { return withSpace(badge(c)) }

func withSpace(word string) string {
	if word == "" {
		return ""
	}
	return word + " "
}

// evidence is the badge and what justifies it, or empty.
func evidence(c *digest.Class) string {
	if c.Change == nil || c.Change.Evidence == "" {
		return ""
	}
	return badge(c) + ": " + clean(cut(c.Change.Evidence, maxNote))
}

// foremost reports whether a change is read before everything else.
func foremost(c *digest.Class) bool {
	return c.Change != nil && slices.Contains([]digest.ChangeKind{digest.New, digest.Worse, digest.Back}, c.Change.Kind)
}

// inOrder is the classes in the order in which they are told: what changed
// first, and each by its rank.
func inOrder(r *digest.Report) []*digest.Class {
	out := make([]*digest.Class, len(r.Classes))
	for i := range r.Classes {
		out[i] = &r.Classes[i]
	}
	slices.SortStableFunc(out, func(a, b *digest.Class) int {
		if foremost(a) != foremost(b) {
			return map[bool]int{true: -1, false: 1}[foremost(a)]
		}
		return cmp.Compare(a.Rank, b.Rank)
	})
	return out
}

// news is the first thing that is told: how much changed, as "1 new, 2 worse".
// It is empty where nobody can know.
func news(r *digest.Report) string {
	counts := map[digest.ChangeKind]int{}
	for i := range r.Classes {
		if c := r.Classes[i].Change; c != nil {
			counts[c.Kind]++
		}
	}
	if r.Past != nil {
		counts[digest.New] = max(counts[digest.New], r.Past.New)
	}
	var out []string
	for _, kind := range []digest.ChangeKind{digest.New, digest.Worse, digest.Back} {
		if n := counts[kind]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, strings.ToLower(string(kind))))
		}
	}
	if out == nil && r.Past != nil && !r.Past.Learning && !trouble(r) && r.Overall.Calls > 0 {
		return "nothing new"
	}
	return strings.Join(out, ", ")
}

// change is a line about a class that is not as it was.
type change struct{ word, what, evidence string }

// The most lines of the changes that are told first, and of each other kind.
const (
	maxForemost = 5
	maxCalmer   = 3
)

// changes lists what changed: the foremost first, then, in fewer words, what
// became better and what is gone.
func changes(r *digest.Report) []change {
	var first, better, gone []change
	for _, c := range inOrder(r) {
		if c.Change == nil {
			continue
		}
		x := change{badge(c), fmt.Sprintf("#%d %s%s", c.Rank, short(c.Fingerprint, 40), where(r, c)), clean(c.Change.Evidence)}
		if foremost(c) {
			first = append(first, x)
			continue
		}
		if c.Change.Median > 0 {
			x.evidence = seconds(c.Change.Now) + " an hour, usually " + seconds(c.Change.Median)
		}
		better = append(better, x)
	}
	if r.Past != nil {
		for _, g := range r.Past.Gone {
			what := shortID(g.ID)
			if g.Fingerprint != "" {
				what = short(deskStatement(g.Fingerprint), 40) + " " + what
			}
			brief, _, _ := strings.Cut(clean(g.Evidence), ";")
			gone = append(gone, change{string(digest.Gone), what, brief})
		}
	}
	return slices.Concat(atMost(first, maxForemost), atMost(better, maxCalmer), atMost(gone, maxCalmer))
}

// where names the instances of a class, where the digest is of several.
func where(r *digest.Report, c *digest.Class) string {
	if len(r.Instances) < 2 || len(c.Instances) == 0 {
		return ""
	}
	return " on " + names(byCalls(c.Instances), 1)
}

// byCalls are names as they can be shown, that with the most calls first.
func byCalls(calls map[string]int64) []string {
	out := slices.SortedFunc(maps.Keys(calls), func(a, b string) int {
		return cmp.Or(cmp.Compare(calls[b], calls[a]), strings.Compare(a, b))
	})
	for i, name := range out {
		out[i] = clean(cut(name, maxName))
	}
	return out
}

// atMost cuts a list to n lines, the last of which counts those left out.
func atMost(all []change, n int) []change {
	if len(all) <= n {
		return all
	}
	words := map[string]int{}
	for _, x := range all[n:] {
		words[strings.ToLower(x.word)]++
	}
	var more []string
	for _, w := range []string{"new", "worse", "back", "better", "gone"} {
		if words[w] > 0 {
			more = append(more, fmt.Sprintf("%d more %s", words[w], w))
		}
	}
	return append(slices.Clone(all[:n]), change{what: "and " + strings.Join(more, ", ")})
}

// String is the line after its word.
func (x change) String() string {
	if x.evidence == "" {
		return x.what
	}
	return x.what + ": " + x.evidence
}

// upperFirst writes the first letter large, as a sentence begins.
func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
