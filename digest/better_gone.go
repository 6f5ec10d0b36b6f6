package digest

import (
	"cmp"
	"slices"
	"sync"
	"time"
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
	n := c.end - c.start
	for _, w := range c.hours {
		if w != nil && !w.partial && w.at > since {
			n++
		}
	}
	return n
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
