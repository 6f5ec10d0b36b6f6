package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// base are settings to which a row of a table adds.
func base(change func(*Settings)) Settings {
	s := Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012", Instances: []string{"orders-1"}, Download: "portions"}
	change(&s)
	return s
}

const (
	rds = "arn:aws:rds:eu-central-1:123456789012:"
	key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	// What the policy of base allows.
	readLogs       = "ReadSlowLogs rds:DescribeDBLogFiles,rds:DownloadDBLogFilePortion " + rds + "db:orders-1," + rds + "db:orders-1-old?"
	find           = "FindInstances rds:DescribeDBInstances " + rds + "db:*"
	readParameters = "ReadParameters rds:DescribeDBParameters,rds:DescribeDBClusters,rds:DescribeDBClusterParameters " + rds + "pg:*," + rds + "cluster:*," + rds + "cluster-pg:*"
)

// lines writes each statement as its Sid, actions, resources, and what its
// condition compares.
func lines(d *Document) (all []string) {
	for _, s := range d.Statement {
		line := s.Sid + " " + strings.Join(s.Action, ",") + " " + strings.Join(s.Resource, ",")
		for operator, keys := range s.Condition {
			line += fmt.Sprint(" ", operator, " ", keys)
		}
		all = append(all, line)
	}
	return all
}

