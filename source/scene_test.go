package source_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// An entry of a log, of which the id is said in its text.
type entry struct {
	id       string
	from, to int64 // offsets in its file
	text     string
	at       time.Time
}

// history remembers what an instance has written, and in which files it was when
// they were listed.
type history struct {
	entries map[string][]entry // by the file's name when listed
	byID    map[string]entry
	random  *rand.Rand
	next    int
	mu      sync.Mutex // for growing
	counted bool       // the client has to count offsets
}

func newHistory(seed uint64) *history {
	return &history{entries: map[string][]entry{}, byID: map[string]entry{}, random: rand.New(rand.NewPCG(seed, 0))}
}

// write makes up n entries from a time on; longest is the length of the longest
// statement.
func (h *history) write(file string, text []byte, n, longest int, at time.Time) []byte {
	for range n {
		at = at.Add(time.Duration(h.random.IntN(20)) * time.Second)
		id := fmt.Sprintf("id%06d", h.next)
		h.next++
		statement := "SELECT '" + strings.Repeat("v", h.random.IntN(longest)) + "'"
		if h.random.IntN(4) == 0 {
			statement = "SELECT *\n  FROM t -- " + statement + "\n WHERE a = 1"
		}
		e := entry{id: id, from: int64(len(text)), at: at, text: fmt.Sprintf(
			"# Time: %s\n# User@Host: app[app] @ [10.0.0.1]  Id: 7 %s\nSET timestamp=%d;\n%s;\n",
			at.Format("2006-01-02T15:04:05.000000Z"), id, at.Unix(), statement)}
		text = append(text, e.text...)
		e.to = int64(len(text))
		h.entries[file] = append(h.entries[file], e)
		h.byID[id] = e
	}
	return text
}

var entryStart = regexp.MustCompile(`(?m)^# Time: `)

var wholeHead = regexp.MustCompile(`(?m)^# Time: [^\n]*\n# User@Host: [^\n]*Id: 7 (id\d{6})\n`)

var entryID = regexp.MustCompile(`Id: 7 (id\d{6})\n`)

// split finds the entries in a text, as whole or as cut as they are.
func split(text []byte) map[string][]string {
	found := map[string][]string{}
	for _, part := range entryStart.Split(string(text), -1)[1:] {
		part = "# Time: " + strings.Split(part, "/rdsdbbin/")[0]
		if m := entryID.FindStringSubmatch(part); m != nil {
			found[m[1]] = append(found[m[1]], part)
		}
	}
	return found
}

// checkOffsets compares where entries were delivered with where they are in the file.
func (h *history) checkOffsets(f source.File, text []byte, l *source.Log) error {
	where := map[string]int64{}
	for _, e := range h.entries[f.Name] {
		where[e.id] = e.from
	}
	for _, m := range wholeHead.FindAllSubmatchIndex(text, -1) {
		offset, known := l.Offset(int64(m[0]))
		id := string(text[m[2]:m[3]])
		if from, ours := where[id]; known && ours && from != offset {
			return fmt.Errorf("%s at %d is said to be at %d", id, from, offset)
		}
	}
	return nil
}

// check compares what a Log delivered of a file with what was in it. All that is
// not there has to be in a gap, and nothing that is there may be in one.
func (h *history) check(f source.File, text []byte, cov source.Coverage, err error) error {
	found := split(text)
	cut := 0
	if f.Size == 0 && !cov.Complete {
		return nil // it stands for what could not be opened
	}
	unsure := strings.Contains(strings.Join(cov.Notes, " "), "verified") // that the file is the one listed
	for _, e := range h.entries[f.Name] {
		var inGap, touchesGap bool
		for _, g := range cov.Gaps {
			inGap = inGap || g.From <= e.from && e.to <= g.To
			touchesGap = touchesGap || g.From < e.to && e.from < g.To
		}
		got := found[e.id]
		// What follows may be the beginning of the next one, where the text ends.
		whole := len(got) == 1 && strings.HasPrefix(got[0], e.text) && strings.HasPrefix("# Time: ", got[0][len(e.text):])
		switch {
		case len(got) > 1:
			return fmt.Errorf("%s was delivered %d times", e.id, len(got))
		case whole && inGap && !h.counted:
			return fmt.Errorf("%s was delivered, but is in a gap: %+v", e.id, cov.Gaps)
		case whole || touchesGap || unsure:
		case len(got) == 1 && cut < cov.TruncatedLines:
			cut++
		case len(got) == 1:
			return fmt.Errorf("%s of %d bytes was delivered as %d bytes: %.2000q", e.id, len(e.text), len(got[0]), got[0])
		default:
			return fmt.Errorf("%s at %d is silently absent, gaps %+v", e.id, e.from, cov.Gaps)
		}
	}
	switch {
	case cov.Complete && (len(cov.Gaps) > 0 || len(cov.Notes) > 0 || err != nil):
		return fmt.Errorf("complete in spite of %v, %q, %v", cov.Gaps, cov.Notes, err)
	case !cov.Complete && len(cov.Notes) == 0 && err == nil:
		return fmt.Errorf("incomplete, and nothing says why")
	}
	return nil
}

