package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/sqstest"
	"slowdigest/iam"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// awsCall is a call of an action on a resource, as IAM knows them.
type awsCall struct{ Action, Resource string }

// cloud is a fake of all of AWS that slowdigest calls, and of Slack.
type cloud struct {
	rds                       *rdstest.Server
	orders1, orders2, payroll *rdstest.Instance

	ssm   *fakeSSM
	slack *slacktest.Server

	mu   sync.Mutex
	more []awsCall // those of S3 and SQS
}

// record is for handlers that know what a request asks for.
func (c *cloud) record(action, resource string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more = append(c.more, awsCall{action, resource})
}

// newCloud points the AWS SDK of this process at a cloud with an instance that
// has a slow log, orders-1, one that has none, orders-2, and payroll, which has
// one too and is nobody's business.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{rds: rdstest.NewServer(), ssm: newFakeSSM(t), slack: slacktest.New()}
	t.Cleanup(c.rds.Close)
	t.Cleanup(c.slack.Close)
	for name, value := range map[string]string{
		"AWS_REGION": rdstest.Region, "AWS_ACCESS_KEY_ID": rdstest.AccessKeyID, "AWS_SECRET_ACCESS_KEY": rdstest.SecretAccessKey,
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_ENDPOINT_URL":     "http://127.0.0.1:1", // of what has no fake
		"AWS_ENDPOINT_URL_RDS": c.rds.URL, "AWS_ENDPOINT_URL_SSM": c.ssm.server.URL,
	} {
		t.Setenv(name, value)
	}
	end := recentDay.Add(10 * time.Hour)
	log := []byte(recent("# Time: 2026-11-23T09:30:00.000000Z\n# User@Host: app[app] @ web-1 []  Id: 7\n" +
		"# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nSET timestamp=1795426199;\nselect 1;\n"))
	c.orders1, c.orders2, c.payroll = c.rds.AddInstance("orders-1"), c.rds.AddInstance("orders-2"), c.rds.AddInstance("payroll")
	c.orders1.Write("slowquery/mysql-slowquery.log", log, end)
	c.orders2.Engine, c.orders2.Cluster = "aurora-mysql", "shop"
	c.orders2.SetParameters("shop-mysql8", map[string]string{})
	c.rds.SetClusterParameters("shop", "shop-cluster", map[string]string{"slow_query_log": "0"})
	c.payroll.Write("slowquery/mysql-slowquery.log", log, end)
	return c
}

const stateBucket = "slowdigest-prod-state"

// startS3 starts an S3 server that holds an empty bucket.
func (c *cloud) startS3(t *testing.T) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(stateBucket); err != nil {
		t.Fatal(err)
	}
	actions := map[string]string{"GET": "s3:GetObject", "PUT": "s3:PutObject", "HEAD": "s3:GetObject", "DELETE": "s3:DeleteObject"}
	serve := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.record(actions[r.Method], "arn:aws:s3:::"+strings.Trim(r.URL.Path, "/"))
		serve.ServeHTTP(missNoted{w, func() { c.record("s3:ListBucket", "arn:aws:s3:::"+stateBucket) }}, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
}

// missNoted notes an answer that there is no such object, which S3 gives only to
// those who may list the bucket.
type missNoted struct {
	http.ResponseWriter
	note func()
}

func (m missNoted) WriteHeader(status int) {
	if status == http.StatusNotFound {
		m.note()
	}
	m.ResponseWriter.WriteHeader(status)
}

// calls are all that were made so far.
func (c *cloud) calls() []awsCall {
	calls := append(slices.Clone(c.ssm.calls), c.more...)
	for _, call := range c.rds.Calls() {
		calls = append(calls, awsCall{call.Action, call.Resource})
	}
	return calls
}

// TestPolicyIsWhatIsCalled runs the handler that Lambda runs in every mode there
// is, and records what it calls. What the policy for that mode allows is what was
// called: nothing is missing, and nothing more is allowed.
func TestPolicyIsWhatIsCalled(t *testing.T) {
	deny := func(action string) func(*testing.T, *cloud) {
		return func(_ *testing.T, c *cloud) { c.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: action}) }
	}
	both := func(change func(*rdstest.Instance)) func(*testing.T, *cloud) {
		return func(_ *testing.T, c *cloud) { change(c.orders1); change(c.orders2) }
	}
	const twoNames = "orders-1,orders-2"
	for _, mode := range []struct {
		name string
		settings
		prepare func(*testing.T, *cloud)
	}{
		{"portions", settings{Instances: twoNames, Download: "portions"}, nil},
		{"complete", settings{Instances: twoNames, Download: "complete"}, nil},
		{"auto", settings{Instances: twoNames, Download: "auto"}, deny("rds:DownloadCompleteDBLogFile")}, // so that it falls back on portions
		{"pattern", settings{Instances: "orders-*", Download: "portions"}, nil},
		{"cluster", settings{Instances: "cluster:shop", Download: "portions"}, both(func(db *rdstest.Instance) { db.Cluster = "shop" })},
		{"tag", settings{Tag: "slowdigest=on", Download: "portions"}, both(func(db *rdstest.Instance) { db.Tags = map[string]string{"slowdigest": "on"} })},
		{"state", settings{Instances: twoNames, Download: "portions", State: "s3://" + stateBucket + "/prod"}, func(t *testing.T, c *cloud) { c.startS3(t) }},
	} {
		t.Run(mode.name, func(t *testing.T) {
			c := newCloud(t)
			if mode.prepare != nil {
				mode.prepare(t, c)
			}
			s := mode.settings
			s.Parameters, s.Function = []string{lambdaParameter}, "slowdigest-prod"
			answer, err := c.handle(t, s, recent(`{"time":"2026-11-23T10:05:00Z"}`))
			r, ok := answer.(*digest.Report)
			if err != nil || !ok || r.Overall.Calls != 1 || !strings.Contains(strings.Join(r.Coverage.Notes, " "), "slow_query_log") {
				t.Fatalf("error %v, answer %+v", err, answer)
			}
			c.compareWithPolicy(t, s)
		})
	}
}

