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

func TestIAM(t *testing.T) {
	for _, c := range []struct {
		args   string
		policy []string // actions and resources that it contains or, after an exclamation mark, does not
		stderr string
	}{
		{"--instance orders-1", []string{"arn:aws:rds:*:*:db:orders-1", "!ssm:", "!s3:", "!sqs:", "!logs:", "!xray:", "!sns:"},
			"note: no --account is given, and * stands for any\nslowdigest: note: no --region is given"},
		{"--instance orders-1 --account 123456789012 --region eu-central-1", []string{"arn:aws:rds:eu-central-1:123456789012:db:orders-1", "!:*:"}, ""},
		{"--instance orders-1 --account 123456789012 --region cn-north-1", []string{"arn:aws-cn:rds:cn-north-1:123456789012:db:orders-1"}, ""},
		{"--instance orders-1 --account 123456789012 --region us-gov-west-1", []string{"arn:aws-us-gov:rds:us-gov-west-1:"}, ""},
		{"--instance orders-1 --account 1 --region eu-central-1 --partition aws-eusc", []string{"arn:aws-eusc:rds:"}, ""},
		{"--instance orders-1 --state s3://kept/prod --queue-url https://sqs.eu-central-1.amazonaws.com/123456789012/work --stage prod --topic t --tracing",
			[]string{"arn:aws:s3:::kept/prod/*", "arn:aws:sqs:*:*:work", "log-group:/aws/lambda/slowdigest-prod:*", "xray:PutTraceSegments", "arn:aws:sns:*:*:t"}, "note"},
		{"--instance orders-1 --slack-token-parameter /a/b --signing-secret-parameter c --function f",
			[]string{"parameter/a/b", "parameter/c", "lambda:InvokeFunction", "arn:aws:lambda:*:*:function:f"}, "note"},
	} {
		_, raw, stderr := printedPolicy(t, strings.Fields(c.args)...)
		for _, want := range c.policy {
			text, absent := strings.CutPrefix(want, "!")
			if strings.Contains(raw, text) == absent {
				t.Errorf("%s: %q is wrong in\n%s", c.args, want, raw)
			}
		}
		if !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("%s: stderr %q, want %q", c.args, stderr, c.stderr)
		}
	}
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

func TestIAMRefuses(t *testing.T) {
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprintf("orders-of-the-shop-%d", i)
	}
	for _, c := range []struct {
		args []string
		err  string
	}{
		{nil, "no DB instance is configured"},
		{[]string{"--instance", "orders-?"}, `"orders-?" is neither`},
		{[]string{"--instance", "orders-1", "--signing-secret-parameter", "s"}, "no function is named"},
		{[]string{"--instance", "orders-1", "extra"}, "takes no arguments"},
		{[]string{"--instance", strings.Join(many, ",")}, "IAM takes 10240"},
		{[]string{"--boundary", "--instance", strings.Join(many, ",")}, "IAM takes 6144"},
	} {
		stdout, stderr, code := call(t, "", append([]string{"iam"}, c.args...))
		if code != 2 || stdout != "" || !strings.Contains(stderr, c.err) || !strings.Contains(stderr, "hint: ") {
			t.Errorf("exit %d, stderr %q, want %q", code, stderr, c.err)
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

// The README lists each action, and why it is needed.
func TestREADMEListsActions(t *testing.T) {
	readme := string(read(t, "../../README.md"))
	for _, r := range rules(t) {
		for _, a := range r.Action {
			if !strings.Contains(readme, "`"+a.Name+"`") {
				t.Errorf("the README does not list %s", a.Name)
			}
		}
	}
}
