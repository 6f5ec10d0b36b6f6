package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// fakeLambda takes asynchronous invocations of the function.
func fakeLambda(t *testing.T) (url string, invoked chan []byte) {
	invoked = make(chan []byte, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/2015-03-31/functions/prod-slowdigest/invocations" || r.Header.Get("X-Amz-Invocation-Type") != "Event" {
			t.Errorf("%s %s as %s", r.Method, r.URL, r.Header.Get("X-Amz-Invocation-Type"))
		}
		invoked <- body
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	return server.URL, invoked
}

// urlEvent makes the event that a Lambda function URL makes of a request: the names of the
// headers in lower case, and the body, if it likes, in base 64.
func urlEvent(t *testing.T, method string, header http.Header, body []byte, inBase64 bool) []byte {
	headers := map[string]string{}
	for name := range header {
		headers[strings.ToLower(name)] = header.Get(name)
	}
	text := string(body)
	if inBase64 {
		text = base64.StdEncoding.EncodeToString(body)
	}
	event, err := json.Marshal(map[string]any{
		"version": "2.0", "rawPath": "/", "headers": headers, "body": text, "isBase64Encoded": inBase64,
		"requestContext": map[string]any{"accountId": "anonymous", "http": map[string]any{"method": method, "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// Below a digest, and an answer, are the buttons that somebody answers, and no others.
func TestButtonsThatAreAnswered(t *testing.T) {
	asFunction(t)
	const people = "C0PEOPLE01" // has a digest of its own if the instances are found by their tag
	show := slacktest.Command("last 15m")
	asked := urlEvent(t, http.MethodPost, slacktest.Sign(show, slacktest.SigningSecret, time.Now()), show, true)
	other := bytes.ReplaceAll(show, []byte(slacktest.Channel), []byte(people))
	askedThere := urlEvent(t, http.MethodPost, slacktest.Sign(other, slacktest.SigningSecret, time.Now()), other, true)
	schedule := example(t, "schedule")
	fleet := map[string]string{"SLOWDIGEST_INSTANCES": "mysql-*"}
	askFleet := map[string]string{"SLOWDIGEST_INSTANCES": "mysql-*", "SLOWDIGEST_ASK_CHANNELS": people}
	for _, c := range []struct {
		name  string
		event []byte
		env   map[string]string
		want  map[string]string // the buttons in each channel
	}{
		{"digest", schedule, nil, map[string]string{slacktest.Channel: "mute show"}},
		{"digest without a secret", schedule, map[string]string{"SLACK_SIGNING_SECRET": ""}, map[string]string{slacktest.Channel: ""}},
		{"digests of which one is not served", schedule, fleet, map[string]string{slacktest.Channel: "mute show", people: ""}},
		{"digests", schedule, askFleet, map[string]string{slacktest.Channel: "mute show", people: "mute show"}},
		{"answer", asked, nil, map[string]string{slacktest.Channel: "mute show"}},
		{"answer of several digests", asked, fleet, map[string]string{slacktest.Channel: "mute show"}},
		{"answer elsewhere", askedThere, map[string]string{"SLOWDIGEST_ASK_CHANNELS": people}, map[string]string{people: "mute show"}},
		{"answer of several digests elsewhere", askedThere, askFleet, map[string]string{people: "show"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, time.Now())
			w.useAWS(t)
			maps.Copy(w.env, c.env)
			w.lambda(t, c.event)
			got := map[string]string{}
			for _, m := range w.slack.Messages() {
				if m.ThreadTS != "" {
					continue
				}
				var buttons []string
				for _, b := range []string{"mute", "show"} {
					if bytes.Contains(m.Blocks, []byte("slowdigest_"+b)) {
						buttons = append(buttons, b)
					}
				}
				got[m.Channel] = strings.Join(buttons, " ")
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestSlackRequests sends the built command what Slack, and others, send to the
// function URL. What is refused does nothing, a good request ends in one message,
// also when it is sent again.
func TestSlackRequests(t *testing.T) {
	t.Parallel()
	rds, slack := rdstest.NewServer(), slacktest.New()
	defer rds.Close()
	defer slack.Close()
	if err := rds.ServeDir(logs); err != nil {
		t.Fatal(err)
	}
	lambda, invoked := fakeLambda(t)
	ssm, runtime := newFakeSSM(t), newRuntimeAPI(t)
	output := startBootstrap(t, map[string]string{
		"AWS_LAMBDA_RUNTIME_API":  strings.TrimPrefix(runtime.server.URL, "http://"),
		"AWS_ENDPOINT_URL_RDS":    rds.URL,
		"AWS_ENDPOINT_URL_SSM":    ssm.server.URL,
		"AWS_ENDPOINT_URL_LAMBDA": lambda,
		"SLACK_API_URL":           slack.URL(),
		"SLACK_SIGNING_SECRET":    slacktest.SigningSecret,
		"SLACK_TOKEN_PARAMETER":   lambdaParameter,
		"SLOWDIGEST_INSTANCES":    lambdaInstances,
		"SLOWDIGEST_CHANNEL":      slacktest.Channel,
		"SLOWDIGEST_STATE":        t.TempDir(),
	})
	ask := func(event []byte) (int, string) {
		t.Helper()
		o := runtime.invoke(t, event)
		var answer struct {
			StatusCode int
			Body       string
		}
		if unmarshal(t, o.body, &answer); o.failed {
			t.Fatalf("%s", o.body)
		}
		return answer.StatusCode, answer.Body
	}
	sign := func(body []byte, secret string, at time.Time) []byte {
		return urlEvent(t, http.MethodPost, slacktest.Sign(body, secret, at), body, false)
	}
	now := time.Now()
	show := slacktest.Command("mysql-9-7 last 15m")
	for _, c := range []struct {
		name   string
		event  []byte
		status int
		body   string
	}{
		{"not signed", urlEvent(t, http.MethodPost, http.Header{}, show, false), 401, ""},
		{"forged", sign(show, "guessed", now), 401, ""},
		{"old", sign(show, slacktest.SigningSecret, now.Add(-10*time.Minute)), 401, ""},
		{"oversized", sign(slacktest.Command(strings.Repeat("x", 300<<10)), slacktest.SigningSecret, now), 400, ""},
		{"malformed", sign([]byte("payload={"), slacktest.SigningSecret, now), 400, ""},
		{"not base 64", []byte(strings.Replace(string(sign([]byte("%"), "", now)), `"isBase64Encoded":false`, `"isBase64Encoded":true`, 1)), 400, ""},
		{"looked at", urlEvent(t, http.MethodGet, http.Header{}, nil, false), 405, ""},
		{"elsewhere", sign([]byte(strings.Replace(string(show), slacktest.Channel, "C0OTHER", 1)), slacktest.SigningSecret, now), 200, "may not ask slowdigest in this channel"},
		{"no time", sign(slacktest.Command("mysql-9-7 last"), slacktest.SigningSecret, now), 200, "After `last` there is no time"},
		{"help", sign(slacktest.Command("help"), slacktest.SigningSecret, now), 200, "/slowdigest mute ID"},
		{"mute for long", sign(slacktest.Command("mute 0123456789ABCDEF0123456789ABCDEF 2161h"), slacktest.SigningSecret, now), 200, "muted for 1h to 90d"},
		{"mute for less than an hour", sign(slacktest.Command("mute 0123456789ABCDEF0123456789ABCDEF 59m"), slacktest.SigningSecret, now), 200, "muted for 1h to 90d"},
		{"mute what nobody knows", sign(slacktest.Command("mute 0123456789ABCDEF"), slacktest.SigningSecret, now), 200, "not remembered"},
	} {
		if status, body := ask(c.event); status != c.status || !strings.Contains(body, c.body) || c.body == "" && body != "" {
			t.Errorf("%s: %d %s, want %d and %q", c.name, status, body, c.status, c.body)
		}
	}
	if len(slack.Messages()) > 0 || len(invoked) > 0 {
		t.Fatalf("%d messages, %d invocations", len(slack.Messages()), len(invoked))
	}

	good := urlEvent(t, http.MethodPost, slacktest.Sign(show, slacktest.SigningSecret, now), show, true)
	if status, body := ask(good); status != 200 || !strings.Contains(body, "Reading the last 15m00s of mysql-9-7") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := ask(good); status != 200 || body != "" || len(invoked) != 1 {
		t.Fatalf("sent again: %d %q, %d invocations", status, body, len(invoked))
	}
	if o := runtime.invoke(t, <-invoked); o.failed {
		t.Fatalf("%s", o.body)
	}
	if posted := slack.Messages(); len(posted) != 1 || !strings.Contains(string(posted[0].Blocks), "asked for by dba") {
		t.Errorf("%d messages: %+v", len(posted), posted)
	}

	const id = "0123456789ABCDEF0123456789ABCDEF"
	mute := sign(slacktest.Press("slowdigest_mute", id, slack.Messages()[0].Timestamp), slacktest.SigningSecret, now)
	for range 2 {
		if status, body := ask(mute); status != 200 {
			t.Errorf("%d %s", status, body)
		}
	}
	if posted := slack.Messages(); len(posted) != 2 || !strings.Contains(posted[1].Text, "dba muted query "+id[16:]) || posted[1].ThreadTS != posted[0].Timestamp {
		t.Errorf("%d messages: %+v", len(posted), posted)
	}
	if log := output(); strings.Contains(log, slacktest.SigningSecret) || strings.Contains(log, slacktest.Token) {
		t.Error("a secret is in the log")
	}
	if t.Failed() {
		t.Log(output())
	}
}
