package digest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// calls is n calls of a class within the hour from noon.
type calls struct {
	sql     string
	n       int
	seconds float64
}

func reportOf(w Window, limit Limit, all ...calls) *Report {
	a := NewAggregator(w)
	s := a.Stream("db-1")
	for _, c := range all {
		for range c.n {
			e := event(c.sql, 0, c.seconds)
			e.Time = w.Start
			s.Add(e)
		}
	}
	return a.Report(limit, OrderBySum)
}

var anHour = Window{noon, noon.Add(time.Hour)}

func diffOf(d *Diff, fingerprint string) ClassDiff {
	i := slices.IndexFunc(d.Classes, func(c ClassDiff) bool { return c.Fingerprint == fingerprint })
	if i < 0 {
		return ClassDiff{}
	}
	return d.Classes[i]
}

func TestDiffKinds(t *testing.T) {
	before := reportOf(anHour, Limit{}, calls{"slower", 10, 1}, calls{"faster", 10, 1}, calls{"more", 10, 1}, calls{"less", 10, 1},
		calls{"same", 10, 1}, calls{"gone", 10, 1}, calls{"both", 10, 1}, calls{"traded", 10, 1})
	after := reportOf(anHour, Limit{}, calls{"slower", 11, 3}, calls{"faster", 10, 0.5}, calls{"more", 30, 1.1}, calls{"less", 4, 1},
		calls{"same", 10, 1.05}, calls{"new", 3, 4}, calls{"both", 20, 3}, calls{"traded", 20, 0.8})
	d := Compare(before, after)
	for _, c := range []struct {
		name                   string
		kind                   DiffKind
		change, byCalls, byTme float64
	}{
		{"slower", DiffSlower, 23, 2, 21},
		{"faster", DiffFaster, -5, 0, -5},
		{"more", DiffMore, 23, 21, 2},
		{"less", DiffLess, -6, -6, 0},
		{"same", DiffSame, 0.5, 0, 0.5},
		{"new", DiffNew, 12, 12, 0},
		{"gone", DiffGone, -10, -10, 0},
		{"both", DiffSlower, 50, 20, 30},
		{"traded", DiffMore, 6, 9, -3},
	} {
		got := diffOf(d, c.name)
		if got.Kind != c.kind || !alike(got.Change, c.change) || !alike(got.ByCalls, c.byCalls) || !alike(got.ByTime, c.byTme) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if d.Classes[0].Fingerprint != "both" || d.PerHour || d.Misc != (MiscDiff{}) || !alike(d.Change, 93.5) {
		t.Errorf("first %s, change %v, misc %+v", d.Classes[0].Fingerprint, d.Change, d.Misc)
	}
}

func alike(a, b float64) bool { return math.Abs(a-b) < 2e-6 }

// Whatever the windows, the limits and the classes, the parts add up to the
// change of the total, also after shortening and by way of JSON.
func TestDiffAddsUp(t *testing.T) {
	seed := simulationSeed(t)
	random := rand.New(rand.NewPCG(seed, 1))
	one := func() *Report {
		w := Window{noon, noon.Add([]time.Duration{time.Hour, 15 * time.Minute, 26 * time.Hour}[random.IntN(3)])}
		var all []calls
		for i := range random.IntN(40) {
			if random.IntN(3) > 0 {
				all = append(all, calls{fmt.Sprintf("select %c%c", 'a'+i%26, 'a'+i/26), 1 + random.IntN(20), math.Round(random.ExpFloat64()*1e6) / 1e6})
			}
		}
		return reportOf(w, []Limit{{}, {Count: 5}, DefaultLimit}[random.IntN(3)], all...)
	}
	for range 100 {
		d := Compare(one(), one())
		d.Shorten(Limit{Count: random.IntN(30)})
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, d); err != nil {
			t.Fatal(err)
		}
		sum := d.Misc.Change
		for _, c := range d.Classes {
			sum += c.Change
			if !alike(c.ByCalls+c.ByTime, c.Change) {
				t.Errorf("seed %d: %+v", seed, c)
			}
		}
		if !alike(sum, d.Change) || !alike(d.After.QueryTime-d.Before.QueryTime, d.Change) {
			t.Errorf("seed %d: the parts are %v of %v", seed, sum, d.Change)
		}
	}
}

