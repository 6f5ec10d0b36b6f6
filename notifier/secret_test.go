package notifier_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"slowdigest/notifier"
)

// A part of a secret is hidden from eight characters on; the host of a webhook and words
// that everybody knows are not.
func TestHideSecret(t *testing.T) {
	const url, token = "https://hooks.slack.com/services/T0AAAAAAAA/B0BBBBBBBB/aBcDeFgHiJkL", "xoxb-12-abcdefgh"
	for _, c := range []struct{ secret, text, want string }{
		{url, "no secret here", "no secret here"},
		{url, "Post " + url + ": EOF", "Post https://hooks.slack.com/[secret]: EOF"},
		{url, "dial tcp: lookup hooks.slack.com: no such host", "dial tcp: lookup hooks.slack.com: no such host"},
		{url, "HTTP 404: no services", "HTTP 404: no services"},
		{url, "HTTP 404: aBcDeFgHiJkL", "HTTP 404: [secret]"},
		{url, "HTTP 404: ABCDEFGHIJKL", "HTTP 404: [secret]"},
		{url, "x T0AAAAAAAA/B0BBBBBBBB y", "x [secret]/[secret] y"},
		{url, "eight: xbcDeFgHix", "eight: x[secret]x"},
		{url, "seven: xbcDeFgHx", "seven: xbcDeFgHx"},
		{url, "für aBcDeFgHiJkL ü", "für [secret] ü"},
		{url, "twice aBcDeFgHxaBcDeFgH", "twice [secret]x[secret]"},
		{url, "end aBcDeFgH", "end [secret]"},
		{token, "token xoxb-12-abcdefgh is wrong", "token [secret] is wrong"},
		{token, "token …12-abcde is wrong", "token …[secret] is wrong"},
		{"https://x/a/b", "x a/b", "x [secret]"},
		{"https://x", "x", "x"},
		{"", "anything", "anything"},
	} {
		if got := notifier.HideSecret(c.text, c.secret); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// What an error says in other words is hidden in it, too; what holds no secret stays what
// it is.
func TestErrorsWithoutSecret(t *testing.T) {
	plain := errors.New("plain")
	e := &notifier.DeliveryError{Err: plain, Reason: "no_abcdefghijkl"}
	if e = e.WithoutSecret("abcdefghijkl"); e.Err != plain || e.Reason != "no_[secret]" {
		t.Errorf("%+v", e)
	}
	e = &notifier.DeliveryError{Err: errors.New("x abcdefgh y")}
	if e = e.WithoutSecret("abcdefghijkl"); e.Err.Error() != "x [secret] y" {
		t.Errorf("%+v", e)
	}
	if e = nil; e.WithoutSecret("x") != nil {
		t.Error("no error became one")
	}
}

// What is told of a redirect is whose host it leads to, and nothing of the address.
func TestWhereARedirectLeads(t *testing.T) {
	const from = "https://hooks.example.com/services/x"
	for to, want := range map[string]string{
		"/login?token=secretpart":                             "it redirects to another address of the same host",
		"https://hooks.example.com/secretpart":                "it redirects to another address of the same host",
		"http://other.example.com/secretpart":                 "it redirects to another host",
		"https://secretpart.slack.com/":                       "it redirects to another host, of Slack",
		"https://slack-gov.com/signin":                        "it redirects to another host, of Slack",
		"https://notslack.com/":                               "it redirects to another host",
		"https://login.microsoftonline.com/secretpart/oauth2": "it redirects to another host, of Microsoft's login",
	} {
		via := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.String() != from {
				t.Errorf("it went to %s", r.URL)
			}
			return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {to}}, Body: http.NoBody, Request: r}, nil
		})
		_, err := notifier.Webhook{Client: notifier.Client(&http.Client{Transport: via}), URL: from}.Post(t.Context(), "x")
		if err == nil || err.Err.Error() != "Post: "+want || err.Kind != notifier.Configuration || err.Posted != notifier.NotPosted || strings.Contains(err.Hint(), "secretpart") {
			t.Errorf("%s: %+v, want %s", to, err, want)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
