package digest

import (
	"math"
	"strconv"
	"testing"

	"slowdigest/digest/monthtest"
)

// sumsOf returns the sums of a class of which each hour's calls are known, from the first of 14
// days to the window's. Each call takes a second and the longest of them nothing.
func sumsOf(calls func(i int) float64) *sums {
	s := sums{told: -1}
	for i := range historyHours + 1 {
		for what := range s.of {
			s.of[what][i+1], s.times[what][i+1] = s.of[what][i], s.times[what][i]
			n := calls(i)
			if math.IsNaN(n) { // the hour was not read
				continue
			}
			v, times := n, 1.0
			switch statistic(what) {
			case typical:
				v, times = 0, n
			case slowest:
				v = 0
			}
			s.of[what][i+1] += v
			s.times[what][i+1] += times
		}
	}
	return &s
}

// The bound of each statistic and window, by the numbers of the rule written once more.
func TestLeast(t *testing.T) {
	steady := func(int) float64 { return 99 }
	prior := func(deviation, chance, span, calls float64) float64 {
		return math.Hypot(deviation*math.Pow(span, -0.35), math.Sqrt(chance/(span*calls))) / 2
	}
	hour, longer := math.Log(0.1/1e-4), math.Log(0.1/1e-5)
	// Four times the others, in so many hours of the first week. The same ones of the second are
	// not looked at, as the load is not like now.
	raised := func(n int) func(int) float64 {
		return func(i int) float64 {
			if i%5 == 1 && i < 5*n {
				return 399
			}
			return 99
		}
	}
	since := func(first int) func(int) float64 {
		return func(i int) float64 {
			if i < first {
				return math.NaN()
			}
			return 99
		}
	}
	for _, c := range []struct {
		name     string
		calls    func(i int) float64
		what     statistic
		span     int
		hourTail float64
		want     float64
	}{
		{"calls", steady, callRate, 1, 0, prior(0.2, 1, 1, 100) * hour},
		{"median", steady, typical, 1, 0, prior(0.1, 1.5, 1, 100) * hour},
		{"all but the longest", steady, restTime, 1, 0, prior(0.25, 2, 1, 100) * hour},
		{"p95", steady, slowest, 1, 0, prior(0.2, 4, 1, 100) * hour},
		{"two hours", steady, callRate, 2, 0, prior(0.2, 1, 2, 99.5) * longer},
		{"a day", steady, callRate, 24, 0, prior(0.2, 1, 24, 99+1.0/24) * longer},
		{"a day, of a class whose hours deviate", steady, callRate, 24, 0.5, 0.5 * math.Pow(24, -0.35) * longer},
		{"an hour at four times", raised(1), callRate, 1, 0, (math.Log(4) + 12*prior(0.2, 1, 1, 100)) / 13 * hour},
		{"28 hours of 284", raised(28), callRate, 1, 0, (28*math.Log(4) + 12*prior(0.2, 1, 1, 100)) / 40 * hour},
		{"29 hours, over a tenth", raised(29), callRate, 1, 0, math.Log(4) + prior(0.2, 1, 1, 100)*hour},
		{"47 hours", since(historyHours - 24 - 47), callRate, 1, 0, math.NaN()},
		{"48 hours", since(historyHours - 24 - 48), callRate, 1, 0, prior(0.2, 1, 1, 100)*hour + math.Log(1.5)},
		{"seven days", since(historyHours - 24 - 168), callRate, 1, 0, prior(0.2, 1, 1, 100) * hour},
		{"an hour less", since(historyHours - 24 - 167), callRate, 1, 0, prior(0.2, 1, 1, 100)*hour + math.Log(1.5)},
	} {
		got, _ := sumsOf(c.calls).least(c.what, c.span, c.hourTail)
		if math.Abs(got-c.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Hours with another load than now are looked at where those like it are few.
func TestLikeWindows(t *testing.T) {
	calm, _ := sumsOf(func(int) float64 { return 99 }).least(callRate, 1, 0)
	// Around midnight, as now, so many hours have 99 calls. The others have fewer, and those from
	// 14 to 21 o'clock four times as many in some.
	traffic := func(loud int, others, wild float64) *sums {
		return sumsOf(func(i int) float64 {
			h := i % hoursADay
			switch {
			case h < loud-1 || h == hoursADay-1:
				return 99
			case h < 13 || h > 22:
				return 100/others - 1
			case h > 13 && h < 22 && i%10 == 1 && i < 100:
				return 400/wild - 1
			}
			return 100/wild - 1
		})
	}
	for _, c := range []struct {
		name string
		s    *sums
		want float64 // 0 is more than that
	}{
		{"78 are like it", traffic(4, 2.1, 2.1), calm},
		{"65 are", traffic(3, 5, 5), 0},
		{"half of its load is like it", traffic(4, 2.1, 1.9), 0},
		{"a quarter is, where there are no 70 others", traffic(3, 3, 3.9), 0},
		{"and less is not", traffic(3, 3, 4.1), calm},
	} {
		if got, _ := c.s.least(callRate, 1, 0); math.Abs(got-c.want) > 1e-9 && (c.want > 0 || !(got > calm+0.01)) {
			t.Errorf("%s: %v, want %v; of calm hours %v", c.name, got, c.want, calm)
		}
	}
}

// A window is known where two thirds of its hours are.
func TestWindows(t *testing.T) {
	s := sumsOf(func(i int) float64 {
		if i < historyHours-3 {
			return math.NaN()
		}
		return 10
	})
	for _, c := range []struct {
		what statistic
		span int
		want float64
	}{
		{callRate, 1, math.Log(11)}, {callRate, 2, math.Log(10.5)}, {callRate, 6, math.Log(10 + 1.0/6)}, {callRate, 7, math.NaN()},
		{restTime, 6, math.Log(11)}, {allTime, 7, math.NaN()}, {typical, 6, 0}, {slowest, 6, 0}, {callRate, historyHours + 2, math.NaN()},
	} {
		if got := s.window(c.what, historyHours+1, c.span); math.Abs(got-c.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("%d in %d hours: %v, want %v", c.what, c.span, got, c.want)
		}
	}
	for _, known := range []float64{2, 3} { // hours of six with a p95
		s.times[slowest][historyHours+1] = known
		if got := s.window(slowest, historyHours+1, 6); math.IsNaN(got) != (known < 3) {
			t.Errorf("of %v hours: %v", known, got)
		}
	}
}

// What deviates is found in the shortest of 1, 2, 3, 6, 12 and 24 hours, from 8 calls on.
func TestDeviates(t *testing.T) {
	lately := func(hours int, calls, then float64) *sums {
		return sumsOf(func(i int) float64 {
			if i > historyHours-hours {
				return then
			}
			return calls
		})
	}
	times := func(what statistic, hours int) *sums {
		s := lately(1, 100, 100)
		s.of[what] = lately(hours, 100, 400).of[callRate]
		return s
	}
	long := func(calls float64) *sums {
		s := lately(1, calls, calls)
		s.of[typical][historyHours+1] += calls * math.Log(10)
		return s
	}
	for _, c := range []struct {
		name string
		s    *sums
		want finding
		ok   bool
	}{
		{"as ever", lately(24, 100, 100), finding{}, false},
		{"five times", lately(1, 100, 500), finding{callRate, 1, 0}, true},
		{"twice in an hour", lately(1, 100, 200), finding{}, false},
		{"all but the longest in an hour", times(restTime, 1), finding{}, false},
		{"and in two", times(restTime, 2), finding{restTime, 2, 0}, true},
		{"twice in three", lately(3, 100, 214), finding{callRate, 3, 0}, true},
		{"in six", lately(6, 100, 183), finding{callRate, 6, 0}, true},
		{"in twelve", lately(12, 100, 160), finding{callRate, 12, 0}, true},
		{"1.5 times in a day", lately(24, 100, 151.6), finding{callRate, 24, 0}, true},
		{"less", lately(24, 100, 149.9), finding{}, false},
		{"eight calls, of ten times as long", long(8), finding{typical, 1, 0}, true},
		{"seven", long(7), finding{}, false},
	} {
		got, ok := c.s.deviates(0)
		got.above = 0
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v", c.name, got, ok)
		}
	}
}

// What was told is told again where it is as far above the highest day since as it had to be above
// what was usual: 2.16 times, of 100 calls in an hour.
func TestWorseAgain(t *testing.T) {
	usual, much := work{10, 100}, work{60, 600}
	for _, c := range []struct {
		name  string
		hours int // of much
		then  int // hours of usual
		now   work
		worse bool
	}{
		{"as much after three days", 72, 0, much, false},
		{"2.1 times that", 72, 0, work{126, 1260}, false},
		{"2.3 times that", 72, 0, work{138, 1380}, true},
		{"an hour, and two days later", 1, 47, much, true},
		{"six hours of a day, and the next day", 30, 18, much, false},
		{"after ten days", 10 * hoursADay, 0, much, false},
		{"after ten days, 2.5 times that", 10 * hoursADay, 0, work{150, 1500}, true},
	} {
		var h History
		h.hoursOfWork(t, firstHour, 20*hoursADay, usual)
		h.hoursOfWork(t, dayHour(20, 0), c.hours, much)
		h.hoursOfWork(t, dayHour(20, c.hours), c.then, usual)
		r := hourReport(dayHour(20, c.hours+c.then), c.now)
		h.Compare(r, Options{})
		change := classIn(t, r, watched).Change
		if got := change != nil && change.Kind == Worse && change.Since.IsZero(); got != c.worse {
			t.Errorf("%s: %s", c.name, said(r))
		}
	}
}

// Until 72 hours are known, of jobs and of several hours at once, the highest is what to go by.
func TestWhatHasTheOlderRule(t *testing.T) {
	nightly := func(others int) *past { // ten runs, of which some are at another hour
		p := &past{first: now - 900, from: now - 900, last: now - 24}
		for i := range 10 {
			at := now - 24*hour(10-i)
			if i < others {
				at += 8
			}
			p.hours = append(p.hours, classHour{at: at, time: levelOf(10, timeUnit), calls: levelOf(100, callsUnit), typical: notedOf(0.1, p95Unit)})
		}
		return p
	}
	steady := func() *past {
		return steadyPast(classHour{time: levelOf(10, timeUnit), calls: levelOf(100, callsUnit), typical: notedOf(0.1, p95Unit)})
	}
	for _, c := range []struct {
		name  string
		p     *past
		known hour
		hours int
		older bool
	}{
		{"a class of all hours", steady(), historyHours, 1, false},
		{"of 72 hours", steady(), 72, 1, false},
		{"of 71 hours", steady(), 71, 1, true},
		{"two hours at once", steady(), historyHours, 2, true},
		{"nine runs of ten at their hour", nightly(1), historyHours, 1, true},
		{"eight of ten", nightly(2), historyHours, 1, false},
	} {
		h := known(c.known, c.p)
		r := hourReport(now, work{1000 * float64(c.hours), 10000 * int64(c.hours)})
		r.Window.End = (now + hour(c.hours)).time()
		h.Compare(r, Options{})
		change := classIn(t, r, watched).Change
		if older := change != nil && change.Highest > 0; older != c.older {
			t.Errorf("%s: %s", c.name, said(r))
		}
	}
}

// What a class says it takes for a change to be seen within a day is right in simulated traffic: of
// a third more calls than that most are, and of a third of it few.
func TestDetectable(t *testing.T) {
	factors := [2]float64{1.3, 0.35}
	var trials, seen [2]int
	for seed := range uint64(4) {
		m := monthtest.New(200+seed, 30)
		m.Events = nil
		var h History
		at := 22*hoursADay + 5
		changed := map[*monthtest.Query]int{}
		for n := at - historyHours; n < at+hoursADay; n++ {
			r := monthReport(m, n)
			h.Compare(r, Options{})
			for i := range r.Classes {
				class := &r.Classes[i]
				c := m.Queries[idOf(class.ID)]
				if d := class.Detectable; n == at && d > 0 && c.Tail == 0 && c.Kind != "bursts" {
					k := len(changed) % 2
					c.Changed = &monthtest.Change{From: float64(at + 1), Calls: 1 + (d-1)*factors[k], Time: 1}
					changed[c] = k
					trials[k]++
				}
				if k, ok := changed[c]; ok && class.Change != nil && class.Change.Kind == Worse {
					seen[k]++
					delete(changed, c)
				}
			}
			if err := h.Add(r); err != nil {
				t.Fatal(err)
			}
			h.MarkReported(r)
		}
	}
	t.Logf("of %v: %v of %v", factors, seen, trials)
	if trials[0] < 15 || 3*seen[0] < 2*trials[0] || 5*seen[1] > trials[1] {
		t.Errorf("of %v times what it takes are seen: %v of %v", factors, seen, trials)
	}
}

// idOf returns which class of a month has the ID.
func idOf(id string) int {
	n, _ := strconv.ParseInt(id, 16, 32)
	return int(n) - 1
}

// What rises every morning is compared with its own hour, and what has come an hour early, as with daylight
// saving, with the next one.
func TestMorning(t *testing.T) {
	day := func(h int) float64 { // calls from midnight on, which is the window's hour
		if h = (h + hoursADay) % hoursADay; h < 8 {
			return []float64{100, 700, 1000}[min(h, 2)]
		}
		return 14
	}
	slow := func(h int) float64 { return 100 * math.Pow(2, float64(min(max((h+hoursADay+4)%hoursADay-1, 0), 5))) } // twice as many each hour
	for _, c := range []struct {
		name   string
		lately func(h int) float64 // the window's hour, and those before
		found  bool
		day    func(h int) float64
	}{
		{"three times as many for two hours of a slow rise", func(h int) float64 { return slow(h) * []float64{3, 3, 1}[min(-h, 2)] }, true, slow},
		{"three times as many for three", func(h int) float64 { return slow(h) * []float64{3, 3, 3, 1}[min(-h, 3)] }, true, slow},
		{"an hour early in a slow rise", func(h int) float64 { return slow(h + 1) }, false, slow},
		{"as ever", day, false, day},
		{"three times as many", func(h int) float64 { return 3 * day(h) }, true, day},
		{"three times as many since this hour", func(h int) float64 { return day(h) * []float64{3, 1, 1}[min(-h, 2)] }, true, day},
		{"an hour early", func(h int) float64 { return day(h + 1) }, false, day},
		{"an hour late", func(h int) float64 { return day(h - 1) }, false, day},
	} {
		s := sumsOf(func(i int) float64 {
			if h := i - historyHours; h > -8 {
				return c.lately(h)
			}
			return c.day(i)
		})
		if f, found := s.deviates(0); found != c.found {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}

// On the Friday after one that was a holiday, five of 13 windows of a day hold a day off: its hours are compared with theirs, of
// which most were worked.
func TestAfterAHoliday(t *testing.T) {
	const friday = historyHours - 9 // midnight before the window, which is from nine to ten o'clock
	day := func(i int) (day, hour int) { i += 20*hoursADay - friday; return i/hoursADay - 20, i % hoursADay }
	for _, c := range []struct {
		times float64 // the calls of the last 24 hours
		found bool
	}{{1, false}, {1.4, false}, {2, true}} {
		s := sumsOf(func(i int) float64 {
			day, hour := day(i)
			off := day == -7 || day == -6 || day == -5 || day == -13 || day == -12
			calls := 30.0
			if hour >= 7 && hour < 17 && !off {
				calls = 1000
			}
			if i > historyHours-hoursADay {
				calls *= c.times
			}
			return calls
		})
		if f, found := s.deviates(0); found != c.found {
			t.Errorf("%v times the calls: %+v", c.times, f)
		}
	}
}
