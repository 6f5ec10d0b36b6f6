package digest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"slowdigest/digest/releases"
)

const (
	hoursADay = 24

	// historyHours is how many hours are kept one by one: 14 days, so that a weekday
	// has two to be compared with.
	historyHours = 14 * hoursADay

	// forgottenAfter is for how many hours a class may be unseen until it is
	// dropped: six months.
	forgottenAfter = 183 * hoursADay

	// maxHistoryClasses and maxClassHours keep a History under a megabyte of JSON. A
	// class takes 80 bytes of it, and each of its hours up to six.
	maxHistoryClasses = 5_000
	maxClassHours     = 69_000

	// A mark and a line of a class take the room of so many hours of a class.
	markHours, lineHours = 20, 2

	// maxEarlier is how many incidents of a day are remembered besides the last.
	maxEarlier = 5

	// maxLabels is of how many classes it is remembered what they were called.
	maxLabels = 300

	// maxTold is of how many classes it is remembered what was last told of them.
	maxTold = 500

	// p95Calls is how many calls an hour needs for its p95 to be compared.
	p95Calls = 20
)

// History holds what one channel's digests remember of the hours before: for
// each class an ID and numbers, and no statement: of those that were told, or a part of
// the load, what they are called, in tables and columns. It is a fold over hours,
//
//	h.Compare(r, o)   // r is of the hour, or of several that were missed
//	h.Add(r)          // each of its hours, with Report(Limit{}, order)
//	h.MarkReported(r) // what r says is not said again
//	r.Shorten(limit, order)
//
// and nothing in it depends on a clock. The zero History remembers nothing. It
// marshals to JSON, always in the same way.
type History struct {
	since   time.Time // start of the first hour that was added
	hours   []wholeHour
	classes map[string]*past // by Class.ID
	forgot  int              // classes dropped for want of room
	ran     hoursOf

	incident incidentHours   // that was reported last
	earlier  []incidentHours // those of the day before it

	marks releases.Marks
	watch releases.Watch // releases that tags named
	lines []lineHour     // of the hours in which something can have begun with a mark, in their order

	rules     int  // fingerprint.Rules of the hour that was added last; 0 is none
	regrouped hour // since when, if there were others before; else 0
}

// Add folds in one whole hour, whose report must hold all classes. Hours may come
// in any order; one that was added before, or is older than what is kept hour by
// hour, changes nothing. Of an hour whose coverage is incomplete only what was seen
// is remembered, not what was absent. The error says that the window is not an hour
// of the clock.
func (h *History) Add(r *Report) error { return h.add(r, false) }

// Correct puts a fuller report of an hour, which counts all that the earlier one
// did, in the place of that. The history is then as if it had been added at once,
// but for the absences of a class that ended more than 14 days ago.
func (h *History) Correct(r *Report) error { return h.add(r, true) }

func (h *History) add(r *Report, correct bool) error {
	if w := r.Window; len(w.Hours()) != 1 {
		return fmt.Errorf("remember %s to %s: want a whole hour", w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339))
	}
	if !storable(r.Window) {
		return fmt.Errorf("remember %s: no server has logged then", r.Window.Start.Format(time.RFC3339))
	}
	at := hourOf(r.Window.Start)
	n, known := slices.BinarySearchFunc(h.hours, at, func(w wholeHour, t hour) int { return cmp.Compare(w.at, t) })
	newest := at
	if len(h.hours) > 0 {
		newest = max(at, h.hours[len(h.hours)-1].at)
	}
	if known && !correct || at < newest-historyHours {
		return nil
	}
	if h.classes == nil {
		h.classes = map[string]*past{}
	}
	if h.ran == nil {
		h.ran = hoursOf{}
	}
	h.ran.set(at, r.TotalsByInstance())
	if h.since.IsZero() || r.Window.Start.Before(h.since) {
		h.since = r.Window.Start.UTC()
	}
	if at == newest {
		h.regroup(at, r)
	}
	w := wholeHour{at, levelOf(r.Overall.QueryTime.Sum, timeUnit), !r.Coverage.Complete, notedOf(float64(r.Overall.Calls), callsUnit), leastOf(r), h.odd(r, correct)}
	if known {
		h.hours[n] = w
	} else {
		h.hours = slices.Insert(h.hours, n, w)
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		p := h.classes[c.ID]
		if p == nil {
			p = new(past)
			h.classes[c.ID] = p
		}
		p.add(at, c)
	}
	h.addReleases(at, newest, r)
	h.forget(newest)
	h.makeRoom()
	return nil
}

