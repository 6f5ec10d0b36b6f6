package parser

import (
	"fmt"
	"strings"
	"testing"
)

// A schema's name can hold line feeds, what ends its own line, and fields, in lines of
// their own. It sets none of them.
func TestHostileSchemas(t *testing.T) {
	percona := func(schema string) string {
		return fmt.Sprintf("%s# User@Host: a[a] @ h []  Id:     7\n# Schema: %s  Last_errno: 0  Killed: 0\n"+
			"# Query_time: 0.500000  Lock_time: 0.000001  Rows_sent: 1  Rows_examined: 2  Rows_affected: 0\nSET timestamp=1795428000;\nselect 1;\n", time1, schema)
	}
	maria := func(schema string) string {
		return fmt.Sprintf("# User@Host: a[a] @ h []\n# Thread_id: 7  Schema: %s  QC_hit: No\n"+
			"# Query_time: 0.500000  Lock_time: 0.000001  Rows_sent: 1  Rows_examined: 2\n# Rows_affected: 0  Bytes_sent: 5\nSET timestamp=1795428000;\nselect 1;\n", schema)
	}
	for _, after := range []string{"  QC_hit: No", "  Last_errno: 0  Killed: 0", ""} {
		for _, lines := range []string{"", "\n# Query_time: 99999", "\n# Query_time: 9 Rows_examined: 5\n# x", "\n# Log_slow_rate_limit: 1000",
			"\n# Lock_time: 9\n# Rows_sent: 9\n", "\n# Bytes_sent: 99\n#", "\ntext", "\n\n", "\n# Query_time: 9\nSET timestamp=1;\nselect 2"} {
			name := "db" + after + lines
			for kind, entry := range map[string]func(string) string{"Percona": percona, "MariaDB": maria} {
				if len(name) > maxSchema || after == "" && lines == "" || kind == "Percona" && strings.Contains(after, "QC_hit") {
					continue
				}
				events, stats := readAll(t, strings.NewReader(entry("x")+entry(name)+entry("y")), Options{})
				if len(events) != 3 || !stats.Complete() || len(stats.Problems) > 0 {
					t.Errorf("%s, %q: %+v %+v", kind, name, events, stats)
					continue
				}
				if e := events[1]; e.Schema != name || e.QueryTime != 0.5 || e.RowsSent != 1 || e.LockTime != 1e-6 || e.Weight != 1 || string(e.SQL) != "select 1" {
					t.Errorf("%s, %q: %+v", kind, name, e)
				}
			}
		}
	}
	// What is longer than a name can be is none.
	longest := "\n# Bytes_sent: " + strings.Repeat("9", maxSchema-len("\n# Bytes_sent: 8db  QC_hit: No")) + "8"
	for _, more := range []string{"", "7"} {
		events, _ := readAll(t, strings.NewReader(maria("db  QC_hit: No"+longest+more)), Options{})
		if want := more == ""; len(events) != 1 || (events[0].Schema != "db") != want {
			t.Errorf("%q: %+v", more, events)
		}
	}
}
