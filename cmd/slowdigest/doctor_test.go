package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/handler/sqstest"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// clinic is all that doctor looks at, in good health.
type clinic struct {
	rds   *rdstest.Server
	db    *rdstest.Instance
	slack *slacktest.Server
	ssm   *fakeSSM
	sqs   *sqstest.Server
	sts   http.HandlerFunc
	env   map[string]string // of the command
}

func newClinic(t *testing.T) *clinic {
	c := &clinic{rds: rdstest.NewServer(), slack: slacktest.New(), ssm: newFakeSSM(t), sqs: sqstest.New()}
	t.Cleanup(c.sqs.Close)
	t.Cleanup(c.rds.Close)
	t.Cleanup(c.slack.Close)
	c.sts = goodSTS
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.sts(w, r) }))
	t.Cleanup(sts.Close)
	c.db = c.rds.AddInstance("orders-1")
	c.db.SetParameters("orders", map[string]string{"slow_query_log": "1", "log_output": "FILE", "long_query_time": "1"})
	c.db.Write(rdstest.SlowLog, []byte(rdstest.Banner), time.Now().Add(-10*time.Minute))
	c.writeHour(time.Now().Add(-30*time.Hour), 10e6)
	for name, value := range map[string]string{
		"AWS_REGION": rdstest.Region, "AWS_ACCESS_KEY_ID": rdstest.AccessKeyID, "AWS_SECRET_ACCESS_KEY": rdstest.SecretAccessKey,
		"AWS_ENDPOINT_URL_RDS": c.rds.URL, "AWS_ENDPOINT_URL_SSM": c.ssm.server.URL, "AWS_ENDPOINT_URL_STS": sts.URL,
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	c.env = map[string]string{
		"SLOWDIGEST_INSTANCES": "orders-1", "SLOWDIGEST_CHANNEL": slacktest.Channel,
		"SLACK_TOKEN_PARAMETER": lambdaParameter, "SLACK_API_URL": c.slack.URL(), "SLOWDIGEST_STATE": t.TempDir(),
		"SLOWDIGEST_QUEUE_URL": c.sqs.QueueURL(),
	}
	t.Setenv("AWS_ENDPOINT_URL_SQS", c.sqs.URL)
	return c
}

// hourName returns the name of the file with the hour that a time is in.
func hourName(at time.Time) string {
	at = at.UTC().Truncate(time.Hour).Add(time.Hour)
	return fmt.Sprintf("%s.%s.%d", rdstest.SlowLog, at.Format(time.DateOnly), at.Hour())
}

// writeHour writes the file with the hour that a time is in.
func (c *clinic) writeHour(at time.Time, size int64) {
	c.db.WriteContent(hourName(at), sized(size), at)
}

// sized is a log of so many bytes, all of them empty lines.
type sized int64

func (s sized) Size() int64 { return int64(s) }

func (s sized) ReadAt(p []byte, at int64) (int, error) {
	n := int(min(int64(len(p)), max(0, int64(s)-at)))
	for i := range p[:n] {
		p[i] = '\n'
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// variables are those of the command, as NAME=VALUE.
func (c *clinic) variables() []string {
	var all []string
	for name, value := range c.env {
		all = append(all, name+"="+value)
	}
	return all
}

func goodSTS(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
		`<Arn>arn:aws:sts::%s:assumed-role/slowdigest/me</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`, rdstest.Account)
}

// newSTS returns the URL of an STS that knows everybody.
func newSTS(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(goodSTS))
	t.Cleanup(server.Close)
	return server.URL
}

