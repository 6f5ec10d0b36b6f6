package digest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// named lets a class be called by its ID in the words of a chat.
func named(classes []Class) {
	for i := range classes {
		classes[i].Label = "SELECT " + classes[i].ID
	}
}

// What a class was called is kept of those that were told or a part of the load, so that one
// that is not there any more has a name.
func TestLabelsAreKept(t *testing.T) {
	for _, test := range []struct {
		name  string
		class Class
		want  string
	}{
		{"a part of the load", classOf("A", work{10, 10}), "SELECT A"},
		{"a hundredth of it", classOf("A", work{10, 11}), "SELECT A"},
		{"less", classOf("A", work{9, 10}), ""},
		{"less than a second", classOf("A", work{0.9, 1}), ""},
	} {
		h := History{classes: map[string]*past{"A": {}, "old": {}}}
		rest := classOf("old", work{1000 - test.class.QueryTime.Sum, 10})
		r := &Report{Window: Window{firstHour.time(), (firstHour + 1).time()}, Classes: []Class{rest, test.class}}
		r.Overall.QueryTime.Sum = 1000
		r.rank()
		named(r.Classes)
		h.MarkReported(r)
		if got := h.labelOf("A"); got != test.want {
			t.Errorf("%s: kept is %q, want %q", test.name, got, test.want)
		}
	}
	h := History{classes: map[string]*past{"A": {last: 1}}}
	r := &Report{Window: Window{firstHour.time(), (firstHour + 1).time()}, Classes: []Class{classOf("A", work{0.1, 1})}}
	r.Classes[0].Change = &Change{Kind: Back}
	named(r.Classes)
	h.MarkReported(r)
	if h.labelOf("A") != "SELECT A" {
		t.Error("what was told has no name")
	}
	r.Classes[0].Label = "" // as it is where it may hold a secret
	h.MarkReported(r)
	var again History
	if text, err := json.Marshal(h); err != nil || json.Unmarshal(text, &again) != nil || again.labelOf("A") != "SELECT A" || again.labelOf("B") != "" {
		t.Errorf("kept is %q, %v", again.labelOf("A"), err)
	}
}

// Of more than maxLabels those that were seen first are forgotten.
func TestLabelsHaveABound(t *testing.T) {
	const most = 300 // as in docs/changes.md
	for more := range 3 {
		h := History{classes: map[string]*past{}}
		for i := range most + more {
			h.classes[fmt.Sprint(i)] = &past{last: hour(1000 - i), label: "SELECT t"}
		}
		h.MarkReported(&Report{Window: Window{firstHour.time(), (firstHour + 1).time()}})
		kept := 0
		for i := range most + more {
			if h.labelOf(fmt.Sprint(i)) != "" {
				kept = i + 1
			}
		}
		if kept != most {
			t.Errorf("of %d labels %d are kept", most+more, kept)
		}
	}
}

// A class that is GONE, and what a day tells of others, go by what they were called.
func TestLabelsAreTold(t *testing.T) {
	h := known(historyHours, &past{first: now - 900, from: now - 900, last: now - 6, label: "SELECT t by a"})
	p := h.classes[watched]
	for at := p.last - 168; at <= p.last; at++ {
		p.hours = append(p.hours, classHour{at: at, time: levelOf(10, timeUnit)})
	}
	r := hourReport(now, work{})
	h.Compare(r, Options{})
	if len(r.Past.Gone) != 1 || r.Past.Gone[0].Label != "SELECT t by a" {
		t.Fatalf("%+v", r.Past.Gone)
	}
	h.MarkReported(r)
	h.incident = incidentHours{(now - 1).time(), now, watched, 0}
	d := Day{Window: Window{(now - 1).time(), (now + 1).time()}}
	d.Add(h, hourReport(now+1, work{}), func(time.Time) bool { return false })
	if len(d.Told) != 1 || d.Told[0].First[0].Label != "SELECT t by a" || len(d.Incidents) != 1 || d.Incidents[0].Label != "SELECT t by a" {
		t.Errorf("%+v, %+v", d.Told, d.Incidents)
	}
}
