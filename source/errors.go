package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
)

// NoSlowLogError says that an instance has no slow log file at all.
type NoSlowLogError struct {
	Instance string
	// Reason is what the instance's parameters say about it; empty where they
	// could not be read, or do not tell.
	Reason string
}

func (e *NoSlowLogError) Error() string {
	return fmt.Sprintf("instance %s has no slow log files", e.Instance)
}

// Hint is a sentence on what can be done about an error of this package, without
// a full stop; empty if there is nothing to say.
func Hint(err error) string {
	var noLog *NoSlowLogError
	var notFound *types.DBInstanceNotFoundFault
	var network net.Error
	var file *fs.PathError // the system's errors have the methods of a net.Error
	switch {
	case errors.As(err, &file):
		return ""
	case errors.As(err, &noLog):
		hint := "set slow_query_log=1 and log_output=FILE in a custom DB parameter group; the default group cannot be changed"
		if noLog.Reason != "" {
			hint = noLog.Reason + ": " + hint
		}
		return hint
	case errors.As(err, &notFound):
		return "logs belong to instances: give the identifier of a DB instance in this region, not of a cluster, or cluster:NAME for its members"
	case denied(err):
		return deniedHint(err)
	case throttled(err):
		return "RDS limits the calls of the whole account; run later, or read fewer instances at a time"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &network):
		return "check the region, the network and AWS_ENDPOINT_URL_RDS; a function in a VPC needs a NAT gateway or an interface endpoint for RDS"
	}
	return ""
}

func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// final reports whether it is of no use to make the call once more: RDS has
// answered that it will not, or the SDK has tried as often as it may.
func final(err error) bool {
	var tried *retry.MaxAttemptsError
	return errorCode(err) != "" && !fileNotFound(err) || errors.As(err, &tried) || throttled(err)
}

func denied(err error) bool {
	switch errorCode(err) {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation":
		return true
	}
	return false
}

// throttled includes the SDK's own refusal to try again, which comes after too
// many throttled calls.
func throttled(err error) bool {
	switch errorCode(err) {
	case "Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException":
		return true
	}
	var quota ratelimit.QuotaExceededError
	return errors.As(err, &quota)
}

// The message of an AccessDenied names both: "User: ARN is not authorized to
// perform: rds:DownloadDBLogFilePortion on resource: ARN because …".
var deniedMessage = regexp.MustCompile(`not authorized to perform: (\S+)(?: on resource: (\S+))?`)

func deniedHint(err error) string {
	var api smithy.APIError
	errors.As(err, &api)
	m := deniedMessage.FindStringSubmatch(api.ErrorMessage())
	switch {
	case m == nil:
		return "the role must allow rds:DescribeDBLogFiles and rds:DownloadDBLogFilePortion on the instance, and for complete downloads rds:DownloadCompleteDBLogFile"
	case m[2] == "":
		return "the role must allow " + m[1] + " on the instance"
	}
	return "the role must allow " + m[1] + " on " + m[2]
}
