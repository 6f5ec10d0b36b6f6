package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/source/rdstest"
)

// diffJSON runs a command that prints a difference and fails the test if that does.
func diffJSON(t *testing.T, args ...string) *digest.Diff {
	t.Helper()
	stdout, stderr, code := call(t, "", append(args, "--format", "json"), "SLOWDIGEST_CHANNEL=C1")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	d := new(digest.Diff)
	if err := json.Unmarshal([]byte(stdout), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// A log and the report that was saved of it are the same window.
func TestDiffTellsLogsFromReports(t *testing.T) {
	log := logs + "mysql-9-7.log"
	saved, _, code := call(t, "", []string{"report", "--format", "json", "--limit", "all", log})
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	report := write(t, "report.txt", "\ufeff\n "+saved) // as an editor leaves it
	directory := t.TempDir()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "a.log"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][]string{{log, report}, {report, report}, {report, directory}, {log, directory}} {
		d := diffJSON(t, append([]string{"diff", "--limit", "all"}, pair...)...)
		if d.Change != 0 || d.PerHour || len(d.Classes) != 53 || d.Classes[0].Kind != digest.DiffSame || d.Before.Calls != 679 {
			t.Errorf("%q: change %v, %d classes, %v calls", pair, d.Change, len(d.Classes), d.Before.Calls)
		}
	}
	for _, stdin := range []string{saved, string(text)} {
		if stdout, stderr, code := call(t, stdin, []string{"diff", "-", log}); code != 0 || !strings.Contains(stdout, "stayed at 5.89s") {
			t.Errorf("standard input: exit %d, %s\n%s", code, stderr, stdout)
		}
	}
}

// A saved report that somebody has edited is refused where it contradicts itself.
func TestDiffOfEditedReports(t *testing.T) {
	saved, _, _ := call(t, "", []string{"report", "--format", "json", "--limit", "all", logs + "mysql-9-7.log"})
	for name, edit := range map[string]func(r *digest.Report){
		"a class twice":            func(r *digest.Report) { r.Classes = append(r.Classes, r.Classes[0]) },
		"no totals":                func(r *digest.Report) { r.Overall = digest.Overall{} },
		"it ends before it begins": func(r *digest.Report) { r.Window.Start, r.Window.End = r.Window.End, r.Window.Start },
		"nothing":                  func(*digest.Report) {},
	} {
		var r digest.Report
		unmarshal(t, []byte(saved), &r)
		edit(&r)
		text, err := json.Marshal(&r)
		if err != nil {
			t.Fatal(err)
		}
		_, stderr, code := call(t, "", []string{"diff", write(t, "report.json", string(text)), logs + "mysql-9-7.log"})
		if refused := code == 1 && strings.Contains(stderr, "contradicts itself") && strings.Contains(stderr, "hint: was it edited?"); refused == (name == "nothing") || code != 0 && !refused {
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
}

func TestDiffLimitsAndFilters(t *testing.T) {
	before, after := logs+"mysql-9-7.log", logs+"mysql-9-7-extra.log"
	d := diffJSON(t, "diff", "--limit", "3", before, after)
	sum := d.Misc.Change
	for _, c := range d.Classes {
		sum += c.Change
	}
	if len(d.Classes) != 3 || sum-d.Change > 2e-6 || d.Change-sum > 2e-6 {
		t.Errorf("%d classes, their changes are %v of %v", len(d.Classes), sum, d.Change)
	}
	filtered := diffJSON(t, "diff", "--user", "report", before, after)
	if filtered.Before.Calls != 102 || filtered.Before.Filter == nil {
		t.Errorf("filtered: %+v", filtered.Before)
	}
	for _, format := range []string{"text", "markdown"} {
		stdout, _, code := call(t, "", []string{"diff", "--format", format, "--user", "report", before, after})
		if code != 0 || !strings.Contains(stdout, "Before: Filtered: only user report.") {
			t.Errorf("%s: exit %d\n%s", format, code, stdout)
		}
	}
}

// run --compare reads both windows from the fake RDS.
func TestRunCompares(t *testing.T) {
	c := newCloud(t)
	end := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	entries := func(end time.Time, sql string, n int) string {
		text := ""
		for i := range n {
			at := end.Add(time.Duration(i-n) * time.Minute)
			text += fmt.Sprintf("# Time: %s\n# User@Host: app[app] @ web-1 []  Id: 7\n# Query_time: 2.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nSET timestamp=%d;\n%s;\n",
				at.Format("2006-01-02T15:04:05.000000Z"), at.Unix(), sql)
		}
		return text
	}
	db := c.rds.AddInstance("orders-3")
	db.Write("slowquery/mysql-slowquery.log.2026-11-22.10", []byte(entries(end.Add(-24*time.Hour), "select a from t", 10)), end.Add(-24*time.Hour))
	db.Write(rdstest.SlowLog, []byte(entries(end, "select a from t", 30)+entries(end, "select b from t", 5)), end)

	d := diffJSON(t, "run", "--instance", "orders-3", "--since", "2026-11-23T09:00", "--until", "2026-11-23T10:00", "--compare", "24h")
	if d.Change != 50 || d.PerHour || !d.Before.Window.Start.Equal(end.Add(-25*time.Hour)) || len(d.Classes) != 2 {
		t.Fatalf("%+v", d)
	}
	if a, b := d.Classes[0], d.Classes[1]; a.Kind != digest.DiffMore || a.Change != 40 || b.Kind != digest.DiffNew || b.Change != 10 {
		t.Errorf("%+v\n%+v", a, b)
	}
	if posted := c.slack.Messages(); len(posted) > 0 {
		t.Errorf("%d messages were posted", len(posted))
	}
}

// A large log is read from where the window begins.
func TestDiffSeeks(t *testing.T) {
	const each, seconds = 8 << 10, 9000 // over 64 MB, from which on logs are sought in
	padding := strings.Repeat("x", each)
	var text strings.Builder
	for i := range seconds {
		text.WriteString(slowEntry(recentDay.Add(time.Duration(i)*time.Second), 1, 0, "select '"+padding+"'"))
	}
	log := write(t, "large.log", text.String())
	until := recentDay.Add(seconds * time.Second)
	d := diffJSON(t, "diff", "--since", until.Add(-time.Minute).Format(time.RFC3339), "--until", until.Format(time.RFC3339), log, log)
	for _, s := range []digest.Side{d.Before, d.After} {
		if s.Calls != 60 || !s.Coverage.Sampled || s.Coverage.BytesRead > 4<<20 || s.Inferred {
			t.Errorf("%v calls, inferred %v, %+v", s.Calls, s.Inferred, s.Coverage)
		}
	}
}
