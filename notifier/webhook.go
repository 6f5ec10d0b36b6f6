package notifier

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/notifier/redact"
)

// Client returns a copy of an HTTP client, or of one with a timeout of 10 s, that follows
// no redirect: a login page is no chat, and a token or a message is for none but the chat.
func Client(c *http.Client) *http.Client {
	own := *cmp.Or(c, &http.Client{Timeout: 10 * time.Second})
	own.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		return redirected{whose(next.URL, via[0].URL)}
	}
	return &own
}

// redirected says that the chat's URL leads elsewhere, but not where: the rest of a URL
// may hold what was sent.
type redirected struct{ to string }

func (e redirected) Error() string { return "it redirects to " + e.to }

// whose says what kind of host a redirect leads to.
func whose(next, from *url.URL) string {
	if next.Host == from.Host {
		return "another address of the same host"
	}
	for suffix, owner := range map[string]string{
		"slack.com": "Slack", "slack-gov.com": "Slack", "microsoftonline.com": "Microsoft's login", "microsoft.com": "Microsoft", "office.com": "Microsoft",
	} {
		if host := next.Hostname(); host == suffix || strings.HasSuffix(host, "."+suffix) {
			return "another host, of " + owner
		}
	}
	return "another host"
}

// errPage is for what answers with a page, as proxies do that want a login.
var errPage = errors.New("it answers with a page, and not as a chat does")

const adviceElsewhere = "the URL is not that of the chat itself, or a proxy wants a login: nothing was posted"

// Webhook posts JSON to a URL that is itself a secret.
type Webhook struct {
	Client *http.Client
	URL    string
}

// Answer is the response of a webhook.
type Answer struct {
	Status int
	Body   string        // its first KiB, cleaned
	Wait   time.Duration // how long to stay away, of a 429
}

// Post sends one payload. The error is about the way there; what the chat thinks
// of the payload is in the answer. It never holds the URL.
func (h Webhook) Post(ctx context.Context, payload any) (Answer, *DeliveryError) {
	fail := func(e *DeliveryError) (Answer, *DeliveryError) { return Answer{}, e.WithoutSecret(h.URL) }
	if err := ctx.Err(); err != nil {
		return fail(&DeliveryError{Kind: Transient, Posted: NotPosted, Err: err})
	}
	b, err := json.Marshal(payload)
	if err != nil {
		return fail(&DeliveryError{Kind: Payload, Posted: NotPosted, Err: err})
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(b))
	if err != nil {
		return fail(&DeliveryError{Kind: Configuration, Posted: NotPosted,
			Err: errors.New("the webhook URL is not a URL"), Advice: "it begins with https://"})
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := h.Client.Do(req)
	if err != nil {
		return fail(TransportError(err))
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // only the reason is lost with the rest
	if resp.StatusCode < 300 && strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
		return fail(&DeliveryError{Kind: Configuration, Posted: NotPosted, Err: errPage, Advice: adviceElsewhere})
	}
	a := Answer{Status: resp.StatusCode, Body: redact.Clean(string(body)), Wait: DefaultWait}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		a.Wait = time.Duration(s) * time.Second
	}
	return a, nil
}

// Err is the answer as an error.
func (a Answer) Err() error { return fmt.Errorf("HTTP %d: %s", a.Status, redact.Cut(a.Body, 100)) }

// WithoutSecret takes a secret, and each part of it, out of whatever the error says. It
// returns e.
func (e *DeliveryError) WithoutSecret(secret string) *DeliveryError {
	if e == nil {
		return nil
	}
	if was := e.Err.Error(); HideSecret(was, secret) != was {
		e.Err = errors.New(HideSecret(was, secret))
	}
	e.Reason = HideSecret(e.Reason, secret)
	return e
}

// WithoutURL is err without the URL, which for a webhook is a secret.
func WithoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s: %w", u.Op, u.Err)
	}
	return err
}

// partLength is how much of a secret may be seen, in bytes, before it counts as a part
// that is to be hidden.
const partLength = 8

// publicParts are words in the URLs of webhooks that everybody knows, and that errors use.
var publicParts = []string{"services", "workflows", "workflow", "triggers", "powerautomate", "automations", "incomingwebhook", "api-version", "webhookb2"}

// HideSecret takes a secret out of a text, and each part of it, in upper or lower case. Of a
// webhook URL the host is no secret.
func HideSecret(text, secret string) string {
	if _, after, isURL := strings.Cut(secret, "://"); isURL {
		_, secret, _ = strings.Cut(after, "/")
	}
	if secret == "" {
		return text
	}
	parts := map[string]bool{}
	for _, piece := range strings.FieldsFunc(lower(secret), func(r rune) bool { return strings.ContainsRune("/?&=:", r) }) {
		for i := 0; i+partLength <= len(piece) && !slices.Contains(publicParts, piece); i++ {
			parts[piece[i:i+partLength]] = true
		}
	}
	text = strings.ReplaceAll(text, secret, hidden)
	var out strings.Builder
	all, end := lower(text), 0 // of what was written or hidden
	for i := range len(text) {
		if i+partLength <= len(all) && parts[all[i:i+partLength]] {
			if i >= end {
				out.WriteString(hidden)
			}
			end = i + partLength
		} else if i >= end {
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

const hidden = "[secret]"

// lower is strings.ToLower of ASCII, which keeps the length.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
