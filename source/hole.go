package source

import (
	"errors"
	"fmt"
	"regexp"
)

// hole is a gap that ends where the next entry begins: what lies between must
// not join on to the entry before the gap.
type hole struct {
	Gap
	reason string
}

// An entry begins with its time, since MySQL 5.7 every one, and before that and in
// MariaDB the first of a second.
var (
	header   = regexp.MustCompile(`(?m)^# (?:Time|User@Host): `)
	fullTime = regexp.MustCompile(`(?m)^# Time: \d{4}-`)
)

// skip leaves out a part of the file. Portions go on at its end.
func (w *walk) skip(from, to int64, reason string) {
	if w.hole == nil {
		w.holes++
		w.hole = &hole{Gap: Gap{From: from, After: lastTime(w.tail)}, reason: reason}
	}
	w.hole.To = to
}

// resume drops what is left of the entry in which a hole ends.
func (w *walk) resume(text []byte) []byte {
	begin := w.entry(text)
	w.hole.To += stored(text[:begin])
	if begin == len(text) {
		return nil
	}
	w.hole.Before = firstTime(text[begin:])
	w.closeHole()
	return text[begin:]
}

// entry is where the first entry begins that begins in the text, at the end of
// which the text remembered ends.
func (w *walk) entry(text []byte) int {
	begin := fullTime.FindIndex(text)
	if begin == nil && !fullTime.Match(w.tail) {
		begin = header.FindIndex(text)
	}
	if begin == nil {
		return len(text)
	}
	return begin[0]
}

func (w *walk) closeHole() {
	if w.hole != nil {
		w.cov.gap(w.file, w.hole.Gap, w.hole.reason)
		w.hole = nil
	}
}

// errStopped ends a walk whose coverage says what is missing.
var errStopped = errors.New("stopped")

// stop ends the walk with what is left of the file as a gap.
func (w *walk) stop(reason string) error {
	w.closeHole()
	w.left = &hole{w.rest(), reason}
	return errStopped
}

// fail ends the walk with an error, which says why the rest is missing.
func (w *walk) fail(err error) error {
	w.closeHole()
	rest := w.rest()
	w.left = &hole{rest, ""}
	return fmt.Errorf("from byte %d of %d on: %w", rest.From, rest.To, err)
}

// settle says what the walk has left unread.
func (w *walk) settle() {
	if w.left != nil {
		w.cov.gap(w.file, w.left.Gap, w.left.reason)
		w.left = nil
	}
}

// rest is what has not been delivered of the file.
func (w *walk) rest() Gap { return w.restFrom(max(w.pos, w.end)) }

func (w *walk) restFrom(offset int64) Gap {
	return Gap{From: offset, To: max(offset, w.file.Size), After: lastTime(w.tail), Before: w.file.LastWritten}
}
