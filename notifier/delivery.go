package notifier

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
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
