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
	"slowdigest/notifier/slack"
)

// Interactions serves what people ask for in Slack: the command /slowdigest and
// the buttons below a digest, which come in by a Lambda function URL. It answers
// within the three seconds that Slack waits, and has the work done elsewhere.
type Interactions struct {
	Verifier slack.RequestVerifier
	Store    state.Store // where mutes are kept, and which requests were served
	Now      func() time.Time

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
		return ephemeral("slowdigest does not serve this channel, or not for you."), err
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

func (i *Interactions) serve(ctx context.Context, r *slack.Request) (string, error) {
	now := i.Now().UTC()
	mute := digest.Mute{ID: r.ClassID, Reason: r.Reason, By: r.Name, Since: now, Until: now.Add(r.For)}
	id := ""
	err := state.Edit(ctx, i.Store, state.Key(r.Channel), func(s *state.State) error {
		err := s.ServeOnce(r.ID, now)
		if err != nil {
			return err
		}
		switch r.Action {
		case slack.Mute:
			var m digest.Mute
			m, err = s.Mute(mute)
			id = m.ID
		case slack.Unmute:
			id, err = s.Unmute(r.ClassID)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	switch r.Action {
	case slack.Mute:
		text := fmt.Sprintf("%s muted query %s until %s UTC", r.Name, id[16:], mute.Until.Format("2006-01-02 15:04"))
		if r.Reason != "" {
			text += ": " + r.Reason
		}
		return "Done.", i.PostText(ctx, r.Channel, r.Thread, text)
	case slack.Unmute:
		return "Done.", i.PostText(ctx, r.Channel, r.Thread, fmt.Sprintf("%s unmuted query %s", r.Name, id[16:]))
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
