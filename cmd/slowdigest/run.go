package main

import (
	"context"
	"errors"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
)

func declareRun(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var since, until timeValue
	var dryRun bool
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
	f.boolean(&dryRun, "dry-run", "print the digest and post nothing")
	return func(ctx context.Context, args []string) error {
		w, err := runWindow(since, until, last, time.Now().UTC())
		switch {
		case len(args) > 0:
			return usageError{errors.New("run: takes no files"), "slowdigest report reads local files"}
		case err != nil:
			return err
		case len(c.Instances.items) == 0 && c.Tag == "":
			return usageError{errors.New("run: no instance is given"), "use --instance, or SLOWDIGEST_INSTANCES"}
		}
		cfg, err := loadAWS(ctx)
		if err != nil {
			return err
		}
		to := c.printer(p)
		if c.Channel != "" && !dryRun && shift == 0 {
			if to, err = c.chat(ctx, cfg, p.logger()); err != nil {
				return err
			}
		}
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
		if shift > 0 {
			return p.runCompare(ctx, &c, h, w, shift)
		}
		if c.Channel != "" && !dryRun && narrow.filter() == nil {
			if err := c.remember(ctx, h, c.Channel, p.logger()); err != nil {
				return err
			}
		}
		if h.Store != nil {
			h.Notifier = to
			_, err := h.Run(ctx, w)
			return err
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

func runWindow(since, until timeValue, last time.Duration, now time.Time) (digest.Window, error) {
	if until.IsZero() {
		until.Time = now
	}
	if since.IsZero() {
		since.Time = until.Add(-last)
	}
	return window(since, until)
}
