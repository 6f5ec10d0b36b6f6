package source_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"slowdigest/source"
)

func TestLocal(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "packed\n")
	_ = z.Close()
	var dense bytes.Buffer
	zst, err := zstd.NewWriter(&dense)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(zst, "dense\n")
	_ = zst.Close()
	for name, text := range map[string]string{
		"a.log": "first\n", "sub/b.log": "second\n", "c.gz": packed.String(), "d.log": dense.String(), "d2.zst": dense.String()[:dense.Len()-2], "cut.log": packed.String()[:packed.Len()-6],
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
		log, err := l.Open(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(log)
		cov := log.Coverage()
		_ = log.Close()
		cut := strings.HasSuffix(f.Name, "cut.log") || strings.HasSuffix(f.Name, "d2.zst")
		if cov.Complete == cut || cut != (err != nil) || cut && err.Error() != "the compressed file ends too early: unexpected EOF" {
			t.Errorf("%s: coverage %+v, error %v", f.Name, cov, err)
		}
		if f.Name != "-" && cov.BytesRead != f.Size {
			t.Errorf("%s: %d bytes read of %d", f.Name, cov.BytesRead, f.Size)
		}
		got = append(got, string(text))
	}
	if want := []string{"typed\n", "first\n", "packed\n", "packed\n", "dense\n", "", "", "second\n", "{}"}; strings.Join(got, "|") != strings.Join(want, "|") {
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

// What is no file, and what is named twice, is listed with a word, and not opened.
func TestLocalOmits(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "a.log")
	if err := os.WriteFile(log, []byte("first\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "b.pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "c.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for name, to := range map[string]string{"d.null": "/dev/null", "e.log": "a.log", "f.dir": "sub", "g.gone": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	l := source.Local{Paths: []string{dir + "/", log, "-", "-", "/dev/null"}}
	files, err := l.LogFiles(t.Context(), "", time.Time{}, time.Time{})
	if want := "open " + dir + "/g.gone: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	var got []string
	for _, f := range files {
		got = append(got, strings.ReplaceAll(f.Name+": "+f.Omitted, dir, "DIR"))
	}
	want := []string{"DIR/a.log: ", "DIR/b.pipe: DIR/b.pipe is a named pipe, and is not read.", "DIR/c.sock: DIR/c.sock is a socket, and is not read.",
		"DIR/d.null: DIR/d.null is a device, and is not read.", "DIR/e.log: DIR/e.log is the same file as DIR/a.log, and is read once.",
		"DIR/f.dir: DIR/f.dir is a link to a directory, and is not read.", "DIR/a.log: DIR/a.log is given twice, and is read once.",
		"-: ", "-: The standard input is given twice, and is read once.", "/dev/null: "}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A directory without a file is an error with a hint, and one that is a link is entered.
func TestLocalDirectories(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"full", "empty/sub"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"full/a.log", "empty/.hidden", "empty/x.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("full", link); err != nil {
		t.Fatal(err)
	}
	if files, err := (source.Local{Paths: []string{link}}).LogFiles(t.Context(), "", time.Time{}, time.Time{}); err != nil || len(files) != 1 || files[0].Name != link+"/a.log" {
		t.Errorf("%+v, %v", files, err)
	}
	files, err := source.Local{Paths: []string{filepath.Join(dir, "empty"), link}}.LogFiles(t.Context(), "", time.Time{}, time.Time{})
	if len(files) != 1 || err == nil || !strings.Contains(err.Error(), "no file in the directory "+dir+"/empty") || source.Hint(err) == "" {
		t.Errorf("%+v, %v", files, err)
	}
}

// A compressed log is decompressed before it is asked for, but no more than 8 chunks of it,
// and nothing goes on when it is closed.
func TestDecompressedAhead(t *testing.T) {
	const chunk = 64 << 10
	text := make([]byte, 4<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(text)
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(text)
	_ = z.Close()
	whole := bytes.NewReader(bytes.Clone(packed.Bytes()))
	before := runtime.NumGoroutine()
	var stored atomic.Int64
	stdin := readerFunc(func(p []byte) (int, error) {
		n, err := packed.Read(p)
		stored.Add(int64(n))
		return n, err
	})
	log, err := source.Local{Stdin: stdin}.Open(t.Context(), source.File{Name: "-"})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := log.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	last := int64(-1)
	for deadline := time.Now().Add(10 * time.Second); last != stored.Load() && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		last = stored.Load()
	}
	if last < 4*chunk || last >= 6*chunk { // gzip fills half of a chunk at a time
		t.Errorf("%d bytes are read ahead", last)
	}
	if cov := log.Coverage(); cov.BytesRead > 2*chunk {
		t.Errorf("%d bytes count as read, of which one was asked for", cov.BytesRead)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	_ = log.Close()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a goroutine goes on")
		}
	}

	// What waits is not written to before it is read, however slowly that is.
	log, err = source.Local{Stdin: whole}.Open(t.Context(), source.File{Name: "-"})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for at, part := 0, make([]byte, 1000); ; {
		n, err := log.Read(part)
		if !bytes.Equal(part[:n], text[at:at+n]) {
			t.Fatalf("other text from byte %d on", at)
		}
		if at += n; err == io.EOF && at == len(text) {
			break
		} else if err != nil {
			t.Fatal(at, err)
		}
		if at%(500<<10) < n {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A pipe that nobody writes to keeps nobody waiting who is told to stop.
func TestPipeStops(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := (source.Local{}).Open(ctx, source.File{Name: pipe}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a pipe without a writer: %v", err)
	}

	writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := writer.WriteString("first\n"); err != nil {
		t.Fatal(err)
	}
	for end, isTimeout := range map[string]bool{"deadline": true, "interrupt": false} {
		ctx, cancel := context.WithCancel(t.Context())
		if isTimeout {
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		} else {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		log, err := source.Local{}.Open(ctx, source.File{Name: pipe})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(log)
		cov := log.Coverage()
		if cov.Complete || isTimeout != (err == nil) || !isTimeout && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %q, %v, %+v", end, text, err, cov)
		}
		_ = log.Close()
		cancel()
	}
}
