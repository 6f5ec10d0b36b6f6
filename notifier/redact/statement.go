package redact

import (
	"regexp"
	"strings"
)

// maxStatement is how much of a statement is looked at and shown, in
// characters. A chat shows less of it.
const maxStatement = 8_000

// passwords matches the statements that exist to carry a secret. They are
// withheld whatever the fingerprint made of them.
var passwords = onUse(`(?i)\bidentified\s+(by|with|via)\b|\bset\s+password\b|\b(create|alter)\s+user\b|` +
	`\b(old_)?password\s*\(|\b(master|source)_password\b|\bcreate\s+server\b`)

// ForCLI is a fingerprint as it may be seen in the terminal of whoever asked for
// it. It is clean and bounded, and holds no statement about passwords.
func ForCLI(fingerprint string) string {
	s := Clean(Cut(fingerprint, maxStatement))
	if passwords().MatchString(s) {
		return withholding(s, "a password")
	}
	return s
}

// Statement is a fingerprint as others may see it: what may hold a secret is
// withheld too, although nothing should have put it there.
func Statement(fingerprint string) string {
	s := ForCLI(fingerprint)
	if what := secretIn(s); what != "" {
		return withholding(s, what)
	}
	return s
}

// withholding leaves of a statement only its first word.
func withholding(s, what string) string {
	return strings.TrimSpace(firstWord().FindString(s) + " " + withheld(what))
}

// firstWord matches the first word of a statement, which is safe to show.
var firstWord = onUse(`^[A-Za-z]{2,10}\b`)

func withheld(what string) string { return "[withheld: may hold " + what + "]" }

var ipv4 = onUse(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)

// secrets must never reach a chat in a statement or a name, even where nothing
// should have put them there.
var secrets = []struct {
	what string
	re   func() *regexp.Regexp
}{
	{"an e-mail address", onUse(`[\w.+%-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}`)},
	{"a web token", onUse(`\beyJ[\w-]{8,}\.[\w-]+`)},
	{"an access key", onUse(`\b(?i:AKIA|ASIA|AROA|AIDA)[A-Za-z0-9]{16}\b|\bxox[a-z]-[\w-]{8,}|\bgh[pousr]_\w{20,}|\bsk_(live|test)_\w{8,}`)},
	{"a secret URL", onUse(`(?i)hooks\.slack\.com/|[?&](sig|token|password|x-amz-signature)=|://[^/\s:@]+:[^/\s@]+@`)},
	{"a private key", onUse(`-----BEGIN`)},
	{"a long hexadecimal number", onUse(`(?i)\b(0x)?[0-9a-f]{32,}\b`)},
	{"an IP address", ipv4},
}

var (
	digitRuns = onUse(`\d(?:[ -]?\d){14,18}`)
	base64ish = onUse(`[A-Za-z0-9+/=]{40,}`)
)

// secretIn names the kind of secret or personal data that s seems to hold, and
// is empty where it finds none.
func secretIn(s string) string {
	for _, x := range secrets {
		if x.re().MatchString(s) {
			return x.what
		}
	}
	for _, d := range digitRuns().FindAllString(s, -1) {
		if luhn(d) {
			return "a card number"
		}
	}
	for _, b := range base64ish().FindAllString(s, -1) {
		if strings.ContainsAny(b, "0123456789") && strings.ToLower(b) != b && strings.ToUpper(b) != b {
			return "an encoded secret"
		}
	}
	return ""
}

// luhn checks the digits as ISO/IEC 7812-1 does for card numbers.
func luhn(s string) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}
