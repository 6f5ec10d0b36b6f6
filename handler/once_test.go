package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// channel is a database, a chat and a store, with a clock that stands still.
type channel struct {
	t     *testing.T
	rds   *rdstest.Server
	db    *rdstest.Instance
	slack *slacktest.Server
	store state.Store
	now   time.Time
}

func newChannel(t *testing.T) *channel {
	c := &channel{t: t, rds: rdstest.NewServer(), slack: slacktest.New(), store: state.FileStore{Dir: t.TempDir()}, now: ten.Add(5 * time.Minute)}
	t.Cleanup(c.rds.Close)
	t.Cleanup(c.slack.Close)
	c.db = c.rds.AddInstance("orders-1")
	c.db.Write(rdstest.SlowLog, []byte(rdstest.Banner), ten)
	return c
}

// handler is a new one each time, as in a new process.
func (c *channel) handler(request string) *handler.Handler {
	return &handler.Handler{
		Source: source.NewRDS(c.rds.Config(), source.Options{Patience: time.Millisecond}),
		Notifier: slack.New(slacktest.Token, slacktest.Channel, slack.Options{
			APIURL: c.slack.URL(), Pause: time.Millisecond, NoThread: true}),
		Instances: []string{"orders-1"}, Limit: digest.DefaultLimit,
		Store: c.store, Channel: slacktest.Channel, Owner: request, Now: func() time.Time { return c.now },
	}
}

// hour writes a log of one statement for the hour that ends at a time.
func (c *channel) hour(end time.Time) {
	c.db.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(entry(end.Add(-time.Minute), "select a from t where id = 1")), end)
}

func hourEnding(end time.Time) digest.Window {
	return digest.Window{Start: end.Add(-time.Hour), End: end}
}

