package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
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
	h.readOwners(ctx)
	ctx, cancel := readingTime(ctx)
	defer cancel()
	rd := h.read(ctx, w, []digest.Window{w}, nil)
	r := rd.report(h.Limit)
	h.owned.name(r)
	return r, rd.err()
}

// CollectHours is Collect of a window of hours of the clock. It also returns the report of each
// hour, with all classes. It neither looks at a state nor changes one.
func (h *Handler) CollectHours(ctx context.Context, w digest.Window) (whole *digest.Report, hours []*digest.Report, err error) {
	h.readOwners(ctx)
	ctx, cancel := readingTime(ctx)
	defer cancel()
	rd := h.read(ctx, w, w.Hours(), nil)
	whole = rd.report(h.Limit)
	h.owned.name(whole)
	return whole, rd.hourly(), rd.err()
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
	handler   *Handler
	window    digest.Window
	instances []string             // those of the handler, with the members of clusters in their place, each once
	names     map[string]string    // what stands for the instance of a local log, by its path
	local     []string             // each of these once
	whole     *digest.Aggregator   // all events, or those that lie in none of the hours
	hours     []*digest.Aggregator // one or more

	known    *state.State // what is remembered; nil if nothing is
	ids      identities   // who has the names
	selected []string     // the instances that have names of the channel; the others had one before
	off      []string     // instances of which it is to be said that they do not log
	gone     []string     // the names of instances that were read before, and are not found any more

	mu    sync.Mutex
	parts []part
}

// part holds what came of one file, or of the attempt to list an instance's.
type part struct {
	instance string
	file     source.File
	coverage digest.Coverage
	first    time.Time       // when the log begins; zero if it does not tell
	last     time.Time       // of its entries, the latest; zero if there is none
	bytes    int64           // of its text
	calls    []int64         // of each hour
	absent   *source.Absence // what could not be read; nil if that is known of nothing
	err      error
	cut      bool // by the end of the time
}

// mostReadings is how often the logs of a window are read while names change hands.
const mostReadings = 3

// read reads all logs of a window, oldest first. If hours are more than one, the
// window must consist of them. Files are asked for by the names of their instances, so what
// was read counts only if these were the same before and after.
func (h *Handler) read(ctx context.Context, w digest.Window, hours []digest.Window, known *state.State) *reading {
	ids := h.identify(ctx, known, w, nil)
	for n := 1; ; n++ {
		rd := h.readOf(ctx, w, hours, known, ids)
		now := h.identify(ctx, known, w, rd.selected)
		switch changed := now.err == nil && known != nil && !ids.same(now, known.Instances); {
		case changed && n < mostReadings:
			ids = now
			continue
		case changed:
			rd.unidentified()
		}
		if rd.ids.err = now.err; now.err == nil {
			rd.ids.holders, rd.ids.names = now.holders, now.names
		}
		return rd
	}
}

// unidentified notes of each instance that another may have been read in its place.
func (rd *reading) unidentified() {
	for _, id := range rd.selected {
		a := &source.Absence{From: rd.window.Start, To: rd.window.End, Cause: source.Passing, Note: id + " changed hands each time that it was read."}
		rd.add(part{instance: id, coverage: digest.Coverage{Complete: true}, absent: a})
	}
}

// readOf is read of the instances that are taken to have the names.
func (h *Handler) readOf(ctx context.Context, w digest.Window, hours []digest.Window, known *state.State, ids identities) *reading {
	rd := &reading{handler: h, window: w, whole: h.aggregator(w), known: known, ids: ids}
	rd.hours = []*digest.Aggregator{rd.whole}
	if len(hours) > 1 {
		rd.hours = nil
		for _, hour := range hours {
			rd.hours = append(rd.hours, h.aggregator(hour))
		}
	}
	files := rd.resolve(ctx)
	rd.names, rd.local = LocalNames(files)
	slices.SortStableFunc(files, func(a, b source.File) int { return a.LastWritten.Compare(b.LastWritten) })
	h.Progress.begin(rd, files)
	h.inParallel(len(files), func(i int) { rd.readFile(ctx, files[i], before(files, i)) })
	return rd
}

