package redact

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

// labelWidth is how many columns a Class.Label has at most, if that makes it unique.
const labelWidth = 44

// moreWidth is how many more one has that names more of the statement.
const moreWidth = 16

// Label sets the labels of classes, none of which are the same but for case: see TellApart.
func Label(classes []digest.Class) {
	for i, label := range apart(classes) {
		classes[i].Label = label
	}
}

// TellApart sets the forms of the labels of classes so that no two labels are the same.
// The one that was known first keeps its form, and the others name more of their statement:
// the first that differs of what they select, of their clauses and of how they compare columns
// and, where none does, the first digits of their IDs. Where none was first, all do.
// Class.Label becomes what others may see of it, for it is remembered.
func TellApart(classes []digest.Class) {
	for i, label := range apart(classes) {
		classes[i].Label = known(label)
	}
}

// known is a label that was remembered, as others may see it; empty where it may hold a secret.
func known(label string) string {
	if text := Text(label, MaxName); text == label {
		return label
	}
	return ""
}

// apart returns the labels in these forms.
func apart(classes []digest.Class) []string {
	labels := make([]string, len(classes))
	for i := range classes {
		labels[i] = Name(&classes[i])
	}
	for again := true; again; {
		again = false
		for _, twins := range alike(labels) {
			for _, i := range tellApart(classes, twins) {
				labels[i], again = Name(&classes[i]), true
			}
		}
	}
	return labels
}

// alike returns where labels are that are the same but for case.
func alike(labels []string) [][]int {
	at := map[string][]int{}
	for i, label := range labels {
		key := strings.ToLower(label)
		at[key] = append(at[key], i)
	}
	var out [][]int
	for _, twins := range at {
		if len(twins) > 1 {
			out = append(out, twins)
		}
	}
	return out
}

// The forms of a label, beyond the one that is as short as can be. In the lowest bits stands
// whether it names what is selected, or in addition 4, 8 or 16 digits of the ID, and in two
// others whether it names clauses and comparisons. A form only grows.
const (
	listForm     = 1
	lastForm     = 4
	digitsForm   = 7 // the lowest bits
	clausesForm  = 8
	comparedForm = 16
)

// more is what a form names of a statement.
func (p parts) more(form int) []string {
	switch form {
	case clausesForm:
		return p.clauses
	case comparedForm:
		return p.compared
	}
	return p.list
}

// names reports whether the label of a class names that of its statement.
func names(c *digest.Class, form int) bool {
	return c.Form&form != 0 && form != listForm || c.Form&digitsForm != 0 && form == listForm
}

