package source

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"
)

// position says where in a file a reader begins. What another reader read up to it
// ends with the overlap, which is read once more to see that it is the same.
type position struct {
	at       string // a marker
	pos      int64  // its offset
	overlap  []byte
	midEntry bool   // it may be within an entry of which the beginning is missing
	last     []byte // delivered before
}

var beginning = position{at: "0"}

// overlapping returns the position put back by the end of what was read up to it.
func (p position) overlapping(prefix string, read []byte) position {
	overlap := read[max(0, len(read)-overlapBytes):]
	for len(overlap) > 0 && !utf8.RuneStart(overlap[0]) {
		overlap = overlap[1:]
	}
	if bytes.ContainsRune(overlap, utf8.RuneError) {
		return p // it may be shorter in the file
	}
	p.pos -= int64(len(overlap))
	p.at, p.overlap = marker{prefix, p.pos}.String(), bytes.Clone(overlap)
	return p
}

// end returns the offset where what was read before ends.
func (p position) end() int64 { return p.pos + int64(len(p.overlap)) }

// remember keeps the end of what was delivered of the file at hand.
func (f *follower) remember(t *tracker) {
	old := f.tail[:max(0, len(f.tail)-len(t.from.overlap))]
	if len(t.tail) >= tailBytes || t.from.at != f.at.at {
		old = nil // there is more than enough, or it is another file
	}
	f.tail = append(bytes.Clone(old[max(0, len(old)-tailBytes):]), t.tail...)
}

// waited reports whether the look has been in vain for longer than RDS has ever been
// seen to take for a rotation.
func (f *follower) waited() bool {
	return time.Duration(f.stuck)*f.api.opts.Poll >= 60*f.api.opts.Patience
}

const smaller = "%s of %s has become smaller, as a failover makes it: what was written to it last before may be missing."

// shorter tells what to do about a file that ends before what was read of it. It
// was cut by a failover, or it is a new one and the old one is not listed yet.
func (f *follower) shorter(file File) (done bool, _ error) {
	name, _ := parseName(file.Name)
	if name.live() {
		resynced, err := f.resync(file)
		if err != nil && !unreadable(err) {
			return false, err
		}
		if f.stuck++; resynced || !f.waited() {
			return false, nil
		}
	}
	f.stuck = 0
	f.cov.miss(fmt.Sprintf(smaller, file.Name, file.Instance))
	if name.live() {
		f.at, f.tail = beginning, nil
	}
	return !name.live(), nil
}

// resync looks whether the live file has lost its end in a failover, and grown
// again or not. If so it goes on after the last entry that is still there. What
// was read before tells the file, if it holds a time. An error is that of a call,
// and says nothing about the file.
func (f *follower) resync(file File) (bool, error) {
	name, _ := parseName(file.Name)
	m, known := parseMarker(f.at.at)
	from := f.at.end() - int64(len(f.tail))
	if !known || !name.live() || from < 0 {
		return false, nil
	}
	text, err := f.reread(file, marker{m.prefix, from}, int64(len(f.tail)))
	if err != nil {
		return false, err
	}
	kept := f.tail[:common(text, f.tail)]
	cutOff := len(kept) == len(text) && from+int64(len(text)) >= file.Size
	if len(kept) == len(f.tail) || len(kept) == len(text) && !cutOff || latestTime(kept).IsZero() {
		return false, nil
	}
	if !bytes.HasSuffix(kept, []byte(";\n")) {
		entries := fullTime.FindAllIndex(kept, -1)
		if entries == nil {
			entries = header.FindAllIndex(kept, -1)
		}
		if entries == nil {
			return false, nil
		}
		kept = kept[:entries[len(entries)-1][0]]
	}
	f.cov.miss(fmt.Sprintf(smaller, file.Name, file.Instance))
	last := f.at.last
	at := from + int64(len(kept))
	f.at = position{at: marker{m.prefix, at}.String(), pos: at}.overlapping(m.prefix, kept)
	f.at.midEntry, f.at.last, f.tail, f.stuck = true, last, bytes.Clone(kept), 0
	return true, nil
}

// reread reads n bytes, or as many as there are.
func (f *follower) reread(file File, at marker, n int64) (text []byte, _ error) {
	for int64(len(text)) < n {
		p, err := f.api.portion(f.ctx, file, marker{at.prefix, at.offset + int64(len(text))}.String(), maxLines)
		if err != nil || len(p.text) == 0 {
			return text, err
		}
		text = append(text, p.text...)
	}
	return text, nil
}

// common returns how many bytes two texts begin with in common.
func common(a, b []byte) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
