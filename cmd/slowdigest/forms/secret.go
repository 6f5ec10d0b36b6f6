package forms

import (
	"errors"
	"regexp"
	"strings"
)

// credential is a part of a text that lets whoever reads it in: tokens of Slack, webhook URLs of
// the chats that we know, what stands before the host of a URL, and the IDs of AWS keys.
var credential = regexp.MustCompile(strings.Join([]string{
	`(?i:\bxox[a-z][.-]\w[\w.-]*)`, `(?i:\bxapp-\d[\w-]*)`,
	`(?i:\bhooks\.slack(?:-gov)?\.com/)\w[^\s"]*`, `/services/T[A-Z0-9]+/B[A-Z0-9]+/\w+`, `/hooks/\w{16}[^\s"]*`,
	`(?i:\.webhook\.office(?:365)?\.\w+/)\w[^\s"]*`, `[?&]sig=\w[^\s"&]*`,
	`://[^\s/?#"@]+@`, `\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
}, "|"))

// Slack makes signing secrets of 32 hexadecimal digits; the secret part of an AWS key is 40
// characters of base64.
var (
	signing = regexp.MustCompile(`^[0-9a-f]{32}$`)
	awsKey  = regexp.MustCompile(`^[A-Za-z0-9+][A-Za-z0-9+/]{39}$`)
	each    = []*regexp.Regexp{regexp.MustCompile(`[A-Z]`), regexp.MustCompile(`[a-z]`), regexp.MustCompile(`[0-9]`)}
)

// HasCredential reports whether there is one in a text, as may stand in any variable.
func HasCredential(text string) bool { return credential.MatchString(text) }

// IsSecret reports whether a setting that is no secret has a value that looks like one.
func IsSecret(value string) bool {
	value = strings.TrimSpace(value)
	if HasCredential(value) || signing.MatchString(value) {
		return true
	}
	for _, kind := range each {
		if !kind.MatchString(value) {
			return false
		}
	}
	return awsKey.MatchString(value)
}

// Hide takes credentials out of a text for people.
func Hide(text string) string { return credential.ReplaceAllString(text, "[secret]") }

// Signing takes a signing secret of Slack. Its errors do not tell the secret, but which other one
// it looks like.
func Signing(s string) error {
	if err := Secret(s); err != nil {
		return err
	}
	if signing.MatchString(s) {
		return nil
	}
	what := "is not a signing secret of Slack, which has 32 hexadecimal digits"
	if HasCredential(s) {
		what = "is a token or a webhook URL, and the signing secret has 32 hexadecimal digits"
	}
	return mistaken{errors.New(what), "copy it from Signing Secret under Basic Information of the Slack app"}
}
