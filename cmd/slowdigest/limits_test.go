package main

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

// logAt is a log of an hour as a server writes it whose long_query_time is that many
// seconds: 60 classes, some of few and very long calls.
func logAt(longQueryTime float64) string {
	r := rand.New(rand.NewPCG(7, 0))
	var b strings.Builder
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range 6000 {
		class := int(60 * r.Float64() * r.Float64())
		took := longQueryTime + 0.002*r.ExpFloat64() + longQueryTime*r.ExpFloat64()/4
		if class > 40 {
			took += 100 * (longQueryTime + 0.01) * r.Float64()
		}
		name := string([]byte{'a' + byte(class/26), 'a' + byte(class%26)})
		b.WriteString(slowEntry(start.Add(time.Duration(i)*600*time.Millisecond), took, 1, "select a from t_"+name+" where id = 1"))
	}
	return b.String()
}

// TestALimitIsALimit: no format shows more classes than the limit says, whatever
// long_query_time is, and whatever they would be shown for.
func TestALimitIsALimit(t *testing.T) {
	query := regexp.MustCompile(`(?i)t_[a-c][a-z]`)
	for _, longQueryTime := range []float64{0, 1, 10} {
		log := write(t, "slow.log", logAt(longQueryTime))
		for limit, most := range map[string]int{"1": 1, "5": 5, "20": 20, "95%:20": 20, "10%:20": 20, "50%+0": 60, "50%:7+50": 7, "1%+2": 3} {
			for _, format := range formats {
				stdout, stderr, code := call(t, "", []string{"report", "--format", format, "--limit", limit, log})
				if code != 0 {
					t.Fatal(stderr)
				}
				classes := map[string]bool{}
				for _, name := range query.FindAllString(stdout, -1) {
					classes[strings.ToLower(name)] = true
				}
				if format == "json" {
					var r struct{ Classes []json.RawMessage }
					unmarshal(t, []byte(stdout), &r)
					if len(r.Classes) != len(classes) {
						t.Errorf("%d classes in JSON, %d named", len(r.Classes), len(classes))
					}
				}
				if len(classes) == 0 || len(classes) > most {
					t.Errorf("long_query_time %v, limit %s, %s: %d classes, want %d at most", longQueryTime, limit, format, len(classes), most)
				}
			}
		}
	}
	stdout, _, _ := call(t, "", []string{"report", "--format", "json", "--limit", "1%+2", write(t, "slow.log", logAt(1))})
	if n := strings.Count(stdout, `"rank"`); n != 3 {
		t.Errorf("of a log with outliers, 1%%+2 shows %d", n)
	}
}

// TestALimitIsALimitOfADeploy: nor does the hour of a deploy name more in any message, and those beyond the limit count.
func TestALimitIsALimitOfADeploy(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	name := func(i int) string { return "t_" + string([]byte{'a' + byte(i/26), 'a' + byte(i%26)}) }
	table := regexp.MustCompile(`(?i)t_[a-c][a-z]`)
	for limit, most := range map[string]int{"1": 1, "5": 5, "95%:10": 10} {
		state := t.TempDir()
		for n := range 32 {
			at := start.Add(time.Duration(n) * time.Hour)
			var log strings.Builder
			for i := range 60 {
				if i < 2 || n == 31 {
					calls := 20
					if i > 26 {
						calls = 1
					}
					for k := range calls {
						log.WriteString(slowEntry(at.Add(time.Duration(i+60*k)*time.Second), 3, 1, "select a from "+name(i)+" where id = 1"))
					}
				}
			}
			title, _, all := slackHour(t, state, at, []byte(log.String()), "--limit", limit)
			if n < 31 {
				continue
			}
			names := map[string]bool{}
			for _, name := range table.FindAllString(all, -1) {
				names[strings.ToLower(name)] = true
			}
			if len(names) == 0 || len(names) > most || !strings.Contains(title, "58 new") {
				t.Errorf("limit %s: %d named, title %s", limit, len(names), title)
			}
			if !strings.Contains(all, "33 classes, 6% together") || !strings.Contains(all, " more new (") {
				t.Errorf("limit %s: not all count: %.1500s", limit, all)
			}
		}
	}
}
