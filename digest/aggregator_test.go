package digest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
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
	for range 1000 {
		s.Add(event("select bulk", 0, 1))
	}
	for range 10 {
		s.Add(event("select slow from t", 0, 5.2))
	}
	s.Add(event("select quick", 0, 0.1))
	r := a.Report(DefaultLimit, OrderBySum)
	if len(r.Classes) != 2 || r.Classes[1].Fingerprint != "select slow from t" {
		t.Errorf("classes %+v", r.Classes)
	}
}

// A class that was folded away comes back with its text although its skeleton is known.
func TestFoldedClassComesBack(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("")
	s.Add(event("SELECT a FROM t WHERE b = 5", 0, 1))
	clear(a.classes)
	s.Add(event("SELECT a FROM t WHERE b = 6", 0, 1))
	if r := a.Report(Limit{}, OrderBySum); len(r.Classes) != 1 || r.Classes[0].Fingerprint != "select a from t where b = ?" {
		t.Errorf("%+v", r.Classes)
	}
}

// A class can be in logs that state full scans and in others.
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
	if got := Reasons(&c); !slices.Equal(got, []Reason{{Kind: FullScans, Count: 20, Of: 20, Partly: true}}) {
		t.Errorf("reasons %+v", got)
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
	if r.Coverage.Folded != r.Misc.Classes+len(r.Classes)-len(a.classes) {
		t.Errorf("%d classes are folded of %d, and %d kept", r.Coverage.Folded, r.Misc.Classes+len(r.Classes), len(a.classes))
	}
}

// 10,000 classes are kept; one more, and the half of them with the least time are
// only counted together, equals by their ID.
func TestMaxClasses(t *testing.T) {
	a, parts := NewAggregator(Window{}), [2]*Aggregator{NewAggregator(Window{}), NewAggregator(Window{})}
	s := a.Stream("")
	for i := range maxClasses {
		e := event(fmt.Sprintf("select c%d_ from t", i), 0, float64(1+i/(maxClasses/2+1)))
		s.Add(e)
		parts[i%2].Stream("").Add(e)
	}
	if r := a.Report(Limit{}, OrderBySum); len(r.Classes) != maxClasses || r.Coverage.Folded != 0 {
		t.Fatalf("%d classes, %d folded", len(r.Classes), r.Coverage.Folded)
	}
	last := event("select the_last from t", 0, 0.5)
	s.Add(last)
	parts[1].Stream("").Add(last)
	r := a.Report(Limit{}, OrderBySum)
	if len(r.Classes) != maxClasses/2+1 || r.Misc.Classes != maxClasses/2 || r.Overall.Classes != maxClasses+1 || r.Coverage.Folded != maxClasses/2 {
		t.Fatalf("%d classes, misc %+v, %d folded", len(r.Classes), r.Misc, r.Coverage.Folded)
	}
	if n := maxClasses/2 + 1; r.Classes[n-1].ID != fingerprint.ID("select the_last from t") || r.Classes[n-2].QueryTime.Sum != 1 || r.Classes[n-3].QueryTime.Sum != 2 {
		t.Errorf("the heavier half is not kept: %+v", r.Classes[n-2:])
	}
	lowest := strings.Repeat("F", 32) // of the classes of a second, of which one is kept
	for i := range maxClasses/2 + 1 {
		lowest = min(lowest, fingerprint.ID(fmt.Sprintf("select c%d_ from t", i)))
	}
	if kept := r.Classes[maxClasses/2-1].ID; kept != lowest {
		t.Errorf("of equals %s is kept, want %s", kept, lowest)
	}
	parts[0].Merge(parts[1])
	if m := parts[0].Report(Limit{}, OrderBySum); m.Overall.Calls != maxClasses+1 || m.Misc.Classes != maxClasses/2 || m.Misc.QueryTime.Sum+sumOf(m) != r.Overall.QueryTime.Sum {
		t.Errorf("merged: %d calls, misc %+v", m.Overall.Calls, m.Misc)
	}
	if sum := r.Misc.QueryTime.Sum + sumOf(r); sum != r.Overall.QueryTime.Sum {
		t.Errorf("%v s in classes and misc, %v overall", sum, r.Overall.QueryTime.Sum)
	}
	// What was folded in the parts is folded in the whole.
	b := NewAggregator(Window{})
	b.Merge(a)
	if again := b.Report(Limit{}, OrderBySum); again.Misc != r.Misc || again.Overall.Calls != r.Overall.Calls || len(again.Classes) != len(r.Classes) {
		t.Errorf("merged: %+v, want %+v", again.Misc, r.Misc)
	}
}

