package advice

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// hours are rotated files of the sizes, the last of the hour before noon.
func hours(sizes ...int64) (files []source.File) {
	for n, size := range sizes {
		files = append(files, source.File{Size: size, LastWritten: noon.Add(time.Duration(n-len(sizes)+1) * time.Hour)})
	}
	return files
}

func TestMeasure(t *testing.T) {
	at := func(size int64, ago time.Duration) source.File {
		return source.File{Size: size, LastWritten: noon.Add(-ago)}
	}
	for _, c := range []struct {
		name  string
		files []source.File
		want  Log
	}{
		{"none", nil, Log{}},
		{"one", hours(7), Log{1, 7, 7}},
		{"three", hours(1, 5, 3), Log{3, 9, 5}},
		{"24 hours", append(hours(5), at(3, 23*time.Hour)), Log{24, 8, 5}},
		{"the beginning of the 24th", append(hours(5), at(3, 24*time.Hour-1)), Log{24, 8, 5}},
		{"a day and an hour", append(hours(5), at(30, 24*time.Hour)), Log{1, 5, 5}},
		{"a quiet hour without a file", append(hours(5), at(3, 2*time.Hour)), Log{3, 8, 5}},
		{"two files of an hour", append(hours(5), at(3, 10*time.Minute)), Log{1, 8, 5}},
	} {
		if got := Measure(c.files); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestCost(t *testing.T) {
	const slow, fast = 270_000_000, 810_000_000 // what 15 minutes read at 0.3 and 0.9 MB/s
	for _, c := range []struct {
		sizes   []int64
		most    int64
		verdict string
		text    string
	}{
		{nil, 0, "ok", "not known: no log of a whole hour is listed"},
		{[]int64{0}, 0, "ok", "0 B per hour, 0 B in the largest of 1: up to 0s of the function per hour, less than $0.01 per month"},
		{[]int64{10e6}, 0, "ok", "10 MB per hour, 10 MB in the largest of 1: up to 33.3s of the function per hour, $0.08 per month"},
		{[]int64{10e6, 30e6}, 0, "ok", "20 MB per hour, 30 MB in the largest of 2: up to 1m07s of the function per hour, $0.16 per month"},
		{[]int64{slow}, 0, "ok", "270 MB per hour, 270 MB in the largest of 1: up to 15m00s of the function per hour, $2.19 per month"},
		{[]int64{slow + 1}, 0, "warning", "270 MB per hour, 270 MB in the largest of 1: up to 15m00s of the function per hour, $2.19 per month; the largest may take longer than the 15 minutes of a run"},
		{[]int64{0, fast}, 0, "warning", "405 MB per hour, 810 MB in the largest of 2: up to 15m00s of the function per hour, $2.19 per month; the largest may take longer than the 15 minutes of a run"},
		{[]int64{0, fast + 1}, 0, "warning", "405 MB per hour, 810 MB in the largest of 2: up to 15m00s of the function per hour, $2.19 per month; the largest cannot be read within the 15 minutes of a run"},
		{[]int64{fast + 1}, slow, "ok", "810 MB per hour, 810 MB in the largest of 1: up to 15m00s of the function per hour, $2.19 per month; SLOWDIGEST_MAX_BYTES leaves 540 MB of the largest unread"},
		{[]int64{10e6}, 10e6, "ok", "10 MB per hour, 10 MB in the largest of 1: up to 33.3s of the function per hour, $0.08 per month"},
		{[]int64{10e6}, 10e6 - 1, "ok", "10 MB per hour, 10 MB in the largest of 1: up to 33.3s of the function per hour, $0.08 per month; SLOWDIGEST_MAX_BYTES leaves 1 B of the largest unread"},
	} {
		if j := Measure(hours(c.sizes...)).Cost(c.most); j.Verdict != c.verdict || j.Text != c.text || j.Subject != "cost" {
			t.Errorf("%v, %d at most: %s: %s", c.sizes, c.most, j.Verdict, j.Text)
		}
	}
	// What is said to do helps.
	if j := Measure(hours(fast + 1)).Cost(250e6); j.Verdict != "ok" || !strings.Contains(CostFix, "=250MB") {
		t.Errorf("%+v", j)
	}
}

// The function has the memory and the time that is reckoned with, and the pages say so.
func TestFunctionIsAsReckoned(t *testing.T) {
	for path, wants := range map[string][]string{
		"../../../serverless.yml": {fmt.Sprintf("\n  memorySize: %d\n", int(gigabytes*1024)), fmt.Sprintf("\n      timeout: %d\n", int(runTime.Seconds()))},
		"../../../docs/operations.md": {fmt.Sprintf("%.1f MB/s, the slowest", slowest/1e6), fmt.Sprintf("more than %d MB may not", int(slowest*runTime.Seconds()/1e6)),
			fmt.Sprintf("more than %d MB cannot", int(fastest*runTime.Seconds()/1e6))},
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) && !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
				t.Errorf("%s does not say %q", path, want)
			}
		}
	}
}