// Compare marks in r, which must hold all classes, what changed, and lists the
// muted classes in r.Past, for Shorten to leave out. It does not change h, and
// says the same before and after r's hours were added. Of a window that does
// not consist of hours of the clock it marks only what is NEW or BACK.
func (h *History) Compare(r *Report, o Options) {
	if r.Past == nil {
		r.Past = &Past{}
	}
	r.Past.Since, r.Past.Forgot = h.since, h.forgot
	if h.since.IsZero() {
		r.Past.Since = r.Window.Start
	}
	c := newComparison(h, r, o)
	r.Past.Learning = c.known < learningHours
	if c.known >= learningHours && c.known < wholeWeek {
		r.Past.Days = c.known / hoursADay
	}
	for i := range r.Classes {
		class := &r.Classes[i]
		class.Note = o.Notes[class.ID]
		class.Known, class.Form = c.start.time(), 0
		p := h.classes[class.ID]
		if p != nil {
			class.Known, class.Form = min(p.first, c.start).time(), int(p.form) //nolint:gosec // it was an int
		}
		if !r.Past.Learning {
			class.Change, class.Told = c.change(class), c.told(class)
			class.Detectable = c.detectable(class)
		}
		if x := class.Change; x != nil && (x.Kind == New || x.Kind == Worse) && x.Since.IsZero() {
			x.Release = c.since(class, p)
		}
	}
	if o.TellApart != nil {
		o.TellApart(r.Classes)
	}
	muted := listMuted(r, o.Mutes)
	if !r.Past.Learning && c.aligned && c.end-c.start == 1 {
		r.Past.Usual = c.usual
		r.Overall.ByInstance = hourAsWhole{c}.instances()
		if r.Past.Logged = (hourAsWhole{c}).logged(); r.Past.Logged == nil {
			r.Past.Incident = hourAsWhole{c}.incident(muted)
		}
	}
	r.compared = compared{h, len(h.hours), c.lift.counts()}
	r.countChanges(muted)
	c.reportRegrouped(o)
	if !r.Past.Learning {
		r.Past.Gone, r.Past.Ended = c.gone(muted), c.ended(muted)
		if c.aligned && c.end-c.start == 1 {
			if r.Past.EndedIncident = (hourAsWhole{c}).ended(r.Past.Ended); r.Past.EndedIncident != nil {
				r.Past.Ended = c.endedWith(r.Past.EndedIncident, r.Past.Ended, muted)
			}
			r.Past.Fixed = c.fixed(muted)
		}
	}
}

// leastOf returns the query time of the shortest call, unknown where none was made.
func leastOf(r *Report) noted {
	if r.Overall.QueryTime.Min <= 0 {
		return 0
	}
	return notedOf(r.Overall.QueryTime.Min, p95Unit)
}

// compared remembers what Compare found out of an hour for Add, if nothing was added in between.
type compared struct {
	with  *History
	hours int
	odd   bool
}

// odd reports whether the hour is no measure of what is usual.
func (h *History) odd(r *Report, correct bool) bool {
	if x := r.compared; x.with == h && x.hours == len(h.hours) && !correct {
		return x.odd
	}
	return newComparison(h, r, Options{}).lift.counts()
}

// forget drops what is too old after the hour was added.
func (h *History) forget(at hour) {
	oldest := at - historyHours // so that the hour can be compared once more
	h.hours = slices.DeleteFunc(h.hours, func(w wholeHour) bool { return w.at < oldest })
	h.ran.cut(func(t hourTotal) bool { return t.at < oldest })
	h.marks.Keep(at.time())
	for id, p := range h.classes {
		if at-p.last > forgottenAfter {
			delete(h.classes, id)
			continue
		}
		n, _ := slices.BinarySearchFunc(p.hours, oldest, func(c classHour, t hour) int { return cmp.Compare(c.at, t) })
		p.hours = slices.Delete(p.hours, 0, n)
	}
}

