package monthtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Mark is a deploy, and when it was.
type Mark struct {
	Name string
	At   float64 // hours since the start
}

// Deployed is a query that changes in a month with deploys, and may be fixed.
type Deployed struct {
	*Query
	What string
	// Fixed is when it became as it was before and has stayed so, in hours since the start; 0 is never.
	Fixed float64
	// Then says what became of it: "fixed", "lasts", "halved", "returns", or of what is new and no change of
	// code, "job" and "once".
	Then string
}

// Until returns when a Deployed that changed is as before for the first time, if only for a while; 0 is never.
func (d *Deployed) Until() float64 {
	for x := d.Changed.Next; x != nil; x = x.Next {
		if x.Calls == 1 && x.Time == 1 && !x.Flip || d.What == "new" && x.Calls*x.Time < 1e8 {
			return x.From
		}
	}
	return 0
}

// MarkOf returns the last mark before a time, if that is not longer than an hour before, and -1 else.
func MarkOf(marks []Mark, at float64) int {
	for i := len(marks) - 1; i >= 0; i-- {
		if marks[i].At <= at {
			if at-marks[i].At < 1 {
				return i
			}
			return -1
		}
	}
	return -1
}

// Deploy adds deploys, on working days from the tenth day on and rarely else, often with another one soon after,
// and classes that change in the third and fourth week: half of them soon after a deploy, a third at any
// time, and the others one to three hours after a deploy. Of these six in ten are fixed later, half
// of them by a deploy; others are so in part, or for some hours only, or never. Besides there are
// new jobs and queries that somebody runs once, which are no change of code.
func (m *Month) Deploy(load float64) ([]Mark, []*Deployed) {
	r := m.rng
	m.times = rand.New(rand.NewPCG(r.Uint64(), 1))
	var marks []Mark
	for day := 9; day < Days; day++ {
		n := 1 + r.IntN(4)
		if day%7 >= 5 || day == holiday {
			n = r.IntN(10) / 9
		}
		for range n {
			at := float64(day*24) + 7 + 10*r.Float64()
			if marks = append(marks, Mark{At: at}); r.Float64() < 0.15 {
				marks = append(marks, Mark{At: at + 0.1 + 0.75*r.Float64()})
			}
		}
	}
	slices.SortFunc(marks, func(a, b Mark) int {
		if a.At < b.At {
			return -1
		}
		return 1
	})
	for i := range marks {
		marks[i].Name = fmt.Sprintf("v%d", 100+i)
	}
	var all []*Deployed
	whats := []Change{
		{What: "3 × calls", Calls: 3, Time: 1}, {What: "3 × time", Calls: 1, Time: 3}, {What: "2 × calls", Calls: 2, Time: 1},
		{What: "2 × time", Calls: 1, Time: 2}, {What: "10 × time", Calls: 1, Time: 10}, {What: "plan flip", Calls: 1, Time: 1, Flip: true},
		{What: "new", Calls: 1, Time: 1}, {What: "new", Calls: 1, Time: 1},
	}
	for i := range 24 {
		all = append(all, m.deployed(load, whats[i%len(whats)], i/len(whats), marks))
	}
	for i := range 4 {
		all = append(all, m.decoy(load, i))
	}
	return marks, all
}

// soon is how long after a deploy something changes, in hours: mostly in minutes.
func (m *Month) soon() float64 {
	if m.rng.Float64() < 0.7 {
		return min(m.rng.ExpFloat64()*0.05+0.03*m.rng.Float64(), 0.4)
	}
	return m.rng.Float64()
}

// after returns the time after a deploy of some days.
func (m *Month) after(marks []Mark, from, to float64) (float64, bool) {
	var some []Mark
	for _, k := range marks {
		if k.At >= from && k.At < to {
			some = append(some, k)
		}
	}
	if len(some) == 0 {
		return 0, false
	}
	return some[m.rng.IntN(len(some))].At + m.soon(), true
}

// deployed makes one that changes.
func (m *Month) deployed(load float64, x Change, size int, marks []Mark) *Deployed {
	r := m.rng
	d := &Deployed{What: x.What}
	c := m.weighty(load, size)
	from, to := 15.0*24, 29.0*24
	x.From = from + (to-from)*r.Float64()
	switch p := r.Float64(); {
	case p < 0.5:
		x.From, _ = m.after(marks, from, to)
	case p < 0.7:
		x.From, _ = m.after(marks, from, to)
		x.From += 1 + 2*r.Float64()
	}
	before := Change{What: x.What, Calls: 1, Time: 1}
	if x.What == "new" {
		c.Calls, x.Calls = c.Calls*1e-9, 1e9
		if r.Float64() < 0.5 {
			before.Calls, before.Time = 1e9, 0.01
		}
	}
	until := x.From + 2 + 118*r.Float64()
	if by, found := m.after(marks, x.From+2, x.From+120); found && r.Float64() < 0.5 {
		until = by
	}
	before.From = until
	switch p := r.Float64(); {
	case p < 0.6:
		d.Then, d.Fixed, x.Next = "fixed", until, &before
	case p < 0.7 && x.What != "new" && !x.Flip && x.Calls*x.Time >= 3: // half of it, as a logarithm
		half := x
		half.From = until
		if half.Calls > 1 {
			half.Calls = 1.75
		} else {
			half.Time = map[float64]float64{3: 1.75, 10: 3.2}[x.Time]
		}
		d.Then, x.Next = "halved", &half
	case p < 0.8:
		again := x
		again.From, again.Next = until+3+17*r.Float64(), nil
		before.Next = &again
		d.Then, x.Next = "returns", &before
	default:
		d.Then = "lasts"
	}
	c.Changed = &x
	d.Query = m.add(c)
	return d
}

// weighty makes a class of one to five hundredths of the load that is no job.
func (m *Month) weighty(load float64, size int) Query {
	c := m.kind()
	for c.Job() || c.Kind == "rare" || c.Kind == "cron" {
		c = m.kind()
	}
	mean := 0.0
	for range 1000 {
		mean += min(m.call(&c), 20*c.Median) / 1000
	}
	c.Calls = m.between(5, 30)
	if size%2 == 0 {
		c.Calls = m.between(30, 300)
	}
	if c.Median *= load * m.between(0.012, 0.05) / (c.Calls * mean); c.Median < LongQuery {
		c.Calls, c.Median = c.Calls*c.Median/LongQuery, LongQuery
	}
	return c
}

// decoy makes a job that is new, or a query that is run for an hour at most.
func (m *Month) decoy(load float64, i int) *Deployed {
	d := &Deployed{What: "new", Then: "job"}
	from := 15*24 + 13*24*m.rng.Float64()
	x := Change{What: "new", From: from, Calls: 1e9, Time: 1}
	var c Query
	if i < 2 {
		for c = m.kind(); c.Kind != []string{"nightly", "weekly"}[i]; c = m.kind() {
		}
		c.Calls = []float64{1, 40}[m.rng.IntN(2)]
		c.Median = load * m.between(0.05, 0.3) / c.Calls
	} else {
		c = m.weighty(load, i)
		c.Kind, d.Then = "even", "once"
		x.Next = &Change{From: from + m.rng.Float64(), Calls: 1, Time: 1}
	}
	c.Calls *= 1e-9
	c.Changed = &x
	d.Query = m.add(c)
	return d
}
