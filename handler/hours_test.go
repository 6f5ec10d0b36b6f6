package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// second adds an instance to the channel, whose log of the hour that ends at a time
// fails until the server is healed.
func (c *channel) second(end time.Time) func(h *handler.Handler) {
	db := c.rds.AddInstance("orders-2")
	name := rdstest.SlowLog + end.Format(".2006-01-02.15")
	for _, at := range []time.Time{end, end.Add(time.Hour), end.Add(2 * time.Hour)} {
		db.Write(rdstest.SlowLog+at.Format(".2006-01-02.15"), []byte(entry(at.Add(-time.Minute), "select b from t where id = 1")), at.Add(-time.Minute))
	}
	db.Write(rdstest.SlowLog, []byte(rdstest.Banner), end)
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Instance: "orders-2", File: name, Times: -1})
	return func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2"} }
}

func (c *channel) runWith(end time.Time, set ...func(*handler.Handler)) *handler.Handler {
	c.t.Helper()
	c.now = end.Add(5 * time.Minute)
	h := c.handler("request-" + end.Format("15:04"))
	for _, set := range set {
		set(h)
	}
	if _, err := h.Run(c.t.Context(), hourEnding(end)); err != nil {
		c.t.Fatal(err)
	}
	return h
}

// What could not be read of an instance is read with the next hour. The message is
// edited, the history is that of an undisturbed run, and each hour is counted as done
// once.
func TestCorrectionEditsTheMessage(t *testing.T) {
	c := newChannel(t)
	eleven := ten.Add(time.Hour)
	c.hour(ten)
	c.hour(eleven)
	both := c.second(ten)
	h := c.runWith(ten, both)
	c.expect("09-10")
	if m := c.slack.Messages()[0]; !strings.Contains(m.Text, "PARTIAL") || h.Done != 0 || len(c.state().Open) != 1 || c.state().Version != 3 {
		t.Errorf("message %s, done %d, open %+v", m.Text, h.Done, c.state().Open)
	}
	h = c.runWith(eleven, both) // which cannot read it yet
	if h.Done != 1 || *h.Pending != 1 {
		t.Errorf("done %d, pending %d", h.Done, *h.Pending)
	}
	c.expect("09-10 10-11")
	if m := c.slack.Messages()[0]; m.Updates != 0 {
		t.Errorf("edited %d times, though nothing is new", m.Updates)
	}
	c.rds.Heal()
	c.hour(eleven.Add(time.Hour))
	h = c.runWith(eleven.Add(time.Hour), both)
	c.expect("09-10 10-11 11-12")
	if m := c.slack.Messages()[0]; m.Updates != 1 || strings.Contains(m.Text, "PARTIAL") || !strings.Contains(m.Text, "2 slow queries") || !strings.Contains(string(m.Blocks), "Corrected: orders-2 could not be read") {
		t.Errorf("message %+v", m)
	}
	if s := c.state(); h.Done != 2 || *h.Pending != 0 || s.Version == 3 {
		t.Errorf("done %d, pending %d, open %+v", h.Done, *h.Pending, s.Open)
	}
	var want digest.History
	for _, end := range []time.Time{ten, eleven, eleven.Add(time.Hour)} {
		h := c.handler("undisturbed")
		both(h)
		r, err := h.Collect(t.Context(), hourEnding(end))
		if err != nil {
			t.Fatal(err)
		}
		if err := want.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(c.state().History)
	b = regexp.MustCompile(`,"(forms":"[^"]*"|labels":{[^}]*})`).ReplaceAll(b, nil) // which class was named first is of the messages
	if string(a) != string(b) {
		t.Errorf("remembered is\n%s\nwant\n%s", b, a)
	}
}

// A chat that cannot edit gets the corrected digest once more, and it says so.
func TestCorrectionWhereMessagesCannotBeEdited(t *testing.T) {
	c := newChannel(t)
	eleven := ten.Add(time.Hour)
	c.hour(ten)
	c.hour(eleven)
	both := c.second(ten)
	webhook := func(h *handler.Handler) { h.Notifier = slack.NewWebhook(c.slack.WebhookURL(), slack.Options{}) }
	c.runWith(ten, both, webhook)
	c.rds.Heal()
	c.runWith(eleven, both, webhook)
	c.runWith(eleven, both, webhook)
	all := c.slack.Messages()
	if len(all) != 3 {
		t.Fatalf("%d messages", len(all))
	}
	if m := all[2]; !strings.Contains(string(m.Blocks), "Corrected: orders-2") || !strings.Contains(m.Shown(), "09:00 to 10:00") || strings.Contains(m.Text, "REPEAT") {
		t.Errorf("the correction is %s %s", m.Text, m.Blocks)
	}
}

// Each instance is read once, whatever it is named by.
func TestNamesAreResolvedOnce(t *testing.T) {
	for _, names := range [][]string{{"orders", "orders-1"}, {"orders-1", "orders"}, {"orders-1", "orders-1"}, {"orders"}, {"orders", "orders"}} {
		c := newChannel(t)
		c.db.Cluster = "orders"
		c.hour(ten)
		h := c.handler("r")
		h.Instances = names
		r, err := h.Collect(t.Context(), window)
		if err != nil || r.Overall.Calls != 1 || len(r.Instances) != 1 || r.Instances[0] != "orders-1" || !r.Coverage.Complete {
			t.Errorf("%v: %d calls of %v, %+v, %v", names, r.Overall.Calls, r.Instances, r.Coverage, err)
		}
	}
}

// An instance that sleeps is no error, and no message of its own, however long.
func TestSleepIsALineOfTheNextDigest(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.mustRun(ten)
	c.db.Stop()
	for i := range 5 {
		c.mustRun(ten.Add(time.Duration(i+1) * time.Hour))
	}
	c.expect("09-10")
	c.db.Start(ten.Add(5*time.Hour + 10*time.Minute))
	c.hour(ten.Add(6 * time.Hour))
	r := c.mustRun(ten.Add(6 * time.Hour))
	c.expect("09-10 15-16")
	if news := strings.Join(r.Past.News, " "); len(r.Past.News) != 1 || !strings.Contains(news, "found paused or stopped from 2026-11-23 11:00 to 15:00 UTC, and is awake again") {
		t.Errorf("news %q", r.Past.News)
	}
}

// Where a digest has said that it fell asleep, another says that it is awake again.
func TestBeginAndEndOfSleep(t *testing.T) {
	c := newChannel(t)
	db := c.rds.AddInstance("orders-2")
	db.Write(rdstest.SlowLog, []byte(rdstest.Banner), ten)
	both := func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2"} }
	for n := range 5 {
		end := ten.Add(time.Duration(n) * time.Hour)
		switch c.hour(end); n {
		case 1:
			db.Stop()
		case 3:
			db.Start(end.Add(-50 * time.Minute))
		}
		c.runWith(end, both)
	}
	for n, want := range []int{0, 1, 0, 1, 0} {
		text := c.slack.Messages()[n].Shown()
		if got := strings.Count(text, "orders-2 was found paused or stopped after 2026-11-23 11:00 UTC") +
			strings.Count(text, "orders-2 is awake again: it was found paused or stopped after 2026-11-23 11:00 UTC"); got != want {
			t.Errorf("message %d says it %d times, want %d: %s", n, got, want, text)
		}
	}
}

// That nothing can be read is said at once, and once a day while it lasts.
func TestFailureIsReportedOnceADay(t *testing.T) {
	c := newChannel(t)
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: -1})
	for n := range 26 {
		c.now = ten.Add(time.Duration(n)*time.Hour + 5*time.Minute)
		h := c.handler(fmt.Sprint("request ", n))
		if _, err := h.Run(t.Context(), hourEnding(ten.Add(time.Duration(n)*time.Hour))); err == nil || h.Done != 0 || *h.Pending != n+1 {
			t.Errorf("hour %d: error %v, done %d, pending %d", n, err, h.Done, *h.Pending)
		}
		if got, want := len(c.slack.Messages()), 1+n/24; got != want {
			t.Errorf("hour %d: %d messages, want %d", n, got, want)
		}
	}
}

