package source_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
)

func TestLocal(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "packed\n")
	_ = z.Close()
	for name, text := range map[string]string{
		"a.log": "first\n", "sub/b.log": "second\n", "c.gz": packed.String(), "cut.log": packed.String()[:packed.Len()-6],
		"x.truth.json": "{}", ".hidden": "h", "sub/.git/config": "h", "empty.log": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := source.Local{Paths: []string{"-", dir, filepath.Join(dir, "x.truth.json")}, Stdin: strings.NewReader("typed\n")}
	files, err := l.LogFiles(context.Background(), "", time.Now(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		text, cov := read(t, l, f)
		if cut := strings.HasSuffix(f.Name, "cut.log"); cov.Complete == cut {
			t.Errorf("%s: coverage %+v", f.Name, cov)
		}
		if f.Name != "-" && cov.BytesRead != f.Size {
			t.Errorf("%s: %d bytes read of %d", f.Name, cov.BytesRead, f.Size)
		}
		got = append(got, string(text))
	}
	if want := []string{"typed\n", "first\n", "packed\n", "packed\n", "", "second\n", "{}"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("read %q, want %q", got, want)
	}
}

func TestLocalErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.log")
	l := source.Local{Paths: []string{missing}}
	if _, err := l.LogFiles(context.Background(), "", time.Time{}, time.Time{}); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("LogFiles of a missing file: %v", err)
	}
	if _, err := l.Open(context.Background(), source.File{Name: missing}); err == nil {
		t.Error("a missing file was opened")
	}
}
