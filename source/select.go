package source

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// choose returns the files that may hold entries of the window. A file cannot hold
// what happened after its last write. Nor can it hold what happened before the
// last write to the file before it, but that is less sure, since a write of a
// mere header counts too: so two files that were last written to after the window
// are taken, not one, and in addition whatever is named by an hour of the window. A
// file of an unknown name may hold anything up to its last write.
func choose(all *listing, start, end time.Time) []File {
	var chosen []File
	for _, f := range all.unknown {
		if !f.LastWritten.Before(start) {
			f.Unknown = true
			chosen = append(chosen, f)
		}
	}
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
		chosen = append(chosen, f)
	}
	return chosen
}

// overlaps reports whether the file that was rotated at the given hour, or a few
// minutes after it, may hold entries of the window.
func overlaps(rotated, start, end time.Time) bool {
	return rotated.After(start.Add(-time.Hour)) && !rotated.After(end.Add(time.Hour))
}

// Soon is for how long an hour without a file may still get one, and how long
// nothing may be written until the parameters are read: six hours.
const Soon = 6 * time.Hour

// LeastKept is for how long RDS keeps a log at least, unless the storage is full: Aurora
// for a day, and the others for longer.
const LeastKept = 23 * time.Hour

// absent returns a File for each stretch of the window that no listed file can
// hold, as seen at a time. RDS deletes the oldest files first, so what is before the
// first of them is gone. An hour in between that has no file of its own may get one
// for some hours, in case the listing is late; after that nothing was written in it.
// What the live file may hold is left to Live.
func (l *listing) absent(instance string, start, end, now time.Time) []File {
	if start.IsZero() {
		return nil
	}
	first, latest := l.first(), l.latest()
	var absent []File
	add := func(from, to time.Time, cause Cause, format string) {
		absent = append(absent, File{Instance: instance, Name: liveName + "." + hourPrefix(from.Add(time.Hour)), Absent: &Absence{
			From: from, To: to, Cause: cause, Note: fmt.Sprintf(format, instance, timeRange(from, to)), Usual: cause == Unlisted && l.sparse(now)}})
	}
	if from := start.Truncate(time.Hour); from.Before(first) {
		to, format := earlier(first, roundUp(end)), "Instance %s has no slow log for %s, only for later hours."
		if now.Sub(to) >= LeastKept {
			format = "Instance %s has no slow log for %s any more, only for later hours."
		}
		add(from, to, Gone, format)
	}
	for _, w := range l.unlisted(later(start, first), earlier(end, latest.Add(-time.Hour)), now) {
		add(w[0], w[1], Unlisted, "Instance %s has no slow log for %s, but for hours before and after it.")
	}
	return absent
}

// liveAbsent returns the hours of the window that have no file of their own and may be
// in the live file; nil if there are none, or if that shows that nothing is missing. If it
// was written to last, and before these hours, it was not rotated: unless the listing is
// late, nothing was written in them.
func (l *listing) liveAbsent(instance string, start, end, now time.Time) *Absence {
	live, listed := l.live()
	if !listed || start.IsZero() {
		return nil
	}
	from := later(start, l.latest())
	if written := live.LastWritten.Truncate(time.Hour); !live.LastWritten.Before(from) && written.Before(end) {
		end = written // it was not rotated since
	}
	all := l.unlisted(from, end, now)
	if len(all) == 0 {
		return nil
	}
	from, to := all[0][0], all[len(all)-1][1]
	quiet := live.LastWritten.Before(from) && live.LastWritten.Equal(l.written())
	return &Absence{From: from, To: to, Cause: Unlisted, Usual: quiet || l.sparse(now),
		Note: fmt.Sprintf("Instance %s lists no slow log for %s yet.", instance, timeRange(from, to))}
}

// unlisted returns the stretches of hours that have no file of their own, and may
// still get one.
func (l *listing) unlisted(start, end, now time.Time) [][2]time.Time {
	var all [][2]time.Time
	for hour := later(start, now.Add(-Soon-time.Hour)).Truncate(time.Hour); hour.Before(end); hour = hour.Add(time.Hour) {
		to := hour.Add(time.Hour)
		switch n := len(all); {
		case to.After(now) || now.Sub(to) >= Soon || l.rotatedAt(to) || l.unknownIn(hour, to):
		case n > 0 && all[n-1][1].Equal(hour):
			all[n-1][1] = to
		default:
			all = append(all, [2]time.Time{hour, to})
		}
	}
	return all
}

// sparse reports whether there are hours that have no file and will get none,
// between others that have.
func (l *listing) sparse(now time.Time) bool {
	first, latest := l.first(), l.latest()
	for hour := later(first, latest.AddDate(0, 0, -1)).Add(time.Hour); hour.Before(latest) && now.Sub(hour) > Soon; hour = hour.Add(time.Hour) {
		if !l.rotatedAt(hour) {
			return true
		}
	}
	return false
}

// unknownIn reports whether a file of an unknown name was last written to in the hour.
func (l *listing) unknownIn(hour, to time.Time) bool {
	return slices.ContainsFunc(l.unknown, func(f File) bool { return f.Size > 0 && !f.LastWritten.Before(hour) && !f.LastWritten.After(to) })
}

// rotatedAt reports whether a file is named by the hour.
func (l *listing) rotatedAt(hour time.Time) bool {
	return slices.ContainsFunc(l.files, func(f File) bool { return !f.live() && f.Rotated().Equal(hour) })
}

// first returns the beginning of what the rotated files hold, and latest its end, as
// hours; zero if there is none.
func (l *listing) first() (first time.Time) {
	for _, f := range l.files {
		if begin := f.Rotated().Add(-time.Hour); !f.live() && (first.IsZero() || begin.Before(first)) {
			first = begin
		}
	}
	return first
}

func (l *listing) latest() (latest time.Time) {
	for _, f := range l.files {
		if !f.live() {
			latest = later(latest, f.Rotated())
		}
	}
	return latest
}

// written returns the time of the last write to any file.
func (l *listing) written() (last time.Time) {
	for _, f := range slices.Concat(l.files, l.unknown) {
		last = later(last, f.LastWritten)
	}
	return last
}

// Rotated returns the end of the hour that a rotated file is named by; zero for any
// other file.
func (f File) Rotated() time.Time {
	name, ok := parseName(f.Name)
	if !ok {
		return time.Time{}
	}
	return name.rotated(f.LastWritten)
}

func timeRange(from, to time.Time) string {
	return from.UTC().Format("2006-01-02 15:04") + " to " + to.UTC().Format("2006-01-02 15:04 UTC")
}

func roundUp(t time.Time) time.Time { return t.Add(time.Hour - 1).Truncate(time.Hour) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
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
