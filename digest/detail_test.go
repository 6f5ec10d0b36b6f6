package digest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"slowdigest/parser"
)

func detailed(w Window, events ...*parser.Event) *Report {
	a := NewAggregator(w)
	a.Detail = true
	s := a.Stream("db-1")
	for _, e := range events {
		s.Add(e)
	}
	return a.Report(Limit{}, OrderBySum)
}

func TestLoadIsSpreadOverTheTimeACallRan(t *testing.T) {
	w := Window{noon, noon.Add(time.Hour)}
	r := detailed(w,
		event("select a from t", 25*time.Second, 12), // from :13 to :25
		event("select a from t", 40*time.Second, 0),
		event("select b from t", 5*time.Second, 9), // four seconds ran before the window
		event("select d from t", 50*time.Minute, 0.5),
		event("select e from t", 50*time.Minute, 0),
	)
	if d := r.Classes[3].Detail; d.First != 300 || !reflect.DeepEqual(d.Load, []float64{0}) || !reflect.DeepEqual(d.Calls, []float64{1}) {
		t.Errorf("class e: %+v", d)
	}
	if d := r.Detail; d.Step != 10 || !d.Start.Equal(noon) || len(d.Load) != 301 || !reflect.DeepEqual(d.Load[:3], []float64{5, 7, 5}) {
		t.Errorf("detail from %v: %d steps of %v, %v", d.Start, len(d.Load), d.Step, d.Load[:3])
	}
	// Calls are counted where they end, and rows and lock time spread as the time is.
	if d := r.Classes[0].Detail; d.First != 1 || !reflect.DeepEqual(d.Load, []float64{7, 5, 0, 0}) || !reflect.DeepEqual(d.Calls, []float64{0, 1, 0, 1}) ||
		!reflect.DeepEqual(d.RowsExamined, []float64{5, 5, 0, 10}) {
		t.Errorf("class a: %+v", *d)
	}
	if d := r.Classes[1].Detail; d.First != 0 || !reflect.DeepEqual(d.Load, []float64{5}) {
		t.Errorf("class b: %+v", d)
	}
	weighted := event("select c from t", time.Minute, 2)
	weighted.Weight = 100
	if got := detailed(w, weighted).Detail.Load; !reflect.DeepEqual(got, []float64{100, 100}) {
		t.Errorf("a weighted call: %v", got)
	}
}

// Whatever the order of the calls, the parts are as wide as the span of all of
// them takes, and none of their time is lost.
func TestLoadOfAnySpan(t *testing.T) {
	seed := simulationSeed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, c := range []struct {
		span time.Duration
		step float64
	}{
		{700 * time.Second, 1}, {15 * time.Minute, 10}, {time.Hour, 10}, {2*time.Hour - 20*time.Second, 10}, {3 * time.Hour, 30}, {24*time.Hour - 4*time.Minute, 120},
		{7 * 24 * time.Hour, 1800}, {40 * 365 * 24 * time.Hour, 2764800},
	} {
		events := []*parser.Event{event("select a from t", 0, 0.001), event("select a from t", c.span, 0.001)}
		want := 0.002
		for range 200 {
			seconds := math.Round(random.Float64()*1e6*min(100, c.span.Seconds()/2)) / 1e6
			at := time.Duration(seconds*1e6)*time.Microsecond + time.Duration(random.Int64N(int64(c.span)-int64(seconds*1e9)))
			sql := []string{"select a from t", "select b from t", "select c from t"}[random.IntN(3)]
			events, want = append(events, event(sql, at.Truncate(time.Microsecond), seconds)), want+seconds
		}
		first := detailed(Window{}, events...)
		sum, byClass := 0.0, 0.0
		for _, s := range first.Detail.Load {
			sum += s
		}
		for _, class := range first.Classes {
			for _, s := range class.Detail.Load {
				byClass += s
			}
		}
		if first.Detail.Step != c.step || len(first.Detail.Load) > maxSteps || math.Abs(sum-want) > 1e-6 || math.Abs(byClass-want) > 1e-6 {
			t.Errorf("seed %d, %v: step %v, %d steps, %v s and by class %v s, want %v", seed, c.span, first.Detail.Step, len(first.Detail.Load), sum, byClass, want)
		}
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if again := detailed(Window{}, events...); !reflect.DeepEqual(again.Detail, first.Detail) || !reflect.DeepEqual(again.Classes[0].Detail, first.Classes[0].Detail) {
			t.Errorf("seed %d, %v: another order yields another time line", seed, c.span)
		}
	}
}

