package digest

// maxNames bounds how many names of one kind a class tells apart. What comes
// after them is counted under otherNames.
const (
	maxNames   = 50
	otherNames = "(others)"
)

// tally counts calls by name. A slice, for most classes have one user and one
// schema, and ten thousand maps would weigh more than all else.
type tally []struct {
	name  string
	calls int64
}

func (t *tally) add(name string, n int64) {
	for i := range *t {
		if (*t)[i].name == name {
			(*t)[i].calls += n
			return
		}
	}
	if len(*t) == maxNames {
		name = otherNames
	}
	if len(*t) > maxNames {
		(*t)[maxNames].calls += n
		return
	}
	*t = append(*t, struct {
		name  string
		calls int64
	}{name, n})
}

// names returns the counts; entries without a name are left out.
func (t tally) names() map[string]int64 {
	m := make(map[string]int64, len(t))
	for _, e := range t {
		if e.name != "" {
			m[e.name] = e.calls
		}
	}
	return m
}
