package digest

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// Usual states the total query time, in seconds, and the calls that an hour like the
// window had before, the lowest and the highest tenth left out: on Days days around the
// same hour or, where Days is 0, in any of the last 14 days.
type Usual struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Days int     `json:"days,omitempty"`
	// Calls is nil where of too few of these hours the calls are known.
	Calls *Range `json:"calls,omitempty"`
}

// Range bounds a quantity.
type Range struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// noted is a level that may be unknown, as it is in what earlier releases remembered: it
// is one more than the level, and 0 is unknown.
type noted uint8

func notedOf(v, unit float64) noted { return noted(min(levelOf(v, unit), 254)) + 1 }

// level is 0 where it is unknown.
func (n noted) level() level { return level(max(n, 1) - 1) }

// wholeHour holds the totals of an hour of the last 14 days that was added.
type wholeHour struct {
	at      hour
	time    level // of all classes together
	partial bool  // its coverage was incomplete: what was not seen may have been there
	calls   noted
	least   noted // query time, of p95Unit
	odd     bool  // most classes had more time than usual, or many did, which is no measure of any
}

// hoursOf holds the totals of each instance in the hours of the last 14 days in which it
// ran something, by its name.
type hoursOf map[string][]hourTotal

type hourTotal struct {
	at    hour
	time  level
	calls level
}

// maxHistoryInstances is of how many instances totals are remembered: those with the most
// time.
const maxHistoryInstances = 50

// TotalsByInstance is Overall.ByInstance also where one of several instances ran all.
func (r *Report) TotalsByInstance() []InstanceTotal {
	if r.Overall.ByInstance == nil && len(r.Instances) > 1 && len(r.Classes) > 0 && len(r.Classes[0].Instances) == 1 {
		for name := range r.Classes[0].Instances {
			return []InstanceTotal{{Instance: name, Calls: r.Overall.Calls, QueryTime: r.Overall.QueryTime.Sum}}
		}
	}
	return r.Overall.ByInstance
}

// set puts the totals in the place of what the hour had.
func (is hoursOf) set(at hour, totals []InstanceTotal) {
	is.cut(func(t hourTotal) bool { return t.at == at })
	for _, i := range totals {
		if i.Calls == 0 {
			continue
		}
		all := is[i.Instance]
		n, _ := slices.BinarySearchFunc(all, at, func(t hourTotal, at hour) int { return cmp.Compare(t.at, at) })
		is[i.Instance] = slices.Insert(all, n, hourTotal{at, levelOf(i.QueryTime, timeUnit), levelOf(float64(i.Calls), callsUnit)})
	}
	if len(is) <= maxHistoryInstances {
		return
	}
	time := map[string]float64{}
	for name, all := range is {
		for _, t := range all {
			time[name] += t.time.about(timeUnit)
		}
	}
	least := slices.SortedFunc(maps.Keys(is), func(a, b string) int { return cmp.Or(cmp.Compare(time[a], time[b]), strings.Compare(a, b)) })
	for _, name := range least[:len(is)-maxHistoryInstances] {
		delete(is, name)
	}
}

// cut drops hours, and instances that have no others.
func (is hoursOf) cut(drop func(hourTotal) bool) {
	for name, all := range is {
		if all = slices.DeleteFunc(all, drop); len(all) == 0 {
			delete(is, name)
		} else {
			is[name] = all
		}
	}
}

// usualTotal returns what an hour was that has those before it, or nil. Those whose
// coverage was incomplete do not count, nor those of incidents.
func usualTotal(hours *[historyHours]*wholeHour) *Usual {
	return usualOf(func(i int) (level, noted, bool) {
		if w := hours[i]; w != nil && !w.partial && !w.odd {
			return w.time, w.calls, true
		}
		return 0, 0, false
	})
}

// usual returns usualTotal of an instance since it ran something first. first is the hour
// of hours[0].
func (is hoursOf) usual(name string, hours *[historyHours]*wholeHour, first hour) *Usual {
	all := is[name]
	ran := make(map[int]hourTotal, len(all))
	for _, t := range all {
		ran[int(t.at-first)] = t
	}
	return usualOf(func(i int) (level, noted, bool) {
		t, there := ran[i]
		known := hours[i] != nil && !hours[i].partial && !hours[i].odd && (there || len(all) > 0 && all[0].at < first+hour(i))
		return t.time, noted(min(t.calls, 254)) + 1, known
	})
}

