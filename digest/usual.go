package digest

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
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
			all = append(all, InstanceTotal{Instance: name, Usual: u, Stopped: c.ranBefore(name)})
		}
	}
	return all
}

// ranBefore reports whether an instance ran something in the last hour before that was read.
func (c hourAsWhole) ranBefore(name string) bool {
	for i := historyHours - 1; i >= 0; i-- {
		if c.hours[i] != nil {
			at := c.start - historyHours + hour(i)
			return slices.ContainsFunc(c.history.ran[name], func(t hourTotal) bool { return t.at == at && t.calls > 0 })
		}
	}
	return false
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
	low, high := all[len(all)/10], all[len(all)-1-len(all)/10]
	if low <= 1 && unit == timeUnit { // which is all up to that, and calls are counted
		return Range{0, high.value(unit)}
	}
	return Range{low.value(unit) / levelStep, high.value(unit)}
}

// Add states in d what is remembered of its hours, and what r says, which is about to be
// reported: which hours had no slow query, in which too little was known, and what was told, but
// for the hours of which nobody was told.
func (d *Day) Add(h *History, r *Report, silent func(hour time.Time) bool) {
	for n, w := range h.hours {
		if !d.Window.Contains(w.at.time()) {
			continue
		}
		if n < learningHours && h.hours[0].at == hourOf(h.since) {
			d.Learning++
		}
		if w.calls != 0 && w.calls.level() == 0 && w.time == 0 && !w.partial {
			d.Empty++
		}
	}
	told := map[ChangeKind]map[string]bool{}
	add := func(kind ChangeKind, id string) {
		if told[kind] == nil {
			told[kind] = map[string]bool{}
		}
		told[kind][id] = true
	}
	in := func(at hour) bool { return at > 0 && d.Window.Contains(at.time()) }
	for id, p := range h.classes {
		for kind, at := range map[ChangeKind]hour{Worse: max(p.worse, p.prior), Better: p.better, Gone: p.gone} {
			if in(at) {
				add(kind, id)
			}
		}
		if in(p.told) || in(p.owed) && !silent(p.owed.time()) {
			add(p.firstOf(p.firstTold()), id)
		}
		if in(p.ended) {
			add(BackToUsual, id)
		}
		if in(p.fixed) {
			add(Fixed, id)
		}
	}
	for _, x := range append(slices.Clone(h.earlier), h.incident) {
		if in(x.last) {
			d.Incidents = append(d.Incidents, EndedIncident{From: x.since, To: (x.last + 1).time(), Of: x.of})
		}
	}
	if d.Window.Contains(r.Window.Start) {
		d.addReport(r, add)
	}
	for i := range d.Incidents { // which say it of their class
		x := &d.Incidents[i]
		x.Label = h.labelOf(x.Of)
		delete(told[Worse], x.Of)
		delete(told[BackToUsual], x.Of)
	}
	for _, kind := range []ChangeKind{New, Worse, Back, Better, Gone, BackToUsual, Fixed} {
		if len(told[kind]) > 0 {
			d.Told = append(d.Told, toldOf(kind, told[kind], r, h))
		}
	}
}

// addReport adds what r says, of which nothing is remembered yet.
func (d *Day) addReport(r *Report, add func(ChangeKind, string)) {
	for i := range r.Classes {
		if x := r.Classes[i].Change; x != nil && x.Since.IsZero() && !x.Common {
			add(x.Kind, r.Classes[i].ID)
		}
	}
	hours := 0
	for _, w := range r.Window.Hours() {
		if d.Window.Contains(w.Start) {
			hours++
		}
	}
	if r.Overall.Calls == 0 && r.Coverage.Complete {
		d.Empty += hours
	}
	if r.Past == nil {
		return
	}
	if r.Past.Learning {
		d.Learning += hours
	}
	for _, g := range r.Past.Gone {
		add(Gone, g.ID)
	}
	for _, e := range r.Past.Ended {
		add(BackToUsual, e.ID)
	}
	for _, f := range r.Past.Fixed {
		add(Fixed, f.ID)
	}
	if x := r.Past.Incident; x != nil {
		since := x.Since
		if since.IsZero() {
			since = r.Window.Start
		}
		if n := len(d.Incidents); n > 0 && d.Incidents[n-1].From.Equal(since) { // it goes on
			d.Incidents = d.Incidents[:n-1]
		}
		d.Incidents = append(d.Incidents, EndedIncident{From: since, To: r.Window.End, Of: x.of()})
	}
}

