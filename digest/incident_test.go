package digest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// server is what ran in an hour on two instances, by class: its calls, and seconds each.
type server struct {
	calls [10]int64
	each  [10]float64
	db2   float64         // the part of the time on the second instance
	slow  [10][12]float64 // the twelfths, where they are not even
}

func ordinaryServer() server {
	var s server
	for i := range s.calls {
		s.calls[i], s.each[i] = 100, 0.1*float64(i+1)
	}
	s.db2 = 0.5
	return s
}

func (s server) report(at hour) *Report {
	r := &Report{Window: Window{at.time(), (at + 1).time()}, Coverage: Coverage{Complete: true}, Instances: []string{"db-1", "db-2"}}
	for i := range s.calls {
		if s.calls[i] == 0 {
			continue
		}
		c := classOf(fmt.Sprintf("%032X", i+1), work{float64(s.calls[i]) * s.each[i], s.calls[i]})
		c.Timeline = make([]float64, 12)
		for k := range c.Timeline {
			if c.Timeline[k] = c.QueryTime.Sum / 12; s.slow[i] != [12]float64{} {
				c.Timeline[k] = s.slow[i][k]
			}
		}
		r.Classes = append(r.Classes, c)
		r.Overall.QueryTime.Sum += c.QueryTime.Sum
		r.Overall.Calls += c.Calls
	}
	r.Overall.ByInstance = []InstanceTotal{
		{Instance: "db-1", Calls: r.Overall.Calls / 2, QueryTime: (1 - s.db2) * r.Overall.QueryTime.Sum},
		{Instance: "db-2", Calls: r.Overall.Calls / 2, QueryTime: s.db2 * r.Overall.QueryTime.Sum}}
	r.rank()
	return r
}

func settled(t *testing.T) (*History, hour) {
	var h History
	at := dayHour(10, 6)
	for i := firstHour; i < at; i++ {
		h.pass(t, ordinaryServer().report(i)) // 550 s an hour
	}
	return &h, at
}

func TestIncident(t *testing.T) {
	h, at := settled(t)
	usual := h.pass(t, ordinaryServer().report(at)).Past.Usual // to a step of 7 %
	if usual == nil {
		t.Fatal("nothing is usual")
	}
	at++
	more := func(classes int, times float64) server {
		s := ordinaryServer()
		for i := range classes {
			s.each[i] *= times
		}
		return s
	}
	// The total becomes exactly so many seconds, all of it the last class's.
	total := func(seconds float64) server {
		s := ordinaryServer()
		s.each[9] = (seconds - 450) / 100
		return s
	}
	late := func(from int) server {
		s := total(4000)
		for k := range 12 {
			s.slow[9][k] = map[bool]float64{true: 500, false: 8}[k >= from]
		}
		return s
	}
	burst := func(before float64) server { // of 3,550 s in the twelfths up to the last one
		s := total(4000)
		for k := range 11 {
			s.slow[9][k] = 8 + before/11
		}
		s.slow[9][11] = 3550 - 88 - before
		return s
	}
	elsewhere := func(s server, part float64) server { s.db2 = part; return s }
	id := func(i int) string { return fmt.Sprintf("%032X", i+1) }
	for _, c := range []struct {
		name string
		s    server
		want *Incident // Times aside
	}{
		{"an hour as all", ordinaryServer(), nil},
		{"up to twice the usual", total(2 * usual.High), nil},
		{"more than that", total(2*usual.High + 1), &Incident{Class: id(9), Share: 1}},
		{"from 20 past on", late(4), &Incident{Class: id(9), Share: 1, Since: at.time().Add(20 * time.Minute)}},
		{"from 55 past on", late(11), &Incident{Class: id(9), Share: 1, Since: at.time().Add(55 * time.Minute)}},
		{"all along, with a burst at its end", burst(700), &Incident{Class: id(9), Share: 1}},
		{"little before a burst", burst(60), &Incident{Class: id(9), Share: 1, Since: at.time().Add(55 * time.Minute)}},
		{"all along", late(0), &Incident{Class: id(9), Share: 1}},
		{"four take much longer, none is the most of it", more(4, 30), &Incident{}},
		{"on one instance", elsewhere(total(4000), 0.9), &Incident{Class: id(9), Share: 1, Instance: "db-2"}},
		{"on both", elsewhere(total(4000), 0.6), &Incident{Class: id(9), Share: 1}},
		{"four slower", more(4, 2.2), nil},
		{"five slower, of ten", more(5, 2.2), &Incident{Slower: 5, Of: 10}},
		{"ten take four times as long", more(10, 4), &Incident{Slower: 10, Of: 10, Low: 4, High: 4}},
	} {
		r := c.s.report(at)
		h.Compare(r, Options{})
		got := r.Past.Incident
		if (got == nil) != (c.want == nil) {
			t.Errorf("%s: got %+v", c.name, got)
			continue
		}
		if got == nil {
			continue
		}
		near := func(a, b float64) bool { return b == 0 || math.Abs(a-b) < 0.1*b }
		if got.Class != c.want.Class || got.Instance != c.want.Instance || !got.Since.Equal(c.want.Since) || got.Slower != c.want.Slower || got.Of != c.want.Of ||
			!near(got.Share, c.want.Share) || !near(got.Low, c.want.Low) || !near(got.High, c.want.High) || math.Abs(got.Times-r.Overall.QueryTime.Sum/((usual.Low+usual.High)/2)) > 1e-9 {
			t.Errorf("%s: got %+v", c.name, *got)
		}
		for _, class := range r.Classes {
			if got.Slower > 0 && class.Leads() {
				t.Errorf("%s: %s leads", c.name, class.ID)
			}
		}
	}
	r := more(10, 4).report(at)
	if h.Compare(r, Options{}); r.Past.Worse != 0 {
		t.Errorf("%d are counted as WORSE in addition to the incident", r.Past.Worse)
	}
	r = total(4000).report(at)
	if h.Compare(r, Options{Mutes: []Mute{{ID: id(9)}}}); r.Past.Incident != nil {
		t.Errorf("of a muted class: %+v", r.Past.Incident)
	}
}

