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
		Metrics     map[string]ptMetric
		Example     struct {
			QueryTime string `json:"Query_time"`
		}
	}
}

// ptMetric has numbers as texts; those of users and the like have none.
type ptMetric struct {
	Sum, Min, Max, Avg, Median, StdDev string
	P95                                string `json:"pct_95"`
}

// sameNumbers compares what both tell of the calls of one class. What pt makes of its steps of 5 %
// is as exact as these; it cuts off digits, and takes the steps' lower edges; and of a few
// calls it names others for the 95th percentile and the median. Of administrator commands it
// leaves out the rows, which are those of the statement before, and counts the words before them.
func sameNumbers(t *testing.T, c *digest.Class, pt map[string]ptMetric, fingerprint string) {
	t.Helper()
	n := float64(c.Calls)
	for _, m := range []struct {
		name string
		ours digest.Metrics
		unit float64 // in which pt writes it
	}{
		{"Query_time", c.QueryTime, 1e-6}, {"Lock_time", c.LockTime, 1e-6}, {"Rows_sent", c.RowsSent, 1}, {"Rows_examined", c.RowsExamined, 1}, {"Query_length", c.QueryBytes, 1},
	} {
		theirs := pt[m.name]
		if strings.HasPrefix(fingerprint, "administrator command: ") && !strings.HasSuffix(m.name, "time") {
			continue
		}
		for _, v := range []struct {
			name        string
			text        string
			ours, slack float64
		}{
			{"sum", theirs.Sum, m.ours.Sum, m.unit}, {"min", theirs.Min, m.ours.Min, m.unit}, {"max", theirs.Max, m.ours.Max, m.unit}, {"mean", theirs.Avg, m.ours.Mean, m.unit},
			{"stddev", theirs.StdDev, m.ours.StdDev, 2*m.unit + 0.1*m.ours.StdDev + 0.05*m.ours.Mean},
			{"median", theirs.Median, m.ours.Median, 2*m.unit + 0.08*m.ours.Median},
			{"p95", theirs.P95, m.ours.P95, 2*m.unit + 0.08*m.ours.P95},
		} {
			got, err := strconv.ParseFloat(v.text, 64)
			if err != nil {
				t.Errorf("%s of %q: pt has %s %q", m.name, fingerprint, v.name, v.text)
			}
			few := n < 30 && (v.name == "p95" || v.name == "median" || v.name == "stddev")
			if math.Abs(got-v.ours) > v.slack*(1+1e-9) && !few {
				t.Errorf("%s of %d calls of %q: pt has %s %v, we have %v", m.name, c.Calls, fingerprint, v.name, got, v.ours)
			}
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
				seconds, err := strconv.ParseFloat(c.Metrics["Query_time"].Sum, 64)
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
					sameNumbers(t, &o, c.Metrics, c.Fingerprint)
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

// TestSideBySide holds the table of docs/comparison.md to what both tools print of the log that it
// names: each piece of code in a tool's column stands there, or in its help or JSON; and
// where there is none, there is a reason.
func TestSideBySide(t *testing.T) {
	if _, err := exec.LookPath("pt-query-digest"); err != nil {
		missing(t, "pt-query-digest is not installed")
	}
	const log = logs + "mysql-9-7.log"
	said := func(args ...string) string {
		out, err := exec.Command("pt-query-digest", append(args, "--no-version-check")...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	pt := said(log) + said("--help")
	ours := "`" // no piece of code has it
	for _, args := range [][]string{{"report", log}, {"report", "--format", "json", log}, {"help"}, {"help", "report"}, {"help", "run"}, {"help", "diff"}, {"help", "entry"}, {"help", "mute"}, {"help", "note"}} {
		stdout, stderr, code := call(t, "", args)
		if code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, stderr)
		}
		ours += stdout
	}
	_, table, found := strings.Cut(string(read(t, "../../docs/comparison.md")), "| what | pt-query-digest | slowdigest |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if !found || len(rows) < 20 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	code := regexp.MustCompile("`([^`]+)`")
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 3 {
			t.Errorf("%d columns: %s", len(cells), row)
			continue
		}
		for i, printed := range map[int]string{1: pt, 2: ours} {
			pieces := code.FindAllStringSubmatch(cells[i], -1)
			because, no := strings.CutPrefix(cells[i], "no: ")
			if len(pieces) == 0 && (!no || len(because) < 10) && i == 2 {
				t.Errorf("neither what we tell nor why we do not: %s", row)
			}
			for _, piece := range pieces {
				if theirs := i == 2 && strings.Contains(cells[1], piece[0]); !strings.Contains(printed, piece[1]) && !(theirs && no) {
					t.Errorf("%q is not printed, of %s", piece[1], row)
				}
			}
		}
	}
}
