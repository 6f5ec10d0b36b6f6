package parser

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// Options say how to read a log. The zero value reads any.
type Options struct {
	// Location is the zone of times that are logged without one, as MariaDB
	// and MySQL to 5.6 do, where the log itself does not tell the zone. Nil is UTC.
	Location *time.Location

	// MaxSQL is how many bytes are kept of one statement; 0 is 1 MiB.
	MaxSQL int
}

const defaultMaxSQL = 1 << 20

// Parser reads the entries of one log from a stream. What it holds in memory
// is bounded by Options.MaxSQL and lookAhead, never by the log.
type Parser struct {
	win    window
	maxSQL int
	names  names
	clock  clock
	stats  Stats

	cur, next *entry
	pending   bool // next holds the header of the next entry, read already
	stmt      statement
	form      form // of the last entry
	schema    string
	end       int64 // where the last event ended in the stream
	scanned   int64 // how many bytes were looked ahead
	tail      bool  // what comes belongs to an entry already counted
}

// New returns a Parser that reads from r. It does not read before the first
// call of Next.
func New(r io.Reader, o Options) *Parser {
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.MaxSQL <= 0 {
		o.MaxSQL = defaultMaxSQL
	}
	return &Parser{
		win:    window{r: r},
		maxSQL: o.MaxSQL,
		clock:  clock{location: o.Location},
		cur:    new(entry),
		next:   new(entry),
	}
}

// Next returns the next entry. At the end of the log the error is io.EOF. If
// the reader fails, what came before its error is delivered first, the last
// statement as far as it goes.
//
// The Event is reused by the following call.
func (p *Parser) Next() (*Event, error) {
	if !p.pending && !p.seek() {
		p.stats.SkippedBytes += p.position(0) - p.end
		p.end = p.position(0)
		if p.win.err != io.EOF {
			return nil, fmt.Errorf("read slow log at byte %d: %w", p.end, p.win.err)
		}
		return nil, io.EOF
	}
	p.pending = false
	p.cur, p.next = p.next, p.cur
	e := p.cur
	p.accept(e)
	p.win.drop(e.sql)
	p.stats.SkippedBytes += e.Offset - p.end
	p.end = p.readStatement()
	p.stats.Events++
	if e.Cut {
		p.stats.Cut++
	}
	return &e.Event, nil
}

// Stats tells what was met so far. It is the caller's to keep.
func (p *Parser) Stats() Stats {
	s := p.stats
	s.Bytes = p.position(len(p.win.buf))
	s.Problems = slices.Clone(s.Problems)
	for i := range s.Problems {
		s.Problems[i].Offsets = slices.Clone(s.Problems[i].Offsets)
	}
	return s
}

// position is where the index i of the window lies in the stream.
func (p *Parser) position(i int) int64 { return p.win.base + int64(i) }

// accept makes e, whose header is read, the entry at which the log stands.
func (p *Parser) accept(e *entry) {
	p.stats.SlowLog = true
	p.form = e.form()
	if e.hasSchema {
		p.schema = e.Schema
	}
	e.Schema = p.schema
	if e.badTime {
		p.stats.problem(reasonBadTime, false, e.Offset)
	}
	if e.badLock {
		p.stats.problem(reasonBadLock, false, e.Offset)
	}
	if !p.clock.set(e) {
		p.stats.problem(reasonClock, false, e.Offset)
	}
	if e.Time.IsZero() {
		p.stats.problem(reasonNoTime, false, e.Offset)
	}
}
