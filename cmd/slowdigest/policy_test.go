package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"slowdigest/iam"
	"slowdigest/source/rdstest"
)

// settings are the configuration that a policy is made for.
type settings struct {
	Instances, Tag, Download, State, Queue, Topic, Function string

	Parameters           []string
	Tracing, Interactive bool
	Agents               bool // of which the policy knows only the parameter
}

// inGo returns the statements of the policy for the settings.
func (s settings) inGo() ([]iam.Statement, error) {
	d, err := iam.Settings{
		Partition: "aws", Region: rdstest.Region, Account: rdstest.Account,
		Instances: strings.Split(s.Instances, ","), Tag: s.Tag, Download: s.Download, Parameters: s.Parameters,
		State: s.State, Queue: s.Queue, Topic: s.Topic, Function: s.Function, Tracing: s.Tracing, Interactive: s.Interactive,
	}.Policy()
	if err != nil {
		return nil, err
	}
	return d.Statement, nil
}

// TestTemplateCarriesPolicy runs `slowdigest iam` with the environment that a
// template gives the function, and the names of what it deploys: the role has the
// policy that this prints, and no more.
func TestTemplateCarriesPolicy(t *testing.T) {
	t.Parallel()
	fill := strings.NewReplacer("${AWS::Partition}", "aws", "${AWS::Region}", rdstest.Region, "${AWS::AccountId}", rdstest.Account,
		"${StateBucket}", "slowdigest-bucket", "${AlarmKey.Arn}", key, "${WorkQueue.QueueName}", "work", "${AlarmTopic.TopicName}", "alarms",
		`{"Ref":"WorkQueue"}`, `"https://sqs.eu-central-1.amazonaws.com/123456789012/work"`)
	filled := func(t *testing.T, part, to any) {
		raw, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`\{"Fn::Sub":("[^"]*")\}`).ReplaceAllString(fill.Replace(string(raw)), "$1")
		unmarshal(t, []byte(text), to)
	}
	for _, c := range templateCases() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			tmpl := packaged(t, osls, c.deployment).template
			var variables map[string]string
			filled(t, tmpl.at("DigestLambdaFunction.Environment.Variables"), &variables)
			args := []string{"iam", "--region", rdstest.Region, "--account", rdstest.Account, "--function", fmt.Sprint(tmpl.at("DigestLambdaFunction.FunctionName"))}
			if tmpl.at("DigestLambdaEvConf.DestinationConfig.OnFailure") != nil {
				args = append(args, "--topic", "alarms", "--topic-key", key)
			}
			if tmpl.at("DigestLambdaFunction.TracingConfig") != nil {
				args = append(args, "--tracing")
			}
			if slices.Contains(c.params, "stateKey="+key) { // they are not among the variables
				args = append(args, "--state-key", key, "--token-key", key)
			}
			var env []string
			for name, value := range variables {
				env = append(env, name+"="+value)
			}
			stdout, stderr, code := call(t, "", args, env...)
			if code != 0 {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			var want iam.Document
			unmarshal(t, []byte(stdout), &want)
			var got iam.Document
			filled(t, tmpl.at("Role.Policies.0.PolicyDocument"), &got)
			if len(got.Statement) < 4 || !reflect.DeepEqual(got, want) {
				t.Errorf("the role has %+v\n`slowdigest iam` prints %+v", got, want)
			}
		})
	}
}

// TestDeployToolAsksGo runs what packaging runs: the shell's own settings are
// not those of the stage, and an error says what to do.
func TestDeployToolAsksGo(t *testing.T) {
	node := program(t, "node")
	for _, c := range []struct {
		settings string
		env      []string
		want     string // of the output, and of the errors
	}{
		{`{instance: 'orders-1'}`, nil, `ReadSlowLogs,FindInstances,ReadParameters`},
		{`{instance: 'orders-1'}`, []string{"SLOWDIGEST_TAG=slowdigest=on", "SLACK_SIGNING_SECRET=" + canary, "GOOS=plan9", "GOARCH=arm64"}, `ReadSlowLogs,FindInstances,ReadParameters`},
		{`{instance: 'orders-?'}`, nil, `make policy: "orders-?" is neither the name nor a pattern of DB instances`},
		{`{unknown: ''}`, nil, `iam: there is no flag --unknown`},
		{`{instance: 'orders-1'}`, []string{"GOFLAGS=-mod=none"}, `make the role's policy: go run ./cmd/slowdigest iam --cloudformation --instance=orders-1:`},
		{`{instance: 'orders-1'}`, []string{"PATH=" + t.TempDir()}, `make the role's policy: run go, which must be installed and in the PATH: spawnSync go ENOENT`},
	} {
		cmd := exec.Command(node, "-e", "console.log(require('../../iam/deploy/policy.js').policy("+c.settings+").map((s) => s.Sid).join())")
		cmd.Env = append(os.Environ(), c.env...)
		if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), c.want) || strings.Contains(string(out), canary) {
			t.Errorf("%s with %q: %s\nwant %s", c.settings, c.env, out, c.want)
		}
	}
}

