package digest

import (
	"math"
	"slices"
	"time"
)

// Incident states that an hour had far more query time than usual or, where Slower is
// set, that many classes took longer at once or, where Busier is, had more calls, which no query of
// theirs explains.
type Incident struct {
	Times float64 `json:"times"` // the query time as a multiple of the middle of the usual range
	// Class is the ID of the class that is the most of what is above the usual, and Share
	// its part of that. It is empty where none is, and where Slower or Busier is set.
	Class string  `json:"class,omitempty"`
	Share float64 `json:"share,omitempty"` // 0 to 1
	// New is the classes that are new within a day where they are together the most of it, and no
	// single one is.
	New *NewLoad `json:"new,omitempty"`
	// Instance is the one on which most of it ran, if there are several and it is so.
	Instance string `json:"instance,omitempty"`
	// Joined is set where that one had not run anything until the day before the hour.
	Joined bool `json:"joined,omitempty"`
	// Since is when it began, to a twelfth of an hour; zero is with the window, or before.
	Since time.Time `json:"since,omitzero"`
	// Slower counts the classes, of Of that can be compared, whose calls took twice as
	// long as usual or more: half of these so many times as long as Low to High.
	Slower int     `json:"slower,omitempty"`
	Of     int     `json:"of,omitempty"`
	Low    float64 `json:"low,omitempty"`
	High   float64 `json:"high,omitempty"`
	// Busier counts classes alike that had so many times as many calls as usual, such as in a
	// campaign. At most one of the two is set.
	Busier int `json:"busier,omitempty"`
}

// NewLoad sums up classes that are new. Share is their part of what is above the usual.
type NewLoad struct {
	Classes   int     `json:"classes"`
	Calls     int64   `json:"calls"`
	QueryTime float64 `json:"query_time"`
	Share     float64 `json:"share"` // 0 to 1
}

// EndedIncident bounds an incident that is over: To is the end of its last hour.
type EndedIncident struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Of is "slower" or "busier" where many classes were so at once, or else the ID of the class
	// that was the most of it, if one was.
	Of    string `json:"of,omitempty"`
	Label string `json:"label,omitempty"` // what that class was called, where that was kept
}

const (
	// An hour is an incident with incidentTimes the highest usual query time, and
	// incidentTime seconds more than that.
	incidentTimes = 2
	incidentTime  = 300

	// A class is the most of it with mostOfClass of what is above the usual, and an
	// instance with mostOfInstance.
	mostOfClass    = 0.5
	mostOfInstance = 0.7

	// An incident began where mostSince of what is above the usual came after that.
	mostSince = 0.8

	// Many classes are manySlower and half of those that can be compared: with
	// comparedCalls calls, now and usually. Each takes slowerTimes as long.
	manySlower    = 5
	comparedCalls = 5
	slowerTimes   = 2

	// incidentGap is how many hours may lie between two that are one incident.
	incidentGap = 2
)

// incidentHours holds since when there is an incident, the last hour of it, and what it was.
type incidentHours struct {
	since time.Time
	last  hour
	of    string
	ended hour // when its end was reported
}

// of names what an incident is, for two to be compared: its class, or many at once.
func (x *Incident) of() string {
	switch {
	case x.Slower > 0:
		return "slower"
	case x.Busier > 0:
		return "busier"
	}
	return x.Class
}

// hourAsWhole compares an hour with the past as a whole.
type hourAsWhole struct{ *comparison }

// incident returns what is to be said of it, or nil.
func (c hourAsWhole) incident(muted map[string]bool) *Incident {
	u, l := c.usual, c.lift
	total := c.report.Overall.QueryTime.Sum
	part := append(l.slower, l.busier...) // at most one of them is not empty
	if !c.unusual() {
		return nil
	}
	middle := (u.Low + u.High) / 2
	x := &Incident{Times: total / max(middle, timeUnit), Slower: len(l.slower), Busier: len(l.busier), Of: l.of, Low: l.low, High: l.high}
	for _, class := range l.slower {
		if class.Change != nil && class.Change.Kind == Worse {
			class.Change.Common = true
		}
	}
	above := total - middle
	if part == nil {
		part = c.mostOf(x, above)
		if muted[x.Class] {
			return nil
		}
		if x.Class == "" {
			x.New = c.newLoad(above)
		}
	}
	for _, t := range c.report.TotalsByInstance() {
		usual := 0.0
		if t.Usual != nil {
			usual = (t.Usual.Low + t.Usual.High) / 2
		}
		if above > 0 && t.QueryTime-usual >= mostOfInstance*above {
			x.Instance, x.Joined = t.Instance, c.joined(t.Instance)
		}
	}
	if c.ongoing() && c.history.incident.of == x.of() {
		x.Since = c.history.incident.since
	} else {
		x.Since = c.began(part)
	}
	return x
}

// joined reports whether an instance is known to have run nothing up to a day before the hour: of the day
// before it did first, half was read as a whole, and there is room to remember one more instance.
func (c hourAsWhole) joined(name string) bool {
	h, day, first := c.history, c.start-hoursADay, c.start
	if ran := h.ran[name]; len(ran) > 0 {
		first = ran[0].at
	} else if len(h.ran) >= maxHistoryInstances {
		return false
	}
	whole := 0
	for _, w := range h.hours {
		if w.at < first && w.at >= first-hoursADay && !w.partial {
			whole++
		}
	}
	return first >= day && 2*whole >= hoursADay && h.hours[0].at < day
}

