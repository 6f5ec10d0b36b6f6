package source

import (
	"context"
	"errors"
	"net/http"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// follower reads the live file of an instance, look by look.
type follower struct {
	api      *api
	ctx      context.Context
	out      *pipe
	instance string
	from     time.Time
	cov      Coverage

	listed *listing // the last one; nil before the first
	queue  []File   // what is to be read, in order, the live file last
	at     position // where to begin in the first of them
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
		wait(f.ctx, f.api.opts.Poll<<min(failed, 4))
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
	now, err := f.api.list(f.ctx, f.instance)
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
		if file.live() {
			return nil
		}
		f.queue, f.at, f.tail = f.queue[1:], beginning, nil
	}
	return nil
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
		files = append(now.absent(f.instance, f.from, now.latest(), now.latest()), choose(now, f.from, f.from.AddDate(100, 0, 0))...)
	} else {
		files = f.listed.rotatedSince(live, now)
	}
	f.listed = now
	last := len(f.queue) - 1
	if last >= 0 && f.queue[last].live() && (listed || len(files) > 0) {
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

// read delivers what there is of a file after f.at. It is done when all that was
// listed of it has been read.
func (f *follower) read(file File) (done bool, _ error) {
	if file.Absent != nil {
		f.cov.miss(file.Absent.Note)
		return true, nil
	}
	r := newReader(f.ctx, f.api, f.out, &f.cov, file, f.at, true)
	t := r.track
	if t.end > file.Size {
		return f.shorter(file)
	}
	if t.finished {
		f.stuck = 0
		return true, nil
	}
	err := r.run()
	moved := t.end != f.at.end() || t.file.Name != file.Name
	t.file.Size = max(t.file.Size, t.end) // it grows, and may be left out of the next listing
	f.remember(t)
	f.at = t.position()
	if file.live() && !t.file.live() {
		f.rotated(t.file, file)
	} else {
		f.queue[0] = t.file
	}
	if f.stuck++; moved || t.left == nil {
		f.stuck = 0
	}
	switch {
	case t.left == nil:
	case f.ctx.Err() != nil, err != nil && hopeless(err):
		f.skip(t)
	case err == nil:
		if resynced, _ := f.resync(t.file); !resynced && f.waited() {
			f.skip(t)
		}
	}
	return t.left == nil && err == nil, err
}

// rotated takes notice that the live file was rotated while it was read, and is the
// given one now.
func (f *follower) rotated(now, live File) {
	f.queue, f.listed = []File{now}, now.listing
	for _, file := range live.listing.rotatedSince(live, now.listing) {
		if file.Name != now.Name {
			file.listing, file.from = now.listing, f.from
			f.queue = append(f.queue, file)
		}
	}
}

// skip gives up what a reader has left.
func (f *follower) skip(t *tracker) {
	if f.ctx.Err() != nil {
		t.left.reason = stoppedReading
	}
	t.reportLeft()
	f.stuck = 0
	if m, known := parseMarker(t.at); known {
		f.at = position{at: marker{m.prefix, t.file.Size}.String(), pos: t.file.Size, midEntry: true, last: t.last}
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
