package handler

import (
	"context"
	"errors"
	"fmt"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// errNoNews says that nothing could be read and that this is not to be posted:
// it was before, or the digest itself may have been.
var errNoNews = errors.New("nothing could be read, and it is not told again")

// deliver sees to it that the message of a debt is in the channel once. An error
// with d.maybe set leaves it unknown whether it is. Trouble is a message that
// only says that nothing could be read.
func (h *Handler) deliver(ctx context.Context, d *debt, r *digest.Report, trouble bool) (notifier.Receipt, error) {
	r.Past.Repeat = d.repeat
	if d.maybe { // since an earlier run
		receipt, found, err := h.find(ctx, d, r)
		d.found = found
		switch {
		case found:
			return receipt, nil
		case err == nil:
			d.maybe = false
		case h.SkipUnknown:
			return notifier.Receipt{}, skipped(r)
		default:
			r.Past.Repeat = true
		}
	}
	if trouble && !d.redo && (d.maybe || d.state.allTold(d.window)) {
		return notifier.Receipt{}, errNoNews
	}
	if err := h.aboutToPost(ctx, d, trouble); err != nil {
		return notifier.Receipt{}, fmt.Errorf("claim the right to post: %w", err)
	}
	if d.redo {
		return h.replace(ctx, d, r)
	}
	receipt, posted, err := h.post(ctx, r)
	if posted != notifier.MaybePosted {
		return receipt, err
	}
	d.maybe = true
	return h.settle(ctx, d, r, err)
}

// settle looks for a message just posted of which cause left it unknown whether
// it is there, and posts it again where it is not.
func (h *Handler) settle(ctx context.Context, d *debt, r *digest.Report, cause error) (notifier.Receipt, error) {
	if ctx.Err() != nil {
		return notifier.Receipt{}, cause
	}
	receipt, found, err := h.find(ctx, d, r)
	switch {
	case found:
		return receipt, nil
	case err != nil && h.SkipUnknown:
		return notifier.Receipt{}, skipped(r)
	case err != nil:
		r.Past.Repeat = true
	default:
		d.maybe = false
	}
	receipt, posted, err := h.post(ctx, r)
	d.maybe = d.maybe || posted == notifier.MaybePosted
	return receipt, err
}

// skipped notes that nothing is posted for fear of repeating it.
func skipped(r *digest.Report) error {
	r.Coverage.Notes = append(r.Coverage.Notes, "It is unknown whether this digest was posted, and it is not posted again.")
	return nil
}

// post reports whether the message is in the channel, in whole or in part. What is
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
	case errors.As(err, &delivery) && delivery.Posted == notifier.IsPosted:
		r.Coverage.Notes = append(r.Coverage.Notes, err.Error())
		return receipt, notifier.IsPosted, nil
	case errors.As(err, &delivery):
		posted = delivery.Posted
	default:
		posted = notifier.NotPosted
	}
	return receipt, posted, fmt.Errorf("post digest: %w", err)
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
	receipt, _, err := h.post(ctx, r)
	return receipt, err
}
