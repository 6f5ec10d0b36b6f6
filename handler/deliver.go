package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
)

// errKnown says that nothing could be read and that this is not to be posted: it
// was before, or the digest itself may have been.
var errKnown = errors.New("nothing could be read, and it is not reported again")

// deliver sees to it that the message of an item is in the channel once. An error
// leaves delivery unconfirmed if i.Unconfirmed is set. failureOnly is for a
// message that only says that nothing could be read, and incomplete for one that may count
// less than that of an earlier run, if it is not known what that counts. What m says is
// known of it, but for its instances.
func (i *item) deliver(ctx context.Context, r *digest.Report, m state.Message, failureOnly, incomplete bool) (notifier.Receipt, error) {
	r.Past.Repeat = i.Repeat
	if i.Unconfirmed { // since an earlier run
		receipt, found, err := i.find(ctx, r)
		i.found = found
		switch {
		case found:
			if i.Calls != nil {
				incomplete = len(i.ids.moreCalls(i.Calls, m.Calls)) > 0
			}
			return i.renew(ctx, r, receipt, incomplete), nil
		case err == nil:
			i.Unconfirmed = false
		case i.handler.SkipUnknown:
			return notifier.Receipt{}, skip(r)
		default:
			r.Past.Repeat = true
		}
	}
	if failureOnly && i.Replace == nil && (i.Unconfirmed || i.claimed.Entries.FailureKnown(i.Window)) {
		return notifier.Receipt{}, errKnown
	}
	if i.FailureUnseen && !i.Unconfirmed {
		_, _, _ = i.find(ctx, r) // while there is no digest to take it for
	}
	m.Instances = r.Instances
	err := i.edit(ctx, func(s *state.State) error {
		return s.StartPosting(i.Item, m, failureOnly, i.deadline(ctx))
	})
	if err != nil {
		return notifier.Receipt{}, fmt.Errorf("claim the right to post: %w", err)
	}
	i.Instances = r.Instances // by which the message can be found from now on
	if i.Replace != nil && !i.apart && (!i.Replace.Silent || !i.Correct) {
		return i.replace(ctx, r)
	}
	receipt, posted, err := i.post(ctx, r)
	if posted != notifier.MaybePosted {
		return receipt, err
	}
	i.Unconfirmed = true
	return i.reconcile(ctx, r, err)
}

// renew replaces a message of an earlier run, which may not have read as much. If it
// cannot, or has not read all either, the message stays as it is.
func (i *item) renew(ctx context.Context, r *digest.Report, at notifier.Receipt, incomplete bool) notifier.Receipt {
	if incomplete || !slices.Equal(r.Instances, i.Instances) {
		return at
	}
	receipt, err := i.handler.Notifier.(Poster).Update(ctx, r, at)
	if err != nil {
		i.handler.logger().WarnContext(ctx, "a digest stays as it was", "window_start", r.Window.Start, "error", errorNote(err))
		return at
	}
	i.renewed = true
	return receipt
}

// reconcile looks for a message just posted whose delivery cause left unconfirmed,
// and posts it again where it is not there.
func (i *item) reconcile(ctx context.Context, r *digest.Report, cause error) (notifier.Receipt, error) {
	if ctx.Err() != nil {
		return notifier.Receipt{}, cause
	}
	receipt, found, err := i.find(ctx, r)
	switch {
	case found:
		return receipt, nil
	case err != nil && i.handler.SkipUnknown:
		return notifier.Receipt{}, skip(r)
	case err != nil:
		r.Past.Repeat = true
	default:
		i.Unconfirmed = false
	}
	receipt, posted, err := i.post(ctx, r)
	i.Unconfirmed = i.Unconfirmed || posted == notifier.MaybePosted
	return receipt, err
}

// skip notes that nothing is posted for fear of repeating it.
func skip(r *digest.Report) error {
	r.Coverage.Notes = append(r.Coverage.Notes, "Delivery of this digest is unconfirmed, and it is not posted again.")
	return nil
}

