package state

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

// What an earlier release entered for hours that had not been is taken back by the
// next run, and the real hours are pending.
func TestFutureIsForgotten(t *testing.T) {
	now := ten.Add(65 * time.Minute) // the hour from ten to eleven is over
	ts := func(at time.Time) string { return fmt.Sprintf("%d.000100", at.Unix()) }
	posted := func(from, to int, ts string) Entry {
		e := entry(from, to, Posted)
		e.TS = ts
		return e
	}
	for name, c := range map[string]struct {
		was, want Entries
		next      digest.Window
	}{
		"next year":               {Entries{posted(-20, 1, "1"), posted(8760, 8761, "")}, Entries{posted(-20, 1, "1")}, digest.Window{}},
		"missed until next year":  {Entries{entry(-20, 8760, Missed), posted(8760, 8761, "")}, nil, hours(-20, 1)},
		"local time taken as UTC": {Entries{posted(-20, -1, "1"), posted(-1, 2, ts(ten.Add(5*time.Minute)))}, Entries{posted(-20, -1, "1"), posted(-1, 0, ts(ten.Add(5*time.Minute)))}, hours(0, 1)},
		"the same without a message": {Entries{posted(-20, -1, "1"), posted(-1, 2, "")}, Entries{posted(-20, -1, "1")},
			hours(-1, 1)},
		"ends within the skew": {Entries{posted(-20, 1, "")}, Entries{posted(-20, 1, "")}, digest.Window{}},
	} {
		s := State{Version: 1, Since: hours(-20, 0).Start, Entries: c.was, Missed: []digest.Window{hours(-1, 0), hours(8000, 8760)}}
		i, err := s.Acquire(Attempt{Owner: "a/1", Window: hours(0, 1), Now: now, Deadline: now})
		if c.next == (digest.Window{}) {
			if err != ErrDone {
				t.Errorf("%s: item %+v, error %v, want ErrDone", name, i, err)
			}
		} else if err != nil || i.Window != c.next {
			t.Errorf("%s: item %+v, error %v, want %v", name, i, err, c.next)
		}
		if !reflect.DeepEqual(s.Entries, c.want) || len(s.Missed) != 1 {
			t.Errorf("%s: entries %+v, missed %v", name, s.Entries, s.Missed)
		}
	}
}

// An hour that ends as late as the skew allows is kept, and one a second later is not.
func TestFutureBeginsAfterTheSkew(t *testing.T) {
	for early, want := range map[time.Duration]int{clockSkew: 1, clockSkew + 1: 0} {
		s := State{Version: 1, Entries: Entries{entry(0, 1, Posted)}}
		if forgetFuture(&s, hours(0, 1).End.Add(-early)); len(s.Entries) != want {
			t.Errorf("%v before its end: %d entries, want %d", early, len(s.Entries), want)
		}
	}
	for early, want := range map[time.Duration]int{clockSkew: 1, clockSkew + 1: 0} {
		at := hours(0, 1).End
		s := State{Version: 3, Settled: at, GivenUp: []digest.Window{hours(0, 1)}, Missed: []digest.Window{hours(0, 1)},
			Open: Parts{{Instance: "a", Start: hours(0, 1).Start, End: at}}}
		forgetFuture(&s, at.Add(-early))
		if kept := !s.Settled.IsZero(); kept != (want == 1) || len(s.GivenUp) != want || len(s.Missed) != want || len(s.Open) != want {
			t.Errorf("%v before its end: %+v", early, s)
		}
	}
	s := State{Version: 1, Since: hours(9000, 0).Start, Claim: &Claim{Owner: "b/1", Start: hours(9000, 0).Start, End: hours(0, 9001).End,
		Stage: Posting, Expires: hours(9001, 0).Start}}
	if i, err := s.Acquire(attempt("a/1", 0)); err != nil || i.Window != hours(0, 1) || i.Unconfirmed || s.Since != ten {
		t.Errorf("item %+v, error %v, since %v", i, err, s.Since)
	}
}

// hostileTimes are of years that JSON, the history or a clock cannot hold, and of
// the edges of these.
func hostileTimes() []time.Time {
	var times []time.Time
	for _, year := range []int{-292e6, -1, 0, 1, 1969, 1970, 2026, 3883, 3884, 9999, 10000, 246953, 292e6} {
		for _, at := range []time.Time{time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year, 12, 31, 23, 0, 0, 0, time.UTC)} {
			times = append(times, at, at.Add(-time.Second), at.In(time.FixedZone("", 86399)), at.In(time.FixedZone("", -61)))
		}
	}
	return append(times, time.Time{}, time.Unix(0, 0), time.Unix(1<<40, 0))
}

