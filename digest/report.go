package digest

import "time"

// Report is the outcome of one window: what the notifiers show and what
// `--format json` prints. It holds no literal of any statement. All times are
// UTC and all durations are seconds.
type Report struct {
	Version   int      `json:"version"` // of this format; 1
	Window    Window   `json:"window"`
	Instances []string `json:"instances,omitempty"` // the instances, or local files, that were read
	Coverage  Coverage `json:"coverage"`
	Overall   Overall  `json:"overall"`
	Classes   []Class  `json:"classes"` // by rank, as many as the limit let through
	Misc      Misc     `json:"misc"`    // all the other classes together
	// Past is what is remembered beyond the window. Nil where nothing is: then
	// nobody knows what is new.
	Past   *Past   `json:"past,omitempty"`
	Filter *Filter `json:"filter,omitempty"` // what was counted, if not everything
	Detail *Detail `json:"detail,omitempty"` // if it was asked for
}

// Window is the half-open interval [Start, End), in UTC. A zero bound is no bound.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Contains reports whether t lies in the window.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.Start) && (w.End.IsZero() || t.Before(w.End))
}

// Coverage tells how far the numbers of a report can be trusted.
type Coverage struct {
	Files       int   `json:"files"`        // files chosen for the window
	BytesListed int64 `json:"bytes_listed"` // their sizes as listed
	BytesRead   int64 `json:"bytes_read"`
	// BytesSkipped were not asked for, being older than the window.
	BytesSkipped int64 `json:"bytes_skipped,omitempty"`
	Portions     int   `json:"portions,omitempty"` // answers that the bytes came in
	Retries      int   `json:"retries,omitempty"`  // calls that had to be repeated
	Events       int64 `json:"events"`             // entries read
	InWindow     int64 `json:"in_window"`          // entries whose time lies in the window
	Unreadable   int64 `json:"unreadable"`         // entries that could not be read, or have no time
	Doubtful     int64 `json:"doubtful,omitempty"` // places that leave it open whether there is an entry
	Truncated    int64 `json:"truncated"`          // entries whose statement was cut
	// TruncatedLines were cut by RDS, being longer than what it sends at once.
	TruncatedLines int `json:"truncated_lines,omitempty"`
	// Complete is false where anything of the window is known to be missing.
	Complete bool `json:"complete"`
	// Notes say in whole sentences what is missing, and why.
	Notes []string `json:"notes"`
	// Gaps are the parts of files that are known to be missing, by instance and
	// time.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Gap is a part of a slow log that could not be read. Of an hour that RDS has
// purged, no bytes are known.
type Gap struct {
	Instance string `json:"instance,omitempty"`
	File     string `json:"file"`
	From     int64  `json:"from"` // bytes; To is after the last one
	To       int64  `json:"to"`
	// After and Before bound the times of the missing entries. Either is zero
	// where it is not known.
	After  time.Time `json:"after,omitzero"`
	Before time.Time `json:"before,omitzero"`
}

// Add takes in what is known of another part of the window.
func (c *Coverage) Add(part Coverage) {
	c.Files += part.Files
	c.BytesListed += part.BytesListed
	c.BytesRead += part.BytesRead
	c.BytesSkipped += part.BytesSkipped
	c.Portions += part.Portions
	c.Retries += part.Retries
	c.TruncatedLines += part.TruncatedLines
	c.Events += part.Events
	c.InWindow += part.InWindow
	c.Unreadable += part.Unreadable
	c.Doubtful += part.Doubtful
	c.Truncated += part.Truncated
	c.Complete = c.Complete && part.Complete
	c.Notes = append(c.Notes, part.Notes...)
	c.Gaps = append(c.Gaps, part.Gaps...)
}

// Metrics are the statistics of one quantity over the calls of a class. Min,
// Max, Sum and Mean are exact; Median and P95 are within 1 %.
type Metrics struct {
	Sum    float64 `json:"sum"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
}

// Totals are the numbers that a class and the whole report have in common. The
// pointers are nil where no entry of the log carries the quantity.
type Totals struct {
	Calls         int64    `json:"calls"`
	QueryTime     Metrics  `json:"query_time"` // seconds
	LockTime      Metrics  `json:"lock_time"`  // seconds
	RowsSent      Metrics  `json:"rows_sent"`
	RowsExamined  Metrics  `json:"rows_examined"`
	RowsAffected  *Metrics `json:"rows_affected,omitempty"`
	BytesSent     *Metrics `json:"bytes_sent,omitempty"`
	TmpTables     *int64   `json:"tmp_tables,omitempty"`
	TmpDiskTables *int64   `json:"tmp_disk_tables,omitempty"`
	FullScans     *int64   `json:"full_scans,omitempty"` // calls that read a whole table
	Errors        *int64   `json:"errors,omitempty"`     // calls that ended in an error

	// Of how many of the calls the log tells the number, if not of all: logs of
	// several instances, or from before and after a change of log_slow_extra.
	TmpDiskTablesOf int64 `json:"tmp_disk_tables_of,omitempty"`
	FullScansOf     int64 `json:"full_scans_of,omitempty"`
	ErrorsOf        int64 `json:"errors_of,omitempty"`
}

// Overall is the line above the classes: everything in the window.
type Overall struct {
	Classes int `json:"classes"`
	Totals
}

// Class is all the calls of the statements that share a fingerprint.
type Class struct {
	Rank        int     `json:"rank"` // from 1
	ID          string  `json:"id"`   // fingerprint.ID of the fingerprint, 32 digits
	Fingerprint string  `json:"fingerprint"`
	Share       float64 `json:"share"` // of the overall query time, 0 to 1
	Totals
	// VMR is the variance-to-mean ratio of the query time, in seconds.
	VMR       float64          `json:"vmr"`
	Reasons   []string         `json:"reasons,omitempty"` // what the numbers say is wrong, each with its evidence
	Users     map[string]int64 `json:"users"`             // calls by name, in this and the following maps
	Hosts     map[string]int64 `json:"hosts"`
	Schemas   map[string]int64 `json:"schemas"`
	Instances map[string]int64 `json:"instances"`
	FirstSeen time.Time        `json:"first_seen"`
	LastSeen  time.Time        `json:"last_seen"`
	// Timeline is the query time, in seconds, in each twelfth of the window.
	Timeline []float64    `json:"timeline,omitempty"`
	Detail   *ClassDetail `json:"detail,omitempty"` // if it was asked for
	// Change is how the class differs from its own past, nil where it does not
	// or where there is no past.
	Change *Change `json:"change,omitempty"`
	// Note is what somebody wrote about the class.
	Note string `json:"note,omitempty"`
}

// ChangeKind says in a word what changed about a class.
type ChangeKind string

// The kinds of a Change. The first three stand first in a digest.
const (
	New    ChangeKind = "NEW"    // not seen for as long as is remembered
	Worse  ChangeKind = "WORSE"  // more time or longer calls than its own past allows
	Back   ChangeKind = "BACK"   // seen before, but not lately
	Better ChangeKind = "BETTER" // less time than its own past led to expect
	Gone   ChangeKind = "GONE"   // not seen any more
)

// Change is how a class differs from its own past.
type Change struct {
	Kind ChangeKind `json:"kind"`
	// Evidence is a phrase with the numbers that justify the kind. It holds no
	// literal of any statement.
	Evidence string `json:"evidence"`
	// Of is the quantity that changed, of a WORSE or BETTER class: "query_time",
	// the total of an hour, or "p95". Now, Usual and Highest are its values in
	// seconds: in the window, and what is usual and the highest in the past.
	Of      string  `json:"of,omitempty"`
	Now     float64 `json:"now,omitempty"`
	Usual   float64 `json:"usual,omitempty"`
	Highest float64 `json:"highest,omitempty"`
	// LastSeen is the hour in which a class that is BACK was seen before.
	LastSeen time.Time `json:"last_seen,omitzero"`
}

// Past is what a report owes to the hours before it.
type Past struct {
	Since    time.Time    `json:"since"`              // start of the first window that is remembered
	Learning bool         `json:"learning,omitempty"` // too little is remembered to tell what changed
	Gone     []GoneClass  `json:"gone,omitempty"`
	Muted    []MutedClass `json:"muted,omitempty"`    // left out of the classes
	Missed   []Window     `json:"missed,omitempty"`   // purged before they could be read
	Repeat   bool         `json:"repeat,omitempty"`   // this digest may have been posted before
	CatchUp  int          `json:"catch_up,omitempty"` // hours in this one report, 0 or 1 where it is only one
	New      int          `json:"new,omitempty"`      // how many classes are NEW, those below the limit included
	Forgot   int          `json:"forgot,omitempty"`   // classes given up so far for want of room; such a one would look NEW
}

// GoneClass is a class that was a part of the load and is no more.
type GoneClass struct {
	ID          string    `json:"id"`
	Fingerprint string    `json:"fingerprint,omitempty"` // its beginning, or empty where it was not kept
	Evidence    string    `json:"evidence"`              // as of a Change
	LastSeen    time.Time `json:"last_seen"`
}

// MutedClass is a class that somebody wants to hear no more of for a while.
type MutedClass struct {
	ID          string    `json:"id"`
	Fingerprint string    `json:"fingerprint"`
	Calls       int64     `json:"calls"`
	QueryTime   float64   `json:"query_time"`     // seconds, all calls together
	Until       time.Time `json:"until,omitzero"` // zero is forever
	Reason      string    `json:"reason,omitempty"`
	By          string    `json:"by,omitempty"`
}

// Misc sums up the classes below the limit.
type Misc struct {
	Classes   int   `json:"classes"`
	Calls     int64 `json:"calls"`
	QueryTime struct {
		Sum float64 `json:"sum"`
	} `json:"query_time"`
}
