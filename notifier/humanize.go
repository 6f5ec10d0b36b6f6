package notifier

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
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
	return "until " + at(t)
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