func TestPolicy(t *testing.T) {
	const (
		tagged = "ReadTaggedSlowLogs rds:DescribeDBLogFiles,rds:DownloadDBLogFilePortion " + rds + "db:* StringLike "
	)
	readLogsOf := func(names ...string) string {
		return strings.TrimSuffix(readLogs, rds+"db:orders-1,"+rds+"db:orders-1-old?") + rds + "db:" + strings.Join(names, ","+rds+"db:")
	}
	long := strings.Repeat("o", 63)                // the longest name that RDS takes
	short, renamed := long[:58], long[:58]+"-old?" // the longest that a switchover can rename
	for _, c := range []struct {
		change func(*Settings)
		want   []string
	}{
		{func(*Settings) {}, []string{readLogs, find, readParameters}},
		{func(s *Settings) { s.Instances = []string{"", " Orders-1 ", "  "} }, []string{readLogs, find, readParameters}},
		{func(s *Settings) { s.Instances = []string{"orders-1", "o", long} }, []string{readLogsOf("orders-1", "orders-1-old?", "o", "o-old?", long), find, readParameters}},
		{func(s *Settings) { s.Instances = []string{short, long[:59]} }, []string{readLogsOf(short, renamed, long[:59]), find, readParameters}},
		{func(s *Settings) { s.Instances = []string{"*-prod"} }, []string{readLogsOf("*-prod", "*-prod-old?"), find, readParameters}},
		{func(s *Settings) { s.Instances = []string{"orders-*", "billing"} }, []string{readLogsOf("orders-*", "billing", "billing-old?"), find, readParameters}},
		{func(s *Settings) { s.Instances = []string{"*"} }, []string{readLogsOf("*"), find, readParameters}},
		{func(s *Settings) { s.Instances = []string{"cluster:shop"} }, []string{readLogsOf("*"), find, readParameters}},
		{func(s *Settings) { s.Instances = []string{"cluster:" + long, "orders-1"} }, []string{readLogsOf("*", "orders-1", "orders-1-old?"), find, readParameters}},

		{func(s *Settings) { s.Download = "complete" }, []string{strings.Replace(readLogs, "DBLogFilePortion", "CompleteDBLogFile", 1), find, readParameters}},
		{func(s *Settings) { s.Download = "auto" }, []string{strings.Replace(readLogs, "Portion", "Portion,rds:DownloadCompleteDBLogFile", 1), find, readParameters}},

		{func(s *Settings) { s.Instances, s.Tag = nil, "slowdigest=on" }, []string{tagged + "map[aws:ResourceTag/slowdigest:on]", find, readParameters}},
		{func(s *Settings) { s.Tag = "slowdigest" }, []string{readLogs, tagged + "map[aws:ResourceTag/slowdigest:*]", find, readParameters}},
		{func(s *Settings) { s.Tag = "a:b=c=d" }, []string{readLogs, tagged + "map[aws:ResourceTag/a:b:c=d]", find, readParameters}},

		{func(s *Settings) { s.Parameters = []string{"/a/b", "c", ""} }, []string{readLogs, find, readParameters,
			"ReadSecrets ssm:GetParameter arn:aws:ssm:eu-central-1:123456789012:parameter/a/b,arn:aws:ssm:eu-central-1:123456789012:parameter/c"}},
		{func(s *Settings) { s.State = "/var/lib/slowdigest" }, []string{readLogs, find, readParameters}},
		{func(s *Settings) { s.State = "s3://abc" }, []string{readLogs, find, readParameters,
			"KeepState s3:GetObject,s3:PutObject arn:aws:s3:::abc/*", "MissState s3:ListBucket arn:aws:s3:::abc StringLikeIfExists map[s3:prefix:*]"}},
		{func(s *Settings) { s.State = "s3://abc/" }, []string{readLogs, find, readParameters,
			"KeepState s3:GetObject,s3:PutObject arn:aws:s3:::abc/*", "MissState s3:ListBucket arn:aws:s3:::abc StringLikeIfExists map[s3:prefix:*]"}},
		{func(s *Settings) { s.State = "s3://" + long + "/a/b/" }, []string{readLogs, find, readParameters,
			"KeepState s3:GetObject,s3:PutObject arn:aws:s3:::" + long + "/a/b/*", "MissState s3:ListBucket arn:aws:s3:::" + long + " StringLikeIfExists map[s3:prefix:a/b/*]"}},
		{func(s *Settings) { s.Queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/work" }, []string{readLogs, find, readParameters,
			"ShareWork sqs:SendMessage,sqs:ReceiveMessage,sqs:DeleteMessage,sqs:GetQueueAttributes arn:aws:sqs:eu-central-1:123456789012:work"}},
		{func(s *Settings) { s.Queue = strings.Repeat("q", 75) + ".fifo" }, []string{readLogs, find, readParameters,
			"ShareWork sqs:SendMessage,sqs:ReceiveMessage,sqs:DeleteMessage,sqs:GetQueueAttributes arn:aws:sqs:eu-central-1:123456789012:" + strings.Repeat("q", 75) + ".fifo"}},
		{func(s *Settings) { s.TokenKey, s.TopicKey = key, key }, []string{readLogs, find, readParameters,
			"DecryptSecrets kms:Decrypt " + key + " StringLike map[kms:ViaService:ssm.*]", "EncryptFailure kms:Decrypt,kms:GenerateDataKey " + key + " StringLike map[kms:ViaService:sns.*]"}},
		{func(s *Settings) { s.StateKey = key }, []string{readLogs, find, readParameters}}, // without a state
		{func(s *Settings) { s.State, s.StateKey = "s3://abc/p", key }, []string{readLogs, find, readParameters,
			"KeepState s3:GetObject,s3:PutObject arn:aws:s3:::abc/p/*", "MissState s3:ListBucket arn:aws:s3:::abc StringLikeIfExists map[s3:prefix:p/*]",
			"EncryptState kms:Decrypt,kms:GenerateDataKey " + key + " StringLike map[kms:ViaService:s3.*]"}},
		{func(s *Settings) { s.Topic = "alarms" }, []string{readLogs, find, readParameters, "ReportFailure sns:Publish arn:aws:sns:eu-central-1:123456789012:alarms"}},
		{func(s *Settings) { s.Function = "f" }, []string{readLogs, find, readParameters,
			"WriteLog logs:CreateLogStream,logs:PutLogEvents arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/f:*"}},
		{func(s *Settings) { s.Function, s.Interactive = "f", true }, []string{readLogs, find, readParameters,
			"WorkForSlack lambda:InvokeFunction arn:aws:lambda:eu-central-1:123456789012:function:f",
			"WriteLog logs:CreateLogStream,logs:PutLogEvents arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/f:*"}},
		{func(s *Settings) { s.Tracing = true }, []string{readLogs, find, readParameters, "Trace xray:PutTraceSegments,xray:PutTelemetryRecords *"}},
	} {
		s := base(c.change)
		d, err := s.Policy()
		if err != nil || !slices.Equal(lines(d), c.want) {
			t.Errorf("%+v: %v\n%v\nwant\n%s", s, err, d, strings.Join(c.want, "\n"))
		}
	}
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("o", 64)
	for _, c := range []struct {
		err     string
		changes []func(*Settings)
	}{
		{"no DB instance is configured", []func(*Settings){
			func(s *Settings) { s.Instances = nil }, func(s *Settings) { s.Instances = []string{"", " "} },
		}},
		{"is neither the name nor a pattern of DB instances", []func(*Settings){
			func(s *Settings) { s.Instances = []string{"orders-1", "orders-?"} },
			func(s *Settings) { s.Instances = []string{"orders-1/../*"} },
			func(s *Settings) { s.Instances = []string{rds + "db:orders-1"} },
			func(s *Settings) { s.Instances = []string{"${AWS::AccountId}"} },
			func(s *Settings) { s.Instances, s.CloudFormation = []string{"${Instance}"}, true },
			func(s *Settings) { s.Instances = []string{"1-orders"} }, func(s *Settings) { s.Instances = []string{"orders--1"} },
			func(s *Settings) { s.Instances = []string{"orders-"} }, func(s *Settings) { s.Instances = []string{"cluster:"} },
			func(s *Settings) { s.Instances = []string{"cluster:cluster:shop"} },
			func(s *Settings) { s.Instances = []string{long} }, func(s *Settings) { s.Instances = []string{"cluster:" + long} },
		}},
		{"is not a tag: want KEY=VALUE or KEY", []func(*Settings){
			func(s *Settings) { s.Tag = "=on" }, func(s *Settings) { s.Tag = "slowdigest=*" }, func(s *Settings) { s.Tag = "slow?" }, func(s *Settings) { s.Tag = "${a}" },
		}},
		{"is not the location of a state: want s3://BUCKET/PREFIX", []func(*Settings){
			func(s *Settings) { s.State = "s3://*" }, func(s *Settings) { s.State = "s3://kept/*" }, func(s *Settings) { s.State = "s3://Kept" },
			func(s *Settings) { s.State = "s3://" }, func(s *Settings) { s.State = "s3://ab" }, func(s *Settings) { s.State = "s3://" + long },
			func(s *Settings) { s.State = "s3://${Bucket}" }, func(s *Settings) { s.State, s.CloudFormation = "s3://kept/${Prefix}", true },
			func(s *Settings) { s.State, s.CloudFormation = "s3://${Bucket}-x", true },
			func(s *Settings) { s.State = "s3://kept..here" }, func(s *Settings) { s.State = "s3://192.168.5.4/p" }, func(s *Settings) { s.State = "s3://xn--kept" },
			func(s *Settings) { s.State = "s3://kept-s3alias" }, func(s *Settings) { s.State = "s3://kept--x-s3/p" }, func(s *Settings) { s.State = "s3://arn:aws:s3:::kept" },
		}},
		{"is not the ID of an AWS account: want 12 digits", []func(*Settings){
			func(s *Settings) { s.Account = "1" }, func(s *Settings) { s.Account = "12345678901" }, func(s *Settings) { s.Account = "1234567890123" },
			func(s *Settings) { s.Account = "1234-5678-9012" }, func(s *Settings) { s.Account = "${AWS::AccountId}" }, func(s *Settings) { s.Account = "12345678901*" },
		}},
		{"is not an AWS region: want one such as eu-central-1", []func(*Settings){
			func(s *Settings) { s.Region = "Frankfurt" }, func(s *Settings) { s.Region = "eu-central-1a" }, func(s *Settings) { s.Region = "eu-central" },
			func(s *Settings) { s.Region = "eu-*" }, func(s *Settings) { s.Region = "EU-CENTRAL-1" },
		}},
		{"is not an AWS partition: want one such as aws", []func(*Settings){
			func(s *Settings) { s.Partition = "amazon" }, func(s *Settings) { s.Partition = "aws-" }, func(s *Settings) { s.Partition = "aws:cn" },
		}},
		{"is not the name of a parameter", []func(*Settings){
			func(s *Settings) { s.Parameters = []string{"a//b"} }, func(s *Settings) { s.Parameters = []string{"//a"} }, func(s *Settings) { s.Parameters = []string{"a/"} },
			func(s *Settings) { s.Parameters = []string{"token", "to*ken"} }, func(s *Settings) { s.Parameters = []string{"${Token}"} },
		}},
		{"is not the name of a queue", []func(*Settings){func(s *Settings) { s.Queue = "slowdigest-*" }, func(s *Settings) { s.Queue = "${Queue}" },
			func(s *Settings) { s.Queue = strings.Repeat("q", 81) }, func(s *Settings) { s.Queue = strings.Repeat("q", 76) + ".fifo" },
			func(s *Settings) { s.Queue = "work.v2" }, func(s *Settings) { s.Queue = "arn:aws:sqs:eu-central-1:123456789012:work" },
		}},
		{"is not the name of a topic", []func(*Settings){
			func(s *Settings) { s.Topic = "*" }, func(s *Settings) { s.Topic = "a/b" }, func(s *Settings) { s.Topic = "arn:aws:sns:eu-central-1:123456789012:alarms" },
		}},
		{"is not the name of a function", []func(*Settings){
			func(s *Settings) { s.Function = strings.Repeat("f", 65) }, func(s *Settings) { s.Function = "a.b" }, func(s *Settings) { s.Function = "a/b" },
			func(s *Settings) { s.Function = "?" },
			func(s *Settings) { s.Function, s.CloudFormation = "${A}${B}", true }, func(s *Settings) { s.Function, s.CloudFormation = "${a*}", true },
			func(s *Settings) { s.Function, s.CloudFormation = "${A.B.C}", true },
		}},
		{"is not the ARN of a KMS key", []func(*Settings){
			func(s *Settings) { s.TokenKey = "alias/mine" }, func(s *Settings) { s.TokenKey = "*" }, func(s *Settings) { s.TopicKey = key + "*" },
			func(s *Settings) { s.State, s.StateKey = "s3://kept/p", "1234abcd-12ab-34cd-56ef-1234567890ab" },
			func(s *Settings) { s.TokenKey = "arn:aws:kms:eu-central-1:123456789012:alias/mine" }, func(s *Settings) { s.TokenKey = "${Key.Arn}" },
		}},
		{"requests from Slack are enabled, and no function is named", []func(*Settings){func(s *Settings) { s.Interactive = true }}},
	} {
		for _, change := range c.changes {
			s := base(change)
			if d, err := s.Policy(); d != nil || err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%+v: error %v, want %q", s, err, c.err)
			}
			if _, err := s.Boundary(); (err == nil) != (c.err == "no DB instance is configured") { // then it allows all
				t.Errorf("boundary of %+v: error %v", s, err)
			}
		}
	}
}

