package handler_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

const kept = 35 * 24 * time.Hour

// archived returns the calls of each hour of the day that is archived.
func (c *channel) archived(store state.Store) map[int]int64 {
	c.t.Helper()
	all := map[int]int64{}
	day := digest.Window{Start: ten.Truncate(24 * time.Hour), End: ten.Truncate(24*time.Hour).AddDate(0, 0, 1)}
	for r, err := range archive.Reports(c.t.Context(), store, state.Key(slacktest.Channel), day) {
		if err != nil {
			c.t.Fatal(err)
		}
		all[r.Window.Start.Hour()] = r.Overall.Calls
	}
	return all
}

// runKept is run with an archive. It returns the log.
func (c *channel) runKept(end time.Time, change func(*handler.Handler)) string {
	c.t.Helper()
	if due := end.Add(5 * time.Minute); due.After(c.now) {
		c.now = due
	}
	var log bytes.Buffer
	h := c.handler("request-" + end.Format("15:04"))
	h.Keep, h.Logger = kept, slog.New(slog.NewTextHandler(&log, nil))
	if change != nil {
		change(h)
	}
	if _, err := h.Run(c.t.Context(), hourEnding(end)); err != nil {
		c.t.Fatal(err)
	}
	return log.String()
}

func (c *channel) expectArchived(want map[int]int64) {
	c.t.Helper()
	if got := c.archived(c.store); !maps.Equal(got, want) {
		c.t.Errorf("archived are %v, want %v", got, want)
	}
}

// Each hour that is done is archived: one by one, caught up in one message, silent, and again.
func TestHoursAreArchived(t *testing.T) {
	c := newChannel(t)
	for i := range 6 {
		end := ten.Add(time.Duration(i) * time.Hour)
		if i != 1 && i != 5 {
			c.hour(end)
		} else {
			c.db.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(rdstest.Banner), end)
		}
	}
	c.runKept(ten, nil)
	c.expectArchived(map[int]int64{9: 1})
	c.runKept(ten.Add(4*time.Hour), nil) // one message of four hours, of which one had nothing
	c.expectArchived(map[int]int64{9: 1, 10: 0, 11: 1, 12: 1, 13: 1})
	c.runKept(ten.Add(5*time.Hour), func(h *handler.Handler) {
		h.Daily, _ = handler.ParseDaily("03:00")
	})
	c.expect("09-10 10-14") // and nothing new in the last hour
	c.expectArchived(map[int]int64{9: 1, 10: 0, 11: 1, 12: 1, 13: 1, 14: 0})
	before := c.archived(c.store)
	c.runKept(ten.Add(5*time.Hour), nil)
	if after := c.archived(c.store); !maps.Equal(before, after) {
		t.Errorf("%v, and were %v", after, before)
	}
}

// Without the setting nothing is archived, nor a directory made.
func TestNothingIsArchivedUnasked(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.runKept(ten, func(h *handler.Handler) { h.Keep = 0 })
	if found, err := fs.Glob(os.DirFS(c.store.(state.FileStore).Dir), "reports*"); err != nil || len(found) > 0 {
		t.Error(found, err)
	}
	c.expect("09-10")
}

// An hour that could not be read is not archived until it was; one that was posted again when less of it was
// left stays as it was.
func TestFullestHourIsArchived(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: 1})
	c.now = ten.Add(5 * time.Minute)
	h := c.handler("request-1")
	h.Keep = kept
	if _, err := h.Run(t.Context(), hourEnding(ten)); err == nil {
		t.Fatal("it was read")
	}
	c.expectArchived(map[int]int64{})
	c.runKept(ten, nil)
	c.expectArchived(map[int]int64{9: 1})
	c.db.Write(rdstest.SlowLog+ten.Format(".2006-01-02.15"), []byte(rdstest.Banner), ten)
	c.runKept(ten, func(h *handler.Handler) { h.Force = true })
	c.expectArchived(map[int]int64{9: 1})
}

