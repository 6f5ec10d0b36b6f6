package classify

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

func event(sql string) *parser.Event { return &parser.Event{SQL: []byte(sql)} }

// What a Classifier remembers is bounded.
func TestKnownIsBounded(t *testing.T) {
	var c Classifier
	for i := range 20_000 {
		c.Class(event(fmt.Sprintf("SELECT c%d_%s FROM t WHERE a = 1", i, strings.Repeat("x", 200))))
		if c.knownBytes > maxKnown || len(c.known) > maxKnown/200 {
			t.Fatalf("%d skeletons in %d bytes", len(c.known), c.knownBytes)
		}
	}
}

// A Classifier remembers skeletons up to a megabyte, and then begins anew.
func TestMaxKnown(t *testing.T) {
	const first, second = "SELECT a FROM t WHERE b = 1", "SELECT cc FROM t WHERE b = 1"
	skeleton, _, _ := fingerprint.AppendSkeleton(nil, []byte(second))
	size := len(skeleton) + knownCost
	for used, known := range map[int]int{0: 2, maxKnown - size: 2, maxKnown - size + 1: 1} {
		var c Classifier
		c.Class(event(first))
		if used > 0 {
			c.knownBytes = used
		}
		used = c.knownBytes
		c.Class(event(second))
		if want := map[int]int{1: size, 2: used + size}[known]; len(c.known) != known || c.knownBytes != want {
			t.Errorf("after %d bytes: %d skeletons in %d bytes, want %d in %d", used, len(c.known), c.knownBytes, known, want)
		}
	}
}

// A class is the same whether its skeleton is known or not, and whatever it is of.
func TestClass(t *testing.T) {
	for _, sql := range []string{"SELECT a FROM t WHERE b IN (1, 2, 3)", "select 1 /* 2 */", "", "/* 1 */", "select $$"} {
		var c, other Classifier
		other.Of = "\x00orders-1"
		first, again, apart := c.Class(event(sql)), c.Class(event(sql)), other.Class(event(sql))
		if first != again || first.Key == apart.Key || first.Members != apart.Members {
			t.Errorf("%s: %v, %v, %v", sql, first, again, apart)
		}
		if text := c.AppendFingerprint(nil, event(sql)); len(text) == 0 || Key(md5.Sum(text)) != first.Key {
			t.Errorf("%s: %s is of another class", sql, text)
		}
	}
	if got := new(Classifier).Class(event("SELECT a FROM t WHERE b IN (1, 2, 3)")).Members; got != 3 {
		t.Errorf("%d members of 3", got)
	}
}
