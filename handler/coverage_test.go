package handler

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/source"
)

// localEntry is an entry written so long after ten o'clock.
func localEntry(after time.Duration, sql string) string {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC).Add(after)
	return fmt.Sprintf("# Time: %s\n# User@Host: app[app] @ h []  Id:     7\n# Query_time: 0.1  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 2\nSET timestamp=%d;\n%s;\n",
		at.Format("2006-01-02T15:04:05.000000Z"), at.Unix(), sql)
}

// What is before the only log begins is not known, to the second.
func TestBeforeTheLogBegins(t *testing.T) {
	ten := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	half := localEntry(30*time.Minute, "select 1")
	banner := "/usr/sbin/mysqld, Version: 8.4.0 (Source), Time: 2026-11-23T10:10:00.000000Z. started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n"
	for name, tt := range map[string]struct {
		logs       []string
		start, end time.Time
		gap        string // from and to, in minutes after ten
		early      bool   // it ends long before the window does
	}{
		"the hour before":             {[]string{half}, ten.Add(-time.Hour), ten, "-60 to 0", false},
		"a part of the hour":          {[]string{half}, ten, ten.Add(time.Hour), "0 to 30", false},
		"from the first entry on":     {[]string{half}, ten.Add(30 * time.Minute), ten.Add(time.Hour), "", true},
		"a second before it":          {[]string{half}, ten.Add(30*time.Minute - time.Second), ten.Add(time.Hour), "30 to 30", false},
		"no window":                   {[]string{half}, time.Time{}, time.Time{}, "", false},
		"no end":                      {[]string{half}, ten, time.Time{}, "0 to 30", false},
		"a banner with a time":        {[]string{banner + half}, ten, ten.Add(time.Hour), "0 to 10", false},
		"an older log":                {[]string{half, localEntry(-time.Hour, "select 2")}, ten, ten.Add(time.Hour), "", true},
		"until before it":             {[]string{half}, time.Time{}, ten, "unknown", false},
		"until its first entry":       {[]string{half}, time.Time{}, ten.Add(30 * time.Minute), "unknown", false},
		"until after it":              {[]string{half}, time.Time{}, ten.Add(30*time.Minute + 1), "", false},
		"a session's timestamp":       {[]string{strings.SplitAfterN(strings.Replace(half, "timestamp=", "timestamp=1;\nselect ", 1), "\n", 2)[1] + half}, ten, ten.Add(time.Hour), "0 to 30", false},
		"no window, and no time":      {[]string{strings.Replace(banner, ", Time: 2026-11-23T10:10:00.000000Z", "", 1)}, time.Time{}, time.Time{}, "", false},
		"no entry at all":             {[]string{strings.Replace(banner, ", Time: 2026-11-23T10:10:00.000000Z", "", 1)}, ten, ten.Add(time.Hour), "unknown", false},
		"it ends a quarter before it": {[]string{half, localEntry(45*time.Minute, "select 2")}, ten.Add(30 * time.Minute), ten.Add(50 * time.Minute), "", false},
		"and somewhat earlier":        {[]string{half, localEntry(45*time.Minute, "select 2")}, ten.Add(30 * time.Minute), ten.Add(50*time.Minute + time.Millisecond), "", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for i, log := range tt.logs {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.log", i)), []byte(log), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			h := &Handler{Source: source.Local{Paths: []string{dir}}, Instances: []string{""}, OrderBy: digest.OrderBySum}
			r, err := h.Collect(context.Background(), digest.Window{Start: tt.start, End: tt.end})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, g := range r.Coverage.Gaps {
				got += fmt.Sprintf("%.0f to %.0f", g.After.Sub(ten).Minutes(), g.Before.Sub(ten).Minutes())
			}
			if len(r.Coverage.Gaps) == 0 && !r.Coverage.Complete {
				got = "unknown"
			}
			if got != tt.gap || r.Coverage.Complete != (tt.gap == "") || (len(r.Coverage.Notes) > 0) != (!r.Coverage.Complete || tt.early) {
				t.Errorf("got %q, want %q: %+v", got, tt.gap, r.Coverage)
			}
		})
	}
}

// A log that is read twice, as packed and unpacked, is told of; one that is longer, or of another time, is not.
func TestCopiesAreTold(t *testing.T) {
	entry, later := localEntry(0, "select 1"), localEntry(time.Second, "select 1")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(entry)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		second string
		told   bool
	}{{entry, true}, {packed.String(), true}, {later, false}, {entry + " ", false}, {localEntry(0, "select 12"), false}} {
		dir := t.TempDir()
		for name, text := range map[string]string{"slow.log": entry, "slow.log.1": c.second} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h := &Handler{Source: source.Local{Paths: []string{dir}}, Instances: []string{""}, OrderBy: digest.OrderBySum}
		r, err := h.Collect(t.Context(), digest.Window{})
		if notes := strings.Join(r.Coverage.Notes, " "); err != nil || strings.Contains(notes, "slow.log and ") != c.told || !r.Coverage.Complete {
			t.Errorf("%q: %v, %+v", c.second, err, r.Coverage)
		}
	}
}

