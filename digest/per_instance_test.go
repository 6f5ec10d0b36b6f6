package digest

import (
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
