package handler

import (
	"io"

	"slowdigest/parser"
)

const (
	// aheadEvents and aheadBytes bound what is parsed ahead: this many entries, or this much of
	// statements unless one alone has more, in each of aheadParts.
	aheadEvents = 256
	aheadBytes  = 128 << 10
	aheadParts  = 3
)

// parsed holds entries that were parsed ahead, and their statements.
type parsed struct {
	events []parser.Event
	sql    []byte
}

func (s *parsed) full(e *parser.Event) bool {
	return len(s.events) == aheadEvents || len(s.events) > 0 && len(s.sql)+len(e.SQL) > aheadBytes
}

func (s *parsed) add(e *parser.Event) {
	s.events = append(s.events, *e)
	s.sql = append(s.sql, e.SQL...)
}

// each calls do for each event. Its statement is valid until do returns.
func (s *parsed) each(do func(*parser.Event)) {
	rest := s.sql
	for i := range s.events {
		e := &s.events[i]
		n := len(e.SQL)
		e.SQL, rest = rest[:n:n], rest[n:]
		do(e)
	}
}

// parseAhead calls do for each entry of a log in its order, while the next ones are parsed by
// another goroutine. Before more is read, which may be waited for, what there is has been passed on.
// It returns when all has ended, with the error that the log ends with, nil for its end.
func parseAhead(log io.Reader, o parser.Options, do func(*parser.Event)) (stats parser.Stats, err error) {
	ready, free := make(chan *parsed, aheadParts), make(chan *parsed, aheadParts)
	for range aheadParts {
		free <- &parsed{events: make([]parser.Event, 0, aheadEvents), sql: make([]byte, 0, aheadBytes)}
	}
	go func() {
		defer close(ready)
		part := <-free
		pass := func() {
			ready <- part
			part = <-free
		}
		p := parser.New(beforeEach{log, func() {
			if len(part.events) > 0 {
				pass()
			}
		}}, o)
		for {
			var e *parser.Event
			if e, err = p.Next(); err != nil {
				ready <- part
				stats = p.Stats()
				return
			}
			if part.full(e) {
				pass()
			}
			part.add(e)
		}
	}()
	for part := range ready {
		part.each(do)
		part.events, part.sql = part.events[:0], part.sql[:0]
		free <- part
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