// The logs of a server are of one instance, and those of two are not, though they have the same name.
func TestLocalNames(t *testing.T) {
	for paths, want := range map[string]string{
		"slow.log":            "slow.log",
		"/var/log/slow.log.1": "slow.log.1",
		"slow.log slow.log.1 slow.log-20261123.gz slow-2026-11-22.log": "slow.log",
		"./slow.log slow.log.1 .//slow.log.2.gz":                       "slow.log",
		"d/slow.log.2026-11-23.10 d/slow.log":                          "slow.log",
		"a/slow.log b/slow.log b/slow.log.1 other.log":                 "a.slow.log b.slow.log other.log",
		"a/x/slow.log b/x/slow.log":                                    "a.x.slow.log b.x.slow.log",
		"slow.log b/slow.log":                                          "slow.log b.slow.log",
		"b/slow.log /b/slow.log":                                       "b.slow.log .b.slow.log",
		"- /dev/fd/62 /dev/fd/63":                                      "- /dev/fd/62 /dev/fd/63",
		"db1.log db2.log shop-1.log shop-2.log 1.log 2.log":            "db1.log db2.log shop-1.log shop-2.log 1.log 2.log",
		"10.0.0.1.log 10.0.0.2.log db.1 db.2 slow.1.log slow.2.log":    "10.0.0.1.log 10.0.0.2.log db.1 db.2 slow.1.log slow.2.log",
		"a-5.7.log a-8.0.log ip-10-0-0-1 ip-10-0-0-2 .log":             "a-5.7.log a-8.0.log ip-10-0-0-1 ip-10-0-0-2 .log",
		"x-20261123.log x-20261124.log":                                "x-20261123.log",
	} {
		var files []source.File
		for _, path := range strings.Fields(paths) {
			files = append(files, source.File{Name: path})
		}
		byPath, names := LocalNames(files)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", paths, got, want)
		}
		for _, f := range files {
			if !slices.Contains(names, byPath[f.Name]) {
				t.Errorf("%s: %s is called %q", paths, f.Name, byPath[f.Name])
			}
		}
	}
}

// Of two servers, that counts whose log begins later; the logs of one are rotated.
func TestBeginningOfEachServer(t *testing.T) {
	ten := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for name, complete := range map[string]bool{
		"a.log": false, "slow2.log": false, "slow.log.1": true, "slow.log-20261123.gz": true, "slow-2026-11-23.log": true, "slow.log.2026-11-23.10": true, "a/slow.log": false,
	} {
		dir := t.TempDir()
		later, earlier := filepath.Join(dir, "slow.log"), filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(earlier), 0o700); err != nil {
			t.Fatal(err)
		}
		for path, after := range map[string]time.Duration{later: 30 * time.Minute, earlier: -time.Hour} {
			if err := os.WriteFile(path, []byte(localEntry(after, "select 1")), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h := &Handler{Source: source.Local{Paths: []string{later, earlier}}, Instances: []string{""}, OrderBy: digest.OrderBySum}
		r, err := h.Collect(context.Background(), digest.Window{Start: ten, End: ten.Add(time.Hour)})
		if err != nil || r.Coverage.Complete != complete || len(r.Coverage.Gaps) == 0 != complete {
			t.Errorf("%s: %v %+v", name, err, r.Coverage)
		}
		if notes := strings.Join(r.Coverage.Notes, " "); !complete && !strings.Contains(notes, "slow.log begins at 2026-11-23 10:30:00 UTC") {
			t.Errorf("%s: %s", name, notes)
		}
	}
}

// What the parser is in doubt about keeps the report from being complete, and is
// told with its place.
func TestDoubtsAreTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slow.log")
	log := localEntry(0, "select 1") + "-- rotated\n" + localEntry(time.Second, "select 2") + "\n" + localEntry(2*time.Second, "select 3")
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &Handler{Source: source.Local{Paths: []string{path}}, Instances: []string{""}, OrderBy: digest.OrderBySum}
	r, err := h.Collect(context.Background(), digest.Window{})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("(at byte %d)", strings.Index(log, "-- rotated"))
	if c := r.Coverage; c.Complete || c.Doubtful != 1 || c.Events != 3 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], want) {
		t.Errorf("%+v", c)
	}
}
