// Package denial reads how AWS says that a call is not allowed, and says what to do.
package denial

import (
	"regexp"
	"strings"
)

// The message of an AccessDenied, whatever the service: "User: ARN is not authorized
// to perform: rds:DescribeDBLogFiles on resource: ARN because no identity-based policy
// allows the rds:DescribeDBLogFiles action", or "… with an explicit deny in a service
// control policy". Older ones end earlier.
var (
	deniedAction = regexp.MustCompile(`not authorized to perform: (\S+)(?: on (?:resource: (\S+)|the resource))?`)
	deniedBy     = regexp.MustCompile(`(with an explicit deny in|because no) (?:an? )?((?:[\w-]+ ){1,3}(?:policy|boundary))`)
)

// Hint returns what to do about a message of AccessDenied, without a full stop;
// empty if it names no action.
func Hint(message string) string {
	m := deniedAction.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	what := m[1]
	switch resource := strings.Trim(m[2], `"'`); {
	case resource != "":
		what += " on " + resource
	case strings.HasPrefix(what, "kms:"):
		what += " on the key"
	case strings.HasPrefix(what, "rds:"):
		what += " on the instance"
	}
	by := deniedBy.FindStringSubmatch(message)
	switch {
	case by == nil, by[2] == "identity-based policy" && by[1] == "because no":
		return "the role must allow " + what
	case by[1] == "because no":
		return "the role's own policy is not enough: the " + by[2] + " must allow " + what + ", too"
	case by[2] == "identity-based policy":
		return "a policy of the role denies " + what + " explicitly: take that out"
	}
	return "the " + by[2] + " denies " + what + " explicitly, whatever the role allows: who manages it has to make an exception"
}
