package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slowdigest/cmd/slowdigest/forms"
	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/mcptools"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/parser"
	"slowdigest/source"
)

// chatroom tries the token, and looks at every channel that a digest goes to.
func (d *doctor) chatroom(ctx context.Context, cfg aws.Config, log *slog.Logger) {
	if d.isBroken("SLOWDIGEST_CHANNEL", "SLACK_TOKEN", "SLACK_TOKEN_PARAMETER", "SLACK_API_URL") {
		return
	}
	d.withoutChannel()
	if len(d.channels) == 0 && (!d.unrouted || d.Token == "" && d.TokenParameter == "") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 4*patience+mostChannels*time.Second)
	defer cancel()
	token, err := secret(ctx, d.Config, cfg)
	if err != nil {
		d.fail("chat secret", err)
		return
	}
	s := newService(d.Config, cfg, log)
	chat, err := s.chat(token, d.Channel, nil)
	if err != nil {
		d.fail("chat secret", err)
		return
	}
	bot, isBot := chat.(*slack.Bot)
	switch {
	case !isBot && d.interactive():
		d.bad("chat secret", "a webhook URL, people may ask in Slack, and only a bot can answer", "use a bot token: see docs/slack.md")
		return
	case !isBot:
		text := "a webhook URL, which cannot be tried without posting"
		if len(d.channels) > 1 {
			text += ", and posts what is for other channels to its own"
		}
		d.warn("chat secret", text, "use a bot token, which can do more: see docs/slack.md")
		return
	}
	from := "$SLACK_TOKEN"
	if d.Token == "" {
		from = "parameter " + d.TokenParameter
	}
	d.ok("chat secret", "a bot token, from %s", from)
	d.slack(ctx, bot, func(channel string) *slack.Bot {
		chat, _ := s.chat(token, channel, nil) // which is by the token
		bot, _ := chat.(*slack.Bot)
		return bot
	})
}

// withoutChannel tells of which instances nothing is posted.
func (d *doctor) withoutChannel() {
	const fix = "set SLOWDIGEST_CHANNEL to the channel's ID"
	switch then := "only printed"; {
	case len(d.channels) == 0 && !d.unrouted && d.local:
		d.warn("channel", "none is configured: digests are only printed", fix)
	case len(d.without) > 0:
		if !d.local {
			then = "left out"
		}
		d.warn("channel", fmt.Sprintf("none for %s, such as %s: %s", notifier.Plural(int64(len(d.without)), "instance", "instances"), d.without[0], then), fix+", or the tag slowdigest:channel of each")
	}
}

// signing looks for the secret by which requests from Slack are known.
func (d *doctor) signing(ctx context.Context, cfg aws.Config) {
	const subject = "signing secret"
	if d.isBroken("SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECRET_PARAMETER") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	value, err := signingSecret(ctx, d.Config, cfg)
	if err == nil && d.SigningSecret == "" { // see settings for the variable itself
		d.signed = value
		if err = forms.Signing(value); err != nil {
			err = hinted{fmt.Errorf("what parameter %s holds %w", d.SigningParameter, err), source.Hint(err)}
		}
	}
	switch {
	case !d.interactive():
	case err != nil:
		d.fail(subject, err)
	case d.SigningSecret != "":
		d.ok(subject, "from $SLACK_SIGNING_SECRET")
	default:
		d.ok(subject, "from parameter %s", d.SigningParameter)
	}
}

// asking looks whether what is asked in Slack would be answered.
func (d *doctor) asking(ctx context.Context, cfg aws.Config, log *slog.Logger) {
	if !d.interactive() || d.isBroken("SLOWDIGEST_CHANNEL", "SLOWDIGEST_STATE", "SLOWDIGEST_ANSWER_FUNCTION") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := newService(d.Config, cfg, log).entrance(ctx); err != nil {
		d.fail("requests from Slack", err)
		return
	}
	if d.answering() == "" {
		return // nor would anything be asked here
	}
	const subject = "lambda:InvokeFunction"
	if err := invokeAnswering(ctx, d.Config, cfg, types.InvocationTypeDryRun, nil); err != nil {
		d.fail(subject, err)
		return
	}
	d.ok(subject, "%s may be invoked", d.answering())
}