func (c *channel) state() *state.State {
	c.t.Helper()
	s, err := state.Read(c.t.Context(), c.store, state.Key(slacktest.Channel))
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// windows are those of the messages in the channel, as "09-10".
func (c *channel) windows() string {
	var out []string
	for _, m := range c.slack.Messages() {
		var meta struct {
			EventPayload struct {
				Start time.Time `json:"window_start"`
				End   time.Time `json:"window_end"`
			} `json:"event_payload"`
		}
		if m.ThreadTS == "" && json.Unmarshal(m.Metadata, &meta) == nil {
			out = append(out, fmt.Sprintf("%02d-%02d", meta.EventPayload.Start.Hour(), meta.EventPayload.End.Hour()))
		}
	}
	return strings.Join(out, " ")
}

func (c *channel) expect(windows string) {
	c.t.Helper()
	if got := c.windows(); got != windows {
		c.t.Fatalf("the channel has %q, want %q", got, windows)
	}
}

// run runs the hour that ends at a time, in a request of its own.
func (c *channel) run(end time.Time) (*digest.Report, error) {
	if due := end.Add(5 * time.Minute); due.After(c.now) { // else the event comes late
		c.now = due
	}
	return c.handler("request-"+end.Format("15:04")).Run(c.t.Context(), hourEnding(end))
}

func (c *channel) mustRun(end time.Time) *digest.Report {
	c.t.Helper()
	r, err := c.run(end)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func TestHourIsPostedOnce(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	if r := c.mustRun(ten); r == nil || r.Past == nil || r.Overall.Calls != 1 {
		t.Errorf("report %+v", r)
	}
	if r := c.mustRun(ten); r != nil {
		t.Errorf("the second run posted %+v", r)
	}
	c.expect("09-10")
	if s := c.state(); s.Claim != nil || len(s.Entries) != 1 || s.Entries[0].TS == "" || !s.Since.Equal(window.Start) {
		t.Errorf("state %+v", s)
	}
}

func TestMissedHoursBecomeOneMessage(t *testing.T) {
	c := newChannel(t)
	for i := range 6 {
		c.hour(ten.Add(time.Duration(i) * time.Hour))
	}
	c.mustRun(ten)
	r := c.mustRun(ten.Add(4 * time.Hour))
	if r.Overall.Calls != 4 || r.Past.CatchUp != 4 {
		t.Errorf("%d calls, past %+v", r.Overall.Calls, r.Past)
	}
	c.mustRun(ten.Add(2 * time.Hour)) // late
	c.mustRun(ten.Add(5 * time.Hour))
	c.expect("09-10 10-14 14-15")
}

func TestBeforeTheFirstRunNothingIsPending(t *testing.T) {
	c := newChannel(t)
	for i := range 3 {
		c.hour(ten.Add(time.Duration(i) * time.Hour))
	}
	c.mustRun(ten.Add(time.Hour))
	c.mustRun(ten) // an event that came late
	c.mustRun(ten.Add(2 * time.Hour))
	c.expect("10-11 09-10 11-12")
}

func TestLostHoursAreNamed(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.mustRun(ten)
	later := ten.Add(30 * time.Hour)
	c.db.Remove(rdstest.SlowLog + ten.Format(".2006-01-02.15"))
	c.hour(later) // the 29 hours before have been deleted, of which 6 are not in the message
	r := c.mustRun(later)
	want := digest.Window{Start: ten, End: later.Add(-time.Hour)}
	if len(r.Past.Missed) != 1 || r.Past.Missed[0] != want {
		t.Errorf("missed %v, want %v", r.Past.Missed, want)
	}
	if r.Past.CatchUp != 24 {
		t.Errorf("one message of %d hours", r.Past.CatchUp)
	}
	c.hour(later.Add(time.Hour))
	if r := c.mustRun(later.Add(time.Hour)); len(r.Past.Missed) != 0 || r.Past.CatchUp != 1 {
		t.Errorf("reported again: %+v", r.Past)
	}
}

// RDS keeps each log for 23 hours at least. What a younger instance does not list it never
// wrote; what an older one does not list may have been deleted.
func TestYoungInstance(t *testing.T) {
	for age, lost := range map[time.Duration]bool{source.LeastKept - time.Minute: false, source.LeastKept: true} {
		c := newChannel(t)
		c.hour(ten)
		c.mustRun(ten)
		later := ten.Add(12 * time.Hour)
		c.db.Created = later.Add(5*time.Minute - age)
		c.db.Remove(rdstest.SlowLog + ten.Format(".2006-01-02.15"))
		c.hour(later)
		if r := c.mustRun(later); (len(r.Past.Missed) > 0) != lost {
			t.Errorf("%v old: missed %v", age, r.Past.Missed)
		}
	}
}

// Where older files are listed RDS has deleted nothing in between: there was nothing
// to write.
func TestHoursBetweenListedOnesAreNotLost(t *testing.T) {
	c := newChannel(t)
	c.db.SetParameters("orders", map[string]string{"slow_query_log": "1", "log_output": "FILE"})
	c.hour(ten)
	c.mustRun(ten)
	later := ten.Add(30 * time.Hour)
	c.hour(later)
	c.db.Append(rdstest.SlowLog, []byte(rdstest.Banner), later.Add(time.Minute))
	r := c.mustRun(later)
	if len(r.Past.Missed)+len(r.Past.GivenUp)+len(r.Coverage.Gaps) != 0 || r.Overall.Calls != 1 {
		t.Errorf("report %+v, past %+v", r.Coverage, r.Past)
	}
	c.expect("09-10 16-16 10-16")                                                 // 24 hours, and the 6 before them, without a slow query
	if s := c.state(); s.Pending(later, func(string) bool { return true }) != 5 { // which may be late
		t.Errorf("open are %+v", s.Open)
	}
}

func TestUnreadHourIsReportedOnceAndStaysPending(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: 2})
	for range 2 {
		if _, err := c.run(ten); err == nil || source.Hint(err) == "" {
			t.Errorf("error %v", err)
		}
	}
	c.expect("09-10")
	if r := c.mustRun(ten); r.Overall.Calls != 1 {
		t.Errorf("report %+v", r)
	}
	c.expect("09-10 09-10")
	if all := c.slack.Messages(); len(all) != 3 || all[2].ThreadTS != all[0].Timestamp ||
		!strings.Contains(all[2].Shown(), "the digest of 2026-11-23 09:00 to 10:00 UTC is in the channel") {
		t.Errorf("no reply says that it was read: %+v", all)
	}
	if r := c.mustRun(ten); r != nil || len(c.slack.Messages()) != 3 {
		t.Errorf("posted again: %+v", r)
	}
}

