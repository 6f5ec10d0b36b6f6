package slack_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// again is a digest that was posted, and the Slack it was posted to.
type again struct {
	server  *slacktest.Server
	bot     *slack.Bot
	receipt notifier.Receipt
	log     strings.Builder
}

func newAgain(t *testing.T, timeout time.Duration) *again {
	t.Helper()
	a := &again{server: slacktest.New()}
	t.Cleanup(a.server.Close)
	o := slackOptions()
	o.APIURL, o.HTTPClient = a.server.URL(), &http.Client{Timeout: orMinute(timeout)}
	o.Logger = slog.New(slog.NewTextHandler(&a.log, nil))
	a.bot = slack.New(slacktest.Token, slacktest.Channel, o)
	var err error
	if a.receipt, err = a.bot.Post(t.Context(), deliveryReport(t)); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestUpdate(t *testing.T) {
	fault := func(f slacktest.Fault) []slacktest.Fault {
		f.Method = "chat.update"
		return []slacktest.Fault{f}
	}
	twice := func(f slacktest.Fault) []slacktest.Fault { return append(fault(f), fault(f)...) }
	for _, c := range []struct {
		name    string
		faults  []slacktest.Fault
		arrange func(a *again)
		set     func(s *slacktest.Server)
		within  time.Duration
		client  time.Duration
		form    string
		updates int
		want    notifiertest.Failure
	}{
		{name: "all well", form: "full", updates: 1},
		{name: "429 and time", faults: fault(slacktest.Fault{RetryAfter: 1}), form: "full", updates: 1},
		{name: "429 and no time", faults: fault(slacktest.Fault{RetryAfter: 30}), within: 10 * time.Second,
			want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "wait for 30s")},
		{name: "deleted", arrange: func(a *again) { a.server.Delete(a.receipt.Timestamp) },
			want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "message_not_found")},
		{name: "of another bot", arrange: func(a *again) {
			a.receipt.Timestamp = a.server.Post(slacktest.Message{Channel: slacktest.Channel, Text: "x"}).Timestamp
		}, want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "another bot")},
		{name: "no more edits", faults: fault(slacktest.Fault{Code: "edit_window_closed"}), want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "after so long")},
		{name: "missing scope", set: func(s *slacktest.Server) { s.Scopes = []string{"channels:history"} },
			want: notifiertest.Fails(notifier.Configuration, notifier.IsPosted, "chat:write")},
		{name: "no charts here", set: func(s *slacktest.Server) { s.Unsupported = []string{"data_visualization"} }, form: "simple", updates: 1},
		{name: "no blocks at all", set: func(s *slacktest.Server) { s.MaxText = 1 }, form: "text", updates: 1},
		{name: "nothing is taken", faults: repeat(4, slacktest.Fault{Method: "chat.update", Code: "invalid_blocks"}),
			want: notifiertest.Fails(notifier.Payload, notifier.IsPosted, "invalid_blocks")},
		{name: "internal error", faults: twice(slacktest.Fault{Code: "internal_error"}),
			want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "internal_error")},
		{name: "internal error, once", faults: fault(slacktest.Fault{Code: "internal_error"}), updates: 1},
		{name: "HTTP 503", faults: twice(slacktest.Fault{Status: 503}), want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "503")},
		{name: "HTTP 503, once", faults: fault(slacktest.Fault{Status: 503}), updates: 1},
		{name: "HTTP 503, and no time for more", faults: fault(slacktest.Fault{Status: 503}), within: 3 * time.Second,
			want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "503")},
		{name: "cut before", faults: twice(slacktest.Fault{Cut: true}), want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "EOF")},
		{name: "cut before, once", faults: fault(slacktest.Fault{Cut: true}), updates: 1},
		{name: "cut after", faults: twice(slacktest.Fault{CutAfter: true}), updates: 2,
			want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "EOF")},
		{name: "cut after, once", faults: fault(slacktest.Fault{CutAfter: true}), updates: 2},
		{name: "hangs after", faults: twice(slacktest.Fault{HangAfter: true}), client: 300 * time.Millisecond, updates: 2,
			want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "update the digest")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAgain(t, c.client)
			before := a.server.Messages()
			a.server.Fail(c.faults...)
			if c.arrange != nil {
				c.arrange(a)
			}
			if c.set != nil {
				a.server.Set(c.set)
			}
			ctx, cancel := context.WithTimeout(t.Context(), orMinute(c.within))
			defer cancel()
			changed := deliveryReport(t)
			changed.Overall.Calls++
			got, err := a.bot.Update(ctx, changed, a.receipt)

			c.want.Check(t, err)
			if c.form != "" && (got.Form != c.form || got.Timestamp != a.receipt.Timestamp || got.Replies != a.receipt.Replies) {
				t.Errorf("receipt %+v after %+v, want the form %s", got, a.receipt, c.form)
			}
			updates := 0
			for _, m := range a.server.Messages() {
				if updates += m.Updates; m.Updates > 0 && c.form == "text" && string(m.Blocks) != "[]" {
					t.Errorf("the old blocks stay: %s", m.Blocks)
				}
			}
			if updates != c.updates {
				t.Errorf("%d updates, want %d", updates, c.updates)
			}
			if after := a.server.Messages(); len(after) > len(before)+1 || strings.Contains(a.log.String(), slacktest.Token) {
				t.Errorf("%d messages after %d; the log: %s", len(after), len(before), a.log.String())
			}
		})
	}
}

