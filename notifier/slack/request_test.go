package slack_test

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// verifier takes the steps that a request takes.
type verifier struct {
	secret string
	slack.Askers
}

func (v verifier) Read(header http.Header, body []byte) (*slack.Request, error) {
	s, err := slack.ReadSigned(header, body, time.Now())
	switch {
	case err != nil:
		return nil, err
	case !s.Verify(v.secret):
		return nil, slack.ErrNotFromSlack
	}
	return v.Askers.Read(s)
}

var slackApp = verifier{slacktest.SigningSecret, slack.Askers{Channels: []string{slacktest.Channel}}}

func TestRequests(t *testing.T) {
	const id = "0123456789ABCDEF"
	for _, c := range []struct {
		name string
		body []byte
		want slack.Request
		err  string // that the user gets
	}{
		{"nothing", slacktest.Command(""), slack.Request{Action: slack.Usage}, ""},
		{"help", slacktest.Command("help me"), slack.Request{Action: slack.Usage}, ""},
		{"an instance", slacktest.Command("db-1"), slack.Request{Action: slack.Show, Instances: []string{"db-1"}, Last: 15 * time.Minute}, ""},
		{"the issue's", slacktest.Command("db-1 last 15m"), slack.Request{Action: slack.Show, Instances: []string{"db-1"}, Last: 15 * time.Minute}, ""},
		{"several", slacktest.Command("DB-1, db-2 db-3 last 2h"), slack.Request{Action: slack.Show, Instances: []string{"db-1", "db-2", "db-3"}, Last: 2 * time.Hour}, ""},
		{"all", slacktest.Command("last 1h"), slack.Request{Action: slack.Show, Last: time.Hour}, ""},
		{"no time", slacktest.Command("db-1 last"), slack.Request{}, "no time"},
		{"too long", slacktest.Command("last 25h"), slack.Request{}, "between 1m and 24h"},
		{"too short", slacktest.Command("last 1ms"), slack.Request{}, "between 1m and 24h"},
		{"no duration", slacktest.Command("last week"), slack.Request{}, "between 1m and 24h"},
		{"mute", slacktest.Command("mute 0123456789abcdef"), slack.Request{Action: slack.Mute, ClassID: id, For: 7 * 24 * time.Hour}, ""},
		{"mute for", slacktest.Command("mute " + id + " for 3d the nightly\u202e export"), slack.Request{Action: slack.Mute, ClassID: id, For: 72 * time.Hour, Reason: "the nightly export"}, ""},
		{"mute what", slacktest.Command("mute"), slack.Request{}, "ID of a query is missing"},
		{"mute a name", slacktest.Command("mute orders"), slack.Request{}, "query ID \"orders\": want its hexadecimal digits"},
		{"mute as Percona writes it", slacktest.Command("mute 0x0123456789abcdef 0"), slack.Request{Action: slack.Mute, ClassID: id}, ""},
		{"mute with a reason", slacktest.Command("mute " + id + " known for months"), slack.Request{Action: slack.Mute, ClassID: id, For: 7 * 24 * time.Hour, Reason: "known for months"}, ""},
		{"mute for weeks", slacktest.Command("mute " + id + " for 2w"), slack.Request{}, "after `for`: time \"2w\": want hours, minutes and seconds, such as 36h or 1h30m, or days alone, such as 7d"},
		{"mute for two units", slacktest.Command("mute " + id + " for 1d12h oops"), slack.Request{}, "after `for`: time \"1d12h\": want"},
		{"mute forever", slacktest.Command("mute " + id + " for forever"), slack.Request{}, "after `for`: time \"forever\": want"},
		{"mute for", slacktest.Command("mute " + id + " for"), slack.Request{}, "after `for`: time \"\": want"},
		{"unmute for", slacktest.Command("unmute " + id + " for 3d"), slack.Request{}, "and nothing else"},
		{"unmute two", slacktest.Command("unmute " + id + " " + id), slack.Request{}, "and nothing else"},
		{"mute for too long, which the state refuses", slacktest.Command("mute " + id + " 9999d"), slack.Request{Action: slack.Mute, ClassID: id, For: 9999 * 24 * time.Hour}, ""},
		{"unmute", slacktest.Command("unmute " + id), slack.Request{Action: slack.Unmute, ClassID: id}, ""},
		{"mute button", slacktest.Press("slowdigest_mute", id, "17.1"), slack.Request{Action: slack.Mute, ClassID: id, For: 7 * 24 * time.Hour, Thread: "17.1"}, ""},
		{"show button", slacktest.Press("slowdigest_show", "db-1,db-2", "17.1"), slack.Request{Action: slack.Show, Instances: []string{"db-1", "db-2"}, Last: 15 * time.Minute, Thread: "17.1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := slackApp.Read(slacktest.Sign(c.body, slacktest.SigningSecret, time.Now()), c.body)
			if got == nil {
				t.Fatal(err)
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || got.Action != "" {
					t.Errorf("error %v and action %q, want an error that says %q", err, got.Action, c.err)
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
	twoWords := slacktest.Press("slowdigest_mute", "0123456789ABCDEF forged", "17.1")
	noWord := slacktest.Press("slowdigest_mute", "", "17.1")
	twoInstances := slacktest.Press("slowdigest_show", "db-1 db-2", "17.1")
	for _, c := range []struct {
		name     string
		verifier verifier
		header   http.Header
		body     []byte
		want     error
	}{
		{"not signed", slackApp, http.Header{}, body, slack.ErrNotFromSlack},
		{"no signature", slackApp, without("X-Slack-Signature"), body, slack.ErrNotFromSlack},
		{"no time", slackApp, without("X-Slack-Request-Timestamp"), body, slack.ErrNotFromSlack},
		{"forged body", slackApp, signed(body), slacktest.Command("db-2"), slack.ErrNotFromSlack},
		{"another secret", slackApp, slacktest.Sign(body, "another", now), body, slack.ErrNotFromSlack},
		{"another time", slackApp, set("X-Slack-Request-Timestamp", "1"), body, slack.ErrNotFromSlack},
		{"no time at all", slackApp, set("X-Slack-Request-Timestamp", "yesterday"), body, slack.ErrNotFromSlack},
		{"empty signature", slackApp, set("X-Slack-Signature", "v0="), body, slack.ErrNotFromSlack},
		{"other version", slackApp, set("X-Slack-Signature", "v1=00"), body, slack.ErrNotFromSlack},
		{"old", slackApp, slacktest.Sign(body, slacktest.SigningSecret, now.Add(-6*time.Minute)), body, slack.ErrNotFromSlack},
		{"from the future", slackApp, slacktest.Sign(body, slacktest.SigningSecret, now.Add(6*time.Minute)), body, slack.ErrNotFromSlack},
		{"no secret configured", verifier{"", slackApp.Askers}, slacktest.Sign(body, "", now), body, slack.ErrNotFromSlack},
		{"oversized", slackApp, signed(big), big, slack.ErrBadRequest},
		{"no payload", slackApp, noPayloadHeader, noPayload, slack.ErrBadRequest},
		{"no button", slackApp, wrongTypeHeader, wrongType, slack.ErrBadRequest},
		{"no form", slackApp, noFormHeader, noForm, slack.ErrBadRequest},
		{"empty", slackApp, emptyHeader, empty, slack.ErrBadRequest},
		{"somebody else's button", slackApp, signed(button), button, slack.ErrBadRequest},
		{"a mute button of two words", slackApp, signed(twoWords), twoWords, slack.ErrBadRequest},
		{"a mute button of none", slackApp, signed(noWord), noWord, slack.ErrBadRequest},
		{"a show button of two words", slackApp, signed(twoInstances), twoInstances, slack.ErrBadRequest},
		{"another channel", slackApp, signed(other), other, slack.ErrNotAllowed},
		{"no channel allowed", verifier{secret: slacktest.SigningSecret}, signed(body), body, slack.ErrNotAllowed},
		{"another user", verifier{slacktest.SigningSecret, slack.Askers{Channels: slackApp.Channels, Users: []string{"U1"}}}, signed(body), body, slack.ErrNotAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.verifier.Read(c.header, c.body)
			if !errors.Is(err, c.want) || got != nil {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), slacktest.SigningSecret) {
				t.Error("the secret is in the error")
			}
		})
	}
}

// Each bound of a request is allowed, and one step beyond it is refused.
func TestRequestsAtTheirBounds(t *testing.T) {
	id := strings.Repeat("A1", 16)
	for good, bad := range map[string]string{
		"last 1m": "last 59s", "last 24h": "last 24h1s", "last 1d": "last 1.1d",
		"mute " + id[:1]: "mute 0x", "mute " + id: "mute " + id + "A", "unmute " + id: "unmute " + id + "A",
	} {
		for text, want := range map[string]bool{good: true, bad: false} {
			body := slacktest.Command(text)
			if got, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body); (err == nil) != want || got == nil {
				t.Errorf("%s: %+v, %v", text, got, err)
			}
		}
	}
	body := slacktest.Command("mute " + id + " " + strings.Repeat("x", 201)) // which the state refuses
	if got, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body); err != nil || got.Reason != strings.Repeat("x", 201) {
		t.Errorf("a long reason: %v, %v", got, err)
	}
	base := len(slacktest.Command(""))
	for n, want := range map[int]error{256 << 10: nil, 256<<10 + 1: slack.ErrBadRequest} {
		body := slacktest.Command("db-1 " + strings.Repeat("x", n-base-len("db-1 ")))
		if _, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body); len(body) != n || !errors.Is(err, want) {
			t.Errorf("a body of %d bytes: %v", len(body), err)
		}
	}
	body = slacktest.Command("db-1")
	for age, want := range map[time.Duration]error{
		5*time.Minute - 3*time.Second: nil, 5*time.Minute + time.Second: slack.ErrNotFromSlack,
		-5*time.Minute + 3*time.Second: nil, -5*time.Minute - 3*time.Second: slack.ErrNotFromSlack,
	} {
		if _, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now().Add(-age)), body); !errors.Is(err, want) {
			t.Errorf("of an age of %s: %v", age, err)
		}
	}
}

