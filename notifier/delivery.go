package notifier

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
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

// DeliveryError tells why a digest, or a part of it, did not reach a chat. A
// digest that was posted, or may have been, must not be posted again without
// looking: a chat has no memory for duplicates. Neither the error nor anything
// it wraps holds a token or the address of a webhook.
type DeliveryError struct {
	Kind   Kind
	Posted Posted
	Step   string // as "post the digest to Slack"
	Reason string // the chat's own word, as not_in_channel, or empty
	Hint   string // what to do about it, or empty
	Err    error

	wait time.Duration // how long the chat asks us to stay away
}

func (e *DeliveryError) Error() string {
	s := fmt.Sprintf("%s: %v", e.Step, e.Err)
	if e.Posted == MaybePosted {
		s += ", so it is unknown whether it was posted"
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

func (e *DeliveryError) Unwrap() error { return e.Err }

const (
	maxTries     = 5
	maxPatience  = time.Minute     // to wait where ctx has no deadline
	requestTime  = 3 * time.Second // to keep free for the request that follows a wait
	defaultLimit = 10 * time.Second
)

// patiently repeats what was turned away with a 429, which is the only answer
// that proves that nothing was posted and asks us to come again. It waits only
// where the deadline of ctx leaves time for it.
func patiently(ctx context.Context, do func() *DeliveryError) *DeliveryError {
	for try := 1; ; try++ {
		e := do()
		if e == nil || e.wait == 0 {
			return e
		}
		if try == maxTries || !sleep(ctx, e.wait) {
			e.Hint = fmt.Sprintf("too many messages: it asks to wait for %s, and there is no time for that", e.wait)
			return e
		}
	}
}

// sleep waits for d and reports whether it did. It does not start on a wait after
// which there is no time left for a request.
func sleep(ctx context.Context, d time.Duration) bool {
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
// lets the context compare the times: a later deadline than its parent's is not
// given to a child.
func timeFor(ctx context.Context, d time.Duration) bool {
	last, ok := ctx.Deadline()
	if !ok {
		return d <= maxPatience
	}
	child, cancel := context.WithTimeout(ctx, d+requestTime)
	defer cancel()
	end, _ := child.Deadline()
	return end.Before(last)
}

// transportError classes an error of the way to a chat. Only where no connection
// came about is it certain that nothing was posted.
func transportError(err error) *DeliveryError {
	e := &DeliveryError{Kind: Transient, Posted: MaybePosted, Err: withoutURL(err)}
	var dial *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		e.Kind, e.Posted, e.Hint = Configuration, NotPosted, "the certificate of the chat's server is not trusted here"
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial":
		e.Posted, e.Hint = NotPosted, "no connection: does the function's subnet have a way to the internet?"
	}
	return e
}

// withoutURL is err without the address, which for a webhook is a secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s: %w", u.Op, u.Err)
	}
	return err
}

// statusError classes an answer that is only an HTTP status.
func statusError(status int, err error) *DeliveryError {
	e := &DeliveryError{Kind: Configuration, Posted: NotPosted, Err: err}
	switch {
	case status == 429:
		e.Kind, e.wait = Transient, defaultLimit
	case status == 413:
		e.Kind = Payload
	case status == 408 || status >= 500:
		e.Kind, e.Posted = Transient, MaybePosted
	}
	return e
}
