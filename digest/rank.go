package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slowdigest/parser/tags"
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

// OrderNames and GroupNames are those that ParseOrderBy and ParseBy say they want.
var (
	OrderNames = []string{"sum", "max", "count", "rows_examined", "lock_time"}
	GroupNames = []string{"class", "instance", "user", "host", "schema", "table", byTag + "KEY"}
)

// ParseOrderBy reads the name of an order: sum, max, count, rows_examined or
// lock_time, or pt-query-digest's name of one of these, such as Query_time:sum.
func ParseOrderBy(s string) (OrderBy, error) {
	name := strings.ReplaceAll(strings.ToLower(s), "-", "_")
	if o, ok := orders[name]; ok {
		return o, nil
	}
	return "", fmt.Errorf("order by %q: want %s", s, oneOf(OrderNames))
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

// By names what the calls of a report are grouped by. The zero value is the query class.
type By string

// The other groups.
const (
	ByClass    By = ""
	ByInstance By = "instance"
	ByUser     By = "user"
	ByHost     By = "host"   // the client, as the log names it
	BySchema   By = "schema" // the default database
	ByTable    By = "table"  // each table that the statement names, or the default database has: see fingerprint.Tables and Table.In
)

// byTag stands before the key of a tag, by whose values the calls are grouped.
const byTag = "tag:"

// Tag returns the key of the tag whose values are the groups, or nothing.
func (b By) Tag() string {
	key, _ := strings.CutPrefix(string(b), byTag)
	if len(key) == len(b) {
		return ""
	}
	return key
}

// ParseBy reads the name of a group.
func ParseBy(s string) (By, error) {
	switch name := strings.ToLower(s); {
	case strings.HasPrefix(name, byTag):
		key := s[len(byTag):]
		if key == tags.Code {
			return byTag + tags.Code, nil
		}
		if err := tags.CheckKey(key); err != nil {
			return "", fmt.Errorf("by %q: %w", s, err)
		}
		return By(byTag + key), nil
	case !slices.Contains(GroupNames, name):
		return "", fmt.Errorf("by %q: want %s", s, oneOf(GroupNames))
	case name == ByClass.String():
		return ByClass, nil
	default:
		return By(name), nil
	}
}

func oneOf(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// String returns the name that ParseBy reads.
func (b By) String() string { return cmp.Or(string(b), "class") }

// compareBy puts the class that ranks higher first. Equals are ordered by
// their time and then their ID, so that a window always yields the same report.
func compareBy(o OrderBy, x, y *Class) int {
	return cmp.Or(
		cmp.Compare(o.of(y), o.of(x)),
		cmp.Compare(y.QueryTime.Sum, x.QueryTime.Sum),
		cmp.Compare(x.ID, y.ID),
	)
}

// Ranked returns the indices of classes in their order.
func (o OrderBy) Ranked(classes []Class) []int {
	all := make([]int, len(classes))
	for i := range all {
		all[i] = i
	}
	slices.SortFunc(all, func(i, j int) int { return compareBy(o, &classes[i], &classes[j]) })
	return all
}

// Limit says how many classes a report shows, like pt-query-digest's --limit: the
// worst ones until Percent of the total is accounted for, and Count at most, whatever
// they are shown for. A zero is no limit. To a share, up to Outliers are added from
// below it: see outlier.
type Limit struct {
	Percent  float64
	Count    int
	Outliers int
}

// DefaultOutliers is how many are added to a share that does not say it.
const DefaultOutliers = 3

// DefaultLimit is the default of pt-query-digest.
var DefaultLimit = Limit{Percent: 95, Count: 20, Outliers: DefaultOutliers}

// ParseLimit reads "95%:20", "95%", "20" or "all", and after a share how many outliers
// are added to it: "95%:20+0".
func ParseLimit(s string) (Limit, error) {
	if s == "all" {
		return Limit{}, nil
	}
	percent, rest, share := strings.Cut(s, "%")
	if !share {
		n, ok := atLeast(1, s)
		if !ok {
			return Limit{}, badLimit(s)
		}
		return Limit{Count: n}, nil
	}
	l := Limit{Outliers: DefaultOutliers}
	var err error
	if l.Percent, err = strconv.ParseFloat(percent, 64); err != nil || !(l.Percent > 0 && l.Percent <= 100) {
		return Limit{}, badLimit(s)
	}
	count, outliers, added := strings.Cut(rest, "+")
	if added {
		if l.Outliers, added = atLeast(0, outliers); !added {
			return Limit{}, badLimit(s)
		}
	}
	if count != "" {
		count, both := strings.CutPrefix(count, ":")
		if l.Count, share = atLeast(1, count); !share || !both {
			return Limit{}, badLimit(s)
		}
	}
	return l, nil
}

// atLeast reads a number that is not below another.
func atLeast(least int, s string) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= least && s[0] != '+'
}

// String returns a text that ParseLimit reads.
func (l Limit) String() string {
	s := strconv.FormatFloat(l.Percent, 'f', -1, 64) + "%"
	switch {
	case l.Percent == 0 && l.Count == 0:
		return "all"
	case l.Percent == 0:
		return strconv.Itoa(l.Count)
	case l.Count > 0:
		s += ":" + strconv.Itoa(l.Count)
	}
	if l.Outliers != DefaultOutliers {
		s += "+" + strconv.Itoa(l.Outliers)
	}
	return s
}

// MarshalText and UnmarshalText let JSON hold a Limit as its text.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what ParseLimit reads.
func (l *Limit) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLimit(string(text))
	return err
}