// TestPolicyOfASwitchover does the same where orders-1 is another instance an hour
// later, and what it was before is orders-1-old1.
func TestPolicyOfASwitchover(t *testing.T) {
	c := newCloud(t)
	c.startS3(t)
	s := settings{Instances: "orders-1,orders-2", Download: "portions", State: "s3://" + stateBucket + "/prod", Parameters: []string{lambdaParameter}, Function: "slowdigest-prod"}
	for hour := 10; hour < 12; hour++ {
		at := recentDay.Add(time.Duration(hour) * time.Hour)
		c.orders1.Write(rdstest.SlowLog, nil, at)
		c.orders1.Write(rdstest.SlowLog+at.Format(".2006-01-02.15"), []byte(slowEntry(at.Add(-time.Minute), 1, 1, "select 1")), at.Add(-time.Minute))
		if _, err := c.handle(t, s, `{"time":"`+at.Add(5*time.Minute).Format(time.RFC3339)+`"}`); err != nil {
			t.Fatal(err)
		}
		c.orders1.Append(rdstest.SlowLog, []byte(slowEntry(at.Add(20*time.Minute), 1, 1, "select 2")), at.Add(20*time.Minute))
		c.rds.RenameInstance("orders-1", "orders-1-old1")
		c.orders1 = c.rds.AddInstance("orders-1")
	}
	c.compareWithPolicy(t, s)
	old := "arn:aws:rds:" + rdstest.Region + ":" + rdstest.Account + ":db:orders-1-old1"
	for _, action := range []string{"rds:DescribeDBLogFiles", "rds:DownloadDBLogFilePortion"} {
		if !slices.Contains(c.calls(), awsCall{action, old}) {
			t.Errorf("%s was not called on %s", action, old)
		}
	}
}

// TestPolicyOfAFleet does the same for two channels: the scheduled run leaves
// two messages on the queue, and other runs take them.
func TestPolicyOfAFleet(t *testing.T) {
	c := newCloud(t)
	c.startS3(t)
	sqs := sqstest.New()
	t.Cleanup(sqs.Close)
	t.Setenv("AWS_ENDPOINT_URL_SQS", sqs.URL)
	c.payroll.Tags = map[string]string{"slowdigest:channel": "C0PAYROLL"}
	s := settings{
		Instances: "orders-*,payroll", Download: "portions", State: "s3://" + stateBucket + "/prod", Queue: sqs.QueueURL(),
		Parameters: []string{lambdaParameter}, Function: "slowdigest-prod",
	}
	answer, err := c.handle(t, s, recent(`{"time":"2026-11-23T10:05:00Z"}`))
	if d, ok := answer.(*handler.Dispatched); err != nil || !ok || d.Queued != 2 {
		t.Fatalf("error %v, answer %+v", err, answer)
	}
	for event := sqs.Receive(1); event != nil; event = sqs.Receive(1) {
		// The fake Slack knows one of the channels; that digest is posted.
		if _, err := c.handle(t, s, string(event)); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.slack.Messages()) == 0 {
		t.Error("nothing was posted")
	}
	for _, action := range sqs.Calls() {
		c.record(action, sqstest.ARN)
	}
	c.compareWithPolicy(t, s)
}