// An incident is on the one of several instances that ran all.
func TestIncidentWhereOneRanAll(t *testing.T) {
	only := func(at hour, times float64) *Report {
		s := ordinaryServer()
		for i := range s.each {
			s.each[i] *= times
		}
		r := s.report(at)
		for i := range r.Classes {
			r.Classes[i].Instances = map[string]int64{"db-2": r.Classes[i].Calls}
		}
		r.Overall.ByInstance = nil // as a report has it
		return r
	}
	var h History
	for at := firstHour; at < dayHour(10, 0); at++ {
		h.pass(t, only(at, 1))
	}
	r := only(dayHour(10, 0), 9)
	if h.Compare(r, Options{}); r.Past.Incident == nil || r.Past.Incident.Instance != "db-2" {
		t.Errorf("%+v", r.Past.Incident)
	}
}

// Below five minutes more than usual nothing is an incident, whatever multiple that is.
func TestIncidentIsOfFiveMinutes(t *testing.T) {
	for more, want := range map[float64]bool{299: false, 301: true} {
		var h History
		for i := firstHour; i < dayHour(10, 0); i++ {
			h.pass(t, hourOf10(i, 1))
		}
		r := hourOf10(dayHour(10, 0), 1)
		h.Compare(r, Options{})
		r = hourOf10(dayHour(10, 0), r.Past.Usual.High+more)
		if h.Compare(r, Options{}); (r.Past.Incident != nil) != want {
			t.Errorf("%v s more: %+v", more, r.Past.Incident)
		}
	}
}

// hourOf10 is an hour of ten calls of one class, which take so many seconds together.
func hourOf10(at hour, seconds float64) *Report {
	r := &Report{Window: Window{at.time(), (at + 1).time()}, Coverage: Coverage{Complete: true}}
	r.Classes = []Class{classOf(watched, work{seconds, 10})}
	r.Overall.QueryTime.Sum, r.Overall.Calls = seconds, 10
	r.rank()
	return r
}

// An incident of several hours has begun when its first hour says so.
func TestIncidentOfSeveralHours(t *testing.T) {
	h, at := settled(t)
	bad := ordinaryServer()
	bad.each[9] = 40
	for k := range 12 {
		bad.slow[9][k] = map[bool]float64{true: 500, false: 8}[k >= 4]
	}
	began := at.time().Add(20 * time.Minute)
	for n, c := range []struct {
		s     server
		since time.Time
	}{{bad, began}, {bad, began}, {ordinaryServer(), time.Time{}}, {bad, began.Add(3 * time.Hour)}, {ordinaryServer(), time.Time{}}, {ordinaryServer(), time.Time{}}, {bad, (at + 6).time().Add(20 * time.Minute)}} {
		for range 2 { // before and after the hour was added
			r := c.s.report(at + hour(n))
			h.Compare(r, Options{})
			if x := r.Past.Incident; (x == nil) != c.since.IsZero() || x != nil && !x.Since.Equal(c.since) {
				t.Errorf("hour %d: %+v, want since %s", n, x, c.since)
			}
			h.pass(t, r)
			h = reread(t, h)
		}
	}
}

