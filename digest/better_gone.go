package digest

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"slowdigest/digest/releases"
)

const (
	// betterHours is how many hours in a row have to be better.
	betterHours = 6

	// A class can be GONE if it was seen in goneHours hours and over goneSpan, and
	// is so after goneAfter hours at the earliest.
	goneHours = 10
	goneSpan  = 7 * hoursADay
	goneAfter = 6
)

// better returns the change of a class that had less than half of its median time
// in each of the last six hours, as it did at no time before.
func (c *comparison) better(class *Class, p *past) *Change {
	if c.end-c.start != 1 || !c.report.Coverage.Complete || c.start-p.first < wholeWeek {
		return nil
	}
	if p.better > 0 && p.better < c.start && c.start-p.better < historyHours {
		return nil
	}
	s := c.series(p, timeOf)
	var medians [hoursADay]int
	var regular [hoursADay]bool
	low := func(i int, v int16) bool {
		h := i % hoursADay
		return regular[h] && v != unknown && int(v) <= medians[h]-doubled
	}
	medians[0], regular[0] = s.hourOfDay(0)
	if !low(0, int16(levelOf(class.QueryTime.Sum, timeUnit))) {
		return nil
	}
	for h := range hoursADay {
		medians[h], regular[h] = s.hourOfDay(h)
	}
	run := 0
	var was, now float64
	for i, v := range s {
		if !low(i, v) {
			run = 0
			continue
		}
		if run++; run >= betterHours {
			return nil // it has been that low before, or was reported
		}
	}
	if typical, known := p.typical(); run != betterHours-1 || known && typical < c.leastSince(c.start-betterHours+1) {
		return nil // or a long_query_time that was raised hides its calls
	}
	for i, v := range s[historyHours-run:] {
		was += level(medians[(historyHours-run+i)%hoursADay]).about(timeUnit)
		now += level(v).about(timeUnit)
	}
	was = (was + level(medians[0]).about(timeUnit)) / betterHours
	now = (now + class.QueryTime.Sum) / betterHours
	if !c.matters(was - now) {
		return nil
	}
	return &Change{Kind: Better, Of: "query_time", Values: Values{Now: now, Median: was, Days: s.days(1)}, MeanOf: betterHours}
}

// gone returns the classes that were a regular part of the load and have now
// been absent for over twice their longest absence.
func (c *comparison) gone(muted map[string]bool) []GoneClass {
	if !c.aligned || !c.report.Coverage.Complete {
		return nil
	}
	hidden := sync.OnceValue(c.hidden)
	var all []GoneClass
	for id, p := range c.history.classes {
		if c.here[id] || muted[id] || p.last >= c.start || p.last < c.regrouped || p.gone > p.last && p.gone < c.start || len(p.hours) < goneHours {
			continue
		}
		if c.absent(p.last) < max(goneAfter, 2*p.rhythm()+2) || p.last-p.hours[0].at < goneSpan {
			continue
		}
		mean, heavy := c.load(p)
		if !heavy || c.hides(p) && hidden() >= manyLogged {
			continue
		}
		all = append(all, GoneClass{ID: id, Label: p.label, LastSeen: p.last.time(), Mean: mean, Hours: len(p.hours), LongestGap: int(p.rhythm())})
	}
	slices.SortFunc(all, func(x, y GoneClass) int { return cmp.Or(x.LastSeen.Compare(y.LastSeen), cmp.Compare(x.ID, y.ID)) })
	return all
}

// absent counts the hours since one that were wholly read, the window's included.
func (c *comparison) absent(since hour) hour {
	return c.readHours(since, func(hour) bool { return true })
}

// absentOnWorkdays is absent without the hours of Saturdays and Sundays, by UTC.
func (c *comparison) absentOnWorkdays(since hour) hour {
	return c.readHours(since, func(at hour) bool { return !at.isWeekend() })
}

// readHours counts those since one that were wholly read, and the window's, as far as they are to count.
func (c *comparison) readHours(since hour, counts func(hour) bool) hour {
	n := hour(0)
	for at := c.start; at < c.end; at++ {
		n += hour(one(counts(at)))
	}
	for _, w := range c.hours {
		if w != nil && !w.partial && w.at > since && counts(w.at) {
			n++
		}
	}
	return n
}

func (h hour) isWeekend() bool {
	day := h.time().Weekday()
	return day == time.Saturday || day == time.Sunday
}

