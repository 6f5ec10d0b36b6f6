package digest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"slowdigest/digest/plans"
	"slowdigest/digest/sketch"
	"slowdigest/digest/tally"
)

// What an archived report holds in addition to what it states, so that hours can be merged as
// if their logs were read at once: the values of each quantity, all of them where they are few
// and else by the buckets of a sketch. What the report itself tells exactly is taken from there:
// names with their calls, times, and the time line.
//
// Numbers that are many are a text in base64, of unsigned varints: JSON would take twice the room for them, and most of
// the time that it takes to read an archive.

type keptReport struct {
	// Folded are the totals of the classes beyond what is kept, nil if there are none.
	Folded    keptTotals     `json:"folded,omitempty"`
	Instances []keptInstance `json:"instances,omitempty"` // by name
}

type keptInstance struct {
	Name  string `json:"name"`
	Calls int64  `json:"calls"`
	Time  uint64 `json:"us"`
}

// keptTotals are the calls, the quantities and the counters, as totals.quantities and totals.counters have them, of
// each counter what was counted and of how many calls.
type keptTotals []byte

type keptClass struct {
	Totals keptTotals `json:"totals"`
	Lists  []byte     `json:"lists,omitempty"` // nil if there were none
	// Users, Hosts and Schemas are nil where the class names them all, as is Network where it names all hosts.
	Users   *keptNames        `json:"users,omitempty"`
	Hosts   *keptNames        `json:"hosts,omitempty"`
	Schemas *keptNames        `json:"schemas,omitempty"`
	Network *[]keptHosts      `json:"network,omitempty"`
	Parts   [][3]uint64       `json:"parts,omitempty"` // time, lock time and rows examined by name of instance; nil of one
	Tags    []tally.StoredKey `json:"tags,omitempty"`
	Plans   *plans.Stored     `json:"plans,omitempty"`
}

// keptNames are those of a heavyNames that does not have them all.
type keptNames = tally.Stored[string, struct{}]

type keptHosts struct {
	Host  string   `json:"host,omitempty"`
	Kind  byte     `json:"kind,omitempty"`
	Parts []string `json:"parts"`
	Least int      `json:"least"`
}

