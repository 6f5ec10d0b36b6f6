package state

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

func open(id string, from, to int) Open {
	w := hours(from, to)
	return Open{Instance: id, Start: w.Start, End: w.End, Cause: "passing"}
}

func TestOpenParts(t *testing.T) {
	var s State
	s.Open.set(hours(0, 3), Parts{open("b", 2, 3), open("a", 1, 2), open("b", 1, 2)})
	if want := (Parts{open("a", 1, 2), open("b", 1, 3)}); !slices.Equal(s.Open, want) {
		t.Errorf("open %+v, want %+v", s.Open, want)
	}
	s.Open.set(hours(2, 3), nil)
	if want := (Parts{open("a", 1, 2), open("b", 1, 2)}); !slices.Equal(s.Open, want) {
		t.Errorf("open %+v, want %+v", s.Open, want)
	}
	s.Open.set(hours(-3, 0), Parts{open("a", -3, 0)})
	if want := (Parts{open("a", -2, 0)}); !slices.Equal(s.Open.In(hours(-2, 1)), want) {
		t.Errorf("open %+v, want %+v", s.Open.In(hours(-2, 1)), want)
	}
	if old := s.Open.close(hours(-1, 0).Start); !slices.Equal(old, Parts{open("a", -3, -1)}) || len(s.Open) != 3 {
		t.Errorf("closed %+v, left %+v", old, s.Open)
	}
}

// The newest entry comes first that has a part of an instance which answers. Silent
// ones are read together, up to 24 hours.
func TestReopen(t *testing.T) {
	silent := func(from, to int) Entry {
		e := entry(from, to, Posted)
		e.Silent = true
		return e
	}
	var night Entries
	for n := -25; n < 1; n++ {
		night = append(night, silent(n, n+1))
	}
	for name, c := range map[string]struct {
		entries   Entries
		open      Parts
		answering []string
		passed    []digest.Window
		want      digest.Window
	}{
		"nobody answers":     {Entries{entry(-1, 0, Posted)}, Parts{open("a", -1, 0)}, nil, nil, digest.Window{}},
		"another answers":    {Entries{entry(-1, 0, Posted)}, Parts{open("a", -1, 0)}, []string{"b"}, nil, digest.Window{}},
		"it answers":         {Entries{entry(-1, 0, Posted)}, Parts{open("a", -1, 0)}, []string{"a"}, nil, hours(-1, 0)},
		"it was just read":   {Entries{entry(-1, 0, Posted)}, Parts{open("a", -1, 0)}, []string{"a"}, []digest.Window{hours(-1, 0)}, digest.Window{}},
		"the newest":         {Entries{entry(-3, -2, Posted), entry(-2, 0, Posted)}, Parts{open("a", -3, -1)}, []string{"a"}, nil, hours(-2, 0)},
		"24 silent hours":    {night, Parts{open("a", -25, 1)}, []string{"a"}, nil, hours(-23, 1)},
		"and those before":   {night, Parts{open("a", -25, 1)}, []string{"a"}, []digest.Window{hours(-23, 1)}, hours(-25, -23)},
		"not one in between": {Entries{silent(-2, -1), entry(-1, 0, Posted), silent(0, 1)}, Parts{open("a", -2, 1)}, []string{"a"}, nil, hours(0, 1)},
	} {
		s := State{Since: ten.Add(-30 * time.Hour), Entries: c.entries, Open: c.open}
		i := s.reopen(Attempt{Answering: c.answering, Passed: c.passed})
		if got := (digest.Window{}); i != nil && i.Window != c.want || i == nil && got != c.want {
			t.Errorf("%s: item %+v, want %v", name, i, c.want)
		}
	}
}

