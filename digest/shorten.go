package digest

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Shorten moves the classes that the limit leaves out to Misc, and drops those
// that Compare found muted, which are counted in Past. Within the limit's Count, those
// that lead come in first, up to a half of it, so that the usual load stays in sight,
// or else the first of lesser ones that are news together; then the first that are BETTER, the worst, the others that lead, the
// others that are BETTER, and outliers. The ones
// that lead stand first. Rank stays the rank among all classes.
func (r *Report) Shorten(l Limit, order OrderBy) {
	muted := map[string]bool{}
	if r.Past != nil {
		for _, m := range r.Past.Muted {
			muted[m.ID] = true
		}
	}
	ranked := slices.DeleteFunc(r.Classes, func(c Class) bool { return muted[c.ID] })
	shown := l.choose(ranked, order, r.Overall.QueryTime.P95)
	first, rest := []Class{}, []Class{}
	for i := range ranked {
		switch c := &ranked[i]; {
		case !shown[i]:
			r.Misc.add(c)
		case c.Leads():
			first = append(first, *c)
		default:
			rest = append(rest, *c)
		}
	}
	r.Classes = append(first, rest...)
	r.nameWithin(l)
}

// nameWithin drops the names of minor classes that would be more than the limit's Count together with the
// classes that are shown. They still count. Who sets no limit reads the names of all that a deploy brought: the
// default is one of the load.
func (r *Report) nameWithin(l Limit) {
	if r.Past == nil || l.Count <= 0 || l == DefaultLimit {
		return
	}
	room := l.Count - len(r.Classes)
	past := *r.Past
	past.Minor = slices.Clone(r.Past.Minor)
	r.Past = &past
	for i := range past.Minor {
		m := &past.Minor[i]
		m.First = slices.DeleteFunc(slices.Clone(m.First), func(minor MinorClass) bool {
			if slices.ContainsFunc(r.Classes, func(c Class) bool { return c.ID == minor.ID }) {
				return false
			}
			room--
			return room < 0
		})
	}
}

// choose returns which of the ranked classes are shown. p95 is that of all calls.
func (l Limit) choose(ranked []Class, order OrderBy, p95 float64) []bool {
	shown := make([]bool, len(ranked))
	room := len(ranked)
	if l.Count > 0 {
		room = min(room, l.Count)
	}
	show := func(classes []int) {
		for _, i := range classes {
			if !shown[i] && room > 0 {
				shown[i] = true
				room--
			}
		}
	}
	var worst, leading, minor, better, outliers []int
	more := 0.0 // the share of the minor ones
	keep := l.keep(len(ranked), func(i int) float64 { return order.of(&ranked[i]) })
	for i := range ranked {
		c := &ranked[i]
		if i < keep {
			worst = append(worst, i)
		}
		switch {
		case c.Leads():
			leading = append(leading, i)
		case c.Change != nil && c.Change.Since.IsZero() && (c.Change.Kind == New || c.Change.Kind == Back):
			minor, more = append(minor, i), more+c.Share
		case c.Change != nil && c.Change.Kind == Better:
			better = append(better, i)
		case i >= keep && c.outlier(p95):
			outliers = append(outliers, i)
		}
	}
	slices.SortStableFunc(outliers, func(i, k int) int { return cmp.Compare(ranked[k].QueryTime.P95, ranked[i].QueryTime.P95) })
	show(leading[:min(len(leading), (room+1)/2)])
	if leading == nil && more >= minShare && room > 1 { // together they are news, and one stands for all
		show(minor[:1])
	}
	show(better[:min(len(better), namedBetter, room/2)]) // what is better has fallen in rank
	show(worst)
	show(leading)
	show(better)
	show(outliers[:min(len(outliers), l.Outliers)])
	return shown
}

// namedBetter is how many that are BETTER a message names.
const namedBetter = 3

// Keep moves all classes but the first n to Misc.
func (r *Report) Keep(n int) {
	for i := range r.Classes[n:] {
		r.Misc.add(&r.Classes[n+i])
	}
	r.Classes = r.Classes[:n:n]
}

// add counts a class that is not shown. Sums are of whole microseconds.
func (m *Misc) add(c *Class) {
	m.Classes++
	m.Calls += c.Calls
	m.QueryTime.Sum = math.Round((m.QueryTime.Sum+c.QueryTime.Sum)*perSecond) / perSecond
}

// Leads reports whether the class is read before those of a higher rank: it is NEW or
// BACK and matters for the first time in a day, or has become WORSE, which an earlier digest has not said.
func (c *Class) Leads() bool {
	if c.Change == nil {
		return false
	}
	switch c.Change.Kind {
	case Worse:
		return c.Change.Since.IsZero() && !c.Change.Common
	case New, Back:
		return c.weighs()
	}
	return false
}