// load returns the class's mean time in the hours it was seen in, and whether
// that was a part of their time that matters.
func (c *comparison) load(p *past) (mean float64, heavy bool) {
	var own, all float64
	first := c.start - historyHours
	for _, seen := range p.hours {
		if i := seen.at - first; i >= 0 && i < historyHours && c.hours[i] != nil {
			own += seen.time.about(timeUnit)
			all += c.hours[i].time.about(timeUnit)
		}
	}
	mean = own / float64(len(p.hours))
	return mean, mean >= minTime && own >= minShare*all
}

// hides reports whether all calls of the log since the class was last seen took longer than one of the
// class did: so a long_query_time that was raised would hide it.
func (c *comparison) hides(p *past) bool {
	known := 0
	for _, w := range c.hours {
		if w != nil && w.at > p.last && w.least > 0 {
			known++
		}
	}
	typical, seen := p.typical()
	return known >= goneAfter-1 && seen && typical < c.leastSince(p.last+1)
}

// leastSince returns the shortest call of the log from an hour on, as far as it is known.
func (c *comparison) leastSince(from hour) level {
	least := levelOf(c.report.Overall.QueryTime.Min, p95Unit)
	for _, w := range c.hours {
		if w != nil && w.at >= from && w.least > 0 {
			least = min(least, w.least.level())
		}
	}
	return least
}