// That an instance does not log is said at once and then once a day, to the hour.
func TestOffIsSaidOnceADay(t *testing.T) {
	s := &State{Instances: map[string]Seen{"a": {}}}
	var said []int
	for n := range 50 {
		w := hours(n, n+1)
		seen, news, off := s.Instances.Observe(w, w.End, map[string]Condition{"a": NotLogs}, nil)
		if len(off) > 0 {
			said = append(said, n)
		}
		if len(news) > 0 {
			t.Errorf("hour %d: %q", n, news)
		}
		s.Instances = seen
	}
	if !slices.Equal(said, []int{0, 24, 48}) {
		t.Errorf("said in the hours %v", said)
	}
	seen, news, _ := s.Instances.Observe(hours(50, 51), ten, map[string]Condition{"a": Awake}, nil)
	if len(news) != 1 || !seen["a"].Off.IsZero() {
		t.Errorf("news %q, %+v", news, seen)
	}
}

// That an instance sleeps, wakes, or is gone is said once.
func TestConditionsAreSaidOnce(t *testing.T) {
	s := &State{}
	var said [][]string
	for n, found := range []map[string]Condition{
		{"a": Awake, "b": Awake}, {"a": Asleep, "b": Awake}, {"a": Asleep, "b": Awake}, {"a": Blocked, "b": Awake}, {"a": Asleep, "b": Awake},
		{"a": Awake, "b": Awake}, {"a": Awake}, {"a": Awake}, {"a": Awake, "b": Missing}, {"a": Awake, "b": Awake}, {"a": Awake, "b": Missing}, {"a": Awake, "c": Missing},
	} {
		w := hours(n, n+1)
		seen, news, _ := s.Instances.Observe(w, w.End.Add(5*time.Minute), found, func(id string) string { return id + " is gone." })
		s.Instances = seen
		said = append(said, append(seen.FellAsleep(), news...))
		seen.asleepSaid()
	}
	want := [][]string{nil, {"a was found paused or stopped after 2026-11-23 12:00 UTC. What is missing of it is read when it is available again."}, nil, nil, nil,
		{"a is awake again: it was found paused or stopped after 2026-11-23 12:00 UTC."}, {"b is gone."}, nil, nil, nil, {"b is gone."}, nil}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	b := s.Instances["b"]
	for from, misses := range map[int]bool{9: false, 10: true, 11: false} {
		if b.Misses(hours(from, from+1)) != misses {
			t.Errorf("hour %d: misses %v; %+v", from, !misses, b)
		}
	}
}

// A sleep of which the beginning was not said is one sentence, and two are two.
func TestSleepIsOneSentence(t *testing.T) {
	s := &State{}
	var news []string
	for n, found := range []Condition{Awake, Asleep, Asleep, Asleep, Awake, Asleep, Awake, Asleep} {
		w := hours(n, n+1)
		seen, more, _ := s.Instances.Observe(w, w.End.Add(5*time.Minute), map[string]Condition{"a": found}, nil)
		s.Instances, news = seen, append(news, more...)
	}
	want := []string{
		"a was found paused or stopped from 2026-11-23 12:00 to 14:00 UTC, and is awake again. What it logged before is read.",
		"a was found paused or stopped after 2026-11-23 16:00 UTC, and is awake again. What it logged before is read.",
		"a was found paused or stopped after 2026-11-23 18:00 UTC. What is missing of it is read when it is available again."}
	if news = append(news, s.Instances.FellAsleep()...); !slices.Equal(news, want) {
		t.Errorf("said %q, want %q", news, want)
	}
	seen, more, _ := s.Instances.Observe(hours(14, 15), ten, map[string]Condition{"a": Asleep}, nil)
	if len(more) > 0 || len(seen.FellAsleep()) != 1 {
		t.Errorf("hours later: %q, %q", more, seen.FellAsleep())
	}
	_, more, _ = seen.Observe(hours(24, 25), ten, map[string]Condition{"a": Awake}, nil)
	if len(more) != 1 || !strings.Contains(more[0], "from 2026-11-23 18:00 to 2026-11-24 01:00 UTC") {
		t.Errorf("the next day: %q", more)
	}
}

