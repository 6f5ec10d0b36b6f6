// Package digest turns the events of slow logs into a ranked report.
//
// Statements come in with their literals, and only fingerprints and numbers go
// out. No type of the report has a field that could hold a literal, so that
// nothing to the right of this package, no chat, state or error, can leak one. What comments
// say of the code is kept as far as package tags lets it through, which reads no literal.
//
// A History remembers the hours of a channel, and finds what is NEW, WORSE,
// BACK, BETTER or GONE. The rule in words, and how often it is right and wrong
// about simulated traffic, is in docs/changes.md.
package digest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"slowdigest/digest/filter"
	"slowdigest/digest/plans"
	"slowdigest/digest/releases"
	"slowdigest/digest/tally"
	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
	"slowdigest/parser/tags"
)

const (
	// maxClasses bounds the memory of an Aggregator. An application has some
	// hundreds of classes; a log with more than this holds statements that are
	// built anew each time.
	maxClasses = 10_000

	// timelineBuckets is how many parts a Class.Timeline has.
	timelineBuckets = 12
)

// Aggregator adds up events by class. It is safe for concurrent use by the
// Streams of several logs, and its memory is bounded: see maxClasses.
type Aggregator struct {
	// Filter leaves out calls, Detail has reports hold a fine time line and the
	// distribution of each class, and PerInstance makes a statement a class of its own on
	// each instance, with an ID that no other tool knows. They are to be set before
	// the first Stream.
	Filter      *Filter
	Detail      bool
	PerInstance bool
	// By groups the calls by another thing than their query classes. What a call adds to two
	// tables counts once in the totals.
	By By
	// TagKeys are keys of tags that count in addition to tags.Keys, and to those that By and Filter ask for.
	TagKeys []string
	// Keep has reports know what they were made of, for Archived.
	Keep bool

	window Window

	mu      sync.Mutex
	classes map[classKey]*class
	spare   []*class // were given up, and can be used again
	grouped grouped  // if By is set
	folded  struct { // the rarest classes, when there were too many
		classes int
		totals
	}
	events, inWindow, untimed, cut, throttled int64
	filtered, unanswered                      int64
	missing                                   filter.Missing           // for the unanswered
	instances                                 map[string]*instanceLoad // by name
	extent                                    extent                   // of the events in the window
	axis                                      axis                     // if Detail is set
	releases                                  releases.First           // by the tags of calls
	planRoom                                  int                      // bytes that are left of plans.Room
	tagRoom                                   int                      // see tally.Room
}

// NewAggregator returns an Aggregator of the events whose time lies in the
// window. The zero Window takes every event, those without a time included.
func NewAggregator(w Window) *Aggregator {
	return &Aggregator{window: w, classes: make(map[classKey]*class), instances: make(map[string]*instanceLoad), tagRoom: tally.Room, planRoom: plans.Room}
}

// instanceLoad adds up what ran on an instance.
type instanceLoad struct {
	calls int64
	time  uint64 // microseconds
}

// instance returns the load of an instance. It is to be changed under a.mu.
func (a *Aggregator) instance(name string) *instanceLoad {
	if a.instances[name] == nil {
		a.instances[name] = new(instanceLoad)
	}
	return a.instances[name]
}

// byInstance states the loads, the greatest first; nil if there are none of two.
func (a *Aggregator) byInstance() []InstanceTotal {
	var all []InstanceTotal
	for name, l := range a.instances {
		if l.calls > 0 {
			all = append(all, InstanceTotal{Instance: name, Calls: l.calls, QueryTime: float64(l.time) / perSecond})
		}
	}
	if len(all) < 2 {
		return nil
	}
	slices.SortFunc(all, func(x, y InstanceTotal) int {
		return cmp.Or(cmp.Compare(y.QueryTime, x.QueryTime), cmp.Compare(x.Instance, y.Instance))
	})
	return all
}

// part is what a class did on one of its instances: what a report can be ordered by that
// adds up, but for its calls.
type part struct{ time, lock, rows uint64 } // microseconds twice, and rows examined