// instances states what ran on each of several instances, and what usually does. Of one that
// was read, has no entry and has usually run a second or more, that is stated, too.
func (c hourAsWhole) instances() []InstanceTotal {
	r, usual := c.report, func(name string) *Usual { return c.history.ran.usual(name, &c.hours, c.start-historyHours) }
	all := slices.DeleteFunc(slices.Clone(r.TotalsByInstance()), func(t InstanceTotal) bool { return t.Calls == 0 })
	ran := map[string]bool{}
	for i := range all {
		all[i].Usual = usual(all[i].Instance)
		ran[all[i].Instance] = true
	}
	if len(all) == 0 || !r.Coverage.Complete && len(r.Coverage.Without) == 0 {
		return all
	}
	for _, name := range r.Instances {
		if u := usual(name); !ran[name] && u != nil && u.Low >= minTime && !slices.Contains(r.Coverage.Without, name) {
			all = append(all, InstanceTotal{Instance: name, Usual: u})
		}
	}
	return all
}

// withoutIncidents leaves out what is over incidentTimes the median, and incidentTime seconds more, if
// that is a quarter at most: what is more often so is usual.
func withoutIncidents(all []wholeHour) []wholeHour {
	if len(all) == 0 {
		return nil
	}
	times := make([]int, len(all))
	for i, w := range all {
		times[i] = int(w.time)
	}
	median := level(medianOf(times)).value(timeUnit)
	usual := slices.DeleteFunc(slices.Clone(all), func(w wholeHour) bool {
		v := w.time.value(timeUnit)
		return v > incidentTimes*median && v-median >= incidentTime
	})
	if 4*len(usual) < 3*len(all) {
		return all
	}
	return usual
}

// usualOf sums up what 14 days had, of which the first hour is one like the window.
func usualOf(of func(i int) (time level, calls noted, known bool)) *Usual {
	var all, same []wholeHour
	for i := range historyHours {
		time, calls, known := of(i)
		if !known {
			continue
		}
		w := wholeHour{time: time, calls: calls}
		if all = append(all, w); i%hoursADay == 0 {
			same = append(same, w)
		}
	}
	u := Usual{Days: len(same)}
	if u.Days < fewDays {
		u.Days, same = 0, all
	}
	if same = withoutIncidents(same); len(same) == 0 {
		return nil
	}
	var times, calls []level
	for _, w := range same {
		if times = append(times, w.time); w.calls > 0 {
			calls = append(calls, w.calls.level())
		}
	}
	bounds := middle(times, timeUnit)
	if u.Low, u.High = bounds.Low, bounds.High; len(calls) >= min(fewDays, len(same)) {
		bounds := middle(calls, callsUnit)
		u.Calls = &bounds
	}
	return &u
}

// middle bounds all but the lowest and the highest tenth.
func middle(all []level, unit float64) Range {
	slices.Sort(all)
	return Range{all[len(all)/10].value(unit) / levelStep, all[len(all)-1-len(all)/10].value(unit)}
}

// lift is by how much most classes, or many, are above what is usual at once. No query of theirs
// explains that.
type lift struct {
	odd   bool    // the hour is no measure of what is usual of a class
	lasts bool    // a day of the last two were odd, and this becomes what is usual
	by    float64 // as a logarithm: what a class can have more by that alone

	// slower are the classes that take far longer per call, and busier those that have far more
	// calls, where these are many, of of; half of them are so many times what is usual as low to high.
	slower, busier []*Class
	of             int
	low, high      float64
}

const (
	// The median class of an hour that lifts all has oddSteps steps of 7 % more time than usual, and
	// oddByFew divided by the number of classes more than that, for chance moves the median of few.
	oddSteps   = 3
	oddByFew   = 80
	oddClasses = 10 // that can be compared, at least

	// Many are busier if manyBusier are, and busierShare of those that usually have busierCalls, by
	// busierSteps more than the median of these, and what they have more is busierTime of the whole time.
	manyBusier  = 5
	busierShare = 0.2
	busierCalls = 10
	busierSteps = 8 // 1.07^8 = 1.72
	busierTime  = 0.1

	// oddHours is how many of the last two days can be odd. What lasts longer becomes what is usual.
	oddHours = hoursADay
)

// Logged states that an hour's log holds calls that were too short for it before, as it does where
// long_query_time was lowered. Classes that are seen for that are not NEW.
type Logged struct {
	Before  float64 `json:"before"` // seconds of the shortest call of the day before
	Now     float64 `json:"now"`    // and of the hour
	Classes int     `json:"classes"`
}

// manyLogged is how many classes have to be new to the log at once, of which no call would have been in
// it before, and half of the others have such calls, too.
const manyLogged = 5

// logged returns that, or nil. All that is compared of a class that has such calls begins anew.
func (c hourAsWhole) logged() *Logged {
	var before level
	known := 0
	for _, w := range c.hours[historyHours-hoursADay:] {
		if w == nil || w.partial || w.least == 0 {
			continue
		}
		if l := w.least.level(); known == 0 || l < before {
			before = l
		}
		known++
	}
	now := c.report.Overall.QueryTime.Min
	x := &Logged{Before: before.about(p95Unit), Now: now}
	if 2*known < hoursADay || now <= 0 || !c.aligned || c.end-c.start != 1 || levelOf(now, p95Unit)+doubled > before {
		return nil
	}
	shorter, of := 0, 0
	for i := range c.report.Classes {
		switch class := &c.report.Classes[i]; {
		case x.newly(class):
			x.Classes++
		case c.history.classes[class.ID] != nil && class.Calls >= comparedCalls:
			if of++; class.QueryTime.Min < x.Before {
				shorter++
			}
		}
	}
	if x.Classes < manyLogged || shorter == 0 || 2*shorter < of { // a release has new classes only
		return nil
	}
	for i := range c.report.Classes {
		switch class := &c.report.Classes[i]; {
		case x.newly(class):
			class.Change = nil
		case class.QueryTime.Min < x.Before && (class.Change == nil || class.Change.Kind == Worse):
			class.Change, class.anew = nil, true
		}
	}
	return x
}

