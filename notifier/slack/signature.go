package slack

import (
	"net/http"

	slackgo "github.com/slack-go/slack"
)

// Signs reports whether a request is signed with a signing secret of Slack, and not older than
// five minutes.
func Signs(secret string, header http.Header, body []byte) bool {
	v, err := slackgo.NewSecretsVerifier(header, secret)
	if err != nil || secret == "" {
		return false
	}
	_, _ = v.Write(body) // a hash takes everything
	return v.Ensure() == nil
}
