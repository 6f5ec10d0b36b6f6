package digest

import (
	"cmp"
	"time"
)

const (
	// learningHours is how many hours have to be remembered before anything is reported.
	learningHours = hoursADay

	// newAfter is the default of Options.NewAfter.
	newAfter = 14 * hoursADay * time.Hour

	// A change is reported if it is of minTime seconds per hour and minShare of the
	// whole query time, at least.
	minTime  = 1
	minShare = 0.01

	minP95Change = 0.01 // seconds
)

// The most characters of what people have remembered of a class: why it is muted,
// and a note on it. Others are shown all of them.
const (
	MaxReason = 200
	MaxNote   = 500
)

// Options of History.Compare.
type Options struct {
	NewAfter time.Duration     // a class unseen for this long is NEW, or BACK; zero is 14 days, and a day the least
	Mutes    []Mute            // of any classes, expired ones too
	Notes    map[string]string // what people wrote, by Class.ID
}

// comparison holds what one run of Compare works with.
type comparison struct {
	history    *History
	report     *Report
	newAfter   hour
	start, end hour
	aligned    bool                     // the window consists of hours of the clock
	hours      [historyHours]*wholeHour // those before the window; nil where none was added
	known      int                      // how many are not nil
	here       map[string]bool          // the classes of the report, by ID
	partial    bool                     // hardly any was whole: they are compared with each other
	regrouped  hour                     // since when all hours have the rules of the report, if not always; else 0
	unseen     int                      // classes that are not NEW or BACK for its sake
	grown      map[string]bool          // and that are not WORSE, by ID
}

func newComparison(h *History, r *Report, o Options) *comparison {
	c := &comparison{history: h, report: r, regrouped: h.regroupedBy(r), newAfter: max(hour(cmp.Or(o.NewAfter, newAfter)/time.Hour), hoursADay)}
	c.start, c.end = hourRange(r.Window)
	c.aligned = len(r.Window.Hours()) > 0
	c.grown = map[string]bool{}
	c.here = make(map[string]bool, len(r.Classes))
	for i := range r.Classes {
		c.here[r.Classes[i].ID] = true
	}
	whole := 0
	for i := range h.hours {
		if at := h.hours[i].at - (c.start - historyHours); at >= 0 && at < historyHours {
			c.hours[at] = &h.hours[i]
			c.known++
			if !h.hours[i].partial {
				whole++
			}
		}
	}
	c.partial = 2*whole < c.known
	return c
}

// change returns how the class differs from its past, or nil.
func (c *comparison) change(class *Class) *Change {
	p := c.history.classes[class.ID]
	var seen hour
	if p != nil {
		seen = p.seenBefore(c.start)
	}
	unsure := c.unsure(p)
	if seen == 0 {
		if unsure {
			c.unseen++
			return nil
		}
		return &Change{Kind: New, Unseen: min(c.start-max(c.regrouped, hourOf(c.history.since)), forgottenAfter).seconds()}
	}
	absent := c.start - seen
	if absent >= c.newAfter && absent > 2*p.longestGap(c.start) || p.gone > seen && p.gone < c.start {
		if unsure {
			c.unseen++
			return nil
		}
		return &Change{Kind: Back, LastSeen: seen.time(), Unseen: absent.seconds()}
	}
	if !c.aligned {
		return nil
	}
	if unsure && p.first == c.start { // MarkReported has begun it anew
		c.grown[class.ID] = true
	}
	if worse := c.worse(class, p); worse != nil {
		if class.anew = unsure; unsure {
			c.grown[class.ID] = true
			return nil
		}
		return worse
	}
	return c.better(class, p)
}

// told returns what a digest of the day before has said of a class.
func (c *comparison) told(class *Class) *Told {
	p := c.history.classes[class.ID]
	if p == nil || p.told == 0 || p.told >= c.start || c.start-p.told >= hoursADay {
		return nil
	}
	kind := Back
	if p.first >= p.told {
		kind = New
	}
	return &Told{kind, p.told.time()}
}

