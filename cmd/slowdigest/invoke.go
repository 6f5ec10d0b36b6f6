package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/handler"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

func declareInvoke(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var event, logs string
	c.declareInstances(f)
	c.declareReport(f)
	f.text(&event, "event", "", "`file` that holds the event; - is the standard input")
	f.text(&logs, "logs", "", "`folder` of logs to read, through a fake RDS, in place of AWS")
	return func(ctx context.Context, args []string) error {
		if event == "" || len(args) > 0 {
			return usageError{errors.New("invoke: wants --event FILE and no arguments"), "testdata/events holds examples"}
		}
		raw, err := readInput(p, event)
		if err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		var cfg aws.Config
		if logs != "" {
			server := rdstest.NewServer()
			defer server.Close()
			if err := server.ServeDir(logs); err != nil {
				return err
			}
			cfg = server.Config()
			if len(c.Instances.items) == 0 {
				c.Instances.items = server.InstanceIDs()
			}
		} else if cfg, err = loadAWS(ctx); err != nil {
			return err
		}
		if logs != "" && c.Channel == slacktest.Channel && c.Token == "" {
			fake := slacktest.New()
			defer fake.Close()
			defer func() {
				fmt.Fprintf(p.stdout, "Posted to a fake Slack, which checks every limit: %d messages, of which %d in the thread.\n",
					len(fake.Messages()), max(0, len(fake.Messages())-1))
			}()
			c.Token, c.SlackAPI, c.print = slacktest.Token, fake.URL(), true
		}
		h, err := c.handler(ctx, cfg, p, p.logger())
		if err != nil {
			return err
		}
		_, err = h.HandleEvent(ctx, raw)
		return err
	}
}

// handler is what Lambda runs: it posts to the channel, if there is one.
func (c *Config) handler(ctx context.Context, cfg aws.Config, p *process, log *slog.Logger) (*handler.Handler, error) {
	if len(c.Instances.items) == 0 {
		return nil, hinted{errors.New("read configuration: no instance is named"), "set SLOWDIGEST_INSTANCES"}
	}
	to := c.printer(p)
	if c.Channel != "" {
		var err error
		if to, err = c.chat(ctx, cfg, log); err != nil {
			return nil, err
		}
		if post, ok := to.(handler.Poster); ok && c.print {
			to = printed{post, c.printer(p)}
		}
	}
	h := &handler.Handler{
		Source:    c.rds(cfg),
		Notifier:  to,
		Instances: c.Instances.items,
		Limit:     c.Limit,
		OrderBy:   c.OrderBy,
	}
	if c.Channel == "" {
		return h, nil
	}
	return h, c.remember(ctx, h, c.Channel, log)
}

func readInput(p *process, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.stdin)
	}
	return os.ReadFile(name)
}
