package notifier

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/notifier/redact"
)

// Kind says what a failed delivery calls for.
type Kind string

const (
	Configuration Kind = "configuration" // somebody has to change something; trying again is no use
	Payload       Kind = "payload"       // the chat did not take the message in any form
	Transient     Kind = "transient"     // it may work later
)

// Posted says what became of the digest, whatever became of its replies.
type Posted string

const (
	NotPosted   Posted = "no"
	MaybePosted Posted = "unknown" // the request went out and no answer came
	IsPosted    Posted = "yes"
)

// Receipt says what was posted in a chat that can be looked into.
type Receipt struct {
	Channel   string // ID of the channel
	Timestamp string // of the message, which identifies it in the channel; empty where none was posted
	Form      string // how rich it is: full, simple, minimal or text
	Replies   int    // in its thread
	Repeat    bool   // of one that was found: it says that it may be a repeat
}

// DeliveryError says why a digest, or a part of it, did not reach a chat. A
// digest that was posted, or may have been, must not be posted again without
// looking: a chat has no memory for duplicates. Neither the error nor anything
// it wraps holds a token or a webhook URL.
type DeliveryError struct {
	Kind   Kind
	Posted Posted
	Step   string // such as "post the digest to Slack"
	Reason string // the chat's own word, such as not_in_channel, or empty
	Advice string // what to do about it, without a full stop, or empty
	Err    error
	Wait   time.Duration // how long the chat asks us to stay away; 0 where it does not
}

// Error leaves out what Hint returns.
func (e *DeliveryError) Error() string {
	s := fmt.Sprintf("%s: %v", e.Step, e.Err)
	if e.Posted == MaybePosted {
		s += ", and delivery is unconfirmed"
	}
	return s
}

func (e *DeliveryError) Unwrap() error { return e.Err }

// Hint returns what to do about it.
func (e *DeliveryError) Hint() string { return e.Advice }

const (
	maxTries    = 5
	leastWait   = time.Second     // before the second try
	maxWait     = time.Minute     // where ctx has no deadline
	requestTime = 3 * time.Second // to keep free for the request that follows a wait

	// DefaultWait is how long to stay away after a 429 that does not say.
	DefaultWait = 10 * time.Second
)

// Retry repeats, up to five times, what was turned away with a 429, which is the only answer
// that proves that nothing was posted and asks us to come again. It waits only
// where the deadline of ctx leaves time for it, and for at least 1, 2, 4 and 8
// seconds: now and then a chat asks to come again after 0.
func Retry(ctx context.Context, do func() *DeliveryError) *DeliveryError {
	for try := 1; ; try++ {
		e := do()
		if e == nil || e.Wait == 0 {
			return e
		}
		e.Wait = max(e.Wait, leastWait<<(try-1))
		if try == maxTries || !Sleep(ctx, e.Wait) {
			e.Advice = fmt.Sprintf("too many messages: it asks to wait for %s, and there is no time for that", e.Wait)
			return e
		}
	}
}

// Sleep waits for d and reports whether it did. It does not start on a wait after
// which there is no time left for a request.
func Sleep(ctx context.Context, d time.Duration) bool {
	if !timeFor(ctx, d) {
		return false
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// timeFor reports whether the deadline of ctx leaves time for d and a request. It
// lets the context compare the times: a context never gets a
// later deadline than the one it is derived from.
func timeFor(ctx context.Context, d time.Duration) bool {
	last, ok := ctx.Deadline()
	if !ok {
		return d <= maxWait
	}
	child, cancel := context.WithTimeout(ctx, d+requestTime)
	defer cancel()
	end, _ := child.Deadline()
	return end.Before(last)
}

// TransportError classes an error of the way to a chat. Only where no connection
// came about is it certain that nothing was posted.
func TransportError(err error) *DeliveryError {
	e := &DeliveryError{Kind: Transient, Posted: MaybePosted, Err: WithoutURL(err)}
	var dial *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, new(redirected)):
		e.Kind, e.Posted, e.Advice = Configuration, NotPosted, adviceElsewhere
	case errors.As(err, &cert):
		e.Kind, e.Posted, e.Advice = Configuration, NotPosted, "the certificate of the chat's server is not trusted here"
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial":
		e.Posted, e.Advice = NotPosted, "no connection: does the function's subnet have a way to the internet?"
	}
	return e
}

// StatusError classes an answer that is only an HTTP status.
func StatusError(status int, err error) *DeliveryError {
	e := &DeliveryError{Kind: Configuration, Posted: NotPosted, Err: err}
	switch {
	case status == 429:
		e.Kind, e.Wait = Transient, DefaultWait
	case status == 413:
		e.Kind = Payload
	case status == 408 || status >= 500:
		e.Kind, e.Posted = Transient, MaybePosted
	}
	return e
}

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
