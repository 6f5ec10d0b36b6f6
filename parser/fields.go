package parser

import (
	"bytes"
	"strconv"
)

// maxWeight is the largest Log_slow_rate_limit that Percona Server takes.
const maxWeight = 1000

// maxSeconds is the longest time that is believed, some 30 years. Some servers
// write 18446744073708.796870 where a counter went below zero.
const maxSeconds = 1e9

// fields reads the "Key: value" pairs of a header line. Keys that are not
// known, and words that are no pair, are skipped. A value that would end in a
// colon is the next key: the value before it is empty.
func (e *entry) fields(line []byte, names *interner) {
	for {
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			return
		}
		key := line[:colon]
		if blank := bytes.LastIndexByte(key, ' '); blank >= 0 {
			key = key[blank+1:]
		}
		line = line[colon+1:]
		if string(key) == "Schema" {
			line = line[min(1, len(line)):]
			n := schemaLen(line)
			e.Schema, e.hasSchema = names.get(line[:n]), true
			line = line[n:]
			continue
		}
		for len(line) > 0 && line[0] == ' ' {
			line = line[1:]
		}
		n := bytes.IndexByte(line, ' ')
		if n < 0 {
			n = len(line)
		}
		if n > 0 && line[n-1] == ':' {
			n = 0
		}
		e.field(key, line[:n])
		line = line[n:]
	}
}

// schemaLen is the length of the schema's name at the start of b. A name can
// hold blanks; it ends before two of them and the next key.
func schemaLen(b []byte) int {
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

func (e *entry) field(key, v []byte) {
	switch string(key) {
	case "Query_time":
		e.QueryTime, e.badTime = parseSeconds(v)
		e.hasQueryTime = len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9')
	case "Lock_time":
		e.LockTime, e.badLock = parseSeconds(v)
	case "Rows_sent":
		e.RowsSent = parseCount(v)
	case "Rows_examined":
		e.RowsExamined = parseCount(v)
	case "Id":
		e.ConnectionID, e.hasID = parseCount(v), true
	case "Thread_id":
		e.ConnectionID = parseCount(v)
	case "Rows_affected":
		e.RowsAffected = parseCount(v)
		e.Has |= HasRowsAffected
	case "Bytes_sent":
		e.BytesSent = parseCount(v)
		e.Has |= HasBytesSent
	case "Tmp_tables", "Created_tmp_tables":
		e.TmpTables = parseCount(v)
		e.Has |= HasTmpTables
	case "Tmp_disk_tables", "Created_tmp_disk_tables":
		e.TmpDiskTables = parseCount(v)
		e.Has |= HasTmpDiskTables
	case "Errno", "Last_errno":
		e.Errno = parseCount(v)
		e.Has |= HasErrno
	case "Log_slow_rate_limit":
		e.Weight = min(max(1, parseCount(v)), maxWeight)
	default:
		e.planField(key, v)
	}
}

// planField reads what tells how the statement was executed.
func (e *entry) planField(key, v []byte) {
	switch string(key) {
	case "Full_scan":
		e.FullScan = string(v) == "Yes"
		e.Has |= HasFullScan
	case "Full_join":
		e.FullJoin = string(v) == "Yes"
		e.Has |= HasFullJoin
	case "Filesort":
		e.Filesort = string(v) == "Yes"
		e.Has |= HasFilesort
	case "Filesort_on_disk":
		e.FilesortOnDisk = string(v) == "Yes"
		e.Has |= HasFilesortOnDisk
	case "Read_first":
		e.readFirst = parseCount(v)
	case "Read_rnd_next":
		// InnoDB begins a table scan by reading the first entry of an index;
		// the scan of a temporary table does not.
		e.FullScan = e.readFirst > 0 && parseCount(v) > 0
		e.Has |= HasFullScan
	case "Start":
		e.start, _, _ = parseTime(v)
	case "End":
		e.end, _, _ = parseTime(v)
	}
}

// parseCount reads digits; what is no number is 0, what overflows the largest.
func parseCount(b []byte) uint64 {
	var n uint64
	if len(b) > 19 {
		n, _ = strconv.ParseUint(string(b), 10, 64)
		return n
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

var powersOf10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// parseSeconds reads a decimal fraction. Bad is true, and the value 0, if it is no
// number or no sensible time.
func parseSeconds(b []byte) (v float64, bad bool) {
	var n uint64
	point := -1
	for i, c := range b {
		switch {
		case c == '.' && point < 0:
			point = i
		case c < '0' || c > '9' || i > 18:
			return 0, true
		default:
			n = n*10 + uint64(c-'0')
		}
	}
	v = float64(n)
	if point >= 0 {
		digits := len(b) - point - 1
		if digits >= len(powersOf10) {
			return 0, true
		}
		v /= powersOf10[digits]
	}
	if len(b) == 0 || v > maxSeconds {
		return 0, true
	}
	return v, false
}
