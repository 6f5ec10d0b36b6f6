package main

import (
	"bufio"
	"os/exec"
	"testing"
)

// What a report takes in memory depends neither on the length of the log, nor, beyond some classes, on
// what is in it. Two thirds of it are the program, where there are few classes. On a quiet machine it takes
// 30, 25 and 61 MiB; where others run the collector comes later.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: reads logs of 250 MB")
	}
	for name, test := range map[string]struct {
		least int64 // bytes of the log
		write func(testing.TB, *bufio.Writer)
		most  int64 // MiB resident
	}{
		"300 classes":                           {60e6, ordinaryLog, 34},
		"long statements":                       {60e6, realLogs, 34},
		"500,000 classes, with users and hosts": {1, func(_ testing.TB, w *bufio.Writer) { classesLog(w, 500_000) }, 70},
	} {
		log, size := logOf(t, test.least, test.write)
		var u used
		u.follow(t, exec.Command(built(t), "report", log))
		t.Logf("%s: %d KiB for a log of %.0f MB", name, u.kilobytes, float64(size)/1e6)
		if u.kilobytes == 0 || u.kilobytes > test.most<<10 {
			t.Errorf("%s: %d KiB, and %d MiB are to be the most", name, u.kilobytes, test.most)
		}
	}
}
