package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

const live = "slowquery/mysql-slowquery.log"

var tenOClock = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func names(files []source.File) []string {
	var n []string
	for _, f := range files {
		n = append(n, strings.TrimPrefix(f.Name, live))
	}
	return n
}

func TestServedDirectory(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	if err := srv.ServeDir("../testdata/slowlogs"); err != nil {
		t.Fatal(err)
	}
	s := source.NewRDS(srv.Config(), source.Options{})
	for _, id := range []string{"mysql-9-7", "mysql-9-7-extra", "mariadb-10-11", "mariadb-10-11-verbose"} {
		files, err := s.LogFiles(context.Background(), id, tenOClock.Add(-time.Hour), tenOClock)
		if err != nil || len(files) != 1 {
			t.Fatalf("LogFiles(%s) = %v, %v", id, files, err)
		}
		if w := files[0].LastWritten; w.Before(tenOClock.Add(-time.Hour)) || w.After(tenOClock) {
			t.Errorf("%s: last written at %v, but its entries are of the hour before %v", id, w, tenOClock)
		}
		got, cov := read(t, s, files[0])
		want, err := os.ReadFile("../testdata/slowlogs/" + id + ".log")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, asciiOnly(want)) || !cov.Complete || cov.BytesRead != int64(len(want)) {
			t.Errorf("%s: read %d bytes of %d, coverage %+v", id, len(got), len(want), cov)
		}
	}
}

// asciiOnly returns text as the portion API delivers it.
func asciiOnly(text []byte) []byte {
	return regexp.MustCompile(`[^\t\n\r -\x7f]`).ReplaceAllFunc(text, func(r []byte) []byte {
		return bytes.Repeat([]byte("?"), len(r))
	})
}

type opener interface {
	Open(context.Context, source.File) (*source.Log, error)
}

func read(t *testing.T, s opener, f source.File) ([]byte, source.Coverage) {
	t.Helper()
	l, err := s.Open(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	text, err := io.ReadAll(l)
	if err != nil {
		t.Errorf("read %s: %v", f.Name, err)
	}
	return text, l.Coverage()
}

func TestPortionsAreJoined(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.PortionBytes = 1000
	var log strings.Builder
	for i := range 500 {
		fmt.Fprintf(&log, "SELECT %d, '%s';\n", i, strings.Repeat("x", i%300))
	}
	srv.AddInstance("orders-1").Write(live, []byte(log.String()), tenOClock)
	s := source.NewRDS(srv.Config(), source.Options{})
	files, err := s.LogFiles(context.Background(), "orders-1", tenOClock.Add(-time.Hour), tenOClock)
	if err != nil {
		t.Fatal(err)
	}
	got, cov := read(t, s, files[0])
	if string(got) != log.String() || cov.TruncatedLines != 0 || !cov.Complete {
		t.Errorf("read %d bytes of %d, coverage %+v", len(got), log.Len(), cov)
	}
}

func TestChosenFiles(t *testing.T) {
	tests := []struct {
		name    string
		written map[string]string // hour and minute of the last write by the name's suffix
		hour    int               // the end of the window
		want    string
	}{
		{"dated", map[string]string{".2026-11-23.8": "07:59", ".2026-11-23.9": "08:59", ".2026-11-23.10": "09:58", "": "10:04"}, 10, ".2026-11-23.10 "},
		{"padded", map[string]string{".2026-11-23.08": "08:00", ".2026-11-23.09": "09:00", ".2026-11-23.10": "10:00", "": "10:04"}, 10, ".2026-11-23.09 .2026-11-23.10 "},
		{"hour alone", map[string]string{".8": "07:59", ".9": "08:59", ".10": "09:58", "": "10:04"}, 10, ".10 "},
		{"rotation is late", map[string]string{".2026-11-23.8": "07:59", ".2026-11-23.9": "08:59", "": "10:04"}, 10, ""},
		{"an earlier hour", map[string]string{".2026-11-23.3": "02:59", ".2026-11-23.4": "03:59", ".2026-11-23.5": "04:58", ".2026-11-23.6": "05:58", ".2026-11-23.7": "06:58", "": "10:04"}, 4, ".2026-11-23.4 .2026-11-23.5 .2026-11-23.6"},
		{"written to at the end", map[string]string{".2026-11-23.10": "10:00", ".2026-11-23.11": "10:58", ".2026-11-23.12": "11:58", "": "12:04"}, 10, ".2026-11-23.10 .2026-11-23.11"},
		{"quiet", map[string]string{".2026-11-23.10": "08:00", "": "08:01"}, 10, "-"},
		{"unknown names", map[string]string{".2026-11-23.10": "09:58", ".gz": "09:59", ".2026-11-23.30": "09:59", "": "10:04"}, 10, ".2026-11-23.30 .gz .2026-11-23.10 "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := rdstest.NewServer()
			defer srv.Close()
			db := srv.AddInstance("orders-1")
			for suffix, at := range test.written {
				if suffix != "" && !strings.HasPrefix(suffix, ".") {
					t.Fatalf("suffix %q", suffix)
				}
				written, err := time.Parse("2006-01-02 15:04", "2026-11-23 "+at)
				if err != nil {
					t.Fatal(err)
				}
				db.Write(live+suffix, []byte("x\n"), written)
			}
			db.Write("error/mysql-error.log", []byte("x\n"), tenOClock)
			end := time.Date(2026, 11, 23, test.hour, 0, 0, 0, time.UTC)
			files, err := source.NewRDS(srv.Config(), source.Options{}).LogFiles(context.Background(), "orders-1", end.Add(-time.Hour), end)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(names(files), " ")
			if len(files) == 0 {
				got = "-"
			}
			if got != test.want {
				t.Errorf("chosen: %q, want %q", got, test.want)
			}
		})
	}
}

func TestErrorsHaveHints(t *testing.T) {
	srv := rdstest.NewServer()
	srv.AddInstance("no-log")
	list := func(id string) error {
		_, err := source.NewRDS(srv.Config(), source.Options{MaxAttempts: 1}).LogFiles(context.Background(), id, tenOClock, tenOClock)
		return err
	}
	hinted := func(err error, want string) {
		t.Helper()
		if hint := source.Hint(err); err == nil || !strings.Contains(hint, want) {
			t.Errorf("error %v: hint %q, want %q in it", err, hint, want)
		}
	}
	hinted(list("my-cluster"), "not of a cluster")
	hinted(list("no-log"), "log_output=FILE")
	srv.Close()
	hinted(list("no-log"), "AWS_ENDPOINT_URL_RDS")
	if hint := source.Hint(errors.New("other")); hint != "" {
		t.Errorf("hint of an unknown error: %q", hint)
	}
}
