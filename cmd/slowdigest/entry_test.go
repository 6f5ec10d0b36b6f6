package main

import (
	"fmt"
	"strings"
	"testing"

	"slowdigest/parser"
)

// What a report names as the slowest call of a class, entry finds: it has that time, and the
// statement is of that class.
func TestEntryFindsTheSlowest(t *testing.T) {
	for _, name := range []string{"mysql-9-7", "mysql-9-7-extra", "mariadb-10-11", "mariadb-10-11-verbose"} {
		r := reportJSON(t, logs+name+".log", "--limit", "all")
		for _, c := range r.Classes {
			if c.Slowest == nil || c.Slowest.Offset == nil {
				t.Fatalf("%s: the slowest call of %s is not named", name, c.ID)
			}
			stdout, stderr, code := call(t, "", []string{"entry", c.Slowest.File, fmt.Sprint(*c.Slowest.Offset)})
			if code != 0 || strings.Contains(stderr, "is within") {
				t.Fatalf("%s, byte %d: exit %d: %s", name, *c.Slowest.Offset, code, stderr)
			}
			e, err := parser.New(strings.NewReader(stdout), parser.Options{}).Next()
			if err != nil || e.QueryTime != c.QueryTime.Max || e.ConnectionID != c.Slowest.ConnectionID || e.Admin != strings.HasPrefix(c.Fingerprint, "administrator command") {
				t.Errorf("%s, byte %d: %v of %s, which takes up to %v:\n%s", name, *c.Slowest.Offset, err, c.Fingerprint, c.QueryTime.Max, stdout)
			}
		}
	}
}
