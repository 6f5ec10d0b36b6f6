package source

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Follow reads the slow log of an instance from a time on, and goes on as it is
// written to, from one hour's file to the next, until ctx ends: then Read returns
// io.EOF. Entries of before the time may come first. It reads by portions,
// whatever the options say, and waits for nothing. An outage is waited for to
// end; Read returns an error where RDS will not answer at all, as for want of
// permission. The Coverage is that of all files together, and up to date with what
// was read. The Log must be closed.
func (s *RDS) Follow(ctx context.Context, instance string, from time.Time) *Log {
	ctx, cancel := context.WithCancel(ctx)
	p := &pipe{cancel: cancel, pieces: make(chan piece), quit: make(chan struct{})}
	f := &follower{rds: s, ctx: ctx, out: p, instance: instance, from: from.UTC(), at: beginning, cov: Coverage{Complete: true}}
	go func() {
		err := f.run()
		if err == nil {
			err = io.EOF
		}
		_ = p.send(piece{cov: f.cov, err: err})
	}()
	return newLog(p)
}

// follower is a reader of the live file of an instance.
type follower struct {
	rds      *RDS
	ctx      context.Context
	out      *pipe
	instance string
	from     time.Time
	cov      Coverage

	listed *listing // the last one; nil before the first
	queue  []File   // what is to be read, in order, the live file last
	at     place    // where to begin in the first of them
	tail   []byte   // of what was delivered of that
	stuck  int      // looks in a row that did not get on, though there is more
}

func (f *follower) run() error {
	for failed := 0; ; failed++ {
		err := f.look()
		switch {
		case f.ctx.Err() != nil:
			f.leave()
			return nil
		case errors.Is(err, errClosed), err != nil && hopeless(err):
			return err
		case err == nil:
			failed = 0
		}
		wait(f.ctx, f.rds.opts.Poll<<min(failed, 4))
	}
}

// hopeless reports whether it is of no use to ask again a little later.
func hopeless(err error) bool {
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) || throttled(err) || notReady(err) || fileNotFound(err) || unreadable(err) {
		return false
	}
	return response.HTTPStatusCode() >= http.StatusBadRequest && response.HTTPStatusCode() < http.StatusInternalServerError
}

// look lists the files and reads what is new.
func (f *follower) look() error {
	now, err := f.rds.list(f.ctx, f.instance)
	if err != nil {
		return err
	}
	f.enqueue(now)
	for len(f.queue) > 0 {
		file := f.queue[0]
		done, err := f.read(file)
		if err != nil || !done {
			return err
		}
		if f.isLive(0) {
			return nil
		}
		f.queue, f.at, f.tail = f.queue[1:], beginning, nil
	}
	return nil
}

func (f *follower) isLive(i int) bool {
	name, _ := parseName(f.queue[i].Name)
	return name.live()
}

// enqueue takes notice of what was rotated since the last look, and of the live
// file.
func (f *follower) enqueue(now *listing) {
	live, listed := now.live()
	if !listed {
		live.Name = liveName
	}
	var files []File
	if f.listed == nil {
		files = choose(now, f.instance, f.from, f.from.AddDate(100, 0, 0))
	} else {
		files = f.listed.rotatedSince(live, now)
	}
	f.listed = now
	last := len(f.queue) - 1
	if last >= 0 && f.isLive(last) && (listed || len(files) > 0) {
		f.queue = f.queue[:last] // it is the first of the rotated ones, or the live one
	}
	if n := len(files); listed && (n == 0 || files[n-1].Name != live.Name) {
		files = append(files, live)
	}
	for _, file := range files {
		file.listing, file.from = now, f.from
		f.queue = append(f.queue, file)
	}
}

func (l *listing) live() (File, bool) {
	if n := len(l.files); n > 0 {
		name, _ := parseName(l.files[n-1].Name)
		return l.files[n-1], name.live()
	}
	return File{}, false
}

// read delivers what there is of a file after f.at. It is done when all that was
// listed of it has been read.
func (f *follower) read(file File) (done bool, _ error) {
	if file.missing != "" {
		f.cov.miss(file.missing)
		return true, nil
	}
	w := &walk{rds: f.rds, ctx: f.ctx, out: f.out, cov: f.cov, origin: f.at, following: true}
	w.begin(file, f.at)
	if w.end > file.Size {
		return f.shorter(file), nil
	}
	if w.finished {
		f.stuck = 0
		return true, nil
	}
	err := w.run()
	f.cov = w.cov
	moved := w.end != f.at.end() || w.file.Name != file.Name
	f.remember(w)
	f.at = w.place()
	if name, _ := parseName(file.Name); name.live() && !w.live {
		f.moved(w, file)
	} else {
		f.queue[0] = w.file
	}
	if f.stuck++; moved || w.left == nil {
		f.stuck = 0
	}
	switch {
	case w.left == nil:
	case f.ctx.Err() != nil, err != nil && hopeless(err):
		f.skip(w)
	case err == nil && !f.rejoin(w.file) && f.waited():
		f.skip(w)
	}
	return w.left == nil && err == nil, err
}

// moved takes notice that the live file was rotated while it was read.
func (f *follower) moved(w *walk, live File) {
	f.queue, f.listed = []File{w.file}, w.file.listing
	for _, file := range live.listing.rotatedSince(live, w.file.listing) {
		if file.Name != w.file.Name {
			file.listing, file.from = w.file.listing, f.from
			f.queue = append(f.queue, file)
		}
	}
}

// skip gives up what a walk has left.
func (f *follower) skip(w *walk) {
	if f.ctx.Err() != nil {
		w.left.reason = stoppedReading
	}
	w.settle()
	f.cov, f.stuck = w.cov, 0
	if m, known := parseMarker(w.at); known {
		f.at = place{at: marker{m.prefix, w.file.Size}.String(), pos: w.file.Size, midway: true, last: w.last}
	}
}

const stoppedReading = "reading was stopped"

// leave says what of the files that were listed was not read.
func (f *follower) leave() {
	for i, file := range f.queue {
		if i > 0 && file.Size > 0 {
			f.cov.gap(file, Gap{To: file.Size, Before: file.LastWritten}, stoppedReading)
		}
	}
}
