package digest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// regrouping is an upgrade in the life of a server, at hour 0. IDs are named for
// what their statements do; their numbers are seconds of an hour.
var regrouping = []struct {
	id    string
	hours []hour // from, to, from, to …
	every hour
	took  float64
}{
	{"kept", []hour{-300, 500}, 1, 10},
	{"split 1", []hour{-300, 0}, 1, 9},
	{"split 2", []hour{-300, 0}, 2, 9},
	{"split 3", []hour{-302, 0}, 3, 9}, // the latest at -2
	{"merged", []hour{0, 500}, 1, 14},
	{"split weekly", []hour{-300, 0}, 168, 20}, // at -300 and -132
	{"merged weekly", []hour{36, 500}, 168, 20},
	{"gains", []hour{-300, 0}, 1, 5}, // and from 0 on those of others
	{"gains", []hour{0, 500}, 1, 50},
	{"gains once a day", []hour{-300, 0}, 24, 5}, // the latest at -12
	{"gains once a day", []hour{12, 500}, 24, 50},
	{"away", []hour{-330, -329}, 1, 5}, // and gains at 60
	{"away", []hour{60, 500}, 1, 5},
	{"new at once", []hour{0, 500}, 1, 30},
	{"new at 167", []hour{167, 500}, 1, 30},
	{"new at 168", []hour{168, 500}, 1, 30},
	{"away until 168", []hour{-230, -229, 168, 500}, 1, 5},
	{"worse at 0", []hour{-300, 0}, 1, 5},
	{"worse at 0", []hour{0, 500}, 1, 40},
	{"worse at 1", []hour{-300, 1}, 1, 5},
	{"worse at 1", []hour{1, 500}, 1, 40},
	{"worse twice", []hour{-300, 0}, 1, 5},
	{"worse twice", []hour{0, 100}, 1, 40},
	{"worse twice", []hour{100, 500}, 1, 400},
	{"better at 3", []hour{-300, 3}, 1, 50},
	{"better at 3", []hour{3, 500}, 1, 5},
	{"gone at -9", []hour{-300, -9}, 1, 9},
	{"gone at -3", []hour{-300, -3}, 1, 9},
	{"gone at 1", []hour{-300, 1}, 1, 9},
	{"gone at 200", []hour{-300, 200}, 1, 9},
}

func regroupingReport(at hour, rules int) *Report {
	r := hourReport(firstHour+400+at, work{})
	r.Rules = rules
	for _, s := range regrouping {
		for i := 0; i < len(s.hours); i += 2 {
			if at >= s.hours[i] && at < s.hours[i+1] && (at-s.hours[i])%s.every == 0 {
				r.Classes = append(r.Classes, classOf(s.id, work{s.took, 100}))
				r.Overall.QueryTime.Sum += s.took
			}
		}
	}
	r.rank()
	return r
}

// words passes the hours up to 500 under rules, and returns what is said from hour
// -20 on: WORSE only when it begins.
func words(t *testing.T, rules func(at hour) int) []string {
	var h History
	var all []string
	worse := map[string]bool{}
	for at := hour(-350); at < 500; at++ {
		r := regroupingReport(at, rules(at))
		if at < -60 { // nothing is told so long before
			r.Past = &Past{}
			if err := h.Add(r); err != nil {
				t.Fatal(err)
			}
			continue
		}
		h.pass(t, r)
		if at%7 == 0 {
			h = *reread(t, &h)
		}
		for _, c := range r.Classes {
			if c.Change != nil && at >= -20 && (c.Change.Kind != Worse || !worse[c.ID]) {
				all = append(all, fmt.Sprintf("%d: %s is %s", at, c.ID, c.Change.Kind))
			}
			worse[c.ID] = c.Change != nil && c.Change.Kind == Worse
		}
		for _, g := range r.Past.Gone {
			all = append(all, fmt.Sprintf("%d: %s is GONE", at, g.ID))
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		var x, y int
		_, _ = fmt.Sscan(a, &x)
		_, _ = fmt.Sscan(b, &y)
		return x - y
	})
	return all
}

// Hour by hour, what is said where the rules change at 0, and what would be if they
// did not.
func TestRegrouping(t *testing.T) {
	excused := []string{
		"-4: gone at -9 is GONE",
		"1: worse at 1 is WORSE",
		"6: gone at 1 is GONE",
		"8: better at 3 is BETTER",
		"100: worse twice is WORSE",
		"168: new at 168 is NEW",
		"168: away until 168 is BACK",
		"205: gone at 200 is GONE",
	}
	for name, test := range map[string]struct {
		before, after int
		want          []string
	}{
		"upgrade":           {1, 2, excused},
		"states of old":     {0, 2, excused},
		"downgrade":         {3, 2, excused},
		"the first is none": {0, 1, unexcused},
		"same":              {2, 2, unexcused},
	} {
		rules := func(at hour) int {
			if at < 0 {
				return test.before
			}
			return test.after
		}
		if got := words(t, rules); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
	}
}