// toldOf sums up classes of which the same was told. First are those that r holds, for of
// others only the IDs are known, and what some were called.
func toldOf(kind ChangeKind, ids map[string]bool, r *Report, h *History) Minor {
	m := Minor{Kind: kind, Classes: len(ids)}
	for i := range r.Classes {
		if c := &r.Classes[i]; ids[c.ID] && len(m.First) < maxToldNames {
			m.First = append(m.First, MinorClass{ID: c.ID, Fingerprint: c.Fingerprint[:min(len(c.Fingerprint), maxToldName)], Form: c.Form})
			delete(ids, c.ID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if len(m.First) < maxToldNames {
			m.First = append(m.First, MinorClass{ID: id, Label: h.labelOf(id)})
		}
	}
	return m
}

// A day names so many classes of a kind, by so many bytes of their fingerprints.
const (
	maxToldNames = 3
	maxToldName  = 1000
)

// usualHours answer what to expect of a statistic in each hour, or in windows that end in it.
type usualHours struct {
	values  *[historyHours + 1]float64
	to      int // hours with this index or later do not count
	medians [hoursADay]float64
	known   [hoursADay]bool // of the medians
}

// median returns that of the hour of day of an index.
func (u *usualHours) median(i int) float64 {
	h := i % hoursADay
	if u.known[h] {
		return u.medians[h]
	}
	var same [historyHours / hoursADay]float64
	n := 0
	for k := h; k < u.to; k += hoursADay {
		if !math.IsNaN(u.values[k]) {
			same[n] = u.values[k]
			n++
		}
	}
	u.known[h], u.medians[h] = true, math.NaN()
	if n >= fewDays {
		slices.Sort(same[:n])
		u.medians[h] = same[n/2]
	}
	return u.medians[h]
}

// at returns what to expect at an index: the median of the same hour of day, or the mean of the same
// hour of the week if that is higher. That of an hour next to it counts where it is higher, too, and
// the hours before went by it: jobs wander, and daylight saving leaps, but what rises
// every morning has not come early because it has more. It is NaN where too few days are known.
func (u *usualHours) at(i int) float64 {
	usual := u.median(i)
	if week := u.week(i); week > usual {
		usual = week
	}
	for _, shift := range [...]int{1, hoursADay - 1} {
		if near := u.median(i + shift); near > usual && !u.unshifted(i, shift) {
			usual = near
		}
	}
	return usual
}

// unshifted reports whether one of the two hours before did not go by the hour that is so much later.
func (u *usualHours) unshifted(i, shift int) bool {
	for back := 1; back <= min(i, 2); back++ {
		if u.values[i-back] < u.median(i+shift+hoursADay-back)-shiftSlack {
			return true
		}
	}
	return false
}

// least returns the lowest of these.
func (u *usualHours) least(i int) float64 {
	usual := u.median(i)
	for _, near := range [...]float64{u.median(i + 1), u.median(i + hoursADay - 1), u.week(i)} {
		if near < usual {
			usual = near
		}
	}
	return usual
}

// week returns the mean of the other weeks' same hour, or NaN.
func (u *usualHours) week(i int) float64 {
	sum, weeks := 0.0, 0.0
	for k := i % (7 * hoursADay); k < u.to; k += 7 * hoursADay {
		if k != i && !math.IsNaN(u.values[k]) {
			sum, weeks = sum+u.values[k], weeks+1
		}
	}
	return sum / weeks
}