// typical returns the median of the medians of a call's time, and false if none is known.
func (p *past) typical() (level, bool) {
	var all []int
	for _, h := range p.hours {
		if h.typical > 0 {
			all = append(all, int(h.typical.level()))
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return level(medianOf(all)), true
}

// hidden counts the classes that were seen often enough to be missed, and are hidden.
func (c *comparison) hidden() int {
	n := 0
	for id, p := range c.history.classes {
		if !c.here[id] && len(p.hours) >= goneHours && c.hides(p) {
			n++
		}
	}
	return n
}

// ended returns the classes that were WORSE within three days, and now are as they were before
// that. One that is not seen may not have been due.
func (c *comparison) ended(muted map[string]bool) []Ended {
	if !c.aligned || !c.report.Coverage.Complete {
		return nil
	}
	var all []Ended
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		p := c.history.classes[class.ID]
		if p == nil {
			continue
		}
		worse := p.worseBefore(c.start)
		if muted[class.ID] || c.unsure(p) || worse == 0 || c.start-worse >= endWithin || p.ended > worse && p.ended != c.start {
			continue
		}
		if c.still(class, p) || p.found.span > 0 && !c.sums(class, p).over(p.found) {
			continue // or it may be
		}
		all = append(all, c.endOf(class, p, worse))
	}
	return all
}

// endedWith adds the class that was the most of an incident to those whose end is told, where the end of
// the incident is and the class is as usual: one thing has one end, without more evidence.
func (c *comparison) endedWith(x *EndedIncident, all []Ended, muted map[string]bool) []Ended {
	i := slices.IndexFunc(c.report.Classes, func(class Class) bool { return class.ID == x.Of })
	if i < 0 || muted[x.Of] || slices.ContainsFunc(all, func(e Ended) bool { return e.ID == x.Of }) {
		return all
	}
	class := &c.report.Classes[i]
	p := c.history.classes[x.Of]
	if p == nil || c.unsure(p) {
		return all
	}
	worse := p.worseBefore(c.start)
	if worse < hourOf(x.From) || c.start-worse >= endWithin || p.ended > worse && p.ended != c.start || c.still(class, p) {
		return all
	}
	return append(all, c.endOf(class, p, worse))
}

// endOf bounds how long a class was WORSE that is so no more: up to the end of the last hour that had half as
// much time again as was usual before, or half as high a p95.
func (c *comparison) endOf(class *Class, p *past, worse hour) Ended {
	times, p95s := c.seriesUpTo(p, timeOf, worse), c.seriesUpTo(p, p95Of, worse)
	to := worse + 1
	for _, seen := range p.hours {
		if seen.at <= worse || seen.at >= c.start {
			continue
		}
		h := int(seen.at-c.start+historyHours) % hoursADay
		p95 := p95s.usualAt(h)
		if int(seen.time) >= times.usualAt(h)+halfMore || p95 > 0 && int(seen.p95) >= p95+halfMore {
			to = seen.at + 1
		}
	}
	return Ended{class.ID, class.Fingerprint, c.worseSince(class.ID, worse), to.time()}
}

// worseSince returns since when a class is WORSE that was told to be so in an hour: if it was the most of an
// incident then, since that began.
func (c *comparison) worseSince(id string, worse hour) time.Time {
	if x := c.history.incident; x.of == id && hourOf(x.since) <= worse && worse <= x.last {
		return x.since
	}
	return worse.time()
}

const (
	// A class is FIXED after fixedHours that were read and are no odd ones.
	fixedHours = hoursADay
	// fixedWindow is how many hours of these are looked at by themselves.
	fixedWindow = 6
	// fixedEffect is how many times the usual what was WORSE may have, if less than leastEffect is no chance.
	fixedEffect = 1.25
	// episodeHours is for how long what is FIXED must have been WORSE not to be a part of what is usual: what is shorter
	// and comes back is a burst, which belongs to the class.
	episodeHours = 6
	// eachTimes is how many times the mean a call takes that is as much evidence as one by chance.
	eachTimes = 4

	// What was NEW is FIXED with a fixedPart of its time at most; it was seen in fixedSeen hours before, and
	// fixedCalls were to be expected since, at the rate that it had.
	fixedPart  = 0.1
	fixedSeen  = 3
	fixedCalls = 30
	// What is absent for nightHours between two times may be so on a weekend, which counts only if it was there on one.
	nightHours = 6

	// A day is quiet, and the absence of what is NEW no evidence, if a quietShare of the classes with quietCalls
	// in the day before, quietClasses at least, has a quietPart of these.
	quietShare   = 0.1
	quietClasses = 2
	quietCalls   = 10
	quietPart    = 0.25
)

// fixed returns the classes that a digest has called NEW or WORSE and that have been as before for a day.
func (c *comparison) fixed(muted map[string]bool) []FixedClass {
	if !c.aligned || c.end-c.start != 1 || !c.report.Coverage.Complete || c.lift.counts() {
		return nil
	}
	from, known := c.dayFrom()
	if !known {
		return nil
	}
	here := map[string]*Class{}
	for i := range c.report.Classes {
		here[c.report.Classes[i].ID] = &c.report.Classes[i]
	}
	quiet := map[hour]bool{}
	var all []FixedClass
	for id, p := range c.history.classes {
		if !p.brokenBefore(c.start) || p.broke.at >= from || c.start-p.broke.at > historyHours || p.broke.at < c.regrouped || muted[id] || p.gone > p.last && p.gone < c.start {
			continue
		}
		class := here[id]
		if class == nil {
			class = &Class{ID: id}
		}
		if class.Change != nil && class.Change.Kind != Better {
			continue
		}
		var x FixedClass
		ok := false
		if p.broke.isNew {
			x, ok = c.newFixed(class, p, from, quiet)
		} else {
			x, ok = c.worseFixed(class, p, from)
		}
		if ok {
			x.ID, x.Fingerprint, x.Label, x.Hours = id, class.Fingerprint, p.label, fixedHours
			x.Release = c.fixedSince(class, p, &x)
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(x, y FixedClass) int { return cmp.Or(cmp.Compare(y.Before, x.Before), cmp.Compare(x.ID, y.ID)) })
	return all
}

// dayFrom returns the first of the fixedHours up to the window's that count, or false if there are not as many
// in two days.
func (c *comparison) dayFrom() (hour, bool) {
	n := 1
	for i := historyHours - 1; i >= historyHours-2*hoursADay; i-- {
		if w := c.hours[i]; w == nil || w.partial || w.odd {
			continue
		}
		if n++; n == fixedHours {
			return c.start - historyHours + hour(i), true
		}
	}
	return 0, false
}

// perHour returns the mean query time and calls of a class in the hours from one up to another that were wholly read.
func (c *comparison) perHour(p *past, from, to hour) (time, calls, hours float64) {
	counts := func(at hour) bool {
		i := at - (c.start - historyHours)
		return i >= 0 && i < historyHours && c.hours[i] != nil && !c.hours[i].partial && !c.hours[i].odd
	}
	for at := max(from, c.start-historyHours); at < to; at++ {
		if counts(at) {
			hours++
		}
	}
	for _, seen := range p.hours {
		if seen.at >= from && seen.at < to && counts(seen.at) {
			time, calls = time+seen.time.about(timeUnit), calls+seen.calls.about(callsUnit)
		}
	}
	return time / max(hours, 1), calls / max(hours, 1), hours
}

// worseFixed reports whether a class that was WORSE has been as usual in the hours from one on: in them as in what
// was usual before it was told, in no six of them beyond what chance allows, and as far below what it was told for as
// is beyond chance, too.
func (c *comparison) worseFixed(class *Class, p *past, from hour) (x FixedClass, ok bool) {
	s := c.sums(class, p)
	span, to := int(c.end-from), int(p.broke.at-lateHours-(c.start-historyHours))
	if s.calls(span) == 0 && c.absent(p.last) < max(fixedHours, 2*p.rhythm()+2) {
		return x, false // it may not have been due
	}
	if s.isQuiet(span, to) {
		return x, false
	}
	for what := range statistic(allOfThem) {
		value, usual := s.beforeIn(what, span, to)
		if math.IsNaN(usual) {
			if what == callRate || what == restTime {
				return x, false
			}
			continue
		}
		most := math.Log(leastEffect)
		if least, _ := s.least(min(what, statistic(judged-1)), hoursADay, 0); what != allTime && least < most {
			most = max(least, math.Log(fixedEffect))
		}
		if value-usual >= most { // false where there is no call
			return x, false
		}
		if what == allTime {
			x.Usual = max(0, math.Exp(usual)-minTime)
		}
	}
	if f := p.broke.found; f.span > 0 && !p.isJob() && !s.isBack(f, span, to) {
		return x, false
	}
	bins, each := c.hourlyBins(class, p, s, from)
	i, certain := releases.Last(bins, each)
	if !certain || bins[i].Start.After(from.time()) {
		return x, false
	}
	x.Was, x.From, x.To = Worse, c.worseSince(class.ID, p.broke.at), bins[i].Start
	x.Before, _, _ = c.perHour(p, p.broke.at, hourOf(x.To))
	x.Now = c.dayMean(class, p, from)
	return x, true
}

// hourlyBins states what a class took in each hour since it was told to be WORSE, and how long each of its calls took.
func (c *comparison) hourlyBins(class *Class, p *past, s *sums, from hour) ([]releases.Bin, float64) {
	var bins []releases.Bin
	var sumUsual float64
	took, calls, hours := c.perHour(p, p.broke.at, from)
	for at := p.broke.at; at < c.end; at++ {
		i := int(at - c.start + historyHours)
		if i < historyHours && (c.hours[i] == nil || c.hours[i].partial || c.hours[i].odd) {
			continue
		}
		usual := max(0, math.Exp(s.usualBefore(allTime, i+1, 1, int(p.broke.at-lateHours-c.start+historyHours)))-minTime)
		if math.IsNaN(usual) {
			continue
		}
		if at < from {
			sumUsual += usual
		}
		bins = append(bins, releases.Bin{Start: at.time(), End: (at + 1).time(), Took: s.of[allTime][i+1] - s.of[allTime][i], After: usual})
	}
	times := max(leastEffect, took*hours/max(sumUsual, timeUnit))
	for i := range bins {
		bins[i].Before = bins[i].After * times
	}
	return bins, eachTimes * took / max(calls, 1.0/hoursADay)
}

// isBack reports whether a class has left, in the span of hours, the level of what it was told for.
func (s *sums) isBack(f finding, span, to int) bool {
	level := float64(f.above) * math.Log(levelStep)
	_, hourTail := s.least(f.what, 1, 0)
	least, _ := s.least(f.what, hoursADay, hourTail)
	value, usual := s.beforeIn(f.what, span, to)
	if !(level-(value-usual) >= least) && !math.IsNaN(value) {
		return false
	}
	if week := s.window(f.what, historyHours+1-7*hoursADay, span); to <= historyHours-7*hoursADay && !(week-value >= level/2) {
		return false // it was so a week ago
	}
	for _, part := range [...]int{1, fixedWindow / 2, fixedWindow, 2 * fixedWindow} {
		least, _ = s.least(f.what, part, hourTail)
		least = max(least, math.Log(fixedEffect))
		for end := historyHours + 1; end >= historyHours+1-span+part; end-- {
			usual := s.usualBefore(f.what, end, part, to)
			if s.window(f.what, end, part)-usual >= least && s.of[callRate][end]-s.of[callRate][end-part] >= leastCalls {
				return false
			}
			if part < fixedWindow {
				break // but in the last ones
			}
		}
	}
	return true
}

// usualBefore returns what a statistic was in the span of hours before an index a week before, if that is before another,
// or else on the days before that.
func (s *sums) usualBefore(what statistic, end, span, to int) float64 {
	if week := end - 7*hoursADay; week-1 < to {
		if v := s.window(what, week, span); !math.IsNaN(v) {
			return v
		}
	}
	var all []float64
	for k := (end - 1) % hoursADay; k < to; k += hoursADay {
		if v := s.window(what, k+1, span); !math.IsNaN(v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// dayMean returns the query time per hour from an hour on, the window's included.
func (c *comparison) dayMean(class *Class, p *past, from hour) float64 {
	time, _, hours := c.perHour(p, from, c.start)
	return (time*hours + class.QueryTime.Sum) / (hours + 1)
}

// beforeIn returns a statistic of the span of hours up to the window's end, and what it was in such a span before
// the hour with an index: a week ago or, where that is not known, at that hour of the day.
func (s *sums) beforeIn(what statistic, span, to int) (value, usual float64) {
	var values [historyHours + 1]float64
	for i := range values {
		if values[i] = math.NaN(); i%hoursADay == 0 {
			values[i] = s.window(what, i+1, span)
		}
	}
	u := usualHours{values: &values, to: to}
	usual = u.median(historyHours)
	if week := u.week(historyHours); !(week > usual) && !math.IsNaN(week) {
		usual = week
	}
	return values[historyHours], usual
}

// isQuiet reports whether a class usually has few calls on this day of the week.
func (s *sums) isQuiet(span, to int) bool {
	_, usual := s.beforeIn(callRate, span, to)
	var days []float64
	for k := historyHours % hoursADay; k < to; k += hoursADay {
		if v := s.window(callRate, k+1, span); !math.IsNaN(v) {
			days = append(days, v)
		}
	}
	slices.Sort(days)
	return len(days) > 0 && usual < days[len(days)/2]+math.Log(quietPart)
}

// newFixed reports whether a class that was NEW has in the hours from one on a tenth of the time that it had, and
// that is no chance: it was there for hours, is so for longer than it ever was, and this is no quiet day.
func (c *comparison) newFixed(class *Class, p *past, from hour, quiet map[hour]bool) (x FixedClass, ok bool) {
	var mean float64
	n := 0.0
	for _, seen := range p.hours {
		if seen.at < min(from, p.broke.at+hoursADay) {
			mean, n = mean+seen.time.about(timeUnit), n+1
		}
	}
	mean /= max(n, 1)
	first, last, gap, seenIn, weekend := hour(0), hour(0), hour(0), 0, false
	for _, seen := range p.hours {
		if seen.at >= from && seen.at <= c.start && seen.time.about(timeUnit) >= mean/2 {
			return x, false // the day has not begun
		}
		if seen.at >= from || seen.time.about(timeUnit) < fixedPart*mean {
			continue
		}
		if last > 0 {
			gap = max(gap, seen.at-last)
		} else {
			first = seen.at
		}
		last = seen.at
		seenIn++
		weekend = weekend || seen.at.isWeekend()
	}
	absent := c.absent(last)
	if gap >= nightHours && !weekend {
		absent = c.absentOnWorkdays(last)
	}
	if seenIn < fixedSeen || absent < max(fixedHours, 2*gap+2) {
		return x, false
	}
	before, calls, hours := c.perHour(p, first, last+1)
	now := c.dayMean(class, p, from)
	if hours == 0 || now > fixedPart*before || calls*float64(absent) < fixedCalls {
		return x, false
	}
	if _, known := quiet[last]; !known {
		quiet[last] = c.quiet(last+1, from)
	}
	if quiet[last] {
		return x, false
	}
	return FixedClass{Was: New, From: first.time(), To: (last + 1).time(), Before: before, Now: now}, true
}

// quiet reports whether many classes have hardly a call from an hour on that had some in the day before another.
func (c *comparison) quiet(end, from hour) bool {
	few, of := 0, 0
	for _, p := range c.history.classes {
		_, before, hours := c.perHour(p, end-hoursADay, end)
		if before*hours < quietCalls || p.brokenBefore(c.start) {
			continue
		}
		if _, calls, _ := c.perHour(p, from, c.start); calls < quietPart*before {
			few++
		}
		of++
	}
	return few >= quietClasses && float64(few) >= quietShare*float64(of)
}
