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
	"slowdigest/parser"
	"slowdigest/source"
)

// defaultParallel is how many logs are read in parallel.
const defaultParallel = 4

// postingTime is kept free at the end of a deadline, so that what was read until
// then is still ranked and posted.
const postingTime = 20 * time.Second

// Collect reads the window. The report is never nil: it holds what could be
// read, its coverage names what could not, and the error joins the causes. When
// ctx ends, reading stops and the report is partial.
func (h *Handler) Collect(ctx context.Context, w digest.Window) (*digest.Report, error) {
	ctx, cancel := readingTime(ctx)
	defer cancel()
	rd := h.read(ctx, w, []digest.Window{w})
	return rd.report(h.Limit), rd.err()
}

// readingTime leaves time to post before the deadline of ctx.
func readingTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-postingTime))
	}
	return context.WithCancel(ctx)
}

// reading is one pass over the logs of a window, each hour of which may be
// counted by itself.
type reading struct {
	handler *Handler
	window  digest.Window
	whole   *digest.Aggregator   // all events, or those that lie in none of the hours
	hours   []*digest.Aggregator // one or more

	mu    sync.Mutex
	parts []part
}

// part holds what came of one file, or of the attempt to list an instance's.
type part struct {
	instance string
	file     source.File
	coverage digest.Coverage
	first    time.Time // when the log begins; zero if it does not tell
	err      error
	cut      bool // by the end of the time
}

// read reads all logs of a window, oldest first. If hours are more than one, the
// window must consist of them.
func (h *Handler) read(ctx context.Context, w digest.Window, hours []digest.Window) *reading {
	rd := &reading{handler: h, window: w, whole: h.aggregator(w)}
	rd.hours = []*digest.Aggregator{rd.whole}
	if len(hours) > 1 {
		rd.hours = nil
		for _, hour := range hours {
			rd.hours = append(rd.hours, h.aggregator(hour))
		}
	}
	var files []source.File
	listed := make([][]source.File, len(h.Instances))
	h.inParallel(len(h.Instances), func(i int) { listed[i] = rd.list(ctx, h.Instances[i]) })
	for _, l := range listed {
		files = append(files, l...)
	}
	slices.SortStableFunc(files, func(a, b source.File) int { return a.LastWritten.Compare(b.LastWritten) })
	h.Progress.begin(rd, files)
	h.inParallel(len(files), func(i int) { rd.readFile(ctx, files[i]) })
	return rd
}

func (h *Handler) aggregator(w digest.Window) *digest.Aggregator {
	a := digest.NewAggregator(w)
	a.Filter, a.Detail, a.PerInstance = h.Filter, h.Detail, h.PerInstance
	return a
}

func (h *Handler) inParallel(n int, do func(i int)) {
	var wg sync.WaitGroup
	free := make(chan struct{}, cmp.Or(h.Parallel, defaultParallel))
	for i := range n {
		free <- struct{}{}
		wg.Go(func() {
			do(i)
			<-free
		})
	}
	wg.Wait()
}

func (rd *reading) list(ctx context.Context, instance string) []source.File {
	files, err := rd.handler.Source.LogFiles(ctx, instance, rd.window.Start, rd.window.End)
	if err != nil {
		rd.add(part{instance: instance, err: err, cut: ctx.Err() != nil})
	}
	return files
}

func (rd *reading) readFile(ctx context.Context, f source.File) {
	defer rd.handler.Progress.end()
	got := part{instance: f.Instance, file: f}
	log, err := rd.handler.Source.Open(ctx, f)
	if err == nil {
		defer log.Close()
		err = rd.readLog(log, &got)
	}
	if err != nil {
		got.err = err
	}
	got.cut = ctx.Err() != nil && (err != nil || !got.coverage.Complete)
	rd.add(got)
}

func (rd *reading) readLog(log *source.Log, to *part) error {
	p := parser.New(rd.handler.Progress.count(log), parser.Options{Gaps: log.Seams})
	add := rd.adder(cmp.Or(to.file.Instance, filepath.Base(to.file.Name)))
	var err error
	for {
		var e *parser.Event
		if e, err = p.Next(); err != nil {
			break
		}
		add(e)
	}
	got, stats := log.Coverage(), p.Stats()
	notes := got.Notes
	for _, problem := range stats.Problems {
		notes = append(notes, fmt.Sprintf("%s: %s (%d times, the first at byte %d).",
			logName(to.file), problem.Reason, problem.Count, problem.Offsets[0]))
	}
	to.coverage = digest.Coverage{
		Files:          1,
		BytesListed:    to.file.Size,
		BytesRead:      got.BytesRead,
		BytesSkipped:   got.Skipped,
		Portions:       got.Portions,
		Retries:        got.Retries,
		Unreadable:     stats.Unreadable,
		Doubtful:       stats.Doubtful,
		TruncatedLines: got.TruncatedLines,
		Complete:       got.Complete && stats.Complete(),
		Notes:          notes,
		Gaps:           gaps(to.file, got),
	}
	to.first = stats.First
	switch {
	case err != io.EOF:
		return fmt.Errorf("read %s: %w", logName(to.file), err)
	case stats.Bytes > 0 && !stats.SlowLog:
		return fmt.Errorf("read %s: %w", logName(to.file), ErrNotSlowLog)
	}
	return nil
}

// gaps returns those of one file, which may stand for hours that RDS has purged.
func gaps(f source.File, c source.Coverage) []digest.Gap {
	var all []digest.Gap
	if !f.PurgedFrom.IsZero() {
		all = append(all, digest.Gap{Instance: f.Instance, File: f.Name, After: f.PurgedFrom, Before: f.PurgedTo})
	}
	for _, g := range c.Gaps {
		all = append(all, digest.Gap{Instance: f.Instance, File: f.Name, From: g.From, To: g.To, After: g.After, Before: g.Before})
	}
	return all
}

// adder returns the function that counts the events of one log, each in its hour.
func (rd *reading) adder(instance string) func(*parser.Event) {
	whole := rd.whole.Stream(instance)
	if len(rd.hours) == 1 {
		return whole.Add
	}
	hours := make([]*digest.Stream, len(rd.hours))
	for i, a := range rd.hours {
		hours[i] = a.Stream(instance)
	}
	return func(e *parser.Event) {
		if rd.window.Contains(e.Time) {
			hours[e.Time.Sub(rd.window.Start)/time.Hour].Add(e)
		} else {
			whole.Add(e)
		}
	}
}

// add records a part. An error is a part of the window that is missing.
func (rd *reading) add(p part) {
	if p.err != nil {
		p.coverage.Complete = false
		p.coverage.Notes = append(p.coverage.Notes, errorNote(p.err))
	}
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.parts = append(rd.parts, p)
}

func (rd *reading) err() error {
	var errs []error
	for _, p := range rd.parts {
		errs = append(errs, p.err)
	}
	return errors.Join(errs...)
}

// ErrNotSlowLog says that a file holds text, but no entry of a slow log.
var ErrNotSlowLog = errors.New("it is not a slow log")

// logName returns how a file is called in notes and errors.
func logName(f source.File) string {
	if f.Instance == "" {
		return f.Name
	}
	return f.Instance + "/" + f.Name
}
