package digest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/parser"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func event(sql string, at time.Duration, seconds float64) *parser.Event {
	return &parser.Event{
		Time: noon.Add(at), SQL: []byte(sql), QueryTime: seconds, Weight: 1,
		User: "app", Schema: "shop", RowsSent: 1, RowsExamined: 10,
	}
}

func TestReportRanksWithinTheWindow(t *testing.T) {
	a := NewAggregator(Window{noon, noon.Add(time.Hour)})
	s := a.Stream("db-1")
	for i := range 12 {
		s.Add(event(fmt.Sprintf("select a from t where id = %d", i), time.Duration(i)*5*time.Minute, 1))
	}
	s.Add(event("select b from u", time.Minute, 30))
	s.Add(event("select b from u", -time.Nanosecond, 1000))
	s.Add(event("select b from u", time.Hour, 1000))
	s.Add(&parser.Event{SQL: []byte("select 1"), Weight: 1})

	r := a.Report(Limit{Count: 1}, OrderBySum)
	if c := r.Coverage; c.Events != 16 || c.InWindow != 13 || c.Unreadable != 1 {
		t.Errorf("coverage %+v", c)
	}
	if len(r.Classes) != 1 || r.Classes[0].Fingerprint != "select b from u" || r.Classes[0].Rank != 1 {
		t.Fatalf("classes %+v", r.Classes)
	}
	if got := r.Classes[0].Share; got != 30.0/42 {
		t.Errorf("share %v", got)
	}
	if r.Misc.Classes != 1 || r.Misc.Calls != 12 || r.Misc.QueryTime.Sum != 12 {
		t.Errorf("misc %+v", r.Misc)
	}
	if r.Overall.Classes != 2 || r.Overall.Calls != 13 || r.Overall.QueryTime.Sum != 42 {
		t.Errorf("overall %+v", r.Overall)
	}

	r = a.Report(Limit{}, OrderByCount)
	top := r.Classes[0]
	if top.Calls != 12 || top.Schemas["shop"] != 12 || top.Users["app"] != 12 || top.Instances["db-1"] != 12 {
		t.Errorf("by count: %+v", top)
	}
	for i, seconds := range top.Timeline {
		if seconds != 1 {
			t.Errorf("timeline[%d] = %v", i, seconds)
		}
	}
}

func TestOutlierIsShownBelowTheLimit(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("")
	s.Add(event("select bulk", 0, 100_000))
	for range 10 {
		s.Add(event("select slow from t", 0, 1.5))
	}
	s.Add(event("select quick", 0, 0.1))
	r := a.Report(DefaultLimit, OrderBySum)
	if len(r.Classes) != 2 || r.Classes[1].Fingerprint != "select slow from t" {
		t.Errorf("classes %+v", r.Classes)
	}
}

// What a stream remembers is bounded, and a class that was folded away comes back
// with its text although its skeleton is known.
func TestSkeletonsOfAStream(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("")
	column := func(i int) string { return fmt.Sprintf("c%d_", i) + strings.Repeat("x", 200) }
	const n = 2 * maxClasses
	for round := range 2 {
		for i := range n {
			s.Add(event(fmt.Sprintf("SELECT %s FROM t WHERE a = %d", column(i), round), 0, 1))
			if s.knownBytes > maxKnown || len(s.known) > maxKnown/200 {
				t.Fatalf("%d skeletons in %d bytes", len(s.known), s.knownBytes)
			}
		}
	}
	s.Add(event("SELECT a FROM t WHERE b = 5", 0, 1))
	clear(a.classes)
	s.Add(event("SELECT a FROM t WHERE b = 6", 0, 1))
	if r := a.Report(Limit{}, OrderBySum); len(r.Classes) != 1 || r.Classes[0].Fingerprint != "select a from t where b = ?" {
		t.Errorf("%+v", r.Classes)
	}
}

// A class can be in logs that tell of full scans and in others.
func TestCountsAreOfTheCallsThatTell(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("")
	for i := range 6 {
		e := event("select a from t", 0, 1)
		if i < 2 {
			e.Has, e.FullScan = parser.HasFullScan|parser.HasErrno, true
		}
		e.Weight = 10
		s.Add(e)
	}
	c := a.Report(Limit{}, OrderBySum).Classes[0]
	if c.FullScans == nil || *c.FullScans != 20 || c.FullScansOf != 20 || *c.Errors != 0 || c.ErrorsOf != 20 || c.TmpTables != nil {
		t.Errorf("%+v", c.Totals)
	}
	if len(c.Reasons) != 1 || c.Reasons[0] != "full scan in 20 of 20 calls" {
		t.Errorf("reasons %q", c.Reasons)
	}
}

// The order in which files are read must not show in a report.
func TestReportDoesNotDependOnOrder(t *testing.T) {
	var events []*parser.Event
	for i := range 500 {
		events = append(events, event(fmt.Sprintf("select c%c from t", 'a'+i%7), time.Duration(i)*time.Second, float64(i)*0.37))
	}
	want := ""
	for _, step := range []int{1, 3, 7, 9} { // each prime to the number of events
		a := NewAggregator(Window{noon, noon.Add(time.Hour)})
		var wg sync.WaitGroup
		for part := range 3 {
			wg.Go(func() {
				s := a.Stream("db-1")
				for i := range events {
					if e := *events[i*step%len(events)]; i%3 == part {
						s.Add(&e)
					}
				}
			})
		}
		wg.Wait()
		got, err := json.Marshal(a.Report(Limit{}, OrderBySum))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(got)
		}
		if string(got) != want {
			t.Errorf("step %d: %s\nwant %s", step, got, want)
		}
	}
}

// Statements that are built anew each time must not fill the memory, and the
// totals stay exact.
func TestTooManyClasses(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("")
	const n = 3 * maxClasses
	for i := range n {
		s.Add(event("select c"+strings.Repeat("x", i%200)+fmt.Sprint("_", i)+" from t", 0, 0.001))
		if i%10 == 0 {
			s.Add(event("select heavy from t", 0, 1))
		}
	}
	if len(a.classes) > maxClasses {
		t.Errorf("%d classes are kept", len(a.classes))
	}
	r := a.Report(Limit{Count: 1}, OrderBySum)
	if r.Classes[0].Calls != n/10 {
		t.Errorf("the heavy class has %d calls, want %d", r.Classes[0].Calls, n/10)
	}
	if got := r.Misc.Calls + r.Classes[0].Calls; got != n+n/10 || r.Overall.Calls != got {
		t.Errorf("calls: %d in classes and misc, %d overall, want %d", got, r.Overall.Calls, n+n/10)
	}
	if len(r.Coverage.Notes) != 1 {
		t.Errorf("notes %q", r.Coverage.Notes)
	}
}
