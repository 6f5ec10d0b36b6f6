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

// The error lists five classes at most, in order.
func TestResolveLists(t *testing.T) {
	h := History{classes: map[string]*past{}}
	var ids []string
	for i := range 6 {
		ids = append(ids, "ABC"+strings.Repeat(string('0'+rune(i)), 29))
	}
	for n, id := range ids {
		h.classes[id] = &past{}
		_, err := h.Resolve("abc")
		if n == 0 {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if want := "query ABC is not the only one: " + strings.Join(ids[:min(n+1, 5)], ", "); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestKeyOfID(t *testing.T) {
	key := classKey{0x01, 0xAB, 15: 0xFF}
	if id := key.ID(); id != "01AB00000000000000000000000000FF" || keyOf(id) != key {
		t.Errorf("%s", id)
	}
}

func TestParseID(t *testing.T) {
	for s, want := range map[string]string{"0x1fE1379FE2A31B8D": "1FE1379FE2A31B8D", "1f": "1F", "16219655761820A2": "16219655761820A2",
		strings.Repeat("a", 32): strings.Repeat("A", 32)} {
		if got, err := ParseID(s); err != nil || got != want {
			t.Errorf("ParseID(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0x", "select", strings.Repeat("A", 33), "1 2"} {
		if got, err := ParseID(s); err == nil {
			t.Errorf("ParseID(%q) = %q, want an error", s, got)
		}
	}
}
