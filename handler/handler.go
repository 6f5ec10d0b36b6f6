// Package handler is the straight line from a schedule event to a posted
// digest: list, open, parse, add up, rank, notify. The Lambda function and the
// command line run the same line.
package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/source"
)

// Source lists and opens slow logs. Start and end are UTC and bound the entries
// that are looked for; a source may return more than that.
type Source interface {
	LogFiles(ctx context.Context, instance string, start, end time.Time) ([]source.File, error)
	Open(ctx context.Context, f source.File) (*source.Log, error)
}

// became says what has become of an instance that is missing, and was still there at
// a time.
func (h *Handler) became(ctx context.Context, id string, at time.Time) string {
	if s, ok := h.Source.(interface {
		Became(ctx context.Context, instance string, at time.Time) string
	}); ok {
		return s.Became(ctx, id, at)
	}
	return id + " is not there any more."
}

// Poster is a Notifier that knows its messages again.
type Poster interface {
	notifier.Notifier
	Post(ctx context.Context, r *digest.Report) (notifier.Receipt, error)
	Update(ctx context.Context, r *digest.Report, at notifier.Receipt) (notifier.Receipt, error)
	Find(ctx context.Context, r *digest.Report) (notifier.Receipt, bool, error)
}

// Handler makes the digests of a fixed set of instances. Source, Instances, Limit
// and OrderBy are required; a Route sets all but the first.
type Handler struct {
	Source      Source
	Notifier    notifier.Notifier // best a Poster; nil posts nothing, and goes with no Store
	Instances   []string          // DB instance identifiers; none where none is left
	Limit       digest.Limit
	OrderBy     digest.OrderBy
	Filter      *digest.Filter // nil counts everything
	Detail      bool           // as digest.Aggregator's
	PerInstance bool           // as digest.Aggregator's
	By          digest.By      // as digest.Aggregator's; none but the zero value goes with a Store
	TagKeys     []string       // as digest.Aggregator's
	Progress    *Progress      // may be nil
	Parallel    int            // logs that are read side by side; 0 is 4
	Notes       []string       // sentences for the coverage of the report, after its own
	Ends        bool           // says which part of a window lies after local logs end

	// Store holds what is remembered between two runs. With nil, each run posts
	// its window, whatever was posted before, and nothing is known to be new. The
	// fields below are of no use then, and Channel and Now are required else.
	Store   state.Store
	Channel string           // whose state it is; see state.Key
	Now     func() time.Time // only for the expiry of claims
	Owner   string           // the ID of the request, the same when it is tried again
	Timeout time.Duration    // the longest that a run without a deadline may take; 0 is 15 min, which is the most

	// Force posts a window again that was posted, by replacing the message.
	Force bool
	// SkipUnknown leaves out a digest whose delivery is unconfirmed. Otherwise it
	// is posted again, and says so.
	SkipUnknown bool
	NewAfter    time.Duration // as digest.Options's
	Daily       Daily         // leaves out hours without news, and tells the day

	// Keep has the reports of hours archived, for so long: see package archive. 0 archives none.
	Keep time.Duration

	// Done and Pending are set by Run: how many hours it has finished, and how many are
	// left. Pending is nil where the state does not tell.
	Done    int
	Pending *int
	// Silent is set by Run with a Store where no message of a report was left in the
	// channel.
	Silent bool

	only bool // reads Instances, and not what had their names before

	Logger *slog.Logger // hears why a run posts nothing; nil is nobody
}

func (h *Handler) logger() *slog.Logger {
	if h.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.Logger
}

// Run reads the window and posts its digest. A part that could not be read is
// reported; it is an error only if there is nothing else, and then the
// report, which says so, is posted nevertheless. A digest that was posted, or may
// have been, but not whole is no error either, for a retry would post it again.
//
// With a Store, a window that is an hour of the clock is posted once, whoever
// runs it and how often, together with the pending hours before it.
// The report is nil where there was nothing to do. Without any instance, it is a
// NoInstanceError unless the channel had some.
func (h *Handler) Run(ctx context.Context, w digest.Window) (*digest.Report, error) {
	if h.Store != nil && len(w.Hours()) == 1 {
		return runPending(ctx, h, w)
	}
	if len(h.Instances) == 0 {
		return nil, &NoInstanceError{Omitted: h.Notes}
	}
	h.Done = 0
	r, readErr := h.Collect(ctx, w)
	var err error
	if h.Notifier != nil {
		err = h.Notifier.Notify(ctx, r)
	}
	var delivery *notifier.DeliveryError
	switch {
	case errors.As(err, &delivery) && delivery.Posted != notifier.NotPosted:
		r.Coverage.Notes = append(r.Coverage.Notes, errorNote(err))
	case err != nil:
		return r, errors.Join(fmt.Errorf("post digest: %w", err), readErr)
	}
	if readErr == nil {
		h.Done = len(w.Hours())
	}
	if r.Coverage.Events > 0 {
		return r, nil
	}
	return r, readErr
}
