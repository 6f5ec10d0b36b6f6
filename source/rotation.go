package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A reader follows its file to another name at most maxMoves times.
const maxMoves = 4

// rotation finds a file again that was rotated, renamed or cut off while it was
// read.
type rotation struct {
	fetch *fetcher
	track *tracker

	origin   position // where to begin, in whatever file this turns out to be
	moves    int      // from one name to another
	streamed bool     // what was delivered is of a complete download
}

// relocate looks where the file is now, and goes on there if that is elsewhere.
func (rot *rotation) relocate() (moved bool, _ error) {
	t := rot.track
	now, err := rot.list()
	if err != nil {
		return false, err
	}
	if t.file.live() {
		f, rotated, same, err := rot.successor(now)
		if err == nil && rotated {
			err = rot.switchFile(f, same, now)
		}
		if rotated || err != nil {
			return err == nil, err
		}
	}
	f, listed := now.find(t.file.Name)
	if !listed && !t.file.live() {
		if f, renamed := now.renamed(t.file); renamed {
			return rot.switchFile(f, true, now) == nil, nil
		}
	}
	if listed && f.Size < t.file.Size {
		t.shrink(f.Size)
		return true, nil
	}
	return false, nil
}

// list asks for the files that there are now. What may be read of the instance
// stays what it was.
func (rot *rotation) list() (*listing, error) {
	now, err := rot.fetch.api.list(rot.fetch.ctx, rot.track.file.Instance)
	if err == nil {
		now.budget = rot.track.file.budget()
	}
	return now, err
}

// errLost says that the live file was rotated and is nowhere to be found.
var errLost = errors.New("its rotated file is not there")

// successor looks for the rotated file that the live file has become, which is the
// oldest of those that were not listed before; false if there is none. If that
// does not begin as what was delivered does, what was delivered was written after
// the rotation, and the rotated file has not been read at all: then same is false.
func (rot *rotation) successor(now *listing) (f File, rotated, same bool, _ error) {
	live := rot.track.file
	files := live.listing.rotatedSince(live, now)
	if len(files) == 0 {
		return File{}, false, false, nil
	}
	if f = files[0]; f.Size < live.Size {
		return File{}, true, false, errLost
	}
	same, err := rot.sameFile(f)
	return f, true, same, err
}

// switchFile goes on in f: from its beginning, or if it is the same file, at the
// same offset. A marker of an unknown form may by now belong to the next live file.
func (rot *rotation) switchFile(f File, same bool, now *listing) error {
	t := rot.track
	_, known := parseMarker(t.at)
	if rot.moves == maxMoves || same && t.file.live() && !known && t.at != "0" {
		return errLost
	}
	rot.moves++
	if !same {
		if err := t.cut(); err != nil {
			return err
		}
		f.listing, f.from = now, t.file.from
		t.begin(f, rot.origin)
		t.cov.switched = true
		return nil
	}
	t.shrink(f.Size)
	f.listing = now
	t.file = f
	t.finished = t.pos >= f.Size
	return nil
}

// sameFile reports whether f begins with what was delivered.
func (rot *rotation) sameFile(f File) (bool, error) {
	head := rot.track.head
	if len(head) == 0 {
		return true, nil
	}
	if rot.streamed {
		body, retries, err := rot.fetch.api.download(rot.fetch.ctx, f)
		rot.track.cov.Retries += retries
		if err != nil {
			return false, err
		}
		defer body.Close()
		begin := make([]byte, len(head))
		n, err := io.ReadFull(body, begin)
		if n == len(begin) || err == io.ErrUnexpectedEOF {
			err = nil
		}
		return bytes.Equal(begin[:n], head[:n]), err
	}
	p, err := rot.fetch.portion(f, rot.track.from.at, maxLines)
	if err == nil && len(p.text) == 0 {
		err = errLost
	}
	n := min(len(p.text), len(head))
	return bytes.Equal(p.text[:n], head[:n]), err
}

// unrotated makes sure that the live file was not rotated before its first portion
// was read, where that would be noticed too late: Follow reads it again as the next
// file.
func (rot *rotation) unrotated() error {
	t := rot.track
	if !t.following || !t.file.live() || t.at != t.from.at || len(t.from.overlap) > 0 {
		return nil
	}
	now, err := rot.list()
	if err == nil && len(t.file.listing.rotatedSince(t.file, now)) > 0 {
		return errUnexpectedAnswer("the file was rotated before it was read")
	}
	return err
}

// confirm makes sure that what was read is what was listed: the live file may
// have been rotated before it was opened, and a name without a date is used anew
// every day. It reports whether there is another file to read instead, which
// is so only if this one was read to its end.
func (rot *rotation) confirm(whole bool) (again bool) {
	t := rot.track
	name, _ := parseName(t.file.Name)
	if t.file.listing == nil || len(t.head) == 0 || name.date != "" {
		return false
	}
	now, err := rot.list()
	switch {
	case t.following && rot.fetch.ctx.Err() != nil:
		return false // the end was wanted
	case err != nil:
		t.cov.miss(fmt.Sprintf("It could not be verified that %s of %s was not rotated while it was read.", t.file.Name, t.file.Instance))
		return false
	case !name.live():
		if f, listed := now.find(t.file.Name); !listed || !f.LastWritten.Equal(t.file.LastWritten) {
			t.cov.miss(fmt.Sprintf("It could not be verified that %s of %s was read to its end: it was replaced.", t.file.Name, t.file.Instance))
		}
		return false
	}
	f, rotated, same, err := rot.successor(now)
	switch {
	case err == nil && (same || !rotated):
		return false
	case err == nil && whole:
		err = rot.switchFile(f, false, now)
	case err == nil:
		t.cov.gap(t.file, Gap{To: t.file.Size}, "the file was rotated, and what was read was written later")
		return false
	}
	if err != nil {
		t.cov.miss(fmt.Sprintf("%s of %s was rotated, and it could not be verified that it was read: %v.", t.file.Name, t.file.Instance, err))
	}
	return err == nil
}
