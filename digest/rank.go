package digest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// OrderBy names the number by which classes are ranked, the highest first.
type OrderBy string

const (
	OrderBySum          OrderBy = "sum"           // total query time
	OrderByMax          OrderBy = "max"           // longest query time
	OrderByCount        OrderBy = "count"         // calls
	OrderByRowsExamined OrderBy = "rows_examined" // total rows examined
	OrderByLockTime     OrderBy = "lock_time"     // total lock time
)

// orders holds the accepted names, pt-query-digest's among them.
var orders = map[string]OrderBy{
	"sum": OrderBySum, "query_time": OrderBySum, "query_time:sum": OrderBySum,
	"max": OrderByMax, "query_time:max": OrderByMax,
	"count": OrderByCount, "calls": OrderByCount, "query_time:cnt": OrderByCount,
	"rows_examined": OrderByRowsExamined, "rows_examined:sum": OrderByRowsExamined,
	"lock_time": OrderByLockTime, "lock_time:sum": OrderByLockTime,
}

// ParseOrderBy reads the name of an order: sum, max, count, rows_examined or
// lock_time, or pt-query-digest's name of one of these, such as Query_time:sum.
func ParseOrderBy(s string) (OrderBy, error) {
	name := strings.ReplaceAll(strings.ToLower(s), "-", "_")
	if o, ok := orders[name]; ok {
		return o, nil
	}
	return "", fmt.Errorf("order by %q: want sum, max, count, rows_examined or lock_time", s)
}

func (o OrderBy) of(c *Class) float64 {
	switch o {
	case OrderByMax:
		return c.QueryTime.Max
	case OrderByCount:
		return float64(c.Calls)
	case OrderByRowsExamined:
		return c.RowsExamined.Sum
	case OrderByLockTime:
		return c.LockTime.Sum
	default:
		return c.QueryTime.Sum
	}
}

// compareBy puts the class that ranks higher first. Equals are ordered by
// their time and then their ID, so that a window always yields the same report.
func compareBy(o OrderBy, x, y *Class) int {
	return cmp.Or(
		cmp.Compare(o.of(y), o.of(x)),
		cmp.Compare(y.QueryTime.Sum, x.QueryTime.Sum),
		cmp.Compare(x.ID, y.ID),
	)
}

// Limit says how many classes a report shows, like pt-query-digest's --limit: the
// worst ones until Percent of the total is accounted for, and Count at most. A
// zero is no limit. Below them the outliers are shown too: see outlier.
type Limit struct {
	Percent float64
	Count   int
}

// DefaultLimit is the default of pt-query-digest.
var DefaultLimit = Limit{Percent: 95, Count: 20}

// ParseLimit reads "95%:20", "95%", "20" or "all".
func ParseLimit(s string) (Limit, error) {
	if s == "all" {
		return Limit{}, nil
	}
	var l Limit
	percent, count, both := strings.Cut(s, "%")
	if both {
		p, err := strconv.ParseFloat(percent, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return l, badLimit(s)
		}
		l.Percent = p
		if count == "" {
			return l, nil
		}
		var ok bool
		if count, ok = strings.CutPrefix(count, ":"); !ok {
			return l, badLimit(s)
		}
	} else {
		count = s
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return l, badLimit(s)
	}
	l.Count = n
	return l, nil
}

// String returns a text that ParseLimit reads.
func (l Limit) String() string {
	percent := strconv.FormatFloat(l.Percent, 'f', -1, 64) + "%"
	switch {
	case l == Limit{}:
		return "all"
	case l.Percent == 0:
		return strconv.Itoa(l.Count)
	case l.Count == 0:
		return percent
	}
	return percent + ":" + strconv.Itoa(l.Count)
}

// MarshalText and UnmarshalText let JSON hold a Limit as its text.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what ParseLimit reads.
func (l *Limit) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLimit(string(text))
	return err
}

func badLimit(s string) error {
	return fmt.Errorf("limit %q: want a number of classes, a percentage (95%%), both (95%%:20), or all", s)
}

// keep returns how many the limit shows of n that are ranked by the numbers of which
// of returns the ith.
func (l Limit) keep(n int, of func(i int) float64) int {
	most := n
	if l.Count > 0 {
		most = min(n, l.Count)
	}
	if l.Percent == 0 {
		return most
	}
	var total, sum float64
	for i := range n {
		total += of(i)
	}
	for i := range most {
		sum += of(i)
		if sum >= l.Percent/100*total {
			return i + 1
		}
	}
	return most
}

// outlier reports whether a class is shown although its share is small: people
// wait for it. The rule is the default of pt-query-digest's --outliers: a 95th
// percentile over a second in ten calls or more.
func (c *Class) outlier() bool { return c.Calls >= 10 && c.QueryTime.P95 > 1 }
