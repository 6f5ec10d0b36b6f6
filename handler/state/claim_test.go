package state

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

var ten = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// hours is a window that begins and ends some hours after ten o'clock.
func hours(from, to int) digest.Window {
	return digest.Window{Start: ten.Add(time.Duration(from) * time.Hour), End: ten.Add(time.Duration(to) * time.Hour)}
}

func entry(from, to int, kind EntryKind) Entry {
	w := hours(from, to)
	return Entry{Start: w.Start, End: w.End, Kind: kind}
}

// attempt is one at the hour that begins some hours after ten, five minutes after
// its end and with 15 minutes of time.
func attempt(owner string, from int) Attempt {
	w := hours(from, from+1)
	now := w.End.Add(5 * time.Minute)
	return Attempt{Owner: owner, Window: w, Instances: []string{"db-1"}, Now: now, Deadline: now.Add(15 * time.Minute)}
}

func report(w digest.Window) *digest.Report {
	return digest.NewAggregator(w).Report(digest.Limit{}, digest.OrderBySum)
}

func (s *State) mustAcquire(t *testing.T, a Attempt) Item {
	t.Helper()
	i, err := s.Acquire(a)
	if err != nil {
		t.Fatal(err)
	}
	return *i
}

// finish enters a digest of the hours of an item, as from a run that reads them.
func (s *State) finish(i Item, ts string) {
	r := Result{Channel: "C1", TS: ts, Report: report(i.Window)}
	for _, hour := range i.Window.Hours() {
		r.Hours = append(r.Hours, report(hour))
	}
	s.Finish(i, r)
}

func TestHourIsClaimedPostedAndDone(t *testing.T) {
	var s State
	i := s.mustAcquire(t, attempt("a/1", 0))
	if want := (Item{Owner: "a/1", Window: hours(0, 1), Message: Message{Instances: []string{"db-1"}}}); !reflect.DeepEqual(i, want) {
		t.Fatalf("item %+v, want %+v", i, want)
	}
	if c := s.Claim; c.Owner != "a/1" || c.Stage != Reading || c.Instances != nil || c.window() != i.Window {
		t.Fatalf("claim %+v", c)
	}
	deadline := ten.Add(2 * time.Hour)
	if err := s.StartPosting(i, Message{Instances: []string{"db-1", "db-2"}}, true, deadline); err != nil {
		t.Fatal(err)
	}
	want := &Claim{Owner: "a/1", Start: ten, End: ten.Add(time.Hour), Stage: Posting, FailureOnly: true,
		Message: Message{Instances: []string{"db-1", "db-2"}}, Expires: deadline.Add(time.Minute)}
	if !reflect.DeepEqual(s.Claim, want) {
		t.Fatalf("claim %+v, want %+v", s.Claim, want)
	}
	s.Missed, s.Unreported, s.News, s.Doubt = []digest.Window{hours(-9, -8)}, []string{"A sentence."}, []string{"Another."}, true
	s.finish(i, "17.1")
	if s.Claim != nil || s.Missed != nil || s.Unreported != nil || s.News != nil || s.Doubt {
		t.Errorf("state %+v", s)
	}
	e := entry(0, 1, Posted)
	e.Channel, e.TS = "C1", "17.1"
	if !reflect.DeepEqual(s.Entries, Entries{e}) {
		t.Errorf("entries %+v", s.Entries)
	}
	if text, err := json.Marshal(s.History); err != nil || !strings.Contains(string(text), "2026-11-23T10") {
		t.Errorf("the history is %s, %v", text, err)
	}
	for n := range 2 {
		if i, err := s.Acquire(attempt("b/1", 0)); !errors.Is(err, ErrDone) {
			t.Errorf("time %d: again %+v, %v", n, i, err)
		}
	}
}

