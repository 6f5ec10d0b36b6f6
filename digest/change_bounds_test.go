package digest

import (
	"math"
	"slices"
	"testing"
	"time"
)

// kindOf returns the word that the report has for the watched class.
func kindOf(r *Report) ChangeKind {
	if i := slices.IndexFunc(r.Classes, func(c Class) bool { return c.ID == watched }); i >= 0 && r.Classes[i].Change != nil {
		return r.Classes[i].Change.Kind
	}
	if slices.ContainsFunc(r.Past.Gone, func(g GoneClass) bool { return g.ID == watched }) {
		return Gone
	}
	return ""
}

const now = hour(496_000) // that the classes of these tests are compared in

// known returns a history of n whole hours before now, with the one class.
func known(n hour, p *past) *History {
	h := &History{since: (now - n).time(), classes: map[string]*past{watched: p}}
	for at := now - n; at < now; at++ {
		h.hours = append(h.hours, wholeHour{at: at, time: levelOf(410, timeUnit)})
	}
	return h
}

func TestNewAndBackAtTheirBounds(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name     string
		p        past
		newAfter time.Duration
		want     ChangeKind
	}{
		{"unseen for 14 days", past{last: now - 336}, 0, Back},
		{"an hour less", past{last: now - 335}, 0, ""},
		{"over twice its longest absence", past{last: now - 337, before: now - 337 - 168}, 0, Back},
		{"twice its longest absence", past{last: now - 336, before: now - 336 - 168}, 0, ""},
		{"over twice an earlier absence", past{last: now - 337, gap: 168}, 0, Back},
		{"twice an earlier absence", past{last: now - 336, gap: 168}, 0, ""},
		{"as configured", past{last: now - 48}, 2 * day, Back},
		{"less than configured", past{last: now - 47}, 2 * day, ""},
		{"a day is the least", past{last: now - 24}, time.Hour, Back},
		{"less than a day", past{last: now - 23}, time.Hour, ""},
		{"was gone", past{last: now - 10, gone: now - 3}, 0, Back},
		{"was gone in the hour before", past{last: now - 10, gone: now - 1}, 0, Back},
		{"was gone before it was seen", past{last: now - 10, gone: now - 10}, 0, ""},
		{"is gone as of this hour", past{last: now - 10, gone: now}, 0, ""},
		{"seen in this hour only", past{first: now, last: now}, 0, New},
		{"seen in this hour, and long before", past{last: now, before: now - 400}, 0, Back},
		{"seen in this hour, and lately", past{last: now, before: now - 40}, 0, ""},
	} {
		r := hourReport(now, work{10, 100})
		if known(24, &test.p).Compare(r, Options{NewAfter: test.newAfter}); kindOf(r) != test.want {
			t.Errorf("%s: %s, want %q", test.name, said(r), test.want)
		}
		news := 1 // the class that h does not know
		if test.want == New {
			news++
		}
		if r.Past.New != news {
			t.Errorf("%s: %d are NEW, want %d", test.name, r.Past.New, news)
		}
		if test.want == Back {
			i := slices.IndexFunc(r.Classes, func(c Class) bool { return c.ID == watched })
			if seen := r.Classes[i].Change.LastSeen; !seen.Equal(test.p.seenBefore(now).time()) {
				t.Errorf("%s: last seen %v", test.name, seen)
			}
		}
	}
}

