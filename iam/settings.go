package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// Settings are the configuration that a policy is made for. What is empty is not
// used, and gets no permission; in the first three fields * stands for any.
type Settings struct {
	Partition, Region, Account string

	// CloudFormation is for a part of a template: its pseudo parameters replace
	// the first three, and placeholders such as ${WorkQueue.QueueName} may stand
	// for the names of the bucket, the queue, the topic, the function and parameters,
	// and for the ARNs of keys.
	CloudFormation bool

	Instances  []string // names and patterns of DB instances, and cluster:NAME for the members of a cluster
	Tag        string   // KEY=VALUE, or KEY for any value: instances that have this tag
	Download   string   // portions, complete or auto
	Parameters []string // names of SSM parameters
	State      string   // s3://BUCKET/PREFIX; anything else needs no permission
	StateKey   string   // the ARN of a KMS key of one's own that encrypts the state in S3
	TokenKey   string   // the same of the parameters
	Queue      string   // the URL of an SQS queue, or its name
	Topic      string   // the name of an SNS topic
	TopicKey   string   // the ARN of the KMS key that encrypts what it receives
	Function   string   // the name of a Lambda function
	Tracing    bool     // by X-Ray

	// Interactive allows requests from Slack, for which the function invokes itself.
	// It requires Function.
	Interactive bool
}

// IAM's limits in characters, white space not counted: for all inline policies of
// a role together, and for a managed policy, which a boundary is.
const (
	inlineLimit  = 10240
	managedLimit = 6144
)

// Policy returns the least-privilege policy of a role for the settings. It fails
// for invalid settings, without any instance, and beyond IAM's limit of 10,240 characters.
func (s Settings) Policy() (*Document, error) {
	v, err := s.values()
	if err != nil {
		return nil, err
	}
	if len(v["instance"])+len(v["tagKey"]) == 0 {
		return nil, errors.New("no DB instance is configured")
	}
	return document(v, inlineLimit)
}

// Boundary returns a permissions boundary, which allows all that slowdigest does in
// any configuration. What is set is allowed by its name; otherwise all DB
// instances are, and resources whose names begin with slowdigest. It fails for
// invalid settings, and beyond IAM's limit of 6,144 characters.
func (s Settings) Boundary() (*Document, error) {
	v, err := s.values()
	if err != nil {
		return nil, err
	}
	if len(v["instance"])+len(v["tagKey"]) == 0 {
		v["instance"] = []string{"*"}
	}
	v["download"] = []string{"auto"}
	v.on("tracing", true)
	v.on("interactive", true)
	anyKey := v.expand("arn:${partition}:kms:${region}:${account}:key/*")[0]
	for name, pattern := range map[string]string{
		"tokenKey": anyKey, "stateKey": anyKey, "topicKey": anyKey,
		"bucket": "slowdigest-*", "queue": "slowdigest-*", "topic": "slowdigest-*", "function": "slowdigest-*", "parameter": "slowdigest/*",
	} {
		if len(v[name]) == 0 {
			v[name] = []string{pattern}
		}
	}
	return document(v, managedLimit)
}

var (
	substituted = regexp.MustCompile(`\{"Fn::Sub":("[^"]*")\}`)
	placeholder = regexp.MustCompile(`\$\{[^}]*\}`)
)

// shortest are the values of CloudFormation's pseudo parameters that have the fewest characters.
var shortest = map[string]string{"${AWS::Partition}": "aws", "${AWS::Region}": "us-east-1", "${AWS::AccountId}": "123456789012"}

// fit checks the length. Placeholders of CloudFormation count as the least that they can be, and
// names as empty, because they are not known before deployment.
func (d *Document) fit(limit int) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	raw = placeholder.ReplaceAllFunc(substituted.ReplaceAll(raw, []byte("$1")), func(name []byte) []byte { return []byte(shortest[string(name)]) })
	if len(raw) > limit {
		return fmt.Errorf("the policy has %d characters, and IAM takes %d: name the instances by a pattern or a tag", len(raw), limit)
	}
	return nil
}
