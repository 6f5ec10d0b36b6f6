package digest

import "testing"

// seriesOf has the value in the hours for which there is one, by how long ago they
// are: 24 is the same hour of the day before.
func seriesOf(value func(ago int) int) *series {
	var s series
	for i := range s {
		s[i] = int16(value(historyHours - i))
	}
	return &s
}

// within has the value in the n hours before the window, and nothing is known
// before.
func within(n, value int) func(int) int {
	return func(ago int) int {
		if ago > n {
			return unknown
		}
		return value
	}
}

// Each row has the highest level that is not yet WORSE.
func TestJudgeAtItsBounds(t *testing.T) {
	const v = 100
	except := func(ago, value int, otherwise func(int) int) func(int) int {
		return func(h int) int {
			if h == ago {
				return value
			}
			return otherwise(h)
		}
	}
	days := func(n int) func(int) int { // at the same hour only
		return func(ago int) int {
			if ago%24 != 0 || ago > 24*n {
				return 0
			}
			return v
		}
	}
	for _, test := range []struct {
		name        string
		value       func(int) int
		n           int
		most        level
		days, hours int
		median      level
	}{
		{"the same for 14 days: twice", within(336, v), 1, v + doubled, 14, 0, v},
		{"an hour less than eight days: every bound is doubled", within(191, v), 1, v + 2*doubled, 7, 0, v},
		{"eight days", within(192, v), 1, v + doubled, 8, 0, v},
		{"two days: all hours", within(71, v), 1, v + 2*doubled, 0, 71, v},
		{"three days: the same hour", within(72, v), 1, v + 2*doubled, 3, 0, v},
		{"eight hours", within(8, v), 1, v + 2*doubled, 0, 8, v},
		{"seven hours: nothing is said", within(7, v), 1, 255, 0, 0, 0},
		{"one incident of many is left out", except(30, v+8, within(336, v)), 1, v + doubled, 14, 0, v},
		{"a second one is not", except(30, v+20, except(31, v+20, within(336, v))), 1, v + 20 + quarterMore, 14, 0, v},
		{"of 100 the highest is left out", except(30, v+20, within(100, v)), 1, v + 2*doubled, 4, 0, v},
		{"of 99 it is not", except(30, v+20, within(99, v)), 1, v + 20 + halfMore + doubled, 4, 0, v},
		{"of 24 neither", except(10, v+20, within(24, v)), 1, v + 20 + halfMore + doubled, 0, 24, v},
		{"few allow more", except(10, v+20, within(23, v)), 1, v + 20 + doubled + doubled, 0, 23, v},
		{"the highest of the same hour", except(48, v+20, within(336, v)), 1, v + 20 + quarterMore, 14, 0, v},
		{"of the hour before", except(49, v+20, within(336, v)), 1, v + 20 + quarterMore, 14, 0, v},
		{"of the hour after", except(47, v+20, within(336, v)), 1, v + 20 + quarterMore, 14, 0, v},
		{"of two hours before", except(50, v+20, within(336, v)), 1, v + doubled, 14, 0, v},
		{"of two hours after", except(46, v+20, within(336, v)), 1, v + doubled, 14, 0, v},
		{"of two hours after the first of two", except(46, v+20, within(336, v)), 2, v + 20 + quarterMore, 14, 0, v},
		{"the longer window has the higher median", func(ago int) int {
			if ago%24 == 23 {
				return v + 5
			}
			return v
		}, 2, v + 5 + doubled, 14, 0, v + 5},
		{"longer than a day", within(336, v), 30, v + doubled, 14, 0, v},
		{"a job on eight nights", days(8), 1, v + doubled, 8, 0, v},
		{"a job on seven: nothing is said", days(7), 1, 255, 0, 0, 0},
	} {
		s := seriesOf(test.value)
		var most level
		var b baseline
		for now := level(1); now < 255; now++ {
			if got, worse := s.judge(now, test.n); worse {
				b = got
				break
			}
			most = now
		}
		if most == 254 {
			most = 255
		}
		if most != test.most || b.days != test.days || b.hours != test.hours || b.median != test.median {
			t.Errorf("%s: %d is the most, %+v; want %d, %d days, %d hours, median %d",
				test.name, most, b, test.most, test.days, test.hours, test.median)
		}
	}
}