// Nothing is said before 24 hours are remembered, of which gaps are none.
func TestLearningAtItsBound(t *testing.T) {
	for n, learning := range map[hour]bool{0: true, 23: true, 24: false, 25: false} {
		h := known(n, &past{last: now - 400})
		r := hourReport(now, work{10, 100})
		if h.Compare(r, Options{}); r.Past.Learning != learning || (kindOf(r) == "") != learning {
			t.Errorf("%d hours: learning %v, %q", n, r.Past.Learning, kindOf(r))
		}
		if n > 0 && !r.Past.Since.Equal((now-n).time()) || r.Past.New != map[bool]int{false: 1, true: 0}[learning] {
			t.Errorf("%d hours: %+v", n, r.Past)
		}
	}
	for first, learning := range map[hour]bool{historyHours: false, historyHours + 1: true} {
		h := known(24, &past{last: now - 400})
		h.hours[0].at = now - first
		r := hourReport(now, work{10, 100})
		if h.Compare(r, Options{}); r.Past.Learning != learning {
			t.Errorf("the first %d hours before: learning %v", first, r.Past.Learning)
		}
	}
	h := known(23, &past{last: now - 400})
	h.hours = append(h.hours, wholeHour{at: now})
	r := hourReport(now, work{10, 100})
	if h.Compare(r, Options{}); !r.Past.Learning {
		t.Error("the window's own hour counts")
	}
}

// A change matters that is of a second per hour and a hundredth of all time.
func TestMatters(t *testing.T) {
	for _, test := range []struct {
		perHour float64
		hours   hour
		overall float64
		want    bool
	}{
		{1, 1, 100, true}, {0.999, 1, 50, false}, {1, 1, 100.1, false}, {1, 3, 300, true}, {1, 3, 300.1, false}, {10, 1, 1000, true}, {10, 1, 1001, false},
	} {
		c := comparison{report: &Report{}, start: now, end: now + test.hours}
		c.report.Overall.QueryTime.Sum = test.overall
		if c.matters(test.perHour) != test.want {
			t.Errorf("%v s/h in %d hours of %v s: %v", test.perHour, test.hours, test.overall, !test.want)
		}
	}
}