// Where the state cannot be read, how many hours are pending is not known.
func TestPendingIsNotKnownWithoutTheState(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	h := c.handler("r")
	h.Store, h.Pending = refused{}, new(0)
	if _, err := h.Run(t.Context(), window); err == nil || h.Pending != nil {
		t.Errorf("error %v, pending %v", err, h.Pending)
	}
}

// refused is a store that may not be read.
type refused struct{ state.Store }

func (refused) Load(context.Context, string) ([]byte, string, error) {
	return nil, "", errors.New("AccessDenied")
}

// A file of an unknown name is read, and one that is no slow log is named.
func TestFileOfAnUnknownName(t *testing.T) {
	c := newChannel(t)
	c.db.Write("slowquery/other.txt", []byte(entry(ten.Add(-time.Minute), "select a from t where id = 1")), ten.Add(-time.Second))
	c.db.Write("slowquery/readme.txt", []byte("This is no log.\n"), ten.Add(-time.Second))
	r := c.mustRun(ten)
	if r.Overall.Calls != 1 || !r.Coverage.Complete || len(r.Coverage.Notes) != 1 || !strings.Contains(r.Coverage.Notes[0], "slowquery/readme.txt is listed among the slow logs, and is none") {
		t.Errorf("%d calls, %+v", r.Overall.Calls, r.Coverage)
	}
}

