package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/source"
)

// declareFleet adds the settings of the hourly job that a single run at a desk
// has no use for.
func (c *Config) declareFleet(f *flags) {
	f.text(&c.QueueURL, "queue-url", "SLOWDIGEST_QUEUE_URL",
		"`URL` of the SQS queue that takes one message for each channel, if there is more than one")
	f.declare(&parsedValue[float64]{&c.MinTime, digest.ParseMinTime, ""}, "min-time", "SLOWDIGEST_MIN_TIME",
		"count only calls that took this `time` or longer, as 500ms or, in seconds, 0.5")
	f.boolean(&c.PerInstance, "per-instance", "make a statement a class of its own on each instance, as on a writer and its readers")
	f.env["per-instance"] = "SLOWDIGEST_PER_INSTANCE"
}

// discovers reports whether RDS is to be asked which instances there are.
func (c *Config) discovers() bool {
	return c.Tag != "" || strings.ContainsAny(c.Instances.String(), "*:")
}

// discover finds the configured instances.
func (c *Config) discover(ctx context.Context, from *source.RDS) ([]source.Instance, error) {
	if len(c.Instances.items) == 0 && c.Tag == "" {
		return nil, hinted{errors.New("read configuration: no instance is named"), "set SLOWDIGEST_INSTANCES or SLOWDIGEST_TAG"}
	}
	return from.Discover(ctx, c.Instances.items, c.Tag)
}

// instances are the IDs of those to read, and what is to be said of the others.
func (c *Config) instances(ctx context.Context, from *source.RDS) (ids, notes []string, err error) {
	found, err := c.discover(ctx, from)
	for _, i := range found {
		if i.Unread == "" {
			ids = append(ids, i.ID)
		} else {
			notes = append(notes, i.Note())
		}
	}
	if err == nil && len(ids) == 0 {
		err = &handler.NoInstanceError{Omitted: notes}
	}
	return ids, notes, err
}

// onlyPrinted is the channel of a digest that is posted nowhere.
const onlyPrinted = "#printed"

// fleet is what Lambda runs: it posts to the channels, if there are any.
func (c *Config) fleet(cfg aws.Config, p *process, log *slog.Logger) (*handler.Fleet, *source.RDS) {
	from := c.rds(cfg)
	var secret string
	f := &handler.Fleet{
		Now: time.Now,
		Discover: func(ctx context.Context) ([]source.Instance, error) {
			return c.discover(ctx, from)
		},
		Defaults: handler.Route{Channel: c.Channel, Limit: c.Limit, OrderBy: c.OrderBy, MinTime: c.MinTime, PerInstance: c.PerInstance},
		Handler: func(ctx context.Context, channel string) (*handler.Handler, error) {
			if channel == onlyPrinted {
				return &handler.Handler{Source: from, Notifier: c.printer(p)}, nil
			}
			if secret == "" { // once for all channels
				var err error
				if secret, err = c.secret(ctx, cfg); err != nil {
					return nil, err
				}
			}
			h := &handler.Handler{Source: from, Notifier: c.chatWith(secret, channel, cfg, log)}
			if post, ok := h.Notifier.(handler.Poster); ok && c.print {
				h.Notifier = printed{post, c.printer(p)}
			}
			return h, c.remember(ctx, h, channel, log)
		},
	}
	if c.QueueURL != "" {
		f.Queue = handler.NewSQS(cfg, c.QueueURL)
	}
	return f, from
}
