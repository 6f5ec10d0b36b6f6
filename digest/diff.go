package digest

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// Diff states what changed between two windows. All times are query time in
// seconds: of the windows as they are or, where PerHour is set because one was
// given that is longer than the other, or more of whose hours are archived, per hour. A window that was inferred is
// no basis for that: it ends with the entries, however long the log was quiet.
type Diff struct {
	Version int  `json:"version"`      // of this format; 1
	By      By   `json:"by,omitempty"` // as Report.By, which both reports have
	Before  Side `json:"before"`
	After   Side `json:"after"`
	PerHour bool `json:"per_hour"` // calls and times are per hour
	// Change is that of the total query time. The Changes of Classes and Misc
	// add up to it, but for a microsecond.
	Change  float64     `json:"change"`
	Classes []ClassDiff `json:"classes"` // the greatest change, up or down, first: see CompareBy
	// Unlisted are the classes whose change is not known, the greatest first.
	Unlisted []UnlistedClass `json:"unlisted,omitempty"`
	Misc     MiscDiff        `json:"misc"` // all that is not in Classes, Unlisted included
}

// Side sums up one of the two windows.
type Side struct {
	Window    Window   `json:"window"`
	Inferred  bool     `json:"window_inferred,omitempty"` // as Report.Inferred
	Rules     int      `json:"rules"`                     // Report.Rules, from 1
	Instances []string `json:"instances,omitempty"`
	Coverage  Coverage `json:"coverage"`
	Filter    *Filter  `json:"filter,omitempty"`
	Classes   int      `json:"classes"`
	Unlisted  int      `json:"unlisted"` // classes that the report only sums up, in its Misc
	Calls     float64  `json:"calls"`
	QueryTime float64  `json:"query_time"`
}

// DiffKind names in a word what happened to a class.
type DiffKind string

// The kinds of a ClassDiff. A class that only one report lists is regrouped, not
// new or gone, if it may have another ID there, which was made under other rules.
const (
	DiffNew       DiffKind = "new"
	DiffGone      DiffKind = "gone"
	DiffRegrouped DiffKind = "regrouped"
	DiffSlower    DiffKind = "slower"
	DiffFaster    DiffKind = "faster"
	DiffMore      DiffKind = "more frequent"
	DiffLess      DiffKind = "less frequent"
	DiffSame      DiffKind = "same"
)

// ClassDiff compares one class in both windows. The zero ClassTime is that of a class
// which a report does not list.
type ClassDiff struct {
	Kind        DiffKind  `json:"kind"`
	ID          string    `json:"id"`
	Fingerprint string    `json:"fingerprint"`
	Group       *Group    `json:"group,omitempty"` // as of Class, without queries
	Before      ClassTime `json:"before"`
	After       ClassTime `json:"after"`
	// Change is that of the class's query time, and the sum of what comes of
	// more or fewer calls and of what comes of slower or faster ones. Where both
	// changed, what they did together is halved between them. A class that only
	// one window has changed by its calls.
	Change  float64 `json:"change"`
	ByCalls float64 `json:"by_calls"`
	ByTime  float64 `json:"by_time"`
	// Tags are those of Class.Tags in either window, of each key the greatest change first.
	Tags []TagDiff `json:"tags,omitempty"`
	// Plans are set where most calls had one plan before, and have another after.
	Plans *PlanDiff `json:"plans,omitempty"`
}

// TagDiff compares the calls of a class that have a tag. Nil is unknown: the window names others.
type TagDiff struct {
	Key    string   `json:"key"`
	Value  string   `json:"value"`
	Before *TagTime `json:"before"`
	After  *TagTime `json:"after"`
}

// TagTime holds the numbers of a tag in one of the windows.
type TagTime struct {
	Calls     float64 `json:"calls"`
	QueryTime float64 `json:"query_time"`
}

// Change is that of the query time, and 0 where it is not known.
func (t *TagDiff) Change() float64 {
	if t.Before == nil || t.After == nil {
		return 0
	}
	return t.After.QueryTime - t.Before.QueryTime
}