// byInstance states the parts, those with the greatest share first and the instances that
// are not told apart last; nil if there are none of two.
func (c *class) byInstance(order OrderBy) []InstancePart {
	type item = tally.Item[string, part]
	items := c.instances.Items
	if len(items) < 2 {
		return nil
	}
	of := func(i *item) uint64 { return i.Value.time }
	switch {
	case order == OrderByCount:
		of = func(i *item) uint64 { return i.Amount }
	case order == OrderByRowsExamined && c.rowsExamined.sum > 0:
		of = func(i *item) uint64 { return i.Value.rows }
	case order == OrderByLockTime && c.lockTime.sum > 0:
		of = func(i *item) uint64 { return i.Value.lock }
	}
	var all []InstancePart
	total := 0.0
	for i := range items {
		e := &items[i]
		n := float64(of(e))
		total += n
		if e.Key != "" {
			all = append(all, InstancePart{Instance: e.Key, QueryTime: float64(e.Value.time) / perSecond, Share: n})
		}
	}
	if len(all) < 2 {
		return nil
	}
	for i := range all {
		all[i].Share /= max(total, 1)
	}
	slices.SortFunc(all, func(x, y InstancePart) int {
		return cmp.Or(cmp.Compare(one(x.Instance == OtherNames), one(y.Instance == OtherNames)),
			cmp.Compare(y.Share, x.Share), cmp.Compare(y.QueryTime, x.QueryTime), cmp.Compare(x.Instance, y.Instance))
	})
	return all
}

// countEntry counts an entry of a log for the coverage, and reports whether it is
// a call that belongs to a class.
func (a *Aggregator) countEntry(e *parser.Event, inWindow, matches bool) bool {
	a.events++
	if e.Time.IsZero() && a.window != (Window{}) {
		a.untimed++
		return false
	}
	if !inWindow {
		return false
	}
	a.inWindow++
	a.extent.add(e.Time)
	if e.Throttled > 0 {
		a.throttled += int64(e.Throttled)
		return false
	}
	if !matches {
		a.filtered++
		return false
	}
	if e.Cut {
		a.cut++
	}
	return true
}

// bucket returns the index into Class.Timeline for t, or -1 where the window has
// no bounds, and so no parts.
func (a *Aggregator) bucket(t time.Time) int {
	if a.window.Start.IsZero() || a.window.End.IsZero() {
		return -1
	}
	return int(timelineBuckets * t.Sub(a.window.Start) / a.window.End.Sub(a.window.Start))
}

// fold makes room by giving up the half of the classes with the least time.
// Their calls stay in the totals. One that comes back starts from nothing, so
// that its numbers are too low by at most what the smallest class kept had.
func (a *Aggregator) fold() {
	all := make([]*class, 0, len(a.classes))
	for _, c := range a.classes {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y *class) int {
		return cmp.Or(cmp.Compare(y.queryTime.sum, x.queryTime.sum), bytes.Compare(x.key[:], y.key[:]))
	})
	for _, c := range all[len(all)/2:] {
		a.folded.classes++
		a.folded.merge(&c.totals)
		a.planRoom += c.plans.Size()
		a.tagRoom += c.tags.Kept()
		delete(a.classes, c.key)
		*c = class{}
		a.spare = append(a.spare, c)
	}
}

// newClass returns an empty class. Where there are more than can be kept, it is one of those that were
// given up: a log of which each statement is another would else spend its time on memory.
func (a *Aggregator) newClass() *class {
	n := len(a.spare)
	if n == 0 {
		return new(class)
	}
	c := a.spare[n-1]
	a.spare = a.spare[:n-1]
	return c
}

