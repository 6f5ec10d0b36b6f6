package digest

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
)

// past holds what a History remembers of a class. An hour of 0 is none.
type past struct {
	first, last, before hour        // seen; before is the hour seen before last
	gap                 hour        // longest absence, hours, up to before
	from                hour        // hours is complete from here on
	hours               []classHour // those of the last 14 days in which it was seen
	highest             classHour   // of the hours that were given up for want of room

	worse, better, gone hour // when it was last reported so
	told, ended         hour // when it was last reported as NEW or BACK, and as not WORSE any more

	// owed is when it was NEW or BACK and did not lead, and unseen for how many hours it had not
	// been seen then.
	owed, unseen hour

	found finding // what it was last reported as WORSE for; a span of 0 is the older rule

	prior hour // when it was reported as WORSE before it last was

	broke broken // what was reported and is not fixed
	fixed hour   // when it was last reported as fixed
	cured cured  // and what was said then

	episodes []episode // of the last 28 days, the last two

	form uint64 // Class.Form, which stays when the class that it was too like is gone

	label string // Class.Label when it was last told of, or a part of the load
}

// worseLately returns when the class was last reported as WORSE within the day before an hour; 0 is
// not.
func (p *past) worseLately(at hour) hour {
	if worse := p.worseBefore(at); worse > 0 && at-worse < hoursADay {
		return worse
	}
	return 0
}

// worseTwice reports whether it was so twice within that day.
func (p *past) worseTwice(at hour) bool {
	return p.prior > 0 && p.worse < at && at-p.prior < hoursADay
}

// worseBefore returns when, before an hour, the class was last reported as WORSE; 0 is never.
func (p *past) worseBefore(at hour) hour {
	for _, worse := range [...]hour{p.worse, p.prior} {
		if worse < at {
			return worse
		}
	}
	return 0
}

// owes reports whether a class is still to be told as NEW or BACK in the hour.
func (p *past) owes(at hour) bool {
	return p.owed > 0 && p.owed < at && at-p.owed <= hoursADay && !(p.told >= p.owed && p.told < at)
}

// lately returns when something was last told or owed that is remembered for a day. Of a WORSE it is
// longer, so that its end is told, and once.
func (p *past) lately() hour {
	lately := max(p.told, p.ended, p.owed)
	if p.prior > 0 || p.found.span > 0 || p.ended > p.worse {
		lately = max(lately, p.worse+endWithin-hoursADay)
	}
	return lately
}

// forgetTold forgets that.
func (p *past) forgetTold() {
	p.told, p.ended, p.owed, p.unseen, p.prior, p.found = 0, 0, 0, 0, 0, finding{}
}

// cured states when the last hour ended in which a class was broken, and its query time per hour before and since, in
// milliseconds.
type cured struct {
	to          hour
	before, now uint64
}

// episode is hours in which a class was WORSE, for episodeHours or more, and when that was reported as fixed. It is no part of
// what is usual, unless another one had ended in the 14 days before: what comes back more than once belongs to the class.
type episode struct {
	from, to, reported hour
	repeated           bool
}

// cure remembers that the class is reported as fixed in an hour. Before it was told, a whole week must have been known of the
// class: else it may have been the week that began.
func (p *past) cure(at hour, c cured) {
	p.fixed, p.cured = at, c
	p.episodes = slices.DeleteFunc(p.episodes, func(e episode) bool { return e.reported >= at })
	if p.broke.isNew || p.broke.at-p.first < wholeWeek || c.to-p.broke.at < episodeHours {
		return
	}
	e := episode{p.broke.at, c.to, at, false}
	if n := len(p.episodes); n > 0 {
		e.repeated = e.from-p.episodes[n-1].to <= historyHours
	}
	p.keep(e)
}

// keep adds an episode, and forgets all but the last one and that before, which counts until that is reported.
func (p *past) keep(e episode) {
	p.episodes = append(p.episodes, e)
	p.episodes = p.episodes[max(0, len(p.episodes)-2):]
}

// apart reports whether, as is known before one hour, another is of an episode that is no part of what is usual.
func (p *past) apart(at, before hour) bool {
	e := p.episode(before)
	return at >= e.from && at < e.to
}

// forgiven reports whether, as is known before one hour, what was told in another is over as such an episode: what comes back
// is told as if it was not told before.
func (p *past) forgiven(told, before hour) bool { return p.episode(before).reported > told }

// episode returns that which was reported last before an hour, or one of no hours where that is a part of what is usual.
func (p *past) episode(before hour) episode {
	for _, e := range slices.Backward(p.episodes) {
		switch {
		case e.reported >= before:
		case e.repeated:
			return episode{}
		default:
			return e
		}
	}
	return episode{}
}

// broken states since when a class is reported as NEW or WORSE whose fix was not reported.
type broken struct {
	at    hour
	isNew bool
	found finding // of WORSE, as past.found
}

