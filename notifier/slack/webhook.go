package slack

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// Webhook posts digests by an incoming webhook: one message, since a webhook does
// not say what it posted and so cannot reply to it. A Bot can do more.
type Webhook struct {
	hook notifier.Webhook
	opts Options
}

// servicesPath is the form of the path of Slack's webhooks, also behind a gateway.
var servicesPath = regexp.MustCompile(`^/services/T[A-Z0-9]+/B[A-Z0-9]+/\w+$`)

// IsWebhook reports whether a URL is one that NewWebhook takes: by its host, which is
// another one for GovSlack, or, if that is a gateway, by its form.
func IsWebhook(s string) bool {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "https" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == "hooks.slack.com" || host == "hooks.slack-gov.com" || servicesPath.MatchString(u.Path)
}

// LikeWebhook reports whether a URL is one of Mattermost or Rocket.Chat, which take the
// form of Slack's webhooks and show none of its blocks.
func LikeWebhook(s string) bool {
	u, err := url.Parse(strings.TrimSpace(s))
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && strings.Contains(u.Path, "/hooks/")
}

// NewWebhook posts to the channel of the webhook at the URL, which is a secret. Of
// the options APIURL, Pause and NoThread do not apply.
func NewWebhook(url string, opts Options) *Webhook {
	opts.NoThread = true
	opts = opts.withDefaults()
	return &Webhook{notifier.Webhook{Client: opts.HTTPClient, URL: strings.TrimSpace(url)}, opts}
}

// Notify posts the digest, or nothing where there is nothing to report. Its error
// is a *notifier.DeliveryError.
func (w *Webhook) Notify(ctx context.Context, r *digest.Report) error {
	if notifier.Quiet(r) {
		return nil
	}
	d := newDraft(redact.Of(r), w.opts)
	d.withoutThread()
	d.announce()
	return w.offer(ctx, d.fallbacks(), "post the digest to Slack's webhook")
}

// offer sends the forms of a message, the richest first, until Slack takes one or refuses it for
// something else than its form.
func (w *Webhook) offer(ctx context.Context, forms []form, step string) error {
	var last *notifier.DeliveryError
	for _, form := range forms {
		last = notifier.Retry(ctx, func() *notifier.DeliveryError { return w.send(ctx, form.Message) })
		if last == nil {
			return nil
		}
		if last.Step = step; last.Kind != notifier.Payload {
			return last
		}
		w.opts.Logger.WarnContext(ctx, "Slack did not take the digest in this form", "form", form.name, "reason", last.Reason)
	}
	return last
}

func (w *Webhook) send(ctx context.Context, m Message) *notifier.DeliveryError {
	no := false
	a, failure := w.hook.Post(ctx, struct {
		Message
		UnfurlLinks *bool `json:"unfurl_links"`
		UnfurlMedia *bool `json:"unfurl_media"`
	}{m, &no, &no})
	if failure != nil {
		return failure
	}
	err := a.Err()
	switch {
	case a.Status == http.StatusOK && a.Body == "ok": // which is all that Slack answers
		return nil
	case a.Status == http.StatusOK:
		return (&notifier.DeliveryError{Kind: notifier.Configuration, Posted: notifier.NotPosted, Err: err,
			Advice: "something between here and Slack has answered, such as a proxy that asks for a login"}).WithoutSecret(w.hook.URL)
	}
	if a.Status == http.StatusTooManyRequests {
		return &notifier.DeliveryError{Kind: notifier.Transient, Posted: notifier.NotPosted, Err: err, Wait: a.Wait}
	}
	// The body is one word that names the error, or a page of some proxy.
	if code := a.Body; code != "" && !strings.ContainsAny(code, " <{") {
		return classifyCode(code, err).WithoutSecret(w.hook.URL)
	}
	return notifier.StatusError(a.Status, err).WithoutSecret(w.hook.URL)
}
