package filter

import (
	"strings"
	"time"

	"slowdigest/parser"
)

// kind is the type of a part of a condition.
type kind uint8

const (
	aCondition kind = iota
	aNumber
	aText
	aTime
	aList
	aNone
)

func (k kind) String() string {
	return [...]string{"a condition", "a number", "a text", "a time", "a list", "None"}[k]
}

// Field is something that an entry says about a call.
type Field struct {
	Name   string
	Others []string // further names of it
	Says   string   // what it holds, with its unit
	of     string   // what stands after the name: it is not one field but one of each key

	// One of these holds the value, or isQuery says that it is the statement.
	flag    func(*call) bool
	number  func(*call) float64
	text    func(*call) string
	moment  func(*call) time.Time
	isQuery bool

	wasTold func(*call) bool // nil where each entry tells it
}

// Kind names the type of the field: a condition, a number, a text or a time.
func (f *Field) Kind() string { return f.kind().String() }

// Optional reports whether an entry may not tell the field, which then is None.
func (f *Field) Optional() bool { return f.wasTold != nil }

func (f *Field) kind() kind {
	switch {
	case f.flag != nil:
		return aCondition
	case f.number != nil:
		return aNumber
	case f.moment != nil:
		return aTime
	}
	return aText
}

func (f *Field) told(c *call) bool { return f.wasTold == nil || f.wasTold(c) }

// Fields are those that a condition can be made of.
func Fields() []Field { return fields }

// fields are fewer than 63; see Missing.
var fields = []Field{
	{Name: "query_time", Says: "seconds that the call took", number: func(c *call) float64 { return c.QueryTime }},
	{Name: "lock_time", Says: "seconds that it waited for locks", number: func(c *call) float64 { return c.LockTime }},
	{Name: "rows_examined", Says: "rows read", number: func(c *call) float64 { return float64(c.RowsExamined) }},
	{Name: "rows_sent", Says: "rows returned", number: func(c *call) float64 { return float64(c.RowsSent) }},
	{Name: "rows_affected", Says: "rows changed", number: func(c *call) float64 { return float64(c.RowsAffected) }, wasTold: has(parser.HasRowsAffected)},
	{Name: "bytes_sent", Says: "bytes returned", number: func(c *call) float64 { return float64(c.BytesSent) }, wasTold: has(parser.HasBytesSent)},
	{Name: "tmp_tables", Says: "internal temporary tables, those on disk included", number: func(c *call) float64 { return float64(c.TmpTables) }, wasTold: has(parser.HasTmpTables)},
	{Name: "tmp_disk_tables", Says: "internal temporary tables on disk", number: func(c *call) float64 { return float64(c.TmpDiskTables) }, wasTold: has(parser.HasTmpDiskTables)},
	{Name: "full_scan", Says: "a table was read from its first row on", flag: func(c *call) bool { return c.FullScan }, wasTold: has(parser.HasFullScan)},
	{Name: "full_join", Says: "a join without an index", flag: func(c *call) bool { return c.FullJoin }, wasTold: has(parser.HasFullJoin)},
	{Name: "filesort", Says: "rows were sorted", flag: func(c *call) bool { return c.Filesort }, wasTold: has(parser.HasFilesort)},
	{Name: "filesort_on_disk", Says: "rows were sorted on disk", flag: func(c *call) bool { return c.FilesortOnDisk }, wasTold: has(parser.HasFilesortOnDisk)},
	{Name: "errno", Others: []string{"last_errno"}, Says: "error that it ended with; 0 is success", number: func(c *call) float64 { return float64(c.Errno) }, wasTold: has(parser.HasErrno)},
	{Name: "user", Says: "name of the account; empty for a thread of the server", text: func(c *call) string { return c.User }},
	{Name: "host", Says: "host name of the client, or its IP address where the log has no name", text: func(c *call) string { return c.Host }},
	{Name: "schema", Others: []string{"db", "database"}, Says: "default database; None also where there is none", text: func(c *call) string { return c.Schema },
		wasTold: func(c *call) bool { return c.Schema != "" }},
	{Name: "connection_id", Others: []string{"thread_id"}, Says: "ID of the connection", number: func(c *call) float64 { return float64(c.ConnectionID) },
		wasTold: func(c *call) bool { return c.ConnectionID != 0 }},
	{Name: "instance", Says: "name of the DB instance, or of the file", text: func(c *call) string { return c.instance }},
	{Name: "time", Says: "when the call ended, in UTC", moment: func(c *call) time.Time { return c.Time }, wasTold: func(c *call) bool { return !c.Time.IsZero() }},
	{Name: "start", Says: "when it began, in UTC", moment: func(c *call) time.Time { return c.Start }, wasTold: func(c *call) bool { return !c.Start.IsZero() }},
	{Name: "query", Others: []string{"sql"}, Says: "text of the statement, up to its first MiB, or name of the administrator command", isQuery: true},
	{Name: "query_bytes", Says: "length of the whole statement in bytes", number: func(c *call) float64 { return float64(c.SQLBytes) }},
	{Name: "admin", Says: "it is an administrator command, such as Quit", flag: func(c *call) bool { return c.Admin }},
	{Name: "cut", Says: "the text is only the beginning of the statement", flag: func(c *call) bool { return c.Cut }},
	{Name: "doubtful", Says: "the text may hold further entries, after a statement that was cut", flag: func(c *call) bool { return c.Doubt > 0 }},
	{Name: "weight", Says: "calls that the entry stands for, by Percona Server's log_slow_rate_limit; else 1", number: func(c *call) float64 { return float64(c.Weight) }},
	{Name: "mariadb", Says: "the entry has MariaDB's form", flag: func(c *call) bool { return c.MariaDB }},
	{Name: "tag", of: `("KEY")`, Says: "what a comment says of the code that the statement comes from, under a key", wasTold: func(*call) bool { return false }},
	{Name: "offset", Says: "bytes of the log before the entry", number: func(c *call) float64 { return float64(c.Offset) }},
}

func has(f parser.Fields) func(*call) bool {
	return func(c *call) bool { return c.Has&f != 0 }
}

// Row is the field as a row of docs/filter.md: its names, type and meaning, and whether an entry
// may not tell it.
func (f *Field) Row() string {
	names := "`" + f.Name + f.of + "`"
	for _, other := range f.Others {
		names += ", `" + other + "`"
	}
	may := ""
	if f.Optional() {
		may = " yes"
	}
	return "| " + names + " | " + strings.TrimPrefix(strings.TrimPrefix(f.Kind(), "a "), "an ") + " | " + f.Says + " |" + may + " |"
}
