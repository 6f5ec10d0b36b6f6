// Package plans counts the calls of a class by the plan that the server executed them with, in bounded memory.
package plans

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"slowdigest/digest/tally"
	"slowdigest/parser/explain"
)

// maxKept bounds the plans of a class that are counted one by one: each that has more than this part of the time of
// all is among them.
const maxKept = 8

// Room is how many rows of plans all classes together may keep: plans that have no room count among the others.
const Room = 50_000

// Tally counts plans by the time that calls with them took. The nil Tally has none.
type Tally struct {
	calls int64
	plans tally.Heavy[string, kept] // by the ID of their shape, in microseconds
}

// kept is what is known of the calls with a plan.
type kept struct {
	shape       *explain.Shape
	calls       int64
	rows        []sums
	first, last time.Time
}

// sums are of the numbers of a row: of the calls for which some were estimated, and of those for which some were read.
type sums struct {
	calls, read            int64
	rows, reads            float64
	filtered, readFiltered float64
}

// Add counts calls with a plan, which ended at a time and took some microseconds together, and takes what they need from the
// room. Of none it changes nothing.
func (t *Tally) Add(p explain.Plan, at time.Time, calls int64, us uint64, room *int) *Tally {
	if p.Shape == nil {
		return t
	}
	if t == nil {
		t = new(Tally)
	}
	t.calls += calls
	had := 0
	if !t.plans.Has(p.Shape.ID) {
		if had = t.Size(); *room < len(p.Shape.Rows) {
			t.plans.Total, t.plans.Unkept = t.plans.Total+us, t.plans.Unkept+us
			return t
		}
	}
	item, known := t.plans.Add(p.Shape.ID, us, maxKept)
	if item == nil {
		return t
	}
	k := &item.Value
	if !known {
		k.shape, k.rows = p.Shape, make([]sums, len(p.Shape.Rows))
		*room -= t.Size() - had
	}
	k.calls += calls
	k.seen(at, at)
	for i, n := range p.Numbers {
		k.rows[i].add(n, calls)
	}
	return t
}

// Size is how many rows of plans are kept.
func (t *Tally) Size() (rows int) {
	if t != nil {
		for i := range t.plans.Items {
			rows += len(t.plans.Items[i].Value.rows)
		}
	}
	return rows
}

func (k *kept) seen(first, last time.Time) {
	if !first.IsZero() && (k.first.IsZero() || first.Before(k.first)) {
		k.first = first
	}
	if last.After(k.last) {
		k.last = last
	}
}

func (s *sums) add(n explain.Numbers, calls int64) {
	weight := float64(calls)
	if n.Rows >= 0 {
		s.calls, s.rows, s.filtered = s.calls+calls, s.rows+weight*n.Rows, s.filtered+weight*max(n.Filtered, 0)
	}
	if n.Read >= 0 {
		s.read, s.reads, s.readFiltered = s.read+calls, s.reads+weight*n.Read, s.readFiltered+weight*max(n.ReadFiltered, 0)
	}
}

func (s *sums) merge(o sums) {
	s.calls, s.read, s.rows, s.reads = s.calls+o.calls, s.read+o.read, s.rows+o.rows, s.reads+o.reads
	s.filtered, s.readFiltered = s.filtered+o.filtered, s.readFiltered+o.readFiltered
}

// Merge adds what from has counted, which stays as it is. Where there is no room for all of it, only plans count one by one
// that do already.
func (t *Tally) Merge(from *Tally, room *int) *Tally {
	if from == nil {
		return t
	}
	if t == nil {
		t = new(Tally)
	}
	had, other := t.Size(), from.plans.Store()
	if *room < from.Size() {
		items := other.Items
		other.Items = nil
		for _, x := range items {
			if t.plans.Has(x.Key) {
				other.Items = append(other.Items, x)
			} else {
				other.Unkept = max(other.Unkept, x.Amount)
			}
		}
	} else {
		other.Items = slices.Clone(other.Items)
		for i := range other.Items {
			other.Items[i].Value.rows = slices.Clone(other.Items[i].Value.rows)
		}
	}
	more := other.Restore(maxKept)
	t.calls += from.calls
	t.plans.Merge(&more, maxKept, strings.Compare, func(to *kept, from kept) {
		to.calls += from.calls
		to.seen(from.first, from.last)
		for i := range to.rows {
			to.rows[i].merge(from.rows[i])
		}
	})
	*room -= t.Size() - had
	return t
}

