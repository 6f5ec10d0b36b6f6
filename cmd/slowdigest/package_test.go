package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The statements of the role, all of them, for the instances orders-1 and
// orders-2 in stage prod. The first two are the framework's.
const wantStatements = `[
  {"Effect": "Allow",
   "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"],
   "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/prod-slowdigest:*"}]},
  {"Effect": "Allow",
   "Action": ["logs:PutLogEvents"],
   "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/prod-slowdigest:*:*"}]},
  {"Sid": "ReadSlowLogs", "Effect": "Allow",
   "Action": ["rds:DescribeDBLogFiles", "rds:DownloadDBLogFilePortion", "rds:DescribeDBInstances"],
   "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:db:orders-1"},
                {"Fn::Sub": "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:db:orders-2"}]},
  {"Sid": "ReadParameters", "Effect": "Allow",
   "Action": ["rds:DescribeDBParameters"],
   "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:pg:*"}]},
  {"Sid": "ReadSlackToken", "Effect": "Allow",
   "Action": ["ssm:GetParameter"],
   "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/slowdigest/prod/slack-token"}]}
]`

// The resources of the stack by logical name. One more, or one of another type,
// is for a person to look at.
var wantResources = map[string]string{
	"ServerlessDeploymentBucket":                "AWS::S3::Bucket",
	"ServerlessDeploymentBucketPolicy":          "AWS::S3::BucketPolicy",
	"DigestLogGroup":                            "AWS::Logs::LogGroup",
	"IamRoleLambdaExecution":                    "AWS::IAM::Role",
	"DigestLambdaFunction":                      "AWS::Lambda::Function",
	"DigestLambdaEvConf":                        "AWS::Lambda::EventInvokeConfig",
	"DigestEventsRuleSchedule1":                 "AWS::Events::Rule",
	"DigestLambdaPermissionEventsRuleSchedule1": "AWS::Lambda::Permission",
}

// lambdaFunction holds the properties of AWS::Lambda::Function that matter here.
type lambdaFunction struct {
	FunctionName, Handler, Runtime string
	Architectures                  []string
	MemorySize, Timeout            int
	ReservedConcurrentExecutions   int
	Environment                    struct{ Variables map[string]string }
}

func wantFunction() lambdaFunction {
	f := lambdaFunction{
		FunctionName: "prod-slowdigest", Handler: "bootstrap", Runtime: "provided.al2023",
		Architectures: []string{"arm64"}, MemorySize: 256, Timeout: 900, ReservedConcurrentExecutions: 1,
	}
	f.Environment.Variables = map[string]string{
		"SLOWDIGEST_INSTANCES":  "orders-1, Orders-2",
		"SLOWDIGEST_CHANNEL":    "C0123456789",
		"SLOWDIGEST_LIMIT":      "95%:20",
		"SLOWDIGEST_DOWNLOAD":   "portions",
		"SLACK_TOKEN_PARAMETER": "/slowdigest/prod/slack-token",
	}
	return f
}

// TestPackage packages the service with each framework and reads what it would
// deploy.
func TestPackage(t *testing.T) {
	t.Parallel()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("make", "-C", "../..", "build", "BOOTSTRAP="+bootstrap)
	build.Env = append(os.Environ(), "MAKEFLAGS=") // of a make that runs this test
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	for _, framework := range []struct{ name, script, install string }{
		{"osls", "../../node_modules/osls/bin/serverless.js", "npm ci"},
		{"Serverless Framework 3", "../../.ci/node_modules/serverless/bin/serverless.js", "npm ci --prefix .ci"},
	} {
		t.Run(framework.name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(framework.script); err != nil {
				missing(t, framework.name+" is not installed; "+framework.install+" does it")
			}
			dir := packaged(t, framework.script, bootstrap)
			raw, err := os.ReadFile(filepath.Join(dir, "cloudformation-template-update-stack.json"))
			if err != nil {
				t.Fatal(err)
			}
			checkTemplate(t, raw)
			checkNoSecret(t, dir)
			checkZip(t, filepath.Join(dir, "slowdigest.zip"))
		})
	}
}

const canary = "xoxb-111111111111-canary"

// packaged runs the framework on a copy of the service, with secrets in its
// environment and no access to AWS, and returns the folder it wrote.
func packaged(t *testing.T, script, bootstrap string) string {
	t.Helper()
	node := program(t, "node")
	script, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = os.Link(bootstrap, filepath.Join(dir, "bootstrap"))
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "iam"), os.DirFS("../../iam"))
	}
	var config []byte
	if err == nil {
		config, err = os.ReadFile("../../serverless.yml")
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "serverless.yml"), config, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, script, "package", "--stage", "prod", "--region", "eu-central-1",
		"--param", "instances=orders-1, Orders-2", "--param", "channel=C0123456789")
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "CI=true", "SLS_TELEMETRY_DISABLED=1",
		"SLACK_TOKEN=" + canary, "AWS_SECRET_ACCESS_KEY=" + canary,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("package: %v\n%s", err, out)
	}
	return filepath.Join(dir, ".serverless")
}

