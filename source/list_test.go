package source_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// minutesPastEight is 2026-11-23 08:00 UTC and so many minutes.
func minutesPastEight(n int) time.Time {
	return time.Date(2026, 11, 23, 8, n, 0, 0, time.UTC)
}

func TestListedTwice(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.PageSize = 2
	db := srv.AddInstance("orders-1")
	db.Write(live+".2026-11-23.8", []byte("eight\n"), minutesPastEight(-1))
	db.Write(live+".2026-11-23.08", []byte("eight\n"), minutesPastEight(-1)) // the same under another name
	db.Write(live+".2026-11-23.9", []byte("nine\n"), minutesPastEight(59))
	db.Write(live, []byte("nine\n"), minutesPastEight(59)) // in the middle of its rotation
	srv.Inject(rdstest.Fault{Kind: rdstest.ListedTwice, Action: "rds:DescribeDBLogFiles", Times: -1})
	s := source.NewRDS(patient(srv.Config()), source.Options{Patience: time.Microsecond})
	files, err := s.LogFiles(context.Background(), "orders-1", minutesPastEight(-60), minutesPastEight(59))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range files {
		got, _ := read(t, s, f)
		text.Write(got)
	}
	if text.String() != "eight\nnine\n" {
		t.Errorf("of %q was read %q", names(files), text.String())
	}
}

// TestWhatIsNotThere reads what can only be told of.
func TestWhatIsNotThere(t *testing.T) {
	tests := []struct {
		name  string
		set   func(*rdstest.Server, *rdstest.Instance)
		start int // minutes past eight
		end   int
		notes []string // a part of each
	}{
		{"nothing is missing", func(*rdstest.Server, *rdstest.Instance) {}, 0, 120, nil},
		{"paused", func(_ *rdstest.Server, db *rdstest.Instance) { db.Stop() }, 0, 60, []string{"paused or stopped"}},
		{"purged", func(_ *rdstest.Server, db *rdstest.Instance) {}, -180, 60,
			[]string{"no slow log for 2026-11-23 05:00 to 2026-11-23 07:00 UTC"}},
		{"one of them purged", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live + ".2026-11-23.9") }, 0, 120,
			[]string{"no slow log for 2026-11-23 08:00 to 2026-11-23 09:00 UTC"}},
		{"half an hour purged", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live + ".2026-11-23.9") }, 0, 30,
			[]string{"no slow log for 2026-11-23 08:00 to 2026-11-23 09:00 UTC"}},
		{"the hour after it purged", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live + ".2026-11-23.9") }, -60, 0, nil},
		{"late rotation", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live + ".2026-11-23.10") }, 60, 120, nil},
		{"no live file", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live) }, 120, 121,
			[]string{"written to is not listed"}},
		{"no live file in four listings", func(s *rdstest.Server, _ *rdstest.Instance) {
			s.Inject(rdstest.Fault{Kind: rdstest.Unlisted, Action: "rds:DescribeDBLogFiles", Times: 4})
		}, 120, 121, nil},
		{"no live file in five listings", func(s *rdstest.Server, _ *rdstest.Instance) {
			s.Inject(rdstest.Fault{Kind: rdstest.Unlisted, Action: "rds:DescribeDBLogFiles", Times: 5})
		}, 120, 121, []string{"written to is not listed"}},
		{"no live file, and the newest was written after", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live) }, 60, 119, nil},
		{"no live file, and the newest was written before", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live) }, 60, 120,
			[]string{"written to is not listed"}},
		{"no live file, but none is needed", func(_ *rdstest.Server, db *rdstest.Instance) { db.Remove(live) }, 0, 60, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := rdstest.NewServer()
			defer srv.Close()
			db := srv.AddInstance("orders-1")
			for suffix, at := range map[string]int{".2026-11-23.8": -1, ".2026-11-23.9": 59, ".2026-11-23.10": 119, "": 125} {
				db.Write(live+suffix, []byte("x\n"), minutesPastEight(at))
			}
			test.set(srv, db)
			s := source.NewRDS(patient(srv.Config()), source.Options{Patience: time.Microsecond})
			files, err := s.LogFiles(context.Background(), "orders-1", minutesPastEight(test.start), minutesPastEight(test.end))
			if err != nil {
				t.Fatal(err)
			}
			var notes []string
			for _, f := range files {
				if f.Instance != "orders-1" || f.Name == "" {
					t.Errorf("the file has no name: %+v", f)
				}
				_, cov := read(t, s, f)
				notes = append(notes, cov.Notes...)
			}
			if len(notes) != len(test.notes) || len(notes) > 0 && !strings.Contains(notes[0], test.notes[0]) {
				t.Errorf("notes %q, want %q", notes, test.notes)
			}
		})
	}
}

