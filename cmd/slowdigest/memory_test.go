package main

import (
	"bufio"
	"os/exec"
	"testing"
)

// What a report takes in memory depends neither on the length of the log, nor, beyond some classes, on
// what is in it. Half of it is the program.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: reads logs of 250 MB")
	}
	for name, test := range map[string]struct {
		least int64 // bytes of the log
		write func(testing.TB, *bufio.Writer)
		most  int64 // MiB resident
	}{
		"300 classes":                           {60e6, ordinaryLog, 44},
		"long statements":                       {60e6, realLogs, 44},
		"500,000 classes, with users and hosts": {1, func(_ testing.TB, w *bufio.Writer) { classesLog(w, 500_000) }, 100},
	} {
		log, size := logOf(t, test.least, test.write)
		var u used
		u.follow(t, exec.Command(built(t), "report", log))
		t.Logf("%s: %d KiB for a log of %.0f MB", name, u.kilobytes, float64(size)/1e6)
		if u.kilobytes == 0 || u.kilobytes > test.most<<10 {
			t.Errorf("%s: %d KiB, and %d MiB are the most", name, u.kilobytes, test.most)
		}
	}
}
