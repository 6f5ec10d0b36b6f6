// Package source lists and reads slow logs: those of RDS instances through the
// RDS API, and local files.
//
// Both are read in two steps. LogFiles names the files that may hold entries of
// a window, and Open turns one of them into a stream of whole text: portions are
// joined and compression undone. Where an entry is cut, and only there, stands
// the line " [Your log message was truncated]", as RDS has it. What lies in a
// file but outside the window is left to the reader of the stream to drop, by the
// entries' own times; a file's name and the time of its last write only choose
// it. RDS.Follow is for a log that is still being written.
//
// Nothing is lost silently. A Log knows how much of its file it delivered and
// says in its Coverage what is missing, and why. That holds for what cannot be
// opened too: a deleted hour or a paused instance is listed as a File that is Absent,
// whose Log is empty and whose Coverage tells.
package source

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// File names a slow log, or one of which is known that it cannot be read.
type File struct {
	Instance string // the DB instance identifier; empty for a local file
	Name     string // as RDS lists it, or the path of a local file; "-" is the standard input
	Size     int64  // bytes as stored; 0 where it is not known beforehand

	// LastWritten is the time of the last write to the file, in UTC. It is never
	// earlier than the newest entry of the file. It is zero for what has no size, such as a
	// pipe.
	LastWritten time.Time

	// Absent is set where the File stands for what cannot be read.
	Absent *Absence

	// Omitted is set where the File is not to be opened, though nothing is missing then: a
	// sentence that says why.
	Omitted string

	// Unlisted, of the live file, are hours whose own file is not listed. What of them
	// the live file does not hold, as it begins later, is absent. Else nil.
	Unlisted *Absence

	// Unknown is set where the name is not that of a slow log. It may be one.
	Unknown bool

	listing *listing  // what else was listed with the file; nil for local files
	from    time.Time // where to begin in it; zero is its beginning
}

// Absence says that entries of an instance cannot be read, and why.
type Absence struct {
	From, To time.Time // of the entries, in UTC
	Cause    Cause
	Note     string // a sentence
	// Usual is set where hours without a file are nothing unusual for the instance, as
	// on servers that begin a file only when there is something to write, or where the
	// live file shows that nothing was written.
	Usual bool
}

// Cause says in a word why something could not be read, and so whether it is worth
// to try again.
type Cause string

const (
	Passing  Cause = "passing"  // no answer, an error of the server, throttled: it may work the next time
	Unlisted Cause = "unlisted" // no file of the hour is listed, yet: it may be late, or nothing was written
	Waiting  Cause = "waiting"  // the instance is paused, stopped or starting
	Denied   Cause = "denied"
	Gone     Cause = "gone"    // RDS lists it no more, and never will
	Off      Cause = "off"     // the server does not log to files
	Unproven Cause = "unknown" // nothing was written for long, and whether the server logs cannot be found out
)

// Log is an open slow log. It is to be read and closed by one goroutine.
type Log struct {
	chunks chunks
	rest   []byte // of the chunk at hand
	read   int64  // bytes
	seams  []int64
	begin  int64        // the offset in the file at which it was begun
	exact  atomic.Int64 // up to where what was read is the text of the file
	cov    Coverage
	err    error
}

// chunks delivers the text of a Log. A chunk is valid until the
// following call. At the end next returns io.EOF, also if something is missing.
// It keeps the coverage that it is given up to date.
type chunks interface {
	next(*Coverage) ([]byte, error)
	close() error
}

func newLog(c chunks) *Log {
	l := &Log{chunks: c, cov: Coverage{Complete: true}}
	l.exact.Store(math.MaxInt64)
	return l
}

// Read delivers the text of the file. It returns io.EOF when there is no more
// to be had, even if the Coverage is not complete; any other error says that the
// file could not be read at all, or no further, and Hint may know a remedy.
func (l *Log) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		gaps, cut := len(l.cov.Gaps), l.cov.TruncatedLines
		if l.rest, l.err = l.chunks.next(&l.cov); l.err != nil && l.err != io.EOF {
			l.cov.Complete = false
		}
		if len(l.cov.Gaps) > gaps {
			l.seams = append(l.seams, l.read)
		}
		if l.read == 0 {
			l.begin = l.cov.Skipped
		}
		if len(l.cov.Gaps) > gaps || l.cov.TruncatedLines > cut || l.cov.switched {
			l.exact.Store(min(l.exact.Load(), l.read))
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	l.read += int64(n)
	return n, nil
}