func TestHintOfParameters(t *testing.T) {
	tests := []struct {
		name   string
		values map[string]string
		fault  rdstest.Kind
		want   string
	}{
		{"off", map[string]string{"slow_query_log": "0", "log_output": "TABLE"}, "", "parameter group orders does not enable slow_query_log: set slow_query_log=1 and log_output=FILE"},
		{"table", map[string]string{"slow_query_log": "1", "log_output": "TABLE"}, "", "parameter group orders writes the slow log to log_output=TABLE: set"},
		{"mariadb", map[string]string{"slow_query_log": "0", "log_slow_query": "1", "log_output": "TABLE"}, "", "parameter group orders writes the slow log to log_output=TABLE: set"},
		{"all is well", map[string]string{"slow_query_log": "1", "log_output": "FILE,TABLE"}, "", "set slow_query_log=1"},
		{"denied", map[string]string{"slow_query_log": "0"}, rdstest.AccessDenied, "set slow_query_log=1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := rdstest.NewServer()
			defer srv.Close()
			srv.AddInstance("orders-1").SetParameters("orders", test.values)
			if test.fault != "" {
				srv.Inject(rdstest.Fault{Kind: test.fault, Action: "rds:DescribeDBParameters", Times: -1})
			}
			_, err := source.NewRDS(patient(srv.Config()), source.Options{}).LogFiles(context.Background(), "orders-1", tenOClock, tenOClock)
			if hint := source.Hint(err); !strings.HasPrefix(hint, test.want) {
				t.Errorf("error %v, hint %q, want %q", err, hint, test.want)
			}
		})
	}
}

// busiest counts the requests under way.
type busiest struct {
	http.RoundTripper
	now, most atomic.Int32
}

func (b *busiest) RoundTrip(r *http.Request) (*http.Response, error) {
	defer b.now.Add(-1)
	if n := b.now.Add(1); n > b.most.Load() {
		b.most.Store(n)
	}
	return b.RoundTripper.RoundTrip(r)
}

// TestConcurrency: no more downloads are under way than allowed, over all files.
func TestConcurrency(t *testing.T) {
	for _, allowed := range []int{1, 3, 8} {
		srv := busyHour(6, 100_000, 5000, time.Millisecond)
		cfg := srv.Config()
		b := &busiest{RoundTripper: http.DefaultTransport}
		cfg.HTTPClient = &http.Client{Transport: b}
		s := source.NewRDS(cfg, source.Options{Concurrency: allowed})
		var logs []io.Reader
		for _, f := range list(t, s) {
			l, err := s.Open(context.Background(), f)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			logs = append(logs, l)
		}
		if n, err := io.Copy(io.Discard, io.MultiReader(logs...)); err != nil || n != 600_000 {
			t.Errorf("read %d bytes, error %v", n, err)
		}
		if most := int(b.most.Load()); most > allowed || most < allowed/2 {
			t.Errorf("%d downloads at a time, allowed are %d", most, allowed)
		}
		srv.Close()
	}
}
