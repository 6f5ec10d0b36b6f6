package main

import (
	"strings"
	"testing"
	"time"
)

// steadyLog is an hour of two classes, one of which has some calls more or less; and more of it.
func steadyLog(start time.Time, calls int, more string) []byte {
	var b strings.Builder
	for n := range calls {
		at := start.Add(time.Duration(n) * time.Hour / time.Duration(calls))
		b.WriteString(slowEntry(at, 1.6+0.09*float64(n*7%10), 10, "SELECT a FROM orders WHERE id = 7"))
	}
	for n := range 60 {
		b.WriteString(slowEntry(start.Add(time.Duration(n)*time.Minute), 1.5, 10, "SELECT b FROM stock WHERE id = 7"))
	}
	return []byte(b.String() + more)
}

// TestAnIncidentIsNotToldAgain: a class whose incident is over is not WORSE AGAIN for the sake of
// that incident. The hour has 1.6 times the calls, which without the incident is no news.
func TestAnIncidentIsNotToldAgain(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for _, incident := range []bool{false, true} {
		state := t.TempDir()
		for n := range 124 {
			at := start.Add(time.Duration(n) * time.Hour)
			calls, more := 60+[]int{0, 5, -4, 7, -6, 3, -2}[n%7], ""
			if n == 110 && incident {
				for k := range 300 {
					more += slowEntry(at.Add(30*time.Minute+time.Duration(k)*3*time.Second), 30, 10, "SELECT a FROM orders WHERE id = 7")
				}
			}
			if n == 116 {
				calls = 100
			}
			title, _, message := slackHour(t, state, at, steadyLog(at, calls, more))
			if n > 111 && !strings.HasPrefix(title, "Nothing new on shop-1: ") {
				t.Errorf("incident %v, hour %d: %.120s: %v", incident, n, title, strings.Contains(message, "per hour in 12 hours"))
			}
		}
	}
}

// TestAnEndIsToldOnce: where the end of an incident is told, with the time of it, its class is not told to be
// back to usual in a later hour, as if it had been worse until then.
func TestAnEndIsToldOnce(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	state, over := t.TempDir(), 0
	for n := range 120 {
		at := start.Add(time.Duration(n) * time.Hour)
		calls, more := 60+[]int{0, 5, -4, 7, -6, 3, -2}[n%7], ""
		if n == 110 {
			for k := range 60 {
				more += slowEntry(at.Add(time.Duration(k)*time.Minute), 12, 10, "SELECT a FROM orders WHERE id = 7")
			}
		}
		title, _, message := slackHour(t, state, at, steadyLog(at, calls, more))
		switch {
		case strings.Contains(title, "INCIDENT OVER"):
			over = n
		case over > 0 && strings.Contains(message, "worse from"):
			t.Errorf("hour %d, the incident of hour 110 being over in hour %d: %.60s", n, over, title)
		}
	}
}
