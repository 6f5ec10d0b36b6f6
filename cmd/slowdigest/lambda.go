package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"slowdigest/handler"
)

// serveLambda answers the events of Lambda. The configuration is read and the
// token is fetched for each event: they cost little beside a log, a token that
// was changed is used at once, and what is wrong with them is an error of the
// invocation that alarms and retries see.
func serveLambda(p *process) {
	log := slog.New(slog.NewJSONHandler(p.stderr, nil))
	lambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		l := newRunLog(log, p.getenv("SLOWDIGEST_STAGE"))
		if request, ok := lambdacontext.FromContext(ctx); ok {
			l.log = log.With("request_id", request.AwsRequestID)
		}
		answer, err := p.handleEvent(ctx, event, l)
		err = withHint(err)
		l.ended(ctx, answer, err)
		return answer, err
	})
}

func (p *process) handleEvent(ctx context.Context, event json.RawMessage, l *runLog) (any, error) {
	var c Config
	f := newFlags(p.getenv)
	c.declareInstances(f)
	c.declareReport(f)
	c.declareFleet(f)
	c.declareDesk(f)
	if _, err := f.parse(nil); err != nil {
		return nil, err
	}
	if c.Channel == "" && !c.discovers() {
		return nil, errors.New("read configuration: SLOWDIGEST_CHANNEL is not set")
	}
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	if r := urlRequest(event); r != nil {
		l.told = true
		return p.serveDesk(ctx, &c, cfg, *r, l.log)
	}
	switch m, err := handler.ReadManual(event, time.Now()); {
	case err != nil:
		return nil, err
	case m != nil:
		return p.answer(ctx, &c, cfg, m, l)
	}
	fleet, from := c.fleet(cfg, p, l.log)
	l.calls = from.Calls
	fleet.Done = l.done
	fleet.Omitted = func(ctx context.Context, note string) { l.log.WarnContext(ctx, "instance left out", "reason", note) }
	return fleet.HandleEvent(ctx, event)
}

func withHint(err error) error {
	if hint := hintOf(err); err != nil && hint != "" {
		return fmt.Errorf("%w (%s)", err, hint)
	}
	return err
}
