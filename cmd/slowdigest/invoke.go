package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

func declareInvoke(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var event, logs string
	c.declareInstances(f)
	c.declareReport(f)
	c.declareFleet(f)
	f.text(&event, "event", "", "`file` that holds the event; - is the standard input")
	f.text(&logs, "logs", "", "`directory` of logs to read, through a fake RDS, in place of AWS")
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
			if len(c.Instances.items) == 0 && c.Tag == "" {
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
		c.Channel = cmp.Or(c.Channel, onlyPrinted)
		fleet, _ := c.fleet(cfg, p, p.logger())
		_, err = fleet.HandleEvent(ctx, raw)
		return err
	}
}

func readInput(p *process, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.stdin)
	}
	return os.ReadFile(name)
}
