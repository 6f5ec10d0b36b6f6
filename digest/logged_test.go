package digest

import (
	"fmt"
	"math/rand/v2"
	"testing"
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
