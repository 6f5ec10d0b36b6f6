package main

import (
	"bytes"
	"testing"
	"time"

	"slowdigest/handler"
)

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		counts handler.Counts
		after  time.Duration
		want   string
	}{
		{handler.Counts{}, time.Second, "listing logs …"},
		{handler.Counts{Files: 3, Listed: 40e6}, time.Second, "reading: 0 of 3 files, 0.0 of 40.0 MB; Ctrl-C shows what there is"},
		{handler.Counts{Files: 3, Done: 1, Listed: 40e6, Read: 10e6}, 5 * time.Second, "reading: 1 of 3 files, 10.0 of 40.0 MB, 2.0 MB/s, 15s left; Ctrl-C shows what there is"},
		// The live file grows while it is read.
		{handler.Counts{Files: 1, Listed: 1e6, Read: 2e6}, time.Second, "reading: 0 of 1 files, 2.0 of 2.0 MB, 2.0 MB/s; Ctrl-C shows what there is"},
	} {
		if got := progressLine(c.counts, c.after); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// What is drawn is as wide as the terminal at most, or a line would be two, of which one is left.
func TestLiveFits(t *testing.T) {
	for width, want := range map[int]string{80: "listing logs …\n", 15: "listing logs …\n", 10: "listing …\n"} {
		l := &live{width: width, progress: new(handler.Progress)}
		if got := l.text(time.Second); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
}

// What is drawn takes the place of what was drawn before, and in the end nothing
// of it is left.
func TestLiveDrawsOverItself(t *testing.T) {
	var out bytes.Buffer
	l := &live{out: &out}
	l.draw("a\nb\n")
	l.draw("c\n")
	l.draw("")
	if got, want := out.String(), "a\nb\n\x1b[2A\r\x1b[Jc\n\x1b[1A\r\x1b[J"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
