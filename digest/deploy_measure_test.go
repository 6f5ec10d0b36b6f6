package digest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/digest/monthtest"
)

// deployWords counts what was said of months with deploys.
type deployWords struct {
	weeks float64
	told  map[string]int // trials that were told, and not fixed before, by what became of them
	fixed map[string]int // and told as FIXED when they were, by the same
	delay []int          // of those that were fixed: hours after the 24th whole one since
	wrong []string       // those told as FIXED that were not
	idle  int            // classes told as FIXED of which nothing had changed
	lost  []string

	began    map[string]*beginnings // by what began, and "NEW" or "WORSE"
	wrongly  []string
	idleWith int // of words that were said of what had not changed: those that name a release
	idleAll  int
}

// beginnings count changes that were told: those within an hour after a mark, with how many of these were named
// rightly and wrongly, and the others with how many were named.
type beginnings struct{ within, right, wrong, others, named int }

// deployReport is the report of an hour of a month with deploys.
func deployReport(m *monthtest.Month, n int) *Report {
	var classes []Class
	start := hourOf(m.First) + hour(n)
	m.Hour(n, func(q *monthtest.Query, calls []monthtest.Call) {
		seconds := make([]float64, len(calls))
		class := Class{ID: q.ID, Fingerprint: "select " + q.Kind, Timeline: make([]float64, timelineBuckets)}
		first := 1.0
		sum, squares := 0.0, 0.0
		for i, c := range calls {
			seconds[i], first = c.Seconds, min(first, c.At)
			class.Timeline[c.Part] += c.Seconds
			sum, squares = sum+c.Seconds, squares+c.Seconds*c.Seconds
		}
		slices.Sort(seconds)
		class.Calls, class.QueryTime = int64(len(seconds)), describeMonthly(seconds, sum)
		mean := sum / float64(len(seconds))
		class.QueryTime.StdDev = math.Sqrt(max(0, squares/float64(len(seconds))-mean*mean))
		class.FirstSeen = start.time().Add(time.Duration(first * float64(time.Hour)))
		classes = append(classes, class)
	})
	r := ranked(start, classes)
	for _, c := range classes {
		if least := r.Overall.QueryTime.Min; least == 0 || c.QueryTime.Min < least {
			r.Overall.QueryTime.Min = c.QueryTime.Min
		}
	}
	return r
}

func (w *deployWords) month(t testing.TB, seed uint64, size int) {
	m := monthtest.New(seed, size)
	load := 0.0
	for _, c := range m.Queries {
		load += c.Calls * c.Median * 1.3
	}
	marks, all := m.Deploy(load)
	of := map[string]*monthtest.Deployed{}
	for _, d := range all {
		of[d.ID] = d
	}
	told, fixed := map[string]int{}, map[string]int{}
	var h History
	next := 0
	for n := range monthtest.Days * hoursADay {
		r := deployReport(m, n)
		for ; next < len(marks) && marks[next].At < float64(n+1); next++ {
			h.MarkRelease(Release{Name: marks[next].Name, At: m.First.Add(time.Duration(marks[next].At * float64(time.Hour)))}, false)
		}
		h.Compare(r, Options{})
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
		h.MarkReported(r)
		for i := range r.Classes {
			c := &r.Classes[i]
			if d := of[c.ID]; d != nil && c.Leads() && told[c.ID] == 0 && float64(n+1) > d.Changed.From && (c.Change.Kind == New || c.Change.Kind == Worse) {
				told[c.ID] = n
				w.name(string(c.Change.Kind)+" | "+d.What, d, marks, d.Changed.From, c.Change.Release, fmt.Sprintf("%d/%d %s %s %.0f calls from %.2f told %d of %d h", size, seed, d.What, d.Kind, d.Calls, d.Changed.From, n, c.Change.MeanOf))
			} else if d == nil && c.Leads() {
				if w.idleAll++; c.Change.Release != nil {
					w.idleWith++
				}
			}
		}
		for _, f := range r.Past.Fixed {
			d := of[f.ID]
			switch {
			case d == nil || told[f.ID] == 0 || d.What == "new" && f.Was == Worse:
				w.idle++
			case fixed[f.ID] == 0:
				fixed[f.ID] = n
				until := d.Until()
				if d.Then == "fixed" && float64(n) >= until {
					w.name("FIXED | "+string(f.Was), d, marks, until, f.Release, fmt.Sprintf("%d/%d fix of %s %s %.0f calls at %.2f", size, seed, d.What, d.Kind, d.Calls, until))
				}
				if d.Then != "fixed" && d.Then != "once" || float64(n) < d.Until() {
					w.wrong = append(w.wrong, fmt.Sprintf("%d/%d %s %s %s %.0f calls, from %.1f told %d until %.1f fixed %d, %+v", size, seed, d.What, d.Then, d.Kind, d.Calls*max(1, d.Changed.Calls/1e9*1e9), d.Changed.From, told[f.ID], until, n, f))
				}
			}
		}
	}
	for id, n := range told {
		d := of[id]
		if until := d.Until(); until > 0 && float64(n) >= until && d.Then != "once" {
			continue // before it was told
		}
		if d.Fixed > float64(monthtest.Days*hoursADay-3*hoursADay) {
			continue
		}
		key := map[bool]string{true: "NEW", false: "WORSE"}[d.What == "new"] + " | " + d.Then
		w.told[key]++
		if fixed[id] > 0 {
			w.fixed[key]++
		}
		if d.Then == "fixed" {
			if fixed[id] == 0 {
				w.lost = append(w.lost, fmt.Sprintf("%d/%d %s %s tail %.1f %.0f calls, from %.1f told %d until %.1f", size, seed, d.What, d.Kind, d.Tail, d.Calls, d.Changed.From, n, d.Fixed))
				continue
			}
			w.delay = append(w.delay, fixed[id]-int(d.Fixed)-24)
		}
	}
	w.weeks += float64(monthtest.Days-15) / 7
}