// A claim outlasts its owner by one minute. Until then others are refused, but for
// the same request, which Lambda tries again when the first try has ended.
func TestClaimExpiresAMinuteAfterItsOwner(t *testing.T) {
	for _, c := range []struct {
		name  string
		owner string // of the second
		stage Stage
		hour  int           // of the second
		late  time.Duration // after the deadline of the first
		force bool
		want  error
	}{
		{"the same hour, too early", "b/2", Reading, 0, time.Minute - 1, false, ErrAtWork},
		{"the same hour, expired", "b/2", Reading, 0, time.Minute, false, nil},
		{"the same hour, posting, too early", "b/2", Posting, 0, time.Minute - 1, false, ErrAtWork},
		{"the same hour, posting, expired", "b/2", Posting, 0, time.Minute, false, nil},
		{"the same request", "a/2", Reading, 0, 0, false, nil},
		{"the same request for another hour", "a/2", Reading, 1, 0, false, nil},
		{"the same request, posting", "a/2", Posting, 0, time.Minute - 1, false, ErrAtWork},
		{"one that only begins alike", "ab/2", Reading, 0, 0, false, ErrAtWork},
		{"by hand", "/2", Reading, 0, 0, false, ErrAtWork},
		{"another hour", "b/2", Reading, 1, time.Minute - 1, false, new(BusyError)},
		{"an hour that is done", "b/2", Reading, -1, time.Minute - 1, false, ErrDone},
		{"an hour that is done, again", "b/2", Reading, -1, time.Minute - 1, true, new(BusyError)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := State{Since: ten.Add(-time.Hour), Entries: Entries{entry(-1, 0, Posted)}}
			first := attempt("a/1", 0)
			i := s.mustAcquire(t, first)
			if c.stage == Posting {
				if err := s.StartPosting(i, Message{}, false, first.Deadline); err != nil {
					t.Fatal(err)
				}
			}
			second := attempt(c.owner, c.hour)
			second.Now, second.Force = first.Deadline.Add(c.late), c.force
			_, err := s.Acquire(second)
			var busy *BusyError
			switch {
			case errors.As(err, &busy):
				if c.want == nil || reflect.TypeOf(err) != reflect.TypeOf(c.want) || busy.Owner != "a/1" || !busy.Expires.Equal(first.Deadline.Add(time.Minute)) {
					t.Errorf("error %v, want %v", err, c.want)
				}
				if !strings.Contains(err.Error(), "a/1") || !strings.Contains(err.Error(), "11:21:00 UTC") {
					t.Errorf("error %q", err)
				}
			case !errors.Is(err, c.want):
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// No run lasts longer than 15 minutes. A claim that expires later than one of a clock
// that is ahead can, such as in a year, is of a clock that was wrong, and is nobody's.
func TestClaimOfAWrongClockHasExpired(t *testing.T) {
	const most = 15*time.Minute + claimMargin + clockSkew
	for expires, want := range map[time.Duration]error{most: ErrAtWork, most + 1: nil, 365 * 24 * time.Hour: nil} {
		for _, stage := range []Stage{Reading, Posting} {
			a := attempt("b/1", 0)
			s := State{Since: ten, Claim: &Claim{Owner: "a/1", Start: ten, End: ten.Add(time.Hour), Stage: stage, Expires: a.Now.Add(expires)}}
			if i, err := s.Acquire(a); !errors.Is(err, want) || err == nil && i.Unconfirmed != (stage == Posting) {
				t.Errorf("%s, expires in %v: item %+v, error %v, want %v", stage, expires, i, err, want)
			}
		}
	}
}

// Two runs by hand have no request in common.
func TestRunsByHandAreNotOneRequest(t *testing.T) {
	var s State
	s.mustAcquire(t, attempt("/1", 0))
	if _, err := s.Acquire(attempt("/2", 0)); !errors.Is(err, ErrAtWork) {
		t.Errorf("error %v", err)
	}
}

// The answer to a save may be lost: the same attempt comes to the same item.
func TestAcquireCanBeRepeated(t *testing.T) {
	for _, doubt := range []bool{false, true} {
		s := State{Doubt: doubt}
		a := attempt("a/1", 0)
		first := s.mustAcquire(t, a)
		if first.Unconfirmed != doubt || (s.Claim.Stage == Posting) != doubt {
			t.Errorf("item %+v, claim %+v", first, s.Claim)
		}
		if again := s.mustAcquire(t, a); !reflect.DeepEqual(first, again) {
			t.Errorf("first %+v, then %+v", first, again)
		}
	}
}

func TestWhoHasLostAClaimPostsNothing(t *testing.T) {
	var s State
	i := s.mustAcquire(t, attempt("a/1", 0))
	late := attempt("b/1", 0)
	late.Now = s.Claim.Expires
	s.mustAcquire(t, late)
	now := *s.Claim
	if err := s.StartPosting(i, Message{}, false, ten); !errors.Is(err, ErrLost) {
		t.Errorf("error %v", err)
	}
	s.Release(i, ten)
	if !reflect.DeepEqual(*s.Claim, now) {
		t.Errorf("claim %+v, want %+v", *s.Claim, now)
	}
	s.Claim = nil
	if err := s.StartPosting(i, Message{}, false, ten); !errors.Is(err, ErrLost) {
		t.Errorf("without a claim: %v", err)
	}
	if s.Release(i, ten); s.Claim != nil {
		t.Errorf("claim %+v", s.Claim)
	}
}

// Where two have posted the same hours, the first to finish counts, and another's
// claim is left alone.
func TestFinishAfterSomebodyElse(t *testing.T) {
	var s State
	i := s.mustAcquire(t, attempt("a/1", 0))
	s.Entries = Entries{entry(0, 1, Posted)}
	s.Claim = &Claim{Owner: "b/1", Start: ten.Add(time.Hour), End: ten.Add(2 * time.Hour)}
	s.Unreported, s.Doubt = []string{"A sentence."}, true
	s.finish(i, "17.2")
	if s.Claim == nil || s.Entries[0].TS != "" || len(s.Unreported) == 0 || !s.Doubt {
		t.Errorf("state %+v", s)
	}
}

func TestReleaseKeepsWhatIsUnconfirmed(t *testing.T) {
	for _, unconfirmed := range []bool{false, true} {
		var s State
		i := s.mustAcquire(t, attempt("a/1", 0))
		i.Unconfirmed = unconfirmed
		now := ten.Add(90 * time.Minute)
		if s.Release(i, now); (s.Claim != nil) != unconfirmed || unconfirmed && !s.Claim.Expires.Equal(now) {
			t.Errorf("unconfirmed %v: claim %+v", unconfirmed, s.Claim)
		}
	}
}

// What a run left that died while it posted comes first, and is looked for by the
// instances of its message. A failure report is rather left out than repeated.
func TestWhatADeadRunLeft(t *testing.T) {
	for _, failureOnly := range []bool{false, true} {
		s := State{Since: ten.Add(-2 * time.Hour), Entries: Entries{entry(-2, -1, Posted)},
			Claim: &Claim{Owner: "a/1", Start: ten.Add(-time.Hour), End: ten, Stage: Posting, FailureOnly: failureOnly, Message: Message{Instances: []string{"db-9"}}, Expires: ten}}
		i := s.mustAcquire(t, attempt("b/1", 0))
		want := Item{Owner: "b/1", Window: hours(-1, 0), Unconfirmed: true, Message: Message{Instances: []string{"db-9"}}}
		if failureOnly {
			want = Item{Owner: "b/1", Window: hours(-1, 1), Message: Message{Instances: []string{"db-1"}}}
		}
		if !reflect.DeepEqual(i, want) {
			t.Errorf("failure only %v: item %+v, want %+v", failureOnly, i, want)
		}
		if failureOnly != s.Entries.FailureReported(hours(-1, 0)) {
			t.Errorf("failure only %v: entries %+v", failureOnly, s.Entries)
		}
		if c := s.Claim; !failureOnly && (c.Stage != Posting || !slices.Equal(c.Instances, want.Instances)) {
			t.Errorf("claim %+v", c)
		}
	}
	s := State{Since: ten, Entries: Entries{entry(0, 1, Posted)}, Claim: &Claim{Start: ten, End: ten.Add(time.Hour), Stage: Posting}}
	if i := s.mustAcquire(t, attempt("b/1", 1)); i.Unconfirmed || i.Window != hours(1, 2) {
		t.Errorf("it was done after all: %+v", i)
	}
}

// Whether a failure report is in the channel stays open until it is found, also
// for the run that comes after one that died while it posted the digest.
func TestUnseenFailureReport(t *testing.T) {
	for _, c := range []struct {
		unseen bool
		ts     string
	}{{true, ""}, {false, ""}, {false, "17.1"}} {
		s := State{Since: ten, Claim: &Claim{Owner: "a/1", Start: ten, End: ten.Add(time.Hour), Stage: Posting, FailureOnly: true, Expires: ten}}
		i := s.mustAcquire(t, attempt("b/1", 0))
		if !i.FailureUnseen || i.Unconfirmed {
			t.Fatalf("item %+v", i)
		}
		i.FailureUnseen, i.FailureTS = c.unseen, c.ts
		if err := s.StartPosting(i, Message{}, false, ten); err != nil {
			t.Fatal(err)
		}
		for _, owner := range []string{"c/1", "d/1"} { // the second finds the claim of the first
			s.Claim.Expires = time.Time{}
			if next := s.mustAcquire(t, attempt(owner, 0)); next.FailureUnseen != c.unseen || !next.Unconfirmed || s.Entries.IsFailure("17.1") != (c.ts != "") {
				t.Errorf("%+v: item %+v, entries %+v", c, next, s.Entries)
			}
		}
	}
}

func TestPendingHours(t *testing.T) {
	const days = 24
	for _, c := range []struct {
		name    string
		since   int
		entries Entries
		hour    int
		passed  []digest.Window
		want    digest.Window // zero is none
		givenUp []digest.Window
	}{
		{"one", 0, nil, 0, nil, hours(0, 1), nil},
		{"24 hours in one message", -23, nil, 0, nil, hours(-23, 1), nil},
		{"one more is for the next", -24, nil, 0, nil, hours(-23, 1), nil},
		{"and comes after the newest", -24, nil, 0, []digest.Window{hours(-23, 1)}, hours(-24, -23), nil},
		{"14 days", 1 - 14*days, nil, 0, []digest.Window{hours(2-14*days, 1)}, hours(1-14*days, 2-14*days), nil},
		{"one more is given up", -14 * days, nil, 0, []digest.Window{hours(2-14*days, 1)}, hours(1-14*days, 2-14*days), []digest.Window{hours(-14*days, 1-14*days)}},
		{"two more around one that is done", -14*days - 2, Entries{entry(-14*days-1, -14*days, Posted)}, 0, nil, hours(-23, 1),
			[]digest.Window{hours(-14*days-2, -14*days-1), hours(-14*days, 1-14*days)}},
		{"the newest, after one that is done", -4, Entries{entry(-2, -1, Posted)}, 0, nil, hours(-1, 1), nil},
		{"and then up to it", -4, Entries{entry(-2, -1, Posted)}, 0, []digest.Window{hours(-1, 1)}, hours(-4, -2), nil},
		{"from one that is done on", -4, Entries{entry(-4, -1, Posted)}, 0, nil, hours(-1, 1), nil},
		{"a missed one is done", -4, Entries{entry(-4, -1, Missed)}, 0, nil, hours(-1, 1), nil},
		{"a failure is not", -4, Entries{entry(-4, -3, FailureReported)}, 0, nil, hours(-4, 1), nil},
		{"passed", -4, nil, 0, []digest.Window{hours(-2, 1)}, hours(-4, -2), nil},
		{"all passed", -4, nil, 0, []digest.Window{hours(-4, 1)}, digest.Window{}, nil},
		{"all done", -1, Entries{entry(-1, 1, Posted)}, 0, nil, digest.Window{}, nil},
		{"late, before the first", 3, Entries{entry(3, 4, Posted)}, 0, nil, hours(0, 1), nil},
		{"late, and done", 3, Entries{entry(0, 1, Posted), entry(3, 4, Posted)}, 0, nil, digest.Window{}, nil},
		{"a week later", 0, Entries{entry(0, 1, Posted)}, 168, nil, hours(145, 169), nil},
		{"a week later, what is left", 0, Entries{entry(0, 1, Posted)}, 168, []digest.Window{hours(25, 169)}, hours(1, 25), nil},
		{"before what is remembered", -500, Entries{entry(0, 1, Posted)}, 0, nil, hours(-24, 0), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := State{Since: ten.Add(time.Duration(c.since) * time.Hour), Entries: c.entries}
			a := attempt("a/1", c.hour)
			a.Passed = c.passed
			i, err := s.Acquire(a)
			switch {
			case c.want == (digest.Window{}):
				if !errors.Is(err, ErrDone) {
					t.Errorf("item %+v, error %v", i, err)
				}
			case err != nil || i.Window != c.want:
				t.Errorf("item %+v, error %v, want %v", i, err, c.want)
			}
			if !slices.Equal(s.GivenUp, c.givenUp) || s.Missed != nil {
				t.Errorf("given up %v, want %v; missed %v", s.GivenUp, c.givenUp, s.Missed)
			}
			for _, w := range c.givenUp {
				if e, ok := s.Entries.At(w.Start); !ok || e.Kind != Missed || !e.End.Equal(w.End) {
					t.Errorf("entry %+v of what was missed", e)
				}
			}
		})
	}
}

// Force takes the hours of the message that has the hour, once, if it is a digest.
func TestForceReplacesADigest(t *testing.T) {
	posted := entry(-2, 1, Posted)
	posted.Channel, posted.TS = "C1", "17.1"
	for _, c := range []struct {
		name   string
		entry  Entry
		passed []digest.Window
		want   *Item
	}{
		{"a digest", posted, nil, &Item{Owner: "a/1", Window: hours(-2, 1), Replace: &posted}},
		{"passed", posted, []digest.Window{hours(-2, 1)}, nil},
		{"a failure report", entry(0, 1, FailureReported), nil, &Item{Owner: "a/1", Window: hours(-2, 1), Message: Message{Instances: []string{"db-1"}}}},
		{"another hour", entry(-2, -1, Posted), nil, &Item{Owner: "a/1", Window: hours(-1, 1), Message: Message{Instances: []string{"db-1"}}}},
	} {
		s := State{Since: ten.Add(-2 * time.Hour), Entries: Entries{c.entry}}
		a := attempt("a/1", 0)
		a.Force, a.Passed = true, c.passed
		if i, err := s.Acquire(a); !reflect.DeepEqual(i, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%s: %+v, %v, want %+v", c.name, i, err, c.want)
		}
	}
}

func TestFinishOfAReplacement(t *testing.T) {
	old := entry(-2, 1, Posted)
	s := State{Since: ten.Add(-2 * time.Hour), Entries: Entries{old}, Unreported: []string{"A sentence."}}
	s.finish(Item{Window: hours(-2, 1), Replace: &old}, "17.3")
	if len(s.Entries) != 1 || s.Entries[0].TS != "17.3" || s.Unreported != nil {
		t.Errorf("state %+v", s)
	}
	if text, _ := json.Marshal(s.History); strings.Contains(string(text), "2026-11-23") {
		t.Errorf("the history has the hours twice: %s", text)
	}
}

// Nothing of the hours could be read: each hour is entered, and stays pending.
func TestFinishOfAFailure(t *testing.T) {
	s := State{Since: ten.Add(-2 * time.Hour), Unreported: []string{"A sentence."}}
	i := s.mustAcquire(t, attempt("a/1", 0))
	s.Finish(i, Result{Channel: "C1", TS: "17.1", Failure: true})
	if len(s.Entries) != 3 || !s.Entries.FailureReported(i.Window) || !s.Entries.IsFailure("17.1") || s.Unreported != nil {
		t.Errorf("state %+v", s)
	}
	again := s.mustAcquire(t, attempt("b/1", 0))
	if again.Window != i.Window || again.Repeat {
		t.Errorf("item %+v", again)
	}
	again.Unconfirmed = true
	s.Unreported = []string{"A sentence."}
	s.Finish(again, Result{Failure: true, Silent: true}) // and nothing is posted
	if !s.Entries.IsFailure("17.1") || s.Entries[0].Channel != "C1" || len(s.Unreported) != 1 {
		t.Errorf("the message is forgotten: %+v", s)
	}
	third := s.mustAcquire(t, attempt("c/1", 0))
	if !third.Repeat || third.Unconfirmed {
		t.Errorf("item %+v", third)
	}
	s.Finish(third, Result{Failure: true})
	if again := s.mustAcquire(t, attempt("d/1", 0)); !again.Repeat {
		t.Errorf("the doubt is forgotten: %+v", again)
	}
}

// Only entries of less than a week before the end of the last one are kept.
func TestEntriesAreKeptForAWeek(t *testing.T) {
	for _, c := range []struct {
		end  int // of the old entry
		kept bool
	}{{1 - 7*24, true}, {-7 * 24, false}} {
		s := State{Entries: Entries{entry(c.end-1, c.end, Posted)}}
		s.Since = s.Entries[0].Start
		s.enter(entry(c.end, 1, Posted))
		if _, kept := s.Entries.At(s.Since); kept != c.kept || len(s.Entries) != map[bool]int{false: 1, true: 2}[c.kept] || !s.done(s.Since) {
			t.Errorf("the end is %d hours: %+v", c.end, s.Entries)
		}
	}
	s := State{Since: ten.Add(-1000 * time.Hour), Entries: Entries{entry(0, 1, Posted)}}
	for hour, done := range map[int]bool{1 - 7*24: false, -7 * 24: true, -1000: true, -1001: false} {
		if got := s.done(hours(hour, 0).Start); got != done {
			t.Errorf("hour %d: done %v, want %v", hour, got, done)
		}
	}
	if (&State{Since: ten}).done(ten) {
		t.Error("an hour is done of which nothing is known")
	}
}

func TestEnterReplacesWhatItCovers(t *testing.T) {
	es := Entries{entry(0, 1, FailureReported), entry(1, 2, FailureReported), entry(2, 3, FailureReported), entry(3, 4, Posted)}
	es.put(entry(1, 3, Posted))
	if want := (Entries{entry(0, 1, FailureReported), entry(1, 3, Posted), entry(3, 4, Posted)}); !reflect.DeepEqual(es, want) {
		t.Errorf("entries %+v, want %+v", es, want)
	}
	if e, ok := es.At(ten.Add(2 * time.Hour)); !ok || !reflect.DeepEqual(e, es[1]) {
		t.Errorf("at 12 there is %+v", e)
	}
	if _, ok := es.At(ten.Add(4 * time.Hour)); ok {
		t.Error("there is an entry after the last")
	}
}

func TestFailureReports(t *testing.T) {
	failure, digested := entry(0, 1, FailureReported), entry(1, 2, Posted)
	failure.TS, digested.TS = "17.1", "17.2"
	es := Entries{failure, digested, entry(2, 3, FailureReported)}
	for ts, want := range map[string]bool{"17.1": true, "17.2": false, "": false, "17.3": false} {
		if es.IsFailure(ts) != want {
			t.Errorf("IsFailure(%q) = %v", ts, !want)
		}
	}
	for w, want := range map[digest.Window]bool{hours(0, 1): true, hours(2, 3): true, hours(0, 2): false, hours(2, 4): false} {
		if es.FailureReported(w) != want {
			t.Errorf("FailureReported(%v) = %v", w, !want)
		}
	}
}