// Merge adds what other has counted, as if a had been given other's events
// too. Other, whose window should lie in a's, stays as it is and must not be
// added to at the time. The hours of several digests thus become one. The
// Filters should be the same, and Detail is not merged.
func (a *Aggregator) Merge(other *Aggregator) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events += other.events
	a.inWindow += other.inWindow
	a.untimed += other.untimed
	a.cut += other.cut
	a.throttled += other.throttled
	a.filtered += other.filtered
	a.unanswered += other.unanswered
	a.missing |= other.missing
	a.extent.merge(other.extent)
	a.releases.Merge(&other.releases)
	a.folded.classes += other.folded.classes
	a.folded.merge(&other.folded.totals)
	a.grouped.merge(&other.grouped)
	for name, l := range other.instances {
		to := a.instance(name)
		to.calls, to.time = to.calls+l.calls, to.time+l.time
	}

	classes := make([]*class, 0, len(other.classes))
	for _, c := range other.classes {
		classes = append(classes, c)
	}
	// Always in the same order, for there may be more classes than a keeps.
	slices.SortFunc(classes, func(x, y *class) int { return bytes.Compare(x.key[:], y.key[:]) })
	part := other.window.End.Sub(other.window.Start) / timelineBuckets
	for _, from := range classes {
		c := a.classes[from.key]
		if c == nil {
			c = &class{key: from.key, fingerprint: from.fingerprint, group: from.group.empty()}
			a.put(c)
		}
		c.merge(from, &a.tagRoom, func(i int) int { return a.bucket(other.window.Start.Add(part * time.Duration(i))) })
		c.plans = c.plans.Merge(from.plans, &a.planRoom)
	}
}

// Report ranks what has been added so far. Instances, and what the sources know
// of the coverage, are for the caller to fill in. Where the window has no bound,
// the report's is that of the events, in whole seconds, and Inferred.
func (a *Aggregator) Report(limit Limit, order OrderBy) *Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := &Report{Version: 1, Rules: fingerprint.Rules, By: a.By, PerInstance: a.PerInstance, Window: a.window, Coverage: a.coverage(), Filter: a.Filter, Releases: a.releases.Report()}
	if order != OrderBySum {
		r.OrderBy = order
	}
	r.Inferred = r.Window.Start.IsZero() || r.Window.End.IsZero()
	if r.Window.Start.IsZero() {
		r.Window.Start = a.extent.first.Truncate(time.Second)
	}
	if r.Window.End.IsZero() && !a.extent.last.IsZero() {
		r.Window.End = a.extent.last.Truncate(time.Second).Add(time.Second)
	}
	var overall totals
	if a.By != ByClass { // a call may be of several groups
		overall.merge(&a.grouped.totals)
	} else {
		overall.merge(&a.folded.totals)
		for _, c := range a.classes {
			overall.merge(&c.totals)
		}
	}
	r.Overall = Overall{Classes: len(a.classes) + a.folded.classes, ByInstance: a.byInstance(), Totals: overall.report()}

	r.Misc.Classes, r.Misc.Calls = a.folded.classes, a.folded.calls
	r.Misc.QueryTime.Sum = float64(a.folded.queryTime.sum) / perSecond
	r.Classes = make([]Class, 0, len(a.classes))
	for _, c := range a.classes {
		r.Classes = append(r.Classes, c.report(overall.queryTime.sum))
	}
	// Unlike the functions of slices, it copies none to compare it.
	sort.Slice(r.Classes, func(i, j int) bool { return compareBy(order, &r.Classes[i], &r.Classes[j]) < 0 })
	for i := range r.Classes {
		r.Classes[i].Rank = i + 1
	}
	r.Shorten(limit, order)
	if a.Detail {
		r.Detail = a.axis.detail()
	}
	if a.Keep {
		r.whole = a
	}
	r.Overall.rates(r.Window)
	for i := range r.Classes {
		shown := &r.Classes[i]
		c := a.classes[keyOf(shown.ID)]
		c.describe(shown, a.window, order)
		shown.rates(r.Window)
		if a.Detail {
			lines := a.axis.lines(&c.load)
			shown.Detail = &lines
		}
	}
	return r
}

func (t *Totals) rates(w Window) {
	if seconds := w.End.Sub(w.Start).Seconds(); !w.Start.IsZero() && seconds > 0 {
		t.CallsPerSecond, t.Concurrency = float64(t.Calls)/seconds, t.QueryTime.Sum/seconds
	}
}

func (a *Aggregator) coverage() Coverage {
	return Coverage{
		Events: a.events, InWindow: a.inWindow, Unreadable: a.untimed, Truncated: a.cut,
		Untimed: a.untimed, Filtered: a.filtered, Unanswered: a.unanswered, Unknown: a.missing.Reasons(), Throttled: a.throttled, Folded: a.folded.classes,
		Complete: true, Notes: []string{},
	}
}

