package digest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func classIn(t *testing.T, r *Report, id string) *Class {
	t.Helper()
	for i := range r.Classes {
		if r.Classes[i].ID == id {
			return &r.Classes[i]
		}
	}
	t.Fatalf("%s is not in the report", id)
	return nil
}

// For a day after a class has led as NEW or BACK, reports say so, and it does not lead.
func TestToldForADay(t *testing.T) {
	for _, kind := range []ChangeKind{New, Back} {
		var h History
		start := dayHour(20, 6)
		if kind == Back {
			h.hoursOfWork(t, firstHour, 2, work{10, 100})
		}
		for at := firstHour + 2; at < start; at++ {
			h.pass(t, hourReport(at, work{}))
		}
		for n := range hour(26) {
			r := h.pass(t, hourReport(start+n, work{10, 100}))
			c := classIn(t, r, watched)
			if c.Leads() != (n == 0) {
				t.Errorf("%s after %d hours: leads %v", kind, n, c.Leads())
			}
			switch {
			case n == 0 || n >= hoursADay:
				if c.Told != nil {
					t.Errorf("%s after %d hours: told %v", kind, n, *c.Told)
				}
			case c.Told == nil || *c.Told != Told{kind, start.time()}:
				t.Errorf("%s after %d hours: told %v", kind, n, c.Told)
			}
			if n == 1 { // another look at the first hour says what the first did
				again := hourReport(start, work{10, 100})
				h.Compare(again, Options{})
				if c := classIn(t, again, watched); !c.Leads() || c.Told != nil {
					t.Errorf("%s again: leads %v, told %v", kind, c.Leads(), c.Told)
				}
			}
			h = *reread(t, &h)
		}
	}
}

// What leads and is not named in the message is told in the next hour.
func TestUnnamedIsNotTold(t *testing.T) {
	for _, kind := range []ChangeKind{New, Worse} {
		var h History
		start := dayHour(20, 6)
		for at := firstHour; at < start; at++ {
			h.pass(t, hourReport(at, map[bool]work{true: {10, 100}}[kind == Worse]))
		}
		for n := range hour(4) {
			r := hourReport(start+n, work{400, 100})
			h.Compare(r, Options{})
			if err := h.Add(hourReport(start+n, work{400, 100})); err != nil {
				t.Fatal(err)
			}
			c := classIn(t, r, watched)
			if c.Leads() != (n < 3) || n < 3 && c.Change.Kind != kind {
				t.Errorf("%s after %d hours: leads %v, %+v", kind, n, c.Leads(), c.Change)
			}
			if c.Unnamed = n < 2; n < 3 && kind == New && n > 0 && c.Change.First != start.time() {
				t.Errorf("after %d hours it is new since %v", n, c.Change.First)
			}
			h.MarkReported(r)
			h = *reread(t, &h)
		}
	}
}

// What has not led was not told.
func TestMinorIsNotTold(t *testing.T) {
	var h History
	h.hoursOfWork(t, firstHour, 3*hoursADay, work{})
	h.pass(t, hourReport(dayHour(3, 0), work{3, 3})) // less than a hundredth
	if c := classIn(t, h.pass(t, hourReport(dayHour(3, 1), work{3, 3})), watched); c.Told != nil {
		t.Errorf("told %v", *c.Told)
	}
}

// What is WORSE after its end was told is so again, and not since it was first: once in a day that is told.
// After a single hour it is in its row only.
func TestWorseAfterItsEnd(t *testing.T) {
	var h History
	usual, much := work{10, 100}, work{200, 100}
	begin := dayHour(20, 6)
	h.hoursOfWork(t, firstHour, int(begin-firstHour), usual)
	for n, c := range []struct {
		w            work
		since, again bool
	}{{much, false, false}, {much, true, false}, {usual, false, false}, {much, true, true}, {usual, false, false}, {usual, false, false}, {much, false, true}, {much, true, false}, {usual, false, false}, {usual, false, false}, {much, true, true}, {much, true, true}} {
		r := hourReport(begin+hour(n), c.w)
		for range 2 { // before and after the hour was added
			h.Compare(r, Options{})
			x := classIn(t, r, watched).Change
			if (x == nil) == (c.w == much) || x != nil && (x.Since.IsZero() == c.since || x.Again != c.again) {
				t.Errorf("hour %d: %+v", n, x)
			}
			h.pass(t, r)
			h = *reread(t, &h)
			r = hourReport(begin+hour(n), c.w)
		}
	}
}

