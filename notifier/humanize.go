package notifier

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"slowdigest/digest"
)

// Count writes a number of things: exact and grouped below a million, with
// three digits and a unit from there on.
func Count(n float64) string {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return "-"
	case n < 0:
		return "-" + Count(-n)
	case n >= 999.5e18: // no such number was ever counted, but a log can claim it
		return strconv.FormatFloat(n, 'e', 1, 64)
	case n > 0 && n < 10 && n != math.Trunc(n):
		return trimZeros(strconv.FormatFloat(n, 'f', 1, 64))
	}
	if math.Round(n) < 1e6 {
		return humanize.Comma(int64(math.Round(n)))
	}
	units := []string{"M", "G", "T", "P", "E"}
	n /= 1e6
	for len(units) > 1 && n >= 999.5 {
		n, units = n/1000, units[1:]
	}
	return threeDigits(n) + units[0]
}

// Duration writes seconds in about six characters: 876ms, 1.23s, 8m22s, 2h05m.
func Duration(s float64) string {
	switch {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return "-"
	case s < 0:
		return "-" + Duration(-s)
	case s < 0.5e-6:
		return "0s"
	case s < 0.9995e-3:
		return strconv.FormatFloat(s*1e6, 'f', 0, 64) + "µs"
	case s < 0.9995:
		return threeDigits(s*1e3) + "ms"
	case s < 59.95:
		return threeDigits(s) + "s"
	case s < 3599.5:
		n := int64(math.Round(s))
		return fmt.Sprintf("%dm%02ds", n/60, n%60)
	case s < 86400-30:
		n := int64(math.Round(s / 60))
		return fmt.Sprintf("%dh%02dm", n/60, n%60)
	case s < 1000*86400:
		n := int64(math.Round(s / 3600))
		return fmt.Sprintf("%dd%02dh", n/24, n%24)
	}
	return Count(math.Round(s/86400)) + "d"
}

func threeDigits(f float64) string {
	switch {
	case f < 9.995:
		return trimZeros(strconv.FormatFloat(f, 'f', 2, 64))
	case f < 99.95:
		return trimZeros(strconv.FormatFloat(f, 'f', 1, 64))
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

func trimZeros(s string) string {
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Percent writes a share of 0 to 1. Something is never shown as nothing, nor a
// part as the whole.
func Percent(share float64) string {
	switch {
	case !(share > 0):
		return "0%"
	case share < 0.01:
		return "<1%"
	case share > 0.99 && share < 1:
		return ">99%"
	}
	return strconv.FormatFloat(100*share, 'f', 0, 64) + "%"
}

// byteSize writes a size in decimal units.
func byteSize(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n)/1000, []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	for len(units) > 1 && f >= 999.5 {
		f, units = f/1000, units[1:]
	}
	return threeDigits(f) + " " + units[0]
}

// Plural writes "1 file" and "3 files".
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(float64(n)) + " " + many
}

// rowsOf writes "1 row" and "3 rows", of a number that need not be whole.
func rowsOf(n float64) string {
	if s := Count(n); s != "1" {
		return s + " rows"
	}
	return "1 row"
}

// Until says when a mute ends: "until 2026-11-23 14:00 UTC", or "forever" for the
// zero time.
func Until(t time.Time) string {
	if t.IsZero() {
		return "forever"
	}
	return "until " + At(t)
}

// ParseDays reads a length of time, for whoever asks for one: as
// time.ParseDuration does, or a number of days of 24 hours, as in 7d. The error
// names both forms.
func ParseDays(s string) (time.Duration, error) {
	unit, number := time.Duration(1), s
	if days, found := strings.CutSuffix(s, "d"); found {
		unit, number = 24, days+"h"
	}
	d, err := time.ParseDuration(number)
	switch {
	case err != nil:
		return 0, fmt.Errorf("time %q: want hours, minutes and seconds, such as 36h or 1h30m, or days alone, such as 7d", s)
	case d.Abs() > math.MaxInt64/unit:
		return 0, fmt.Errorf("time %q: it is too long", s)
	}
	return unit * d, nil
}

// Sentences state times in one form, in UTC and with the day: those made here, and the
// notes of packages handler and source. So a renderer can show each of them in the zone
// of its readers.
var stated = regexp.MustCompile(`(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?)(?: to (?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d(?::\d\d)?))? UTC\b`)

// Piece holds a part of a sentence: either Text or, where that is empty, a time.
type Piece struct {
	Text    string
	At      time.Time
	Seconds bool // are of interest
	NoDay   bool // for the day is that of the time before it
}

// Pieces splits a sentence at its times.
func Pieces(s string) []Piece {
	var out []Piece
	text := func(t string) {
		if t != "" {
			out = append(out, Piece{Text: t})
		}
	}
	done := 0
	for _, m := range stated.FindAllStringSubmatchIndex(s, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return s[m[2*i]:m[2*i+1]]
		}
		first, ok := pieceOf(part(1), part(2))
		if !ok {
			continue
		}
		last := Piece{}
		if part(4) != "" {
			day := part(3)
			if day == "" {
				day = part(1)
			}
			if last, ok = pieceOf(day, part(4)); !ok {
				continue
			}
			last.NoDay = part(3) == ""
		}
		text(s[done:m[0]])
		if out = append(out, first); part(4) != "" {
			out = append(out, Piece{Text: " to "}, last)
		}
		done = m[1]
	}
	text(s[done:])
	return out
}

