package source

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
)

const (
	// tries is how often a place in a file is asked for before the rest counts as
	// missing.
	tries = 5
	// headBytes is how much of the beginning of a file tells it from others. That
	// is more than the banner, which all files share.
	headBytes = 4 << 10
	// tailBytes is how far back a repetition is recognised.
	tailBytes = 64 << 10
)

// walk reads one file by portions, from a place in it to the size it was listed
// with, whatever happens to it meanwhile. What is written later is later than the
// window, so it does not matter whether that is read.
type walk struct {
	rds *RDS
	ctx context.Context // of Open; ends with the Log
	out *pipe
	cov Coverage

	file      File
	live      bool
	moves     int   // from one name to another
	origin    place // where to begin, in whatever file this turns out to be
	from      place // where it began
	left      *hole // what it ended before
	following bool  // for Follow: by portions, whatever the options say

	streamed bool         // what was delivered is of a complete download
	sum      maphash.Hash // of that

	at       string // the marker of the next portion
	pos      int64  // its offset in the file; by count where markers have an unknown form
	end      int64  // the offset at which the text delivered ends, by count
	seen     map[string]bool
	finished bool

	head   []byte // the beginning of what was delivered, up to the first gap
	tail   []byte // the end of it: tailBytes or more
	midway bool   // what comes begins within an entry that is not wanted
	broken bool   // it ended in a hole
	last   []byte // the last bytes that were delivered

	hole     *hole
	holes    int // so far
	suspects int // the unreadable line is among as many of the next lines; 0 if there is none
	steps    int // calls spent on unreadable lines
	guesses  int // how often the prediction of markers was tried
}

// place is where in a file a walk begins. What was read up to there by another
// walk ends with the joint, which is read once more to see that it is the same.
type place struct {
	at     string // a marker
	pos    int64  // its offset
	joint  []byte
	midway bool   // it may be within an entry of which the beginning is missing
	last   []byte // delivered before
}

var beginning = place{at: "0"}

// begin sets out for a file from a place in it.
func (w *walk) begin(f File, from place) {
	name, _ := parseName(f.Name)
	w.file, w.live, w.from = f, name.live(), from
	w.at, w.pos, w.end = from.at, from.pos, from.pos+int64(len(from.joint))
	w.finished = w.end >= f.Size
	w.seen = map[string]bool{from.at: true}
	w.head, w.tail, w.holes, w.midway = bytes.Clone(from.joint), from.joint, 0, from.midway
	if len(from.last) > 0 {
		w.last = from.last
	}
	w.sum.Reset()
}

func (w *walk) run() error {
	for {
		err := w.read()
		w.broken = w.hole != nil
		w.closeHole()
		if again := w.confirm(err == nil); again {
			continue
		}
		if errors.Is(err, errStopped) {
			return nil
		}
		return err
	}
}

// read delivers portions until the listed size is reached.
func (w *walk) read() error {
	w.seek()
	if w.at == "0" && !w.following && w.rds.completely() {
		if done, err := w.stream(); done {
			return err
		}
	}
	for failed := 0; !w.finished; {
		p, err := w.fetch(w.at, w.lines())
		if err == nil && w.predictable(p) {
			if err = w.meant(); err == nil {
				if err := w.ranges(p); err != nil {
					return err
				}
				continue
			}
		}
		if err == nil {
			p, err = w.whole(p)
		}
		if err == nil {
			err = w.follows(p)
		}
		if err == nil {
			err = w.meant()
		}
		moved := err == nil
		if err == nil {
			err = w.accept(p)
		} else {
			failed++
			moved, err = w.recover(failed, p, err)
		}
		if err != nil {
			return err
		}
		if moved {
			failed = 0
		}
	}
	return nil
}

func (w *walk) fetch(from string, lines int) (portion, error) {
	p, err := w.rds.fetch(w.ctx, w.file, from, lines)
	w.cov.Retries += p.retries
	return p, err
}

// whole makes up for a line that was cut: the portion is fetched again with only
// the lines before it. If there are none, the line is larger than a portion and
// stays cut.
func (w *walk) whole(p portion) (portion, error) {
	for try := range 2 * tries {
		lines := bytes.Count(p.text, []byte("\n"))
		if !p.truncated {
			return p, nil
		}
		if lines == 0 {
			return p, nil
		}
		if try > 1 { // the end of a portion may not be all that is cut
			lines = (lines + 1) / 2
		}
		w.cov.Retries++
		var err error
		if p, err = w.fetch(w.at, lines); err != nil {
			return p, err
		}
	}
	p.lineLost = p.truncated
	return p, nil
}

// joins reports whether a portion begins with the joint, if it is the first one.
func (w *walk) joins(p portion) bool {
	n := min(len(p.text), len(w.from.joint))
	return w.at != w.from.at || bytes.Equal(p.text[:n], w.from.joint[:n])
}

// meant makes sure that the live file was not rotated before its first portion was
// read, where that would be noticed too late: Follow reads it again as the next file.
func (w *walk) meant() error {
	if !w.following || !w.live || w.at != w.from.at || len(w.from.joint) > 0 {
		return nil
	}
	now, err := w.rds.list(w.ctx, w.file.Instance)
	if err == nil && len(w.file.listing.rotatedSince(w.file, now)) > 0 {
		return trouble("the file was rotated before it was read")
	}
	return err
}

// trouble is why an answer of RDS is not what follows on the one before.
type trouble string

func (t trouble) Error() string { return string(t) }

// follows reports whether a portion is what follows on what was delivered; if it is
// not, the error is a trouble.
func (w *walk) follows(p portion) error {
	next, known := parseMarker(p.marker)
	// At the end it does not matter where to go on, but for Follow it does.
	switch last := !p.pending && w.pos+stored(p.text) >= w.file.Size && !w.following; {
	case len(p.text) == 0 && w.pos < w.file.Size:
		return trouble("RDS answered with nothing")
	case w.rotatedAway(p), !w.joins(p):
		return trouble("the file was rotated while it was read, and its new name did not appear")
	case p.lineLost:
		return trouble("RDS cuts its answers off within a line")
	case last || len(p.text) == 0:
		return nil
	case w.pos > 4*w.file.Size+1<<24:
		return trouble("RDS sends more than the file holds")
	case p.marker == "":
		return trouble("RDS did not say where it goes on")
	case w.seen[p.marker], known && next.offset <= w.pos:
		return trouble("the marker of RDS did not move on")
	}
	return nil
}
