package handler

import (
	"context"
	"errors"
	"fmt"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// deliver sees to it that the message of a debt is in the channel once. An error
// with d.maybe set leaves it unknown whether it is.
func (h *Handler) deliver(ctx context.Context, d *debt, r *digest.Report, trouble bool) (notifier.Receipt, error) {
	if err := h.aboutToPost(ctx, d, trouble); err != nil {
		return notifier.Receipt{}, fmt.Errorf("claim the right to post: %w", err)
	}
	if d.redo {
		return h.replace(ctx, d, r)
	}
	for try := 1; ; try++ {
		if d.maybe {
			receipt, found, err := h.find(ctx, d, r)
			if d.found = found; found {
				return receipt, nil
			}
			if err != nil && h.SkipUnknown {
				r.Coverage.Notes = append(r.Coverage.Notes, "It is unknown whether this was posted before, and it is not posted again.")
				return notifier.Receipt{}, nil
			}
			if err != nil {
				r.Past.Repeat = true
			}
		}
		receipt, posted, err := h.post(ctx, r)
		switch posted {
		case notifier.IsPosted:
			return receipt, nil
		case notifier.MaybePosted:
			d.maybe = true
		}
		if posted == notifier.NotPosted || try == 2 || ctx.Err() != nil {
			return receipt, fmt.Errorf("post digest: %w", err)
		}
	}
}

// post tells whether the message is in the channel, in whole or in part. What is
// missing of it then becomes a note.
func (h *Handler) post(ctx context.Context, r *digest.Report) (receipt notifier.Receipt, posted notifier.Posted, err error) {
	if p, ok := h.Notifier.(Poster); ok {
		receipt, err = p.Post(ctx, r)
	} else {
		err = h.Notifier.Notify(ctx, r)
	}
	var delivery *notifier.DeliveryError
	switch {
	case err == nil:
		return receipt, notifier.IsPosted, nil
	case !errors.As(err, &delivery):
		return receipt, notifier.NotPosted, err
	case delivery.Posted == notifier.IsPosted:
		r.Coverage.Notes = append(r.Coverage.Notes, err.Error())
	}
	return receipt, delivery.Posted, err
}

// errUnknowable is the answer of a chat that cannot be searched.
var errUnknowable = errors.New("this chat cannot be searched for a digest")

// find looks for the message of a debt. An error leaves it unknown whether it is
// there.
func (h *Handler) find(ctx context.Context, d *debt, r *digest.Report) (notifier.Receipt, bool, error) {
	p, ok := h.Notifier.(Poster)
	if !ok {
		return notifier.Receipt{}, false, errUnknowable
	}
	like := &digest.Report{Version: r.Version, Window: r.Window, Instances: d.by}
	if d.by == nil {
		like.Instances = r.Instances
	}
	receipt, found, err := p.Find(ctx, like)
	if err != nil {
		h.logger().WarnContext(ctx, "it is unknown whether a digest was posted", "window_start", r.Window.Start, "error", err.Error())
	}
	if found && d.state.isTold(receipt) {
		return notifier.Receipt{}, false, nil
	}
	return receipt, found, err
}

// replace updates the message of hours that were posted. If that is not there any
// more, or not known, they are posted anew.
func (h *Handler) replace(ctx context.Context, d *debt, r *digest.Report) (notifier.Receipt, error) {
	if d.at.Timestamp == "" {
		at, found, err := h.find(ctx, d, r)
		if r.Past.Repeat = err != nil; found {
			d.at = at
		}
	}
	if p, ok := h.Notifier.(Poster); ok && d.at.Timestamp != "" {
		receipt, err := p.Update(ctx, r, d.at)
		var delivery *notifier.DeliveryError
		if err == nil || !errors.As(err, &delivery) || delivery.Posted != notifier.NotPosted {
			return receipt, err
		}
	}
	receipt, posted, err := h.post(ctx, r)
	if posted == notifier.IsPosted {
		return receipt, nil
	}
	return receipt, fmt.Errorf("post digest: %w", err)
}
