package source

import (
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	const base = "slowquery/mysql-slowquery.log"
	tests := []struct {
		name    string
		written string // the last write, on 23 November 2026
		rotated string // empty for the live file, "-" for what is no slow log
	}{
		{base, "10:04", ""},
		{base + ".2026-11-23.9", "08:59", "11-23 09:00"},
		{base + ".2026-11-23.09", "08:59", "11-23 09:00"},
		{base + ".2026-11-24.0", "23:59", "11-24 00:00"},
		{base + ".9", "08:59", "11-23 09:00"},
		{base + ".09", "09:00", "11-23 09:00"},
		{base + ".2", "04:18", "11-23 02:00"},
		{base + ".0", "23:59", "11-24 00:00"},
		{base + ".23", "00:01", "11-22 23:00"},
		{"slowquery/mariadb-slowquery.log.9", "09:00", "11-23 09:00"},
		{base + ".0", "12:00", "11-23 00:00"}, // 12 hours from either
		{base + ".0", "12:01", "11-24 00:00"},
		{base + ".23", "11:00", "11-23 23:00"},
		{base + ".23", "10:59", "11-22 23:00"},
		{base + ".24", "09:00", "-"},
		{base + ".2026-11-23.24", "09:00", "-"},
		{base + ".2026-11-23", "09:00", "-"},
		{base + ".gz", "09:00", "-"},
		{"error/mysql-error.log", "09:00", "-"},
		{"", "09:00", "-"},
	}
	for _, test := range tests {
		written, err := time.Parse("2006-01-02 15:04", "2026-11-23 "+test.written)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := parseName(test.name)
		got := ""
		if !ok {
			got = "-"
		} else if !n.live() {
			got = n.rotated(written).Format("01-02 15:04")
		}
		if got != test.rotated {
			t.Errorf("%s, written at %s: %q, want %q", test.name, test.written, got, test.rotated)
		}
	}
}

// TestHoursOfWindow has the hours of a rotation whose file may hold entries from nine
// to ten, however late it was written to.
func TestHoursOfWindow(t *testing.T) {
	nine := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for rotated, want := range map[time.Duration]bool{
		-time.Hour: false, -time.Hour + time.Second: true, 2 * time.Hour: true, 2*time.Hour + time.Second: false,
	} {
		if got := overlaps(nine.Add(rotated), nine, nine.Add(time.Hour)); got != want {
			t.Errorf("rotated %v after nine: %v, want %v", rotated, got, want)
		}
	}
}

// TestReusedName: a file that is named by the hour alone is another one when it was
// last written to more than half an hour later.
func TestReusedName(t *testing.T) {
	ten := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for later, want := range map[time.Duration]int{30 * time.Minute: 0, 30*time.Minute + time.Millisecond: 1} {
		before := newListing([]File{{Name: liveName}, {Name: liveName + ".9", LastWritten: ten}})
		after := newListing([]File{{Name: liveName}, {Name: liveName + ".9", LastWritten: ten.Add(later)}})
		if got := before.rotatedSince(File{Name: liveName}, after); len(got) != want {
			t.Errorf("written %v later: rotated since are %v", later, got)
		}
	}
}

func TestMarkerForms(t *testing.T) {
	for text, want := range map[string]marker{
		"12:210510255":        {"12", 210510255},
		"2026-10-10.7:185849": {"2026-10-10.7", 185849},
		"0":                   {},
		"":                    {},
		"12:":                 {},
		"12:-1":               {},
		"a:b":                 {},
	} {
		got, known := parseMarker(text)
		if known != (want != marker{}) || known && (got != want || got.String() != text) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, known, want)
		}
	}
}
