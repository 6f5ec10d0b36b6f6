package week

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
)

const (
	// knownPart is the part of a week's hours that must be there for it to be compared.
	knownPart = 0.9

	// newShare is the least part, of all query time since it began, of a class that is told as new, and maxNew
	// how many are.
	newShare = 0.01
	maxNew   = 10

	// maxClasses bounds the classes that are counted one by one, as in an Aggregator.
	maxClasses = 10_000
)

// Builder sums up hours.
type Builder struct {
	week    Week
	zone    *time.Location
	classes map[string]*class
	fixed   map[string]*Fixed
	rules   map[time.Time]int     // of the hours that were read
	total   map[time.Time]float64 // query time of the hours of the week
	folded  int                   // classes for which there was no room
}

type class struct {
	Class
	earlier [Earlier]float64
	before  bool // one of the weeks before has it
	last    time.Time
}

// New returns a Builder of the week of a window, as Last and Of return it. It is told what was fixed.
func New(w digest.Window, zone *time.Location, fixed []digest.ToldFixed) *Builder {
	b := &Builder{zone: zone, classes: map[string]*class{}, fixed: map[string]*Fixed{}, total: map[time.Time]float64{}, rules: map[time.Time]int{}}
	b.week = Week{Version: 1, Window: w, Zone: zone.String(), Hours: Hours{All: len(w.Hours())}}
	monday := w.Start.Add(time.Hour - 1).In(zone) // Start is up to an hour before midnight
	for n := range b.week.Earlier {
		earlier := window(monday, -7*(n+1), zone)
		b.week.Earlier[n] = EarlierWeek{Window: earlier, Hours: Hours{All: len(earlier.Hours())}}
	}
	for _, f := range fixed {
		if w.Contains(f.At) {
			b.fixed[f.ID] = &Fixed{ToldFixed: f}
		}
	}
	return b
}

// Windows returns the week and those before it, the last one first: what is to be added.
func (b *Builder) Windows() []digest.Window {
	all := []digest.Window{b.week.Window}
	for _, e := range b.week.Earlier {
		all = append(all, e.Window)
	}
	return all
}

// Unreadable counts an hour that is kept and could not be read.
func (b *Builder) Unreadable() { b.week.Unreadable++ }

// Add adds the report of an hour, which holds all its classes. Hours come in any order, and none twice.
func (b *Builder) Add(r *digest.Report) {
	at, n := r.Window.Start, -1
	hours, sum := &b.week.Hours, &b.week.Sum
	if !b.week.Window.Contains(at) {
		n = slices.IndexFunc(b.week.Earlier[:], func(e EarlierWeek) bool { return e.Window.Contains(at) })
		if n < 0 {
			return
		}
		hours, sum = &b.week.Earlier[n].Hours, &b.week.Earlier[n].Sum
	}
	b.rules[at] = max(1, r.Rules)
	hours.Read++
	switch {
	case !r.Coverage.Complete:
		hours.Partial++
	case r.Coverage.AsListed:
		hours.AsListed++
	}
	sum.add(r.Overall.Calls, r.Overall.QueryTime.Sum)
	if n < 0 {
		b.total[at] = r.Overall.QueryTime.Sum
		b.week.ByHour[at.In(b.zone).Hour()] += r.Overall.QueryTime.Sum
		for _, name := range r.Instances {
			if !slices.Contains(b.week.Instances, name) {
				b.week.Instances = append(b.week.Instances, name)
			}
		}
	}
	for i := range r.Classes {
		b.addClass(&r.Classes[i], at, n)
	}
	for _, f := range b.fixed { // whether they ran in it or not
		if b.lately(f, at) {
			f.hours++
		}
	}
}

// addClass adds what a class did in an hour, of the week or, with an n from 0, of the one n+1 weeks before.
func (b *Builder) addClass(r *digest.Class, at time.Time, n int) {
	c := b.classes[r.ID]
	if c == nil {
		if len(b.classes) >= maxClasses {
			b.fold()
		}
		c = &class{}
		c.ID, c.Since, c.First = r.ID, at, r.FirstSeen
		b.classes[r.ID] = c
	}
	if at.Before(c.Since) {
		c.Since, c.First = at, r.FirstSeen
	}
	if f := b.fixed[r.ID]; f != nil {
		keepNames(&f.In, r)
		if f.Fingerprint = f.In.Fingerprint; b.lately(f, at) {
			f.Lately += r.QueryTime.Sum
		}
	}
	if n >= 0 {
		c.before = true
		c.earlier[n] += r.QueryTime.Sum
		return
	}
	c.add(r.Calls, r.QueryTime.Sum)
	c.Max = max(c.Max, r.QueryTime.Max)
	if at.After(c.last) {
		c.last = at
	}
	c.ByHour[at.In(b.zone).Hour()] += r.QueryTime.Sum
	keepNames(&c.In, r)
}

// keepNames puts a class in the place of one that took less time, without what makes it large.
func keepNames(in **digest.Class, r *digest.Class) {
	if *in != nil && r.QueryTime.Sum <= (*in).QueryTime.Sum {
		return
	}
	c := *r
	c.Timeline, c.Distribution, c.Slowest, c.Detail, c.Kept = nil, nil, nil, nil, nil
	*in = &c
}

