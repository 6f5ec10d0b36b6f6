package digest

import (
	"slices"
	"testing"
	"time"

	"slowdigest/parser"
)

func TestReasons(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	for _, c := range []struct {
		name  string
		class Class
		want  Reason // the zero value is none
	}{
		{"nothing to say", Class{Totals: Totals{Calls: 10, RowsSent: Metrics{Sum: 10}, RowsExamined: Metrics{Sum: 10, Mean: 1}}}, Reason{}},
		{"rows examined", Class{Totals: Totals{Calls: 2, RowsSent: Metrics{Sum: 4}, RowsExamined: Metrics{Sum: 40000, Mean: 20000}}},
			Reason{Kind: RowsExamined, Rows: 10_000, Result: "sent"}},
		{"a ratio without work", Class{Totals: Totals{Calls: 2, RowsSent: Metrics{Sum: 1}, RowsExamined: Metrics{Sum: 1000, Mean: 500}}}, Reason{}},
		{"rows affected", Class{Totals: Totals{Calls: 1, RowsAffected: &Metrics{Sum: 2}, RowsExamined: Metrics{Sum: 5000, Mean: 5000}}},
			Reason{Kind: RowsExamined, Rows: 2_500, Result: "affected"}},
		{"no rows", Class{Totals: Totals{Calls: 1, RowsExamined: Metrics{Sum: 5000, Mean: 5000}}},
			Reason{Kind: RowsExamined, Rows: 5_000, Result: "sent", NoResult: true}},
		{"full scans", Class{Totals: Totals{Calls: 4, FullScans: n(2)}}, Reason{Kind: FullScans, Count: 2, Of: 4}},
		{"full scans of the calls that state it", Class{Totals: Totals{Calls: 40, FullScans: n(2), FullScansOf: 4}}, Reason{Kind: FullScans, Count: 2, Of: 4, Partly: true}},
		{"errors of the calls that state it", Class{Totals: Totals{Calls: 40, Errors: n(1), ErrorsOf: 4}}, Reason{Kind: Errors, Count: 1, Of: 4, Partly: true}},
		{"disk of the calls that state it", Class{Totals: Totals{Calls: 40, TmpDiskTables: n(1), TmpDiskTablesOf: 4}},
			Reason{Kind: TmpDiskTables, Count: 1, Of: 4, Partly: true}},
		{"few full scans", Class{Totals: Totals{Calls: 4, FullScans: n(1)}}, Reason{}},
		{"disk", Class{Totals: Totals{Calls: 4, TmpDiskTables: n(3)}}, Reason{Kind: TmpDiskTables, Count: 3, Of: 4}},
		{"lock", Class{Totals: Totals{Calls: 4, QueryTime: Metrics{Sum: 10}, LockTime: Metrics{Sum: 9.3}}},
			Reason{Kind: LockTime, Share: 9.3 / 10.}},
		{"errors", Class{Totals: Totals{Calls: 4, Errors: n(4)}}, Reason{Kind: Errors, Count: 4, Of: 4}},
		{"one call", Class{Totals: Totals{Calls: 40, QueryTime: Metrics{Sum: 4, Max: 3.2, Median: 0.02}}},
			Reason{Kind: OneCall, Longest: 3.2, Share: 0.8, Median: 0.02}},
	} {
		var want []Reason
		if c.want != (Reason{}) {
			want = []Reason{c.want}
		}
		if got := Reasons(&c.class); !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, want)
		}
	}
}

func TestGrowth(t *testing.T) {
	line := func(quarters ...float64) []float64 {
		var all []float64
		for _, q := range quarters {
			all = append(all, q-q/2, q, q+q/2)
		}
		return all
	}
	for _, test := range []struct {
		name     string
		timeline []float64
		calls    int64
		want     bool
	}{
		{"it grows", line(1, 2, 3, 4), 40, true},
		{"to less than four times", line(1, 2, 3, 3.99), 40, false},
		{"not in the third quarter", line(1, 2, 2, 4), 40, false},
		{"it falls at the end", line(1, 5, 9, 8), 40, false},
		{"it began within the window", line(0, 2, 3, 4), 40, false},
		{"few calls", line(1, 2, 3, 4), 39, false},
		{"a second", line(0.1, 0.2, 0.3, 1), 40, true},
		{"less than a second", line(0.1, 0.2, 0.3, 0.999), 40, false},
		{"no time line", nil, 40, false},
	} {
		g := growth(test.timeline, 300, test.calls)
		if (g != nil) != test.want || g != nil && (g.From != test.timeline[1] || g.To != test.timeline[10] || g.Every != 300) {
			t.Errorf("%s: %+v", test.name, g)
		}
	}
	a := NewAggregator(Window{firstHour.time(), (firstHour + 1).time()})
	for i := range 60 {
		a.Stream("").Add(&parser.Event{Time: firstHour.time().Add(time.Duration(i) * time.Minute), SQL: []byte("select 1"), QueryTime: float64(1 + i), Weight: 1})
	}
	if g := a.Report(Limit{}, OrderBySum).Classes[0].Growth; g == nil || g.From != 40 || g.To != 265 || g.Every != 300 {
		t.Errorf("%+v", g)
	}
}
