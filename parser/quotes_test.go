package parser

import (
	"strings"
	"testing"
)

// TestMariaDBComment: a quote in a comment of MariaDB's opens nothing, as the fingerprint
// leaves the comment out.
func TestMariaDBComment(t *testing.T) {
	for _, d := range dialects {
		for _, comment := range []string{"/*M! it's */", `/*M!100100 5" of */`, "/*M!' */ 'it''s' /*M! '*/"} {
			sql := "select 1 " + comment + " from t"
			events, stats := readAll(t, strings.NewReader(d.banner+d.entry(0, "select 0")+d.entry(1, sql)+d.entry(2, "select 'x'")), Options{})
			if len(events) != 3 || string(events[1].SQL) != sql || !stats.Complete() {
				t.Errorf("%s: %d events, %+v", comment, len(events), stats)
			}
		}
	}
}
