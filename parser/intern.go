package parser

// interner keeps one string for each user, host and schema, so that an entry
// costs no memory. It is bounded, as the names of a hostile log need not be.
type interner struct {
	names  map[string]string
	recent [16]string // by length: most entries have the names of others before them
}

const (
	maxNames = 4096
	maxName  = 256 // bytes; longer ones are not kept
)

func (n *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	recent := &n.recent[len(b)%len(n.recent)]
	if *recent == string(b) {
		return *recent
	}
	s, found := n.names[string(b)]
	if !found {
		if s = string(b); len(s) > maxName {
			return s
		}
		if n.names == nil || len(n.names) >= maxNames {
			n.names = make(map[string]string)
		}
		n.names[s] = s
	}
	*recent = s
	return s
}
