package parser

// interner keeps one string for each user, host and schema, so that an entry
// costs no memory. It is bounded, as the names of a hostile log need not be.
type interner map[string]string

const (
	maxNames = 4096
	maxName  = 256 // bytes; longer ones are not kept
)

func (n *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := (*n)[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) > maxName {
		return s
	}
	if *n == nil || len(*n) >= maxNames {
		*n = make(interner)
	}
	(*n)[s] = s
	return s
}