// tellApart gives some of the classes, which are called the same, another form, and returns
// which: those that have anything to name that differs and, where none has, all.
func tellApart(classes []digest.Class, twins []int) []int {
	first := earliest(classes, twins)
	of := make([]parts, len(twins))
	for k, i := range twins {
		of[k] = partsOf(classes[i].Fingerprint)
	}
	reference := of[max(0, slices.Index(twins, first))]
	var changed []int
	for _, form := range []int{listForm, clausesForm, comparedForm} {
		differs := func(p parts) bool { return !slices.Equal(p.more(form), reference.more(form)) }
		some := slices.ContainsFunc(of, differs)
		for k, i := range twins {
			c := &classes[i]
			if i == first || !some || first >= 0 && !differs(of[k]) || of[k].more(form) == nil || names(c, form) || slices.Contains(changed, i) {
				continue
			}
			c.Form |= form
			changed = append(changed, i)
		}
	}
	if changed != nil {
		return changed
	}
	for _, i := range twins {
		if c := &classes[i]; i != first && c.Form&digitsForm < lastForm {
			if c.Form&digitsForm == 0 {
				c.Form++
			}
			c.Form++
			changed = append(changed, i)
		}
	}
	return changed
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

// Name is the label of a class in its form.
func Name(c *digest.Class) string {
	name := Short(c.Fingerprint, labelWidth)
	if c.Form > 0 {
		p := partsOf(c.Fingerprint)
		var more []string
		for _, form := range []int{clausesForm, comparedForm} {
			if names(c, form) {
				more = append(more, p.more(form)...)
			}
		}
		if names(c, listForm) {
			more = append(more, p.listWithin(labelWidth+moreWidth-ansi.StringWidth(name+": "))...)
		}
		name = appendNames(name, ": ", more, labelWidth+moreWidth)
	}
	if n := c.Form&digitsForm - listForm; n > 0 && c.ID != "" {
		name += idDigits(c, 2<<n)
	}
	return name
}

// listWithin is what is selected, or how many columns: it is never cut.
func (p parts) listWithin(width int) []string {
	if n := len(p.list); n > 1 && ansi.StringWidth(strings.Join(p.list, ", ")) > width {
		return []string{fmt.Sprintf("%d columns", n)}
	}
	return p.list
}

// idDigits are the first of the ID, as the end of a label.
func idDigits(c *digest.Class, n int) string {
	id := ShortID(c.ID)
	return " · " + id[:min(len(id), n)]
}

// Within returns the labels of classes, each in so many columns of the screen. What is too long
// loses whole names, those first that all have which would be called the same; and where
// that does not tell them apart, it has the first digits of the ID.
func Within(classes []*digest.Class, columns []int) []string {
	labels := make([]string, len(classes))
	for i, c := range classes {
		if labels[i] = c.Label; ansi.StringWidth(c.Label) > columns[i] {
			labels[i] = within(c, columns[i], nil)
		}
	}
	for _, twins := range alike(labels) {
		common := map[string]int{}
		for _, i := range twins {
			for _, f := range featuresOf(classes[i]) {
				for _, name := range f.names {
					common[f.word+name]++
				}
			}
		}
		for _, i := range twins {
			labels[i] = within(classes[i], columns[i], func(name string) bool { return common[name] == len(twins) })
		}
	}
	for n := 4; n <= 16; n *= 2 {
		for _, twins := range alike(labels) {
			for _, i := range twins {
				digits := idDigits(classes[i], n)
				labels[i] = within(classes[i], columns[i]-ansi.StringWidth(digits), nil) + digits
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

func featuresOf(c *digest.Class) []feature {
	p := partsOf(c.Fingerprint)
	return []feature{{" ", p.tables[min(1, len(p.tables)):]}, {" set ", p.set}, {" by ", p.by}, {" per ", p.per}, {": ", slices.Concat(p.clauses, p.compared, p.list)}}
}

// within is a label of so many columns that names what is not common. Where nothing is, it is
// as short as can be.
func within(c *digest.Class, columns int, common func(string) bool) string {
	p := partsOf(c.Fingerprint)
	if common == nil || p.tables == nil {
		return Short(c.Fingerprint, columns)
	}
	out, left := p.verb+" "+p.tables[0], ""
	if width := max(columns/2, len(p.verb)+8); ansi.StringWidth(out) > width {
		out = ansi.Truncate(out, width, "…")
	}
	for _, f := range featuresOf(c) {
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
	// What is not named would read as a statement of the whole table, so that a condition
	// takes its room before further tables and what is set.
	by := shortest(" by ", p.by)
	if ansi.StringWidth(appendNames(p.verb, " ", p.tables, 0)+by) > columns && by != "" {
		by = " by …"
	}
	out := p.verb
	for i, list := range [][]string{p.tables, p.set} {
		out = appendNames(out, []string{" ", " set "}[i], list, columns-ansi.StringWidth(by))
	}
	if out = appendNames(out, " by ", p.by, columns); by == " by …" && ansi.StringWidth(out+by) <= columns {
		out += by
	}
	return ansi.Truncate(appendNames(out, " per ", p.per, columns), columns, "…")
}

// shortest is the first of the names, and how many more there are.
func shortest(word string, names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return word + names[0]
	}
	return fmt.Sprintf("%s%s +%d", word, names[0], len(names)-1)
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
