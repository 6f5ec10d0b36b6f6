package digest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"slowdigest/digest/monthtest"
)

// traffic simulates the hours of a server, class by class.
type traffic struct {
	rng     *rand.Rand
	classes []*simulated
}

// simulated is one class: Poisson calls whose times are log-normal.
type simulated struct {
	id      string
	what    string
	calls   float64 // per hour
	median  float64 // seconds per call
	sigma   float64 // of the logarithm of a call's time
	day     float64 // how much the logarithm of the calls swings in a day
	weekend float64 // times the calls on Saturday and Sunday; 0 is 1
	at      int     // the hour of a nightly job, if it is one
	weekday int     // its day of the week, or every one if 0
	wanders bool    // it may begin in the hour before or after
	chance  float64 // that a rare class is there in an hour; 0 is always
	bursts  float64 // chance of an hour of 2 to 8 times the calls
	noise   float64 // deviation of the logarithm of the calls, from hour to hour
	level   float64 // the noise as of now

	// change alters the hours from then on. It shows since the hour since.
	from, since hour
	change      func(s simulated, at hour) simulated
}

func (s *simulated) nightly() bool { return s.at > 0 }

// Each of these is a kind of steady traffic.
func (t *traffic) kinds() []simulated {
	r := t.rng
	between := func(low, high float64) float64 { return low * math.Pow(high/low, r.Float64()) }
	weight := func(s simulated) simulated { // 5 to 80 s/h, for each to matter
		s.calls = between(5, 80) / (s.median * math.Exp(s.sigma*s.sigma/2))
		return s
	}
	return []simulated{
		weight(simulated{what: "even", median: between(0.01, 1), sigma: 0.5, noise: 0.1}),
		weight(simulated{what: "day and night", median: between(0.01, 1), sigma: 0.8, day: 1, noise: 0.15}),
		weight(simulated{what: "office hours", median: between(0.01, 0.5), sigma: 0.6, day: 1.2, weekend: 0.2, noise: 0.2}),
		weight(simulated{what: "weekend", median: between(0.01, 0.5), sigma: 1, day: 0.5, weekend: 2.5, noise: 0.2}),
		weight(simulated{what: "long-tailed", median: between(0.01, 0.1), sigma: 1.5, day: 0.4, noise: 0.2}),
		weight(simulated{what: "few long calls", median: between(2, 8), sigma: 1, noise: 0.1}),
		weight(simulated{what: "bursts", median: between(0.02, 0.2), sigma: 0.6, bursts: 0.02, noise: 0.2}),
		weight(simulated{what: "unsteady", median: between(0.02, 0.2), sigma: 0.8, day: 0.5, noise: 0.6}),
		{what: "nightly job", at: 1 + r.IntN(5), calls: 40, median: between(1, 10), sigma: 0.5, noise: 0.15},
		{what: "wandering job", at: 1 + r.IntN(5), calls: 30, median: between(1, 10), sigma: 0.5, noise: 0.15, wanders: true},
		{what: "weekly job", at: 3, weekday: 1 + r.IntN(6), calls: 100, median: between(1, 10), sigma: 0.5, noise: 0.15},
		{what: "rare", chance: between(0.005, 0.2), calls: 2, median: between(2, 20), sigma: 0.8},
		{what: "monthly", chance: 1.0 / 720, calls: 5, median: between(2, 20), sigma: 0.8},
	}
}

func (t *traffic) add(s simulated) *simulated {
	s.id = fmt.Sprintf("%032X", len(t.classes)+1)
	t.classes = append(t.classes, &s)
	return &s
}

// hour returns the report of an hour.
func (t *traffic) hour(at hour) *Report {
	var classes []Class
	for _, s := range t.classes {
		if c, ok := t.class(s, at); ok {
			classes = append(classes, c)
		}
	}
	return ranked(at, classes)
}

// ranked returns the complete report of an hour that has the classes.
func ranked(at hour, classes []Class) *Report {
	r := &Report{Window: Window{at.time(), (at + 1).time()}, Coverage: Coverage{Complete: true}, Classes: classes}
	for i := range classes {
		r.Overall.QueryTime.Sum += classes[i].QueryTime.Sum
		r.Overall.Calls += classes[i].Calls
	}
	slices.SortFunc(r.Classes, func(x, y Class) int { return compareBy(OrderBySum, &x, &y) })
	for i := range r.Classes {
		r.Classes[i].Rank, r.Classes[i].Share = i+1, r.Classes[i].QueryTime.Sum/r.Overall.QueryTime.Sum
	}
	r.Overall.Classes = len(r.Classes)
	return r
}

func (t *traffic) class(now *simulated, at hour) (Class, bool) {
	now.level = 0.7*now.level + math.Sqrt(1-0.7*0.7)*now.noise*t.rng.NormFloat64()
	s := *now
	if s.change != nil && at >= s.from {
		s = s.change(s, at)
	}
	n := monthtest.Poisson(t.rng, s.calls*math.Exp(s.level)*t.rhythm(&s, at))
	if n == 0 {
		return Class{}, false
	}
	// A sample stands for many calls.
	sample := make([]float64, min(n, 120))
	sum := 0.0
	for i := range sample {
		sample[i] = s.median * math.Exp(s.sigma*t.rng.NormFloat64())
		sum += sample[i]
	}
	slices.Sort(sample)
	c := Class{ID: s.id, Fingerprint: "select " + s.what}
	c.Calls = int64(n)
	c.QueryTime.Mean = sum / float64(len(sample))
	c.QueryTime.Sum = c.QueryTime.Mean * float64(n)
	c.QueryTime.P95 = sample[int(0.95*float64(len(sample)-1))]
	return c, true
}

// rhythm is by how much the calls of the hour differ from the mean.
func (t *traffic) rhythm(s *simulated, at hour) float64 {
	f := 1.0
	when := at.time()
	if s.nightly() {
		if f = t.job(s, at); f == 0 {
			return 0
		}
	}
	if s.chance > 0 && t.rng.Float64() >= s.chance || s.weekday > 0 && int(when.Weekday()) != s.weekday {
		return 0
	}
	f *= math.Exp(s.day * math.Sin(2*math.Pi*float64(when.Hour()-8)/24))
	if d := when.Weekday(); s.weekend > 0 && (d == time.Saturday || d == time.Sunday) {
		f *= s.weekend
	}
	if t.rng.Float64() < s.bursts {
		f *= 2 + 6*t.rng.Float64()
	}
	return f
}

// job returns the part of a nightly job that falls into the hour.
func (t *traffic) job(s *simulated, at hour) float64 {
	begins := float64(s.at)
	if s.wanders { // by up to three quarters of an hour, which depends on the day
		day := rand.New(rand.NewPCG(uint64(at.time().YearDay()), uint64(s.at)))
		begins += 1.5*day.Float64() - 0.75
	}
	from := float64(at.time().Hour())
	return max(0, min(begins+1, from+1)-max(begins, from))
}