// unusual reports whether the hour is an incident, unless that is of a class that is muted.
func (c hourAsWhole) unusual() bool {
	return c.usual != nil && (c.lift.slower != nil || c.lift.busier != nil || c.farAbove())
}

// farAbove reports whether the hour has far more time than usual.
func (c hourAsWhole) farAbove() bool {
	total, high := c.report.Overall.QueryTime.Sum, c.usual.High
	return total > incidentTimes*high && total-high >= incidentTime && total > c.highestTotal()*1.25
}

// ended returns the incident that was over before the window: it did not go on in it nor in the hour
// before, or its class is as usual again in it, so that its end is told once, for both. That of longer
// than a day ago is not told.
func (c hourAsWhole) ended(classes []Ended) *EndedIncident {
	x := c.history.incident
	first := x.last + incidentGap
	if slices.ContainsFunc(classes, func(e Ended) bool { return e.ID == x.of }) {
		first = x.last + 1
	}
	if x.last == 0 || c.start < first || c.start-x.last > hoursADay || x.ended > x.last && x.ended != c.start ||
		!c.report.Coverage.Complete || c.report.Past.Incident != nil {
		return nil
	}
	return &EndedIncident{From: x.since, To: (x.last + 1).time(), Of: x.of, Label: c.history.labelOf(x.of)}
}

// ongoing reports whether an incident of the hours before would go on in one now.
func (c hourAsWhole) ongoing() bool {
	x := c.history.incident
	over := x.ended > x.last && x.ended < c.start // was told
	return x.last > 0 && hourOf(x.since) < c.start && c.start-x.last <= incidentGap && !over
}

// highestTotal returns the highest of the totals around this hour of the day, as those of
// jobs. An incident that goes on is none of them.
func (c hourAsWhole) highestTotal() float64 {
	var highest level
	since := c.start
	if c.ongoing() {
		since = hourOf(c.history.incident.since)
	}
	for i, w := range c.hours {
		if w != nil && w.at >= since {
			continue
		}
		if h := i % hoursADay; w != nil && (h <= 1 || h == hoursADay-1) {
			highest = max(highest, w.time)
		}
	}
	return highest.value(timeUnit)
}

// mostOf names the class that is the most of what is above the usual. It returns that
// or, where none is, all.
func (c hourAsWhole) mostOf(x *Incident, above float64) []*Class {
	all := make([]*Class, len(c.report.Classes))
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		all[i] = class
		more := class.QueryTime.Sum - c.usualTime(class)
		if share := min(more/above, 1); share >= mostOfClass && share > x.Share {
			x.Class, x.Share = class.ID, share
		}
	}
	if i := slices.IndexFunc(all, func(class *Class) bool { return class.ID == x.Class }); i >= 0 {
		return all[i : i+1]
	}
	return all
}

// newLoad sums up the classes that are new if these are the most of what is above the usual, or
// returns nil.
func (c hourAsWhole) newLoad(above float64) *NewLoad {
	var n NewLoad
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		p, x := c.history.classes[class.ID], class.Change
		told := class.Told != nil && class.Told.Kind == New || p != nil && p.owes(c.start) && p.firstOf(p.owed) == New
		if x != nil && x.Kind == New || x == nil && told {
			n.Classes, n.Calls, n.QueryTime = n.Classes+1, n.Calls+class.Calls, n.QueryTime+class.QueryTime.Sum
		}
	}
	if n.Share = min(n.QueryTime/above, 1); n.Share < mostOfClass {
		return nil
	}
	return &n
}

// usualTime returns the median time of a class in such an hour, 0 if it has no past.
func (c hourAsWhole) usualTime(class *Class) float64 {
	p := c.history.classes[class.ID]
	if p == nil || c.unsure(p) {
		return 0
	}
	return c.series(p, timeOf).median(1).about(timeUnit)
}

// began returns the start of the first twelfth of the hour in which the classes took half
// as much more than usual as in the highest. It is zero if that is the first one, or if more than a part
// of mostSince of what is above the usual came before: such as where the hour was far above it evenly, with a burst at its end.
func (c hourAsWhole) began(classes []*Class) time.Time {
	var load [timelineBuckets]float64
	usual := 0.0
	for _, class := range classes {
		usual += c.usualTime(class) / timelineBuckets
		for i, s := range class.Timeline[:min(len(class.Timeline), timelineBuckets)] {
			load[i] += s
		}
	}
	highest, above := slices.Max(load[:]), 0.0
	for _, s := range load {
		above += s - usual
	}
	before := 0.0
	for i, s := range load {
		if s-usual >= (highest-usual)/2 {
			if i > 0 && highest > usual && before <= (1-mostSince)*above {
				return c.report.Window.Start.Add(time.Duration(i) * time.Hour / timelineBuckets)
			}
			break
		}
		before += s - usual
	}
	return time.Time{}
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
