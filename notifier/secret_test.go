package notifier_test

import (
	"errors"
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
	if e.WithoutSecret("abcdefghijkl"); e.Err != plain || e.Reason != "no_[secret]" {
		t.Errorf("%+v", e)
	}
	e = &notifier.DeliveryError{Err: errors.New("x abcdefgh y")}
	if e.WithoutSecret("abcdefghijkl"); e.Err.Error() != "x [secret] y" {
		t.Errorf("%+v", e)
	}
	if e = nil; e.WithoutSecret("x") != nil {
		t.Error("no error became one")
	}
}
