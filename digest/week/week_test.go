package week

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A week is from Monday to Monday where the channel is, in whole hours of UTC, whatever the clocks do.
func TestWindow(t *testing.T) {
	for _, test := range []struct{ zone, now, start, end string }{
		{"UTC", "2026-11-27T10:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"},
		{"UTC", "2026-11-23T00:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"},
		{"UTC", "2026-11-22T23:59:59Z", "2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z"},
		{"Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z"},
		{"Europe/Berlin", "2026-11-22T22:59:00Z", "2026-11-08T23:00:00Z", "2026-11-15T23:00:00Z"},
		{"Europe/Berlin", "2026-10-26T09:00:00Z", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"}, // 169 hours
		{"America/New_York", "2026-03-09T14:00:00Z", "2026-03-02T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"Asia/Kolkata", "2026-11-23T04:00:00Z", "2026-11-15T18:00:00Z", "2026-11-22T18:00:00Z"},
		{"Pacific/Apia", "2026-11-22T12:00:00Z", "2026-11-15T11:00:00Z", "2026-11-22T11:00:00Z"},
		{"UTC", "2027-01-01T10:00:00Z", "2026-12-21T00:00:00Z", "2026-12-28T00:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		zone := location(t, test.zone)
		w := Last(now, zone)
		if got := w.Start.Format(time.RFC3339) + " " + w.End.Format(time.RFC3339); got != test.start+" "+test.end {
			t.Errorf("%s, %s: %s", test.zone, test.now, got)
		}
		if of := Of(w.Start.Add(time.Hour), zone); of != w {
			t.Errorf("%s, %s: an hour of it is in %v", test.zone, test.now, of)
		}
		b := New(w, zone, nil)
		before := w.Start
		for _, e := range b.week.Earlier {
			if e.Window.End != before || e.Hours.All < 167 || e.Hours.All > 169 {
				t.Errorf("%s, %s: %v before %v", test.zone, test.now, e, before)
			}
			before = e.Window.Start
		}
		if all := b.Windows(); len(all) != 1+Earlier || all[0] != w || all[Earlier].Start != before {
			t.Errorf("%s, %s: %v", test.zone, test.now, all)
		}
	}
}

var monday = digest.Window{Start: time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}

// hour is the report of the hour that begins so many hours after the week, with the query time of each class.
func hour(n int, times map[string]float64) *digest.Report {
	at := monday.Start.Add(time.Duration(n) * time.Hour)
	r := &digest.Report{Version: 1, Window: digest.Window{Start: at, End: at.Add(time.Hour)}, Instances: []string{"db"}}
	r.Coverage.Complete = true
	for id, t := range times {
		c := digest.Class{ID: id, Fingerprint: "select " + id}
		c.Calls, c.QueryTime.Sum, c.QueryTime.Max = 10, t, t/5
		r.Classes = append(r.Classes, c)
		r.Overall.Calls += 10
		r.Overall.QueryTime.Sum += t
	}
	return r
}

// weeks adds the hours from one on to another, of which each is made by of; nil is one that is not kept.
func weeks(b *Builder, from, to int, of func(n int) map[string]float64) {
	for n := from; n < to; n++ {
		if times := of(n); times != nil {
			b.Add(hour(n, times))
		}
	}
}

// Hours in any order make the same week.
func TestAnyOrder(t *testing.T) {
	var want string
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := New(monday, time.UTC, []digest.ToldFixed{{ID: "a", Since: monday.Start, At: monday.Start.Add(99 * time.Hour)}})
		var hours []*digest.Report
		for n := -4 * 168; n < 168; n++ {
			h := hour(n, map[string]float64{"a": float64((n + 1000) % 7), fmt.Sprint("b", (n+1000)/50): 1})
			if n < -500 {
				h.Rules = 2
			}
			hours = append(hours, h)
		}
		if seed > 0 {
			r.Shuffle(len(hours), func(i, j int) { hours[i], hours[j] = hours[j], hours[i] })
		}
		for _, h := range hours {
			b.Add(h)
		}
		text, err := json.Marshal(b.Week(10, nil))
		if want = cmp.Or(want, string(text)); err != nil || string(text) != want {
			t.Errorf("seed %d: %v\n%s\n%s", seed, err, text, want)
		}
	}
	if !strings.Contains(want, `"rules_since":"2026-10-26T04:00:00Z"`) {
		t.Error(want)
	}
}

func find(all []Class, id string) *Class {
	if i := slices.IndexFunc(all, func(c Class) bool { return c.ID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

func TestWeek(t *testing.T) {
	b := New(monday, time.UTC, nil)
	weeks(b, -4*168-5, 170, func(n int) map[string]float64 {
		m := map[string]float64{"steady": 10, "rare": 0.01}
		if (n+240*24)%24 == 3 {
			m["nightly"] = 100
		}
		if n >= 0 {
			m["steady"] = 30
		}
		if n >= 100 { // from Friday, 04:00
			m["new"] = 5
		}
		if n >= 20 && n < 120 {
			m["passing"] = 50
		}
		return m
	})
	w := b.Week(3, nil)
	if w.Hours != (Hours{All: 168, Read: 168}) || w.UsualOf != 4 || w.Usual < 2381 || w.Usual > 2382 || w.Classes != 5 {
		t.Errorf("%+v, usual %f of %d, %d classes", w.Hours, w.Usual, w.UsualOf, w.Classes)
	}
	if want := 168*30.0 + 1.68 + 700 + 68*5 + 100*50; w.QueryTime < want-0.01 || w.QueryTime > want+0.01 {
		t.Errorf("%f of query time, want %f", w.QueryTime, want)
	}
	if got := fmt.Sprint(w.Top[0].ID, " ", w.Top[1].ID, " ", w.Top[2].ID); len(w.Top) != 3 || got != "steady passing nightly" {
		t.Errorf("%s cost the most", got)
	}
	if c := w.Top[0]; *c.Usual != 1680 || *c.Earlier[3] != 1680 || c.QueryTime != 5040 || c.Max != 6 || c.Calls != 1680 || c.ByHour[5] != 210 {
		t.Errorf("%+v", c)
	}
	if c := w.Top[1]; *c.Usual != 0 || c.In.Fingerprint != "select passing" {
		t.Errorf("%+v", c)
	}
	if c := w.Top[2]; c.ByHour[3] != 700 || c.ByHour[4] != 0 || *c.Usual != 700 {
		t.Errorf("%+v", c)
	}
	if len(w.New) != 1 || w.New[0].ID != "new" || !w.New[0].Since.Equal(monday.Start.Add(100*time.Hour)) {
		t.Errorf("new: %+v", w.New)
	}
}

// What is not known of the weeks before is not made up.
func TestUnknown(t *testing.T) {
	all := func(int) map[string]float64 { return map[string]float64{"a": 1} }
	for _, test := range []struct {
		name  string
		build func(b *Builder)
		known string
		usual string
		isNew bool
	}{
		{"nothing before", func(b *Builder) { weeks(b, 0, 168, all) }, "[false false false false]", "", false},
		{"151 hours of a week", func(b *Builder) { weeks(b, -151, 168, all) }, "[false false false false]", "", false},
		{"152 hours of a week", func(b *Builder) { weeks(b, -152, 168, all) }, "[true false false false]", "168", false},
		{"another class before", func(b *Builder) {
			weeks(b, -168, 0, func(int) map[string]float64 { return map[string]float64{"b": 1} })
			weeks(b, 0, 168, all)
		}, "[true false false false]", "0", true},
		{"a week that is not kept", func(b *Builder) {
			weeks(b, -4*168, -168, func(int) map[string]float64 { return map[string]float64{"b": 1} })
			weeks(b, 0, 168, all)
		}, "[false true true true]", "0", false},
		{"too little of it is new", func(b *Builder) {
			weeks(b, -168, 168, func(n int) map[string]float64 {
				m := map[string]float64{"b": 99.1}
				if n >= 0 {
					m["a"] = 1
				}
				return m
			})
		}, "[true false false false]", "0", false},
		{"enough of it is new", func(b *Builder) {
			weeks(b, -168, 168, func(n int) map[string]float64 {
				m := map[string]float64{"b": 98.9}
				if n >= 0 {
					m["a"] = 1
				}
				return m
			})
		}, "[true false false false]", "0", true},
		{"other rules in the week", func(b *Builder) {
			weeks(b, -168, 0, func(int) map[string]float64 { return map[string]float64{"b": 1} })
			r := hour(0, map[string]float64{"a": 1})
			r.Rules = 2
			b.Add(r)
			for n := 1; n < 168; n++ {
				r := hour(n, map[string]float64{"a": 1})
				r.Rules = 2
				b.Add(r)
			}
		}, "[true false false false]", "", false},
	} {
		b := New(monday, time.UTC, nil)
		test.build(b)
		w := b.Week(10, nil)
		known := [Earlier]bool{}
		for n, e := range w.Earlier {
			known[n] = e.Known
		}
		usual := ""
		if c := find(w.Top, "a"); c.Usual != nil {
			usual = fmt.Sprintf("%.6g", *c.Usual)
		}
		if got := fmt.Sprint(known); got != test.known || usual != test.usual || (find(w.New, "a") != nil) != test.isNew {
			t.Errorf("%s: known %s, usual %q, new %v", test.name, got, usual, find(w.New, "a") != nil)
		}
	}
}

// What was fixed is told with the numbers of then, and whether it is so again in the last day.
func TestFixed(t *testing.T) {
	at := monday.Start.Add(60 * time.Hour)
	for _, c := range []struct {
		since int // hour in which it is so again
		want  string
	}{{168, "a 100 2 2 false"}, {167, "a 100 2 6.08 false"}, {156, "a 100 2 51 false"}, {155, "a 100 2 55.1 true"}, {144, "a 100 2 100 true"}} {
		told := digest.ToldFixed{ID: "a", Was: digest.Worse, Since: monday.Start, At: at, To: at.Add(-24 * time.Hour), Before: 100, Now: 2}
		before := told
		before.ID, before.At = "last week", monday.Start.Add(-time.Hour)
		b := New(monday, time.UTC, []digest.ToldFixed{told, before})
		weeks(b, -20, 168, func(n int) map[string]float64 {
			if n >= c.since {
				return map[string]float64{"a": 100}
			}
			return map[string]float64{"a": 2}
		})
		var got []string
		for _, f := range b.Week(1, nil).Fixed {
			got = append(got, fmt.Sprintf("%s %g %g %.3g %t", f.ID, f.Before, f.Now, f.Lately, f.Again))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("from hour %d on: %s, want %s", c.since, strings.Join(got, "|"), c.want)
		}
	}
}

// A mute is of the week at whose end it holds: neither one that had ended, nor one that was set later.
func TestMuted(t *testing.T) {
	end := monday.End
	for name, c := range map[string]struct {
		since, until time.Time
		want         int
	}{
		"for ever":            {end.Add(-time.Hour), time.Time{}, 1},
		"set before the end":  {end.Add(-time.Nanosecond), time.Time{}, 1},
		"set at the end":      {end, time.Time{}, 0},
		"set weeks later":     {end.AddDate(0, 0, 20), end.AddDate(0, 0, 30), 0},
		"ends after the week": {time.Time{}, end.Add(time.Nanosecond), 1},
		"ends with the week":  {time.Time{}, end, 0},
	} {
		w := New(monday, time.UTC, nil).Week(1, []digest.Mute{{ID: "a", Since: c.since, Until: c.until}})
		if len(w.Muted) != c.want {
			t.Errorf("%s: %d are muted, want %d", name, len(w.Muted), c.want)
		}
	}
}

// An hour is whole, known in part, or whole as far as files were listed.
func TestHours(t *testing.T) {
	b := New(monday, time.UTC, nil)
	for n, c := range []digest.Coverage{{Complete: true}, {Complete: true, AsListed: true}, {AsListed: true}, {}} {
		h := hour(n, nil)
		h.Coverage = c
		b.Add(h)
	}
	if got := b.Week(1, nil).Hours; got != (Hours{All: 168, Read: 4, Partial: 2, AsListed: 1}) {
		t.Errorf("%+v", got)
	}
}

// Weeks are compared as if as many hours had been read of each.
func TestHoles(t *testing.T) {
	b := New(monday, time.UTC, nil)
	weeks(b, -168, 168, func(n int) map[string]float64 {
		if n < -152 {
			return nil
		}
		return map[string]float64{"a": 1}
	})
	if w := b.Week(1, nil); w.Usual < 167.99 || w.Usual > 168.01 || *w.Top[0].Usual < 167.99 || *w.Top[0].Earlier[0] != 152 {
		t.Errorf("usual %f, of the class %f", w.Usual, *w.Top[0].Usual)
	}
}

// Of more classes than there is room for those with the least time are given up, and counted.
func TestManyClasses(t *testing.T) {
	b := New(monday, time.UTC, nil)
	for n := range 20 {
		times := map[string]float64{"heavy": 1000}
		for i := range 1000 {
			times[fmt.Sprint(n, "-", i)] = 1
		}
		b.Add(hour(n, times))
	}
	if len(b.classes) > maxClasses {
		t.Errorf("%d classes are kept", len(b.classes))
	}
	if w := b.Week(1, nil); w.Classes != 20_001 || w.Top[0].QueryTime != 20_000 {
		t.Errorf("%d classes, the first %+v", w.Classes, w.Top[0])
	}
}
