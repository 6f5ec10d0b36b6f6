package weekjob

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/week"
	"slowdigest/handler/archive"
	"slowdigest/handler/owners"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/notifier/teams"
	"slowdigest/notifier/weekly"
)

var (
	window = digest.Window{Start: time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	nine   = window.End.Add(9 * time.Hour)
	key    = state.Key(slacktest.Channel)
)

// hour is the report of an hour, of which one class takes as many seconds as the hour has in the day.
func hour(at time.Time) *digest.Report {
	r := &digest.Report{Version: 1, Window: digest.Window{Start: at, End: at.Add(time.Hour)}, Instances: []string{"orders-1"}}
	r.Coverage.Complete, r.Coverage.InWindow = true, 10
	c := digest.Class{Rank: 1, ID: "0123456789ABCDEF0123456789ABCDEF", Fingerprint: "select a from orders where b = ?"}
	c.Calls, c.QueryTime.Sum, c.QueryTime.Max = 10, float64(at.Hour()), 1
	r.Classes, r.Overall.Calls, r.Overall.QueryTime.Sum = []digest.Class{c}, 10, c.QueryTime.Sum
	return r
}

type world struct {
	t     *testing.T
	store state.Store
	slack *slacktest.Server
	now   time.Time
}

// newWorld has an archive of the last hours of the week and before, which a file store or S3 keeps.
func newWorld(t *testing.T, store state.Store, hours int) *world {
	t.Helper()
	w := &world{t: t, store: store, slack: slacktest.New(), now: nine}
	t.Cleanup(w.slack.Close)
	for at := window.End.Add(-time.Duration(hours) * time.Hour); at.Before(window.End); at = at.Add(time.Hour) {
		if err := archive.Save(t.Context(), store, key, hour(at)); err != nil {
			t.Fatal(err)
		}
	}
	since := func(s *state.State) error { s.Since = window.Start; return nil }
	if err := state.Edit(t.Context(), store, key, since); err != nil {
		t.Fatal(err)
	}
	return w
}

// Of a channel that never had an hour there is nothing to tell, and no state is made.
func TestNoHours(t *testing.T) {
	w := &world{t: t, store: state.FileStore{Dir: t.TempDir()}, slack: slacktest.New(), now: nine}
	defer w.slack.Close()
	if got, err := w.job("one").Run(t.Context()); got != nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, tag, err := w.store.Load(t.Context(), key); tag != "" || err != nil {
		t.Errorf("there is a state, %v", err)
	}
	w.expect(0)
}

func (w *world) job(owner string) *Job {
	return &Job{
		Store: w.store, Channel: slacktest.Channel, Window: window, Zone: time.UTC, Owner: owner, Now: func() time.Time { return w.now },
		Poster: slack.New(slacktest.Token, slacktest.Channel, slack.Options{APIURL: w.slack.URL(), Pause: time.Millisecond}),
	}
}

// told returns the messages that tell a week, without the replies.
func (w *world) told() (all []slacktest.Message) {
	w.t.Helper()
	for _, m := range w.slack.Messages() {
		if m.ThreadTS == "" {
			all = append(all, m)
		}
	}
	return all
}

func (w *world) expect(n int, contains ...string) {
	w.t.Helper()
	all := w.told()
	if len(all) != n {
		w.t.Fatalf("%d messages, want %d", len(all), n)
	}
	for _, s := range contains {
		if text := string(all[n-1].Blocks) + all[n-1].Text; !strings.Contains(text, s) {
			w.t.Errorf("no %q in %s", s, text)
		}
	}
}

func TestToldOnce(t *testing.T) {
	t.Parallel()
	stores := map[string]func(t *testing.T) state.Store{
		"file": func(t *testing.T) state.Store { return state.FileStore{Dir: t.TempDir()} },
		"S3":   func(t *testing.T) state.Store { return state.NewS3Store(s3test.New(t, nil), s3test.Bucket, "prod") },
	}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, store(t), 2*168)
			if got, err := w.job("one").Run(t.Context()); err != nil || got == nil || got.Hours.Read != 168 || got.UsualOf != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			w.expect(1, "Slow queries of week 47: Mon 16 Nov to Sun 22 Nov 2026", "SELECT orders by b", "as before")
			if all := w.slack.Messages(); len(all) != 2 || !strings.Contains(string(all[1].Blocks), "By week, and by hour of the day") {
				t.Errorf("%d messages with the thread", len(all))
			}
			w.now = w.now.Add(time.Hour)
			if got, err := w.job("two").Run(t.Context()); err != nil || got != nil {
				t.Errorf("%+v, %v", got, err)
			}
			earlier := w.job("three")
			earlier.Window = week.Of(window.Start.Add(-time.Hour), time.UTC)
			if got, err := earlier.Run(t.Context()); err != nil || got != nil {
				t.Errorf("of the week before %+v, %v", got, err)
			}
			w.expect(1)
			next := w.job("four")
			next.Window = digest.Window{Start: window.End, End: window.End.AddDate(0, 0, 7)}
			if got, err := next.Run(t.Context()); err != nil || got.Hours.Read != 0 {
				t.Errorf("of a week that is not kept %+v, %v", got, err)
			}
			w.expect(1)
		})
	}
}