// breaks remembers that a class was reported as NEW or WORSE. What was so before and is not fixed is that
// still; but what was NEW has become something to be compared with.
func (p *past) breaks(b broken) {
	if p.broke.at == 0 || p.broke.at < b.at && (p.fixed > p.broke.at || p.broke.isNew && !b.isNew) {
		p.broke = b
	}
}

// brokenBefore reports whether, before an hour, it was reported that the class is NEW or WORSE, and not that it is fixed.
func (p *past) brokenBefore(at hour) bool {
	return p.broke.at > 0 && p.broke.at < at && !(p.fixed > p.broke.at && p.fixed < at)
}

// firstOf returns New or Back for what was told or is owed of the class since an hour.
func (p *past) firstOf(since hour) ChangeKind {
	if p.first >= since {
		return New
	}
	return Back
}

// firstTold returns since when the class is NEW or BACK of which that was told, or is owed.
func (p *past) firstTold() hour {
	if p.told == 0 || p.owed > p.told || p.owed > 0 && p.told-p.owed <= hoursADay {
		return p.owed
	}
	return p.told
}

type classHour struct {
	at               hour
	time, p95, calls level // p95 is 0 where there were too few calls
	rest, typical    noted // the time of all calls but the longest, and the median of a call's
}

func hourOfClass(at hour, c *Class) classHour {
	ch := classHour{at: at, time: levelOf(c.QueryTime.Sum, timeUnit), calls: levelOf(float64(c.Calls), callsUnit),
		rest: notedOf(c.QueryTime.Sum-c.QueryTime.Max, timeUnit), typical: notedOf(c.QueryTime.Median, p95Unit)}
	if c.Calls >= p95Calls {
		ch.p95 = levelOf(c.QueryTime.P95, p95Unit)
	}
	return ch
}

// isJob reports whether a class is called at its hour of day, give or take one, and hardly at others.
func (p *past) isJob() bool {
	var at [hoursADay]int
	for _, h := range p.hours {
		at[h.at%hoursADay]++
	}
	around := 0
	for h := range at {
		around = max(around, at[h]+at[(h+1)%hoursADay]+at[(h+2)%hoursADay])
	}
	return 10*around >= 9*len(p.hours)
}

// add remembers what the class did in the hour. One that is later than all before
// is the common case; an earlier one is put in its place, or replaced.
func (p *past) add(at hour, c *Class) {
	ch := hourOfClass(at, c)
	if p.last > at || p.last == at && p.last > 0 {
		p.insert(ch)
		return
	}
	if p.last == 0 {
		p.first, p.from = at, at
	} else {
		p.gap = p.longestGap(at)
		p.before = p.last
		if len(p.hours) == 0 { // what it was is too long ago
			p.from = at
		}
	}
	p.last = at
	p.hours = append(p.hours, ch)
}

// insert puts in an hour that is not the latest. One from before the hours were
// given up for want of room is left out.
func (p *past) insert(ch classHour) {
	if p.first = min(p.first, ch.at); len(p.hours) == 0 || ch.at < p.from && p.from != p.hours[0].at {
		return
	}
	p.from = min(p.from, ch.at)
	longest := p.rhythmBefore()
	n, known := slices.BinarySearchFunc(p.hours, ch.at, func(c classHour, t hour) int { return cmp.Compare(c.at, t) })
	if known {
		p.hours[n] = ch
		return
	}
	p.hours = slices.Insert(p.hours, n, ch)
	p.before = max(p.before, p.hours[len(p.hours)-2].at)
	if p.gap > longest { // it is of before these hours
		p.gap = max(p.gap, p.rhythmBefore())
	} else {
		p.gap = p.rhythmBefore()
	}
}

// rhythmBefore returns the longest absence between two of the hours up to before.
func (p *past) rhythmBefore() hour {
	all := past{hours: p.hours[:len(p.hours)-1]}
	return all.rhythm()
}

// seenBefore returns the last hour before start in which the class was seen.
func (p *past) seenBefore(start hour) hour {
	if p.last < start {
		return p.last
	}
	for _, c := range slices.Backward(p.hours) {
		if c.at < start {
			return c.at
		}
	}
	if p.before < start {
		return p.before
	}
	return 0
}

// longestGap returns the longest absence that was over before the hour.
func (p *past) longestGap(at hour) hour {
	if p.last < at && p.before > 0 {
		return max(p.gap, p.last-p.before)
	}
	return p.gap
}

// rhythm returns the longest absence between two of the hours.
func (p *past) rhythm() hour {
	var longest hour
	for i := 1; i < len(p.hours); i++ {
		longest = max(longest, p.hours[i].at-p.hours[i-1].at)
	}
	return longest
}

