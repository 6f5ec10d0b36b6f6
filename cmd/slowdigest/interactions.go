package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slowdigest/handler"
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

// serveSlack answers a request from Slack. An error of ours is an answer to who
// asked, and a line of the log, but none of the invocation, which nobody retries.
func (s *service) serveSlack(ctx context.Context, r events.LambdaFunctionURLRequest) (any, error) {
	i, err := s.interactions(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := i.Serve(ctx, r)
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.Int("status", answer.StatusCode)}
	if err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", withHint(err).Error()))
	}
	s.log.LogAttrs(ctx, level, "request from Slack", attrs...)
	return answer, nil
}

func (s *service) interactions(ctx context.Context) (*handler.Interactions, error) {
	if !s.interactive() {
		return nil, hinted{errors.New("serve Slack: no signing secret is configured"), "set SLACK_SIGNING_SECRET_PARAMETER"}
	}
	store, err := s.store(ctx)
	if err == nil && store == nil {
		err = hinted{errors.New("serve Slack: there is no state to remember mutes and requests in"), "set SLOWDIGEST_STATE"}
	}
	if err == nil && strings.HasPrefix(s.Channel, "#") {
		err = hinted{errors.New("serve Slack: the channel is given by its name, and Slack tells IDs"), "set SLOWDIGEST_CHANNEL to the channel's ID"}
	}
	if err != nil {
		return nil, err
	}
	signing, err := signingSecret(ctx, s.Config, s.cfg)
	if err != nil {
		return nil, err
	}
	token, err := secret(ctx, s.Config, s.cfg)
	if err != nil {
		return nil, err
	}
	return &handler.Interactions{
		Verifier: slack.RequestVerifier{SigningSecret: signing, Channels: append([]string{s.Channel}, s.AskChannels.items...), Users: s.AskUsers.items},
		Store:    store,
		Now:      time.Now,
		Channel:  s.Channel,
		Several:  s.discovers(),
		Start:    s.start,
		PostText: func(ctx context.Context, channel, thread, text string) error {
			bot, ok := s.chat(token, channel, nil).(*slack.Bot)
			if !ok {
				return errors.New("answer in Slack: it takes a bot token")
			}
			return bot.PostText(ctx, thread, text)
		},
	}, nil
}

// signingSecret returns that of Slack; without one configured it is empty.
func signingSecret(ctx context.Context, c *Config, cfg aws.Config) (string, error) {
	if c.SigningSecret != "" || c.SigningParameter == "" {
		return c.SigningSecret, nil
	}
	return readParameter(ctx, cfg, c.SigningParameter)
}

// invokeSelf has the function work on an event in an invocation of its own.
func invokeSelf(ctx context.Context, cfg aws.Config, event []byte) error {
	_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &lambdacontext.FunctionName, InvocationType: types.InvocationTypeEvent, Payload: event,
	})
	if err != nil {
		return hinted{fmt.Errorf("invoke %s: %w", lambdacontext.FunctionName, err),
			source.CallHint(err, "LAMBDA", "the role must allow lambda:InvokeFunction on the function itself")}
	}
	return nil
}