// Those who come at a time tell it once, also with the same ID.
func TestAtATime(t *testing.T) {
	w := newWorld(t, state.FileStore{Dir: t.TempDir()}, 3)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := w.job(fmt.Sprint("request-", i/4)).Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.expect(1)
}

// dies is a store that fails from the save with a number on, as where a run has died.
type dies struct {
	state.Store
	saves int
}

func (d *dies) Save(ctx context.Context, key string, data []byte, tag string) (string, error) {
	if d.saves--; d.saves < 0 {
		return "", fmt.Errorf("save %s: the run has died", key)
	}
	return d.Store.Save(ctx, key, data, tag)
}

// A run that dies is made good by the next try of the same event, or by another when its time is over, which
// looks into the channel where the message may be there.
func TestRunDies(t *testing.T) {
	for saves := range 3 {
		for _, c := range []struct {
			owner string
			after time.Duration
			told  bool // by the second
		}{{"one", time.Minute, true}, {"one", 10 * time.Second, saves == 0}, {"two", time.Minute, saves == 0}, {"two", defaultTimeout, true}} {
			w := newWorld(t, state.FileStore{Dir: t.TempDir()}, 3)
			first := w.job("one")
			first.Store = &dies{w.store, saves}
			if _, err := first.Run(t.Context()); err == nil {
				t.Errorf("%d saves: no error", saves)
			}
			posted := 0
			if saves == 2 { // all but that it is told
				posted = 1
			}
			w.expect(posted)
			w.now = w.now.Add(c.after)
			if _, err := w.job(c.owner).Run(t.Context()); err != nil {
				t.Errorf("%d saves, %+v: %v", saves, c, err)
			}
			if c.told {
				posted = 1
			}
			w.expect(posted)
			s, err := state.Read(t.Context(), w.store, key)
			if err != nil || s.Week == nil || s.Week.Told.Equal(window.End) != c.told {
				t.Errorf("%d saves, %+v: %+v, %v", saves, c, s.Week, err)
			}
		}
	}
}