// An incident of another class, or of many at once, did not begin when the one before did.
func TestIncidentOfSomethingElse(t *testing.T) {
	h, at := settled(t)
	of := func(class int) server {
		s := ordinaryServer()
		for k := range 12 {
			s.slow[class][k] = map[bool]float64{true: 500, false: 8}[k >= 4]
		}
		s.each[class] = 40
		return s
	}
	all := ordinaryServer()
	for i := range all.each {
		all.each[i] *= 4
	}
	for n, c := range []struct {
		s     server
		since time.Duration // after at, 0 is not said
	}{{of(9), 20 * time.Minute}, {of(8), time.Hour + 20*time.Minute}, {all, 0}, {ordinaryServer(), 0}, {of(9), 4*time.Hour + 20*time.Minute}} {
		r := c.s.report(at + hour(n))
		h.Compare(r, Options{})
		want := time.Time{}
		if c.since > 0 {
			want = at.time().Add(c.since)
		}
		if x := r.Past.Incident; (x == nil) != (n == 3) || x != nil && !x.Since.Equal(want) {
			t.Errorf("hour %d: %+v, want since %s", n, x, want)
		}
		h.pass(t, r)
		h = reread(t, h)
	}
}

// Steady traffic hardly has an incident: one in eight weeks of three servers.
func TestNoIncidentInSteadyTraffic(t *testing.T) {
	hours, incidents := 0, 0
	for run := range uint64(3) {
		tr := &traffic{rng: rand.New(rand.NewPCG(simulationSeed(t)+100, run))}
		for range 3 {
			for _, s := range tr.kinds() {
				tr.add(s)
			}
		}
		var h History
		for at := firstHour; at < firstHour+56*hoursADay; at++ { // as Compare does it, without the classes
			r := tr.hour(at)
			r.Past = &Past{}
			c := newComparison(&h, r, Options{})
			if c.known >= learningHours {
				r.Past.Incident = hourAsWhole{c}.incident(nil)
			}
			if hours++; r.Past.Incident != nil {
				incidents++
				t.Logf("%s: %+v", at.time(), *r.Past.Incident)
			}
			r.compared = compared{&h, len(h.hours), c.lift.counts()}
			if err := h.Add(r); err != nil {
				t.Fatal(err)
			}
			h.MarkReported(r)
		}
	}
	if incidents > 1 || hours != 4032 {
		t.Errorf("%d incidents in %d hours", incidents, hours)
	}
}

// crowd is an hour of n classes with steady pasts of so many calls, of which some have so many
// steps of 7 % more calls, as long as ever, or longer ones.
func crowd(n int, calls level, raised, steps int, longer bool) (*History, *Report) {
	const time = level(100)
	h := known(historyHours, steadyPast(classHour{time: time, calls: calls}))
	delete(h.classes, watched)
	r := &Report{Window: Window{now.time(), (now + 1).time()}, Coverage: Coverage{Complete: true}}
	total := 0.0
	for i := range n {
		id := fmt.Sprintf("%032X", i)
		h.classes[id] = steadyPast(classHour{time: time, calls: calls, rest: noted(time) + 1})
		more := level(0)
		if i < raised {
			more = level(steps)
		}
		c := classOf(id, work{(time + more).about(timeUnit), int64(math.Ceil((calls + more).about(callsUnit)))})
		if longer {
			c.Calls = int64(math.Ceil(calls.about(callsUnit)))
			c.QueryTime.Mean = c.QueryTime.Sum / calls.about(callsUnit)
		}
		r.Classes = append(r.Classes, c)
		r.Overall.QueryTime.Sum += c.QueryTime.Sum
		total += time.about(timeUnit)
	}
	for i := range h.hours {
		h.hours[i].time = levelOf(total, timeUnit)
	}
	r.rank()
	return h, r
}

// leastLevel returns the first level that stands for a quantity or more.
func leastLevel(quantity, unit float64) level {
	l := levelOf(quantity, unit)
	for l.about(unit) < quantity {
		l++
	}
	return l
}

