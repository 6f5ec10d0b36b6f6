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
	"slowdigest/notifier/slack"
)

// Desk serves what people ask for in Slack: the command /slowdigest and the
// buttons below a digest, which come in by a Lambda function URL. It answers
// within the three seconds that Slack waits, and has the work done elsewhere.
type Desk struct {
	Door  slack.RequestVerifier
	Store Store // where mutes are kept, and which requests were served
	Now   func() time.Time

	// Start hands a manual event to the Lambda function, which answers in the
	// channel, and does not wait for it.
	Start func(ctx context.Context, event []byte) error
	// Say posts a line in the channel, in the thread of a message if there is one.
	Say func(ctx context.Context, channel, thread, text string) error
}

// replayTime is for how long a request can come once more: Slack's signature is
// good for five minutes, in either direction of the clock.
const replayTime = 10 * time.Minute

var errReplayed = errors.New("the request was served before")

// Serve answers what is not from Slack with an HTTP status and nothing else.
// What Slack sends is answered with a line that only who asked can see. An error
// is for the log; the answer is good beside it.
func (d *Desk) Serve(ctx context.Context, e events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
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
	r, err := d.Door.Read(header, body)
	switch {
	case errors.Is(err, slack.ErrNotFromSlack):
		return status(http.StatusUnauthorized), err
	case errors.Is(err, slack.ErrBadRequest):
		return status(http.StatusBadRequest), err
	case errors.Is(err, slack.ErrNotAllowed):
		return whisper("slowdigest does not serve this channel, or not for you."), err
	case err != nil:
		return whisper(sentence(err)), nil
	case r.Action == slack.Usage:
		return whisper(slack.Help), nil
	}
	answer, err := d.serve(ctx, r)
	switch {
	case errors.Is(err, errReplayed):
		return status(http.StatusOK), nil
	case err != nil:
		return whisper("That did not work: " + sentence(err)), err
	}
	return whisper(answer), nil
}

func (d *Desk) serve(ctx context.Context, r *slack.Request) (string, error) {
	now := d.Now().UTC()
	mute := digest.Mute{ID: r.ClassID, Reason: r.Reason, By: r.Name, Since: now, Until: now.Add(r.For)}
	id := ""
	err := EditState(ctx, d.Store, StateKey(r.Channel), func(s *State) error {
		err := s.serveOnce(r.ID, now)
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
		return "Done.", d.Say(ctx, r.Channel, r.Thread, text)
	case slack.Unmute:
		return "Done.", d.Say(ctx, r.Channel, r.Thread, fmt.Sprintf("%s unmuted query %s", r.Name, id[16:]))
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
	return fmt.Sprintf("Reading the last %s of %s. The answer comes in this channel.", r.Last, of), d.Start(ctx, event)
}

// serveOnce remembers the request, and forgets those that nobody can send again.
func (s *State) serveOnce(id string, now time.Time) error {
	if at, served := s.Served[id]; served && !at.Equal(now) { // else it is this one, whose saving had no answer
		return errReplayed
	}
	for old, at := range s.Served {
		if now.Sub(at) > replayTime {
			delete(s.Served, old)
		}
	}
	if s.Served == nil {
		s.Served = map[string]time.Time{}
	}
	s.Served[id] = now
	return nil
}

func status(code int) events.LambdaFunctionURLResponse {
	return events.LambdaFunctionURLResponse{StatusCode: code}
}

// whisper is what only who asked can see.
func whisper(text string) events.LambdaFunctionURLResponse {
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
