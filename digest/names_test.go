package digest

import (
	"fmt"
	"testing"
)

// 50 names are counted separately, and the others together.
func TestMaxNames(t *testing.T) {
	for _, test := range []struct{ names, kept, others int }{{49, 49, 0}, {50, 50, 0}, {51, 50, 1}, {60, 50, 10}} {
		var c, merged callsByName
		for range 2 {
			for i := range test.names {
				c.add(fmt.Sprint(i), 3)
			}
		}
		c.add("", 7)
		merged.merge(c)
		merged.merge(c)
		got, doubled := c.counts(), merged.counts()
		others := int64(6 * test.others)
		kept := len(got)
		if _, ok := got[OtherNames]; ok {
			kept--
		}
		if test.names >= maxNames {
			others += 7
		}
		if kept != test.kept || got[OtherNames] != others || got["0"] != 6 || got["48"] != 6 || doubled["48"] != 12 || doubled[OtherNames] != 2*others {
			t.Errorf("%d names: %v, merged twice %v", test.names, got, doubled)
		}
		if _, ok := got[""]; ok {
			t.Errorf("%d names: calls without a name are listed", test.names)
		}
	}
}
