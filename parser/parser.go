// Package parser reads the slow query log of MySQL, Percona Server, MariaDB and
// Aurora MySQL, and tells which statements are alike.
//
// # Reading
//
// An entry is a header, lines that begin with "#", the lines "use db;" and
// "SET timestamp=1;", and the statement, which can hold any text: lines like
// those of a header, a banner or a mark that RDS has cut the log, too. Whoever
// can store a text in the database can so try to put an entry into the log that
// never was. The parser follows quotes and comments, and where it finds a whole
// header within them it reads ahead, up to 1 MiB, to see which of two things is
// true: that the literal goes on and the header is a part of it, or that the
// statement has a quote too many, and the header is real.
//
// The literal goes on if it ends as literals do, and so does its statement. If
// what would end it is followed by text, it is rather the quote that opens a
// literal of a later entry. Only where that does not decide, the header itself
// counts, its form and its times beside those of the log: where the statement
// could have been repeated with the same quote missing, where the comment that
// would end is the comment of a later entry, and where 1 MiB is not enough.
//
// What stands outside of literals and comments is believed. A client that can
// send whole statements can send one that looks like several entries.
package parser

import (
	"bytes"
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

// seek reads on to the next header, into p.next, and tells whether there is
// one. It is for where no statement is: the start of the log, and behind
// banners and what could not be read.
func (p *Parser) seek() bool {
	w := &p.win
	for w.has(0) {
		switch {
		case w.buf[0] == '\n', w.buf[0] == 0: // log rotation can leave a hole of NUL bytes
			w.drop(1)
			continue
		case p.looksLikeHeader(0):
			switch p.parseHeader(0, p.next) {
			case goodHeader:
				if end := p.hidden(); end > 0 {
					w.drop(end)
					continue
				}
				p.pending, p.tail = true, false
				return true
			case brokenHeader:
				p.lost(reasonBadHeader)
				w.drop(p.next.sql)
				continue
			case endedHeader:
				p.lost(reasonHeaderEnds)
				w.drop(len(w.buf))
				return false
			default:
				p.text()
			}
		case p.skipBanner():
			continue
		case w.hasPrefix(0, byteOrderMark):
			w.drop(len(byteOrderMark))
			continue
		default:
			p.text()
		}
		p.dropLine()
	}
	return false
}

// hidden tells whether the header at index 0 stands in a literal or comment
// that began in a part of the entry that is missing. It returns the index where
// that entry ends, or 0.
func (p *Parser) hidden() int {
	if !p.tail {
		return 0
	}
	for _, q := range []quote{inSingle, inDouble, inTick, inComment} {
		if v, _, end := p.goesOn(0, q); v == closed && p.win.has(end) {
			return end
		}
	}
	return 0
}

// lost counts an entry whose header is at index 0 as unreadable.
func (p *Parser) lost(reason string) {
	p.stats.SlowLog = true
	p.stats.problem(reason, true, p.win.base)
	p.tail = true
}

// text counts the line at index 0 as a piece of an entry without a header.
func (p *Parser) text() {
	end, _ := p.win.line(0, maxHeaderLine)
	if p.tail || len(bytes.TrimSpace(p.win.buf[:end])) == 0 || p.win.hasPrefix(0, cutMarker) {
		return
	}
	p.stats.problem(reasonNoHeader, true, p.win.base)
	p.tail = true
}

// dropLine drops the line at index 0, however long it is.
func (p *Parser) dropLine() {
	for {
		end, how := p.win.line(0, firstWindow)
		p.win.drop(end)
		if how != lineLong {
			return
		}
	}
}

const (
	bannerVersion = ", Version: "
	bannerEnd     = "started with:"
	byteOrderMark = "\ufeff"
)

// skipBanner drops a banner, if there is one at index 0:
//
//	/rdsdbbin/mysql/bin/mysqld, Version: 8.0.32 (Source distribution). started with:
//	Tcp port: 3306  Unix socket: /tmp/mysql.sock
//	Time                 Id Command    Argument
func (p *Parser) skipBanner() bool {
	w := &p.win
	if w.buf[0] == '#' {
		return false
	}
	end, _ := w.line(0, maxHeaderLine)
	line := trimEOL(w.buf[:end])
	if !isBanner(line) {
		return false
	}
	p.stats.Banners++
	p.stats.SlowLog = true
	p.clock.reopened(string(line))
	p.schema, p.tail = "", false
	p.dropLine()
	if isPortLine(w, 0) {
		p.dropLine()
	}
	if w.hasPrefix(0, "Time ") || w.hasPrefix(0, "Time\t") {
		p.dropLine()
	}
	return true
}

func isBanner(line []byte) bool {
	return bytes.HasSuffix(line, []byte(bannerEnd)) && bytes.Contains(line, []byte(bannerVersion))
}

func isPortLine(w *window, i int) bool {
	return w.hasPrefix(i, "Tcp port: ") || w.hasPrefix(i, "TCP Port: ")
}