// Whoever ran a call: it is in one slice of each kind where it has a name, and nothing of it
// is lost on the way over the steps.
func TestSlices(t *testing.T) {
	a := NewAggregator(Window{})
	a.Detail = true
	random := rand.New(rand.NewPCG(simulationSeed(t), 3))
	var calls, rows, lock, seconds float64
	for i := range 1000 {
		e := event("select a from t", time.Duration(random.IntN(3600))*time.Second, float64(random.IntN(100))/10)
		e.User, e.Host, e.Schema, e.Weight = fmt.Sprint("u", i%maxNames), fmt.Sprint("h", i%(maxNames+1)), "", 1+uint64(random.IntN(3))
		e.RowsExamined, e.LockTime = uint64(random.IntN(1000)), float64(random.IntN(1000))/1000
		w := float64(e.Weight)
		calls, rows, lock, seconds = calls+w, rows+w*float64(e.RowsExamined), lock+w*e.LockTime, seconds+w*e.QueryTime
		a.Stream(fmt.Sprint("db-", i%3)).Add(e)
	}
	d := a.Report(Limit{}, OrderBySum).Detail
	sum := func(all ...Slice) (out [4]float64) {
		for _, s := range all {
			for i, line := range [][]float64{s.Calls, s.RowsExamined, s.LockTime, s.Load} {
				for _, v := range line {
					out[i] += v
				}
			}
		}
		return out
	}
	want := [4]float64{calls, rows, lock, seconds}
	for name, s := range map[string][]Slice{"all": {{Lines: d.Lines}}, "users": d.Slices.Users, "hosts": d.Slices.Hosts, "instances": d.Slices.Instances} {
		for i, got := range sum(s...) {
			if math.Abs(got-want[i]) > 1e-6*want[i] {
				t.Errorf("%s: measure %d is %v, want %v", name, i, got, want[i])
			}
		}
	}
	s := d.Slices
	if len(s.Users) != maxNames || len(s.Hosts) != maxNames+1 || len(s.Schemas) != 0 || len(s.Instances) != 3 {
		t.Errorf("%d users, %d hosts, %d schemas, %d instances", len(s.Users), len(s.Hosts), len(s.Schemas), len(s.Instances))
	}
	if !slices.ContainsFunc(s.Hosts, func(x Slice) bool { return x.Name == OtherNames }) || slices.ContainsFunc(s.Users, func(x Slice) bool { return x.Name == OtherNames }) {
		t.Error("the others are where there are none, or are not where there are")
	}
	if sum(s.Users[0])[3] < sum(s.Users[1])[3] {
		t.Error("the first has not the most time")
	}
}

func TestLinesPlus(t *testing.T) {
	a := Lines{3, []float64{1}, []float64{2}, []float64{3}, []float64{4}}
	b := Lines{1, []float64{1, 1, 1, 1}, []float64{1, 0, 0, 2}, []float64{0, 0, 0, 0}, []float64{5, 0, 1, 0}}
	want := Lines{1, []float64{1, 1, 2, 1}, []float64{1, 0, 2, 2}, []float64{0, 0, 3, 0}, []float64{5, 0, 5, 0}}
	if x, y := a.Plus(b), b.Plus(a); !reflect.DeepEqual(x, want) || !reflect.DeepEqual(y, want) {
		t.Errorf("%+v and %+v, want %+v", x, y, want)
	}
}

// A call that began before the window has of its rows and lock time the part that lies in it.
func TestSharesOfACall(t *testing.T) {
	e := event("select a from t", 5*time.Second, 20)
	e.RowsExamined, e.LockTime = 1000, 8
	d := detailed(Window{noon, noon.Add(time.Hour)}, e).Detail
	if !reflect.DeepEqual(d.RowsExamined, []float64{50, 50, 50, 50, 50}) || !reflect.DeepEqual(d.LockTime, []float64{0.4, 0.4, 0.4, 0.4, 0.4}) || !reflect.DeepEqual(d.Calls, []float64{0, 0, 0, 0, 1}) {
		t.Errorf("%+v", *d)
	}
	for _, x := range [][4]uint64{{7, 3, 3, 7}, {math.MaxUint64, 1, 1, math.MaxUint64}, {math.MaxUint64, 1, 2, math.MaxUint64 / 2}, {10, 1, 3, 3}, {5, 0, 9, 0}} {
		if got := share(x[0], x[1], x[2]); got != x[3] {
			t.Errorf("%d of %d of %d is %d, want %d", x[1], x[2], x[0], got, x[3])
		}
	}
}

func TestLoadOfImpossibleCalls(t *testing.T) {
	r := detailed(Window{}, event("select a from t", 0, 1e12), &parser.Event{SQL: []byte("select b"), QueryTime: 5, Weight: 1})
	if d := r.Detail; len(d.Load) > maxSteps || d.Step > 300 {
		t.Errorf("step %v, %d steps", d.Step, len(d.Load))
	}
	if r := detailed(Window{}, event("select a from t", 0, 0)); !reflect.DeepEqual(r.Detail.Load, []float64{0}) || !reflect.DeepEqual(r.Detail.Calls, []float64{1}) {
		t.Errorf("of a call that took no time: %+v", r.Detail.Lines)
	}
	if r := detailed(Window{}); r.Detail != nil {
		t.Errorf("without calls: %+v", r.Detail)
	}
}

