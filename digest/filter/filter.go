// Package filter compiles a condition on the entries of a slow log, such as
//
//	rows_examined > 1e6 and schema == "shop"
//
// The language is that of Python's expressions, parsed by go.starlark.net/syntax: a package of the
// whole language that looks methods up by name, as github.com/expr-lang/expr does, makes the linker
// keep every method of the clients of AWS, 6.6 MB, and this one adds 0.1 MB. What is parsed is made
// into closures of known types here, so that a wrong condition is refused before anything is read.
//
// An entry need not tell each field. What follows from one that it does not tell is unknown, as in
// SQL: not unknown is unknown, and "unknown or True" is True.
package filter

import (
	"slices"
	"strings"
	"unicode/utf8"

	"slowdigest/parser"
	"slowdigest/parser/tags"
)

// maxText is the most bytes of a condition.
const maxText = 4096

// Condition is a condition that was compiled. It is safe for concurrent use.
type Condition struct {
	holds func(*call) truth
	used  Missing // the fields in it
	rooms int     // copies that it makes of texts
	tags  []string
	shown string
}

// Parse compiles a condition. Its error is an *Error.
func Parse(text string) (*Condition, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	c := compiler{source: text}
	n, err := c.parse()
	if err != nil {
		if h := habit(text); h != nil { // which says more than what it made of the rest
			return nil, h
		}
		return nil, err
	}
	return &Condition{holds: n.holds, used: c.used, rooms: c.rooms, tags: c.tags, shown: n.shown}, nil
}

// String is the condition as others may see it: a question mark stands for each text that is
// compared with the statement, for such a text may be a literal.
func (c *Condition) String() string { return c.shown }

// Uses reports whether a field, by its first name, is in the condition.
func (c *Condition) Uses(field string) bool { return c.used&(1<<find(field)) != 0 }

// TagKeys are the keys of the tags that the condition asks for.
func (c *Condition) TagKeys() []string { return c.tags }

// Matcher returns what judges the entries of one log of an instance. It belongs to one goroutine.
func (c *Condition) Matcher(instance string) *Matcher {
	return &Matcher{condition: c, call: call{instance: instance, rooms: make([][]byte, c.rooms)}}
}

// Matcher judges entries.
type Matcher struct {
	Tags []tags.Tag // of the entry that is judged next, where the condition asks for tags

	condition *Condition
	call      call
}

// Match reports whether the condition holds for an entry. Where that is unknown it does not, and
// missing states why; else missing is zero.
func (m *Matcher) Match(e *parser.Event) (holds bool, missing Missing) {
	m.call.Event, m.call.tags, m.call.missing = e, m.Tags, 0
	switch m.condition.holds(&m.call) {
	case yes:
		return true, 0
	case no:
		return false, 0
	}
	return false, m.call.missing
}

// Missing is a set of reasons for which it is unknown whether a condition holds: the indices of
// fields that an entry does not tell, and noNumber.
type Missing uint64

// noNumber stands for a calculation that has no result.
const noNumber Missing = 1 << 63

// Reasons are the names of the fields, and NoNumber.
func (m Missing) Reasons() []string {
	var reasons []string
	for i := range fields {
		if m&(1<<i) != 0 {
			reasons = append(reasons, fields[i].Name)
		}
	}
	if m&noNumber != 0 {
		reasons = append(reasons, NoNumber)
	}
	return reasons
}

// NoNumber is what an entry lacks where a calculation has no result, as a division by zero.
const NoNumber = "a divisor other than 0"

// call is an entry while it is judged.
type call struct {
	*parser.Event
	tags     []tags.Tag
	instance string
	rooms    [][]byte // for copies of texts, each used by one place of the condition
	missing  Missing  // of what was asked for
}

// tells reports whether the entry tells a field, and notes it where it does not.
func (c *call) tells(i int) bool {
	if fields[i].told(c) {
		return true
	}
	c.missing |= 1 << i
	return false
}

// truth is what a condition comes to.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func checkText(text string) error {
	switch bad := strings.IndexFunc(text, func(r rune) bool {
		return r == utf8.RuneError || r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0x7f
	}); {
	case len(text) > maxText:
		return &Error{Line: 1, Column: 1, Reason: "it is longer than 4096 bytes", source: text}
	case bad >= 0:
		line, column := place(text, bad)
		return &Error{Line: line, Column: column, Reason: "there is a control character, or no UTF-8", source: text}
	}
	return nil
}

// known are the names that a condition may use.
func known() []string {
	var names []string
	for i := range fields {
		names = append(append(names, fields[i].Name), fields[i].Others...)
	}
	return append(names, "matches", "True", "False", "None", "and", "or", "not", "in")
}

// find returns the index of a field by one of its names, and -1 if there is none.
func find(name string) int {
	return slices.IndexFunc(fields, func(f Field) bool { return f.Name == name || slices.Contains(f.Others, name) })
}
