package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Settings are what a policy is made for. What is empty is not used, and gets no
// permission; of the first three, * stands for any.
type Settings struct {
	Partition, Region, Account string

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
	d, err := document(v)
	if err != nil {
		return nil, err
	}
	return d, d.fit(inlineLimit)
}

// Boundary is a permissions boundary: it allows all that slowdigest may come to
// do, whatever is switched on. What is set is allowed by its name; of the rest
// all DB instances, and what is called slowdigest.
func (s Settings) Boundary() (*Document, error) {
	v, err := s.values()
	if err != nil {
		return nil, err
	}
	if len(v["tagKey"]) == 0 && len(v["instance"]) == 0 {
		v["instance"] = []string{"*"}
	}
	v["download"] = []string{"auto"}
	for _, name := range []string{"discovery", "tracing", "interactive"} {
		v[name] = []string{"true"}
	}
	for name, pattern := range map[string]string{
		"bucket": "slowdigest-*", "queue": "slowdigest-*", "topic": "slowdigest-*", "function": "slowdigest-*", "parameter": "slowdigest/*",
	} {
		if len(v[name]) == 0 {
			v[name] = []string{pattern}
		}
	}
	d, err := document(v)
	if err != nil {
		return nil, err
	}
	return d, d.fit(managedLimit)
}

func (d *Document) fit(limit int) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if len(raw) > limit {
		return fmt.Errorf("the policy has %d characters, and IAM takes %d: name the instances by a pattern or a tag", len(raw), limit)
	}
	return nil
}

var (
	instanceName = regexp.MustCompile(`^(?:cluster:)?[a-z*](?:-?[a-z0-9*])*$`)
	bucketName   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	plainName    = regexp.MustCompile(`^[A-Za-z0-9_./-]*$`) // holds nothing that means something to IAM
)

// values checks the settings. RDS keeps identifiers in lower case and IAM
// compares them exactly. What AWS would refuse is refused here too: a wildcard
// where none is meant would open more than is said.
func (s Settings) values() (values, error) {
	v := values{"partition": {s.Partition}, "region": {s.Region}, "account": {s.Account}, "download": {s.Download}, "prefix": {""}}
	for _, name := range s.Instances {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		if !instanceName.MatchString(name) || len(name) > 63+len("cluster:") {
			return nil, fmt.Errorf("%q is neither the name nor a pattern of DB instances", name)
		}
		if strings.ContainsAny(name, "*:") {
			v["discovery"] = []string{"true"}
		}
		if strings.HasPrefix(name, "cluster:") {
			name = "*" // its members have names of their own
		}
		v["instance"] = append(v["instance"], name)
	}
	if s.Tag != "" {
		key, value, exact := strings.Cut(s.Tag, "=")
		if strings.ContainsAny(s.Tag, "*?$") || key == "" {
			return nil, fmt.Errorf("%q is not a tag: want KEY=VALUE or KEY", s.Tag)
		}
		if !exact {
			value = "*"
		}
		v["discovery"], v["tagKey"], v["tagValue"] = []string{"true"}, []string{key}, []string{value}
	}
	if place, inS3 := strings.CutPrefix(s.State, "s3://"); inS3 {
		bucket, prefix, _ := strings.Cut(place, "/")
		if !bucketName.MatchString(bucket) || !plainName.MatchString(prefix) {
			return nil, fmt.Errorf("%q is not a place for the state: want s3://BUCKET/PREFIX", s.State)
		}
		if prefix = strings.Trim(prefix, "/"); prefix != "" {
			v["prefix"] = []string{prefix + "/"}
		}
		v["bucket"] = []string{bucket}
	}
	for _, name := range s.Parameters {
		if err := v.add("parameter", strings.TrimPrefix(name, "/")); err != nil {
			return nil, err
		}
	}
	err := errors.Join(v.add("queue", s.Queue[strings.LastIndex(s.Queue, "/")+1:]), v.add("topic", s.Topic), v.add("function", s.Function))
	if s.Interactive && s.Function == "" && err == nil {
		err = errors.New("people may ask in Slack, and no function is named that is to answer")
	}
	for name, on := range map[string]bool{"tracing": s.Tracing, "interactive": s.Interactive} {
		if on {
			v[name] = []string{"true"}
		}
	}
	return v, err
}

func (v values) add(kind, name string) error {
	if !plainName.MatchString(name) {
		return fmt.Errorf("%q is not the name of a %s", name, kind)
	}
	if name != "" {
		v[kind] = append(v[kind], name)
	}
	return nil
}
