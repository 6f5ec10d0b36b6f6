package notifier

import (
	"context"
	"errors"
	"strconv"

	"github.com/slack-go/slack"

	"slowdigest/digest"
)

// metadata lets Find tell the digest from other messages of the channel.
func metadata(r *digest.Report) slack.SlackMetadata {
	const rfc3339 = "2006-01-02T15:04:05Z"
	return slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{
		"id": Key(r), "window_start": r.Window.Start.UTC().Format(rfc3339),
		"window_end": r.Window.End.UTC().Format(rfc3339), "version": r.Version,
	}}
}

const metadataType = "slowdigest"

// Update puts the digest of r in the place of the message that at names, and
// leaves its thread as it is. Its error is a *DeliveryError. Where somebody has
// deleted the message, its Posted is NotPosted and its Reason message_not_found;
// else the digest is in the channel as it was. Trying again does no harm.
func (s *Slack) Update(ctx context.Context, r *digest.Report, at Receipt) (Receipt, error) {
	p := newParent(r, s.opts)
	m, form, err := s.offer(ctx, p, "update the digest in Slack", func(m SlackMessage) (slack.Message, *DeliveryError) {
		opts := append(options(m), slack.MsgOptionMetadata(metadata(r)))
		if len(m.Blocks) == 0 {
			opts = append(opts, slack.MsgOptionBlocks()) // or the old ones would stay
		}
		return s.send(ctx, func() (slack.Message, error) {
			channel, ts, _, err := s.client.UpdateMessageContext(ctx, at.Channel, at.Timestamp, opts...)
			return slack.Message{Msg: slack.Msg{Channel: channel, Timestamp: ts}}, err
		})
	})
	if err == nil {
		return Receipt{Channel: m.Channel, Timestamp: m.Timestamp, Form: form.name, Replies: at.Replies}, nil
	}
	if err.Posted = IsPosted; err.Reason == "message_not_found" {
		err.Posted = NotPosted
	}
	return at, err
}

// The history of a channel is read in pages of historyPage messages, from the
// newest back, and not beyond historyPages of them.
const (
	historyPage  = 200
	historyPages = 10
)

// Find looks in the channel for the digest of r, as after a post of which it is
// unknown whether it came through. It needs the scope channels:history, or
// groups:history in a private channel, and the channel's ID instead of its name.
// Its error is a *DeliveryError whose Kind is Configuration where these are
// missing, and leaves it unknown whether the digest was posted.
func (s *Slack) Find(ctx context.Context, r *digest.Report) (Receipt, bool, error) {
	fail := func(e *DeliveryError) (Receipt, bool, error) {
		e.Step, e.Posted = "look for the digest in Slack", MaybePosted
		if e.Reason == "not_in_channel" {
			e.Hint = "/invite the bot to the channel: to look back it must be a member"
		}
		return Receipt{}, false, e
	}
	q := slack.GetConversationHistoryParameters{ChannelID: s.channel, Limit: historyPage, IncludeAllMetadata: true}
	if !r.Window.Start.IsZero() {
		q.Oldest = strconv.FormatInt(r.Window.Start.Unix(), 10)
	}
	for range historyPages {
		page, err := s.history(ctx, &q)
		if err != nil {
			return fail(err)
		}
		for _, m := range page.Messages {
			if m.Metadata.EventType != metadataType || m.Metadata.EventPayload["id"] != Key(r) {
				continue
			}
			ours, err := s.wrote(ctx, m)
			if err != nil {
				return fail(err)
			}
			if ours {
				return Receipt{Channel: s.channel, Timestamp: m.Timestamp, Replies: m.ReplyCount}, true, nil
			}
		}
		if q.Cursor = page.ResponseMetaData.NextCursor; q.Cursor == "" {
			return Receipt{}, false, nil
		}
	}
	return fail(&DeliveryError{Kind: Transient, Err: errors.New("there are too many messages since its window")})
}

func (s *Slack) history(ctx context.Context, q *slack.GetConversationHistoryParameters) (*slack.GetConversationHistoryResponse, *DeliveryError) {
	var page *slack.GetConversationHistoryResponse
	err := patiently(ctx, func() *DeliveryError {
		var err error
		page, err = s.client.GetConversationHistoryContext(ctx, q)
		return s.failure(err)
	})
	return page, err
}

// wrote reports whether a message is from this bot. Another bot in the channel, as
// of another stage, may post digests of the same window.
func (s *Slack) wrote(ctx context.Context, m slack.Message) (bool, *DeliveryError) {
	var me *slack.AuthTestResponse
	err := patiently(ctx, func() *DeliveryError {
		var err error
		me, err = s.client.AuthTestContext(ctx)
		return s.failure(err)
	})
	return err == nil && m.BotID == me.BotID, err
}

// failure classes an error of the client, if it is one.
func (s *Slack) failure(err error) *DeliveryError {
	if err == nil {
		return nil
	}
	return withoutSecret(slackError(err), s.token)
}
