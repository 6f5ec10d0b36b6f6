package digest

// maxNames bounds how many names of one kind a class counts separately. Later
// ones are counted under otherNames.
const (
	maxNames   = 50
	otherNames = "(others)"
)

// callsByName counts calls by name. Most classes have one user and one schema, and
// ten thousand maps would take more memory than all else: only where the names are
// many is there an index of them.
type callsByName struct {
	names []nameCalls
	index map[string]uint8 // nil up to fewNames
}

// fewNames are looked at one after the other.
const fewNames = 8

type nameCalls struct {
	name  string
	calls int64
}

func (t *callsByName) add(name string, n int64) {
	i, found := t.find(name)
	if !found && i == maxNames {
		i, found = t.find(otherNames)
		name = otherNames
	}
	if !found {
		t.names = append(t.names, nameCalls{name: name})
		t.note(i)
	}
	t.names[i].calls += n
}

// find returns where a name is, or would be added.
func (t *callsByName) find(name string) (i int, found bool) {
	if t.index != nil {
		if at, found := t.index[name]; found {
			return int(at), true
		}
		return min(len(t.names), maxNames), false
	}
	for i := range t.names {
		if t.names[i].name == name {
			return i, true
		}
	}
	return len(t.names), false
}

// note adds the name at i to the index, if there is one by now.
func (t *callsByName) note(i int) {
	if i == fewNames {
		t.index = make(map[string]uint8, maxNames+1)
		for j := range t.names {
			t.index[t.names[j].name] = uint8(j)
		}
	} else if t.index != nil {
		t.index[t.names[i].name] = uint8(i)
	}
}

func (t *callsByName) merge(from callsByName) {
	for _, e := range from.names {
		t.add(e.name, e.calls)
	}
}

// counts returns the calls by name; those without a name are left out.
func (t callsByName) counts() map[string]int64 {
	m := make(map[string]int64, len(t.names))
	for _, e := range t.names {
		if e.name != "" {
			m[e.name] = e.calls
		}
	}
	return m
}