// weighs reports whether a class is worth a word for its own time.
func (c *Class) weighs() bool { return c.QueryTime.Sum >= minTime && c.Share >= minShare }

// Minor sums up the classes of one kind of change that do not lead, and are not muted.
type Minor struct {
	Kind    ChangeKind `json:"kind"`
	Classes int        `json:"classes"`
	Share   float64    `json:"share"` // of the overall query time, 0 to 1
	// First are those of the highest rank, as many as there is a limit for.
	First []MinorClass `json:"first"`
	// Instance is the one on which most of their time was, if there are several and it is so.
	Instance string `json:"instance,omitempty"`
}

// MinorClass identifies one of a Minor.
type MinorClass struct {
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"`
	Form        int    `json:"-"`               // of its label
	Label       string `json:"label,omitempty"` // what it was called, where the report has no fingerprint of it
}

// maxMinor is how many classes a Minor names.
const maxMinor = 50

// countChanges states in r.Past how many classes are NEW, WORSE and BACK, and what those
// are together that do not lead.
func (r *Report) countChanges(muted map[string]bool) {
	counts := map[ChangeKind]int{}
	minor := map[ChangeKind]*Minor{New: {Kind: New}, Back: {Kind: Back}}
	leading := map[ChangeKind]float64{}
	time := map[ChangeKind]map[string]float64{New: {}, Back: {}} // by instance
	for i := range r.Classes {
		c := &r.Classes[i]
		if c.Change == nil {
			continue
		}
		if c.Change.Since.IsZero() && !c.Change.Common && !(c.Change.Kind == Better && muted[c.ID]) {
			counts[c.Change.Kind]++
			if c.Leads() {
				leading[c.Change.Kind] += c.Share
			}
		}
		if m := minor[c.Change.Kind]; m != nil && !c.Leads() && !muted[c.ID] {
			m.Classes++
			m.Share += c.Share
			addParts(time[c.Change.Kind], c)
			if len(m.First) < maxMinor {
				m.First = append(m.First, MinorClass{ID: c.ID, Fingerprint: c.Fingerprint, Form: c.Form})
			}
		}
	}
	r.Past.Leading = leading
	r.Past.New, r.Past.Worse, r.Past.Back, r.Past.Better = counts[New], counts[Worse], counts[Back], counts[Better]
	for _, kind := range []ChangeKind{New, Back} {
		if minor[kind].Classes > 0 {
			minor[kind].Instance = mostly(time[kind], len(r.Overall.ByInstance))
			r.Past.Minor = append(r.Past.Minor, *minor[kind])
		}
	}
}

// addParts adds the time of a class on each of its instances.
func addParts(time map[string]float64, c *Class) {
	for _, p := range c.ByInstance {
		time[p.Instance] += p.QueryTime
	}
	if c.ByInstance == nil {
		for instance := range c.Instances { // the only one
			time[instance] += c.QueryTime.Sum
		}
	}
}

// mostly returns the instance that has most of the time, of several, or nothing.
func mostly(time map[string]float64, instances int) string {
	sum := 0.0
	for _, t := range time {
		sum += t
	}
	for instance, t := range time {
		if instances > 1 && t >= mostOfInstance*sum && sum > 0 && instance != OtherNames {
			return instance
		}
	}
	return ""
}

// Mute keeps a class out of the digests for a while. Its calls stay in the
// totals, and it returns at once if it becomes WORSE.
type Mute struct {
	ID     string    `json:"id"` // Class.ID
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero is forever
}

// Covers reports whether the mute holds at the end of the window.
func (m Mute) Covers(w Window) bool { return m.Until.IsZero() || w.End.Before(m.Until) }

// listMuted lists in r.Past the classes that are to be left out. It returns the
// IDs of all that are muted.
func listMuted(r *Report, mutes []Mute) map[string]bool {
	muted := map[string]bool{}
	by := map[string]Mute{}
	for _, m := range mutes {
		if m.Covers(r.Window) {
			muted[m.ID], by[m.ID] = true, m
		}
	}
	for i := range r.Classes {
		class := &r.Classes[i]
		m, ok := by[class.ID]
		if !ok || class.Change != nil && class.Change.Kind == Worse {
			continue
		}
		r.Past.Muted = append(r.Past.Muted, MutedClass{
			ID: class.ID, Fingerprint: class.Fingerprint, Calls: class.Calls, QueryTime: class.QueryTime.Sum,
			Until: m.Until, Reason: m.Reason, By: m.By,
		})
	}
	return muted
}