// PlanDiff states the plan of most calls in each window, with the calls of which the log tells a plan.
type PlanDiff struct {
	Before      Plan  `json:"before"`
	After       Plan  `json:"after"`
	BeforeCalls int64 `json:"before_calls"`
	AfterCalls  int64 `json:"after_calls"`
}

// planDiff returns the plans of a class if that of most calls is not the same: of three calls or more, and twice as many
// as have others.
func planDiff(before, after *Plans) *PlanDiff {
	const least = 3
	most := func(p *Plans) bool { return p != nil && p.Usual.Calls >= least && 3*p.Usual.Calls >= 2*p.Calls }
	if !most(before) || !most(after) || before.Usual.ID == after.Usual.ID {
		return nil
	}
	return &PlanDiff{before.Usual, after.Usual, before.Calls, after.Calls}
}

// ClassTime holds the numbers of a class in one of the windows.
type ClassTime struct {
	Calls     float64 `json:"calls"`
	QueryTime float64 `json:"query_time"`
	Mean      float64 `json:"mean"` // per call
	P95       float64 `json:"p95"`  // per call
}

// UnlistedClass is one that a single report lists, and that may be among those which
// the other only sums up: what it was there, and so its change, is not known.
type UnlistedClass struct {
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"`
	Group       *Group `json:"group,omitempty"` // as of ClassDiff
	Listed      InSide `json:"listed"`
	ClassTime          // there
}

// InSide names one of the two windows.
type InSide string

// The two windows.
const (
	InBefore InSide = "before"
	InAfter  InSide = "after"
)

// MiscDiff compares the query time of all classes that are not compared one by one.
type MiscDiff struct {
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	Change float64 `json:"change"`
}

const (
	// sameChange is the change, as a part of the larger of the two times, below
	// which a class is the same.
	sameChange = 0.1

	// sameLength is by how much windows may differ in length, as a part of the
	// longer one, and still be compared as they are.
	sameLength = 0.01
)

// Compare returns what changed from one report to the other, ranked by the change of
// the query time. It changes neither. Both must have the same By.
func Compare(before, after *Report) *Diff { return CompareBy(OrderBySum, before, after) }

// CompareBy is Compare with the classes ranked by the change of another number.
func CompareBy(order OrderBy, before, after *Report) *Diff {
	d := &Diff{Version: 1, By: after.By, Classes: []ClassDiff{}}
	perB, perA := 1.0, 1.0
	b, a := knownOf(before.Window, &before.Coverage), knownOf(after.Window, &after.Coverage)
	if d.PerHour = b > 0 && a > 0 && unlike(b, a) && !before.Inferred && !after.Inferred; d.PerHour {
		perB, perA = time.Hour.Seconds()/b, time.Hour.Seconds()/a
	}
	rankB, rankA := perB, perA
	if order == OrderByMax {
		rankB, rankA = 1, 1 // of a single call, whatever the length
	}
	d.Before, d.After = side(before, perB), side(after, perA)
	d.Change = d.After.QueryTime - d.Before.QueryTime

	at := map[string]int{}
	var ranks []float64 // of the classes: by how much the number changed, up or down
	for i := range before.Classes {
		c := &before.Classes[i]
		at[c.ID] = len(d.Classes)
		d.Classes = append(d.Classes, ClassDiff{
			ID: c.ID, Fingerprint: c.Fingerprint, Group: c.Group.named(), Before: classTime(c, perB), Tags: tagDiffs(c.Tags, perB, nil, perA),
		})
		ranks = append(ranks, -rankB*order.of(c))
	}
	for i := range after.Classes {
		c := &after.Classes[i]
		k, ok := at[c.ID]
		var had Class
		if ok {
			had = before.Classes[k]
		} else {
			k = len(d.Classes)
			d.Classes = append(d.Classes, ClassDiff{ID: c.ID, Fingerprint: c.Fingerprint, Group: c.Group.named()})
			ranks = append(ranks, 0)
		}
		d.Classes[k].After, d.Classes[k].Plans = classTime(c, perA), planDiff(had.Plans, c.Plans)
		d.Classes[k].Tags = tagDiffs(had.Tags, perB, c.Tags, perA)
		ranks[k] += rankA * order.of(c)
	}
	d.setAside(&ranks)
	for i := range d.Classes {
		d.Classes[i].attribute()
		d.Classes[i].Kind = d.kind(&d.Classes[i])
	}
	d.rest()
	sort.Sort(&byRank{d.Classes, ranks})
	return d
}

