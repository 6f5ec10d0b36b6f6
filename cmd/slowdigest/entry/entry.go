// Package entry finds an entry of a slow log by its position, and has its text as the log has it.
package entry

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"slowdigest/parser"
)

// Entry is one of a log.
type Entry struct {
	Offset int64 // of its first header line, in bytes from the start of the log's text
	// Text begins there and ends where the next entry begins, or what is of none, such as a
	// server's banner.
	Text []byte

	// Time and Schema are what the log tells of the entry, but not in it: in UTC, from a line
	// "# Time:" or "use" of an earlier one. Else they are zero.
	Time   time.Time
	Schema string
}

// stretches are how much of a log is read before a position, so as not to read all of it. The first
// is longer than a statement that a server takes by default (max_allowed_packet, 64 MiB); the
// other is for where something in the first cannot be read.
var stretches = []int64{72 << 20, 4 << 20}

// Find returns the entry at a position of the log's text, which r reads from its start, or the one
// that the position lies within. Where there is none, the error has a hint at the nearest. If r
// fails within the entry, the error says so next to what there is of it.
func Find(ctx context.Context, r io.Reader, offset int64) (*Entry, error) {
	e, _, err := find(ctx, r, 0, offset)
	return e, err
}

// FindIn is Find for a log of a known size that can be read at any position. It reads a stretch
// before the entry, and all from the start where that does not settle it.
//
// A reading that begins in the middle of a log may take the text of a statement for an entry. It
// is believed only where it has read entries up to the position, one begins exactly there, and
// nothing on the way was unreadable or in doubt: a reading that comes out of a
// statement that it has not seen begin meets text like entries that do not fit. Where something was
// in doubt, it is believed if a shorter reading, without any, finds the same. From an entry on that two
// readings have in common they are the same. What remains is a statement that is longer than the first
// stretch, and holds what looks like an entry at that very byte.
func FindIn(ctx context.Context, r io.ReaderAt, size, offset int64) (*Entry, error) {
	var longer *Entry
	for _, n := range stretches {
		from := offset - n
		if from <= 0 || offset >= size {
			continue
		}
		e, clear, err := find(ctx, io.NewSectionReader(r, from, size-from), from, offset)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil || e.Offset != offset:
		case clear && (longer == nil || bytes.Equal(e.Text, longer.Text)):
			return e, nil
		default:
			longer = e
			continue
		}
		break
	}
	return Find(ctx, io.NewSectionReader(r, 0, size), offset)
}

// find reads a log from a position on. Clear is set where it has read entries up to that of the
// offset, and nothing on the way was unreadable or in doubt.
func find(ctx context.Context, r io.Reader, from, offset int64) (e *Entry, clear bool, err error) {
	k := &kept{ctx: ctx, r: r}
	if from > 0 {
		begin := bufio.NewReaderSize(r, 64<<10)
		skipped, err := skipToHeader(begin)
		if err != nil {
			return nil, false, err
		}
		k.r, from = begin, from+skipped
	}
	p := parser.New(k, parser.Options{})
	before := int64(-1) // where the entry before begins
	for {
		event, err := p.Next()
		if err != nil {
			return nil, false, none(err, p.Stats(), from, offset, before)
		}
		begin, end := from+event.Offset, from+p.End()
		if offset >= end {
			before = begin
			k.drop(p.End())
			continue
		}
		if offset < begin {
			return nil, false, none(nil, p.Stats(), from, offset, before, begin)
		}
		e := &Entry{Offset: begin, Text: bytes.Clone(k.text(event.Offset, p.End()))}
		e.inherit(event)
		if k.err != nil && k.err != io.EOF && p.End() == k.end() {
			return e, false, k.err
		}
		s := p.Stats()
		return e, before >= 0 && s.Complete(), nil
	}
}

// skipToHeader reads up to the next line that is a header's first where a statement has ended, so
// that the parser need not guess what it is in the middle of. It returns how many bytes it has read.
func skipToHeader(r *bufio.Reader) (skipped int64, err error) {
	for ended := false; ; {
		if ended {
			for _, prefix := range []string{"# Time: ", "# User@Host: "} {
				if start, _ := r.Peek(len(prefix)); string(start) == prefix {
					return skipped, nil
				}
			}
		}
		line, err := r.ReadSlice('\n')
		if skipped += int64(len(line)); err != nil && err != bufio.ErrBufferFull {
			return skipped, err
		}
		ended = err == nil && bytes.HasSuffix(bytes.TrimRight(line, "\r\n"), []byte(";"))
	}
}

// inherit sets what an event has that its text does not tell.
func (e *Entry) inherit(event *parser.Event) {
	at, schema := event.Time, event.Schema
	alone, err := parser.New(bytes.NewReader(e.Text), parser.Options{}).Next()
	if err != nil {
		return
	}
	if !alone.Time.Equal(at) {
		e.Time = at
	}
	if alone.Schema != schema {
		e.Schema = schema
	}
}

// ErrNotSlowLog says that a text has no entry, nor anything else of a slow log.
var ErrNotSlowLog = errors.New("it is not a slow log")

// none says why there is no entry, and which is nearest: the one before, or else the one after.
// Positions below 0 are those of none.
func none(err error, s parser.Stats, from, offset, before int64, after ...int64) error {
	switch {
	case err != nil && err != io.EOF:
		return err
	case err != nil && s.Bytes == 0:
		return &noEntry{text: "there is no text in it"}
	case err != nil && s.Events == 0 && !s.SlowLog:
		return ErrNotSlowLog
	case err != nil && s.Events == 0:
		return &noEntry{text: "there is no entry in it"}
	}
	e := &noEntry{text: fmt.Sprintf("there is no entry at byte %d: what stands there is of none, such as a server's banner", offset)}
	if end := from + s.Bytes; err != nil && offset >= end {
		e.text = fmt.Sprintf("there is no byte %d: the log ends at byte %d", offset, end)
	}
	switch {
	case before >= 0:
		e.hint = fmt.Sprintf("the entry before it begins at byte %d", before)
	case len(after) > 0:
		e.hint = fmt.Sprintf("the first entry begins at byte %d", after[0])
	}
	return e
}

type noEntry struct{ text, hint string }

func (e *noEntry) Error() string { return e.text }
func (e *noEntry) Hint() string  { return e.hint }

// kept reads a stream, and keeps of it what was not dropped.
type kept struct {
	ctx   context.Context
	r     io.Reader
	start int64 // of buf
	buf   []byte
	used  int // of buf, what was dropped
	err   error
}

func (k *kept) Read(p []byte) (n int, err error) {
	if err = k.ctx.Err(); err == nil {
		n, err = k.r.Read(p)
		k.buf = append(k.buf, p[:n]...)
	}
	k.err = err
	return n, err
}

// drop forgets what is before a position.
func (k *kept) drop(to int64) {
	if k.used = int(to - k.start); k.used > len(k.buf)/2 {
		k.buf = append(k.buf[:0], k.buf[k.used:]...)
		k.start, k.used = to, 0
	}
}

func (k *kept) text(from, to int64) []byte { return k.buf[from-k.start : to-k.start] }

func (k *kept) end() int64 { return k.start + int64(len(k.buf)) }
