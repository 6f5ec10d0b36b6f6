// Package forms judges the values of settings that no parser refuses: whether AWS or Slack can
// know such a name. It asks nobody. Its errors bring a hint of what to write.
package forms

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"slowdigest/iam"
)

// mistaken is an error with what to write.
type mistaken struct {
	error
	hint string
}

func (m mistaken) Unwrap() error { return m.error }
func (m mistaken) Hint() string  { return m.hint }

// policy judges a name by whether package iam, which knows the forms, makes a policy for it.
func policy(s iam.Settings, hint string) error {
	if _, err := s.Boundary(); err != nil {
		return mistaken{err, hint}
	}
	return nil
}

// Instance takes the name of a DB instance, a pattern, or that of a cluster.
func Instance(name string) error {
	return policy(iam.Settings{Instances: []string{name}}, "want orders-1, orders-* or cluster:orders, with commas between")
}

// tagText is what RDS takes in the key and the value of a tag.
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+@-]*$`)

// Tag takes KEY=VALUE or KEY.
func Tag(tag string) error {
	const want = "want one such as slowdigest=on"
	if err := policy(iam.Settings{Tag: tag}, want); err != nil {
		return err
	}
	if !tagText.MatchString(tag) {
		return mistaken{fmt.Errorf("%q is not a tag: it has characters that no tag of RDS has", tag), want}
	}
	return nil
}

// reserved begins the names that Parameter Store keeps for AWS, but for those that stand for
// secrets of Secrets Manager.
var reserved = regexp.MustCompile(`^(?i)/?(?:aws|ssm)`)

// Parameter takes the name of an SSM parameter.
func Parameter(name string) error {
	if reserved.MatchString(name) && !strings.HasPrefix(name, "/aws/reference/secretsmanager/") {
		return mistaken{fmt.Errorf("%q begins with aws or ssm, which AWS keeps for itself", name), "want one such as /slowdigest/prod/slack-token"}
	}
	return policy(iam.Settings{Parameters: []string{name}}, "want one such as /slowdigest/prod/slack-token")
}

// Function takes the name of a Lambda function, or its ARN.
func Function(name string) error {
	if strings.HasPrefix(name, "arn:") {
		return nil
	}
	return policy(iam.Settings{Function: name}, "want one such as slowdigest-prod")
}

// Stage takes what follows slowdigest- in the name of a function.
func Stage(stage string) error {
	return policy(iam.Settings{Function: "slowdigest-" + stage}, "want one such as prod: the function is slowdigest-STAGE")
}

// Directory takes a place for the state that is a directory, or in S3.
func Directory(s string) error {
	const want = "want s3://BUCKET/PREFIX"
	switch {
	case strings.HasPrefix(s, "s3://"):
		return policy(iam.Settings{State: s}, want)
	case strings.HasPrefix(s, "s3:") || strings.Contains(s, "://"):
		return mistaken{fmt.Errorf("%q is neither a location in S3 nor a directory", s), want}
	}
	return nil
}

// Kept takes a place for the state that Lambda keeps: one in S3, or a directory under /mnt, where
// it mounts file systems.
func Kept(s string) error {
	if err := Directory(s); err != nil {
		return err
	}
	if !strings.HasPrefix(s, "s3://") && !strings.HasPrefix(s, "/mnt/") {
		return mistaken{fmt.Errorf("%q is a directory, which Lambda does not keep from one run to the next", s),
			"want s3://BUCKET/PREFIX, or a directory under /mnt, where a file system is mounted"}
	}
	return nil
}

// Queue takes the URL of an SQS queue.
func Queue(s string) error {
	u, err := server(s)
	if err == nil {
		if name := u.Path[strings.LastIndex(u.Path, "/")+1:]; name == "" {
			err = errors.New("names no queue")
		} else if strings.HasSuffix(name, ".fifo") {
			err = fmt.Errorf("%q is a FIFO queue, whose messages need a group", name)
		} else {
			err = policy(iam.Settings{Queue: name}, "")
		}
	}
	if err != nil {
		return mistaken{err, "want one such as https://sqs.eu-central-1.amazonaws.com/123456789012/slowdigest"}
	}
	return nil
}

// API takes the URL below which the methods of a Slack are.
func API(s string) error {
	u, err := server(s)
	if err == nil && !strings.HasSuffix(u.Path, "/") {
		err = errors.New("does not end in a slash, after which the methods stand")
	}
	if err != nil {
		return mistaken{err, "want one such as https://slack-gov.com/api/"}
	}
	return nil
}

// server takes the URL of a server that encrypts; http only where it is this host, for tests. Its
// errors do not tell the URL, which may have a password where we do not look for one.
func server(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, errors.New("is not the URL of a server")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, errors.New("does not begin with https://")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