// The end of a WORSE is said once, in the first hour in which the class is seen and is as
// usual again, up to three days after.
func TestEndOfWorse(t *testing.T) {
	usual, much, long := work{10, 100}, work{200, 100}, work{10, 20}
	begin := dayHour(20, 6)
	hours := func(n int, w work, then ...work) []work {
		var all []work
		for range n {
			all = append(all, w)
		}
		return append(all, then...)
	}
	for _, c := range []struct {
		name  string
		then  []work // from the hour on in which it is WORSE
		ended []hour // hours later
	}{
		{"after three hours", []work{much, much, much, usual, usual, usual}, []hour{3}},
		{"at once", []work{much, usual, usual}, []hour{1}},
		{"not seen at first", []work{much, {}, {}, usual, usual}, []hour{3}},
		{"not seen", hours(30, work{}), nil},
		{"twice a day", []work{much, usual, usual, much, usual, usual, much, usual, usual}, []hour{1, 4}},
		{"after 23 hours", hours(23, much, usual, usual), []hour{23}},
		{"after 71 hours", hours(71, much, usual, usual), []hour{71}},
		{"after three days", hours(72, much, usual, usual), nil},
		{"calls are still long", []work{much, long, long, usual}, []hour{3}},
	} {
		var h History
		h.hoursOfWork(t, firstHour, 20*hoursADay+6, usual)
		for n, w := range c.then {
			r := hourReport(begin+hour(n), w)
			if n == 1 && w.calls > 0 && slices.Equal(c.ended, []hour{1}) { // an hour of which a part is missing proves nothing
				r.Coverage.Complete = false
				if h.Compare(r, Options{}); r.Past.Ended != nil {
					t.Errorf("%s: an incomplete hour says %v", c.name, r.Past.Ended)
				}
				r = hourReport(begin+hour(n), w)
				if h.Compare(r, Options{Mutes: []Mute{{ID: watched}}}); r.Past.Ended != nil {
					t.Errorf("%s: of a muted class it is said %v", c.name, r.Past.Ended)
				}
				r = hourReport(begin+hour(n), w)
			}
			h.pass(t, r)
			want := slices.Contains(c.ended, hour(n))
			from := begin // or when it was WORSE again
			if want && hour(n) > c.ended[0] {
				from += 3
			}
			to := hour(n) // or when it was last seen
			if c.name == "not seen at first" {
				to = 1
			}
			if got := len(r.Past.Ended) == 1 && r.Past.Ended[0] == (Ended{watched, "select " + watched, from.time(), (begin + to).time()}); got != want || len(r.Past.Ended) > 0 != want {
				t.Errorf("%s, %d hours later: %+v", c.name, n, r.Past.Ended)
			}
			again := hourReport(begin+hour(n), w)
			if h.Compare(again, Options{}); len(again.Past.Ended) != len(r.Past.Ended) {
				t.Errorf("%s, %d hours later: the same hour says %+v", c.name, n, again.Past.Ended)
			}
			h = *reread(t, &h)
		}
	}
}

// The end of a WORSE needs as much evidence as its beginning: of 1.9 times the calls, which six hours
// tell, one hour as usual is no end, and of twenty times it is. It ended after the last hour of these, whenever that is told.
func TestEndNeedsEvidence(t *testing.T) {
	for _, c := range []struct {
		name  string
		times float64
		told  int // hours after it began
		ended int // and after that was over
	}{{"20 times", 20, 0, 0}, {"3 times", 3, 0, 0}, {"1.9 times", 1.9, 5, 10}} {
		var h History
		h.hoursOfWork(t, firstHour, 20*hoursADay, work{10, 100})
		told, ended := -1, -1
		for n := range 24 {
			w := work{10 * c.times, int64(100 * c.times)}
			if n >= 12 {
				w = work{10, 100}
			}
			r := h.pass(t, hourReport(dayHour(20, n), w))
			if change := classIn(t, r, watched).Change; change != nil && change.Since.IsZero() {
				if told >= 0 {
					t.Errorf("%s: told in hour %d and %d", c.name, told, n)
				}
				told = n
			}
			if len(r.Past.Ended) > 0 {
				if ended >= 0 {
					t.Errorf("%s: ended in hour %d and %d", c.name, ended, n)
				}
				if ended = n - 12; !r.Past.Ended[0].To.Equal(dayHour(20, 12).time()) {
					t.Errorf("%s: it is said to be over at %s", c.name, r.Past.Ended[0].To)
				}
			}
			h = *reread(t, &h)
		}
		if told != c.told || ended != c.ended {
			t.Errorf("%s: told in hour %d, ended in %d, want %d and %d", c.name, told, ended, c.told, c.ended)
		}
	}
}

