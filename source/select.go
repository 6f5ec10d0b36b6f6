package source

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// choose returns the files that may hold entries of the window. A file cannot hold
// what happened after its last write. Nor can it hold what happened before the
// last write to the file before it, but that is less sure, since a write of a
// mere header counts too: so two files that were last written to after the window
// are taken, not one, and in addition whatever is named by an hour of the window.
func choose(all *listing, instance string, start, end time.Time) []File {
	chosen := all.purged(instance, start, end)
	after := 0
	for _, f := range all.files {
		if f.LastWritten.Before(start) {
			continue
		}
		name, _ := parseName(f.Name)
		named := !name.live() && overlaps(name.rotated(f.LastWritten), start, end)
		if !f.LastWritten.Before(end) {
			after++
			if after > 2 && !named {
				continue
			}
		}
		f.listing = all
		chosen = append(chosen, f)
	}
	return chosen
}

// overlaps reports whether the file that was rotated at the given hour, or a few
// minutes after it, may hold entries of the window.
func overlaps(rotated, start, end time.Time) bool {
	return rotated.After(start.Add(-time.Hour)) && !rotated.After(end.Add(time.Hour))
}

// purged returns a File for each stretch of the window whose hours are not
// listed though later ones are. The latest hours may still be in the live file.
func (l *listing) purged(instance string, start, end time.Time) []File {
	if start.IsZero() {
		return nil
	}
	listed := map[time.Time]bool{}
	var latest time.Time
	for _, f := range l.files {
		if name, _ := parseName(f.Name); !name.live() {
			hour := name.rotated(f.LastWritten)
			listed[hour] = true
			if hour.After(latest) {
				latest = hour
			}
		}
	}
	var missing []File
	var from time.Time
	for hour := start.Truncate(time.Hour).Add(time.Hour); !from.IsZero() || hour.Before(end.Add(time.Hour)); hour = hour.Add(time.Hour) {
		gone := hour.Before(end.Add(time.Hour)) && hour.Before(latest) && !listed[hour]
		if gone && from.IsZero() {
			from = hour.Add(-time.Hour)
		}
		if !gone && !from.IsZero() {
			to := hour.Add(-time.Hour)
			missing = append(missing, File{Instance: instance, Name: liveName + "." + hourPrefix(from.Add(time.Hour)),
				PurgedFrom: from, PurgedTo: to, missing: fmt.Sprintf(
					"Instance %s has no slow log for %s to %s, but for later hours: it was purged, or not written.",
					instance, from.Format("2006-01-02 15:04"), to.Format("2006-01-02 15:04 UTC"))})
			from = time.Time{}
		}
	}
	return missing
}

// liveName names the slow log that is being written to, on RDS for MySQL, RDS for
// MariaDB and Aurora MySQL alike. It cannot be configured there.
const liveName = "slowquery/mysql-slowquery.log"

// A rotated file is named by the UTC hour it was rotated in, which is the end of
// what it holds: .log.2026-11-23.9 (RDS for MySQL since 2021), .log.2026-11-23.09
// (Aurora MySQL), .log.9 (before that, and where a day is kept). The directory and
// the base name have been seen to differ ("mariadb-slowquery").
var slowLogName = regexp.MustCompile(`^(slowquery/.+\.log)(?:\.(\d{4}-\d{2}-\d{2})\.(\d{1,2})|\.(\d{1,2}))?$`)

// logName holds the parts of a file's name.
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

// rotated returns the hour of the rotation, in UTC. A name without a date is used
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

// hourPrefix writes an hour like the names and markers of RDS for MySQL.
func hourPrefix(t time.Time) string {
	return t.UTC().Format("2006-01-02.") + strconv.Itoa(t.UTC().Hour())
}

func (f File) live() bool {
	name, _ := parseName(f.Name)
	return name.live()
}

// firstPrefix returns the prefix of the markers of a file of which none is known
// yet. What it says matters little, as RDS goes by the name of a rotated file.
func firstPrefix(f File) string {
	name, _ := parseName(f.Name)
	hour := name.rotated(f.LastWritten)
	if name.live() {
		hour = f.LastWritten.Truncate(time.Hour).Add(time.Hour)
	}
	if name.date == "" && !name.live() {
		return hour.Format("15")
	}
	return hourPrefix(hour)
}
