package parser

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options say how to read a log. The zero value reads any.
type Options struct {
	// Location is the zone of times that are logged without one, as MariaDB
	// and MySQL to 5.6 do, where the log itself does not tell the zone. Nil is UTC.
	Location *time.Location

	// MaxSQL is how many bytes are kept of one statement; 0 is 1 MiB.
	MaxSQL int

	// Gaps returns the positions in the stream, in bytes and ascending, at which
	// its source knows that text of the log is missing. The list may grow while the
	// stream is read, but not before what was read of it. Nil if none are known.
	Gaps func() []int64
}

const defaultMaxSQL = 1 << 20

// Parser reads the entries of one log from a stream. What it holds in memory
// is bounded by Options.MaxSQL and lookAhead, never by the log.
type Parser struct {
	win     window
	headers headerReader
	stmt    statement
	ahead   lookahead
	open    openText
	seeker  seeker
	clock   clock
	stats   Stats

	cur, next *entry
	other     entry // for reading ahead
	explain   []byte
	pending   bool // next holds the header of the next entry, read already
	form      form
	schema    string
	last      entryEnd // of the last entry but the one that ended with the log
	end       int64    // where the last event ended in the log

	gapsSeen int
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
	p := &Parser{
		win:   window{r: r, askGaps: o.Gaps},
		clock: clock{location: o.Location},
		cur:   new(entry),
		next:  new(entry),
	}
	p.headers = headerReader{w: &p.win}
	p.ahead.w = &p.win
	p.stmt = statement{w: &p.win, maxSQL: o.MaxSQL}
	p.open = openText{w: &p.win, s: &p.stmt, ahead: &p.ahead, stats: &p.stats, headerEnd: p.headerEnd}
	p.seeker = seeker{w: &p.win, headers: &p.headers, ahead: &p.ahead, stats: &p.stats, reopened: p.reopened}
	return p
}

// Next returns the next entry. At the end of the log the error is io.EOF. It is a
// *FormError at the start of a log that is not text as a server writes it. If
// the reader fails, the entries that are whole before its error are delivered first.
//
// The Event is reused by the following call.
func (p *Parser) Next() (*Event, error) {
	if !p.pending && !p.seeker.seek(p.next) {
		return nil, p.ended()
	}
	p.pending = false
	p.cur, p.next = p.next, p.cur
	e := p.cur
	p.accept(e)
	if e.planEnd > 0 {
		p.explain = append(p.explain[:0], p.win.buf[e.plan:e.planEnd]...)
		e.Explain = p.explain
	}
	p.win.drop(e.sql)
	p.stats.SkippedBytes += e.Offset - p.end
	p.end = e.Offset
	end, whole := p.readStatement()
	if !whole {
		return nil, p.ended()
	}
	p.end = end
	p.stats.Events++
	if e.Cut {
		p.stats.Cut++
	}
	return &e.Event, nil
}

// ended returns why there is no further entry.
func (p *Parser) ended() error {
	p.stats.SkippedBytes += p.win.end() - p.end
	p.end = p.win.end()
	if err := p.win.err; err == io.EOF || errors.As(err, new(*FormError)) {
		return err
	}
	return fmt.Errorf("read slow log at byte %d: %w", p.end, p.win.err)
}

// End returns where in the stream, in bytes from its start, the text of the last event ends. What
// follows it up to the next one is of none, such as a server's banner.
func (p *Parser) End() int64 { return p.end }

// Stats tells what was met so far. It is the caller's to keep.
func (p *Parser) Stats() Stats {
	s := p.stats
	s.Bytes = p.win.end()
	s.Problems = slices.Clone(s.Problems)
	for i := range s.Problems {
		s.Problems[i].Offsets = slices.Clone(s.Problems[i].Offsets)
	}
	return s
}

// accept makes e, whose header is read, the entry at which the log stands.
func (p *Parser) accept(e *entry) {
	p.stats.SlowLog = true
	if e.garbled {
		p.stats.problem(reasonGarbled, e.Offset)
	}
	if e.twofold {
		p.stats.problem(reasonTwofold, e.Offset)
	}
	p.form.add(e)
	if e.hasSchema {
		p.schema = e.Schema
	}
	e.Schema = p.schema
	if e.badTime {
		p.stats.problem(reasonBadTime, e.Offset)
	}
	if e.badLock {
		p.stats.problem(reasonBadLock, e.Offset)
	}
	if !p.clock.set(e) {
		p.stats.problem(reasonClock, e.Offset)
	}
	if e.Time.IsZero() {
		p.stats.problem(reasonNoTime, e.Offset)
	} else if p.stats.First.IsZero() && p.clock.own(e) {
		p.stats.First = e.Time
	}
}

