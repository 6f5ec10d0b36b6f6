package digest

import (
	"strings"
	"testing"
	"time"

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
		if noted := len(r.Coverage.Notes) == 1 && strings.HasPrefix(r.Coverage.Notes[0], "Filtered: "); noted != (c.filter != nil) {
			t.Errorf("%s: notes %q", c.name, r.Coverage.Notes)
		}
	}
}

func TestFilterNote(t *testing.T) {
	f := &Filter{Users: []string{"a", "b"}, Hosts: []string{"h"}, Schemas: []string{"s"}, IDs: []string{"1F"}, MinTime: 0.5}
	f.MinTimes = map[string]float64{"orders-2": 2, "orders-1": 0.25}
	const want = "Filtered: only user a or b, host h, schema s, query ID 1F, query time of 0.5 s or more, " +
		"query time of 0.25 s or more on orders-1, query time of 2 s or more on orders-2. 7 of 9 entries in the window are left out, and shares are of the others."
	if got := f.note(7, 9); got != want {
		t.Errorf("%s", got)
	}
	if got := (&Filter{Users: []string{"a"}}).String(); got != "user a" {
		t.Errorf("%s", got)
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
