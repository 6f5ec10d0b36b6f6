package main

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/handler"
	"slowdigest/notifier/slack"
)

// answer reads the window that somebody asked for, and posts its digest unless
// it is a dry run. It neither looks at the state nor changes it.
func (p *process) answer(ctx context.Context, c *Config, cfg aws.Config, m *handler.Manual, l *runLog) (any, error) {
	if len(m.Instances) > 0 {
		c.Instances.items, c.Tag = slices.Clone(m.Instances), ""
	}
	if m.Limit != nil {
		c.Limit = *m.Limit
	}
	if m.Channel != "" {
		c.Channel = m.Channel
	}
	from := c.rds(cfg)
	l.calls = from.Calls
	ids, notes, err := c.instances(ctx, from)
	if err != nil {
		return nil, err
	}
	h := &handler.Handler{Source: from, Instances: ids, Notes: notes, Limit: c.Limit, OrderBy: c.OrderBy}
	if m.DryRun {
		return h.Collect(ctx, m.Window)
	}
	c.answerTo = &slack.Answer{To: m.Asked, Thread: m.Thread}
	if h.Notifier, err = c.chat(ctx, cfg, l.log); err != nil {
		return nil, err
	}
	return h.Run(ctx, m.Window)
}
