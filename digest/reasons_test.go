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
		want  []string
	}{
		{"nothing to say", Class{Totals: Totals{Calls: 10, RowsSent: Metrics{Sum: 10}, RowsExamined: Metrics{Sum: 10, Mean: 1}}}, nil},
		{"rows examined", Class{Totals: Totals{Calls: 2, RowsSent: Metrics{Sum: 4}, RowsExamined: Metrics{Sum: 40000, Mean: 20000}}},
			[]string{"10,000 rows examined per row sent"}},
		{"a ratio without work", Class{Totals: Totals{Calls: 2, RowsSent: Metrics{Sum: 1}, RowsExamined: Metrics{Sum: 1000, Mean: 500}}}, nil},
		{"rows affected", Class{Totals: Totals{Calls: 1, RowsAffected: &Metrics{Sum: 2}, RowsExamined: Metrics{Sum: 5000, Mean: 5000}}},
			[]string{"2,500 rows examined per row affected"}},
		{"no rows", Class{Totals: Totals{Calls: 1, RowsExamined: Metrics{Sum: 5000, Mean: 5000}}},
			[]string{"5,000 rows examined a call, none sent"}},
		{"full scans", Class{Totals: Totals{Calls: 4, FullScans: n(2)}}, []string{"full scan in 2 of 4 calls"}},
		{"full scans of the calls that tell", Class{Totals: Totals{Calls: 40, FullScans: n(2), FullScansOf: 4}}, []string{"full scan in 2 of 4 calls"}},
		{"errors of the calls that tell", Class{Totals: Totals{Calls: 40, Errors: n(1), ErrorsOf: 4}}, []string{"1 of 4 calls ended in an error"}},
		{"disk of the calls that tell", Class{Totals: Totals{Calls: 40, TmpDiskTables: n(1), TmpDiskTablesOf: 4}},
			[]string{"1 temporary tables on disk in 4 calls"}},
		{"few full scans", Class{Totals: Totals{Calls: 4, FullScans: n(1)}}, nil},
		{"disk", Class{Totals: Totals{Calls: 4, TmpDiskTables: n(3)}}, []string{"3 temporary tables on disk in 4 calls"}},
		{"lock", Class{Totals: Totals{Calls: 4, QueryTime: Metrics{Sum: 10}, LockTime: Metrics{Sum: 9.3}}},
			[]string{"lock time is 93% of the query time"}},
		{"errors", Class{Totals: Totals{Calls: 4, Errors: n(4)}}, []string{"4 of 4 calls ended in an error"}},
		{"one call", Class{Totals: Totals{Calls: 40, QueryTime: Metrics{Sum: 4, Max: 3.2, Median: 0.02}}},
			[]string{"one call of 3.2 s took 80% of the time, the median is 0.02 s"}},
	} {
		if got := reasons(&c.class); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
