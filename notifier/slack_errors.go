package notifier

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/slack-go/slack"
)

// slackHints say what to do about the errors that somebody has to mend.
var slackHints = map[string]string{
	"invalid_auth":            "the token is not valid: is it the bot token, which begins with xoxb-?",
	"not_authed":              "no token was sent: is the parameter that holds it empty?",
	"token_revoked":           "the token was revoked: install the app again",
	"token_expired":           "the token has expired: install the app again, without token rotation",
	"account_inactive":        "the bot was removed from the workspace: install the app again",
	"missing_scope":           "the bot needs the scope chat:write, and chat:write.public for channels it has not joined",
	"no_permission":           "the bot needs the scope chat:write",
	"channel_not_found":       "no such channel, or a private one: use its ID and /invite the bot",
	"not_in_channel":          "/invite the bot to the channel, or give it chat:write.public",
	"is_archived":             "the channel is archived: choose another",
	"channel_is_archived":     "the channel is archived: choose another",
	"restricted_action":       "the workspace does not let the bot post in this channel",
	"action_prohibited":       "the workspace does not let the webhook post",
	"team_access_not_granted": "the app has not been granted access to this workspace",
	"org_login_required":      "the workspace is moving into an organisation: try again afterwards",
	"message_not_found":       "somebody has deleted the digest",
	"cant_update_message":     "the digest was posted by another bot",
	"edit_window_closed":      "the workspace does not let messages be changed after so long",
	"ekm_access_denied":       "the organisation's key policy forbids this channel",
	"no_service":              "the webhook is gone: make a new one",
	"no_active_hooks":         "the webhook is gone: make a new one",
	"no_team":                 "the webhook's workspace is gone",
	"invalid_token":           "the webhook's address is not right",
}

var (
	slackPayload = []string{"invalid_blocks", "invalid_blocks_format", "invalid_payload", "msg_too_long",
		"msg_blocks_too_long", "too_many_attachments", "no_text", "metadata_too_large", "invalid_metadata_format",
		"invalid_metadata_schema", "invalid_arguments"}
	// slackTransient are the errors after which a message may have been posted.
	slackTransient = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error"}
	slackLimited   = []string{"ratelimited", "rate_limited", "message_limit_exceeded"}
)

// slackError classes an error of slack-go. One that is not known is taken for a
// matter of configuration, so that it is seen and not tried forever.
func slackError(err error) *DeliveryError {
	var limited *slack.RateLimitedError
	var answer slack.SlackErrorResponse
	var status slack.StatusCodeError
	var badRetryAfter *strconv.NumError // of a 429, as slack-go gives it back
	switch {
	case errors.As(err, &limited):
		return &DeliveryError{Kind: Transient, Posted: NotPosted, Err: err, wait: max(limited.RetryAfter, 1)}
	case errors.As(err, &badRetryAfter):
		return statusError(http.StatusTooManyRequests, err)
	case errors.As(err, &answer):
		e := slackCode(answer.Err, err)
		if answer.Err == "missing_scope" && answer.Needed != "" {
			e.Hint = fmt.Sprintf("the bot needs the scope %s, and has %s", clean(answer.Needed), clean(answer.Provided))
		}
		return e
	case errors.As(err, &status):
		return statusError(status.Code, err)
	}
	return transportError(err)
}

// slackCode classes an error by Slack's name for it.
func slackCode(code string, err error) *DeliveryError {
	e := &DeliveryError{Kind: Configuration, Posted: NotPosted, Reason: code, Hint: slackHints[code], Err: err}
	switch {
	case slices.Contains(slackPayload, code):
		e.Kind = Payload
	case slices.Contains(slackTransient, code):
		e.Kind, e.Posted = Transient, MaybePosted
	case slices.Contains(slackLimited, code):
		e.Kind, e.wait = Transient, defaultLimit
	}
	return e
}

// slackPositions is where in the message Slack found fault.
func slackPositions(err error) []string {
	var answer slack.SlackErrorResponse
	if !errors.As(err, &answer) {
		return nil
	}
	positions := slices.Clone(answer.ResponseMetadata.Messages)
	for _, e := range answer.Errors {
		if e.Message != nil {
			positions = append(positions, *e.Message)
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}
