package live

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/handler"
)

func TestLine(t *testing.T) {
	one := handler.Counts{Files: 1, Listed: 40e6, Read: 10e6}
	three := handler.Counts{Files: 3, Done: 1, Listed: 4e9, Read: 1e9}
	for _, c := range []struct {
		o      Options
		counts handler.Counts
		rate   float64
		width  int
		want   string
	}{
		{Options{}, handler.Counts{}, 0, 80, "listing logs …"},
		{Options{}, handler.Counts{}, 0, 10, "listing l…"},
		{Options{}, one, 0, 80, "reading  █████░░░░░░░░░░░░░░░   25%  10.0 of 40.0 MB  Ctrl-C shows what there is"},
		{Options{}, one, 2e6, 80, "███████░░░░░░░░░░░░░░░░░░░░░░░   25%  10.0 of 40.0 MB  2.0 MB/s  15s left"},
		{Options{}, one, 2e6, 120, "reading  ███████░░░░░░░░░░░░░░░░░░░░░░░   25%  10.0 of 40.0 MB  2.0 MB/s  15s left  Ctrl-C shows what there is"},
		{Options{What: "a.log"}, one, 2e6, 100, "a.log  █████░░░░░░░░░░░░░░░░░   25%  10.0 of 40.0 MB  2.0 MB/s  15s left  Ctrl-C shows what there is"},
		{Options{What: "a.log", Step: "window 1 of 2"}, one, 2e6, 120, "a.log  window 1 of 2  ██████░░░░░░░░░░░░░░░░░░░░░   25%  10.0 of 40.0 MB  2.0 MB/s  15s left  Ctrl-C shows what there is"},
		{Options{What: "a.log", Step: "window 1 of 2"}, one, 2e6, 80, "window 1 of 2  █████░░░░░░░░░░░░░░░░░   25%  10.0 of 40.0 MB  2.0 MB/s  15s left"},
		{Options{What: "a.log", Step: "window 1 of 2"}, one, 2e6, 39, "window 1 of 2 ██░░░░░░░░░  25% 15s left"},
		{Options{What: "a.log", Step: "window 1 of 2"}, handler.Counts{Files: 1, Read: 1.5e6, Unsized: true}, 5e5, 40, "window 1 of 2 1.5 MB 0.5 MB/s in 3s"},
		{Options{}, one, 2e6, 60, "████░░░░░░░░░░░░░   25%  10.0 of 40.0 MB  2.0 MB/s  15s left"},
		{Options{}, one, 2e6, 39, "██░░░░░░░  25% 10.0 of 40.0 MB 15s left"},
		{Options{}, one, 2e6, 19, "█░░░░  25% 15s left"},
		{Options{}, one, 2e6, 9, "25%"},
		{Options{}, one, 2e6, 2, "2…"},
		{Options{}, three, 1e6, 140, "reading  ███████░░░░░░░░░░░░░░░░░░░░░░░   25%  1.00 of 4.00 GB  1.0 MB/s  50m00s left  1 of 3 files  Ctrl-C shows what there is"},
		{Options{}, handler.Counts{Files: 1, Listed: 40e6, Read: 39.9e6}, 2e6, 60, "████████████████░   99%  39.9 of 40.0 MB  2.0 MB/s  <1s left"},
		// A part of the file lies outside the window, or the live file grows while it is read.
		{Options{}, handler.Counts{Files: 1, Listed: 40e6, Skipped: 30e6, Read: 5e6}, 1e6, 60, "█████████░░░░░░░░░░   50%  5.0 of 10.0 MB  1.0 MB/s  5s left"},
		{Options{}, handler.Counts{Files: 1, Listed: 1e6, Read: 2e6}, 2e6, 60, "███████████████████  100%  2.0 of 2.0 MB  2.0 MB/s  <1s left"},
		// Pipes and the standard input have no size.
		{Options{}, handler.Counts{Files: 2, Listed: 40e6, Read: 1.5e6, Unsized: true}, 5e5, 80, "reading  1.5 MB  0.5 MB/s  in 3s  0 of 2 files  Ctrl-C shows what there is"},
		{Options{}, handler.Counts{Files: 1, Read: 1.5e6, Unsized: true}, 5e5, 20, "1.5 MB 0.5 MB/s"},
		{Options{}, handler.Counts{Files: 1, Read: 0}, 0, 5, "0.0 …"},
		{Options{Follow: true}, handler.Counts{Files: 3, Read: 1.5e6, Unsized: true}, 5e5, 80, "following 3 logs:  1.5 MB  in 3s  Ctrl-C ends it with the digest"},
		{Options{Follow: true}, handler.Counts{Files: 1, Read: 1.5e6, Unsized: true}, 5e5, 30, "following 1 log: 1.5 MB in 3s"},
	} {
		got := line(c.o, c.counts, c.rate, 3*time.Second, c.width)
		if got != c.want {
			t.Errorf("%d columns:\n%s\nwant\n%s", c.width, got, c.want)
		}
	}
	for width := range 200 {
		for _, c := range []handler.Counts{{}, one, three, {Files: 9, Unsized: true}} {
			if got := line(Options{What: "a name"}, c, 12345678, time.Hour, width); ansi.StringWidth(got) > width || strings.Contains(got, "\n") {
				t.Errorf("%d columns: %q", width, got)
			}
		}
	}
}

