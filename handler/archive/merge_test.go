package archive

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/parser"
)

// hourOf makes the report of the nth hour from start, of so many calls, changed by what is known of it.
func hourOf(t *testing.T, n, calls int, change func(*digest.Report)) *digest.Report {
	t.Helper()
	at := start.Add(time.Duration(n) * time.Hour)
	a := digest.NewAggregator(digest.Window{Start: at, End: at.Add(time.Hour)})
	a.Keep = true
	for i := range calls {
		a.Stream("orders-1").Add(&parser.Event{Time: at.Add(time.Duration(i) * time.Second), Weight: 1, QueryTime: float64(i + 1), SQL: []byte("select a from t where id = 7")})
	}
	a.Stream("orders-1").Add(&parser.Event{Time: at, Weight: 1, QueryTime: 0.5, SQL: []byte("select b from t where id = 7")})
	r := a.Report(digest.Limit{}, digest.OrderBySum)
	r.Instances = []string{"orders-1"}
	if change != nil {
		change(r)
	}
	kept, err := digest.Archived(r)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func query(hours int) Query {
	return Query{Channel: channel, Window: window(hours), OrderBy: digest.OrderBySum}
}

// save saves reports, and returns the store.
func save(t *testing.T, reports ...*digest.Report) state.FileStore {
	t.Helper()
	s := state.FileStore{Dir: t.TempDir()}
	for _, r := range reports {
		if err := Save(t.Context(), s, channel, r); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Of a window whose hours are all there the report is complete, and has all of them.
func TestReport(t *testing.T) {
	s := save(t, hourOf(t, 0, 3, nil), hourOf(t, 1, 0, nil), hourOf(t, 2, 40, func(r *digest.Report) { r.Instances = []string{"orders-2", "orders-1"} }))
	r, err := Report(t.Context(), s, query(3))
	if err != nil {
		t.Fatal(err)
	}
	c := r.Coverage
	if !c.Complete || len(c.Notes)+len(c.Gaps) > 0 || c.InWindow != 46 || c.Events != 46 || r.Overall.Calls != 46 || len(r.Classes) != 2 || r.Classes[0].Calls != 43 || r.Classes[0].QueryTime.Max != 40 ||
		r.Window != window(3) || r.Inferred || !slices.Equal(r.Instances, []string{"orders-1", "orders-2"}) || r.Filter != nil || r.Past != nil {
		t.Errorf("%+v", r)
	}
	q := query(3)
	q.Limit, q.OrderBy, q.IDs = digest.Limit{Count: 1}, digest.OrderByCount, []string{r.Classes[1].ID[:8]}
	one, err := Report(t.Context(), s, q)
	if err != nil || one.Overall.Calls != 3 || len(one.Classes) != 1 || one.Classes[0].ID != r.Classes[1].ID || one.OrderBy != digest.OrderByCount || one.Coverage.Filtered != 43 ||
		!slices.Equal(one.Filter.IDs, q.IDs) {
		t.Errorf("%+v, %v", one, err)
	}
}

// What is not archived is missing, and not quiet.
func TestReportOfSomeHours(t *testing.T) {
	incomplete := func(r *digest.Report) {
		r.Coverage.Complete, r.Coverage.Notes = false, []string{"orders-2 could not be read."}
	}
	s := save(t, hourOf(t, 1, 3, nil), hourOf(t, 2, 3, incomplete), hourOf(t, 5, 3, incomplete))
	r, err := Report(t.Context(), s, query(7))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"4 of 7 hours are not archived: from 2026-11-27 10:00 to 11:00 UTC, from 2026-11-27 13:00 to 15:00 UTC, from 2026-11-27 16:00 to 17:00 UTC. What happened then is not known.",
		"2 of 7 hours are archived with a part missing: from 2026-11-27 12:00 to 13:00 UTC, from 2026-11-27 15:00 to 16:00 UTC.",
		"orders-2 could not be read.",
	}
	if r.Coverage.Complete || !slices.Equal(r.Coverage.Notes, want) || len(r.Coverage.Gaps) != 3 || !r.Coverage.Gaps[1].Before.Equal(start.Add(5*time.Hour)) {
		t.Errorf("%+v", r.Coverage)
	}
	if _, err := Report(t.Context(), s, Query{Channel: "other.json", Window: window(7)}); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if r, err := Report(t.Context(), save(t, hourOf(t, 0, 1, nil)), query(2)); err != nil || !strings.HasPrefix(r.Coverage.Notes[0], "1 of 2 hours is not archived: ") {
		t.Errorf("%v, %v", r.Coverage.Notes, err)
	}
	// That of an instance which logs nothing, all is missing, and of no other, is told as in the hour.
	without := func(r *digest.Report) { r.Coverage.Complete, r.Coverage.Without = false, []string{"orders-2"} }
	if r, _ := Report(t.Context(), save(t, hourOf(t, 0, 1, without), hourOf(t, 1, 1, nil)), query(2)); r.Coverage.Complete || !slices.Equal(r.Coverage.Without, []string{"orders-2"}) {
		t.Errorf("%+v", r.Coverage)
	}
	for _, other := range []*digest.Report{hourOf(t, 1, 1, incomplete), hourOf(t, 2, 1, nil)} {
		if r, _ := Report(t.Context(), save(t, hourOf(t, 0, 1, without), other), query(2)); r.Coverage.Without != nil {
			t.Errorf("%+v", r.Coverage)
		}
	}
	// Of many hours some are named.
	var reports []*digest.Report
	for n := range 20 {
		reports = append(reports, hourOf(t, 2*n, 1, func(r *digest.Report) {
			r.Coverage.Complete, r.Coverage.Notes = false, []string{strings.Repeat("x", n+1), "the same"}
		}))
	}
	many, err := Report(t.Context(), save(t, reports...), query(40))
	if err != nil || len(many.Coverage.Notes) != 2+maxNotes+1 || !strings.Contains(many.Coverage.Notes[0], ", and 14 more. ") || many.Coverage.Notes[2+maxNotes] != "There are 1 more notes on single hours." {
		t.Errorf("%q, %v", many.Coverage.Notes, err)
	}
}

// What the hours do not have in common is said.
func TestReportOfChangedSettings(t *testing.T) {
	slow := func(r *digest.Report) { r.Filter = &digest.Filter{MinTime: 2} }
	for name, c := range map[string]struct {
		one, other func(*digest.Report)
		says       string
		filter     bool
	}{
		"one filter":   {slow, slow, "", true},
		"a new filter": {nil, slow, "do not all count the same calls", false},
		"rules":        {func(r *digest.Report) { r.Rules = 1 }, nil, "the rules of fingerprints changed", false},
		"per instance": {func(r *digest.Report) { r.PerInstance = true }, nil, "once for each instance", false},
	} {
		r, err := Report(t.Context(), save(t, hourOf(t, 0, 1, c.one), hourOf(t, 1, 1, c.other)), query(2))
		if err != nil || strings.Contains(strings.Join(r.Coverage.Notes, " "), c.says) != true || (c.says == "") != (len(r.Coverage.Notes) == 0) || (r.Filter != nil) != c.filter || !r.Coverage.Complete {
			t.Errorf("%s: %q, %+v, %v", name, r.Coverage.Notes, r.Filter, err)
		}
	}
}

// Hours that cannot be read are missing, and an error besides.
func TestReportOfDamagedHours(t *testing.T) {
	s := save(t, hourOf(t, 0, 1, nil), hour(1, 1, true), hour(2, 1, true)) // of which two hold nothing to merge
	r, err := Report(t.Context(), s, query(3))
	if err == nil || !strings.Contains(err.Error(), "merge the report from 2026-11-27 11:00 UTC") || !strings.HasSuffix(err.Error(), "; nor can 1 more") || r == nil || r.Coverage.Complete ||
		!strings.HasPrefix(r.Coverage.Notes[0], "2 of 3 hours are not archived, or cannot be read: from 2026-11-27 11:00 to 13:00 UTC. What happened then is not known. 2 cannot be read: ") {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := Report(t.Context(), save(t, hour(1, 1, true)), query(3)); r != nil || err == nil || errors.Is(err, ErrNone) {
		t.Errorf("%+v, %v", r, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := Report(ended, s, query(3)); r != nil && r.Coverage.Complete || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWholeHoursOf(t *testing.T) {
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	for _, c := range [][4]int{{0, 60, 0, 60}, {1, 59, 0, 60}, {59, 61, 0, 120}, {60, 121, 60, 180}} {
		if got := WholeHours(digest.Window{Start: at(c[0]), End: at(c[1])}); got != (digest.Window{Start: at(c[2]), End: at(c[3])}) {
			t.Error(c, got)
		}
	}
}

// What is added to an hour is of other instances, and is so once.
func TestAdd(t *testing.T) {
	of := func(instance string, calls int) *digest.Report {
		a := digest.NewAggregator(window(1))
		a.Keep = true
		for i := range calls {
			a.Stream(instance).Add(&parser.Event{Time: start.Add(time.Minute), Weight: 1, QueryTime: float64(i + 1), SQL: []byte("select a from t where id = 7")})
		}
		r := a.Report(digest.Limit{}, digest.OrderBySum)
		r.Instances = []string{instance}
		kept, err := digest.Archived(r)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	first := of("orders-1", 3)
	first.Coverage.Complete, first.Coverage.Notes, first.Filter = false, []string{"orders-2 could not be read."}, &digest.Filter{MinTime: 1}
	s := save(t, first)
	for step, c := range []struct {
		r    *digest.Report
		want int64
	}{{of("orders-2", 2), 5}, {of("orders-2", 2), 5}, {of("orders-2", 9), 5}, {of("orders-1", 9), 5}, {of("orders-3", 1), 6}} {
		if err := Add(t.Context(), s, channel, c.r); err != nil {
			t.Fatal(err)
		}
		r, err := Report(t.Context(), s, query(1))
		if err != nil || r.Overall.Calls != c.want || r.Coverage.InWindow != c.want || r.Coverage.Complete || r.Filter == nil || len(r.Classes) != 1 ||
			!slices.Equal(r.Coverage.Notes, []string{"1 of 1 hours is archived with a part missing: from 2026-11-27 10:00 to 11:00 UTC.", "orders-2 could not be read."}) {
			t.Errorf("step %d: %+v, %v", step, r, err)
		}
	}
	empty := state.FileStore{Dir: t.TempDir()}
	if err := Add(t.Context(), empty, channel, of("orders-2", 2)); err != nil {
		t.Fatal(err)
	}
	if r, err := Report(t.Context(), empty, query(1)); err != nil || r.Overall.Calls != 2 {
		t.Error(r, err)
	}
}
