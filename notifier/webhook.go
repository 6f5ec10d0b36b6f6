package notifier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
)

// webhook posts JSON to an address that is itself a secret.
type webhook struct {
	client  *http.Client
	address string
}

// answer is what a webhook said.
type answer struct {
	status int
	body   string // its beginning
	wait   time.Duration
}

// post sends one payload. The error is about the way there; what the chat thinks
// of the payload is in the answer.
func (h webhook) post(ctx context.Context, payload any) (answer, *DeliveryError) {
	fail := func(e *DeliveryError) (answer, *DeliveryError) { return answer{}, withoutSecret(e, h.address) }
	if err := ctx.Err(); err != nil {
		return fail(&DeliveryError{Kind: Transient, Posted: NotPosted, Err: err})
	}
	b, err := json.Marshal(payload)
	if err != nil {
		return fail(&DeliveryError{Kind: Payload, Posted: NotPosted, Err: err})
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(b))
	if err != nil {
		return fail(&DeliveryError{Kind: Configuration, Posted: NotPosted,
			Err: errors.New("the webhook's address is not a URL"), Hint: "it begins with https://"})
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := h.client.Do(req)
	if err != nil {
		return fail(transportError(err))
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // only the reason is lost with the rest
	a := answer{status: resp.StatusCode, body: clean(string(body)), wait: defaultLimit}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		a.wait = time.Duration(s) * time.Second
	}
	return a, nil
}

// withoutSecret takes a secret out of whatever an error says.
func withoutSecret(e *DeliveryError, secret string) *DeliveryError {
	if e == nil || secret == "" || !strings.Contains(e.Err.Error(), secret) {
		return e
	}
	e.Err = errors.New(strings.ReplaceAll(e.Err.Error(), secret, "[secret]"))
	return e
}

// SlackWebhook posts digests by an incoming webhook: one message, since a
// webhook does not tell what it posted and so cannot reply to it. A bot token is
// the better way; see NewSlack.
type SlackWebhook struct {
	hook webhook
	opts SlackOptions
}

// NewSlackWebhook posts to the channel of the webhook at the address, which is a
// secret. Of the options APIURL, Pause and Replies do not apply.
func NewSlackWebhook(address string, opts SlackOptions) *SlackWebhook {
	opts.Replies = -1
	opts = opts.withDefaults()
	return &SlackWebhook{webhook{opts.HTTPClient, strings.TrimSpace(address)}, opts}
}

// Notify posts the digest, or nothing where there is nothing to tell. Its error
// is a *DeliveryError.
func (s *SlackWebhook) Notify(ctx context.Context, r *digest.Report) error {
	if Quiet(r) {
		return nil
	}
	p := newParent(r, s.opts)
	p.fill(slackRows) // there is no thread to hold the others
	var last *DeliveryError
	for _, form := range p.ladder() {
		last = patiently(ctx, func() *DeliveryError { return s.send(ctx, form.SlackMessage) })
		if last == nil {
			return nil
		}
		if last.Step = "post the digest to Slack's webhook"; last.Kind != Payload {
			return last
		}
		s.opts.Logger.WarnContext(ctx, "Slack did not take the digest in this form", "form", form.name, "reason", last.Reason)
	}
	return last
}

func (s *SlackWebhook) send(ctx context.Context, m SlackMessage) *DeliveryError {
	no := false
	a, failure := s.hook.post(ctx, struct {
		SlackMessage
		UnfurlLinks *bool `json:"unfurl_links"`
		UnfurlMedia *bool `json:"unfurl_media"`
	}{m, &no, &no})
	if failure != nil || a.status == http.StatusOK {
		return failure
	}
	err := fmt.Errorf("HTTP %d: %s", a.status, cut(a.body, 100))
	if a.status == http.StatusTooManyRequests {
		return &DeliveryError{Kind: Transient, Posted: NotPosted, Err: err, wait: a.wait}
	}
	// The body is one word that names the error, or a page of some proxy.
	if code := a.body; code != "" && !strings.ContainsAny(code, " <{") {
		return withoutSecret(slackCode(code, err), s.hook.address)
	}
	return withoutSecret(statusError(a.status, err), s.hook.address)
}