// What has ten times the calls by day has three times as many since some hour, by night and by day. An
// evening is no end of it, nor is the next day WORSE again.
func TestOnceByNightAndDay(t *testing.T) {
	for start := 0; start < hoursADay; start += 4 {
		var h History
		told := 0
		for n := range 23 * hoursADay {
			w := work{3, 30}
			if h := n % hoursADay; h >= 8 && h < 18 {
				w = work{30, 300}
			}
			if n >= 15*hoursADay+start {
				w.seconds, w.calls = 3*w.seconds, 3*w.calls
			}
			r := h.pass(t, hourReport(firstHour+hour(n), w))
			if n < 3*hoursADay {
				continue
			}
			if change := classIn(t, r, watched).Change; change != nil && change.Since.IsZero() {
				told++
			}
			if len(r.Past.Ended) > 0 {
				t.Errorf("since %d o'clock: ended after %d hours", start, n-15*hoursADay-start)
			}
		}
		if told != 1 {
			t.Errorf("since %d o'clock: told %d times", start, told)
		}
	}
}

// What was told of 500 classes at most is remembered, the latest.
func TestToldIsBounded(t *testing.T) {
	for _, n := range []int{maxTold, maxTold + 1} {
		h := History{classes: map[string]*past{}}
		for i := range n {
			at := firstHour + 1
			if i == 0 {
				at = firstHour
			}
			h.classes[fmt.Sprintf("%032X", i)] = &past{first: at, last: at, from: at, told: at}
		}
		h.forgetTold(firstHour + 2)
		told := 0
		for _, p := range h.classes {
			if p.told > 0 {
				told++
			}
		}
		if oldest := h.classes[fmt.Sprintf("%032X", 0)].told; told != maxTold || (oldest > 0) != (n == maxTold) {
			t.Errorf("of %d %d are remembered, of the oldest %d", n, told, oldest)
		}
	}
	var h History
	h.hoursOfWork(t, firstHour, 2, work{10, 100})
	h.classes[watched].told = firstHour
	text := strings.Replace(marshal(t, h), `"told":{"`+watched+`":"`, `"told":{"`+watched+`":"/////w`, 1)
	if err := json.Unmarshal([]byte(text), new(History)); err == nil || !strings.Contains(text, "/////w") {
		t.Errorf("a damaged history is read: %s", text)
	}
}

