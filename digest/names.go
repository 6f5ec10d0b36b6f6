package digest

// maxNames bounds how many names of one kind a class counts separately. Later
// ones are counted under otherNames.
const (
	maxNames   = 50
	otherNames = "(others)"
)

// callsByName counts calls by name. It is a slice, for most classes have one user
// and one schema, and ten thousand maps would take more memory than all else.
type callsByName []nameCalls

type nameCalls struct {
	name  string
	calls int64
}

func (t *callsByName) add(name string, n int64) {
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
	*t = append(*t, nameCalls{name, n})
}

func (t *callsByName) merge(from callsByName) {
	for _, e := range from {
		t.add(e.name, e.calls)
	}
}

// counts returns the calls by name; those without a name are left out.
func (t callsByName) counts() map[string]int64 {
	m := make(map[string]int64, len(t))
	for _, e := range t {
		if e.name != "" {
			m[e.name] = e.calls
		}
	}
	return m
}
