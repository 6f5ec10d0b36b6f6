package digest

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A history is the same, to the byte, whether its hours come in order and whole, or
// in any order and in part at first, to be corrected later: nothing is counted
// twice, and nothing is left out.
func TestCorrectedHistoryIsThatOfAnUndisturbedRun(t *testing.T) {
	for run := range 20 {
		rng := rand.New(rand.NewPCG(simulationSeed(t), uint64(run)))
		tr := &traffic{rng: rng}
		for _, s := range tr.kinds() {
			tr.add(s)
		}
		var want, got History
		var all []*Report
		for at := firstHour; at < firstHour+historyHours; at++ {
			r := tr.hour(at)
			r.Classes = slices.DeleteFunc(r.Classes, func(Class) bool { return rng.IntN(4) == 0 })
			for i := range 3 {
				if rng.IntN(5) > 0 {
					r.Overall.ByInstance = append(r.Overall.ByInstance, InstanceTotal{Instance: string(rune('a' + i)), Calls: rng.Int64N(900), QueryTime: 900 * rng.Float64()})
				}
			}
			all = append(all, r)
			if err := want.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		for n := 0; n < len(all); n += 24 { // blocks of a day, some of them late
			day := slices.Clone(all[n:min(n+24, len(all))])
			rng.Shuffle(len(day), func(i, j int) { day[i], day[j] = day[j], day[i] })
			for _, r := range day {
				part := *r
				part.Coverage.Complete = false
				part.Classes = slices.DeleteFunc(slices.Clone(r.Classes), func(Class) bool { return rng.IntN(2) == 0 })
				part.Overall.QueryTime.Sum /= 2
				part.Overall.ByInstance = part.Overall.ByInstance[:len(part.Overall.ByInstance)/2]
				if rng.IntN(3) == 0 {
					mustAdd(t, got.Add(&part))
				}
			}
		}
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, r := range all {
			if rng.IntN(2) == 0 {
				mustAdd(t, got.Add(r)) // which changes nothing where there is a part of it
			}
			mustAdd(t, got.Correct(r))
			if rng.IntN(20) == 0 {
				got = *reread(t, &got)
			}
		}
		for _, r := range all[:10] {
			mustAdd(t, got.Correct(r))
			mustAdd(t, got.Add(r))
		}
		if a, b := marshal(t, got), marshal(t, want); a != b {
			t.Fatalf("run %d: the corrected history is\n%s\nwant\n%s", run, a, b)
		}
	}
}

// Hours of 14 days before the newest are kept one by one; an older one changes nothing.
func TestHourThatIsTooOldToAdd(t *testing.T) {
	for age, changes := range map[hour]bool{historyHours: true, historyHours + 1: false} {
		var h History
		mustAdd(t, h.Add(hourReport(firstHour+1000, work{10, 100})))
		before := marshal(t, h)
		mustAdd(t, h.Add(hourReport(firstHour+1000-age, work{10, 100})))
		if (marshal(t, h) != before) != changes {
			t.Errorf("an hour %d hours older: changes %v, want %v", age, !changes, changes)
		}
	}
}

func mustAdd(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
