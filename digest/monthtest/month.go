// Package monthtest simulates the traffic of a channel over five weeks, call by call. It was
// written apart from the rule of change: nothing here knows what the rule looks at.
package monthtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Month is that traffic.
//
// All queries share the load of their hour, which wanders, grows by three percent a week,
// and follows the local day, with daylight saving that ends on the way. Some have
// their own bursts. A tenth and a half of them have heavy tails.
type Month struct {
	rng     *rand.Rand
	First   time.Time // of the first hour, a Monday
	load    float64
	Queries []*Query
	Events  []Event
	calls   []Call
	times   *rand.Rand // of calls within five minutes; nil where nobody asks
}

// Days is how long a month is.
const Days = 35

const (
	dstDay       = 16  // the clock is put back in the night before it
	holiday      = 11  // a Friday like a Sunday
	LongQuery    = 0.1 // seconds: what is shorter is not logged
	weeklyGrowth = 0.03
)

// Query is one class of a month.
type Query struct {
	ID, Kind string
	Calls    float64 // an hour, of those that are logged, on average
	Median   float64 // seconds of a call
	sigma    float64 // of the logarithm of a call's time; 0 is a heavy tail
	Tail     float64 // the index of a Pareto distribution, if it has one
	noise    float64 // deviation of the logarithm of the calls, from hour to hour
	at       int     // the hour of day of a job, or the minutes between two
	weekday  int
	phase    float64 // hours by which its day is later
	swing    float64
	cached   bool // it takes longer when caches are cold
	campaign bool // it is called more often in a campaign

	level   float64
	burst   bool
	logged  float64 // part of the calls that take as long as long_query_time
	Changed *Change
}

// Event lifts many classes for a while.
type Event struct {
	What     string
	From, To float64 // hours since the start
	calls    float64
	time     float64
	of       func(*Query) bool
}

// Change is one of known kind and size, from a minute on.
type Change struct {
	What  string
	From  float64 // hours since the start
	Calls float64
	Time  float64
	Flip  bool // a tenth of the calls takes twenty times as long

	// Next takes its place from a later time on. With it, and in a month with deploys, From is exact; else
	// five minutes are of one kind.
	Next *Change
}

// New returns the month of a seed, with so many queries.
func New(seed uint64, classes int) *Month {
	m := &Month{rng: rand.New(rand.NewPCG(seed, uint64(classes))), First: time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)}
	for range classes {
		m.add(m.kind())
	}
	r := m.rng
	cached := func(c *Query) bool { return c.cached }
	campaign := func(c *Query) bool { return c.campaign }
	all := func(*Query) bool { return true }
	event := func(what string, day int, hours, calls, times float64, of func(*Query) bool) {
		from := float64(day*24) + 7 + 12*r.Float64()
		m.Events = append(m.Events, Event{what, from, from + hours, calls, times, of})
	}
	event("campaign", 10, 2+6*r.Float64(), 2.5, 1, campaign)
	event("campaign", 24, 2+6*r.Float64(), 2.5, 1, campaign)
	event("cache flush", 9, 0.3, 1, 3, cached)
	event("cache flush", 18, 0.3, 1, 3, cached)
	event("incident", 14, 1.0/3, 1, 5, all)
	event("incident", 27, 1.0/3, 1, 5, all)
	return m
}

func (m *Month) between(low, high float64) float64 {
	return low * math.Pow(high/low, m.rng.Float64())
}

// kind makes a class up.
func (m *Month) kind() Query {
	r := m.rng
	c := Query{Median: m.between(0.1, 2), sigma: 0.3 + 0.7*r.Float64(), noise: 0.05 + 0.2*r.Float64(),
		Calls: m.between(0.7, 60), cached: r.Float64() < 0.5, campaign: r.Float64() < 0.35, phase: 2*r.Float64() - 1}
	switch p := r.Float64(); {
	case p < 0.26:
		c.Kind = "office"
	case p < 0.52:
		c.Kind, c.swing = "day and night", 0.5+0.7*r.Float64()
	case p < 0.64:
		c.Kind = "even"
	case p < 0.74:
		c.Kind = "bursts"
	case p < 0.82:
		c.Kind, c.at = "cron", []int{5, 10, 15, 30, 60}[r.IntN(5)]
		c.Calls = float64(60/c.at) * float64(1+r.IntN(3))
	case p < 0.88:
		c.Kind, c.at, c.Calls, c.Median = "nightly", r.IntN(6), float64(1+r.IntN(2)), m.between(5, 120)
	case p < 0.91:
		c.Kind, c.at, c.weekday, c.Calls, c.Median = "weekly", r.IntN(6), r.IntN(7), float64(1+r.IntN(2)), m.between(10, 300)
	case p < 0.92:
		c.Kind, c.at, c.weekday, c.Calls, c.Median = "4-weekly", r.IntN(6), r.IntN(7), float64(1+r.IntN(2)), m.between(10, 300)
	default:
		c.Kind, c.Calls, c.Median = "rare", m.between(0.01, 0.3), m.between(0.1, 10)
	}
	if c.Job() {
		c.sigma, c.noise = 0.1+0.2*r.Float64(), 0
	} else if r.Float64() < 0.165 {
		c.sigma, c.Tail = 0, 1.2+0.8*r.Float64()
	}
	return c
}

