package digest

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"slowdigest/digest/releases"
)

// When a release changes the rules of fingerprints, statements get other IDs, and
// the history knows the old ones. As it holds no text, nobody can say what an old
// ID has become; only hours under the same rules can be compared by ID. So much is
// known: from the first hour under other rules on, the regrouping,
//
//   - an ID not seen since may be of statements that had another one. For a week
//     it is neither NEW nor BACK, so that whatever runs weekly has its ID by then.
//     What runs less often is called NEW once, and what is new in that week never.
//   - an ID may have gained the statements of others. The first time that a class
//     is seen after the regrouping it is not WORSE; if it would be, what it was
//     before counts no more.
//     A mute on it is reported, as it may hide more than was meant.
//   - an ID last seen before may have become another. It is never GONE. (It could
//     be for two weeks: then its hours are forgotten.)
//   - a mute or a note on such an ID waits in vain. It is kept, and reported once:
//     as soon as its class is absent for longer than it was in the two weeks
//     before, or at the end of the week.
//
// What keeps its ID is compared with all its past in the second hour at the
// latest. That a class is BETTER is said at any time: rules that fold more take no
// statement from an ID that stays. A release with older rules is one with others:
// back under it, the same holds anew.
const regroupedFor = 7 * hoursADay

// Regrouped says that the rules of fingerprints changed a week ago or less.
type Regrouped struct {
	Rules int       `json:"rules"` // fingerprint.Rules since then
	Since time.Time `json:"since"` // start of the first window under these rules
	Until time.Time `json:"until"` // a window before it marks no ID as NEW or BACK that was not seen since
	// Unseen counts the classes of the report that are not marked for that reason.
	Unseen int `json:"unseen,omitempty"`
	// Mutes and Notes are IDs with a mute or a note that were due by the end of this
	// window and have not been seen since the change, and IDs with a mute that would be
	// WORSE but for the change. Each is in one report only.
	Mutes []string `json:"mutes,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// rules returns the rules of the report's IDs: those before rules had a version
// were the first.
func (r *Report) rules() int { return max(1, r.Rules) }

// Rules returns the version of the rules under which the latest hour's IDs were
// made, and 0 if nothing is remembered.
func (h *History) Rules() int { return h.rules }

// regroup notes when the rules changed. An hour without classes has none.
func (h *History) regroup(at hour, r *Report) {
	if len(r.Classes) == 0 {
		return
	}
	if h.rules != 0 && h.rules != r.rules() {
		h.regrouped = at
	}
	h.rules = r.rules()
}

// regroupedBy returns the first hour, that of the report at the latest, under its
// rules, where the history has hours under others; else 0.
func (h *History) regroupedBy(r *Report) hour {
	start, _ := hourRange(r.Window)
	if len(r.Classes) > 0 && h.rules != 0 && h.rules != r.rules() {
		return start
	}
	return min(h.regrouped, start)
}

// unsure reports whether a class, which may have no past, can owe what it is now
// to the regrouping: it was not seen between that and the window.
func (c *comparison) unsure(p *past) bool {
	return c.regrouped > 0 && c.start < c.regrouped+regroupedFor && (p == nil || p.seenBefore(c.start) < c.regrouped)
}

// reportRegrouped states the regrouping in the week after it.
func (c *comparison) reportRegrouped(o Options) {
	until := c.regrouped + regroupedFor
	if c.regrouped == 0 || c.start >= until {
		return
	}
	r := &Regrouped{Rules: c.report.rules(), Since: c.regrouped.time(), Until: until.time(), Unseen: c.unseen}
	before := c.regrouped // the end of the last window that was reported
	for _, w := range c.history.hours {
		if w.at < c.start {
			before = max(before, w.at+1)
		}
	}
	lost := func(id string) bool {
		p := c.history.classes[id]
		return p != nil && !c.here[id] && p.last < c.regrouped && c.due(p, c.end) && (before == c.regrouped || !c.due(p, before))
	}
	for _, m := range o.Mutes {
		if m.Covers(c.report.Window) && (lost(m.ID) || c.grown[m.ID]) {
			r.Mutes = append(r.Mutes, m.ID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(o.Notes)) {
		if lost(id) {
			r.Notes = append(r.Notes, id)
		}
	}
	c.report.Past.Regrouped = r
}

// Lost reports whether it is known that a class was not seen since the rules of
// fingerprints changed: what is set on it waits in vain.
func (h *History) Lost(id string) bool {
	if h.regrouped == 0 || len(h.hours) == 0 {
		return false
	}
	if p := h.classes[id]; p != nil {
		return p.last < h.regrouped
	}
	return h.hours[len(h.hours)-1].at-h.regrouped <= forgottenAfter
}

// due reports whether a class last seen before the regrouping should have been seen
// again by an hour. One without recent hours is not waited for.
func (c *comparison) due(p *past, by hour) bool {
	return len(p.hours) >= goneHours && by-p.last > p.rhythm() || len(p.hours) > 0 && by >= c.regrouped+regroupedFor
}

// Logged states that an hour's log holds calls that were too short for it before, as it does where
// long_query_time was lowered, or none of those any more, as where it was raised. Classes that
// are seen for that are not NEW, and what is judged of the others begins anew.
type Logged struct {
	Before  float64 `json:"before"`  // seconds of the shortest call of the day before
	Now     float64 `json:"now"`     // and of the hour
	Classes int     `json:"classes"` // that are seen for that; 0 where it was raised
}

// raisedCalls is how many calls an hour needs for its shortest to tell that a long_query_time was raised.
const raisedCalls = 50

// manyLogged is how many classes have to be new to the log at once, of which no call would have been in
// it before, and half of the others have such calls, too.
const manyLogged = 5

// logged returns that, or nil. All that is compared of a class that has such calls begins anew.
func (c hourAsWhole) logged() *Logged {
	var before, highest level
	known := 0
	for _, w := range c.hours[historyHours-hoursADay:] {
		if w == nil || w.partial || w.least == 0 {
			continue
		}
		l := w.least.level()
		if highest = max(highest, l); known == 0 || l < before {
			before = l
		}
		known++
	}
	now := c.report.Overall.QueryTime.Min
	x := &Logged{Before: before.about(p95Unit), Now: now}
	if 2*known < hoursADay || now <= 0 || !c.aligned || c.end-c.start != 1 {
		return nil
	}
	if c.report.Overall.Calls >= raisedCalls && levelOf(now, p95Unit) >= highest+doubled && !c.slowed(levelOf(now, p95Unit)) {
		c.beginAnew(now)
		return x
	}
	if levelOf(now, p95Unit)+doubled > before {
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

// A raised long_query_time takes half of the calls at least from the classes whose median was below the shortest
// that the log holds now, and adds no time: what has more of the one or the other has become slower.
const (
	leftCalls = 0.75 // of the usual calls
	leftTime  = 1.5  // times the usual time
)

// slowed reports whether what was shorter than the shortest call of the log is still there, and takes longer.
func (c hourAsWhole) slowed(shortest level) bool {
	now := map[string]*Class{}
	for i := range c.report.Classes {
		now[c.report.Classes[i].ID] = &c.report.Classes[i]
	}
	var calls, time, usualCalls, usualTime float64
	for id, p := range c.history.classes {
		if typical, known := p.typical(); !known || typical >= shortest || c.start-p.seenBefore(c.start) > hoursADay {
			continue
		}
		usualCalls += c.series(p, callsOf).median(1).about(callsUnit)
		usualTime += c.series(p, timeOf).median(1).about(timeUnit)
		if class := now[id]; class != nil {
			calls, time = calls+float64(class.Calls), time+class.QueryTime.Sum
		}
	}
	return usualCalls > 0 && (calls >= leftCalls*usualCalls || time >= leftTime*usualTime)
}

// beginAnew has what is judged of the classes begin anew that had calls which are too short for the log
// now: of which the median was less than four times as long as the shortest that it holds.
func (c hourAsWhole) beginAnew(least float64) {
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		p := c.history.classes[class.ID]
		if p == nil || class.Change != nil && class.Change.Kind != Worse && class.Change.Kind != Better {
			continue
		}
		if typical, known := p.typical(); known && typical < levelOf(least, p95Unit)+2*doubled {
			class.Change, class.anew = nil, true
		}
	}
}

// newly reports whether a class is new to the log only.
func (x *Logged) newly(class *Class) bool {
	return class.Change != nil && class.Change.Kind == New && class.QueryTime.Max < x.Before
}

const (
	// maxLines is of how many hours, and maxLineClasses of how many classes of each, it is remembered
	// what was in each twelfth: those with the most time.
	maxLines       = 12
	maxLineClasses = 100

	// beginsBefore is how many hours before those in which a change was found it may have begun.
	beginsBefore = 3
	// beginsWithin is how many hours a window can have that tells when a change began: what shows in more is too
	// small for that.
	beginsWithin = 3
)

// classLine is the query time of a class in each twelfth of an hour.
type classLine [timelineBuckets]level

// lineHour holds those of an hour, by Class.ID.
type lineHour struct {
	at hour
	of map[string]classLine
}

// MarkRelease remembers when a release began, for 14 days; of more than 60 the oldest are forgotten. One of the same
// name is moved, but not within an hour by one without a given time. It returns the release as it is kept.
func (h *History) MarkRelease(r Release, given bool) Release { return h.marks.Set(r, given) }

// RemoveRelease takes a mark back, and reports whether there was one.
func (h *History) RemoveRelease(name string) bool { return h.marks.Remove(name) }

// Releases returns the marks, by their times.
func (h *History) Releases() []Release { return slices.Clone(h.marks) }

// marksWith returns the marks, and those that the tags of a report make.
func (h *History) marksWith(start time.Time, r *Report) releases.Marks {
	marks := slices.Clone(h.marks)
	for _, m := range h.watch.New(start.UTC().Truncate(time.Hour), r.Releases) {
		if !slices.ContainsFunc(marks, func(have Release) bool { return have.Name == m.Name }) {
			marks.Set(m, true)
		}
	}
	return marks
}

// addReleases remembers, of an hour and the newest one, which releases the tags of an hour name, and the time lines of its classes: for good those of the hours
// of marks, and before and after these, in which something may have begun with them.
func (h *History) addReleases(at, newest hour, r *Report) {
	h.marks = h.marksWith(r.Window.Start, r)
	h.watch.Add(r.Window.Start, r.Releases)
	l := lineHour{at, map[string]classLine{}}
	for _, i := range OrderBySum.Ranked(r.Classes) {
		if c := &r.Classes[i]; len(c.Timeline) == timelineBuckets && len(l.of) < maxLineClasses {
			var line classLine
			for k, v := range c.Timeline {
				line[k] = levelOf(v, timeUnit)
			}
			l.of[c.ID] = line
		}
	}
	h.lines = slices.DeleteFunc(h.lines, func(have lineHour) bool { return have.at == at })
	if len(l.of) > 0 {
		n, _ := slices.BinarySearchFunc(h.lines, at, func(l lineHour, at hour) int { return cmp.Compare(l.at, at) })
		h.lines = slices.Insert(h.lines, n, l)
	}
	h.lines = slices.DeleteFunc(h.lines, func(l lineHour) bool { // but of the last ones
		return l.at < newest-1 && !slices.ContainsFunc(h.marks, func(m Release) bool { return hourOf(m.At) >= l.at-1 && hourOf(m.At) <= l.at+1 })
	})
	h.lines = h.lines[max(0, len(h.lines)-maxLines):]
}

// took appends what a class took in an hour, in twelfths where these are known. Scale states how long it would have
// taken in the hour if it had not begun, and if it had.
func (c *comparison) took(bins []releases.Bin, class *Class, p *past, at hour, before, after float64) []releases.Bin {
	var twelfths []float64
	whole := 0.0
	if at == c.start {
		twelfths, whole = class.Timeline, class.QueryTime.Sum
	} else {
		for _, l := range c.history.lines {
			if line, found := l.of[class.ID]; l.at == at && found {
				for _, v := range line {
					twelfths = append(twelfths, v.about(timeUnit))
				}
			}
		}
		if n, seen := slices.BinarySearchFunc(p.hours, at, func(h classHour, at hour) int { return cmp.Compare(h.at, at) }); seen {
			whole = p.hours[n].time.about(timeUnit)
		}
	}
	if len(twelfths) != timelineBuckets {
		return append(bins, releases.Bin{Start: at.time(), End: (at + 1).time(), Took: whole, Before: before, After: after})
	}
	const twelfth = time.Hour / timelineBuckets
	for i, v := range twelfths {
		start := at.time().Add(time.Duration(i) * twelfth)
		bins = append(bins, releases.Bin{Start: start, End: start.Add(twelfth), Took: v, Before: before / timelineBuckets, After: after / timelineBuckets})
	}
	return bins
}

// since returns the release with which a class became NEW or WORSE, if that can be told.
func (c *comparison) since(class *Class, p *past) *Release {
	if len(c.marks) == 0 {
		return nil
	}
	if x := class.Change; x.Kind == New {
		took := seconds(class.QueryTime.Min)
		switch {
		case x.First.IsZero() && !class.FirstSeen.IsZero():
			return c.release(class, releases.At(class.FirstSeen).Earlier(took))
		case p != nil && !x.First.IsZero():
			for _, b := range c.took(nil, class, p, hourOf(x.First), 0, 0) {
				if b.Took > 0 && b.End.Sub(b.Start) < time.Hour {
					return c.release(class, releases.In(b.Start, b.End).Earlier(took))
				}
			}
		}
		return nil
	}
	if p == nil || !c.aligned || c.end-c.start != 1 || p.isJob() {
		return nil
	}
	s, span := c.sums(class, p), max(1, class.Change.MeanOf)
	if span > beginsWithin {
		return nil
	}
	first := c.start - hour(span) - beginsBefore
	took, usual := 0.0, map[hour]float64{}
	sum := 0.0
	for at := first; at <= c.start; at++ {
		i := int(at - c.start + historyHours)
		if i < 0 {
			return nil
		}
		if usual[at] = s.usualHour(i, historyHours-span-beginsBefore); math.IsNaN(usual[at]) {
			return nil
		}
		if at > c.start-hour(span) {
			took, sum = took+s.of[allTime][i+1]-s.of[allTime][i], sum+usual[at]
		}
	}
	times := max(leastEffect, took/max(sum, timeUnit))
	var bins []releases.Bin
	for at := first; at <= c.start; at++ {
		bins = c.took(bins, class, p, at, usual[at], usual[at]*times)
	}
	began, known := releases.Begin(bins, eachOf(class))
	if !known {
		return nil
	}
	return c.release(class, began.Earlier(seconds(class.QueryTime.Median)))
}

// seconds is how long before its time in the log a call of so many began.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// usualHour is the query time of a class in the hour with an index by what was usual before another: that of the three
// hours around it a week before or, where that is not known, that of the hour on the days before.
func (s *sums) usualHour(i, to int) float64 {
	usual := math.NaN()
	if week := i + 1 - 7*hoursADay; week < to && week > 1 {
		usual = s.window(allTime, week+1, 3)
	}
	if math.IsNaN(usual) {
		usual = s.usualBefore(allTime, i+1, 1, to)
	}
	return max(0, math.Exp(usual)-minTime)
}

// eachOf is how long the calls of a class are that would, if all took that long, vary as these do.
func eachOf(class *Class) float64 {
	q := class.QueryTime
	return (q.Mean*q.Mean + q.StdDev*q.StdDev) / max(q.Mean, 1/perSecond)
}

// fixedSince returns the release with which a class became as it was before, if that can be told.
func (c *comparison) fixedSince(class *Class, p *past, x *FixedClass) *Release {
	to := hourOf(x.To)
	if len(c.marks) == 0 || p.isJob() || to-goneAfter < c.start-historyHours {
		return nil
	}
	took, calls, _ := c.perHour(p, hourOf(x.From), to)
	each := eachTimes / 2 * took / max(calls, 1.0/hoursADay)
	var bins []releases.Bin
	s := c.sums(class, p)
	for at := to - goneAfter; at < min(to+goneAfter, c.start); at++ {
		before, after := x.Before, x.Now
		if x.Was == Worse {
			i := int(at - c.start + historyHours)
			if after = s.usualHour(i, int(p.broke.at-lateHours-c.start+historyHours)); math.IsNaN(after) {
				return nil
			}
			before = after * max(leastEffect, x.Before/max(x.Usual, timeUnit))
		}
		bins = c.took(bins, class, p, at, before, after)
	}
	began, known := releases.Begin(bins, each)
	if !known {
		return nil
	}
	return c.release(class, began)
}

// release returns the mark that something began with. What tags name, whoever marked it, is of the calls with that tag:
// those of most of the time of a class that has such tags.
func (c *comparison) release(class *Class, began releases.Began) *Release {
	own := slices.DeleteFunc(slices.Clone(c.marks), func(m Release) bool {
		tagged, mostly := tagOf(class, m.Name)
		return !mostly && (m.ByTag || tagged && c.isTag(m.Name))
	})
	return own.Since(began)
}

// tagOf reports whether a class has tags of releases, and half of their time is of one.
func tagOf(class *Class, release string) (tagged, mostly bool) {
	own, all := 0.0, 0.0
	for _, t := range class.Tags {
		if t.Key == "release" {
			if all += t.QueryTime; t.Value == release {
				own += t.QueryTime
			}
		}
	}
	return all > 0, all > 0 && 2*own >= all
}

// isTag reports whether a tag named a release, in this hour or before.
func (c *comparison) isTag(release string) bool {
	return slices.ContainsFunc(c.history.watch, func(k releases.Known) bool { return k.Release == release }) ||
		slices.ContainsFunc(c.report.Releases, func(s releases.Seen) bool { return s.Release == release })
}