func TestBoundary(t *testing.T) {
	all, err := Settings{Partition: "aws", Region: "*", Account: "123456789012", Download: "portions"}.Boundary()
	want := []string{
		"ReadSlowLogs rds:DescribeDBLogFiles,rds:DownloadDBLogFilePortion,rds:DownloadCompleteDBLogFile arn:aws:rds:*:123456789012:db:*",
		"FindInstances rds:DescribeDBInstances arn:aws:rds:*:123456789012:db:*",
		"ReadParameters rds:DescribeDBParameters,rds:DescribeDBClusters,rds:DescribeDBClusterParameters arn:aws:rds:*:123456789012:pg:*,arn:aws:rds:*:123456789012:cluster:*,arn:aws:rds:*:123456789012:cluster-pg:*",
		"ReadSecrets ssm:GetParameter arn:aws:ssm:*:123456789012:parameter/slowdigest/*",
		"DecryptSecrets kms:Decrypt arn:aws:kms:*:123456789012:key/* StringLike map[kms:ViaService:ssm.*]",
		"KeepState s3:GetObject,s3:PutObject arn:aws:s3:::slowdigest-*/*",
		"MissState s3:ListBucket arn:aws:s3:::slowdigest-* StringLikeIfExists map[s3:prefix:*]",
		"EncryptState kms:Decrypt,kms:GenerateDataKey arn:aws:kms:*:123456789012:key/* StringLike map[kms:ViaService:s3.*]",
		"ShareWork sqs:SendMessage,sqs:ReceiveMessage,sqs:DeleteMessage,sqs:GetQueueAttributes arn:aws:sqs:*:123456789012:slowdigest-*",
		"ReportFailure sns:Publish arn:aws:sns:*:123456789012:slowdigest-*",
		"EncryptFailure kms:Decrypt,kms:GenerateDataKey arn:aws:kms:*:123456789012:key/* StringLike map[kms:ViaService:sns.*]",
		"WorkForSlack lambda:InvokeFunction arn:aws:lambda:*:123456789012:function:slowdigest-*",
		"WriteLog logs:CreateLogStream,logs:PutLogEvents arn:aws:logs:*:123456789012:log-group:/aws/lambda/slowdigest-*:*",
		"Trace xray:PutTraceSegments,xray:PutTelemetryRecords *",
	}
	if err != nil || !slices.Equal(lines(all), want) {
		t.Errorf("error %v\n%s\nwant\n%s", err, strings.Join(lines(all), "\n"), strings.Join(want, "\n"))
	}
	named, err := base(func(s *Settings) {
		s.State, s.Queue, s.Topic, s.Function, s.Parameters = "s3://kept/p", "work", "alarms", "f", []string{"token"}
		s.TokenKey, s.StateKey, s.TopicKey = key, key, key
	}).Boundary()
	if text := fmt.Sprint(named); err != nil || strings.Contains(text, "slowdigest") || strings.Contains(lines(named)[0], "*") {
		t.Errorf("with everything named: error %v, %s", err, text)
	}
	for _, c := range []struct {
		settings Settings
		want     string // of the first statement
	}{
		{Settings{Tag: "slowdigest=on"}, "ReadTaggedSlowLogs "},
		{base(func(s *Settings) { s.Tag = "slowdigest=on" }), strings.Replace(readLogs, "Portion", "Portion,rds:DownloadCompleteDBLogFile", 1)},
	} {
		if d, err := c.settings.Boundary(); err != nil || !strings.HasPrefix(lines(d)[0], c.want) {
			t.Errorf("with a tag: error %v, %v, want %s", err, d, c.want)
		}
	}
}

