package parser

import "time"

// zone tells in which form a time is written.
type zone byte

const (
	noTime    zone = iota
	localTime      // without a zone; the time.Time holds it as if it were UTC
	utcTime        // with a zone; the time.Time is UTC
)

// parseTime reads the time at the start of b, in the form of MySQL from 5.7 on
// or that of MariaDB and older servers, and returns its length as well.
func parseTime(b []byte) (time.Time, zone, int) {
	if len(b) >= 19 && b[4] == '-' && b[7] == '-' && b[10] == 'T' && b[13] == ':' && b[16] == ':' {
		return parseISO(b)
	}
	// 180925 15:05:04, and 131128  1:05:31
	if len(b) >= 15 && b[6] == ' ' && b[9] == ':' && b[12] == ':' {
		year := digits(b[0:2]) + 2000
		if year >= 2070 {
			year -= 100
		}
		hour := b[7:9]
		if hour[0] == ' ' {
			hour = hour[1:]
		}
		t, ok := date(year, digits(b[2:4]), digits(b[4:6]), digits(hour), digits(b[10:12]), digits(b[13:15]), 0)
		n := 15 // a fraction, as Percona Server wrote once, is skipped
		for n < len(b) && (b[n] == '.' || b[n] >= '0' && b[n] <= '9') {
			n++
		}
		if ok {
			return t, localTime, n
		}
	}
	if len(b) >= 14 && b[6] == ' ' && b[8] == ':' {
		return parsePadded(b)
	}
	// 180925 150504, as scripts write it that make a log of the table mysql.slow_log
	if len(b) >= 13 && b[6] == ' ' && digits(b[7:13]) >= 0 && (len(b) == 13 || b[13] == '\n' || b[13] == '\r' || b[13] == ' ') {
		t, _, _ := parseTime([]byte(string(b[:9]) + ":" + string(b[9:11]) + ":" + string(b[11:13])))
		if !t.IsZero() {
			return t, localTime, 13
		}
	}
	return time.Time{}, noTime, 0
}

// entryTime reads the time of "# Time:" as parseTime does, but not one in the form of
// MySQL 5.7 whose zone is missing: it is cut.
func entryTime(b []byte) (time.Time, zone, int) {
	t, z, n := parseTime(b)
	if z == localTime && b[4] == '-' {
		return time.Time{}, noTime, 0
	}
	return t, z, n
}

// parsePadded reads 131128 1:05:31, where something has made one blank of two.
func parsePadded(b []byte) (time.Time, zone, int) {
	var padded [40]byte
	n := copy(padded[:], b[:7])
	padded[n] = ' '
	copy(padded[n+1:], b[7:])
	t, z, length := parseTime(padded[:min(len(b)+1, len(padded))])
	return t, z, max(0, length-1)
}

// parseISO reads 2023-05-12T08:00:06.278162Z and 2023-05-12T17:00:06.278162+09:00.
func parseISO(b []byte) (time.Time, zone, int) {
	i, nanos, unit := 19, 0, 100_000_000
	if i < len(b) && b[i] == '.' {
		for i++; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
			nanos += int(b[i]-'0') * unit
			unit /= 10
		}
	}
	t, ok := date(digits(b[0:4]), digits(b[5:7]), digits(b[8:10]), digits(b[11:13]), digits(b[14:16]), digits(b[17:19]), nanos)
	switch {
	case !ok:
		return time.Time{}, noTime, 0
	case i < len(b) && b[i] == 'Z':
		return t, utcTime, i + 1
	case i+6 <= len(b) && (b[i] == '+' || b[i] == '-') && b[i+3] == ':':
		h, m := digits(b[i+1:i+3]), digits(b[i+4:i+6])
		if h < 0 || h > 15 || m < 0 || m > 59 {
			return time.Time{}, noTime, 0
		}
		east := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
		if b[i] == '-' {
			east = -east
		}
		return t.Add(-east), utcTime, i + 6
	}
	return t, localTime, i
}

func date(year, month, day, hour, minute, second, nanos int) (time.Time, bool) {
	if year < 0 || month < 1 || month > 12 || day < 1 || day > 31 ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC), true
}
