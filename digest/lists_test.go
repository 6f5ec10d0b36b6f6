package digest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/parser"
)

// repeated writes n members.
func repeated(n int, between, member string) string {
	return strings.Repeat(between+member, n)[len(between):]
}

// Lists of each kind are counted, the longest of a call, whether its skeleton is
// known or not.
func TestLists(t *testing.T) {
	for name, sql := range map[string]func(n int) string{
		"IN":     func(n int) string { return "select a from t where id in (" + repeated(n, ", ", "7") + ")" },
		"VALUES": func(n int) string { return "insert into t (a, b) values " + repeated(n, ",", "(1, 'x')") },
		"OR":     func(n int) string { return "select a from t where " + repeated(n, " or ", "(a = 1 and b = 'x')") },
		"CASE":   func(n int) string { return "update t set a = case " + repeated(n, " ", "when id = 1 then 2") + " end" },
		"FIELD":  func(n int) string { return "select a from t order by field(id, " + repeated(n, ", ", "7") + ")" },
		"two": func(n int) string {
			return "select a from t where b in (1, 2) and id in (" + repeated(n, ", ", "7") + ")"
		},
		"no plain": func(n int) string { return "select a, $x from t where id in (" + repeated(n, ", ", "7") + ")" },
	} {
		a := NewAggregator(Window{})
		s := a.Stream("db-1")
		for _, n := range []int{3, 5000, 3, 40, 5, 5000, 4, 4, 4} {
			s.Add(event(sql(n), 0, 1))
		}
		r := a.Report(Limit{}, OrderBySum)
		want := &Lists{Calls: 9, Median: 4, Max: 5000, LongTime: 2}
		if len(r.Classes) != 1 || !reflect.DeepEqual(r.Classes[0].Lists, want) {
			t.Errorf("%s: %d classes, %+v", name, len(r.Classes), r.Classes[0].Lists)
		}
		merged := NewAggregator(Window{})
		merged.Merge(a)
		merged.Merge(a)
		want = &Lists{Calls: 18, Median: 4, Max: 5000, LongTime: 4}
		if got := merged.Report(Limit{}, OrderBySum).Classes[0].Lists; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: merged %+v", name, got)
		}
	}
	for sql, want := range map[string]int64{
		"select 1": 0, "select a from t where id in (7)": 0, "select a from t where id in (7, 8)": 2, "select a from t where id in (select b from u)": 0,
	} {
		r := reportOf(Window{Start: noon, End: noon.Add(time.Hour)}, Limit{}, calls{sql, 1, 1})
		if l := r.Classes[0].Lists; (l != nil) != (want > 0) || l != nil && l.Max != want {
			t.Errorf("%s: %+v", sql, l)
		}
	}
}

// A sampled entry stands for several calls.
func TestListsOfSampledCalls(t *testing.T) {
	a := NewAggregator(Window{})
	e := event("select a from t where id in ("+repeated(1000, ",", "1")+")", 0, 0.5)
	e.Weight = 10
	a.Stream("db-1").Add(e)
	if got := a.Report(Limit{}, OrderBySum).Classes[0].Lists; got == nil || got.Calls != 10 || got.Max != 1000 || got.LongTime != 5 {
		t.Errorf("%+v", got)
	}
}

// Lists are a reason from 1,000 members on, if such calls take half of the time.
func TestListReason(t *testing.T) {
	for _, test := range []struct {
		members     int
		long, short float64 // seconds
		want        []Reason
	}{
		{12_000, 9, 1, []Reason{{Kind: LongLists, Count: 12_000, Share: 0.9}}},
		{1000, 5, 5, []Reason{{Kind: LongLists, Count: 1000, Share: 0.5}}},
		{999, 9, 1, nil},
		{1000, 4.99, 5.01, nil},
		{1000, 0, 5, nil},
	} {
		in := func(n int) string { return fmt.Sprintf("select a from t where id in (%s)", repeated(n, ",", "1")) }
		r := reportOf(anHour, Limit{}, calls{in(test.members), 1, test.long}, calls{in(3), 1, test.short})
		if got := Reasons(&r.Classes[0]); !slices.Equal(got, test.want) {
			t.Errorf("%+v: %+v", test, got)
		}
	}
}

// What a list adds to a call does not depend on how it is counted: a class without
// lists has no room for them.
func TestNoListsNoRoom(t *testing.T) {
	var l lists
	if n := testing.AllocsPerRun(10, func() { l.add(&parser.Event{Weight: 1}, 0) }); n > 0 || l.calls > 0 {
		t.Errorf("%v allocations, %+v", n, l)
	}
}

// The median is that of the sorted lengths: exact of short lists, within 1 % of others.
func TestMedianOfLists(t *testing.T) {
	for _, lengths := range [][]int{{1}, {1, 2}, {63}, {63, 64}, {64, 65}, {2, 3, 1000, 2000}, {5, 5, 5, 63, 64, 64, 900}, {1, 2, 3, 4, 5, 6}} {
		var l, half lists
		for i, n := range lengths {
			to := &l
			if i%2 > 0 {
				to = &half
			}
			to.add(&parser.Event{Weight: 1}, n)
		}
		l.merge(&half)
		n := len(lengths)
		want := float64(lengths[(n-1)/2]+lengths[n/2]) / 2
		got := (l.nth(uint64(n-1)/2) + l.nth(uint64(n)/2)) / 2
		if got < want*0.99 || got > want*1.01 || lengths[n/2] < shortLists && got != want {
			t.Errorf("%v: the median is %g, want %g", lengths, got, want)
		}
		if l.calls != uint64(n) || l.max != uint64(lengths[n-1]) {
			t.Errorf("%v: %d calls, at most %d", lengths, l.calls, l.max)
		}
	}
}
