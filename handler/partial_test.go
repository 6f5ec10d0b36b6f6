package handler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// busyHour is a log with an entry each second.
func busyHour() []byte {
	var log strings.Builder
	for i := range 3600 {
		log.WriteString(entry(window.Start.Add(time.Duration(i)*time.Second), fmt.Sprintf("select a from t where id = %d", i)))
	}
	return []byte(log.String())
}

// TestBudgets has a budget that runs out, of bytes or of time: what was read is
// ranked, and the rest is named with its bytes and its times.
func TestBudgets(t *testing.T) {
	log := busyHour()
	tests := []struct {
		name    string
		set     func(*rdstest.Server)
		opts    source.Options
		time    time.Duration // in addition to the time for posting
		said    string
		portion int
	}{
		{"bytes", func(*rdstest.Server) {}, source.Options{MaxBytes: 200_000}, time.Hour, "the budget of 200000 bytes for this instance is used up", 50_000},
		{"time", func(s *rdstest.Server) { s.Latency = 100 * time.Millisecond }, source.Options{Sequential: true}, 500 * time.Millisecond, "the time ran out", 50_000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, h, _ := newHandler(t, "orders-1")
			server.PortionBytes = test.portion
			test.set(server)
			db := server.AddInstance("orders-1")
			db.Write("slowquery/mysql-slowquery.log.2026-11-23.10", log, ten.Add(-time.Second))
			db.Write("slowquery/mysql-slowquery.log", nil, ten) // which takes nothing of the budget
			h.Source = source.NewRDS(server.Config(), test.opts)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second+test.time)
			defer cancel()
			r, err := h.Collect(ctx, window)
			if err != nil {
				t.Fatal(err)
			}
			c := r.Coverage
			if len(r.Classes) != 1 || r.Classes[0].Calls == 0 || r.Classes[0].Calls > 3000 || c.Complete {
				t.Fatalf("classes %+v, coverage %+v", r.Classes, c)
			}
			if len(c.Notes) == 0 || !strings.Contains(strings.Join(c.Notes, " "), test.said) {
				t.Errorf("notes %q", c.Notes)
			}
			if len(c.Gaps) != 1 || c.BytesListed != int64(len(log)) || c.Portions == 0 {
				t.Fatalf("coverage %+v", c)
			}
			g := c.Gaps[0]
			last := r.Classes[0].LastSeen
			if g.Instance != "orders-1" || g.From != c.BytesRead || g.To != int64(len(log)) || g.After.Sub(last).Abs() > 5*time.Second || !g.Before.Equal(ten.Add(-time.Second)) {
				t.Errorf("the gap is %+v, read were %d bytes, and the last entry was at %v", g, c.BytesRead, last)
			}
		})
	}
}

// TestCoverageIsReported looks for what the source knows in the JSON of a report.
func TestCoverageIsReported(t *testing.T) {
	server, h, _ := newHandler(t, "orders-1")
	server.PortionBytes = 50_000
	db := server.AddInstance("orders-1")
	log := busyHour()
	db.Write("slowquery/mysql-slowquery.log.2026-11-23.8", []byte(entry(ten.Add(-121*time.Minute), "select 8")), ten.Add(-121*time.Minute))
	db.Write("slowquery/mysql-slowquery.log.2026-11-23.10", log, ten.Add(-time.Second))
	server.Inject(rdstest.Fault{Kind: rdstest.NoData, Skip: 2})
	h.Source = source.NewRDS(server.Config(), source.Options{Sequential: true, Patience: time.Millisecond})
	r, err := h.Collect(t.Context(), digest.Window{Start: ten.Add(-2 * time.Hour), End: ten})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r.Coverage)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf(`"bytes_read":%d`, len(log)), `"portions":`, `"retries":`, `"complete":false`,
		`"gaps":[{"instance":"orders-1","file":"slowquery/mysql-slowquery.log.2026-11-23.9","from":0,"to":0,"after":"2026-11-23T08:00:00Z","before":"2026-11-23T09:00:00Z"}]`,
		`has no slow log for 2026-11-23 08:00 to 2026-11-23 09:00 UTC`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

// TestWhatIsCutCostsOnlyItself has a statement that RDS cuts, or does not deliver
// all of: the entries around it are counted.
func TestWhatIsCutCostsOnlyItself(t *testing.T) {
	const before, after = 40, 30
	at := window.Start
	entries := func(n int, sql string) (log string) {
		for range n {
			at = at.Add(time.Second)
			log += entry(at, sql)
		}
		return log
	}
	for name, test := range map[string]struct {
		sql              string
		truncated, lines int // entries that are cut, and lines
	}{
		"a long line":           {"select '" + strings.Repeat("x", 3000) + "'", 1, 1},
		"a long line in a text": {"select '" + strings.Repeat("x\n", 50) + strings.Repeat("x", 3000) + "\nx'", 0, 1},
		"a binary line":         {"select 1,\n'\x01',\n2", 1, 0},
		"a binary literal":      {"select '\n\x01\n'", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server, h, _ := newHandler(t, "orders-1")
			server.PortionBytes, server.Text = 1000, rdstest.RefuseBinary
			at = window.Start
			log := entries(before, "select a from t where id = 1") + entries(1, test.sql) + entries(after, "select b from t where id = 1")
			server.AddInstance("orders-1").Write("slowquery/mysql-slowquery.log", []byte(log), ten)
			h.Source = source.NewRDS(server.Config(), source.Options{Sequential: true, Patience: time.Millisecond})
			r, err := h.Collect(t.Context(), window)
			if err != nil {
				t.Fatal(err)
			}
			calls := map[string]int64{}
			for _, c := range r.Classes {
				calls[c.Fingerprint] += c.Calls
			}
			if calls["select a from t where id = ?"] != before || calls["select b from t where id = ?"] != after || r.Coverage.Truncated != int64(test.truncated) || r.Coverage.TruncatedLines != test.lines {
				t.Errorf("calls %v, misc %+v, coverage %+v", calls, r.Misc, r.Coverage)
			}
		})
	}
}