// extent holds the first and the last time of some events, zero where none had a
// time.
type extent struct{ first, last time.Time }

func (x *extent) add(t time.Time) {
	if t.IsZero() {
		return
	}
	if x.first.IsZero() || t.Before(x.first) {
		x.first = t
	}
	if t.After(x.last) {
		x.last = t
	}
}

func (x *extent) merge(from extent) {
	x.add(from.first)
	x.add(from.last)
}

// Filter chooses the calls that an Aggregator counts. Each list holds
// alternatives, an empty list leaves everything in, and what is set must all
// match. A report that was filtered names the filter.
type Filter struct {
	Users   []string `json:"users,omitempty"`
	Hosts   []string `json:"hosts,omitempty"` // as the log writes them; case does not matter
	Schemas []string `json:"schemas,omitempty"`
	IDs     []string `json:"ids,omitempty"` // of query classes; see ParseID
	// Tags are the values of each key of a tag that match, of which an empty one stands for calls without the tag.
	Tags map[string][]string `json:"tags,omitempty"`
	// MinTime is the least query time of a call, in seconds, and MinTimes that of
	// a call on one of the instances that it lists, instead of MinTime.
	MinTime  float64            `json:"min_time,omitempty"`
	MinTimes map[string]float64 `json:"min_times,omitempty"`
	// Where is a condition on entries, and Expression what others may see of it: a report
	// that was saved has that alone.
	Where      *filter.Condition `json:"-"`
	Expression string            `json:"expression,omitempty"`
}

// Empty reports whether the filter leaves everything in.
func (f *Filter) Empty() bool {
	return len(f.Users)+len(f.Hosts)+len(f.Schemas)+len(f.IDs)+len(f.Tags)+len(f.MinTimes) == 0 && f.MinTime == 0 && f.Where == nil && f.Expression == ""
}

// ParseMinTime reads a number of seconds, or a time with its unit: 0.5 or 500ms.
func ParseMinTime(s string) (float64, error) {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil {
		var d time.Duration
		d, err = time.ParseDuration(s)
		seconds = d.Seconds()
	}
	if err != nil || !(seconds >= 0) || math.IsInf(seconds, 0) {
		return 0, fmt.Errorf("time %q: want 500ms, 2s, or a number of seconds", s)
	}
	return seconds, nil
}

// matches reports whether the call on an instance is to be counted, its class
// and Where aside. A nil Filter matches everything.
func (f *Filter) matches(e *parser.Event, instance string) bool {
	return f == nil || e.QueryTime >= f.minTime(instance) &&
		(len(f.Users) == 0 || slices.Contains(f.Users, e.User)) &&
		(len(f.Schemas) == 0 || slices.Contains(f.Schemas, e.Schema)) &&
		(len(f.Hosts) == 0 || slices.ContainsFunc(f.Hosts, func(h string) bool { return strings.EqualFold(h, e.Host) }))
}

// matchesTags reports whether the calls of a statement with tags are to be counted.
func (f *Filter) matchesTags(found []tags.Tag) bool {
	for key, values := range f.Tags {
		if !slices.Contains(values, tags.Value(found, key)) {
			return false
		}
	}
	return true
}

// tagKeys are the keys of the tags that it asks for.
func (f *Filter) tagKeys() []string {
	if f == nil {
		return nil
	}
	keys := slices.Collect(maps.Keys(f.Tags))
	if f.Where != nil {
		keys = append(keys, f.Where.TagKeys()...)
	}
	return keys
}

func (f *Filter) minTime(instance string) float64 {
	if least, own := f.MinTimes[instance]; own {
		return least
	}
	return f.MinTime
}

// matchesClass reports whether the calls of a class are to be counted.
func (f *Filter) matchesClass(key classKey) bool {
	if f == nil || len(f.IDs) == 0 {
		return true
	}
	id := key.ID()
	return slices.ContainsFunc(f.IDs, func(digits string) bool { return hasID(id, digits) })
}