func TestDiffOfUnlikeWindows(t *testing.T) {
	quarter := Window{noon, noon.Add(15 * time.Minute)}
	d := Compare(reportOf(anHour, Limit{}, calls{"a", 100, 1}), reportOf(quarter, Limit{}, calls{"a", 50, 1}))
	a := diffOf(d, "a")
	if !d.PerHour || a.Kind != DiffMore || !alike(a.Change, 100) || !alike(a.After.Calls, 200) || !alike(a.After.Mean, 1) {
		t.Errorf("per hour %v: %+v", d.PerHour, a)
	}
	almost := Window{noon, noon.Add(time.Hour - 20*time.Second)}
	if d := Compare(reportOf(anHour, Limit{}, calls{"a", 100, 1}), reportOf(almost, Limit{}, calls{"a", 100, 1})); d.PerHour || d.Change != 0 {
		t.Errorf("windows of almost the same length: %+v", d)
	}
}

// A report that does not list all its classes cannot tell what is new.
func TestDiffOfShortenedReports(t *testing.T) {
	before := reportOf(anHour, Limit{Count: 1}, calls{"a", 10, 1}, calls{"b", 1, 1}, calls{"c", 1, 1})
	after := reportOf(anHour, Limit{}, calls{"a", 10, 1}, calls{"b", 5, 1})
	d := Compare(before, after)
	if len(d.Classes) != 1 || len(d.Unlisted) != 1 || d.Before.Unlisted != 2 {
		t.Fatalf("%+v, and unlisted %+v", d.Classes, d.Unlisted)
	}
	if b := d.Unlisted[0]; b.Fingerprint != "b" || b.Listed != InAfter || b.ClassTime != (ClassTime{Calls: 5, QueryTime: 5, Mean: 1, P95: b.P95}) {
		t.Errorf("%+v", b)
	}
	if d.Misc != (MiscDiff{Before: 2, After: 5, Change: 3}) { // all that is not "a", on both sides
		t.Errorf("misc %+v", d.Misc)
	}
	if d := Compare(after, before); len(d.Unlisted) != 1 || d.Unlisted[0].Listed != InBefore || d.Unlisted[0].Calls != 5 || d.Misc.Change != -3 {
		t.Errorf("%+v, misc %+v", d.Unlisted, d.Misc)
	}
	// What the shortened side lists, and the other does not have, is known to be new or gone.
	if gone := diffOf(Compare(reportOf(anHour, Limit{Count: 1}, calls{"c", 10, 1}, calls{"b", 1, 1}), after), "c"); gone.Kind != DiffGone || gone.Change != -10 {
		t.Errorf("%+v", gone)
	}
}

// The JSON of an unlisted class has the numbers of one side, and says which.
func TestUnlistedJSON(t *testing.T) {
	d := Compare(reportOf(anHour, Limit{Count: 1}, calls{"a", 10, 1}, calls{"b", 1, 1}), reportOf(anHour, Limit{}, calls{"a", 10, 1}, calls{"b", 5, 1}, calls{"c", 9, 1}))
	text, err := json.Marshal(d.Unlisted)
	var got []map[string]any
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || len(got) != 2 || got[0]["fingerprint"] != "c" || got[1]["listed"] != "after" || got[1]["calls"] != 5.0 || got[1]["query_time"] != 5.0 {
		t.Fatalf("error %v: %s", err, text)
	}
	for _, field := range []string{"before", "after", "change", "by_calls", "kind"} {
		if _, ok := got[0][field]; ok {
			t.Errorf("it has %q: %s", field, text)
		}
	}
	if d.Shorten(Limit{Count: 1}); len(d.Unlisted) != 1 || d.Unlisted[0].Fingerprint != "c" || d.Misc.Change != 13 {
		t.Errorf("%+v, misc %+v", d.Unlisted, d.Misc)
	}
}

