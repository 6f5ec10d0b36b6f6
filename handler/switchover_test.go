package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// switched is a channel whose orders-1 is switched over at half past each of some hours.
// Each of the instances that had the name has a table of its own.
type switched struct {
	*channel
	names []string // of the instances that had it, in their order
	lives []*rdstest.Instance
}

// newSwitched is one whose first hour was posted.
func newSwitched(t *testing.T) *switched {
	s := &switched{channel: newChannel(t)}
	s.over(ten, "")
	s.query(ten, 20)
	s.rotate(ten)
	s.runWith(ten)
	return s
}

// live lets an hour pass in which orders-1 has a slow query at a minute.
func (s *switched) query(end time.Time, minute int) {
	at := end.Add(time.Duration(minute-60) * time.Minute)
	db := s.lives[len(s.lives)-1]
	db.Append(rdstest.SlowLog, []byte(entry(at, "select a from "+s.table(len(s.lives)-1, end)+" where id = 1")), at)
}

// table is that of an hour of the nth instance.
func (s *switched) table(n int, end time.Time) string {
	return fmt.Sprintf("t%cx%c", 'a'+n, 'a'+end.Hour())
}

// over renames orders-1 as a switchover does.
func (s *switched) over(end time.Time, old string) {
	at := end.Add(-30 * time.Minute)
	if len(s.lives) > 0 {
		s.rds.RenameInstance("orders-1", old)
		s.names[len(s.names)-1] = old
	}
	db := s.rds.AddInstance("orders-1")
	db.Write(rdstest.SlowLog, []byte(rdstest.Banner), at)
	s.lives, s.names = append(s.lives, db), append(s.names, "orders-1")
}

func (s *switched) rotate(end time.Time) {
	for _, db := range s.lives {
		db.EndHour(end)
	}
}

// told counts the messages that tell of an hour of the nth instance.
func (s *switched) told(n int, end time.Time) int { return s.tells(s.table(n, end)) }

// tells counts the messages that tell of a table.
func (s *switched) tells(table string) (times int) {
	for _, m := range s.slack.Messages() {
		if strings.Contains(m.Text+string(m.Blocks), table) {
			times++
		}
	}
	return times
}

// said counts the messages that say something.
func (s *switched) said(text string) (times int) {
	for _, m := range s.slack.Messages() {
		if strings.Contains(m.Shown(), text) {
			times++
		}
	}
	return times
}

// What the instance before a switchover logged last cannot be read for a while. It is read
// as soon as it can be, whatever its name is then, and never from another instance that has
// taken its name: then it is named as lost.
func TestOpenPartOfASwitchover(t *testing.T) {
	eleven, twelve, one := ten.Add(time.Hour), ten.Add(2*time.Hour), ten.Add(3*time.Hour)
	const former, lost = "orders-1-old1", "orders-1-old1, which was called orders-1 before 2026-11-23 11:05 UTC, was deleted. What it logged from 2026-11-23 10:00 to 11:00 UTC was not read"
	for _, c := range []struct {
		name   string
		at1130 func(s *switched) // an hour after the first switchover
		at1230 func(s *switched)
		told   []int // how often what each instance logged in the hour that it lost its name is told
		said   map[string]int
	}{
		{"it answers again", func(s *switched) { s.rds.Heal() }, func(*switched) {}, []int{1, 1},
			map[string]int{lost: 0, "orders-1 is another instance now": 1}},
		{"two hours later", func(*switched) {}, func(s *switched) { s.rds.Heal() }, []int{1, 1}, map[string]int{lost: 0}},
		{"it is deleted", func(s *switched) { s.rds.RemoveInstance(former) }, func(*switched) {}, []int{0, 1},
			map[string]int{lost: 1}},
		{"and another has its name", func(s *switched) {
			s.rds.RemoveInstance(former)
			s.rds.Heal()
			s.over(twelve, former)
		}, func(*switched) {}, []int{0, 1, 1}, map[string]int{lost: 1, "orders-1 is another instance now": 2}},
		{"it stays, the next is -old2", func(s *switched) { s.over(twelve, "orders-1-old2") }, func(s *switched) { s.rds.Heal() },
			[]int{1, 1, 1}, map[string]int{lost: 0, "is read from orders-1-old2": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &switched{channel: newChannel(t)}
			s.over(ten, "")
			for _, end := range []time.Time{ten, eleven, twelve, one, one.Add(time.Hour)} {
				s.query(end, 20)
				switch end {
				case eleven:
					s.over(end, former)
					s.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DownloadDBLogFilePortion", Instance: former, Times: -1})
				case twelve:
					c.at1130(s)
				case one:
					c.at1230(s)
				}
				s.query(end, 40)
				s.rotate(end)
				s.runWith(end)
			}
			for n, want := range c.told {
				hour := []time.Time{eleven, twelve, one}[n]
				if got := s.told(n, hour); got != want {
					t.Errorf("the last hour of %s is told %d times, want %d", s.names[n], got, want)
				}
			}
			for text, want := range c.said {
				if got := s.said(text); got != want {
					t.Errorf("%d messages say %q, want %d", got, text, want)
				}
			}
			if open := s.state().Open; len(open) > 0 {
				t.Errorf("open are %+v", open)
			}
		})
	}
}

