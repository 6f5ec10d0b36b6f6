package parser

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readAll reads a log and copies its events.
func readAll(t testing.TB, r io.Reader, o Options) ([]Event, Stats) {
	t.Helper()
	p := New(r, o)
	var events []Event
	for {
		e, err := p.Next()
		if err == io.EOF {
			return events, p.Stats()
		}
		if err != nil {
			t.Fatal(err)
		}
		c := *e
		c.SQL, c.Explain = append([]byte{}, e.SQL...), append([]byte(nil), e.Explain...)
		events = append(events, c)
	}
}

// The counts are those of the servers' own headers: the lines "# User@Host:"
// without the ones of user "evil", which stand in literals.
func TestRealLogs(t *testing.T) {
	for name, want := range map[string]struct{ events, admin, distrusted int }{
		"mysql-9-7":             {679, 129, 0},
		"mysql-9-7-extra":       {547, 104, 0},
		"mariadb-10-11":         {56, 0, 0},
		"mariadb-10-11-verbose": {250, 0, 3}, // a session with a clock of its own
	} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(filepath.Join("..", "testdata", "slowlogs", name+".log"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			events, stats := readAll(t, f, Options{})
			admin := 0
			for i, e := range events {
				if e.User == "evil" || e.User == "" || e.Host != "localhost" || e.ConnectionID == 0 || e.Weight != 1 || e.Cut || len(e.SQL) == 0 || e.QueryTime > 10 {
					t.Errorf("event %d: %+v", i, e)
				}
				if i > 0 && e.Time.Before(events[i-1].Time) {
					t.Errorf("event %d at %v, before event %d at %v", i, e.Time, i-1, events[i-1].Time)
				}
				if e.Admin {
					admin++
					if e.RowsSent != 0 || e.RowsExamined != 0 { // written are those of the statement before
						t.Errorf("%d: %s has rows: %d sent, %d examined", e.Offset, e.SQL, e.RowsSent, e.RowsExamined)
					}
				} else if strings.HasPrefix(string(e.SQL), "SET timestamp") || strings.HasSuffix(string(e.SQL), ";") {
					t.Errorf("event %d: SQL %q", i, e.SQL)
				}
			}
			distrusted := 0
			for _, p := range stats.Problems {
				if p.Lost || p.Reason != reasonClock {
					t.Errorf("problem %+v", p)
				}
				distrusted += int(p.Count)
			}
			if len(events) != want.events || admin != want.admin || distrusted != want.distrusted || stats.Banners != 1 {
				t.Errorf("%d events, %d administrator commands, %d distrusted times, %d banners; want %+v", len(events), admin, distrusted, stats.Banners, want)
			}
		})
	}
}