// Plans state how the server executed the calls of a class of which the log tells it, each in the way that it chose.
type Plans struct {
	Calls     int64   `json:"calls"`      // of which the log tells the plan
	QueryTime float64 `json:"query_time"` // seconds, all calls together; so in Plan
	// Usual has the most calls.
	Usual Plan `json:"usual"`
	// Worst takes the longest for a call, where that is another.
	Worst *Plan `json:"worst,omitempty"`
	// Others are further plans, those with the most calls first, and Rest what no plan here is known to have.
	Others []Plan `json:"others,omitempty"`
	Rest   *Rest  `json:"rest,omitempty"`
	// Change is set where the plan has changed in the window.
	Change *Change `json:"change,omitempty"`
}

// Plan is a way to execute a statement. Its calls and their time are those that it has at least.
type Plan struct {
	ID        string    `json:"id"` // 16 digits of its rows, without their numbers
	Rows      []Row     `json:"rows"`
	More      int       `json:"more_rows,omitempty"` // that are not kept
	Calls     int64     `json:"calls"`
	QueryTime float64   `json:"query_time"`
	First     time.Time `json:"first_seen,omitzero"`
	Last      time.Time `json:"last_seen,omitzero"`
}

// Row is how a table is read, with means over the calls. A number is nil where the log does not state it. Those of an
// inner table of a join are of one of the times that it is read.
type Row struct {
	explain.Row
	Estimated    *float64 `json:"rows,omitempty"`
	Read         *float64 `json:"r_rows,omitempty"`
	Filtered     *float64 `json:"filtered,omitempty"`   // the part that conditions leave, in percent, as estimated
	ReadFiltered *float64 `json:"r_filtered,omitempty"` // and in fact
}

// Rest sums up the calls of plans that are not told one by one.
type Rest struct {
	Calls     int64   `json:"calls"`
	QueryTime float64 `json:"query_time"`
}

// Change says that all calls with one plan ended before all those with another.
type Change struct {
	From  string    `json:"from"` // IDs of plans
	To    string    `json:"to"`
	Until time.Time `json:"until"` // the last call with the one
	Since time.Time `json:"since"` // and the first with the other
}

// All are the plans that are told one by one, those with the most calls first.
func (p *Plans) All() []Plan {
	if p == nil {
		return nil
	}
	all := []Plan{p.Usual}
	if p.Worst != nil {
		all = append(all, *p.Worst)
	}
	all = append(all, p.Others...)
	slices.SortStableFunc(all, func(x, y Plan) int { return cmp.Compare(y.Calls, x.Calls) })
	return all
}

