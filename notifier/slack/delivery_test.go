package slack_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// The report of the table has one class in the message and two in its thread.
func deliveryReport(t *testing.T) *digest.Report {
	r := notifiertest.Load(t, "full")
	r.Classes = r.Classes[:6]
	return r
}

func TestDelivery(t *testing.T) {
	const message, thread = 0, 1 // requests that go well before the fault
	fault := func(skip int, f slacktest.Fault) []slacktest.Fault {
		f.Method, f.Skip = "chat.postMessage", skip
		return []slacktest.Fault{f}
	}
	cases := []struct {
		name     string
		faults   []slacktest.Fault
		arrange  func(s *slacktest.Server)
		within   time.Duration // deadline; 0 is a minute
		client   time.Duration // the client's timeout; 0 is a minute
		form     string        // of the message; empty: none
		messages int           // in the channel afterwards
		replies  int
		want     notifiertest.Failure
	}{
		{name: "all well", form: "full", messages: 1, replies: 2},

		// The message itself.
		{name: "429 and time", faults: fault(message, slacktest.Fault{RetryAfter: 1}), form: "full", messages: 1, replies: 2},
		{name: "429 and no time", faults: fault(message, slacktest.Fault{RetryAfter: 30}), within: 10 * time.Second,
			want: notifiertest.Fails(notifier.Transient, notifier.NotPosted, "wait for 30s")},
		{name: "429 at once, three times", faults: repeat(3, slacktest.Fault{RetryNow: true}), form: "full", messages: 1, replies: 2},
		{name: "429 at once, four times", faults: repeat(4, slacktest.Fault{RetryNow: true}), within: 18 * time.Second,
			want: notifiertest.Fails(notifier.Transient, notifier.NotPosted, "wait for 8s")},
		{name: "429 without a time", faults: fault(message, slacktest.Fault{RetryAfter: -1}), within: 8 * time.Second,
			want: notifiertest.Fails(notifier.Transient, notifier.NotPosted, "wait for 10s")},
		{name: "bad token", arrange: func(s *slacktest.Server) { s.Fail(slacktest.Fault{Code: "invalid_auth"}) },
			want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "xoxb-")},
		{name: "missing scope", faults: fault(message, slacktest.Fault{Code: "missing_scope"}),
			want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "chat:write")},
		{name: "not in channel", arrange: func(s *slacktest.Server) { s.Channels[slacktest.Channel] = slacktest.ChannelState{} },
			want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "/invite")},
		{name: "no such channel", arrange: func(s *slacktest.Server) { delete(s.Channels, slacktest.Channel) },
			want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "no such channel")},
		{name: "archived", arrange: func(s *slacktest.Server) {
			s.Channels[slacktest.Channel] = slacktest.ChannelState{Archived: true, Member: true}
		}, want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "archived")},
		{name: "an error nobody knows", faults: fault(message, slacktest.Fault{Code: "some_new_error"}),
			want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "some_new_error")},
		{name: "no charts here", arrange: func(s *slacktest.Server) { s.Unsupported = []string{"data_visualization"} },
			form: "simple", messages: 1, replies: 2},
		{name: "hardly any blocks here", arrange: func(s *slacktest.Server) {
			s.Unsupported = []string{"data_visualization", "table", "header", "context", "divider"}
		}, form: "minimal", messages: 1, replies: 2},
		{name: "no blocks at all", arrange: func(s *slacktest.Server) { s.MaxText = 1 }, form: "text", messages: 1, replies: 2},
		{name: "nothing is taken", faults: repeat(4, slacktest.Fault{Code: "invalid_blocks"}),
			want: notifiertest.Fails(notifier.Payload, notifier.NotPosted, "invalid_blocks")},
		{name: "internal error", faults: fault(message, slacktest.Fault{Code: "internal_error"}),
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "internal_error")},
		{name: "HTTP 503", faults: fault(message, slacktest.Fault{Status: 503}),
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "503")},
		{name: "HTTP 404", faults: fault(message, slacktest.Fault{Status: 404}),
			want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "404")},
		{name: "a page of a proxy", faults: fault(message, slacktest.Fault{Status: 200}),
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "unconfirmed")},
		{name: "cut before", faults: fault(message, slacktest.Fault{Cut: true}),
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "unconfirmed")},
		{name: "cut after", faults: fault(message, slacktest.Fault{CutAfter: true}), messages: 1,
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "unconfirmed")},
		{name: "hangs before", faults: fault(message, slacktest.Fault{Hang: true}), client: 300 * time.Millisecond,
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "unconfirmed")},
		{name: "hangs after", faults: fault(message, slacktest.Fault{HangAfter: true}), client: 300 * time.Millisecond, messages: 1,
			want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "unconfirmed")},

		// Its thread. The message is in the channel, and is never posted again.
		{name: "thread: 429 and time", faults: fault(thread, slacktest.Fault{RetryAfter: 1}), form: "full", messages: 1, replies: 2},
		{name: "thread: 429 and no time", faults: fault(thread, slacktest.Fault{RetryAfter: 30}), within: 10 * time.Second,
			form: "full", messages: 1, want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "detail 1 of 2")},
		{name: "thread: blocks not taken", faults: fault(thread, slacktest.Fault{Code: "invalid_blocks"}),
			form: "full", messages: 1, replies: 2},
		{name: "thread: removed meanwhile", faults: fault(thread+1, slacktest.Fault{Code: "not_in_channel"}),
			form: "full", messages: 1, replies: 1, want: notifiertest.Fails(notifier.Configuration, notifier.IsPosted, "detail 2 of 2")},
		{name: "thread: cut after", faults: fault(thread, slacktest.Fault{CutAfter: true}),
			form: "full", messages: 1, replies: 1, want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "detail 1 of 2")},
		{name: "thread: no time left", within: 2 * time.Second, form: "full", messages: 1,
			want: notifiertest.Fails(notifier.Transient, notifier.IsPosted, "no time left")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := slacktest.New()
			defer server.Close()
			server.Fail(c.faults...)
			if c.arrange != nil {
				c.arrange(server)
			}
			ctx, cancel := context.WithTimeout(t.Context(), orMinute(c.within))
			defer cancel()
			o := slackOptions()
			o.APIURL, o.HTTPClient = server.URL(), &http.Client{Timeout: orMinute(c.client)}
			var log strings.Builder
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			receipt, err := slack.New(slacktest.Token, slacktest.Channel, o).Post(ctx, deliveryReport(t))

			c.want.Check(t, err)
			messages, replies := posted(server)
			if messages != c.messages || replies != c.replies || receipt.Form != c.form {
				t.Errorf("%d messages with %d replies in the form %q, want %d with %d in %q",
					messages, replies, receipt.Form, c.messages, c.replies, c.form)
			}
			if c.form != "" && c.form != "full" && !strings.Contains(log.String(), "json-pointer:/") {
				t.Errorf("the log does not say which block was not taken: %s", log.String())
			}
			if strings.Contains(log.String(), slacktest.Token) {
				t.Error("the log holds the token")
			}
		})
	}
}

