package digest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"slowdigest/digest/sketch"
	"slowdigest/digest/tally"
)

// What an archived report holds in addition to what it states, so that hours can be merged as
// if their logs were read at once: the values of each quantity, all of them where they are few
// and else by the buckets of a sketch. What the report itself tells exactly is taken from there:
// names with their calls, times, and the time line.

type keptReport struct {
	// Folded are the totals of the classes beyond what is kept, nil if there are none.
	Folded    *keptTotals    `json:"folded,omitempty"`
	Instances []keptInstance `json:"instances,omitempty"` // by name
}

type keptInstance struct {
	Name  string `json:"name"`
	Calls int64  `json:"calls"`
	Time  uint64 `json:"us"`
}

type keptTotals struct {
	Calls      int64          `json:"calls"`
	Quantities []keptQuantity `json:"quantities"` // as totals.quantities has them
	Counters   [][2]int64     `json:"counters"`   // as totals.counters has them: what was counted, and of how many calls
}

// keptQuantity holds whole microseconds, rows or bytes: Values in ascending order or, where they are too many,
// the others. Buckets are those of sketch.Sketch.
type keptQuantity struct {
	Values  []uint64   `json:"v,omitempty"`
	Sum     uint64     `json:"sum,omitempty"`
	Squares *[2]uint64 `json:"squares,omitempty"` // 128 bits, the upper ones first
	Min     uint64     `json:"min,omitempty"`
	Max     uint64     `json:"max,omitempty"`
	Buckets []uint64   `json:"b,omitempty"`
}

type keptClass struct {
	keptTotals
	Lists *keptLists `json:"lists,omitempty"` // nil if there were none
	// Users, Hosts and Schemas are nil where the class names them all, as is Network where it names all hosts.
	Users   *keptNames        `json:"users,omitempty"`
	Hosts   *keptNames        `json:"hosts,omitempty"`
	Schemas *keptNames        `json:"schemas,omitempty"`
	Network *[]keptHosts      `json:"network,omitempty"`
	Parts   [][3]uint64       `json:"parts,omitempty"` // time, lock time and rows examined by name of instance; nil of one
	Tags    []tally.StoredKey `json:"tags,omitempty"`
}

type keptLists struct {
	Calls    uint64       `json:"calls"`
	Max      uint64       `json:"max"`
	Short    [][2]uint64  `json:"short,omitempty"` // length, and calls
	Long     keptQuantity `json:"long,omitzero"`
	LongTime uint64       `json:"long_time,omitempty"` // microseconds
}

// keptNames are those of a heavyNames that does not have them all.
type keptNames = tally.Stored[string, struct{}]

type keptHosts struct {
	Host  string   `json:"host,omitempty"`
	Kind  byte     `json:"kind,omitempty"`
	Parts []string `json:"parts"`
	Least int      `json:"least"`
}

// Archived returns the report as an archive keeps it: with what it takes to merge it with others. It
// must be of all classes, of an Aggregator that has Keep set and stays as it is, and of query classes.
func (r *Report) Archived() (*Report, error) {
	a := r.whole
	if a == nil || a.By != ByClass || r.Misc.Classes > r.Coverage.Folded {
		return nil, errors.New("it does not hold what an archive keeps")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := *r
	out.Kept = &keptReport{}
	if a.folded.classes > 0 {
		out.Kept.Folded = new(a.folded.totals.keep())
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
	from, err := r.restore(a.Filter)
	if err != nil {
		return fmt.Errorf("merge the report from %s: %w", r.Window.Start.Format("2006-01-02 15:04 UTC"), err)
	}
	a.Merge(from)
	return nil
}

var errNotKept = errors.New("it does not hold what it takes to merge it with others")

// restore returns what the report was made of.
func (r *Report) restore(f *Filter) (*Aggregator, error) {
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
		a.filtered += r.Kept.Folded.Calls
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
		keptTotals: c.totals.keep(), Lists: c.lists.keep(),
		Users: c.users.keep(), Hosts: c.hosts.keep(), Schemas: c.schemas.keep(), Tags: c.tags.Store(),
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
	if err := errors.Join(k.keptTotals.restore(&c.totals), k.Lists.restore(&c.lists)); err != nil {
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
	k := keptTotals{Calls: t.calls}
	for _, q := range t.quantities() {
		k.Quantities = append(k.Quantities, q.keep())
	}
	for _, c := range t.counters() {
		k.Counters = append(k.Counters, [2]int64{c.n, c.of})
	}
	return k
}

func (k *keptTotals) restore(t *totals) error {
	quantities, counters := t.quantities(), t.counters()
	if len(k.Quantities) != len(quantities) || len(k.Counters) != len(counters) {
		return errNotKept
	}
	t.calls = k.Calls
	for i, q := range quantities {
		if err := k.Quantities[i].restore(q); err != nil {
			return err
		}
	}
	for i, c := range counters {
		*c = counter{k.Counters[i][0], k.Counters[i][1]}
	}
	return nil
}

func (q *quantity) keep() keptQuantity {
	if q.sketch == nil {
		return keptQuantity{Values: slices.Sorted(slices.Values(q.values))}
	}
	return keptQuantity{Sum: q.sum, Squares: &[2]uint64{q.squares.hi, q.squares.lo}, Min: q.min, Max: q.max, Buckets: q.sketch.Buckets()}
}

func (k *keptQuantity) restore(q *quantity) error {
	if k.Squares == nil {
		for _, v := range k.Values {
			q.add(v, 1)
		}
		return nil
	}
	s, err := sketch.Of(k.Buckets)
	if err != nil {
		return err
	}
	*q = quantity{calls: s.Total(), sum: k.Sum, squares: squares{k.Squares[0], k.Squares[1]}, min: k.Min, max: k.Max, sketch: s}
	return nil
}

func (l *lists) keep() *keptLists {
	if l.calls == 0 {
		return nil
	}
	k := &keptLists{Calls: l.calls, Max: l.max, Long: l.long.keep(), LongTime: l.longTime}
	if l.short != nil {
		for n, calls := range l.short {
			if calls > 0 {
				k.Short = append(k.Short, [2]uint64{uint64(n), calls})
			}
		}
	}
	return k
}

func (k *keptLists) restore(l *lists) error {
	if k == nil {
		return nil
	}
	l.calls, l.max, l.longTime = k.Calls, k.Max, k.LongTime
	for _, s := range k.Short {
		if s[0] >= shortLists {
			return errNotKept
		}
		if l.short == nil {
			l.short = new([shortLists]uint64)
		}
		l.short[s[0]] += s[1]
	}
	return k.Long.restore(&l.long)
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
