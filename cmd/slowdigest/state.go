package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/notifier"
)

// stateConfig says what is remembered between two runs.
type stateConfig struct {
	State  string // s3://BUCKET/PREFIX or a directory; empty is no memory
	Repeat string // what to do where nobody knows whether a digest was posted: post or skip
	Force  bool
}

func (c *stateConfig) declareState(f *flags) {
	f.text(&c.State, "state", "SLOWDIGEST_STATE",
		"`place` to remember what was posted, and what is normal: s3://BUCKET/PREFIX or a directory; without one nothing is remembered")
	c.Repeat = "post"
	f.declare(&parsedValue[string]{&c.Repeat, parseRepeat, "post"}, "repeat", "SLOWDIGEST_REPEAT",
		"`what` to do with a digest that may have been posted, where nobody knows: post, and say so, or skip")
	f.boolean(&c.Force, "force", "post an hour again that was posted, in the place of its message")
}

func parseRepeat(s string) (string, error) {
	if s != "post" && s != "skip" {
		return "", fmt.Errorf("repeat %q: want post or skip", s)
	}
	return s, nil
}

// store opens the place of the state; nil is none.
func (c *stateConfig) store(ctx context.Context) (state.Store, error) {
	place, inS3 := strings.CutPrefix(c.State, "s3://")
	if !inS3 {
		if c.State == "" {
			return nil, nil
		}
		return state.FileStore{Dir: c.State}, nil
	}
	bucket, prefix, _ := strings.Cut(place, "/")
	if bucket == "" {
		return nil, usageError{fmt.Errorf("state %q names no bucket", c.State), "want s3://BUCKET/PREFIX"}
	}
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	return state.NewS3Store(cfg, bucket, prefix), nil
}

// remember gives h a memory of a channel, if there is one.
func (c *stateConfig) remember(ctx context.Context, h *handler.Handler, channel string, log *slog.Logger) error {
	s, err := c.store(ctx)
	if err != nil || s == nil {
		return err
	}
	h.Store, h.Channel, h.Now, h.Logger = s, channel, time.Now, log
	h.Force, h.SkipUnknown = c.Force, c.Repeat == "skip"
	if request, ok := lambdacontext.FromContext(ctx); ok {
		h.Owner = request.AwsRequestID
	}
	return nil
}

// printed prints each digest beside posting it.
type printed struct {
	handler.Poster
	printer notifier.Notifier
}

func (p printed) Notify(ctx context.Context, r *digest.Report) error {
	return errors.Join(p.printer.Notify(ctx, r), p.Poster.Notify(ctx, r))
}

func (p printed) Post(ctx context.Context, r *digest.Report) (notifier.Receipt, error) {
	if err := p.printer.Notify(ctx, r); err != nil {
		return notifier.Receipt{}, err
	}
	return p.Poster.Post(ctx, r)
}
