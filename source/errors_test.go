package source

import (
	"encoding/xml"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/smithy-go"
)

// TestCodesOfErrors has the codes by which AWS says that a call is not allowed, or
// that there are too many of them.
func TestCodesOfErrors(t *testing.T) {
	for code, want := range map[string]string{
		"AccessDenied": "denied", "AccessDeniedException": "denied", "UnauthorizedOperation": "denied",
		"Throttling": "throttled", "ThrottlingException": "throttled", "RequestLimitExceeded": "throttled",
		"SlowDown": "throttled", "TooManyRequestsException": "throttled", "RequestThrottled": "throttled", "KmsThrottled": "throttled",
		"KmsAccessDenied": "denied", "KMS.AccessDeniedException": "denied",
		"InternalFailure": "", "InvalidParameterValue": "", "": "",
	} {
		err := callFailed("call: %w", &smithy.GenericAPIError{Code: code})
		if denied(err) != (want == "denied") || throttled(err) != (want == "throttled") {
			t.Errorf("%q: denied %v, throttled %v; want %q", code, denied(err), throttled(err), want)
		}
	}
	for message, want := range map[string]bool{"illegal character code U+0001": true, "unexpected EOF": false} { // the latter where a connection is cut
		if got := unreadable(callFailed("call: %w", &xml.SyntaxError{Msg: message})); got != want {
			t.Errorf("%s: unreadable is %v", message, got)
		}
	}
	// What the SDK says when it will not try again.
	err := callFailed("download: %w", ratelimit.QuotaExceededError{Requested: 5})
	const want = "RDS limits the calls of the whole account; run later, or read fewer instances at a time"
	if hint := Hint(err); hint != want || !throttled(err) || !final(err) {
		t.Errorf("quota exceeded: hint %q, want %q", hint, want)
	}
}