// A window that ends within an hour may begin in the one before. What a live file holds
// that begins before the end of that hour, and was written to after it, is not missing.
func TestWindowAcrossAnHour(t *testing.T) {
	w := digest.Window{Start: ten.Add(-10 * time.Minute), End: ten.Add(5 * time.Minute)}
	for first, complete := range map[time.Duration]bool{-time.Second: true, 0: false} {
		c := newChannel(t)
		c.db.Write(rdstest.SlowLog+".2026-11-23.09", []byte(entry(ten.Add(-90*time.Minute), "select 1")), ten.Add(-time.Hour))
		c.db.Remove(rdstest.SlowLog)
		c.db.Write(rdstest.SlowLog, []byte(entry(ten.Add(first), "select 2")+entry(ten.Add(time.Minute), "select 3")), ten.Add(time.Minute))
		h := c.handler("")
		h.Source = source.NewRDS(c.rds.Config(), source.Options{Patience: time.Millisecond, Now: func() time.Time { return w.End }})
		r, err := h.Collect(c.t.Context(), w)
		if err != nil || r.Coverage.Complete != complete || r.Coverage.InWindow != 2 {
			t.Errorf("the log begins %v from ten: error %v, %+v", first, err, r.Coverage)
		}
	}
}

// What an instance that stays stopped has logged before is given up after 14 days,
// hour by hour, and that is said once a day.
func TestStoppedForMoreThanTwoWeeks(t *testing.T) {
	const days = 14
	c := newChannel(t)
	stopped := c.rds.AddInstance("orders-2")
	both := func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2"} }
	run := func(n int) {
		end := ten.Add(time.Duration(n) * time.Hour)
		c.hour(end)
		c.db.Remove(rdstest.SlowLog + end.Add(-30*time.Hour).Format(".2006-01-02.15"))
		if c.now = end.Add(5 * time.Minute); n == 0 {
			stopped.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(entry(end.Add(-time.Minute), "select b from t where id = 1")), end)
		}
		c.runWith(end, both)
	}
	run(0)
	stopped.Stop()
	for n := range days*24 + 50 {
		run(n + 1)
	}
	var said []string
	for _, m := range c.slack.Messages() {
		if text := regexp.MustCompile(`What orders-2 logged from (.{16}) to (.{16}) UTC could not`).FindStringSubmatch(m.Shown()); text != nil {
			said = append(said, text[1]+" "+text[2])
		}
	}
	if want := []string{"2026-11-23 10:00 2026-11-23 11:00", "2026-11-23 11:00 2026-11-24 11:00", "2026-11-24 11:00 2026-11-25 11:00"}; !slices.Equal(said, want) {
		t.Errorf("given up are %q, want %q", said, want)
	}
}

// Where nothing can be read, each hour that is given up is named in one of the messages
// that say so, of which there is one a day.
func TestGivenUpWhileNothingCanBeRead(t *testing.T) {
	const days = 14
	c := newChannel(t)
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: -1})
	for n := range days*24 + 49 {
		if _, err := c.run(ten.Add(time.Duration(n) * time.Hour)); err == nil {
			t.Fatal("no error")
		}
	}
	var said []string
	for _, m := range c.slack.Messages() {
		if text := regexp.MustCompile(`HOURS GIVEN UP: .*?([0-9-]{10} [0-9:]{5}.*?) UTC`).FindStringSubmatch(m.Shown()); text != nil {
			said = append(said, text[1])
		}
	}
	if want := []string{"2026-11-23 09:00 to 10:00", "2026-11-23 10:00 to 2026-11-24 10:00", "2026-11-24 10:00 to 2026-11-25 10:00"}; !slices.Equal(said, want) {
		t.Errorf("given up are %q, want %q", said, want)
	}
}

// What is read later of hours that had no message corrects nothing. Its times have a
// date where that is not the one of the message's end.
func TestFirstMessageOfHoursCorrectsNothing(t *testing.T) {
	for _, c := range []struct {
		wakes int // hours after ten
		want  string
	}{
		{13, "orders-1 was found paused or stopped, and its log from 2026-11-23 10:00 to 22:00 UTC was read later."},
		{14, "orders-1 was found paused or stopped, and its log from 2026-11-23 10:00 to 23:00 UTC was read later."},
		{15, "orders-1 was found paused or stopped, and its log from 2026-11-23 10:00 to 2026-11-24 00:00 UTC was read later."},
	} {
		w := newChannel(t)
		w.hour(ten)
		w.mustRun(ten)
		w.hour(ten.Add(time.Hour))
		w.db.Stop()
		for n := range c.wakes - 1 {
			w.mustRun(ten.Add(time.Duration(n+1) * time.Hour))
		}
		end := ten.Add(time.Duration(c.wakes) * time.Hour)
		w.db.Start(end.Add(-time.Hour))
		w.hour(end)
		w.mustRun(end)
		all := w.slack.Messages()
		if text := all[len(all)-1].Shown(); len(all) != 3 || !strings.Contains(text, c.want) || strings.Contains(text, "Corrected") {
			t.Errorf("%d hours: %d messages, the last is %s; want %s", c.wakes, len(all), text, c.want)
		}
	}
}

