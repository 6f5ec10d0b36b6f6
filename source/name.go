package source

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// liveName is the slow log that is being written to, on RDS for MySQL, RDS for
// MariaDB and Aurora MySQL alike. It cannot be configured there.
const liveName = "slowquery/mysql-slowquery.log"

// A rotated file is named by the UTC hour it was rotated in, which is the end of
// what it holds: .log.2026-11-23.9 (RDS for MySQL since 2021), .log.2026-11-23.09
// (Aurora MySQL), .log.9 (before that, and where a day is kept). The directory and
// the base name have been seen to differ ("mariadb-slowquery").
var slowLogName = regexp.MustCompile(`^(slowquery/.+\.log)(?:\.(\d{4}-\d{2}-\d{2})\.(\d{1,2})|\.(\d{1,2}))?$`)

// logName is a file's name taken apart.
type logName struct {
	base string // the name of the live file
	date string // of the rotation; empty in a name of the hour alone
	hour int    // of the rotation; -1 for the live file
}

func parseName(name string) (logName, bool) {
	m := slowLogName.FindStringSubmatch(name)
	if m == nil {
		return logName{}, false
	}
	n := logName{base: m[1], date: m[2], hour: -1}
	if digits := m[3] + m[4]; digits != "" {
		n.hour, _ = strconv.Atoi(digits)
		if n.hour > 23 {
			return logName{}, false
		}
	}
	return n, true
}

func (n logName) live() bool { return n.hour < 0 }

// rotated is the hour of the rotation, in UTC. A name without a date is used
// anew every day: its hour is the one nearest to the last write. For the live
// file it is zero.
func (n logName) rotated(lastWritten time.Time) time.Time {
	if n.live() {
		return time.Time{}
	}
	if n.date != "" {
		day, _ := time.Parse(time.DateOnly, n.date)
		return day.Add(time.Duration(n.hour) * time.Hour)
	}
	day := lastWritten.UTC().Truncate(24 * time.Hour)
	hour := day.Add(time.Duration(n.hour) * time.Hour)
	switch ahead := hour.Sub(lastWritten); {
	case ahead > 12*time.Hour:
		return hour.AddDate(0, 0, -1)
	case ahead < -12*time.Hour:
		return hour.AddDate(0, 0, 1)
	}
	return hour
}

// hourPrefix is how names and markers of RDS for MySQL give an hour.
func hourPrefix(t time.Time) string {
	return t.UTC().Format("2006-01-02.") + strconv.Itoa(t.UTC().Hour())
}

// marker is a place in a file as DownloadDBLogFilePortion names it. Of a marker
// we know by observation that it is PREFIX:OFFSET, where the prefix names the
// hour of a rotation (as "12" or "2026-10-10.7") and the offset is in bytes. That
// is no contract, so whatever has another form is only handed back.
type marker struct {
	prefix string
	offset int64
}

func parseMarker(s string) (marker, bool) {
	prefix, digits, found := strings.Cut(s, ":")
	if !found {
		return marker{}, false
	}
	offset, err := strconv.ParseInt(digits, 10, 64)
	return marker{prefix, offset}, err == nil && offset >= 0
}

func (m marker) String() string { return m.prefix + ":" + strconv.FormatInt(m.offset, 10) }
