package digest

import "cmp"

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