// Of several instances that could not be read, a correction names those that were.
func TestCorrectionNamesWhatWasRead(t *testing.T) {
	c := newChannel(t)
	eleven := ten.Add(time.Hour)
	c.hour(ten)
	c.hour(eleven)
	name := rdstest.SlowLog + ten.Format(".2006-01-02.15")
	for _, id := range []string{"orders-2", "orders-3"} {
		db := c.rds.AddInstance(id)
		db.Write(name, []byte(entry(ten.Add(-time.Minute), "select b from t where id = 1")), ten)
		db.Write(rdstest.SlowLog+eleven.Format(".2006-01-02.15"), []byte(entry(eleven.Add(-time.Minute), "select b from t where id = 1")), eleven)
		c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Instance: id, File: name, Times: -1})
	}
	three := func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2", "orders-3"} }
	c.runWith(ten, three)
	c.rds.Heal()
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Instance: "orders-3", File: name, Times: -1})
	c.runWith(eleven, three)
	if m := c.slack.Messages()[0]; m.Updates != 1 || !strings.Contains(m.Shown(), "Corrected: orders-2 could not be read, and its log from 2026-11-23 09:00 to 10:00 UTC was read later.") ||
		strings.Contains(string(m.Blocks), "Corrected: orders-3") {
		t.Errorf("the correction is %s", m.Blocks)
	}
}

// Where hours without a file are usual nobody knows whether one is quiet or its file
// late: the digest of the others is neither partial nor complete.
func TestUsualHourWithoutFileIsNotComplete(t *testing.T) {
	for _, late := range []bool{false, true} {
		c := newChannel(t)
		db := c.rds.AddInstance("orders-2")
		both := func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2"} }
		write := func(db *rdstest.Instance, end time.Time) {
			db.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(entry(end.Add(-time.Minute), "select a from t where id = 1")), end)
		}
		end := ten.Add(12 * time.Hour)
		for n := range 13 {
			write(db, ten.Add(time.Duration(n)*time.Hour))
			if n != 2 && n != 12 { // the second is quiet
				write(c.db, ten.Add(time.Duration(n)*time.Hour))
			}
		}
		if !late {
			write(c.db, end)
		}
		c.db.Append(rdstest.SlowLog, []byte(rdstest.Banner), end.Add(time.Minute))
		c.runWith(end, both)
		text := string(c.slack.Messages()[0].Blocks)
		if strings.Contains(text, "PARTIAL") || strings.Contains(text, "complete: ") == late || strings.Contains(text, "as listed: ") != late {
			t.Errorf("late %v: %s", late, text)
		}
	}
}

// What a message said beside the numbers stays in it when it is corrected.
func TestCorrectionKeepsWhatWasSaid(t *testing.T) {
	c := newChannel(t)
	at := func(n int) time.Time { return ten.Add(time.Duration(n) * time.Hour) }
	dbs := []*rdstest.Instance{c.db, c.rds.AddInstance("orders-2"), c.rds.AddInstance("orders-3")}
	all := func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2", "orders-3"} }
	name := rdstest.SlowLog + at(1).Format(".2006-01-02.15")
	for n := range 4 {
		for _, db := range dbs {
			db.Write(rdstest.SlowLog+at(n).Format(".2006-01-02.15"), []byte(entry(at(n).Add(-time.Minute), "select a from t where id = 1")), at(n))
		}
		switch n {
		case 1:
			dbs[2].Stop()
			c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Instance: "orders-2", File: name, Times: -1})
			err := state.Edit(t.Context(), c.store, state.Key(slacktest.Channel), func(s *state.State) error {
				s.Unreported, s.Missed = []string{"A note."}, []digest.Window{hourEnding(ten.Add(-30 * time.Hour))}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		case 2:
			c.rds.Heal()
		case 3:
			dbs[2].Start(at(3).Add(-50 * time.Minute))
		}
		if c.runWith(at(n), all); n == 0 {
			continue
		}
		m := c.slack.Messages()[1]
		said := []string{"orders-3 was found paused or stopped after 2026-11-23 11:00 UTC", "A note.", "RDS had deleted the logs"}
		for _, sentence := range append(said, []string{"Corrected: orders-2 could not be read", "Corrected: orders-3 was found"}[:n-1]...) {
			if strings.Count(m.Shown(), sentence) != 1 {
				t.Errorf("after %d hours the message does not say once %q: %s", n, sentence, m.Blocks)
			}
		}
		if m.Updates != n-1 {
			t.Errorf("after %d hours the message has %d updates", n, m.Updates)
		}
	}
}
