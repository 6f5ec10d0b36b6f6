package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/ask"
	"slowdigest/handler/owners"
	"slowdigest/handler/state"
	"slowdigest/handler/weekjob"
	"slowdigest/notifier/slack"
	"slowdigest/source"
)

// newHandler makes the work of a route from the settings. Nothing else makes a
// Handler, so that a setting is the same whoever asks.
func (c *Config) newHandler(from handler.Source, r handler.Route) *handler.Handler {
	h := &handler.Handler{Source: from, Detail: c.Format == "html", By: c.By, TagKeys: c.TagKeys.items}
	if c.Owners != "" || c.State != "" {
		h.Owners = c.readOwners
	}
	f := digest.Filter{Users: c.Users.items, Hosts: c.Hosts.items, Schemas: c.Schemas.items, IDs: c.IDs.items, Tags: c.QueryTags.byKey()}
	if c.Where.condition != nil {
		f.Where, f.Expression = c.Where.condition, c.Where.condition.String()
	}
	if !f.Empty() {
		h.Filter = &f
	}
	r.Apply(h)
	return h
}

// route returns the defaults for all instances, which their tags may override.
func (c *Config) route(instances ...string) handler.Route {
	return handler.Route{Channel: c.Channel, Instances: instances, Limit: c.Limit, OrderBy: c.OrderBy, MinTime: c.MinTime, PerInstance: c.PerInstance}
}

// source reads from RDS. With seek it begins where the window begins, which pays
// for short ones.
func (c *Config) source(cfg aws.Config, seek bool) *source.RDS {
	return source.NewRDS(unlimited(cfg), source.Options{Download: c.Download, MaxBytes: c.MaxBytes, Seek: seek, Now: time.Now})
}

// seeks reports whether reading may begin within a log. Its database is named only where it changes, which
// may be before that.
func (c *Config) seeks() bool {
	return len(c.Schemas.items) == 0 && c.Owners == "" && c.By != digest.BySchema && c.By != digest.ByTable && !c.Where.uses("schema") && !c.Where.uses("offset")
}

// discover finds the configured instances.
func (c *Config) discover(ctx context.Context, from *source.RDS) ([]source.Instance, error) {
	if len(c.Instances.items) == 0 && c.Tag == "" {
		return nil, hinted{errors.New("read configuration: no instance is named"), "set SLOWDIGEST_INSTANCES or SLOWDIGEST_TAG"}
	}
	return from.Discover(ctx, c.Instances.items, c.Tag)
}

// names says how the instances are selected.
func (c *Config) names() []string {
	names := slices.Clone(c.Instances.items)
	if c.Tag != "" {
		names = append(names, "the tag "+c.Tag)
	}
	return names
}

// oneRoute returns the route of a single digest of all configured instances.
// Their tags count, but for what the flags or fields named in fixed decide.
func (c *Config) oneRoute(ctx context.Context, from *source.RDS, fixed []string) (handler.Route, error) {
	found, err := c.discover(ctx, from)
	if err != nil {
		return handler.Route{}, err
	}
	return handler.OneRoute(found, c.route(), fixed)
}

// answering names the function that answers what is asked in Slack; empty outside Lambda.
func (c *Config) answering() string { return cmp.Or(c.AnswerFunction, lambdacontext.FunctionName) }

// loadAWS is for the region and the profile that the flags name; else as the standard way finds them.
func (c *Config) loadAWS(ctx context.Context) (aws.Config, error) {
	return loadAWS(ctx, config.WithRegion(c.Region), config.WithSharedConfigProfile(c.Profile))
}

// store opens the place of the state; nil is none.
func (c *Config) store(ctx context.Context) (state.Store, error) {
	place, inS3 := strings.CutPrefix(c.State, "s3://")
	if !inS3 {
		if c.State == "" {
			return nil, nil
		}
		return state.FileStore{Dir: c.State}, nil
	}
	bucket, prefix, _ := strings.Cut(place, "/")
	if bucket == "" {
		return nil, usageError{fmt.Errorf("state %q names no bucket", c.State), "want s3://BUCKET/PREFIX"}
	}
	cfg, err := c.loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	return state.NewS3Store(cfg, bucket, prefix), nil
}

// ownersKey is that of the owners next to the state, where it is no channel's: see state.Key.
const ownersKey = "owners"

// readOwners reads who owns which queries; nil is nobody.
func (c *Config) readOwners(ctx context.Context) (*owners.Owners, error) {
	text, err := c.ownersText(ctx)
	if err != nil || text == nil {
		return nil, err
	}
	o, err := owners.Read(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.ownersPlace(), err)
	}
	return o, nil
}

func (c *Config) ownersPlace() string { return cmp.Or(c.Owners, c.State+"/"+ownersKey) }

// ownersText is nil where there is none next to the state.
func (c *Config) ownersText(ctx context.Context) ([]byte, error) {
	if c.Owners == "" {
		store, err := c.store(ctx)
		if err != nil || store == nil {
			return nil, err
		}
		text, tag, err := store.Load(ctx, ownersKey)
		if tag != "" && text == nil {
			text = []byte{}
		}
		return text, err
	}
	f, err := os.Open(c.Owners)
	if err != nil {
		return nil, fmt.Errorf("read owners: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, owners.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read owners: %w", err)
	}
	return text, nil
}

// nameOwners has h name the owners that are known now. Who waits for the answer hears at once of a
// file that cannot be read.
func (c *Config) nameOwners(ctx context.Context, h *handler.Handler) error {
	if h.Owners == nil {
		return nil
	}
	o, err := h.Owners(ctx)
	h.Owners = func(context.Context) (*owners.Owners, error) { return o, nil }
	return err
}

