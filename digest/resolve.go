package digest

import (
	"fmt"
	"slices"
	"strings"
)

// Resolve returns the ID of the one class among those remembered that id means,
// which is as ParseID takes it. Its error names the others where there are some.
func (h *History) Resolve(id string) (string, error) {
	digits, err := ParseID(id)
	if err != nil {
		return "", err
	}
	var found []string
	for known := range h.classes {
		if known == digits {
			return known, nil
		}
		if hasID(known, digits) {
			found = append(found, known)
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
