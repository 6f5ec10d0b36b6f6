package digest

import (
	"cmp"
	"math"
	"slices"
	"time"

	"slowdigest/digest/releases"
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

	// againAfter is how many hours after the first one of its end a class can be WORSE again.
	againAfter = 2

	// endWithin is for how many hours after a class was told to be WORSE the end of that is told.
	endWithin = 3 * hoursADay
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
	// TellApart sets Class.Label, and raises Class.Form where two classes would be called the
	// same. Nil does neither.
	TellApart func([]Class)
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
	usual      *Usual                   // of the hour as a whole; nil is unknown
	lift       lift                     // of the hour
	grown      map[string]bool          // and that are not WORSE, by ID
	marks      releases.Marks           // those of the report's tags included
	summed     *Class                   // of which sum is
	sum        *sums
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
	c.usual = usualTotal(&c.hours)
	c.lift = hourAsWhole{c}.lifted()
	c.marks = h.marksWith(r.Window.Start, r)
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
	// Of what was absent since; a part of what it was may be left.
	wasFixed := p.broke.isNew && p.fixed > seen && p.fixed < c.start &&
		class.QueryTime.Sum > fixedPart*float64(p.cured.before)/1e3*float64(c.end-c.start)
	if absent >= c.newAfter && absent > 2*p.longestGap(c.start) || p.gone > seen && p.gone < c.start || wasFixed {
		if unsure {
			c.unseen++
			return nil
		}
		return &Change{Kind: Back, LastSeen: seen.time(), Unseen: absent.seconds()}
	}
	if p.owes(c.start) && class.weighs() && !unsure && !c.wanders(class, p) {
		change := &Change{Kind: p.firstOf(p.owed), Unseen: p.unseen.seconds(), First: p.owed.time()}
		if change.Kind == Back {
			change.LastSeen = (p.owed - p.unseen).time()
		}
		return change
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

// wanders reports whether a class that is owed, as it did not matter in its first hour, has less than
// twice the time of then: it was counted as NEW or BACK, and is what it was.
func (c *comparison) wanders(class *Class, p *past) bool {
	n, seen := slices.BinarySearchFunc(p.hours, p.owed, func(h classHour, at hour) int { return cmp.Compare(h.at, at) })
	i := p.owed - (c.start - historyHours)
	if !seen || i < 0 || c.hours[i] == nil {
		return false
	}
	then, all := p.hours[n].time.about(timeUnit), c.hours[i].time.about(timeUnit)
	mattered := then >= minTime && then >= minShare*levelStep*levelStep*all // beyond what levels are exact
	return !mattered && class.QueryTime.Sum < 2*then
}

// told returns what a digest of the day before has said of a class.
func (c *comparison) told(class *Class) *Told {
	p := c.history.classes[class.ID]
	if p == nil || p.told == 0 || p.told >= c.start || c.start-p.told >= hoursADay {
		return nil
	}
	since := p.told
	if p.owed > 0 && p.owed < p.told && p.told-p.owed <= hoursADay {
		since = p.owed
	}
	return &Told{p.firstOf(since), p.told.time()}
}

// matters reports whether so many seconds per hour of the window are worth a report.
func (c *comparison) matters(perHour float64) bool {
	return matters(perHour, float64(c.end-c.start), c.report.Overall.QueryTime.Sum)
}

// matters reports whether so many seconds in each of some hours are worth a report, where
// all classes together had total seconds.
func matters(perHour, hours, total float64) bool {
	return perHour >= minTime && perHour*hours >= minShare*total
}

// series returns the past of one quantity of a class, as it was before the
// window, and before the class became worse if that was within a day.
func (c *comparison) series(p *past, of func(classHour) level) *series {
	end := c.start
	if worse := p.worseLately(c.start); worse > 0 {
		end = worse
	}
	return c.seriesUpTo(p, of, end)
}

// seriesUpTo returns it as it was before an hour.
func (c *comparison) seriesUpTo(p *past, of func(classHour) level, end hour) *series {
	var s series
	first := c.start - historyHours
	for _, seen := range p.hours {
		if i := seen.at - first; i >= 0 && i < historyHours {
			s[i] = int16(of(seen))
		}
	}
	for i, w := range c.hours {
		at := first + hour(i)
		if w == nil || w.odd || at < p.from || at >= end || p.apart(at, c.start) || w.partial && (!c.partial || s[i] == 0) {
			s[i] = unknown
		}
	}
	return &s
}

func timeOf(c classHour) level  { return c.time }
func p95Of(c classHour) level   { return c.p95 }
func callsOf(c classHour) level { return c.calls }

// worse judges the time of a class. What was said within a day is not judged again, but once where its
// end was said, too.
func (c *comparison) worse(class *Class, p *past) *Change {
	hours := c.end - c.start
	if !c.matters(class.QueryTime.Sum / float64(hours)) {
		return nil
	}
	if worse := p.worseLately(c.start); worse > 0 {
		if !c.still(class, p) {
			return nil
		}
		again := p.ended > worse && p.ended < c.start
		if again && c.start-p.ended >= againAfter && c.calm(p) && !p.worseTwice(c.start) {
			if change := c.beyond(class, p); change != nil {
				change.Again = true
				return change
			}
		}
		change := c.above(class, p)
		change.Since, change.Again = c.worseSince(class.ID, worse), again
		return change
	}
	return c.beyond(class, p)
}

// beyond is the change of a class that is above what is usual by more than chance or, where too
// little is known for that, than ever.
func (c *comparison) beyond(class *Class, p *past) *Change {
	if c.judges(p) {
		return c.deviation(class, p)
	}
	if c.lift.by > 0 && !c.lift.lasts {
		return nil
	}
	return c.higher(class, p)
}

// deviation is the change of a class that in the hour, or in the hours up to it, is above what
// is usual by more than chance, and by more than all are.
func (c *comparison) deviation(class *Class, p *past) *Change {
	s := c.sums(class, p)
	f, found := s.deviates(c.lift.by)
	if !found {
		return nil
	}
	time, rest, calls := s.windows(allTime, f.span), s.windows(restTime, f.span), s.windows(callRate, f.span)
	usual := max(0, math.Exp(s.expected(allTime, f.span))-minTime)
	more := math.Exp(rest.values[historyHours]) - minTime - usual // not by a single call
	total := c.report.Overall.QueryTime.Sum
	for _, w := range c.hours[historyHours+1-f.span:] {
		if w != nil {
			total += w.time.about(timeUnit)
		}
	}
	if !matters(more, float64(f.span), total) {
		return nil
	}
	days := c.series(p, timeOf).days(1)
	now := math.Exp(time.values[historyHours]) - minTime
	change := &Change{Kind: Worse, Of: "query_time", Values: Values{Now: now, Median: usual, Days: days}, MeanOf: f.span}
	change.found = f
	if f.span == 1 {
		change.Now = class.QueryTime.Sum
	}
	timesCalls := math.Exp(calls.values[historyHours] - s.expected(callRate, f.span))
	change.TimesCalls, change.TimesEach = mainCause(timesCalls, (now/max(usual, timeUnit))/timesCalls)
	if f.what == slowest && f.span == 1 {
		w := s.windows(slowest, 1)
		change.P95 = &Values{Now: class.QueryTime.P95, Median: math.Exp(w.usual[historyHours]), Days: days}
	}
	return change
}

// judgedFrom returns the first hour that a window which is judged of a class may hold: what has ended
// is no evidence of what comes after it. That is a WORSE of which the end was told, or an incident that
// does not go on; where many were slower or busier, the hours are left out of all sums. 0 is any hour.
func (c *comparison) judgedFrom(p *past) hour {
	var from hour
	if worse := p.worseBefore(c.start); worse > 0 && p.ended > worse && p.ended < c.start {
		from = p.ended + 1
	}
	if x := c.history.incident; x.last < c.start && x.of != "slower" && x.of != "busier" && !(hourAsWhole{c}).unusual() {
		from = max(from, x.last+1)
	}
	return from
}

// sums returns newSums of a class, which is asked for several times in a row.
func (c *comparison) sums(class *Class, p *past) *sums {
	if c.summed != class {
		c.summed, c.sum = class, newSums(c, class, p)
	}
	return c.sum
}

// above states by how much a class is above its median.
func (c *comparison) above(class *Class, p *past) *Change {
	n := int(c.end - c.start)
	s := c.series(p, timeOf)
	values := Values{Now: class.QueryTime.Sum / float64(n), Median: s.median(n).about(timeUnit), Days: s.days(n)}
	change := &Change{Kind: Worse, Of: "query_time", Values: values, MeanOf: n}
	change.TimesCalls, change.TimesEach = c.cause(class, p)
	return change
}

// still reports whether a class that was WORSE within a day has half as much time again, or
// half as high a p95, as was usual before.
func (c *comparison) still(class *Class, p *past) bool {
	n := int(c.end - c.start)
	if usual := c.series(p, timeOf).median(n); int(levelOf(class.QueryTime.Sum/float64(n), timeUnit)) >= int(usual)+halfMore {
		return true
	}
	usual := c.series(p, p95Of).median(n)
	return usual > 0 && class.Calls >= p95Calls && int(levelOf(class.QueryTime.P95, p95Unit)) >= int(usual)+halfMore
}

// detectable is the Detectable of a class that is worth a word for its own time; of others it is 0.
func (c *comparison) detectable(class *Class) float64 {
	p := c.history.classes[class.ID]
	if class.Change != nil || !class.weighs() || p == nil || c.unsure(p) || !c.judges(p) {
		return 0
	}
	s := c.sums(class, p)
	usual := math.Exp(s.windows(allTime, hoursADay).usual[historyHours]) - minTime
	if !(usual > 0) {
		return 0
	}
	times := s.detectable()
	if times > 0 { // and it has to matter
		times = max(times, 1+max(minTime, minShare*c.report.Overall.QueryTime.Sum)/usual)
	}
	return times
}

// judges reports whether chance is known of a class.
func (c *comparison) judges(p *past) bool {
	return c.aligned && c.end-c.start == 1 && c.known >= fewWindows+lateHours && p.highest.time == 0 && !p.isJob()
}

// calm reports whether a class that was WORSE had less than half as much time again as was usual
// before in the last hour before the window in which it was seen since its end.
func (c *comparison) calm(p *past) bool {
	s := c.series(p, timeOf)
	for _, seen := range slices.Backward(p.hours) {
		if seen.at >= c.start { // the window was added
			continue
		}
		usual := s.usualAt(max(0, int(seen.at-c.start+historyHours)) % hoursADay)
		return seen.at >= p.ended && int(seen.time) < usual+halfMore
	}
	return false
}

// higher is the change of a class that has more time, or a higher p95, than at any time
// before: so jobs are judged, several hours at once, and all in the first days.
func (c *comparison) higher(class *Class, p *past) *Change {
	hours := float64(c.end - c.start)
	perHour := class.QueryTime.Sum / hours
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
	return change
}

// judge compares a quantity with the past. A class whose hours were given up has
// only the highest of them to go by.
func (c *comparison) judge(p *past, of func(classHour) level, now, highest level) (baseline, bool) {
	s := c.series(p, of)
	if c.end-c.start == 1 && highest == 0 && p.isJob() {
		if n, ok := s.judgeRuns(now); ok {
			return n, true
		}
	}
	n, ok := s.judge(now, int(c.end-c.start))
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
	return mainCause(float64(class.Calls)/float64(c.end-c.start)/medianCalls, class.QueryTime.Mean/(medianTime/medianCalls))
}

// mainCause returns the one of two multiples that is larger, if it is 1.5 or more.
func mainCause(calls, each float64) (timesCalls, timesEach float64) {
	switch {
	case calls >= leastEffect && calls > each:
		return calls, 0
	case each >= leastEffect:
		return 0, each
	}
	return 0, 0
}

// values states what a baseline says of a value.
func (b baseline) values(now, unit float64) Values {
	return Values{Now: now, Median: b.median.about(unit), Highest: b.highest.value(unit), Days: b.days, Hours: b.hours}
}
