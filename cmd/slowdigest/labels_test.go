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

// TestThreeNewAndALimitOfOne: of three queries that are new in an hour, one is named where the limit
// lets no more through, and the others are counted: they are no news in the next hours.
func TestThreeNewAndALimitOfOne(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	want := []string{"3 new", "Nothing new"}
	names := []string{"SELECT new_a by id", "SELECT new_b by id", "SELECT new_c by id"}
	for n := range 26 {
		at := start.Add(time.Duration(n) * time.Hour)
		var log strings.Builder
		for minute := range 60 {
			log.WriteString(slowEntry(at.Add(time.Duration(minute)*time.Minute), 5, 10, "SELECT a FROM old WHERE id = 7"))
			for k, table := range []string{"new_a", "new_b", "new_c"} {
				if n >= 24 {
					log.WriteString(slowEntry(at.Add(time.Duration(minute)*time.Minute+time.Second), 1-float64(k)/10, 10, "SELECT a FROM "+table+" WHERE id = 7"))
				}
			}
		}
		title, _, message := slackHour(t, state, at, []byte(log.String()), "--limit", "1")
		if n < 24 {
			continue
		}
		if !strings.HasPrefix(title, want[n-24]+" on shop-1: ") {
			t.Errorf("hour %d: %s", n, title)
		}
		if counted := strings.Contains(message, "and 2 more new"); counted != (n == 24) {
			t.Errorf("hour %d: the others are counted: %v", n, counted)
		}
		for k, name := range names {
			if named := strings.Contains(message, name); named != (k == 0 && n == 24) {
				t.Errorf("hour %d: %s is named: %v", n, name, named)
			}
		}
	}
}
