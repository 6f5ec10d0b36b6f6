package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/teams"
	"slowdigest/source"
)

// Config is everything that can be set, for Lambda and the desk alike. Each
// field has a flag, an environment variable, or both.
type Config struct {
	Instances      listValue
	Tag            string // of more instances, as KEY=VALUE
	Download       source.Download
	MaxBytes       int64 // of one instance; 0 is all
	Channel        string
	Limit          digest.Limit
	OrderBy        digest.OrderBy
	Format         string
	MinTime        float64 // seconds
	PerInstance    bool
	QueueURL       string
	Links          linksValue    // in chats
	TokenParameter string        // the name of an SSM parameter that holds the Slack token
	SlackAPI       string        // in place of Slack's own, for tests
	seek           bool          // begin to read where the window begins, for short ones
	answerTo       *slack.Answer // who asked for the digest; nil is the schedule
	print          bool          // beside posting, for invoke
	Token          string        // only from the environment: an argument would show in the process list
	stateConfig
	deskConfig
}

// declareInstances adds the settings of what is read and where it is posted.
func (c *Config) declareInstances(f *flags) {
	f.declare(&c.Instances, "instance", "SLOWDIGEST_INSTANCES",
		"`ID` of a DB instance to read, a pattern as orders-*, or cluster:ID for the members of a cluster; repeat it or use commas")
	f.text(&c.Tag, "tag", "SLOWDIGEST_TAG", "`tag` of further instances to read, as slowdigest=on")
	c.Download = source.Portions
	f.declare(&parsedValue[source.Download]{&c.Download, parseDownload, string(source.Portions)}, "download", "SLOWDIGEST_DOWNLOAD",
		"`way` to read from RDS: portions, complete (needs rds:DownloadCompleteDBLogFile), or auto, which falls back to portions")
	f.declare(&parsedValue[int64]{&c.MaxBytes, parseBytes, ""}, "max-bytes", "SLOWDIGEST_MAX_BYTES",
		"most `bytes` to read of one instance, as 500MB; the rest is reported as missing")
	f.text(&c.Channel, "channel", "SLOWDIGEST_CHANNEL", "Slack `channel` to post to; without one the digest is printed")
	f.text(&c.TokenParameter, "slack-token-parameter", "SLACK_TOKEN_PARAMETER",
		"`name` of the SSM parameter that holds the Slack token, or the address of a webhook; else it is taken from $SLACK_TOKEN")
	f.text(&c.SlackAPI, "slack-api-url", "SLACK_API_URL", "`URL` to post to in place of Slack's, to test with")
	c.Token = f.getenv("SLACK_TOKEN")
	c.declareState(f)
}

// declareReport adds the settings of how it is presented.
func (c *Config) declareReport(f *flags) {
	c.Limit, c.OrderBy, c.Format = digest.DefaultLimit, digest.OrderBySum, "text"
	f.declare(&parsedValue[digest.Limit]{&c.Limit, digest.ParseLimit, "95%:20"}, "limit", "SLOWDIGEST_LIMIT",
		"classes to show: a `share` of the total, a number, both as 95%:20, or all")
	f.declare(&parsedValue[digest.OrderBy]{&c.OrderBy, digest.ParseOrderBy, "sum"}, "order-by", "SLOWDIGEST_ORDER_BY",
		"`number` to rank by: sum, max, count, rows_examined or lock_time")
	f.declare(&parsedValue[string]{&c.Format, parseFormat, "text"}, "format", "SLOWDIGEST_FORMAT",
		"`form` of what is printed: "+strings.Join(formats, ", "))
	f.declare(&c.Links, "link", "SLOWDIGEST_LINKS",
		"`link` for a chat, as 'Name=https://…{instance}…', or none; repeat it; else RDS console and Database Insights")
}

func parseDownload(s string) (source.Download, error) {
	switch d := source.Download(s); d {
	case source.Portions, source.Complete, source.Auto:
		return d, nil
	}
	return "", fmt.Errorf("download %q: want portions, complete or auto", s)
}

