package rdstest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func serveDir(s *Server, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("serve logs: %w", err)
	}
	for _, e := range entries {
		id, isLog := strings.CutSuffix(e.Name(), ".log")
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			err = serveTree(s.AddInstance(e.Name()), path)
		case isLog:
			err = serveFile(s.AddInstance(id), SlowLog, path)
		}
		if err != nil {
			return fmt.Errorf("serve logs: %w", err)
		}
	}
	return nil
}

func serveTree(db *Instance, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return serveFile(db, filepath.ToSlash(name), path)
	})
}

func serveFile(db *Instance, name, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	c := diskFile{path, info.Size()}
	written, err := lastEntry(c)
	if err != nil {
		return err
	}
	if written.IsZero() {
		written = info.ModTime()
	}
	db.WriteContent(name, c, written)
	return nil
}

// diskFile is open only while it is read, so that any number may be served.
type diskFile struct {
	path string
	size int64
}

func (d diskFile) Size() int64 { return d.size }

func (d diskFile) ReadAt(p []byte, offset int64) (int, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, offset)
}

var entryTime = regexp.MustCompile(`(?m)^(?:# Time: (\d{4}-\d\d-\d\dT\S+)|# Time: (\d{6} [ \d]\d:\d\d:\d\d)|SET (?:\S+,)?timestamp=(\d+);)`)

// lastEntry returns the latest time in the last 64 KB; zero if there is none. It is
// rounded up to the millisecond, in which RDS tells it.
func lastEntry(c Content) (time.Time, error) {
	const tail = 64 << 10
	f := &logFile{content: c}
	text, err := f.bytes(max(0, c.Size()-tail), tail)
	var last time.Time
	for _, m := range entryTime.FindAllSubmatch(text, -1) {
		t, err := time.Parse(time.RFC3339Nano, string(m[1]))
		if len(m[2]) > 0 {
			t, err = time.Parse("060102 15:04:05", strings.Replace(string(m[2]), "  ", " 0", 1))
		} else if len(m[3]) > 0 {
			var seconds int64
			seconds, err = strconv.ParseInt(string(m[3]), 10, 64)
			t = time.Unix(seconds, 0)
		}
		if err == nil && t.After(last) {
			last = t
		}
	}
	if rounded := last.Truncate(time.Millisecond); rounded.Before(last) {
		last = rounded.Add(time.Millisecond)
	}
	return last.UTC(), err
}
