package parser

import "bytes"

// maxWeight is the largest Log_slow_rate_limit that Percona Server takes.
const maxWeight = 1000

// fields reads the "Key: value" pairs of a header line. Keys that are not
// known, and words that are no pair, are skipped. A value that would end in a
// colon is the next key: the value before it is empty. Some values are names that
// users choose, and can hold what looks like a pair: see schemaLen and freeText.
func (e *entry) fields(line []byte, names *interner) {
	for i := e.queryFields(line); ; {
		start, colon := 0, -1 // the key begins after the last blank before its colon
		for j, c := range line[i:] {
			if c == ':' {
				colon = j
				break
			}
			if c == ' ' {
				start = j + 1
			}
		}
		if colon < 0 {
			return
		}
		key := line[i+start : i+colon]
		i += colon + 1
		switch {
		case string(key) == "Schema":
			i = min(i+1, len(line))
			n, rest := schemaLen(line[i:])
			if !e.hasSchema {
				e.Schema, e.hasSchema = names.get(line[i:i+n]), true
				e.schemaOpen = n == len(line)-i
			}
			i += rest
			continue
		case len(key) >= len("Query_tables") && freeText(key):
			e.holdsHeader = holdsHeader(line[i:])
			e.hasRoutine = e.hasRoutine || string(key) == "Stored_routine"
			return
		}
		for i < len(line) && line[i] == ' ' {
			i++
		}
		v := valueAt(line, i)
		if n := len(v); n > 0 && v[n-1] == ':' {
			v = nil
		}
		e.field(key, v)
		i += len(v)
	}
}

// valueAt returns the value at index i, which ends before a blank.
func valueAt(line []byte, i int) []byte {
	for j, c := range line[i:] {
		if c == ' ' {
			return line[i : i+j]
		}
	}
	return line[i:]
}

// queryFields reads the four fields that each entry has, as fields does but faster, from
// the start of their line on. It returns the index after those that it has read.
func (e *entry) queryFields(line []byte) int {
	i := 0
	if e.seen&seenQuery != 0 {
		return i
	}
	for n, key := range [...]string{"# Query_time: ", "Lock_time: ", "Rows_sent: ", "Rows_examined: "} {
		at := i
		for n > 0 && at < len(line) && line[at] == ' ' {
			at++
		}
		if len(line)-at < len(key) || string(line[at:at+len(key)]) != key {
			break
		}
		v := valueAt(line, at+len(key))
		if len(v) == 0 || v[len(v)-1] == ':' {
			break
		}
		i = at + len(key) + len(v)
		switch n {
		case 0:
			e.queryTime(v)
		case 1:
			e.LockTime, e.badLock = parseSeconds(v)
		case 2:
			e.RowsSent = parseCount(v)
		default:
			e.RowsExamined = parseCount(v)
		}
		e.seen |= seenQueryTime << n
	}
	return i
}

func (e *entry) queryTime(v []byte) {
	e.QueryTime, e.badTime = parseSeconds(v)
	e.hasQueryTime = len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9')
}

// freeText reports whether the value of a key goes on to the end of its line: the
// name of a routine, of tables, and a statement.
func freeText(key []byte) bool {
	switch string(key) {
	case "Stored_routine", "Query_tables", "Query_digest":
		return true
	}
	return false
}

// afterSchema are the fields that servers write after that of the schema: MariaDB,
// Percona Server and GreatSQL.
var afterSchema = [...][]byte{[]byte(" QC_hit: "), []byte(" Last_errno: "), []byte(" Rows_affected: ")}

// schemaLen is the length of the schema's name at the start of b, and where the rest
// of the fields begins. The name can hold blanks and what looks like fields, so it
// ends at the last of those that the server writes after it. If there are none, it
// may end before two blanks and a key that is not known.
func schemaLen(b []byte) (n, rest int) {
	n = -1
	for i := len(b); n < 0 && i > 0; {
		i = bytes.LastIndexByte(b[:i], ':')
		for _, next := range afterSchema {
			if i >= 0 && bytes.HasSuffix(b[:min(i+2, len(b))], next) {
				n = i + 2 - len(next)
			}
		}
	}
	if n < 0 {
		return unknownSchemaLen(b), len(b)
	}
	rest = n + 1
	if n > 0 && b[n-1] == ' ' { // two blanks
		n--
	}
	return n, rest
}

func unknownSchemaLen(b []byte) int {
	for i := 0; ; i += 2 {
		n := bytes.Index(b[i:], []byte("  "))
		if n < 0 {
			return len(b)
		}
		i += n
		word, _, _ := bytes.Cut(b[i+2:], []byte(" "))
		if bytes.HasSuffix(word, []byte(":")) {
			return i
		}
	}
}

