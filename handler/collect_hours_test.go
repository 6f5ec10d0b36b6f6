package handler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/source"
)

// Each hour is counted by itself, and all of them together are the window.
func TestCollectHours(t *testing.T) {
	start := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	var log strings.Builder
	for i := range 5 * 6 { // one in ten minutes, of an hour before the window to one after it
		at := start.Add(-time.Hour).Add(time.Duration(i) * 10 * time.Minute)
		fmt.Fprintf(&log, "# Time: %s\n# User@Host: app[app] @ web-1 []  Id: 7\n# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nSET timestamp=%d;\nselect a from t;\n",
			at.Format("2006-01-02T15:04:05.000000Z"), at.Unix())
	}
	path := filepath.Join(t.TempDir(), "slow.log")
	if err := os.WriteFile(path, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &handler.Handler{Source: source.Local{Paths: []string{path}}, Instances: []string{""}, OrderBy: digest.OrderBySum}
	whole, hours, err := h.CollectHours(t.Context(), digest.Window{Start: start, End: start.Add(3 * time.Hour)})
	if err != nil || whole.Overall.Calls != 18 || !whole.Coverage.Complete || len(hours) != 3 {
		t.Fatalf("error %v, %d hours, %+v", err, len(hours), whole.Coverage)
	}
	for i, r := range hours {
		if r.Overall.Calls != 6 || !r.Window.Start.Equal(start.Add(time.Duration(i)*time.Hour)) || !r.Coverage.Complete {
			t.Errorf("hour %d: %d calls in %v, %+v", i, r.Overall.Calls, r.Window, r.Coverage)
		}
	}
}