// A window that was only inferred from the entries is no basis for scaling, whatever its length and
// however many entries it holds, and on whichever side. A day, a quiet log and a burst are as here.
func TestDiffOfInferredWindows(t *testing.T) {
	given := func(w Window, bound Window, all ...calls) *Report {
		a := NewAggregator(bound)
		s := a.Stream("db-1")
		for _, c := range all {
			for i := range c.n {
				e := event(c.sql, 0, c.seconds)
				e.Time = w.Start.Add(time.Duration(i) * w.End.Sub(w.Start) / time.Duration(max(1, c.n-1))).Add(-time.Second)
				if i == 0 {
					e.Time = w.Start
				}
				s.Add(e)
			}
		}
		return a.Report(Limit{}, OrderBySum)
	}
	second := Window{noon, noon.Add(time.Second)}
	one, many := calls{"a", 1, 1.5}, calls{"a", 372, 0.1}
	for _, test := range []struct {
		before, after Window // bounds that are given
		perHour       bool
		change        float64
	}{
		{Window{}, Window{}, false, 35.7},
		{anHour, Window{}, false, 35.7},
		{Window{noon, noon.Add(30 * time.Minute)}, Window{}, false, 35.7},
		{Window{}, anHour, false, 35.7},
		{Window{Start: noon}, anHour, false, 35.7},
		{Window{End: noon.Add(2 * time.Hour)}, anHour, false, 35.7},
		{anHour, anHour, false, 35.7},
		{Window{noon, noon.Add(30 * time.Minute)}, anHour, true, 34.2},
	} {
		before, after := given(second, test.before, one), given(anHour, test.after, many)
		if want := test.before.Start.IsZero() || test.before.End.IsZero(); before.Inferred != want {
			t.Fatalf("%v is inferred: %v", test.before, before.Inferred)
		}
		d := Compare(before, after)
		if d.PerHour != test.perHour || !alike(d.Change, test.change) || d.Before.Inferred != before.Inferred || d.After.Inferred != after.Inferred {
			t.Errorf("%v and %v: per hour %v, change %v", test.before, test.after, d.PerHour, d.Change)
		}
	}
}

// Calls of no time at all, as of servers that log no microseconds, are no change of time.
func TestDiffOfCallsWithoutTime(t *testing.T) {
	d := Compare(reportOf(anHour, Limit{}, calls{"a", 10, 0}), reportOf(anHour, Limit{}, calls{"a", 20, 0}))
	if c := d.Classes[0]; c.Kind != DiffSame || c.Change != 0 || d.Before.Calls != 10 || d.After.Calls != 20 {
		t.Errorf("%+v", c)
	}
}

// A change of less than a tenth of the larger time is none.
func TestDiffSameAtItsBound(t *testing.T) {
	for _, test := range []struct {
		before, after float64
		want          DiffKind
	}{
		{100, 100, DiffSame}, {100, 91, DiffSame}, {100, 90, DiffFaster}, {91, 100, DiffSame}, {90, 100, DiffSlower},
	} {
		d := Compare(reportOf(anHour, Limit{}, calls{"a", 1, test.before}), reportOf(anHour, Limit{}, calls{"a", 1, test.after}))
		if got := d.Classes[0].Kind; got != test.want {
			t.Errorf("from %v s to %v s: %s, want %s", test.before, test.after, got, test.want)
		}
	}
}

// What changed as much by its calls as by their time is slower, or faster.
func TestDiffOfEqualCauses(t *testing.T) {
	d := Compare(reportOf(anHour, Limit{}, calls{"a", 1, 1}, calls{"b", 2, 2}), reportOf(anHour, Limit{}, calls{"a", 2, 2}, calls{"b", 1, 1}))
	if a, b := diffOf(d, "a"), diffOf(d, "b"); a.Kind != DiffSlower || a.ByTime != 1.5 || a.ByCalls != 1.5 || b.Kind != DiffFaster || b.ByTime != -1.5 {
		t.Errorf("%+v, %+v", a, b)
	}
}

// Windows may differ by a hundredth of the longer one.
func TestDiffLengthAtItsBound(t *testing.T) {
	for shorter, want := range map[time.Duration]bool{36 * time.Second: false, 37 * time.Second: true, 0: false} {
		almost := Window{noon, noon.Add(time.Hour - shorter)}
		long, short := reportOf(anHour, Limit{}, calls{"a", 1, 1}), reportOf(almost, Limit{}, calls{"a", 1, 1})
		if a, b := Compare(long, short).PerHour, Compare(short, long).PerHour; a != want || b != want {
			t.Errorf("%v shorter: per hour %v, %v", shorter, a, b)
		}
	}
	for _, w := range []Window{{Start: noon}, {End: noon}, {}} {
		r := &Report{Window: w}
		if w.length() != 0 || Compare(r, reportOf(anHour, Limit{})).PerHour || Compare(reportOf(anHour, Limit{}), r).PerHour {
			t.Errorf("%v has length %v", w, w.length())
		}
	}
}