// Chance moves the median of few classes further than that of many.
func TestOdd(t *testing.T) {
	five := leastLevel(5, callsUnit)
	const hundred = level(70)
	for _, c := range []struct {
		name          string
		classes       int
		calls         level
		raised, steps int
		longer        bool
		before        int // odd hours
		odd           bool
	}{
		{"ten classes", 10, hundred, 10, 11, false, 0, true},
		{"a step less", 10, hundred, 10, 10, false, 0, false},
		{"nine classes", 9, hundred, 9, 20, false, 0, false},
		{"80 classes", 80, hundred, 80, 4, false, 0, true},
		{"a step less of 80", 80, hundred, 80, 3, false, 0, false},
		{"81 classes", 81, hundred, 81, 3, false, 0, true},
		{"a step less of 81", 81, hundred, 81, 2, false, 0, false},
		{"half of ten", 10, hundred, 5, 11, false, 0, true},
		{"four of ten", 10, hundred, 4, 11, false, 0, false},
		{"five calls are usual", 10, five, 10, 11, false, 0, true},
		{"less than five", 10, five - 1, 10, 11, false, 0, false},
		{"for a day", 10, hundred, 10, 11, false, 23, true},
		{"for longer", 10, hundred, 10, 11, false, 24, false},
		{"five of nine take twice as long", 9, hundred, 5, 11, true, 0, true},
		{"not twice", 9, hundred, 5, 10, true, 0, false},
		{"four of eight", 8, hundred, 4, 11, true, 0, false},
		{"five of eleven", 11, hundred, 5, 11, true, 0, false},
		{"longer, for a day", 9, hundred, 5, 11, true, 23, true},
		{"longer, for longer", 9, hundred, 5, 11, true, 24, false},
	} {
		h, r := crowd(c.classes, c.calls, c.raised, c.steps, c.longer)
		for i := range c.before {
			h.hours[historyHours-1-i].odd = true
		}
		if got := newComparison(h, r, Options{}).lift.counts(); got != c.odd {
			t.Errorf("%s: %v", c.name, got)
		}
		if err := h.Add(r); err != nil || h.hours[historyHours].odd != c.odd {
			t.Errorf("%s: remembered as %v, %v", c.name, h.hours[historyHours].odd, err)
		}
	}
}

// In an incident of all classes none is WORSE, nor in the hour after, in which it ends, but a class
// of which it lasts.
func TestNoneIsWorseInAnIncident(t *testing.T) {
	for _, c := range []struct {
		name     string
		bad      []float64 // by how much longer each call takes, from hour to hour
		last     float64   // and those of the last class
		worse    int       // the hour in which words are said, if any
		incident bool
	}{
		{"20 minutes", []float64{3, 2.2, 1, 1}, 1, 0, true},
		{"over the full hour", []float64{3, 2, 1, 1}, 1, 0, true},
		{"one class stays so", []float64{3, 1, 1, 1}, 5, 2, true},
		{"all stay so", []float64{3, 3, 3, 3, 3, 3, 3, 3, 3}, 1, 0, true},
	} {
		h, at := settled(t)
		for n, times := range c.bad {
			s := ordinaryServer()
			for i := range s.each {
				s.each[i] *= times
			}
			if n > 0 {
				s.each[9] *= c.last
			}
			r := h.pass(t, s.report(at+hour(n)))
			if words := r.Past.Worse > 0; words != (n+1 == c.worse) {
				t.Errorf("%s: %d are WORSE in hour %d", c.name, r.Past.Worse, n+1)
			}
			if n == 0 && (r.Past.Incident != nil) != c.incident {
				t.Errorf("%s: incident %+v", c.name, r.Past.Incident)
			}
			h = reread(t, h)
		}
	}
}