func TestDistribution(t *testing.T) {
	few := []float64{0, 0.000001, 0.0015, 0.002, 0.003, 0.3}
	var events []*parser.Event
	for _, seconds := range few {
		events = append(events, event("select a from t", 0, seconds))
	}
	want := map[float64]int64{0: 1, 0.000001: 1, 0.001: 1, 0.002: 2, 0.2: 1}
	check := func(bins []Bin, times int64) {
		t.Helper()
		for i, b := range bins {
			if b.Calls != times*want[b.From] || i > 0 && b.From <= bins[i-1].From {
				t.Errorf("bin %v has %d calls, want %d", b.From, b.Calls, times*want[b.From])
			}
		}
		if bins[0].From != 0 || bins[len(bins)-1].From != 0.2 {
			t.Errorf("bins %v", bins)
		}
	}
	check(detailed(Window{}, events...).Classes[0].Distribution, 1)

	// A border is exactly what a sketch cannot tell.
	few[3], events = 0.0021, nil
	for range 100 {
		for _, seconds := range few {
			events = append(events, event("select a from t", 0, seconds))
		}
	}
	check(detailed(Window{}, events...).Classes[0].Distribution, 100)
}

// A time line has 720 parts at most, and parts as narrow as that lets them be.
func TestStepsAtTheirBounds(t *testing.T) {
	for _, test := range []struct {
		seconds int64 // from the first part to the last, both included
		step    float64
	}{
		{720, 1}, {721, 10}, {7200, 10}, {7201, 30}, {720 * 30, 30}, {720*30 + 1, 60}, {720*86400*2 + 1, 86400 * 4},
	} {
		day := time.Unix(86400*4*5000, 0).UTC() // from where all steps count alike
		first, last := event("select a from t", 0, 0.5), event("select b from t", 0, 0.5)
		first.Time, last.Time = day.Add(500*time.Millisecond), day.Add(time.Duration(test.seconds)*time.Second)
		for _, events := range [][]*parser.Event{{first, last}, {last, first}} {
			d := detailed(Window{}, events...).Detail
			if d.Step != test.step || len(d.Load) > maxSteps || !d.Start.Equal(day) || d.Load[0] != 0.5 || d.Load[len(d.Load)-1] != 0.5 {
				t.Errorf("%d s: %d parts of %v s from %v", test.seconds, len(d.Load), d.Step, d.Start)
			}
		}
	}
	for i, s := range steps[1:] {
		if s%steps[i] != 0 || wider(steps[i]) != s {
			t.Errorf("after %d comes %d", steps[i], wider(steps[i]))
		}
	}
	if wider(86400) != 172800 || wider(172800) != 345600 {
		t.Error("after the last step they do not double")
	}
}

// The time of a call is spread over a day at most, and not to before 1970.
func TestLongestCall(t *testing.T) {
	for seconds, want := range map[float64]float64{86399: 86399, 86400: 86400, 86401: 86400, 1e9: 86400} {
		sum := 0.0
		for _, s := range detailed(Window{}, event("select a from t", 0, seconds)).Detail.Load {
			sum += s
		}
		if sum != want {
			t.Errorf("a call of %v s: %v s", seconds, sum)
		}
	}
	for at, want := range map[time.Duration]bool{time.Second: true, time.Second - time.Microsecond: false} {
		e := event("select a from t", 0, 1)
		e.Time = time.Unix(0, 0).Add(at)
		if got := detailed(Window{}, e).Detail != nil; got != want {
			t.Errorf("a call of 1 s at %v: %v", at, got)
		}
	}
}

// A bin begins at its border.
func TestBins(t *testing.T) {
	for us, want := range map[float64]float64{0: 0, 0.9: 0, 1: 1, 1.9: 1, 2: 2, 4.9: 2, 5: 5, 9.9: 5, 10: 10, 19: 10, 20: 20, 1e6: 1e6, 4.99e9: 2e9, 5e9: 5e9} {
		if got := binFrom(binOf(us)); got != want {
			t.Errorf("%v µs is in the bin from %v, want %v", us, got, want)
		}
	}
}

// Between the first and the last bin none is left out, and a sketch does not
// reach beyond its lowest and highest value.
func TestDistributionIsWhole(t *testing.T) {
	for _, n := range []int{1, exactCalls} {
		var q quantity
		for range n {
			q.add(2, 1)
			q.add(6000, 1)
		}
		bins := distribution(&q)
		if len(bins) != 11 || bins[0] != (Bin{0.000002, 0.000005, int64(n)}) || bins[10] != (Bin{0.005, 0.01, int64(n)}) || bins[5] != (Bin{0.0001, 0.0002, 0}) {
			t.Errorf("%d calls each: %v", n, bins)
		}
	}
}
