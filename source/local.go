package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slowdigest/source/unpack"
)

// Local reads files of the machine it runs on, compressed or not: see package unpack.
type Local struct {
	// Paths are files and directories; "-" is Stdin. Of a directory all that its tree
	// holds is read, except hidden files and *.json.
	Paths []string
	// Seek lets large files begin where the window begins. The database, which a log names only
	// where it changes, may be unknown for the entries that follow.
	Seek  bool
	Stdin io.Reader // what "-" stands for
}

// LogFiles names the files in the order of Paths, those of a directory by name. A
// path that cannot be read leaves the others listed next to the error, and so does a
// directory without a file. What is named twice, and what in a directory is no file, is
// listed as Omitted. It leaves none out by its time: the file may have been copied or
// unpacked, which says nothing about its entries. The instance is of no matter.
func (l Local) LogFiles(ctx context.Context, _ string, start, _ time.Time) ([]File, error) {
	w := localWalk{ctx: ctx}
	if l.Seek {
		w.start = start
	}
	for _, path := range l.Paths {
		w.path(path)
	}
	return w.files, errors.Join(w.errs...)
}

// localWalk lists files, each of them once.
type localWalk struct {
	ctx   context.Context
	start time.Time
	files []File
	seen  []seenFile // the regular ones
	stdin bool
	errs  []error
}

type seenFile struct {
	name string
	info fs.FileInfo
}

func (w *localWalk) path(path string) {
	if path == "-" {
		f := File{Name: "-"}
		if w.stdin {
			f.Omitted = "The standard input is given twice, and is read once."
		}
		w.files, w.stdin = append(w.files, f), true
		return
	}
	root := path
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		root += string(filepath.Separator) // or a link to a directory would not be entered
	}
	files, errs := len(w.files), len(w.errs)
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			w.errs = append(w.errs, asOpen(name, err))
		case name == root:
			w.file(path, true)
		case !skipped(d):
			w.file(name, false)
		case d.IsDir():
			return fs.SkipDir
		}
		return w.ctx.Err()
	})
	switch {
	case err != nil:
		w.errs = append(w.errs, fmt.Errorf("list slow logs: %w", err))
	case root != path && len(w.files) == files && len(w.errs) == errs:
		w.errs = append(w.errs, advised{fmt.Errorf("list slow logs: there is no file in the directory %s", path), "hidden files and *.json do not count"})
	}
}

// file lists what is at a path that was given, or found in a directory that was. A directory
// itself holds nothing.
func (w *localWalk) file(name string, given bool) {
	info, err := os.Stat(name)
	if err != nil {
		w.errs = append(w.errs, asOpen(name, err))
		return
	}
	f := File{Name: name, Size: info.Size(), LastWritten: info.ModTime().UTC()}
	link, _ := os.Lstat(name)
	switch mode := info.Mode(); {
	case mode.IsDir() && (given || link.Mode().IsDir()):
		return
	case mode.IsRegular():
		i := slices.IndexFunc(w.seen, func(other seenFile) bool { return os.SameFile(info, other.info) })
		if i < 0 {
			w.seen = append(w.seen, seenFile{name, info})
			f.from = w.start
		} else if filepath.Clean(w.seen[i].name) == filepath.Clean(name) {
			f.Omitted = name + " is given twice, and is read once."
		} else {
			f.Omitted = name + " is the same file as " + w.seen[i].name + ", and is read once."
		}
	case given: // whoever names a pipe or a device means it
		f.Size, f.LastWritten = 0, time.Time{}
	default:
		f.Omitted = name + " is " + kindOf(mode) + ", and is not read."
	}
	if f.Omitted == "" || !slices.ContainsFunc(w.files, func(other File) bool { return other.Omitted == f.Omitted }) {
		w.files = append(w.files, f)
	}
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a link to a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// asOpen says of a file that cannot be looked at what would be said if it were opened.
func asOpen(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &fs.PathError{Op: "open", Path: name, Err: err}
}

func skipped(d fs.DirEntry) bool {
	return strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), ".json")
}