// An odd hour, one of which a part is missing and one that was not read are no part of the past.
func TestSumsLeaveOut(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(h *History, p *past)
		want float64 // hours of the last three
	}{
		{"whole", func(*History, *past) {}, 3},
		{"odd", func(h *History, _ *past) { h.hours[historyHours-1].odd = true }, 2},
		{"partial", func(h *History, _ *past) { h.hours[historyHours-1].partial = true }, 2},
		{"not read", func(h *History, _ *past) { h.hours = h.hours[:historyHours-1] }, 2},
		{"before its hours are complete", func(_ *History, p *past) { p.from = now - 1 }, 2},
		{"hardly any is whole", func(h *History, _ *past) {
			for i := range h.hours {
				h.hours[i].partial = true
			}
		}, 3},
		{"hardly any is whole, and it was not seen", func(h *History, p *past) {
			for i := range h.hours {
				h.hours[i].partial = true
			}
			p.hours = p.hours[:historyHours-1]
		}, 2},
		{"absent from a whole one", func(_ *History, p *past) { p.hours = p.hours[:historyHours-1] }, 3},
	} {
		p := steadyPast(classHour{time: 100, calls: 70})
		h := known(historyHours, p)
		c.edit(h, p)
		r := hourReport(now, work{10, 100})
		s := newSums(newComparison(h, r, Options{}), classIn(t, r, watched), p)
		if got := s.times[callRate][historyHours+1] - s.times[callRate][historyHours-2]; got != c.want {
			t.Errorf("%s: %v hours, want %v", c.name, got, c.want)
		}
	}
}

// A class is the most of an incident with half of what is above the usual, and an instance with
// 70 % of it.
func TestMostOfAnIncidentAtItsBounds(t *testing.T) {
	h, at := settled(t)
	before := h.pass(t, ordinaryServer().report(at))
	at++
	middle := func(u *Usual) float64 { return (u.Low + u.High) / 2 }
	const total = 4000
	above := total - middle(before.Past.Usual)
	for _, c := range []struct {
		name            string
		class, instance float64 // their parts of what is above the usual
		mostClass       bool
		mostInstance    bool
	}{
		{"half of it is a class's", 0.501, 0.5, true, false},
		{"less than half", 0.499, 0.5, false, false},
		{"70 % is an instance's", 0.4, 0.701, false, true},
		{"less than 70 %", 0.4, 0.699, false, false},
	} {
		s := ordinaryServer()
		s.db2 = (c.instance*above + middle(before.Overall.ByInstance[1].Usual)) / total
		s.each[9] = (c.class*above + levelOf(100, timeUnit).about(timeUnit)) / 100
		s.each[7] = (total - 280 - 100*s.each[9]) / 200 // two others share the rest
		s.each[8] = s.each[7]
		r := s.report(at)
		if h.Compare(r, Options{}); r.Past.Incident == nil {
			t.Errorf("%s: none", c.name)
		} else if x := r.Past.Incident; (x.Class != "") != c.mostClass || (x.Instance != "") != c.mostInstance {
			t.Errorf("%s: %+v", c.name, *x)
		}
	}
}

// An hour is an incident with more than 1.25 times the highest around this hour of the day.
func TestIncidentAboveTheHighest(t *testing.T) {
	h, at := settled(t)
	of := func(seconds float64) server {
		s := ordinaryServer()
		s.each[9] = (seconds - 450) / 100
		return s
	}
	h.pass(t, of(2000).report(at))
	for range hoursADay - 1 {
		at++
		h.pass(t, ordinaryServer().report(at))
	}
	at++
	highest := levelOf(2000, timeUnit).value(timeUnit)
	for seconds, want := range map[float64]bool{1.25*highest - 1: false, 1.25*highest + 1: true} {
		r := of(seconds).report(at)
		if h.Compare(r, Options{}); (r.Past.Incident != nil) != want {
			t.Errorf("%v s, %v being the highest: %+v", seconds, highest, r.Past.Incident)
		}
	}
}

// The new classes of an incident are counted where they are half of what is above the usual and no
// single class is; in the next hour, too, in which they were told.
func TestNewClassesOfAnIncident(t *testing.T) {
	for part, want := range map[float64]int{0.51: 5, 0.49: 0} {
		h, at := settled(t)
		usual := h.pass(t, ordinaryServer().report(at)).Past.Usual
		for n := range hour(2) {
			at++
			const total = 4000
			s := ordinaryServer()
			above := total - (usual.Low+usual.High)/2
			for i := 6; i < 10; i++ { // 210 s are of the first six
				s.each[i] = (total - 210 - part*above) / 400
			}
			r := s.report(at)
			for i := range 5 {
				r.Classes = append(r.Classes, classOf(fmt.Sprintf("%032X", 100+i), work{part * above / 5, 10}))
			}
			r.Overall.QueryTime.Sum = total
			r.rank()
			h.Compare(r, Options{})
			if x := r.Past.Incident; x == nil || x.Class != "" || (x.New != nil) != (want > 0) || want > 0 && (x.New.Classes != want || x.New.Calls != 50 || math.Abs(x.New.Share-part) > 0.001) {
				t.Errorf("part %v, hour %d: %+v", part, n, x)
			}
			h.pass(t, r)
		}
	}
}