func TestTolerance(t *testing.T) {
	for _, test := range []struct{ n, want int }{
		{1, 1 + doubled}, {23, 23 + doubled}, {24, 24 + halfMore}, {99, 99 + halfMore}, {100, 99 + quarterMore}, {101, 100 + quarterMore},
	} {
		deviations := make([]int, test.n)
		for i := range deviations {
			deviations[i] = test.n - i
		}
		if got := tolerance(deviations); got != test.want {
			t.Errorf("of 1 to %d: %d, want %d", test.n, got, test.want)
		}
	}
}

func TestHourOfDay(t *testing.T) {
	for _, test := range []struct {
		name    string
		values  []int // at the same hour, the latest first; nothing is known before
		median  int
		regular bool
	}{
		{"never", nil, 0, false},
		{"on two days", []int{5, 5}, 0, false},
		{"on three days", []int{7, 9, 5}, 7, true},
		{"on four days", []int{3, 9, 5, 7}, 7, true},
		{"on half of the days", []int{5, 0, 5, 0}, 5, true},
		{"on less than half", []int{5, 0, 5, 0, 0}, 0, false},
		{"what is unknown does not count", []int{5, unknown, 5, unknown, 5}, 5, true},
		{"on two known days", []int{5, unknown, 5, unknown, unknown}, 0, false},
		{"absent on three days", []int{0, 0, 0}, 0, false},
	} {
		for h := range hoursADay {
			s := seriesOf(func(ago int) int {
				if at := historyHours - ago; at%hoursADay != h {
					return 99
				} else if day := historyHours/hoursADay - 1 - at/hoursADay; day < len(test.values) {
					return test.values[day]
				}
				return unknown
			})
			if median, regular := s.hourOfDay(h); median != test.median || regular != test.regular {
				t.Errorf("%s, at %d: %d, %v; want %d, %v", test.name, h, median, regular, test.median, test.regular)
			}
		}
	}
}

// The median of all hours leaves out those without a value.
func TestMedianOfAll(t *testing.T) {
	for _, test := range []struct {
		value func(int) int
		want  int
	}{
		{within(0, 1), 0},
		{func(int) int { return 0 }, 0},
		{func(ago int) int { return max(0, 4-ago) }, 2}, // 3, 2, 1
		{func(ago int) int { return max(0, 5-ago) }, 3}, // 4, 3, 2, 1
	} {
		s := seriesOf(test.value)
		if got := s.medianOfAll(); got != test.want {
			t.Errorf("%d, want %d", got, test.want)
		}
	}
}