func orMinute(d time.Duration) time.Duration {
	if d == 0 {
		return time.Minute
	}
	return d
}

func repeat(n int, f slacktest.Fault) []slacktest.Fault {
	var out []slacktest.Fault
	for range n {
		out = append(out, f)
	}
	return out
}

func posted(s *slacktest.Server) (messages, replies int) {
	for _, m := range s.Messages() {
		if m.ThreadTS == "" {
			messages++
		} else {
			replies++
		}
	}
	return messages, replies
}

// A reply whose message somebody deleted is taken back from the channel.
func TestDeliveryOfAnOrphan(t *testing.T) {
	server := slacktest.New()
	defer server.Close()
	server.Fail(slacktest.Fault{Method: "chat.postMessage", Skip: 2, Do: func() {
		for _, m := range server.Messages() {
			server.Delete(m.Timestamp)
		}
	}})
	o := slackOptions()
	o.APIURL = server.URL()
	receipt, err := slack.New(slacktest.Token, slacktest.Channel, o).Post(t.Context(), deliveryReport(t))
	notifiertest.Fails(notifier.Transient, notifier.IsPosted, "deleted meanwhile").Check(t, err)
	if receipt.Replies != 1 || len(server.Messages()) != 0 {
		t.Errorf("%d replies, and in the channel %v", receipt.Replies, server.Messages())
	}
}

