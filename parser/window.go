package parser

import (
	"bytes"
	"io"
)

// firstWindow is how many bytes of the log a Parser holds as long as no statement is
// longer, and how many it reads at once.
const firstWindow = 256 << 10

// window is the part of the stream that is held in memory. Its content is
// addressed by index from the last dropped byte, so that indices stay good
// while more is read.
type window struct {
	r    io.Reader
	mem  []byte
	buf  []byte // the tail of mem: what has been read and not been dropped
	base int64  // position of buf[0] in the stream
	err  error  // what ended the stream; io.EOF if nothing is amiss

	askGaps func() []int64 // as in Options
	gaps    []int64        // its last answer, which knows all of what has been read

	stamps *stamps // if the stream is without them; else nil
}

// removeStamps goes back to the start of the window and reads the log without
// stamps from there on.
func (w *window) removeStamps() {
	rest := w.r
	if w.err != nil {
		rest = failed{w.err}
	}
	w.stamps = newStamps(io.MultiReader(bytes.NewReader(bytes.Clone(w.buf)), rest))
	w.stamps.at = w.base
	w.r, w.buf, w.err = w.stamps, w.buf[:0], nil
}

// failed is a reader that has ended.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// failed reports whether there may be more than the window holds, which cannot be had.
func (w *window) failed() bool { return w.err != nil && w.err != io.EOF }

