package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/cmd/slowdigest/live"
	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/source"
)

func declareRun(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var since, until timeValue
	var post, follow bool
	var shift time.Duration
	last := time.Hour
	c.declareInstances(f)
	c.declareMaxBytes(f)
	c.declareAccount(f)
	c.declareRanking(f)
	c.declareBy(f)
	c.declareFilter(f)
	c.declareFormat(f)
	c.declareOwners(f)
	c.declareChannel(f, "Slack `channel` to post to with --post")
	c.declareSlack(f)
	c.declareLinks(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	f.declare(&parsedValue[time.Duration]{&last, parseShift, "1h"}, "last", "", "read the `time` up to now, such as 15m or 1h")
	f.declare(&since, "since", "", "read from this `time` on, UTC unless it names a zone, or so long ago, such as 2h")
	f.declare(&until, "until", "", "read up to this `time`; now, if only --since is set")
	f.declare(&parsedValue[time.Duration]{&shift, parseShift, ""}, "compare", "", "show what changed against the same window this `time` earlier, such as 24h or 168h, in place of the digest")
	f.boolean(&follow, "follow", "", "go on reading what is logged, and show the ranking on the terminal, until Ctrl-C")
	f.boolean(&post, "post", "", "post the digest, or what --compare shows, to the channel in addition to printing it")
	return func(ctx context.Context, args []string) error {
		w, err := runWindow(since, until, last, time.Now().UTC())
		switch {
		case len(args) > 0:
			return usageError{errors.New("run: takes no arguments"), instead(args)}
		case err != nil:
			return err
		case len(c.Instances.items) == 0 && c.Tag == "":
			return usageError{errors.New("run: no instance is given"), "use --instance, or SLOWDIGEST_INSTANCES"}
		case post && c.Channel == "":
			return errNoChannel("run")
		}
		if err := c.checkBy(f, "run"); err != nil {
			return err
		}
		cfg, err := c.loadAWS(ctx)
		if err != nil {
			return err
		}
		from := c.source(cfg, c.seeks())
		route, err := c.oneRoute(ctx, from, f.given)
		if err != nil {
			return err
		}
		h := c.newHandler(from, route)
		if err := c.nameOwners(ctx, h); err != nil {
			return err
		}
		if shift > 0 {
			to, err := diffPosterTo(ctx, p, &c, cfg, post)
			if err != nil {
				return err
			}
			return runCompare(ctx, p, &c, h, to, w, shift)
		}
		if follow {
			h.Source, h.Parallel = following{from, w.Start}, len(h.Instances)
			w.End = time.Time{}
		}
		to, err := printAndPost(ctx, p, &c, cfg, post)
		if err != nil {
			return err
		}
		stop := watch(p, h, &c, live.Options{Follow: follow}, c.Format == "text")
		r, err := h.Collect(ctx, w)
		stop()
		if r.Coverage.Events == 0 && err != nil {
			return err
		}
		return printReport(ctx, to, r, err)
	}
}

// instead says how the arguments may have been meant.
func instead(args []string) string {
	if instanceName.MatchString(args[0]) {
		return "run --instance " + strings.Join(args, ",") + " reads these instances; slowdigest report reads local files"
	}
	return "slowdigest report reads local files"
}

// following reads the live log of each instance until it is stopped.
// An entry is counted when the next one begins, for only then has it ended.
type following struct {
	*source.RDS
	from time.Time
}

func (s following) LogFiles(_ context.Context, instance string, _, _ time.Time) ([]source.File, error) {
	return []source.File{{Instance: instance, Name: "live slow log"}}, nil
}

func (s following) Open(ctx context.Context, f source.File) (*source.Log, error) {
	return s.Follow(ctx, f.Instance, s.from), nil
}

func errNoChannel(command string) error {
	return usageError{errors.New(command + ": there is no channel to post to"), "use --channel, or SLOWDIGEST_CHANNEL"}
}

// printAndPost returns what prints a report, and posts it too where that is asked for. It is an
// answer to who runs this, and not the digest of an hour.
func printAndPost(ctx context.Context, p *process, c *Config, cfg aws.Config, post bool) (notifier.Notifier, error) {
	to := printer(p, c)
	if !post {
		return to, nil
	}
	posted, err := answerIn(ctx, p, c, cfg)
	return both{to, posted}, err
}

// answerIn returns what posts answers to who runs this in the channel.
func answerIn(ctx context.Context, p *process, c *Config, cfg aws.Config) (notifier.Notifier, error) {
	token, err := secret(ctx, c, cfg)
	if err != nil {
		return nil, err
	}
	return newService(c, cfg, p.logger()).chat(token, c.Channel, &slack.Answer{To: p.getenv("USER")})
}

// both is two notifiers, one after the other.
type both [2]notifier.Notifier

func (b both) Notify(ctx context.Context, r *digest.Report) error {
	return errors.Join(b[0].Notify(ctx, r), b[1].Notify(ctx, r))
}

func runWindow(since, until timeValue, last time.Duration, now time.Time) (digest.Window, error) {
	if until.IsZero() {
		until.Time = now
	}
	if since.IsZero() {
		since.Time = until.Add(-last)
	}
	return window(since, until, now)
}

// watch shows the progress of h on the terminal, if there is one, until stop is called, which leaves
// nothing of it. With a ranking, that is shown too where the digest will be
// printed on the terminal.
func watch(p *process, h *handler.Handler, c *Config, o live.Options, ranking bool) (stop func()) {
	if live.Terminal(p.stderr, p.getenv) == nil {
		return func() {}
	}
	h.Progress = new(handler.Progress)
	o.Stderr, o.Getenv, o.Zone, o.Counts = p.stderr, p.getenv, c.Zone, h.Progress.Counts
	if ranking && live.Terminal(p.stdout, p.getenv) != nil {
		o.Report = func() *digest.Report { return h.Progress.Report(c.Limit) }
	}
	return live.Watch(o)
}