// TestPolicyOfInteractions does the same where people may ask in Slack: the function behind
// the URL has the other answer a signed request, with the same role. The digest of the
// schedule comes on top.
func TestPolicyOfInteractions(t *testing.T) {
	c := newCloud(t)
	c.startS3(t)
	c.ssm.secret = slacktest.SigningSecret
	invoked := make(chan []byte, 3)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		invoked <- body
		name := strings.Split(r.URL.Path, "/")[3] // /2015-03-31/functions/NAME/invocations
		c.record("lambda:InvokeFunction", "arn:aws:lambda:"+rdstest.Region+":"+rdstest.Account+":function:"+name)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_LAMBDA", server.URL)
	name := lambdacontext.FunctionName // of this process, from its environment when it starts
	lambdacontext.FunctionName = "slowdigest-prod_entrance"
	t.Cleanup(func() { lambdacontext.FunctionName = name })

	s := settings{
		Instances: "orders-1,orders-2", Download: "portions", State: "s3://" + stateBucket + "/prod",
		Parameters: []string{lambdaParameter, secretParameter}, Function: "slowdigest-prod", Interactive: true,
	}
	for _, command := range []string{"orders-1 last 15m", "cluster:nowhere", "mute 0123456789ABCDEF0123456789ABCDEF"} {
		if _, err := c.handle(t, s, string(signed(t, slacktest.Command(command)))); err != nil {
			t.Fatal(err)
		}
		select {
		case task := <-invoked:
			if _, err := c.handle(t, s, string(task)); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("%s: nothing was invoked", command)
		}
	}
	if len(c.slack.Messages()) != 2 || len(c.slack.Ephemeral()) != 1 {
		t.Errorf("%d messages, %d to one person", len(c.slack.Messages()), len(c.slack.Ephemeral()))
	}
	if _, err := c.handle(t, s, recent(`{"time":"2026-11-23T10:05:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	c.compareWithPolicy(t, s)
}

// handle hands an event to what Lambda runs, with the settings in its
// environment.
func (c *cloud) handle(t *testing.T, s settings, event string) (any, error) {
	t.Helper()
	env := map[string]string{
		"SLOWDIGEST_INSTANCES": s.Instances, "SLOWDIGEST_TAG": s.Tag, "SLOWDIGEST_DOWNLOAD": s.Download, "SLOWDIGEST_STATE": s.State,
		"SLOWDIGEST_QUEUE_URL": s.Queue, "SLOWDIGEST_CHANNEL": slacktest.Channel,
		"SLACK_TOKEN_PARAMETER": lambdaParameter, "SLACK_API_URL": c.slack.URL(),
	}
	if s.Agents {
		env["SLOWDIGEST_MCP_TOKEN_PARAMETER"] = agentsParameter
	}
	if s.Interactive {
		env["SLACK_SIGNING_SECRET_PARAMETER"], env["SLOWDIGEST_ANSWER_FUNCTION"] = secretParameter, s.Function
	}
	p := &process{getenv: func(name string) string { return env[name] }, stdout: t.Output(), stderr: t.Output()}
	return handleEvent(t.Context(), p, json.RawMessage(event), newRunLog(slog.New(slog.DiscardHandler)))
}

// compareWithPolicy compares the policy for the settings with the calls made so
// far. It leaves out what Lambda itself does with the role.
func (c *cloud) compareWithPolicy(t *testing.T, settings settings) {
	t.Helper()
	statements, err := settings.inGo()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range statements {
		// As IAM weighs conditions: that on tags holds for what has the tag. That on prefixes holds
		// for these calls only by IfExists, for none of them brings a prefix.
		if s.Condition["StringLike"] != nil {
			statements[i].Resource = nil
			for id, db := range map[string]*rdstest.Instance{"orders-1": c.orders1, "orders-2": c.orders2, "payroll": c.payroll} {
				if len(db.Tags) > 0 {
					statements[i].Resource = append(statements[i].Resource, strings.TrimSuffix(s.Resource[0], "*")+id)
				}
			}
		}
	}
	lambdaItself := map[string]bool{}
	for _, r := range rules(t) {
		for _, a := range r.Action {
			lambdaItself[a.Name] = strings.HasPrefix(a.For, "Lambda itself: ")
		}
	}
	used := map[awsCall]bool{} // an action, and a resource as the policy has it
	for _, call := range c.calls() {
		for _, s := range statements {
			for _, action := range s.Action {
				for _, pattern := range s.Resource {
					if action == call.Action && matches(pattern, call.Resource) {
						used[awsCall{action, pattern}] = true
					}
				}
			}
		}
		if !allows(statements, call) {
			t.Errorf("the role does not allow %s on %s", call.Action, call.Resource)
		}
	}
	for _, s := range statements {
		for _, action := range s.Action {
			needed := lambdaItself[action]
			for _, pattern := range s.Resource {
				// An instance whose log is there is not asked for its parameters.
				needed = needed || used[awsCall{action, pattern}]
			}
			if !needed {
				t.Errorf("%s allows %s on %q, and nothing calls it", s.Sid, action, s.Resource)
			}
		}
	}
}

func allows(statements []iam.Statement, call awsCall) bool {
	for _, s := range statements {
		for _, pattern := range s.Resource {
			if slices.Contains(s.Action, call.Action) && matches(pattern, call.Resource) {
				return true
			}
		}
	}
	return false
}

// matches reports whether a pattern of IAM, in which an asterisk stands for anything and
// a question mark for any character, is for the resource.
func matches(pattern, resource string) bool {
	expr := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile("^" + expr + "$").MatchString(resource)
}