var unexcused = []string{
	"-4: gone at -9 is GONE",
	"0: gains is WORSE",
	"0: worse at 0 is WORSE",
	"0: worse twice is WORSE",
	"0: new at once is NEW",
	"0: merged is NEW",
	"1: worse at 1 is WORSE",
	"2: gone at -3 is GONE",
	"4: split 2 is GONE",
	"5: split 1 is GONE",
	"6: split 3 is GONE",
	"6: gone at 1 is GONE",
	"8: better at 3 is BETTER",
	"12: gains once a day is WORSE",
	"36: merged weekly is NEW",
	"60: away is BACK",
	"100: worse twice is WORSE",
	"167: new at 167 is NEW",
	"168: new at 168 is NEW",
	"168: away until 168 is BACK",
	"205: gone at 200 is GONE",
}

// A mute or a note on an ID that is no more is reported once, and as soon as the
// class is late, though the hour be one that was never read, or at the end of the week.
func TestMarksOnRegrouped(t *testing.T) {
	options := Options{
		Mutes: []Mute{{ID: "split 2"}, {ID: "split 3"}, {ID: "kept"}, {ID: "split 1"}, {ID: "not known"}, {ID: "gone at 1"}, {ID: "away"},
			{ID: "split weekly"}, {ID: "gains"}, {ID: "merged", Until: dayHour(900, 0).time()}, {ID: "gone at -3", Until: (firstHour + 300).time()}},
		Notes: map[string]string{"split 1": "see the runbook", "kept": "fine"},
	}
	var h History
	var got []string
	for at := hour(-350); at < 500; at++ {
		r := regroupingReport(at, 2-max(0, min(1, -int(at))))
		if at == 1 || at == 50 {
			continue // never read
		}
		first := marshal(t, r)
		h.Compare(r, options)
		again := new(Report)
		if err := json.Unmarshal([]byte(first), again); err != nil {
			t.Fatal(err)
		}
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
		h.MarkReported(r)
		h.Compare(again, options)
		a, b := marshal(t, r.Past.Regrouped)+marshal(t, r.Classes), marshal(t, again.Past.Regrouped)+marshal(t, again.Classes)
		if a != b {
			t.Errorf("hour %d: %s, and after it was added %s", at, a, b)
		}
		for id, lost := range map[string]bool{"split 1": at >= 0, "merged": false, "not known": at >= 0, "gains": false} {
			if at >= -1 && at <= forgottenAfter && h.Lost(id) != lost {
				t.Errorf("hour %d: %s is lost: %v", at, id, !lost)
			}
		}
		g := r.Past.Regrouped
		if (g != nil) != (at >= 0 && at < regroupedFor) {
			t.Fatalf("hour %d: %+v", at, g)
		}
		if g == nil {
			continue
		}
		if g.Rules != 2 || !g.Since.Equal((firstHour + 400).time()) || g.Until.Sub(g.Since) != 7*24*time.Hour {
			t.Errorf("hour %d: %+v", at, g)
		}
		if want := map[hour]int{0: 2, 36: 1, 60: 1, 167: 1}[at]; g.Unseen != want { // NEW, or BACK, in unexcused
			t.Errorf("hour %d: %d unseen, want %d", at, g.Unseen, want)
		}
		if len(g.Mutes)+len(g.Notes) > 0 {
			got = append(got, fmt.Sprint(at, g.Mutes, g.Notes))
		}
	}
	want := []string{"0 [split 2 split 1 gains] [split 1]", "2 [split 3] []", "167 [split weekly] []"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An hour without classes was made under no rules: the next one with some is the
// first under others.
func TestQuietHourRegroupsNothing(t *testing.T) {
	var h History
	h.hoursOfWork(t, firstHour, 30, work{10, 100})
	for at, calls := range []int64{0, 0, 100, 100} {
		r := hourReport(firstHour+30+hour(at), work{1, calls})
		if r.Rules = 2; calls == 0 {
			r.Classes = nil
		}
		h.pass(t, r)
		switch g := r.Past.Regrouped; {
		case (g != nil) != (calls > 0):
			t.Errorf("hour %d: %+v", at, g)
		case g != nil && !g.Since.Equal((firstHour + 32).time()):
			t.Errorf("hour %d: since %v", at, g.Since)
		}
	}
	if h.Rules() != 2 {
		t.Errorf("rules %d", h.Rules())
	}
}
