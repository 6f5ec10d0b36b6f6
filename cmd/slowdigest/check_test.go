package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/cmd/slowdigest/forms"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// deployed are the variables of a function with everything switched on.
func deployed() map[string]any {
	return map[string]any{
		"SLOWDIGEST_INSTANCES": "orders-1", "SLOWDIGEST_CHANNEL": "C0123456789", "SLACK_TOKEN_PARAMETER": "/slowdigest/prod/slack-token",
		"SLOWDIGEST_STATE": "s3://kept/prod", "SLACK_SIGNING_SECRET_PARAMETER": "/slowdigest/prod/slack-signing-secret",
		"SLOWDIGEST_LIMIT": "95%:20", "SLOWDIGEST_DOWNLOAD": "portions", "SLOWDIGEST_STAGE": "prod", "AWS_LAMBDA_LOG_FORMAT": "JSON",
	}
}

// brokenRow has a variable with a value one step over the edge, what is said of it, and the value
// on this side of it.
type brokenRow struct {
	name, bad, says, good string
	with                  map[string]any // other variables; nil takes one out
}

func brokenRows() []brokenRow {
	long := strings.Repeat("o", 63)
	without := func(names ...string) map[string]any {
		m := map[string]any{}
		for _, name := range names {
			m[name] = nil
		}
		return m
	}
	return []brokenRow{
		{"SLOWDIGEST_LIMIT", "101%", "limit", "100%", nil},
		{"SLOWDIGEST_ORDER_BY", "sums", "order", "sum", nil},
		{"SLOWDIGEST_MIN_TIME", "500 ms!", "time", "500ms", nil},
		{"SLOWDIGEST_PER_INSTANCE", "yes", "want true or false", "true", nil},
		{"SLOWDIGEST_QUERY_TAG_KEYS", "team,request_id", "its values are of one request", "team,requests", nil},
		{"SLOWDIGEST_LINKS", "A=http://a.example", "https://", "A=https://a.example", nil},
		{"SLOWDIGEST_TIME_ZONE", "Europe/Berli", "Europe/Berli", "Europe/Berlin", nil},
		{"SLOWDIGEST_REPEAT", "skipp", "want post or skip", "skip", nil},
		{"SLOWDIGEST_DAILY", "24:00", "24:00", "23:59", nil},
		{"SLOWDIGEST_KEEP", "3661", "at most 3660", "3660", nil},
		{"SLOWDIGEST_KEEP", "-1", "want how many", "0", nil},
		{"SLOWDIGEST_KEEP", "5w", "want how many", "35d", nil},
		{"SLOWDIGEST_MAX_BYTES", "0", "want a number such as 500MB", "1", nil},
		{"SLOWDIGEST_DOWNLOAD", "whole", "want portions, complete or auto", "complete", nil},

		{"SLOWDIGEST_INSTANCES", "orders-1," + long + "o", "is neither the name nor a pattern", "orders-1," + long, nil},
		{"SLOWDIGEST_INSTANCES", "orders--*", "is neither the name nor a pattern", "orders-*", nil},
		{"SLOWDIGEST_INSTANCES", "clusters:shop", "is neither the name nor a pattern", "cluster:shop", nil},
		{"SLOWDIGEST_INSTANCES", " , ", "names no instance", "o", nil},
		{"SLOWDIGEST_TAG", "slowdigest=*", "is not a tag", "slowdigest", nil},
		{"SLOWDIGEST_TAG", "slowdigest=on,off", "characters that no tag of RDS has", "a.b_c:d/e+f-g@h ü9=on=off", nil},
		{"SLOWDIGEST_CHANNEL", "#C0123456789", "neither the ID of a channel nor a name", "C0123456789", nil},
		{"SLOWDIGEST_CHANNEL", "#Slow", "neither the ID of a channel nor a name", "#slow", without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_CHANNEL", "slow queries", "neither the ID of a channel nor a name", "slow_queries", without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_CHANNEL", strings.Repeat("a", 81), "neither the ID of a channel nor a name", strings.Repeat("ü", 80), without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_CHANNEL", "@ann", "neither the ID of a channel nor a name", "U0123456", without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_CHANNEL", "", "is not set", "#slow", without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_CHANNEL", "#slow", "Slack tells IDs", "G0123456", nil},
		{"SLOWDIGEST_ASK_CHANNELS", "C000000", "is not the ID of a channel", "C0000000", nil},
		{"SLOWDIGEST_ASK_CHANNELS", "C0123456789,U0123456789", "is not the ID of a channel", "C0123456789,D0123456789", nil},
		{"SLOWDIGEST_ASK_USERS", "U012345", "is not the ID of a user", "U0123456, W0123456", nil},
		{"SLOWDIGEST_ASK_USERS", "C0123456789", "is not the ID of a user", "W0123456789", nil},
		{"SLACK_TOKEN_PARAMETER", "/a//b", "is not the name of a parameter", "/a/b", nil},
		{"SLACK_TOKEN_PARAMETER", "", "nothing can be posted", "a", nil},
		{"SLACK_TOKEN_PARAMETER", "/AWS/token", "which AWS keeps for itself", "/aw/token", nil},
		{"SLACK_SIGNING_SECRET_PARAMETER", "ssm-secret", "which AWS keeps for itself", "/slowdigest/ssm", nil},
		{"SLOWDIGEST_MCP_TOKEN_PARAMETER", "/aws/reference/secrets/agents", "which AWS keeps for itself", "/aws/reference/secretsmanager/agents", nil},
		{"SLACK_SIGNING_SECRET_PARAMETER", "/slow digest", "is not the name of a parameter", "/slowdigest", nil},
		{"SLOWDIGEST_MCP_TOKEN_PARAMETER", "/*", "is not the name of a parameter", "/_", nil},
		{"SLACK_TOKEN", "https://chat.example/hooks/secretsecret", "Mattermost", "https://hooks.slack.com/services/T/B/x", without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLACK_TOKEN", "https://chat.example/secretsecret", "neither one of Slack nor", "xoxb-1", nil},
		{"SLACK_TOKEN", "xoxb-secretsecret\n", "white space", "xoxb-secretsecret", nil},
		{"SLACK_TOKEN", "https://hooks.slack.com/services/T/B/x", "only a bot can answer", "xoxb-1", nil},
		{"SLACK_SIGNING_SECRET", "secretsecret", "32 hexadecimal digits", slacktest.SigningSecret, nil},
		{"SLACK_SIGNING_SECRET", slacktest.SigningSecret + "\n", "white space", slacktest.SigningSecret, nil},
		{"SLACK_SIGNING_SECRET", slacktest.SigningSecret[1:], "32 hexadecimal digits", slacktest.SigningSecret, nil},
		{"SLACK_SIGNING_SECRET", slacktest.SigningSecret + "0", "32 hexadecimal digits", slacktest.SigningSecret, nil},
		{"SLACK_SIGNING_SECRET", "g" + slacktest.SigningSecret[1:], "32 hexadecimal digits", slacktest.SigningSecret, nil},
		{"SLACK_SIGNING_SECRET", "xoxb-secretsecret", "is a token or a webhook URL", slacktest.SigningSecret, nil},
		{"SLACK_TOKEN", slacktest.SigningSecret, "has the form of a signing secret", "xoxb-" + slacktest.SigningSecret, nil},
		{"SLACK_API_URL", "https://slack-gov.com/api", "does not end in a slash", "https://slack-gov.com/api/", nil},
		{"SLACK_API_URL", "http://slack-gov.com/api/", "does not begin with https://", "http://127.0.0.2:80/api/", nil},
		{"SLACK_API_URL", "slack-gov.com/api/", "is not the URL of a server", "http://localhost/", nil},
		{"SLOWDIGEST_STATE", "s3://Kept/prod", "is not the location of a state", "s3://kept/prod", nil},
		{"SLOWDIGEST_STATE", "s3:/kept/prod", "neither a location in S3 nor a directory", "s3://kept", nil},
		{"SLOWDIGEST_STATE", "/var/lib", "Lambda does not keep", "/mnt/state", nil},
		{"SLOWDIGEST_STATE", "", "nothing to remember mutes", "s3://kept", nil},
		{"SLOWDIGEST_QUEUE_URL", "work", "is not the URL of a server", "https://sqs.eu-central-1.amazonaws.com/123456789012/work", nil},
		{"SLOWDIGEST_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/", "names no queue", "https://sqs.eu-central-1.amazonaws.com/123456789012/w", nil},
		{"SLOWDIGEST_QUEUE_URL", "https://sqs.example/1/work.fifo", "is a FIFO queue", "https://sqs.example/1/work-fifo", nil},
		{"SLOWDIGEST_QUEUE_URL", "https://sqs.example/1/" + strings.Repeat("q", 81), "is not the name of a queue", "https://sqs.example/1/" + strings.Repeat("q", 80), nil},
		{"SLOWDIGEST_ANSWER_FUNCTION", long + "oo", "is not the name of a function", long + "o", nil},
		{"SLOWDIGEST_ANSWER_FUNCTION", "ar:x", "is not the name of a function", "arn:aws:lambda:eu-central-1:123456789012:function:x", nil},
		{"SLOWDIGEST_STAGE", long[:54], "is not the name of a function", long[:53], nil},

		{"SLOWDIGEST_DAILY", "09:00", "has no effect", "", without("SLOWDIGEST_STATE", "SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_KEEP", "35", "has no effect", "0", without("SLOWDIGEST_STATE", "SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_REPEAT", "skip", "has no effect", "post", without("SLOWDIGEST_STATE", "SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_ASK_USERS", "U0123456", "has no effect", "", without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_ASK_CHANNELS", "C0123456", "has no effect", "", without("SLACK_SIGNING_SECRET_PARAMETER")},
		{"SLOWDIGEST_ASK_USER", "U0123456", "the nearest is SLOWDIGEST_ASK_USERS", "", nil},
		{"SLOWDIGEST_FORMAT", "json", "no run reads", "", nil},
		{"SLACK_COLOUR", "red", "take it out", "", nil},
	}
}

// variables are those of a row with a value.
func (r brokenRow) variables(value string) map[string]any {
	all := deployed()
	maps.Copy(all, r.with)
	all[r.name] = value
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

// callCheck calls slowdigest check with variables on the standard input.
func callCheck(t *testing.T, variables map[string]any) (lines []string, code int) {
	t.Helper()
	raw, err := json.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := call(t, string(raw), []string{"check"})
	if (code == 0) != strings.HasPrefix(stdout, "ok: ") || code != 0 && !strings.HasPrefix(stderr, fmt.Sprintf("slowdigest: error: %d setting", strings.Count(stdout, "\n"))) {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, "secretsecret") {
		t.Errorf("a secret is told: %s%s", stdout, stderr)
	}
	return strings.Split(strings.TrimSpace(stdout), "\n"), code
}

// Every variable is told by its name one step over its edge, alone, and nothing is on this side.
func TestCheck(t *testing.T) {
	tried := map[string]bool{}
	for _, r := range brokenRows() {
		tried[r.name] = true
		lines, code := callCheck(t, r.variables(r.bad))
		if code != 1 || len(lines) != 1 || !strings.HasPrefix(lines[0], r.name+": ") || !strings.Contains(lines[0], r.says) || !strings.HasSuffix(lines[0], ")") || strings.HasSuffix(lines[0], "()") {
			t.Errorf("%s=%q: exit %d: %q, want %q", r.name, r.bad, code, lines, r.says)
		}
		if lines, code := callCheck(t, r.variables(r.good)); code != 0 {
			t.Errorf("%s=%q: exit %d: %q", r.name, r.good, code, lines)
		}
	}
	for _, name := range known() {
		if !tried[name] {
			t.Errorf("%s is not tried", name)
		}
	}
}

// A secret in any variable that is for none is told by the name of the variable, and is itself
// told by nothing: not by check, nor by doctor, nor by an error of a run.
func TestSecretsInWrongSettings(t *testing.T) {
	const awsSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	secrets := []string{
		"xoxb-1234-secretsecret", "XOXP-1-secretsecret", "xoxe.xoxb-1-secretsecret", "xapp-1-A0-secretsecret", "https://hooks.slack.com/services/T0/B0/secretsecret",
		"https://hooks.slack-gov.com/services/T0/B0/secretsecret", "https://chat.example/hooks/secretsecretsecret", "https://x.webhook.office.com/webhookb2/secretsecret",
		"https://prod-1.westeurope.logic.azure.com/workflows/1?sv=1&sig=secretsecret", "https://me:secretsecret@x/", "AKIASECRETSECRET0123", awsSecret, slacktest.SigningSecret,
	}
	hidden := func(where, secret, text string) {
		t.Helper()
		for _, part := range []string{"secretsecret", awsSecret, "AKIASECRETSECRET", slacktest.SigningSecret} {
			if strings.Contains(text, part) {
				t.Errorf("%s: %s is told: %s", where, secret, text)
			}
		}
	}
	for _, name := range known() {
		if name == "SLACK_TOKEN" || name == "SLACK_SIGNING_SECRET" {
			continue
		}
		for _, secret := range secrets {
			variables := deployed()
			variables[name] = secret
			lines, code := callCheck(t, variables)
			if code != 1 || len(lines) != 1 || !strings.HasPrefix(lines[0], name+": has what looks like a secret") {
				t.Errorf("exit %d: %q", code, lines)
			}
			hidden(name, secret, strings.Join(lines, "\n"))
		}
	}
	for _, value := range []any{"https://proxy.example/?user=a@b", "0123456789abcdef0123456789abcde", "AKIASECRETSECRET012"} {
		variables := deployed()
		variables["HTTPS_PROXY"], variables["BUILD"], variables["REVISION"] = "http://me:secretsecret@proxy:3128", value, slacktest.SigningSecret
		if lines, code := callCheck(t, variables); code != 0 {
			t.Errorf("%v: exit %d: %q", value, code, lines)
		}
	}
	variables := deployed()
	variables["OTHERS"] = "xoxb-1234-secretsecret"
	if lines, code := callCheck(t, variables); code != 1 || !strings.HasPrefix(lines[0], "OTHERS: has what looks like a secret") {
		t.Errorf("exit %d: %q", code, lines)
	}

	world := newClinic(t)
	world.answersInvocations(t, http.StatusNoContent)
	healthy := maps.Clone(world.env)
	healthy["SLOWDIGEST_INSTANCES"] = "orders-*"
	schedule := example(t, "schedule")
	t.Chdir(t.TempDir()) // where a secret that is taken for the directory of the state makes one
	for n, name := range known() {
		if name == "SLACK_TOKEN" || name == "SLACK_SIGNING_SECRET" {
			continue
		}
		secret := secrets[len(name)%5]
		world.env = maps.Clone(healthy)
		world.env[name] = secret
		stdout, stderr, code := call(t, "", []string{"doctor"}, world.variables()...)
		if !regexp.MustCompile("(?m)^wrong +setting "+name+" +has what looks like a secret").MatchString(stdout) || code != 1 {
			t.Errorf("%s: exit %d:\n%s", name, code, stdout)
		}
		hidden(name, secret, stdout+stderr)
		stdout, stderr, _ = call(t, "", []string{"invoke", "--event", "now"}, world.variables()...)
		hidden(name, secret, stdout+stderr)
		var log strings.Builder
		p := &process{getenv: func(name string) string { return world.env[name] }}
		_, err := handleEvent(t.Context(), p, schedule, newRunLog(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{ReplaceAttr: boundAttr}))))
		hidden(name, secret, fmt.Sprint(boundError(withHint(err)))+log.String())
		if n%8 == 0 { // of the function's doctor a few are enough, for that of the command line looks at the same
			world.db.Tags = map[string]string{"slowdigest:channel": secret}
			answer, err := handleEvent(t.Context(), p, []byte(`{"doctor":true}`), newRunLog(slog.New(slog.DiscardHandler)))
			told, _ := json.Marshal(answer)
			hidden(name, secret, string(told)+fmt.Sprint(err))
		}
	}
	for _, call := range world.ssm.calls {
		if call.Resource != "arn:aws:ssm:"+rdstest.Region+":"+rdstest.Account+":parameter"+lambdaParameter {
			t.Errorf("SSM was asked for %s", call.Resource)
		}
	}
}

// What Lambda would refuse as the name of a variable is told, and never as it is.
func TestCheckReadsNames(t *testing.T) {
	for name, wrong := range map[string]bool{
		"AWS_REGION": true, "AWS_REGIONS": false, "AWS_LAMBDA_FUNCTION_NAME": true, "AWS_SESSION_TOKEN": true, "LAMBDA_TASK_ROOT": true, "AWS_LAMBDA_LOG_FORMAT": false,
		"_HANDLER": true, "HANDLER": false, "1A": true, "A1": false, "A": true, "A-B": true, "A_B": false, "Ü1": true, "A\nok: ": true, "A\x1b[2J": true, "": true,
	} {
		for _, value := range []any{"x", map[string]any{"Ref": "X"}} {
			variables := deployed()
			variables[name] = value
			lines, code := callCheck(t, variables)
			if (code == 1) != wrong || len(lines) != 1 || wrong && !strings.HasPrefix(lines[0], forms.ShownName(name)+": is ") {
				t.Errorf("%q: exit %d: %q", name, code, lines)
			}
		}
	}
}

// What AWS prints of a function can be checked as it is.
func TestCheckReadsWhatAWSPrints(t *testing.T) {
	const variables = `{"SLOWDIGEST_INSTANCES":"orders-*","SLOWDIGEST_CHANNEL":"C0123456789","SLACK_TOKEN_PARAMETER":"a"}`
	for text, want := range map[string]string{
		variables:                         "ok: 3 variables",
		"\ufeff" + variables:              "ok: 3 variables",
		`{"Variables":` + variables + `}`: "ok: 3 variables",
		`{"FunctionName":"f","FunctionArn":"arn:aws:lambda:eu-central-1:123456789012:function:f","MemorySize":256,"Layers":[],"Environment":{"Variables":` + variables + `}}`: "ok: 3 variables",
		`{"FunctionArn":"f"}`: "SLOWDIGEST_INSTANCES: names no instance",
		`{"FunctionArn":"f","Environment":{"Error":{"ErrorCode":"AccessDeniedException"}}}`: "not allowed to see them",
		`{"Variables":{"A\u001b[2J":[]}}`: `the value of "A\x1b[2J" is neither`,
	} {
		if stdout, stderr, _ := call(t, text, []string{"check"}); !strings.Contains(stdout+stderr, want) {
			t.Errorf("%s: %s%s, want %s", text, stdout, stderr, want)
		}
	}
}

// All that is wrong is told at once.
func TestCheckTellsAll(t *testing.T) {
	variables := deployed()
	seen := map[string]bool{}
	for _, r := range brokenRows() {
		if r.bad != "" && r.with == nil && !seen[r.name] {
			variables[r.name], seen[r.name] = r.bad, true
		}
	}
	lines, code := callCheck(t, variables)
	for name := range seen {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+": ") }) {
			t.Errorf("%s is not told", name)
		}
	}
	if code != 1 || len(seen) < 25 || len(lines) != len(seen) {
		t.Errorf("exit %d, %d of %d lines: %q", code, len(lines), len(seen), lines)
	}
}

// What CloudFormation will know is set, and is not judged.
func TestCheckKnowsCloudFormation(t *testing.T) {
	for _, name := range known() {
		variables := deployed()
		variables[name] = map[string]any{"Ref": "Parameter"}
		if lines, code := callCheck(t, variables); code != 0 {
			t.Errorf("exit %d: %q", code, lines)
		}
	}
	variables := deployed()
	variables["SLOWDIGEST_INSTANCE"] = map[string]any{"Fn::Sub": "x"}
	if lines, code := callCheck(t, variables); code != 1 || !strings.HasPrefix(lines[0], "SLOWDIGEST_INSTANCE: no run reads") {
		t.Errorf("exit %d: %q", code, lines)
	}
	for name, want := range map[string]string{"SLOWDIGEST_STATE": "nothing to remember", "SLOWDIGEST_INSTANCES": "names no instance"} {
		variables := deployed()
		delete(variables, name)
		if lines, code := callCheck(t, variables); code != 1 || !strings.Contains(lines[0], want) {
			t.Errorf("exit %d: %q", code, lines)
		}
		variables[name] = map[string]any{"Ref": "Parameter"}
		if lines, code := callCheck(t, variables); code != 0 {
			t.Errorf("exit %d: %q", code, lines)
		}
	}
}

// Lambda takes 4,096 bytes of variables, and not one more, and a list of 180 names is told what to
// do.
func TestCheckMeasures(t *testing.T) {
	base := len(`{"SLOWDIGEST_CHANNEL":"C0123456789","SLOWDIGEST_INSTANCES":"orders-1","SLACK_TOKEN_PARAMETER":"a","QUOTED":"\"","URL":"&"}`)
	for _, c := range []struct {
		more any
		fill int
		ok   bool
	}{
		{nil, maxEnvironment - base - len(`,"PAD":""`), true},
		{nil, maxEnvironment - base - len(`,"PAD":""`) + 1, false},
		{map[string]any{"Ref": "WorkQueue"}, maxEnvironment - base - len(`,"PAD":"","LATER":""`) - unknownBytes, true},
		{map[string]any{"Ref": "WorkQueue"}, maxEnvironment - base - len(`,"PAD":"","LATER":""`) - unknownBytes + 1, false},
	} {
		variables := map[string]any{"SLOWDIGEST_CHANNEL": "C0123456789", "SLOWDIGEST_INSTANCES": "orders-1", "SLACK_TOKEN_PARAMETER": "a", "QUOTED": `"`, "URL": "&",
			"PAD": strings.Repeat("x", c.fill)}
		if c.more != nil {
			variables["LATER"] = c.more
		}
		lines, code := callCheck(t, variables)
		if (code == 0) != c.ok || c.ok && !strings.Contains(lines[0], "4096 of 4096 bytes") || !c.ok && !strings.HasPrefix(lines[0], "environment: has 4097 bytes") {
			t.Errorf("%+v: exit %d: %q", c, code, lines)
		}
	}
	longest := "https://sqs.cn-northwest-1.amazonaws.com.cn/123456789012/" + strings.Repeat("q", 80)
	if len(longest) > unknownBytes || unknownBytes > len(longest)+40 {
		t.Errorf("%d bytes stand for %s", unknownBytes, longest)
	}
	var names []string
	for n := range 180 {
		names = append(names, fmt.Sprintf("orders-production-%03d", n))
	}
	variables := deployed()
	variables["SLOWDIGEST_INSTANCES"] = strings.Join(names, ",")
	if lines, code := callCheck(t, variables); code != 1 || !strings.Contains(lines[0], "(name the instances by a pattern such as orders-*, or by a tag, in place of a list)") {
		t.Errorf("exit %d: %q", code, lines)
	}
	variables["SLOWDIGEST_INSTANCES"] = "orders-*"
	if lines, code := callCheck(t, variables); code != 0 {
		t.Errorf("exit %d: %q", code, lines)
	}
}

// The examples in what is said to do are themselves right.
func TestCheckAdvisesWhatItTakes(t *testing.T) {
	example := regexp.MustCompile(`such as ([^ ,:]+(?::/?/?[^ ,:]+)*)`)
	tried := 0
	for _, j := range judges {
		for _, bad := range []string{"*?\n", "http://x.example/hooks/", "C"} {
			err := j.judge(bad, false)
			if err == nil {
				continue
			}
			m := example.FindStringSubmatch(source.Hint(err))
			if m == nil {
				continue
			}
			tried++
			if err := j.judge(m[1], false); err != nil {
				t.Errorf("%s: the example %q: %v", j.name, m[1], err)
			}
		}
	}
	if tried < 10 {
		t.Errorf("only %d examples", tried)
	}
}

// Each variable broken in turn is told by its name, on the command line by doctor and in the
// function by {"doctor":true}; with all of them right nothing is.
func TestDoctorTellsEachVariable(t *testing.T) {
	s3 := s3test.New(t, nil)
	world := newClinic(t)
	t.Setenv("AWS_ENDPOINT_URL_S3", *s3.BaseEndpoint)
	world.ssm.secret, world.ssm.agents = slacktest.SigningSecret, agentsToken
	maps.Copy(world.env, map[string]string{
		"SLOWDIGEST_STATE": "s3://" + s3test.Bucket + "/prod", "SLACK_SIGNING_SECRET_PARAMETER": secretParameter,
		"SLOWDIGEST_MCP_TOKEN_PARAMETER": agentsParameter, "SLOWDIGEST_ANSWER_FUNCTION": "slowdigest-prod",
	})
	world.answersInvocations(t, http.StatusNoContent)
	healthy := maps.Clone(world.env)
	if stdout, _, code := call(t, "", []string{"doctor"}, world.variables()...); code != 0 || strings.Contains(stdout, "warning") {
		t.Fatalf("exit %d:\n%s", code, stdout)
	}
	tried := map[string]bool{}
	for _, r := range brokenRows() {
		if r.bad == "" || r.with != nil || tried[r.name] {
			continue
		}
		tried[r.name] = true
		t.Run(r.name, func(t *testing.T) {
			world.env = maps.Clone(healthy)
			world.env[r.name] = r.bad
			line := regexp.MustCompile(`(?m)^wrong    setting ` + r.name + ` .*(\n.*)?` + regexp.QuoteMeta(r.says))
			stdout, _, code := call(t, "", []string{"doctor"}, world.variables()...)
			local := r.name == "SLOWDIGEST_FORMAT" || r.name == "SLACK_COLOUR" // are none of the function's, and may stand in a shell
			if told := line.MatchString(stdout); code == 1 != !local || !told != local {
				t.Errorf("on the command line: exit %d:\n%s", code, stdout)
			}
			d := world.inTheFunction(t)
			told := slices.ContainsFunc(d.Checks, func(k Check) bool {
				return k.Verdict == "wrong" && k.Subject == "setting "+r.name && (strings.Contains(k.Text, r.says) || strings.Contains(k.Fix, r.says)) && k.Fix != ""
			})
			if d.Wrong != 1 || !told {
				t.Errorf("in the function: %+v", d)
			}
		})
	}
	for _, name := range known() {
		if !tried[name] {
			t.Errorf("%s is not tried", name)
		}
	}
	world.env = healthy
	if d := world.inTheFunction(t); d.Wrong > 0 {
		t.Errorf("in the function: %+v", d)
	}
}

// A digest is posted all the same where what is wrong has nothing to do with it, and is not where it
// would be another than is meant.
func TestWrongFormsStopNoDigest(t *testing.T) {
	for _, c := range []struct {
		name, value string
		posted      bool
	}{
		{"SLOWDIGEST_ASK_USERS", "ann", true}, {"SLOWDIGEST_ASK_CHANNELS", "#slow", true}, {"SLOWDIGEST_LIMITS", "2", true}, {"SLOWDIGEST_ANSWER_FUNCTION", "*", true},
		{"SLOWDIGEST_LIMIT", "most", false}, {"SLOWDIGEST_MIN_TIME", "soon", false},
	} {
		w := newWorld(t, time.Now())
		w.env[c.name] = c.value
		w.useAWS(t)
		p := &process{getenv: func(name string) string { return w.env[name] }}
		_, err := handleEvent(t.Context(), p, example(t, "schedule"), newRunLog(slog.New(slog.DiscardHandler)))
		if posted := len(w.slack.Messages()) > 0; posted != c.posted || posted != (err == nil) || err != nil && !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s=%s: posted %t: %v", c.name, c.value, posted, err)
		}
	}
}

// inTheFunction starts the function with the environment of the clinic, and has it look at itself.
func (c *clinic) inTheFunction(t *testing.T) (d Diagnosis) {
	t.Helper()
	runtime := newRuntimeAPI(t)
	env := map[string]string{"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(runtime.server.URL, "http://")}
	for _, service := range []string{"RDS", "SSM", "STS", "SQS", "S3", "LAMBDA"} {
		env["AWS_ENDPOINT_URL_"+service] = os.Getenv("AWS_ENDPOINT_URL_" + service)
	}
	maps.Copy(env, c.env)
	startBootstrap(t, env)
	answer := runtime.invoke(t, []byte(`{"doctor":true}`))
	if err := json.Unmarshal(answer.body, &d); err != nil || len(d.Checks) == 0 {
		t.Fatalf("%v: %s", err, answer.body)
	}
	return d
}