// resolve lists the files of all instances. The name of a cluster stands for its
// members; what is named twice, as by its own name and by its cluster's, is read once.
func (rd *reading) resolve(ctx context.Context) []source.File {
	names := slices.DeleteFunc(slices.Clone(rd.handler.Instances), func(name string) bool { return rd.ids.elsewhere(name, rd.window) })
	listed := make([][]source.File, len(names))
	rd.handler.inParallel(len(names), func(i int) { listed[i] = rd.list(ctx, names[i]) })
	var files []source.File
	resolved := map[string][]string{} // the instances that a name stands for
	by := map[string]string{}         // the name by which an instance is read
	for i, name := range names {
		if slices.Index(names, name) < i {
			continue
		}
		for _, f := range listed[i] {
			id := cmp.Or(f.Instance, name) // local files have none
			if id != name && (slices.Contains(names, id) || cmp.Or(by[id], name) != name) {
				continue
			}
			if files = append(files, f); by[id] == "" {
				by[id] = name
				resolved[name] = append(resolved[name], id)
			}
		}
	}
	rd.instances = nil
	for _, name := range names {
		ids := resolved[name]
		if len(ids) == 0 && !slices.ContainsFunc(listed[slices.Index(names, name)], func(f source.File) bool { return cmp.Or(f.Instance, name) != name }) {
			ids = []string{name}
		}
		for _, id := range ids {
			if !slices.Contains(rd.instances, id) {
				rd.instances = append(rd.instances, id)
			}
		}
	}
	rd.selected = slices.Clone(rd.instances)
	for _, id := range rd.ids.others(rd.window) {
		if !slices.Contains(rd.instances, id) {
			rd.instances = append(rd.instances, id)
			files = append(files, rd.list(ctx, id)...)
		}
	}
	return files
}

// before returns the time before which the file at i can hold nothing: the last write
// to the second of the files of its instance that come before it.
func before(files []source.File, i int) time.Time {
	n := 0
	for _, f := range slices.Backward(files[:i]) {
		if f.Instance == files[i].Instance && f.Absent == nil {
			if n++; n == 2 {
				return f.LastWritten
			}
		}
	}
	return time.Time{}
}

func (h *Handler) aggregator(w digest.Window) *digest.Aggregator {
	a := digest.NewAggregator(w)
	a.Filter, a.Detail, a.PerInstance, a.By, a.TagKeys, a.Keep = h.Filter, h.Detail, h.PerInstance, h.By, h.owned.tagKeys(h.TagKeys), h.Keep > 0
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
		p := part{instance: instance, err: err, cut: ctx.Err() != nil, coverage: digest.Coverage{Complete: true}}
		p.absent = absence(rd.window.Start, rd.window.End, err)
		rd.add(p)
	}
	return files
}

// absence is that of what an error has kept from being read.
func absence(from, to time.Time, err error) *source.Absence {
	return &source.Absence{From: from, To: to, Cause: source.CauseOf(err), Note: errorNote(err)}
}

// readFile reads one file. It holds nothing that happened before a time.
func (rd *reading) readFile(ctx context.Context, f source.File, before time.Time) {
	defer rd.handler.Progress.end()
	if f.Omitted != "" {
		rd.add(part{instance: f.Instance, coverage: digest.Coverage{Complete: true, Notes: []string{f.Omitted}}})
		return
	}
	got := part{instance: f.Instance, file: f, absent: f.Absent}
	if f.Absent != nil {
		got.coverage = digest.Coverage{Files: 1, Complete: true}
		rd.add(got)
		return
	}
	log, err := rd.handler.Source.Open(ctx, f)
	if err == nil {
		defer log.Close()
		err = rd.readLog(log, &got)
	}
	got.cut = ctx.Err() != nil && (err != nil || !got.coverage.Complete)
	switch {
	case f.Unknown && errors.Is(err, ErrNotSlowLog):
		got.coverage = digest.Coverage{Complete: true, Notes: []string{fmt.Sprintf("%s is listed among the slow logs, and is none.", logName(f))}}
	case err != nil:
		if got.err = err; log == nil {
			got.coverage.Complete = true // but for what is absent
		}
		got.absent = absence(later(before, rd.window.Start), lastWrite(f), err)
	case log.Coverage().Cause != "":
		got.absent = &source.Absence{From: later(before, rd.window.Start), To: lastWrite(f), Cause: log.Coverage().Cause}
	default:
		got.absent = f.Unlisted // but for what the file spans
	}
	rd.add(got)
}