func (c *Query) Job() bool {
	return c.Kind == "nightly" || c.Kind == "weekly" || c.Kind == "4-weekly"
}

func (m *Month) add(c Query) *Query {
	c.ID = fmt.Sprintf("%032X", len(m.Queries)+1)
	logged := 0
	for range 400 {
		if m.call(&c) >= LongQuery {
			logged++
		}
	}
	c.logged = float64(max(logged, 4)) / 400
	m.Queries = append(m.Queries, &c)
	return &c
}

// call returns the seconds of one.
func (m *Month) call(c *Query) float64 {
	if c.Tail > 0 { // its median is that of the others
		return c.Median * math.Pow(2*(1-m.rng.Float64()), -1/c.Tail)
	}
	return c.Median * math.Exp(c.sigma*m.rng.NormFloat64())
}

// Call is one of a query: in which of the twelve parts of an hour it ended, and how long it took.
type Call struct {
	Part    int
	Seconds float64
	At      float64 // the part of the hour that was over, in a month with deploys
}

// Hour hands over what the log of an hour holds, which is counted from the start: the calls of one
// query after the other, in the order of time. They are valid until the next.
func (m *Month) Hour(n int, each func(*Query, []Call)) {
	m.load = 0.8*m.load + 0.6*0.12*m.rng.NormFloat64()
	for _, c := range m.Queries {
		if m.hour(c, n); len(m.calls) > 0 {
			each(c, m.calls)
		}
	}
}

// hour makes the calls of a query in an hour.
func (m *Month) hour(c *Query, n int) {
	c.level = 0.6*c.level + 0.8*c.noise*m.rng.NormFloat64()
	if c.burst {
		c.burst = m.rng.Float64() < 0.6
	} else {
		c.burst = c.Kind == "bursts" && m.rng.Float64() < 0.03
	}
	rate := c.Calls * m.rhythm(c, n)
	if !c.Job() && c.Kind != "cron" {
		rate *= math.Exp(c.level+m.load-c.noise*c.noise/2) * math.Pow(1+weeklyGrowth, float64(n)/(7*24))
	}
	m.calls = m.calls[:0]
	for part := range 12 {
		from := float64(n) + float64(part)/12
		if at := m.breaks(c, from); at > 0 {
			m.add5(c, rate*12*(at-from), part, from, at)
			m.add5(c, rate*12*(from+1.0/12-at), part, at, from+1.0/12)
			continue
		}
		m.add5(c, rate, part, from, from+1.0/12)
	}
}

// breaks returns when in the five minutes from a time on a query changes, or 0.
func (m *Month) breaks(c *Query, from float64) float64 {
	for x := c.Changed; m.times != nil && x != nil && !c.Job() && c.Kind != "cron"; x = x.Next {
		if x.From > from && x.From < from+1.0/12 {
			return x.From
		}
	}
	return 0
}

// add5 makes the calls of five minutes, or of a part of them.
func (m *Month) add5(c *Query, rate float64, part int, from, to float64) {
	when := (from + to) / 2
	calls, times, flip := rate/12/c.logged, 1.0, false
	for _, e := range m.Events {
		if when >= e.From && when < e.To && e.of(c) {
			calls, times = calls*e.calls, times*e.time
		}
	}
	x := c.Changed
	for x != nil && x.Next != nil && when >= x.Next.From {
		x = x.Next
	}
	if x != nil && when >= x.From {
		calls, times, flip = calls*x.Calls, times*x.Time, x.Flip
	}
	for range m.count(c, calls, part) {
		t := m.call(c) * times
		if flip && m.rng.Float64() < 0.1 {
			t *= 20
		}
		if t >= LongQuery {
			call := Call{Part: part, Seconds: t}
			if m.times != nil {
				call.At = from + (to-from)*m.times.Float64() - math.Floor(from)
			}
			m.calls = append(m.calls, call)
		}
	}
}