// TestDoctor breaks one thing after the other. Just the line about it is not ok,
// and what it says to do is right.
func TestDoctor(t *testing.T) {
	refuse := func(answer string) func(*testing.T, *clinic) {
		return func(_ *testing.T, c *clinic) { c.ssm.refuse = answer }
	}
	deny := func(action string) func(*testing.T, *clinic) {
		return func(_ *testing.T, c *clinic) {
			c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: action})
		}
	}
	parameters := func(name, value string) func(*testing.T, *clinic) {
		return func(_ *testing.T, c *clinic) {
			values := map[string]string{"slow_query_log": "1", "log_output": "FILE", "long_query_time": "1"}
			values[name] = value
			c.db.SetParameters("orders", values)
		}
	}
	for _, c := range []struct {
		name     string
		harm     func(*testing.T, *clinic)
		verdict  string // of the line that follows; "" is all well
		line     string
		fix      string
		unjudged string // subjects that cannot be looked at then, by what they begin with
	}{
		{name: "all well"},
		{"credentials", func(_ *testing.T, c *clinic) {
			c.sts = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token has expired</Message></Error></ErrorResponse>`)
			}
		}, "wrong", "AWS credentials .*ExpiredToken", "log in", ""},
		{"region", func(t *testing.T, c *clinic) { t.Setenv("AWS_REGION", "") }, "wrong", "AWS configuration .*no region", "set AWS_REGION", "AWS credentials|orders-1|queue|state|chat|Slack"},
		{"no instance", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_INSTANCES"] = "" }, "wrong", "setting SLOWDIGEST_INSTANCES .*names no instance", "--instance", "settings|orders-1"},
		{"unknown instance", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_INSTANCES"] = "orders" }, "wrong", "orders status .*not found", "not of a cluster", "orders-1"},
		{"stopped", func(_ *testing.T, c *clinic) { c.db.Stop() }, "warning", "orders-1 status .*stopped", "aws rds start-db-instance --db-instance-identifier orders-1",
			"orders-1 slow|orders-1 log|orders-1 long|orders-1 cost|orders-1 download"},
		{"describe denied", deny("rds:DescribeDBInstances"), "wrong", "orders-1 status .*AccessDenied", "must allow rds:DescribeDBInstances on arn:aws:rds:" + rdstest.Region + ":" + rdstest.Account + ":db:orders-1",
			"orders-1 slow|orders-1 log|orders-1 long|orders-1 cost|orders-1 download"},
		{"parameters denied", deny("rds:DescribeDBParameters"), "wrong", "orders-1 parameters .*AccessDenied", "must allow rds:DescribeDBParameters on arn:aws:rds:" + rdstest.Region + ":" + rdstest.Account + ":pg:orders",
			"orders-1 slow_|orders-1 log|orders-1 long"},
		{"log off", parameters("slow_query_log", "0"), "wrong", "orders-1 slow_query_log .*off", "--db-parameter-group-name orders --parameters ParameterName=slow_query_log,ParameterValue=1", ""},
		{"log to table", parameters("log_output", "TABLE"), "wrong", "orders-1 log_output .*TABLE", "ParameterName=log_output,ParameterValue=FILE", ""},
		{"log off in the cluster's group", func(_ *testing.T, c *clinic) {
			c.db.Engine, c.db.Cluster = "aurora-mysql", "orders"
			c.db.SetParameters("orders", map[string]string{"long_query_time": "1"})
			c.rds.SetClusterParameters("orders", "orders-cluster", map[string]string{"slow_query_log": "0"})
		}, "wrong", "orders-1 slow_query_log .*off, in parameter group orders-cluster", "--db-parameter-group-name orders --parameters ParameterName=slow_query_log,ParameterValue=1", ""},
		{"cluster's parameters denied", func(_ *testing.T, c *clinic) {
			c.db.Engine, c.db.Cluster = "aurora-mysql", "orders"
			c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBClusterParameters"})
		}, "wrong", "orders-1 parameters .*AccessDenied", "must allow rds:DescribeDBClusterParameters on arn:aws:rds:" + rdstest.Region + ":" + rdstest.Account + ":cluster-pg:default.aurora-mysql8.0",
			"orders-1 slow_|orders-1 log|orders-1 long"},
		{"log to the default", parameters("log_output", ""), "wrong", "orders-1 log_output .*TABLE", "ParameterName=log_output,ParameterValue=FILE", ""},
		{"ten seconds", parameters("long_query_time", ""), "warning", "orders-1 long_query_time .*10s:", "ParameterName=long_query_time,ParameterValue=1", ""},
		{"five seconds", parameters("long_query_time", "5"), "", "", "", ""},
		{"more than five seconds", parameters("long_query_time", "5.001"), "warning", "orders-1 long_query_time .*5s:", "ParameterName=long_query_time,ParameterValue=1", ""},
		{"everything is logged", parameters("long_query_time", "0"), "warning", "orders-1 long_query_time .*0s:", "ParameterName=long_query_time,ParameterValue=0.5", ""},
		{"listing denied", deny("rds:DescribeDBLogFiles"), "wrong", "orders-1 slow log .*AccessDenied", "must allow rds:DescribeDBLogFiles", "orders-1 cost|orders-1 download"},
		{"no log", func(_ *testing.T, c *clinic) {
			c.db.Remove(hourName(time.Now().Add(-30 * time.Hour)))
			c.db.Remove(rdstest.SlowLog)
		}, "wrong", "orders-1 slow log .*no slow log files", "log_output=FILE", "orders-1 cost|orders-1 download"},
		{"a log that is too large", func(_ *testing.T, c *clinic) { c.writeHour(time.Now().Add(-30*time.Hour), 900e6) },
			"warning", "orders-1 cost .*cannot be read within", "raise long_query_time, or set SLOWDIGEST_MAX_BYTES=250MB", ""},
		{"a log that is read in part", func(_ *testing.T, c *clinic) {
			c.env["SLOWDIGEST_MAX_BYTES"] = "250MB"
			c.writeHour(time.Now().Add(-30*time.Hour), 900e6)
		}, "", "", "", ""},
		{"all without an index", parameters("log_queries_not_using_indexes", "1"), "warning", "orders-1 log_queries_not_using_indexes .*no limit",
			"ParameterName=log_queries_not_using_indexes,ParameterValue=0", ""},
		{"log of two hours ago", func(_ *testing.T, c *clinic) {
			c.db.Write(rdstest.SlowLog, []byte(rdstest.Banner), time.Now().Add(-2*time.Hour))
		}, "", "", "", ""},
		{"log of more than two hours ago", func(_ *testing.T, c *clinic) {
			c.db.Write(rdstest.SlowLog, []byte(rdstest.Banner), time.Now().Add(-121*time.Minute))
		}, "warning", "orders-1 slow log .*2h01m ago", "SELECT SLEEP", ""},
		{"stale log", func(_ *testing.T, c *clinic) {
			c.db.Write(rdstest.SlowLog, []byte(rdstest.Banner), time.Now().Add(-26*time.Hour))
		}, "warning", "orders-1 slow log .*1d02h ago", "SELECT SLEEP", ""},
		{"download denied", deny("rds:DownloadDBLogFilePortion"), "wrong", "orders-1 download .*AccessDenied", "must allow rds:DownloadDBLogFilePortion", ""},
		{"complete download denied", func(_ *testing.T, c *clinic) {
			c.env["SLOWDIGEST_DOWNLOAD"] = "complete"
			c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DownloadCompleteDBLogFile"})
		}, "wrong", "orders-1 download .*AccessDenied", "must allow rds:DownloadCompleteDBLogFile", ""},
		{"nothing matches", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_INSTANCES"] = "billing-*" }, "wrong", "instances .*none to read", "describe-db-instances", "orders-1"},
		{"no signing secret", func(_ *testing.T, c *clinic) { c.env["SLACK_SIGNING_SECRET_PARAMETER"] = "/nowhere" }, "wrong", "signing secret .*/nowhere.*ParameterNotFound", "aws ssm put-parameter", ""},
		{"no token of agents", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_MCP_TOKEN_PARAMETER"] = "/nowhere" }, "wrong", "token of agents .*/nowhere.*ParameterNotFound", "aws ssm put-parameter", ""},
		{"short token of agents", func(_ *testing.T, c *clinic) {
			c.env["SLOWDIGEST_MCP_TOKEN_PARAMETER"], c.ssm.agents = agentsParameter, agentsToken[1:]
		}, "wrong", "token of agents .*holds 23 characters", "24 or more", ""},
		{"a signing secret in the place of the token", func(_ *testing.T, c *clinic) { c.ssm.set(slacktest.SigningSecret) }, "wrong", "chat secret .*form of a signing secret", "bot token", "Slack"},
		{"a token in the place of the signing secret", func(_ *testing.T, c *clinic) {
			c.env["SLACK_SIGNING_SECRET_PARAMETER"], c.ssm.secret = secretParameter, slacktest.Token
		}, "wrong", "signing secret .*what parameter " + secretParameter + " holds is a token", "Signing Secret", ""},
		{"no form of a signing secret", func(_ *testing.T, c *clinic) {
			c.env["SLACK_SIGNING_SECRET_PARAMETER"], c.ssm.secret = secretParameter, slacktest.SigningSecret[1:]
		}, "wrong", "signing secret .*32 hexadecimal digits", "Signing Secret", ""},
		{"signing secret", func(_ *testing.T, c *clinic) {
			c.env["SLACK_SIGNING_SECRET_PARAMETER"], c.ssm.secret = secretParameter, slacktest.SigningSecret
		}, "", "", "", ""},
		{"the bot token for agents", func(_ *testing.T, c *clinic) {
			c.env["SLOWDIGEST_MCP_TOKEN_PARAMETER"], c.ssm.agents = agentsParameter, "xoxb-of-another-app-altogether"
		}, "wrong", "token of agents .*a secret of Slack", "openssl", ""},
		{"the signing secret for agents", func(_ *testing.T, c *clinic) {
			c.env["SLACK_SIGNING_SECRET_PARAMETER"], c.ssm.secret = secretParameter, slacktest.SigningSecret
			c.env["SLOWDIGEST_MCP_TOKEN_PARAMETER"], c.ssm.agents = agentsParameter, slacktest.SigningSecret
		}, "wrong", "token of agents .*a secret of Slack", "openssl", ""},
		{"token of agents", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_MCP_TOKEN_PARAMETER"] = agentsParameter }, "", "", "", ""},
		{"no such queue", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_QUEUE_URL"] += "-2" }, "wrong", "queue .*QueueDoesNotExist", "SLOWDIGEST_QUEUE_URL", ""},
		{"no state", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_STATE"] = "" }, "warning", "state .*none", "SLOWDIGEST_STATE", ""},
		{"state cannot be written", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_STATE"] = "/dev/null/state" }, "wrong", "state .*/dev/null", "", ""},
		{"state of a newer release", func(t *testing.T, c *clinic) {
			if _, err := (state.FileStore{Dir: c.env["SLOWDIGEST_STATE"]}).Save(t.Context(), state.Key(slacktest.Channel), []byte(`{"version":99}`), ""); err != nil {
				t.Fatal(err)
			}
		}, "wrong", "state .*version 99", "deploy that release", ""},
		{"no channel", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_CHANNEL"] = "" }, "warning", "channel .*only printed", "SLOWDIGEST_CHANNEL", "chat|Slack"},
		{"no token parameter", func(_ *testing.T, c *clinic) { c.ssm.set("") }, "wrong", "chat secret .*ParameterNotFound", "there is no such parameter in " + rdstest.Region + ": aws ssm put-parameter --type SecureString --name " + lambdaParameter, "Slack"},
		{"token throttled", refuse(`{"__type":"ThrottlingException","message":"Rate exceeded"}`), "wrong", "chat secret .*Rate exceeded", "SSM limits the calls of the whole account", "Slack"},
		{"token denied", refuse(`{"__type":"AccessDeniedException","message":"User: u is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:p because no identity-based policy allows the ssm:GetParameter action"}`),
			"wrong", "chat secret .*AccessDenied", "the role must allow ssm:GetParameter on arn:aws:ssm:p", "Slack"},
		{"token denied by the organisation", refuse(`{"__type":"AccessDeniedException","message":"User: u is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:p with an explicit deny in a service control policy"}`),
			"wrong", "chat secret .*AccessDenied", "the service control policy denies ssm:GetParameter on arn:aws:ssm:p explicitly, whatever the role allows", "Slack"},
		{"key denied", refuse(`{"__type":"AccessDeniedException","message":"User: u is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:k because no identity-based policy allows the kms:Decrypt action"}`),
			"wrong", "chat secret .*AccessDenied", "the role must allow kms:Decrypt on arn:aws:kms:k", "Slack"},
		{"key denied without a name", refuse(`{"__type":"AccessDeniedException","message":"The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."}`),
			"wrong", "chat secret .*AccessDenied", "and kms:Decrypt on its key if that is one of your own", "Slack"},
		{"no token", func(_ *testing.T, c *clinic) { c.env["SLACK_TOKEN_PARAMETER"] = "" }, "wrong", "chat secret .*none is configured", "SLACK_TOKEN", "Slack"},
		{"webhook", func(_ *testing.T, c *clinic) { c.ssm.set("https://hooks.slack.com/services/T0/B0/secretsecret") }, "warning", "chat secret .*webhook", "bot token", "Slack"},
		{"webhook and questions", func(_ *testing.T, c *clinic) {
			c.ssm.set("https://hooks.slack.com/services/T0/B0/secretsecret")
			c.env["SLACK_SIGNING_SECRET"] = slacktest.SigningSecret
		}, "wrong", "chat secret .*only a bot can answer", "bot token", "Slack"},
		{"wrong token", func(_ *testing.T, c *clinic) { c.ssm.set("xoxb-of-another-app") }, "wrong", "Slack token .*invalid_auth", "bot token", "Slack "},
		{"revoked token", func(_ *testing.T, c *clinic) {
			c.slack.Fail(slacktest.Fault{Method: "auth.test", Code: "token_revoked"})
		}, "wrong", "Slack token .*token_revoked", "install the app again", "Slack "},
		{"no scope to post", func(_ *testing.T, c *clinic) { c.slack.Scopes = []string{"channels:read", "channels:history"} }, "wrong", "Slack scope chat:write .*missing", "OAuth", ""},
		{"no scope to look up", func(_ *testing.T, c *clinic) { c.slack.Scopes = []string{"chat:write", "channels:history"} }, "warning", "Slack channel .*cannot be looked up", "channels:read", ""},
		{"no scope for the history", func(_ *testing.T, c *clinic) { c.slack.Scopes = []string{"chat:write", "channels:read"} }, "warning", "Slack scope channels:history .*missing", "possible repeat", ""},
		{"not a member", func(_ *testing.T, c *clinic) {
			c.slack.Channels[slacktest.Channel] = slacktest.ChannelState{Name: "slow-queries"}
		}, "wrong", "Slack channel .*not a member", "/invite @slowdigest in #slow-queries", ""},
		{"archived", func(_ *testing.T, c *clinic) {
			c.slack.Channels[slacktest.Channel] = slacktest.ChannelState{Name: "slow-queries", Member: true, Archived: true}
		}, "wrong", "Slack channel .*archived", "choose another", ""},
		{"no such channel", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_CHANNEL"] = "C0NOWHERE" }, "wrong", "Slack channel .*channel_not_found", "use its ID and /invite", ""},
		{"channel by name", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_CHANNEL"] = "#slow-queries" }, "warning", "Slack channel .*is a name", "use its ID", ""},
		{"instance named twice", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_INSTANCES"] = "orders-1,orders-1" }, "", "", "", ""},
		{"calls of an hour", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_MIN_TIME"] = "1h" }, "", "", "", ""},
		{"calls of more than an hour", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_MIN_TIME"] = "3601" }, "warning", "setting SLOWDIGEST_MIN_TIME .*hardly any", "500ms", ""},
		{"blocks refused", func(_ *testing.T, c *clinic) { c.slack.Unsupported = []string{"data_visualization"} }, "wrong", "Slack blocks .*invalid_blocks", "/type: unsupported type: data_visualization", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := newClinic(t)
			if c.harm != nil {
				c.harm(t, world)
			}
			stdout, stderr, code := call(t, "", []string{"doctor"}, world.variables()...)
			checkDiagnosis(t, stdout, c.verdict, c.line, c.fix, c.unjudged)
			if wrong := c.verdict == "wrong"; wrong != (code == 1) || !wrong && code != 0 {
				t.Errorf("exit %d: %s", code, stderr)
			}
			for _, secret := range []string{slacktest.Token, "secretsecret", "of-another-app", slacktest.SigningSecret, slacktest.SigningSecret[1:]} {
				if strings.Contains(stdout+stderr, secret) {
					t.Errorf("%s is in the output", secret)
				}
			}
			if t.Failed() {
				t.Log("\n" + stdout)
			}
		})
	}
}

// subjects are those of a clinic in good health.
var subjects = []string{
	"settings", "AWS credentials", "orders-1 status", "orders-1 slow_query_log", "orders-1 log_output", "orders-1 long_query_time",
	"orders-1 slow log", "orders-1 cost", "orders-1 download", "queue", "state", "chat secret", "Slack token", "Slack scope chat:write", "Slack channel", "Slack blocks",
}

func checkDiagnosis(t *testing.T, stdout, verdict, line, fix, unjudged string) {
	t.Helper()
	at := func(subject string) bool {
		return unjudged != "" && regexp.MustCompile("^("+unjudged+")").MatchString(subject) ||
			line != "" && strings.HasPrefix(line, subject+" ")
	}
	for _, subject := range subjects {
		if ok := regexp.MustCompile("(?m)^ok +" + subject + " ").MatchString(stdout); ok == at(subject) {
			t.Errorf("%s: ok is %t", subject, ok)
		}
	}
	for _, subject := range subjects {
		if n := len(regexp.MustCompile("(?m)^ok +"+subject+" ").FindAllString(stdout, -1)); n > 1 {
			t.Errorf("%s: told %d times", subject, n)
		}
	}
	lines := regexp.MustCompile("(?m)^(warning|wrong) .*").FindAllString(stdout, -1)
	switch {
	case verdict == "":
		if len(lines) > 0 {
			t.Errorf("not ok: %q", lines)
		}
		return
	case len(lines) != 1 || !regexp.MustCompile("^"+verdict+" +"+strings.Replace(line, " .*", " +.*", 1)).MatchString(lines[0]):
		t.Errorf("want one line of %s: %s, and have %q", verdict, line, lines)
	}
	if fixes := regexp.MustCompile("(?m)^ +fix: (.*)").FindAllString(stdout, -1); len(fixes) > 1 || fix != "" && (len(fixes) != 1 || !strings.Contains(fixes[0], fix)) {
		t.Errorf("want advice that says %q, and have %q", fix, fixes)
	}
}

// TestDoctorsAdvice runs what doctor says to do, in a shell and by the real command line of AWS,
// and then all is well.
func TestDoctorsAdvice(t *testing.T) {
	for _, c := range []struct {
		name, group string
		values      map[string]string
		wrong       int // lines that are not ok
	}{
		{"an instance as RDS makes it", "default.mysql8.4", map[string]string{"slow_query_log": "0"}, 3},
		{"one parameter of a group", "orders", map[string]string{"slow_query_log": "1", "log_output": "TABLE", "long_query_time": "1"}, 1},
		{"all of a group", "orders", map[string]string{"slow_query_log": "0", "log_output": "TABLE", "long_query_time": "0"}, 3},
		{"by MariaDB's newer names", "orders", map[string]string{
			"log_slow_query": "0", "log_output": "FILE", "log_slow_query_time": "10"}, 2},
		{"all that keeps out or floods", "orders", map[string]string{
			"slow_query_log": "1", "log_output": "FILE", "long_query_time": "1", "log_queries_not_using_indexes": "ON", "min_examined_row_limit": "1"}, 2},
		{"all that keeps out or floods in MariaDB", "orders", map[string]string{
			"slow_query_log": "1", "log_output": "FILE", "long_query_time": "1", "log_slow_filter": "admin,not_using_index,full_scan",
			"log_slow_min_examined_row_limit": "100", "log_slow_rate_limit": "2"}, 3},
		{"which only its defaults tell", "orders", map[string]string{
			rdstest.Default + "log_slow_query": "0", "log_output": "FILE", rdstest.Default + "log_slow_query_time": ""}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := newClinic(t)
			world.db.SetParameters(c.group, c.values)
			before, _, _ := call(t, "", []string{"doctor"}, world.variables()...)
			if lines := regexp.MustCompile("(?m)^(warning|wrong) ").FindAllString(before, -1); len(lines) != c.wrong {
				t.Errorf("%d lines, want %d", len(lines), c.wrong)
			}
			fixes := regexp.MustCompile("(?m)^ +fix: (aws .*)$").FindAllStringSubmatch(before, -1)
			if len(fixes) != 1 {
				t.Fatalf("want one command:\n%s", before)
			}
			runInShell(t, fixes[0][1])
			after, stderr, code := call(t, "", []string{"doctor"}, world.variables()...)
			if code != 0 || strings.Contains(after, "warning") {
				t.Errorf("exit %d after it: %s\n%s", code, stderr, after)
			}
		})
	}
}

// Where tags name channels, the token is tried, and every channel and its state are looked at,
// whether or not there is a default one.
func TestDoctorLooksAtEveryChannel(t *testing.T) {
	const other = "C0PEOPLE01"
	for _, c := range []struct {
		name string
		harm func(*testing.T, *clinic)
		want []string // beginnings of the lines that are not ok, white space as one
		ok   []string // of some that are
	}{
		{"all well", func(*testing.T, *clinic) {}, nil, []string{"Slack channel ", "Slack channel of " + other + " #people"}},
		{"no default", func(_ *testing.T, c *clinic) { c.env["SLOWDIGEST_CHANNEL"] = "" }, []string{
			"warning channel none for 1 instance, such as orders-1: only printed"}, []string{"Slack channel of " + other}},
		{"not a member", func(_ *testing.T, c *clinic) { c.slack.Channels[other] = slacktest.ChannelState{Name: "people"} }, []string{
			"wrong Slack channel of " + other + " the bot is not a member of #people"}, []string{"Slack channel "}},
		{"no such channel", func(_ *testing.T, c *clinic) { delete(c.slack.Channels, other) }, []string{
			"wrong Slack channel of " + other + " look up"}, nil},
		{"no name of a channel", func(_ *testing.T, c *clinic) { c.people("Slow") }, []string{
			"wrong Slack channel of #Slow \"#Slow\" is neither the ID of a channel nor a name"}, nil},
		{"wrong token without a default", func(_ *testing.T, c *clinic) {
			c.env["SLOWDIGEST_CHANNEL"] = ""
			c.db.Tags = map[string]string{"slowdigest:channel": other}
			c.ssm.set("xoxb-of-another-app")
		}, []string{"wrong Slack token "}, nil},
		{"wrong token, and the tags are not known", func(_ *testing.T, c *clinic) {
			c.env["SLOWDIGEST_CHANNEL"] = ""
			c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBInstances"})
			c.ssm.set("xoxb-of-another-app")
		}, []string{"wrong instances ", "wrong Slack token "}, nil},
		{"state of a newer release", func(t *testing.T, c *clinic) {
			if _, err := (state.FileStore{Dir: c.env["SLOWDIGEST_STATE"]}).Save(t.Context(), state.Key(other), []byte(`{"version":99}`), ""); err != nil {
				t.Fatal(err)
			}
		}, []string{"wrong state of " + other + " "}, nil},
		{"webhook", func(_ *testing.T, c *clinic) { c.ssm.set("https://hooks.slack.com/services/T0/B0/secretsecret") }, []string{
			"warning chat secret a webhook URL, which cannot be tried without posting, and posts what is for other channels to its own"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := newClinic(t)
			world.env["SLOWDIGEST_INSTANCES"], world.env["SLOWDIGEST_QUEUE_URL"] = "orders-*", ""
			world.slack.Channels[other] = slacktest.ChannelState{Name: "people", Member: true}
			world.people(other)
			c.harm(t, world)
			stdout, _, code := call(t, "", []string{"doctor"}, world.variables()...)
			told := regexp.MustCompile(" +").ReplaceAllString(stdout, " ")
			lines := regexp.MustCompile("(?m)^(warning|wrong) .*").FindAllString(told, -1)
			if !slices.EqualFunc(lines, c.want, strings.HasPrefix) || (code == 1) != strings.Contains(told, "\nwrong ") {
				t.Errorf("exit %d: %q, want %q", code, lines, c.want)
			}
			for _, line := range c.ok {
				if !strings.Contains(told, "\nok "+line) {
					t.Errorf("not ok: %s:\n%s", line, stdout)
				}
			}
		})
	}
}

// The function leaves out what has no channel, and the command line prints it.
func TestDoctorTellsWhatHasNoChannel(t *testing.T) {
	for _, c := range []struct {
		d    doctor
		want string
	}{
		{doctor{without: []string{"a", "b"}, channels: []string{"C0PEOPLE01"}}, "none for 2 instances, such as a: left out"},
		{doctor{without: []string{"a"}}, "none for 1 instance, such as a: left out"},
		{doctor{without: []string{"a"}, channels: []string{"C0PEOPLE01"}, local: true}, "none for 1 instance, such as a: only printed"},
		{doctor{without: []string{"a"}, local: true}, "none is configured: digests are only printed"},
		{doctor{channels: []string{"C0PEOPLE01"}}, ""},
		{doctor{unrouted: true, local: true}, ""},
	} {
		got := ""
		c.d.say = func(k Check) { got += k.Text }
		if c.d.withoutChannel(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// people adds an instance whose tag names a channel.
func (c *clinic) people(channel string) {
	db := c.rds.AddInstance("orders-2")
	db.SetParameters("orders", map[string]string{"slow_query_log": "1", "log_output": "FILE", "long_query_time": "1"})
	db.Write(rdstest.SlowLog, []byte(rdstest.Banner), time.Now().Add(-10*time.Minute))
	db.Tags = map[string]string{"slowdigest:channel": channel}
}

// As many channels are looked at as Slack answers for in a minute, and what is left is told.
func TestDoctorsChannelsAreBounded(t *testing.T) {
	for _, channels := range []int{mostChannels, mostChannels + 1} {
		s := slacktest.New()
		d := &doctor{Config: &Config{}, now: time.Now(), say: func(Check) {}}
		for n := range channels {
			d.channels = append(d.channels, fmt.Sprintf("C0000000%02d", n))
			s.Channels[d.channels[n]] = slacktest.ChannelState{Name: "c", Member: true}
		}
		in := func(channel string) *slack.Bot {
			return slack.New(slacktest.Token, channel, slack.Options{APIURL: s.URL()})
		}
		d.slack(t.Context(), in(d.channels[0]), in)
		s.Close()
		looked, left := 0, 0
		for _, k := range d.Checks {
			switch {
			case strings.HasPrefix(k.Subject, "Slack channel of "):
				looked++
			case strings.HasPrefix(k.Text, "1 of 41 are not looked at"):
				left++
			}
		}
		if looked != 40 || left != channels-40 {
			t.Errorf("%d channels: %d looked at, %d lines on the rest", channels, looked, left)
		}
	}
}

// What the function would refuse, doctor tells, all at once.
func TestDoctorReadsEverySetting(t *testing.T) {
	bad := map[string]string{
		"SLOWDIGEST_LIMIT": "most", "SLOWDIGEST_ORDER_BY": "colour", "SLOWDIGEST_MIN_TIME": "soon", "SLOWDIGEST_LINKS": "nowhere", "SLOWDIGEST_TIME_ZONE": "Europe/Nowhere",
		"SLOWDIGEST_REPEAT": "often", "SLOWDIGEST_DAILY": "noon", "SLOWDIGEST_MAX_BYTES": "much", "SLOWDIGEST_PER_INSTANCE": "maybe",
		"SLOWDIGEST_DOWNLOAD": "all", // which doctor itself needs, too
	}
	world := newClinic(t)
	maps.Copy(world.env, bad)
	stdout, stderr, code := call(t, "", []string{"doctor"}, world.variables()...)
	if code != 1 || !strings.Contains(stderr, fmt.Sprintf("%d of ", len(bad))) {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for name := range bad {
		if !strings.Contains(stdout, "wrong    setting "+name+" ") {
			t.Errorf("%s is not wrong", name)
		}
	}
}

// Each parameter that is not at its default is told on one line: what it shows or keeps out, and costs.
func TestDoctorTellsParameters(t *testing.T) {
	for _, c := range []struct {
		engine string
		values map[string]string
		want   []string
	}{
		{"mysql", map[string]string{"log_queries_not_using_indexes": "0", "log_throttle_queries_not_using_indexes": "10", "min_examined_row_limit": "0",
			"log_slow_admin_statements": "0", "log_slow_extra": "OFF", "log_slow_rate_limit": "1"}, nil},
		{"mariadb", map[string]string{"log_slow_admin_statements": "1", "log_slow_verbosity": "", "log_slow_filter": "admin,full_scan", "log_slow_rate_limit": "1"}, nil},
		{"mysql", map[string]string{"log_queries_not_using_indexes": "1"}, []string{
			"warning log_queries_not_using_indexes on, and log_throttle_queries_not_using_indexes sets no limit: statements that use no index are logged however fast they are, and may be most of the log"}},
		{"mysql", map[string]string{"log_queries_not_using_indexes": "on", "log_throttle_queries_not_using_indexes": "1"}, []string{
			"ok log_queries_not_using_indexes on: statements that use no index are logged however fast they are, but no more than 1 per minute, 36 kB per hour"}},
		{"mysql", map[string]string{"log_queries_not_using_indexes": "1", "log_throttle_queries_not_using_indexes": "1000"}, []string{
			"ok log_queries_not_using_indexes on: statements that use no index are logged however fast they are, but no more than 1,000 per minute, 36 MB per hour"}},
		{"mariadb", map[string]string{"log_slow_filter": "admin,not_using_index"}, []string{
			"warning log_slow_filter not_using_index: statements that use no index are logged however fast they are, and may be most of the log"}},
		{"mysql", map[string]string{"min_examined_row_limit": "1"}, []string{
			"warning min_examined_row_limit 1: a statement that examines fewer rows is not logged, however slow it is, as one that waits for a lock"}},
		{"mariadb", map[string]string{"log_slow_min_examined_row_limit": "1000"}, []string{
			"warning min_examined_row_limit 1,000: a statement that examines fewer rows is not logged, however slow it is, as one that waits for a lock"}},
		{"mariadb", map[string]string{"log_slow_rate_limit": "2"}, []string{
			"warning log_slow_rate_limit 2: one of so many slow statements is logged, which the log does not tell, so that calls and times are 2 times what a digest says"}},
		{"mysql", map[string]string{"log_slow_admin_statements": "1"}, []string{
			"ok log_slow_admin_statements on: ALTER, ANALYZE and OPTIMIZE TABLE are logged, too; few entries, of long calls"}},
		{"mariadb", map[string]string{"log_slow_admin_statements": "0"}, []string{"ok log_slow_admin_statements off: ALTER, ANALYZE and OPTIMIZE TABLE are not logged"}},
		{"mysql", map[string]string{"log_slow_extra": "1"}, []string{
			"ok log_slow_extra on: a digest also has errors, full scans and temporary tables on disk as reasons; an entry is some 400 bytes longer"}},
		{"mariadb", map[string]string{"log_slow_verbosity": "query_plan,explain"}, []string{
			"ok log_slow_verbosity query_plan,explain: a digest also has full scans and temporary tables on disk as reasons; an entry is some 200 bytes longer, and longer by a line for each table"}},
		{"mariadb", map[string]string{"log_slow_verbosity": "innodb"}, []string{
			"ok log_slow_verbosity innodb: a digest shows nothing of it; query_plan would bring full scans and temporary tables on disk as reasons"}},
	} {
		world := newClinic(t)
		world.db.Engine = c.engine
		values := map[string]string{"slow_query_log": "1", "log_output": "FILE", "long_query_time": "1"}
		maps.Copy(values, c.values)
		world.db.SetParameters("orders", values)
		stdout, _, code := call(t, "", []string{"doctor"}, world.variables()...)
		var got []string
		for _, m := range regexp.MustCompile(`(?m)^(\w+) +orders-1 (\w+) +(.*)$`).FindAllStringSubmatch(stdout, -1) {
			if strings.Contains(m[2], "_") && values[m[2]] != "FILE" && m[2] != "slow_query_log" && m[2] != "long_query_time" {
				got = append(got, strings.Join(m[1:], " "))
			}
		}
		if code != 0 || !slices.Equal(got, c.want) {
			t.Errorf("%v: exit %d: %q, want %q\n%s", c.values, code, got, c.want, stdout)
		}
		for _, call := range world.rds.Calls() {
			if call.Action == "rds:DescribeDBClusterParameters" || strings.HasPrefix(call.Action, "rds:Modify") {
				t.Errorf("%s", call.Action)
			}
		}
	}
}

// The deployed function looks at itself, by its own settings and permissions.
func TestDoctorOfTheFunction(t *testing.T) {
	world := newClinic(t)
	world.db.SetParameters("orders", map[string]string{"slow_query_log": "0", "log_output": "FILE", "long_query_time": "1"})
	world.env["SLOWDIGEST_STATE"] = "s3://" + s3test.Bucket + "/prod"
	t.Setenv("AWS_ENDPOINT_URL_S3", *s3test.New(t, nil).BaseEndpoint)
	d := world.inTheFunction(t)
	if d.Wrong != 1 || len(d.Checks) != len(subjects) {
		t.Fatalf("%+v", d)
	}
	for _, k := range d.Checks {
		want := "ok"
		if k.Subject == "orders-1 slow_query_log" {
			want = "wrong"
		}
		if k.Verdict != want || (k.Fix == "") != (want == "ok") {
			t.Errorf("%+v", k)
		}
	}
	if n := len(world.slack.Messages()); n > 0 {
		t.Errorf("%d messages", n)
	}
}

// Where people may ask in Slack, doctor tries whether the function that answers may be invoked,
// and invokes nothing.
func TestDoctorTriesToInvoke(t *testing.T) {
	for _, c := range []struct {
		name   string
		env    map[string]string
		status int
		line   string
	}{
		{"it may", nil, http.StatusNoContent, "(?m)^ok       lambda:InvokeFunction +slowdigest-prod may be invoked$"},
		{"it may not", nil, http.StatusForbidden, "(?m)^wrong    lambda:InvokeFunction +invoke slowdigest-prod: .*AccessDenied"},
		{"there is none", map[string]string{"SLOWDIGEST_ANSWER_FUNCTION": ""}, http.StatusNoContent, "(?m)^ok       signing secret"},
		{"a channel by its name", map[string]string{"SLOWDIGEST_CHANNEL": "#slow-queries"}, http.StatusNoContent, "(?m)^wrong    setting SLOWDIGEST_CHANNEL +is the name of a channel, people may ask"},
		{"no channel", map[string]string{"SLOWDIGEST_CHANNEL": ""}, http.StatusNoContent, "(?m)^wrong    setting SLOWDIGEST_CHANNEL +is not set, and there is none to post to$"},
		{"no state", map[string]string{"SLOWDIGEST_STATE": ""}, http.StatusNoContent, "(?m)^wrong    setting SLOWDIGEST_STATE +is not set, people may ask"},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := newClinic(t)
			world.answersInvocations(t, c.status)
			world.env["SLACK_SIGNING_SECRET"], world.env["SLOWDIGEST_ANSWER_FUNCTION"] = slacktest.SigningSecret, "slowdigest-prod"
			maps.Copy(world.env, c.env)
			stdout, _, _ := call(t, "", []string{"doctor"}, world.variables()...)
			if !regexp.MustCompile(c.line).MatchString(stdout) {
				t.Errorf("want %s:\n%s", c.line, stdout)
			}
		})
	}
}

// answersInvocations has a Lambda that is asked whether slowdigest-prod may be invoked, and nothing
// else, answer with a status.
func (c *clinic) answersInvocations(t *testing.T, status int) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/2015-03-31/functions/slowdigest-prod/invocations" || r.Header.Get("X-Amz-Invocation-Type") != "DryRun" {
			t.Errorf("%s %s as %s", r.Method, r.URL, r.Header.Get("X-Amz-Invocation-Type"))
		}
		if status != http.StatusNoContent {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_LAMBDA", server.URL)
}
