package fingerprint

import "bytes"

// args folds the arguments of a function that takes any number of them. A run of
// literals is "?+"; other arguments that are alike are one. Positions are positions in dst.
type args struct {
	anyNumber

	at     int // where the arguments at hand begin
	read   int // how many of them have ended
	last   run
	length int // how many last stands for
}

const literalArgs = "?+"

// endArg ends an argument before a comma or the parenthesis.
func (n *nesting) endArg(a *args) {
	a.read++
	if a.fixed > 0 {
		a.fixed--
	} else if a.read < int(a.size) && !a.isFolded(n.dst) {
		return
	} else {
		n.foldArgs(a)
	}
	a.read, a.at = 0, len(n.dst)+len(",")
}

// isFolded reports whether the arguments at hand are what stands for some in a fingerprint.
func (a *args) isFolded(dst []byte) bool {
	return string(bytes.TrimLeft(dst[a.at:], " ")) == "? +"
}

// isLiteral reports whether the arguments at hand are nothing but literals.
func (a *args) isLiteral(text []byte) bool {
	for i := range a.read {
		if i > 0 {
			if !bytes.HasPrefix(text, []byte(", ")) {
				return false
			}
			text = text[2:]
		}
		if len(text) == 0 || text[0] != '?' {
			return false
		}
		text = text[1:]
	}
	return len(text) == 0
}

// foldArgs ends arguments that belong together.
func (n *nesting) foldArgs(a *args) {
	at := min(n.skipBlank(a.at), len(n.dst))
	text := n.dst[at:]
	charset := bytes.Index(text, []byte(" using ")) // of CHAR, after its last argument
	if charset >= 0 {
		text = text[:charset]
	}
	end := at + len(text)
	if a.isFolded(n.dst) || a.read == int(a.size) && a.isLiteral(text) {
		n.replace(at, end, literalArgs)
		end = at + len(literalArgs)
	}
	if a.length > 0 && a.last.repeated(&n.writer, n.dst[at:end]) && bytes.IndexByte(n.dst[at:end], '?') >= 0 {
		n.remove(a.last.end, end)
		a.length++
		n.longest = max(n.longest, a.length)
		return
	}
	a.last, a.length = run{at, end}, 1
}
