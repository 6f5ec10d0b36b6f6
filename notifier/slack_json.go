package notifier

import (
	"context"
	"fmt"
	"io"

	"github.com/slack-go/slack"

	"slowdigest/digest"
)

// SlackMessage is a message as it is posted.
type SlackMessage struct {
	Text   string         `json:"text"` // what notifications and screen readers read
	Blocks []slack.Block  `json:"blocks,omitempty"`
	Thread []SlackMessage `json:"thread,omitempty"` // the replies to it
}

type slackWriter struct {
	w    io.Writer
	opts SlackOptions
}

// NewSlackJSON writes to w, as JSON, the message that NewSlack would post, with
// the replies under "thread". It writes nothing where nothing would be posted.
func NewSlackJSON(w io.Writer, opts SlackOptions) Notifier {
	return slackWriter{w, opts.withDefaults()}
}

func (s slackWriter) Notify(_ context.Context, r *digest.Report) error {
	if Quiet(r) {
		return nil
	}
	p := newParent(r, s.opts)
	form := p.ladder()[0]
	form.Thread = p.thread(form.inFull)
	b, err := indentedJSON(form.SlackMessage)
	if err != nil {
		return fmt.Errorf("write the message for Slack: %w", err)
	}
	_, err = s.w.Write(b)
	return err
}
