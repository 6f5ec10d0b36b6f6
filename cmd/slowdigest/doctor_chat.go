package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/mcptools"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/parser"
)

func (d *doctor) chatroom(ctx context.Context, cfg aws.Config, log *slog.Logger) {
	if d.isBroken("SLOWDIGEST_CHANNEL", "SLACK_TOKEN", "SLACK_TOKEN_PARAMETER", "SLACK_API_URL") {
		return
	}
	if d.Channel == "" {
		d.warn("channel", "none is configured: digests are only printed", "set SLOWDIGEST_CHANNEL to the channel's ID")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	token, err := secret(ctx, d.Config, cfg)
	if err != nil {
		d.fail("chat secret", err)
		return
	}
	chat, err := newService(d.Config, cfg, log).chat(token, d.Channel, nil)
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
		d.warn("chat secret", "a webhook URL, which cannot be tried without posting", "use a bot token, which can do more: see docs/slack.md")
		return
	}
	from := "$SLACK_TOKEN"
	if d.Token == "" {
		from = "parameter " + d.TokenParameter
	}
	d.ok("chat secret", "a bot token, from %s", from)
	d.slack(ctx, bot)
}

// signing looks for the secret by which requests from Slack are known.
func (d *doctor) signing(ctx context.Context, cfg aws.Config) {
	const subject = "signing secret"
	if d.isBroken("SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECRET_PARAMETER") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := signingSecret(ctx, d.Config, cfg)
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
	default:
		d.ok(subject, "from parameter %s", d.AgentsParameter)
	}
}

func (d *doctor) slack(ctx context.Context, s *slack.Bot) {
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
	d.channel(ctx, s, who)
	if err := s.Validate(ctx, sampleReport(d.now)); err != nil {
		d.fail("Slack blocks", err)
		return
	}
	d.ok("Slack blocks", "Slack would take a digest")
}

func (d *doctor) channel(ctx context.Context, s *slack.Bot, who slack.Identity) {
	const subject = "Slack channel"
	if !handler.IsChannelID(d.Channel) {
		d.warn(subject, d.Channel+" is a name, which cannot be looked up and may change", "use its ID, at the end of the channel's details in Slack")
		return
	}
	c, err := s.LookUpChannel(ctx)
	var delivery *notifier.DeliveryError
	switch {
	case errors.As(err, &delivery) && delivery.Reason == "missing_scope":
		d.warn(subject, d.Channel+" cannot be looked up", "add the scope channels:read (groups:read for a private channel)")
	case err != nil:
		d.fail(subject, err)
	case c.Archived:
		d.bad(subject, "#"+c.Name+" is archived", "choose another, or unarchive it")
	case !c.Member && !who.May("chat:write.public"):
		d.bad(subject, "the bot is not a member of #"+c.Name, "/invite @"+who.User+" in #"+c.Name)
	default:
		d.ok(subject, "#%s", c.Name)
	}
	history := "channels:history"
	if c.Private {
		history = "groups:history"
	}
	if !who.May(history) {
		d.warn("Slack scope "+history, "missing: where a response of Slack is lost, it cannot be looked up whether the digest was posted",
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
