package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"slowdigest/iam"
	"slowdigest/iam/denial"
)

// declareIAM prints the policy for those whose roles are made elsewhere: to
// standard output what IAM takes, to standard error what one should know of it.
func declareIAM(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var s iam.Settings
	var boundary bool
	c.declareInstances(f)
	c.declareToken(f)
	c.declareState(f)
	c.declareQueue(f)
	c.declareSigningSecret(f)
	c.declareAgents(f)
	c.declareStage(f)
	f.text(&s.Function, "function", "", "`name` of the function, if it is another one")
	f.text(&s.Topic, "topic", "", "`name` of the SNS topic that receives events that failed")
	f.text(&s.TokenKey, "token-key", "", "`ARN` of the KMS key that encrypts the secrets in SSM, if it is one of your own")
	f.text(&s.StateKey, "state-key", "", "`ARN` of the KMS key that encrypts the state in S3, if it is one of your own")
	f.text(&s.TopicKey, "topic-key", "", "`ARN` of the KMS key that encrypts the topic, if it has one")
	f.boolean(&s.Tracing, "tracing", "", "X-Ray is on")
	f.text(&s.Account, "account", "", "`ID` of the AWS account")
	f.text(&s.Region, "region", "AWS_REGION", "AWS `region`")
	f.text(&s.Partition, "partition", "", "AWS `partition`, if it is not that of the region")
	f.boolean(&s.CloudFormation, "cloudformation", "", "print it for a CloudFormation template, which sets account, region and partition; names may be placeholders")
	f.boolean(&boundary, "boundary", "", "print a permissions boundary, which also allows what is not set, by patterns")
	return func(_ context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New("iam: takes no arguments"), "use --instance"}
		}
		s.Instances, s.Tag, s.Download, s.State = c.Instances.items, c.Tag, string(c.Download), c.State
		s.Queue = c.QueueURL
		if s.Function == "" && c.Stage != "" {
			s.Function = "slowdigest-" + c.Stage
		}
		s.Parameters, s.Interactive = nonEmpty(c.TokenParameter, c.SigningParameter, c.AgentsParameter), c.interactive()
		for _, part := range []struct {
			name  string
			value *string
		}{{"account", &s.Account}, {"region", &s.Region}} {
			if *part.value == "" && !s.CloudFormation {
				*part.value = "*"
				_ = say(p.stderr, "slowdigest: note: no --%s is given, and * stands for any\n", part.name)
			}
		}
		s.Partition = cmp.Or(s.Partition, denial.Partition(s.Region))
		generate := s.Policy
		if boundary {
			generate = s.Boundary
		}
		d, err := generate()
		if err != nil {
			return usageError{fmt.Errorf("make policy: %w", err), "slowdigest iam --help shows the flags"}
		}
		return printJSON(p, d)
	}
}

func nonEmpty(texts ...string) (kept []string) {
	for _, s := range texts {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}