// What a series has of each hour: its level, 0 for an absence, or unknown.
func TestSeries(t *testing.T) {
	seen := []classHour{{at: now - 337, time: 9}, {at: now - 336, time: 8}, {at: now - 30, time: 7}, {at: now - 24, time: 6}, {at: now - 1, time: 5}, {at: now, time: 4}}
	for _, test := range []struct {
		name    string
		p       past
		partial func(ago hour) bool
		ago     hour
		want    int16
	}{
		{"the first", past{}, nil, 336, 8},
		{"the last", past{}, nil, 1, 5},
		{"an absence", past{}, nil, 2, 0},
		{"before its hours are complete", past{from: now - 30}, nil, 31, unknown},
		{"from then on", past{from: now - 30}, nil, 30, 7},
		{"since it was worse", past{worse: now - 1}, nil, 1, unknown},
		{"before it was worse", past{worse: now - 1}, nil, 2, 0},
		{"worse for a day", past{worse: now - 24}, nil, 24, 6},
		{"worse for an hour less", past{worse: now - 23}, nil, 2, unknown},
		{"as of this hour", past{worse: now}, nil, 1, 5},
		{"incomplete, but seen", past{}, func(ago hour) bool { return ago == 24 }, 24, unknown},
		{"incomplete and unseen", past{}, func(ago hour) bool { return ago == 2 }, 2, unknown},
		{"half are complete", past{}, func(ago hour) bool { return ago <= 168 }, 24, unknown},
		{"less than half, and seen", past{}, func(ago hour) bool { return ago <= 169 }, 24, 6},
		{"less than half, and unseen", past{}, func(ago hour) bool { return ago <= 169 }, 2, unknown},
		{"less than half, and absent from a whole one", past{}, func(ago hour) bool { return ago <= 169 }, 170, 0},
	} {
		test.p.hours = seen
		h := known(historyHours, &test.p)
		for i := range h.hours {
			h.hours[i].partial = test.partial != nil && test.partial(now-h.hours[i].at)
		}
		s := newComparison(h, hourReport(now, work{}), Options{}).series(&test.p, timeOf)
		if got := s[historyHours-test.ago]; got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
	h := known(historyHours, &past{})
	h.hours = h.hours[1:]
	if s := newComparison(h, hourReport(now, work{}), Options{}).series(&past{}, timeOf); s[0] != unknown || s[1] != 0 {
		t.Errorf("an hour that was not read is %d", s[0])
	}
}

// steadyPast returns a past of 14 days with the same levels.
func steadyPast(c classHour) *past {
	p := &past{first: now - 1000, last: now - 1, before: now - 2, gap: 1, from: now - 1000}
	for at := now - historyHours; at < now; at++ {
		c.at = at
		p.hours = append(p.hours, c)
	}
	return p
}

func TestWorseAtItsBounds(t *testing.T) {
	at := classHour{time: levelOf(10, timeUnit), p95: levelOf(0.005, p95Unit), calls: levelOf(100, callsUnit), rest: notedOf(10, timeUnit), typical: notedOf(0.1, p95Unit)}
	twice := (at.time + doubled).value(timeUnit)
	second := at.p95.about(p95Unit) + 0.01
	class := func(sum, p95 float64, calls int64) Class {
		return Class{ID: watched, Totals: Totals{Calls: calls, QueryTime: Metrics{Sum: sum, P95: p95, Mean: sum / float64(calls), Median: sum / float64(calls)}}}
	}
	// The first levels beyond what chance explains in an hour of 100 calls: as TestLeast has it.
	beyond := func(l level, unit, plus, deviation, chance float64) level {
		load := 1 + at.calls.about(callsUnit)
		least := (plus + l.about(unit)) * math.Exp(math.Hypot(deviation, math.Sqrt(chance/load))/2*math.Log(0.1/1e-4))
		for plus+l.about(unit) < least {
			l++
		}
		return l
	}
	calls := beyond(at.calls, callsUnit, 1, 0.2, 1)
	median := beyond(at.typical.level(), p95Unit, 0, 0.1, 1.5)
	rest := notedOf(30, timeUnit).level().about(timeUnit) - at.rest.level().about(timeUnit)
	singleCall := class(60, 0, 100)
	singleCall.QueryTime.Max, singleCall.QueryTime.Median = 50, 0.1
	for _, test := range []struct {
		name    string
		class   Class
		hours   hour
		overall float64
		highest classHour
		of      string
		now     float64
	}{
		{"calls by chance", class(0.1*(calls-1).about(callsUnit), 0, int64((calls - 1).about(callsUnit))), 1, 100, classHour{}, "", 0},
		{"more calls", class(0.1*calls.about(callsUnit), 0, int64(calls.about(callsUnit))), 1, 100, classHour{}, "query_time", 0.1 * calls.about(callsUnit)},
		{"median by chance", class(100*(median-1).about(p95Unit), 0, 100), 1, 100, classHour{}, "", 0},
		{"higher median", class(100*median.about(p95Unit), 0, 100), 1, 100, classHour{}, "query_time", 100 * median.about(p95Unit)},
		{"a single call", singleCall, 1, 100, classHour{}, "", 0},
		{"over twice in three hours", class(3*twice*1.001, 0, 100), 3, 300, classHour{}, "query_time", twice * 1.001},
		{"twice in three hours", class(3*twice*0.999, 0, 100), 3, 300, classHour{}, "", 0},
		{"the difference is a hundredth", class(30, 0, 100), 1, 100 * rest * 0.999, classHour{}, "query_time", 30},
		{"the difference is less", class(30, 0, 100), 1, 100 * rest * 1.001, classHour{}, "", 0},
		{"as much as the highest that was given up", class(60, 0, 100), 1, 100, classHour{time: levelOf(60, timeUnit)}, "", 0},
		{"twice that", class((levelOf(60, timeUnit) + doubled).value(timeUnit), 0, 100), 1, 100, classHour{time: levelOf(60, timeUnit)}, "", 0},
		{"over twice that", class((levelOf(60, timeUnit)+doubled).value(timeUnit)*1.001, 0, 100), 1, 100, classHour{time: levelOf(60, timeUnit)}, "query_time",
			(levelOf(60, timeUnit) + doubled).value(timeUnit) * 1.001},
		{"p95 of 10 ms more in three hours", class(30, second*1.0001, 20), 3, 300, classHour{}, "p95", second * 1.0001},
		{"p95 of less", class(30, second*0.9999, 20), 3, 300, classHour{}, "", 0},
		{"p95 of 19 calls", class(30, 1, 19), 3, 300, classHour{}, "", 0},
		{"p95, of a class that does not matter", class(2.7, 1, 20), 3, 30, classHour{}, "", 0},
		{"p95 of an hour with no more time", class(10, 1, 20), 1, 100, classHour{}, "", 0},
		{"both", class(60, 1, 20), 1, 100, classHour{}, "query_time", 60},
		{"both in three hours", class(180, 1, 60), 3, 300, classHour{}, "query_time", 60},
	} {
		p := steadyPast(at)
		p.highest = test.highest
		r := &Report{Window: Window{now.time(), (now + test.hours).time()}, Coverage: Coverage{Complete: true}, Classes: []Class{test.class}}
		r.Overall.QueryTime.Sum = test.overall
		known(historyHours, p).Compare(r, Options{})
		got := r.Classes[0].Change
		if got == nil {
			got = &Change{}
		}
		if got.Of != test.of || math.Abs(got.Now-test.now) > 1e-9 {
			t.Errorf("%s: %+v, want %s %v", test.name, got, test.of, test.now)
			continue
		}
		median, highest := at.time.about(timeUnit), at.time.value(timeUnit)
		if test.of == "p95" {
			median, highest = at.p95.about(p95Unit), at.p95.value(p95Unit)
		}
		if l := test.highest.time; l > 0 {
			median, highest = l.about(timeUnit), l.value(timeUnit)
		} else if test.hours == 1 { // the highest is nothing to go by
			highest = 0
		}
		if test.of != "" && (got.Kind != Worse || math.Abs(got.Median-median) > 1e-9 || got.Highest != highest) {
			t.Errorf("%s: %+v, want median %v, highest %v", test.name, got, median, highest)
		}
	}
}

func TestBetterAtItsBounds(t *testing.T) {
	median := func(at hour) level { return 100 + level(at%24) } // each hour of day has its own
	for _, test := range []struct {
		name     string
		change   func(p *past)
		now      level // of this hour, below the median
		overall  float64
		complete bool
		want     ChangeKind
	}{
		{"six hours", nil, 10, 100, true, Better},
		{"not by half", nil, 9, 100, true, ""},
		{"incomplete", nil, 10, 100, false, ""},
		{"one of the six hours is not better", func(p *past) { p.hours[historyHours-3].time++ }, 10, 100, true, ""},
		{"five hours", func(p *past) { p.hours[historyHours-5].time++ }, 10, 100, true, ""},
		{"seven hours", func(p *past) { p.hours[historyHours-6].time -= 10 }, 10, 100, true, ""},
		{"five hours before too", func(p *past) { low(p, 100, 5) }, 10, 100, true, Better},
		{"six hours before too", func(p *past) { low(p, 100, 6) }, 10, 100, true, ""},
		{"known for eight days", func(p *past) { p.first = now - 192 }, 10, 100, true, Better},
		{"known for less", func(p *past) { p.first = now - 191 }, 10, 100, true, ""},
		{"reported within 14 days", func(p *past) { p.better = now - 335 }, 10, 100, true, ""},
		{"reported an hour ago", func(p *past) { p.better = now - 1 }, 10, 100, true, ""},
		{"reported before that", func(p *past) { p.better = now - 336 }, 10, 100, true, Better},
		{"reported for this hour", func(p *past) { p.better = now }, 10, 100, true, Better},
		{"does not matter", nil, 10, 1000, true, ""},
	} {
		p := steadyPast(classHour{})
		for i := range p.hours {
			p.hours[i].time = median(p.hours[i].at)
		}
		low(p, 0, 5)
		if test.change != nil {
			test.change(p)
		}
		r := &Report{Window: Window{now.time(), (now + 1).time()}, Coverage: Coverage{Complete: test.complete}}
		sum := (median(now) - test.now).about(timeUnit)
		r.Classes = []Class{{ID: watched, Totals: Totals{Calls: 10, QueryTime: Metrics{Sum: sum}}}}
		r.Overall.QueryTime.Sum = test.overall
		known(historyHours, p).Compare(r, Options{})
		if got := kindOf(r); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
			continue
		}
		if test.want == "" {
			continue
		}
		was, is := 0.0, sum
		for at := now - 5; at <= now; at++ {
			was += median(at).about(timeUnit) / 6
			if at < now {
				is += (median(at) - 10).about(timeUnit)
			}
		}
		if c := r.Classes[0].Change; math.Abs(c.Median-was) > 1e-9 || math.Abs(c.Now-is/6) > 1e-9 || c.Of != "query_time" {
			t.Errorf("%s: %+v, want %v after %v", test.name, c, is/6, was)
		}
	}
	// Of several hours at once nothing is BETTER.
	p := steadyPast(classHour{time: 100})
	low(p, 0, 5)
	r := &Report{Window: Window{now.time(), (now + 2).time()}, Coverage: Coverage{Complete: true}}
	r.Classes = []Class{{ID: watched, Totals: Totals{Calls: 10, QueryTime: Metrics{Sum: level(90).about(timeUnit)}}}}
	if known(historyHours, p).Compare(r, Options{}); kindOf(r) != "" {
		t.Errorf("two hours: %q", kindOf(r))
	}
}

