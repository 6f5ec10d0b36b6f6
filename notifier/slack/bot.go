// Package slack posts digests to Slack, by a bot or by an incoming webhook, and
// reads what people ask for there: a slash command, and the buttons below a
// digest.
//
// Nothing in a message is markup. Statements and names stand only in rich text
// and plain text, which Slack shows as they are.
package slack

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// Options say where and how digests are posted. The zero value will do.
type Options struct {
	HTTPClient *http.Client    // nil is one with a timeout of 10 s; redirects are not followed
	APIURL     string          // of another Slack than the real one, such as a fake in a test
	Pause      time.Duration   // between two messages; 0 is 1 s, which is Slack's limit
	NoThread   bool            // posts no details in the thread
	Region     string          // for the links; without one there are none that name {region}
	Links      []notifier.Link // nil is notifier.AWSLinks
	Logger     *slog.Logger    // gets what Slack did not take, and why; nil is none
	Show, Mute bool            // have a button to show the last minutes, and to mute a class; need a RequestVerifier that listens
	Zone       *time.Location  // of the chart, whose times Slack does not show in the reader's own; nil is UTC
	Answer     *Answer         // makes the digest one that somebody asked for; nil is a regular one
}

// Answer says whom a digest answers. It is posted even if there is nothing slow,
// it says who asked, and Find does not take it for the regular one of its hours.
type Answer struct {
	To     string // the name of who asked; may be empty
	Thread string // the timestamp of the message whose thread to answer in; empty is the channel
}

// askedBy says whom the message answers; nothing where it is no answer, or to nobody who is known.
func (o Options) askedBy() []string {
	if o.Answer == nil || o.Answer.To == "" {
		return nil
	}
	return []string{"asked for by " + redact.Cut(redact.Clean(o.Answer.To), 80)}
}

func (o Options) withDefaults() Options {
	o.HTTPClient = notifier.Client(o.HTTPClient)
	if o.APIURL != "" && !strings.HasSuffix(o.APIURL, "/") { // the names of methods are appended
		o.APIURL += "/"
	}
	if o.Pause == 0 {
		o.Pause = time.Second
	}
	if o.Links == nil {
		o.Links = notifier.AWSLinks(o.Region)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Bot posts digests as a bot: a message and, if it holds news, its details in the thread.
type Bot struct{ client }

// New posts to the channel (its ID is surer than its name) as the bot of the
// token, which needs chat:write, and chat:write.public for public channels that it
// has not joined.
func New(token, channel string, opts Options) *Bot {
	opts = opts.withDefaults()
	return &Bot{client{newAPI(token, opts), token, channel, opts}}
}

// Notify posts the digest, or nothing where there is nothing to report. Its error
// is a *notifier.DeliveryError.
func (b *Bot) Notify(ctx context.Context, r *digest.Report) error {
	_, err := b.Post(ctx, r)
	return err
}

// Post is Notify with a receipt, which also says what was posted before an error.
func (b *Bot) Post(ctx context.Context, r *digest.Report) (notifier.Receipt, error) {
	if notifier.Quiet(r) && b.opts.Answer == nil {
		return notifier.Receipt{}, nil
	}
	report := redact.Of(r)
	d := newDraft(report, b.opts)
	d.announce()
	place := slackgo.MsgOptionMetadata(metadata(report))
	if a := b.opts.Answer; a != nil { // which Find must not find
		place = slackgo.MsgOptionTS(a.Thread)
	}
	posted, form, err := b.offer(ctx, d.fallbacks(), "post the digest to Slack", func(m Message) (slackgo.Message, *notifier.DeliveryError) {
		return b.post(ctx, m, place)
	})
	if err != nil {
		return notifier.Receipt{}, err
	}
	receipt := notifier.Receipt{Channel: posted.Channel, Timestamp: posted.Timestamp, Form: form.name}
	// The digest is in the channel now. Whatever follows, the error says so.
	receipt.Replies, err = b.thread(receipt).post(ctx, d.replies(form.inFull))
	if err != nil {
		err.Posted = notifier.IsPosted
		return receipt, err
	}
	return receipt, nil
}

// thread is that of the digest, or the one that the digest itself stands in.
func (b *Bot) thread(digest notifier.Receipt) thread {
	if a := b.opts.Answer; a != nil && a.Thread != "" {
		return thread{&b.client, a.Thread}
	}
	return thread{&b.client, digest.Timestamp}
}

// offer hands the forms of a message to send, the richest first, until Slack takes
// one or refuses it for something else than its form.
func (b *Bot) offer(ctx context.Context, forms []form, step string,
	send func(Message) (slackgo.Message, *notifier.DeliveryError)) (slackgo.Message, form, *notifier.DeliveryError) {
	var last *notifier.DeliveryError
	for _, f := range forms {
		posted, err := send(f.Message)
		if err == nil {
			return posted, f, nil
		}
		if err.Step, last = step, err; err.Kind != notifier.Payload {
			break
		}
		b.opts.Logger.WarnContext(ctx, "Slack did not take the digest in this form", "form", f.name,
			"reason", err.Reason, "positions", positions(err.Err, b.token))
	}
	return slackgo.Message{}, form{}, last
}

// PostMemo posts a memo, with its table in the thread. The key lets FindMemo distinguish it from other messages.
// Its error is a *notifier.DeliveryError, which says where only the reply in the thread is missing.
func (b *Bot) PostMemo(ctx context.Context, m *notifier.Memo, key string) (notifier.Receipt, error) {
	posted, f, err := b.offer(ctx, memoForms(m), memoStep, func(m Message) (slackgo.Message, *notifier.DeliveryError) {
		return b.post(ctx, m, slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: memoType, EventPayload: map[string]any{"id": key}}))
	})
	if err != nil {
		return notifier.Receipt{}, err
	}
	receipt := notifier.Receipt{Channel: posted.Channel, Timestamp: posted.Timestamp, Form: f.name}
	if b.opts.NoThread {
		return receipt, nil
	}
	receipt.Replies, err = b.thread(receipt).post(ctx, memoReplies(m))
	if err != nil {
		err.Posted = notifier.IsPosted
		return receipt, err
	}
	return receipt, nil
}

// PostEphemeral shows a line of text to one user of the channel alone, in the thread of a
// message if thread is its timestamp. Nothing in it is markup. Its error is a
// *notifier.DeliveryError.
func (b *Bot) PostEphemeral(ctx context.Context, user, thread, text string) error {
	text = redact.Cut(redact.Clean(text), 1_000)
	opts := append(messageOptions(Message{Text: mrkdwn(text), Blocks: []slackgo.Block{small(text)}}), slackgo.MsgOptionTS(thread))
	_, err := retry(ctx, &b.client, func() (string, error) {
		return b.api.PostEphemeralContext(ctx, b.channel, user, opts...)
	})
	if err != nil {
		err.Step = "tell a person in Slack"
		return err
	}
	return nil
}

// PostText posts a line of text, in the thread of a message if thread is its
// timestamp. Nothing in it is markup. Its error is a *notifier.DeliveryError.
func (b *Bot) PostText(ctx context.Context, thread, text string) error {
	text = redact.Cut(redact.Clean(text), 1_000)
	m := Message{Text: mrkdwn(text), Blocks: []slackgo.Block{small(text)}}
	if _, err := b.post(ctx, m, slackgo.MsgOptionTS(thread)); err != nil {
		err.Step = "post a line to Slack"
		return err
	}
	return nil
}
