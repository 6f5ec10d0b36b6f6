package digest

import (
	"maps"
	"slices"
	"time"
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
	if c.report.Overall.Calls >= raisedCalls && levelOf(now, p95Unit) >= highest+doubled {
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
