package forms

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"slowdigest/handler"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/teams"
)

var (
	userID = regexp.MustCompile(`^[UW][A-Z0-9]{7,}$`)
	// Names in Slack have letters of any script, but no upper case, no spaces, and no punctuation
	// but these; and no more than 80 characters, which would be 5 MB in the expression.
	channelName = regexp.MustCompile(`^[\p{Ll}\p{Lm}\p{Lo}\p{M}\p{N}_-]+$`)
)

func isChannelName(s string) bool {
	s = strings.TrimPrefix(s, "#")
	return channelName.MatchString(s) && utf8.RuneCountInString(s) <= 80
}

// Channel refuses what chat.postMessage takes for no channel. It takes IDs, of channels and, for
// direct messages, of users, and names with and without a number sign, but no ID after one.
func Channel(s string) error {
	if handler.IsChannelID(s) || userID.MatchString(s) || isChannelName(s) {
		return nil
	}
	return mistaken{fmt.Errorf("%q is neither the ID of a channel nor a name", s), "want an ID such as C0123456789, or a name such as #slow-queries, in lower case"}
}

// ChannelID takes the ID of a channel.
func ChannelID(s string) error {
	if handler.IsChannelID(s) {
		return nil
	}
	return mistaken{fmt.Errorf("%q is not the ID of a channel, and Slack tells IDs", s), "want one such as C0123456789, at the end of the channel's details in Slack"}
}

// UserID takes the ID of a user.
func UserID(s string) error {
	if userID.MatchString(s) {
		return nil
	}
	return mistaken{fmt.Errorf("%q is not the ID of a user, and Slack tells IDs", s), "want one such as U0123456789: copy the member ID in the user's profile"}
}

// IsWebhook reports whether a token is the URL of a webhook that a digest can be posted to.
func IsWebhook(token string) bool { return slack.IsWebhook(token) || teams.IsWebhook(token) }

// Token refuses what is neither a token nor the webhook URL of a chat that shows a digest. Its
// errors do not tell the token.
func Token(token string) error {
	switch {
	case IsWebhook(token):
		return nil
	case slack.LikeWebhook(token):
		return mistaken{errors.New("the webhook URL is one of Mattermost or Rocket.Chat, which do not show what Slack does"),
			"post to Slack or to a Teams workflow, or print the digest as Markdown and send that"}
	case strings.Contains(token, "://"):
		return mistaken{errors.New("the webhook URL is neither one of Slack nor of a Teams workflow"),
			"one of Slack begins with https://hooks.slack.com/ or https://hooks.slack-gov.com/, one of Teams with https:// and a host of Power Automate, and ends in a sig"}
	}
	if signing.MatchString(token) {
		return mistaken{errors.New("is no token: it has the form of a signing secret"), "copy the bot token, which begins with xoxb-, from OAuth & Permissions of the Slack app"}
	}
	return Secret(token)
}

// Secret refuses what no secret of Slack has. Its errors do not tell the secret.
func Secret(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return mistaken{errors.New("has white space, or characters outside ASCII, which no token or secret of Slack has"), "copy it again from the settings of the Slack app"}
	}
	return nil
}
