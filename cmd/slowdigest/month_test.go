package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/monthtest"
)

// TestMonth hands the built command the log of each hour of a month, one after the other: of what has
// not changed it says a word at most once a week, and of what has it tells most.
func TestMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the command 840 times")
	}
	t.Parallel()
	m := monthtest.New(monthSeed, 50)
	load := 0.0
	for _, q := range m.Queries {
		load += q.Calls * q.Median * 1.3
	}
	changed := map[string]*monthtest.Query{}
	for _, q := range m.Change(load) {
		changed[tableOf(q)] = q
	}
	dir, state := t.TempDir(), t.TempDir()
	found, wrong, weeks := map[string]bool{}, []string(nil), 0
	for n := range monthtest.Days * 24 {
		start := m.First.Add(time.Duration(n) * time.Hour)
		if err := os.WriteFile(filepath.Join(dir, "shop-1.log"), hourOfMonth(m, n, start), 0o600); err != nil {
			t.Fatal(err)
		}
		weeks = max(0, n/24-9) / 7
		for table, kind := range wordsOf(t, dir, state, start) {
			q := changed[table]
			switch {
			case q != nil && float64(n+1) > q.Changed.From:
				found[table] = true
			case n/24 < 9 || inEvent(m, n) || kind == digest.Back:
			default:
				wrong = append(wrong, fmt.Sprintf("%s %s %s", start.Format("01-02 15h"), kind, table))
			}
		}
	}
	t.Logf("%d of %d changes are told, and %q of what has not changed", len(found), len(changed), wrong)
	if len(wrong) > weeks || len(found) < len(changed)*2/3 {
		t.Error("these are too many, or too few are told")
	}
}

const monthSeed = 1

// tableOf is the table that only one query of a month uses. It has no digits.
func tableOf(q *monthtest.Query) string {
	n := 0
	for _, c := range strings.TrimLeft(q.ID, "0") {
		n = 16*n + strings.IndexRune("0123456789ABCDEF", c)
	}
	return "of_" + string([]byte{'a' + byte(n/26/26%26), 'a' + byte(n/26%26), 'a' + byte(n%26)})
}

// hourOfMonth is the log of an hour.
func hourOfMonth(m *monthtest.Month, n int, start time.Time) []byte {
	type entry struct {
		at   time.Duration
		text string
	}
	var all []entry
	m.Hour(n, func(q *monthtest.Query, calls []monthtest.Call) {
		for i, c := range calls {
			at := time.Duration(c.Part)*5*time.Minute + time.Duration(i%299)*time.Second
			all = append(all, entry{at, slowEntry(start.Add(at), c.Seconds, 10, "SELECT a FROM "+tableOf(q)+" WHERE id = 7")})
		}
	})
	slices.SortStableFunc(all, func(a, b entry) int { return int(a.at - b.at) })
	var b strings.Builder
	for _, e := range all {
		b.WriteString(e.text)
	}
	return []byte(b.String())
}

// wordsOf returns what a digest of an hour leads with: the word of each table.
func wordsOf(t *testing.T, dir, state string, start time.Time) map[string]digest.ChangeKind {
	t.Helper()
	cmd := exec.Command(built(t), "invoke", "--event", "-", "--logs", dir, "--state", state, "--channel", "C0SLOWLOGS", "--format", "json", "--limit", "all")
	cmd.Env = environment(nil)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"time": %q}`, start.Add(65*time.Minute).Format(time.RFC3339)))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r digest.Report
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&r); err != nil {
		t.Fatalf("%s: %v: %.500s", start, err, out)
	}
	words := map[string]digest.ChangeKind{}
	for i := range r.Classes {
		c := &r.Classes[i]
		if c.Leads() && !(c.Change.Kind == digest.Worse && c.Change.Common) {
			words[tableIn(c.Fingerprint)] = c.Change.Kind
		}
	}
	if r.Past != nil {
		for _, g := range r.Past.Gone {
			words[tableIn(g.Label)] = digest.Gone
		}
	}
	return words
}

func tableIn(text string) string {
	i := strings.Index(text, "of_")
	return text[i:min(i+6, len(text))]
}

// inEvent reports whether something lifts many queries in an hour, or did in the one before.
func inEvent(m *monthtest.Month, n int) bool {
	return slices.ContainsFunc(m.Events, func(e monthtest.Event) bool { return float64(n+1) > e.From && float64(n) < e.To+1 })
}