// low takes the half from n hours of a past, the last of which is so long before now.
func low(p *past, ago, n int) {
	for i := range n {
		p.hours[historyHours-1-ago-i].time -= doubled
	}
}

func TestGoneAtItsBounds(t *testing.T) {
	every := func(hours, n, last hour) *past { // seen n times
		p := &past{first: now - 900, from: now - 900, last: last}
		for i := range n {
			p.hours = append(p.hours, classHour{at: last - (n-1-i)*hours, time: levelOf(10, timeUnit)})
		}
		return p
	}
	for _, test := range []struct {
		name   string
		p      *past
		change func(h *History, r *Report, p *past)
		want   ChangeKind
	}{
		{"six hours", every(1, 169, now-6), nil, Gone},
		{"six with this one", every(1, 169, now-5), nil, ""},
		{"twice an absence of 3 hours and two", every(3, 60, now-8), nil, Gone},
		{"less", every(3, 60, now-7), nil, ""},
		{"seen in ten hours", every(20, 10, now-42), nil, Gone},
		{"seen in nine", every(22, 9, now-46), nil, ""},
		{"over seven days", every(1, 169, now-6), nil, Gone},
		{"over less", every(1, 168, now-6), nil, ""},
		{"an incomplete hour does not count", every(1, 169, now-6), func(h *History, _ *Report, _ *past) { h.hours[historyHours-1].partial = true }, ""},
		{"nor does one that was not read", every(1, 169, now-6), func(h *History, _ *Report, _ *past) { h.hours = h.hours[:historyHours-1] }, ""},
		{"an incomplete window", every(1, 169, now-6), func(_ *History, r *Report, _ *past) { r.Coverage.Complete = false }, ""},
		{"a window not of hours", every(1, 169, now-20), func(_ *History, r *Report, _ *past) { r.Window.End = r.Window.End.Add(time.Minute) }, ""},
		{"reported", every(1, 169, now-6), func(_ *History, _ *Report, p *past) { p.gone = now - 1 }, ""},
		{"reported when it was last seen", every(1, 169, now-6), func(_ *History, _ *Report, p *past) { p.gone = now - 6 }, Gone},
		{"reported for this hour", every(1, 169, now-6), func(_ *History, _ *Report, p *past) { p.gone = now }, Gone},
		{"seen in the window", every(1, 169, now-6), func(_ *History, _ *Report, p *past) { p.last = now }, ""},
		{"here", every(1, 169, now-6), func(_ *History, r *Report, _ *past) { r.Classes = append(r.Classes, Class{ID: watched}) }, ""},
		{"a second in an hour", every(1, 169, now-6), func(h *History, _ *Report, p *past) { setTime(h, p, 70, 70) }, Gone},
		{"less than a second", every(1, 169, now-6), func(h *History, _ *Report, p *past) { setTime(h, p, 68, 68) }, ""},
		{"a hundredth of the time", every(1, 169, now-6), func(h *History, _ *Report, p *past) { setTime(h, p, 80, 148) }, Gone},
		{"less than a hundredth", every(1, 169, now-6), func(h *History, _ *Report, p *past) { setTime(h, p, 80, 149) }, ""},
	} {
		h := known(historyHours, test.p)
		r := hourReport(now, work{})
		if test.change != nil {
			test.change(h, r, test.p)
		}
		h.Compare(r, Options{})
		if got := kindOf(r); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if test.want == Gone && !r.Past.Gone[0].LastSeen.Equal(test.p.last.time()) {
			t.Errorf("%s: last seen %v", test.name, r.Past.Gone[0].LastSeen)
		}
	}
	// Those that went first come first, equals by their ID.
	h := known(historyHours, every(1, 169, now-6))
	h.classes["A"], h.classes["B"] = every(1, 169, now-6), every(1, 169, now-7)
	r := hourReport(now, work{})
	h.Compare(r, Options{})
	if g := r.Past.Gone; len(g) != 3 || g[0].ID != "B" || g[1].ID != "A" || g[2].ID != watched {
		t.Errorf("%+v", g)
	}
}

