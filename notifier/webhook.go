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
	"time"

	"slowdigest/notifier/redact"
)

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
			Err: errors.New("the webhook URL is not a URL"), Hint: "it begins with https://"})
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := h.Client.Do(req)
	if err != nil {
		return fail(TransportError(err))
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // only the reason is lost with the rest
	a := Answer{Status: resp.StatusCode, Body: redact.Clean(string(body)), Wait: DefaultWait}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		a.Wait = time.Duration(s) * time.Second
	}
	return a, nil
}

// Err is the answer as an error.
func (a Answer) Err() error { return fmt.Errorf("HTTP %d: %s", a.Status, redact.Cut(a.Body, 100)) }