// What is given up of an instance hour after hour is said once a day, all of the day
// together; and so are hours of which nothing was read.
func TestGivenUpIsSaidOnceADay(t *testing.T) {
	const age, days = 14 * 24, 3
	s := State{Since: hours(-age-20, 0).Start, Settled: hours(-age, 0).Start, Entries: Entries{entry(days*24-age, 0, Posted)}, Open: Parts{open("a", -age, days*24-age), open("b", 5-age, 6-age)}}
	said := map[int][]string{}
	givenUp := map[int][]digest.Window{}
	for n := range days * 24 {
		i := s.mustAcquire(t, attempt(fmt.Sprint(n, "/1"), n))
		hours, parts := s.Abandoned(i.Window.End)
		if len(parts) > 0 {
			said[n] = parts
		}
		if len(hours) > 0 {
			givenUp[n] = hours
		}
		s.finish(i, "17.1")
	}
	const sentence = "What %s logged from %s to %s could not be read for 14 days, and is given up."
	of := func(id string, from, to int) string {
		return fmt.Sprintf(sentence, id, hours(from, 0).Start.Format(timeFormat), hours(to, 0).Start.Format(timeFormat+" UTC"))
	}
	want := map[int][]string{0: {of("a", -age, 1-age)}, 5: {of("b", 5-age, 6-age)}, 24: {of("a", 1-age, 25-age)}, 48: {of("a", 25-age, 49-age)}}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("said\n%v\nwant\n%v", said, want)
	}
	if want := map[int][]digest.Window{0: {hours(-age, 1-age)}, 24: {hours(1-age, 25-age)}, 48: {hours(25-age, 49-age)}}; !reflect.DeepEqual(givenUp, want) {
		t.Errorf("given up %v, want %v", givenUp, want)
	}
	if len(s.GivenUp) != 1 || !slices.Equal(s.GivenUpParts, Parts{{Instance: "a", Start: hours(49-age, 0).Start, End: hours(72-age, 0).Start}}) {
		t.Errorf("left are %v and %+v", s.GivenUp, s.GivenUpParts)
	}
}

// The parts that are open of a name stay with the instance that had it, and are open for both
// where another may have had it. Those of a third that does not exist any more are lost.
func TestPartsOfAFormer(t *testing.T) {
	of := func(o Open, holder string) Open { o.Holder = holder; return o }
	s := &State{Open: Parts{open("a", 0, 3), of(open("a", -2, -1), "db-0"), open("b", 0, 1)}, Instances: Instances{"a": {}, "b": {}}}
	former := Former{ID: "db-1", Name: "a", Last: hours(1, 2).End, Until: hours(3, 4).End}
	s.Finish(Item{Window: hours(3, 4)}, Result{Seen: Instances{"a": {}, "b": {}}, Ended: []string{"db-0"}, Formers: []Former{former}, Silent: true, Report: &digest.Report{}})
	if want := (Parts{open("a", 2, 3), of(open("a", 0, 3), "db-1"), open("b", 0, 1)}); !reflect.DeepEqual(s.Open, want) {
		t.Errorf("open %+v, want %+v", s.Open, want)
	}
	if want := (Parts{of(open("a", -2, -1), "db-0")}); !reflect.DeepEqual(s.Lost, want) {
		t.Errorf("lost %+v, want %+v", s.Lost, want)
	}
	for w, want := range map[digest.Window]bool{hours(3, 4): true, hours(4, 5): false, hours(-9, -8): true} {
		if former.HadName(w) != want {
			t.Errorf("had its name in %v: %v", w, !want)
		}
	}
	s = &State{Entries: Entries{{Start: hours(0, 1).Start, End: hours(0, 1).End, Kind: Posted}, {Start: hours(1, 2).Start, End: hours(1, 2).End, Kind: Posted}}, Formers: []Former{former}}
	again := Parts{of(open("a", 1, 2), "db-1")}
	s.Finish(Item{Window: hours(2, 3)}, Result{Seen: Instances{"a": {}}, Reopen: again, Silent: true, Report: &digest.Report{}})
	if !reflect.DeepEqual(s.Open, again) || s.Entries[0].Uncounted || !s.Entries[1].Uncounted {
		t.Errorf("open again are %+v of %+v", s.Open, s.Entries)
	}
	s.addFormers(nil, former.Until.Add(maxAge))
	if len(s.Formers) != 1 {
		t.Error("a former is forgotten before its logs are")
	}
	if s.addFormers(nil, former.Until.Add(maxAge+1)); len(s.Formers) != 0 {
		t.Error("a former is not forgotten")
	}
}

