package source

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"slowdigest/iam/denial"
)

// Hint returns what can be done about an error, without a full stop: what the first
// error of its tree that has a method Hint says. It is empty if there is none.
func Hint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// advised is an error with advice.
type advised struct {
	error
	advice string
}

func (e advised) Unwrap() error { return e.error }
func (e advised) Hint() string  { return e.advice }

// NoSlowLogError says that an instance has no slow log file at all.
type NoSlowLogError struct {
	Instance string
	// Reason says what in the instance's parameters is the cause; empty where they
	// could not be read, or are not.
	Reason string
}

func (e *NoSlowLogError) Error() string {
	return fmt.Sprintf("instance %s has no slow log files", e.Instance)
}

// Hint returns what to set in the instance's parameters.
func (e *NoSlowLogError) Hint() string {
	hint := "set slow_query_log=1 and log_output=FILE in a custom DB parameter group; the default group cannot be changed"
	if e.Reason != "" {
		hint = e.Reason + ": " + hint
	}
	return hint
}

// callError reports a call to RDS that has failed.
type callError struct{ error }

func callFailed(format string, args ...any) error { return callError{fmt.Errorf(format, args...)} }

func (e callError) Unwrap() error { return e.error }

// Hint returns what can be done about the error; empty if there is nothing to say.
func (e callError) Hint() string {
	var notFound *types.DBInstanceNotFoundFault
	var file *fs.PathError // the system's errors have the methods of a net.Error
	switch {
	case errors.As(e.error, &file):
		return ""
	case errors.As(e.error, &notFound):
		return "this region has no DB instance of that name: was it deleted or renamed? Logs belong to instances: give the name of one, not of a cluster, or cluster:NAME for its members"
	case throttled(e.error):
		return "RDS limits the calls of the whole account; run later, or read fewer instances at a time"
	case errors.Is(e.error, context.DeadlineExceeded) && !errors.Is(e.error, errSilent):
		return ""
	}
	return CallHint(e.error, "RDS", "the role must allow rds:DescribeDBLogFiles and rds:DownloadDBLogFilePortion on the instance, and for complete downloads rds:DownloadCompleteDBLogFile")
}

// CallHint returns what can be done about a failed call of a service, by its name in
// AWS_ENDPOINT_URL_…: whether it was denied, throttled or not answered. Needs is for
// a denial that does not say what is missing. It is empty if there is nothing to say.
func CallHint(err error, service, needs string) string {
	var network net.Error
	switch {
	case denied(err):
		var api smithy.APIError
		errors.As(err, &api)
		return cmp.Or(denial.Hint(api.ErrorMessage()), needs)
	case throttled(err):
		return service + " limits the calls of the whole account; run later"
	case errors.Is(err, context.Canceled) && !errors.Is(err, errSilent):
		return ""
	case errors.As(err, &network):
		return "check the region, the network and AWS_ENDPOINT_URL_" + service + "; a function in a VPC needs a NAT gateway or an interface endpoint for " + service
	}
	return ""
}

// CauseOf returns why an error of this package, or of the SDK, has kept something
// from being read.
func CauseOf(err error) Cause {
	var notFound *types.DBInstanceNotFoundFault
	switch {
	case errors.As(err, new(*NoSlowLogError)):
		return Off
	case notReady(err):
		return Waiting
	case errors.As(err, &notFound):
		return Gone
	case denied(err):
		return Denied
	}
	return Passing
}

func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// final reports whether it is of no use to make the call once more: RDS has
// answered that it will not, or it was tried as often or for as long as it may.
func final(err error) bool {
	var tried *retry.MaxAttemptsError
	return errors.Is(err, errSilent) || errorCode(err) != "" && !fileNotFound(err) || errors.As(err, &tried) || throttled(err)
}

func denied(err error) bool {
	switch errorCode(err) {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation",
		"KmsAccessDenied", "KMS.AccessDeniedException", "KMSAccessDeniedException": // of a queue's key
		return true
	}
	return false
}

// throttled includes the SDK's own refusal to try again, which comes after too
// many throttled calls.
func throttled(err error) bool {
	switch errorCode(err) {
	case "Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException",
		"RequestThrottled", "KmsThrottled", "KMS.ThrottlingException":
		return true
	}
	var quota ratelimit.QuotaExceededError
	return errors.As(err, &quota)
}

// unreadable reports whether the API will not or cannot deliver the bytes of a
// portion: it refuses what is not text, and what is no XML breaks its answer.
func unreadable(err error) bool {
	var broken *xml.SyntaxError
	if errors.As(err, &broken) {
		return broken.Msg != "unexpected EOF" // that is a connection that was cut
	}
	return errorCode(err) == "InvalidParameterValue" && strings.Contains(err.Error(), "binary data")
}

func fileNotFound(err error) bool {
	var fault *types.DBLogFileNotFoundFault
	return errors.As(err, &fault)
}

func notReady(err error) bool {
	var fault *types.DBInstanceNotReadyFault
	return errors.As(err, &fault) || errorCode(err) == "InvalidDBInstanceState"
}
