package digest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// classKey holds the MD5 of the fingerprint: the query ID before it is printed.
type classKey [md5.Size]byte

// id returns the query ID, as Class.ID.
func (k classKey) id() string { return fmt.Sprintf("%X", k[:]) }

// keyOf returns the key whose id this is.
func keyOf(id string) (k classKey) {
	_, _ = hex.Decode(k[:], []byte(id)) // written by id
	return k
}

// ParseID reads what names a query class: its query ID, the 16 digits of it that
// digests and Percona's tools show, or the beginning of either.
func ParseID(s string) (string, error) {
	id := strings.ToUpper(s)
	id = strings.TrimPrefix(id, "0X")
	if id == "" || len(id) > 2*len(classKey{}) || strings.Trim(id, "0123456789ABCDEF") != "" {
		return "", fmt.Errorf("query ID %q: want its hexadecimal digits, or the first of them", s)
	}
	return id, nil
}

// hasID reports whether digits, as ParseID returns them, are of the class.
func hasID(id, digits string) bool {
	return strings.HasPrefix(id, digits) || strings.HasPrefix(id[len(id)/2:], digits)
}

// resolveID returns the one of the known IDs that id, as ParseID reads it, stands
// for. Its error lists them where there are several.
func resolveID(id string, known iter.Seq[string]) (string, error) {
	digits, err := ParseID(id)
	if err != nil {
		return "", err
	}
	var found []string
	for k := range known {
		if k == digits {
			return k, nil
		}
		if hasID(k, digits) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(digits) == 2*len(classKey{}): // in full, it can also be one that is still to come
		return digits, nil
	case len(found) == 0:
		return "", fmt.Errorf("query %s is not remembered: use the ID as the digest shows it", digits)
	}
	slices.Sort(found)
	return "", fmt.Errorf("query %s is not the only one: %s", digits, strings.Join(found[:min(5, len(found))], ", "))
}
