package main

import (
	"context"
	"errors"
	"time"

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
	var narrow filterFlags
	var shift time.Duration
	last := time.Hour
	c.declareInstances(f)
	c.declareReport(f)
	narrow.declare(f)
	f.declare(&parsedValue[time.Duration]{&last, time.ParseDuration, "1h"}, "last", "", "read the `time` up to now, as 15m or 1h")
	f.declare(&since, "since", "", "read from this `time` on, UTC unless it names a zone")
	f.declare(&until, "until", "", "read up to this `time`; now, if only --since is set")
	f.declare(&parsedValue[time.Duration]{&shift, parseShift, ""}, "compare", "", "print what changed against the same window this `time` earlier, as 24h or 168h; post nothing")
	f.boolean(&follow, "follow", "go on reading what is logged, and show the ranking on the terminal, until Ctrl-C")
	f.boolean(&post, "post", "post the digest to the channel, beside printing it")
	return func(ctx context.Context, args []string) error {
		w, err := runWindow(since, until, last, time.Now().UTC())
		switch {
		case len(args) > 0:
			return usageError{errors.New("run: takes no files"), "slowdigest report reads local files"}
		case err != nil:
			return err
		case len(c.Instances.items) == 0 && c.Tag == "":
			return usageError{errors.New("run: no instance is given"), "use --instance, or SLOWDIGEST_INSTANCES"}
		case post && c.Channel == "":
			return usageError{errors.New("run: there is no channel to post to"), "use --channel, or SLOWDIGEST_CHANNEL"}
		case follow && (shift > 0 || !until.IsZero()):
			return usageError{errors.New("run: --follow has no end to compare or to stop at"), "leave out --until and --compare"}
		}
		cfg, err := loadAWS(ctx)
		if err != nil {
			return err
		}
		c.seek = len(narrow.schemas.items) == 0 // the database is logged only where it changes, maybe before the window
		from := c.rds(cfg)
		ids, notes, err := c.instances(ctx, from)
		if err != nil {
			return err
		}
		h := &handler.Handler{
			Source:    from,
			Instances: ids,
			Notes:     notes,
			Limit:     c.Limit,
			OrderBy:   c.OrderBy,
			Filter:    narrow.filter(),
			Detail:    c.Format == "html",
		}
		switch {
		case shift > 0:
			return p.runCompare(ctx, &c, h, w, shift)
		case follow:
			h.Source, h.Parallel = following{from, w.Start}, len(ids)
			w.End = time.Time{}
		}
		to := c.printer(p)
		if post {
			// It is an answer to who runs this, and not the digest of an hour.
			c.answerTo = &slack.Answer{To: p.getenv("USER")}
			chat, err := c.chat(ctx, cfg, p.logger())
			if err != nil {
				return err
			}
			to = both{to, chat}
		}
		stop := p.watch(h, &c, c.Format == "text")
		r, err := h.Collect(ctx, w)
		stop()
		if r.Coverage.Events == 0 && err != nil {
			return err
		}
		return printReport(ctx, to, r, err)
	}
}

// following is the live log of each instance, which is read until it is stopped.
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
	return window(since, until)
}
