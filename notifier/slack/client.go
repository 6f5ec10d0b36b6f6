package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"slowdigest/notifier"
)

// client makes requests of Slack's Web API in the name of a bot, repeats them
// where Slack asks for it, and classes their errors.
type client struct {
	api            *slackgo.Client
	token, channel string
	opts           Options
}

// newAPI leaves out the library's own retries, which would post twice where an
// answer is lost, and sleep past the deadline at a 429. See notifier.Retry.
func newAPI(token string, opts Options, more ...slackgo.Option) *slackgo.Client {
	more = append(more, slackgo.OptionHTTPClient(opts.HTTPClient))
	if opts.APIURL != "" {
		more = append(more, slackgo.OptionAPIURL(opts.APIURL))
	}
	return slackgo.New(token, more...)
}

// post makes one message of m.
func (c *client) post(ctx context.Context, m Message, more ...slackgo.MsgOption) (slackgo.Message, *notifier.DeliveryError) {
	opts := append(messageOptions(m), more...)
	return retry(ctx, c, func() (slackgo.Message, error) {
		channel, ts, answer, err := c.api.PostMessageWithResponseContext(ctx, c.channel, opts...)
		answer.Channel, answer.Timestamp = channel, ts
		return answer, err
	})
}

// update puts m in the place of the message at a timestamp. Where it is not known whether it
// has, it does so once more, for the same twice is the same.
func (c *client) update(ctx context.Context, channel, timestamp string, m Message, more ...slackgo.MsgOption) (slackgo.Message, *notifier.DeliveryError) {
	opts := append(messageOptions(m), more...)
	if len(m.Blocks) == 0 {
		opts = append(opts, slackgo.MsgOptionBlocks()) // or the old ones would stay
	}
	update := func() (slackgo.Message, error) {
		channel, ts, _, err := c.api.UpdateMessageContext(ctx, channel, timestamp, opts...)
		return slackgo.Message{Msg: slackgo.Msg{Channel: channel, Timestamp: ts}}, err
	}
	answer, err := retry(ctx, c, update)
	if err != nil && err.Posted == notifier.MaybePosted && notifier.Sleep(ctx, time.Second) {
		return retry(ctx, c, update)
	}
	return answer, err
}

func messageOptions(m Message) []slackgo.MsgOption {
	opts := []slackgo.MsgOption{
		slackgo.MsgOptionText(m.Text, false), slackgo.MsgOptionDisableMarkdown(),
		slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl(),
	}
	if len(m.Blocks) > 0 {
		opts = append(opts, slackgo.MsgOptionBlocks(m.Blocks...))
	}
	return opts
}

// retry makes a request, and again where Slack asks to come again later.
func retry[T any](ctx context.Context, c *client, request func() (T, error)) (T, *notifier.DeliveryError) {
	var answer T
	err := notifier.Retry(ctx, func() *notifier.DeliveryError {
		err := ctx.Err()
		if err != nil {
			return &notifier.DeliveryError{Kind: notifier.Transient, Posted: notifier.NotPosted, Err: err}
		}
		answer, err = request()
		return c.failure(err)
	})
	return answer, err
}

// failure classes an error of a request, if it is one.
func (c *client) failure(err error) *notifier.DeliveryError {
	if err == nil {
		return nil
	}
	e := classify(err).WithoutSecret(c.token)
	e.Advice = notifier.HideSecret(e.Advice, c.token) // which may name what Slack has named
	return e
}

// inspectionFailure classes an error of a request that posts nothing.
func (c *client) inspectionFailure(step string, err error) *notifier.DeliveryError {
	e := c.failure(err)
	e.Step, e.Posted = step, notifier.NotPosted
	return e
}

// call calls a method that slack-go does not have.
func (c *client) call(ctx context.Context, method string, form url.Values, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cmp.Or(c.opts.APIURL, slackgo.APIURL)+method, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.opts.HTTPClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return slackgo.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(answer)
}