func sumOf(r *Report) float64 {
	sum := 0.0
	for _, c := range r.Classes {
		sum += c.QueryTime.Sum
	}
	return sum
}

// 8 KiB of a fingerprint are shown; its ID is that of the whole.
func TestMaxFingerprint(t *testing.T) {
	for _, n := range []int{maxFingerprint - 1, maxFingerprint, maxFingerprint + 1, 2 * maxFingerprint} {
		text := "select " + strings.Repeat("x", n-len("select "))
		a := NewAggregator(Window{})
		a.Stream("").Add(event(text, 0, 1))
		c := a.Report(Limit{}, OrderBySum).Classes[0]
		want := text
		if n > maxFingerprint {
			want = text[:maxFingerprint] + " ..."
		}
		if c.Fingerprint != want || c.ID != fingerprint.ID(text) {
			t.Errorf("%d bytes: %d are shown, ID %s", n, len(c.Fingerprint), c.ID)
		}
	}
}

// Without bounds, the window is that of the events, in whole seconds. Events
// without a time do not count for it, in whatever order they come.
func TestWindowOfTheEvents(t *testing.T) {
	untimed := &parser.Event{SQL: []byte("select a from t"), Weight: 1}
	early, late := event("select a from t", 1500*time.Millisecond, 1), event("select a from t", 9900*time.Millisecond, 1)
	for _, events := range [][]*parser.Event{{early, late, untimed}, {untimed, late, early}, {late, untimed, early}} {
		a, merged := NewAggregator(Window{}), NewAggregator(Window{})
		for _, e := range events {
			a.Stream("").Add(e)
			part := NewAggregator(Window{})
			part.Stream("").Add(e)
			merged.Merge(part)
		}
		for _, a := range []*Aggregator{a, merged} {
			r := a.Report(Limit{}, OrderBySum)
			if want := (Window{noon.Add(time.Second), noon.Add(10 * time.Second)}); r.Window != want || r.Coverage.Unreadable != 0 || r.Overall.Calls != 3 {
				t.Errorf("%v, %+v", r.Window, r.Coverage)
			}
			if c := r.Classes[0]; !c.FirstSeen.Equal(early.Time) || !c.LastSeen.Equal(late.Time) || c.Timeline != nil {
				t.Errorf("seen from %v to %v, %v", c.FirstSeen, c.LastSeen, c.Timeline)
			}
		}
	}
	if r := NewAggregator(Window{}).Report(Limit{}, OrderBySum); r.Window != (Window{}) {
		t.Errorf("without events: %v", r.Window)
	}
	a := NewAggregator(Window{Start: noon})
	for _, e := range []*parser.Event{event("select a", -1, 1), early, untimed} {
		a.Stream("").Add(e)
	}
	r := a.Report(Limit{}, OrderBySum)
	if want := (Window{noon, noon.Add(2 * time.Second)}); r.Window != want || r.Coverage.Unreadable != 1 || r.Coverage.InWindow != 1 || r.Classes[0].Timeline != nil {
		t.Errorf("with a start: %v, %+v", r.Window, r.Coverage)
	}
}

// Percona's sampling writes one call for each that it stands for.
func TestWeightCountsEverywhere(t *testing.T) {
	w := Window{noon, noon.Add(time.Hour)}
	full := func() *parser.Event {
		e := event("select a from t", 5*time.Minute, 1.5)
		e.Host, e.LockTime, e.RowsAffected, e.BytesSent = "h", 0.25, 3, 100
		e.Has = parser.HasRowsAffected | parser.HasBytesSent | parser.HasTmpTables | parser.HasTmpDiskTables | parser.HasFullScan | parser.HasErrno
		e.TmpTables, e.TmpDiskTables, e.FullScan, e.Errno = 4, 2, true, 1064
		return e
	}
	other := event("select a from t", 30*time.Minute, 0.5)
	weighted, repeated := NewAggregator(w), NewAggregator(w)
	e := full()
	e.Weight = 100
	weighted.Stream("db").Add(e)
	weighted.Stream("db").Add(other)
	for range 100 {
		repeated.Stream("db").Add(full())
	}
	repeated.Stream("db").Add(other)
	got, want := weighted.Report(Limit{}, OrderBySum), repeated.Report(Limit{}, OrderBySum)
	got.Coverage, want.Coverage = Coverage{}, Coverage{} // it counts entries
	if a, b := marshal(t, got), marshal(t, want); a != b {
		t.Errorf("weighted: %s\nrepeated: %s", a, b)
	}
	c := got.Classes[0]
	if c.Calls != 101 || c.QueryTime.Sum != 150.5 || c.LockTime.Sum != 25 || c.RowsExamined.Sum != 1010 || c.RowsAffected.Sum != 300 || c.BytesSent.Sum != 10000 ||
		*c.TmpTables != 400 || *c.TmpDiskTables != 200 || c.TmpDiskTablesOf != 100 || *c.FullScans != 100 || *c.Errors != 100 || c.ErrorsOf != 100 ||
		c.Users["app"] != 101 || c.Hosts["h"] != 100 || c.Schemas["shop"] != 101 || c.Instances["db"] != 101 ||
		c.Timeline[1] != 150 || c.Timeline[6] != 0.5 || got.Overall.Calls != 101 {
		t.Errorf("%s", marshal(t, c))
	}
}