// Whatever a state holds, what is written of it is read again as the same.
func TestWhatIsWrittenIsRead(t *testing.T) {
	times := hostileTimes()
	r := rand.New(rand.NewPCG(1, 15))
	at := func() time.Time { return times[r.IntN(len(times))] }
	text := func() string { return []string{"", "\xff", "\u2028<>", "a", strings.Repeat("x", 600)}[r.IntN(5)] }
	var written int
	for range 5000 {
		s := &State{Version: 1 + r.IntN(2), Since: ten, Doubt: r.IntN(2) == 0, Unreported: []string{text()}}
		for range r.IntN(3) {
			start := at()
			a := digest.NewAggregator(digest.Window{Start: start, End: start.Add(time.Hour)})
			report := a.Report(digest.Limit{}, digest.OrderBySum)
			report.Classes = []digest.Class{{ID: "00000000000000000000000000000001"}}
			_ = s.History.Add(report)
			s.History.MarkReported(report)
		}
		switch r.IntN(6) { // one field at a time, so that what is refused is little
		case 0:
			s.Since = at()
		case 1:
			s.Entries = Entries{{Start: at(), End: at(), Kind: EntryKind(text()), TS: text()}}
		case 2:
			s.Claim = &Claim{Owner: text(), Start: at(), End: at(), Stage: Stage(text()), Expires: at()}
		case 3:
			s.Mutes, s.Missed = []digest.Mute{{ID: text(), Since: at(), Until: at()}}, []digest.Window{{Start: at(), End: at()}}
		case 4:
			s.Served, s.Notes = map[string]time.Time{text(): at()}, map[string]string{text(): text()}
		}
		data, err := encode(s)
		if err != nil {
			continue // nothing is written then
		}
		written++
		got, err := decode(data)
		if err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if again, err := json.Marshal(got); err != nil || string(again) != strings.ReplaceAll(string(data), `\ufffd`, "\ufffd") {
			t.Fatalf("written %s, read and written again %s, %v", data, again, err)
		}
	}
	if written < 2000 {
		t.Errorf("%d of 5000 states were written", written)
	}
}

// The edge of what a history holds, on both sides, and of the years of JSON.
func TestHistoryRefusesWhatItCannotRead(t *testing.T) {
	for _, c := range []struct {
		start time.Time
		ok    bool
	}{
		{time.Unix(0, 0), false}, {time.Unix(3600, 0), true}, {time.Unix((1<<24-2)*3600, 0), true}, {time.Unix((1<<24-1)*3600, 0), false},
	} {
		start := c.start.UTC()
		var s State
		err := s.History.Add(report(digest.Window{Start: start, End: start.Add(time.Hour)}))
		if (err == nil) != c.ok {
			t.Errorf("an hour from %v: %v", start, err)
		}
		s.Version = 1
		if _, err := encode(&s); err != nil {
			t.Errorf("an hour from %v: %v", start, err)
		}
	}
	for at, ok := range map[time.Time]bool{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC): true, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC): false} {
		if _, err := encode(&State{Version: 1, Since: at}); (err == nil) != ok {
			t.Errorf("since %v: %v", at, err)
		}
	}
}

// A state of the greatest size is written and read, and one a byte larger is neither.
func TestStateIsBounded(t *testing.T) {
	bare, err := encode(&State{Version: 1, Unreported: []string{"-"}})
	if err != nil {
		t.Fatal(err)
	}
	store := FileStore{Dir: t.TempDir()}
	for over, ok := range map[int]bool{0: true, 1: false} {
		text := strings.Repeat("-", maxState-len(bare)+1+over)
		data, err := encode(&State{Version: 1, Unreported: []string{text}})
		if (err == nil) != ok || len(data) != maxState+over {
			t.Errorf("encode %d bytes: %v", len(data), err)
		}
		key := fmt.Sprintf("%d.json", over)
		if _, err := store.Save(t.Context(), key, data, ""); err != nil {
			t.Fatal(err)
		}
		if _, _, err = store.Load(t.Context(), key); (err == nil) != ok {
			t.Errorf("load %d bytes: %v", len(data), err)
		}
	}
}