func checkTemplate(t *testing.T, raw []byte) {
	t.Helper()
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties json.RawMessage
		}
	}
	unmarshal(t, raw, &template)
	types := map[string]string{}
	for name, r := range template.Resources {
		types[name] = r.Type
	}
	if !maps.Equal(types, wantResources) {
		t.Errorf("resources: %v", types)
	}
	properties := func(name string, to any) { t.Helper(); unmarshal(t, template.Resources[name].Properties, to) }

	var f lambdaFunction
	if properties("DigestLambdaFunction", &f); !reflect.DeepEqual(f, wantFunction()) {
		t.Errorf("function: %+v\nwant: %+v", f, wantFunction())
	}
	checkVariablesAreKnown(t, slices.Collect(maps.Keys(f.Environment.Variables)))

	var rule struct {
		ScheduleExpression, State string
		Targets                   []struct{ Arn, Input any }
	}
	properties("DigestEventsRuleSchedule1", &rule)
	target := map[string]any{"Fn::GetAtt": []any{"DigestLambdaFunction", "Arn"}}
	if rule.ScheduleExpression != "cron(5 * * * ? *)" || rule.State != "ENABLED" || len(rule.Targets) != 1 ||
		!reflect.DeepEqual(rule.Targets[0].Arn, any(target)) || rule.Targets[0].Input != nil {
		t.Errorf("schedule: %+v", rule)
	}

	var logs struct {
		LogGroupName    string
		RetentionInDays int
	}
	if properties("DigestLogGroup", &logs); logs.LogGroupName != "/aws/lambda/prod-slowdigest" || logs.RetentionInDays != 30 {
		t.Errorf("log group: %+v", logs)
	}
	var retry struct{ MaximumEventAgeInSeconds, MaximumRetryAttempts int }
	if properties("DigestLambdaEvConf", &retry); retry.MaximumEventAgeInSeconds != 21600 || retry.MaximumRetryAttempts != 2 {
		t.Errorf("asynchronous invocation: %+v", retry)
	}

	var role struct {
		ManagedPolicyArns []any
		Policies          []struct{ PolicyDocument struct{ Statement any } }
	}
	properties("IamRoleLambdaExecution", &role)
	if len(role.ManagedPolicyArns) > 0 || len(role.Policies) != 1 {
		t.Fatalf("role: %+v", role)
	}
	var want any
	unmarshal(t, []byte(wantStatements), &want)
	if got := role.Policies[0].PolicyDocument.Statement; !reflect.DeepEqual(got, want) {
		shown, _ := json.MarshalIndent(got, "", "  ")
		t.Errorf("statements of the role: %s\nwant: %s", shown, wantStatements)
	}
}

// checkVariablesAreKnown checks that the command reads each variable: a name
// that it does not know would be ignored without a word.
func checkVariablesAreKnown(t *testing.T, names []string) {
	t.Helper()
	help, _, _ := call(t, "", []string{"help"})
	for _, name := range names {
		if !regexp.MustCompile(`\$` + name + `\b`).MatchString(help) {
			t.Errorf("the help does not name $%s", name)
		}
	}
}

// checkNoSecret looks into everything that the framework would upload.
func checkNoSecret(t *testing.T, dir string) {
	t.Helper()
	secret := regexp.MustCompile(`xox[a-z]-|hooks\.slack\.com|AKIA|` + canary)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".json" {
			continue // the executable is built without the environment that holds them
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if found := secret.Find(text); found != nil {
			t.Errorf("%s holds %q", f.Name(), found)
		}
	}
}

// checkZip checks that the zip holds one executable that Lambda can start, and
// that nothing of the machine that built it is in there.
func checkZip(t *testing.T, name string) {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 1 || z.File[0].Name != "bootstrap" || z.File[0].Mode().Perm()&0o555 != 0o555 {
		for _, f := range z.File {
			t.Errorf("zip holds %s, %v", f.Name, f.Mode())
		}
		t.FailNow()
	}
	r, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	executable, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	e, err := elf.NewFile(bytes.NewReader(executable))
	if err != nil {
		t.Fatal(err)
	}
	linked, _ := e.ImportedLibraries()
	if e.Machine != elf.EM_AARCH64 || len(linked) > 0 {
		t.Errorf("bootstrap is for %v and needs %v", e.Machine, linked)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(executable, []byte(here)) {
		t.Errorf("bootstrap holds the path %s", here)
	}
}

// policyStatement is a statement of iam/policy.js, whose actions and resources
// are always lists.
type policyStatement struct {
	Sid, Effect string
	Action      []string
	Resource    []map[string]string
}

// policy runs iam/policy.js as the frameworks do.
func policy(t *testing.T, instances, download, tokenParameter string) ([]policyStatement, error) {
	t.Helper()
	values, err := json.Marshal(map[string]string{"param:instances": instances, "param:download": download, "self:custom.slackTokenParameter": tokenParameter})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t, "node"), "-e", fmt.Sprintf(`
		const values = %s;
		require('../../iam/policy.js').statements({ resolveVariable: async (name) => values[name] }).then(
			(statements) => console.log(JSON.stringify(statements)),
			(error) => { console.error(error.message); process.exitCode = 1; });`, values))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s (%w)", strings.TrimSpace(stderr.String()), err)
	}
	var statements []policyStatement
	unmarshal(t, stdout.Bytes(), &statements)
	return statements, nil
}

// A name that would widen the role is refused when packaging.
func TestPolicyRefusesWhatIsNoInstance(t *testing.T) {
	for _, c := range []struct{ instances, err string }{
		{"orders-1", ""},
		{" Orders-1 ,orders-2,", ""},
		{"", "no DB instance"},
		{" , ", "no DB instance"},
		{"*", `"*" is not`},
		{"orders-1,orders-?", `"orders-?" is not`},
		{"orders-1/../*", "is not the name"},
		{"arn:aws:rds:eu-central-1:123456789012:db:orders-1", "is not the name"},
		{"${AWS::AccountId}", "is not the name"},
		{"1-orders", "is not the name"},
		{"orders--1", "is not the name"},
		{"orders-", "is not the name"},
		{strings.Repeat("o", 64), "is not the name"},
	} {
		_, err := policy(t, c.instances, "portions", "/slowdigest/prod/slack-token")
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: error %v, want %q", c.instances, err, c.err)
		}
	}
}

func unmarshal(t *testing.T, raw []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(raw, to); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
}
