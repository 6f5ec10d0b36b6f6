package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxMoves is how many times a walk follows its file to another name.
const maxMoves = 4

// relocate looks where the file is now, and goes on there if that is elsewhere.
func (w *walk) relocate() (moved bool, _ error) {
	now, err := w.rds.list(w.ctx, w.file.Instance)
	if err != nil {
		return false, err
	}
	now.left = w.file.listing.budget()
	if w.live {
		f, rotated, same, err := w.follow(now)
		if err == nil && rotated {
			err = w.turn(f, same, now)
		}
		if rotated || err != nil {
			return err == nil, err
		}
	}
	f, listed := now.find(w.file.Name)
	if !listed && !w.live {
		if f, renamed := now.renamed(w.file); renamed {
			return w.move(f, now), nil
		}
	}
	if listed && f.Size < w.file.Size {
		w.shrink(f.Size)
		return true, nil
	}
	return false, nil
}

// errLost says that the live file was rotated and is nowhere to be found.
var errLost = errors.New("its rotated file is not there")

// follow looks for the rotated file that the live file has become, which is the
// oldest of those that were not listed before; false if there is none. If that
// does not begin as what was delivered does, what was delivered was written after
// the rotation, and the rotated file has not been read at all: then same is false.
func (w *walk) follow(now *listing) (f File, rotated, same bool, _ error) {
	files := w.file.listing.rotatedSince(w.file, now)
	if len(files) == 0 {
		return File{}, false, false, nil
	}
	if f = files[0]; f.Size < w.file.Size {
		return File{}, true, false, errLost
	}
	same, err := w.begins(f)
	return f, true, same, err
}

// turn goes on in f: from its beginning, or if it is the same file, from the same
// place. A marker of an unknown form may by now belong to the next live file.
func (w *walk) turn(f File, same bool, now *listing) error {
	_, known := parseMarker(w.at)
	if w.moves == maxMoves || same && !known && w.at != "0" {
		return errLost
	}
	if !same {
		if err := w.cut(); err != nil {
			return err
		}
		f.listing, f.from = now, w.file.from
		w.moves++
		w.begin(f, w.origin)
		return nil
	}
	w.move(f, now)
	return nil
}

// move goes on in f at the same place.
func (w *walk) move(f File, now *listing) bool {
	if w.moves == maxMoves {
		return false
	}
	w.moves++
	w.shrink(f.Size)
	f.listing = now
	w.file, w.live = f, false
	w.finished = w.pos >= f.Size
	return true
}

// shrink takes notice that the file has become smaller, if it has.
func (w *walk) shrink(size int64) {
	if size >= w.file.Size {
		return
	}
	w.cov.gap(w.file, w.restFrom(max(w.pos, w.end, size)), "the file has become smaller, which a failover or a restart does to the end of a log")
	w.file.Size = size
	w.finished = w.pos >= size
}

// begins reports whether f begins with what was delivered.
func (w *walk) begins(f File) (bool, error) {
	if len(w.head) == 0 {
		return true, nil
	}
	if w.streamed {
		body, retries, err := w.rds.download(w.ctx, f)
		w.cov.Retries += retries
		if err != nil {
			return false, err
		}
		defer body.Close()
		head := make([]byte, len(w.head))
		n, err := io.ReadFull(body, head)
		if n == len(head) || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return bytes.Equal(head[:n], w.head[:n]), err
	}
	p, err := w.rds.fetch(w.ctx, f, w.from.at, maxLines)
	w.cov.Retries += p.retries
	if err == nil && len(p.text) == 0 {
		err = errLost
	}
	n := min(len(p.text), len(w.head))
	return bytes.Equal(p.text[:n], w.head[:n]), err
}

// confirm makes sure that what was read is what was listed: the live file may
// have been rotated before it was opened, and a name without a date is used anew
// every day. It reports whether there is another file to read in its place, which
// is so only if this one was read to its end.
func (w *walk) confirm(whole bool) (again bool) {
	name, _ := parseName(w.file.Name)
	if w.file.listing == nil || len(w.head) == 0 || name.date != "" {
		return false
	}
	now, err := w.rds.list(w.ctx, w.file.Instance)
	switch {
	case w.following && w.ctx.Err() != nil:
		return false // the end was wanted
	case err != nil:
		w.cov.miss(fmt.Sprintf("It could not be verified that %s of %s was not rotated while it was read.", w.file.Name, w.file.Instance))
		return false
	}
	now.left = w.file.listing.budget()
	if !w.live {
		if f, listed := now.find(w.file.Name); !listed || !f.LastWritten.Equal(w.file.LastWritten) {
			w.cov.miss(fmt.Sprintf("It could not be verified that %s of %s was read to its end: it was replaced.", w.file.Name, w.file.Instance))
		}
		return false
	}
	f, rotated, same, err := w.follow(now)
	switch {
	case err == nil && (same || !rotated):
		return false
	case err == nil && whole:
		err = w.turn(f, false, now)
	case err == nil:
		w.cov.gap(w.file, Gap{To: w.file.Size}, "the file was rotated, and what was read was written later")
		return false
	}
	if err != nil {
		w.cov.miss(fmt.Sprintf("%s of %s was rotated, and it could not be verified that it was read: %v.", w.file.Name, w.file.Instance, err))
	}
	return err == nil
}
