package handler_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// TestWorlds is TestSimulation over the wire of RDS, in worlds in which more goes
// wrong than the invocations.
func TestWorlds(t *testing.T) {
	first := seed(t)
	hours := min(hoursOfARun, *simulated/8) // of each world
	for _, p := range []trouble{
		{name: "calm"},
		{name: "quiet hours have no file", quiet: rdstest.NoQuietFile},
		{name: "wrong times", wrongTime: 0.05},
		{name: "sleep", sleep: 0.1},
		{name: "files fail", fail: 0.15},
		{name: "files lag", lag: 0.15},
		{name: "readers vanish", vanish: 0.05},
		{name: "switchovers", rename: 0.03},
		{name: "restored", remake: 0.05},
		{name: "renamed, and no events for a day", rename: 0.03, remake: 0.02, gap: 0.03},
		{"all of it", rdstest.NoQuietFile, 0.05, 0.05, 0.05, 0.02, 0.02, 0.03, 0.01, 0.005},
	} {
		t.Run(p.name, func(t *testing.T) {
			for run := range max(1, *simulated/hoursOfARun/8) {
				if !t.Run(fmt.Sprint(first+uint64(run)), func(t *testing.T) { simulateFleet(t, first+uint64(run), hours, p, "") }) {
					t.Fatalf("SLOWDIGEST_SEED=%d repeats it", first+uint64(run))
				}
			}
		})
	}
}

// TestWorldsOfDays is TestWorlds where hours without news are not posted: what was not
// read at once corrects hours that have a message, and those that have none.
func TestWorldsOfDays(t *testing.T) {
	first := seed(t)
	for _, p := range []trouble{{name: "sleep", sleep: 0.1}, {name: "files lag", lag: 0.15}} {
		t.Run(p.name, func(t *testing.T) {
			for run := range max(1, *simulated/hoursOfARun/2) {
				if !t.Run(fmt.Sprint(first+uint64(run)), func(t *testing.T) { simulateFleet(t, first+uint64(run), 50, p, "09:00 Europe/Berlin") }) {
					t.Fatalf("SLOWDIGEST_SEED=%d repeats it", first+uint64(run))
				}
			}
		})
	}
}

func simulateFleet(t *testing.T, s uint64, hours int, p trouble, daily string) {
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	w := &world{t: t, rng: rand.New(rand.NewPCG(s, 15)), now: start, slack: slacktest.New(), s3: s3test.New(t, nil), logs: t.TempDir(),
		traffic: map[time.Time]bool{}, cuts: map[string]int{}, runs: map[string]int{}}
	defer w.slack.Close()
	if daily != "" {
		var err error
		if w.daily, err = handler.ParseDaily(daily); err != nil {
			t.Fatal(err)
		}
	}
	w.fleet = newInstances(w, p.quiet)
	defer w.fleet.rds.Close()
	w.fleet.begun = start.Add(time.Hour)
	for n := range hours {
		hour := start.Add(time.Duration(n) * time.Hour)
		w.at(hour, func() { w.fleet.hour(hour, p) })
		w.events(hour)
	}
	end := start.Add(time.Duration(hours) * time.Hour)
	for n := range 6 {
		hour := end.Add(time.Duration(n) * time.Hour)
		w.at(hour, func() { w.fleet.hour(hour, trouble{}) })
	}
	w.play(end.Add(6 * time.Hour)) // the last events may be five hours late
	w.quiet = true
	w.fleet.settle()
	for n := range 3 { // and some more in which all goes well
		hour := end.Add(time.Duration(6+n) * time.Hour)
		w.fleet.hour(hour, trouble{})
		w.at(hour.Add(65*time.Minute), func() { w.invoke(fmt.Sprint("last ", n), hourEnding(hour.Add(time.Hour)), 0) })
		w.play(hour.Add(90 * time.Minute))
	}
	w.fleet.check(end)
	if daily != "" {
		remembered, err := state.Read(t.Context(), state.NewS3Store(w.s3, s3test.Bucket, "prod"), state.Key(slacktest.Channel))
		if err != nil {
			t.Fatal(err)
		}
		w.checkDays(w.messages(), remembered.Since, end)
	}
	t.Logf("seed %d: %v, %d messages", s, w.runs, len(w.messages()))
}
