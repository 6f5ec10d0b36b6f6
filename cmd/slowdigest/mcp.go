package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/ask"
	"slowdigest/handler/mcptools"
	"slowdigest/notifier/redact"
	"slowdigest/source"
)

// declareMCP answers one agent, which has started the command. The standard output is its own;
// what deserves a look goes to the standard error.
func declareMCP(f *flags, p *process) func(context.Context, []string) error {
	c := Config{OrderBy: digest.OrderBySum}
	c.declareInstances(f)
	c.declareMaxBytes(f)
	c.declareMinTime(f, "SLOWDIGEST_MIN_TIME")
	c.declareTagKeys(f)
	f.boolean(&c.PerInstance, "per-instance", "SLOWDIGEST_PER_INSTANCE", "make a statement a class of its own on each instance")
	c.declareMemory(f)
	c.declareOwners(f)
	return func(ctx context.Context, files []string) error {
		if slices.Contains(files, "-") {
			return usageError{errors.New("mcp: the standard input is the agent's"), "name files or directories"}
		}
		if c.State != "" && c.Channel == "" {
			return usageError{errors.New("mcp: it is not said whose state is meant"), "give --channel as it is configured for the digest, or leave out --state"}
		}
		for _, name := range files {
			if _, err := os.Stat(name); err != nil {
				return &fs.PathError{Op: "open", Path: name, Err: errors.Unwrap(err)}
			}
		}
		o, err := c.localTools(files)
		if len(files) == 0 {
			if len(c.Instances.items) == 0 && c.Tag == "" {
				return usageError{errors.New("mcp: there is nothing to read"), "use --instance, or name slow logs"}
			}
			var cfg aws.Config
			if cfg, err = loadAWS(ctx); err != nil {
				return err
			}
			o, err = c.tools(c.source(cfg, len(c.Schemas.items) == 0 && c.Owners == ""))
		}
		if err != nil {
			return err
		}
		o.Audit = auditTo(p.logger())
		t := &mcp.IOTransport{Reader: io.NopCloser(p.stdin), Writer: keepOpen{p.stdout}}
		if err := mcptools.New(o).Run(ctx, t); err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) && !errors.Is(err, mcp.ErrConnectionClosed) {
			return fmt.Errorf("serve the agent: %w", err)
		}
		return nil
	}
}

// keepOpen is a writer that somebody else closes.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// options are those that local logs and instances have in common.
func (c *Config) options() (mcptools.Options, error) {
	store, err := c.store(context.Background())
	o := mcptools.Options{Version: version, Now: time.Now, Kept: handler.LogsKept, Channel: c.Channel}
	if store != nil && c.Channel != "" {
		o.Store = store
	}
	return o, err
}

// tools read the configured instances, and no others.
func (c *Config) tools(from *source.RDS) (mcptools.Options, error) {
	o, err := c.options()
	o.Instances = func(ctx context.Context) ([]source.Instance, error) { return c.discover(ctx, from) }
	o.Handler = func(ctx context.Context, names []string) (*handler.Handler, error) {
		found, err := c.discover(ctx, from)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(i source.Instance) bool { return !slices.Contains(names, i.ID) })
		r, err := handler.OneRoute(found, c.route(), nil)
		if err != nil {
			return nil, err
		}
		r.Limit = digest.Limit{}
		return c.newHandler(from, r), nil
	}
	if c.Channel != "" && c.discovers() { // others may have channels of their own
		o.Members = func(ctx context.Context) ([]string, error) {
			found, err := c.discover(ctx, from)
			if err != nil {
				return nil, err
			}
			routes, omitted := handler.Routes(found, c.route(), false)
			for _, r := range routes {
				if r.Channel == c.Channel {
					return r.Instances, nil
				}
			}
			return nil, &handler.NoInstanceError{Omitted: omitted}
		}
	}
	return o, err
}

