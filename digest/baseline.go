package digest

import (
	"slices"
)

// unknown marks an hour of which a series has no value: it was not read, or not
// wholly and the class was not seen in what was.
const unknown = -1

// series holds a quantity of a class in each of the 14 days' hours before a
// window, as levels: 0 where it was absent.
type series [historyHours]int16

// baseline states what a series lets one expect of a window, and from how much.
type baseline struct {
	median  level
	highest level
	days    int // with a value in the same hour of day; 0 if compared with all hours
	hours   int // with a value, if compared with all hours
}

const (
	// fewDays is how many days make an hour of day a measure of its own.
	fewDays = 3
	// fewHours is how many hours with a value allow a judgement at all.
	fewHours = 8
	// manyHours and someHours are how many deviations allow a narrow tolerance, and
	// a medium one.
	manyHours = 100
	someHours = 24
	// manyRuns is how many runs of a job are compared by their median.
	manyRuns = 5
	// wholeWeek is how many hours hold each day of the week, and then some.
	wholeWeek = 8 * hoursADay
)

// judge compares now with the past in the n hours of day from 0 on, which are
// the window's. It returns false if now is within tolerance, or too little is
// known. The rule in words is in docs/changes.md.
func (s *series) judge(now level, n int) (baseline, bool) {
	b := baseline{highest: s.highestAround(n)}
	if now <= b.highest { // nearly always
		return b, false
	}
	var medians [hoursADay]int
	var regular [hoursADay]bool
	for h := range hoursADay {
		medians[h], regular[h] = s.hourOfDay(h)
	}
	sameHour := !slices.Contains(regular[:min(n, hoursADay)], false)
	median := s.median(n)
	known := 0
	var deviations []int
	for i, v := range s {
		if v != unknown {
			known++
		}
		switch h := i % hoursADay; {
		case v <= 0:
		case !sameHour:
			deviations = append(deviations, int(v)-int(median))
			b.hours++
			b.highest = max(b.highest, level(v))
		case regular[h]:
			deviations = append(deviations, int(v)-medians[h])
		}
	}
	if len(deviations) < fewHours {
		return baseline{}, false
	}
	if sameHour {
		b.days = s.days(n)
	}
	b.median = median
	limit := max(int(median)+max(doubled, tolerance(deviations)), int(b.highest)+quarterMore)
	if known < wholeWeek {
		limit += doubled
	}
	return b, int(now) > limit
}

// judgeRuns is judge for a job. What it runs at is its hour of day, and so many runs are compared
// as there are; where there are few, those of the last two weeks.
func (s *series) judgeRuns(now level) (baseline, bool) {
	var runs []int
	known := 0
	for _, v := range s {
		if v != unknown {
			known++
		}
		if v > 0 {
			runs = append(runs, int(v))
		}
	}
	weekly := slices.Max(s[0:2]) > 0 && slices.Max(s[7*hoursADay-1:7*hoursADay+2]) > 0
	if len(runs) == 0 || len(runs) < manyRuns && !weekly || known < wholeWeek {
		return baseline{}, false
	}
	b := baseline{median: level(medianOf(runs)), hours: len(runs)}
	b.highest = level(runs[len(runs)-1]) // medianOf has sorted them
	limit := max(int(b.median)+doubled, int(b.highest)+fortyMore)
	if len(runs) < manyRuns {
		limit = int(b.highest) + doubled
	}
	return b, int(now) > limit
}

// median returns that of the window's hours of day, the highest if there are
// several, or that of all hours if one of them has none.
func (s *series) median(n int) level {
	highest := 0
	for h := range min(n, hoursADay) {
		m, regular := s.hourOfDay(h)
		if !regular {
			return level(s.medianOfAll())
		}
		highest = max(highest, m)
	}
	return level(highest)
}

// tolerance returns how far a value may deviate from the median, by how far the
// others did: the fewer there are, the further beyond the highest of them. Of
// many, the very highest is left out, for an incident must not hide the next one.
func tolerance(deviations []int) int {
	slices.Sort(deviations)
	switch n := len(deviations); {
	case n >= manyHours:
		return deviations[n-2] + quarterMore
	case n >= someHours:
		return deviations[n-1] + halfMore
	default:
		return deviations[n-1] + doubled
	}
}

// hourOfDay returns the median of the values of an hour of day, and whether they
// are a measure of their own: there are enough days, and a value on half of them.
func (s *series) hourOfDay(h int) (median int, regular bool) {
	var values [historyHours / hoursADay]int
	n, known := 0, 0
	for i := h; i < historyHours; i += hoursADay {
		if s[i] != unknown {
			known++
		}
		if s[i] > 0 {
			values[n] = int(s[i])
			n++
		}
	}
	if known < fewDays || 2*n < known {
		return 0, false
	}
	return medianOf(values[:n]), true
}

// usualAt returns the median of the hour of day or, where that is not regular, of all.
func (s *series) usualAt(h int) int {
	if median, regular := s.hourOfDay(h); regular {
		return median
	}
	return s.medianOfAll()
}

// medianOfAll returns the median of all values, and 0 if there are none.
func (s *series) medianOfAll() int {
	values := make([]int, 0, historyHours)
	for _, v := range s {
		if v > 0 {
			values = append(values, int(v))
		}
	}
	if len(values) == 0 {
		return 0
	}
	return medianOf(values)
}

// highestAround returns the highest in the window's hours of day and those next
// to them: what begins at the full hour wanders, and with daylight saving it leaps.
func (s *series) highestAround(n int) level {
	var highest int16
	for i := -1; i <= min(n, hoursADay); i++ {
		for k := (i + hoursADay) % hoursADay; k < historyHours; k += hoursADay {
			highest = max(highest, s[k])
		}
	}
	return level(highest)
}

// days returns on how many days there is a value in the window's hours of day.
func (s *series) days(n int) int {
	days := 0
	for day := 0; day < historyHours; day += hoursADay {
		if slices.ContainsFunc(s[day:day+min(n, hoursADay)], func(v int16) bool { return v > 0 }) {
			days++
		}
	}
	return days
}

// medianOf returns the upper median of the values.
func medianOf(values []int) int {
	slices.Sort(values)
	return values[len(values)/2]
}

// around returns the highest of the medians of the window's hour of day and those next to it, and of
// the mean of the same hour of the week, and whether the hour of day has one. Of what was told to be
// WORSE the hour of the day before is as usual.
func (s *series) around(told bool) (median int, regular bool) {
	if median, regular = s.hourOfDay(0); !regular {
		return 0, false
	}
	if told {
		median = max(median, int(s[historyHours-hoursADay]))
	}
	if a, b := int(s[0]), int(s[7*hoursADay]); a > 0 && b > 0 {
		median = max(median, (a+b)/2)
	} else {
		median = max(median, a, b)
	}
	for _, h := range [...]int{1, hoursADay - 1} {
		if near, regular := s.hourOfDay(h); regular {
			median = max(median, near)
		}
	}
	return median, true
}
