package digest

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

var monthSeeds = flag.String("months", "", "measure the rule on months of these seeds, as 101-108, and print it")

// monthWords counts what was said of months.
type monthWords struct {
	weeks        float64
	false_       map[string]int // by word, and by word and kind of traffic
	odd, oddTrue int
	led          int            // digests that a false word leads
	inEvents     map[string]int // words in hours of events, and the hour after
	delays       map[string][]int
	trials       map[string]int
}

func (w *monthWords) month(t testing.TB, seed uint64, classes int) {
	m := newMonth(seed, classes)
	load := 0.0
	for _, c := range m.classes {
		load += c.calls * c.median * 1.3
	}
	of := map[string]*monthly{}
	for _, c := range m.change(load) {
		of[c.id] = c
	}
	byID := map[string]*monthly{}
	for _, c := range m.classes {
		byID[c.id] = c
	}
	found, due := map[string]bool{}, map[string]int{}
	var h History
	for n := range monthDays * hoursADay {
		r := m.report(n)
		h.Compare(r, Options{})
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
		h.MarkReported(r)
		day := n / hoursADay
		said := func(id string, kind ChangeKind, leads bool) {
			c := byID[id]
			if x := of[id]; x != nil && float64(n+1) > x.changes.from {
				want := map[string]ChangeKind{"gone": Gone, "new": New}[x.changes.what]
				if want == "" {
					want = Worse
				}
				if kind == want && leads && !found[id] {
					found[id] = true
					if due[id] == 0 {
						due[id] = n
					}
					key := x.group()
					w.delays[key] = append(w.delays[key], n-due[id])
				}
				return
			}
			if !leads || day < 9 {
				return
			}
			for _, e := range m.events {
				if float64(n+1) > e.from && float64(n) < e.to+1 {
					w.inEvents[e.what]++
					return
				}
			}
			w.false_[string(kind)]++
			kindOf := c.kind
			if c.tail > 0 {
				kindOf += " heavy"
			}
			w.false_[string(kind)+" "+kindOf]++
		}
		for _, c := range r.Classes {
			if x := of[c.ID]; x != nil && due[c.ID] == 0 && x.due(n, &c, r) {
				due[c.ID] = n
			}
		}
		for id, x := range of {
			if x.changes.what == "gone" && n > int(x.changes.from) && due[id] == 0 {
				due[id] = n
			}
		}
		if h.hours[len(h.hours)-1].odd {
			w.odd++
			for _, e := range m.events {
				if float64(n+1) > e.from && float64(n) < e.to {
					w.oddTrue++
					break
				}
			}
		}
		before := w.false_["NEW"] + w.false_["WORSE"] + w.false_["BACK"]
		for _, c := range r.Classes {
			if c.Change != nil && !(c.Change.Kind == Worse && (!c.Change.Since.IsZero() || c.Change.Common)) {
				said(c.ID, c.Change.Kind, c.Leads())
			}
		}
		for _, g := range r.Past.Gone {
			said(g.ID, Gone, true)
		}
		if w.false_["NEW"]+w.false_["WORSE"]+w.false_["BACK"] > before {
			w.led++
		}
	}
	w.weeks += float64(monthDays-9) / 7
	for id, c := range of {
		if due[id] > 0 {
			w.trials[c.group()]++
		}
	}
}

// due reports whether a changed class is worth a word in a whole hour since.
func (c *monthly) due(n int, now *Class, r *Report) bool {
	x := c.changes
	size := x.calls * x.time
	switch {
	case x.what == "new":
		return now.QueryTime.Sum >= minTime && now.Share >= minShare
	case x.flip:
		size = 2.9
	}
	more := now.QueryTime.Sum * (1 - 1/size)
	return n > int(x.from) && more >= minTime && more >= minShare*r.Overall.QueryTime.Sum && (c.job() || c.calls < 30 || now.Calls >= 30)
}

func (c *monthly) group() string {
	if c.job() {
		return c.changes.what
	}
	rate, kind := "under 30 calls", "steady"
	calls := c.calls
	if c.changes.what == "new" {
		calls *= 1e9
	}
	if calls >= 30 {
		rate = "30 calls or more"
	}
	if c.tail > 0 || c.kind == "bursts" {
		kind = "bursty or long-tailed"
	}
	return c.changes.what + ", " + kind + ", " + rate
}

func (w *monthWords) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.1f channel-weeks: led by a false word %.2f a week, words in hours of events %v, odd hours %d of them in events %d\n", w.weeks, float64(w.led)/w.weeks, w.inEvents, w.odd, w.oddTrue)
	for _, k := range slices.Sorted(maps.Keys(w.false_)) {
		fmt.Fprintf(&b, "  %-30s %.2f a week\n", k, float64(w.false_[k])/w.weeks)
	}
	for _, k := range slices.Sorted(maps.Keys(w.trials)) {
		d := w.delays[k]
		slices.Sort(d)
		within := func(h int) int { n, _ := slices.BinarySearch(d, h+1); return n }
		fmt.Fprintf(&b, "  %-50s of %2d: 1st hour %2d, 2nd %2d, 24 h %2d, ever %2d\n", k, w.trials[k], within(0), within(1), within(23), len(d))
	}
	return b.String()
}

func TestMonths(t *testing.T) {
	if *monthSeeds == "" {
		t.Skip("measures only when asked")
	}
	var from, to uint64
	if _, err := fmt.Sscanf(*monthSeeds, "%d-%d", &from, &to); err != nil {
		t.Fatal(err)
	}
	for _, classes := range []int{300, 50} {
		w := &monthWords{false_: map[string]int{}, delays: map[string][]int{}, trials: map[string]int{}, inEvents: map[string]int{}}
		for seed := from; seed <= to; seed++ {
			w.month(t, seed, classes)
		}
		t.Logf("%d classes: %s", classes, w)
	}
}
