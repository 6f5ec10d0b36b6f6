package notifier

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"
)

// postThread posts the replies, and stops at the first that does not get there,
// since the next would meet the same.
func (s *Slack) postThread(ctx context.Context, replies []SlackMessage, receipt *Receipt) *DeliveryError {
	for i, m := range replies {
		step := fmt.Sprintf("post detail %d of %d to the digest's thread in Slack", i+1, len(replies))
		if !sleep(ctx, s.opts.Pause) {
			return &DeliveryError{Kind: Transient, Step: step, Err: errors.New("there is no time left for it")}
		}
		answer, err := s.post(ctx, m, slack.MsgOptionTS(s.thread(*receipt)))
		if err != nil && err.Kind == Payload {
			s.opts.Logger.WarnContext(ctx, "Slack did not take a detail", "detail", i+1,
				"reason", err.Reason, "positions", slackPositions(err.Err))
			answer, err = s.post(ctx, SlackMessage{Text: m.Text}, slack.MsgOptionTS(s.thread(*receipt)))
		}
		if err != nil {
			err.Step = step
			return err
		}
		if answer.ThreadTimestamp == "" {
			return s.orphan(ctx, answer, step)
		}
		receipt.Replies++
	}
	return nil
}

// orphan takes back a reply that Slack put into the channel itself, as it does
// where somebody has deleted the digest in the meantime.
func (s *Slack) orphan(ctx context.Context, m slack.Message, step string) *DeliveryError {
	e := &DeliveryError{Kind: Transient, Step: step, Err: errors.New("the digest was deleted meanwhile")}
	if _, _, err := s.client.DeleteMessageContext(ctx, s.channel, m.Timestamp); err != nil {
		e.Err = fmt.Errorf("%w, and the detail could not be taken back: %v", e.Err, withoutURL(err))
	}
	return e
}
