package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

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
	c.declareFilter(f)
	c.declareFormat(f)
	c.declareChannel(f, "Slack `channel` to post to with --post")
	c.declareSlack(f)
	c.declareLinks(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	f.declare(&parsedValue[time.Duration]{&last, notifier.ParseDays, "1h"}, "last", "", "read the `time` up to now, such as 15m or 1h")
	f.declare(&since, "since", "", "read from this `time` on, UTC unless it names a zone, or so long ago, such as 2h")
	f.declare(&until, "until", "", "read up to this `time`; now, if only --since is set")
	f.declare(&parsedValue[time.Duration]{&shift, parseShift, ""}, "compare", "", "print what changed against the same window this `time` earlier, such as 24h or 168h; post nothing")
	f.boolean(&follow, "follow", "", "go on reading what is logged, and show the ranking on the terminal, until Ctrl-C")
	f.boolean(&post, "post", "", "post the digest to the channel in addition to printing it")
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
		cfg, err := c.loadAWS(ctx)
		if err != nil {
			return err
		}
		// The database is logged only where it changes, which may be before the window.
		from := c.source(cfg, len(c.Schemas.items) == 0 && !c.Where.uses("schema") && !c.Where.uses("offset"))
		route, err := c.oneRoute(ctx, from, f.given)
		if err != nil {
			return err
		}
		h := c.newHandler(from, route)
		switch {
		case shift > 0:
			return runCompare(ctx, p, &c, h, w, shift)
		case follow:
			h.Source, h.Parallel = following{from, w.Start}, len(h.Instances)
			w.End = time.Time{}
		}
		to, err := printAndPost(ctx, p, &c, cfg, post)
		if err != nil {
			return err
		}
		stop := watch(p, h, &c, c.Format == "text")
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
	token, err := secret(ctx, c, cfg)
	if err != nil {
		return nil, err
	}
	posted, err := newService(c, cfg, p.logger()).chat(token, c.Channel, &slack.Answer{To: p.getenv("USER")})
	return both{to, posted}, err
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

// live shows on a terminal, while logs are read, how far that has come and,
// where the digest will be printed below, the ranking so far. It draws over what
// it drew before.
type live struct {
	out           io.Writer
	width, height int
	progress      *handler.Progress
	limit         digest.Limit
	ranking       bool
	color         bool
	zone          *time.Location
	started       time.Time
	drawn         int // lines
}

const redraw = 500 * time.Millisecond

// watch shows the progress of h on the terminal, if there is one, until stop is
// called, which leaves nothing of it.
func watch(p *process, h *handler.Handler, c *Config, ranking bool) (stop func()) {
	f, ok := p.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width, height = 80, 24
	}
	h.Progress = new(handler.Progress)
	out, toTerminal := p.stdout.(*os.File)
	l := &live{out: f, width: width, height: height, progress: h.Progress, limit: c.Limit, zone: c.Zone, color: p.getenv("NO_COLOR") == "", started: time.Now(),
		ranking: ranking && toTerminal && term.IsTerminal(int(out.Fd()))}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.draw(l.text(time.Since(l.started)))
			case <-done:
				l.draw("")
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// text returns the ranking so far, as much of it as the terminal is high, and the
// line that tells how far the reading is.
func (l *live) text(elapsed time.Duration) string {
	line := ansi.Truncate(progressLine(l.progress.Counts(), elapsed), l.width-1, "…") + "\n" // or it would be two, and only one be drawn over
	if r := l.progress.Report(l.limit); l.ranking && r != nil {
		var b bytes.Buffer
		to := notifier.NewText(&b, notifier.TextOptions{Width: l.width, Color: l.color, Brief: true, Zone: l.zone})
		if err := to.Notify(context.Background(), r); err == nil {
			lines := strings.SplitAfter(b.String(), "\n")
			line = strings.Join(lines[:min(len(lines), max(0, l.height-3))], "") + line
		}
	}
	return line
}

func (l *live) draw(text string) {
	back := ""
	if l.drawn > 0 {
		back = fmt.Sprintf("\x1b[%dA\r\x1b[J", l.drawn)
	}
	l.drawn = strings.Count(text, "\n")
	_, _ = io.WriteString(l.out, back+text) // a terminal that is gone hears nothing
}

// progressLine tells files, megabytes, the rate, and what is left at that rate.
func progressLine(c handler.Counts, elapsed time.Duration) string {
	const mega = 1e6
	switch {
	case c.Files == 0:
		return "listing logs …"
	case c.Listed == 0: // how much a live log will hold is not known
		return fmt.Sprintf("following %d logs: %.1f MB in %s; Ctrl-C ends it with the digest", c.Files, float64(c.Read)/mega, notifier.Duration(elapsed.Round(time.Second).Seconds()))
	}
	toRead := max(c.Listed-c.Skipped, c.Read)
	s := fmt.Sprintf("reading: %d of %d files, %.1f of %.1f MB", c.Done, c.Files, float64(c.Read)/mega, float64(toRead)/mega)
	rate := float64(c.Read) / elapsed.Seconds()
	if rate > 0 {
		s += fmt.Sprintf(", %.1f MB/s", rate/mega)
		if left := time.Duration(float64(toRead-c.Read) / rate * float64(time.Second)); left > time.Second {
			s += ", " + notifier.Duration(left.Round(time.Second).Seconds()) + " left"
		}
	}
	return s + "; Ctrl-C shows what there is"
}