// What is NEW or BACK and does not matter yet is told in the first hour of a day after in which
// it does, and once.
func TestOwed(t *testing.T) {
	begin := dayHour(20, 5)
	one, quarter := work{0.5, 1}, work{134, 268}
	for _, c := range []struct {
		name  string
		until hour // the hours before are known, up to this
		hours hour // in the report of the first hour
		first work
		edit  func(r *Report, o *Options) // the first hour
		after hour                        // hours later it matters
		owed  bool
	}{
		{"one call at 05:59, and a quarter from 06:00 on", begin, 1, one, nil, 1, true},
		{"in the 24th hour after", begin, 1, one, nil, 24, true},
		{"in the 25th", begin, 1, one, nil, 25, false},
		{"it was told", begin, 1, quarter, nil, 1, false},
		{"the first hour is partial", begin, 1, one, func(r *Report, _ *Options) { r.Coverage.Complete = false }, 1, true},
		{"it was muted", begin, 1, quarter, func(_ *Report, o *Options) { o.Mutes = []Mute{{ID: watched}} }, 2, true},
		{"the first after a gap", begin - 40, 1, one, nil, 1, true},
		{"in three hours after a gap", begin - 40, 3, one, nil, 3, true},
		{"the rules of fingerprints change", begin, 1, one, func(r *Report, _ *Options) { r.Rules = 2 }, 1, false},
		{"while it learns", firstHour + 23, 1, one, nil, 1, false},
	} {
		for _, kind := range []ChangeKind{New, Back} {
			var h History
			seen := firstHour
			if kind == Back && c.until > firstHour+24 {
				h.pass(t, hourReport(seen, work{10, 100}))
				seen++
			}
			for at := seen; at < c.until; at++ {
				h.pass(t, hourReport(at, work{}))
			}
			begin := min(begin, c.until+100) // of the row that learns, 24 hours are not known
			if c.until == firstHour+23 {
				begin = c.until
			}
			r, o := hourReport(begin, c.first), Options{}
			r.Window.End = (begin + c.hours).time()
			if c.edit != nil {
				c.edit(r, &o)
			}
			h.Compare(r, o)
			for i := range c.hours {
				hourly := hourReport(begin+i, work{c.first.seconds, c.first.calls})
				hourly.Rules, hourly.Coverage = r.Rules, r.Coverage
				if err := h.Add(hourly); err != nil {
					t.Fatal(err)
				}
			}
			h.MarkReported(r)
			for n := c.hours; n <= c.after+2; n++ {
				w := one
				if n >= c.after {
					w = quarter
				}
				hourly := hourReport(begin+n, w)
				hourly.Rules = r.Rules
				h.pass(t, hourly)
				again := hourReport(begin+n, w)
				again.Rules = r.Rules
				h.Compare(again, Options{})
				for _, hourly := range []*Report{hourly, again} {
					class := classIn(t, hourly, watched)
					told := class.Change != nil && class.Change.Kind == kind && class.Leads() && class.Change.First.Equal(begin.time()) &&
						(kind == New || class.Change.LastSeen.Equal(firstHour.time()))
					if want := c.owed && n == c.after; told != want {
						t.Errorf("%s, %s, %d hours later: %+v", kind, c.name, n, class.Change)
					}
					if want := (Told{kind, (begin + c.after).time()}); c.owed && n > c.after && (class.Told == nil || *class.Told != want || class.Leads()) {
						t.Errorf("%s, %s, %d hours later: told %+v", kind, c.name, n, class.Told)
					}
				}
				h = *reread(t, &h)
			}
		}
	}
}

// What was NEW just below a hundredth of the time and wanders above it is no news; with twice its first
// time it is.
func TestOwedWanders(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		leads   bool
	}{{4.5, false}, {7, false}, {8, true}} {
		var h History
		h.hoursOfWork(t, firstHour, 3*hoursADay, work{})
		h.pass(t, hourReport(dayHour(3, 0), work{3.7, 10}))
		if class := classIn(t, h.pass(t, hourReport(dayHour(3, 1), work{c.seconds, 10})), watched); class.Leads() != c.leads {
			t.Errorf("%v s: leads %v", c.seconds, class.Leads())
		}
	}
}

// What has ended is no evidence of what comes after: where an incident of an hour is over, 1.6 times the calls in one
// hour six hours later are no news, as they are none without the incident; eleven times as many are.
func TestWindowsBeginAfterTheEnd(t *testing.T) {
	for _, c := range []struct {
		name     string
		incident work // in the first hour; none is as usual
		calls    int64
		again    bool
	}{
		{"no incident", work{}, 96, false},
		{"WORSE", work{9000, 900}, 96, false},
		{"an incident that is not WORSE", work{3000, 60}, 96, false},
		{"WORSE, and again", work{9000, 900}, 660, true},
	} {
		var h History
		h.hoursOfWork(t, firstHour, 5*hoursADay, work{120, 60})
		for n := range 13 {
			w := work{120, 60}
			switch {
			case n == 0 && c.incident.calls > 0:
				w = c.incident
			case n == 6:
				w = work{2 * float64(c.calls), c.calls}
			}
			class := classIn(t, h.pass(t, hourReport(dayHour(5, n), w)), watched)
			if told := n > 0 && class.Leads(); told != (c.again && n == 6) {
				t.Errorf("%s, hour %d: %+v", c.name, n, class.Change)
			}
			h = *reread(t, &h)
		}
	}
}
