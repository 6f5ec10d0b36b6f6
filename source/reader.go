package source

import (
	"bytes"
	"context"
	"errors"
)

// A position in a file is asked for as many tries before the rest counts as missing.
const tries = 5

// reader reads one file, from a position in it to the size it was listed with,
// whatever happens to it meanwhile. What is written later is later than the
// window, so it does not matter whether that is read.
//
// It decides what to ask for next. The calls are the fetcher's, what has been
// delivered and what is missing the tracker's, and a file that is not where it
// was the rotation's.
type reader struct {
	fetch *fetcher
	track *tracker
	rot   *rotation

	suspects int // the unreadable line is among as many of the next lines; 0 if there is none
	steps    int // calls spent on unreadable lines
	guesses  int // how often the prediction of markers was tried
}

// newReader keeps cov up to date. It begins at a position, in whatever file the
// listed one turns out to be. If following, it reads by portions, whatever the
// options say.
func newReader(ctx context.Context, a *api, out *pipe, cov *Coverage, file File, from position, following bool) *reader {
	f := &fetcher{api: a, ctx: ctx, cov: cov}
	t := &tracker{out: out, cov: cov, following: following}
	t.begin(file, from)
	return &reader{fetch: f, track: t, rot: &rotation{fetch: f, track: t, origin: from}}
}

// run reads until the end of the file, or until what is left of it is noted in
// tracker.left. An error is that of a call, or errClosed.
func (r *reader) run() error {
	for {
		err := r.read()
		if r.track.gap != nil {
			r.track.midEntry = true
			r.track.closeGap()
		}
		if again := r.rot.confirm(err == nil); again {
			continue
		}
		if errors.Is(err, errStopped) {
			return nil
		}
		return err
	}
}

// read delivers portions until the listed size is reached.
func (r *reader) read() error {
	t := r.track
	r.seek()
	if t.at == "0" && !t.following && r.fetch.api.completely() {
		if done, err := (&stream{r: r}).run(); done {
			return err
		}
	}
	for failed := 0; !t.finished; {
		p, err := r.fetch.portion(t.file, t.at, r.lines())
		if err == nil && r.predictable(p) {
			if err = r.rot.unrotated(); err == nil {
				if err := r.ranges(p); err != nil {
					return err
				}
				continue
			}
		}
		if err == nil {
			p, err = r.fetch.whole(t.file, t.at, p)
		}
		if err == nil {
			err = t.follows(p)
		}
		if err == nil {
			err = r.rot.unrotated()
		}
		moved := err == nil
		if err == nil {
			err = r.accept(p)
		} else {
			failed++
			moved, err = r.retry(failed, p, err)
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

// seek sets out for the part of the file that the window begins in.
func (r *reader) seek() {
	t := r.track
	complete := r.fetch.api.opts.Download == Complete && !t.following
	if t.at != "0" || t.file.from.IsZero() || complete {
		return
	}
	if at, found := r.fetch.seek(t.file); found {
		t.begin(t.file, position{at: at.String(), pos: at.offset})
		t.midEntry = true
		t.cov.Skipped += at.offset
	}
}

// accept delivers a portion and moves to the next.
func (r *reader) accept(p portion) error {
	t := r.track
	next, known := parseMarker(p.marker)
	text, end := t.unrepeated(p.text)
	if err := t.deliver(text); err != nil {
		return err
	}
	if p.truncated {
		if err := t.cut(); err != nil {
			return err
		}
		t.cov.TruncatedLines++
	}
	t.end = end
	r.narrowed()
	t.seen[p.marker] = true
	from := t.pos
	t.pos += stored(p.text)
	switch {
	case known && next.offset > from:
		if !p.truncated && next.offset > t.pos && (t.pos < t.file.Size || t.following) {
			next = r.bridge(from, p, next)
		}
		t.at, t.pos = next.String(), next.offset
		if p.truncated {
			t.end = t.pos
		}
	case !known && p.marker != "":
		t.at = p.marker
	}
	t.finished = t.pos >= t.file.Size && (!p.pending || t.file.live() && known) || len(p.text) == 0
	return nil
}

// bridge returns where to go on if the marker is ahead of the text: RDS has been
// seen to leave bytes out. But it may also have replaced bytes by fewer ones, and
// then the text between repeats the end of the portion.
func (r *reader) bridge(offset int64, p portion, next marker) marker {
	end := marker{next.prefix, offset + stored(p.text)}
	ahead := next.offset - end.offset
	between, err := r.fetch.portion(r.track.file, end.String(), maxLines)
	if err != nil || len(between.text) == 0 {
		r.track.skip(end.offset, next.offset, "RDS left them out between two portions")
		return next
	}
	n := min(int64(len(between.text)), ahead)
	if repeated := p.text[max(0, int64(len(p.text))-ahead):]; bytes.HasPrefix(repeated, between.text[:n]) {
		return next
	}
	r.track.cov.Retries++
	return end
}

// predictable reports whether the markers of the file have the known form, and the
// text the length that they say.
func (r *reader) predictable(p portion) bool {
	t := r.track
	here, _ := parseMarker(t.at)
	next, known := parseMarker(p.marker)
	n := int64(len(p.text))
	switch {
	case r.fetch.api.opts.Sequential || r.guesses == tries || !known || n < 2*overlapBytes || here.offset+2*n > t.file.Size || r.suspects > 0 || t.follows(p) != nil:
		return false
	case t.end > here.offset:
		return false // it repeats what was delivered
	case bytes.ContainsRune(p.text, '\uFFFD'):
		return false // what stands for one byte in the file and for three in the text
	}
	return next.offset == here.offset+n || p.truncated && next.offset > here.offset+n
}

// ranges reads the rest of the file in ranges side by side, beginning with a
// portion that was not delivered yet. A range is delivered when the one after it
// has been seen to overlap with it. At the first answer that does not fit, ranges
// leaves it to the plain loop to go on from the last one that did.
func (r *reader) ranges(p portion) error {
	t := r.track
	here, _ := parseMarker(t.at)
	next, _ := parseMarker(p.marker)
	ctx, cancel := context.WithCancel(r.fetch.ctx)
	q := &rangeQueue{api: r.fetch.api, ctx: ctx, file: t.file, prefix: next.prefix, next: here.offset + int64(len(p.text)), stride: int64(len(p.text))}
	defer q.drain()
	defer cancel()

	last := fileRange{from: here.offset, to: q.next, text: p.text, fits: true}
	r.guesses++
	for {
		x, more := q.take()
		t.cov.Retries += x.retries
		if more && (!x.fits || !bytes.HasSuffix(last.text, x.overlap)) || !more && !last.certain {
			return nil
		}
		if err := t.deliver(last.text); err != nil {
			return err
		}
		t.pos, t.end = last.to, last.to
		t.at = marker{next.prefix, t.pos}.String()
		if t.finished = !more; t.finished {
			return nil
		}
		last = x
	}
}
