package digest

import (
	"slices"
)

// unknown marks an hour of which a series has no value: it was not read, or not
// wholly and the class was not seen in what was.
const unknown = -1

// series is a quantity of a class in each of the remembered hours before a
// window, as levels: 0 where it was absent.
type series [remembered]int16

// norm is what a series makes one expect of a window, and of how much it is.
type norm struct {
	usual   level // median
	highest level
	days    int // with a value in the same hour; 0 if compared with all hours
	hours   int // with a value, if compared with all hours
}

const (
	// fewDays is how many days of the same hour make it a measure of its own.
	fewDays = 3
	// fewHours is how many hours with a value allow a judgement at all.
	fewHours = 8
	// wholeWeek is how many hours hold each day of the week, and then some.
	wholeWeek = 8 * hoursADay
)

// judge compares now with the past in the n hours of the day from 0 on, which are
// the window's. It returns false if now is within its reach, or too little is
// known. The rule is told in changes.md.
func (s *series) judge(now level, n int) (norm, bool) {
	r := norm{highest: s.around(n)}
	if now <= r.highest { // nearly always
		return r, false
	}
	var base [hoursADay]int
	var regular [hoursADay]bool
	for slot := range hoursADay {
		base[slot], regular[slot] = s.slot(slot)
	}
	sameHour := !slices.Contains(regular[:min(n, hoursADay)], false)
	usual := s.usual(n)
	known := 0
	var strays []int
	for i, v := range s {
		if v != unknown {
			known++
		}
		switch slot := i % hoursADay; {
		case v <= 0:
		case !sameHour:
			strays = append(strays, int(v)-int(usual))
			r.hours++
			r.highest = max(r.highest, level(v))
		case regular[slot]:
			strays = append(strays, int(v)-base[slot])
		}
	}
	if len(strays) < fewHours {
		return norm{}, false
	}
	if sameHour {
		r.days = s.days(n)
	}
	r.usual = usual
	limit := max(int(usual)+max(times2, margin(strays)), int(r.highest)+times1_25)
	if known < wholeWeek {
		limit += times2
	}
	return r, int(now) > limit
}

// usual is the median of the window's hours of the day, the highest if there are
// several, or that of all hours if one of them has none.
func (s *series) usual(n int) level {
	usual := 0
	for i := range min(n, hoursADay) {
		m, regular := s.slot(i)
		if !regular {
			return level(s.median())
		}
		usual = max(usual, m)
	}
	return level(usual)
}

// margin is how far a value may stray from what is usual, by how far they
// strayed: the fewer there are, the further beyond the highest of them. Of many,
// the very highest is left out, for an incident must not hide the next one.
func margin(strays []int) int {
	slices.Sort(strays)
	switch n := len(strays); {
	case n >= 100:
		return strays[n-2] + times1_25
	case n >= 24:
		return strays[n-1] + times1_5
	default:
		return strays[n-1] + times2
	}
}

// slot returns the median of the values of an hour of the day, and whether they
// are a measure of their own: there are enough days, and a value on half of them.
func (s *series) slot(slot int) (mid int, regular bool) {
	var values [remembered / hoursADay]int
	n, known := 0, 0
	for i := slot; i < remembered; i += hoursADay {
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
	return median(values[:n]), true
}

// median is of all values, and 0 if there are none.
func (s *series) median() int {
	values := make([]int, 0, remembered)
	for _, v := range s {
		if v > 0 {
			values = append(values, int(v))
		}
	}
	if len(values) == 0 {
		return 0
	}
	return median(values)
}

// around returns the highest in the window's hours of the day and those beside
// them: what begins at the full hour wanders, and with daylight saving it leaps.
func (s *series) around(n int) level {
	var highest int16
	for i := -1; i <= min(n, hoursADay); i++ {
		for k := (i + hoursADay) % hoursADay; k < remembered; k += hoursADay {
			highest = max(highest, s[k])
		}
	}
	return level(highest)
}

// days returns on how many days there is a value in the window's hours of the day.
func (s *series) days(n int) int {
	days := 0
	for day := 0; day < remembered; day += hoursADay {
		if slices.ContainsFunc(s[day:day+min(n, hoursADay)], func(v int16) bool { return v > 0 }) {
			days++
		}
	}
	return days
}

func median(values []int) int {
	slices.Sort(values)
	return values[len(values)/2]
}
