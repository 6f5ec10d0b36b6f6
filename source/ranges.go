package source

import (
	"bytes"
	"context"
)

// overlapBytes of what was read before are read once more, to see that it is the
// same file.
const overlapBytes = 64

// fileRange holds a range of a file that was asked for by a predicted marker.
type fileRange struct {
	from, to int64
	text     []byte // of [from, to), unless fits is false
	overlap  []byte // the bytes before it
	fits     bool
	certain  bool // the marker confirms where the text ends
	retries  int
}

// rangeQueue keeps ranges under way, in the order of the file. One may always be,
// and more as long as api.held has room.
type rangeQueue struct {
	api    *api
	ctx    context.Context
	file   File
	prefix string
	next   int64 // where the next range begins
	stride int64 // how long it is to be
	queue  []underWay
}

type underWay struct {
	held   bool // it takes room in api.held
	answer chan fileRange
}

// take returns the next range; false if there is none.
func (q *rangeQueue) take() (fileRange, bool) {
	for q.next < q.file.Size && q.start() {
	}
	if len(q.queue) == 0 {
		return fileRange{}, false
	}
	first := q.queue[0]
	q.queue = q.queue[1:]
	x := <-first.answer
	if first.held {
		<-q.api.held
	}
	return x, true
}

// start sends for the next range, unless too much is under way.
func (q *rangeQueue) start() bool {
	held := len(q.queue) > 0
	if held {
		select {
		case q.api.held <- struct{}{}:
		default:
			return false
		}
	}
	// A little less than a portion, so that one call will do.
	to := min(q.next+q.stride*15/16-overlapBytes, q.file.Size)
	x := fileRange{from: q.next, to: to}
	answer := make(chan fileRange, 1)
	go func() { answer <- q.fetch(x) }()
	q.queue = append(q.queue, underWay{held, answer})
	q.next = to
	return true
}

func (q *rangeQueue) drain() {
	for _, u := range q.queue {
		<-u.answer
		if u.held {
			<-q.api.held
		}
	}
}

// fetch fetches the range and the overlap before it, in as many portions as it
// takes.
func (q *rangeQueue) fetch(x fileRange) fileRange {
	at := x.from - overlapBytes
	var text []byte
	for at < x.to {
		p, err := q.api.portion(q.ctx, q.file, marker{q.prefix, at}.String(), maxLines)
		x.retries += p.retries
		if err != nil || len(p.text) == 0 || bytes.ContainsRune(p.text, '\uFFFD') {
			return x
		}
		at += int64(len(p.text))
		next, known := parseMarker(p.marker)
		x.certain = !p.truncated && next.offset == at
		if !known || next.prefix != q.prefix || !x.certain && !(p.truncated && next.offset >= at) {
			return x
		}
		if text == nil {
			text = p.text
		} else {
			text = append(text, p.text...)
		}
	}
	x.fits = true
	text = text[:int64(len(text))-(at-x.to)]
	x.overlap, x.text = text[:overlapBytes], text[overlapBytes:]
	return x
}