// The time left goes by the last ten seconds: a log that is read faster at first does not promise
// what it does not keep, and one answer that is late changes little.
func TestRate(t *testing.T) {
	var r rate
	if r.perSecond() != 0 {
		t.Error("a rate of nothing")
	}
	at, read := time.Unix(0, 0), int64(0)
	var before float64
	for i := range 200 { // 100 s
		step := int64(50)
		if i < 40 {
			step = 500
		}
		if i%2 == 0 {
			read += 2 * step
		}
		r.add(at, read)
		at = at.Add(redraw)
		now := r.perSecond()
		switch {
		case i > 25 && i < 40 && (now < 900 || now > 1100):
			t.Errorf("at %d: %v, and not 1000", i, now)
		case i > 65 && (now < 90 || now > 110):
			t.Errorf("at %d: %v, and not 100", i, now)
		case i > 20 && (now > before*1.3 || now < before*0.5):
			t.Errorf("at %d it jumps from %v to %v", i, before, now)
		}
		before = now
	}
	if len(r.samples) > 25 {
		t.Errorf("%d samples are kept", len(r.samples))
	}
}

// What is drawn takes the place of what was drawn before, and in the end nothing of it is left; also
// where the terminal has broken lines, having become narrower.
func TestScreenDrawsOverItself(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out}
	s.draw("a\n\x1b[1mbbbbbbbbbb\x1b[0m\n", 10)
	s.draw("c\n", 10)
	s.draw("dddddddddd\n", 10)
	s.draw("e\n", 4)
	s.draw("", 10)
	s.draw("", 10)
	if got, want := out.String(), "a\n\x1b[1mbbbbbbbbbb\x1b[0m\n\x1b[2A\r\x1b[Jc\n\x1b[1A\r\x1b[Jdddddddddd\n\x1b[3A\r\x1b[Je\n\x1b[1A\r\x1b[J"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A ranking is as high as the terminal at most, and there is none where it does not fit.
func TestRankingFits(t *testing.T) {
	o := Options{Getenv: func(string) string { return "" }, Report: func() *digest.Report {
		return &digest.Report{Version: 1, Overall: digest.Overall{Totals: digest.Totals{Calls: 1}}, Classes: make([]digest.Class, 30)}
	}}
	if got := strings.Count(o.ranking(80, 24), "\n"); got != 21 {
		t.Errorf("%d lines of 24", got)
	}
	if got := o.ranking(80, 2) + o.ranking(39, 24); got != "" {
		t.Errorf("%q", got)
	}
}

func TestTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if Terminal(null, os.Getenv) != nil || Terminal(new(bytes.Buffer), os.Getenv) != nil {
		t.Error("what is no terminal is taken for one")
	}
	Watch(Options{Stderr: null, Getenv: os.Getenv})()
}
