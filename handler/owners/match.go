package owners

import (
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
//     names one.
//
// Names of schemas and tables match in any case, as MySQL on most servers; a "?" in the name of a table
// stands for digits, and only a "?" or "*" matches it.
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
			if m.matches(i, &o.lines[i], t) {
				out = add(out, o.lines[i].owners)
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
	unknown verdict = iota
	yes
	no
)

// matches reports whether a line matches a table, or the class if the table is none.
func (m *matching) matches(i int, l *line, t digest.Table) bool {
	switch l.kind {
	case everything:
		return true
	case ofTable:
		if t.Name == "" || !l.name.matches(t.Name) {
			return false
		}
		if t.Schema != "" || !l.qualified {
			return !l.qualified || l.schema.matches(t.Schema)
		}
	case ofSchema:
		if t.Schema != "" {
			return l.name.matches(t.Schema)
		}
	}
	if m.known[i] == unknown {
		m.known[i] = no
		if mostly(m.class, l) {
			m.known[i] = yes
		}
	}
	return m.known[i] == yes
}

// mostly reports whether more than half of the calls are of a line.
func mostly(c *digest.Class, l *line) bool {
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
	return calls > of/2
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