// agents looks for the token of agents, without which none may ask over the function's URL.
func (d *doctor) agents(ctx context.Context, cfg aws.Config) {
	const subject = "token of agents"
	if d.AgentsParameter == "" || d.isBroken("SLOWDIGEST_MCP_TOKEN_PARAMETER") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	token, err := readParameter(ctx, cfg, d.AgentsParameter)
	switch {
	case err != nil:
		d.fail(subject, err)
	case len(token) < mcptools.MinToken:
		d.fail(subject, hinted{fmt.Errorf("parameter %s holds %d characters", d.AgentsParameter, len(token)),
			fmt.Sprintf("put one of %d or more, such as openssl rand -hex 32 makes", mcptools.MinToken)})
	case forms.HasCredential(token), token == d.signed:
		d.bad(subject, "parameter "+d.AgentsParameter+" holds a secret of Slack, which agents are not to have", "put one of its own, such as openssl rand -hex 32 makes")
	default:
		d.ok(subject, "from parameter %s", d.AgentsParameter)
	}
}

func (d *doctor) slack(ctx context.Context, s *slack.Bot, in func(channel string) *slack.Bot) {
	who, err := s.Identify(ctx)
	if err != nil {
		d.fail("Slack token", err)
		return
	}
	d.ok("Slack token", "%s in %s", who.User, who.Team)
	if who.May("chat:write") {
		d.ok("Slack scope chat:write", "granted")
	} else {
		d.bad("Slack scope chat:write", "missing: nothing can be posted", "add it under OAuth & Permissions of the app, and install it again")
	}
	private, public := false, false
	for _, channel := range d.channels[:min(len(d.channels), mostChannels)] {
		isPrivate := d.channel(ctx, in(channel), channel, who)
		private, public = private || isPrivate, public || !isPrivate
	}
	if more := len(d.channels) - mostChannels; more > 0 {
		d.warn("Slack channel", fmt.Sprintf("%d of %d are not looked at, nor is their state", more, len(d.channels)), "nothing, or look whether the bot is a member of them")
	}
	d.history("channels:history", public, who)
	d.history("groups:history", private, who)
	if err := s.Validate(ctx, sampleReport(d.now)); err != nil {
		d.fail("Slack blocks", err)
		return
	}
	d.ok("Slack blocks", "Slack would take a digest")
}

// channel looks up a channel, and reports whether it is known to be private.
func (d *doctor) channel(ctx context.Context, s *slack.Bot, channel string, who slack.Identity) (private bool) {
	subject := d.of("Slack channel", channel)
	if err := forms.Channel(channel); err != nil { // which may be of a tag
		d.fail(subject, err)
		return false
	}
	if !handler.IsChannelID(channel) {
		d.warn(subject, channel+" is a name, which cannot be looked up and may change", "use its ID, at the end of the channel's details in Slack")
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := s.LookUpChannel(ctx)
	var delivery *notifier.DeliveryError
	switch {
	case errors.As(err, &delivery) && delivery.Reason == "missing_scope":
		d.warn(subject, channel+" cannot be looked up", "add the scope channels:read (groups:read for a private channel)")
	case err != nil:
		d.fail(subject, err)
	case c.Archived:
		d.bad(subject, "#"+c.Name+" is archived", "choose another, or unarchive it")
	case !c.Member && !who.May("chat:write.public"):
		d.bad(subject, "the bot is not a member of #"+c.Name, "/invite @"+who.User+" in #"+c.Name)
	default:
		d.ok(subject, "#%s", c.Name)
	}
	return c.Private
}

// history tells once of a scope that channels of a kind need.
func (d *doctor) history(scope string, needed bool, who slack.Identity) {
	if needed && !who.May(scope) {
		d.warn("Slack scope "+scope, "missing: where a response of Slack is lost, it cannot be looked up whether the digest was posted",
			"add it, or accept that such a digest is posted again, marked as a possible repeat")
	}
}

// sampleReport is of a single call, which makes a message of every kind of block.
func sampleReport(now time.Time) *digest.Report {
	end := now.Truncate(time.Hour)
	w := digest.Window{Start: end.Add(-time.Hour), End: end}
	a := digest.NewAggregator(w)
	a.Stream("db-1").Add(&parser.Event{
		Time: w.Start.Add(time.Minute), User: "app", Host: "web-1", Schema: "shop", QueryTime: 1.5, RowsExamined: 1000, Weight: 1,
		SQL: []byte("select o.id from orders o where o.status = 'open'"),
	})
	return a.Report(digest.DefaultLimit, digest.OrderBySum)
}