// Archived returns a report as an archive keeps it: with what it takes to merge it with others. It
// must be of all classes, of an Aggregator that has Keep set and stays as it is, and of query classes.
func Archived(r *Report) (*Report, error) {
	a := r.whole
	if a == nil || a.By != ByClass || r.Misc.Classes > r.Coverage.Folded {
		return nil, errors.New("it does not hold what an archive keeps")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := *r
	out.Kept = &keptReport{}
	if a.folded.classes > 0 {
		out.Kept.Folded = a.folded.totals.keep()
	}
	for _, name := range slices.Sorted(maps.Keys(a.instances)) {
		out.Kept.Instances = append(out.Kept.Instances, keptInstance{name, a.instances[name].calls, a.instances[name].time})
	}
	out.Classes = slices.Clone(r.Classes)
	for i := range out.Classes {
		c := &out.Classes[i]
		c.Kept = a.classes[keyOf(c.ID)].keep()
	}
	return &out, nil
}

// AddArchived adds what an archived report has counted, as if the Aggregator had been given its events,
// and what is known of its coverage, but for Coverage.Notes and Coverage.Gaps. Its classes are those of the Filter's IDs.
func (a *Aggregator) AddArchived(r *Report) error {
	from, err := restored(r, a.Filter)
	if err != nil {
		return fmt.Errorf("merge the report from %s: %w", r.Window.Start.Format("2006-01-02 15:04 UTC"), err)
	}
	a.Merge(from)
	return nil
}

var errNotKept = errors.New("it does not hold what it takes to merge it with others")

// restored returns what a report was made of.
func restored(r *Report, f *Filter) (*Aggregator, error) {
	if r.Kept == nil {
		return nil, errNotKept
	}
	a := NewAggregator(r.Window)
	a.events, a.inWindow, a.untimed, a.cut = r.Coverage.Events, r.Coverage.InWindow, r.Coverage.Untimed, r.Coverage.Truncated
	a.throttled, a.filtered, a.unanswered = r.Coverage.Throttled, r.Coverage.Filtered, r.Coverage.Unanswered
	chosen := f != nil && len(f.IDs) > 0
	for _, i := range r.Kept.Instances {
		if !chosen {
			a.instances[i.Name] = &instanceLoad{i.Calls, i.Time}
		}
	}
	if r.Kept.Folded != nil && chosen {
		var t totals
		if err := r.Kept.Folded.restore(&t); err != nil {
			return nil, err
		}
		a.filtered += t.calls
	} else if r.Kept.Folded != nil {
		a.folded.classes = r.Coverage.Folded
		if err := r.Kept.Folded.restore(&a.folded.totals); err != nil {
			return nil, err
		}
	}
	for i := range r.Classes {
		c, err := r.Classes[i].restore()
		if err != nil {
			return nil, err
		}
		a.extent.merge(c.extent)
		if !f.matchesClass(c.key) {
			a.filtered += c.calls
			continue
		}
		a.classes[c.key] = c
		for _, e := range c.instances.Items {
			if chosen {
				to := a.instance(e.Key)
				to.calls, to.time = to.calls+int64(e.Amount), to.time+e.Value.time //nolint:gosec // it counts calls
			}
		}
	}
	return a, nil
}

func (c *class) keep() *keptClass {
	k := &keptClass{
		Totals: c.totals.keep(), Lists: c.lists.keep(),
		Users: c.users.keep(), Hosts: c.hosts.keep(), Schemas: c.schemas.keep(), Tags: c.tags.Store(), Plans: c.plans.Store(),
	}
	if k.Hosts != nil {
		k.Network = &[]keptHosts{}
		for _, g := range c.network.groups {
			if !c.network.none {
				*k.Network = append(*k.Network, keptHosts{g.host, g.kind, g.parts, g.least})
			}
		}
	}
	if len(c.instances.Items) > 1 {
		for _, name := range sortedNames(c.instances.counts()) {
			p := c.instances.Add(name, 0, maxNames, OtherNames).Value
			k.Parts = append(k.Parts, [3]uint64{p.time, p.lock, p.rows})
		}
	}
	return k
}

func (r *Class) restore() (*class, error) {
	k := r.Kept
	names := sortedNames(r.Instances)
	if k == nil || len(k.Parts) > 0 && len(k.Parts) != len(names) || len(k.Parts) == 0 && len(names) > 1 || len(r.Timeline) > timelineBuckets {
		return nil, errNotKept
	}
	c := &class{key: keyOf(r.ID), fingerprint: r.Fingerprint, extent: extent{r.FirstSeen, r.LastSeen}}
	if err := errors.Join(k.Totals.restore(&c.totals), c.lists.restore(k.Lists)); err != nil {
		return nil, err
	}
	if r.Slowest != nil {
		c.slowest = *r.Slowest
	}
	c.users, c.hosts, c.schemas = namesOf(k.Users, r.Users), namesOf(k.Hosts, r.Hosts), namesOf(k.Schemas, r.Schemas)
	c.network = k.restoreNetwork(r.Hosts)
	for i, name := range names {
		p := part{time: c.queryTime.sum, lock: c.lockTime.sum, rows: c.rowsExamined.sum}
		if len(k.Parts) > 0 {
			p = part{k.Parts[i][0], k.Parts[i][1], k.Parts[i][2]}
		}
		c.instances.add(name, uint64(r.Instances[name]), p) //nolint:gosec // it counts calls
	}
	c.tags = tally.Restore(k.Tags, r.Tags)
	var err error
	if c.plans, err = plans.Restore(k.Plans, r.Plans); err != nil {
		return nil, err
	}
	for i, s := range r.Timeline {
		c.addTime(i, microseconds(s))
	}
	return c, nil
}

func (k *keptClass) restoreNetwork(hosts map[string]int64) (n network) {
	if k.Network == nil {
		for _, host := range sortedNames(hosts) {
			n.join(networkOf(host))
		}
		return n
	}
	for _, g := range *k.Network {
		if g.Least > len(g.Parts) || g.Least < 1 {
			return network{none: true}
		}
		n.groups = append(n.groups, hostGroup{g.Host, g.Kind, g.Parts, g.Least})
	}
	n.none = len(n.groups) == 0 || len(n.groups) > 2
	return n
}

// sortedNames returns the names in their order, and last the one that stands for those without room.
func sortedNames(all map[string]int64) []string {
	names := slices.Sorted(maps.Keys(all))
	if i := slices.Index(names, OtherNames); i >= 0 {
		names = append(slices.Delete(names, i, i+1), OtherNames)
	}
	return names
}

// quantities and counters are in the order in which they are kept.
func (t *totals) quantities() []*quantity {
	return []*quantity{&t.queryTime, &t.lockTime, &t.rowsSent, &t.rowsExamined, &t.queryBytes, &t.rowsAffected, &t.bytesSent}
}

func (t *totals) counters() []*counter {
	return []*counter{&t.tmpTables, &t.tmpDiskTables, &t.fullScans, &t.errors}
}

func (t *totals) keep() keptTotals {
	b := binary.AppendUvarint(nil, uint64(t.calls))
	for _, q := range t.quantities() {
		b = q.keep(b)
	}
	for _, c := range t.counters() {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(c.n)), uint64(c.of))
	}
	return b
}