// Changes are listed by their size, up or down, and equal ones by ID.
func TestDiffOrder(t *testing.T) {
	class := func(id string, sum float64) Class {
		return Class{ID: id, Totals: Totals{Calls: 1, QueryTime: Metrics{Sum: sum}}}
	}
	before, after := &Report{Classes: []Class{class("D", 5), class("B", 1), class("C", 9)}}, &Report{Classes: []Class{class("A", 5), class("B", 7), class("C", 4)}}
	for limit, want := range map[Limit]string{ // the changes are 6, 5, 5 and 5 of 21
		{}: "BACD", {Count: 1}: "B", {Count: 3}: "BAC", {Count: 4}: "BACD", {Count: 5}: "BACD",
		{Percent: 28.5}: "B", {Percent: 28.6}: "BA", {Percent: 52.3}: "BA", {Percent: 52.4}: "BAC", {Percent: 100}: "BACD", {Percent: 100, Count: 2}: "BA",
	} {
		d := Compare(before, after)
		d.Shorten(limit)
		got := ""
		for _, c := range d.Classes {
			got += c.ID
		}
		if got != want {
			t.Errorf("%v: %s", limit, got)
		}
	}
}

// Changes may be ranked by another number, of which the greatest comes first; per
// hour, but for the longest call.
func TestDiffOrderBy(t *testing.T) {
	class := func(id string, calls int64, sum, longest, rows, lock float64) Class {
		return Class{ID: id, Totals: Totals{Calls: calls, QueryTime: Metrics{Sum: sum, Max: longest}, RowsExamined: Metrics{Sum: rows}, LockTime: Metrics{Sum: lock}}}
	}
	before := &Report{Classes: []Class{class("A", 1, 9, 3, 0, 4), class("B", 2, 1, 3, 90, 0)}, Window: anHour}
	after := &Report{Classes: []Class{class("B", 4, 2, 7, 0, 1), class("C", 7, 3, 3, 100, 2)}, Window: anHour}
	short := &Report{Classes: after.Classes, Window: Window{noon, noon.Add(15 * time.Minute)}}
	for _, c := range []struct {
		order OrderBy
		after *Report
		want  string
	}{
		{OrderBySum, after, "ACB"}, {OrderByCount, after, "CBA"}, {OrderByMax, after, "BAC"}, {OrderByRowsExamined, after, "CBA"}, {OrderByLockTime, after, "ACB"},
		{OrderBySum, short, "CAB"}, {OrderByCount, short, "CBA"}, {OrderByMax, short, "BAC"}, {OrderByLockTime, short, "CAB"},
	} {
		got := ""
		for _, c := range CompareBy(c.order, before, c.after).Classes {
			got += c.ID
		}
		if got != c.want {
			t.Errorf("by %s: %s, want %s", c.order, got, c.want)
		}
	}
}

// Side sums up a report, whether it is shortened by its Misc or by hand.
func TestDiffSides(t *testing.T) {
	r := reportOf(anHour, Limit{Count: 2}, calls{"a", 10, 1}, calls{"b", 5, 1}, calls{"c", 1, 1}, calls{"d", 1, 1})
	quarter := reportOf(Window{noon, noon.Add(15 * time.Minute)}, Limit{}, calls{"a", 4, 0.5})
	d := Compare(r, quarter)
	if b := d.Before; b.Classes != 4 || b.Unlisted != 2 || b.Calls != 17 || b.QueryTime != 17 {
		t.Errorf("before %+v", b)
	}
	if a := d.After; a.Classes != 1 || a.Unlisted != 0 || a.Calls != 16 || a.QueryTime != 8 || d.Change != -9 {
		t.Errorf("after %+v, change %v", a, d.Change)
	}
	r.Misc.Classes, r.Classes = 0, r.Classes[:1]
	if got := Compare(r, quarter).Before.Unlisted; got != 3 {
		t.Errorf("%d classes are not listed, want 3", got)
	}
}