// setAside moves to Unlisted the classes that only one side lists, and that the other may have.
func (d *Diff) setAside(ranks *[]float64) {
	n := 0
	for i, c := range d.Classes {
		u := UnlistedClass{ID: c.ID, Fingerprint: c.Fingerprint, Group: c.Group}
		switch {
		case c.Before.Calls == 0 && d.Before.Unlisted > 0:
			u.Listed, u.ClassTime = InAfter, c.After
		case c.After.Calls == 0 && d.After.Unlisted > 0:
			u.Listed, u.ClassTime = InBefore, c.Before
		default:
			d.Classes[n], (*ranks)[n] = c, (*ranks)[i]
			n++
			continue
		}
		d.Unlisted = append(d.Unlisted, u)
	}
	d.Classes, *ranks = d.Classes[:n], (*ranks)[:n]
	slices.SortFunc(d.Unlisted, func(x, y UnlistedClass) int {
		return cmp.Or(cmp.Compare(y.QueryTime, x.QueryTime), strings.Compare(x.ID, y.ID))
	})
}

// Unlike reports whether the windows differ in length by more than a hundredth of the longer one. One
// without bounds has no length.
func (d *Diff) Unlike() bool { return unlike(d.Before.Window.length(), d.After.Window.length()) }

func unlike(b, a float64) bool { return math.Abs(b-a) > sameLength*math.Max(a, b) }

// named is a group without its query classes.
func (g *Group) named() *Group {
	if g == nil {
		return nil
	}
	return &Group{Name: g.Name, None: g.None}
}

// byRank sorts classes with their ranks, the greatest first.
type byRank struct {
	classes []ClassDiff
	ranks   []float64
}

func (b *byRank) Len() int { return len(b.classes) }

func (b *byRank) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(math.Abs(b.ranks[j]), math.Abs(b.ranks[i])), strings.Compare(b.classes[i].ID, b.classes[j].ID)) < 0
}

func (b *byRank) Swap(i, j int) {
	b.classes[i], b.classes[j] = b.classes[j], b.classes[i]
	b.ranks[i], b.ranks[j] = b.ranks[j], b.ranks[i]
}

// Shorten leaves the first changes, as many as the limit shows, whose percentage is of
// all changes of query time up and down, and adds the others to Misc. So it does with the
// unlisted, whose percentage is of their query time, and which are in Misc anyway.
func (d *Diff) Shorten(l Limit) {
	d.Unlisted = d.Unlisted[:l.keep(len(d.Unlisted), func(i int) float64 { return d.Unlisted[i].QueryTime })]
	n := l.keep(len(d.Classes), func(i int) float64 { return math.Abs(d.Classes[i].Change) })
	if n == len(d.Classes) {
		return
	}
	d.Classes = d.Classes[:n]
	d.rest()
}

// rest puts into Misc what the totals hold beyond the classes, in whole
// microseconds: less is the rounding of sums.
func (d *Diff) rest() {
	before, after := d.Before.QueryTime, d.After.QueryTime
	for i := range d.Classes {
		before -= d.Classes[i].Before.QueryTime
		after -= d.Classes[i].After.QueryTime
	}
	d.Misc.Before, d.Misc.After = math.Round(before*perSecond)/perSecond, math.Round(after*perSecond)/perSecond
	d.Misc.Change = d.Misc.After - d.Misc.Before
}

// length returns that of a window in seconds, and 0 where it has no bounds.
func (w Window) length() float64 {
	if w.Start.IsZero() || w.End.IsZero() {
		return 0
	}
	return w.End.Sub(w.Start).Seconds()
}

// Known is the length of the window in seconds, without the hours that are not archived; 0 where it is not known.
func (s *Side) Known() float64 { return knownOf(s.Window, &s.Coverage) }

func knownOf(w Window, c *Coverage) float64 {
	known := w.length()
	for _, g := range c.Gaps {
		if g.ofArchive() {
			known -= g.Before.Sub(g.After).Seconds()
		}
	}
	return max(0, known)
}

