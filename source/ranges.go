package source

import (
	"bytes"
	"context"
)

// joint is how many bytes a range repeats of the one before it, to see that they
// join.
const joint = 64

// fetched is a range of a file that was asked for by a predicted marker.
type fetched struct {
	from, to int64
	text     []byte // of [from, to), unless fits is false
	joint    []byte // the bytes before it
	fits     bool
	certain  bool // the marker confirms where the text ends
	retries  int
}

// predictable reports whether the markers of the file have the known form, and the
// text the length that they say.
func (w *walk) predictable(p portion) bool {
	here, _ := parseMarker(w.at)
	next, known := parseMarker(p.marker)
	n := int64(len(p.text))
	switch {
	case w.rds.opts.Sequential || w.guesses == tries || !known || n < 2*joint || here.offset+2*n > w.file.Size || w.suspects > 0 || w.follows(p) != nil:
		return false
	case w.end > here.offset:
		return false // it repeats what was delivered
	case bytes.ContainsRune(p.text, '\uFFFD'):
		return false // what stands for one byte in the file and for three in the text
	}
	return next.offset == here.offset+n || p.truncated && next.offset > here.offset+n
}

// ranges reads the rest of the file in ranges side by side, beginning with a
// portion that was not delivered yet. A range is delivered when the one after it
// has been seen to join on to it. At the first answer that does not fit, ranges
// leaves it to the plain loop to go on from the last one that did.
func (w *walk) ranges(p portion) error {
	here, _ := parseMarker(w.at)
	next, _ := parseMarker(p.marker)
	ctx, cancel := context.WithCancel(w.ctx)
	q := &rangeQueue{rds: w.rds, ctx: ctx, file: w.file, prefix: next.prefix, next: here.offset + int64(len(p.text)), stride: int64(len(p.text))}
	defer q.drain()
	defer cancel()

	last := fetched{from: here.offset, to: q.next, text: p.text, fits: true}
	w.guesses++
	for {
		r, more := q.take()
		w.cov.Retries += r.retries
		if more && (!r.fits || !bytes.HasSuffix(last.text, r.joint)) || !more && !last.certain {
			return nil
		}
		if err := w.deliver(last.text); err != nil {
			return err
		}
		w.pos, w.end = last.to, last.to
		w.at = marker{next.prefix, w.pos}.String()
		if w.finished = !more; w.finished {
			return nil
		}
		last = r
	}
}

// rangeQueue keeps ranges under way, in the order of the file. One may always be,
// and more as long as RDS.held has room.
type rangeQueue struct {
	rds    *RDS
	ctx    context.Context
	file   File
	prefix string
	next   int64 // where the next range begins
	stride int64 // how long it is to be
	queue  []underWay
}

type underWay struct {
	held   bool // it has a place in RDS.held
	answer chan fetched
}

// take returns the next range; false if there is none.
func (q *rangeQueue) take() (fetched, bool) {
	for q.next < q.file.Size && q.start() {
	}
	if len(q.queue) == 0 {
		return fetched{}, false
	}
	first := q.queue[0]
	q.queue = q.queue[1:]
	r := <-first.answer
	if first.held {
		<-q.rds.held
	}
	return r, true
}

// start sends for the next range, unless too much is under way.
func (q *rangeQueue) start() bool {
	held := len(q.queue) > 0
	if held {
		select {
		case q.rds.held <- struct{}{}:
		default:
			return false
		}
	}
	// A little less than a portion, so that one call will do.
	to := min(q.next+q.stride*15/16-joint, q.file.Size)
	r := fetched{from: q.next, to: to}
	answer := make(chan fetched, 1)
	go func() { answer <- q.rds.fetchRange(q.ctx, q.file, q.prefix, r) }()
	q.queue = append(q.queue, underWay{held, answer})
	q.next = to
	return true
}

func (q *rangeQueue) drain() {
	for _, u := range q.queue {
		<-u.answer
		if u.held {
			<-q.rds.held
		}
	}
}

// fetchRange fetches the range and the joint before it, in as many portions as
// it takes.
func (s *RDS) fetchRange(ctx context.Context, f File, prefix string, r fetched) fetched {
	at := r.from - joint
	var text []byte
	for at < r.to {
		p, err := s.fetch(ctx, f, marker{prefix, at}.String(), maxLines)
		r.retries += p.retries
		if err != nil || len(p.text) == 0 || bytes.ContainsRune(p.text, '\uFFFD') {
			return r
		}
		at += int64(len(p.text))
		next, known := parseMarker(p.marker)
		r.certain = !p.truncated && next.offset == at
		if !known || next.prefix != prefix || !r.certain && !(p.truncated && next.offset >= at) {
			return r
		}
		if text == nil {
			text = p.text
		} else {
			text = append(text, p.text...)
		}
	}
	r.fits = true
	text = text[:int64(len(text))-(at-r.to)]
	r.joint, r.text = text[:joint], text[joint:]
	return r
}
