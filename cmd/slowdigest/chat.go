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

// readParameter returns the value of an SSM parameter. A secret in the place of its name is told
// neither to AWS nor to whoever reads the error.
func readParameter(ctx context.Context, cfg aws.Config, name string) (string, error) {
	if forms.IsSecret(name) {
		return "", hinted{errors.New("read parameter: what is configured as its name looks like a secret"), "put it into a parameter, and configure the name of that"}
	}
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
// want of an answer, also those for credentials. Without a region or credentials it says so at once,
// for each call would say so at length.
func loadAWS(ctx context.Context, options ...func(*config.LoadOptions) error) (aws.Config, error) {
	options = append(options, config.WithHTTPClient(limited(awshttp.NewBuildableClient(), answerTime, requestTime)))
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	var noProfile config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &noProfile):
		return cfg, hinted{fmt.Errorf("load AWS configuration: there is no profile %s", noProfile.Profile), "aws configure list-profiles shows which there are"}
	case err != nil:
		return cfg, fmt.Errorf("load AWS configuration: %w", err)
	case cfg.Region == "":
		return cfg, hinted{errors.New("load AWS configuration: no region is set"), "set AWS_REGION, or a region for the profile in ~/.aws/config"}
	}
	_, err = cfg.Credentials.Retrieve(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return cfg, err
	case err != nil && strings.Contains(err.Error(), "no EC2 IMDS role found"): // it is asked last
		return cfg, hinted{errors.New("load AWS configuration: there are no credentials"),
			"log in with aws sso login or aws login, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"}
	case err != nil:
		return cfg, hinted{fmt.Errorf("load AWS credentials: %w", err), "aws sts get-caller-identity shows who you are; log in, or set AWS_PROFILE"}
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
