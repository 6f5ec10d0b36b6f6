package digest

import (
	"testing"
	"time"
)

// Many classes with more calls are one incident, at its bounds; few are none.
func TestBusier(t *testing.T) {
	ten := leastLevel(10, callsUnit)
	const hundred = level(70)
	for _, c := range []struct {
		name          string
		classes       int
		calls         level
		raised, steps int
		total         float64 // times what ran
		busier        bool
	}{
		{"five of 25", 25, hundred, 5, 8, 1, true},
		{"a step less", 25, hundred, 5, 7, 1, false},
		{"less than a fifth", 26, hundred, 5, 8, 1, false},
		{"four", 20, hundred, 4, 8, 1, false},
		{"four, of less than ten", 9, hundred, 4, 12, 1, false},
		{"ten calls are usual", 25, ten, 5, 9, 1, true},
		{"less than ten", 25, ten - 1, 5, 9, 1, false},
		{"less than a tenth of the time", 25, hundred, 5, 8, 1.3, false},
	} {
		h, r := crowd(c.classes, c.calls, c.raised, c.steps, false)
		r.Overall.QueryTime.Sum *= c.total
		for i := range r.Classes {
			r.Classes[i].QueryTime.Max = r.Classes[i].QueryTime.Mean
		}
		h.Compare(r, Options{})
		x := r.Past.Incident
		if got := x != nil && x.Busier == c.raised && x.Slower == 0; got != c.busier || !got && x != nil {
			t.Errorf("%s: %+v", c.name, x)
		}
		if c.busier && (x.Of != c.classes || x.Low < 1.7 || r.Past.Worse > 0) {
			t.Errorf("%s: %+v, %d are WORSE", c.name, *x, r.Past.Worse)
		}
		if err := h.Add(r); err != nil || h.hours[historyHours].odd != c.busier {
			t.Errorf("%s: odd %v, %v", c.name, h.hours[historyHours].odd, err)
		}
	}
}

// The end of an incident is told once, in the second complete hour without it, and none of its classes
// is said to be as usual again.
func TestEndOfAnIncident(t *testing.T) {
	h, at := settled(t)
	for n, c := range []struct {
		times   float64
		partial bool
		ended   bool
	}{{4, false, false}, {4, false, false}, {1, false, false}, {4, false, false}, {1, false, false}, {1, true, false}, {1, false, true}, {1, false, false}} {
		s := ordinaryServer()
		for i := range s.each {
			s.each[i] *= c.times
		}
		r := s.report(at + hour(n))
		r.Coverage.Complete = !c.partial
		for range 2 { // before and after the hour was added
			h.Compare(r, Options{})
			x := r.Past.EndedIncident
			if (x != nil) != c.ended || x != nil && (x.Of == "" || *x != EndedIncident{From: at.time(), To: at.time().Add(4 * time.Hour), Of: x.Of, Label: x.Label}) {
				t.Errorf("hour %d: %+v", n, x)
			}
			if (r.Past.Incident != nil) != (c.times > 1) || r.Past.Ended != nil {
				t.Errorf("hour %d: %+v, ended %v", n, r.Past.Incident, r.Past.Ended)
			}
			h.pass(t, r)
			h = reread(t, h)
			r = s.report(at + hour(n))
			r.Coverage.Complete = !c.partial
		}
	}
}

// The end of an incident of one class that was WORSE is told once, as soon as the class is as usual.
func TestEndOfAnIncidentOfOneClass(t *testing.T) {
	h, at := settled(t)
	told := 0
	for n, each := range []float64{40, 40, 1, 1, 1, 1} {
		s := ordinaryServer()
		s.each[9] = each
		for range 2 { // before and after the hour was added
			r := s.report(at + hour(n))
			h.Compare(r, Options{})
			x := r.Past.EndedIncident
			if (x != nil) != (n == 2) || x != nil && (*x != EndedIncident{From: at.time(), To: (at + 2).time(), Of: x.Of, Label: x.Label} || len(r.Past.Ended) != 1 || r.Past.Ended[0].ID != x.Of) {
				t.Errorf("hour %d: %+v", n, x)
			}
			if told += len(r.Past.Ended); n != 2 && r.Past.Ended != nil {
				t.Errorf("hour %d: ended %+v", n, r.Past.Ended)
			}
			h.pass(t, r)
			h = reread(t, h)
		}
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
}
