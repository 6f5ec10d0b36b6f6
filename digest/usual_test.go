package digest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// The calls of an hour have a usual range as its time has, and each instance has its own,
// from the hour on in which it ran something first. In an hour in which it ran nothing it
// had none.
func TestUsualCallsAndInstances(t *testing.T) {
	at := dayHour(10, 6)
	report := func(h hour, first, second InstanceTotal) *Report {
		r := hourReport(h, work{10, 100})
		r.Instances = []string{"db-1", "db-2"}
		r.Classes[0].Instances = map[string]int64{first.Instance: 1}
		r.Overall.QueryTime.Sum, r.Overall.Calls = first.QueryTime+second.QueryTime, first.Calls+second.Calls
		if second.Calls > 0 {
			r.Overall.ByInstance = []InstanceTotal{first, second}
		}
		return r
	}
	near := func(got, want float64) bool { return got >= want/levelStep && got <= want*levelStep }
	for _, c := range []struct {
		name   string
		second func(h hour) int64 // calls of db-2, of 2 s each
		low    float64            // of these calls; below 0 is nothing known
		high   float64
	}{
		{"always", func(hour) int64 { return 50 }, 50, 50},
		{"for three days", func(h hour) int64 { return map[bool]int64{true: 50}[h >= at-72] }, 50, 50},
		{"for two, with a rhythm of a day", func(h hour) int64 { return map[bool]int64{true: 50}[h >= at-48 && (at-h)%24 == 0] }, 0, 0},
		{"now for the first time", func(h hour) int64 { return map[bool]int64{true: 50}[h == at] }, -1, -1},
	} {
		var h History
		for i := firstHour; i < at; i++ {
			h.pass(t, report(i, InstanceTotal{Instance: "db-1", Calls: 1000, QueryTime: 500}, InstanceTotal{Instance: "db-2", Calls: c.second(i), QueryTime: 2 * float64(c.second(i))}))
		}
		h = *reread(t, &h)
		r := report(at, InstanceTotal{Instance: "db-1", Calls: 1000, QueryTime: 500}, InstanceTotal{Instance: "db-2", Calls: 50, QueryTime: 100})
		h.Compare(r, Options{})
		if u := r.Overall.ByInstance[0].Usual; u == nil || !near(u.Low, 500) || !near(u.High, 500) || u.Calls == nil || !near(u.Calls.Low, 1000) || !near(u.Calls.High, 1000) {
			t.Errorf("%s: of db-1 %+v", c.name, u)
		}
		if u := r.Past.Usual; u == nil || u.Calls == nil || !near(u.Calls.Low, 1000) && !near(u.Calls.Low, 1050) {
			t.Errorf("%s: of all %+v", c.name, u)
		}
		u := r.Overall.ByInstance[1].Usual
		switch {
		case c.low < 0 && u != nil, c.low >= 0 && u == nil:
			t.Errorf("%s: of db-2 %+v", c.name, u)
		case c.low >= 0 && (u.Calls == nil || !near(u.Calls.Low, c.low) && u.Calls.Low != c.low || !near(u.High, 2*c.high) && u.High != 2*c.high):
			t.Errorf("%s: of db-2 %+v, calls %+v", c.name, u, u.Calls)
		}
	}
}

// An instance that has no entry, and usually has run a second or more in such an hour, is
// stated with that, if its log was read.
func TestIdleInstances(t *testing.T) {
	at := dayHour(10, 6)
	for name, c := range map[string]struct {
		usually float64 // seconds of db-2
		change  func(*Coverage)
		want    int
	}{
		"busy":            {usually: 1.1, want: 2},
		"hardly":          {usually: 0.9, want: 1},
		"never":           {want: 1},
		"incomplete":      {1.1, func(c *Coverage) { c.Complete = false }, 1},
		"without it":      {1.1, func(c *Coverage) { c.Complete, c.Without = false, []string{"db-2"} }, 1},
		"without another": {1.1, func(c *Coverage) { c.Complete, c.Without = false, []string{"db-3"} }, 2},
	} {
		var h History
		report := func(h hour, second float64) *Report {
			r := hourReport(h, work{10, 100})
			r.Instances, r.Classes[0].Instances = []string{"db-1", "db-2"}, map[string]int64{"db-1": 1}
			if second > 0 {
				r.Overall.ByInstance = []InstanceTotal{{Instance: "db-1", Calls: 10, QueryTime: 100}, {Instance: "db-2", Calls: 1, QueryTime: second}}
			}
			return r
		}
		for i := firstHour; i < at; i++ {
			h.pass(t, report(i, c.usually))
		}
		r := report(at, 0)
		if c.change != nil {
			c.change(&r.Coverage)
		}
		for range 2 {
			h.Compare(r, Options{})
		}
		got := r.Overall.ByInstance
		if len(got) != c.want || got[0].Instance != "db-1" || got[0].Usual == nil || c.want == 2 && (got[1].Calls != 0 || got[1].Usual == nil || got[1].Usual.Low < minTime) {
			t.Errorf("%s: %+v", name, got)
		}
		if err := h.Add(r); err != nil || len(h.ran["db-2"]) > 0 && h.ran["db-2"][len(h.ran["db-2"])-1].at == at {
			t.Errorf("%s: it is remembered to have run: %v", name, err)
		}
	}
}