// Seams returns the positions in what Read has delivered, in bytes and ascending, at
// which a gap is. They belong to l.
func (l *Log) Seams() []int64 { return l.seams }

// Offset returns where in the text of the file, decompressed, a position in what Read has
// delivered is, both in bytes, and whether that is known: it is not after a gap, a line
// that RDS has cut or a rotation, nor in what Follow reads. Where RDS has replaced bytes that
// are no text it is too great by a few. It may be called for what was read while another goroutine reads on.
func (l *Log) Offset(pos int64) (offset int64, known bool) {
	return l.begin + pos, pos < l.exact.Load()
}

// Coverage is final once Read has returned an error, io.EOF included.
func (l *Log) Coverage() Coverage { return l.cov }

// Close ends all calls to the server that are under way.
func (l *Log) Close() error { return l.chunks.close() }

// absent delivers nothing of a file, and says why.
type absent struct{ note string }

func (a absent) next(c *Coverage) ([]byte, error) {
	c.miss(a.note)
	return nil, io.EOF
}

func (absent) close() error { return nil }

// Coverage tells how much of a file its Log has delivered.
type Coverage struct {
	BytesRead int64 // of the file as stored
	Skipped   int64 // bytes at its beginning that were not asked for, being older than the window
	Portions  int   // answers of the server that carried text
	Retries   int   // calls that had to be repeated

	// TruncatedLines is the number of lines that the server cut because they
	// exceed its portion size. Such a line is delivered as far as it goes.
	TruncatedLines int

	// Complete is false where anything of the file is known to be missing.
	Complete bool

	// Gaps are the parts of the file that are known to be missing, in the order
	// they were met. Where Read ends with an error, the last gap is the part
	// that the error is about.
	Gaps []Gap

	// Sampled is set where samples alone say that what was skipped is older than the window.
	Sampled bool

	// Cause says why a reading ended early, where it may go on another time; else it
	// is empty.
	Cause Cause

	switched bool // to another file than the one that was begun

	// Notes say in whole sentences what is missing, and why. They name files,
	// bytes and times, never the text of a log. What an error of Read says is
	// not said again.
	Notes []string
}

// Gap is a part of a file that was not delivered. Where the markers of RDS do not
// tell offsets, they are counted, and a gap may seem to begin earlier than it does.
type Gap struct {
	From, To int64 // offsets in bytes; To is after the last one

	// After and Before are UTC and bound the times of the entries in the gap.
	// Either is zero where it is not known.
	After, Before time.Time
}

// miss says that something of the file was not delivered.
func (c *Coverage) miss(note string) {
	c.Complete = false
	c.Notes = append(c.Notes, note)
}

// gap says which part of f was not delivered, and why.
func (c *Coverage) gap(f File, g Gap, reason string) {
	c.Complete = false
	c.Gaps = append(c.Gaps, g)
	if reason != "" {
		c.Notes = append(c.Notes, fmt.Sprintf("Bytes %d to %d of %s of %s are missing%s: %s.",
			g.From, g.To, f.Name, f.Instance, g.times(), reason))
	}
}

func (g Gap) times() string {
	const format = "2006-01-02 15:04:05 UTC"
	switch {
	case !g.After.IsZero() && !g.Before.IsZero():
		return fmt.Sprintf(", written between %s and %s", g.After.Format(format), g.Before.Format(format))
	case !g.After.IsZero():
		return ", written after " + g.After.Format(format)
	case !g.Before.IsZero():
		return ", written before " + g.Before.Format(format)
	}
	return ""
}

// clone returns a copy that does not change with c.
func (c *Coverage) clone() Coverage {
	snapshot := *c
	snapshot.Gaps = slices.Clip(c.Gaps)
	snapshot.Notes = slices.Clip(c.Notes)
	return snapshot
}
