package redact

import (
	"slices"
	"strings"

	"slowdigest/digest"
)

// Groups sets the labels of classes that are groups, and of their query classes: of names as
// name makes them, and of statements as statement does.
func Groups(by digest.By, classes []digest.Class, name, statement func(string) string) {
	var queries []digest.Class
	at := map[string]int{}
	for i := range classes {
		if classes[i].Group == nil {
			classes[i].Group = new(digest.Group)
		}
		g := *classes[i].Group
		g.Queries = slices.Clone(g.Queries)
		for k := range g.Queries {
			q := &g.Queries[k]
			if q.ID, q.Fingerprint = Clean(Cut(q.ID, MaxName)), statement(q.Fingerprint); at[q.ID] == 0 {
				queries = append(queries, digest.Class{ID: q.ID, Fingerprint: q.Fingerprint})
				at[q.ID] = len(queries)
			}
		}
		g.Name, g.By = name(g.Name), by
		classes[i].Group, classes[i].Label = &g, groupLabel(&g)
	}
	Label(queries)
	for i := range classes {
		for k := range classes[i].Group.Queries {
			q := &classes[i].Group.Queries[k]
			q.Label = queries[at[q.ID]-1].Label
		}
	}
}

// NoName stands for the name of a user, host or schema where the log has none.
const NoName = "(none)"

// groupLabel is what a group is called. A name that might be taken for another thing than a name
// is in quotes.
func groupLabel(g *digest.Group) string {
	switch {
	case g.None:
		return NoName
	case g.Name == "" || strings.HasPrefix(g.Name, "("):
		return `"` + g.Name + `"`
	}
	return g.Name
}

// NameForCLI is a name as who can read the log may see it.
func NameForCLI(name string) string {
	const most = 256 // characters: those of the longest name of a host
	return Cut(Clean(name), most)
}

// nameForOthers is a name as others may see it. That it is withheld is no part of it.
func nameForOthers(name string) string { return Text(name, MaxName) }