// What an earlier release remembered has no calls, and so says nothing of them.
func TestCallsOfAnEarlierReleaseAreUnknown(t *testing.T) {
	for known, want := range map[int]bool{0: false, 2: false, 3: true} {
		var h History
		h.hoursOfWork(t, firstHour, 10*hoursADay, work{10, 100})
		for i := range h.hours {
			if n := len(h.hours) - i; n > known*hoursADay {
				h.hours[i].calls = 0
			}
		}
		h = *reread(t, &h)
		r := hourReport(dayHour(10, 0), work{10, 100})
		if h.Compare(r, Options{}); r.Past.Usual == nil || (r.Past.Usual.Calls != nil) != want {
			t.Errorf("calls of %d days are known: %+v", known, r.Past.Usual)
		}
	}
}

// Of so many instances the totals are remembered, those with the most time.
func TestInstancesAreBounded(t *testing.T) {
	for _, n := range []int{maxHistoryInstances, maxHistoryInstances + 1} {
		is := hoursOf{}
		for at := range hour(3) {
			var totals []InstanceTotal
			for i := range n {
				totals = append(totals, InstanceTotal{Instance: fmt.Sprint(i), QueryTime: 10 * float64(i+1), Calls: 1})
			}
			is.set(firstHour+at, totals)
		}
		if least := is["0"]; len(is) != maxHistoryInstances || (least != nil) != (n == maxHistoryInstances) {
			t.Errorf("%d of %d are remembered, of the least %v", len(is), n, least)
		}
	}
}

// A day knows what was told in its hours, also in the one that is about to be, and which hours
// had nothing or were learned from.
func TestAddDay(t *testing.T) {
	var h History
	at := func(n int) hour { return hourOf(time.Date(2026, 11, 2, n, 0, 0, 0, time.UTC)) }
	var quiet time.Time // of which nobody was told
	day := func(from, to int, r *Report) Day {
		d := Day{Window: Window{at(from).time(), at(to).time()}}
		d.Add(&h, r, func(hour time.Time) bool { return quiet.Equal(hour) })
		return d
	}
	report := func(n int, more ...Class) *Report {
		r := &Report{Version: 1, Window: Window{at(n).time(), at(n + 1).time()}, Coverage: Coverage{Complete: true}, Past: &Past{}}
		r.Classes = append([]Class{classOf("old", work{100, 50})}, more...)
		if n == 30 || n == 31 {
			r.Classes, r.Coverage.Complete = nil, n == 30
		}
		for _, c := range r.Classes {
			r.Overall.Calls += c.Calls
			r.Overall.QueryTime.Sum += c.QueryTime.Sum
		}
		r.rank()
		return r
	}
	var now *Report
	for n := range 40 {
		now = report(n)
		switch n {
		case 28:
			now = report(n, classOf("new", work{100, 50}))
		case 35, 38:
			now = report(n, classOf("minor", work{0.1, 1}))
		case 39:
			now = report(n, classOf("last", work{100, 50}), classOf("new", work{100, 50}))
		}
		h.Compare(now, Options{})
		if n == 39 {
			break
		}
		if err := h.Add(now); err != nil {
			t.Fatal(err)
		}
		h.MarkReported(now)
	}
	d := day(16, 40, now)
	if d.Empty != 1 || d.Learning != 8 || len(d.Told) != 1 || d.Told[0].Kind != New || d.Told[0].Classes != 3 || len(d.Told[0].First) != 3 || d.Incidents != nil {
		t.Errorf("%+v", d)
	}
	if first := d.Told[0].First; first[0].Fingerprint == "" || first[1].Fingerprint == "" || first[2].Fingerprint != "" {
		t.Errorf("those of this hour are not named, or not the first: %+v", first)
	}
	if d := day(29, 34, report(33)); len(d.Told) != 0 || d.Learning != 0 || d.Empty != 1 {
		t.Errorf("of hours in which nothing was told: %+v", d)
	}
	h.incident = incidentHours{at(20).time(), at(22), "slower", 0}
	slower := EndedIncident{From: at(20).time(), To: at(23).time(), Of: "slower"}
	if d := day(22, 40, now); !slices.Equal(d.Incidents, []EndedIncident{slower}) {
		t.Errorf("%+v", d.Incidents)
	}
	if d := day(23, 40, now); d.Incidents != nil {
		t.Errorf("of the day before: %+v", d.Incidents)
	}
	now.Past.Incident = &Incident{Times: 3, Class: "A"}
	of := EndedIncident{From: at(39).time(), To: at(40).time(), Of: "A"}
	if d := day(16, 40, now); !slices.Equal(d.Incidents, []EndedIncident{slower, of}) {
		t.Errorf("%+v", d.Incidents)
	}
	// One that goes on is one.
	h.earlier, h.incident = []incidentHours{h.incident}, incidentHours{at(37).time(), at(38), "A", 0}
	now.Past.Incident.Since = at(37).time()
	of.From = at(37).time()
	if d := day(16, 40, now); !slices.Equal(d.Incidents, []EndedIncident{slower, of}) {
		t.Errorf("%+v", d.Incidents)
	}
	// It says it of its class, and else the end of what was WORSE is told by its name.
	h.classes["A"], h.classes["B"] = &past{worse: at(38), ended: at(39)}, &past{worse: at(38), ended: at(39)}
	kinds := map[ChangeKind]int{}
	for _, m := range day(16, 40, now).Told {
		kinds[m.Kind] = m.Classes
	}
	if kinds[Worse] != 1 || kinds[BackToUsual] != 1 {
		t.Errorf("%v", kinds)
	}
	// What led in no message, and was there in one of its hours that nobody saw, was not told.
	quiet = at(35).time()
	if d := day(34, 37, report(36)); len(d.Told) != 0 {
		t.Errorf("%+v", d.Told)
	}
	quiet = time.Time{}
	if d := day(34, 37, report(36)); len(d.Told) != 1 {
		t.Errorf("%+v", d.Told)
	}
}