// Find returns the plan with an ID, or nil.
func (p *Plans) Find(id string) *Plan {
	all := p.All()
	if i := slices.IndexFunc(all, func(x Plan) bool { return x.ID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

// Scans returns how many calls read all rows of a table; of nil none.
func (p *Plans) Scans() (calls int64) {
	for _, x := range p.All() {
		if slices.ContainsFunc(x.Rows, func(r Row) bool { return r.Scans() }) {
			calls += x.Calls
		}
	}
	return calls
}

// Report states the plans; nil of none.
func (t *Tally) Report() *Plans {
	if t == nil || len(t.plans.Items) == 0 {
		return nil
	}
	all := slices.Clone(t.plans.Items)
	slices.SortFunc(all, func(x, y item) int {
		return cmp.Or(cmp.Compare(y.Value.calls, x.Value.calls), cmp.Compare(y.Amount, x.Amount), strings.Compare(x.Key, y.Key))
	})
	out := &Plans{Calls: t.calls, QueryTime: seconds(t.plans.Total), Change: change(all, t.calls)}
	worst := 0
	for i := range all {
		if meanTime(&all[i]) > meanTime(&all[worst]) {
			worst = i
		}
	}
	rest, us := Rest{Calls: t.calls}, t.plans.Total
	for i := range all {
		p := report(&all[i])
		rest.Calls, us = rest.Calls-p.Calls, us-(all[i].Amount-all[i].Over)
		switch i {
		case 0:
			out.Usual = p
		case worst:
			out.Worst = &p
		default:
			out.Others = append(out.Others, p)
		}
	}
	if rest.QueryTime = seconds(us); rest.Calls > 0 {
		out.Rest = &rest
	}
	return out
}

type item = tally.Item[string, kept]

// meanTime is how long a call takes, at least.
func meanTime(x *item) float64 { return float64(x.Amount-x.Over) / float64(x.Value.calls) }

func report(x *item) Plan {
	k := &x.Value
	p := Plan{ID: x.Key, More: k.shape.More, Calls: k.calls, QueryTime: seconds(x.Amount - x.Over), First: k.first, Last: k.last}
	for i, s := range k.rows {
		p.Rows = append(p.Rows, Row{k.shape.Rows[i], mean(s.rows, s.calls), mean(s.reads, s.read), mean(s.filtered, s.calls), mean(s.readFiltered, s.read)})
	}
	return p
}

func mean(sum float64, calls int64) *float64 {
	if calls == 0 {
		return nil
	}
	m := sum / float64(calls)
	return &m
}

func seconds(us uint64) float64 { return float64(us) / 1e6 }

// A change is told where chance would not put the calls into that order in one of so many windows, each of the plans has so
// many calls, and both together this part of all.
const (
	byChance   = 1000
	leastCalls = 3
	leastPart  = 0.5
)

// change returns that of a class, whose plans are sorted by their calls, between two of which each reads a table: to the one
// that the last call has. Of several it is that of the plans with the most calls.
func change(all []item, calls int64) *Change {
	var out *Change
	most, last := int64(0), time.Time{}
	for i := range all {
		if all[i].Value.last.After(last) {
			last = all[i].Value.last
		}
	}
	for i := range all {
		for k := range all {
			from, to := &all[i].Value, &all[k].Value
			fewer, more := min(from.calls, to.calls), max(from.calls, to.calls)
			if all[i].Over+all[k].Over == 0 && fewer >= max(leastCalls, most+1) && float64(fewer+more) >= leastPart*float64(calls) &&
				!from.last.IsZero() && from.last.Before(to.first) && to.last.Equal(last) && orders(fewer, more) >= byChance && from.reads() && to.reads() {
				out, most = &Change{all[i].Key, all[k].Key, from.last, to.first}, fewer
			}
		}
	}
	return out
}

// orders is in how many orders calls of two plans can come, up to byChance.
func orders(fewer, more int64) (n float64) {
	n = 1
	for i := int64(1); i <= fewer && n < byChance; i++ {
		n = n * float64(more+i) / float64(i)
	}
	return n
}

// reads reports whether the plan reads a table at all: that no row can match is up to the values.
func (k *kept) reads() bool {
	return slices.ContainsFunc(k.shape.Rows, func(r explain.Row) bool { return r.Table != "" })
}

// Checked returns a copy as others may see it who got it from elsewhere; see explain.Row.Checked.
func (p *Plans) Checked(name func(string) string) *Plans {
	if p == nil {
		return nil
	}
	out := *p
	out.Usual = p.Usual.Checked(name)
	if p.Worst != nil {
		worst := p.Worst.Checked(name)
		out.Worst = &worst
	}
	out.Others = nil
	for i := range p.Others[:min(maxKept, len(p.Others))] {
		out.Others = append(out.Others, p.Others[i].Checked(name))
	}
	if p.Change != nil {
		c := *p.Change
		c.From, c.To = checkedID(c.From), checkedID(c.To)
		out.Change = &c
	}
	return &out
}

// Checked is Plans.Checked of one.
func (p Plan) Checked(name func(string) string) Plan {
	p.ID, p.Rows, p.More = checkedID(p.ID), slices.Clone(p.Rows[:min(explain.MaxRows, len(p.Rows))]), max(p.More, 0)
	for i := range p.Rows {
		p.Rows[i].Row = p.Rows[i].Row.Checked(name)
	}
	return p
}

func checkedID(id string) string {
	if len(id) != 16 || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}
