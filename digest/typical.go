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

// norm is what a series makes one expect of a window.
type norm struct {
	usual   level // median
	highest level
	limit   level // beyond which a value is no longer within the past's reach
	days    int   // with a value in the same hour; 0 if compared with all hours
	hours   int   // with a value, if compared with all hours
}

const (
	// fewDays is how many days of the same hour make it a measure of its own.
	fewDays = 3
	// fewHours is how many hours with a value allow a judgement at all.
	fewHours = 8
	// wholeWeek is how many hours hold each day of the week, and then some.
	wholeWeek = 8 * hoursADay
)

// norm is of the hours of the day [first, first+n), where 0 is the first hour
// of the window. Its rule is told in the documentation of the package.
func (s *series) norm(n int) (norm, bool) {
	base, regular := s.byHour()
	sameHour := true
	for i := range min(n, hoursADay) {
		sameHour = sameHour && regular[i]
	}
	var values, strays []int
	known := 0
	for i, v := range s {
		if v != unknown {
			known++
		}
		if v <= 0 {
			continue
		}
		values = append(values, int(v))
		if sameHour && regular[i%hoursADay] {
			strays = append(strays, int(v)-base[i%hoursADay])
		}
	}
	if len(values) < fewHours {
		return norm{}, false
	}
	var r norm
	usual, highest := median(values), slices.Max(values)
	if sameHour {
		usual, highest = s.around(n, base)
		r.days = s.days(n)
	} else {
		r.hours = len(values)
		for _, v := range values {
			strays = append(strays, v-usual)
		}
	}
	limit := max(usual+times2, usual+margin(strays), highest+times1_25)
	if known < wholeWeek {
		limit += times2
	}
	r.usual, r.highest, r.limit = level(usual), level(highest), level(min(limit, 255))
	return r, true
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

// byHour returns for each hour of the day the median of its values, and whether
// it has one on half of the days at least.
func (s *series) byHour() (base [hoursADay]int, regular [hoursADay]bool) {
	for slot := range hoursADay {
		var values []int
		known := 0
		for i := slot; i < remembered; i += hoursADay {
			if s[i] != unknown {
				known++
			}
			if s[i] > 0 {
				values = append(values, int(s[i]))
			}
		}
		if known >= fewDays && 2*len(values) >= known {
			base[slot], regular[slot] = median(values), true
		}
	}
	return base, regular
}

// around returns what is usual in the window's hours of the day, and the
// highest of these and the hours beside them: what begins at the full hour
// wanders, and with daylight saving it leaps.
func (s *series) around(n int, base [hoursADay]int) (usual, highest int) {
	for i := range min(n, hoursADay) {
		usual = max(usual, base[i])
		for j := i - 1; j <= i+1; j++ {
			for k := (j + hoursADay) % hoursADay; k < remembered; k += hoursADay {
				highest = max(highest, int(s[k]))
			}
		}
	}
	return usual, highest
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