func TestCoverageOfAReport(t *testing.T) {
	a := NewAggregator(Window{noon, noon.Add(time.Hour)})
	a.Filter = &Filter{Users: []string{"app"}}
	s := a.Stream("")
	for range 2 {
		e := event("select a from t where b = 'x", 0, 1)
		e.Cut = true
		s.Add(e)
		s.Add(event("select a", -time.Second, 1))
		s.Add(&parser.Event{SQL: []byte("select 1"), Weight: 1})
		s.Add(&parser.Event{Time: noon, Throttled: 7, Weight: 1})
		e = event("select b", 0, 1)
		e.User = "report"
		s.Add(e)
	}
	whole := NewAggregator(Window{noon, noon.Add(time.Hour)})
	whole.Filter = a.Filter
	whole.Merge(a)
	for _, a := range []*Aggregator{a, whole} {
		c := a.Report(Limit{}, OrderBySum).Coverage
		want := Coverage{Events: 10, InWindow: 6, Unreadable: 2, Truncated: 2, Untimed: 2, Filtered: 2, Throttled: 14, Complete: true, Notes: []string{}}
		if !reflect.DeepEqual(c, want) {
			t.Errorf("%+v", c)
		}
	}
}

// A statement is one class, whether it is known by its skeleton or not, and what
// has none is a class as well.
func TestClassOfAnEvent(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("")
	for _, e := range []*parser.Event{
		{SQL: []byte("Quit"), Admin: true}, {SQL: []byte("Quit")}, {}, {SQL: []byte("select a from u where b = 'x"), Cut: true}, {SQL: []byte("select a from t where b = 'y'")},
	} {
		for range 2 {
			e.Weight = 1
			s.Add(e)
		}
	}
	var got []string
	for _, c := range a.Report(Limit{}, OrderBySum).Classes {
		if c.Calls != 2 || c.ID != fingerprint.ID(c.Fingerprint) {
			t.Errorf("%d calls of %s, ID %s", c.Calls, c.Fingerprint, c.ID)
		}
		got = append(got, c.Fingerprint)
	}
	slices.Sort(got)
	want := []string{"(no statement)", string(fingerprint.AppendAdmin(nil, []byte("Quit"))), string(fingerprint.Append(nil, []byte("Quit"), false)),
		string(fingerprint.Append(nil, []byte("select a from u where b = 'x"), true)), "select a from t where b = ?"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A report states the variance of a class in seconds, no share of nothing, and
// nothing that the log does not.
func TestNumbersOfAClass(t *testing.T) {
	a := NewAggregator(Window{})
	for _, seconds := range []float64{4, 8} { // variance 4 s², mean 6 s
		a.Stream("").Add(event("select a from t", 0, seconds))
	}
	c := a.Report(Limit{}, OrderBySum).Classes[0]
	if !near(c.VMR, 4.0/6) || c.Share != 1 || c.RowsAffected != nil || c.BytesSent != nil || c.TmpTables != nil || c.Errors != nil || c.ErrorsOf != 0 {
		t.Errorf("%s", marshal(t, c))
	}
	a = NewAggregator(Window{})
	e := event("select a from t", 0, 0)
	e.Has = parser.HasErrno | parser.HasFullScan | parser.HasTmpDiskTables
	a.Stream("").Add(e)
	c = a.Report(Limit{}, OrderBySum).Classes[0]
	if c.Share != 0 || c.VMR != 0 || *c.Errors != 0 || c.ErrorsOf != 0 || c.FullScansOf != 0 || c.TmpDiskTablesOf != 0 {
		t.Errorf("%s", marshal(t, c))
	}
}

// What is in doubt is shown in no fingerprint, and a statement that is only a comment
// has a name that says so.
func TestNamesOfUncertainStatements(t *testing.T) {
	for _, c := range []struct {
		sql   string
		doubt int
		want  string
	}{
		{"insert into t values ('x select secret', 2)", 24, "insert into t values(?+)"},
		{"select a from t where b = 'x\n# Time: 1\nselect secret' and c", 0, "select a from t where b = ? and c"},
		{"/* ping */", 0, "(comment only)"},
		{"-- ping\n", 0, "(comment only)"},
		{"# ping", 0, "(comment only)"},
	} {
		e := event(c.sql, 0, 1)
		e.Doubt = c.doubt
		a := NewAggregator(Window{})
		a.Stream("").Add(e)
		if r := a.Report(Limit{}, OrderBySum); len(r.Classes) != 1 || r.Classes[0].Fingerprint != c.want {
			t.Errorf("%q: %+v, want %s", c.sql, r.Classes, c.want)
		}
	}
}

// The slowest call of a class is one and the same in whatever order and parts the calls come.
func TestSlowest(t *testing.T) {
	call := func(at time.Duration, seconds float64, offset int64) *parser.Event {
		e := event("select a from t", at, seconds)
		e.Offset, e.ConnectionID, e.User, e.Host, e.Schema, e.RowsSent, e.RowsExamined, e.LockTime = offset, 7, "app", "web-1", "shop", 2, 30, 0.5
		return e
	}
	calls := []*parser.Event{call(3*time.Minute, 2, 10), call(time.Minute, 2, 300), call(time.Minute, 2, 200), call(0, 1.9, 0), call(time.Minute, 0, 0)}
	offset := int64(1200)
	want := Slowest{2, noon.Add(time.Minute), "slow.log", &offset, "db-1", 7, "app", "web-1", "shop", 0.5, 2, 30}
	for first := range calls {
		a, b := NewAggregator(Window{}), NewAggregator(Window{})
		for i := range calls {
			s := []*Aggregator{a, b}[i%2].Stream("db-1")
			s.File, s.Offset = "slow.log", func(at int64) (int64, bool) { return at + 1000, true }
			s.Add(calls[(first+i)%len(calls)])
		}
		a.Merge(b)
		if got := a.Report(Limit{}, OrderBySum).Classes[0].Slowest; !reflect.DeepEqual(*got, want) {
			t.Errorf("from %d on: %+v, want %+v", first, got, want)
		}
	}
	s := NewAggregator(Window{}).Stream("")
	s.Offset = func(at int64) (int64, bool) { return at, false }
	s.Add(calls[0])
	if got := s.to.Report(Limit{}, OrderBySum).Classes[0].Slowest; got.Offset != nil {
		t.Errorf("an offset that is not known is %d", *got.Offset)
	}
}

// A rate is over the window, which is that of the events in whole seconds where it has no bounds.
func TestRates(t *testing.T) {
	for _, c := range []struct {
		window              Window
		calls, perSecond, n float64
	}{
		{Window{noon, noon.Add(time.Minute)}, 3, 0.05, 0.1},
		{Window{}, 3, 3.0 / 21, 6.0 / 21},
		{Window{Start: noon}, 3, 3.0 / 21, 6.0 / 21},
	} {
		a := NewAggregator(c.window)
		for i := range 3 {
			a.Stream("").Add(event("select a from t", time.Duration(i)*10*time.Second, 2))
		}
		r := a.Report(Limit{}, OrderBySum)
		for _, got := range []Totals{r.Classes[0].Totals, r.Overall.Totals} {
			if !near(got.CallsPerSecond, c.perSecond) || !near(got.Concurrency, c.n) {
				t.Errorf("%+v: %v calls a second, %v at a time", c.window, got.CallsPerSecond, got.Concurrency)
			}
		}
	}
	a := NewAggregator(Window{})
	e := event("select a from t", 0, 2)
	e.Time = time.Time{}
	a.Stream("").Add(e)
	if got := a.Report(Limit{}, OrderBySum).Overall; got.CallsPerSecond != 0 || got.Concurrency != 0 {
		t.Errorf("without a time: %+v", got)
	}
}