// What Slack answers, or does not: the week is told once, or the error says that it was not.
func TestAnswersOfSlack(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []slacktest.Fault
		err    string // of the first try
		first  int    // messages after it
		second int    // and after the next
		says   string
	}{
		{"refused", []slacktest.Fault{{Method: "chat.postMessage", Code: "channel_not_found"}}, "channel_not_found", 0, 1, ""},
		{"an answer lost", []slacktest.Fault{{Method: "chat.postMessage", CutAfter: true}}, "", 1, 1, ""},
		{"an answer lost, and no look", []slacktest.Fault{{Method: "chat.postMessage", CutAfter: true}, {Method: "conversations.history", Code: "missing_scope"}}, "tell the week", 1, 1, ""},
		{"no look at all", []slacktest.Fault{{Method: "chat.postMessage", CutAfter: true}, {Method: "conversations.history", Code: "missing_scope"}, {Method: "conversations.history", Code: "missing_scope"}},
			"tell the week", 1, 2, "This may be a repeat"},
		{"the thread refused", []slacktest.Fault{{Method: "chat.postMessage", Skip: 1, Code: "invalid_blocks"}}, "", 1, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, state.FileStore{Dir: t.TempDir()}, 3)
			w.slack.Fail(c.faults...)
			_, err := w.job("one").Run(t.Context())
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			w.expect(c.first)
			w.now = w.now.Add(time.Minute)
			if _, err := w.job("one").Run(t.Context()); err != nil {
				t.Error(err)
			}
			w.expect(c.second, c.says)
		})
	}
}

// Who rather leaves it out than repeats it does so.
func TestSkipUnknown(t *testing.T) {
	w := newWorld(t, state.FileStore{Dir: t.TempDir()}, 3)
	for range 2 {
		w.slack.Fail(slacktest.Fault{Method: "chat.postMessage", CutAfter: true}, slacktest.Fault{Method: "conversations.history", Code: "missing_scope"})
		j := w.job("one")
		j.SkipUnknown = true
		_, _ = j.Run(t.Context())
		w.now = w.now.Add(time.Minute)
	}
	w.expect(1)
}

// A chat that cannot be searched is told too.
func TestWebhooks(t *testing.T) {
	w := newWorld(t, state.FileStore{Dir: t.TempDir()}, 3)
	j := w.job("one")
	j.Poster = slack.NewWebhook(w.slack.WebhookURL(), slack.Options{})
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(1, "week 47")
	var _ Poster = (*teams.Webhook)(nil)
}

// Of an archive that cannot be read nothing is told, and one hour that cannot be read is told.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	var denied string // what the keys contain that may not be read
	front := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if denied != "" && r.Method == http.MethodGet && strings.Contains(r.URL.Path, denied) {
				rw.WriteHeader(http.StatusForbidden)
				fmt.Fprint(rw, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
				return
			}
			h.ServeHTTP(rw, r)
		})
	}
	w := newWorld(t, state.NewS3Store(s3test.New(t, front), s3test.Bucket, "prod"), 168)
	denied = "reports/"
	if _, err := w.job("one").Run(t.Context()); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("error %v", err)
	}
	w.expect(0)
	denied = "/2026/11/18/07"
	if got, err := w.job("two").Run(t.Context()); err != nil || got.Hours.Read != 167 {
		t.Errorf("%+v, %v", got, err)
	}
	w.expect(1, "PARTIAL: 167 of 168 hours were read", "1 hour that is kept could not be read")
}

func TestReadEvent(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ event, want string }{
		{`{"time": "2026-11-23T08:00:00Z"}`, "none"},
		{`{"week": "last", "time": "2026-11-23T08:00:00Z"}`, "2026-11-15T23:00:00Z "},
		{`{"week": "last", "time": "2026-11-16T08:00:00Z", "channel": "C0123456789"}`, "2026-11-08T23:00:00Z C0123456789"},
		{`{"week": "last"}`, "2026-11-15T23:00:00Z "},
		{`{"week": "2026-11-16"}`, "2026-11-15T23:00:00Z "},
		{`{"week": "2026-11-22"}`, "2026-11-15T23:00:00Z "},
		{`{"week": "2026-11-15"}`, "2026-11-08T23:00:00Z "},
		{`{"week": "2026-11-15T23:30:00Z"}`, "2026-11-15T23:00:00Z "},
		{`{"week": "2026-11-23"}`, "2026-11-22T23:00:00Z "},
		{`{"week": "next"}`, "want last, or a day of it"},
		{`{"week": 47}`, "cannot unmarshal"},
		{`{"week": "last", "chanel": "C0123456789"}`, "unknown field"},
		{`[]`, "none"},
	} {
		e, err := ReadEvent(json.RawMessage(c.event), nine, berlin)
		got := "none"
		if err != nil {
			got = err.Error()
		} else if e != nil {
			got = e.Window.Start.Format(time.RFC3339) + " " + e.Channel
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s, want %s", c.event, got, c.want)
		}
	}
}