// lastWrite returns the end of what a file can hold; zero if it is not known.
func lastWrite(f source.File) time.Time {
	if f.LastWritten.IsZero() {
		return f.LastWritten
	}
	return f.LastWritten.Add(time.Millisecond)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (rd *reading) readLog(log *source.Log, to *part) error {
	whole, hours := rd.streams(cmp.Or(rd.ids.label(to.file.Instance), rd.names[to.file.Name]), to.file.Name, log.Offset)
	defer func() {
		for _, s := range hours {
			to.calls = append(to.calls, s.Calls())
		}
	}()
	var until time.Time // when it was seen without the name for which it counts
	if f, ok := rd.ids.former(to.file.Instance); ok && !slices.Contains(rd.selected, to.file.Instance) {
		until = f.Until
	}
	of := func(e *parser.Event) *digest.Stream {
		if len(hours) > 1 && rd.window.Contains(e.Time) {
			return hours[e.Time.Sub(rd.window.Start)/time.Hour]
		}
		return whole
	}
	newJudge := func() judging {
		j := whole.Judge()
		return func(e *parser.Event) digest.Judged { return j.Judge(e, of(e)) }
	}
	stats, err := parseAhead(rd.handler.Progress.count(log), parser.Options{Gaps: log.Seams}, judges(), newJudge, func(e *parser.Event, j digest.Judged) {
		if to.last = later(to.last, e.Time); until.IsZero() || !e.Time.After(until) {
			of(e).AddJudged(e, j)
		}
	})
	got := log.Coverage()
	notes := got.Notes
	for _, problem := range stats.Problems {
		times := ""
		if problem.Count > 1 {
			times = fmt.Sprintf("%d times, the first ", problem.Count)
		}
		notes = append(notes, fmt.Sprintf("%s: %s (%sat byte %d).", logName(to.file), problem.Reason, times, problem.Offsets[0]))
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
		Sampled:        got.Sampled,
		Notes:          notes,
		Gaps:           gaps(to.file, got),
	}
	to.first, to.bytes = stats.First, stats.Bytes
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", logName(to.file), err)
	case stats.Bytes > 0 && !stats.SlowLog:
		return fmt.Errorf("read %s: %w", logName(to.file), ErrNotSlowLog)
	}
	return nil
}

// gaps returns those of one file.
func gaps(f source.File, c source.Coverage) []digest.Gap {
	var all []digest.Gap
	for _, g := range c.Gaps {
		all = append(all, digest.Gap{Instance: f.Instance, File: f.Name, From: g.From, To: g.To, After: g.After, Before: g.Before})
	}
	return all
}

// streams returns those that count the events of one log: in each hour, which a single one is
// itself, and in none.
func (rd *reading) streams(instance, file string, offset func(int64) (int64, bool)) (whole *digest.Stream, hours []*digest.Stream) {
	stream := func(of *digest.Aggregator) *digest.Stream {
		s := of.Stream(instance)
		s.File, s.Offset = file, offset
		return s
	}
	whole = stream(rd.whole)
	if len(rd.hours) == 1 {
		return whole, []*digest.Stream{whole}
	}
	for _, a := range rd.hours {
		hours = append(hours, stream(a))
	}
	return whole, hours
}

// calls counts those of the hours by instance, as identities.key has it.
func (rd *reading) calls() map[string]int64 {
	calls := map[string]int64{}
	for _, p := range rd.parts {
		for _, n := range p.calls[:min(len(p.calls), len(rd.hours))] {
			if n > 0 {
				calls[rd.ids.key(p.instance)] += n
			}
		}
	}
	return calls
}

func (rd *reading) add(p part) {
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
