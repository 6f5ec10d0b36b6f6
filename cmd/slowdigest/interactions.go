package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slowdigest/handler"
	"slowdigest/handler/ask"
	"slowdigest/handler/mcptools"
	"slowdigest/notifier/slack"
	"slowdigest/source"
)

// urlRequest reads an event of a Lambda function URL; nil for any other event.
func urlRequest(event json.RawMessage) *events.LambdaFunctionURLRequest {
	var r events.LambdaFunctionURLRequest
	if json.Unmarshal(event, &r) != nil || r.RequestContext.HTTP.Method == "" {
		return nil
	}
	return &r
}

// serveURL answers a request of the function URL by its path. An error of ours is an
// answer to who asked, and a line of the log, but none of the invocation: nobody retries
// it, and strangers would ring the alarm.
func (s *service) serveURL(ctx context.Context, r *events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
	switch r.RawPath {
	case mcptools.Path:
		return serveAgents(ctx, s, *r)
	default: // Slack's
		if !s.interactive() && s.AgentsParameter != "" { // the URL is for agents
			return events.LambdaFunctionURLResponse{StatusCode: http.StatusNotFound}
		}
		return s.serveSlack(ctx, r)
	}
}

// serveSlack answers a request from Slack, or a stranger's.
func (s *service) serveSlack(ctx context.Context, r *events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
	signed, answer, err := ask.Open(*r, time.Now())
	level := slog.LevelInfo
	if signed != nil {
		var entrance *ask.Entrance
		if entrance, err = s.entrance(ctx); err != nil {
			answer.StatusCode = http.StatusServiceUnavailable
		} else {
			answer, err = entrance.Serve(ctx, signed)
		}
	}
	if err != nil && !ask.Refusal(err) {
		level = slog.LevelError
	}
	s.noteRequest(ctx, level, "request from Slack", answer, err)
	return answer
}

// noteRequest notes a request of the URL, and how it was answered.
func (s *service) noteRequest(ctx context.Context, level slog.Level, what string, answer events.LambdaFunctionURLResponse, err error) {
	attrs := []slog.Attr{slog.Int("status", answer.StatusCode)}
	if err != nil {
		attrs = append(attrs, slog.String("error", withHint(err).Error()))
	}
	s.log.LogAttrs(ctx, level, what, attrs...)
}

// entrance makes what answers requests that may be from Slack. It asks nobody.
func (s *service) entrance(ctx context.Context) (*ask.Entrance, error) {
	if !s.interactive() {
		return nil, hinted{errors.New("serve Slack: no signing secret is configured"), "set SLACK_SIGNING_SECRET_PARAMETER"}
	}
	store, err := s.store(ctx)
	switch {
	case err != nil:
		return nil, err
	case store == nil:
		return nil, hinted{errors.New("serve Slack: there is no state to remember mutes and requests in"), "set SLOWDIGEST_STATE"}
	case s.Channel == "" && !s.discovers():
		return nil, errors.New("read configuration: SLOWDIGEST_CHANNEL is not set")
	case s.Channel != "" && !handler.IsChannelID(s.Channel):
		return nil, hinted{errors.New("serve Slack: the channel is given by its name, and Slack tells IDs"), "set SLOWDIGEST_CHANNEL to the channel's ID"}
	}
	e := &ask.Entrance{
		Proved: s.proved,
		Askers: slack.Askers{Channels: s.askChannels(), Users: s.AskUsers.items},
		Store:  store, Now: time.Now, Channel: s.Channel, Several: s.discovers(), Start: s.start,
	}
	if !s.discovers() {
		e.Known = []source.Instance{}
		for _, name := range s.Instances.items {
			e.Known = append(e.Known, source.Instance{ID: strings.ToLower(name)})
		}
	}
	return e, nil
}

// askChannels are the channels in which people may ask.
func (s *service) askChannels() []string {
	if s.Channel == "" {
		return s.AskChannels.items
	}
	return append([]string{s.Channel}, s.AskChannels.items...)
}

// proved reports whether a request is signed with Slack's signing secret.
func (s *service) proved(ctx context.Context, r *slack.Signed) (bool, error) {
	return s.signing.Proves(ctx, time.Now(), func(ctx context.Context) (string, error) { return signingSecret(ctx, s.Config, s.cfg) }, r.Verify)
}

