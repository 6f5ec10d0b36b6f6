package source

import (
	"context"
	"errors"
)

// retry decides what follows on a call that brought nothing to go on with: to
// try again (neither moved nor an error), to go on from where the reader has moved
// to, or to end. It is told how many calls in a row have failed.
func (r *reader) retry(failed int, p portion, err error) (moved bool, _ error) {
	ctx, t := r.fetch.ctx, r.track
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return false, t.stop("the time ran out")
	case ctx.Err() != nil:
		return false, t.fail(ctx.Err())
	case unreadable(err):
		return r.narrow(err)
	case notReady(err):
		t.cov.Cause = Passing // the next listing will tell
		return false, t.stop("the instance was not ready any more")
	case final(err):
		return false, t.fail(err)
	case failed >= tries:
		return false, r.giveUp(p, err)
	}
	t.cov.Retries++
	if failed == 1 && !fileNotFound(err) {
		return false, nil // a second try costs less than a look around
	}
	moved, err = r.rot.relocate()
	if errors.Is(err, errClosed) {
		return false, err
	}
	if !moved {
		wait(ctx, r.fetch.api.opts.Patience)
	}
	return moved, nil
}

// giveUp ends the reading. Text that came without a marker to go on with still
// belongs where it was asked for.
func (r *reader) giveUp(p portion, err error) error {
	t := r.track
	var unexpected errUnexpectedAnswer
	switch {
	case fileNotFound(err):
		t.cov.Cause = Passing
		return t.stop("the file is no longer there")
	case !errors.As(err, &unexpected):
		return t.fail(err)
	}
	if len(p.text) > 0 && !t.rotatedAway(p) && !t.following {
		text, _ := t.unrepeated(p.text)
		if err := t.deliver(text); err != nil {
			return err
		}
		if t.pos += stored(p.text); t.pos >= t.file.Size {
			t.finished = true
			return nil
		}
	}
	return t.stop(unexpected.Error())
}

// No more than maxSteps calls are spent on finding unreadable lines in a file.
const maxSteps = 500

// lines returns how many lines to ask for next: half of those among which the
// unreadable one is.
func (r *reader) lines() int {
	if r.suspects == 0 {
		return maxLines
	}
	return max(1, r.suspects/2)
}

// narrowed says that as many lines as were asked for can be read.
func (r *reader) narrowed() {
	if r.suspects > 0 {
		r.suspects -= r.lines()
	}
}

// narrow says that among the lines asked for is one that cannot be read. When it
// is the only one, it is stepped over.
func (r *reader) narrow(err error) (moved bool, _ error) {
	r.track.cov.Retries++
	if r.steps++; r.steps > maxSteps {
		return false, r.track.stop("too many lines hold bytes that RDS does not deliver; a complete download would")
	}
	if r.suspects = r.lines(); r.suspects > 1 {
		return true, nil
	}
	return true, r.stepOver(err)
}

// stepOver leaves out the line at hand. Which bytes of it cannot be read is found
// by trying offsets of our own: first ever larger ones until the rest of a line
// can be read, then by halves for the first of those.
func (r *reader) stepOver(cause error) error {
	t := r.track
	here, known := parseMarker(t.at)
	if !known {
		here = marker{firstPrefix(t.file), 0}
	}
	var rest portion
	bad, good, step := here.offset, t.file.Size, int64(256)
	for {
		try := bad + step
		if good < t.file.Size || try >= good {
			try = bad + (good-bad)/2
		}
		if try == bad {
			break
		}
		p, err := r.fetch.portion(t.file, marker{here.prefix, try}.String(), 1)
		t.cov.Retries++
		switch r.steps++; {
		case err == nil:
			good, rest = try, p
		case unreadable(err):
			bad, step = try, 2*step
		default:
			return t.fail(cause)
		}
	}
	next, known := parseMarker(rest.marker)
	if good == t.file.Size || !known || next.offset <= good {
		return t.stop("from there on there are bytes that RDS does not deliver; a complete download would")
	}
	t.skip(here.offset, next.offset, "they hold bytes that RDS does not deliver; a complete download would")
	t.at, t.pos, t.end = next.String(), next.offset, next.offset
	r.suspects = 0
	return nil
}
