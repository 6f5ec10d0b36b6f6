package slack_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/notifier/teams"
)

const webhookPath = "/services/T0SLACKTEST/B0SLACKTEST/secretsecretsecret"

// chats are the clients of all chats, at the URL of a server.
func chats(url string, log *slog.Logger) map[string]func(ctx context.Context, r *digest.Report) error {
	bot := slack.New(slacktest.Token, slacktest.Channel, slack.Options{APIURL: url + "/api/", Logger: log})
	return map[string]func(context.Context, *digest.Report) error{
		"bot":        bot.Notify,
		"bot's line": func(ctx context.Context, _ *digest.Report) error { return bot.PostText(ctx, "", "x") },
		"bot to one": func(ctx context.Context, _ *digest.Report) error {
			return bot.PostEphemeral(ctx, slacktest.User, "", "x")
		},
		"bot's check":   bot.Validate,
		"webhook":       slack.NewWebhook(url+webhookPath, slack.Options{Logger: log}).Notify,
		"Teams webhook": teams.New(url+"/workflows/1?sig=secretsecretsecret", teams.Options{}).Notify,
	}
}

// A redirect is not followed, so that a login page is not taken for a chat, and neither a
// token nor a message reaches anybody else. The error says that it was one, and no secret.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere.Add(1)
		_, _ = io.WriteString(w, `{"ok":true,"channel":"C0SLOWLOGS","ts":"1.1"}`)
	}))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/login?next="+r.URL.Path+"&token="+r.FormValue("token"), status)
		}))
		t.Cleanup(server.Close)
		var log bytes.Buffer
		for name, notify := range chats(server.URL, slog.New(slog.NewTextHandler(&log, nil))) {
			err := notify(t.Context(), notifiertest.Load(t, "full"))
			if name == "bot's check" {
				notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "").Check(t, err)
			}
			notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "it redirects to another host (the URL is not that of the chat itself, or a proxy wants a login").Check(t, err)
			if err != nil && (strings.Contains(err.Error(), other.URL[7:]) || strings.Contains(err.Error(), "login?")) {
				t.Errorf("%s: it says where: %v", name, err)
			}
		}
		if strings.Contains(log.String(), "secretsecret") || strings.Contains(log.String(), slacktest.Token) {
			t.Errorf("the log holds a secret: %s", log.String())
		}
	}
	if elsewhere.Load() > 0 {
		t.Errorf("%d requests went elsewhere", elsewhere.Load())
	}
}

// A page in the place of an answer is no success, though its status may be 200.
func TestAPageIsNoAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "\n<!DOCTYPE html><title>Please log in</title>")
	}))
	t.Cleanup(server.Close)
	for name, notify := range chats(server.URL, slog.New(slog.DiscardHandler)) {
		err := notify(t.Context(), notifiertest.Load(t, "full"))
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if strings.Contains(name, "webhook") {
			notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "it answers with a page").Check(t, err)
		}
	}
}

// A secret is hidden, and each part of it, where a server echoes it: in upper or lower
// case, alone or within a word.
func TestEchoedSecretsAreHidden(t *testing.T) {
	const secret, token = "/services/T0AAAAAAAA/B0BBBBBBBB/aBcDeFgHiJkLmNoPqRsTuVwX", "xoxb-1234567890123-9876543210987-aBcDeFgHiJkLmNoPqRsTuVwX"
	for _, body := range []string{
		"no_such_hook:aBcDeFgHiJkLmNoPqRsTuVwX", "no hook aBcDeFgHiJkLmNoPqRsTuVwX", `{"error":"B0BBBBBBBB\/aBcDeFgHiJkL"}`, "T0AAAAAAAA", "abcdefghijklmnopqrstuvwx",
		"ends in LmNoPqRsTuVwX", "token_1234567890123_9876543210987", "/SERVICES/T0AAAAAAAA/B0BBBBBBBB/ABCDEFGHIJKLMNOPQRSTUVWX",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/chat.postMessage" {
				_, _ = io.WriteString(w, `{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["`+strings.ReplaceAll(strings.ReplaceAll(body, `\`, ""), `"`, "'")+`"]}}`)
				return
			}
			http.Error(w, body, http.StatusForbidden)
		}))
		t.Cleanup(server.Close)
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		for name, n := range map[string]notifier.Notifier{
			"bot":           slack.New(token, slacktest.Channel, slack.Options{APIURL: server.URL + "/api/", Logger: logger}),
			"webhook":       slack.NewWebhook(server.URL+secret, slack.Options{Logger: logger}),
			"Teams webhook": teams.New(server.URL+"/workflows/x"+secret+"?sig="+secret, teams.Options{}),
		} {
			log.Reset()
			err := n.Notify(t.Context(), notifiertest.Load(t, "full"))
			var failure *notifier.DeliveryError
			if !errors.As(err, &failure) {
				t.Fatalf("%s: %v", name, err)
			}
			said := strings.ToLower(err.Error() + failure.Hint() + failure.Reason + log.String())
			parts := []string{"abcdefgh", "qrstuvwx", "lmnopqrs", "b0bbbbbbbb", "t0aaaaaaaa"}
			if name == "bot" {
				parts = []string{"abcdefgh", "qrstuvwx", "lmnopqrs", "12345678", "98765432"}
			}
			for _, part := range parts {
				if strings.Contains(said, part) {
					t.Errorf("%s: a part of the secret, %s, is told of %s: %s", name, part, body, said)
				}
			}
		}
	}
}

// What Slack's webhook answers to a message that it has posted is "ok". Whatever else comes with
// status 200 is of somebody in between.
func TestOnlySlackSaysOK(t *testing.T) {
	for body, posted := range map[string]bool{
		"ok": true, "ok\n": true, "": false, "\ufeff<html>login</html>": false, strings.Repeat(" ", 1100) + "<html>login</html>": false,
		`{"ok":false,"error":"login required"}`: false, "Please log in at https://login.example": false, "okay": false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		t.Cleanup(server.Close)
		err := slack.NewWebhook(server.URL+webhookPath, slack.Options{}).Notify(t.Context(), notifiertest.Load(t, "full"))
		if posted {
			if err != nil {
				t.Errorf("%q: %v", body, err)
			}
			continue
		}
		var delivery *notifier.DeliveryError
		if !errors.As(err, &delivery) || delivery.Kind != notifier.Configuration || delivery.Posted != notifier.NotPosted {
			t.Errorf("%.40q: %+v", body, err)
		}
	}
}
