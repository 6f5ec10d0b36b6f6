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
)

// fakeLambda takes asynchronous invocations of the function.
func fakeLambda(t *testing.T) (url string, invoked chan []byte) {
	invoked = make(chan []byte, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/2015-03-31/functions/another/invocations" {
			w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
			w.WriteHeader(http.StatusNotFound)
			return
		}
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
