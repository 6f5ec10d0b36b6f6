package digest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"slowdigest/digest/monthtest"
)

// A long_query_time that is lowered from a second to a tenth is one sentence: what is seen for that is
// not NEW, and what has more calls for that is not WORSE, then and for two days.
func TestLowerLongQueryTime(t *testing.T) {
	for _, short := range []int{manyLogged, manyLogged - 1} {
		var h History
		rng := rand.New(rand.NewPCG(1, 2))
		at := dayHour(10, 6)
		for i := firstHour; i < at+2*hoursADay; i++ {
			var classes []Class
			add := func(id, calls int, least, each float64) {
				n := calls*9/10 + rng.IntN(calls/5)
				c := classOf(fmt.Sprintf("%032X", id), work{float64(n) * each, int64(n)})
				c.QueryTime.Min, c.QueryTime.Max, c.QueryTime.Median = least, 3*each, each
				classes = append(classes, c)
			}
			least := 1.0
			if i >= at {
				least = 0.1
				for k := range short {
					add(100+k, 500, 0.1, 0.3)
				}
			}
			for k := range 20 {
				if i < at {
					add(1+k, 100, 1, 2)
				} else {
					add(1+k, 500, 0.1, 0.6)
				}
			}
			r := ranked(i, classes)
			r.Overall.QueryTime.Min = least
			h.pass(t, r)
			x := r.Past.Logged
			if want := i == at && short >= manyLogged; (x != nil) != want || want && x.Classes != short {
				t.Errorf("%d classes, hour %d: %+v", short, i-at, x)
			}
			if words := r.Past.New + r.Past.Worse; i > dayHour(3, 0) && (words > 0 || r.Past.Incident != nil) && (i < at || short >= manyLogged) {
				t.Errorf("%d classes, hour %d: %d new, %d worse, %+v", short, i-at, r.Past.New, r.Past.Worse, r.Past.Incident)
			}
			h = *reread(t, &h)
		}
	}
}

// A long_query_time that is raised from a tenth of a second to one is one sentence, too: what has fewer
// calls for that, each longer, is neither WORSE nor BETTER nor GONE, and no incident, then and for two days.
func TestHigherLongQueryTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		queries int
		to      float64 // seconds
		said    bool
	}{{"tenfold", 24, 1, true}, {"fivefold", 24, 0.5, true}, {"as it was", 24, 0.1, false}, {"tenfold, of few calls", 2, 1, false}} {
		var h History
		rng := rand.New(rand.NewPCG(3, 4))
		at := dayHour(15, 6)
		times, words := 0, map[string]int{}
		for i := firstHour; i < at+2*hoursADay; i++ {
			least := 0.1
			if i >= at {
				least = c.to
			}
			var classes []Class
			for k := range c.queries {
				var seconds []float64
				sum := 0.0
				for range monthtest.Poisson(rng, 40+10*float64(k)) {
					if s := (0.15 + 0.1*float64(k)) * math.Exp(0.8*rng.NormFloat64()); s >= least {
						seconds = append(seconds, s)
						sum += s
					}
				}
				if slices.Sort(seconds); seconds != nil {
					class := Class{ID: fmt.Sprintf("%032X", k+1), Fingerprint: "select a", Totals: Totals{Calls: int64(len(seconds)), QueryTime: describeMonthly(seconds, sum)}}
					classes = append(classes, class)
				}
			}
			r := ranked(i, classes)
			for k := range r.Classes {
				if m := r.Classes[k].QueryTime.Min; k == 0 || m < r.Overall.QueryTime.Min {
					r.Overall.QueryTime.Min = m
				}
			}
			h.pass(t, r)
			if x := r.Past.Logged; x != nil {
				times++
				if i != at || x.Now < x.Before {
					t.Errorf("%s, hour %d: %+v", c.name, i-at, x)
				}
			}
			if i >= at {
				for k := range r.Classes {
					if x := r.Classes[k].Change; x != nil {
						words[string(x.Kind)]++
					}
				}
				if len(r.Past.Gone) > 0 {
					words["GONE"]++
				}
				if r.Past.Incident != nil {
					words["INCIDENT"]++
				}
			}
			h = *reread(t, &h)
		}
		if times != map[bool]int{true: 1}[c.said] || len(words) > 0 {
			t.Errorf("%s: it is said %d times, and of queries %v", c.name, times, words)
		}
	}
}

