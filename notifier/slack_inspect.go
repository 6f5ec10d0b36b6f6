package notifier

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"slowdigest/digest"
)

// Identity is who Slack takes the token for.
type Identity struct {
	Team, User string
	Scopes     []string // empty where Slack does not tell
}

// May reports whether the token has a scope, and true where that is not known.
func (i Identity) May(scope string) bool {
	return len(i.Scopes) == 0 || slices.Contains(i.Scopes, scope)
}

// Identify asks Slack who the token belongs to. It needs no scope. Its error, as
// those of the following, is a *DeliveryError.
func (s *Slack) Identify(ctx context.Context) (Identity, error) {
	var i Identity
	client := s.newClient(slack.OptionOnResponseHeaders(func(_ string, h http.Header) {
		for scope := range strings.SplitSeq(h.Get("X-OAuth-Scopes"), ",") {
			if scope = strings.TrimSpace(scope); scope != "" {
				i.Scopes = append(i.Scopes, scope)
			}
		}
	}))
	answer, err := client.AuthTestContext(ctx)
	if err != nil {
		return i, s.failed("ask Slack who the token belongs to", err)
	}
	i.Team, i.User = clean(answer.Team), clean(answer.User)
	return i, nil
}

// ChannelInfo is what Slack tells of the channel that is posted to.
type ChannelInfo struct {
	Name                      string
	Member, Private, Archived bool
}

// LookUpChannel needs the channel's ID and the scope channels:read, or
// groups:read for a private one.
func (s *Slack) LookUpChannel(ctx context.Context) (ChannelInfo, error) {
	c, err := s.client.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: s.channel})
	if err != nil {
		return ChannelInfo{}, s.failed("look up the channel in Slack", err)
	}
	return ChannelInfo{Name: clean(c.Name), Member: c.IsMember, Private: c.IsPrivate, Archived: c.IsArchived}, nil
}

// Validate has Slack itself check the message that r becomes, by
// blocks.validate, which posts nothing and needs no scope.
func (s *Slack) Validate(ctx context.Context, r *digest.Report) error {
	const step = "have Slack validate a digest"
	blocks, err := json.Marshal(newParent(r, s.opts).ladder()[0].Blocks)
	if err != nil {
		return &DeliveryError{Kind: Payload, Posted: NotPosted, Step: step, Err: err}
	}
	var answer struct {
		OK     bool   `json:"ok"`
		Error  string `json:"error"`
		Errors []struct{ Pointer, Message string }
	}
	if err := s.call(ctx, "blocks.validate", url.Values{"blocks": {string(blocks)}}, &answer); err != nil {
		return s.failed(step, err)
	}
	if answer.OK && len(answer.Errors) == 0 {
		return nil
	}
	e := s.failed(step, slack.SlackErrorResponse{Err: cmp.Or(answer.Error, "invalid_blocks")})
	for _, at := range answer.Errors {
		e.Hint = clean(at.Pointer + ": " + at.Message)
	}
	return e
}

// call calls a method that slack-go does not know.
func (s *Slack) call(ctx context.Context, method string, form url.Values, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cmp.Or(s.opts.APIURL, slack.APIURL)+method, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.opts.HTTPClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(answer)
}

func (s *Slack) failed(step string, err error) *DeliveryError {
	e := s.failure(err)
	e.Step, e.Posted = step, NotPosted
	return e
}