// Where it turns out that nothing was logged, that is a digest like others.
func TestUnreadHourThatWasQuiet(t *testing.T) {
	c := newChannel(t)
	c.db.Write(rdstest.SlowLog+ten.Format(".2006-01-02.15"), []byte(rdstest.Banner), ten)
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: 1})
	if _, err := c.run(ten); err == nil {
		t.Error("no error")
	}
	c.mustRun(ten)
	if all := c.slack.Messages(); len(all) != 3 || !strings.HasPrefix(all[1].Text, "No slow query logged on orders-1") || all[2].ThreadTS != all[0].Timestamp || !strings.Contains(all[2].Text, "is in the channel") {
		t.Errorf("messages %+v", all)
	}
}

// That nothing could be read is no digest: where its own delivery was unconfirmed
// for a while, the digest that follows is no possible repeat.
func TestCutFailureReportLeavesNoDoubt(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: 1})
	c.slack.Fail(slacktest.Fault{Method: "chat.postMessage", CutAfter: true})
	if _, err := c.run(ten); err == nil {
		t.Error("no error")
	}
	c.expect("09-10")
	if r := c.mustRun(ten); r.Overall.Calls != 1 || r.Past.Repeat {
		t.Errorf("report %+v, past %+v", r.Overall, r.Past)
	}
	c.expect("09-10 09-10")
}

// A message that nothing could be read, of which delivery was unconfirmed, is not
// taken for the digest of the same hour, which did not arrive. Where it was not
// looked for in time, it cannot be told from the digest.
func TestFailureReportIsNotTakenForTheDigest(t *testing.T) {
	before := slacktest.Fault{Method: "chat.postMessage", Cut: true}
	after := slacktest.Fault{Method: "chat.postMessage", CutAfter: true}
	blind := slacktest.Fault{Method: "conversations.history", Code: "internal_error"}
	for name, c := range map[string]struct {
		last     slacktest.Fault   // of the failure report's posts
		digest   []slacktest.Fault // of the run that can read
		messages string
		repeat   bool
	}{
		"that is there":            {after, []slacktest.Fault{before}, "09-10 09-10", false},
		"both are there":           {after, []slacktest.Fault{after}, "09-10 09-10", false},
		"only the digest is there": {before, []slacktest.Fault{after}, "09-10", false},
		"not looked for":           {after, []slacktest.Fault{blind, before}, "09-10 09-10", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newChannel(t)
			w.hour(ten)
			w.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: 1})
			w.slack.Fail(before, c.last)
			if _, err := w.run(ten); err == nil {
				t.Error("no error")
			}
			w.slack.Fail(c.digest...)
			if r := w.mustRun(ten); r.Overall.Calls != 1 || r.Past.Repeat != c.repeat {
				t.Errorf("report %+v, past %+v", r.Overall, r.Past)
			}
			w.expect(c.messages)
			all := w.slack.Messages()
			if s := w.state(); s.Entries[0].TS != all[len(all)-1].Timestamp {
				t.Errorf("entries %+v", s.Entries)
			}
		})
	}
}

func TestCutPostIsFound(t *testing.T) {
	for name, f := range map[string]slacktest.Fault{
		"after":  {Method: "chat.postMessage", CutAfter: true},
		"before": {Method: "chat.postMessage", Cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChannel(t)
			c.hour(ten)
			c.slack.Fail(f)
			if r := c.mustRun(ten); r.Past.Repeat {
				t.Errorf("it is known whether it was posted: %+v", r.Past)
			}
			c.expect("09-10")
			if s := c.state(); s.Entries[0].TS != c.slack.Messages()[0].Timestamp {
				t.Errorf("state %+v", s.Entries)
			}
		})
	}
}

// A cut message is found by those whom it names: the members of a cluster, and not its name.
func TestCutPostOfAClusterIsFound(t *testing.T) {
	c := newChannel(t)
	c.db.Cluster = "orders"
	c.hour(ten)
	c.slack.Fail(slacktest.Fault{Method: "chat.postMessage", CutAfter: true})
	c.runWith(ten, func(h *handler.Handler) { h.Instances = []string{"orders"} })
	c.expect("09-10")
}