// post reports whether the message is in the channel, in whole or in part. What is
// missing of it then becomes a note.
func (i *item) post(ctx context.Context, r *digest.Report) (receipt notifier.Receipt, posted notifier.Posted, err error) {
	if p, ok := i.handler.Notifier.(Poster); ok {
		receipt, err = p.Post(ctx, r)
	} else {
		err = i.handler.Notifier.Notify(ctx, r)
	}
	var delivery *notifier.DeliveryError
	switch {
	case err == nil:
		return receipt, notifier.IsPosted, nil
	case errors.As(err, &delivery) && delivery.Posted == notifier.IsPosted:
		r.Coverage.Notes = append(r.Coverage.Notes, errorNote(err))
		return receipt, notifier.IsPosted, nil
	case errors.As(err, &delivery):
		posted = delivery.Posted
	default:
		posted = notifier.NotPosted
	}
	return receipt, posted, fmt.Errorf("post digest: %w", err)
}

var (
	errNoSearch  = errors.New("this chat cannot be searched for a digest")
	errAmbiguous = errors.New("the message found may only say that nothing could be read")
)

// find looks for the message of an item, and takes notice of the one that says that
// nothing could be read: of the same window, both look the same. An error leaves
// delivery unconfirmed.
func (i *item) find(ctx context.Context, r *digest.Report) (notifier.Receipt, bool, error) {
	p, ok := i.handler.Notifier.(Poster)
	if !ok {
		return notifier.Receipt{}, false, errNoSearch
	}
	like := &digest.Report{Version: r.Version, Window: r.Window, Instances: i.Instances}
	if i.Instances == nil {
		like.Instances = r.Instances
	}
	receipt, found, err := p.Find(ctx, like)
	switch ts := receipt.Timestamp; {
	case err != nil:
	case !found:
		i.FailureUnseen = false
	case i.claimed.Entries.IsFailure(ts) || ts == i.FailureTS:
		found = false
	case i.FailureUnseen && (i.Unconfirmed || i.Repeat):
		found, err = false, errAmbiguous
	case i.FailureUnseen:
		i.FailureUnseen, i.FailureTS, found = false, ts, false
	}
	if found { // and says that it may be a repeat, that stays true
		r.Past.Repeat = r.Past.Repeat || receipt.Repeat
	}
	if err != nil {
		i.handler.logger().WarnContext(ctx, "delivery of a digest is unconfirmed", "window_start", r.Window.Start, "error", errorNote(err))
	}
	return receipt, found, err
}

// replace updates the message of hours that were posted. If that is not there any
// more, or not known, they are posted anew.
func (i *item) replace(ctx context.Context, r *digest.Report) (notifier.Receipt, error) {
	at := notifier.Receipt{Channel: i.Replace.Channel, Timestamp: i.Replace.TS}
	if at.Timestamp == "" {
		receipt, found, err := i.find(ctx, r)
		switch {
		case found:
			at = receipt
		case err != nil && !i.Correct:
			r.Past.Repeat = true
		}
	}
	if p, ok := i.handler.Notifier.(Poster); ok && at.Timestamp != "" {
		receipt, err := p.Update(ctx, r, at)
		var delivery *notifier.DeliveryError
		if err == nil || !errors.As(err, &delivery) || delivery.Posted != notifier.NotPosted {
			return receipt, err
		}
	}
	mentionNobody(r)
	receipt, _, err := i.post(ctx, r)
	return receipt, err
}

// follow says in the threads of messages by which nothing could be read of hours what has
// come of these. It is not tried again: the digest itself says it, too.
func (i *item) follow(ctx context.Context, r *digest.Report, posted bool) {
	p, ok := i.handler.Notifier.(interface {
		PostText(ctx context.Context, thread, text string) error
	})
	text := "It was read later, and there is nothing to report."
	if posted {
		text = "It was read later: the digest of " + state.Span(r.Window.Start, r.Window.End) + " is in the channel."
	}
	if !ok || i.Replace != nil || !posted && !r.Coverage.Complete {
		return
	}
	var last string
	for _, hour := range r.Window.Hours() {
		e, _ := i.claimed.Entries.At(hour.Start)
		if e.Kind != state.FailureReported || e.TS == "" || e.TS == last {
			continue
		}
		last = e.TS
		if err := p.PostText(ctx, e.TS, text); err != nil {
			i.handler.logger().WarnContext(ctx, "a message that nothing could be read has no reply", "window_start", e.Start, "error", errorNote(err))
		}
	}
}
