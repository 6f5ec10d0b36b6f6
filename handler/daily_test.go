package handler

import (
	"reflect"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
)

func TestParseDaily(t *testing.T) {
	for in, want := range map[string]string{
		"09:00": "09:00", "9:05": "09:05", "00:00": "00:00", "23:59": "23:59", "09:00 UTC": "09:00", "09:00 Europe/Berlin": "09:00 Europe/Berlin",
		"": "", "9": "", "24:00": "", "09:60": "", "09:00 Berlin": "", "09:00 Local": "", "09:00  UTC": "", "always": "", "09:00 ../etc/passwd": "",
	} {
		d, err := ParseDaily(in)
		if (err == nil) != (want != "") || d.String() != want {
			t.Errorf("%q: %q, %v; want %q", in, d, err, want)
		}
	}
}

// The day is told by the hour in which its time is, the end of the hour included, and
// once a day where clocks change, too.
func TestHourOfTheDay(t *testing.T) {
	at := func(s string) time.Time {
		when, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, test := range []struct {
		daily, start, end string
		want              string
	}{
		{"09:00", "2026-11-23 08:00", "2026-11-23 09:00", "2026-11-23 09:00"},
		{"09:00", "2026-11-23 09:00", "2026-11-23 10:00", ""},
		{"09:00", "2026-11-23 07:00", "2026-11-23 08:00", ""},
		{"09:01", "2026-11-23 09:00", "2026-11-23 10:00", "2026-11-23 10:00"},
		{"00:00", "2026-11-22 23:00", "2026-11-23 00:00", "2026-11-23 00:00"},
		{"09:00 Asia/Kolkata", "2026-11-23 03:00", "2026-11-23 04:00", "2026-11-23 04:00"},
		{"09:00 Europe/Berlin", "2026-11-23 07:00", "2026-11-23 08:00", "2026-11-23 08:00"},
		{"23:30 Pacific/Auckland", "2026-11-23 10:00", "2026-11-23 11:00", "2026-11-23 11:00"},
		{"09:00", "2026-11-22 20:00", "2026-11-23 10:00", "2026-11-23 09:00"},
		{"21:00", "2026-11-22 20:00", "2026-11-23 10:00", "2026-11-22 21:00"},
	} {
		d, err := ParseDaily(test.daily)
		if err != nil {
			t.Fatal(err)
		}
		got, due := d.last(digest.Window{Start: at(test.start), End: at(test.end)})
		if due != (test.want != "") || due && got.Format("2006-01-02 15:04") != test.want {
			t.Errorf("%s in %s to %s: %s, %v; want %q", test.daily, test.start, test.end, got, due, test.want)
		}
	}
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"} {
		for _, clock := range []string{"02:30", "03:00", "01:45", "09:00"} {
			d, err := ParseDaily(clock + " " + zone)
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			for n := range 365 * 24 {
				hour := at("2026-01-01 12:00").Add(time.Duration(n) * time.Hour)
				if _, due := d.last(digest.Window{Start: hour, End: hour.Add(time.Hour)}); due {
					told++
				}
			}
			if told != 365 {
				t.Errorf("%s: told on %d of 365 days", d, told)
			}
		}
	}
}

