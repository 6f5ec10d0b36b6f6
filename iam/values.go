package iam

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"slowdigest/source"
)

// values maps the names in placeholders and conditions of policy.json to values.
type values map[string][]string

// What AWS takes as a name, which is without IAM's special characters.
var (
	keyPrefix     = regexp.MustCompile(`^[A-Za-z0-9_./-]*$`)
	bucketName    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	notBucketName = regexp.MustCompile(`\.\.|^\d+\.\d+\.\d+\.\d+$|^xn--|^sthree-|^amzn-s3-demo-|-s3alias$|--ol-s3$|\.mrap$|--x-s3$|--table-s3$`)
	names         = map[string]*regexp.Regexp{
		"parameter": regexp.MustCompile(`^[\w.-]+(?:/[\w.-]+)*$`),
		"queue":     regexp.MustCompile(`^(?:[\w-]{1,80}|[\w-]{1,75}\.fifo)$`),
		"topic":     regexp.MustCompile(`^[\w-]+(?:\.fifo)?$`),
		"function":  regexp.MustCompile(`^[\w-]{1,64}$`),
		"key":       regexp.MustCompile(`^arn:aws(?:-[a-z]+)*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$`),
	}
	inTemplate = regexp.MustCompile(`^\$\{\w+(?:\.\w+)?\}$`)
)

// places are the parts of an ARN before the name, and what to write for each.
var places = map[string]struct {
	form *regexp.Regexp
	want string
}{
	"partition": {regexp.MustCompile(`^aws(?:-[a-z]+)*$`), "an AWS partition: want one such as aws or aws-cn"},
	"region":    {regexp.MustCompile(`^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$`), "an AWS region: want one such as eu-central-1"},
	"account":   {regexp.MustCompile(`^\d{12}$`), "the ID of an AWS account: want 12 digits"},
}

// values checks the settings. It refuses what AWS would refuse, and wildcards in
// names, which would allow more than is configured.
func (s Settings) values() (values, error) {
	v := values{"partition": {s.Partition}, "region": {s.Region}, "account": {s.Account}, "download": {s.Download}, "prefix": {""}}
	if s.CloudFormation {
		v["partition"], v["region"], v["account"] = []string{"${AWS::Partition}"}, []string{"${AWS::Region}"}, []string{"${AWS::AccountId}"}
	}
	v.on("tracing", s.Tracing)
	v.on("interactive", s.Interactive)
	errs := []error{s.checkPlaces(v), v.addInstances(s.Instances), v.addTag(s.Tag), s.addState(v)}
	for _, name := range s.Parameters {
		errs = append(errs, s.add(v, "parameter", strings.TrimPrefix(name, "/")))
	}
	queue := s.Queue[strings.LastIndex(s.Queue, "/")+1:]
	errs = append(errs, s.add(v, "queue", queue), s.add(v, "topic", s.Topic), s.add(v, "function", s.Function),
		s.addKey(v, "tokenKey", s.TokenKey), s.addKey(v, "topicKey", s.TopicKey))
	if len(v["bucket"]) > 0 {
		errs = append(errs, s.addKey(v, "stateKey", s.StateKey))
	}
	if s.Interactive && s.Function == "" {
		errs = append(errs, errors.New("requests from Slack are enabled, and no function is named"))
	}
	return v, cmp.Or(errs...)
}

func (s Settings) checkPlaces(v values) error {
	for _, name := range []string{"partition", "region", "account"} {
		if given := v[name][0]; !s.CloudFormation && given != "" && given != "*" && !places[name].form.MatchString(given) {
			return fmt.Errorf("%q is not %s", given, places[name].want)
		}
	}
	return nil
}

func (v values) on(name string, on bool) {
	if on {
		v[name] = []string{"true"}
	}
}

// renamed is what a blue/green switchover adds to the name of the instance before it,
// whose last logs are read then: "-old" and a number. IAM takes a ? for any character.
const renamed = "-old?"

// addInstances writes names in lower case, as RDS keeps them, for IAM compares
// them exactly.
func (v values) addInstances(list []string) error {
	for _, given := range list {
		given = strings.ToLower(strings.TrimSpace(given))
		if given == "" {
			continue
		}
		name, isCluster := strings.CutPrefix(given, "cluster:")
		if !source.ValidPattern(name) {
			return fmt.Errorf("%q is neither the name nor a pattern of DB instances", given)
		}
		if isCluster {
			name = "*" // its members have names of their own
		}
		v["instance"] = append(v["instance"], name)
		if !strings.HasSuffix(name, "*") && source.ValidPattern(name+"-old1") {
			v["instance"] = append(v["instance"], name+renamed)
		}
	}
	return nil
}

func (v values) addTag(tag string) error {
	if tag == "" {
		return nil
	}
	key, value, exact := strings.Cut(tag, "=")
	if strings.ContainsAny(tag, "*?$") || key == "" {
		return fmt.Errorf("%q is not a tag: want KEY=VALUE or KEY", tag)
	}
	if !exact {
		value = "*"
	}
	v["tagKey"], v["tagValue"] = []string{key}, []string{value}
	return nil
}

func (s Settings) addState(v values) error {
	path, inS3 := strings.CutPrefix(s.State, "s3://")
	if !inS3 {
		return nil
	}
	bucket, prefix, _ := strings.Cut(path, "/")
	if !s.isName(bucketName, bucket) || notBucketName.MatchString(bucket) || !keyPrefix.MatchString(prefix) {
		return fmt.Errorf("%q is not the location of a state: want s3://BUCKET/PREFIX", s.State)
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		v["prefix"] = []string{prefix + "/"}
	}
	v["bucket"] = []string{bucket}
	return nil
}

// add adds the name of a resource unless it is empty.
func (s Settings) add(v values, kind, name string) error {
	if name == "" {
		return nil
	}
	if !s.isName(names[kind], name) {
		return fmt.Errorf("%q is not the name of a %s", name, kind)
	}
	v[kind] = append(v[kind], name)
	return nil
}

// addKey adds the ARN of a KMS key unless it is empty. IAM takes no alias in its place.
func (s Settings) addKey(v values, use, arn string) error {
	if arn == "" {
		return nil
	}
	if !s.isName(names["key"], arn) {
		return fmt.Errorf("%q is not the ARN of a KMS key: want one such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…, and no alias", arn)
	}
	v[use] = []string{arn}
	return nil
}

func (s Settings) isName(pattern *regexp.Regexp, name string) bool {
	return pattern.MatchString(name) || s.CloudFormation && inTemplate.MatchString(name)
}

// hold reports whether a condition of policy.json is met.
func (v values) hold(when string) bool {
	name, allowed, exact := strings.Cut(when, "=")
	if !exact {
		return when == "" || len(v[name]) > 0
	}
	return slices.ContainsFunc(v[name], func(s string) bool { return slices.Contains(strings.Split(allowed, "|"), s) })
}

// expand replaces the placeholders of a pattern, and returns it once for each
// combination of their values.
func (v values) expand(pattern string) []string {
	before, rest, found := strings.Cut(pattern, "${")
	if !found {
		return []string{pattern}
	}
	name, rest, _ := strings.Cut(rest, "}")
	var all []string
	for _, value := range v[name] {
		for _, end := range v.expand(rest) {
			all = append(all, before+value+end)
		}
	}
	return all
}