// The usual total is that of the same hour on three days or more, else of any hour, and
// leaves out a tenth at each end. What was read in part does not count.
func TestUsualTotal(t *testing.T) {
	at := dayHour(14, 5)
	hours := func(total func(h hour) float64, partial func(h hour) bool) *History {
		h := &History{since: (at - historyHours).time()}
		for i := at - historyHours; i < at; i++ {
			if total(i) >= 0 {
				h.hours = append(h.hours, wholeHour{at: i, time: levelOf(total(i), timeUnit), partial: partial(i)})
			}
		}
		return h
	}
	never := func(hour) bool { return false }
	atFive := func(h hour) bool { return (at-h)%hoursADay == 0 }
	for _, test := range []struct {
		name      string
		h         *History
		window    hour
		low, high float64
		days      int
	}{
		{"the same hour", hours(func(h hour) float64 { return map[bool]float64{true: 1000, false: 10}[atFive(h)] }, never), 1, 1000, 1000, 14},
		{"the lowest and the highest are left out", hours(func(h hour) float64 {
			return map[hour]float64{at - 24: 800, at - 48: 1, at - 72: 900}[h] + map[bool]float64{true: 0, false: 1000}[h == at-48]
		}, never), 1, 1000, 1800, 14},
		{"incidents are left out, a quarter at most", hours(func(h hour) float64 { return map[bool]float64{true: 3000, false: 1000}[at-h <= 72 && atFive(h)] }, never), 1, 1000, 1000, 14},
		{"what is more often so is usual", hours(func(h hour) float64 { return map[bool]float64{true: 3000, false: 1000}[at-h <= 96 && atFive(h)] }, never), 1, 1000, 3000, 14},
		{"what is not five minutes more", hours(func(h hour) float64 { return map[bool]float64{true: 370, false: 100}[at-h <= 72 && atFive(h)] }, never), 1, 100, 370, 14},
		{"two days are too few", hours(func(h hour) float64 {
			if h < at-48 {
				return -1
			}
			return map[bool]float64{true: 1000, false: 10}[atFive(h)]
		}, never), 1, 10, 10, 0},
		{"three are not", hours(func(h hour) float64 {
			if h < at-72 {
				return -1
			}
			return map[bool]float64{true: 1000, false: 10}[atFive(h)]
		}, never), 1, 1000, 1000, 3},
		{"parts do not count", hours(func(h hour) float64 { return map[bool]float64{true: 1, false: 1000}[h == at-24] }, func(h hour) bool { return h == at-24 }), 1, 1000, 1000, 13},
		{"of quiet nights", hours(func(hour) float64 { return 0 }, never), 1, 0, 0, 14},
		{"of two hours nothing is said", hours(func(hour) float64 { return 10 }, never), 2, -1, 0, 0},
	} {
		r := &Report{Window: Window{at.time(), (at + test.window).time()}, Coverage: Coverage{Complete: true}}
		test.h.Compare(r, Options{})
		u := r.Past.Usual
		if u == nil {
			u = &Usual{Low: -1}
		}
		near := func(got, want float64) bool { return got >= want/levelStep && got <= want*levelStep || got == want }
		if !near(u.Low, test.low) || !near(u.High, test.high) || u.Days != test.days {
			t.Errorf("%s: %+v, want %v to %v on %d days", test.name, u, test.low, test.high, test.days)
		}
	}
}

// A job is compared by its runs: five or more by their median and the highest, and one of the last
// two weeks by the higher of two.
func TestRunsAtTheirBounds(t *testing.T) {
	const usual = level(100)
	daily := func(n int, highest level) *series { // runs at this hour, of which one is the highest
		var s series
		for i := range n {
			s[historyHours-hoursADay*(i+1)] = int16(usual)
		}
		s[historyHours-hoursADay] = int16(highest)
		return &s
	}
	weekly := func(first, second int) *series {
		var s series
		s[first], s[second] = int16(usual), int16(usual+2)
		return &s
	}
	for _, c := range []struct {
		name  string
		s     *series
		now   level
		worse bool
	}{
		{"twice the median", daily(5, usual), usual + doubled, false},
		{"over twice", daily(5, usual), usual + doubled + 1, true},
		{"1.4 times the highest", daily(14, usual+doubled), usual + doubled + fortyMore, false},
		{"over that", daily(14, usual+doubled), usual + doubled + fortyMore + 1, true},
		{"four runs", daily(4, usual), usual + 50, false},
		{"of the last two weeks, twice the higher", weekly(0, 7*hoursADay), usual + 2 + doubled, false},
		{"over that", weekly(0, 7*hoursADay), usual + 2 + doubled + 1, true},
		{"an hour off", weekly(1, 7*hoursADay-1), usual + 2 + doubled + 1, true},
		{"two hours off", weekly(2, 7*hoursADay), usual + 50, false},
		{"of other days", weekly(24, 9*hoursADay), usual + 50, false},
	} {
		if _, worse := c.s.judgeRuns(c.now); worse != c.worse {
			t.Errorf("%s: %v", c.name, worse)
		}
	}
	s := daily(5, usual)
	for i := range historyHours - wholeWeek + 1 {
		s[i] = unknown
	}
	if _, worse := s.judgeRuns(usual + 50); worse {
		t.Error("less than eight days are known")
	}
}
