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

func TestVarianceToMean(t *testing.T) {
	var q quantity
	var s squares
	// 4 s and 8 s: variance 4 s², mean 6 s.
	for _, v := range []uint64{4e6, 8e6} {
		q.add(v, 1)
		s.add(v, 1)
	}
	if got := s.vmr(&q) / perSecond; !near(got, 4.0/6) {
		t.Errorf("vmr = %v, want %v", got, 4.0/6)
	}
	// Large equal values: the sum of squares does not fit 64 bits.
	q, s = quantity{}, squares{}
	for range 1000 {
		q.add(1<<40, 5)
		s.add(1<<40, 5)
	}
	if got := s.vmr(&q); got != 0 {
		t.Errorf("vmr of equal values = %v, want 0", got)
	}
}
