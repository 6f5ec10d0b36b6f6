package source

import (
	"bytes"
	"fmt"
)

// accept delivers a portion and moves to the next.
func (w *walk) accept(p portion) error {
	next, known := parseMarker(p.marker)
	text, end := w.unrepeated(p.text)
	if err := w.deliver(text); err != nil {
		return err
	}
	if p.truncated {
		if err := w.cut(); err != nil {
			return err
		}
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
		if !p.truncated && next.offset > w.pos && (w.pos < w.file.Size || w.following) {
			next = w.bridge(from, p, next)
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

// unrepeated is what is new in the portion at hand, and the offset where that
// ends: RDS has been seen to send bytes twice. Where it replaces bytes by longer
// ones the count is wrong, and then the texts differ. Nothing can be said where
// markers do not tell offsets.
func (w *walk) unrepeated(text []byte) ([]byte, int64) {
	here, known := parseMarker(w.at)
	if !known && w.at != "0" {
		return text, w.end
	}
	end := here.offset + stored(text)
	if n := w.end - here.offset; n > 0 && n <= int64(len(w.tail)) {
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
	before := w.tail
	w.remember(text)
	if w.holes == 0 {
		w.head = append(w.head, text[:min(len(text), headBytes-len(w.head))]...)
	}
	jumped := w.midway || w.hole != nil
	if w.midway {
		begin := w.entry(text)
		w.cov.Skipped += stored(text[:begin])
		text = text[begin:]
		w.midway = len(text) == 0
	}
	if w.hole != nil {
		text = w.resume(text)
	}
	if len(text) == 0 {
		return nil
	}
	if jumped {
		if err := w.cut(); err != nil {
			return err
		}
	}
	if !w.file.listing.take(int64(len(text))) {
		w.tail = before
		return w.stop(fmt.Sprintf("the budget of %d bytes for this instance is used up", w.rds.opts.MaxBytes))
	}
	w.cov.Portions++
	w.cov.BytesRead += int64(len(text))
	w.last = bytes.Clone(text[max(0, len(text)-len(";\n")):])
	return w.out.send(piece{text: text, cov: w.cov.clone()})
}

// cut says that the entry delivered last is cut, if it does not end there.
func (w *walk) cut() error {
	if len(w.last) == 0 || string(w.last) == ";\n" {
		return nil
	}
	notice := cutLine
	if !bytes.HasSuffix(w.last, []byte("\n")) {
		notice = "\n" + cutLine
	}
	w.last = nil
	return w.out.send(piece{text: []byte(notice), cov: w.cov.clone()})
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