// scene is an instance with an hour of logs.
type scene struct {
	*history
	srv *rdstest.Server
	db  *rdstest.Instance
	setting
	growth int // entries that the live file gains before each of the first calls
	grown  int
}

// setting holds what differs from scene to scene.
type setting struct {
	markers rdstest.Markers
	names   rdstest.Names
	late    bool // the hour has not been rotated yet
	longest int  // the length of the longest statement
}

const portionBytes = 1500

func randomScene(seed uint64) *scene {
	h := newHistory(seed)
	s := setting{rdstest.Markers(h.random.IntN(3)), rdstest.Names(h.random.IntN(3)), h.random.IntN(2) == 0, 40}
	if h.random.IntN(3) == 0 {
		s.longest = 2 * portionBytes
	}
	return newScene(h, s)
}

func newScene(h *history, to setting) *scene {
	s := &scene{history: h, srv: rdstest.NewServer(), setting: to}
	s.srv.PortionBytes, s.srv.Markers = portionBytes, s.markers
	s.counted = s.markers == rdstest.OpaqueMarkers
	s.db = s.srv.AddInstance("orders-1")
	s.db.Names = s.names
	nine := tenOClock.Add(-time.Hour)
	s.db.Write(live, s.write("before", []byte(rdstest.Banner), 5, s.longest, nine.Add(-time.Hour)), nine.Add(-time.Minute))
	s.db.Rotate(live, nine)
	text := s.write(live, []byte(rdstest.Banner), 10+s.random.IntN(40), s.longest, nine)
	s.db.Write(live, text, nine.Add(59*time.Minute))
	if s.late {
		s.db.Write(live, s.write(live, text, 1+s.random.IntN(9), s.longest, tenOClock), tenOClock.Add(time.Minute))
		return s
	}
	name := live + map[rdstest.Names]string{rdstest.DatedNames: ".2026-11-23.10", rdstest.PaddedNames: ".2026-11-23.10", rdstest.HourNames: ".10"}[s.names]
	s.entries[name] = s.entries[live]
	delete(s.entries, live)
	s.db.Rotate(live, tenOClock)
	s.db.Append(live, s.write(live, []byte(rdstest.Banner), s.random.IntN(9), s.longest, tenOClock)[len(rdstest.Banner):], tenOClock.Add(time.Minute))
	return s
}

// patient tries calls again at once.
func patient(cfg aws.Config) aws.Config {
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	return cfg
}

// growing lets the live file grow as it is read.
type growing struct{ *scene }

func (g growing) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	if g.grown++; g.growth > 0 && g.grown <= 20 {
		g.db.Append(live, g.write("later", nil, g.growth, 40, tenOClock.Add(2*time.Minute)), tenOClock.Add(10*time.Minute))
	}
	g.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// run reads the hour and checks every log. It returns what is missing.
func (s *scene) run(o source.Options) (cov source.Coverage, failure, wrong error) {
	o.Patience = time.Microsecond
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cfg := patient(s.srv.Config())
	cfg.HTTPClient = &http.Client{Transport: growing{s}}
	rds := source.NewRDS(cfg, o)
	files, err := rds.LogFiles(ctx, "orders-1", tenOClock.Add(-time.Hour), tenOClock)
	if err != nil {
		return source.Coverage{}, err, nil
	}
	cov.Complete = true
	hours := map[string]bool{}
	delivered := map[string]string{} // the file by the entry
	for _, f := range files {
		hours[f.Name] = true
		l, err := rds.Open(ctx, f)
		if err != nil {
			return cov, nil, err
		}
		text, err := io.ReadAll(l)
		if err != nil {
			failure = err
		}
		_ = l.Close()
		got := l.Coverage()
		if ctx.Err() != nil {
			return cov, failure, fmt.Errorf("%s hangs", f.Name)
		}
		if said := fmt.Sprint(got.Notes, err); strings.Contains(said, "SELECT") || strings.Contains(said, "vv") {
			return cov, failure, fmt.Errorf("%s: the text of the log is told: %s", f.Name, said)
		}
		if err := s.check(f, text, got, err); err != nil {
			return cov, failure, fmt.Errorf("%s: %w (error %v)", f.Name, err, failure)
		}
		if err := s.checkOffsets(f, text, l); err != nil {
			return cov, failure, fmt.Errorf("%s: %w, coverage %+v", f.Name, err, got)
		}
		for id, times := range split(text) {
			if len(times) > 1 {
				return cov, failure, fmt.Errorf("%s was delivered %d times of %s", id, len(times), f.Name)
			}
			if before, twice := delivered[id]; twice {
				return cov, failure, fmt.Errorf("%s was delivered of %s and of %s", id, before, f.Name)
			}
			delivered[id] = f.Name
		}
		cov.Complete = cov.Complete && got.Complete
		cov.Gaps = append(cov.Gaps, got.Gaps...)
		cov.Notes = append(cov.Notes, got.Notes...)
		cov.Retries += got.Retries
		cov.TruncatedLines += got.TruncatedLines
	}
	for name, entries := range s.entries {
		if name != "before" && name != "later" && len(entries) > 0 && !hours[name] && cov.Complete {
			return cov, failure, fmt.Errorf("%s is not among the files, and nothing says so", name)
		}
	}
	return cov, failure, nil
}
