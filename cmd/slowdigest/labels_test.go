package main

import (
	"strings"
	"testing"
	"time"
)

// TestLabelsFromHourToHour: a query is called the same in each message of a channel, whether
// one that is like it is in the hour or not; only the later of the two is renamed, when they
// first meet.
func TestLabelsFromHourToHour(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	const first, later = "SELECT a FROM stock WHERE id = 7", "SELECT b FROM stock WHERE id = 7"
	for n, hour := range []struct {
		sql  []string
		want []string // names, in the order of the time
	}{
		{[]string{first}, []string{"#1 SELECT stock by id"}},
		{[]string{first, later}, []string{"#1 SELECT stock by id", "#2 SELECT stock by id: b"}},
		{[]string{later}, []string{"#1 SELECT stock by id: b"}},
		{[]string{later, first}, []string{"#1 SELECT stock by id: b", "#2 SELECT stock by id"}},
		{[]string{first}, []string{"#1 SELECT stock by id"}},
	} {
		at := start.Add(time.Duration(n) * time.Hour)
		var log strings.Builder
		for i, sql := range hour.sql {
			for k := range 20 {
				log.WriteString(slowEntry(at.Add(time.Duration(k)*time.Minute), 5-float64(i), 10, sql))
			}
		}
		_, _, message := slackHour(t, state, at, []byte(log.String()))
		for _, want := range hour.want {
			if !strings.Contains(message, want+`"`) {
				t.Errorf("hour %d: no %q in %s", n, want, message)
			}
		}
	}
}
