package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"slowdigest/digest"
)

// ptDiffers are the kinds of classes in which pt-query-digest and we differ on
// the real logs: what its fingerprint, or ours, looks like, and why. The server's
// own counts, where there are any, are on our side: see truth_test.go.
var ptDiffers = []struct{ fingerprint, reason string }{
	{`\w=\?`, "white space: pt keeps the statement's own around operators"},
	{`\w = \?`, "white space: pt keeps the statement's own around operators"},
	{`(insert into|create table if not exists) [a-z_.?` + "`" + `]+ ?\(`, "white space: pt keeps the statement's own around parentheses and commas"},
	{`ifnull\(schema_name`, "white space: pt keeps the statement's own around parentheses and commas"},
	{`values \(\?,\?,\?,\?,now\(\)\)`, "a row with a call: pt does not fold it"},
	{`/\*!\? sql_no_cache\*/|select sql_no_cache`, "a version comment: pt keeps it"},
	{`\(select .*\) (union all \(|/\*repeat)`, "a UNION of parenthesised branches: pt does not fold it"},
	{` $`, "a trailing comment: pt leaves a trailing space"},
	{"from `t ?\\?`", "a trailing comment: pt leaves a trailing space; or lost to the swallowed header, as the next"},
	{`utf\?m?|utf8|not_utf`, "digits in the name of a character set or a column: pt takes them for a number"},
	{`total \? k|total \+ k`, "a + b: pt takes the sign for a number's"},
	{"odd", "a name with a hyphen: pt takes it for a number's sign"},
	{`bin = \?(e|aa|a|c|d|f|b|cb|dc)`, "an upper-case hexadecimal literal: pt leaks pieces of it"},
	{`^id from users where bin|bin = \? or`, "an upper-case hexadecimal literal: pt leaks pieces of it"},
	{`^set timestamp ?=`, "DEFAULT is a value; and pt takes SET timestamp for the server's own line"},
	{`^$|^use \?$`, "a USE of the user's own: pt loses its text"},
	{`^user@host:`, "an entry after SET timestamp of the user's own: pt swallows its header"},
}

func ptDifference(fingerprint string) string {
	for _, d := range ptDiffers {
		if regexp.MustCompile(d.fingerprint).MatchString(fingerprint) {
			return d.reason
		}
	}
	return ""
}

type ptReport struct {
	Classes []struct {
		Checksum    string
		Fingerprint string
		Calls       int64 `json:"query_count"`
		Metrics     struct {
			QueryTime struct{ Sum string } `json:"Query_time"`
		}
	}
}

// TestAgainstPtQueryDigest compares the report of every real log with that of
// pt-query-digest: a class is the same, to the call and the microsecond, or its
// difference is of a kind in ptDiffers.
func TestAgainstPtQueryDigest(t *testing.T) {
	if _, err := exec.LookPath("pt-query-digest"); err != nil {
		missing(t, "pt-query-digest is not installed")
	}
	for _, name := range []string{"mysql-9-7", "mysql-9-7-extra", "mariadb-10-11", "mariadb-10-11-verbose"} {
		t.Run(name, func(t *testing.T) {
			path := logs + name + ".log"
			out, err := exec.Command("pt-query-digest", "--no-version-check", "--limit", "100%", "--output", "json", path).Output()
			if err != nil {
				t.Fatal(err)
			}
			var pt ptReport
			if err := json.Unmarshal(out, &pt); err != nil {
				t.Fatal(err)
			}
			ours := map[string]digest.Class{}
			for _, c := range reportJSON(t, path, "--limit", "all").Classes {
				ours[c.ID] = c
			}
			same, classes, sameID := 0, len(ours), 0
			for _, c := range pt.Classes {
				seconds, err := strconv.ParseFloat(c.Metrics.QueryTime.Sum, 64)
				if err != nil {
					t.Fatal(err)
				}
				o, found := ours[c.Checksum]
				delete(ours, c.Checksum)
				if found {
					sameID++
				}
				switch {
				case found && o.Calls == c.Calls && math.Abs(o.QueryTime.Sum-seconds) < 1e-5:
					same++
				case found && o.Calls > c.Calls && (name == "mariadb-10-11-verbose" || ptDifference(o.Fingerprint) != ""):
					// Some of its calls are in a class of their own.
				case ptDifference(c.Fingerprint) == "":
					t.Errorf("pt has %d calls, %v s of %q, we have %d, %v s", c.Calls, seconds, c.Fingerprint, o.Calls, o.QueryTime.Sum)
				}
			}
			for _, o := range ours {
				if ptDifference(o.Fingerprint) == "" {
					t.Errorf("we have %d calls of %q, pt has none", o.Calls, o.Fingerprint)
				}
			}
			if said := fmt.Sprintf("%d of our %d classes", sameID, classes); name == "mysql-9-7" && !strings.Contains(string(read(t, "../../docs/comparison.md")), said) {
				t.Errorf("docs/comparison.md does not say that %s have the same ID", said)
			}
			t.Logf("%d of our %d classes are pt's to the call and the microsecond", same, classes)
		})
	}
}