// Each incident of a day is remembered, up to a bound.
func TestIncidentsOfADay(t *testing.T) {
	var h History
	for n := range 2 * maxEarlier {
		at := firstHour + hour(3*n)
		h.MarkReported(&Report{Window: Window{at.time(), (at + 1).time()}, Past: &Past{Incident: &Incident{Times: 3}}})
	}
	if len(h.earlier) != maxEarlier || h.earlier[maxEarlier-1].last != firstHour+hour(3*(2*maxEarlier-2)) {
		t.Errorf("%+v", h.earlier)
	}
	var again History
	if text := marshal(t, h); json.Unmarshal([]byte(text), &again) != nil || !slices.Equal(again.earlier, h.earlier) {
		t.Errorf("%+v", again.earlier)
	}
	at := h.incident.last + hoursADay + 3
	h.MarkReported(&Report{Window: Window{at.time(), (at + 1).time()}, Past: &Past{Incident: &Incident{Times: 3}}})
	if len(h.earlier) != 0 {
		t.Errorf("of the day before: %+v", h.earlier)
	}
}

// An instance that fell silent did so in one hour, whatever was not read before.
func TestInstanceFellSilent(t *testing.T) {
	for _, test := range []struct {
		name      string
		ran, read []hour // hours ago
		want      bool
	}{
		{"in this hour", []hour{1, 2, 3}, []hour{1, 2, 3}, true},
		{"in the one before", []hour{2, 3}, []hour{1, 2, 3}, false},
		{"in this or one that was not read", []hour{2, 3}, []hour{2, 3}, true},
	} {
		h := History{ran: hoursOf{}}
		for n := hour(72); n > 0; n-- {
			if n > 3 || slices.Contains(test.read, n) {
				h.hours = append(h.hours, wholeHour{at: now - n, time: levelOf(60, timeUnit), calls: notedOf(60, callsUnit)})
			}
			if n > 3 || slices.Contains(test.ran, n) {
				h.ran["b"] = append(h.ran["b"], hourTotal{now - n, levelOf(60, timeUnit), levelOf(60, callsUnit)})
			}
		}
		r := hourReport(now, work{60, 60})
		r.Instances = []string{"a", "b"}
		r.Classes[0].Instances = map[string]int64{"a": 60}
		r.Classes[0].ByInstance = []InstancePart{{Instance: "a", QueryTime: 60}}
		all := hourAsWhole{newComparison(&h, r, Options{})}.instances()
		i := slices.IndexFunc(all, func(t InstanceTotal) bool { return t.Instance == "b" })
		if i < 0 || all[i].Stopped != test.want {
			t.Errorf("%s: %+v", test.name, all)
		}
	}
}

// What is too short to be told from the unit is not said to be as long as that.
func TestUsualOfNextToNothing(t *testing.T) {
	for _, test := range []struct {
		seconds   float64
		low, high float64
	}{{0.0004, 0, 0.01}, {0.01, 0, 0.01}, {0.0105, 0.01, 0.0107}, {0, 0, 0}} {
		got := middle([]level{levelOf(test.seconds, timeUnit)}, timeUnit)
		if math.Abs(got.Low-test.low) > 1e-9 || math.Abs(got.High-test.high) > 1e-9 {
			t.Errorf("%v: %+v", test.seconds, got)
		}
	}
	if got := middle([]level{levelOf(1, callsUnit)}, callsUnit); !(got.Low > 0.9) {
		t.Errorf("a call an hour: %+v", got)
	}
}
