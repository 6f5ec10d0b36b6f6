package digest

import (
	"testing"
	"time"
)

// What stands in /*M! ... */ is code in a log of MariaDB, and a comment in any other,
// also where both are read at once.
func TestCommentsOfMariaDB(t *testing.T) {
	a := NewAggregator(Window{noon, noon.Add(time.Hour)})
	for _, mariadb := range []bool{true, false} {
		s := a.Stream("db")
		for range 2 {
			e := event("select /*M! a, */ b, 'x' from t", 0, 1)
			e.MariaDB = mariadb
			s.Add(e)
		}
	}
	got := map[string]int64{}
	for _, c := range a.Report(Limit{}, OrderBySum).Classes {
		got[c.Fingerprint] = c.Calls
	}
	if len(got) != 2 || got["select a, b, ? from t"] != 2 || got["select b, ? from t"] != 2 {
		t.Errorf("%v", got)
	}
}