// hangs is a store that does not answer for what was before a time.
type hangs struct{ state.Store }

func (h hangs) Load(ctx context.Context, key string) ([]byte, string, error) {
	if strings.Contains(key, "/2026/10/") {
		<-ctx.Done()
		return nil, "", ctx.Err()
	}
	return h.Store.Load(ctx, key)
}

// A week is told in its time, with those before it that were read by then.
func TestTimeIsShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, state.FileStore{Dir: t.TempDir()}, 5*168)
	w.store = hangs{w.store}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	j := w.job("one")
	j.Now = time.Now
	got, err := j.Run(ctx)
	if err != nil || got.Hours.Read != 168 || !got.Earlier[0].Known || !got.Earlier[1].Known || got.Earlier[2].Known || got.Earlier[3].Known || got.Unreadable > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	w.expect(1, "Of 2 of the 4 weeks before too little")
}

// Who owns a class is named, and the release with which a new one began, if it began within the hour after it.
func TestNames(t *testing.T) {
	began := window.Start.Add(50*time.Hour + 12*time.Minute)
	for _, c := range []struct {
		marked time.Duration // before it began
		byTag  bool
		want   string
	}{{12 * time.Minute, false, "since v142 (2026-11-18 02:00 UTC)"}, {59 * time.Minute, false, "since v142"}, {61 * time.Minute, false, ""}, {-time.Minute, false, ""}, {time.Minute, true, ""}} {
		w := newWorld(t, state.FileStore{Dir: t.TempDir()}, 0)
		for at := window.Start.AddDate(0, 0, -7); at.Before(window.End); at = at.Add(time.Hour) {
			r := hour(at)
			if at.Add(time.Hour).After(began) {
				n := r.Classes[0]
				n.ID, n.Fingerprint, n.FirstSeen, n.QueryTime.Sum = strings.Repeat("B", 32), "select a from carts where b = ?", at, 9
				n.Tables = []digest.Table{{Name: "carts"}}
				if !at.After(began) {
					n.FirstSeen = began
				}
				r.Classes = append(r.Classes, n)
			}
			if err := archive.Save(t.Context(), w.store, key, r); err != nil {
				t.Fatal(err)
			}
		}
		mark := func(s *state.State) error {
			s.History.MarkRelease(digest.Release{Name: "v142", At: began.Add(-c.marked), ByTag: c.byTag}, true)
			return nil
		}
		if err := state.Edit(t.Context(), w.store, key, mark); err != nil {
			t.Fatal(err)
		}
		j := w.job("one")
		j.Owners = func(context.Context) (*owners.Owners, error) {
			return owners.Read([]byte("table:carts team-carts mention=U0123ABCDEF\n"))
		}
		got, err := j.Build(t.Context())
		if err != nil || len(got.New) != 1 || !got.New[0].First.Equal(began) {
			t.Fatalf("%+v, %v", got, err)
		}
		var text strings.Builder
		if err := notifier.WriteMemoText(&text, weekly.Memo(got, false), notifier.TextOptions{Width: 300}); err != nil {
			t.Fatal(err)
		}
		_, said, _ := strings.Cut(text.String(), "NEW  ")
		said, _, _ = strings.Cut(said, "\n")
		if !strings.Contains(said, c.want) || c.want == "" && strings.Contains(said, "v142") || !strings.HasSuffix(said, " · team-carts") {
			t.Errorf("%+v: %s", c, said)
		}
	}
}