// localTools read files of this machine.
func (c *Config) localTools(paths []string) (mcptools.Options, error) {
	o, err := c.options()
	from := source.Local{Paths: paths}
	files := func(ctx context.Context) []source.File {
		found, _ := from.LogFiles(ctx, "", time.Time{}, time.Time{}) // what cannot be listed is told when it is read
		return found
	}
	o.Local, o.Kept = true, math.MaxInt64
	o.Instances = func(ctx context.Context) (all []source.Instance, _ error) {
		_, names := handler.LocalNames(files(ctx))
		for _, name := range names {
			all = append(all, source.Instance{ID: redact.SafeName(name)})
		}
		return all, nil
	}
	o.Handler = func(context.Context, []string) (*handler.Handler, error) {
		r := c.route("")
		r.Limit = digest.Limit{}
		h := c.newHandler(from, r)
		h.Ends = true // who asks for the last hour must not take an old file for a quiet one
		return h, nil
	}
	o.Rename = func(note string) string {
		found := files(context.Background())
		called, _ := handler.LocalNames(found)
		names := slices.Clone(paths)
		for _, f := range found {
			names = append(names, f.Name)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
		for _, name := range names {
			note = strings.ReplaceAll(note, name, redact.SafeName(cmp.Or(called[name], filepath.Base(name))))
		}
		return note
	}
	return o, err
}

// auditTo notes each call.
func auditTo(log *slog.Logger) func(context.Context, mcptools.Call) {
	return func(ctx context.Context, c mcptools.Call) {
		if l, ok := ctx.Value(logKey{}).(*slog.Logger); ok {
			log = l
		}
		attrs := []slog.Attr{slog.String("who", c.Who), slog.String("tool", c.Tool), slog.Int("bytes", c.Bytes)}
		if !c.Window.Start.IsZero() || !c.Window.End.IsZero() {
			attrs = append(attrs, slog.Time("window_start", c.Window.Start), slog.Time("window_end", c.Window.End))
		}
		level := slog.LevelInfo
		if c.Err != nil {
			level = slog.LevelWarn
			attrs = append(attrs, slog.String("error", redact.Clean(withHint(c.Err).Error())))
		}
		log.LogAttrs(ctx, level, "call of an agent", attrs...)
	}
}

// agents serves those that ask over the function's URL. It is made once in a process, and keeps
// the token for minutes, and what was read last.
type agents struct {
	mu    sync.Mutex
	url   *mcptools.URL
	token ask.Secret
}

type logKey struct{}

// serveAgents answers a request of an agent. An error of ours is a line of the log, but none of
// the invocation, which nobody retries.
func serveAgents(ctx context.Context, s *service, r events.LambdaFunctionURLRequest) events.LambdaFunctionURLResponse {
	if s.AgentsParameter == "" {
		return events.LambdaFunctionURLResponse{StatusCode: http.StatusNotFound}
	}
	answer := events.LambdaFunctionURLResponse{StatusCode: http.StatusServiceUnavailable}
	u, err := s.agents.open(s)
	if err == nil {
		answer, err = u.Serve(context.WithValue(ctx, logKey{}, s.log), r)
	}
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelWarn
	}
	s.noteRequest(ctx, level, "request of an agent", answer, err)
	return answer
}

func (a *agents) open(s *service) (*mcptools.URL, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.url != nil {
		return a.url, nil
	}
	o, err := s.tools(s.from)
	if err != nil {
		return nil, err
	}
	o.Kept, o.Audit = s.kept, auditTo(s.log)
	a.url = &mcptools.URL{Server: mcptools.New(o), Users: s.AskUsers.items}
	a.url.Token = func(ctx context.Context, verify func(string) bool) (bool, error) {
		read := func(ctx context.Context) (string, error) { return readParameter(ctx, s.cfg, s.AgentsParameter) }
		return a.token.Proves(ctx, time.Now(), read, verify)
	}
	if s.interactive() {
		a.url.Signed = s.proved
	}
	return a.url, nil
}
