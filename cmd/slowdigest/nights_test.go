package main

import (
	"strings"
	"sync"
	"testing"
)

// whatever stands for a number of failed invocations that is left open: where a log
// cannot be read for a while a run may fail, so that Lambda tries it again.
const whatever = -1

// story is what happens in a world, and how it may end.
type story struct {
	name      string
	instances string
	live      func(n *night)
	failed    int // invocations, of those that are not asked to be refused
}

// TestNights lets the command live through nights and weekends of simulated time. Each
// world knows the truth, and whatever is posted, answered, stored and counted is held
// against it: see nights_check_test.go.
func TestNights(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("nights last minutes")
	}
	var stories sync.WaitGroup
	free := make(chan struct{}, atOnce)
	// The longest begin first.
	for _, list := range [][]story{goneStories, silenceStories, nameStories, fileStories, sleepStories, eventStories} {
		for _, s := range list {
			stories.Go(func() {
				free <- struct{}{}
				t.Run(s.name, s.run)
				<-free
			})
		}
	}
	stories.Wait()
}

// atOnce is how many stories go on at a time, whatever -parallel says: most of the time
// they wait.
const atOnce = 16

func (s story) run(t *testing.T) {
	instances, daily, _ := strings.Cut(s.instances, "; daily ")
	n := newNight(t, instances, daily)
	s.live(n)
	n.checkEnd(s.failed)
	for _, wrong := range n.wrong {
		t.Error(wrong)
	}
	if t.Failed() {
		t.Log(n.output())
	}
}
