package main

import "testing"

// whatever stands for a number of failed invocations that is left open: where a log
// cannot be read for a while a run may fail, so that Lambda tries it again.
const whatever = -1

// story is what happens in a world, and how it may end.
type story struct {
	name      string
	instances string
	live      func(n *night)
	failed    int    // invocations, of those that are not asked to be refused
	today     string // what is wrong today; to be removed when it is not
}

// TestNights lets the command live through nights and weekends of simulated time. Each
// world knows the truth, and whatever is posted, answered, stored and counted is held
// against it: see nights_check_test.go. With -v it lists what still fails.
func TestNights(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("nights last minutes")
	}
	for _, list := range [][]story{eventStories, fileStories, sleepStories, goneStories, silenceStories} {
		for _, s := range list {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				s.run(t)
			})
		}
	}
}

func (s story) run(t *testing.T) {
	n := newNight(t, s.instances)
	s.live(n)
	n.checkEnd(s.failed)
	switch {
	case s.today == "":
		for _, wrong := range n.wrong {
			t.Error(wrong)
		}
	case len(n.wrong) == 0:
		t.Errorf("this goes well by now: remove what is said of today, %q", s.today)
	default:
		t.Logf("fails today: %s", s.today)
		for _, wrong := range n.wrong {
			t.Logf("  %s", wrong)
		}
	}
	if t.Failed() {
		t.Log(n.output())
	}
}
