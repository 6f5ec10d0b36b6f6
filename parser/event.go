package parser

import "time"

// Event is one entry of a slow log: one execution of one statement, or one
// administrator command.
//
// Next reuses the Event it returns. The strings are the caller's to keep; SQL
// is not: it is valid until the following call of Next.
type Event struct {
	// Offset is the position, in bytes from the start of the stream, of the
	// entry's first header line.
	Offset int64

	// Time is when the server wrote the entry, which is when the statement
	// ended, in UTC: from "# Time:", carried over to the entries of the same
	// second that have none, else from SET timestamp. It is zero if the log says
	// neither. Where a session had set its own clock, it is the log's time.
	Time time.Time

	// Start is when the statement began, in UTC: Start of log_slow_extra, else
	// Time less QueryTime, which is the same to the microsecond.
	Start time.Time

	User         string // the account's name, or the login's if the account has none; empty for a system thread
	Host         string // the client's host name, or its IP address where the log has no name
	Schema       string // the default database; empty if there is none or the log does not tell
	ConnectionID uint64

	QueryTime    float64 // seconds
	LockTime     float64 // seconds
	RowsSent     uint64
	RowsExamined uint64

	// Has tells which of the fields below the entry carries.
	Has            Fields
	RowsAffected   uint64
	BytesSent      uint64 // bytes
	TmpTables      uint64 // internal temporary tables, those on disk included
	TmpDiskTables  uint64
	FullScan       bool // Full_scan: Yes; or in log_slow_extra Read_first and Read_rnd_next: a table was read from its first row on
	FullJoin       bool
	Filesort       bool
	FilesortOnDisk bool
	Errno          uint64 // the error the statement ended with; 0 is success

	// Weight is how many executions the entry stands for: Percona Server's
	// Log_slow_rate_limit, and 1 everywhere else. Calls and sums are to be
	// multiplied by it.
	Weight uint64

	// MariaDB says that the header is in MariaDB's form. Its server runs what stands in
	// /*M! ... */, which is a comment to others.
	MariaDB bool

	// Admin says that SQL is not a statement but the name of an administrator
	// command, as "Quit" in "# administrator command: Quit". It reads no rows: what MySQL
	// writes there for Quit and Close stmt are those of the connection's statement before.
	Admin bool

	// Throttled is the number of statements that a summary line of
	// log_throttle_queries_not_using_indexes stands for. Such an entry has no
	// statement of its own, and its QueryTime is a sum; 0 for all others.
	Throttled uint64

	// Explain holds the lines "# explain:" of the header, as the server wrote them, of 64 kB the first:
	// see package explain. It is valid as long as SQL.
	Explain []byte

	// SQL is the statement without its terminator and without the USE and SET
	// timestamp lines that the server wrote before it. It holds at most
	// Options.MaxSQL bytes.
	SQL []byte

	// SQLBytes is the length of the whole statement in bytes, kept or not.
	SQLBytes int64

	// Doubt is an index in SQL: what comes from there on may as well be entries, after
	// a statement that was cut. 0 is none.
	Doubt int

	// Cut says that SQL is only the beginning of the statement: it was longer
	// than Options.MaxSQL, or RDS cut it, or the log ends within it.
	Cut bool
}

// Fields is a set of the optional fields of an Event.
type Fields uint16

const (
	HasRowsAffected Fields = 1 << iota
	HasBytesSent
	HasTmpTables
	HasTmpDiskTables
	HasFullScan
	HasFullJoin
	HasFilesort
	HasFilesortOnDisk
	HasErrno
)
