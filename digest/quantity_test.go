package digest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// near reports whether got is within 1 % of want.
func near(got, want float64) bool { return math.Abs(got-want) <= 0.01*want }

func TestQuantityQuantiles(t *testing.T) {
	distributions := map[string]func(*rand.Rand) float64{
		"uniform":     func(r *rand.Rand) float64 { return 1 + 1e6*r.Float64() },
		"exponential": func(r *rand.Rand) float64 { return 1 + 1e5*r.ExpFloat64() },
		"lognormal":   func(r *rand.Rand) float64 { return math.Exp(10 + 2*r.NormFloat64()) },
		"constant":    func(*rand.Rand) float64 { return 4711 },
		"zero":        func(*rand.Rand) float64 { return 0 },
	}
	for name, draw := range distributions {
		for _, n := range []int{1, 2, 3, exactCalls, exactCalls + 1, 1000, 100_000} {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			var q quantity
			values := make([]float64, n)
			var sum uint64
			for i := range values {
				v := uint64(draw(r))
				values[i] = float64(v)
				sum += v
				q.add(v, 1)
			}
			slices.Sort(values)
			m := q.metrics(1)
			if m.Sum != float64(sum) || m.Min != values[0] || m.Max != values[n-1] {
				t.Errorf("%s of %d: sum, min, max = %v, %v, %v", name, n, m.Sum, m.Min, m.Max)
			}
			for _, c := range []struct{ f, got float64 }{{0.5, m.Median}, {0.95, m.P95}} {
				at := c.f * float64(n-1)
				low, high := values[int(at)], values[int(math.Ceil(at))]
				if c.got < low*0.99 || c.got > high*1.01 {
					t.Errorf("%s of %d: quantile %v = %v, want %v to %v within 1 %%", name, n, c.f, c.got, low, high)
				}
			}
		}
	}
}

func TestQuantityWeight(t *testing.T) {
	var weighted, repeated quantity
	for v := uint64(1); v <= 1000; v++ {
		weighted.add(v, 3)
		for range 3 {
			repeated.add(v, 1)
		}
	}
	if weighted.metrics(1) != repeated.metrics(1) {
		t.Errorf("weight 3: %+v, three times: %+v", weighted.metrics(1), repeated.metrics(1))
	}
}

func TestDeviation(t *testing.T) {
	for _, c := range []struct {
		values      [][2]uint64 // and how often each
		stddev, vmr float64
	}{
		{[][2]uint64{{4e6, 1}, {8e6, 1}}, 2e6, 4e12 / 6e6},
		{[][2]uint64{{1e6, 3}, {5e6, 1}}, math.Sqrt(3) * 1e6, 1.5e6},
		{[][2]uint64{{1 << 40, 5000}}, 0, 0}, // the sum of squares does not fit 64 bits
		{[][2]uint64{{1 << 40, 1}, {3 << 40, 1}}, 1 << 40, 1 << 39},
		{[][2]uint64{{0, 3}}, 0, 0},
		{nil, 0, 0},
	} {
		var q, half, other quantity
		for i, v := range c.values {
			q.add(v[0], v[1])
			for range v[1] {
				[]*quantity{&half, &other}[i%2].add(v[0], 1)
			}
		}
		half.merge(&other)
		if got := q.metrics(1); !near(got.StdDev, c.stddev) || !near(q.vmr(), c.vmr) {
			t.Errorf("%v: %v and %v, want %v and %v", c.values, got.StdDev, q.vmr(), c.stddev, c.vmr)
		}
		if half.squares != q.squares || half.variance() != q.variance() {
			t.Errorf("%v in parts: %v, want %v", c.values, half.squares, q.squares)
		}
	}
}