// more reads on. It reports whether there was anything left to read.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	w.makeRoom()
	for range 100 {
		n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		w.err = err
		if w.askGaps != nil {
			w.gaps = w.askGaps()
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	w.err = io.ErrNoProgress
	return false
}

func (w *window) makeRoom() {
	if len(w.buf) < cap(w.buf) {
		return
	}
	// Half of the memory must be free after a move, or moving would cost more
	// than reading.
	if 2*len(w.buf) >= len(w.mem) {
		w.mem = make([]byte, max(firstWindow, 2*len(w.mem)))
	}
	w.buf = w.mem[:copy(w.mem, w.buf)]
}

// drop forgets the first n bytes, and with that shifts all indices.
func (w *window) drop(n int) {
	w.buf = w.buf[n:]
	w.base += int64(n)
	if w.stamps != nil {
		w.stamps.forget(w.base)
	}
}

// has reads until index i is in the window; it is not if the stream ends before.
func (w *window) has(i int) bool {
	for i >= len(w.buf) {
		if !w.more() {
			return false
		}
	}
	return true
}

// position is where the index i lies in the stream.
func (w *window) position(i int) int64 { return w.base + int64(i) }

// raw is the position in the log of what is at a position in the stream.
func (w *window) raw(position int64) int64 {
	if w.stamps == nil {
		return position
	}
	return w.stamps.raw(position)
}

// end is how much of the log has been read.
func (w *window) end() int64 {
	end := w.position(len(w.buf))
	if w.stamps != nil {
		end += w.stamps.removed
	}
	return end
}

// hasPrefix reports whether prefix stands at index i.
func (w *window) hasPrefix(i int, prefix string) bool {
	w.has(i + len(prefix) - 1)
	return len(w.buf)-i >= len(prefix) && string(w.buf[i:i+len(prefix)]) == prefix
}

// lineEnd tells how a line ends.
type lineEnd int

const (
	lineWhole lineEnd = iota // with a line feed
	lineLast                 // with the stream
	lineLong                 // not within the limit
)

// line returns the index after the line that begins at i, its line feed
// included, but reads no further than limit bytes.
func (w *window) line(i, limit int) (int, lineEnd) {
	for from := i; ; {
		to := min(len(w.buf), i+limit)
		if n := bytes.IndexByte(w.buf[from:to], '\n'); n >= 0 {
			return from + n + 1, lineWhole
		}
		if to == i+limit {
			return to, lineLong
		}
		from = to
		if !w.more() {
			return from, lineLast
		}
	}
}

// dropLine drops the line at index 0, however long it is.
func (w *window) dropLine() {
	for {
		end, how := w.line(0, firstWindow)
		w.drop(end)
		if how != lineLong {
			return
		}
	}
}

// startsHeader reports whether the line at index i has the beginning of an entry's
// first line.
func (w *window) startsHeader(i int) bool {
	return w.hasPrefix(i, timePrefix) || w.hasPrefix(i, userPrefix)
}

// nextHeader returns the index of what may be a header in the middle of a line, at
// or after index from, and end and false if there is none before end.
func (w *window) nextHeader(from, end int) (int, bool) {
	for from < end {
		n := bytes.IndexByte(w.buf[from:end], '#')
		if n < 0 {
			break
		}
		if w.likelyHeader(from + n) {
			return from + n, true
		}
		from += n + 1
	}
	return end, false
}

// headerFrom returns the index of what may be a header at or after index i, at the
// start of a line or within one, and to and false if there is none before to.
func (w *window) headerFrom(i, to int) (int, bool) {
	for i < to {
		n := bytes.IndexByte(w.buf[i:to], '#')
		if n < 0 {
			break
		}
		i += n
		if i > 0 && w.buf[i-1] == '\n' && w.startsHeader(i) || w.likelyHeader(i) {
			return i, true
		}
		i++
	}
	return to, false
}

// entryIn returns the index of the first header at or after index i, and before another,
// that can be one of the log's; headerEnd returns 0 of those that cannot.
func (w *window) entryIn(i, to int, headerEnd func(int) int) (at int, found bool) {
	for ; ; i = at + 1 {
		if at, found = w.headerFrom(i, to); !found || headerEnd(at) > 0 {
			return at, found
		}
	}
}

// likelyHeader reports whether the first line of a header stands at index i, with
// its second one after it. It is cheap, for any text can hold many a number sign.
func (w *window) likelyHeader(i int) bool {
	if !w.startsHeader(i) {
		return false
	}
	end, how := w.line(i, maxFirstLine)
	line := trimEOL(w.buf[i:end])
	if how != lineWhole {
		return false
	}
	if !bytes.HasPrefix(line, []byte(timePrefix)) {
		at := bytes.Index(line, []byte("] @ "))
		after := bytes.TrimLeft(line[bytes.LastIndexByte(line, ']')+1:], " ")
		return at > 0 && w.hasPrefix(end, "# ") &&
			(len(after) == 0 || bytes.HasPrefix(after, []byte("Id: ")) || bytes.HasPrefix(after, []byte("Thread_id: ")))
	}
	_, z, n := entryTime(line[len(timePrefix):])
	after := line[len(timePrefix)+n:]
	rest := bytes.TrimLeft(after, " \t")
	if len(rest) > 0 {
		return z != noTime && len(rest) < len(after) && bytes.HasPrefix(rest, []byte(userPrefix))
	}
	return z != noTime && w.hasPrefix(end, userPrefix)
}

// startsEntry reports whether the line at index i begins as the first line of an entry,
// and the next one as its second.
func (w *window) startsEntry(i int) bool {
	if !w.startsHeader(i) {
		return false
	}
	next, how := w.line(i, maxHeaderLine)
	return how == lineWhole && (!w.has(next) || w.hasPrefix(next, userPrefix) ||
		bytes.Contains(w.buf[i:next], []byte(userPrefix)) && w.hasPrefix(next, "# "))
}

// skipBlanks returns the index of the first line after index i that is not blank, or
// of what begins after blanks at its start.
func (w *window) skipBlanks(i int) int {
	for first := i; i-first < maxHeaderLine && w.has(i) && isBlank(w.buf[i]); {
		i++
	}
	return i
}

// startsPortLine reports whether the line at index i is the second one of a banner.
func (w *window) startsPortLine(i int) bool {
	return w.hasPrefix(i, "Tcp port: ") || w.hasPrefix(i, "TCP Port: ")
}