func TestCloudFormation(t *testing.T) {
	s := base(func(s *Settings) {
		s.CloudFormation, s.Tracing = true, true
		s.State, s.Queue, s.Topic, s.Function, s.Parameters = "s3://${Bucket}/p", "${Queue.QueueName}", "${Topic.TopicName}", "${F}", []string{"/a", "${P}"}
		s.TopicKey = "${Key.Arn}"
	})
	d, err := s.Policy()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	const own = "${AWS::Region}:${AWS::AccountId}:"
	for _, arn := range []string{
		"rds:" + own + "db:orders-1", "ssm:" + own + "parameter/a", "ssm:" + own + "parameter/${P}", "s3:::${Bucket}/p/*", "s3:::${Bucket}",
		"sqs:" + own + "${Queue.QueueName}", "sns:" + own + "${Topic.TopicName}", "logs:" + own + "log-group:/aws/lambda/${F}:*",
	} {
		if want := `{"Fn::Sub":"arn:${AWS::Partition}:` + arn + `"}`; strings.Count(string(raw), want) != 1 {
			t.Errorf("%s is not once in\n%s", want, raw)
		}
	}
	if !strings.Contains(string(raw), `"Resource":[{"Fn::Sub":"${Key.Arn}"}]`) {
		t.Errorf("the key is not in\n%s", raw)
	}
	if !strings.Contains(string(raw), `"Resource":["*"]`) {
		t.Errorf("what has no placeholder is not plain in\n%s", raw)
	}
}

// TestLimits pads the name of a topic, which occurs once, up to IAM's limit.
// Placeholders of CloudFormation count as the least that they can be.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		limit    int
		generate func(Settings) (*Document, error)
	}{{10240, Settings.Policy}, {6144, Settings.Boundary}} {
		plain := base(func(s *Settings) { s.Instances = slices.Repeat([]string{"orders-1"}, 20) })
		plain.Region, plain.Topic = "us-east-1", "t"
		d, err := c.generate(plain)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		inTemplate := plain
		inTemplate.CloudFormation = true
		for _, s := range []Settings{plain, inTemplate} {
			s.Topic = strings.Repeat("t", 1+c.limit-len(raw))
			if _, err := c.generate(s); err != nil {
				t.Errorf("%d characters: %v", c.limit, err)
			}
			s.Topic += "t"
			want := fmt.Sprintf("the policy has %d characters, and IAM takes %d", c.limit+1, c.limit)
			if _, err := c.generate(s); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("CloudFormation %t: error %v, want %q", s.CloudFormation, err, want)
			}
		}
	}
}