// interrupted is a source in which something happens between the listing of the files and
// the reading of them, as often as it is told to.
type interrupted struct {
	*source.RDS
	do func()
}

func (i interrupted) LogFiles(ctx context.Context, instance string, start, end time.Time) ([]source.File, error) {
	files, err := i.RDS.LogFiles(ctx, instance, start, end)
	if instance == "orders-1" {
		i.do()
	}
	return files, err
}

// Where a name becomes another's while its logs are read they are read again: both
// instances have a file of the name that was listed. Where that happens all the time the
// digest does not say that it is complete.
func TestNamesThatChangeHands(t *testing.T) {
	eleven := ten.Add(time.Hour)
	for _, c := range []struct {
		switchovers int
		told        int
		complete    bool
	}{{1, 2, true}, {2, 3, true}, {3, 0, false}} {
		s := newSwitched(t)
		s.query(eleven, 20)
		s.rotate(eleven)
		n := 0
		s.runWith(eleven, func(h *handler.Handler) {
			h.Source = interrupted{h.Source.(*source.RDS), func() {
				if n++; n > c.switchovers {
					return
				}
				s.over(eleven, fmt.Sprintf("orders-1-old%d", n))
				s.query(eleven, 40+n)
				s.lives[n].EndHour(eleven)
			}}
		})
		told := 0
		for n := range s.lives {
			told += s.told(n, eleven)
		}
		messages := s.slack.Messages()
		last := messages[len(messages)-1].Shown()
		if c.complete && told != c.told || strings.Contains(last, "complete") != c.complete {
			t.Errorf("%d switchovers: %d of %d instances are told in\n%s", c.switchovers, told, len(s.lives), last)
		}
	}
}

// What the one before logs when it was seen without the name is no query of the channel.
func TestFormerGoesOn(t *testing.T) {
	eleven, twelve := ten.Add(time.Hour), ten.Add(2*time.Hour)
	s := newSwitched(t)
	s.query(eleven, 20)
	s.over(eleven, "orders-1-old1")
	s.query(eleven, 40)
	s.rotate(eleven)
	s.runWith(eleven) // at 11:05
	for _, minute := range []int{4, 6} {
		at := eleven.Add(time.Duration(minute) * time.Minute)
		s.lives[0].Append(rdstest.SlowLog, []byte(entry(at, fmt.Sprintf("select a from %s where id = 1", []string{"early", "late"}[minute/6]))), at)
	}
	s.query(twelve, 20)
	s.rotate(twelve)
	s.runWith(twelve)
	for table, want := range map[string]int{"early": 1, "late": 0, s.table(0, eleven): 1, s.table(1, twelve): 1} {
		if told := s.tells(table); told != want {
			t.Errorf("%s is told %d times, want %d", table, told, want)
		}
	}
}

