package redact

import (
	"fmt"
	"math"
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
// The one that was known first keeps its form, and the others name more of their statement: what
// fewest of the others have, and that alone. Where no word differs they have the first digits of
// their IDs. Where none was first, all do.
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
	labels, of := make([]string, len(classes)), make([]parts, len(classes))
	for i := range classes {
		of[i] = partsOf(classes[i].Fingerprint)
		labels[i] = of[i].name(&classes[i])
	}
	for again := true; again; {
		again = false
		for _, twins := range alike(labels) {
			for _, i := range tellApart(classes, of, twins) {
				labels[i], again = of[i].name(&classes[i]), true
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
// whether it names what is selected, or in addition 4, 8 or 16 digits of the ID. Each byte above the
// first is a word that it names, from 1 on: see with. A form only grows.
const (
	listForm   = 1
	lastForm   = 4
	digitsForm = 7 // the lowest bits
	wordBits   = 8
	maxNamed   = 6  // words in a form
	maxWords   = 60 // of a kind that can be in one
	maxWord    = 60 // columns of each
)

// The kinds of words, in the order of how well they read.
const (
	wordKind    = iota // of parts.words
	columnKind         // of the list that is selected, where that is too long to be named
	termKind           // of the text, whatever it says
	withoutKind        // what most statements do not have, and this one does not
	kinds
)

// withouts say that a statement has no words that begin so.
var withouts = []struct {
	says  string
	words []string
}{{"no lock", []string{"for ", "lock "}}, {"no limit", []string{"limit"}}, {"no order", []string{"order by "}}, {"not distinct", []string{"distinct"}}}

// telling returns the words of a kind, in their order. A statement of which the end is cut has the first of them.
func (p parts) telling(kind int) []string {
	switch kind {
	case wordKind:
		return p.words
	case columnKind:
		var out []string
		for _, column := range p.list[:min(len(p.list), maxWords)] {
			out = append(out, "with "+column)
		}
		return out
	case termKind:
		return p.terms
	}
	var out []string
	for _, x := range withouts {
		out = append(out, x.says)
	}
	return out
}

// has reports whether a statement has the word of a kind that it could be named by.
func (p parts) has(kind, word int) bool {
	return kind != withoutKind || !slices.ContainsFunc(p.words, func(w string) bool {
		return slices.ContainsFunc(withouts[word].words, func(start string) bool { return strings.HasPrefix(w, start) })
	})
}

// named are the words that a form names.
func (p parts) named(form int) []string {
	var out []string
	for form >>= wordBits; form > 0; form >>= wordBits {
		n := form&(1<<wordBits-1) - 1
		if n < 0 || n >= kinds*maxWords {
			continue
		}
		if all := p.telling(n / maxWords); n%maxWords < len(all) {
			out = append(out, all[n%maxWords])
		}
	}
	return out
}

// with is a form that names one more word, or the same where it has no room.
func with(form, kind, word int) int {
	for n := 1; n <= maxNamed; n++ {
		if form>>(n*wordBits) == 0 {
			return form | (kind*maxWords+word+1)<<(n*wordBits)
		}
	}
	return form
}

// tellApart gives some of the classes, which are called the same, another form, and returns
// which: those that have any word that not all have and, where none has, all.
func tellApart(classes []digest.Class, of []parts, twins []int) []int {
	first := earliest(classes, twins)
	have := map[string]int{} // how many have a word
	// As they are called the same, all have the same room for a list.
	room := labelWidth + moreWidth - ansi.StringWidth(of[twins[0]].name(&classes[twins[0]])+": ")
	for _, i := range twins {
		have[listKey(of[i], room)]++
		for kind := range kinds {
			for word, text := range of[i].telling(kind) {
				if of[i].has(kind, word) {
					have[wordKey(kind, text)]++
				}
			}
		}
	}
	// What says that something is not there is for those that have nothing else.
	for _, among := range [][]int{{wordKind, columnKind, termKind}, {withoutKind}} {
		var changed []int
		for _, i := range twins {
			if i != first && of[i].tellBy(&classes[i], among, have, room, len(twins)) {
				changed = append(changed, i)
			}
		}
		if changed != nil {
			return changed
		}
	}
	var changed []int
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

// wordKey is a word of a kind where case does not matter.
func wordKey(kind int, text string) string { return strings.ToLower(fmt.Sprint(kind, text)) }

// listKey is the list that is selected, as a key; it is named whole or as a number of columns.
func listKey(p parts, room int) string {
	return wordKey(kinds, strings.Join(p.listWithin(room), ", "))
}

// tellBy makes the form of a class name what fewest of so many have: a word that it alone has, if there is
// one, and such as read well before others. It reports whether there is any that not all have.
func (p parts) tellBy(c *digest.Class, among []int, have map[string]int, room, all int) bool {
	form, least := c.Form, math.MaxInt
	try := func(next, n int, reads bool) {
		score := 2 * n
		if !reads && n == 1 {
			score = 3
		} else if !reads {
			score += 2 * all
		}
		if n < all && score < least && next != c.Form {
			form, least = next, score
		}
	}
	if among[0] == wordKind && p.list != nil && c.Form&digitsForm == 0 {
		try(c.Form|listForm, have[listKey(p, room)], true)
	}
	named := p.named(c.Form)
	for _, kind := range among {
		for word, text := range p.telling(kind) {
			if next := with(c.Form, kind, word); p.has(kind, word) && !slices.Contains(named, text) && p.fits(c, next) {
				try(next, have[wordKey(kind, text)], kind == wordKind)
			}
		}
	}
	if form == c.Form {
		return false
	}
	c.Form = form
	for word, text := range p.words { // what differs further, where it costs nothing
		next := with(c.Form, wordKind, word)
		if words := p.named(c.Form); len(words) == 0 || len(words) > 2 || c.Form&digitsForm > 0 || slices.Contains(words, text) || have[wordKey(wordKind, text)] > 1 {
			continue
		}
		if ansi.StringWidth(p.plain(c.Fingerprint)+": "+strings.Join(p.named(next), ", ")) <= labelWidth+moreWidth {
			c.Form = next
		}
	}
	return true
}

// fits reports whether there is room for what a form names. There always is for one word.
func (p parts) fits(c *digest.Class, form int) bool {
	named := p.named(form)
	return len(named) < 2 || ansi.StringWidth(strings.Join(named, ", ")) <= labelWidth+moreWidth-leastWidth
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
func Name(c *digest.Class) string { return partsOf(c.Fingerprint).name(c) }

func (p parts) name(c *digest.Class) string {
	const most = labelWidth + moreWidth
	name := p.plain(c.Fingerprint)
	words := p.named(c.Form)
	more := strings.Join(words, ", ")
	if room := max(most-ansi.StringWidth(": "+more), leastWidth); words != nil && room < ansi.StringWidth(name) {
		name = p.short(c.Fingerprint, room)
	}
	digits := c.Form & digitsForm
	if digits > 0 && p.list != nil {
		room := most - ansi.StringWidth(name+": ")
		if words != nil {
			room -= ansi.StringWidth(more + ", ")
		}
		words = slices.Concat(p.listWithin(room), words)
	}
	if words != nil {
		name += ": " + strings.Join(words, ", ")
	}
	if n := digits - listForm; n > 0 && c.ID != "" {
		name += idDigits(c, 2<<n)
	}
	return name
}

// leastWidth is how many columns at least are for a label before what it names more.
const leastWidth = 24

// plain is a label that names nothing more. A long one has more room rather than no column by which
// rows are looked up, and only where that is not enough the name of its table loses its end.
func (p parts) plain(fingerprint string) string {
	for _, columns := range []int{labelWidth, labelWidth + moreWidth} {
		name := p.short(fingerprint, columns)
		if p.tables == nil || p.by == nil || strings.Contains(strings.TrimSuffix(name, " by …"), " by ") {
			return name
		}
	}
	by := shortest(" by ", p.by)
	room := max(labelWidth+moreWidth-ansi.StringWidth(by), leastWidth)
	return ansi.Truncate(ansi.Truncate(p.verb+" "+p.tables[0], room, "…")+by, labelWidth+moreWidth, "…")
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
	return partsOf(fingerprint).short(fingerprint, columns)
}

func (p parts) short(fingerprint string, columns int) string {
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