// name counts whether the release was named with which something began.
func (w *deployWords) name(key string, d *monthtest.Deployed, marks []monthtest.Mark, began float64, named *Release, what string) {
	if d.Then == "job" || d.Then == "once" {
		return
	}
	if w.began == nil {
		w.began = map[string]*beginnings{}
	}
	b := w.began[key]
	if b == nil {
		b = new(beginnings)
		w.began[key] = b
	}
	i := monthtest.MarkOf(marks, began)
	name := ""
	if named != nil {
		name = named.Name
	}
	switch {
	case i < 0:
		if b.others++; name != "" {
			b.named++
		}
	case name == marks[i].Name:
		b.within++
		b.right++
	default:
		if b.within++; name != "" {
			b.wrong++
		}
	}
	if name != "" && (i < 0 || name != marks[i].Name) {
		k := slices.IndexFunc(marks, func(m monthtest.Mark) bool { return m.Name == name })
		w.wrongly = append(w.wrongly, fmt.Sprintf("%s: %s at %.2f, want %d", what, name, marks[k].At, i))
	}
}

func TestDeploys(t *testing.T) {
	var from, to uint64
	if _, err := fmt.Sscanf(*monthSeeds, "%d-%d", &from, &to); err != nil {
		t.Skip()
	}
	for _, size := range []int{300, 50} {
		var mu sync.Mutex
		var wait sync.WaitGroup
		sum := &deployWords{told: map[string]int{}, fixed: map[string]int{}}
		for seed := from; seed <= to; seed++ {
			wait.Go(func() {
				w := &deployWords{told: map[string]int{}, fixed: map[string]int{}}
				w.month(t, seed, size)
				mu.Lock()
				defer mu.Unlock()
				sum.weeks += w.weeks
				sum.idle += w.idle
				sum.idleAll, sum.idleWith = sum.idleAll+w.idleAll, sum.idleWith+w.idleWith
				sum.wrongly = append(sum.wrongly, w.wrongly...)
				for k, b := range w.began {
					if sum.began == nil {
						sum.began = map[string]*beginnings{}
					}
					if sum.began[k] == nil {
						sum.began[k] = new(beginnings)
					}
					x := sum.began[k]
					x.within, x.right, x.wrong, x.others, x.named = x.within+b.within, x.right+b.right, x.wrong+b.wrong, x.others+b.others, x.named+b.named
				}
				sum.delay = append(sum.delay, w.delay...)
				sum.wrong = append(sum.wrong, w.wrong...)
				sum.lost = append(sum.lost, w.lost...)
				for k, n := range w.told {
					sum.told[k] += n
				}
				for k, n := range w.fixed {
					sum.fixed[k] += n
				}
			})
		}
		wait.Wait()
		for _, k := range slices.Sorted(maps.Keys(sum.told)) {
			t.Logf("%d %s: told %d, fixed %d", size, k, sum.told[k], sum.fixed[k])
		}
		for _, k := range slices.Sorted(maps.Keys(sum.began)) {
			t.Logf("%d %s: %+v", size, k, *sum.began[k])
		}
		var total [2]beginnings
		for k, x := range sum.began {
			b := &total[one(strings.HasPrefix(k, "FIXED"))]
			b.within, b.right, b.wrong, b.others, b.named = x.within+b.within, x.right+b.right, x.wrong+b.wrong, x.others+b.others, x.named+b.named
		}
		t.Logf("%d TOTAL %+v", size, total)
		t.Logf("idle words %d, named %d; wrongly\n%s", sum.idleAll, sum.idleWith, strings.Join(sum.wrongly, "\n"))
		slices.Sort(sum.delay)
		var byThen, late int
		for _, d := range sum.delay {
			if d <= 0 {
				byThen++
			} else if d <= 24 {
				late++
			}
		}
		t.Logf("at once %d, within 24 h %d, of %d fixed", byThen, byThen+late, len(sum.delay)+len(sum.lost))
		t.Logf("delays %v; idle %d\nwrong %d:\n%s\nlost %d:\n%s", sum.delay, sum.idle, len(sum.wrong), strings.Join(sum.wrong, "\n"), len(sum.lost), strings.Join(sum.lost, "\n"))
	}
}