func TestFind(t *testing.T) {
	fault := func(f slacktest.Fault) []slacktest.Fault {
		f.Method = "conversations.history"
		return []slacktest.Fault{f}
	}
	gone := func(a *again) { a.server.Delete(a.receipt.Timestamp) }
	for _, c := range []struct {
		name    string
		faults  []slacktest.Fault
		arrange func(a *again)
		set     func(s *slacktest.Server)
		within  time.Duration
		found   bool
		want    notifiertest.Failure
	}{
		{name: "all well", found: true},
		{name: "not there", arrange: gone},
		{name: "another window", arrange: func(a *again) {
			gone(a)
			r := deliveryReport(t)
			r.Window.End = r.Window.End.Add(time.Hour)
			if _, err := a.bot.Post(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "another bot's", arrange: func(a *again) {
			m := a.server.Messages()[0]
			gone(a)
			a.server.Post(slacktest.Message{Channel: m.Channel, BotID: "B0OTHER", Text: m.Text, Metadata: m.Metadata})
		}},
		{name: "many messages later", arrange: func(a *again) { chatter(a.server, 1999) }, found: true},
		{name: "too many messages later", arrange: func(a *again) { chatter(a.server, 2000) },
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "too many messages")},
		{name: "429 and time", faults: fault(slacktest.Fault{RetryAfter: 1}), found: true},
		{name: "429 and no time", faults: fault(slacktest.Fault{RetryAfter: 30}), within: 10 * time.Second,
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "wait for 30s")},
		{name: "missing scope", set: func(s *slacktest.Server) { s.Scopes = []string{"chat:write"} },
			want: notifiertest.Fails(notifier.Configuration, notifier.MaybePosted, "the bot needs the scope channels:history, and has chat:write")},
		{name: "missing scope, private", set: func(s *slacktest.Server) {
			s.Channels[slacktest.Channel] = slacktest.ChannelState{Private: true, Member: true}
			s.Scopes = []string{"chat:write", "channels:history"}
		}, want: notifiertest.Fails(notifier.Configuration, notifier.MaybePosted, "groups:history")},
		{name: "not a member", set: func(s *slacktest.Server) { s.Channels[slacktest.Channel] = slacktest.ChannelState{} },
			want: notifiertest.Fails(notifier.Configuration, notifier.MaybePosted, "must be a member")},
		{name: "HTTP 503", faults: fault(slacktest.Fault{Status: 503}), want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "503")},
		{name: "cut", faults: fault(slacktest.Fault{Cut: true}), want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "EOF")},
		{name: "cut at the second step", faults: []slacktest.Fault{{Method: "auth.test", Cut: true}},
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "EOF")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAgain(t, 0)
			a.server.Fail(c.faults...)
			if c.arrange != nil {
				c.arrange(a)
			}
			if c.set != nil {
				a.server.Set(c.set)
			}
			ctx, cancel := context.WithTimeout(t.Context(), orMinute(c.within))
			defer cancel()
			got, found, err := a.bot.Find(ctx, deliveryReport(t))
			c.want.Check(t, err)
			if found != c.found {
				t.Fatalf("found: %v, want %v", found, c.found)
			}
			if found && (got.Channel != slacktest.Channel || got.Timestamp != a.receipt.Timestamp || got.Replies != a.receipt.Replies) {
				t.Errorf("found %+v, posted was %+v", got, a.receipt)
			}
		})
	}
}

func chatter(s *slacktest.Server, n int) {
	for range n {
		s.Post(slacktest.Message{Channel: slacktest.Channel, Text: "hm"})
	}
}

// By its name a channel cannot be looked into, and the error says what to do.
func TestFindByName(t *testing.T) {
	server := slacktest.New()
	defer server.Close()
	_, _, err := slack.New(slacktest.Token, "#slow-queries", slack.Options{APIURL: server.URL()}).Find(t.Context(), deliveryReport(t))
	notifiertest.Fails(notifier.Configuration, notifier.MaybePosted, "use its ID").Check(t, err)
}

// What Find recognizes does not hang on the order of the instances, nor on what
// of their names a chat may see.
func TestKey(t *testing.T) {
	r := notifiertest.Load(t, "hostile")
	before := redact.Of(r).Key()
	for i, j := 0, len(r.Instances)-1; i < j; i, j = i+1, j-1 {
		r.Instances[i], r.Instances[j] = r.Instances[j], r.Instances[i]
	}
	if got := redact.Of(r).Key(); got != before {
		t.Errorf("%s became %s", before, got)
	}
	a := newAgain(t, 0)
	if _, err := a.bot.Post(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, found, err := a.bot.Find(t.Context(), r); !found || err != nil {
		t.Errorf("found: %v, %v", found, err)
	}
	var meta struct {
		EventPayload map[string]any `json:"event_payload"`
	}
	for _, m := range a.server.Messages() {
		if len(m.Metadata) > 0 && json.Unmarshal(m.Metadata, &meta) != nil {
			t.Errorf("metadata: %s", m.Metadata)
		}
	}
	if meta.EventPayload["id"] != before {
		t.Errorf("metadata %v, want the id %s", meta, before)
	}
}