// A class that only one of two reports has is neither new nor gone where their IDs
// were made under different rules.
func TestDiffOfOtherRules(t *testing.T) {
	before := reportOf(anHour, Limit{}, calls{"same", 10, 1}, calls{"more", 10, 1}, calls{"was", 10, 1})
	after := reportOf(anHour, Limit{}, calls{"same", 10, 1}, calls{"more", 30, 1}, calls{"is", 10, 1})
	for _, test := range []struct {
		before, after int
		want          [4]DiffKind // of same, more, was and is
	}{
		{2, 2, [...]DiffKind{DiffSame, DiffMore, DiffGone, DiffNew}},
		{0, 1, [...]DiffKind{DiffSame, DiffMore, DiffGone, DiffNew}},
		{0, 2, [...]DiffKind{DiffSame, DiffMore, DiffRegrouped, DiffRegrouped}},
		{2, 1, [...]DiffKind{DiffSame, DiffMore, DiffRegrouped, DiffRegrouped}},
	} {
		before.Rules, after.Rules = test.before, test.after
		d := Compare(before, after)
		for i, text := range []string{"same", "more", "was", "is"} {
			if got := diffOf(d, text).Kind; got != test.want[i] {
				t.Errorf("rules %d and %d: %s is %s, want %s", test.before, test.after, text, got, test.want[i])
			}
		}
	}
}

// What a tag had in a window is not known where that counts others together, and nothing where it names all.
func TestDiffOfTags(t *testing.T) {
	before := reportOf(anHour, Limit{}, calls{"both", 10, 1}, calls{"was", 1, 1})
	after := reportOf(Window{anHour.End, anHour.End.Add(2 * time.Hour)}, Limit{}, calls{"both", 30, 1})
	before.Classes[0].Tags = []TagCount{{Key: "code", Value: "a", Calls: 6, QueryTime: 6}, {Key: "code", Value: OtherNames, Calls: 4, QueryTime: 4}, {Key: "release", Value: "v1", Calls: 10, QueryTime: 10}}
	after.Classes[0].Tags = []TagCount{{Key: "code", Value: "b", Calls: 20, QueryTime: 20}, {Key: "code", Value: "a", Calls: 10, QueryTime: 10}, {Key: "release", Value: "v2", Calls: 30, QueryTime: 30}}
	before.Classes[1].Tags = []TagCount{{Key: "job", Value: "x", Calls: 1, QueryTime: 1}}
	var got []string
	for _, c := range Compare(before, after).Classes {
		for _, x := range c.Tags {
			s := x.Key + " " + x.Value
			for _, n := range []*TagTime{x.Before, x.After} {
				if n == nil {
					s += " unknown"
				} else {
					s += fmt.Sprint(" ", *n)
				}
			}
			got = append(got, s)
		}
	}
	want := []string{"code a {6 6} {5 5}", "code b unknown {10 10}", "code (others) {4 4} {0 0}", "release v2 {0 0} {15 15}", "release v1 {10 10} {0 0}", "job x {1 1} {0 0}"}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// Hours that are not archived are no part of a window's length. A gap of a file is one in what was read.
func TestDiffOfMissingHours(t *testing.T) {
	at := noon
	report := func(hours int, gaps ...Gap) *Report {
		return &Report{Window: Window{at, at.Add(time.Duration(hours) * time.Hour)}, Coverage: Coverage{Gaps: gaps}, Classes: []Class{}}
	}
	gap := func(from, to time.Duration) Gap { return Gap{After: at.Add(from), Before: at.Add(to)} }
	for name, c := range map[string]struct {
		before, after *Report
		perHour       bool
		known         float64 // hours of before
	}{
		"all":              {report(4), report(4), false, 4},
		"one less":         {report(4, gap(time.Hour, 2*time.Hour)), report(4), true, 3},
		"one less of both": {report(4, gap(0, time.Hour)), report(4, gap(time.Hour, 2*time.Hour)), false, 3},
		"as long as known": {report(4, gap(0, time.Hour)), report(3), false, 3},
		"of a file":        {report(4, Gap{File: "slow.log", After: at, Before: at.Add(time.Hour)}), report(4), false, 4},
		"of an instance":   {report(4, Gap{Instance: "db", After: at, Before: at.Add(time.Hour)}), report(4), false, 4},
		"of no time":       {report(4, Gap{After: at}), report(4), false, 4},
	} {
		d := Compare(c.before, c.after)
		if got := d.Before.Known() / 3600; d.PerHour != c.perHour || got != c.known {
			t.Errorf("%s: per hour %v, %v hours are known", name, d.PerHour, got)
		}
	}
}
