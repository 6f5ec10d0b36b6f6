package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"slowdigest/digest"
	"slowdigest/source"
)

// serveLambda answers the events of Lambda. The configuration is read and the
// token is fetched for each event: they cost little in comparison with a log, a
// token that was changed is used at once, and what is wrong with them is an error
// of the invocation that alarms and retries see.
func serveLambda(p *process) {
	log := slog.New(slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{ReplaceAttr: boundAttr}))
	lambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		l := newRunLog(log)
		if request, ok := lambdacontext.FromContext(ctx); ok {
			l.log = log.With("request_id", request.AwsRequestID)
		}
		answer, err := handleEvent(ctx, p, event, l)
		err = withHint(err)
		l.ended(ctx, answer, err)
		if r, ok := answer.(*digest.Report); ok && r != nil && err == nil {
			answer, err = boundReport(r, maxAnswer)
		}
		return answer, boundError(err)
	})
}

// handleEvent serves an event by the configuration in the environment.
func handleEvent(ctx context.Context, p *process, event json.RawMessage, l *runLog) (any, error) {
	var c Config
	f := newFlags(p.getenv)
	c.declareLambda(f)
	if _, err := f.parse(nil); err != nil {
		return nil, err
	}
	l.stage = c.Stage
	if c.Channel == "" && !c.discovers() {
		return nil, errors.New("read configuration: SLOWDIGEST_CHANNEL is not set")
	}
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	s := newService(&c, cfg, l.log)
	s.start = func(ctx context.Context, event []byte) error { return invokeSelf(ctx, cfg, event) }
	s.done, l.calls = l.done, s.from.Calls
	return s.handleEvent(ctx, event)
}

func withHint(err error) error {
	if hint := source.Hint(err); err != nil && hint != "" {
		return fmt.Errorf("%w (%s)", err, hint)
	}
	return err
}
