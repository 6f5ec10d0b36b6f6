package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

func TestReplaceFileThatFails(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "c.json")
	if err := os.MkdirAll(filepath.Join(target, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(target, []byte("x")); err == nil {
		t.Error("a directory was replaced")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
	if err := replaceFile(filepath.Join(dir, "no", "c.json"), []byte("x")); err == nil {
		t.Error("a file was made in no directory")
	}
}

func TestFileStoreErrors(t *testing.T) {
	dir := t.TempDir()
	s := FileStore{Dir: dir}
	lock := flock.New(filepath.Join(dir, "c.json.lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Save(ctx, "c.json", []byte("x"), ""); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "save state: lock ") {
		t.Errorf("a lock that is held: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Load(t.Context(), "d.json"); !errors.As(err, new(*StoreError)) || !strings.HasPrefix(err.Error(), "load state: ") {
		t.Errorf("Load of a directory: %v", err)
	}
	if _, err := s.Save(t.Context(), "d.json", []byte("x"), ""); err == nil || errors.Is(err, ErrConflict) {
		t.Errorf("Save over a directory: %v", err)
	}
	if _, err := s.Save(t.Context(), "c.json.lock/e.json", []byte("x"), ""); err == nil {
		t.Error("a directory was made below a file")
	}
}
