package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// Settings are what a policy is made for. What is empty is not used, and gets no
// permission; of the first three, * stands for any.
type Settings struct {
	Partition, Region, Account string

	// CloudFormation makes a part of a template: its pseudo parameters stand for
	// the first three, and placeholders such as ${WorkQueue.QueueName} may stand
	// for the names of the bucket, the queue, the topic, the function and parameters.
	CloudFormation bool

	Instances  []string // names and patterns of DB instances, and cluster:NAME for the members of a cluster
	Tag        string   // KEY=VALUE, or KEY for any value: instances that have this tag
	Download   string   // portions, complete or auto
	Parameters []string // names of SSM parameters
	State      string   // s3://BUCKET/PREFIX; anything else needs no permission
	Queue      string   // the URL of an SQS queue, or its name
	Topic      string   // the name of an SNS topic
	Function   string   // the name of a Lambda function
	Tracing    bool     // by X-Ray

	// Interactive is whether people may ask in Slack. Function must be set then.
	Interactive bool
}

// IAM's limits of characters, blanks not counted: for all inline policies of a
// role together, and for a managed policy, as which a boundary is kept.
const (
	inlineLimit  = 10240
	managedLimit = 6144
)

// Policy is the policy of a role that can do what is set, and nothing else.
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

// Boundary is a permissions boundary: it allows all that slowdigest may come to
// do, whatever is switched on. What is set is allowed by its name; of the rest
// all DB instances, and what is called slowdigest.
func (s Settings) Boundary() (*Document, error) {
	v, err := s.values()
	if err != nil {
		return nil, err
	}
	if len(v["instance"])+len(v["tagKey"]) == 0 {
		v["instance"] = []string{"*"}
	}
	v["download"] = []string{"auto"}
	v.on("discovery", true)
	v.on("tracing", true)
	v.on("interactive", true)
	for name, pattern := range map[string]string{
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

// fit checks the length. Placeholders count for nothing, for how long what they
// stand for is shows only when CloudFormation fills them in.
func (d *Document) fit(limit int) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	raw = placeholder.ReplaceAll(substituted.ReplaceAll(raw, []byte("$1")), nil)
	if len(raw) > limit {
		return fmt.Errorf("the policy has %d characters, and IAM takes %d: name the instances by a pattern or a tag", len(raw), limit)
	}
	return nil
}
