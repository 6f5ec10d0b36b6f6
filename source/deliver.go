package source

import (
	"bytes"
	"fmt"
)

const (
	// headBytes of the beginning of a file tell it from others. That
	// is more than the banner, which all files share.
	headBytes = 4 << 10
	// A repetition is recognised within the last tailBytes.
	tailBytes = 64 << 10
)

// tracker keeps track of a file that is read: how far it was delivered, by
// offsets, and which parts are missing. It hands the text over.
type tracker struct {
	out       *pipe
	cov       *Coverage
	following bool // for Follow: the file is read on as it grows

	file     File
	from     position // where the reading began
	at       string   // the marker of the next portion
	pos      int64    // its offset in the file; by count where markers have an unknown form
	end      int64    // the offset at which the text delivered ends, by count
	seen     map[string]bool
	finished bool

	head     []byte // the beginning of what was delivered, up to the first gap
	headDone bool   // there was a gap
	tail     []byte // the end of what was delivered: tailBytes or more
	last     []byte // the last bytes that were delivered
	midEntry bool   // what comes begins within an entry that is not wanted

	gap  *openGap // that what comes next ends
	left *openGap // what the reading ended before
}

// begin sets out for a file from a position in it.
func (t *tracker) begin(file File, from position) {
	t.file, t.from = file, from
	t.at, t.pos, t.end = from.at, from.pos, from.end()
	t.finished = t.end >= file.Size
	t.seen = map[string]bool{from.at: true}
	t.head, t.tail, t.headDone, t.midEntry = bytes.Clone(from.overlap), from.overlap, false, from.midEntry
	if len(from.last) > 0 {
		t.last = from.last
	}
}

// position returns where the next reader goes on.
func (t *tracker) position() position {
	p := position{at: t.at, pos: t.pos, midEntry: t.midEntry, last: t.last}
	m, known := parseMarker(t.at)
	switch repeated := t.end - t.pos; {
	case !known || p.midEntry:
	case repeated == 0:
		return p.overlapping(m.prefix, t.tail)
	case repeated > 0 && repeated <= int64(len(t.tail)):
		p.overlap = bytes.Clone(t.tail[int64(len(t.tail))-repeated:])
	}
	return p
}

// errUnexpectedAnswer says why an answer of RDS does not follow on the one before.
type errUnexpectedAnswer string

func (e errUnexpectedAnswer) Error() string { return string(e) }

// follows returns an errUnexpectedAnswer if a portion does not follow on what was
// delivered.
func (t *tracker) follows(p portion) error {
	next, known := parseMarker(p.marker)
	// At the end it does not matter where to go on, but for Follow it does.
	switch last := !p.pending && t.pos+stored(p.text) >= t.file.Size && !t.following; {
	case len(p.text) == 0 && t.pos < t.file.Size:
		return errUnexpectedAnswer("RDS answered with nothing")
	case t.rotatedAway(p), !t.overlaps(p):
		return errUnexpectedAnswer("the file was rotated while it was read, and its new name did not appear")
	case p.lineLost:
		return errUnexpectedAnswer("RDS cuts its answers off within a line")
	case last || len(p.text) == 0:
		return nil
	case t.pos > 4*t.file.Size+1<<24:
		return errUnexpectedAnswer("RDS sends more than the file holds")
	case p.marker == "":
		return errUnexpectedAnswer("RDS did not say where it goes on")
	case t.seen[p.marker], known && next.offset <= t.pos:
		return errUnexpectedAnswer("the marker of RDS did not move on")
	}
	return nil
}

// rotatedAway reports whether the portion is of another file than the one before,
// which the marker of a live file shows.
func (t *tracker) rotatedAway(p portion) bool {
	here, _ := parseMarker(t.at)
	next, known := parseMarker(p.marker)
	return t.file.live() && known && here.prefix != "" && here.prefix != next.prefix
}

// overlaps reports whether a portion begins with the overlap, if it is the first
// one.
func (t *tracker) overlaps(p portion) bool {
	n := min(len(p.text), len(t.from.overlap))
	return t.at != t.from.at || bytes.Equal(p.text[:n], t.from.overlap[:n])
}

// unrepeated returns what is new in the portion at hand, and the offset where that
// ends: RDS has been seen to send bytes twice. Where it replaces bytes by longer
// ones the count is wrong, and then the texts differ. Nothing can be said where
// markers do not tell offsets.
func (t *tracker) unrepeated(text []byte) ([]byte, int64) {
	here, known := parseMarker(t.at)
	if !known && t.at != "0" {
		return text, t.end
	}
	end := here.offset + stored(text)
	if n := t.end - here.offset; n > 0 && n <= int64(len(t.tail)) {
		old := t.tail[int64(len(t.tail))-n:]
		old = old[:min(len(old), len(text))]
		if bytes.HasPrefix(text, old) {
			return text[len(old):], max(t.end, end)
		}
	}
	return text, end
}

// deliver hands text over. It ends the reading when the budget is used up.
func (t *tracker) deliver(text []byte) error {
	before := t.tail
	t.remember(text)
	jumped := t.midEntry || t.gap != nil
	if t.midEntry {
		begin := t.entry(text)
		t.cov.Skipped += stored(text[:begin])
		text = text[begin:]
		t.midEntry = len(text) == 0
	}
	if t.gap != nil {
		text = t.resume(text)
	}
	if len(text) == 0 {
		return nil
	}
	if jumped {
		if err := t.cut(); err != nil {
			return err
		}
	}
	if b := t.file.budget(); !b.take(int64(len(text))) {
		t.tail = before
		return t.stop(fmt.Sprintf("the budget of %d bytes for this instance is used up", b.max))
	}
	t.cov.Portions++
	t.cov.BytesRead += int64(len(text))
	t.last = bytes.Clone(text[max(0, len(text)-len(";\n")):])
	return t.out.send(piece{text: text, cov: t.cov.clone()})
}

// cut says that the entry delivered last is cut, if it does not end there.
func (t *tracker) cut() error {
	if len(t.last) == 0 || string(t.last) == ";\n" {
		return nil
	}
	notice := cutLine
	if !bytes.HasSuffix(t.last, []byte("\n")) {
		notice = "\n" + cutLine
	}
	t.last = nil
	return t.out.send(piece{text: []byte(notice), cov: t.cov.clone()})
}

// remember keeps the beginning and the end of what was delivered.
func (t *tracker) remember(text []byte) {
	if len(text) >= tailBytes {
		t.tail = text
	} else if len(text) > 0 {
		t.tail = append(bytes.Clone(t.tail[max(0, len(t.tail)-tailBytes):]), text...)
	}
	if !t.headDone {
		t.head = append(t.head, text[:min(len(text), headBytes-len(t.head))]...)
	}
}

// stored returns how many bytes a text has in its file at least: a byte that is
// not text may have been replaced by the three of U+FFFD.
func stored(text []byte) int64 {
	return int64(len(text) - 2*bytes.Count(text, []byte("\uFFFD")))
}