// Who lost the name long before keeps a lower number, and is not read.
func TestFormerOfBefore(t *testing.T) {
	eleven := ten.Add(time.Hour)
	s := &switched{channel: newChannel(t)}
	old := s.rds.AddInstance("orders-1-old1")
	old.Write(rdstest.SlowLog, []byte(rdstest.Banner), ten)
	s.over(ten, "")
	s.query(ten, 20)
	s.rotate(ten)
	s.runWith(ten)
	s.query(eleven, 20)
	s.over(eleven, "orders-1-old2")
	old.Append(rdstest.SlowLog, []byte(entry(eleven.Add(-20*time.Minute), "select a from ancient where id = 1")), eleven.Add(-20*time.Minute))
	old.EndHour(eleven)
	s.rotate(eleven)
	s.runWith(eleven)
	if s.said("ancient")+s.said("orders-1-old1") > 0 || s.told(0, eleven) != 1 {
		t.Error("another is taken for the former one")
	}
}

// Where an hour of before a switchover is read again, who has the name now is not read for
// it: what that logged then was none of the channel's.
func TestHolderOfBefore(t *testing.T) {
	eleven, twelve := ten.Add(time.Hour), ten.Add(2*time.Hour)
	s := newSwitched(t)
	green := s.rds.AddInstance("orders-1-green")
	green.Write(rdstest.SlowLog, []byte(entry(eleven.Add(-20*time.Minute), "select a from warmup where id = 1")), eleven.Add(-20*time.Minute))
	s.query(eleven, 20)
	s.rotate(eleven)
	green.EndHour(eleven)
	s.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, File: rdstest.SlowLog + ".2026-11-23.11", Times: -1})
	_, _ = s.run(eleven) // which has nothing to read
	s.query(twelve, 20)
	s.rotate(twelve)
	s.runWith(twelve)
	s.rds.RenameInstance("orders-1", "orders-1-old1")
	s.rds.RenameInstance("orders-1-green", "orders-1")
	s.rds.Heal()
	s.rotate(twelve.Add(time.Hour))
	s.runWith(twelve.Add(time.Hour))
	if s.told(0, eleven) != 1 || s.said("warmup") > 0 {
		t.Errorf("the hour is told %d times, and the green one %d times", s.told(0, eleven), s.said("warmup"))
	}
}

// Of two that lost a name one after the other, the first is known when the second is deleted,
// and is not taken for one between.
func TestFormerIsKnown(t *testing.T) {
	s := &switched{channel: newChannel(t)}
	s.over(ten, "")
	for n := range 4 {
		end := ten.Add(time.Duration(n) * time.Hour)
		s.query(end, 20)
		if n == 1 {
			s.over(end, "orders-1-old1")
		}
		if n == 3 { // when nothing is read of the first one any more
			s.rds.RemoveInstance("orders-1")
			s.lives, s.names = append(s.lives, s.rds.AddInstance("orders-1")), append(s.names, "orders-1")
			s.lives[2].Write(rdstest.SlowLog, []byte(rdstest.Banner), end.Add(-30*time.Minute))
		}
		s.query(end, 40)
		s.rotate(end)
		s.runWith(end)
	}
	if s.said("may have been orders-1") > 0 || s.said("the one before does not exist any more") != 1 {
		t.Error("the first one is taken for the second")
	}
}

// The state of an earlier release knows no IDs. That an instance was made since its last hour
// tells that it is another.
func TestRestoredInTheHourOfTheUpgrade(t *testing.T) {
	for made, want := range map[time.Duration]int{-time.Minute: 0, time.Minute: 1} {
		c := newChannel(t)
		c.hour(ten)
		c.runWith(ten)
		if err := state.Edit(t.Context(), c.store, state.Key(c.handler("").Channel), func(s *state.State) error {
			seen := s.Instances["orders-1"]
			seen.ID, seen.Same = "", time.Time{}
			s.Instances["orders-1"] = seen
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		c.db.Created = ten.Add(made)
		c.hour(ten.Add(time.Hour))
		c.runWith(ten.Add(time.Hour))
		said := 0
		for _, m := range c.slack.Messages() {
			said += strings.Count(m.ShownText()+m.Shown(), "orders-1 was deleted, and another of its name was made at 2026-11-23 10:01 UTC")
		}
		if min(said, 1) != want {
			t.Errorf("made %v after the last hour: said %d times", made, said)
		}
	}
}
