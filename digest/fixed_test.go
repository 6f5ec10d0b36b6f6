package digest

import (
	"slices"
	"testing"
)

// fixedIn returns the hours of a run, from one on, in which the watched class is told as FIXED. Each hour is compared
// twice, and the history stored in between.
func fixedIn(t *testing.T, h *History, from hour, n int, o func(i int) Options, of func(i int) *Report) []int {
	t.Helper()
	var told []int
	for i := range n {
		for again := range 2 {
			r := of(i)
			h.Compare(r, o(i))
			if len(r.Past.Fixed) > 0 && again == 0 {
				told = append(told, i)
			}
			if again == 1 && (len(r.Past.Fixed) > 0) != (len(told) > 0 && told[len(told)-1] == i) {
				t.Errorf("hour %d: the second time it is %+v", i, r.Past.Fixed)
			}
			if r.Window.Start != (from + hour(i)).time() {
				t.Fatal("another hour")
			}
			h.pass(t, r)
			*h = *reread(t, h)
		}
	}
	return told
}

func noOptions(int) Options { return Options{} }

// What was WORSE is FIXED when 24 hours that were read as a whole are as before, once. An hour that was not read
// makes it an hour later, and so does one in which it was WORSE.
func TestFixedAfterADay(t *testing.T) {
	usual, much := work{10, 100}, work{200, 100}
	begin := dayHour(20, 6)
	for name, c := range map[string]struct {
		worse   int // hours
		partial int // hour that is not read as a whole
		again   int // hour in which it is WORSE again
		want    int
	}{
		"after three hours":     {3, -1, -1, 26},
		"after two days":        {48, -1, -1, 71},
		"an hour in part":       {3, 10, -1, 27},
		"the last hour in part": {3, 26, -1, 27},
		"again":                 {3, -1, 20, 44},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			h.hoursOfWork(t, firstHour, int(begin-firstHour), usual)
			got := fixedIn(t, &h, begin, c.want+30, noOptions, func(i int) *Report {
				w := usual
				if i < c.worse || i == c.again {
					w = much
				}
				r := hourReport(begin+hour(i), w)
				r.Coverage.Complete = i != c.partial
				return r
			})
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("told in %v, want %d", got, c.want)
			}
		})
	}
}

// A muted class is not told, nor what was never told to be WORSE; and what stays is not.
func TestNotFixed(t *testing.T) {
	usual, much, more := work{10, 100}, work{200, 100}, work{12, 100}
	begin := dayHour(20, 6)
	mute := Options{Mutes: []Mute{{ID: watched}}}
	for name, c := range map[string]struct {
		first, then work
		o           Options
	}{
		"muted": {much, usual, mute}, "never told": {more, usual, Options{}}, "it stays": {much, much, Options{}}, "half of it stays": {much, work{40, 100}, Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			h.hoursOfWork(t, firstHour, int(begin-firstHour), usual)
			got := fixedIn(t, &h, begin, 60, func(int) Options { return c.o }, func(i int) *Report {
				if i < 5 {
					return hourReport(begin+hour(i), c.first)
				}
				return hourReport(begin+hour(i), c.then)
			})
			if got != nil {
				t.Errorf("told in %v", got)
			}
		})
	}
}

// What was NEW is FIXED when it was there in three hours and is not, or hardly, for 24 that were read.
func TestNewIsFixed(t *testing.T) {
	begin := dayHour(20, 6)
	for name, c := range map[string]struct {
		seen int // hours
		then work
		want int // 0 is never
	}{
		"gone": {3, work{}, 26}, "too short to tell": {2, work{}, 0}, "small": {3, work{18, 18}, 26}, "not so small": {3, work{24, 24}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			h.hoursOfWork(t, firstHour, int(begin-firstHour), work{})
			got := fixedIn(t, &h, begin, 60, noOptions, func(i int) *Report {
				if i < c.seen {
					return hourReport(begin+hour(i), work{200, 200})
				}
				return hourReport(begin+hour(i), c.then)
			})
			told := h.FixedIn(Window{begin.time(), (begin + 100).time()})
			if c.want > 0 && (len(told) != 1 || told[0].Was != New || told[0].Since != begin.time() || told[0].At != (begin+hour(c.want)).time() ||
				told[0].To != (begin+hour(c.seen)).time() || told[0].Before < 90 || told[0].Now > 30) || c.want == 0 && told != nil {
				t.Errorf("of the week: %+v", told)
			}
			if c.want == 0 && got != nil || c.want > 0 && (len(got) != 1 || got[0] != c.want) {
				t.Errorf("told in %v, want %d", got, c.want)
			}
		})
	}
}

// What an earlier release stored has nothing to fix, and what this one stored it can read.
func TestBrokenIsOnlyAdded(t *testing.T) {
	var h History
	begin := dayHour(20, 6)
	h.hoursOfWork(t, firstHour, int(begin-firstHour), work{10, 100})
	h.pass(t, hourReport(begin, work{200, 100}))
	p := h.ClassPast(watched)
	if p.Worse != begin.time() || !p.Fixed.IsZero() || h.classes[watched].broke.at != begin {
		t.Fatalf("%+v", p)
	}
}

// What was WORSE for six hours or more, is FIXED and comes back is told again in its first hour, as often as that happens,
// and is FIXED again. What was so for less may be a burst.
func TestFixedComesBack(t *testing.T) {
	usual, much := work{10, 100}, work{200, 100}
	begin := dayHour(20, 6)
	for name, c := range map[string]struct {
		worse int // hours
		well  int // hours between two times
		times int
		told  bool
	}{
		"after ten hours":                   {10, 40, 4, true},
		"after a day":                       {24, 60, 3, true},
		"after four days":                   {96, 60, 3, true},
		"after eight days, a week later":    {192, 168, 2, true},
		"after six hours":                   {6, 40, 2, true},
		"after five":                        {5, 40, 2, false},
		"after ten, but not yet told FIXED": {10, 20, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			h.hoursOfWork(t, firstHour, int(begin-firstHour), usual)
			var worse []int
			around := c.worse + c.well
			fixed := fixedIn(t, &h, begin, c.times*around, noOptions, func(i int) *Report {
				w := usual
				if i%around < c.worse {
					w = much
				}
				r := hourReport(begin+hour(i), w)
				copied := hourReport(begin+hour(i), w)
				h.Compare(copied, Options{})
				if x := classIn(t, copied, watched).Change; x != nil && x.Kind == Worse && x.Since.IsZero() && (len(worse) == 0 || worse[len(worse)-1] != i) {
					worse = append(worse, i)
				}
				return r
			})
			times := 1
			if c.told {
				times = c.times
			}
			if worse = slices.DeleteFunc(worse, func(i int) bool { return i%around > 0 }); len(worse) != times || c.told && len(fixed) != times {
				t.Errorf("WORSE in %v, FIXED in %v: want %d times", worse, fixed, times)
			}
		})
	}
}
