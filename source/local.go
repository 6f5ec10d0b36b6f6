package source

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Local reads files of the machine it runs on, compressed by gzip or not.
type Local struct {
	// Paths are files and directories; "-" is Stdin. Of a directory all that its tree
	// holds is read, except hidden files and *.json.
	Paths []string
	Stdin io.Reader // what "-" stands for
}

// LogFiles names the files in the order of Paths, those of a directory by name. A
// path that cannot be read leaves the others listed next to the error. It
// leaves none out by its time: the file may have been copied or unpacked, which
// says nothing about its entries. The instance and the window are therefore of
// no matter.
func (l Local) LogFiles(ctx context.Context, _ string, _, _ time.Time) ([]File, error) {
	var files []File
	var errs []error
	for _, path := range l.Paths {
		if path == "-" {
			files = append(files, File{Name: "-"})
			continue
		}
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if name != path && skipped(d) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			if !info.IsDir() {
				files = append(files, File{Name: name, Size: info.Size(), LastWritten: info.ModTime().UTC()})
			}
			return ctx.Err()
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("list slow logs: %w", err))
		}
	}
	return files, errors.Join(errs...)
}

func skipped(d fs.DirEntry) bool {
	return strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), ".json")
}

// Open opens a file. It is decompressed if its first bytes are those of gzip,
// whatever its name. If the deadline of ctx passes, the Log ends there and its
// Coverage says so.
func (l Local) Open(ctx context.Context, f File) (*Log, error) {
	file := io.NopCloser(l.Stdin)
	if f.Name != "-" {
		opened, err := os.Open(f.Name)
		if err != nil {
			return nil, fmt.Errorf("open slow log: %w", err)
		}
		file = opened
	} else if l.Stdin == nil {
		return nil, errors.New("open slow log: no standard input")
	}
	c := &fileChunks{ctx: ctx, file: file, name: f.Name, buf: make([]byte, 64<<10)}
	stored := bufio.NewReader(countingReader{file, &c.stored})
	c.text = stored
	if magic, _ := stored.Peek(2); string(magic) == "\x1f\x8b" {
		text, err := gzip.NewReader(stored)
		if err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("open slow log %s: %w", f.Name, err)
		}
		c.text = text
	}
	return newLog(c), nil
}

// fileChunks delivers a local file to a Log.
type fileChunks struct {
	ctx    context.Context // of Open
	file   io.Closer
	name   string
	text   io.Reader // the file, decompressed
	stored int64     // bytes read of the file as it is stored
	buf    []byte
}

func (c *fileChunks) next(cov *Coverage) ([]byte, error) {
	if err := c.ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
		cov.miss(fmt.Sprintf("The time ran out: what follows byte %d of %s is missing.", c.stored, c.name))
		return nil, io.EOF
	} else if err != nil {
		return nil, fmt.Errorf("read slow log %s: %w", c.name, err)
	}
	n, err := c.text.Read(c.buf)
	cov.BytesRead = c.stored
	switch {
	case err == nil || err == io.EOF:
	case c.damaged(err):
		cov.miss(fmt.Sprintf("The compressed file %s is damaged or ends too early: what follows byte %d of it is missing.", c.name, c.stored))
		err = io.EOF
	default:
		err = fmt.Errorf("read slow log: %w", err)
	}
	return c.buf[:n], err
}

// damaged reports whether it is the compression, and not the disk, that err is about.
func (c *fileChunks) damaged(err error) bool {
	_, compressed := c.text.(*gzip.Reader)
	var disk *fs.PathError
	return compressed && !errors.As(err, &disk)
}

func (c *fileChunks) close() error { return c.file.Close() }

type countingReader struct {
	r io.Reader
	n *int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}