// An instance has joined that ran nothing until the day before the hour, where others did.
func TestJoined(t *testing.T) {
	for _, test := range []struct {
		name         string
		since, first hour // ago
		want         bool
		partial      hour // so many hours before were
		others       int
	}{
		{"never seen", 48, 0, true, 0, 0},
		{"for a day", 48, hoursADay, true, 0, 0},
		{"for longer", 48, hoursADay + 1, false, 0, 0},
		{"nothing is known of the day before", hoursADay, 0, false, 0, 0},
		{"an hour of it is", hoursADay + 1, 0, true, 0, 0},
		{"half of it was read as a whole", 48, 0, true, hoursADay / 2, 0},
		{"less was", 48, 0, false, hoursADay/2 + 1, 0},
		{"as many others as there is room for", 48, 0, false, 0, maxHistoryInstances},
		{"one less", 48, 0, true, 0, maxHistoryInstances - 1},
	} {
		h := History{ran: hoursOf{}}
		for n := test.since; n > 0; n-- {
			h.hours = append(h.hours, wholeHour{at: now - n, time: 100, partial: n <= test.partial})
		}
		for n := range test.others {
			h.ran[fmt.Sprint(n)] = []hourTotal{{now - 40, 100, 10}}
		}
		if test.first > 0 {
			h.ran["db-2"] = []hourTotal{{now - test.first, 100, 10}}
		}
		if got := (hourAsWhole{newComparison(&h, hourReport(now, work{10, 10}), Options{})}).joined("db-2"); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// The class that was the most of an incident is WORSE since that began, and its end is told with that of the
// incident, if it is as usual then: not again when there is as much evidence as its own takes. One that
// is still WORSE has an end of its own.
func TestEndOfAnIncidentAndItsClass(t *testing.T) {
	id := fmt.Sprintf("%032X", 10)
	for _, c := range []struct {
		name         string
		calls, after int64   // in the incident, and in the five hours after it; usually 100
		each         float64 // how long they take in these hours; usually 1
		over, usual  int     // the hours that tell the ends
		began, ended time.Duration
	}{
		{"as usual at once, beyond doubt", 300, 100, 1, 1, 1, 20 * time.Minute, time.Hour},
		{"as usual, as far as is known", 240, 130, 1, 2, 2, 20 * time.Minute, time.Hour},
		{"still WORSE", 300, 100, 2.5, 2, 6, 20 * time.Minute, 6 * time.Hour},
	} {
		h, at := settled(t)
		over, usual := 0, 0
		for n := range 30 {
			s := ordinaryServer()
			switch {
			case n == 0:
				s.calls[9], s.each[9] = c.calls, 3000/float64(c.calls)
				for k := range 12 {
					s.slow[9][k] = map[bool]float64{true: 374, false: 8}[k >= 4]
				}
			case n < 6:
				s.calls[9], s.each[9] = c.after, c.each
			}
			for range 2 { // before and after the hour was added
				r := s.report(at + hour(n))
				h.Compare(r, Options{})
				if class := classIn(t, r, id); n > 0 && class.Change != nil && !class.Change.Since.Equal(at.time().Add(c.began)) {
					t.Errorf("%s, hour %d: %+v", c.name, n, class.Change)
				}
				if x := r.Past.EndedIncident; x != nil {
					if over = n; !x.From.Equal(at.time().Add(c.began)) || !x.To.Equal((at + 1).time()) || x.Of != id {
						t.Errorf("%s, hour %d: %+v", c.name, n, x)
					}
				}
				if len(r.Past.Ended) > 0 {
					if usual > 0 && usual != n {
						t.Errorf("%s: ends in hour %d and %d", c.name, usual, n)
					}
					usual = n
					if e := r.Past.Ended[0]; e.ID != id || !e.From.Equal(at.time().Add(c.began)) || !e.To.Equal(at.time().Add(c.ended)) {
						t.Errorf("%s, hour %d: %+v", c.name, n, e)
					}
				}
				h.pass(t, r)
				h = reread(t, h)
			}
		}
		if over != c.over || usual != c.usual {
			t.Errorf("%s: over in hour %d, as usual in %d, want %d and %d", c.name, over, usual, c.over, c.usual)
		}
	}
}