// Forget takes back the hours that begin at a time or later, such as those of an
// event that was dated in the future. Of a class what remains is what its hours
// before that tell.
func (h *History) Forget(from time.Time) {
	first := hourOf(from)
	if n := len(h.hours); n == 0 || h.hours[n-1].at < first {
		return
	}
	h.hours = slices.DeleteFunc(h.hours, func(w wholeHour) bool { return w.at >= first })
	h.ran.cut(func(t hourTotal) bool { return t.at >= first })
	for id, p := range h.classes {
		if !p.forget(first) {
			delete(h.classes, id)
		}
	}
	if !h.since.Before(from) {
		h.since = time.Time{}
		if len(h.hours) > 0 {
			h.since = h.hours[0].at.time()
		}
	}
	if h.incident.last >= first {
		h.incident = incidentHours{}
	}
	h.earlier = slices.DeleteFunc(h.earlier, func(x incidentHours) bool { return x.last >= first })
	if h.incident.ended >= first {
		h.incident.ended = 0
	}
	if h.regrouped >= first {
		h.regrouped = 0
	}
	h.marks = slices.DeleteFunc(h.marks, func(m Release) bool { return !m.At.Before(from) })
	h.watch.Forget(from)
	h.lines = slices.DeleteFunc(h.lines, func(l lineHour) bool { return l.at >= first })
}

// makeRoom keeps the History under its size. The classes that had the least time
// lately are dropped, or lose their hours but for the highest.
func (h *History) makeRoom() {
	n := 0
	for _, p := range h.classes {
		n += len(p.hours)
	}
	room := maxClassHours - markHours*(len(h.marks)+len(h.watch))
	for _, l := range h.lines {
		room -= lineHours * len(l.of)
	}
	if len(h.classes) <= maxHistoryClasses && n <= room {
		return
	}
	lightest := h.byTime()
	for ; len(lightest) > maxHistoryClasses; lightest = lightest[1:] {
		n -= len(lightest[0].hours)
		delete(h.classes, lightest[0].id)
		h.forgot++
	}
	for _, p := range lightest {
		if n <= room {
			return
		}
		n -= len(p.hours)
		for _, c := range p.hours {
			p.highest.time = max(p.highest.time, c.time)
			p.highest.p95 = max(p.highest.p95, c.p95)
		}
		p.hours, p.from = nil, h.hours[len(h.hours)-1].at+1
	}
}

// weighed adds to a past the seconds of its last 14 days.
type weighed struct {
	id   string
	time float64 // seconds
	*past
}

