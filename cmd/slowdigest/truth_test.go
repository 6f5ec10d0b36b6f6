package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// explained are the classes whose calls the server counts under other names, or
// not at all, with the reason. Log and server are regular expressions that match
// whole classes in canonical form, and more is how many more calls the log has.
var explained = []struct {
	log, server string
	more        int64
	reason      string
}{
	{`administratorcommand:quit`, `-`, anyNumber, "a command and no statement: not in events_statements"},
	{`administratorcommand:ping`, `-`, anyNumber, "a command and no statement: not in events_statements"},
	{`administratorcommand:prepare`, `prepare.*`, 0, "counted by the text of what is prepared"},
	{`administratorcommand:closestmt`, `deallocate.*`, 0, "counted by the text of what was prepared"},
	{`createuserifnotexists\?@\?`, `createsystem_userifnotexists\?@\?`, 0, "the server prints the token's other name"},
	{`createprocedurebump\(inkint\).*`, `createprocedurebump\(inkinteger\).*`, 0, "the server prints the token's other name"},
	{`grantallprivilegeson\*\.\*to\?@\?`, `grantallon\*\.\*to\?@\?`, 0, "the server leaves out a word that means nothing"},
	{`callbump`, `callbump\(\?\)`, 0, "a procedure is one class whatever its arguments"},
	{`use\?`, `use.*`, 0, "one class whatever the schema, as pt-query-digest has it"},
	{`settimestamp=\?`, `settimestamp=.*`, 0, "DEFAULT is a value like any other"},
	{`selectidfromuserswherebin=\?oridin\(\?\)`, `selectidfromuserswherebin=\?orbin=\?oridin\(\?\)`, 0, "members of a chain that are alike are one"},
	{`\(select(.*)\)/\*repeatunionall\*/`, `\(select.*\)unionall\(select.*\)`, 0, "branches that repeat are one"},
	{`select\?asnot_utf\?`, `select\?asnot_utf8`, 0, "aliases lose their digits"},
	{`setnamesutf8mb4`, `setnamesutf8mb4`, 1, "the connection that began the counting"},
	{`createdatabaseifnotexists.*`, `-`, anyNumber, "before counting began"},
	{`createtableifnotexists.*`, `-`, anyNumber, "before counting began"},
	{`insertintoshop\.orders.*`, `-`, anyNumber, "before counting began"},
	{`setglobalslow_query_log=\?`, `-`, 1, "before counting began"},
	{`select@@version_commentlimit\?`, `-`, 1, "before counting began"},
	{`selectifnull\(schema_name.*`, `-`, 1, "the query that read the counts"},
	{`selectsleep\(\?\),\?`, `-`, 1, "its client went away; it ended after the counts were read"},
}

const anyNumber = -1

var space = regexp.MustCompile(`\s+`)

// canonical makes of a digest of performance_schema, or of a fingerprint, a text
// in which the two conventions of writing the same thing are one.
func canonical(s string) string {
	s = strings.ToLower(s)
	s = regexp.MustCompile(`/\*\+.*?\*/`).ReplaceAllString(s, "")
	s = space.ReplaceAllString(strings.ReplaceAll(s, "`", ""), "")
	s = strings.NewReplacer(
		"(...)/*,...*/", "(?)", "(...)", "(?)", "(?,...,true)", "(?)", "?+", "?",
		"limit?,...", "limit?", "!=", "<>",
	).Replace(s)
	return regexp.MustCompile(`(items_|no_such_table_|fromt)[0-9]+`).ReplaceAllString(s, "$1?")
}

// TestCallsAgreeWithTheServer compares the calls of every class with what the
// server that wrote the log counted in performance_schema.
func TestCallsAgreeWithTheServer(t *testing.T) {
	for _, name := range []string{"mysql-9-7", "mysql-9-7-extra"} {
		t.Run(name, func(t *testing.T) {
			var truth []struct {
				Digest string
				Count  int64
			}
			b, err := os.ReadFile(logs + name + ".truth.json")
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &truth); err != nil {
				t.Fatal(err)
			}
			counted := map[string]int64{}
			for _, d := range truth {
				// The server tells the execution of a prepared statement apart.
				counted[canonical(strings.TrimPrefix(d.Digest, "EXECUTE "))] += d.Count
			}
			logged := map[string]int64{}
			for _, c := range reportJSON(t, logs+name+".log", "--limit", "all").Classes {
				logged[canonical(c.Fingerprint)] += c.Calls
			}
			agreed := 0
			for key, n := range logged {
				if counted[key] == n {
					agreed++
					delete(counted, key)
					continue
				}
				explain(t, key, n, counted)
			}
			for key, n := range counted {
				t.Errorf("the server counted %d of %s, the log has none", n, key)
			}
			t.Logf("%d classes agree call by call, %d differ as explained", agreed, len(logged)-agreed)
		})
	}
}

// explain takes what an explanation accounts for out of counted.
func explain(t *testing.T, key string, logged int64, counted map[string]int64) {
	t.Helper()
	for _, e := range explained {
		if !whole(e.log, key) {
			continue
		}
		var n int64
		for k, count := range counted {
			if whole(e.server, k) {
				n += count
				delete(counted, k)
			}
		}
		if e.more != anyNumber && logged != n+e.more {
			t.Errorf("%s: %d in the log, %d counted (%s)", key, logged, n, e.reason)
		}
		return
	}
	t.Errorf("%s: %d in the log, %d counted, and nothing explains it", key, logged, counted[key])
	delete(counted, key)
}

func whole(pattern, s string) bool { return regexp.MustCompile("^(?:" + pattern + ")$").MatchString(s) }
