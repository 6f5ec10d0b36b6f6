package sketch

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// A number is known within 0.8 %, up to the largest; below 128 it is exact.
func TestValue(t *testing.T) {
	check := func(v uint64) {
		o, b := place(v)
		if o < 0 || o >= octaves || b < 0 || b >= buckets {
			t.Fatalf("%d is in bucket %d of octave %d", v, b, o)
		}
		if got := value(o, b); math.Abs(got-float64(v)) > 0.008*float64(v) || v < 128 && got != float64(v) {
			t.Errorf("%d is taken for %v", v, got)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for bit := range 64 {
		at := uint64(1) << bit
		for _, v := range []uint64{at - 1, at, at + 1, at + at/2, at | (at - 1), at + r.Uint64N(at)} {
			check(v)
		}
	}
	check(math.MaxUint64)
}

// Each number is in one bucket, and larger ones are in no earlier.
func TestBucketsAreInOrder(t *testing.T) {
	last := -1
	for v := range uint64(1 << 14) {
		o, b := place(v)
		if at := o*buckets + b; at < last || at > last+1 {
			t.Fatalf("%d is in bucket %d after %d", v, at, last)
		} else {
			last = at
		}
	}
}

func TestQuantile(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var s Sketch
		var all []uint64
		for range 1 + r.IntN(500) {
			v, times := r.Uint64()>>r.IntN(64), 1+r.Uint64N(5)
			s.Add(v, times)
			for range times {
				all = append(all, v)
			}
		}
		slices.Sort(all)
		for _, f := range []float64{0, 0.25, 0.5, 0.95, 1} {
			want := float64(all[int(f*float64(len(all)-1))])
			if got := s.Quantile(f); math.Abs(got-want) > 0.008*want {
				t.Errorf("quantile %v of %d numbers is %v, want %v", f, len(all), got, want)
			}
		}
	}
	if got := new(Sketch).Quantile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// In whatever order and parts numbers are counted, the sketch is the same.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		var whole Sketch
		parts := make([]Sketch, 1+r.IntN(8))
		for range r.IntN(300) {
			v := r.Uint64() >> r.IntN(64)
			whole.Add(v, 2)
			parts[r.IntN(len(parts))].Add(v, 1)
			parts[r.IntN(len(parts))].Add(v, 1)
		}
		var merged Sketch
		for _, i := range r.Perm(len(parts)) {
			merged.Merge(&parts[i])
		}
		if !reflect.DeepEqual(merged, whole) {
			t.Fatalf("merged %+v, want %+v", merged, whole)
		}
	}
}

// A number may be counted any number of times, also in many steps and in parts that are merged.
func TestCountsBeyond32Bits(t *testing.T) {
	const most = 1<<32 - 1
	var parts [2]Sketch
	want := map[float64]uint64{}
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 100 {
		v := r.Uint64N(3)
		times := []uint64{1, most - 1, most, most + 1, 3 * most}[r.IntN(5)]
		parts[i%2].Add(v, times)
		want[float64(v)] += times
	}
	parts[0].Merge(&parts[1])
	got := map[float64]uint64{}
	total := uint64(0)
	parts[0].Each(func(v float64, times uint64) { got[v], total = times, total+times })
	if !reflect.DeepEqual(got, want) || total != parts[0].total {
		t.Errorf("%v of %d, want %v", got, parts[0].total, want)
	}
	var exact Sketch // a bucket that is full to the bit
	exact.Add(7, most)
	exact.Add(7, 1)
	if n := exact.count(place(7)); n != most+1 || exact.Quantile(1) != 7 {
		t.Errorf("%d, and %v is the largest", n, exact.Quantile(1))
	}
}