// Of up to 32 values quantiles are exact, and interpolated.
func TestExactQuantiles(t *testing.T) {
	for _, test := range []struct {
		values      []uint64
		median, p95 float64
	}{
		{[]uint64{7}, 7, 7},
		{[]uint64{3, 1}, 2, 2.9},
		{[]uint64{5, 1, 2}, 2, 4.7},
		{[]uint64{1, 2, 4, 100}, 3, 85.6},
		{[]uint64{0, 10, 20, 30, 40, 50}, 25, 47.5},
	} {
		var q, first, second quantity
		for i, v := range test.values {
			q.add(v, 1)
			[]*quantity{&first, &second}[i%2].add(v, 1)
		}
		first.merge(&second)
		for _, q := range []*quantity{&q, &first} {
			if m := q.metrics(1); !near(m.Median, test.median) || math.Abs(m.P95-test.p95) > 1e-9 || math.Abs(m.Median-test.median) > 1e-9 {
				t.Errorf("%v: median %v, p95 %v, want %v, %v", test.values, m.Median, m.P95, test.median, test.p95)
			}
		}
	}
	var q quantity
	q.add(1e6, 1)
	q.add(4e6, 1)
	if m := q.metrics(perSecond); m != (Metrics{Sum: 5, Min: 1, Max: 4, Mean: 2.5, Median: 2.5, P95: m.P95, StdDev: 1.5}) || !near(m.P95, 3.85) {
		t.Errorf("in seconds: %+v", m)
	}
	if m := new(quantity).metrics(1); m != (Metrics{}) {
		t.Errorf("of nothing: %+v", m)
	}
}

func TestExactCalls(t *testing.T) {
	filled := func(n int) *quantity {
		var q quantity
		for i := range n {
			q.add(uint64(i+1), 1)
		}
		return &q
	}
	for _, test := range []struct {
		name  string
		q     *quantity
		exact bool
	}{
		{"32 values", filled(exactCalls), true},
		{"33 values", filled(exactCalls + 1), false},
		{"32 values merged", merged(filled(20), filled(12)), true},
		{"33 values merged", merged(filled(20), filled(13)), false},
		{"a sketch and nothing", merged(filled(exactCalls+1), filled(0)), false},
		{"a sketch and a value", merged(filled(exactCalls+1), filled(1)), false},
		{"a value and a sketch", merged(filled(1), filled(exactCalls+1)), false},
	} {
		if exact := test.q.sketch == nil; exact != test.exact || !exact && test.q.values != nil || exact && len(test.q.values) != int(test.q.calls) {
			t.Errorf("%s: %d values of %d calls, exact %v", test.name, len(test.q.values), test.q.calls, exact)
		}
	}
	var weighted quantity
	if weighted.add(5, 2); weighted.sketch == nil {
		t.Error("a weighted value is kept as one")
	}
}

func merged(q, from *quantity) *quantity {
	q.merge(from)
	return q
}

// The parts' numbers are those of the whole, whichever has more or the extremes.
func TestQuantityMerge(t *testing.T) {
	for _, test := range [][2][]uint64{{{5, 9}, {1, 2}}, {{1, 9}, {5}}, {{5}, {1, 9}}, {nil, {3}}, {{3}, nil}, {{0}, {4}}, {{4}, {0}}} {
		var all quantity
		var parts [2]quantity
		for i, values := range test {
			for _, v := range values {
				all.add(v, 1)
				parts[i].add(v, 1)
			}
		}
		if got, want := merged(&parts[0], &parts[1]).metrics(1), all.metrics(1); got != want {
			t.Errorf("%v: %+v, want %+v", test, got, want)
		}
	}
}

// A sum of squares has 128 bits: a carry of any of its additions is kept, and a
// weight counts.
func TestSquares(t *testing.T) {
	var weighted, repeated, parts squares
	for _, v := range []uint64{1<<32 - 1, 1<<32 + 12345, 1 << 40, 3} {
		var part squares
		weighted.add(v, 7)
		for range 7 {
			repeated.add(v, 1)
			part.add(v, 1)
		}
		parts.merge(part)
	}
	if weighted != repeated || parts != repeated || repeated.hi == 0 {
		t.Errorf("weighted %v, repeated %v, merged %v", weighted, repeated, parts)
	}
	s := squares{lo: math.MaxUint64}
	s.merge(squares{hi: 2, lo: 1})
	if want := (squares{hi: 3}); s != want {
		t.Errorf("carried %v, want %v", s, want)
	}
	s = squares{lo: math.MaxUint64}
	if s.add(1, 1); s != (squares{hi: 1}) {
		t.Errorf("carried %v", s)
	}
}