// newly reports whether a class is new to the log only.
func (x *Logged) newly(class *Class) bool {
	return class.Change != nil && class.Change.Kind == New && class.QueryTime.Max < x.Before
}

// counts reports whether the hour is odd for good.
func (l lift) counts() bool { return l.odd && !l.lasts }

// lifted finds out what lifts the hour.
func (c hourAsWhole) lifted() lift {
	if !c.aligned || c.end-c.start != 1 {
		return lift{}
	}
	var times, calls []int // by how many steps a class is above what is usual
	var called []*Class    // of which the calls are
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		p := c.history.classes[class.ID]
		if p == nil || p.worseLately(c.start) > 0 {
			continue
		}
		told := p.worseBefore(c.start) > c.start-historyHours
		n, regular := c.series(p, callsOf).around(told)
		if !regular || level(n).about(callsUnit) < comparedCalls {
			continue
		}
		usual, _ := c.series(p, timeOf).around(told)
		times = append(times, int(levelOf(class.QueryTime.Sum, timeUnit))-usual)
		if level(n).about(callsUnit) >= busierCalls {
			calls, called = append(calls, int(levelOf(float64(class.Calls), callsUnit))-n), append(called, class)
		}
	}
	l := c.slower()
	if len(times) >= oddClasses {
		if median := medianOf(times); median >= oddSteps+oddByFew/len(times) {
			l.odd, l.by = true, max(l.by, float64(median)*math.Log(levelStep))
		}
	}
	if len(calls) >= oddClasses {
		c.addBusier(&l, called, calls)
	}
	odd := 0
	for _, w := range c.hours[historyHours-2*hoursADay:] {
		if w != nil && w.odd {
			odd++
		}
	}
	l.lasts = odd >= oddHours
	return l
}

// around returns the highest of the medians of the window's hour of day those next to it and of
// the mean of the same hour of the week, and whether the hour of day has one. Of what was told to be WORSE the hour of the day before is as usual.
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

// slower returns the classes whose calls take far longer than usual if these are many, in an hour
// that has more time than usual.
func (c hourAsWhole) slower() lift {
	if c.usual == nil || c.report.Overall.QueryTime.Sum <= c.usual.High {
		return lift{}
	}
	var slower []*Class
	var times []float64
	of := 0
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		p := c.history.classes[class.ID]
		if p == nil || class.Calls < comparedCalls || len(p.hours) < fewHours || c.unsure(p) {
			continue
		}
		calls := c.series(p, callsOf).median(1).about(callsUnit)
		if calls < comparedCalls {
			continue
		}
		of++
		usual := c.series(p, timeOf).median(1).about(timeUnit) / calls
		if class.QueryTime.Mean >= slowerTimes*usual {
			slower, times = append(slower, class), append(times, class.QueryTime.Mean/usual)
		}
	}
	if len(slower) < manySlower || 2*len(slower) < of {
		return lift{}
	}
	slices.Sort(times)
	l := lift{odd: true, slower: slower, of: of}
	l.low, l.high = times[len(times)/4], times[len(times)-1-len(times)/4]
	l.by = math.Log(l.high)
	return l
}

// addBusier adds the classes that have far more calls than usual if these are many. above is by how
// many steps each has.
func (c hourAsWhole) addBusier(l *lift, classes []*Class, above []int) {
	least := busierSteps + max(0, medianOf(slices.Clone(above)))
	var busier []*Class
	var by []int
	more := 0.0
	for i, class := range classes {
		if above[i] >= least {
			busier, by = append(busier, class), append(by, above[i])
			more += class.QueryTime.Sum * (1 - math.Pow(levelStep, -float64(above[i])))
		}
	}
	if len(busier) < manyBusier || float64(len(busier)) < busierShare*float64(len(classes)) || more < busierTime*c.report.Overall.QueryTime.Sum {
		return
	}
	slices.Sort(by)
	low, high := math.Pow(levelStep, float64(by[len(by)/4])), math.Pow(levelStep, float64(by[len(by)-1-len(by)/4]))
	l.odd, l.by = true, max(l.by, math.Log(high))
	if l.slower == nil {
		l.busier, l.of, l.low, l.high = busier, len(classes), low, high
	}
}