// A replayed request has the ID of the first, and no other has.
func TestRequestID(t *testing.T) {
	body := slacktest.Command("db-1")
	id := func(at time.Time) string {
		t.Helper()
		r, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, at), body)
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	now := time.Now()
	if first, replayed := id(now), id(now); first != replayed || first == id(now.Add(-time.Second)) {
		t.Error("the ID does not distinguish requests")
	}
	first := id(now)
	if body = slacktest.Command("db-2"); id(now) == first {
		t.Error("the ID does not distinguish requests of one second")
	}
	h := slacktest.Sign(body, slacktest.SigningSecret, now)
	h.Set("X-Slack-Signature", "v0="+strings.ToUpper(h.Get("X-Slack-Signature")[3:]))
	if r, err := slackApp.Read(h, body); err != nil || r.ID != id(now) {
		t.Errorf("the ID depends on how the signature is spelled: %+v, %v", r, err)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add(slacktest.Command("db-1 last 15m"))
	f.Add(slacktest.Command("mute 0123456789ABCDEF for 7d x"))
	f.Add(slacktest.Press("slowdigest_mute", "0123456789ABCDEF", "17.1"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body)
		if r == nil && err == nil || r != nil && (r.Channel != slacktest.Channel || r.Action == "" && err == nil) {
			t.Errorf("%+v, %v", r, err)
		}
	})
}
