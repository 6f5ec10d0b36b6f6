package digest

import (
	"fmt"
	"slices"
	"testing"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

// PerInstance, a statement has a class on each instance, which stays the same one; and
// over all it has one.
func TestPerInstance(t *testing.T) {
	report := func(each bool) *Report {
		a := NewAggregator(Window{})
		a.PerInstance = each
		for _, instance := range []string{"writer", "reader", "writer"} {
			s := a.Stream(instance)
			for range 2 { // the second is known by its skeleton
				s.Add(&parser.Event{SQL: []byte("select a from t where b = 5"), QueryTime: 1, Weight: 1})
			}
		}
		return a.Report(Limit{}, OrderBySum)
	}
	if r := report(false); len(r.Classes) != 1 || r.Classes[0].Calls != 6 || r.Classes[0].ID != fingerprint.ID(r.Classes[0].Fingerprint) {
		t.Errorf("%+v", r.Classes)
	}
	r := report(true)
	if len(r.Classes) != 2 || r.Classes[0].Calls != 4 || r.Classes[0].Instances["writer"] != 4 || r.Classes[1].Instances["reader"] != 2 {
		t.Fatalf("%+v", r.Classes)
	}
	if r.Classes[0].Fingerprint != "select a from t where b = ?" || r.Classes[0].ID == r.Classes[1].ID || r.Classes[0].ID != report(true).Classes[0].ID {
		t.Errorf("%s %s", r.Classes[0].ID, r.Classes[0].Fingerprint)
	}
}

// What ran on each instance is stated where there are two, the greatest time first, with
// the weight of sampled calls, and of those calls that count.
func TestByInstance(t *testing.T) {
	a := NewAggregator(Window{})
	a.Filter = &Filter{MinTime: 0.5}
	add := func(instance string, seconds float64, weight uint64) {
		a.Stream(instance).Add(&parser.Event{SQL: []byte("select 1"), QueryTime: seconds, Weight: weight})
	}
	add("orders-1", 1, 1)
	add("orders-2", 0.4, 1) // filtered
	if r := a.Report(Limit{}, OrderBySum); r.Overall.ByInstance != nil {
		t.Errorf("of one instance: %+v", r.Overall.ByInstance)
	}
	add("orders-3", 2, 10)
	add("orders-2", 1, 1)
	want := []InstanceTotal{{Instance: "orders-3", Calls: 10, QueryTime: 20}, {Instance: "orders-1", Calls: 1, QueryTime: 1}, {Instance: "orders-2", Calls: 1, QueryTime: 1}}
	if r := a.Report(Limit{Count: 1}, OrderBySum); !slices.Equal(r.Overall.ByInstance, want) {
		t.Errorf("%+v", r.Overall.ByInstance)
	}
}

// Where a class ran is ranked by what the report is ordered by, and by time where that has
// no parts, or is 0. Others than those that are counted one by one are last.
func TestInstancesOfAClass(t *testing.T) {
	a := NewAggregator(Window{})
	add := func(to *Aggregator, instance string, n int, e parser.Event) {
		e.SQL, e.Weight = []byte("select 1"), 2
		for range n {
			to.Stream(instance).Add(&e)
		}
	}
	add(a, "time", 1, parser.Event{QueryTime: 3})
	if c := a.Report(Limit{}, OrderBySum).Classes[0]; c.ByInstance != nil {
		t.Errorf("of one instance: %v", c.ByInstance)
	}
	add(a, "calls", 4, parser.Event{QueryTime: 0.5})
	add(a, "rows", 1, parser.Event{QueryTime: 1, RowsExamined: 90})
	other := NewAggregator(Window{})
	add(other, "rows", 1, parser.Event{QueryTime: 1, RowsExamined: 10, LockTime: 0})
	a.Merge(other)
	check := func(order OrderBy, want ...InstancePart) {
		t.Helper()
		if got := a.Report(Limit{}, order).Classes[0].ByInstance; !slices.Equal(got, want) {
			t.Errorf("by %s: %v", order, got)
		}
	}
	byTime := []InstancePart{{"time", 6, 6.0 / 14}, {"calls", 4, 4.0 / 14}, {"rows", 4, 4.0 / 14}}
	check(OrderBySum, byTime...)
	check(OrderByMax, byTime...)
	check(OrderByLockTime, byTime...)
	check(OrderByCount, InstancePart{"calls", 4, 8.0 / 14}, InstancePart{"rows", 4, 4.0 / 14}, InstancePart{"time", 6, 2.0 / 14})
	check(OrderByRowsExamined, InstancePart{"rows", 4, 1}, InstancePart{"time", 6, 0}, InstancePart{"calls", 4, 0})
	add(a, "calls", 1, parser.Event{LockTime: 1})
	check(OrderByLockTime, InstancePart{"calls", 4, 1}, InstancePart{"time", 6, 0}, InstancePart{"rows", 4, 0})

	for i := range maxNames {
		add(a, fmt.Sprint("db-", i), 1, parser.Event{QueryTime: 100})
	}
	of := a.Report(Limit{}, OrderBySum).Classes[0].ByInstance
	if last := of[len(of)-1]; len(of) != maxNames+1 || last.Instance != OtherNames || last.QueryTime != 600 {
		t.Errorf("of %d the last is %v", len(of), last)
	}
}
