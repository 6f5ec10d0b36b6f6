package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"slowdigest/digest"
	"slowdigest/digest/week"
	"slowdigest/handler"
	"slowdigest/handler/weekjob"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/weekly"
)

// weekFormats are the forms in which a week is printed.
var weekFormats = []string{"text", "json", "markdown", "slack"}

func declareWeek(f *flags, p *process) func(context.Context, []string) error {
	c := Config{Format: "text"}
	post := false
	c.declareMemory(f)
	c.declareSlack(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	c.declareOwners(f)
	f.declare(&parsedValue[string]{&c.Format, parseWeekFormat, "text"}, "format", "", "`form` of what is printed: text, json, markdown or slack")
	f.choices["format"] = weekFormats
	f.boolean(&post, "post", "", "post the week to the channel in addition to printing it; that of the schedule is told all the same")
	return func(ctx context.Context, args []string) error {
		if len(args) > 1 {
			return usageError{errors.New("week: wants one day at most"), "give a day of the week that is meant, such as 2026-11-18, or none for the last whole week"}
		}
		store, err := openState(ctx, &c)
		if err != nil {
			return err
		}
		w, err := weekjob.Window(cmp.Or(append(args, "last")[0], "last"), time.Now().UTC(), c.zone())
		if err != nil {
			return usageError{err, "a week is from Monday to Sunday in --time-zone, or UTC"}
		}
		var to weekjob.Poster
		if post {
			cfg, err := tokenAWS(ctx, &c, post)
			if err != nil {
				return err
			}
			chat, err := answerIn(ctx, p, &c, cfg)
			if err != nil {
				return err
			}
			to = chat.(weekjob.Poster)
		}
		j := &weekjob.Job{Store: store, Channel: c.Channel, Window: w, Zone: c.zone(), Owners: c.readOwners, Now: time.Now, Logger: p.logger()}
		told, err := j.Build(ctx)
		if err != nil {
			return err
		}
		if told.Hours.Read == 0 {
			return hinted{fmt.Errorf("week: no hour from %s to %s is kept", notifier.At(w.Start), notifier.At(w.End)),
				"hours are kept from when the function has SLOWDIGEST_KEEP; see docs/archive.md"}
		}
		if err := printWeek(p, &c, told); err != nil || to == nil {
			return err
		}
		_, err = to.PostMemo(ctx, weekly.Memo(told, true), "asked")
		return err
	}
}

func parseWeekFormat(s string) (string, error) {
	if !slices.Contains(weekFormats, s) {
		return "", fmt.Errorf("format %q: want text, json, markdown or slack", s)
	}
	return s, nil
}

func printWeek(p *process, c *Config, w *week.Week) error {
	switch c.Format {
	case "json":
		b, err := notifier.IndentedJSON(w)
		if err != nil {
			return fmt.Errorf("write the week as JSON: %w", err)
		}
		_, err = p.stdout.Write(b)
		return err
	case "markdown":
		return notifier.WriteMemoMarkdown(p.stdout, weekly.Memo(w, true), c.Zone)
	case "slack":
		return slack.WriteMemoJSON(p.stdout, weekly.Memo(w, true))
	}
	return notifier.WriteMemoText(p.stdout, weekly.Memo(w, false), textOptions(p, c.Zone))
}

// toldWeeks answers the event of a week.
type toldWeeks struct {
	Window   digest.Window `json:"window"`
	Channels []string      `json:"channels"` // to which it was told now
}

// maxWeekAge is the greatest age of a week that is told: no archive is kept for longer.
const maxWeekAge = longestKept * 24 * time.Hour

// tellWeek tells a week to a channel, or to each, one after the other.
func tellWeek(ctx context.Context, s *service, e *weekjob.Event) (*toldWeeks, error) {
	if err := handler.CheckWindow(e.Window, time.Now(), maxWeekAge); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	store, err := s.store(ctx)
	if err == nil && store == nil {
		err = hinted{errors.New("tell the week: there is no state"), "set SLOWDIGEST_STATE and SLOWDIGEST_KEEP; see docs/archive.md"}
	}
	if err != nil {
		return nil, err
	}
	channels := []string{e.Channel}
	if e.Channel == "" {
		if channels, err = channelsOf(ctx, s); err != nil {
			return nil, err
		}
	}
	token, err := secret(ctx, s.Config, s.cfg)
	if err != nil {
		return nil, err
	}
	told := &toldWeeks{Window: e.Window}
	var errs []error
	for _, channel := range channels {
		chat, err := s.chat(token, channel, nil)
		if err != nil {
			return told, err
		}
		j := &weekjob.Job{Store: store, Channel: channel, Window: e.Window, Zone: s.zone(), Poster: chat.(weekjob.Poster), Owners: s.readOwners,
			SkipUnknown: s.Repeat == "skip", Now: time.Now, Logger: s.log.With("Channel", channel)}
		if request, ok := lambdacontext.FromContext(ctx); ok {
			j.Owner = request.AwsRequestID
		}
		w, err := j.Run(ctx)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", channel, err))
		case w != nil && w.Hours.Read > 0:
			told.Channels = append(told.Channels, channel)
			s.log.InfoContext(ctx, "week told", "Channel", channel, "window_start", w.Window.Start, "hours_read", w.Hours.Read)
		case w != nil:
			s.log.WarnContext(ctx, "no week told: no hour of it is kept", "Channel", channel, "window_start", w.Window.Start)
		}
	}
	return told, errors.Join(errs...)
}

// channelsOf returns those of the instances, and the configured one.
func channelsOf(ctx context.Context, s *service) ([]string, error) {
	found, err := s.discover(ctx, s.from)
	if err != nil {
		return nil, err
	}
	routes, _ := handler.Routes(found, s.route(), false)
	var all []string
	for _, r := range routes {
		all = append(all, r.Channel)
	}
	if s.Channel != "" && !slices.Contains(all, s.Channel) {
		all = append(all, s.Channel)
	}
	if len(all) == 0 {
		return nil, errors.New("read configuration: SLOWDIGEST_CHANNEL is not set")
	}
	return all, nil
}
