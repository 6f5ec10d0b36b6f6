package digest

import (
	"math"
	"slices"
	"testing"
	"time"
)

// What is remembered of a class is what its hours were, within 7 %.
func TestClassPast(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	const id = "0123456789ABCDEF0123456789ABCDEF"
	var h History
	if since, newest, n := h.Span(); !since.IsZero() || !newest.IsZero() || n != 0 || h.ClassPast(id) != nil {
		t.Errorf("nothing is since %s, up to %s, %d hours", since, newest, n)
	}
	seconds := []float64{1, 0, 300}
	for i, s := range seconds {
		w := Window{start.Add(time.Duration(i) * time.Hour), start.Add(time.Duration(i+1) * time.Hour)}
		r := &Report{Window: w, Coverage: Coverage{Complete: true}, Classes: []Class{}}
		if s > 0 {
			c := Class{ID: id, Share: 1}
			c.Calls, c.QueryTime = int64(30*(i+1)), Metrics{Sum: s, P95: s / 10, Max: s / 5, Median: s / 40}
			r.Classes, r.Overall.QueryTime.Sum = []Class{c}, s
		}
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if since, newest, n := h.Span(); !since.Equal(start) || !newest.Equal(start.Add(2*time.Hour)) || n != 3 {
		t.Errorf("since %s, up to %s, %d hours", since, newest, n)
	}
	p := h.ClassPast(id)
	if p == nil || !p.First.Equal(start) || !p.Last.Equal(start.Add(2*time.Hour)) || len(p.Hours) != 2 || !p.Worse.IsZero() {
		t.Fatalf("%+v", p)
	}
	for i, want := range []PastHour{{start, 30, 1, 0.1}, {start.Add(2 * time.Hour), 90, 300, 30}} {
		got := p.Hours[i]
		for _, v := range [][2]float64{{got.Calls, want.Calls}, {got.QueryTime, want.QueryTime}, {got.P95, want.P95}} {
			if math.Abs(v[0]/v[1]-1) > levelStep-1 {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		if !got.Start.Equal(want.Start) {
			t.Errorf("hour %s, want %s", got.Start, want.Start)
		}
	}
}

func TestRanked(t *testing.T) {
	classes := make([]Class, 3)
	for i, sum := range []float64{1, 3, 2} {
		classes[i].QueryTime.Sum, classes[i].Calls = sum, int64(10-sum)
	}
	for order, want := range map[OrderBy][]int{OrderBySum: {1, 2, 0}, OrderByCount: {0, 2, 1}} {
		if got := order.Ranked(classes); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", order, got, want)
		}
	}
}
