package digest

import (
	"slices"
	"testing"
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
