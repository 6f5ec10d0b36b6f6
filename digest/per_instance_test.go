package digest

import (
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
