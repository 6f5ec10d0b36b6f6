package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/filter"
	"slowdigest/parser"
)

// unjudged judges nothing.
func unjudged() judging { return func(*parser.Event) digest.Judged { return digest.Judged{} } }

// What is parsed ahead is what a plain loop over the log reads, also where a part is full by the
// number of entries or by their statements, of which one may be larger than all of it.
func TestParseAhead(t *testing.T) {
	logs := map[string]string{"empty": "", "no log": "Dear all,\n"}
	for i, text := range realLogs(t, "../testdata/slowlogs/*.log") {
		logs[fmt.Sprint("real ", i)] = text
	}
	r := rand.New(rand.NewPCG(1, 2))
	for seed := range 20 {
		var log strings.Builder
		for range []int{aheadEvents - 1, aheadEvents, aheadEvents + 1, 12 * aheadEvents}[seed%4] {
			size := r.IntN(300)
			if r.IntN(aheadEvents) == 0 {
				size = aheadBytes - 8 + r.IntN(16)*(1+r.IntN(2)*aheadBytes/16)
			}
			fmt.Fprintf(&log, "%sselect '%s';\n", head(r), strings.Repeat("x", size))
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
				c.SQL, c.Explain = []byte(string(e.SQL)), []byte(string(e.Explain))
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
			stats, err := parseAhead(reader(), parser.Options{}, 1, unjudged, func(e *parser.Event, _ digest.Judged) { keep(&got, e) })
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

// However many goroutines judge, what is counted is what a plain loop counts: of logs that real servers
// wrote, of what clients made to deceive the parser, and of pieces of all these, cut and joined anywhere.
func TestJudges(t *testing.T) {
	logs := realLogs(t, "../testdata/slowlogs/*.log", "../parser/testdata/reading/*.log", "../parser/testdata/fuzz/*/*")
	for i, text := range logs {
		if rest, fuzzed := strings.CutPrefix(text, "go test fuzz v1\n"); fuzzed {
			logs[i] = literal(t, rest)
		}
	}
	seed := uint64(1)
	if s := os.Getenv("SLOWDIGEST_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(seed, 0))
	var where *filter.Condition
	if c, err := filter.Parse(`rows_examined >= 1 and not "select 3" in query.lower()`); err != nil {
		t.Fatal(err)
	} else {
		where = c
	}
	n := 2000
	if testing.Short() {
		n = 200
	}
	calls := int64(0)
	for i := range n {
		log := randomLog(r, logs)
		count := func(add func(*digest.Stream) parser.Stats) string {
			a := digest.NewAggregator(digest.Window{})
			if i%3 == 0 {
				a.Filter = &digest.Filter{Where: where}
			}
			a.PerInstance = i%5 == 0
			s := a.Stream("orders-1")
			stats := add(s)
			calls += s.Calls()
			text, err := json.Marshal([]any{a.Report(digest.Limit{}, digest.OrderBySum), stats})
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		want := count(func(s *digest.Stream) parser.Stats {
			p := parser.New(strings.NewReader(log), parser.Options{})
			for {
				e, err := p.Next()
				if err != nil {
					return p.Stats()
				}
				s.Add(e)
			}
		})
		judges := 1 + r.IntN(16)
		got := count(func(s *digest.Stream) parser.Stats {
			newJudge := func() judging {
				j := s.Judge()
				return func(e *parser.Event) digest.Judged { return j.Judge(e, s) }
			}
			stats, _ := parseAhead(strings.NewReader(log), parser.Options{}, judges, newJudge, s.AddJudged)
			return stats
		})
		if got != want {
			t.Fatalf("log %d, %d judges: %.3000s\nwant %.3000s\nlog: %.3000q", i, judges, got, want, log)
		}
	}
	if t.Logf("%d logs, %d calls", n, calls); calls < int64(50*n) {
		t.Errorf("only %d calls in %d logs", calls, n)
	}
}

func realLogs(t testing.TB, patterns ...string) (logs []string) {
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			logs = append(logs, string(text))
		}
	}
	return logs
}

func head(r *rand.Rand) string {
	return fmt.Sprintf("# Time: 2026-11-23T10:00:00.000000Z\n# User@Host: app[app] @ web [10.0.0.1]  Id: %d\n# Query_time: 0.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 2\n", r.IntN(100))
}

// literal is what a file of a fuzz corpus holds.
func literal(t *testing.T, line string) string {
	quoted := line[strings.IndexByte(line, '(')+1 : strings.LastIndexByte(strings.SplitN(line, "\n", 2)[0], ')')]
	text, err := strconv.Unquote(quoted)
	if err != nil {
		t.Fatal(err, quoted)
	}
	return text
}

func randomLog(r *rand.Rand, logs []string) string {
	var b strings.Builder
	kinds := 1 + r.IntN(5)
	for i := range 1 + r.IntN(60) {
		switch min(i, r.IntN(kinds)) {
		case 0:
			for range r.IntN(20) {
				fmt.Fprintf(&b, "%suse db%d;\nSET timestamp=1795428000;\nselect %d;\n", head(r), r.IntN(3), r.IntN(10))
			}
			for range r.IntN(60) {
				fmt.Fprintf(&b, "%sselect %d /*controller='c%d'*/;\n", head(r), r.IntN(10), r.IntN(40))
			}
		case 1:
			fmt.Fprintf(&b, "%sselect '%s';\n", head(r), strings.Repeat(head(r)+"select 2;\n", r.IntN(20)))
		default:
			log := logs[r.IntN(len(logs))]
			from := r.IntN(len(log) + 1)
			to := min(len(log), from+1<<r.IntN(14))
			if r.IntN(3) > 0 { // where lines begin
				from = strings.LastIndexByte(log[:from], '\n') + 1
				to = strings.LastIndexByte(log[:to], '\n') + 1
			}
			b.WriteString(log[from:max(from, to)])
		}
	}
	return b.String()
}

// What a log that is still being written holds is counted before more of it is waited for.
func TestParseAheadDoesNotWait(t *testing.T) {
	log, server := io.Pipe()
	seen, ended := make(chan string), make(chan error)
	go func() {
		_, err := parseAhead(log, parser.Options{}, 1, unjudged, func(e *parser.Event, _ digest.Judged) { seen <- string(e.SQL) })
		ended <- err
	}()
	r := rand.New(rand.NewPCG(1, 2))
	for _, sql := range []string{"select 1", "select 2", "select 3"} {
		if _, err := io.WriteString(server, head(r)+sql+";\n"); err != nil {
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

// While nothing is counted no more is parsed than there is room for: four large statements, or 48
// parts of 64 entries, of which those that were begun when more was read are not full.
func TestAheadIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		statement, least, most int64
	}{
		"large": {200 << 10, 4, 4},
		"small": {100, 45 * 64, 48 * 64},
	} {
		t.Run(name, func(t *testing.T) {
			entry := head(rand.New(rand.NewPCG(1, 2))) + "select '" + strings.Repeat("x", int(c.statement)) + "';\n"
			log := strings.NewReader(strings.Repeat(entry, (20<<20)/len(entry)))
			var judged atomic.Int64
			newJudge := func() judging {
				return func(*parser.Event) digest.Judged { judged.Add(1); return digest.Judged{} }
			}
			blocked, ended := make(chan struct{}), make(chan struct{})
			go func() {
				_, _ = parseAhead(log, parser.Options{}, 2, newJudge, func(*parser.Event, digest.Judged) { <-blocked })
				close(ended)
			}()
			for last := int64(-1); last < c.least || last != judged.Load(); time.Sleep(200 * time.Millisecond) {
				last = judged.Load()
			}
			if n := judged.Load(); n > c.most {
				t.Errorf("%d entries are parsed ahead, want %d to %d", n, c.least, c.most)
			}
			close(blocked)
			<-ended
		})
	}
}