// seen is a set of fields. The first value of a field counts, as what is below it may
// be of a name or a text that somebody chose.
type seen uint32

const (
	seenQueryTime seen = 1 << iota
	seenLockTime
	seenRowsSent
	seenRowsExamined
	seenConnection
	seenRowsAffected
	seenBytesSent
	seenTmpTables
	seenTmpDiskTables
	seenErrno
	seenWeight
	seenFullScan
	seenFullJoin
	seenFilesort
	seenFilesortOnDisk
	seenReadFirst
	seenReadRndNext
	seenStart
	seenEnd
)

// seenQuery are the fields of the line that servers write after that with the schema.
const seenQuery = seenQueryTime | seenLockTime | seenRowsSent | seenRowsExamined

// first reports whether a field has not been seen before.
func (s *seen) first(field seen) bool {
	first := *s&field == 0
	*s |= field
	return first
}

func (e *entry) field(key, v []byte) {
	switch string(key) {
	case "Query_time":
		if e.seen.first(seenQueryTime) {
			e.queryTime(v)
		}
	case "Lock_time":
		if e.seen.first(seenLockTime) {
			e.LockTime, e.badLock = parseSeconds(v)
		}
	case "Rows_sent":
		if e.seen.first(seenRowsSent) {
			e.RowsSent = parseCount(v)
		}
	case "Rows_examined":
		if e.seen.first(seenRowsExamined) {
			e.RowsExamined = parseCount(v)
		}
	case "Id":
		if e.seen.first(seenConnection) {
			e.ConnectionID = parseCount(v)
		}
		e.hasID = true
	case "Thread_id":
		if e.seen.first(seenConnection) {
			e.ConnectionID = parseCount(v)
		}
	case "Rows_affected":
		if e.seen.first(seenRowsAffected) {
			e.RowsAffected = parseCount(v)
			e.Has |= HasRowsAffected
		}
	case "Bytes_sent":
		if e.seen.first(seenBytesSent) {
			e.BytesSent = parseCount(v)
			e.Has |= HasBytesSent
		}
	case "Tmp_tables", "Created_tmp_tables":
		if e.seen.first(seenTmpTables) {
			e.TmpTables = parseCount(v)
			e.Has |= HasTmpTables
		}
	case "Tmp_disk_tables", "Created_tmp_disk_tables":
		if e.seen.first(seenTmpDiskTables) {
			e.TmpDiskTables = parseCount(v)
			e.Has |= HasTmpDiskTables
		}
	case "Errno", "Last_errno":
		if e.seen.first(seenErrno) {
			e.Errno = parseCount(v)
			e.Has |= HasErrno
		}
	case "Log_slow_rate_limit":
		if e.seen.first(seenWeight) && !e.MariaDB { // which does not write it: it is of a routine's name
			e.Weight = min(max(1, parseCount(v)), maxWeight)
		}
	default:
		e.planField(key, v)
	}
}

// planField reads what tells how the statement was executed.
func (e *entry) planField(key, v []byte) {
	switch string(key) {
	case "Full_scan":
		if e.seen.first(seenFullScan) {
			e.FullScan = string(v) == "Yes"
			e.Has |= HasFullScan
		}
	case "Full_join":
		if e.seen.first(seenFullJoin) {
			e.FullJoin = string(v) == "Yes"
			e.Has |= HasFullJoin
		}
	case "Filesort":
		if e.seen.first(seenFilesort) {
			e.Filesort = string(v) == "Yes"
			e.Has |= HasFilesort
		}
	case "Filesort_on_disk":
		if e.seen.first(seenFilesortOnDisk) {
			e.FilesortOnDisk = string(v) == "Yes"
			e.Has |= HasFilesortOnDisk
		}
	case "Read_first":
		if e.seen.first(seenReadFirst) {
			e.readFirst = parseCount(v)
		}
	case "Read_rnd_next":
		// InnoDB begins a table scan by reading the first entry of an index;
		// the scan of a temporary table does not.
		if e.seen.first(seenReadRndNext) && e.seen.first(seenFullScan) {
			e.FullScan = e.readFirst > 0 && parseCount(v) > 0
			e.Has |= HasFullScan
		}
	case "QC_hit":
		e.MariaDB = true
	case "Time", "User@Host":
		e.merged = true
	case "Start":
		if e.seen.first(seenStart) {
			e.start, _, _ = parseTime(v)
		}
	case "End":
		if e.seen.first(seenEnd) {
			e.end, _, _ = parseTime(v)
		}
	}
}