func (k keptTotals) restore(t *totals) error {
	from := decoder{rest: k}
	t.calls = int64(from.number())
	for _, q := range t.quantities() {
		q.restore(&from)
	}
	for _, c := range t.counters() {
		*c = counter{int64(from.number()), int64(from.number())}
	}
	if t.queryTime.calls != uint64(t.calls) {
		return errNotKept
	}
	return from.end(errNotKept)
}

// keep appends how many values there are, each as what it is above the one before; or, where it has a sketch, more than can be,
// and that, each of its buckets with what it is above the one before, and how many numbers it has.
func (q *quantity) keep(b []byte) []byte {
	if q.sketch == nil {
		b = binary.AppendUvarint(b, uint64(len(q.values)))
		last := uint64(0)
		for _, v := range slices.Sorted(slices.Values(q.values)) {
			b = binary.AppendUvarint(b, v-last)
			last = v
		}
		return b
	}
	b = binary.AppendUvarint(b, exactCalls+1)
	buckets := q.sketch.Buckets()
	for _, v := range []uint64{q.sum, q.squares.hi, q.squares.lo, q.min, q.max, uint64(len(buckets))} {
		b = binary.AppendUvarint(b, v)
	}
	for _, v := range buckets {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

func (q *quantity) restore(from *decoder) {
	n := from.number()
	if n <= exactCalls {
		last := uint64(0)
		for range n {
			last += from.number()
			q.add(last, 1)
		}
		return
	}
	*q = quantity{sum: from.number(), squares: squares{from.number(), from.number()}, min: from.number(), max: from.number()}
	buckets := make([]uint64, min(from.number(), uint64(len(from.rest))))
	for i := range buckets {
		buckets[i] = from.number()
	}
	var err error
	if q.sketch, err = sketch.Of(buckets); err != nil {
		*from = decoder{broken: true}
		q.sketch = new(sketch.Sketch)
	}
	q.calls = q.sketch.Total()
}

// keep returns nil where there were no lists.
func (l *lists) keep() []byte {
	if l.calls == 0 {
		return nil
	}
	b := []byte{}
	for _, v := range []uint64{l.calls, l.max, l.longTime} {
		b = binary.AppendUvarint(b, v)
	}
	for length := range uint64(shortLists) {
		if l.short != nil && l.short[length] > 0 {
			b = binary.AppendUvarint(binary.AppendUvarint(b, length), l.short[length])
		}
	}
	return l.long.keep(binary.AppendUvarint(b, shortLists)) // where the lengths end
}

func (l *lists) restore(kept []byte) error {
	if kept == nil {
		return nil
	}
	from := decoder{rest: kept}
	l.calls, l.max, l.longTime = from.number(), from.number(), from.number()
	calls := uint64(0)
	for length := from.number(); length < shortLists && len(from.rest) > 0; length = from.number() {
		if l.short == nil {
			l.short = new([shortLists]uint64)
		}
		n := from.number()
		l.short[length] += n
		calls += n
	}
	l.long.restore(&from)
	if l.calls != calls+l.long.calls {
		return errNotKept
	}
	return from.end(errNotKept)
}

func (t *heavyNames) keep() *keptNames {
	if t.Unkept == 0 {
		return nil
	}
	return t.Store()
}

// namesOf takes all names from those of the class where none is kept.
func namesOf(k *keptNames, all map[string]int64) (t heavyNames) {
	if k != nil {
		t.Heavy = k.Restore(maxNames)
		return t
	}
	for _, name := range sortedNames(all) {
		t.add(name, uint64(all[name])) //nolint:gosec // it counts calls
	}
	return t
}
