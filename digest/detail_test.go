package digest

import (
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
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
	)
	if d := r.Detail; d.Step != 10 || !d.Start.Equal(noon) || len(d.Load) != 300 || !reflect.DeepEqual(d.Load[:3], []float64{5, 7, 5}) {
		t.Errorf("detail %+v", d)
	}
	if d := r.Classes[0].Detail; d.First != 1 || !reflect.DeepEqual(d.Load, []float64{7, 5}) {
		t.Errorf("class a: %+v", d)
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
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("SLOWDIGEST_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
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

func TestLoadOfImpossibleCalls(t *testing.T) {
	r := detailed(Window{}, event("select a from t", 0, 1e12), &parser.Event{SQL: []byte("select b"), QueryTime: 5, Weight: 1})
	if d := r.Detail; len(d.Load) > maxSteps || d.Step > 300 {
		t.Errorf("step %v, %d steps", d.Step, len(d.Load))
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
	check(detailed(Window{}, events...).Classes[0].Detail.Distribution, 1)

	// A border is exactly what a sketch cannot tell.
	few[3], events = 0.0021, nil
	for range 100 {
		for _, seconds := range few {
			events = append(events, event("select a from t", 0, seconds))
		}
	}
	check(detailed(Window{}, events...).Classes[0].Detail.Distribution, 100)
}
