// Package handler is the straight line from a schedule event to a posted
// digest: list, open, parse, add up, rank, notify. The Lambda function and the
// command line run the same line.
package handler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/source"
)

// Source lists and opens slow logs. Start and end are UTC and bound the entries
// that are looked for; a source may return more than that.
type Source interface {
	LogFiles(ctx context.Context, instance string, start, end time.Time) ([]source.File, error)
	Open(ctx context.Context, f source.File) (*source.Log, error)
}

// Handler makes the digests of a fixed set of instances. All fields but
// Notifier, which Collect does not use, Filter and what follows it are required.
type Handler struct {
	Source    Source
	Notifier  notifier.Notifier
	Instances []string // DB instance identifiers
	Limit     digest.Limit
	OrderBy   digest.OrderBy
	Filter    *digest.Filter // nil counts everything
	Detail    bool           // as digest.Aggregator's
	Progress  *Progress      // may be nil
	Notes     []string       // sentences that the report's coverage is to tell beside its own
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