// services are the clients that the code may use: their packages, with the
// service's name in IAM.
var services = map[string]struct {
	iam    string
	client any
}{
	"rds": {"rds", (*rds.Client)(nil)},
	"ssm": {"ssm", (*ssm.Client)(nil)},
	"sqs": {"sqs", (*sqs.Client)(nil)},
	"s3":  {"s3", (*s3.Client)(nil)},
	"sts": {"sts", (*sts.Client)(nil)},

	"lambda": {"lambda", (*lambda.Client)(nil)},
}

// TestPolicyNamesTheCode finds every call of an AWS client in the source. Each
// is an action of policy.json that names this file, and each action there names
// a file that makes the call.
func TestPolicyNamesTheCode(t *testing.T) {
	called := awsCalls(t)
	calledInFile := regexp.MustCompile(`^([a-z0-9/_]+\.go): \S`)
	named := map[string]bool{}
	for _, r := range rules(t) {
		for _, a := range r.Action {
			named[a.Name] = true
			m := calledInFile.FindStringSubmatch(a.For)
			switch {
			case regexp.MustCompile(`^(Lambda|SSM|S3|SNS) itself: `).MatchString(a.For):
			case m == nil:
				t.Errorf("%s: %q names no file", a.Name, a.For)
			case !slices.Contains(called[a.Name], m[1]) && !notInSDK(t, a.Name, m[1]):
				t.Errorf("%s is not called in %s, but in %q", a.Name, m[1], called[a.Name])
			}
		}
	}
	for action, files := range called {
		if !named[action] && action != "sts:GetCallerIdentity" { // which needs no permission
			t.Errorf("%s is called in %q, and is not in policy.json", action, files)
		}
	}
}

// notInSDK reports whether an action that the SDK has no method for is named in
// the file that asks for it.
func notInSDK(t *testing.T, action, file string) bool {
	t.Helper()
	if action != "rds:DownloadCompleteDBLogFile" && action != "s3:ListBucket" {
		return false
	}
	text, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, name, _ := strings.Cut(action, ":")
	return strings.Contains(string(text), name)
}

// rule is as much of policy.json as tests need.
type rule struct {
	Sid, When string
	Action    []struct{ Name, For, When string }
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	raw, err := os.ReadFile("../../iam/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	unmarshal(t, raw, &all)
	return all
}

// awsCalls returns the files that call each action through the SDK, found by
// the names of its clients' methods in what imports their package.
func awsCalls(t *testing.T) map[string][]string {
	t.Helper()
	calls := map[string][]string{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			return err
		}
		for _, action := range actionsIn(t, parsed) {
			if !slices.Contains(calls[action], name) {
				calls[action] = append(calls[action], name)
			}
		}
		return nil
	})
	if err != nil || len(calls) < 9 {
		t.Fatalf("calls of %v, error %v", calls, err)
	}
	return calls
}

func actionsIn(t *testing.T, file *ast.File) (actions []string) {
	t.Helper()
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name, isService := strings.CutPrefix(path, "github.com/aws/aws-sdk-go-v2/service/")
		if !isService || strings.Contains(name, "/") {
			continue
		}
		service, known := services[name]
		if !known {
			t.Fatalf("the code uses %s, which this test does not know", path)
		}
		client := reflect.TypeOf(service.client)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			selected, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			// Either client.Operation(…) or rds.NewOperationPaginator(client, …).
			operation := strings.TrimSuffix(strings.TrimPrefix(selected.Sel.Name, "New"), "Paginator")
			if _, has := client.MethodByName(operation); has && operation != "Options" {
				operation = strings.TrimSuffix(operation, "Batch") // which is no action of its own
				if service.iam+operation == "lambdaInvoke" {
					operation += "Function"
				}
				actions = append(actions, service.iam+":"+operation)
			}
			return true
		})
	}
	return actions
}
