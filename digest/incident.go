package digest

import (
	"slices"
	"time"
)

// Incident states that an hour had far more query time than usual or, where Slower is
// set, that many classes took longer at once or, where Busier is, had more calls, which no query of
// theirs explains.
type Incident struct {
	Times float64 `json:"times"` // the query time as a multiple of the highest usual one
	// Class is the ID of the class that is the most of what is above the usual, and Share
	// its part of that. It is empty where none is, and where Slower or Busier is set.
	Class string  `json:"class,omitempty"`
	Share float64 `json:"share,omitempty"` // 0 to 1
	// Instance is the one on which most of it ran, if there are several and it is so.
	Instance string `json:"instance,omitempty"`
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

// EndedIncident bounds an incident that is over: To is the end of its last hour.
type EndedIncident struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
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
	if u == nil || part == nil && !c.farAbove() {
		return nil
	}
	x := &Incident{Times: total / max(u.High, timeUnit), Slower: len(l.slower), Busier: len(l.busier), Of: l.of, Low: l.low, High: l.high}
	for _, class := range l.slower {
		if class.Change != nil && class.Change.Kind == Worse {
			class.Change.Common = true
		}
	}
	above := total - (u.Low+u.High)/2
	if part == nil {
		part = c.mostOf(x, above)
		if muted[x.Class] {
			return nil
		}
	}
	for _, t := range c.report.TotalsByInstance() {
		usual := 0.0
		if t.Usual != nil {
			usual = (t.Usual.Low + t.Usual.High) / 2
		}
		if above > 0 && t.QueryTime-usual >= mostOfInstance*above {
			x.Instance = t.Instance
		}
	}
	if c.ongoing() && c.history.incident.of == x.of() {
		x.Since = c.history.incident.since
	} else {
		x.Since = c.began(part)
	}
	return x
}

// farAbove reports whether the hour has far more time than usual.
func (c hourAsWhole) farAbove() bool {
	total, high := c.report.Overall.QueryTime.Sum, c.usual.High
	return total > incidentTimes*high && total-high >= incidentTime && total > c.highestTotal()*1.25
}

// ended returns the incident that was over before the window: it did not go on in it nor in the hour
// before. That of longer than a day ago is not told.
func (c hourAsWhole) ended() *EndedIncident {
	x := c.history.incident
	if x.last == 0 || c.start < x.last+incidentGap || c.start-x.last > hoursADay || x.ended > x.last && x.ended != c.start ||
		!c.report.Coverage.Complete || c.report.Past.Incident != nil {
		return nil
	}
	return &EndedIncident{x.since, (x.last + 1).time()}
}

// ongoing reports whether an incident of the hours before would go on in one now.
func (c hourAsWhole) ongoing() bool {
	x := c.history.incident
	return x.last > 0 && hourOf(x.since) < c.start && c.start-x.last <= incidentGap
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

// usualTime returns the median time of a class in such an hour, 0 if it has no past.
func (c hourAsWhole) usualTime(class *Class) float64 {
	p := c.history.classes[class.ID]
	if p == nil || c.unsure(p) {
		return 0
	}
	return c.series(p, timeOf).median(1).about(timeUnit)
}

// began returns the start of the first twelfth of the hour in which the classes took half
// as much more than usual as in the highest, or zero if that is the first one.
func (c hourAsWhole) began(classes []*Class) time.Time {
	var load [timelineBuckets]float64
	usual := 0.0
	for _, class := range classes {
		usual += c.usualTime(class) / timelineBuckets
		for i, s := range class.Timeline[:min(len(class.Timeline), timelineBuckets)] {
			load[i] += s
		}
	}
	highest := slices.Max(load[:])
	for i, s := range load {
		if i > 0 && highest > usual && s-usual >= (highest-usual)/2 {
			return c.report.Window.Start.Add(time.Duration(i) * time.Hour / timelineBuckets)
		}
		if s-usual >= (highest-usual)/2 {
			break
		}
	}
	return time.Time{}
}
