package handler

import (
	"io"
	"runtime"

	"slowdigest/digest"
	"slowdigest/parser"
)

const (
	// aheadEvents and aheadBytes bound each of the parts in which is parsed ahead: this many entries, or
	// this much of statements unless one alone has more.
	aheadEvents = 64
	aheadBytes  = 32 << 10
	// aheadParts is how many of them there are at most: so many that a goroutine which is fast for a while, as the
	// parser is on long literals, need not wait for the others. Beside them there are aheadLarge, for large
	// statements.
	aheadParts, aheadLarge = 48, 4
	// maxJudges bounds how many goroutines judge entries. All of them wait for the one that
	// parses, and nothing is gained by many.
	maxJudges = 4
)

// judges is how many goroutines judge entries, besides one that parses.
func judges() int { return min(max(runtime.GOMAXPROCS(0)-1, 1), maxJudges) }

// parsed holds entries that were parsed ahead, their statements and plans, and what was found out about them.
type parsed struct {
	events []parser.Event
	sql    []byte
	judged []digest.Judged
	done   chan struct{} // has one when they are judged
	from   *parts        // to which it returns
}

// parts are those that are free, and how many more can be made.
type parts struct {
	free chan *parsed
	more int
}

func newParts(n int) *parts { return &parts{make(chan *parsed, n), n} }

// take waits for a part if none is free and no more can be made. One goroutine takes.
func (p *parts) take() *parsed {
	select {
	case s := <-p.free:
		return s
	default:
	}
	if p.more == 0 {
		return <-p.free
	}
	p.more--
	return &parsed{
		events: make([]parser.Event, 0, aheadEvents), sql: make([]byte, 0, aheadBytes), judged: make([]digest.Judged, 0, aheadEvents),
		done: make(chan struct{}, 1), from: p,
	}
}

// room is what an entry takes of aheadBytes.
func room(e *parser.Event) int { return len(e.SQL) + len(e.Explain) }

func (s *parsed) full(e *parser.Event) bool {
	return len(s.events) == aheadEvents || len(s.events) > 0 && len(s.sql)+room(e) > aheadBytes
}

func (s *parsed) add(e *parser.Event) {
	s.events = append(s.events, *e)
	s.sql = append(append(s.sql, e.SQL...), e.Explain...)
}

// judge finds out about each entry. Only now it is known where the statements stand.
func (s *parsed) judge(judge judging) {
	rest := s.sql
	for i := range s.events {
		e := &s.events[i]
		n := len(e.SQL)
		e.SQL, rest = rest[:n:n], rest[n:]
		n = len(e.Explain)
		e.Explain, rest = rest[:n:n], rest[n:]
		s.judged = append(s.judged, judge(e))
	}
	s.done <- struct{}{}
}

// each calls do for each event, when they are judged, empties s and makes it free. A statement is valid until do returns.
func (s *parsed) each(do func(*parser.Event, digest.Judged)) {
	<-s.done
	for i := range s.events {
		do(&s.events[i], s.judged[i])
	}
	s.events, s.sql, s.judged = s.events[:0], s.sql[:0], s.judged[:0]
	s.from.free <- s
}

// judging finds out about an entry. It belongs to one goroutine.
type judging func(*parser.Event) digest.Judged

// parseAhead calls do for each entry of a log in its order, while others find out about the next ones,
// and one parses what follows. Before more is read, which may be waited for, what there is has been
// passed on. It returns when all has ended, with the error that the log ends with, nil for its end.
func parseAhead(log io.Reader, o parser.Options, judges int, newJudge func() judging, do func(*parser.Event, digest.Judged)) (stats parser.Stats, err error) {
	usual, large := newParts(aheadParts), newParts(aheadLarge)
	ready, unjudged := make(chan *parsed, aheadParts+aheadLarge), make(chan *parsed, aheadParts+aheadLarge)
	for range judges {
		go func() {
			judge := newJudge()
			for part := range unjudged {
				part.judge(judge)
			}
		}()
	}
	go func() {
		defer close(ready)
		defer close(unjudged)
		var part *parsed // with an entry at least; else nil
		pass := func() {
			if part != nil {
				unjudged <- part
				ready <- part
				part = nil
			}
		}
		p := parser.New(beforeEach{log, pass}, o)
		for {
			var e *parser.Event
			if e, err = p.Next(); err != nil {
				pass()
				stats = p.Stats()
				return
			}
			if part != nil && part.full(e) {
				pass()
			}
			switch {
			case part != nil:
			case room(e) > aheadBytes:
				part = large.take()
			default:
				part = usual.take()
			}
			part.add(e)
		}
	}()
	for part := range ready {
		part.each(do)
	}
	if err == io.EOF {
		err = nil
	}
	return stats, err
}

// beforeEach calls a function before each Read.
type beforeEach struct {
	r  io.Reader
	do func()
}

func (b beforeEach) Read(p []byte) (int, error) {
	b.do()
	return b.r.Read(p)
}
