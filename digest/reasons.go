package digest

import (
	"cmp"
	"fmt"
	"strconv"
)

// The thresholds of reasons. Each is where the number alone is evidence.
const (
	reasonRatio     = 100  // rows examined for one row sent or affected
	reasonExamined  = 1000 // rows examined a call, below which a scan costs nothing
	reasonFullScans = 0.5  // of the calls
	reasonLockShare = 0.2  // of the query time
	reasonErrors    = 0.1  // of the calls
	reasonOneCall   = 0.5  // of the query time in a single call
	reasonFarOut    = 10   // times the median
	reasonLists     = 0.5  // of the query time in calls with long lists
)

// reasons states what the numbers say is wrong with a class, each in a phrase
// that names its evidence. It never guesses at what the log does not tell.
func reasons(c *Class) []string {
	var rs []string
	if of := cmp.Or(c.FullScansOf, c.Calls); c.FullScans != nil && float64(*c.FullScans) >= reasonFullScans*float64(of) {
		rs = append(rs, fmt.Sprintf("full scan in %d of %d calls", *c.FullScans, of))
	}
	if c.RowsExamined.Mean >= reasonExamined {
		rs = append(rs, rowsReason(c)...)
	}
	if c.TmpDiskTables != nil && *c.TmpDiskTables > 0 {
		rs = append(rs, fmt.Sprintf("%d temporary tables on disk in %d calls", *c.TmpDiskTables, cmp.Or(c.TmpDiskTablesOf, c.Calls)))
	}
	if c.QueryTime.Sum > 0 && c.LockTime.Sum >= reasonLockShare*c.QueryTime.Sum {
		rs = append(rs, fmt.Sprintf("lock time is %.0f%% of the query time", 100*c.LockTime.Sum/c.QueryTime.Sum))
	}
	if of := cmp.Or(c.ErrorsOf, c.Calls); c.Errors != nil && float64(*c.Errors) >= reasonErrors*float64(of) {
		rs = append(rs, fmt.Sprintf("%d of %d calls ended in an error", *c.Errors, of))
	}
	if l := c.Lists; l != nil && l.LongTime > 0 && l.LongTime >= reasonLists*c.QueryTime.Sum {
		rs = append(rs, fmt.Sprintf("lists of up to %s; those of %s and more took %.0f%% of the time",
			grouped(float64(l.Max)), grouped(longList), 100*l.LongTime/c.QueryTime.Sum))
	}
	q := c.QueryTime
	if c.Calls > 2 && q.Sum > 0 && q.Max >= reasonOneCall*q.Sum && q.Max >= reasonFarOut*q.Median {
		rs = append(rs, fmt.Sprintf("one call of %.3g s took %.0f%% of the time, the median is %.3g s",
			q.Max, 100*q.Max/q.Sum, q.Median))
	}
	return rs
}

// rowsReason compares the rows examined with the rows that came of it.
func rowsReason(c *Class) []string {
	per, of := c.RowsSent.Sum, "sent"
	if per == 0 && c.RowsAffected != nil {
		per, of = c.RowsAffected.Sum, "affected"
	}
	if per == 0 {
		return []string{fmt.Sprintf("%s rows examined a call, none %s", grouped(c.RowsExamined.Mean), of)}
	}
	if c.RowsExamined.Sum < reasonRatio*per {
		return nil
	}
	return []string{fmt.Sprintf("%s rows examined per row %s", grouped(c.RowsExamined.Sum/per), of)}
}

// grouped writes a whole number with a comma after each three digits.
func grouped(f float64) string {
	s := strconv.FormatFloat(f, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