// reopened is called at a banner.
func (p *Parser) reopened(banner string) {
	p.clock.reopened(banner)
	p.schema, p.form = "", form{}
	if _, at, ok := strings.Cut(banner, ", Time: "); ok && p.stats.First.IsZero() && p.stats.Events == 0 {
		if t, z, _ := parseTime([]byte(at)); z == utcTime {
			p.stats.First = plausible(t)
		}
	}
}

// readStatement reads the statement at index 0 of the window to its end, and returns
// where its entry ends in the stream. If the next header is after it, p.next holds
// it then. Whole is false where the reader failed before the end of the entry.
func (p *Parser) readStatement() (end int64, whole bool) {
	w, s := &p.win, &p.stmt
	s.reset(w.base)
	p.open.reset()
	for i := 0; w.has(i); i = s.readLine(i) {
		if !p.entryEnds(i) {
			continue
		}
		end := &p.last
		p.finish(end.sql, end.cut)
		if p.pending {
			return end.end, true
		}
		p.seeker.tail, p.seeker.cut = end.lost, end.lost
		w.drop(end.resume)
		return end.end, true
	}
	end, whole = w.position(len(w.buf)), true
	switch at := p.headerAtEnd(); {
	case at > 0:
		if end = at; !w.failed() {
			p.stats.problem(reasonHeaderEnds, w.raw(at))
		}
		p.finish(s.cleanSQL, false)
	case w.failed() && !s.terminated:
		whole = false
	case p.endsInServerLine():
		p.finish(s.start, true)
	default:
		p.finish(s.sql, !s.terminated)
	}
	end = w.raw(end)
	w.drop(len(w.buf))
	return end, whole
}

// markedHeader is how an entry begins after one that RDS has cut.
var markedHeader = []byte("[Your log message was truncated]\n# ")

// finish sets the statement of the current entry, which ends, or is cut, at a
// position in the stream.
func (p *Parser) finish(end int64, cut bool) {
	e := p.cur
	e.SQL, e.SQLBytes = p.stmt.text(end)
	e.Cut = cut || int64(len(e.SQL)) < e.SQLBytes
	doubt := p.stmt.doubt
	if p.stmt.header > 0 && bytes.Contains(e.SQL, markedHeader) {
		doubt = p.stmt.header // no text is likely to hold both
	}
	if n := doubt - p.stmt.start; n > 0 && n < int64(len(e.SQL)) {
		e.Doubt = int(n)
	}
	if e.warned && !(e.clear && inLiteral(e.SQL, []byte("\nSET timestamp="))) {
		p.stats.problem(reasonWarned, e.Offset)
		e.SQL, e.Cut = e.SQL[:0], true
		return
	}
	if p.stmt.disbelieved {
		p.stats.problem(reasonDisbelieved, e.Offset)
	}
	switch {
	case bytes.HasPrefix(e.SQL, []byte(adminPrefix)) && bytes.IndexByte(e.SQL, '\n') < 0:
		e.Admin = true
		e.SQL = e.SQL[len(adminPrefix):]
		e.SQLBytes = int64(len(e.SQL))
		e.RowsSent, e.RowsExamined = 0, 0 // the server repeats those of the connection's statement before
	case len(e.SQL) == 0:
		p.stats.problem(reasonNoStatement, e.Offset)
	case e.User == "":
		e.Throttled = throttled(e.SQL)
	}
}

// headerAtEnd returns where the log's last lines begin in the stream if they follow a
// statement that has ended, and can only be of the next header, and else 0.
func (p *Parser) headerAtEnd() int64 {
	w, s := &p.win, &p.stmt
	i := int(s.cleanSQL + int64(len(";")) - w.base)
	if s.clean < 0 || s.terminated || s.q.Open() || i < 0 {
		return 0
	}
	i = w.skipBlanks(i)
	for _, line := range bytes.Split(trimBlanks(w.buf[i:]), []byte("\n")) {
		if !bytes.HasPrefix(line, []byte("#")) {
			return 0
		}
	}
	return w.position(i)
}

// endsInServerLine reports whether the stream ends within the line SET timestamp that
// the server writes before the statement.
func (p *Parser) endsInServerLine() bool {
	line := p.win.buf
	return p.cur.epoch.IsZero() && !p.stmt.terminated &&
		(bytes.HasPrefix([]byte("SET timestamp="), line) || bytes.HasPrefix(line, []byte("SET timestamp=")))
}
