package main

import (
	"fmt"
	"strings"
	"testing"

	"slowdigest/iam"
)

// printedPolicy returns what `slowdigest iam` prints.
func printedPolicy(t *testing.T, args ...string) (d iam.Document, raw, stderr string) {
	t.Helper()
	raw, stderr, code := call(t, "", append([]string{"iam"}, args...))
	if code != 0 {
		t.Fatalf("%q: exit %d: %s", args, code, stderr)
	}
	unmarshal(t, []byte(raw), &d)
	return d, raw, stderr
}

func TestIAMForCloudFormation(t *testing.T) {
	for _, boundary := range []string{"--boundary=false", "--boundary"} {
		stdout, stderr, code := call(t, "", []string{"iam", "--cloudformation", "--instance", "orders-1", "--topic", "${Topic.TopicName}", boundary}, "AWS_REGION=eu-central-1")
		for _, arn := range []string{"rds:${AWS::Region}:${AWS::AccountId}:db:orders-1", "sns:${AWS::Region}:${AWS::AccountId}:${Topic.TopicName}"} {
			if want := `"Fn::Sub": "arn:${AWS::Partition}:` + arn + `"`; code != 0 || stderr != "" || !strings.Contains(stdout, want) {
				t.Errorf("%s: exit %d, stderr %q, stdout %s\nwant %s", boundary, code, stderr, stdout, want)
			}
		}
	}
}

// IAM bounds the length of a policy. What is longer is refused.
func TestIAMRefusesLongPolicies(t *testing.T) {
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprintf("orders-of-the-shop-%d", i)
	}
	for kind, limit := range map[string]string{"--boundary=false": "IAM takes 10240", "--boundary": "IAM takes 6144"} {
		stdout, stderr, code := call(t, "", []string{"iam", kind, "--instance", strings.Join(many, ",")})
		if code != 2 || stdout != "" || !strings.Contains(stderr, limit) || !strings.Contains(stderr, "hint: ") {
			t.Errorf("%s: exit %d, stderr %q, want %q", kind, code, stderr, limit)
		}
	}
}

// TestBoundary checks that a boundary for which only account and region are given
// allows all that any policy does, with the names of a deployment, and no action
// that none does.
func TestBoundary(t *testing.T) {
	where := []string{"--account", "123456789012", "--region", "eu-central-1"}
	boundary, _, stderr := printedPolicy(t, append(where, "--boundary")...)
	if stderr != "" {
		t.Errorf("stderr %q", stderr)
	}
	var asked []awsCall
	for _, args := range []string{
		"--instance orders-1,orders-* --download auto --tracing --state s3://slowdigest-prod-bucket/prod --queue-url slowdigest-prod-work " +
			"--slack-token-parameter /slowdigest/prod/slack-token --signing-secret-parameter /slowdigest/prod/signing --stage prod --topic slowdigest-prod-alarms",
		"--tag slowdigest=on --download complete",
		"--instance orders-1 --state s3://slowdigest-prod/p --token-key " + key + " --state-key " + key + " --topic-key " + key,
	} {
		policy, _, _ := printedPolicy(t, append(where, strings.Fields(args)...)...)
		for _, s := range policy.Statement {
			for _, action := range s.Action {
				for _, resource := range s.Resource {
					asked = append(asked, awsCall{action, resource})
				}
			}
		}
	}
	if len(asked) < 20 {
		t.Fatalf("the policies allow only %v", asked)
	}
	used := map[string]bool{}
	for _, a := range asked {
		if !allows(boundary.Statement, a) {
			t.Errorf("the boundary does not allow %s on %s", a.Action, a.Resource)
		}
		used[a.Action] = true
	}
	for _, s := range boundary.Statement {
		for _, action := range s.Action {
			if !used[action] {
				t.Errorf("the boundary allows %s, which no policy does", action)
			}
		}
	}
	for _, a := range []awsCall{
		{"s3:GetObject", "arn:aws:s3:::payroll/2026.csv"}, {"ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/password"},
		{"sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:orders"}, {"rds:DescribeDBLogFiles", "arn:aws:rds:eu-central-1:999999999999:db:orders-1"},
	} {
		if allows(boundary.Statement, a) {
			t.Errorf("the boundary allows %s on %s", a.Action, a.Resource)
		}
	}
	narrow, _, _ := printedPolicy(t, append(where, "--boundary", "--instance", "orders-1", "--state", "s3://kept/prod")...)
	for a, want := range map[awsCall]bool{
		{"rds:DownloadDBLogFilePortion", "arn:aws:rds:eu-central-1:123456789012:db:orders-1"}: true,
		{"rds:DownloadDBLogFilePortion", "arn:aws:rds:eu-central-1:123456789012:db:orders-2"}: false,
		{"s3:PutObject", "arn:aws:s3:::kept/prod/C1.json"}:                                    true,
		{"s3:PutObject", "arn:aws:s3:::slowdigest-dev/prod/C1.json"}:                          false,
	} {
		if allows(narrow.Statement, a) != want {
			t.Errorf("%s on %s: allowed is not %t", a.Action, a.Resource, want)
		}
	}
}

// docs/iam.md lists each action, and why it is needed.
func TestDocumentationListsActions(t *testing.T) {
	page := string(read(t, "../../docs/iam.md"))
	for _, r := range rules(t) {
		for _, a := range r.Action {
			if !strings.Contains(page, "`"+a.Name+"`") {
				t.Errorf("docs/iam.md does not list %s", a.Name)
			}
		}
	}
}
