package fingerprint

// text is a statement. Its methods look at single bytes and may be asked for any
// index: past the end is nothing.
type text []byte

// Classes of bytes.
const (
	isSpace  = 1 << iota // white space, and every other control character
	isDigit              // 0 to 9
	isHex                // 0 to 9, a to f, A to F
	isLetter             // what an identifier is made of, digits aside
	isUpper              // A to Z
	isHigh               // beyond ASCII
	isMask               // the question mark
)

var byteClass = func() (c [256]byte) {
	for b := range 256 {
		switch {
		case b <= ' ' || b == 0x7f:
			c[b] = isSpace
		case '0' <= b && b <= '9':
			c[b] = isDigit | isHex
		case 'a' <= b && b <= 'z', b == '_', b == '$':
			c[b] = isLetter
		case 'A' <= b && b <= 'Z':
			c[b] = isLetter | isUpper
		case b >= 0x80:
			c[b] = isLetter | isHigh
		case b == '?':
			c[b] = isMask
		}
		if 'a' <= b|0x20 && b|0x20 <= 'f' && c[b]&isLetter != 0 {
			c[b] |= isHex
		}
	}
	return c
}()

// at returns the byte at i, 0 past the end.
func (s text) at(i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// is reports whether the byte at i is of one of the classes.
func (s text) is(i int, classes byte) bool {
	return byteClass[s.at(i)]&classes != 0 && i < len(s)
}

// span returns the first index from i on whose byte is in none of the classes.
func (s text) span(i int, classes byte) int {
	for i < len(s) && byteClass[s[i]]&classes != 0 {
		i++
	}
	return i
}
