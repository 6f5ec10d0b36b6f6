package digest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// month simulates the traffic of a channel over five weeks, call by call. It was
// written apart from the rule of change: nothing here knows what the rule looks at.
//
// All classes share the load of their hour, which wanders, grows by three percent a week,
// and follows the local day, with daylight saving that ends on the way. Some have
// their own bursts. A tenth and a half of them have heavy tails.
type month struct {
	rng     *rand.Rand
	first   hour // a Monday
	load    float64
	classes []*monthly
	events  []monthEvent
	sample  []float64
}

const (
	monthDays    = 35
	dstDay       = 16 // the clock is put back in the night before it
	holiday      = 11 // a Friday like a Sunday
	longQuery    = 0.1
	weeklyGrowth = 0.03
)

// monthly is one class of a month.
type monthly struct {
	id, kind string
	calls    float64 // an hour, of those that are logged, on average
	median   float64 // seconds of a call
	sigma    float64 // of the logarithm of a call's time; 0 is a heavy tail
	tail     float64 // the index of a Pareto distribution, if it has one
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
	changes *monthChange
}

// monthEvent lifts many classes for a while.
type monthEvent struct {
	what     string
	from, to float64 // hours since the start
	calls    float64
	time     float64
	of       func(*monthly) bool
}

// monthChange is one of known kind and size, from a minute on.
type monthChange struct {
	what  string
	from  float64 // hours since the start
	calls float64
	time  float64
	flip  bool // a tenth of the calls takes twenty times as long
}

func newMonth(seed uint64, classes int) *month {
	m := &month{rng: rand.New(rand.NewPCG(seed, uint64(classes))), first: hourOf(time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC))}
	for range classes {
		m.add(m.kind())
	}
	r := m.rng
	cached := func(c *monthly) bool { return c.cached }
	campaign := func(c *monthly) bool { return c.campaign }
	all := func(*monthly) bool { return true }
	event := func(what string, day int, hours, calls, times float64, of func(*monthly) bool) {
		from := float64(day*hoursADay) + 7 + 12*r.Float64()
		m.events = append(m.events, monthEvent{what, from, from + hours, calls, times, of})
	}
	event("campaign", 10, 2+6*r.Float64(), 2.5, 1, campaign)
	event("campaign", 24, 2+6*r.Float64(), 2.5, 1, campaign)
	event("cache flush", 9, 0.3, 1, 3, cached)
	event("cache flush", 18, 0.3, 1, 3, cached)
	event("incident", 14, 1.0/3, 1, 5, all)
	event("incident", 27, 1.0/3, 1, 5, all)
	return m
}

func (m *month) between(low, high float64) float64 {
	return low * math.Pow(high/low, m.rng.Float64())
}

// kind makes a class up.
func (m *month) kind() monthly {
	r := m.rng
	c := monthly{median: m.between(0.1, 2), sigma: 0.3 + 0.7*r.Float64(), noise: 0.05 + 0.2*r.Float64(),
		calls: m.between(0.7, 60), cached: r.Float64() < 0.5, campaign: r.Float64() < 0.35, phase: 2*r.Float64() - 1}
	switch p := r.Float64(); {
	case p < 0.26:
		c.kind = "office"
	case p < 0.52:
		c.kind, c.swing = "day and night", 0.5+0.7*r.Float64()
	case p < 0.64:
		c.kind = "even"
	case p < 0.74:
		c.kind = "bursts"
	case p < 0.82:
		c.kind, c.at = "cron", []int{5, 10, 15, 30, 60}[r.IntN(5)]
		c.calls = float64(60/c.at) * float64(1+r.IntN(3))
	case p < 0.88:
		c.kind, c.at, c.calls, c.median = "nightly", r.IntN(6), float64(1+r.IntN(2)), m.between(5, 120)
	case p < 0.91:
		c.kind, c.at, c.weekday, c.calls, c.median = "weekly", r.IntN(6), r.IntN(7), float64(1+r.IntN(2)), m.between(10, 300)
	case p < 0.92:
		c.kind, c.at, c.weekday, c.calls, c.median = "4-weekly", r.IntN(6), r.IntN(7), float64(1+r.IntN(2)), m.between(10, 300)
	default:
		c.kind, c.calls, c.median = "rare", m.between(0.01, 0.3), m.between(0.1, 10)
	}
	if c.job() {
		c.sigma, c.noise = 0.1+0.2*r.Float64(), 0
	} else if r.Float64() < 0.165 {
		c.sigma, c.tail = 0, 1.2+0.8*r.Float64()
	}
	return c
}

func (c *monthly) job() bool {
	return c.kind == "nightly" || c.kind == "weekly" || c.kind == "4-weekly"
}

func (m *month) add(c monthly) *monthly {
	c.id = fmt.Sprintf("%032X", len(m.classes)+1)
	logged := 0
	for range 400 {
		if m.call(&c) >= longQuery {
			logged++
		}
	}
	c.logged = float64(max(logged, 4)) / 400
	m.classes = append(m.classes, &c)
	return &c
}

// call returns the seconds of one.
func (m *month) call(c *monthly) float64 {
	if c.tail > 0 { // its median is that of the others
		return c.median * math.Pow(2*(1-m.rng.Float64()), -1/c.tail)
	}
	return c.median * math.Exp(c.sigma*m.rng.NormFloat64())
}