// What a long_query_time that is raised hides is not GONE, if it hides many classes. One that is no longer called is.
func TestRaiseLongQueryTime(t *testing.T) {
	for _, c := range []struct {
		name  string
		short int // classes whose calls take half a second
		raise bool
		gone  int
	}{{"raised", manyLogged, true, 0}, {"few", manyLogged - 1, true, manyLogged - 1}, {"no longer called", manyLogged, false, manyLogged}} {
		var h History
		gone := 0
		at := dayHour(15, 6)
		for i := firstHour; i < at+2*hoursADay; i++ {
			var classes []Class
			add := func(id, calls int, least, each float64) {
				c := classOf(fmt.Sprintf("%032X", id), work{float64(calls) * each, int64(calls)})
				c.QueryTime.Min, c.QueryTime.Max, c.QueryTime.Median = least, 3*each, each
				classes = append(classes, c)
			}
			least := 0.1
			if i >= at && c.raise {
				least = 1
			}
			for k := range c.short {
				if i < at {
					add(100+k, 200, 0.1, 0.5)
				}
			}
			for k := range 10 {
				add(1+k, 100, least, 3)
			}
			r := ranked(i, classes)
			r.Overall.QueryTime.Min = least
			h.pass(t, r)
			gone += len(r.Past.Gone)
			if words := r.Past.New + r.Past.Worse; i > dayHour(3, 0) && words > 0 {
				t.Errorf("%s, hour %d: %d words", c.name, i-at, words)
			}
			h = *reread(t, &h)
		}
		if gone != c.gone {
			t.Errorf("%s: %d are gone, want %d", c.name, gone, c.gone)
		}
	}
}

// The query with the shortest calls of a log becomes slow at the full hour, as with a deploy: that is WORSE, and
// no other long_query_time, whether it has as many calls or waits for itself.
func TestShortestIsSlow(t *testing.T) {
	for _, c := range []struct {
		name        string
		calls       int64
		each        float64
		said, worse bool
	}{{"as many", 1000, 0.5, false, true}, {"two thirds of them", 670, 0.5, false, true}, {"half of them, of as much time", 500, 0.12, true, false},
		{"over three quarters", 800, 0.06, false, false}, {"fewer", 700, 0.06, true, false}, {"half, of over 1.5 times the time", 500, 0.16, false, true}, {"of less", 500, 0.14, true, false}} {
		var h History
		at := dayHour(15, 6)
		var last *Report
		for i := firstHour; i <= at; i++ {
			busy := work{50, 1000}
			least := 0.015
			if i == at {
				busy, least = work{float64(c.calls) * c.each, c.calls}, 0.11
			}
			r := hourReport(i, busy)
			for k := range r.Classes {
				x := &r.Classes[k]
				if x.QueryTime.Min, x.QueryTime.Median = 0.2, 0.3; x.ID == watched {
					x.QueryTime.Min, x.QueryTime.Median = least, x.QueryTime.Sum/float64(x.Calls)
				}
			}
			r.Overall.QueryTime.Min = least
			h.pass(t, r)
			last = r
		}
		worse := classIn(t, last, watched).Change
		if (last.Past.Logged != nil) != c.said || (worse != nil && worse.Kind == Worse || last.Past.Incident != nil) != c.worse {
			t.Errorf("%s: %+v, %+v, %+v", c.name, last.Past.Logged, worse, last.Past.Incident)
		}
	}
}

// At its bounds: 50 calls, of which the shortest is ten steps of 7 % above the highest of the shortest
// of the day before, half of which has to be known.
func TestRaisedAtItsBounds(t *testing.T) {
	highest := levelOf(0.1, p95Unit)
	for _, test := range []struct {
		name  string
		calls int64
		least level
		known int
		want  bool
	}{
		{"all of them", 50, highest + doubled, hoursADay / 2, true},
		{"a call less", 49, highest + doubled, hoursADay / 2, false},
		{"a step less", 50, highest + doubled - 1, hoursADay / 2, false},
		{"an hour less", 50, highest + doubled, hoursADay/2 - 1, false},
	} {
		h := History{classes: map[string]*past{
			"close": {first: now - 20, last: now - 1, hours: []classHour{{at: now - 1, time: 100, typical: noted(test.least + 2*doubled)}}},
			"far":   {first: now - 20, last: now - 1, hours: []classHour{{at: now - 1, time: 100, typical: noted(test.least+2*doubled) + 1}}}}}
		for n := hour(test.known); n > 0; n-- {
			least := noted(highest) + 1
			if n > 1 {
				least--
			}
			h.hours = append(h.hours, wholeHour{at: now - n, time: 100, least: least})
		}
		r := ranked(now, []Class{classOf("close", work{10, 10}), classOf("far", work{10, 10})})
		r.Overall.Calls, r.Overall.QueryTime.Min = test.calls, test.least.value(p95Unit)
		for i := range r.Classes {
			r.Classes[i].Change = &Change{Kind: Worse}
		}
		x := hourAsWhole{newComparison(&h, r, Options{})}.logged()
		if (x != nil) != test.want {
			t.Errorf("%s: %+v", test.name, x)
		}
		for i := range r.Classes {
			if c := &r.Classes[i]; (c.Change == nil) != (test.want && c.ID == "close") || c.anew != (c.Change == nil) {
				t.Errorf("%s: %s begins anew: %v", test.name, c.ID, c.anew)
			}
		}
	}
}