// OnlyHoursMissing reports whether all that is missing is hours that are not archived, for which one note stands.
func (s *Side) OnlyHoursMissing() bool {
	c := &s.Coverage
	return len(c.Gaps) > 0 && len(c.Notes) == 1 && !slices.ContainsFunc(c.Gaps, func(g Gap) bool { return !g.ofArchive() })
}

// ofArchive reports whether a gap is of hours that are not archived: of no one file or instance.
func (g Gap) ofArchive() bool {
	return g.Instance == "" && g.File == "" && !g.After.IsZero() && !g.Before.IsZero()
}

func side(r *Report, per float64) Side {
	return Side{
		Window: r.Window, Inferred: r.Inferred, Rules: r.rules(), Instances: r.Instances, Coverage: r.Coverage, Filter: r.Filter,
		Classes: r.Overall.Classes, Unlisted: max(r.Misc.Classes, r.Overall.Classes-len(r.Classes)),
		Calls: per * float64(r.Overall.Calls), QueryTime: per * r.Overall.QueryTime.Sum,
	}
}

func classTime(c *Class, per float64) ClassTime {
	return ClassTime{Calls: per * float64(c.Calls), QueryTime: per * c.QueryTime.Sum, Mean: c.QueryTime.Mean, P95: c.QueryTime.P95}
}

// tagDiffs compares the tags of a class.
func tagDiffs(before []TagCount, perB float64, after []TagCount, perA float64) []TagDiff {
	if len(before)+len(after) == 0 {
		return nil
	}
	type tag struct{ key, value string }
	sides := [2]map[tag]*TagTime{{}, {}}
	var all []tag
	for i, counts := range [2][]TagCount{before, after} {
		per := [2]float64{perB, perA}[i]
		for _, c := range counts {
			t := tag{c.Key, c.Value}
			if sides[0][t] == nil && sides[1][t] == nil {
				all = append(all, t)
			}
			sides[i][t] = &TagTime{per * float64(c.Calls), per * c.QueryTime}
		}
	}
	out := make([]TagDiff, 0, len(all))
	for _, t := range all {
		var had [2]*TagTime
		for i, side := range sides {
			if had[i] = side[t]; had[i] == nil && side[tag{t.key, OtherNames}] == nil {
				had[i] = new(TagTime)
			}
		}
		out = append(out, TagDiff{t.key, t.value, had[0], had[1]})
	}
	slices.SortStableFunc(out, func(x, y TagDiff) int {
		return cmp.Or(cmp.Compare(one(y.Key == CodeTag), one(x.Key == CodeTag)), cmp.Compare(x.Key, y.Key),
			cmp.Compare(one(x.Value == OtherNames), one(y.Value == OtherNames)), cmp.Compare(math.Abs(y.Change()), math.Abs(x.Change())))
	})
	return out
}

// attribute divides the change among the number of calls and the time of each.
func (c *ClassDiff) attribute() {
	c.Change = c.After.QueryTime - c.Before.QueryTime
	c.ByCalls = c.Change
	if c.Before.Calls > 0 && c.After.Calls > 0 {
		before, after := c.Before.QueryTime/c.Before.Calls, c.After.QueryTime/c.After.Calls
		c.ByTime = (after - before) * (c.Before.Calls + c.After.Calls) / 2
		c.ByCalls = c.Change - c.ByTime
	}
}

func (d *Diff) kind(c *ClassDiff) DiffKind {
	switch {
	case d.Before.Rules != d.After.Rules && (c.Before.Calls == 0 || c.After.Calls == 0):
		return DiffRegrouped
	case c.Before.Calls == 0:
		return DiffNew
	case c.After.Calls == 0:
		return DiffGone
	case c.Change == 0, math.Abs(c.Change) < sameChange*math.Max(c.Before.QueryTime, c.After.QueryTime):
		return DiffSame
	case c.Change > 0 && c.ByTime >= c.ByCalls:
		return DiffSlower
	case c.Change > 0:
		return DiffMore
	case c.ByTime <= c.ByCalls:
		return DiffFaster
	}
	return DiffLess
}