// A load is of the hours from 14 days before on that were read.
func TestLoad(t *testing.T) {
	p := &past{hours: []classHour{{at: now - 337, time: 100}, {at: now - 336, time: 100}, {at: now - 1, time: 110}}}
	c := newComparison(known(historyHours, p), hourReport(now, work{}), Options{})
	want := (level(100).about(timeUnit) + level(110).about(timeUnit)) / 3
	if mean, heavy := c.load(p); math.Abs(mean-want) > 1e-9 || !heavy {
		t.Errorf("%v, %v, want %v", mean, heavy, want)
	}
}

// setTime gives the class's hours and those of all classes a level.
func setTime(h *History, p *past, own, all level) {
	for i := range p.hours {
		p.hours[i].time = own
	}
	for i := range h.hours {
		h.hours[i].time = all
	}
}

// A window of several hours is judged by what it took in an hour, against its hours of
// day and not against the busier ones of the day.
func TestSeveralHoursAreJudgedByTheHour(t *testing.T) {
	for _, test := range []struct {
		name        string
		total       work
		calls, each float64
	}{
		{"more calls", work{180, 900}, 3, 0},
		{"longer calls", work{180, 300}, 0, 6},
	} {
		h := &History{}
		for at := dayHour(0, 0); at < dayHour(7, 0); at++ {
			w := work{10, 100}
			if at.time().Hour() == 12 {
				w = work{50, 2000}
			}
			h.pass(t, hourReport(at, w))
		}
		r := hourReport(dayHour(7, 0), test.total)
		r.Window.End = dayHour(7, 3).time()
		h.Compare(r, Options{})
		i := slices.IndexFunc(r.Classes, func(c Class) bool { return c.ID == watched })
		change := r.Classes[i].Change
		if change == nil || change.Kind != Worse || change.MeanOf != 3 || math.Round(change.Values.Now) != 60 ||
			math.Round(change.TimesCalls) != test.calls || math.Round(change.TimesEach) != test.each {
			t.Errorf("%s: %s, %+v", test.name, said(r), change)
		}
	}
}

// How many days are remembered is said from the end of learning until eight are.
func TestFirstWeekAtItsBounds(t *testing.T) {
	for n, want := range map[hour]int{23: 0, 24: 1, 47: 1, 48: 2, wholeWeek - 1: 7, wholeWeek: 0} {
		r := hourReport(now, work{10, 100})
		if known(n, &past{last: now - 400}).Compare(r, Options{}); r.Past.Days != want {
			t.Errorf("%d hours: %d days, want %d", n, r.Past.Days, want)
		}
	}
}