// forget reports whether anything is left of a class.
func (p *past) forget(first hour) bool {
	last := p.seenBefore(first)
	if last == 0 || p.first >= first {
		return false
	}
	p.hours = slices.DeleteFunc(p.hours, func(c classHour) bool { return c.at >= first })
	if p.last >= first {
		upToBefore := past{hours: p.hours[:max(0, len(p.hours)-1)]}
		p.last, p.before, p.gap = last, p.seenBefore(last), upToBefore.rhythm()
	}
	if p.from >= first {
		p.from = last
	}
	for _, reported := range []*hour{&p.worse, &p.better, &p.gone, &p.told, &p.ended, &p.owed, &p.prior, &p.fixed} {
		if *reported >= first {
			*reported = 0
		}
	}
	if p.worse == 0 {
		p.found = finding{}
	}
	if p.broke.at >= first {
		p.broke, p.fixed = broken{}, 0
	}
	p.episodes = slices.DeleteFunc(p.episodes, func(e episode) bool { return e.reported >= first })
	return true
}

// append writes the past. The hours of its list follow the rest, the last one
// first, each as its distance to the one that came after.
func (p *past) append(b []byte) []byte {
	b = appendHours(b, p.first, p.last-p.first, p.before, p.gap, p.from-p.first, p.worse, p.better, p.gone)
	b = append(b, byte(p.highest.time), byte(p.highest.p95))
	after := p.last
	for i := len(p.hours) - 1; i >= 0; i-- {
		c := p.hours[i]
		b = append(appendHours(b, after-c.at), byte(c.time), byte(c.p95), byte(c.calls))
		after = c.at
	}
	return b
}

func readPast(b []byte) (*past, error) {
	d := decoder{rest: b}
	p := &past{first: d.hour()}
	p.last = p.first + d.hour()
	p.before, p.gap = d.hour(), d.hour()
	p.from = p.first + d.hour()
	p.worse, p.better, p.gone = d.hour(), d.hour(), d.hour()
	p.highest.time, p.highest.p95 = d.level(), d.level()
	at := p.last
	for len(d.rest) > 0 && !d.broken {
		at -= d.hour()
		p.hours = append(p.hours, classHour{at: at, time: d.level(), p95: d.level(), calls: d.level()})
	}
	if d.broken {
		return nil, errBroken
	}
	slices.Reverse(p.hours)
	return p, nil
}

func appendHours(b []byte, hours ...hour) []byte {
	for _, n := range hours {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

var errBroken = errors.New("it is cut short or damaged")

// decoder reads what append wrote.
type decoder struct {
	rest   []byte
	broken bool
}

// maxHour is far in the future. No sum of hours of a damaged history overflows.
const maxHour = 1 << 24

// storable reports whether a History can hold the hours of a window: from the
// second of 1970 on, for 0 is none.
func storable(w Window) bool {
	return w.Start.Unix() >= 3600 && w.End.Unix() < maxHour*3600
}

func (d *decoder) hour() hour {
	n := d.number()
	if n > maxHour {
		d.broken, d.rest = true, nil
		return 0
	}
	return hour(n)
}

// number reads one that may be any.
func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.broken, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// end returns the error unless all was read, and nothing beyond it.
func (d *decoder) end(otherwise error) error {
	if d.broken || len(d.rest) > 0 {
		return otherwise
	}
	return nil
}

func (d *decoder) level() level {
	if len(d.rest) == 0 {
		d.broken = true
		return 0
	}
	l := level(d.rest[0])
	d.rest = d.rest[1:]
	return l
}

// hour counts hours since 1970.
type hour int32

func hourOf(t time.Time) hour { return hour(t.Unix() / 3600) }

func (h hour) time() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

// seconds is a number of hours in seconds.
func (h hour) seconds() float64 { return float64(h) * 3600 }

// hourRange returns the hours of a window, which need not begin with one.
func hourRange(w Window) (start, end hour) {
	start = hourOf(w.Start)
	return start, max(start+1, hourOf(w.End.Add(time.Hour-1)))
}

// A level is a number on a logarithmic scale with steps of 7 %, in one byte: what
// a History keeps of a quantity, for a change that matters is a multiple. It
// rounds up, so that "at most" stays true. 0 is none at all.
type level uint8

const levelStep = 1.07

// The numbers of level 1. Level 255 is 29 million times that, and all above it.
const (
	timeUnit  = 0.01   // seconds of query time in an hour
	p95Unit   = 0.0001 // seconds
	callsUnit = 1
)

// Differences of levels, in steps of 7 %.
const (
	quarterMore = 3  // 1.07^3 = 1.23
	fortyMore   = 5  // 1.07^5 = 1.40
	halfMore    = 6  // 1.07^6 = 1.50
	doubled     = 10 // 1.07^10 = 1.97
)

func levelOf(v, unit float64) level {
	if !(v > 0) {
		return 0
	}
	l := 1 + math.Ceil(math.Log(v/unit)/math.Log(levelStep)-1e-9)
	return level(min(max(l, 1), 255))
}

// about returns the middle of the values that have the level.
func (l level) about(unit float64) float64 { return l.value(unit) / math.Sqrt(levelStep) }

// value returns the highest of them.
func (l level) value(unit float64) float64 { return unit * levelValues[l] }

// levelValues are those of all levels, in units.
var levelValues = func() (all [256]float64) {
	for l := 1; l < len(all); l++ {
		all[l] = math.Pow(levelStep, float64(l)-1)
	}
	return all
}()
