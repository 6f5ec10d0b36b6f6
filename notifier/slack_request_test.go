package notifier_test

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier"
	"slowdigest/notifier/slacktest"
)

var door = notifier.Door{SigningSecret: slacktest.SigningSecret, Channels: []string{slacktest.Channel}}

func TestRequests(t *testing.T) {
	const id = "0123456789ABCDEF"
	for _, c := range []struct {
		name string
		body []byte
		want notifier.Request
		err  string // that the user is told
	}{
		{"nothing", slacktest.Command(""), notifier.Request{Verb: notifier.Usage}, ""},
		{"help", slacktest.Command("help me"), notifier.Request{Verb: notifier.Usage}, ""},
		{"an instance", slacktest.Command("db-1"), notifier.Request{Verb: notifier.Show, Instances: []string{"db-1"}, Last: 15 * time.Minute}, ""},
		{"the issue's", slacktest.Command("db-1 last 15m"), notifier.Request{Verb: notifier.Show, Instances: []string{"db-1"}, Last: 15 * time.Minute}, ""},
		{"several", slacktest.Command("DB-1, db-2 db-3 last 2h"), notifier.Request{Verb: notifier.Show, Instances: []string{"db-1", "db-2", "db-3"}, Last: 2 * time.Hour}, ""},
		{"all", slacktest.Command("last 1h"), notifier.Request{Verb: notifier.Show, Last: time.Hour}, ""},
		{"no time", slacktest.Command("db-1 last"), notifier.Request{}, "no time"},
		{"too long", slacktest.Command("last 25h"), notifier.Request{}, "between 1m and 24h"},
		{"too short", slacktest.Command("last 1ms"), notifier.Request{}, "between 1m and 24h"},
		{"no duration", slacktest.Command("last week"), notifier.Request{}, "between 1m and 24h"},
		{"mute", slacktest.Command("mute 0123456789abcdef"), notifier.Request{Verb: notifier.Mute, ClassID: id, For: 7 * 24 * time.Hour}, ""},
		{"mute for", slacktest.Command("mute " + id + " for 3d the nightly\u202e export"), notifier.Request{Verb: notifier.Mute, ClassID: id, For: 72 * time.Hour, Reason: "the nightly export"}, ""},
		{"mute what", slacktest.Command("mute"), notifier.Request{}, "ID of a query is missing"},
		{"mute a name", slacktest.Command("mute orders"), notifier.Request{}, "8 to 32 hexadecimal digits"},
		{"mute for long", slacktest.Command("mute " + id + " 9999d"), notifier.Request{Verb: notifier.Mute, ClassID: id, For: 9999 * 24 * time.Hour}, ""}, // which the state refuses
		{"unmute", slacktest.Command("unmute " + id), notifier.Request{Verb: notifier.Unmute, ClassID: id, For: 7 * 24 * time.Hour}, ""},
		{"mute button", slacktest.Press("slowdigest_mute", id, "17.1"), notifier.Request{Verb: notifier.Mute, ClassID: id, For: 7 * 24 * time.Hour, Thread: "17.1"}, ""},
		{"show button", slacktest.Press("slowdigest_show", "db-1,db-2", "17.1"), notifier.Request{Verb: notifier.Show, Instances: []string{"db-1", "db-2"}, Last: 15 * time.Minute, Thread: "17.1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := door.Read(slacktest.Sign(c.body, slacktest.SigningSecret, time.Now()), c.body)
			if got == nil {
				t.Fatal(err)
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || got.Verb != "" {
					t.Errorf("error %v and verb %q, want an error that says %q", err, got.Verb, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.want.Channel, c.want.User, c.want.Name, c.want.ID = slacktest.Channel, slacktest.User, "dba", got.ID
			if !reflect.DeepEqual(*got, c.want) {
				t.Errorf("%+v\nwant %+v", *got, c.want)
			}
		})
	}
}

// What is not from Slack, or not for everybody, is refused before it is looked at.
func TestRequestsRefused(t *testing.T) {
	body := slacktest.Command("db-1 last 15m")
	now := time.Now()
	signed := func(body []byte) http.Header { return slacktest.Sign(body, slacktest.SigningSecret, now) }
	without := func(name string) http.Header {
		h := signed(body)
		h.Del(name)
		return h
	}
	set := func(name, value string) http.Header {
		h := signed(body)
		h.Set(name, value)
		return h
	}
	big := slacktest.Command(strings.Repeat("x", 300<<10))
	other := bytes.Replace(body, []byte(slacktest.Channel), []byte("C0OTHER"), 1)
	bodyOf := func(s string) ([]byte, http.Header) { return []byte(s), signed([]byte(s)) }
	noPayload, noPayloadHeader := bodyOf("payload=%7B")
	wrongType, wrongTypeHeader := bodyOf("payload=" + `%7B%22type%22%3A%22view_submission%22%7D`)
	noForm, noFormHeader := bodyOf("%zz")
	empty, emptyHeader := bodyOf("")
	button := slacktest.Press("another_button", "x", "17.1")
	for _, c := range []struct {
		name   string
		door   notifier.Door
		header http.Header
		body   []byte
		want   error
	}{
		{"not signed", door, http.Header{}, body, notifier.ErrNotFromSlack},
		{"no signature", door, without("X-Slack-Signature"), body, notifier.ErrNotFromSlack},
		{"no time", door, without("X-Slack-Request-Timestamp"), body, notifier.ErrNotFromSlack},
		{"forged body", door, signed(body), slacktest.Command("db-2"), notifier.ErrNotFromSlack},
		{"another secret", door, slacktest.Sign(body, "another", now), body, notifier.ErrNotFromSlack},
		{"another time", door, set("X-Slack-Request-Timestamp", "1"), body, notifier.ErrNotFromSlack},
		{"no time at all", door, set("X-Slack-Request-Timestamp", "yesterday"), body, notifier.ErrNotFromSlack},
		{"empty signature", door, set("X-Slack-Signature", "v0="), body, notifier.ErrNotFromSlack},
		{"other version", door, set("X-Slack-Signature", "v1=00"), body, notifier.ErrNotFromSlack},
		{"old", door, slacktest.Sign(body, slacktest.SigningSecret, now.Add(-6*time.Minute)), body, notifier.ErrNotFromSlack},
		{"from the future", door, slacktest.Sign(body, slacktest.SigningSecret, now.Add(6*time.Minute)), body, notifier.ErrNotFromSlack},
		{"no secret configured", notifier.Door{Channels: door.Channels}, slacktest.Sign(body, "", now), body, notifier.ErrNotFromSlack},
		{"oversized", door, signed(big), big, notifier.ErrBadRequest},
		{"no payload", door, noPayloadHeader, noPayload, notifier.ErrBadRequest},
		{"no button", door, wrongTypeHeader, wrongType, notifier.ErrBadRequest},
		{"no form", door, noFormHeader, noForm, notifier.ErrBadRequest},
		{"empty", door, emptyHeader, empty, notifier.ErrBadRequest},
		{"somebody else's button", door, signed(button), button, notifier.ErrBadRequest},
		{"another channel", door, signed(other), other, notifier.ErrNotAllowed},
		{"no channel allowed", notifier.Door{SigningSecret: slacktest.SigningSecret}, signed(body), body, notifier.ErrNotAllowed},
		{"another user", notifier.Door{SigningSecret: slacktest.SigningSecret, Channels: door.Channels, Users: []string{"U1"}}, signed(body), body, notifier.ErrNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.door.Read(c.header, c.body)
			if !errors.Is(err, c.want) || got != nil {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), slacktest.SigningSecret) {
				t.Error("the secret is in the error")
			}
		})
	}
}

// A replayed request has the ID of the first, and no other has.
func TestRequestID(t *testing.T) {
	body := slacktest.Command("db-1")
	id := func(at time.Time) string {
		r, err := door.Read(slacktest.Sign(body, slacktest.SigningSecret, at), body)
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	now := time.Now()
	if first, replayed := id(now), id(now); first != replayed || first == id(now.Add(-time.Second)) {
		t.Error("the ID does not tell requests apart")
	}
}

func FuzzRequest(f *testing.F) {
	f.Add(slacktest.Command("db-1 last 15m"))
	f.Add(slacktest.Command("mute 0123456789ABCDEF for 7d x"))
	f.Add(slacktest.Press("slowdigest_mute", "0123456789ABCDEF", "17.1"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := door.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body)
		if r == nil && err == nil || r != nil && (r.Channel != slacktest.Channel || r.Verb == "" && err == nil) {
			t.Errorf("%+v, %v", r, err)
		}
	})
}
