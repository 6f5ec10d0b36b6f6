package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// FileStore keeps each object as a file of a directory, which is made when it is
// needed. Any number of processes may share the directory, as long as its file
// system knows locks.
type FileStore struct{ Dir string }

// Load reads the file as a whole: it is only ever replaced by a rename.
func (s FileStore) Load(_ context.Context, key string) ([]byte, string, error) {
	f, err := os.Open(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", &StoreError{Step: "load state", Err: err}
	}
	defer f.Close()
	data, err := readState(f)
	if errors.Is(err, errTooLarge) {
		return nil, "", &StoreError{Step: "load state " + s.path(key), Err: err, hint: hintTooLarge}
	}
	if err != nil {
		return nil, "", &StoreError{Step: "load state", Err: err}
	}
	return data, fileTag(data), nil
}

// Save compares and renames under a lock, which the system takes back from a
// process that dies.
func (s FileStore) Save(ctx context.Context, key string, data []byte, tag string) (string, error) {
	if err := s.save(ctx, key, data, tag); err != nil {
		return "", &StoreError{Step: "save state", Err: err}
	}
	return fileTag(data), nil
}

func (s FileStore) save(ctx context.Context, key string, data []byte, tag string) error {
	path := s.path(key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock := flock.New(s.lockPath(key))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	defer lock.Close()
	_, now, err := s.Load(ctx, key)
	if err != nil {
		return err
	}
	if now != tag {
		return fmt.Errorf("%s: %w", path, ErrConflict)
	}
	return replaceFile(path, data)
}

// lockPath returns the lock of a key: one for each state, and one for each directory of other objects.
func (s FileStore) lockPath(key string) string {
	first, _, _ := strings.Cut(key, "/")
	return s.path(first) + ".lock"
}

// replaceFile leaves either the old content or the new one, even if the power
// fails.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // a no-op after the rename
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	_ = dir.Sync() // not every system can sync a directory
	return nil
}

func (s FileStore) path(key string) string { return filepath.Join(s.Dir, filepath.FromSlash(key)) }

func fileTag(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