// service serves the events of Lambda by one configuration, wherever it runs.
type service struct {
	*Config
	cfg  aws.Config
	log  *slog.Logger
	from *source.RDS

	variables variables // that the configuration was read from

	// start has the event of a task worked on and does not wait for it.
	start   func(ctx context.Context, event []byte) error
	signing *ask.Secret                                  // of Slack
	done    func(ctx context.Context, o handler.Outcome) // hears how each scheduled digest ended; may be nil
	agents  *agents                                      // what serves them
	// onlyPrint serves also what has no channel to post to: who called prints the
	// answer.
	onlyPrint bool
	pause     time.Duration // between two messages in Slack; 0 is Slack's limit
	kept      time.Duration // how long logs are kept; see handler.CheckWindow
}

func newService(c *Config, cfg aws.Config, log *slog.Logger) *service {
	return &service{Config: c, cfg: cfg, log: log, from: c.source(cfg, false), kept: handler.LogsKept, signing: new(ask.Secret), agents: new(agents)}
}

// handleEvent is the one entrance of every kind of event, under Lambda and by
// `slowdigest invoke`: of a schedule, of a queue, of a person who wants to know
// now, of a pipeline that rolls out a release, and of Slack, which comes in by a function URL.
func (s *service) handleEvent(ctx context.Context, event json.RawMessage) (any, error) {
	if r := urlRequest(event); r != nil {
		return s.serveURL(ctx, r), nil
	}
	if t, err := ask.ReadTask(event); err != nil {
		return nil, err
	} else if t != nil {
		return s.doTask(ctx, t)
	}
	if asksDoctor(event) {
		return diagnose(ctx, s), nil
	}
	if k, err := handler.ReadMarked(event); err != nil {
		return nil, err
	} else if k != nil {
		return mark(ctx, s.Config, k)
	}
	if e, err := weekjob.ReadEvent(event, time.Now(), s.zone()); err != nil {
		return nil, err
	} else if e != nil {
		return tellWeek(ctx, s, e)
	}
	m, err := handler.ReadManual(event, time.Now())
	switch {
	case err != nil:
		return nil, err
	case m != nil:
		if err := handler.CheckWindow(m.Window, time.Now(), s.kept); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		return s.answer(ctx, m)
	case s.Channel == "" && !s.discovers() && !s.onlyPrint:
		return nil, errors.New("read configuration: SLOWDIGEST_CHANNEL is not set")
	}
	return s.fleet(ctx).HandleEvent(ctx, event)
}

// fleet makes the digests of schedules and of queues.
func (s *service) fleet(ctx context.Context) *handler.Fleet {
	var token string
	f := &handler.Fleet{
		Now:  time.Now,
		Kept: s.kept,
		Discover: func(ctx context.Context) ([]source.Instance, error) {
			return s.discover(ctx, s.from)
		},
		Names:          s.names(),
		Defaults:       s.route(),
		WithoutChannel: s.onlyPrint,
		Handler: func(ctx context.Context, channel string) (*handler.Handler, error) {
			h := s.newHandler(s.from, handler.Route{})
			if channel == "" {
				return h, nil
			}
			if token == "" { // once for all channels
				var err error
				if token, err = secret(ctx, s.Config, s.cfg); err != nil {
					return nil, err
				}
			}
			to, err := s.chat(token, channel, nil)
			if err != nil {
				return nil, err
			}
			h.Notifier = to
			return h, s.remember(ctx, h, channel)
		},
		Done: s.done,
		Omitted: func(ctx context.Context, note string) {
			s.log.WarnContext(ctx, "instance left out", "reason", note)
		},
	}
	if store, err := s.store(ctx); err == nil && s.discovers() { // an error is each digest's
		f.Channels = store
	}
	if s.QueueURL != "" {
		f.Queue = handler.NewSQS(s.cfg, s.QueueURL)
	}
	return f
}

// remember gives h a memory of a channel, if there is one.
func (s *service) remember(ctx context.Context, h *handler.Handler, channel string) error {
	store, err := s.store(ctx)
	if err != nil || store == nil {
		return err
	}
	h.Store, h.Channel, h.Now, h.Logger = store, channel, time.Now, s.log
	h.Force, h.SkipUnknown, h.Daily, h.Keep = s.Force, s.Repeat == "skip", s.Daily, s.Keep
	if request, ok := lambdacontext.FromContext(ctx); ok {
		h.Owner = request.AwsRequestID
	}
	return nil
}

// answer reads the window that somebody asked for, and posts its digest unless
// it is a dry run. It neither looks at the state nor changes it.
func (s *service) answer(ctx context.Context, m *handler.Manual) (any, error) {
	c := *s.Config
	var fixed []string
	if len(m.Instances) > 0 {
		c.Instances.items, c.Tag = m.Instances, ""
	}
	if m.Limit != nil {
		c.Limit, fixed = *m.Limit, []string{"limit"}
	}
	if m.Channel != "" {
		c.Channel = m.Channel
	}
	r, err := c.oneRoute(ctx, s.from, fixed)
	if err != nil {
		return nil, err
	}
	h := c.newHandler(s.from, r)
	switch {
	case m.DryRun, c.Channel == "" && s.onlyPrint:
		return h.Collect(ctx, m.Window)
	case c.Channel == "":
		return nil, hinted{errors.New("answer event: there is no channel to post to"), `set SLOWDIGEST_CHANNEL, or give the event a "channel" or "dry_run"`}
	}
	token, err := secret(ctx, s.Config, s.cfg)
	if err != nil {
		return nil, err
	}
	if h.Notifier, err = s.chat(token, c.Channel, &slack.Answer{To: m.Asked, Thread: m.Thread}); err != nil {
		return nil, err
	}
	return h.Run(ctx, m.Window)
}
