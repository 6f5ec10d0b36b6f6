package source_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// aSource has the methods of every source.
type aSource interface {
	LogFiles(ctx context.Context, instance string, start, end time.Time) ([]source.File, error)
	Open(ctx context.Context, f source.File) (*source.Log, error)
}

// TestConformance holds every source to what Log and its two methods promise.
func TestConformance(t *testing.T) {
	h := newHistory(1)
	texts := map[string][]byte{
		"slowquery/mysql-slowquery.log.2026-11-23.9":  h.write("9", []byte(rdstest.Banner), 200, 400, tenOClock.Add(-90*time.Minute)),
		"slowquery/mysql-slowquery.log.2026-11-23.10": h.write("10", nil, 50, 40, tenOClock.Add(-time.Hour)),
		"slowquery/mysql-slowquery.log":               bytes.TrimSuffix(h.write("live", nil, 5, 40, tenOClock), []byte("\n")),
	}
	remote := func(o source.Options) func(*testing.T) (aSource, func(string)) {
		return func(t *testing.T) (aSource, func(string)) {
			srv := rdstest.NewServer()
			t.Cleanup(srv.Close)
			srv.PortionBytes = 4000
			db := srv.AddInstance("orders-1")
			written := tenOClock
			for i, name := range []string{live + ".2026-11-23.9", live + ".2026-11-23.10", live} {
				db.Write(name, texts[name], written.Add(time.Duration(i)*time.Minute-3*time.Minute))
			}
			o.Patience = time.Microsecond
			return source.NewRDS(patient(srv.Config()), o), db.Remove
		}
	}
	local := func(t *testing.T) (aSource, func(string)) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "slowquery"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range texts {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return source.Local{Paths: []string{dir}}, func(name string) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, make := range map[string]func(*testing.T) (aSource, func(string)){
		"portions":   remote(source.Options{}),
		"sequential": remote(source.Options{Sequential: true, Concurrency: 1}),
		"complete":   remote(source.Options{Download: source.Complete, Now: time.Now}),
		"auto":       remote(source.Options{Download: source.Auto, Now: time.Now}),
		"local":      local,
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("text", func(t *testing.T) { s, _ := make(t); conformText(t, s, texts) })
			t.Run("side by side", func(t *testing.T) { s, _ := make(t); conformSideBySide(t, s, texts) })
			t.Run("end", func(t *testing.T) { s, _ := make(t); conformEnd(t, s) })
			t.Run("gone", func(t *testing.T) { s, remove := make(t); conformGone(t, s, remove) })
		})
	}
}

func hour(t *testing.T, s aSource) []source.File {
	t.Helper()
	return hourOf(t, s, "orders-1")
}

func hourOf(t *testing.T, s aSource, instance string) []source.File {
	t.Helper()
	files, err := s.LogFiles(context.Background(), instance, tenOClock.Add(-time.Hour), tenOClock)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func textOf(texts map[string][]byte, f source.File) []byte {
	for name, text := range texts {
		if strings.HasSuffix(f.Name, name) {
			return text
		}
	}
	return nil
}

// conformText: every file is listed with its size and delivered byte by byte.
func conformText(t *testing.T, s aSource, texts map[string][]byte) {
	files := hour(t, s)
	if len(files) != len(texts) {
		t.Errorf("%d files are listed, there are %d", len(files), len(texts))
	}
	for _, f := range files {
		l, err := s.Open(context.Background(), f)
		if err != nil {
			t.Fatal(err)
		}
		want := textOf(texts, f)
		if err := iotest.TestReader(struct{ io.Reader }{l}, want); err != nil {
			t.Error(err)
		}
		if cov := l.Coverage(); !cov.Complete || cov.BytesRead != int64(len(want)) || f.Size != cov.BytesRead || len(cov.Notes) > 0 {
			t.Errorf("%s of %d bytes: %+v", f.Name, f.Size, cov)
		}
		if err := errors.Join(l.Close()); err != nil {
			t.Error(err)
		}
	}
}

// conformSideBySide: any number of files may be open and read in turns.
func conformSideBySide(t *testing.T, s aSource, texts map[string][]byte) {
	var logs []*source.Log
	var got []bytes.Buffer
	var want [][]byte
	for range 5 {
		for _, f := range hour(t, s) {
			l, err := s.Open(context.Background(), f)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			logs, want = append(logs, l), append(want, textOf(texts, f))
		}
	}
	got = make([]bytes.Buffer, len(logs))
	for open := len(logs); open > 0; {
		open = 0
		for i, l := range logs {
			if _, err := io.CopyN(&got[i], l, 1000); err == nil {
				open++
			} else if err != io.EOF {
				t.Fatal(err)
			}
		}
	}
	for i := range logs {
		if !bytes.Equal(got[i].Bytes(), want[i]) {
			t.Errorf("log %d: %d bytes, want %d", i, got[i].Len(), len(want[i]))
		}
	}
}

// conformEnd: a Log that is closed leaves nothing open, one that is cancelled
// says so, and one that runs out of time ends with what there is.
func conformEnd(t *testing.T, s aSource) {
	f := hour(t, s)[0]
	for range 3 {
		for what, ctx := range map[string]func() (context.Context, context.CancelFunc){
			"closed":    func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) },
			"cancelled": func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) },
			"late":      func() (context.Context, context.CancelFunc) { return context.WithTimeout(context.Background(), 0) },
		} {
			ctx, cancel := ctx()
			l, err := s.Open(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			switch what {
			case "cancelled":
				cancel()
				if _, err := io.Copy(io.Discard, l); err == nil && !l.Coverage().Complete {
					t.Error("a cancelled log is not complete, but ends without an error")
				}
			case "late":
				if _, err := io.Copy(io.Discard, l); err != nil || l.Coverage().Complete || !strings.Contains(fmt.Sprint(l.Coverage().Notes), "time ran out") {
					t.Errorf("out of time: %v, %+v", err, l.Coverage())
				}
			}
			_ = l.Close()
			if _, err := l.Read(make([]byte, 1)); err == nil && what == "late" {
				t.Error("a log is read after its end")
			}
			cancel()
		}
	}
	for try := 0; strings.Contains(stacks(), "slowdigest/source.("); try++ {
		if try > 1000 {
			t.Fatalf("a closed log leaves goroutines running:\n%s", stacks())
		}
		time.Sleep(time.Millisecond)
	}
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// conformGone: a file that disappears before it is opened is not silently empty.
func conformGone(t *testing.T, s aSource, remove func(string)) {
	f := hour(t, s)[0]
	remove(f.Name)
	l, err := s.Open(context.Background(), f)
	if err != nil {
		return
	}
	defer l.Close()
	if _, err := io.Copy(io.Discard, l); err == nil && l.Coverage().Complete {
		t.Error("a file that is gone is complete")
	}
}
