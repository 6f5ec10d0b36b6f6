package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// Identity names the workspace and the user that a token belongs to.
type Identity struct {
	Team, User string
	Scopes     []string // empty where Slack does not say
}

// May reports whether the token has a scope, and true where that is not known.
func (i Identity) May(scope string) bool {
	return len(i.Scopes) == 0 || slices.Contains(i.Scopes, scope)
}

// Identify asks Slack who the token belongs to. It needs no scope. Its error, as
// those of the following, is a *DeliveryError.
func (c *client) Identify(ctx context.Context) (Identity, error) {
	var i Identity
	api := newAPI(c.token, c.opts, slackgo.OptionOnResponseHeaders(func(_ string, h http.Header) {
		for scope := range strings.SplitSeq(h.Get("X-OAuth-Scopes"), ",") {
			if scope = strings.TrimSpace(scope); scope != "" {
				i.Scopes = append(i.Scopes, scope)
			}
		}
	}))
	answer, err := api.AuthTestContext(ctx)
	if err != nil {
		return i, c.inspectionFailure("ask Slack who the token belongs to", err)
	}
	i.Team, i.User = redact.Clean(answer.Team), redact.Clean(answer.User)
	return i, nil
}

// ChannelInfo describes the channel that is posted to.
type ChannelInfo struct {
	Name                      string
	Member, Private, Archived bool
}

// LookUpChannel needs the channel's ID and the scope channels:read, or
// groups:read for a private one.
func (c *client) LookUpChannel(ctx context.Context) (ChannelInfo, error) {
	info, err := c.api.GetConversationInfoContext(ctx, &slackgo.GetConversationInfoInput{ChannelID: c.channel})
	if err != nil {
		return ChannelInfo{}, c.inspectionFailure("look up the channel in Slack", err)
	}
	return ChannelInfo{Name: redact.Clean(info.Name), Member: info.IsMember, Private: info.IsPrivate, Archived: info.IsArchived}, nil
}

// Validate has Slack itself check the message that r becomes, by
// blocks.validate, which posts nothing and needs no scope.
func (c *client) Validate(ctx context.Context, r *digest.Report) error {
	const step = "have Slack validate a digest"
	blocks, err := json.Marshal(newDraft(redact.Of(r), c.opts).fallbacks()[0].Blocks)
	if err != nil {
		return &notifier.DeliveryError{Kind: notifier.Payload, Posted: notifier.NotPosted, Step: step, Err: err}
	}
	var answer struct {
		OK     bool   `json:"ok"`
		Error  string `json:"error"`
		Errors []struct{ Pointer, Message string }
	}
	if err := c.call(ctx, "blocks.validate", url.Values{"blocks": {string(blocks)}}, &answer); err != nil {
		return c.inspectionFailure(step, err)
	}
	if answer.OK && len(answer.Errors) == 0 {
		return nil
	}
	e := c.inspectionFailure(step, slackgo.SlackErrorResponse{Err: cmp.Or(answer.Error, "invalid_blocks")})
	for _, at := range answer.Errors {
		e.Advice = notifier.HideSecret(redact.Clean(at.Pointer+": "+at.Message), c.token)
	}
	return e
}