func pieceOf(day, clock string) (Piece, bool) {
	layout := time.DateOnly + " 15:04:05"[:len(clock)+1]
	at, err := time.Parse(layout, day+" "+clock)
	return Piece{At: at, Seconds: len(clock) > len("15:04")}, err == nil && at.Unix() >= 0
}

// InZone writes the times of a sentence in another zone than UTC. A nil zone is UTC.
func InZone(s string, zone *time.Location) string {
	if zone == nil || zone == time.UTC {
		return s
	}
	var b strings.Builder
	all := Pieces(s)
	for i := 0; i < len(all); i++ {
		switch p := all[i]; {
		case p.Text != "":
			b.WriteString(p.Text)
		case i+2 < len(all) && all[i+1].Text == " to " && all[i+2].Text == "":
			b.WriteString(interval(p.At.In(zone), all[i+2].At.In(zone), p.Seconds || all[i+2].Seconds))
			i += 2
		default:
			b.WriteString(p.At.In(zone).Format(dayAndClock(p.Seconds) + " MST"))
		}
	}
	return b.String()
}

func dayAndClock(seconds bool) string {
	if seconds {
		return time.DateTime
	}
	return "2006-01-02 15:04"
}

// At states a time as InZone finds it.
func At(t time.Time) string { return t.UTC().Format(dayAndClock(false) + " UTC") }

// window writes "2026-11-23 14:00 to 15:00 UTC". It has no dash between two
// times, which some renderers take for an emoji.
func window(w digest.Window) string {
	start, end := w.Start.UTC(), w.End.UTC()
	seconds := start.Second() != 0 || end.Second() != 0
	switch {
	case w == (digest.Window{}):
		return "all times"
	case w.Start.IsZero():
		return "until " + end.Format(dayAndClock(seconds)+" MST")
	case w.End.IsZero():
		return "since " + start.Format(dayAndClock(seconds)+" MST")
	}
	return interval(start, end, seconds)
}

// interval names the day of the second time, and the zone of the first, only where they differ.
func interval(start, end time.Time, seconds bool) string {
	layout, first := dayAndClock(seconds), ""
	if start.Format("MST") != end.Format("MST") {
		first = " MST"
	}
	s := start.Format(layout + first)
	if start.Format(time.DateOnly) == end.Format(time.DateOnly) {
		layout = layout[len("2006-01-02 "):]
	}
	return s + " to " + end.Format(layout+" MST")
}
