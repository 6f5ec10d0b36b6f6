package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"

	"slowdigest/digest"
)

// serveLambda answers the events of Lambda. The configuration is read and the
// token is fetched for each event: they cost little beside a log, a token that
// was changed is used at once, and what is wrong with them is an error of the
// invocation that alarms and retries see.
func serveLambda(p *process) {
	log := slog.New(slog.NewJSONHandler(p.stderr, nil))
	lambda.Start(func(ctx context.Context, event json.RawMessage) (*digest.Report, error) {
		r, err := p.handleEvent(ctx, event, log)
		logRun(log, r, err)
		return r, err
	})
}

func (p *process) handleEvent(ctx context.Context, event json.RawMessage, log *slog.Logger) (*digest.Report, error) {
	var c Config
	f := newFlags(p.getenv)
	c.declareInstances(f)
	c.declareReport(f)
	if _, err := f.parse(nil); err != nil {
		return nil, err
	}
	if c.Channel == "" {
		return nil, errors.New("read configuration: SLOWDIGEST_CHANNEL is not set")
	}
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	h, err := c.handler(ctx, cfg, p, log)
	if err != nil {
		return nil, err
	}
	r, err := h.HandleEvent(ctx, event)
	if hint := hintOf(err); err != nil && hint != "" {
		err = fmt.Errorf("%w (%s)", err, hint)
	}
	return r, err
}

// logRun writes the one line that says it all.
func logRun(log *slog.Logger, r *digest.Report, err error) {
	if r != nil {
		log = log.With("window_start", r.Window.Start, "instances", r.Instances,
			"files", r.Coverage.Files, "bytes_read", r.Coverage.BytesRead, "events", r.Coverage.InWindow,
			"classes", r.Overall.Classes, "query_time", r.Overall.QueryTime.Sum,
			"complete", r.Coverage.Complete, "notes", r.Coverage.Notes)
	}
	if err != nil {
		log.Error("digest not made or not posted", "error", err.Error())
		return
	}
	log.Info("digest made")
}
