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
)

// deskConfig says who may ask in Slack. Without a signing secret nobody may, and
// a digest has no buttons.
type deskConfig struct {
	SigningSecret    string // only from the environment
	SigningParameter string // the name of an SSM parameter that holds it
	AskChannels      listValue
	AskUsers         listValue
}

func (c *deskConfig) declareDesk(f *flags) {
	f.text(&c.SigningParameter, "signing-secret-parameter", "SLACK_SIGNING_SECRET_PARAMETER",
		"`name` of the SSM parameter that holds Slack's signing secret, which lets people ask in Slack; else it is taken from $SLACK_SIGNING_SECRET")
	f.declare(&c.AskChannels, "ask-channel", "SLOWDIGEST_ASK_CHANNELS", "`ID` of a channel, beside that of the digest, in which people may ask")
	f.declare(&c.AskUsers, "ask-user", "SLOWDIGEST_ASK_USERS", "`ID` of a user who may ask; without one everybody in the channels may")
	c.SigningSecret = f.getenv("SLACK_SIGNING_SECRET")
}

// interactive reports whether people may ask in Slack.
func (c *deskConfig) interactive() bool { return c.SigningSecret != "" || c.SigningParameter != "" }

// urlRequest reads an event of a Lambda function URL; nil for any other event.
func urlRequest(event json.RawMessage) *events.LambdaFunctionURLRequest {
	var r events.LambdaFunctionURLRequest
	if json.Unmarshal(event, &r) != nil || r.RequestContext.HTTP.Method == "" {
		return nil
	}
	return &r
}

// serveDesk answers a request from Slack. An error of ours is an answer to who
// asked, and a line of the log, but none of the invocation, which nobody retries.
func (p *process) serveDesk(ctx context.Context, c *Config, cfg aws.Config, r events.LambdaFunctionURLRequest, log *slog.Logger) (any, error) {
	d, err := c.desk(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	answer, err := d.Serve(ctx, r)
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.Int("status", answer.StatusCode)}
	if err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", withHint(err).Error()))
	}
	log.LogAttrs(ctx, level, "request from Slack", attrs...)
	return answer, nil
}

func (c *Config) desk(ctx context.Context, cfg aws.Config, log *slog.Logger) (*handler.Desk, error) {
	if !c.interactive() {
		return nil, hinted{errors.New("serve Slack: no signing secret is configured"), "set SLACK_SIGNING_SECRET_PARAMETER"}
	}
	store, err := c.store(ctx)
	if err == nil && store == nil {
		err = hinted{errors.New("serve Slack: there is no state to remember mutes and requests in"), "set SLOWDIGEST_STATE"}
	}
	if err == nil && strings.HasPrefix(c.Channel, "#") {
		err = hinted{errors.New("serve Slack: the channel is given by its name, and Slack tells IDs"), "set SLOWDIGEST_CHANNEL to the channel's ID"}
	}
	if err != nil {
		return nil, err
	}
	signing := c.SigningSecret
	if signing == "" {
		if signing, err = readParameter(ctx, cfg, c.SigningParameter); err != nil {
			return nil, err
		}
	}
	token, err := c.secret(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &handler.Desk{
		Door:  slack.RequestVerifier{SigningSecret: signing, Channels: append([]string{c.Channel}, c.AskChannels.items...), Users: c.AskUsers.items},
		Store: store,
		Now:   time.Now,
		Start: func(ctx context.Context, event []byte) error { return invokeSelf(ctx, cfg, event) },
		Say: func(ctx context.Context, channel, thread, text string) error {
			bot, ok := c.chatWith(token, channel, cfg, log).(*slack.Bot)
			if !ok {
				return errors.New("answer in Slack: it takes a bot token")
			}
			return bot.PostText(ctx, thread, text)
		},
	}, nil
}

// invokeSelf has the function work on an event in an invocation of its own.
func invokeSelf(ctx context.Context, cfg aws.Config, event []byte) error {
	_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &lambdacontext.FunctionName, InvocationType: types.InvocationTypeEvent, Payload: event,
	})
	if err != nil {
		return hinted{fmt.Errorf("invoke %s: %w", lambdacontext.FunctionName, err), "the role must allow lambda:InvokeFunction on the function itself"}
	}
	return nil
}
