package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Signed is a request in the form that Slack gives its own. Whether Slack has signed
// it is known after Verify.
type Signed struct {
	Body      []byte
	stamp     string // POSIX time, in seconds
	signature []byte
}

// Why a request is refused. A refusal that is not one of these says
// what is wrong with the command.
var (
	ErrNotFromSlack = errors.New("the request is not signed by Slack, or too old")
	ErrBadRequest   = errors.New("the request is none of Slack's commands or buttons")
	ErrNotAllowed   = errors.New("this is not allowed here")
)

const (
	// maxRequest is how long the body of a request may be, in bytes. Slack's own
	// hold a whole message at most.
	maxRequest = 256 << 10
	maxAge     = 5 * time.Minute // in either direction of the clock
)

var stampForm = regexp.MustCompile(`^[0-9]{1,12}$`)

// ReadSigned refuses what cannot be from Slack, as far as that is known without the
// signing secret: a body that is too long, a signature or a time of another form, or
// twice, and what is older than five minutes. The error is ErrBadRequest or
// ErrNotFromSlack.
func ReadSigned(header http.Header, body []byte, now time.Time) (*Signed, error) {
	if len(body) > maxRequest {
		return nil, fmt.Errorf("%w: %d bytes", ErrBadRequest, len(body))
	}
	stamps, signatures := header["X-Slack-Request-Timestamp"], header["X-Slack-Signature"]
	if len(stamps) != 1 || len(signatures) != 1 || !stampForm.MatchString(stamps[0]) {
		return nil, ErrNotFromSlack
	}
	digits, known := strings.CutPrefix(signatures[0], "v0=")
	signature, err := hex.DecodeString(digits)
	if err != nil || !known || len(signature) != sha256.Size {
		return nil, ErrNotFromSlack
	}
	seconds, err := strconv.ParseInt(stamps[0], 10, 64)
	if age := now.Sub(time.Unix(seconds, 0)).Truncate(time.Second); err != nil || age > maxAge || age < -maxAge {
		return nil, ErrNotFromSlack
	}
	return &Signed{body, stamps[0], signature}, nil
}

// Verify reports whether the request is signed with the secret.
func (s *Signed) Verify(secret string) bool {
	if secret == "" {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", s.stamp, s.Body)
	return hmac.Equal(mac.Sum(nil), s.signature)
}

// ID is the same for each copy of a verified request, however its headers are spelled, and
// for no other: it is made of the bytes of the signature, of which each time and body
// have one.
func (s *Signed) ID() string {
	sum := sha256.Sum256(s.signature)
	return hex.EncodeToString(sum[:16])
}
