package digest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseLimit(t *testing.T) {
	good := map[string]Limit{
		"95%:20":   {95, 20, 3},
		"99.5%:3":  {99.5, 3, 3},
		"80%":      {80, 0, 3},
		"7":        {0, 7, 0},
		"all":      {},
		"100%":     {100, 0, 3},
		"0.1%:1":   {0.1, 1, 3},
		"1":        {0, 1, 0},
		"95%:20+0": {95, 20, 0},
		"95%+12":   {95, 0, 12},
	}
	for s, want := range good {
		if got, err := ParseLimit(s); err != nil || got != want {
			t.Errorf("ParseLimit(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "101%", "100.1%", "0%", "95%20", "95%:", "95%:0", "x", "NaN%", "20:95%", "1e3", "20+3", "all+3", "95%+", "95%+-1", "95%+x", "95%:+3", "+3"} {
		if got, err := ParseLimit(s); err == nil {
			t.Errorf("ParseLimit(%q) = %v, want an error", s, got)
		}
	}
}

func TestParseOrderBy(t *testing.T) {
	for s, want := range map[string]OrderBy{
		"Query_time:sum": OrderBySum, "MAX": OrderByMax, "calls": OrderByCount,
		"Query_time:cnt": OrderByCount, "rows-examined": OrderByRowsExamined, "Lock_time:sum": OrderByLockTime,
	} {
		if got, err := ParseOrderBy(s); err != nil || got != want {
			t.Errorf("ParseOrderBy(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "avg"} {
		if got, err := ParseOrderBy(s); err == nil {
			t.Errorf("ParseOrderBy(%q) = %v, want an error", s, got)
		}
	}
}

func TestLimitText(t *testing.T) {
	for _, want := range []string{"all", "20", "95%", "95%:20", "99.5%:1", "95%:20+0", "80%+5"} {
		l, err := ParseLimit(want)
		if got := l.String(); err != nil || got != want {
			t.Errorf("%q is %q again, error %v", want, got, err)
		}
	}
	var l Limit
	if err := l.UnmarshalText([]byte("some")); err == nil {
		t.Error("some is a limit")
	}
}

// Equals are ordered by their time and then by their ID.
func TestTies(t *testing.T) {
	class := func(id string, sum, number float64) Class {
		c := Class{ID: id}
		c.QueryTime.Sum, c.QueryTime.Max, c.Calls, c.RowsExamined.Sum, c.LockTime.Sum = sum, number, int64(number), number, number
		return c
	}
	for _, order := range []OrderBy{OrderBySum, OrderByMax, OrderByCount, OrderByRowsExamined, OrderByLockTime} {
		classes := []Class{class("E", 1, 1), class("D", 2, 2), class("C", 2, 2), class("B", 3, 2), class("A", 1, 1)}
		slices.SortFunc(classes, func(x, y Class) int { return compareBy(order, &x, &y) })
		var ids []string
		for _, c := range classes {
			ids = append(ids, c.ID)
		}
		if got := strings.Join(ids, ""); got != "BCDAE" {
			t.Errorf("by %s: %s", order, got)
		}
	}
	higher, lower := class("B", 1, 5), class("A", 9, 4)
	for _, order := range []OrderBy{OrderByMax, OrderByCount, OrderByRowsExamined, OrderByLockTime} {
		if compareBy(order, &higher, &lower) >= 0 {
			t.Errorf("by %s: the time counts first", order)
		}
	}
	if compareBy(OrderBySum, &higher, &lower) <= 0 {
		t.Error("by sum: the time does not count")
	}
}

// The percentage is reached by the class that reaches it exactly.
func TestLimitKeeps(t *testing.T) {
	var classes []Class // 50, 30, 15 and 5 %
	for i, sum := range []float64{50, 30, 15, 5} {
		c := Class{ID: fmt.Sprint(i), Totals: Totals{Calls: int64(i)}}
		c.QueryTime.Sum = sum
		classes = append(classes, c)
	}
	for text, want := range map[string]int{
		"all": 4, "1": 1, "3": 3, "4": 4, "5": 4, "0.1%": 1, "50%": 1, "50.01%": 2, "80%": 2, "80.1%": 3, "95%": 3, "95.1%": 4, "100%": 4,
		"95%:2": 2, "95%:3": 3, "50%:3": 1,
	} {
		l, err := ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.keep(len(classes), func(i int) float64 { return classes[i].QueryTime.Sum }); got != want {
			t.Errorf("%s keeps %d, want %d", text, got, want)
		}
	}
	if got := (Limit{Percent: 50}).keep(0, nil); got != 0 {
		t.Errorf("of none it keeps %d", got)
	}
}

// An outlier has ten calls or more, and a 95th percentile of five times that of all,
// in a log that begins at a millisecond as in one that begins at ten seconds.
func TestOutlier(t *testing.T) {
	for _, test := range []struct {
		calls    int64
		p95, all float64
		want     bool
	}{{10, 5, 1, true}, {10, 4.99, 1, false}, {9, 100, 1, false}, {11, 0.01, 0.002, true}, {10, 50, 10.1, false}, {10, 5, 0, false}, {0, 0, 0, false}} {
		c := Class{Totals: Totals{Calls: test.calls, QueryTime: Metrics{P95: test.p95}}}
		if c.outlier(test.all) != test.want {
			t.Errorf("%d calls, p95 %v of %v: %v", test.calls, test.p95, test.all, !test.want)
		}
	}
}
