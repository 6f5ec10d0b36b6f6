package slacktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// SigningSecret is that of the app, with which Slack signs what it sends.
const SigningSecret = "51ac7e575160a1b2c3d4e5f60718293a"

// Sign returns the headers with which Slack sends a body at a time.
func Sign(body []byte, secret string, at time.Time) http.Header {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h := http.Header{}
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// Command is the body of a request for which somebody wrote "/slowdigest text".
func Command(text string) []byte {
	return []byte(url.Values{
		"token": {"deprecated"}, "team_id": {"T0SLACKTEST"}, "team_domain": {"slacktest"}, "channel_id": {Channel},
		"channel_name": {"slow-queries"}, "user_id": {User}, "user_name": {"dba"}, "command": {"/slowdigest"}, "text": {text},
		"response_url": {"https://hooks.slack.com/commands/T0SLACKTEST/1/secret"}, "trigger_id": {"1.1.secret"}, "api_app_id": {"A0SLACKTEST"},
	}.Encode())
}

// User is who writes commands and presses buttons.
const User = "U0SLACKTEST"

// Press is the body of a request for which somebody pressed a button of a
// message.
func Press(actionID, value, ts string) []byte {
	payload := fmt.Sprintf(`{"type":"block_actions","user":{"id":%q,"username":"dba","name":"dba","team_id":"T0SLACKTEST"},`+
		`"api_app_id":"A0SLACKTEST","token":"deprecated","container":{"type":"message","message_ts":%q,"channel_id":%q},`+
		`"trigger_id":"1.1.secret","team":{"id":"T0SLACKTEST","domain":"slacktest"},"channel":{"id":%q,"name":"slow-queries"},`+
		`"message":{"type":"message","bot_id":%q,"text":"a digest","ts":%q},"response_url":"https://hooks.slack.com/actions/T0SLACKTEST/1/secret",`+
		`"actions":[{"type":"button","action_id":%q,"block_id":"b","text":{"type":"plain_text","text":"Mute"},"value":%q,"action_ts":%q}]}`,
		User, ts, Channel, Channel, BotID, ts, actionID, value, ts)
	return []byte(url.Values{"payload": {payload}}.Encode())
}