// A day counts each of its 24 hours once, as what became of it.
func TestDay(t *testing.T) {
	end := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	d, err := ParseDaily("09:00")
	if err != nil {
		t.Fatal(err)
	}
	s := &state.State{Since: end.Add(-22 * time.Hour)}
	for n := 30; n > 1; n-- {
		e := state.Entry{Start: end.Add(time.Duration(-n) * time.Hour), End: end.Add(time.Duration(1-n) * time.Hour), Kind: state.Posted, Silent: n%2 == 0}
		switch n {
		case 5:
			e.Kind = state.Missed
		case 7:
			e.Kind = state.FailureReported
		case 9:
			continue
		}
		s.Entries = append(s.Entries, e)
	}
	r := &digest.Report{Window: digest.Window{Start: end.Add(-time.Hour), End: end}}
	r.Overall.QueryTime.Sum = 7
	got := d.day(s, r, nil)
	want := digest.Day{Window: digest.Window{Start: end.Add(-24 * time.Hour), End: end}, Posted: 8, Silent: 11, Missed: 1, Left: 2, QueryTime: 7, Partial: 1}
	if !reflect.DeepEqual(got, &want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	r.Window.Start, r.Window.End = end, end.Add(time.Hour)
	if got := d.day(s, r, nil); got != nil {
		t.Errorf("an hour later: %+v", got)
	}
}

// Each hour is told by one day, also where the clocks change.
func TestDaysMeet(t *testing.T) {
	for _, text := range []string{"09:00 Europe/Berlin", "02:30 Europe/Berlin", "23:59 Pacific/Apia", "01:15 America/New_York", "02:00 Australia/Lord_Howe", "00:00 Africa/Cairo"} {
		d, err := ParseDaily(text)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Time
		for n := range 365 * 24 {
			hour := time.Date(2026, 1, 1, n, 0, 0, 0, time.UTC)
			got := d.day(&state.State{}, &digest.Report{Window: digest.Window{Start: hour, End: hour.Add(time.Hour)}}, nil)
			if got == nil {
				continue
			}
			if !last.IsZero() && !got.Window.Start.Equal(last) {
				t.Errorf("%s: a day ends at %s, the next begins at %s", text, last, got.Window.Start)
			}
			last = got.Window.End
		}
	}
}

// An hour of which a part is yet to be read is not said to be read, though it was silent,
// or is the one that is posted now; one that had no log is, as usual.
func TestDayHasOpenParts(t *testing.T) {
	end := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	d, err := ParseDaily("09:00")
	if err != nil {
		t.Fatal(err)
	}
	s := &state.State{Since: end.Add(-48 * time.Hour)}
	open := func(hours int, usual bool) state.Open {
		at := end.Add(time.Duration(-hours) * time.Hour)
		return state.Open{Instance: "a", Start: at, End: at.Add(time.Hour), Cause: "waiting", Usual: usual}
	}
	for n := 24; n > 1; n-- {
		s.Entries = append(s.Entries, state.Entry{Start: open(n, false).Start, End: open(n, false).End, Kind: state.Posted, Silent: true})
	}
	s.Open = state.Parts{open(4, false), open(3, true), open(30, false)}
	r := &digest.Report{Window: digest.Window{Start: end.Add(-time.Hour), End: end}}
	for _, test := range []struct {
		now                  state.Parts
		posted, silent, left int
	}{{nil, 1, 22, 1}, {state.Parts{open(1, false)}, 0, 22, 2}, {state.Parts{open(1, true)}, 1, 22, 1}} {
		if got := d.day(s, r, test.now); got.Posted != test.posted || got.Silent != test.silent || got.Left != test.left {
			t.Errorf("%v: %+v", test.now, got)
		}
	}
}

// A class that is NEW or BACK and beyond those that a message names is told by its count, and a WORSE
// is still to be named.
func TestUnnamed(t *testing.T) {
	r := &digest.Report{}
	for i, kind := range []digest.ChangeKind{digest.New, digest.Back, digest.Worse, digest.New, digest.Worse, digest.New, digest.Back, digest.Worse, ""} {
		c := digest.Class{ID: string(rune('A' + i)), Rank: i + 1, Totals: digest.Totals{QueryTime: digest.Metrics{Sum: 2}}, Share: 0.1}
		if kind != "" {
			c.Change = &digest.Change{Kind: kind}
		}
		r.Classes = append(r.Classes, c)
	}
	noteUnnamed(r, r)
	for i := range r.Classes {
		if c := &r.Classes[i]; c.Unnamed != (c.ID == "H") {
			t.Errorf("%s: unnamed %v", c.ID, c.Unnamed)
		}
	}
}
