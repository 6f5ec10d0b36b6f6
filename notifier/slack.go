package notifier

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
)

// SlackOptions say where and how Slack is told. The zero value will do.
type SlackOptions struct {
	HTTPClient *http.Client  // nil is one with a timeout of 10 s
	APIURL     string        // of another Slack than the real one, as a fake in a test
	Pause      time.Duration // between two messages; 0 is 1 s, which is Slack's limit
	Replies    int           // how many classes the thread may show; 0 is 10, below 0 none
	Region     string        // for the links; without one there are none that name {region}
	Links      []Link        // nil is AWSLinks
	Logger     *slog.Logger  // hears what Slack did not take, and why; nil is nobody
	Buttons    bool          // to mute a class and to show the last minutes; Door must be listening
	Answer     *Answer       // makes the digest one that somebody asked for; nil is a regular one
}

// Answer says whom a digest answers. It is posted even if there is nothing slow,
// it says who asked, and Find does not take it for the regular one of its hours.
type Answer struct {
	To     string // the name of who asked; may be empty
	Thread string // the timestamp of the message below which to answer; empty is the channel
}

func (o SlackOptions) withDefaults() SlackOptions {
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Pause == 0 {
		o.Pause = time.Second
	}
	if o.Replies == 0 {
		o.Replies = 10
	}
	if o.Links == nil {
		o.Links = AWSLinks()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// replies is how many of n classes the thread shows.
func (o SlackOptions) replies(n int) int { return max(min(n, o.Replies), 0) }

// Slack posts digests as a bot: a message, and its details in the thread.
type Slack struct {
	client         *slack.Client
	token, channel string
	opts           SlackOptions
}

// NewSlack posts to the channel (its ID is surer than its name) as the bot of
// the token, which needs chat:write, and chat:write.public for public channels
// that it has not joined.
func NewSlack(token, channel string, opts SlackOptions) *Slack {
	s := &Slack{token: token, channel: channel, opts: opts.withDefaults()}
	s.client = s.newClient()
	return s
}

// newClient leaves out the library's own retries, which would post twice where an
// answer is lost, and sleep through the deadline at a 429. See patiently.
func (s *Slack) newClient(o ...slack.Option) *slack.Client {
	o = append(o, slack.OptionHTTPClient(s.opts.HTTPClient))
	if s.opts.APIURL != "" {
		o = append(o, slack.OptionAPIURL(s.opts.APIURL))
	}
	return slack.New(s.token, o...)
}

// Notify posts the digest, or nothing where there is nothing to tell. Its error
// is a *DeliveryError.
func (s *Slack) Notify(ctx context.Context, r *digest.Report) error {
	_, err := s.Post(ctx, r)
	return err
}

// Receipt tells what was posted.
type Receipt struct {
	Channel   string // ID of the channel
	Timestamp string // of the message, which identifies it in the channel; empty where none was posted
	Form      string // how rich it is: full, simple, minimal or text
	Replies   int    // in its thread
}

// Post is Notify with a receipt, which also tells what was posted before an error.
func (s *Slack) Post(ctx context.Context, r *digest.Report) (Receipt, error) {
	if Quiet(r) && s.opts.Answer == nil {
		return Receipt{}, nil
	}
	p := newParent(r, s.opts)
	receipt, form, err := s.postParent(ctx, p, s.place(r))
	if err != nil {
		return receipt, err
	}
	// The digest is in the channel now. Whatever follows, the error says so.
	if err := s.postThread(ctx, p.thread(form.inFull), &receipt); err != nil {
		err.Posted = IsPosted
		return receipt, err
	}
	return receipt, nil
}

// postParent posts the message itself.
func (s *Slack) postParent(ctx context.Context, p *parent, place slack.MsgOption) (Receipt, rung, *DeliveryError) {
	m, form, err := s.offer(ctx, p, "post the digest to Slack", func(m SlackMessage) (slack.Message, *DeliveryError) {
		return s.post(ctx, m, place)
	})
	if err != nil {
		return Receipt{}, form, err
	}
	return Receipt{Channel: m.Channel, Timestamp: m.Timestamp, Form: form.name}, form, nil
}

// Say posts a line of text, in the thread of a message if there is one. Nothing
// in it is markup. Its error is a *DeliveryError.
func (s *Slack) Say(ctx context.Context, thread, text string) error {
	text = cut(clean(text), 1_000)
	m := SlackMessage{Text: slackutilsx.EscapeMessage(text), Blocks: []slack.Block{small(text)}}
	if _, err := s.post(ctx, m, slack.MsgOptionTS(thread)); err != nil {
		err.Step = "post a line to Slack"
		return err
	}
	return nil
}

// place puts an answer where it belongs, and lets any other digest be found.
func (s *Slack) place(r *digest.Report) slack.MsgOption {
	if a := s.opts.Answer; a != nil {
		return slack.MsgOptionTS(a.Thread)
	}
	return slack.MsgOptionMetadata(metadata(r))
}

// thread is the timestamp of the message whose thread has a digest's details. A
// digest that stands in a thread has them beside it.
func (s *Slack) thread(digest Receipt) string {
	if a := s.opts.Answer; a != nil && a.Thread != "" {
		return a.Thread
	}
	return digest.Timestamp
}

// offer hands the digest to send from its richest form down, until Slack takes
// one or finds fault with something else.
func (s *Slack) offer(ctx context.Context, p *parent, step string, send func(SlackMessage) (slack.Message, *DeliveryError)) (slack.Message, rung, *DeliveryError) {
	var last *DeliveryError
	for _, form := range p.ladder() {
		m, err := send(form.SlackMessage)
		if err == nil {
			return m, form, nil
		}
		if err.Step, last = step, err; err.Kind != Payload {
			break
		}
		s.opts.Logger.WarnContext(ctx, "Slack did not take the digest in this form", "form", form.name,
			"reason", err.Reason, "positions", slackPositions(err.Err))
	}
	return slack.Message{}, rung{}, last
}

// post makes one message of m.
func (s *Slack) post(ctx context.Context, m SlackMessage, more ...slack.MsgOption) (slack.Message, *DeliveryError) {
	opts := append(options(m), more...)
	return s.send(ctx, func() (slack.Message, error) {
		channel, ts, answer, err := s.client.PostMessageWithResponseContext(ctx, s.channel, opts...)
		answer.Channel, answer.Timestamp = channel, ts
		return answer, err
	})
}

func options(m SlackMessage) []slack.MsgOption {
	opts := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionDisableMarkdown(),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if len(m.Blocks) > 0 {
		opts = append(opts, slack.MsgOptionBlocks(m.Blocks...))
	}
	return opts
}

// send makes a request, and again where Slack asks to come again later.
func (s *Slack) send(ctx context.Context, request func() (slack.Message, error)) (slack.Message, *DeliveryError) {
	var answer slack.Message
	err := patiently(ctx, func() *DeliveryError {
		if err := ctx.Err(); err != nil {
			return &DeliveryError{Kind: Transient, Posted: NotPosted, Err: err}
		}
		var err error
		answer, err = request()
		return s.failure(err)
	})
	return answer, err
}