// signingSecret returns that of Slack; without one configured it is empty.
func signingSecret(ctx context.Context, c *Config, cfg aws.Config) (string, error) {
	if c.SigningSecret != "" || c.SigningParameter == "" {
		return c.SigningSecret, nil
	}
	return readParameter(ctx, cfg, c.SigningParameter)
}

// invokeAnswering has a function work on an event in an invocation of its own, or only tries
// whether it may.
func invokeAnswering(ctx context.Context, c *Config, cfg aws.Config, how types.InvocationType, event []byte) error {
	name := c.answering()
	_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &name, InvocationType: how, Payload: event,
	})
	if err != nil {
		return hinted{fmt.Errorf("invoke %s: %w", name, err),
			source.CallHint(err, "LAMBDA", "the role must allow lambda:InvokeFunction on it")}
	}
	return nil
}

// doTask does what somebody has asked for in Slack: it posts a line, or a digest of
// instances of the channel. What is wrong with the names is told to that person alone.
func (s *service) doTask(ctx context.Context, t *ask.Task) (any, error) {
	store, err := s.store(ctx)
	if err == nil && store == nil {
		err = hinted{errors.New("answer in Slack: there is no state to remember requests in"), "set SLOWDIGEST_STATE"}
	}
	if err != nil {
		return nil, err
	}
	once := &ask.Once{Store: store, Task: t, Now: time.Now}
	if answered, err := once.Answered(ctx); answered || err != nil {
		return nil, err
	}
	token, err := secret(ctx, s.Config, s.cfg)
	if err != nil {
		return nil, err
	}
	chat, err := s.chat(token, t.Channel, &slack.Answer{To: t.Name, Thread: t.Thread})
	if err != nil {
		return nil, err
	}
	bot, ok := chat.(*slack.Bot)
	if !ok {
		return nil, hinted{errors.New("answer in Slack: the token is a webhook URL"), "use a bot token"}
	}
	if t.Text != "" {
		return nil, once.Do(ctx, func() error { return bot.PostText(ctx, t.Thread, t.Text) })
	}
	instances, err := s.askedFor(ctx, t)
	var mistake ask.Mistake
	if errors.As(err, &mistake) {
		s.log.InfoContext(ctx, "asked for what is not there", "error", mistake.Error())
		return nil, once.Do(ctx, func() error { return s.tell(ctx, bot, t, mistake) })
	}
	if err != nil {
		return nil, err
	}
	r, err := handler.OneRoute(instances, s.route(), nil)
	if err != nil {
		return nil, err
	}
	h := s.newHandler(s.from, r)
	h.Notifier = once.Notifier(bot)
	report, err := h.Run(ctx, t.Window())
	if err != nil && once.Said { // the answer says what could not be read, and is not to be given again
		s.log.ErrorContext(ctx, "answered in Slack, not from all logs", "error", withHint(err).Error())
		err = nil
	}
	return report, err
}

// askedFor returns the instances that a task is for.
func (s *service) askedFor(ctx context.Context, t *ask.Task) ([]source.Instance, error) {
	names := slices.Clone(s.Instances.items)
	for _, name := range t.Instances {
		if strings.Contains(name, ":") { // the members are found with the cluster, and then left out unless they are configured
			names = append(names, name)
		}
	}
	c := *s.Config
	c.Instances.items = names
	found, err := c.discover(ctx, s.from)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(i source.Instance) bool { return !source.Selects(s.Instances.items, s.Tag, i) })
	if !s.discovers() { // then their tags do not count
		for i := range found {
			found[i].Tags = nil
		}
	}
	return ask.Select(ask.Of(found, s.route(), t.Channel), t.Instances)
}

// tell answers a mistake. That this does not come through is no error of the run: who
// asked asks again.
func (s *service) tell(ctx context.Context, bot *slack.Bot, t *ask.Task, mistake ask.Mistake) error {
	if err := bot.PostEphemeral(ctx, t.User, t.Thread, mistake.Sentence()); err != nil {
		s.log.WarnContext(ctx, "a person could not be told", "error", err.Error())
	}
	return nil
}
