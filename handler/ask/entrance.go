// Package ask serves what people ask for in Slack: the command /slowdigest and the
// buttons below a digest. A request comes in by a Lambda function URL, which is open to
// all, and is answered within the three seconds that Slack waits; what takes longer is a
// Task for another invocation, in which Lambda tries again what fails.
//
// Nothing is done for a request that is not proved: Open looks at it without asking
// anybody, Secret asks SSM seldom, and only Entrance.Serve works. A person's mistake is
// answered to that person alone, and is no error.
package ask

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/slack"
	"slowdigest/source"
)

// answerTime is for a request in whole, less than the three seconds that Slack waits.
const answerTime = 2500 * time.Millisecond

// Response answers a function URL.
type Response = events.LambdaFunctionURLResponse

// Open reads a request as far as that takes nobody's help. It returns one that may be
// from Slack, or how to answer what is not. The error says why, for the log.
func Open(e events.LambdaFunctionURLRequest, now time.Time) (*slack.Signed, Response, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, status(http.StatusBadRequest), fmt.Errorf("read request: %w", err)
		}
	}
	isPost := e.RequestContext.HTTP.Method == http.MethodPost
	switch {
	case isPost && slack.IsSSLCheck(body), !isPost && e.QueryStringParameters["ssl_check"] == "1":
		return nil, status(http.StatusOK), nil
	case !isPost:
		return nil, status(http.StatusMethodNotAllowed), nil
	}
	header := http.Header{}
	for name, value := range e.Headers {
		header.Add(name, value)
	}
	s, err := slack.ReadSigned(header, body, now)
	switch {
	case errors.Is(err, slack.ErrBadRequest):
		return nil, status(http.StatusBadRequest), err
	case err != nil:
		return nil, status(http.StatusUnauthorized), err
	}
	return s, Response{}, nil
}

// Refusal reports whether an error is none of ours: what came is not from Slack, or was
// served before.
func Refusal(err error) bool {
	for _, refusal := range []error{slack.ErrNotFromSlack, slack.ErrBadRequest, slack.ErrNotAllowed, state.ErrReplayed} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return errors.As(err, new(base64.CorruptInputError))
}

// Entrance serves requests that may be from Slack.
type Entrance struct {
	// Proved reports whether the request is signed with the app's secret. An error says that
	// the secret is not known.
	Proved func(ctx context.Context, r *slack.Signed) (bool, error)
	Askers slack.Askers
	Store  state.Store // where mutes are kept, and which requests were served
	Now    func() time.Time

	// Channel is the ID of the channel that the digest is posted to. Several says that
	// further channels may have digests of their own, with their own mutes.
	Channel string
	Several bool
	// Known are the instances that may be asked for, where that is known without a call
	// of RDS; else nil.
	Known []source.Instance

	// Start hands the event of a Task to the Lambda function, and does not wait for it.
	Start func(ctx context.Context, event []byte) error
}

// Serve answers what Slack has not signed with an HTTP status and nothing else, and what
// it has with a line that only who asked can see; a copy of what was answered, with
// nothing. An error is for the log; the response is valid all the same.
func (n *Entrance) Serve(ctx context.Context, s *slack.Signed) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	switch proved, err := n.Proved(ctx, s); {
	case err != nil:
		return status(http.StatusServiceUnavailable), err
	case !proved:
		return status(http.StatusUnauthorized), slack.ErrNotFromSlack
	}
	r, err := n.Askers.Read(s)
	switch {
	case errors.Is(err, slack.ErrBadRequest):
		return status(http.StatusBadRequest), err
	case errors.Is(err, slack.ErrNotAllowed):
		return ephemeral("You may not ask slowdigest in this channel."), err
	}
	if err == nil {
		err = n.check(r)
	}
	answer, err := n.serve(ctx, r, err)
	if errors.Is(err, state.ErrReplayed) {
		return status(http.StatusOK), err
	}
	return ephemeral(answer), err
}

// check returns what is wrong with a request that is well-formed.
func (n *Entrance) check(r *slack.Request) error {
	if what := redact.SecretIn(r.Reason); what != "" {
		return fmt.Errorf("the reason may hold %s, and everybody in the channel reads it: leave that out", what)
	}
	isCluster := func(name string) bool { return strings.HasPrefix(name, clusterPrefix) }
	if n.Known == nil || slices.ContainsFunc(r.Instances, isCluster) {
		return checkNames(r.Instances, nil)
	}
	if r.Action != slack.Show {
		return nil
	}
	_, err := Select(n.Known, r.Instances)
	return err
}

// errNoDigest answers a mute that no digest would heed.
var errNoDigest = errors.New("no digest is posted in this channel: mute in the channel of the digest")

