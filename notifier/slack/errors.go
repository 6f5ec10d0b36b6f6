package slack

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	slackgo "github.com/slack-go/slack"

	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// hints say what to do about the errors that somebody has to fix.
var hints = map[string]string{
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
	"invalid_token":           "the webhook URL is not right",
}

var (
	payloadErrors = []string{"invalid_blocks", "invalid_blocks_format", "invalid_payload", "msg_too_long",
		"msg_blocks_too_long", "too_many_attachments", "no_text", "metadata_too_large", "invalid_metadata_format",
		"invalid_metadata_schema", "invalid_arguments"}
	// transientErrors are the errors after which a message may have been posted.
	transientErrors = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error"}
	limitedErrors   = []string{"ratelimited", "rate_limited", "message_limit_exceeded"}
)

// classify classes an error of slack-go. One that is not known is taken for a
// matter of configuration, so that it is seen and not tried forever.
func classify(err error) *notifier.DeliveryError {
	var limited *slackgo.RateLimitedError
	var answer slackgo.SlackErrorResponse
	var status slackgo.StatusCodeError
	var badRetryAfter *strconv.NumError // of a 429, as slack-go gives it back
	switch {
	case errors.As(err, &limited):
		return &notifier.DeliveryError{Kind: notifier.Transient, Posted: notifier.NotPosted, Err: err, Wait: max(limited.RetryAfter, 1)}
	case errors.As(err, &badRetryAfter):
		return notifier.StatusError(http.StatusTooManyRequests, err)
	case errors.As(err, &answer):
		e := classifyCode(answer.Err, err)
		if answer.Err == "missing_scope" && answer.Needed != "" {
			e.Advice = fmt.Sprintf("the bot needs the scope %s, and has %s", redact.Clean(answer.Needed), redact.Clean(answer.Provided))
		}
		return e
	case errors.As(err, &status):
		return notifier.StatusError(status.Code, err)
	}
	return notifier.TransportError(err)
}

// classifyCode classes an error by Slack's name for it.
func classifyCode(code string, err error) *notifier.DeliveryError {
	e := &notifier.DeliveryError{Kind: notifier.Configuration, Posted: notifier.NotPosted, Reason: code, Advice: hints[code], Err: err}
	switch {
	case slices.Contains(payloadErrors, code):
		e.Kind = notifier.Payload
	case slices.Contains(transientErrors, code):
		e.Kind, e.Posted = notifier.Transient, notifier.MaybePosted
	case slices.Contains(limitedErrors, code):
		e.Kind, e.Wait = notifier.Transient, notifier.DefaultWait
	}
	return e
}

// positions lists the faults of a message with their JSON pointers.
func positions(err error, token string) []string {
	var answer slackgo.SlackErrorResponse
	if !errors.As(err, &answer) {
		return nil
	}
	all := slices.Clone(answer.ResponseMetadata.Messages)
	for _, e := range answer.Errors {
		if e.Message != nil {
			all = append(all, *e.Message)
		}
	}
	for i := range all {
		all[i] = notifier.HideSecret(redact.Clean(all[i]), token)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
