package owners

import (
	"regexp"
	"slices"
	"strings"

	"slowdigest/digest"
)

// maxTables is how many tables of a statement are looked at.
const maxTables = 64

// Of returns the owners of a query class, each once. Each table that the statement names has those of
// the last line that matches it, in the order of the tables; a statement without a table has those of
// the last line that matches the class.
//
//   - "*" matches all.
//   - user:NAME and tag:KEY=VALUE match if more than half of the calls have it, whatever the table.
//   - table:NAME matches a table, whatever its schema.
//   - table:SCHEMA.NAME and schema:NAME match a table by the schema that the statement writes; where it
//     writes none, and there is no table, by the default schema of more than half of the calls of which the log
//     names one. A table has one: where the log names none, it is not known whose it is, and it has no owner.
//
// Names of schemas and tables match in any case, as MySQL on most servers. In a fingerprint a "?" in the name of a table
// stands for digits, so that one of a pattern with other digits matches, too.
func (o *Owners) Of(c *digest.Class) []digest.Owner {
	if o == nil || len(o.lines) == 0 {
		return nil
	}
	m := matching{class: c, known: make([]verdict, len(o.lines))}
	tables := c.Tables[:min(maxTables, len(c.Tables))]
	if len(tables) == 0 {
		tables = []digest.Table{{}}
	}
	var out []digest.Owner
	for _, t := range tables {
		for i := range slices.Backward(o.lines) {
			v := m.matches(i, &o.lines[i], t)
			if v == yes {
				out = add(out, o.lines[i].owners)
			}
			if v != no {
				break
			}
		}
	}
	return out
}

// add adds those that are not there, and mentions what are.
func add(out, more []digest.Owner) []digest.Owner {
	for _, o := range more {
		i := slices.IndexFunc(out, func(have digest.Owner) bool { return have.Name == o.Name })
		if i < 0 {
			out = append(out, o)
		} else if out[i].Mention == "" {
			out[i].Mention = o.Mention
		}
	}
	return out
}

// matching compares a class with lines.
type matching struct {
	class *digest.Class
	known []verdict // of each line, of what is not of a table
}

type verdict int8

const (
	unasked verdict = iota
	yes
	no
	unknown // the log does not tell
)

func yesIf(is bool) verdict {
	if is {
		return yes
	}
	return no
}

// matches says whether a line matches a table, or the class if the table is none.
func (m *matching) matches(i int, l *line, t digest.Table) verdict {
	switch l.kind {
	case everything:
		return yes
	case ofTable:
		if t.Name == "" || !l.name.like(t.Name) {
			return no
		}
		if t.Schema != "" || !l.qualified {
			return yesIf(!l.qualified || l.schema.like(t.Schema))
		}
	case ofSchema:
		if t.Schema != "" {
			return yesIf(l.name.like(t.Schema))
		}
	}
	if m.known[i] == unasked {
		m.known[i] = mostly(m.class, l)
	}
	if m.known[i] == unknown && t.Name == "" { // it needs no schema
		return no
	}
	return m.known[i]
}

// mostly says whether more than half of the calls are of a line.
func mostly(c *digest.Class, l *line) verdict {
	var calls, of int64
	switch l.kind {
	case ofUser:
		calls, of = count(c.Users, l.name.matches)
	case ofSchema:
		calls, of = count(c.Schemas, func(s string) bool { return l.name.matches(strings.ToLower(s)) })
	case ofTable:
		calls, of = count(c.Schemas, func(s string) bool { return l.schema.matches(strings.ToLower(s)) })
	case ofTag:
		of = c.Calls
		for _, t := range c.Tags {
			if t.Key == l.key && t.Value != digest.OtherNames && l.name.matches(t.Value) {
				calls += t.Calls
			}
		}
	}
	if of == 0 && (l.kind == ofSchema || l.kind == ofTable) {
		return unknown
	}
	return yesIf(calls > of/2)
}

// count returns how many calls have a name that matches, and how many have a name.
func count(names map[string]int64, matches func(string) bool) (calls, of int64) {
	for name, n := range names {
		if name == "" {
			continue
		}
		if of += n; name != digest.OtherNames && matches(name) {
			calls += n
		}
	}
	return calls, of
}

// glob is a name in which each "*" stands for any characters, or none: what stands between them.
type glob []string

func newGlob(s string) glob { return strings.Split(s, "*") }

// like reports whether the name of a table in a fingerprint, or of its schema, is that of one which matches: there a "?"
// stands for digits.
func (g glob) like(name string) bool {
	if !strings.Contains(name, "?") {
		return g.matches(name)
	}
	masked := make(glob, len(g))
	for i, part := range g {
		masked[i] = digits.ReplaceAllString(part, "?")
	}
	return g.matches(name) || masked.matches(name)
}

var digits = regexp.MustCompile(`[0-9]+`)

// matches takes a time that grows with the length of the name and that of the pattern, and not with
// their product: the first place is the best for each part.
func (g glob) matches(name string) bool {
	first, last := g[0], g[len(g)-1]
	if len(g) == 1 {
		return name == first
	}
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range g[1 : len(g)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return true
}
