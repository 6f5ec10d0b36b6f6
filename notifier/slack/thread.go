package slack

import (
	"context"
	"errors"
	"fmt"

	slackgo "github.com/slack-go/slack"

	"slowdigest/notifier"
)

// thread is where the details of a digest go.
type thread struct {
	*client
	timestamp string // of the message at its beginning
}

// post posts the replies, and stops at the first that does not get there, since
// the next would meet the same. It returns how many were posted.
func (t thread) post(ctx context.Context, replies []Message) (int, *notifier.DeliveryError) {
	for i, m := range replies {
		step := fmt.Sprintf("post detail %d of %d to the digest's thread in Slack", i+1, len(replies))
		if !notifier.Sleep(ctx, t.opts.Pause) {
			return i, &notifier.DeliveryError{Kind: notifier.Transient, Step: step, Err: errors.New("there is no time left for it")}
		}
		answer, err := t.client.post(ctx, m, slackgo.MsgOptionTS(t.timestamp))
		if err != nil && err.Kind == notifier.Payload {
			t.opts.Logger.WarnContext(ctx, "Slack did not take a detail", "detail", i+1,
				"reason", err.Reason, "positions", positions(err.Err, t.token))
			answer, err = t.client.post(ctx, Message{Text: m.Text}, slackgo.MsgOptionTS(t.timestamp))
		}
		if err != nil {
			err.Step = step
			return i, err
		}
		if answer.ThreadTimestamp == "" {
			return i, t.takeBack(ctx, answer, step)
		}
	}
	return len(replies), nil
}

// takeBack deletes a reply that Slack put into the channel itself, as it does
// where somebody has deleted the digest in the meantime.
func (t thread) takeBack(ctx context.Context, m slackgo.Message, step string) *notifier.DeliveryError {
	e := &notifier.DeliveryError{Kind: notifier.Transient, Step: step, Err: errors.New("the digest was deleted meanwhile")}
	if _, _, err := t.api.DeleteMessageContext(ctx, t.channel, m.Timestamp); err != nil {
		e.Err = fmt.Errorf("%w, and the detail could not be taken back: %v", e.Err, notifier.WithoutURL(err))
	}
	return e
}
