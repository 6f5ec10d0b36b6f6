package handler

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/slack"
)

// Interactions serves what people ask for in Slack: the command /slowdigest and
// the buttons below a digest, which come in by a Lambda function URL. It answers
// within the three seconds that Slack waits, and has the work done elsewhere.
type Interactions struct {
	Verifier slack.RequestVerifier
	Store    state.Store // where mutes are kept, and which requests were served
	Now      func() time.Time

	// Channel is the ID of the channel that the digest is posted to. Several says that
	// further channels may have digests of their own, with their own mutes.
	Channel string
	Several bool

	// Start hands a manual event to the Lambda function, which answers in the
	// channel, and does not wait for it.
	Start func(ctx context.Context, event []byte) error
	// PostText posts a line in the channel, in the thread of a message if there is one.
	PostText func(ctx context.Context, channel, thread, text string) error
}

// Serve answers what is not from Slack with an HTTP status and nothing else.
// What Slack sends is answered with a line that only who asked can see. An error
// is for the log; the response is valid all the same.
func (i *Interactions) Serve(ctx context.Context, e events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return status(http.StatusBadRequest), fmt.Errorf("read request: %w", err)
		}
	}
	if e.RequestContext.HTTP.Method != http.MethodPost {
		return status(http.StatusMethodNotAllowed), nil
	}
	header := http.Header{}
	for name, value := range e.Headers {
		header.Set(name, value)
	}
	r, err := i.Verifier.Read(header, body)
	switch {
	case errors.Is(err, slack.ErrNotFromSlack):
		return status(http.StatusUnauthorized), err
	case errors.Is(err, slack.ErrBadRequest):
		return status(http.StatusBadRequest), err
	case errors.Is(err, slack.ErrNotAllowed):
		return ephemeral("You may not ask slowdigest in this channel."), err
	case err != nil:
		return ephemeral(sentence(err)), nil
	case r.Action == slack.Usage:
		return ephemeral(slack.Help), nil
	}
	answer, err := i.serve(ctx, r)
	switch {
	case errors.Is(err, state.ErrReplayed):
		return status(http.StatusOK), nil
	case err != nil:
		return ephemeral("That did not work: " + sentence(err)), err
	}
	return ephemeral(answer), nil
}

// errNoDigest answers a mute that no digest would heed.
var errNoDigest = errors.New("no digest is posted in this channel: mute in the channel of the digest")

func (i *Interactions) serve(ctx context.Context, r *slack.Request) (string, error) {
	now := i.Now().UTC()
	channel := r.Channel // whose digest is meant
	if !i.Several && i.Channel != "" {
		channel = i.Channel
	}
	done := "" // what is to be said in the channel, if anything is
	err := state.Edit(ctx, i.Store, state.Key(channel), func(s *state.State) error {
		if err := s.ServeOnce(r.ID, now); err != nil {
			return err
		}
		if r.Action != slack.Show && channel != i.Channel && s.Since.IsZero() {
			return errNoDigest
		}
		switch r.Action {
		case slack.Mute:
			m, err := s.Mute(digest.Mute{ID: r.ClassID, Reason: r.Reason, By: r.Name, Since: now}, r.For)
			if err != nil {
				return err
			}
			done = fmt.Sprintf("%s muted query %s %s", r.Name, redact.ShortID(m.ID), notifier.Until(m.Until))
			if m.Reason != "" {
				done += ": " + m.Reason
			}
		case slack.Unmute:
			id, err := s.Unmute(r.ClassID)
			done = fmt.Sprintf("%s unmuted query %s", r.Name, redact.ShortID(id))
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case done != "":
		return "Done.", i.PostText(ctx, r.Channel, r.Thread, done)
	}
	event, err := json.Marshal(map[string]any{
		"since": now.Add(-r.Last), "until": now, "instances": r.Instances,
		"channel": r.Channel, "thread_ts": r.Thread, "asked_by": r.Name,
	})
	if err != nil {
		return "", fmt.Errorf("encode event: %w", err)
	}
	of := "all instances"
	if len(r.Instances) > 0 {
		of = strings.Join(r.Instances, ", ")
	}
	return fmt.Sprintf("Reading the last %s of %s. The answer comes in this channel.", notifier.Duration(r.Last.Seconds()), of), i.Start(ctx, event)
}

func status(code int) events.LambdaFunctionURLResponse {
	return events.LambdaFunctionURLResponse{StatusCode: code}
}

// ephemeral answers with a line that only who asked can see.
func ephemeral(text string) events.LambdaFunctionURLResponse {
	return events.LambdaFunctionURLResponse{
		StatusCode: http.StatusOK,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(slack.Ephemeral(text)),
	}
}

func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
