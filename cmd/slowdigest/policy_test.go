package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
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

// settings are what both generators are given.
type settings struct {
	Instances  string   `json:"instances"`
	Tag        string   `json:"tag"`
	Download   string   `json:"download"`
	Parameters []string `json:"parameters"`
	State      string   `json:"state"`
	Queue      string   `json:"queue"`
	Topic      string   `json:"topic"`
	Function   string   `json:"function"`
	Tracing    bool     `json:"tracing"`

	Interactive bool `json:"interactive"`
}

// inGo is the policy of `slowdigest iam`.
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

// inJS are the policies that iam/policy.js gives serverless.yml, as
// CloudFormation fills them in, and the errors, one of them empty.
func inJS(t *testing.T, all []settings) []struct {
	Statements []iam.Statement
	Error      string
} {
	t.Helper()
	given, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t, "node"), "-e", `
		const { policy } = require('../../iam/policy.js');
		const all = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		console.log(JSON.stringify(all.map((settings) => {
			try { return { Statements: policy(settings) }; } catch (error) { return { Error: error.message }; }
		})));`)
	cmd.Stdin = strings.NewReader(string(given))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	filled := regexp.MustCompile(`\{"Fn::Sub":("[^"]*")\}`).ReplaceAllString(string(out), "$1")
	filled = strings.NewReplacer("${AWS::Partition}", "aws", "${AWS::Region}", rdstest.Region, "${AWS::AccountId}", rdstest.Account).Replace(filled)
	var got []struct {
		Statements []iam.Statement
		Error      string
	}
	unmarshal(t, []byte(filled), &got)
	return got
}

// TestPolicyGenerators runs both generators on every combination of settings:
// they make the same policy, or refuse with the same words.
func TestPolicyGenerators(t *testing.T) {
	var all []settings
	for _, instances := range []string{
		"orders-1", " Orders-1 ,orders-2,", "orders-*,billing", "*", "cluster:shop,orders-1", "", " , ",
		"orders-1,orders-?", "orders-1/../*", "arn:aws:rds:eu-central-1:123456789012:db:orders-1", "${AWS::AccountId}",
		"1-orders", "orders--1", "orders-", "cluster:", strings.Repeat("o", 72),
	} {
		for _, tag := range []string{"", "slowdigest", "slowdigest=on", "a:b=c=d", "=on", "slowdigest=*"} {
			for i, download := range []string{"portions", "complete", "auto"} {
				all = append(all, settings{Instances: instances, Tag: tag, Download: download, Tracing: i == 0})
			}
		}
	}
	for _, s := range []settings{
		{Parameters: []string{"/slowdigest/prod/slack-token"}},
		{Parameters: []string{"token", "/slowdigest/prod/slack-signing-secret"}},
		{Parameters: []string{"token", ""}},
		{Parameters: []string{"to*ken"}},
		{State: "s3://kept"}, {State: "s3://kept/"}, {State: "s3://kept/prod"}, {State: "s3://kept/a/b/"}, {State: "/var/lib/slowdigest"},
		{State: "s3://*"}, {State: "s3://kept/*"}, {State: "s3://Kept"}, {State: "s3://"}, {State: "s3://k"},
		{Queue: "slowdigest-prod"}, {Queue: "slowdigest-*"}, {Topic: "alarms"}, {Topic: "*"}, {Function: "slowdigest-prod"}, {Function: "?"},
		{Interactive: true}, {Interactive: true, Function: "slowdigest-prod"}, {Interactive: true, Function: "*"},
		{State: "s3://kept/prod", Queue: "work", Topic: "alarms", Function: "slowdigest-prod", Tracing: true, Parameters: []string{"token"}},
	} {
		s.Instances, s.Download = "orders-1", "portions"
		all = append(all, s)
	}
	refused := 0
	for i, js := range inJS(t, all) {
		want, err := all[i].inGo()
		var words string
		if err != nil {
			words = err.Error()
			refused++
		}
		if !reflect.DeepEqual(js.Statements, want) || js.Error != words {
			t.Errorf("%+v\niam/policy.js: %+v, error %q\nslowdigest iam: %+v, error %q", all[i], js.Statements, js.Error, want, words)
		}
	}
	if refused < 50 || len(all)-refused < 50 {
		t.Errorf("%d of %d were refused", refused, len(all))
	}
}

// services are the clients that the code may use, by their packages and as IAM
// calls them.
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
			case strings.HasPrefix(a.For, "Lambda itself: "):
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
	root := "../../"
	for _, dir := range []string{"cmd/slowdigest", "handler", "handler/state", "source", "notifier", "digest", "parser", "iam"} {
		files, err := filepath.Glob(root + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, action := range actionsIn(t, parsed) {
				name := strings.TrimPrefix(file, root)
				if !slices.Contains(calls[action], name) {
					calls[action] = append(calls[action], name)
				}
			}
		}
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