// The message carries what a later run needs to find it.
func TestDeliveryMetadata(t *testing.T) {
	server := slacktest.New()
	defer server.Close()
	o := slackOptions()
	o.APIURL, o.NoThread = server.URL(), true
	receipt, err := slack.New(slacktest.Token, "#slow-queries", o).Post(t.Context(), notifiertest.Load(t, "full"))
	if err != nil {
		t.Fatal(err)
	}
	m := server.Messages()[0]
	if receipt.Channel != slacktest.Channel || receipt.Timestamp != m.Timestamp {
		t.Errorf("receipt %+v for %s", receipt, m.Timestamp)
	}
	var meta struct {
		EventType    string         `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	if err := json.Unmarshal(m.Metadata, &meta); err != nil || meta.EventType != "slowdigest" ||
		meta.EventPayload["window_start"] != "2026-11-23T14:00:00Z" {
		t.Errorf("%v: %s", err, m.Metadata)
	}
}

func TestDeliveryOfQuietAndNoData(t *testing.T) {
	for name, want := range map[string]int{"quiet": 0, "no-data": 1} {
		server := slacktest.New()
		defer server.Close()
		o := slackOptions()
		o.APIURL = server.URL()
		for _, n := range []notifier.Notifier{
			slack.New(slacktest.Token, slacktest.Channel, o), slack.NewWebhook(server.WebhookURL(), o),
		} {
			if err := n.Notify(t.Context(), notifiertest.Load(t, name)); err != nil {
				t.Error(err)
			}
		}
		if got := len(server.Requests()); got != 2*want {
			t.Errorf("%s: %d requests, want %d", name, got, 2*want)
		}
	}
}

func TestDeliveryByWebhook(t *testing.T) {
	for _, c := range []struct {
		name     string
		fault    slacktest.Fault
		arrange  func(s *slacktest.Server)
		messages int
		want     notifiertest.Failure
	}{
		{name: "all well", messages: 1},
		{name: "429 and time", fault: slacktest.Fault{RetryAfter: 1}, messages: 1},
		{name: "429 and no time", fault: slacktest.Fault{RetryAfter: 100}, want: notifiertest.Fails(notifier.Transient, notifier.NotPosted, "1m40s")},
		{name: "no charts here", arrange: func(s *slacktest.Server) { s.Unsupported = []string{"data_visualization", "table"} }, messages: 1},
		{name: "gone", fault: slacktest.Fault{Code: "no_service"}, want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "make a new one")},
		{name: "archived", arrange: func(s *slacktest.Server) {
			s.Channels[slacktest.Channel] = slacktest.ChannelState{Archived: true, Member: true}
		}, want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "archived")},
		{name: "page of a proxy", fault: slacktest.Fault{Status: 502}, want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "502")},
		{name: "cut after", fault: slacktest.Fault{CutAfter: true}, messages: 1, want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "EOF")},
		{name: "hangs", fault: slacktest.Fault{Hang: true}, want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "unconfirmed")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := slacktest.New()
			defer server.Close()
			server.Fail(c.fault)
			if c.arrange != nil {
				c.arrange(server)
			}
			o := slackOptions()
			o.HTTPClient = &http.Client{Timeout: time.Second}
			err := slack.NewWebhook(server.WebhookURL(), o).Notify(t.Context(), deliveryReport(t))
			c.want.Check(t, err)
			if got := len(server.Messages()); got != c.messages {
				t.Errorf("%d messages, want %d", got, c.messages)
			}
		})
	}
}

// Where no connection comes about, nothing was posted and no URL is in the error.
func TestDeliveryToNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o := slackOptions()
	o.APIURL = nobody + "/api/"
	for _, n := range []notifier.Notifier{
		slack.New(slacktest.Token, slacktest.Channel, o),
		slack.NewWebhook(nobody+"/services/secretsecretsecret", o),
	} {
		notifiertest.Fails(notifier.Transient, notifier.NotPosted, "no connection").Check(t, n.Notify(t.Context(), notifiertest.Load(t, "full")))
	}
	notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "not a URL").Check(t,
		slack.NewWebhook(":secretsecretsecret", o).Notify(t.Context(), notifiertest.Load(t, "full")))
}
