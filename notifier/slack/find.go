package slack

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// metadata lets Find distinguish the digest from other messages of the channel.
func metadata(report redact.Report) slackgo.SlackMetadata {
	const rfc3339 = "2006-01-02T15:04:05Z"
	r := report.Digest()
	payload := map[string]any{
		"id": report.Key(), "window_start": r.Window.Start.UTC().Format(rfc3339),
		"window_end": r.Window.End.UTC().Format(rfc3339), "version": r.Version,
	}
	if r.Past != nil && r.Past.Repeat {
		payload["repeat"] = true
	}
	return slackgo.SlackMetadata{EventType: metadataType, EventPayload: payload}
}

const (
	metadataType = "slowdigest"
	memoType     = "slowdigest_memo"
)

// Update puts the digest of r in the place of the message that at names, and
// leaves its thread as it is. Its error is a *notifier.DeliveryError. Where
// the message will never be changed, its Posted is NotPosted: somebody has deleted it
// (message_not_found), it is another bot's, or the workspace does not let it be changed after
// so long. Else the digest is in the channel as it was, and trying again does no harm.
func (b *Bot) Update(ctx context.Context, r *digest.Report, at notifier.Receipt) (notifier.Receipt, error) {
	report := redact.Of(r)
	posted, form, err := b.offer(ctx, newDraft(report, b.opts).fallbacks(), "update the digest in Slack", func(m Message) (slackgo.Message, *notifier.DeliveryError) {
		return b.update(ctx, at.Channel, at.Timestamp, m, slackgo.MsgOptionMetadata(metadata(report)))
	})
	if err == nil {
		return notifier.Receipt{Channel: posted.Channel, Timestamp: posted.Timestamp, Form: form.name, Replies: at.Replies}, nil
	}
	if err.Posted = notifier.IsPosted; slices.Contains(unchangeable, err.Reason) {
		err.Posted = notifier.NotPosted
	}
	return at, err
}

// unchangeable are the errors of chat.update after which it is of no use to try again.
var unchangeable = []string{"message_not_found", "cant_update_message", "edit_window_closed"}

// The history of a channel is read in pages of historyPage messages, from the
// newest back, and at most historyPages of them.
const (
	historyPage  = 200
	historyPages = 10
)

// Find looks in the channel for the digest of r, such as after a post whose
// delivery is unconfirmed. It needs the scope channels:history, or groups:history
// in a private channel, and the channel's ID instead of its name. Its error is a
// *notifier.DeliveryError whose Kind is Configuration where these are missing, and
// leaves it open whether the digest was posted.
func (b *Bot) Find(ctx context.Context, r *digest.Report) (notifier.Receipt, bool, error) {
	return b.find(ctx, metadataType, redact.Of(r).Key(), r.Window.Start)
}

// FindMemo reports whether a memo with the key was posted since a time. It needs what Find does, and its error is
// as that of Find.
func (b *Bot) FindMemo(ctx context.Context, key string, since time.Time) (bool, error) {
	_, found, err := b.find(ctx, memoType, key, since)
	return found, err
}

// find looks for the message with an ID since a time; a zero one is ever.
func (b *Bot) find(ctx context.Context, event, id string, since time.Time) (notifier.Receipt, bool, error) {
	fail := func(e *notifier.DeliveryError) (notifier.Receipt, bool, error) {
		e.Step, e.Posted = "look for the digest in Slack", notifier.MaybePosted
		if e.Reason == "not_in_channel" {
			e.Advice = "/invite the bot to the channel: to look back it must be a member"
		}
		return notifier.Receipt{}, false, e
	}
	q := slackgo.GetConversationHistoryParameters{ChannelID: b.channel, Limit: historyPage, IncludeAllMetadata: true}
	if !since.IsZero() {
		q.Oldest = strconv.FormatInt(since.Unix(), 10)
	}
	for range historyPages {
		page, err := retry(ctx, &b.client, func() (*slackgo.GetConversationHistoryResponse, error) {
			return b.api.GetConversationHistoryContext(ctx, &q)
		})
		if err != nil {
			return fail(err)
		}
		for _, m := range page.Messages {
			if m.Metadata.EventType != event || m.Metadata.EventPayload["id"] != id {
				continue
			}
			ours, err := b.wrote(ctx, m)
			if err != nil {
				return fail(err)
			}
			if ours {
				return notifier.Receipt{Channel: b.channel, Timestamp: m.Timestamp, Replies: m.ReplyCount, Repeat: m.Metadata.EventPayload["repeat"] == true}, true, nil
			}
		}
		if q.Cursor = page.ResponseMetaData.NextCursor; q.Cursor == "" {
			return notifier.Receipt{}, false, nil
		}
	}
	return fail(&notifier.DeliveryError{Kind: notifier.Transient, Err: errors.New("there are too many messages since its window")})
}

// wrote reports whether a message is from this bot. Another bot in the channel,
// such as that of another stage, may post digests of the same window.
func (b *Bot) wrote(ctx context.Context, m slackgo.Message) (bool, *notifier.DeliveryError) {
	me, err := retry(ctx, &b.client, func() (*slackgo.AuthTestResponse, error) { return b.api.AuthTestContext(ctx) })
	return err == nil && m.BotID == me.BotID, err
}