// A message may count more than is noted of it where it was found, or may have been
// corrected by a run that died.
func TestMessageThatMayCountMore(t *testing.T) {
	w := hours(0, 1)
	for _, found := range []bool{false, true} {
		s := &State{Since: w.Start}
		s.Finish(Item{Window: w}, Result{TS: "1", Found: found, Report: &digest.Report{}, Open: Parts{open("a", 0, 1)}})
		if e, _ := s.Entries.At(w.Start); e.Uncounted != found {
			t.Errorf("found %v: %+v", found, e)
		}
		i := Item{Owner: "r/1", Window: w, Correct: true, Replace: &s.Entries[0]}
		s.Claim = &Claim{Owner: "r/1"}
		if err := s.StartPosting(i, Message{}, false, ten); err != nil || !s.Entries[0].Uncounted {
			t.Errorf("a correction is under way: %+v, %v", s.Entries[0], err)
		}
		if s.Finish(i, Result{TS: "1", Open: Parts{open("a", 0, 1)}}); s.Entries[0].Uncounted {
			t.Errorf("it is noted: %+v", s.Entries[0])
		}
	}
}

// What is found within a quarter of an hour after an hour was so at its end; later it may have
// begun meanwhile.
func TestHourSince(t *testing.T) {
	for _, c := range []struct {
		after time.Duration // ten
		want  time.Time
	}{
		{-time.Nanosecond, ten}, {0, ten}, {15*time.Minute - time.Nanosecond, ten},
		{15 * time.Minute, ten.Add(time.Hour)}, {time.Hour, ten.Add(time.Hour)},
	} {
		if got := HourSince(ten.Add(c.after)); !got.Equal(c.want) {
			t.Errorf("found %v after ten: since %v, want %v", c.after, got, c.want)
		}
	}

	// So does an hour count as one in which an instance slept.
	asleep := map[string]Condition{"db-1": Asleep}
	for late, want := range map[time.Duration]bool{5 * time.Minute: true, 20 * time.Minute: false} {
		seen, _, _ := Instances{}.Observe(hours(-1, 0), ten.Add(late), asleep, nil)
		if s := seen["db-1"]; s.SleptBefore(hours(0, 1)) != want || !s.SleptBefore(hours(1, 2)) || s.SleptBefore(hours(-1, 0)) {
			t.Errorf("found asleep %v after ten: %+v", late, s)
		}
	}
	old := Seen{Asleep: ten.Add(-time.Hour)} // of a release that did not remember more
	if !old.SleptBefore(hours(0, 1)) || old.SleptBefore(hours(-1, 0)) || (Seen{}).SleptBefore(hours(0, 1)) {
		t.Errorf("of an earlier release: %+v", old)
	}
}

// Who fell asleep, which no message has said, and is deleted then, is said to have slept.
func TestGoneInItsSleep(t *testing.T) {
	s := &State{}
	var said []string
	for n, found := range []Condition{Awake, Asleep, Asleep, Missing, Missing} {
		w := hours(n, n+1)
		seen, news, _ := s.Instances.Observe(w, w.End.Add(5*time.Minute), map[string]Condition{"a": found}, func(id string) string { return id + " is gone." })
		s.Instances, said = seen, append(said, news...)
	}
	want := []string{"a is gone. a was found paused or stopped after 2026-11-23 12:00 UTC."}
	if said = append(said, s.Instances.FellAsleep()...); !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}