// Without the scope to look back nobody can know whether it was posted.
func TestUnknownPostIsRepeatedAndMarked(t *testing.T) {
	for _, skip := range []bool{false, true} {
		c := newChannel(t)
		c.hour(ten)
		c.slack.Set(func(s *slacktest.Server) { s.Scopes = []string{"chat:write"} })
		c.slack.Fail(slacktest.Fault{Method: "chat.postMessage", CutAfter: true})
		h := c.handler("r")
		h.SkipUnknown = skip
		r, err := h.Run(t.Context(), window)
		if err != nil {
			t.Fatal(err)
		}
		if r.Past.Repeat == skip {
			t.Errorf("skip %v: past %+v", skip, r.Past)
		}
		c.expect(map[bool]string{false: "09-10 09-10", true: "09-10"}[skip])
		c.mustRun(ten)
		c.expect(map[bool]string{false: "09-10 09-10", true: "09-10"}[skip])
	}
}

// A run that dies leaves its claim. Until that expires others keep away, unless
// it is the same request, tried again.
func TestClaimOfADeadRun(t *testing.T) {
	for _, stage := range []state.Stage{state.Reading, state.Posting} {
		c := newChannel(t)
		c.hour(ten)
		c.hour(ten.Add(time.Hour))
		expires := ten.Add(16 * time.Minute)
		err := state.Edit(t.Context(), c.store, state.Key(slacktest.Channel), func(s *state.State) error {
			s.Since = window.Start
			s.Claim = &state.Claim{Owner: "request-10:00/x", Start: window.Start, End: window.End, Stage: stage, Expires: expires}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		other := func(end time.Time) error {
			_, err := c.handler("another").Run(t.Context(), hourEnding(end))
			return err
		}
		if err := other(ten); err != nil {
			t.Errorf("the same hour: %v", err)
		}
		var busy *state.BusyError
		if err := other(ten.Add(time.Hour)); !errors.As(err, &busy) || busy.Expires != expires {
			t.Errorf("another hour: %v", err)
		}
		c.expect("")
		c.mustRun(ten)
		if stage == state.Reading {
			c.expect("09-10")
			continue
		}
		c.expect("")
		c.now = expires
		if err := other(ten); err != nil {
			t.Error(err)
		}
		c.expect("09-10")
	}
}

func TestForceReplacesTheMessage(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.mustRun(ten)
	again := func() *digest.Report {
		h := c.handler("by hand")
		h.Force = true
		r, err := h.Run(t.Context(), window)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := c.state()
	c.db.Append(rdstest.SlowLog, []byte(entry(ten.Add(-time.Second), "select late from t")), ten)
	if r := again(); r.Overall.Calls != 2 {
		t.Errorf("report %+v", r)
	}
	c.expect("09-10")
	if m := c.slack.Messages(); m[0].Updates != 1 {
		t.Errorf("messages %+v", m)
	}
	c.slack.Delete(c.slack.Messages()[0].Timestamp)
	again()
	c.expect("09-10")
	a, _ := json.Marshal(before.History)
	b, _ := json.Marshal(c.state().History)
	if string(a) != string(b) {
		t.Errorf("the history changed from %s to %s", a, b)
	}
}

func TestFailedPostIsTriedAgain(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.slack.Fail(slacktest.Fault{Method: "chat.postMessage", Code: "channel_not_found"})
	if _, err := c.run(ten); err == nil {
		t.Error("no error")
	}
	if s := c.state(); s.Claim != nil || len(s.Entries) != 0 {
		t.Errorf("state %+v", s)
	}
	c.mustRun(ten)
	c.expect("09-10")
}

func TestNotifierThatCannotBeSearched(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	h := c.handler("r")
	h.Notifier = slack.NewWebhook(c.slack.WebhookURL(), slack.Options{})
	for range 2 {
		if _, err := h.Run(t.Context(), window); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.slack.Messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestWindowThatIsNoHourIsNotRemembered(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	if _, err := c.handler("r").Run(context.Background(), digest.Window{Start: ten.Add(-15 * time.Minute), End: ten}); err != nil {
		t.Fatal(err)
	}
	if s := c.state(); len(s.Entries) != 0 || len(c.slack.Messages()) != 1 {
		t.Errorf("state %+v", s)
	}
}

// claims is a store that keeps when the claims of the states that it saves expire.
type claims struct {
	state.Store
	expire []time.Time
}

func (c *claims) Save(ctx context.Context, key string, data []byte, tag string) (string, error) {
	var s state.State
	if err := json.Unmarshal(data, &s); err != nil {
		return "", err
	}
	if s.Claim != nil {
		c.expire = append(c.expire, s.Claim.Expires)
	}
	return c.Store.Save(ctx, key, data, tag)
}

// A claim lasts a minute longer than its run can: to the deadline of the context,
// or for the time that is configured, or 15 minutes.
func TestClaimLastsLongerThanTheRun(t *testing.T) {
	soon := time.Now().Add(time.Hour).UTC()
	for name, test := range map[string]struct {
		timeout  time.Duration
		deadline time.Time
		want     time.Time
	}{
		"by default":   {0, time.Time{}, ten.Add(5*time.Minute + 16*time.Minute)},
		"configured":   {2 * time.Minute, time.Time{}, ten.Add(5*time.Minute + 3*time.Minute)},
		"the deadline": {2 * time.Minute, soon, soon.Add(time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChannel(t)
			c.hour(ten)
			store := &claims{Store: c.store}
			h := c.handler("r")
			h.Store, h.Timeout = store, test.timeout
			ctx := t.Context()
			if !test.deadline.IsZero() {
				var cancel context.CancelFunc
				ctx, cancel = context.WithDeadline(ctx, test.deadline)
				defer cancel()
			}
			if _, err := h.Run(ctx, window); err != nil {
				t.Fatal(err)
			}
			if len(store.expire) != 2 || !store.expire[0].Equal(test.want) || !store.expire[1].Equal(test.want) {
				t.Errorf("claims expire at %v, want twice %v", store.expire, test.want)
			}
		})
	}
}

// last is a notifier at whose end the time of the run is over.
type last struct {
	cancel context.CancelFunc
	err    error
}

func (l last) Notify(context.Context, *digest.Report) error {
	l.cancel()
	return l.err
}

// What became of a message is saved also where the time ends with it.
func TestWhatIsPostedIsSavedAfterTheEnd(t *testing.T) {
	for _, failure := range []error{nil, errors.New("channel_not_found")} {
		c := newChannel(t)
		c.hour(ten)
		ctx, cancel := context.WithCancel(t.Context())
		h := c.handler("r")
		h.Notifier = last{cancel, failure}
		if _, err := h.Run(ctx, window); !errors.Is(err, failure) || failure == nil && err != nil {
			t.Fatal(err)
		}
		if s := c.state(); s.Claim != nil || len(s.Entries) != map[bool]int{true: 1, false: 0}[failure == nil] {
			t.Errorf("error %v: claim %+v, entries %+v", failure, s.Claim, s.Entries)
		}
	}
}

// That a message may be a repeat stays in it, whoever finds it in the channel and puts
// a digest in its place.
func TestMarkOfARepeatStays(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.mustRun(ten)
	died := func() { // the run that posted
		err := state.Edit(t.Context(), c.store, state.Key(slacktest.Channel), func(s *state.State) error {
			s.Entries = nil
			s.Claim = &state.Claim{Owner: "r/x", Start: window.Start, End: window.End, Stage: state.Posting, Message: state.Message{Instances: []string{"orders-1"}}, Expires: c.now}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	died()
	c.slack.Fail(slacktest.Fault{Method: "conversations.history", Code: "internal_error"})
	c.mustRun(ten)
	c.expect("09-10 09-10")
	died()
	if r := c.mustRun(ten); !r.Past.Repeat {
		t.Errorf("past %+v", r.Past)
	}
	c.expect("09-10 09-10")
	if m := c.slack.Messages()[1]; m.Updates != 1 || !strings.Contains(m.Text, "POSSIBLE REPEAT") {
		t.Errorf("message %+v", m)
	}
	if e := c.state().Entries[0]; !e.Unconfirmed || e.TS != c.slack.Messages()[1].Timestamp {
		t.Errorf("entry %+v", e)
	}
}
