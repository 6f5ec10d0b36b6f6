package source

import (
	"context"
	"errors"
)

// recover decides what follows on a call that brought nothing to go on with: to
// try again (neither moved nor an error), to go on from where the walk has moved
// to, or to end. It is told how many calls in a row have failed.
func (w *walk) recover(failed int, p portion, err error) (moved bool, _ error) {
	switch {
	case errors.Is(w.ctx.Err(), context.DeadlineExceeded):
		return false, w.stop("the time ran out")
	case w.ctx.Err() != nil:
		return false, w.fail(w.ctx.Err())
	case unreadable(err):
		return w.narrow(err)
	case notReady(err):
		return false, w.stop("the instance was paused or stopped meanwhile")
	case final(err):
		return false, w.fail(err)
	case failed >= tries:
		return false, w.giveUp(p, err)
	}
	w.cov.Retries++
	if failed == 1 && !fileNotFound(err) {
		return false, nil // a second try costs less than a look around
	}
	moved, err = w.relocate()
	if errors.Is(err, errClosed) {
		return false, err
	}
	if !moved {
		wait(w.ctx, w.rds.opts.Patience)
	}
	return moved, nil
}

// giveUp ends the walk. Text that came without a marker to go on with still
// belongs where it was asked for.
func (w *walk) giveUp(p portion, err error) error {
	var why trouble
	switch {
	case fileNotFound(err):
		return w.stop("the file is no longer there")
	case !errors.As(err, &why):
		return w.fail(err)
	}
	if len(p.text) > 0 && !w.rotatedAway(p) && !w.following {
		text, _ := w.unrepeated(p.text)
		if err := w.deliver(text); err != nil {
			return err
		}
		if w.pos += stored(p.text); w.pos >= w.file.Size {
			w.finished = true
			return nil
		}
	}
	return w.stop(why.Error())
}

// rotatedAway reports whether the portion is of another file than the one before,
// which the marker of a live file shows.
func (w *walk) rotatedAway(p portion) bool {
	here, _ := parseMarker(w.at)
	next, known := parseMarker(p.marker)
	return w.live && known && here.prefix != "" && here.prefix != next.prefix
}
