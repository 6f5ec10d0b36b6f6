package digest

import (
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	const a, b = "0123456789ABCDEF0123456789ABCDEF", "0123456789ABCDEFFEDCBA9876543210"
	h := History{classes: map[string]*past{a: {}, b: {}}}
	for given, want := range map[string]string{
		a: a, "0x" + strings.ToLower(b): b, "fedcba98": b, "FEDCBA9876543210": b, strings.Repeat("A", 32): strings.Repeat("A", 32),
	} {
		if got, err := h.Resolve(given); got != want || err != nil {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
	for given, want := range map[string]string{
		"0123": "not the only one: " + a + ", " + b, "ABCD": "not remembered", "orders": "hexadecimal", "": "hexadecimal",
	} {
		if got, err := h.Resolve(given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v; want %s", given, got, err, want)
		}
	}
}
