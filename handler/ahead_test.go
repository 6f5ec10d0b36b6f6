package handler

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"slowdigest/parser"
)

// What is parsed ahead is what a plain loop over the log reads, also where a part is full by the
// number of entries or by their statements, of which one may be larger than all of it.
func TestParseAhead(t *testing.T) {
	logs := map[string]string{"empty": "", "no log": "Dear all,\n"}
	paths, err := filepath.Glob("../testdata/slowlogs/*.log")
	if err != nil || len(paths) < 4 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		logs[path] = string(text)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for seed := range 20 {
		var log strings.Builder
		for range []int{aheadEvents - 1, aheadEvents, aheadEvents + 1, 3 * aheadEvents * aheadParts}[seed%4] {
			size := r.IntN(300)
			if r.IntN(aheadEvents) == 0 {
				size = aheadBytes - 8 + r.IntN(16)*(1+r.IntN(2)*aheadBytes/16)
			}
			fmt.Fprintf(&log, "# Time: 2026-11-23T10:00:00.000000Z\n# User@Host: app[app] @ web [10.0.0.1]  Id: %d\n# Query_time: 0.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 2\nselect '%s';\n",
				r.IntN(100), strings.Repeat("x", size))
		}
		logs[fmt.Sprint("random ", seed)] = log.String()
	}
	broken := errors.New("connection reset")
	for name, text := range logs {
		for _, failure := range []error{io.EOF, broken} {
			reader := func() io.Reader { return io.MultiReader(strings.NewReader(text), iotest.ErrReader(failure)) }
			var want, got []parser.Event
			keep := func(to *[]parser.Event, e *parser.Event) {
				c := *e
				c.SQL = []byte(string(e.SQL))
				*to = append(*to, c)
			}
			plain := parser.New(reader(), parser.Options{})
			var wantErr error
			for {
				e, err := plain.Next()
				if err != nil {
					wantErr = err
					break
				}
				keep(&want, e)
			}
			stats, err := parseAhead(reader(), parser.Options{}, func(e *parser.Event) { keep(&got, e) })
			if (err == nil) != (wantErr == io.EOF) || err != nil && err.Error() != wantErr.Error() {
				t.Errorf("%s: error %v, want %v", name, err, wantErr)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %d entries differ from %d", name, len(got), len(want))
			}
			if !reflect.DeepEqual(stats, plain.Stats()) {
				t.Errorf("%s: %+v, want %+v", name, stats, plain.Stats())
			}
		}
	}
}

// What a log that is still being written holds is counted before more of it is waited for.
func TestParseAheadDoesNotWait(t *testing.T) {
	log, server := io.Pipe()
	seen, ended := make(chan string), make(chan error)
	go func() {
		_, err := parseAhead(log, parser.Options{}, func(e *parser.Event) { seen <- string(e.SQL) })
		ended <- err
	}()
	const head = "# Time: 2026-11-23T10:00:00.000000Z\n# User@Host: app[app] @ web [10.0.0.1]  Id: 1\n# Query_time: 0.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 2\n"
	for _, sql := range []string{"select 1", "select 2", "select 3"} {
		if _, err := io.WriteString(server, head+sql+";\n"); err != nil {
			t.Fatal(err)
		}
		if sql == "select 1" {
			continue // that the first has ended, the second tells
		}
		select {
		case <-seen:
		case <-time.After(10 * time.Second):
			t.Fatalf("at %s what was written before is not counted", sql)
		}
	}
	go server.Close()
	if last := <-seen; last != "select 3" {
		t.Errorf("the last is %s", last)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A part that is full is passed on, so that what is kept is bounded.
func TestParsedIsBounded(t *testing.T) {
	var s parsed
	e := parser.Event{SQL: make([]byte, aheadBytes+1)}
	if s.full(&e) {
		t.Error("no part takes a statement that is larger than one")
	}
	s.add(&e)
	if !s.full(&parser.Event{SQL: []byte("x")}) {
		t.Error("a part with more than it should have takes another statement")
	}
	s = parsed{}
	for range aheadEvents {
		if s.full(&parser.Event{}) {
			t.Fatal("a part is full too early")
		}
		s.add(&parser.Event{})
	}
	if !s.full(&parser.Event{}) {
		t.Error("a part has no end")
	}
}
