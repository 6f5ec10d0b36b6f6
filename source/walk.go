package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// walk reads one file by portions, from its beginning to the size it was listed
// with, whatever happens to it meanwhile. What is written later is later than the
// window, so it does not matter whether that is read.
type walk struct {
	rds *RDS
	ctx context.Context // of Open; ends with the Log
	out *pipe
	cov Coverage

	file  File
	live  bool
	moves int // from one name to another

	streamed bool         // what was delivered is of a complete download
	sum      maphash.Hash // of that

	at       string // the marker of the next portion
	pos      int64  // its offset in the file; by count where markers have an unknown form
	end      int64  // the offset at which the text delivered ends, by count
	seen     map[string]bool
	finished bool

	head []byte // the beginning of what was delivered
	tail []byte // the end of it: tailBytes or more

	hole     *hole
	suspects int // the unreadable line is among as many of the next lines; 0 if there is none
	steps    int // calls spent on unreadable lines
	guesses  int // how often the prediction of markers was tried
}

// begin sets out for a file from its beginning.
func (w *walk) begin(f File) {
	name, _ := parseName(f.Name)
	w.file, w.live = f, name.live()
	w.at, w.pos, w.end, w.finished = "0", 0, 0, f.Size == 0
	w.seen = map[string]bool{"0": true}
	w.head, w.tail = nil, nil
	w.sum.Reset()
}

func (w *walk) run() error {
	for {
		err := w.read()
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
	if w.rds.completely() {
		if done, err := w.stream(); done {
			return err
		}
	}
	for failed := 0; !w.finished; {
		p, err := w.fetch(w.at, w.lines())
		if err == nil && w.predictable(p) {
			if err := w.ranges(p); err != nil {
				return err
			}
			continue
		}
		if err == nil {
			p, err = w.whole(p)
		}
		trouble := ""
		if err == nil {
			trouble = w.trouble(p)
		}
		if err == nil && trouble == "" {
			failed = 0
			if err = w.accept(p); err != nil {
				return err
			}
			continue
		}
		failed++
		moved, err := w.recover(failed, p, trouble, err)
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
			p.text = append(p.text, '\n')
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

// trouble says why a portion is not what follows on what was delivered; nothing
// if it is.
func (w *walk) trouble(p portion) string {
	here, _ := parseMarker(w.at)
	next, known := parseMarker(p.marker)
	switch last := !p.pending && w.pos+stored(p.text) >= w.file.Size; {
	case len(p.text) == 0 && w.pos < w.file.Size:
		return "RDS answered with nothing"
	case w.live && known && here.prefix != "" && here.prefix != next.prefix:
		return "the file was rotated while it was read, and its new name did not appear"
	case p.lineLost:
		return "RDS cuts its answers off within a line"
	case last || len(p.text) == 0:
		return ""
	case w.pos > 4*w.file.Size+1<<24:
		return "RDS sends more than the file holds"
	case p.marker == "":
		return "RDS did not say where it goes on"
	case w.seen[p.marker], known && next.offset <= w.pos:
		return "the marker of RDS did not move on"
	}
	return ""
}

// accept delivers a portion and moves to the next.
func (w *walk) accept(p portion) error {
	here, _ := parseMarker(w.at)
	next, known := parseMarker(p.marker)
	text, end := p.text, w.end
	if known {
		text, end = w.unrepeated(here.offset, p.text)
	}
	if err := w.deliver(text); err != nil {
		return err
	}
	w.end = end
	if p.truncated {
		w.cov.TruncatedLines++
	}
	w.narrowed()
	w.seen[p.marker] = true
	from := w.pos
	w.pos += stored(p.text)
	switch {
	case known && next.offset > from:
		if !p.truncated && next.offset > w.pos && w.pos < w.file.Size {
			next = w.bridge(here.offset, p, next)
		}
		w.at, w.pos = next.String(), next.offset
		if p.truncated {
			w.end = w.pos
		}
	case !known && p.marker != "":
		w.at = p.marker
	}
	w.finished = w.pos >= w.file.Size && (!p.pending || w.live && known) || len(p.text) == 0
	return nil
}

// unrepeated is what is new in a portion that begins at an offset, and the offset
// where that ends: RDS has been seen to send bytes twice. Where it replaces bytes
// by longer ones the count is wrong, and then the texts differ.
func (w *walk) unrepeated(offset int64, text []byte) ([]byte, int64) {
	end := offset + stored(text)
	if n := w.end - offset; n > 0 && n <= int64(len(w.tail)) {
		old := w.tail[int64(len(w.tail))-n:]
		old = old[:min(len(old), len(text))]
		if bytes.HasPrefix(text, old) {
			return text[len(old):], max(w.end, end)
		}
	}
	return text, end
}

// bridge is where to go on if the marker is ahead of the text: RDS has been seen
// to leave bytes out. But it may also have replaced bytes by fewer ones, and then
// the text between repeats the end of the portion.
func (w *walk) bridge(offset int64, p portion, next marker) marker {
	end := marker{next.prefix, offset + stored(p.text)}
	ahead := next.offset - end.offset
	between, err := w.fetch(end.String(), maxLines)
	if err != nil || len(between.text) == 0 {
		w.skip(end.offset, next.offset, "RDS left them out between two portions")
		return next
	}
	n := min(int64(len(between.text)), ahead)
	if repeated := p.text[max(0, int64(len(p.text))-ahead):]; bytes.HasPrefix(repeated, between.text[:n]) {
		return next
	}
	w.cov.Retries++
	return end
}

// deliver hands text over. It ends the walk when the budget is used up.
func (w *walk) deliver(text []byte) error {
	w.remember(text)
	if w.hole != nil {
		text = w.resume(text)
	}
	if len(text) == 0 {
		return nil
	}
	if !w.file.listing.take(int64(len(text))) {
		return w.stop(fmt.Sprintf("the budget of %d bytes for this instance is used up", w.rds.MaxBytes))
	}
	w.head = append(w.head, text[:min(len(text), headBytes-len(w.head))]...)
	w.cov.Portions++
	w.cov.BytesRead += int64(len(text))
	return w.out.send(piece{text: text, cov: w.cov.clone()})
}

func (w *walk) remember(text []byte) {
	if len(text) >= tailBytes {
		w.tail = text
	} else if len(text) > 0 {
		w.tail = append(bytes.Clone(w.tail[max(0, len(w.tail)-tailBytes):]), text...)
	}
}

// stored is how many bytes a text has in its file at least: a byte that is not
// text may have been replaced by the three of U+FFFD.
func stored(text []byte) int64 {
	return int64(len(text) - 2*bytes.Count(text, []byte("\uFFFD")))
}