// report returns an hour, which is counted from the start.
func (m *month) report(n int) *Report {
	at := m.first + hour(n)
	var classes []Class
	m.load = 0.8*m.load + 0.6*0.12*m.rng.NormFloat64()
	for _, c := range m.classes {
		if class, ok := m.class(c, n); ok {
			classes = append(classes, class)
		}
	}
	return ranked(at, classes)
}

// class returns what the log of an hour tells of a class.
func (m *month) class(c *monthly, n int) (Class, bool) {
	c.level = 0.6*c.level + 0.8*c.noise*m.rng.NormFloat64()
	if c.burst {
		c.burst = m.rng.Float64() < 0.6
	} else {
		c.burst = c.kind == "bursts" && m.rng.Float64() < 0.03
	}
	rate := c.calls * m.rhythm(c, n)
	if !c.job() && c.kind != "cron" {
		rate *= math.Exp(c.level+m.load-c.noise*c.noise/2) * math.Pow(1+weeklyGrowth, float64(n)/(7*hoursADay))
	}
	m.sample = m.sample[:0]
	// Twelve parts of five minutes each, so that what begins within the hour does.
	for part := range 12 {
		when := float64(n) + float64(part)/12 + 1.0/24
		calls, times, flip := rate/12/c.logged, 1.0, false
		for _, e := range m.events {
			if when >= e.from && when < e.to && e.of(c) {
				calls, times = calls*e.calls, times*e.time
			}
		}
		if x := c.changes; x != nil && when >= x.from {
			calls, times, flip = calls*x.calls, times*x.time, x.flip
		}
		for range m.count(c, calls, part) {
			t := m.call(c) * times
			if flip && m.rng.Float64() < 0.1 {
				t *= 20
			}
			if t >= longQuery {
				m.sample = append(m.sample, t)
			}
		}
	}
	if len(m.sample) == 0 {
		return Class{}, false
	}
	slices.Sort(m.sample)
	class := Class{ID: c.id, Fingerprint: "select " + c.kind}
	sum := 0.0
	for _, t := range m.sample {
		sum += t
	}
	k := len(m.sample)
	class.Calls = int64(k)
	class.QueryTime = describeMonthly(m.sample, sum)
	return class, true
}

// count returns how many calls there are in five minutes.
func (m *month) count(c *monthly, mean float64, part int) int {
	switch {
	case c.job(): // all at once, at some minute of the first half
		if part == int(c.phase*3+3) {
			return int(math.Round(mean * 12 * c.logged))
		}
		return 0
	case c.kind == "cron":
		n := int(mean * 12)
		if n < 12 {
			if part%(12/max(n, 1)) == 0 && part/(12/max(n, 1)) < n {
				return 1
			}
			return 0
		}
		return n / 12
	}
	return poisson(m.rng, mean)
}

// rhythm returns by how much the calls of an hour differ from the mean.
func (m *month) rhythm(c *monthly, n int) float64 {
	local := n + 2
	if n >= dstDay*hoursADay {
		local--
	}
	day, hourOfDay := local/hoursADay, local%hoursADay
	weekday := day % 7 // 0 is Monday
	if day == holiday {
		weekday = 6
	}
	switch c.kind {
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

// describeMonthly returns the metrics of sorted times.
func describeMonthly(sorted []float64, sum float64) Metrics {
	k := len(sorted)
	return Metrics{Sum: sum, Min: sorted[0], Max: sorted[k-1], Mean: sum / float64(k), Median: (sorted[(k-1)/2] + sorted[k/2]) / 2,
		P95: sorted[int(0.95*float64(k-1))]}
}

// change adds classes to which something of known kind and size happens in the last two weeks.
// It returns them by what happens. Each holds one to six percent of the load.
func (m *month) change(load float64) []*monthly {
	r := m.rng
	var changed []*monthly
	for i, x := range append(monthChanges(), monthChanges()...) {
		c := m.kind()
		for c.job() != (x.what == "job 3 × time") || c.kind == "rare" || c.kind == "cron" {
			c = m.kind()
		}
		if !c.job() {
			mean := 0.0
			for range 1000 {
				mean += min(m.call(&c), 20*c.median) / 1000
			}
			// At least twice the floor, whatever the change; the rate of calls is what differs.
			c.calls = m.between(5, 30)
			if i%2 == 0 {
				c.calls = m.between(30, 300)
			}
			scale := load * m.between(0.012, 0.05) / (c.calls * mean)
			if c.median *= scale; c.median < longQuery {
				c.calls, c.median = c.calls*c.median/longQuery, longQuery
			}
		}
		x.from = float64(20*hoursADay) + 13*hoursADay*r.Float64()
		c.changes = &x
		changed = append(changed, m.add(c))
		if x.what == "new" {
			c := changed[len(changed)-1]
			c.changes = &monthChange{what: "new", from: x.from, calls: 1 / 1e-9, time: 1}
			c.calls *= 1e-9
		}
	}
	return changed
}

func monthChanges() []monthChange {
	return []monthChange{
		{what: "3 × calls", calls: 3, time: 1}, {what: "3 × time", calls: 1, time: 3}, {what: "2 × calls", calls: 2, time: 1},
		{what: "2 × time", calls: 1, time: 2}, {what: "10 × time", calls: 1, time: 10}, {what: "gone", calls: 0, time: 1},
		{what: "plan flip", calls: 1, time: 1, flip: true}, {what: "new", calls: 1, time: 1},
		{what: "job 3 × time", calls: 1, time: 3},
	}
}
