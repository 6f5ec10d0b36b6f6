package parser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// readingFields are the schema, the rows sent and the temporary tables of an entry.
var readingFields = map[string]string{
	"greatsql_extra_inline": "sbtest 1 1",
	"schema_single_space":   "sbtest 1 0",
	"percona_query_info":    "imdb 4 0",
}

// TestReading reads small logs as they reach a desk: with lines between the entries,
// blanks lost, a prefix before each entry, fields of forks.
func TestReading(t *testing.T) {
	three := "0.1: select a from t|900: delete from orders where x = 1|0.1: select c from t"
	for name, tt := range map[string]struct {
		want     string // seconds and statement of each entry, then the problems
		complete bool
	}{
		"swallow-blank-line":        {three, true},
		"swallow-trailing-space":    {three, true},
		"between-space-line":        {three, true},
		"crlf-mixed-blank":          {three, true},
		"end-blank-line":            {three, true},
		"swallow-stray-line":        {three + "|text that belongs to no entry at 189", false},
		"whitespace_collapsed_hour": {"2.461578: SELECT 1|2.461578: SELECT 2", true},
		"time_garbled":              {`0.5: select 1|0.5: select 2|0.5: select 3|"# Time:" that cannot be read at 196`, true},
		"greatsql_extra_inline":     {"0.00102: select 1", true},
		"schema_single_space":       {"0.1: select 1", true},
		"percona_query_info":        {"7.815071: SELECT id,title,production_year FROM title WHERE title = 'Bambi'", true},
		"empty_stmt_comment_only":   {"0.5: -- ping\n|0.5: /* ping */|0.5: # ping\n", true},
		"blank-between-all":         {"300 entries", true},
		"hostile-names":             {"30 entries", true}, // of a real MariaDB
		"awslogstail":               {"23 entries|log ends within a header at 5858", false},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "reading", name+".log"))
			if err != nil {
				t.Fatal(err)
			}
			events, stats := readAll(t, bytes.NewReader(text), Options{})
			var got []string
			for _, e := range events {
				got = append(got, fmt.Sprintf("%v: %s", e.QueryTime, e.SQL))
				if want := readingFields[name]; want != "" && fmt.Sprintf("%s %d %d", e.Schema, e.RowsSent, e.TmpTables) != want {
					t.Errorf("%+v, want %s", e, want)
				}
				if strings.HasPrefix(name, "hostile") && (e.QueryTime > 1 || e.Weight != 1 || e.Host != "localhost" || strings.HasPrefix(e.User, "e")) {
					t.Errorf("a name set a field: %+v", e)
				}
				if e.Cut {
					t.Errorf("cut: %+v", e)
				}
			}
			for _, p := range stats.Problems {
				got = append(got, fmt.Sprintf("%s at %d", p.Reason, p.Offsets[0]))
			}
			s := strings.Join(got, "|")
			if strings.Contains(tt.want, " entries") {
				s = strings.Join(append([]string{fmt.Sprintf("%d entries", len(events))}, got[len(events):]...), "|")
			}
			if s != tt.want || stats.Complete() != tt.complete {
				t.Errorf("got  %s\nwant %s\n%+v", s, tt.want, stats)
			}
			if again, _ := readAll(t, iotest.OneByteReader(bytes.NewReader(text)), Options{}); fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", events) {
				t.Error("bytes one by one are read in another way")
			}
		})
	}
}
