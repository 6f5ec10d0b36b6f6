package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"golang.org/x/term"

	"slowdigest/cmd/slowdigest/forms"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/teams"
	"slowdigest/source"
)

// printer returns the notifier that writes to the standard output.
func printer(p *process, c *Config) notifier.Notifier {
	switch c.Format {
	case "json":
		return notifier.NewJSON(p.stdout)
	case "html":
		return notifier.NewHTML(p.stdout, c.Zone)
	case "slack":
		return slack.NewJSON(p.stdout, slack.Options{Links: c.Links.links, Zone: c.Zone})
	case "markdown":
		return notifier.NewMarkdown(p.stdout, c.Zone)
	}
	return notifier.NewText(p.stdout, textOptions(p, c.Zone))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// textOptions are those of the terminal, if the standard output is one.
func textOptions(p *process, zone *time.Location) notifier.TextOptions {
	o := notifier.TextOptions{Zone: zone}
	if f, ok := p.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Color = p.getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = width
		}
	}
	return o
}

// chat returns the notifier of a channel in the chat that the kind of the token
// tells: see secret. Answer is nil for a regular digest.
func (s *service) chat(token, channel string, answer *slack.Answer) (notifier.Notifier, error) {
	if teams.IsWebhook(token) {
		return teams.New(token, teams.Options{Region: s.cfg.Region, Links: s.Links.links, Zone: s.Zone}), nil
	}
	show := s.interactive() && (channel == s.Channel || slices.Contains(s.AskChannels.items, channel))
	o := slack.Options{APIURL: s.SlackAPI, Region: s.cfg.Region, Links: s.Links.links, Logger: s.log, Zone: s.Zone,
		Answer: answer, Show: show, Pause: s.pause,
		// Whether another channel has a digest of its own is not known of an answer.
		Mute: show && (channel == s.Channel || answer == nil || !s.discovers())}
	if slack.IsWebhook(token) {
		return slack.NewWebhook(token, o), nil
	}
	if err := forms.Token(token); err != nil {
		return nil, hinted{fmt.Errorf("find chat: %w", err), source.Hint(err)}
	}
	return slack.New(token, channel, o), nil
}

// secret returns a bot token of Slack, the URL of one of Slack's incoming
// webhooks, or that of a Teams workflow.
func secret(ctx context.Context, c *Config, cfg aws.Config) (string, error) {
	switch {
	case c.Token != "":
		return c.Token, nil
	case c.TokenParameter == "":
		return "", hinted{errors.New("find Slack token: none is configured"),
			"set SLACK_TOKEN, or SLACK_TOKEN_PARAMETER to the name of an SSM parameter"}
	}
	return readParameter(ctx, cfg, c.TokenParameter)
}

func readParameter(ctx context.Context, cfg aws.Config, name string) (string, error) {
	out, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{
		Name: &name, WithDecryption: aws.Bool(true),
	})
	if err != nil {
		return "", hinted{fmt.Errorf("read parameter %s: %w", name, err), parameterHint(err, name, cfg.Region)}
	}
	if out.Parameter == nil || aws.ToString(out.Parameter.Value) == "" {
		return "", fmt.Errorf("read parameter %s: it is empty", name)
	}
	return strings.TrimSpace(*out.Parameter.Value), nil
}

func parameterHint(err error, name, region string) string {
	var unknown *types.ParameterNotFound
	if errors.As(err, &unknown) {
		return fmt.Sprintf("there is no such parameter in %s: aws ssm put-parameter --type SecureString --name %s --value …", region, name)
	}
	return source.CallHint(err, "SSM", "the role must allow ssm:GetParameter on it, and kms:Decrypt on its key if that is one of your own")
}

// The SDK would wait forever for an answer, as over a connection that a NAT gateway
// has forgotten. It tries a call three times, so that one without any answer ends
// within a minute.
const (
	answerTime  = 5 * time.Second  // until an answer begins
	requestTime = 15 * time.Second // for a request and its answer in whole
)

// loadAWS reads the AWS configuration the standard way: environment, shared
// files, roles, and endpoints such as $AWS_ENDPOINT_URL_RDS. Its calls end for
// want of an answer, also those for credentials.
func loadAWS(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(limited(awshttp.NewBuildableClient(), answerTime, requestTime)))
	if err != nil {
		return cfg, fmt.Errorf("load AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, hinted{errors.New("load AWS configuration: no region is set"), "set AWS_REGION"}
	}
	return cfg, nil
}

// unlimited leaves it to package source how long a download may take.
func unlimited(cfg aws.Config) aws.Config {
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = limited(b, 0, 0)
	}
	return cfg
}

func limited(b *awshttp.BuildableClient, answer, request time.Duration) *awshttp.BuildableClient {
	return b.WithTimeout(request).WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answer })
}
