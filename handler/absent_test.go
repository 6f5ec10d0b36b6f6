package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// Where the live file shows that nothing was written, the digest of the others is
// complete. It is corrected if a file of the hour is listed later, and only then.
func TestHourThatIsListedLate(t *testing.T) {
	for late, updates := range map[bool]int{true: 1, false: 0} {
		c := newChannel(t)
		quiet := c.rds.AddInstance("orders-2")
		both := func(h *handler.Handler) { h.Instances = []string{"orders-1", "orders-2"} }
		write := func(end time.Time) {
			quiet.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(entry(end.Add(-time.Minute), "select b from t where id = 1")), end.Add(-time.Minute))
		}
		write(ten.Add(-time.Hour))
		quiet.Write(rdstest.SlowLog, nil, ten.Add(-time.Hour))
		eleven := ten.Add(time.Hour)
		c.hour(ten)
		c.runWith(ten, both)
		c.hour(eleven)
		c.runWith(eleven, both)
		if m := c.slack.Messages()[1]; strings.Contains(m.Text, "PARTIAL") || strings.Contains(string(m.Blocks), "lists no slow log") || len(c.state().Open) != 1 {
			t.Errorf("message %s %s, open %+v", m.Text, m.Blocks, c.state().Open)
		}
		if late {
			write(eleven)
		}
		for n := range 7 {
			end := eleven.Add(time.Duration(n+1) * time.Hour)
			c.hour(end)
			write(end)
			quiet.Write(rdstest.SlowLog, nil, end)
			c.runWith(end, both)
		}
		m := c.slack.Messages()[1]
		if said := strings.Contains(string(m.Blocks), "Corrected: orders-2 did not list its log"); m.Updates != updates || said != late || len(c.state().Open) != 0 {
			t.Errorf("late %v: %d updates, message %s, open %+v", late, m.Updates, m.Blocks, c.state().Open)
		}
	}
}

// That another instance has a name is said once, with where the one before is read, or that
// it is no more.
func TestSwitchover(t *testing.T) {
	const is, lost, denied = "What the one before has logged is read from orders-1-old1", "the one before does not exist any more. What the one before logged since", "must allow rds:DescribeDBLogFiles on arn:aws:rds:eu-central-1:123456789012:db:orders-1-old1"
	for _, c := range []struct {
		name  string
		old   func(c *channel)
		wants string
	}{
		{"NAME-old1 has them", func(*channel) {}, is},
		{"it is asleep", func(c *channel) { c.db.Stop() }, is},
		{"it was asleep, and is not", func(c *channel) { c.db.Stop(); c.db.Start(ten.Add(30 * time.Minute)) }, is},
		{"there is none", func(c *channel) { c.rds.RemoveInstance("orders-1-old1") }, lost},
		{"it is another's", func(c *channel) {
			c.rds.AddInstance("orders-1-old1").Write(rdstest.SlowLog+".2026-11-23.10", nil, ten.Add(-time.Minute))
		}, lost},
		{"it is denied", func(c *channel) {
			c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Instance: "orders-1-old1", Times: -1})
		}, denied},
	} {
		w := newChannel(t)
		w.hour(ten)
		w.runWith(ten)
		w.rds.RenameInstance("orders-1", "orders-1-old1")
		c.old(w)
		db := w.rds.AddInstance("orders-1")
		for n := range 3 {
			end := ten.Add(time.Duration(n+1) * time.Hour)
			db.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(entry(end.Add(-time.Minute), "select a from t where id = 1")), end.Add(-time.Minute))
			db.Write(rdstest.SlowLog, nil, end)
			w.runWith(end)
		}
		times := map[string]int{}
		for _, m := range w.slack.Messages() {
			for _, sentence := range []string{is, lost, denied} {
				if strings.Contains(string(m.Blocks), sentence) {
					times[sentence]++
				}
			}
		}
		if times[c.wants] != 1 || times[is]+times[lost] > 1 {
			t.Errorf("%s: %v messages say so", c.name, times)
		}
	}
}

// A pattern that never matched anything is an error, which whoever has set it up is to
// see. One that did is none: no try can help.
func TestNoInstance(t *testing.T) {
	c := newChannel(t)
	var outcomes []handler.Outcome
	from := source.NewRDS(c.rds.Config(), source.Options{Patience: time.Millisecond})
	names := []string{"billing-*"}
	f := &handler.Fleet{
		Now:      func() time.Time { return c.now },
		Discover: func(ctx context.Context) ([]source.Instance, error) { return from.Discover(ctx, names, "") },
		Names:    names,
		Defaults: handler.Route{Channel: slacktest.Channel, Limit: digest.DefaultLimit},
		Handler:  func(context.Context, string) (*handler.Handler, error) { return c.handler("r"), nil },
		Done:     func(_ context.Context, o handler.Outcome) { outcomes = append(outcomes, o) },
	}
	for n, step := range []struct {
		name   string
		err    bool
		posted int // messages in all
		done   int
	}{
		{"billing-*", true, 0, 0}, {"billing-*", true, 0, 0}, {"orders-*", false, 1, 3},
		{"billing-*", false, 2, 0}, {"billing-*", false, 2, 0}, {"orders-*", false, 3, 1},
	} {
		end := ten.Add(time.Duration(n) * time.Hour)
		names[0], c.now = step.name, end.Add(5*time.Minute)
		c.hour(end)
		_, err := f.HandleEvent(t.Context(), fmt.Appendf(nil, `{"time":%q}`, c.now.Format(time.RFC3339)))
		if got := errors.As(err, new(*handler.NoInstanceError)); got != step.err || err != nil && !got {
			t.Errorf("hour %d: error %v", n, err)
		}
		if o := outcomes[n]; o.Done != step.done || len(outcomes) != n+1 || len(c.slack.Messages()) != step.posted || c.state().Claim != nil {
			t.Errorf("hour %d: done %d, %d messages, claim %+v", n, o.Done, len(c.slack.Messages()), c.state().Claim)
		}
	}
	if m := string(c.slack.Messages()[1].Blocks); !strings.Contains(m, "No instance matches billing-*.") || !strings.Contains(m, "orders-1 is not selected for this channel any more") {
		t.Errorf("message %s", m)
	}
}