// byTime returns the classes, that of the least time first.
func (h *History) byTime() []weighed {
	var value [256]float64
	for l := range value {
		value[l] = level(l).value(timeUnit)
	}
	all := make([]weighed, 0, len(h.classes))
	for id, p := range h.classes {
		w := weighed{id, value[p.highest.time], p}
		for _, c := range p.hours {
			w.time += value[c.time]
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(x, y weighed) int {
		return cmp.Or(cmp.Compare(x.time, y.time), cmp.Compare(x.last, y.last), cmp.Compare(x.id, y.id))
	})
	return all
}

// Resolve returns the ID of the one class among those remembered that id stands
// for, which is as ParseID takes it. Its error lists the others where there are
// some.
func (h *History) Resolve(id string) (string, error) { return resolveID(id, maps.Keys(h.classes)) }

// Total returns the query time of the hours of a window that were added, in seconds and
// within 7 %.
func (h *History) Total(w Window) float64 {
	sum := 0.0
	for _, hour := range h.hours {
		if w.Contains(hour.at.time()) {
			sum += hour.time.about(timeUnit)
		}
	}
	return sum
}

// Partial returns the hours that are remembered as not read as a whole.
func (h *History) Partial() map[time.Time]bool {
	hours := map[time.Time]bool{}
	for _, hour := range h.hours {
		if hour.partial {
			hours[hour.at.time()] = true
		}
	}
	return hours
}

// MarkReported remembers what r says, so that BETTER and GONE are said once, WORSE
// for a day, and a class is called what it was. What is Unnamed is still to be told. A
// class whose past is another's since the rules changed begins anew.
func (h *History) MarkReported(r *Report) {
	if !storable(r.Window) {
		return
	}
	start, _ := hourRange(r.Window)
	muted := func(id string) bool {
		return r.Past != nil && slices.ContainsFunc(r.Past.Muted, func(m MutedClass) bool { return m.ID == id })
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		p := h.classes[c.ID]
		if p != nil && c.anew && p.last >= start {
			p.first, p.from, p.highest, p.worse = start, start, classHour{}, 0
		}
		if p != nil {
			p.form = max(p.form, uint64(max(c.Form, 0)))
		}
		if p == nil || c.Change == nil {
			continue
		}
		switch c.Change.Kind {
		case New, Back:
			if c.Leads() && !c.Unnamed && !muted(c.ID) {
				p.told = max(p.told, start)
				if c.Change.Kind == New {
					p.breaks(broken{at: start, isNew: true})
				}
			} else if !p.owes(start) {
				p.owed, p.unseen = start, hour(c.Change.Unseen/3600)
			}
		case Worse:
			again := c.Change.Again && c.Leads() && start > p.worse
			if (again || start-p.worse >= hoursADay) && !c.Change.Common && !c.Unnamed {
				p.prior, p.worse, p.found = p.worse, start, c.Change.found
				p.breaks(broken{at: start, found: c.Change.found})
			}
		case Better:
			p.better = max(p.better, start)
		}
	}
	if h.KeepLabels(r); r.Past == nil {
		return
	}
	for _, g := range r.Past.Gone {
		if p := h.classes[g.ID]; p != nil {
			p.gone = max(p.gone, start)
		}
	}
	for _, e := range r.Past.Ended {
		if p := h.classes[e.ID]; p != nil {
			p.ended = max(p.ended, start)
		}
	}
	for _, f := range r.Past.Fixed {
		if p := h.classes[f.ID]; p != nil && start >= p.fixed {
			p.cure(start, cured{hourOf(f.To), milliseconds(f.Before), milliseconds(f.Now)})
		}
	}
	if x := r.Past.Incident; x != nil && start >= h.incident.last {
		since := x.Since
		if since.IsZero() {
			since = r.Window.Start
		}
		if before := h.incident; before.last > 0 && !before.since.Equal(since) {
			h.earlier = append(h.earlier, before)
		}
		h.incident = incidentHours{since.UTC(), start, x.of(), 0}
		h.earlier = slices.DeleteFunc(h.earlier, func(x incidentHours) bool { return x.last < start-hoursADay })
		h.earlier = h.earlier[max(0, len(h.earlier)-maxEarlier):]
	}
	if r.Past.EndedIncident != nil {
		h.incident.ended = max(h.incident.ended, start)
	}
	h.forgetTold(start)
	h.forgetBroken(start)
}

// labelOf returns what a class was called; empty where that was not kept.
func (h *History) labelOf(id string) string {
	if p := h.classes[id]; p != nil {
		return p.label
	}
	return ""
}

// KeepLabels remembers what classes are called that r tells of, or that are a part of its load,
// for as long as they are among the maxLabels of those that were seen last.
func (h *History) KeepLabels(r *Report) {
	for i := range r.Classes {
		c := &r.Classes[i]
		if p := h.classes[c.ID]; p != nil && (c.weighs() || c.Change != nil) {
			p.label = cmp.Or(c.Label, p.label)
		}
	}
	var all []weighed
	for id, p := range h.classes {
		if p.label != "" {
			all = append(all, weighed{id: id, past: p})
		}
	}
	if len(all) <= maxLabels {
		return
	}
	slices.SortFunc(all, func(x, y weighed) int { return cmp.Or(cmp.Compare(y.last, x.last), cmp.Compare(x.id, y.id)) })
	for _, w := range all[maxLabels:] {
		w.label = ""
	}
}

// forgetTold drops what was told, or is owed, for more than a day before the hour, and of more than maxTold
// classes what was told first.
func (h *History) forgetTold(at hour) {
	var all []weighed
	for id, p := range h.classes {
		if p.lately() == 0 {
			continue
		}
		if at-p.lately() > hoursADay {
			p.forgetTold()
			continue
		}
		all = append(all, weighed{id: id, past: p})
	}
	if len(all) <= maxTold {
		return
	}
	slices.SortFunc(all, func(x, y weighed) int {
		return cmp.Or(cmp.Compare(y.lately(), x.lately()), cmp.Compare(x.id, y.id))
	})
	for _, w := range all[maxTold:] {
		w.forgetTold()
	}
}

// forgetBroken drops what was reported before the hours that are remembered one by one, and of more than
// maxTold classes what was first.
func (h *History) forgetBroken(at hour) {
	var all []weighed
	for id, p := range h.classes {
		// One that makes the next repeated is needed until that is fixed: it may begin after 14 days, and last as many.
		p.episodes = slices.DeleteFunc(p.episodes, func(e episode) bool { return at-e.to > 2*historyHours })
		if at-p.broke.at > historyHours {
			p.broke, p.fixed = broken{}, 0
		}
		if p.broke.at > 0 || len(p.episodes) > 0 {
			all = append(all, weighed{id: id, past: p})
		}
	}
	if len(all) <= maxTold {
		return
	}
	slices.SortFunc(all, func(x, y weighed) int {
		return cmp.Or(cmp.Compare(y.broke.at, x.broke.at), cmp.Compare(x.id, y.id))
	})
	for _, w := range all[maxTold:] {
		w.broke, w.fixed, w.episodes = broken{}, 0, nil
	}
}

// ToldFixed states that a class was told to be New or Worse in an hour, and to be FIXED in another.
type ToldFixed struct {
	ID    string     `json:"id"`
	Label string     `json:"label,omitempty"` // what it was called then, or empty where that was not kept
	Was   ChangeKind `json:"was"`
	Since time.Time  `json:"since"`
	At    time.Time  `json:"at"`
	// To, Before and Now are as of FixedClass.
	To     time.Time `json:"to"`
	Before float64   `json:"before"`
	Now    float64   `json:"now"`
}

func milliseconds(s float64) uint64 { return uint64(math.Round(1e3 * max(0, s))) }

// FixedIn returns what was told to be FIXED in the hours of a window, if that is no longer than 14 days ago, in the order
// of the IDs.
func (h *History) FixedIn(w Window) []ToldFixed {
	var all []ToldFixed
	for _, id := range slices.Sorted(maps.Keys(h.classes)) {
		p := h.classes[id]
		if p.broke.at == 0 || p.fixed == 0 || p.fixed < p.broke.at || !w.Contains(p.fixed.time()) {
			continue
		}
		f := ToldFixed{id, p.label, Worse, p.broke.at.time(), p.fixed.time(), p.cured.to.time(), float64(p.cured.before) / 1e3, float64(p.cured.now) / 1e3}
		if p.broke.isNew {
			f.Was = New
		}
		all = append(all, f)
	}
	return all
}

// ClassPast states what is remembered of a class. The times are hours of the clock; a zero one
// is none.
type ClassPast struct {
	First, Last time.Time // in which it was seen
	// Hours are those of the last 14 days in which it was seen, the oldest first, as far as
	// there was room for them.
	Hours []PastHour
	// Told, Worse, Better and Gone are the hours whose digests last told that it is NEW or BACK,
	// WORSE, BETTER and GONE, and Ended the one that told it is not WORSE any more.
	Told, Worse, Better, Gone, Ended time.Time
	Fixed                            time.Time // whose digest told that it is FIXED, if that was within 14 days
	Label                            string    // what it was called, or empty
}

// PastHour states what a class did in an hour, within 7 %.
type PastHour struct {
	Start          time.Time
	Calls          float64
	QueryTime, P95 float64 // seconds; P95 is 0 where there were too few calls
}

// ClassPast returns what is remembered of the class with an ID; nil is nothing.
func (h *History) ClassPast(id string) *ClassPast {
	p := h.classes[id]
	if p == nil {
		return nil
	}
	out := &ClassPast{First: p.first.time(), Last: p.last.time(), Label: p.label}
	for _, c := range p.hours {
		out.Hours = append(out.Hours, PastHour{c.at.time(), c.calls.about(callsUnit), c.time.about(timeUnit), c.p95.about(p95Unit)})
	}
	when := func(at hour) (t time.Time) {
		if at > 0 {
			t = at.time()
		}
		return t
	}
	out.Told, out.Worse, out.Better, out.Gone, out.Ended = when(p.told), when(p.worse), when(p.better), when(p.gone), when(p.ended)
	out.Fixed = when(p.fixed)
	return out
}

// Span returns the start of the first hour that was added, that of the newest of the hours that
// are remembered one by one, and how many these are.
func (h *History) Span() (since, newest time.Time, hours int) {
	if len(h.hours) == 0 {
		return h.since, time.Time{}, 0
	}
	return h.since, h.hours[len(h.hours)-1].at.time(), len(h.hours)
}
