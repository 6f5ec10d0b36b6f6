package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/cmd/slowdigest/demo"
	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

func declareInvoke(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var event, logs string
	f.lenient = true // for doctor; see below
	c.declareHandler(f)
	c.declareFormat(f)
	f.boolean(&c.Force, "force", "", "post an hour again that was posted, by replacing its message")
	f.text(&event, "event", "", "`file` that holds the event; - is the standard input, and now the event that a schedule would send at this moment")
	f.text(&logs, "logs", "", "`directory` of logs to read, through a fake RDS, in place of AWS; without a token the digest goes to a fake Slack")
	return func(ctx context.Context, args []string) error {
		if event == "" || len(args) > 0 {
			return usageError{errors.New("invoke: wants --event FILE and no arguments"), "--event now is that of a schedule; testdata/events holds others"}
		}
		raw, err := readEvent(ctx, p, event)
		if err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		switch doctor := asksDoctor(raw); {
		case doctor && logs != "":
			return usageError{errors.New("invoke: doctor looks at AWS and Slack, and --logs takes their place"), "leave out --logs"}
		case !doctor && f.refused != nil:
			return f.refused
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
		s := newService(&c, cfg, p.logger())
		s.variables = p.variables(f, true)
		if logs != "" {
			s.kept = 100 * 365 * 24 * time.Hour // nobody removes them
		}
		if logs != "" && c.Channel != "" && c.Token == "" {
			fake := slacktest.New()
			fake.Channels[c.Channel] = slacktest.ChannelState{Name: strings.TrimPrefix(c.Channel, "#"), Member: true}
			defer fake.Close()
			defer func() {
				n := len(fake.Messages())
				if n == 0 {
					fmt.Fprintln(p.stdout, "Nothing was posted.")
					return
				}
				fmt.Fprintf(p.stdout, "Posted to a fake Slack, which checks every limit: %d messages, of which %d in the thread.\n", n, n-1)
			}()
			c.Token, c.SlackAPI, s.pause = slacktest.Token, fake.URL(), time.Millisecond
		}
		return invoke(ctx, p, s, raw)
	}
}

// readEvent reads an event, or makes the one that a schedule would send now.
func readEvent(ctx context.Context, p *process, name string) ([]byte, error) {
	if name == "now" {
		return json.Marshal(map[string]time.Time{"time": time.Now().UTC().Truncate(time.Second)})
	}
	return readInput(ctx, p, name)
}

// invoke serves an event as Lambda does, and prints the answer: the digests in
// the configured form, anything else as JSON. What a request from Slack starts is
// done here before it ends.
func invoke(ctx context.Context, p *process, s *service, event []byte) error {
	var reports []*digest.Report
	s.onlyPrint = true
	s.done = func(_ context.Context, o handler.Outcome) {
		if o.Report != nil {
			reports = append(reports, o.Report)
		}
	}
	var started [][]byte
	s.start = func(_ context.Context, event []byte) error {
		started = append(started, event)
		return nil
	}
	var errs []error
	for events := [][]byte{event}; len(events) > 0; events, started = started, nil {
		answer, err := s.handleEvent(ctx, events[0])
		errs = append(errs, err)
		r, isReport := answer.(*digest.Report)
		if isReport && len(reports) == 0 {
			reports = append(reports, r)
		}
		for _, r := range reports {
			errs = append(errs, printer(p, s.Config).Notify(context.WithoutCancel(ctx), r))
		}
		if !isReport && answer != nil {
			errs = append(errs, printJSON(p, answer))
		}
		reports = nil
	}
	return errors.Join(errs...)
}

func printJSON(p *process, v any) error {
	b, err := notifier.IndentedJSON(v)
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(b)
	return err
}

// readInput reads a file, or the standard input; the end of ctx ends the waiting for a pipe.
func readInput(ctx context.Context, p *process, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.stdin)
	}
	file, err := source.OpenFile(ctx, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// declareDemo serves the fakes to other processes, and plays an incident.
func declareDemo(f *flags, p *process) func(context.Context, []string) error {
	incident := 2 * time.Minute
	f.declare(&parsedValue[time.Duration]{&incident, parseAfter, "2m"}, "incident", "", "`time` after which an instance loses an index, such as 2m")
	return func(ctx context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New("demo: takes no arguments"), "leave out " + args[0]}
		}
		state, err := os.MkdirTemp("", "slowdigest-demo-")
		if err != nil {
			return fmt.Errorf("make directory of the state: %w", err)
		}
		defer os.RemoveAll(state)
		d := demo.New(time.Now(), incident)
		defer d.Close()
		if err := learn(ctx, d, state); ctx.Err() != nil {
			return nil // Ctrl-C ends a demo at any time
		} else if err != nil {
			return err
		}
		d.Posted()
		if _, err := io.WriteString(p.stdout, d.Guide(state)); err != nil {
			return err
		}
		return playDemo(ctx, p.stdout, d)
	}
}

func parseAfter(s string) (time.Duration, error) {
	d, err := notifier.ParseDays(s)
	if err == nil && (d < 0 || d > 24*time.Hour) {
		err = fmt.Errorf("time %q: want one of up to a day, such as 2m", s)
	}
	return d, err
}

// learn hands the handler the events of all hours of a demo but the last, so that it is known
// what is usual, and the last one is left to be posted.
func learn(ctx context.Context, d *demo.Demo, state string) error {
	env := map[string]string{}
	for _, e := range d.Environment(state) {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	var c Config
	f := newFlags(func(name string) string { return env[name] })
	c.declareHandler(f)
	if _, err := f.parse(nil); err != nil {
		return err
	}
	s := newService(&c, d.Config(), slog.New(slog.DiscardHandler))
	s.pause = time.Millisecond
	last := d.Start.Truncate(time.Hour)
	for n := demo.Hours - 1; n > 0; n-- {
		event := fmt.Sprintf(`{"time": %q}`, last.Add(-time.Duration(n)*time.Hour+5*time.Minute).Format(time.RFC3339))
		if _, err := s.handleEvent(ctx, json.RawMessage(event)); err != nil {
			return fmt.Errorf("learn what is usual: %w", err)
		}
	}
	return nil
}

// playDemo lets the shop run, second by second, until it is stopped.
func playDemo(ctx context.Context, out io.Writer, d *demo.Demo) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for told := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			d.Advance(now)
			if !told && !now.Before(d.Incident) {
				told = true
				if err := say(out, "%s  %s has lost an index\n", demo.ClockTime(now), demo.Reader); err != nil {
					return err
				}
			}
			for _, line := range d.Posted() {
				if err := say(out, "%s  in Slack: %s\n", demo.ClockTime(now), line); err != nil {
					return err
				}
			}
		}
	}
}
