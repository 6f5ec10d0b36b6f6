package notifier

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/slack-go/slack"

	"slowdigest/digest"
)

// SlackOptions say where and how Slack is told. The zero value will do.
type SlackOptions struct {
	HTTPClient *http.Client  // nil is one with a timeout of 10 s
	APIURL     string        // of another Slack than the real one, as a fake in a test
	Pause      time.Duration // between two messages; 0 is 1 s, which is Slack's limit
	Badge      Badge         // may be nil
}

// Slack posts a digest by a bot token.
type Slack struct {
	client  *slack.Client
	channel string
	opts    SlackOptions
}

// NewSlack posts to the channel (its ID is surer than its name) as the bot of
// the token, which needs chat:write, and chat:write.public for public channels
// that it has not joined.
func NewSlack(token, channel string, opts SlackOptions) *Slack {
	if opts.HTTPClient == nil {
		opts.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if opts.Pause == 0 {
		opts.Pause = time.Second
	}
	o := []slack.Option{slack.OptionHTTPClient(opts.HTTPClient)}
	if opts.APIURL != "" {
		o = append(o, slack.OptionAPIURL(opts.APIURL))
	}
	return &Slack{client: slack.New(token, o...), channel: channel, opts: opts}
}

// Notify posts the digest. It posts nothing where there is nothing to tell.
func (s *Slack) Notify(ctx context.Context, r *digest.Report) error {
	if Quiet(r) {
		return nil
	}
	m := slackParent(r, s.opts)
	_, _, err := s.client.PostMessageContext(ctx, s.channel,
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	if err != nil {
		return fmt.Errorf("post the digest to Slack: %w", err)
	}
	return nil
}

// SlackMessage is a message as it is posted.
type SlackMessage struct {
	Text   string         `json:"text"` // what notifications and screen readers read
	Blocks []slack.Block  `json:"blocks"`
	Thread []SlackMessage `json:"thread,omitempty"` // the replies to it
}

type slackWriter struct {
	w    io.Writer
	opts SlackOptions
}

// NewSlackJSON writes the message to w that NewSlack would post.
func NewSlackJSON(w io.Writer, opts SlackOptions) Notifier { return slackWriter{w, opts} }

func (s slackWriter) Notify(ctx context.Context, r *digest.Report) error {
	b, err := indentedJSON(slackParent(r, s.opts))
	if err != nil {
		return fmt.Errorf("write the message for Slack: %w", err)
	}
	return write(ctx, s.w, b)
}