func badLimit(s string) error {
	return fmt.Errorf("limit %q: want a number of classes, a percentage (95%%), both (95%%:20), with outliers (95%%:20+3), or all", s)
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

// An outlier has so many calls, whose 95th percentile is so many times that of all.
const (
	outlierCalls = 10
	outlierTimes = 5
)

// outlier reports whether people wait for a class although its share is small. p95 is
// that of all calls: a limit in seconds, as that of pt-query-digest's --outliers, would
// be passed by each class where long_query_time is a second, and by none at 0.
func (c *Class) outlier(p95 float64) bool {
	return c.Calls >= outlierCalls && p95 > 0 && c.QueryTime.P95 >= outlierTimes*p95
}

// The thresholds of reasons. Each is where the number alone is evidence.
const (
	reasonRatio     = 100  // rows examined for one row sent or affected
	reasonExamined  = 1000 // rows examined per call, below which a scan costs nothing
	reasonFullScans = 0.5  // of the calls
	reasonLockShare = 0.2  // of the query time
	reasonErrors    = 0.1  // of the calls
	reasonOneCall   = 0.5  // of the query time in a single call
	reasonFarOut    = 10   // times the median
	reasonLists     = 0.5  // of the query time in calls with long lists
)

// longList is how many members make a list that can be what a call takes its time
// for: five times as many as MySQL's optimizer looks up in an index to choose a plan
// (eq_range_index_dive_limit).
const longList = 1000

// ReasonKind names what the numbers say is wrong with a class.
type ReasonKind string

// The kinds of a Reason.
const (
	FullScans     ReasonKind = "full_scans"
	RowsExamined  ReasonKind = "rows_examined"
	TmpDiskTables ReasonKind = "tmp_disk_tables"
	LockTime      ReasonKind = "lock_time"
	Errors        ReasonKind = "errors"
	LongLists     ReasonKind = "long_lists"
	OneCall       ReasonKind = "one_call"
	Growing       ReasonKind = "growing"
)

// Reason states what is wrong with a class, with the numbers that show it.
type Reason struct {
	Kind ReasonKind
	// Count is the full scans, temporary tables or errors, in the Of calls that the
	// log states them of, or the members of the longest list.
	Count, Of int64
	// Partly is set where Of is not all calls.
	Partly bool
	// Rows is the rows examined for each row of the Result, which is "sent" or
	// "affected", or per call if NoResult: if there was not one.
	Rows     float64
	Result   string
	NoResult bool
	// Share is that of the query time, 0 to 1, which was lock time or went into calls
	// with long lists, or into one call. That one took Longest seconds, and the median
	// is Median.
	Share, Longest, Median float64
	Growth                 Growth
}

// A class grows if its query time does in each quarter of the window, to so many times
// that of the first and a second in a twelfth of the window, with so many calls or more.
const (
	growthTimes = 4
	growthTime  = 1
	growthCalls = 40
)

// growth returns how a class grows along its time line, the parts of which are of so many
// seconds; nil if it does not.
func growth(timeline []float64, every float64, calls int64) *Growth {
	n := len(timeline) / 4
	if n == 0 || calls < growthCalls {
		return nil
	}
	var quarters [4]float64
	for i := range quarters {
		for _, t := range timeline[i*n : (i+1)*n] {
			quarters[i] += t / float64(n)
		}
		if i > 0 && quarters[i] <= quarters[i-1] {
			return nil
		}
	}
	if quarters[0] == 0 || quarters[3] < growthTimes*quarters[0] || quarters[3] < growthTime {
		return nil
	}
	return &Growth{From: quarters[0], To: quarters[3], Every: every}
}

// Reasons states what the numbers say is wrong with a class. It never guesses at
// what the log does not state.
func Reasons(c *Class) []Reason {
	if c.Group != nil {
		return nil // its numbers are of many statements
	}
	var rs []Reason
	if of := cmp.Or(c.FullScansOf, c.Calls); c.FullScans != nil && float64(*c.FullScans) >= reasonFullScans*float64(of) {
		rs = append(rs, Reason{Kind: FullScans, Count: *c.FullScans, Of: of, Partly: of < c.Calls})
	} else if scans := c.Plans.Scans(); c.FullScans == nil && scans > 0 && float64(scans) >= reasonFullScans*float64(c.Plans.Calls) {
		rs = append(rs, Reason{Kind: FullScans, Count: scans, Of: c.Plans.Calls, Partly: c.Plans.Calls < c.Calls})
	}
	if c.RowsExamined.Mean >= reasonExamined {
		if r, ok := rowsReason(c); ok {
			rs = append(rs, r)
		}
	}
	if c.TmpDiskTables != nil && *c.TmpDiskTables > 0 {
		of := cmp.Or(c.TmpDiskTablesOf, c.Calls)
		rs = append(rs, Reason{Kind: TmpDiskTables, Count: *c.TmpDiskTables, Of: of, Partly: of < c.Calls})
	}
	if c.QueryTime.Sum > 0 && c.LockTime.Sum >= reasonLockShare*c.QueryTime.Sum {
		rs = append(rs, Reason{Kind: LockTime, Share: c.LockTime.Sum / c.QueryTime.Sum})
	}
	if of := cmp.Or(c.ErrorsOf, c.Calls); c.Errors != nil && float64(*c.Errors) >= reasonErrors*float64(of) {
		rs = append(rs, Reason{Kind: Errors, Count: *c.Errors, Of: of, Partly: of < c.Calls})
	}
	if l := c.Lists; l != nil && l.LongTime > 0 && l.LongTime >= reasonLists*c.QueryTime.Sum {
		rs = append(rs, Reason{Kind: LongLists, Count: l.Max, Share: l.LongTime / c.QueryTime.Sum})
	}
	if c.Growth != nil {
		rs = append(rs, Reason{Kind: Growing, Growth: *c.Growth})
	}
	q := c.QueryTime
	if c.Calls > 2 && q.Sum > 0 && q.Max >= reasonOneCall*q.Sum && q.Max >= reasonFarOut*q.Median {
		rs = append(rs, Reason{Kind: OneCall, Longest: q.Max, Share: q.Max / q.Sum, Median: q.Median})
	}
	return rs
}

// rowsReason compares the rows examined with the rows that came of it.
func rowsReason(c *Class) (Reason, bool) {
	r := Reason{Kind: RowsExamined, Result: "sent"}
	rows := c.RowsSent.Sum
	if rows == 0 && c.RowsAffected != nil {
		rows, r.Result = c.RowsAffected.Sum, "affected"
	}
	if rows == 0 {
		r.Rows, r.NoResult = c.RowsExamined.Mean, true
		return r, true
	}
	r.Rows = c.RowsExamined.Sum / rows
	return r, c.RowsExamined.Sum >= reasonRatio*rows
}
