// Package teams posts digests to Microsoft Teams as Adaptive Cards, by a webhook
// of Power Automate Workflows.
package teams

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// maxBytes is Teams' limit of 28 KB on a message, less a reserve: people have
// measured between 21 and 27 KB.
const maxBytes = 20_000

// Options say how digests are posted. The zero value will do.
type Options struct {
	HTTPClient *http.Client    // nil is one with a timeout of 10 s; redirects are not followed
	Region     string          // for the links; without one there are none that name {region}
	Links      []notifier.Link // nil is notifier.AWSLinks
	Zone       *time.Location  // of the times; nil is UTC
}

// Webhook posts digests by a webhook of the trigger "When a Teams webhook request
// is received".
type Webhook struct {
	hook notifier.Webhook
	opts Options
}

// hosts are those of Power Automate and of the connectors before it, in its clouds.
var hosts = []string{".logic.azure.com", ".logic.azure.us", ".logic.azure.cn", ".powerplatform.com", ".powerplatform.us",
	".powerplatform.microsoft.us", ".powerplatform.partner.microsoftonline.cn", ".webhook.office.com", ".webhook.office365.us"}

// IsWebhook reports whether a URL is one that New takes: by its host or, if that is a
// gateway, by its form.
func IsWebhook(s string) bool {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "https" {
		return false
	}
	known := slices.ContainsFunc(hosts, func(suffix string) bool { return strings.HasSuffix(strings.ToLower(u.Hostname()), suffix) })
	return known || strings.Contains(u.Path+"/", "/workflows/") && u.Query().Get("sig") != ""
}

// New posts to the workflow at the URL, which is a secret.
func New(url string, opts Options) *Webhook {
	opts.HTTPClient = notifier.Client(opts.HTTPClient)
	if opts.Links == nil {
		opts.Links = notifier.AWSLinks(opts.Region)
	}
	return &Webhook{notifier.Webhook{Client: opts.HTTPClient, URL: strings.TrimSpace(url)}, opts}
}

// Notify posts the digest, or nothing where there is nothing to report. Its error
// is a *notifier.DeliveryError. Teams accepts a card before it shows it: no error
// means that the workflow took it.
func (w *Webhook) Notify(ctx context.Context, r *digest.Report) error {
	if notifier.Quiet(r) {
		return nil
	}
	report := redact.Of(r)
	return w.offer(ctx, "post the digest to Teams", []int{notifier.TableRows, 1, 0}, func(statements int) element {
		return newMessage(report, w.opts, statements)
	})
}

// PostMemo posts a memo. Its error is a *notifier.DeliveryError.
func (w *Webhook) PostMemo(ctx context.Context, m *notifier.Memo, _ string) (notifier.Receipt, error) {
	return notifier.Receipt{}, w.offer(ctx, "post the memo to Teams", []int{100, 10, 3, 0}, func(lines int) element {
		return newMemo(m, w.opts, lines)
	})
}

// offer sends a message with as much of something as Teams takes, in the order of these amounts.
func (w *Webhook) offer(ctx context.Context, step string, amounts []int, build func(amount int) element) error {
	var last *notifier.DeliveryError
	for i, amount := range amounts {
		message := build(amount)
		if b, err := json.Marshal(message); err == nil && len(b) > maxBytes && i < len(amounts)-1 {
			continue
		}
		last = notifier.Retry(ctx, func() *notifier.DeliveryError { return w.send(ctx, message) })
		if last == nil {
			return nil
		}
		if last.Step = step; last.Kind != notifier.Payload {
			break
		}
	}
	return last
}

func (w *Webhook) send(ctx context.Context, message element) *notifier.DeliveryError {
	a, failure := w.hook.Post(ctx, message)
	if failure != nil || a.Status < 300 {
		return failure
	}
	e := notifier.StatusError(a.Status, a.Err())
	if a.Status == http.StatusTooManyRequests {
		e.Wait = a.Wait
	}
	if e.Kind == notifier.Configuration {
		e.Advice = "the webhook URL is wrong, or the workflow is off or gone: copy its URL anew"
	}
	return e.WithoutSecret(w.hook.URL)
}