// lately reports whether an hour is of the last day of the week, and after a class was told to be fixed.
func (b *Builder) lately(f *Fixed, at time.Time) bool {
	end := b.week.Window.End
	return at.After(f.At) && at.Before(end) && !at.Before(end.Add(-24*time.Hour))
}

// fold makes room by giving up the half of the classes with the least time.
func (b *Builder) fold() {
	time := func(c *class) float64 {
		sum := c.QueryTime
		for _, t := range c.earlier {
			sum += t
		}
		return sum
	}
	all := slices.SortedFunc(maps.Values(b.classes), func(x, y *class) int {
		return cmp.Or(cmp.Compare(time(y), time(x)), strings.Compare(x.ID, y.ID))
	})
	for _, c := range all[len(all)/2:] {
		if c.Calls > 0 {
			b.folded++
		}
		delete(b.classes, c.ID)
	}
}

// Week states what was added, with so many of the classes that cost the most. It is told what is muted now: a mute
// that was set after the week is none of it. The Builder is used up.
func (b *Builder) Week(top int, mutes []digest.Mute) *Week {
	w := &b.week
	for _, m := range mutes {
		if !m.Covers(w.Window) || !m.Since.Before(w.Window.End) {
			continue
		}
		muted := Muted{Mute: m}
		if c := b.classes[m.ID]; c != nil {
			muted.Sum, muted.In = c.Sum, c.In
		}
		w.Muted = append(w.Muted, muted)
	}
	w.Known, w.RulesSince = w.Hours.known(), b.rulesSince()
	for n := range w.Earlier {
		e := &w.Earlier[n]
		if e.Known = e.Hours.known(); e.Known {
			w.Usual += b.alike(n) * e.QueryTime
			w.UsualOf++
		}
	}
	w.Usual /= float64(max(1, w.UsualOf))
	var all []Class
	for _, c := range b.classes {
		if c.Calls > 0 {
			all = append(all, b.compared(c))
		}
	}
	slices.SortFunc(all, byTime)
	w.Classes = len(all) + b.folded
	w.Top = all[:min(top, len(all)):min(top, len(all))]
	for _, c := range all {
		if !b.isNew(b.classes[c.ID]) {
			continue
		}
		if w.NewCount++; w.NewCount <= maxNew {
			w.New = append(w.New, c)
		}
	}
	for _, f := range b.fixed {
		f.Lately /= float64(max(1, f.hours))
		f.Again = f.hours > 0 && f.Lately > (f.Before+f.Now)/2
		w.Fixed = append(w.Fixed, *f)
	}
	slices.SortFunc(w.Fixed, func(x, y Fixed) int { return cmp.Or(y.At.Compare(x.At), strings.Compare(x.ID, y.ID)) })
	slices.Sort(w.Instances)
	return w
}

func (h Hours) known() bool { return float64(h.Read) >= knownPart*float64(h.All) }

// alike is by how much more hours were read of the week than of an earlier one.
func (b *Builder) alike(n int) float64 {
	return float64(b.week.Hours.Read) / float64(max(1, b.week.Earlier[n].Hours.Read))
}

// rulesSince returns the first hour after the last one that had other rules than the newest; zero if none had.
func (b *Builder) rulesSince() (since time.Time) {
	hours := slices.SortedFunc(maps.Keys(b.rules), time.Time.Compare)
	for i := 1; i < len(hours); i++ {
		if b.rules[hours[i]] != b.rules[hours[i-1]] {
			since = hours[i]
		}
	}
	return since
}

func byTime(x, y Class) int {
	return cmp.Or(cmp.Compare(y.QueryTime, x.QueryTime), strings.Compare(x.ID, y.ID))
}

// compared states a class with what it did before, as far as that is known.
func (b *Builder) compared(c *class) Class {
	out, usual, known := c.Class, 0.0, 0
	out.Fingerprint = c.In.Fingerprint
	if b.week.QueryTime > 0 {
		out.Share = c.QueryTime / b.week.QueryTime
	}
	for n, e := range b.week.Earlier {
		if e.Known && !e.Window.Start.Before(b.week.RulesSince) {
			out.Earlier[n] = &c.earlier[n]
			usual += b.alike(n) * c.earlier[n]
			known++
		}
	}
	if known > 0 && b.week.Known {
		usual /= float64(known)
		out.Usual = &usual
	}
	return out
}

// isNew reports whether a class began in the week, ran in its last day, and has had its part of the time since.
// Where no whole week before is known, or IDs stood for something else, nothing is known to be new.
func (b *Builder) isNew(c *class) bool {
	w := &b.week
	if c.before || !w.Earlier[0].Known || w.RulesSince.After(w.Earlier[0].Window.Start) || c.last.Before(w.Window.End.Add(-24*time.Hour)) {
		return false
	}
	since := 0.0
	for at, t := range b.total {
		if !at.Before(c.Since) {
			since += t
		}
	}
	return c.QueryTime >= newShare*since
}