// parseBytes reads a number of bytes, with or without a unit: 500000000, 500MB,
// 1.5 GB, 1 GiB.
func parseBytes(s string) (int64, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return 0, fmt.Errorf("bytes %q: want a number as 500MB", s)
	}
	return int64(n), nil
}

// rds is the source that the settings describe.
func (c *Config) rds(cfg aws.Config) *source.RDS {
	return source.NewRDS(cfg, source.Options{Download: c.Download, MaxBytes: c.MaxBytes, Seek: c.seek, Now: time.Now})
}

var formats = []string{"text", "json", "markdown", "html", "slack"}

func parseFormat(s string) (string, error) {
	if !slices.Contains(formats, s) {
		return "", fmt.Errorf("format %q: want %s", s, strings.Join(formats, ", "))
	}
	return s, nil
}

// printer returns the notifier that writes to the standard output.
func (c *Config) printer(p *process) notifier.Notifier {
	switch c.Format {
	case "json":
		return notifier.NewJSON(p.stdout)
	case "html":
		return notifier.NewHTML(p.stdout)
	case "slack":
		return slack.NewJSON(p.stdout, slack.Options{Links: c.Links})
	case "markdown":
		return notifier.NewMarkdown(p.stdout)
	}
	return notifier.NewText(p.stdout, p.textOptions())
}

// textOptions are those of the terminal, if the standard output is one.
func (p *process) textOptions() notifier.TextOptions {
	var o notifier.TextOptions
	if f, ok := p.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Color = p.getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = width
		}
	}
	return o
}

// chat returns the notifier of the configured chat and channel.
func (c *Config) chat(ctx context.Context, cfg aws.Config, log *slog.Logger) (notifier.Notifier, error) {
	secret, err := c.secret(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return c.chatWith(secret, c.Channel, cfg, log), nil
}

// secret is a bot token of Slack, the address of one of Slack's incoming
// webhooks, or that of a Teams workflow.
func (c *Config) secret(ctx context.Context, cfg aws.Config) (string, error) {
	switch {
	case c.Token != "":
		return c.Token, nil
	case c.TokenParameter == "":
		return "", hinted{errors.New("find Slack token: none is configured"),
			"set SLACK_TOKEN, or SLACK_TOKEN_PARAMETER to the name of an SSM parameter"}
	}
	return readParameter(ctx, cfg, c.TokenParameter)
}

// chatWith returns the notifier of the chat that the kind of the secret tells.
func (c *Config) chatWith(secret, channel string, cfg aws.Config, log *slog.Logger) notifier.Notifier {
	o := slack.Options{APIURL: c.SlackAPI, Region: cfg.Region, Links: c.Links, Logger: log, Answer: c.answerTo, Buttons: c.interactive()}
	if c.print {
		o.Pause = time.Millisecond // the fake has no limit of one message a second
	}
	switch {
	case strings.HasPrefix(secret, "https://hooks.slack.com/"):
		return slack.NewWebhook(secret, o)
	case strings.HasPrefix(secret, "https://"):
		return teams.New(secret, teams.Options{Region: cfg.Region, Links: c.Links})
	}
	return slack.New(secret, channel, o)
}

func readParameter(ctx context.Context, cfg aws.Config, name string) (string, error) {
	out, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{
		Name: &name, WithDecryption: aws.Bool(true),
	})
	if err != nil {
		return "", hinted{fmt.Errorf("read parameter %s: %w", name, err),
			"the role must allow ssm:GetParameter on it, and kms:Decrypt on its key if that is one of your own"}
	}
	if out.Parameter == nil || aws.ToString(out.Parameter.Value) == "" {
		return "", fmt.Errorf("read parameter %s: it is empty", name)
	}
	return strings.TrimSpace(*out.Parameter.Value), nil
}

// loadAWS reads the AWS configuration the standard way: environment, shared
// files, roles, and endpoints such as $AWS_ENDPOINT_URL_RDS.
func loadAWS(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return cfg, fmt.Errorf("load AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, hinted{errors.New("load AWS configuration: no region is set"), "set AWS_REGION"}
	}
	return cfg, nil
}