// count returns how many calls there are in five minutes.
func (m *Month) count(c *Query, mean float64, part int) int {
	switch {
	case c.Job(): // all at once, at some minute of the first half
		if part == int(c.phase*3+3) {
			return int(math.Round(mean * 12 * c.logged))
		}
		return 0
	case c.Kind == "cron":
		n := int(mean * 12)
		if n < 12 {
			if part%(12/max(n, 1)) == 0 && part/(12/max(n, 1)) < n {
				return 1
			}
			return 0
		}
		return n / 12
	}
	return Poisson(m.rng, mean)
}

// rhythm returns by how much the calls of an hour differ from the mean.
func (m *Month) rhythm(c *Query, n int) float64 {
	local := n + 2
	if n >= dstDay*24 {
		local--
	}
	day, hourOfDay := local/24, local%24
	weekday := day % 7 // 0 is Monday
	if day == holiday {
		weekday = 6
	}
	switch c.Kind {
	case "nightly":
		if hourOfDay != c.at {
			return 0
		}
	case "weekly":
		if hourOfDay != c.at || day%7 != c.weekday {
			return 0
		}
	case "4-weekly":
		if hourOfDay != c.at || day%28 != c.weekday {
			return 0
		}
	case "office":
		x := math.Abs(float64(hourOfDay) + 0.5 - 13 - c.phase)
		open := 1 / (1 + math.Exp(2*(x-4.5)))
		if weekday >= 5 {
			open *= 0.1
		}
		return 0.03 + 2.9*open
	case "day and night":
		return math.Exp(c.swing*math.Sin(2*math.Pi*(float64(hourOfDay)-9-c.phase)/24) - c.swing*c.swing/4)
	case "bursts":
		if c.burst {
			return 4
		}
		return 0.8
	}
	return 1
}

// Change adds classes to which something of known kind and size happens in the last two weeks.
// It returns them by what happens. Each holds one to six percent of the load.
func (m *Month) Change(load float64) []*Query {
	r := m.rng
	var changed []*Query
	for i, x := range append(changes(), changes()...) {
		c := m.kind()
		for c.Job() != (x.What == "job 3 × time") || c.Kind == "rare" || c.Kind == "cron" {
			c = m.kind()
		}
		if !c.Job() {
			mean := 0.0
			for range 1000 {
				mean += min(m.call(&c), 20*c.Median) / 1000
			}
			// At least twice the floor, whatever the change; the rate of calls is what differs.
			c.Calls = m.between(5, 30)
			if i%2 == 0 {
				c.Calls = m.between(30, 300)
			}
			scale := load * m.between(0.012, 0.05) / (c.Calls * mean)
			if c.Median *= scale; c.Median < LongQuery {
				c.Calls, c.Median = c.Calls*c.Median/LongQuery, LongQuery
			}
		}
		x.From = float64(20*24) + 13*24*r.Float64()
		c.Changed = &x
		changed = append(changed, m.add(c))
		if x.What == "new" {
			c := changed[len(changed)-1]
			c.Changed = &Change{What: "new", From: x.From, Calls: 1 / 1e-9, Time: 1}
			c.Calls *= 1e-9
		}
	}
	return changed
}

func changes() []Change {
	return []Change{
		{What: "3 × calls", Calls: 3, Time: 1}, {What: "3 × time", Calls: 1, Time: 3}, {What: "2 × calls", Calls: 2, Time: 1},
		{What: "2 × time", Calls: 1, Time: 2}, {What: "10 × time", Calls: 1, Time: 10}, {What: "gone", Calls: 0, Time: 1},
		{What: "plan flip", Calls: 1, Time: 1, Flip: true}, {What: "new", Calls: 1, Time: 1},
		{What: "job 3 × time", Calls: 1, Time: 3},
	}
}

// Poisson returns a number of calls of which there are as many as the mean on average.
func Poisson(rng *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	n, p := 0, math.Exp(-mean)
	for u := rng.Float64(); u > p; n++ {
		u *= rng.Float64()
	}
	return n
}