// serve does what is asked for, or hands it on, once, and returns what to answer. A
// mistake is what is wrong with the request; it is answered likewise.
func (n *Entrance) serve(ctx context.Context, r *slack.Request, mistake error) (string, error) {
	now := n.Now().UTC()
	channel := r.Channel // whose digest is meant
	if !n.Several && n.Channel != "" {
		channel = n.Channel
	}
	task := Task{Request: r.ID, State: channel, Channel: r.Channel, Thread: r.Thread, User: r.User, Name: r.Name}
	var refused error
	var repeats bool
	err := state.Edit(ctx, n.Store, state.Key(channel), func(s *state.State) error {
		refused = mistake
		if err := s.ServeOnce(r.ID, now); err != nil || refused != nil {
			return err
		}
		if repeats = n.repeated(s, r, now); !repeats {
			task.Text, refused = n.edit(s, r, channel, now)
		}
		return nil
	})
	switch {
	case errors.Is(err, state.ErrReplayed):
		return "", err
	case err != nil:
		return failure(ctx, "It is not certain whether that was done"), err
	case refused != nil:
		return sentence(refused), nil
	case r.Action == slack.Usage:
		return slack.Help, nil
	case repeats:
		return "That was asked for just now. If no answer comes in this channel, or to you alone, ask again in a minute.", nil
	}
	answer, failed := "Done.", "Done, but the channel could not be told"
	if r.Action == slack.Show {
		task.Instances, task.Since, task.Until = r.Instances, now.Add(-r.Last), now
		of := "all instances of this channel"
		if len(r.Instances) > 0 {
			of = strings.Join(r.Instances, ", ")
		}
		answer = fmt.Sprintf("Reading the last %s of %s. The answer comes in this channel.", notifier.Duration(r.Last.Seconds()), of)
		failed = "That could not be begun"
	}
	event, err := json.Marshal(taskEvent{&task})
	if err == nil {
		err = n.Start(ctx, event)
	}
	if err != nil {
		return failure(ctx, failed), err
	}
	return answer, nil
}

// twiceTime is for how long what is asked for again, as by a second click, is the same.
const twiceTime = 45 * time.Second

// repeated reports whether the same was asked for just now, whoever has, for the answer is for all
// of the channel; where a name may be wrong, which is told to who wrote it alone, by the same person. After an unmute a mute is no repetition of the one before.
func (n *Entrance) repeated(s *state.State, r *slack.Request, now time.Time) bool {
	if r.Action == slack.Usage {
		return false
	}
	who := ""
	if n.Known == nil && len(r.Instances) > 0 {
		who = r.User
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %q %d %q %d %q", who, r.Channel, r.Thread, r.Action, r.Instances, r.Last, r.ClassID, r.For, r.Reason)
	kind, undone := "show:", ""
	if r.Action != slack.Show {
		kind, undone = "mute:", "mute:"
	}
	return s.Repeats(kind+hex.EncodeToString(h.Sum(nil)[:16]), undone, now, twiceTime)
}

// edit changes what is remembered of a channel, and returns the line that the channel is
// to be told. The error says what is wrong with the request; then nothing has changed.
func (n *Entrance) edit(s *state.State, r *slack.Request, channel string, now time.Time) (string, error) {
	if r.Action != slack.Mute && r.Action != slack.Unmute {
		return "", nil
	}
	if channel != n.Channel && s.Since.IsZero() {
		return "", errNoDigest
	}
	if r.Action == slack.Unmute {
		id, err := s.Unmute(r.ClassID)
		return fmt.Sprintf("%s unmuted query %s", r.Name, redact.ShortID(id)), err
	}
	m, err := s.Mute(digest.Mute{ID: r.ClassID, Reason: r.Reason, By: r.Name, Since: now}, r.For)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s muted query %s %s", r.Name, redact.ShortID(m.ID), notifier.Until(m.Until))
	if m.Reason != "" {
		text += ": " + m.Reason
	}
	return text, nil
}

// failure is the answer where something of ours failed, which is not the business of who
// asks: the log has the error.
func failure(ctx context.Context, what string) string {
	if ctx.Err() != nil {
		return what + ": it took too long. Ask again in a minute."
	}
	return what + ". Ask again in a minute; the log of the function says why."
}

func status(code int) Response { return Response{StatusCode: code} }

// ephemeral answers with a line that only who asked can see.
func ephemeral(text string) Response {
	return Response{
		StatusCode: http.StatusOK,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(slack.Ephemeral(text)),
	}
}

// sentence makes one of an error that tells people what is wrong with what they ask for.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
