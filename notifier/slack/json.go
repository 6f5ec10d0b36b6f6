package slack

import (
	"context"
	"fmt"
	"io"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// Message is a message as it is posted.
type Message struct {
	Text   string          `json:"text"` // what notifications and screen readers read
	Blocks []slackgo.Block `json:"blocks,omitempty"`
	Thread []Message       `json:"thread,omitempty"` // the replies to it
}

type jsonWriter struct {
	w    io.Writer
	opts Options
}

// NewJSON writes to w, as JSON, the message that New would post, with
// the replies under "thread". It writes nothing where nothing would be posted.
func NewJSON(w io.Writer, opts Options) notifier.Notifier {
	return jsonWriter{w, opts.withDefaults()}
}

func (j jsonWriter) Notify(_ context.Context, r *digest.Report) error {
	if notifier.Quiet(r) {
		return nil
	}
	d := newDraft(redact.Of(r), j.opts)
	form := d.fallbacks()[0]
	form.Thread = d.replies(form.inFull)
	b, err := notifier.IndentedJSON(form.Message)
	if err != nil {
		return fmt.Errorf("write the message for Slack: %w", err)
	}
	_, err = j.w.Write(b)
	return err
}