// Open opens a file, and decompresses it. A large one that is not compressed is begun where the
// window begins, if samples of it are in the order of their times: see seekFile. If the deadline
// of ctx passes, the Log ends there and its Coverage says so. If ctx is cancelled the Log ends
// with an error, also where a pipe has nothing to read; of Stdin see Stoppable.
func (l Local) Open(ctx context.Context, f File) (*Log, error) {
	file, begin := io.NopCloser(l.Stdin), int64(0)
	if f.Name != "-" {
		opened, err := OpenFile(ctx, f.Name)
		if err != nil {
			return nil, err
		}
		file = opened
		if begin, err = seekInto(opened, f); err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("open slow log: %w", err)
		}
	} else if l.Stdin == nil {
		return nil, errors.New("open slow log: no standard input")
	}
	c := &fileChunks{ctx: ctx, file: file, name: f.Name, buf: make([]byte, 64<<10)}
	var compressed bool
	var err error
	if c.text, compressed, err = unpack.Text(countingReader{file, &c.stored}); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("open slow log %s: %w", f.Name, err)
	}
	var text chunks = c
	if compressed {
		text = c.ahead()
	}
	log := newLog(text)
	if log.cov.Skipped = begin; begin > 0 {
		log.cov.Sampled = true
		log.cov.Notes = []string{fmt.Sprintf("The first %d bytes of %s were not read: samples of them, one in 256 kB, are from before the window. What stands between is not known, nor their database lines; given as - it is read whole.", begin, f.Name)}
	}
	return log, nil
}

// seekInto sets out for the part of an open file that the window begins in, and returns where it begins.
func seekInto(file io.ReadCloser, f File) (begin int64, err error) {
	regular, ok := file.(*os.File)
	if !ok || f.from.IsZero() || f.Size < seekSize {
		return 0, nil
	}
	head := make([]byte, sampleBytes)
	if n, _ := regular.ReadAt(head, 0); unpack.Compressed(head[:n]) {
		return 0, nil
	}
	begin, found := seekFile(regular, f.Size, f.from)
	if !found {
		return 0, nil
	}
	_, err = regular.Seek(begin, io.SeekStart)
	return begin, err
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
	var n int
	err := c.ctx.Err()
	if err == nil {
		n, err = c.text.Read(c.buf)
	}
	cov.BytesRead = c.stored
	switch stopped := c.ctx.Err(); {
	case err == nil || err == io.EOF:
	case errors.Is(stopped, context.DeadlineExceeded):
		cov.miss(fmt.Sprintf("The time ran out: what follows byte %d of %s is missing.", c.stored, c.name))
		err = io.EOF
	case stopped != nil:
		err = interrupted{stopped}
	}
	return c.buf[:n], err
}

// interrupted says of a cancelled context what it means to a person.
type interrupted struct{ error }

func (interrupted) Error() string   { return "interrupted" }
func (i interrupted) Unwrap() error { return i.error }

func (c *fileChunks) close() error { return c.file.Close() }

// aheadChunks is how many chunks are decompressed before they are asked for, and wait; besides them there are one that
// has no room yet, and one that is read.
const aheadChunks = 6

// ahead decompresses in a goroutine of its own, until the pipe is closed.
func (c *fileChunks) ahead() *pipe {
	p := newPipe(aheadChunks, func() { _ = c.close() })
	go func() {
		cov := Coverage{Complete: true}
		room := [aheadChunks + 2][]byte{c.buf} // each is free again when as many others were sent
		for i := 0; ; i = (i + 1) % len(room) {
			if room[i] == nil {
				room[i] = make([]byte, len(c.buf))
			}
			c.buf = room[i]
			text, err := c.next(&cov)
			if p.send(piece{text, cov, err}) != nil || err != nil {
				return
			}
		}
	}()
	return p
}

type countingReader struct {
	r io.Reader
	n *int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}

// OpenFile opens a file. A named pipe is open when somebody writes to it: until then, and while
// nothing is written, the end of ctx ends the waiting.
func OpenFile(ctx context.Context, name string) (io.ReadCloser, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, asOpen(name, err)
	}
	if info.Mode().IsRegular() {
		return os.Open(name)
	}
	type result struct {
		file *os.File
		err  error
	}
	done := make(chan result, 1)
	go func() {
		f, err := os.Open(name)
		done <- result{f, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		return struct {
			io.Reader
			io.Closer
		}{Stoppable(ctx, r.file), r.file}, nil
	case <-ctx.Done(): // who waits in the kernel is left there until the process ends
		return nil, &fs.PathError{Op: "open", Path: name, Err: ctx.Err()}
	}
}

// Stoppable reads from what may keep a reader waiting forever, such as a pipe or a terminal,
// until ctx ends. Its Read returns the error of ctx then, and may lose what comes later.
func Stoppable(ctx context.Context, r io.Reader) io.Reader {
	return &stoppable{ctx: ctx, in: r, buf: make([]byte, 64<<10), done: make(chan readResult, 1)}
}

type stoppable struct {
	ctx  context.Context
	in   io.Reader
	buf  []byte // is not touched any more when ctx has ended: a Read may be under way
	done chan readResult
}

type readResult struct {
	n   int
	err error
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	part := s.buf[:min(len(p), len(s.buf))]
	go func() {
		n, err := s.in.Read(part)
		s.done <- readResult{n, err}
	}()
	select {
	case r := <-s.done:
		return copy(p, part[:r.n]), r.err
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}
