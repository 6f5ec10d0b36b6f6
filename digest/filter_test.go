package digest

import (
	"slices"
	"testing"
	"time"

	"slowdigest/digest/filter"
	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

func TestFilter(t *testing.T) {
	id := fingerprint.ID("select a from t")
	events := []*parser.Event{
		event("select a from t", 0, 0.5),
		event("select a from t", time.Second, 0.499999),
		event("select b from t", 2*time.Second, 3),
	}
	events[1].User = "report"
	events[2].Host, events[2].Schema = "Web-1.example", "stock"
	for _, c := range []struct {
		name   string
		filter *Filter
		want   int64
	}{
		{"none", nil, 3},
		{"empty", &Filter{}, 3},
		{"user", &Filter{Users: []string{"report"}}, 1},
		{"users", &Filter{Users: []string{"report", "app"}}, 3},
		{"user in another case", &Filter{Users: []string{"Report"}}, 0},
		{"host", &Filter{Hosts: []string{"web-1.EXAMPLE"}}, 1},
		{"schema", &Filter{Schemas: []string{"shop"}}, 2},
		{"time", &Filter{MinTime: 0.5}, 2},
		{"time on the instance", &Filter{MinTimes: map[string]float64{"db-1": 0.5, "db-2": 9}}, 2},
		{"time on another", &Filter{MinTime: 1, MinTimes: map[string]float64{"db-2": 0.1}}, 1},
		{"ID", &Filter{IDs: []string{id}}, 2},
		{"classic ID", &Filter{IDs: []string{id[16:]}}, 2},
		{"beginning of the ID", &Filter{IDs: []string{id[:5]}}, 2},
		{"beginning of the classic ID", &Filter{IDs: []string{id[16:20]}}, 2},
		{"end of the ID", &Filter{IDs: []string{id[20:]}}, 0},
		{"ID and user", &Filter{IDs: []string{id}, Users: []string{"app"}}, 1},
	} {
		a := NewAggregator(Window{noon, noon.Add(time.Hour)})
		a.Filter = c.filter
		s := a.Stream("db-1")
		for _, e := range events {
			s.Add(e)
		}
		r := a.Report(Limit{}, OrderBySum)
		if r.Overall.Calls != c.want || r.Coverage.InWindow != 3 {
			t.Errorf("%s: %d calls of %d, want %d", c.name, r.Overall.Calls, r.Coverage.InWindow, c.want)
		}
		if r.Coverage.Filtered != 3-c.want || r.Filter != c.filter {
			t.Errorf("%s: %d filtered, by %+v", c.name, r.Coverage.Filtered, r.Filter)
		}
	}
}

// A condition is one more thing that must hold, and what it cannot judge is counted apart, over
// the streams of several instances and the parts of a report.
func TestFilterWhere(t *testing.T) {
	where, err := filter.Parse(`errno == 0 and query_time > 1 and instance != "db-3"`)
	if err != nil {
		t.Fatal(err)
	}
	whole := NewAggregator(Window{noon, noon.Add(time.Hour)})
	whole.Filter = &Filter{Where: where, Expression: where.String(), Users: []string{"app"}}
	for _, instance := range []string{"db-1", "db-2", "db-3"} {
		part := NewAggregator(whole.window)
		part.Filter = whole.Filter
		s := part.Stream(instance)
		for i, seconds := range []float64{0.5, 2, 3, 4, 5} {
			e := event("select a from t", time.Duration(i)*time.Second, seconds)
			e.Has |= parser.HasErrno
			switch i {
			case 2:
				e.Has &^= parser.HasErrno
			case 3:
				e.Throttled = 1
			case 4:
				e.User = "other"
			}
			s.Add(e)
		}
		late := event("select a from t", 2*time.Hour, 2)
		late.Has = 0
		s.Add(late) // out of the window, and so not judged
		whole.Merge(part)
	}
	c := whole.Report(Limit{}, OrderBySum).Coverage
	if calls := whole.Report(Limit{}, OrderBySum).Overall.Calls; calls != 2 || c.Filtered != 10 || c.Unanswered != 2 || !slices.Equal(c.Unknown, []string{"errno"}) {
		t.Errorf("%d calls, coverage %+v", calls, c)
	}
	sum := Coverage{Unanswered: 1, Unknown: []string{"filesort"}}
	sum.Add(c)
	if sum.Unanswered != 3 || !slices.Equal(sum.Unknown, []string{"filesort", "errno"}) {
		t.Errorf("%+v", sum)
	}
}

func TestParseMinTime(t *testing.T) {
	for s, want := range map[string]float64{"0.5": 0.5, "500ms": 0.5, "2": 2, "1m": 60, "0": 0} {
		if got, err := ParseMinTime(s); err != nil || got != want {
			t.Errorf("ParseMinTime(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-1", "-1s", "inf", "NaN", "soon"} {
		if got, err := ParseMinTime(s); err == nil {
			t.Errorf("ParseMinTime(%q) = %v, want an error", s, got)
		}
	}
}

func TestFilterEmpty(t *testing.T) {
	where, err := filter.Parse("cut")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []Filter{{Where: where}, {Expression: "cut"}, {Users: []string{"a"}}, {Hosts: []string{"a"}}, {Schemas: []string{"a"}}, {IDs: []string{"A"}}, {MinTime: 1e-9},
		{MinTimes: map[string]float64{"a": 0}}} {
		if f.Empty() {
			t.Errorf("%+v is taken for empty", f)
		}
	}
	if !new(Filter).Empty() {
		t.Error("the zero value is not empty")
	}
}
