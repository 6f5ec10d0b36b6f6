package digest

import (
	"slices"
	"testing"
	"time"
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

// What was NEW, is FIXED and comes back is BACK, once. The weekend of what rests by night fixes nothing, but working days do.
func TestFixedNewComesBack(t *testing.T) {
	thursday := dayHour(19, 0)
	if thursday.time().Weekday() != time.Thursday {
		t.Fatal(thursday.time())
	}
	office := func(days ...int) func(i int) bool {
		return func(i int) bool { return slices.Contains(days, i/hoursADay) && i%hoursADay >= 8 && i%hoursADay < 18 }
	}
	for name, c := range map[string]struct {
		there       func(i int) bool // hours since Thursday
		left        int              // after so many hours there are some calls
		fixed, back []int
	}{
		"a Thursday, then again and again": {func(i int) bool { return i%60 < 10 }, 0, []int{33}, []int{60}},
		"a Thursday, but for some calls":   {func(i int) bool { return i < 10 }, 2, []int{33}, nil},
		"and others":                       {func(i int) bool { return i < 10 }, 5, []int{33}, nil},
		"working hours":                    {office(0, 1, 4, 5, 6, 7), 0, nil, nil},
		"two days, but for six hours":      {func(i int) bool { return i < 48 && (i%24 <= 8 || i%24 >= 14) }, 0, []int{4*hoursADay + 23}, nil},
		"two days, but for five":           {func(i int) bool { return i < 48 && (i%24 <= 8 || i%24 >= 13) }, 0, []int{2*hoursADay + 23}, nil},
		"of two days only":                 {office(0, 1), 0, []int{5*hoursADay + 1}, nil},
		"and of a Saturday":                {office(0, 1, 2), 0, []int{4*hoursADay + 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			h.hoursOfWork(t, firstHour, int(thursday-firstHour), work{})
			var back []int
			fixed := fixedIn(t, &h, thursday, 8*hoursADay, noOptions, func(i int) *Report {
				w := work{}
				if c.there(i) {
					w = work{200, 200}
				} else if c.left > 0 && i%c.left == 0 {
					w = work{6, 6}
				}
				r := hourReport(thursday+hour(i), w)
				if h.Compare(r, Options{}); w.calls > 0 {
					if x := classIn(t, r, watched).Change; x != nil && x.Kind == Back && !slices.Contains(back, i) {
						back = append(back, i)
					}
				}
				return hourReport(thursday+hour(i), w)
			})
			if !slices.Equal(fixed, c.fixed) || !slices.Equal(back, c.back) {
				t.Errorf("FIXED in %v, BACK in %v; want %v, %v", fixed, back, c.fixed, c.back)
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

// What was WORSE for six hours or more, is FIXED and comes back is told again in its first hour, once, and is FIXED again.
// What comes back more often is usual, and what was so for less may be a burst.
func TestFixedComesBack(t *testing.T) {
	usual, much := work{10, 100}, work{200, 100}
	begin := dayHour(20, 6)
	for name, c := range map[string]struct {
		worse int // hours
		well  int // hours between two times
		times int
		again bool
	}{
		"after ten hours":                   {10, 40, 4, true},
		"after a day":                       {24, 60, 3, true},
		"after four days":                   {96, 60, 2, true},
		"after eight days, a week later":    {192, 168, 2, true},
		"after six hours":                   {6, 40, 2, true},
		"after five":                        {5, 40, 2, false},
		"after ten, but not yet told FIXED": {10, 20, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			h.hoursOfWork(t, firstHour, int(begin-firstHour), usual)
			around := c.worse + c.well
			worse, fixed := wordsIn(t, &h, begin, c.times*around, func(i int) work {
				if i%around < c.worse {
					return much
				}
				return usual
			})
			worse = slices.DeleteFunc(worse, func(i int) bool { return i%around > 0 })
			want := 1
			if c.again {
				want = 2
			}
			if len(worse) != want || worse[want-1] != (want-1)*around || c.again && len(fixed) != want {
				t.Errorf("WORSE in %v, FIXED in %v: want %d times", worse, fixed, want)
			}
		})
	}
}

// What recurs is told twice at most, and the weekend of a class that began with one fixes nothing.
func TestRecurs(t *testing.T) {
	begin := dayHour(21, 0)
	load := func(first, days, hours int) func(i int) work { // so many hours, on each of some days
		return func(i int) work {
			if d := i - first*hoursADay; d >= 0 && d%(days*hoursADay) < hours {
				return work{200, 2000}
			}
			return work{10, 100}
		}
	}
	for name, c := range map[string]struct {
		known int // hours of work{10, 100} before
		of    func(i int) work
		most  int
	}{
		"eight hours each week":         {21 * hoursADay, load(0, 7, 8), 2},
		"a day and a half in two weeks": {21 * hoursADay, load(0, 14, 36), 2},
		"eight hours each third day":    {21 * hoursADay, load(0, 3, 8), 2},
		"a day in four":                 {21 * hoursADay, load(0, 4, 12), 2},
		"office hours, known from a weekend on": {0, func(i int) work {
			if i/hoursADay%7 >= 2 && i%hoursADay >= 8 && i%hoursADay < 18 {
				return work{40, 200}
			}
			return work{2, 10}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			h.hoursOfWork(t, begin-hour(c.known), c.known, work{10, 100})
			if worse, fixed := wordsIn(t, &h, begin, 42*hoursADay, c.of); len(worse) > c.most || len(worse) == 0 || len(fixed) > len(worse) {
				t.Errorf("WORSE in %v, FIXED in %v: want %d times at most", worse, fixed, c.most)
			}
		})
	}
}

// wordsIn returns the hours of a run, from one on, that tell the watched class first as WORSE, and as FIXED.
func wordsIn(t *testing.T, h *History, from hour, n int, of func(i int) work) (worse, fixed []int) {
	fixed = fixedIn(t, h, from, n, noOptions, func(i int) *Report {
		r := hourReport(from+hour(i), of(i))
		h.Compare(r, Options{})
		x := classIn(t, r, watched).Change
		if x != nil && x.Kind == Worse && x.Since.IsZero() && !slices.Contains(worse, i) {
			worse = append(worse, i)
		}
		return hourReport(from+hour(i), of(i))
	})
	return worse, fixed
}

// What is apart from what is usual is of a class known for eight days before, lasted six hours, was not NEW, and is the first
// that ended in 14 days. It is so from the hour after the one that reports it as fixed.
func TestEpisodes(t *testing.T) {
	const told, reported = hour(10_000), hour(10_100)
	for name, c := range map[string]struct {
		known, lasted hour
		isNew         bool
		before        hour // by how many hours another one ended before; 0 is none
		want          bool
	}{
		"eight days known": {192, 6, false, 0, true}, "an hour less": {191, 6, false, 0, false}, "five hours": {192, 5, false, 0, false},
		"of a NEW one": {500, 50, true, 0, false}, "14 days after another": {2000, 6, false, 336, false}, "an hour later": {2000, 6, false, 337, true},
	} {
		p := &past{first: told - c.known, broke: broken{at: told, isNew: c.isNew}}
		if c.before > 0 {
			p.keep(episode{from: told - c.before - 20, to: told - c.before, reported: told - c.before + 24})
		}
		p.cure(reported, cured{to: told + c.lasted})
		for _, x := range []struct {
			at, before hour
			want       bool
		}{
			{told, reported + 1, c.want}, {told + c.lasted - 1, reported + 1, c.want}, {told - 1, reported + 1, false}, {told + c.lasted, reported + 1, false}, {told, reported, false},
		} {
			if got := p.apart(x.at, x.before); got != x.want {
				t.Errorf("%s: hour %d, as known before %d: %v", name, x.at-told, x.before-reported, got)
			}
		}
		if got := p.forgiven(told, reported+1); got != c.want {
			t.Errorf("%s: forgiven is %v", name, got)
		}
	}
}
