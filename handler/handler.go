// Package handler is the straight line from a schedule event to a posted
// digest: list, open, parse, add up, rank, notify. The Lambda function and the
// command line run the same line.
package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/parser"
	"slowdigest/source"
)

// parallel is how many logs are read side by side.
const parallel = 4

// postingTime is kept free at the end of a deadline, so that what was read until
// then is still ranked and posted.
const postingTime = 20 * time.Second

// Source lists and opens slow logs. Start and end are UTC and bound the entries
// that are looked for; a source may return more than that.
type Source interface {
	LogFiles(ctx context.Context, instance string, start, end time.Time) ([]source.File, error)
	Open(ctx context.Context, f source.File) (*source.Log, error)
}

// Handler makes the digests of a fixed set of instances. All fields but
// Notifier, which Collect does not use, Filter and Detail are required.
type Handler struct {
	Source    Source
	Notifier  notifier.Notifier
	Instances []string // DB instance identifiers
	Limit     digest.Limit
	OrderBy   digest.OrderBy
	Filter    *digest.Filter // nil counts everything
	Detail    bool           // as digest.Aggregator's
}

// Run reads the window and posts its digest. A part that could not be read is
// told in the report; it is an error only if there is nothing else, and then the
// report, which says so, is posted nevertheless. A digest that was posted, or may
// have been, but not whole is no error either, for a retry would post it again.
func (h *Handler) Run(ctx context.Context, w digest.Window) (*digest.Report, error) {
	r, readErr := h.Collect(ctx, w)
	err := h.Notifier.Notify(ctx, r)
	var delivery *notifier.DeliveryError
	switch {
	case errors.As(err, &delivery) && delivery.Posted != notifier.NotPosted:
		r.Coverage.Notes = append(r.Coverage.Notes, err.Error())
	case err != nil:
		return r, errors.Join(fmt.Errorf("post digest: %w", err), readErr)
	}
	if r.Coverage.Events > 0 {
		return r, nil
	}
	return r, readErr
}

// Collect reads the window. The report is never nil: it holds what could be
// read, its coverage names what could not, and the error joins the causes. When
// ctx ends, reading stops and the report is partial.
func (h *Handler) Collect(ctx context.Context, w digest.Window) (*digest.Report, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-postingTime))
		defer cancel()
	}
	c := collection{handler: h, window: w, to: digest.NewAggregator(w), coverage: digest.Coverage{Complete: true}}
	c.to.Filter, c.to.Detail = h.Filter, h.Detail
	var files []source.File
	listed := make([][]source.File, len(h.Instances))
	sideBySide(len(h.Instances), func(i int) { listed[i] = c.list(ctx, h.Instances[i]) })
	for _, l := range listed {
		files = append(files, l...)
	}
	sideBySide(len(files), func(i int) { c.read(ctx, files[i]) })

	r := c.to.Report(h.Limit, h.OrderBy)
	r.Instances = h.Instances
	r.Coverage.Add(c.coverage)
	slices.Sort(r.Coverage.Notes) // files are read side by side, and end in any order
	return r, errors.Join(c.errs...)
}

func sideBySide(n int, do func(i int)) {
	var wg sync.WaitGroup
	free := make(chan struct{}, parallel)
	for i := range n {
		free <- struct{}{}
		wg.Go(func() {
			do(i)
			<-free
		})
	}
	wg.Wait()
}

// collection is one pass of Collect.
type collection struct {
	handler *Handler
	window  digest.Window
	to      *digest.Aggregator

	mu       sync.Mutex
	coverage digest.Coverage // what the sources and the parsers tell
	errs     []error
}

func (c *collection) list(ctx context.Context, instance string) []source.File {
	files, err := c.handler.Source.LogFiles(ctx, instance, c.window.Start, c.window.End)
	if err != nil {
		c.miss(err)
	}
	return files
}

// miss records an error as a part of the window that is missing.
func (c *collection) miss(err error) {
	note := err.Error()
	if hint := source.Hint(err); hint != "" {
		note += " (" + hint + ")"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
	c.coverage.Add(digest.Coverage{Notes: []string{note}})
}

func (c *collection) read(ctx context.Context, f source.File) {
	log, err := c.handler.Source.Open(ctx, f)
	if err != nil {
		c.miss(err)
		return
	}
	defer log.Close()
	p := parser.New(log, parser.Options{})
	stream := c.to.Stream(cmp.Or(f.Instance, filepath.Base(f.Name)))
	for {
		var e *parser.Event
		if e, err = p.Next(); err != nil {
			break
		}
		stream.Add(e)
	}
	got, stats := log.Coverage(), p.Stats()
	switch {
	case err != io.EOF:
		c.miss(fmt.Errorf("read %s: %w", name(f), err))
	case stats.Bytes > 0 && !stats.SlowLog:
		c.miss(fmt.Errorf("read %s: %w", name(f), ErrNotSlowLog))
	}
	notes := got.Notes
	for _, problem := range stats.Problems {
		notes = append(notes, fmt.Sprintf("%s: %s (%d times, the first at byte %d).",
			name(f), problem.Reason, problem.Count, problem.Offsets[0]))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.coverage.Add(digest.Coverage{
		Files:       1,
		BytesListed: f.Size,
		BytesRead:   got.BytesRead,
		Unreadable:  stats.Unreadable,
		Complete:    got.Complete && stats.Unreadable == 0,
		Notes:       notes,
	})
}

// ErrNotSlowLog says that a file holds text, but no entry of a slow log.
var ErrNotSlowLog = errors.New("it is not a slow log")

// name is how a file is called in notes and errors.
func name(f source.File) string {
	if f.Instance == "" {
		return f.Name
	}
	return f.Instance + "/" + f.Name
}