// Old hours are removed from a directory, and nothing else.
func TestArchiveIsPruned(t *testing.T) {
	c := newChannel(t)
	dir := c.store.(state.FileStore).Dir
	for i := range 4 {
		c.hour(ten.Add(time.Duration(i) * time.Hour))
	}
	c.runKept(ten, nil)
	others := []string{"/reports/C0SLOWLOGS/2026/11/23/notes.txt", "/reports/C0SLOWLOGS/2001/01/01/00.json", "/reports/OTHER/2001/01/01/00.json.gz", "/aside.json"}
	for _, name := range others {
		if err := os.MkdirAll(dir+name[:strings.LastIndex(name, "/")], 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := &digest.Report{Version: 1, Window: hourEnding(ten.Add(-kept))}
	if err := archive.Save(t.Context(), c.store, state.Key(slacktest.Channel), old); err != nil {
		t.Fatal(err)
	}
	c.runKept(ten.Add(time.Hour), func(h *handler.Handler) { h.Keep = 2 * time.Hour })
	c.expectArchived(map[int]int64{9: 1, 10: 1})
	c.runKept(ten.Add(2*time.Hour), func(h *handler.Handler) { h.Keep = 2 * time.Hour })
	c.expectArchived(map[int]int64{10: 1, 11: 1})
	for _, name := range others {
		if _, err := os.Stat(dir + name); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(dir + "/reports/C0SLOWLOGS/2026/10"); err == nil {
		t.Error("an empty directory is left")
	}
}

// brokenArchive is a front of S3 that answers what is asked of archived reports itself.
func brokenArchive(answer http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/"+archive.Prefix) {
				answer(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// An archive that cannot be written costs nothing but itself: the message is posted once, the state is saved, and
// a line of the log says which hours are missing.
func TestArchiveCannotBeWritten(t *testing.T) {
	refuse := func(method string, status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method != method {
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
				return
			}
			w.WriteHeader(status)
			fmt.Fprintf(w, `<Error><Code>%s</Code><Message>%s</Message></Error>`, code, code)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"denied":         refuse("PUT", 403, "AccessDenied"),
		"may not be got": refuse("GET", 403, "AccessDenied"),
		"broken":         refuse("PUT", 500, "InternalError"),
		"throttled":      refuse("PUT", 503, "SlowDown"),
		"in use":         refuse("PUT", 409, "ConditionalRequestConflict"),
		"not a report": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "PUT" {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `<Error><Code>AccessDenied</Code></Error>`)
			} else {
				fmt.Fprint(w, "<html>")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChannel(t)
			c.store = state.NewS3Store(s3test.New(t, brokenArchive(answer)), s3test.Bucket, "prod")
			c.hour(ten)
			c.hour(ten.Add(time.Hour))
			for range 2 {
				log := c.runKept(ten, nil)
				if strings.Contains(log, "level=WARN") && (!strings.Contains(log, `msg="an hour is not archived"`) || !strings.Contains(log, "window_start=2026-11-23T09:00:00.000Z")) {
					t.Error(log)
				}
				if !strings.Contains(log, "level=WARN") && !strings.Contains(log, "nothing to post") {
					t.Error(log)
				}
			}
			c.runKept(ten.Add(time.Hour), nil)
			c.expect("09-10 10-11")
			if s := c.state(); s.Claim != nil || len(s.Entries) != 2 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// S3 that answers late, or not at all, keeps the message from nobody: the run has time left for it.
func TestArchiveIsSlow(t *testing.T) {
	release := make(chan struct{})
	c := newChannel(t)
	c.store = state.NewS3Store(s3test.New(t, brokenArchive(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})), s3test.Bucket, "prod")
	defer close(release)
	for i := range 3 {
		c.hour(ten.Add(time.Duration(i) * time.Hour))
	}
	c.now = ten.Add(2*time.Hour + 5*time.Minute)
	if err := state.Edit(t.Context(), c.store, state.Key(slacktest.Channel), func(s *state.State) error { s.Since = window.Start; return nil }); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	h := c.handler("request")
	h.Keep, h.Logger = kept, slog.New(slog.NewTextHandler(&log, nil))
	ctx, cancel := context.WithTimeout(t.Context(), 21*time.Second) // of which 20 are for the message, and 15 of these for it alone
	defer cancel()
	started := time.Now()
	if _, err := h.Run(ctx, hourEnding(ten.Add(2*time.Hour))); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(started); took > 10*time.Second || took < 3*time.Second {
		t.Errorf("it took %s", took)
	}
	c.expect("09-12")
	for _, want := range []string{"an hour is not archived", "hours are not archived", "hours=2", "window_start=2026-11-23T10:00:00.000Z"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, log.String())
		}
	}
}

// A run that dies with an hour archived and not posted leaves all to the next one.
func TestDeadRunHasArchived(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.slack.Fail(slacktest.Fault{Method: "chat.postMessage", Code: "channel_not_found"})
	c.now = ten.Add(5 * time.Minute)
	h := c.handler("request-1")
	h.Keep = kept
	if _, err := h.Run(t.Context(), hourEnding(ten)); err == nil {
		t.Fatal("it is posted")
	}
	c.expect("")
	c.expectArchived(map[int]int64{9: 1})
	c.now = c.now.Add(time.Hour)
	c.runKept(ten, nil)
	c.expect("09-10")
	c.expectArchived(map[int]int64{9: 1})
}

// What is read later of an hour is archived in the place of what was there.
func TestCorrectedHourIsArchived(t *testing.T) {
	c := newChannel(t)
	other := c.rds.AddInstance("orders-2")
	for i := range 2 {
		end := ten.Add(time.Duration(i) * time.Hour)
		c.hour(end)
		other.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(entry(end.Add(-time.Minute), "select b from t")), end)
	}
	other.Write(rdstest.SlowLog, []byte(rdstest.Banner), ten)
	both := func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2"} }
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Instance: "orders-2", Times: 1})
	c.runKept(ten, both)
	c.expectArchived(map[int]int64{9: 1})
	c.runKept(ten.Add(time.Hour), both)
	c.expectArchived(map[int]int64{9: 2, 10: 2})
	for r, err := range archive.Reports(t.Context(), c.store, state.Key(slacktest.Channel), hourEnding(ten)) {
		if err != nil || !r.Coverage.Complete || len(r.Classes) != 2 {
			t.Errorf("%+v, %v", r, err)
		}
	}
}
