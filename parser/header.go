package parser

import (
	"bytes"
	"time"
)

// entry is an Event and what of its header is not part of it.
type entry struct {
	Event
	sql int // index in the window of what follows the header: the statement

	logged     time.Time // from "# Time:"
	loggedZone zone
	epoch      time.Time // from SET timestamp; zero if there is none
	start, end time.Time // of log_slow_extra

	hasUser                        bool // the line User@Host has been read
	hasQueryTime, badTime, badLock bool
	hasID, hasSchema               bool
	warned, clear                  bool // the header has warnings, and it is clear where they end
	readFirst                      uint64
}

// A form is what the headers of one log have in common.
type form struct {
	zoned bool // "# Time:" tells the zone, and every entry has one
	id    bool // "Id:" in the line User@Host
	stamp bool // SET timestamp
}

func (e *entry) form() form {
	return form{zoned: e.loggedZone == utcTime, id: e.hasID, stamp: !e.epoch.IsZero()}
}

// headerKind is what parseHeader found.
type headerKind int

const (
	notHeader    headerKind = iota
	goodHeader              // an entry
	brokenHeader            // an entry of which only a part is there
	endedHeader             // the log ends within it
)

const (
	timePrefix  = "# Time: "
	userPrefix  = "# User@Host: "
	adminPrefix = "# administrator command: "
	cutMarker   = " [Your log message was truncated]"

	maxHeaderLine = 64 << 10
	maxHeader     = 1 << 20
	maxBeforeTime = 16 // lines before the one that has Query_time
)

// looksLikeHeader reports whether the line at index i has the beginning of an
// entry's first line.
func (p *Parser) looksLikeHeader(i int) bool {
	return p.win.hasPrefix(i, timePrefix) || p.win.hasPrefix(i, userPrefix)
}

// parseHeader reads the header at index i into e, which it changes in any case.
// It changes nothing else of the Parser, so that it can look ahead.
func (p *Parser) parseHeader(i int, e *entry) headerKind {
	*e = entry{}
	e.Offset = p.position(i)
	e.Weight = 1
	w, first := &p.win, i
	for n := 0; ; n++ {
		end, how := w.line(i, maxHeaderLine)
		if how == lineLast && p.endsInHeader(i, e) {
			return endedHeader
		}
		if how == lineLong || i-first > maxHeader || n > maxBeforeTime && !e.hasQueryTime {
			break
		}
		line := trimEOL(w.buf[i:end])
		if e.hasQueryTime && string(line) == "# Warnings" {
			e.warned = true
			i, e.clear = p.skipWarnings(end)
			break
		}
		if !e.headerLine(line, i == first, &p.names) {
			break
		}
		i = end
	}
	e.sql = i
	switch {
	case i == first:
		return notHeader
	case e.hasUser && e.hasQueryTime:
		e.sql = p.serverLines(i, e)
		return goodHeader
	case w.hasPrefix(i, cutMarker) || p.looksLikeHeader(i):
		return brokenHeader
	}
	return notHeader
}

// headerLine reads a line of a header, and reports whether it is one.
func (e *entry) headerLine(line []byte, first bool, names *names) bool {
	switch {
	case bytes.HasPrefix(line, []byte(timePrefix)):
		return first && e.timeLine(line[len(timePrefix):], names)
	case bytes.HasPrefix(line, []byte(userPrefix)):
		return !e.hasUser && e.userLine(line[len(userPrefix):], names)
	case bytes.HasPrefix(line, []byte(adminPrefix)):
		return false
	case bytes.HasPrefix(line, []byte("# explain: ")):
		return true
	case bytes.HasPrefix(line, []byte("#")), bytes.HasPrefix(line, []byte("Tmp_tables: ")): // PS-7492
		e.fields(line, names)
		return true
	}
	return false
}

// endsInHeader reports whether the last line of the stream, at index i and
// without a line feed, is one of the header e.
func (p *Parser) endsInHeader(i int, e *entry) bool {
	if i == len(p.win.buf) {
		return !e.hasQueryTime
	}
	return p.win.buf[i] == '#' && !p.win.hasPrefix(i, adminPrefix)
}
