package redact

import (
	"slices"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

// Within returns the labels of classes, each in so many columns of the screen. What is too long
// loses whole names, those first that all have which would be called the same; and where
// that does not tell them apart, it has the first digits of the ID.
func Within(classes []*digest.Class, columns []int) []string {
	labels := make([]string, len(classes))
	for i, c := range classes {
		if labels[i] = c.Label; c.Group != nil {
			labels[i] = ansi.Truncate(c.Label, columns[i], "…")
		} else if ansi.StringWidth(c.Label) > columns[i] {
			labels[i] = Short(c.Fingerprint, columns[i])
		}
	}
	if len(classes) > 0 && classes[0].Group != nil {
		return labels // a name has no ID, and the rank stands by it
	}
	for _, kind := range []int{wordKind, termKind} {
		for _, twins := range alike(labels) {
			common := map[string]int{}
			for _, i := range twins {
				for _, f := range featuresOf(classes[i], kind) {
					for _, name := range f.names {
						common[f.word+name]++
					}
				}
			}
			for _, i := range twins {
				labels[i] = within(classes[i], columns[i], featuresOf(classes[i], kind), func(name string) bool { return common[name] == len(twins) })
			}
		}
	}
	for n := 4; n <= 16; n *= 2 {
		for _, twins := range alike(labels) {
			for _, i := range twins {
				digits := idDigits(classes[i], n)
				labels[i] = Short(classes[i].Fingerprint, columns[i]-ansi.StringWidth(digits)) + digits
			}
		}
	}
	return labels
}

// feature is what a label names of a kind, after a word.
type feature struct {
	word  string
	names []string
}

// featuresOf are those of a class, at last its words, or its terms, that do not stand before.
func featuresOf(c *digest.Class, kind int) []feature {
	p := partsOf(c.Fingerprint)
	if p.tables == nil {
		return nil
	}
	before := slices.Concat(p.tables, p.by)
	for _, name := range p.set {
		before = append(before, "set "+name)
	}
	for _, name := range p.per {
		before = append(before, "per "+name)
	}
	last := slices.DeleteFunc(slices.Concat(p.telling(kind), p.list), func(word string) bool { return slices.Contains(before, word) })
	return []feature{{" ", p.tables[1:]}, {" set ", p.set}, {" by ", p.by}, {" per ", p.per}, {": ", last}}
}

// within is a label of so many columns that names what is not common. Where nothing is, it is
// as short as can be.
func within(c *digest.Class, columns int, features []feature, common func(string) bool) string {
	p := partsOf(c.Fingerprint)
	if features == nil {
		return Short(c.Fingerprint, columns)
	}
	out, left := p.verb+" "+p.tables[0], ""
	if width := max(columns/2, len(p.verb)+8); ansi.StringWidth(out) > width {
		out = ansi.Truncate(out, width, "…")
	}
	for _, f := range features {
		var names []string
		for _, name := range f.names {
			if common(f.word + name) {
				left = " …"
			} else {
				names = append(names, name)
			}
		}
		if longer := appendNames(out+left, f.word, names, columns); longer != out+left {
			out, left = longer, ""
		}
	}
	return ansi.Truncate(out+left, columns, "…")
}