// ended returns the classes that were WORSE within a day, and now are within tolerance of
// their past before that. One that is not seen may not have been due.
func (c *comparison) ended(muted map[string]bool) []Ended {
	if !c.aligned || !c.report.Coverage.Complete {
		return nil
	}
	var all []Ended
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		p := c.history.classes[class.ID]
		if p == nil || muted[class.ID] || c.unsure(p) || p.worse == 0 || p.worse >= c.start || c.start-p.worse >= hoursADay || p.ended > p.worse && p.ended != c.start {
			continue
		}
		if _, more := c.judge(p, timeOf, levelOf(class.QueryTime.Sum/float64(c.end-c.start), timeUnit), p.highest.time); more {
			continue
		}
		if _, longer := c.judge(p, p95Of, levelOf(class.QueryTime.P95, p95Unit), p.highest.p95); longer && class.Calls >= p95Calls {
			continue
		}
		all = append(all, Ended{class.ID, class.Fingerprint, p.worse.time(), c.start.time()})
	}
	return all
}

// matters reports whether so many seconds per hour are worth a report.
func (c *comparison) matters(perHour float64) bool {
	hours := float64(c.end - c.start)
	return perHour >= minTime && perHour*hours >= minShare*c.report.Overall.QueryTime.Sum
}

// series returns the past of one quantity of a class, as it was before the
// window, and before the class became worse if that was within a day.
func (c *comparison) series(p *past, of func(classHour) level) *series {
	var s series
	end := c.start
	if p.worse > 0 && p.worse < c.start && c.start-p.worse < hoursADay {
		end = p.worse
	}
	first := c.start - historyHours
	for _, seen := range p.hours {
		if i := seen.at - first; i >= 0 && i < historyHours {
			s[i] = int16(of(seen))
		}
	}
	for i, w := range c.hours {
		at := first + hour(i)
		if w == nil || at < p.from || at >= end || w.partial && (!c.partial || s[i] == 0) {
			s[i] = unknown
		}
	}
	return &s
}

func timeOf(c classHour) level  { return c.time }
func p95Of(c classHour) level   { return c.p95 }
func callsOf(c classHour) level { return c.calls }

// worse judges the total time and the p95.
func (c *comparison) worse(class *Class, p *past) *Change {
	hours := float64(c.end - c.start)
	perHour := class.QueryTime.Sum / hours
	if !c.matters(perHour) {
		return nil
	}
	var change *Change
	if n, ok := c.judge(p, timeOf, levelOf(perHour, timeUnit), p.highest.time); ok && c.matters(perHour-n.median.about(timeUnit)) {
		change = &Change{Kind: Worse, Of: "query_time", Values: n.values(perHour, timeUnit), MeanOf: int(hours)}
		change.TimesCalls, change.TimesEach = c.cause(class, p)
	}
	now := class.QueryTime.P95
	if n, ok := c.judge(p, p95Of, levelOf(now, p95Unit), p.highest.p95); ok && class.Calls >= p95Calls && now-n.median.about(p95Unit) >= minP95Change {
		values := n.values(now, p95Unit)
		if change == nil {
			change = &Change{Kind: Worse, Of: "p95", Values: values}
		} else {
			change.P95 = &values
		}
	}
	if change != nil && p.worse > 0 && p.worse < c.start && c.start-p.worse < hoursADay {
		change.Since, change.Again = p.worse.time(), p.ended > p.worse && p.ended < c.start
	}
	return change
}

// judge compares a quantity with the past. A class whose hours were given up has
// only the highest of them to go by.
func (c *comparison) judge(p *past, of func(classHour) level, now, highest level) (baseline, bool) {
	n, ok := c.series(p, of).judge(now, int(c.end-c.start))
	if highest == 0 || n.highest >= highest {
		return n, ok
	}
	return baseline{median: highest, highest: highest}, int(now) > int(highest)+doubled
}

// cause returns the calls, or the time of each, as a multiple of the median: the
// one that grew more, if it is 1.5 times or more. The other is 0.
func (c *comparison) cause(class *Class, p *past) (calls, each float64) {
	n := int(c.end - c.start)
	medianCalls := c.series(p, callsOf).median(n).about(callsUnit)
	medianTime := c.series(p, timeOf).median(n).about(timeUnit)
	if medianCalls == 0 {
		return 0, 0
	}
	calls = float64(class.Calls) / float64(c.end-c.start) / medianCalls
	each = class.QueryTime.Mean / (medianTime / medianCalls)
	switch {
	case calls >= 1.5 && calls > each:
		return calls, 0
	case each >= 1.5:
		return 0, each
	}
	return 0, 0
}

// values states what a baseline says of a value.
func (b baseline) values(now, unit float64) Values {
	return Values{Now: now, Median: b.median.about(unit), Highest: b.highest.value(unit), Days: b.days, Hours: b.hours}
}
