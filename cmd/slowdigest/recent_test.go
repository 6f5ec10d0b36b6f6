package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// The examples in testdata are of the day exampleDay. An event of it was served while
// logs were kept of it, so in tests it all happens on the day recentDay.
var (
	exampleDay = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	recentDay  = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
)

var (
	// No later date is one of an example's, for it may be today's.
	exampleDate  = regexp.MustCompile(`2026-11-([01]\d|2[0-4])`)
	setTimestamp = regexp.MustCompile(`SET timestamp=\d+`)
)

// recent moves the times of a text, which may be a log, an event or a state.
func recent(text string) string {
	shift := recentDay.Sub(exampleDay)
	text = exampleDate.ReplaceAllStringFunc(text, func(date string) string {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return date
		}
		return day.Add(shift).Format(time.DateOnly)
	})
	return setTimestamp.ReplaceAllStringFunc(text, func(set string) string {
		seconds, _ := strconv.ParseInt(set[len("SET timestamp="):], 10, 64)
		return "SET timestamp=" + strconv.FormatInt(seconds+int64(shift/time.Second), 10)
	})
}

// example returns an event of testdata.
func example(t *testing.T, name string) []byte {
	t.Helper()
	return []byte(recent(string(read(t, "../../testdata/events/"+name+".json"))))
}

// recentFiles copies the files of a directory whose names match into another.
func recentFiles(t testing.TB, from, to, names string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(from, names))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(f)), []byte(recent(string(text))), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
