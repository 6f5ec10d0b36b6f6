package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// template is a CloudFormation template.
type template struct {
	Parameters map[string]any
	Resources  map[string]struct {
		Type                                string
		DeletionPolicy, UpdateReplacePolicy string
		Properties                          map[string]any
	}
	Outputs map[string]struct {
		Description   string
		Value, Export any
	}
}

// The resources of every stack, by logical name, and those that switches add.
// One more, or one of another type, needs a review.
var (
	always = map[string]string{
		"ServerlessDeploymentBucket":                "AWS::S3::Bucket",
		"ServerlessDeploymentBucketPolicy":          "AWS::S3::BucketPolicy",
		"DigestLogGroup":                            "AWS::Logs::LogGroup",
		"Role":                                      "AWS::IAM::Role",
		"DigestLambdaFunction":                      "AWS::Lambda::Function",
		"DigestLambdaEvConf":                        "AWS::Lambda::EventInvokeConfig",
		"DigestEventsRuleSchedule1":                 "AWS::Events::Rule",
		"DigestLambdaPermissionEventsRuleSchedule1": "AWS::Lambda::Permission",
	}
	ofState  = map[string]string{"StateBucket": "AWS::S3::Bucket", "StateBucketPolicy": "AWS::S3::BucketPolicy"}
	ofFanout = map[string]string{
		"WorkQueue": "AWS::SQS::Queue", "DeadLetterQueue": "AWS::SQS::Queue", "WorkQueueMapping": "AWS::Lambda::EventSourceMapping",
		"WorkQueuePolicy": "AWS::SQS::QueuePolicy", "DeadLetterQueuePolicy": "AWS::SQS::QueuePolicy",
	}
	ofInteractive = map[string]string{
		"EntranceLambdaFunction": "AWS::Lambda::Function", "SlackUrl": "AWS::Lambda::Url", "SlackUrlPermission": "AWS::Lambda::Permission", "SlackInvokePermission": "AWS::Lambda::Permission",
	}
	ofAlarms = map[string]string{
		"AlarmTopic": "AWS::SNS::Topic", "AlarmTopicPolicy": "AWS::SNS::TopicPolicy", "AlarmKey": "AWS::KMS::Key", "ErrorsAlarm": "AWS::CloudWatch::Alarm",
		"PendingAlarm": "AWS::CloudWatch::Alarm", "ThrottledAlarm": "AWS::CloudWatch::Alarm", "Dashboard": "AWS::CloudWatch::Dashboard",
	}
	ofSchedule = map[string]string{
		"SilenceAlarm": "AWS::CloudWatch::CompositeAlarm", "NoDigestAlarm": "AWS::CloudWatch::Alarm", "BegunAlarm": "AWS::CloudWatch::Alarm",
	}
	ofFanoutAlarms = map[string]string{"DeadLettersAlarm": "AWS::CloudWatch::Alarm"}
	ofEmail        = map[string]string{"AlarmEmail": "AWS::SNS::Subscription"}
	ofWeek         = map[string]string{"WeekRole": "AWS::IAM::Role", "WeekSchedule": "AWS::Scheduler::Schedule"}
)

// The properties that each switch sets: a path into the template, and the JSON
// there; null for nothing.
var (
	base = map[string]string{
		"DigestLambdaFunction.Handler":                           `"bootstrap"`,
		"DigestLambdaFunction.Runtime":                           `"provided.al2023"`,
		"DigestLambdaFunction.Architectures":                     `["arm64"]`,
		"DigestLambdaFunction.MemorySize":                        `256`,
		"DigestLambdaFunction.Timeout":                           `900`,
		"DigestLambdaFunction.Role":                              `{"Fn::GetAtt": ["Role", "Arn"]}`,
		"DigestLambdaEvConf.MaximumRetryAttempts":                `2`,
		"DigestLambdaEvConf.MaximumEventAgeInSeconds":            `21600`,
		"DigestEventsRuleSchedule1.ScheduleExpression":           `"cron(5 * * * ? *)"`,
		"DigestEventsRuleSchedule1.Targets.0.Arn":                `{"Fn::GetAtt": ["DigestLambdaFunction", "Arn"]}`,
		"DigestEventsRuleSchedule1.Targets.0.Input":              `null`,
		"DigestEventsRuleSchedule1.Targets.1":                    `null`,
		"Role.ManagedPolicyArns":                                 `null`,
		"Role.Policies.1":                                        `null`,
		"Role.AssumeRolePolicyDocument.Statement.0.Principal":    `{"Service": "lambda.amazonaws.com"}`,
		"Role.AssumeRolePolicyDocument.Statement.1":              `null`,
		"DigestLambdaPermissionEventsRuleSchedule1.Principal":    `"events.amazonaws.com"`,
		"DigestLambdaPermissionEventsRuleSchedule1.SourceArn":    `{"Fn::GetAtt": ["DigestEventsRuleSchedule1", "Arn"]}`,
		"ServerlessDeploymentBucket.BucketName":                  `null`,
		"DigestLambdaFunction.Environment.Variables.SLACK_TOKEN": `null`,
	}
	withState = map[string]string{
		"StateBucket.BucketName": `null`,
		"StateBucket.BucketEncryption.ServerSideEncryptionConfiguration": `[{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]`,
		"StateBucket.PublicAccessBlockConfiguration": `{"BlockPublicAcls": true, "BlockPublicPolicy": true,
			"IgnorePublicAcls": true, "RestrictPublicBuckets": true}`,
		"StateBucket.OwnershipControls.Rules.0.ObjectOwnership":                                 `"BucketOwnerEnforced"`,
		"StateBucket.VersioningConfiguration.Status":                                            `"Enabled"`,
		"StateBucket.LifecycleConfiguration.Rules.0.Status":                                     `"Enabled"`,
		"StateBucket.LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration.NoncurrentDays": `7`,
		"StateBucket.LifecycleConfiguration.Rules.0.ExpirationInDays":                           `null`, // the state itself stays
		"StateBucket.LifecycleConfiguration.Rules.1.ExpirationInDays":                           `90`,
		"StateBucket.LifecycleConfiguration.Rules.2":                                            `null`,
		"StateBucketPolicy.Bucket":                                                              `{"Ref": "StateBucket"}`,
		"StateBucketPolicy.PolicyDocument.Statement.0.Effect":                                   `"Deny"`,
		"StateBucketPolicy.PolicyDocument.Statement.0.Principal":                                `"*"`,
		"StateBucketPolicy.PolicyDocument.Statement.0.Action":                                   `"s3:*"`,
		"StateBucketPolicy.PolicyDocument.Statement.0.Condition.Bool":                           `{"aws:SecureTransport": "false"}`,
		"StateBucketPolicy.PolicyDocument.Statement.0.Resource":                                 `[{"Fn::GetAtt": ["StateBucket", "Arn"]}, {"Fn::Sub": "${StateBucket.Arn}/*"}]`,
		"StateBucketPolicy.PolicyDocument.Statement.1":                                          `null`,
		"DigestLambdaFunction.ReservedConcurrentExecutions":                                     `null`,
	}
	withFanout = map[string]string{
		"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_QUEUE_URL": `{"Ref": "WorkQueue"}`,
		"WorkQueue.VisibilityTimeout":                                     `960`, // longer than the function's timeout
		"WorkQueue.MessageRetentionPeriod":                                `21600`,
		"WorkQueue.SqsManagedSseEnabled":                                  `true`,
		"WorkQueue.RedrivePolicy":                                         `{"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}, "maxReceiveCount": 3}`,
		"DeadLetterQueue.MessageRetentionPeriod":                          `1209600`,
		"DeadLetterQueue.SqsManagedSseEnabled":                            `true`,
		"WorkQueuePolicy.Queues":                                          `[{"Ref": "WorkQueue"}]`,
		"WorkQueuePolicy.PolicyDocument.Statement":                        onlyOverTLS("WorkQueue"),
		"DeadLetterQueuePolicy.Queues":                                    `[{"Ref": "DeadLetterQueue"}]`,
		"DeadLetterQueuePolicy.PolicyDocument.Statement":                  onlyOverTLS("DeadLetterQueue"),
		"WorkQueueMapping.EventSourceArn":                                 `{"Fn::GetAtt": ["WorkQueue", "Arn"]}`,
		"WorkQueueMapping.FunctionName":                                   `{"Fn::GetAtt": ["DigestLambdaFunction", "Arn"]}`,
		"WorkQueueMapping.BatchSize":                                      `1`,
		"WorkQueueMapping.FunctionResponseTypes":                          `["ReportBatchItemFailures"]`,
		"DigestLambdaFunction.ReservedConcurrentExecutions":               `null`,
	}
	withInteractive = map[string]string{
		"DigestLambdaFunction.Environment.Variables.SLACK_SIGNING_SECRET_PARAMETER": `"/slowdigest/prod/slack-signing-secret"`,
		"SlackUrl.AuthType":                           `"NONE"`,
		"SlackUrl.TargetFunctionArn":                  `{"Fn::GetAtt": ["EntranceLambdaFunction", "Arn"]}`,
		"SlackUrlPermission.FunctionName":             `{"Fn::GetAtt": ["EntranceLambdaFunction", "Arn"]}`,
		"SlackInvokePermission.FunctionName":          `{"Fn::GetAtt": ["EntranceLambdaFunction", "Arn"]}`,
		"EntranceLambdaFunction.Role":                 `{"Fn::GetAtt": ["Role", "Arn"]}`,
		"EntranceLambdaFunction.LoggingConfig":        `{"LogGroup": {"Ref": "DigestLogGroup"}}`, // the role may write no other
		"EntranceLambdaFunction.Timeout":              `10`,
		"EntranceLambdaFunction.Handler":              `"bootstrap"`,
		"DigestLambdaFunction.LoggingConfig":          `null`,
		"SlackUrlPermission.Action":                   `"lambda:InvokeFunctionUrl"`,
		"SlackUrlPermission.FunctionUrlAuthType":      `"NONE"`,
		"SlackUrlPermission.Principal":                `"*"`,
		"SlackInvokePermission.Action":                `"lambda:InvokeFunction"`,
		"SlackInvokePermission.InvokedViaFunctionUrl": `true`, // without it anybody may invoke the function directly
	}
	withMCP = map[string]string{
		"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_MCP_TOKEN_PARAMETER": `"/slowdigest/prod/mcp-token"`,
		"EntranceLambdaFunction.Timeout":                                            `75`, // of which a call reads logs for 40
		"SlackUrl.AuthType":                                                         `"NONE"`,
		"SlackInvokePermission.InvokedViaFunctionUrl":                               `true`,
	}
	withAlarms = map[string]string{
		"DigestLambdaEvConf.DestinationConfig.OnFailure.Destination": `{"Ref": "AlarmTopic"}`,
		"ErrorsAlarm.Namespace":                                 `"AWS/Lambda"`,
		"ErrorsAlarm.MetricName":                                `"Errors"`,
		"ErrorsAlarm.Statistic":                                 `"Sum"`,
		"ErrorsAlarm.Threshold":                                 `1`,
		"ErrorsAlarm.ComparisonOperator":                        `"GreaterThanOrEqualToThreshold"`,
		"ErrorsAlarm.TreatMissingData":                          `"notBreaching"`,
		"ErrorsAlarm.AlarmActions":                              `[{"Ref": "AlarmTopic"}]`,
		"ThrottledAlarm.Namespace":                              `"AWS/Lambda"`,
		"ThrottledAlarm.MetricName":                             `"Throttles"`,
		"ThrottledAlarm.ComparisonOperator":                     `"GreaterThanOrEqualToThreshold"`,
		"ThrottledAlarm.AlarmActions":                           `[{"Ref": "AlarmTopic"}]`,
		"PendingAlarm.Namespace":                                `"slowdigest"`,
		"PendingAlarm.MetricName":                               `"HoursPending"`,
		"PendingAlarm.Statistic":                                `"Maximum"`,
		"PendingAlarm.EvaluationPeriods":                        `2`,
		"PendingAlarm.Threshold":                                `3`,
		"PendingAlarm.ComparisonOperator":                       `"GreaterThanOrEqualToThreshold"`,
		"PendingAlarm.TreatMissingData":                         `"ignore"`, // where the state cannot be read, which the other two tell
		"PendingAlarm.AlarmActions":                             `[{"Ref": "AlarmTopic"}]`,
		"AlarmTopic.KmsMasterKeyId":                             `{"Ref": "AlarmKey"}`,
		"AlarmKey.EnableKeyRotation":                            `true`,
		"AlarmKey.KeyPolicy.Statement.1.Principal":              `{"Service": "cloudwatch.amazonaws.com"}`,
		"AlarmKey.KeyPolicy.Statement.1.Action":                 `["kms:Decrypt", "kms:GenerateDataKey"]`,
		"AlarmKey.KeyPolicy.Statement.1.Condition":              `{"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}`,
		"AlarmKey.KeyPolicy.Statement.2":                        `null`,
		"AlarmTopicPolicy.Topics":                               `[{"Ref": "AlarmTopic"}]`,
		"AlarmTopicPolicy.PolicyDocument.Statement.0.Principal": `{"Service": "cloudwatch.amazonaws.com"}`,
		"AlarmTopicPolicy.PolicyDocument.Statement.0.Condition": `{"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}`,
		"AlarmTopicPolicy.PolicyDocument.Statement.1.Effect":    `"Deny"`,
		"AlarmTopicPolicy.PolicyDocument.Statement.1.Condition": `{"Bool": {"aws:SecureTransport": "false"}}`,
		"AlarmTopicPolicy.PolicyDocument.Statement.2":           `null`,
	}
	withSchedule = map[string]string{
		"DigestEventsRuleSchedule1.State":               `"ENABLED"`,
		"SilenceAlarm.AlarmRule":                        `{"Fn::Sub": "ALARM(\"${NoDigestAlarm}\") AND NOT INSUFFICIENT_DATA(\"${BegunAlarm}\")"}`,
		"SilenceAlarm.AlarmActions":                     `[{"Ref": "AlarmTopic"}]`,
		"SilenceAlarm.ActionsSuppressor":                `{"Fn::GetAtt": ["BegunAlarm", "Arn"]}`, // which never suppresses
		"SilenceAlarm.ActionsSuppressorWaitPeriod":      `600`,
		"SilenceAlarm.ActionsSuppressorExtensionPeriod": `0`,
		"BegunAlarm.Namespace":                          `"slowdigest"`,
		"BegunAlarm.MetricName":                         `"HoursDone"`,
		"BegunAlarm.Threshold":                          `0`,
		"BegunAlarm.ComparisonOperator":                 `"LessThanThreshold"`, // never: it is OK once there is data
		"BegunAlarm.TreatMissingData":                   `"ignore"`,
		"BegunAlarm.AlarmActions":                       `null`,
		"NoDigestAlarm.Namespace":                       `"slowdigest"`,
		"NoDigestAlarm.MetricName":                      `"HoursDone"`,
		"NoDigestAlarm.Statistic":                       `"Sum"`,
		"NoDigestAlarm.Period":                          `3600`,
		"NoDigestAlarm.EvaluationPeriods":               `2`,
		"NoDigestAlarm.Threshold":                       `1`,
		"NoDigestAlarm.ComparisonOperator":              `"LessThanThreshold"`,
		"NoDigestAlarm.TreatMissingData":                `"breaching"`,
		"NoDigestAlarm.AlarmActions":                    `null`, // SilenceAlarm rings
	}
	withFanoutAlarms = map[string]string{
		"DeadLettersAlarm.Namespace":          `"AWS/SQS"`,
		"DeadLettersAlarm.MetricName":         `"ApproximateNumberOfMessagesVisible"`,
		"DeadLettersAlarm.Dimensions":         `[{"Name": "QueueName", "Value": {"Fn::GetAtt": ["DeadLetterQueue", "QueueName"]}}]`,
		"DeadLettersAlarm.ComparisonOperator": `"GreaterThanOrEqualToThreshold"`,
		"DeadLettersAlarm.AlarmActions":       `[{"Ref": "AlarmTopic"}]`,
	}
	withoutAlarms = map[string]string{"DigestLambdaEvConf.DestinationConfig": `{}`}
)

// onlyOverTLS returns the statements of the policy of a queue.
func onlyOverTLS(queue string) string {
	return `[{"Sid": "OnlyOverTLS", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": {"Fn::GetAtt": ["` + queue + `", "Arn"]},
		"Condition": {"Bool": {"aws:SecureTransport": "false"}}}]`
}

func merged[V any](all ...map[string]V) map[string]V {
	sum := map[string]V{}
	for _, m := range all {
		maps.Copy(sum, m)
	}
	return sum
}

// named returns the properties that hold the release's name.
func named(release string) map[string]string {
	name := strconv.Quote("slowdigest-" + release)
	return map[string]string{
		"DigestLambdaFunction.FunctionName":                           name,
		"DigestLogGroup.LogGroupName":                                 strconv.Quote("/aws/lambda/slowdigest-" + release),
		"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_STAGE": strconv.Quote(release),
	}
}

// stateOf returns the properties of a state bucket.
func stateOf(release string) map[string]string {
	return merged(withState, map[string]string{
		"StateBucket.LifecycleConfiguration.Rules.1.Prefix":           strconv.Quote(release + "/aside/"), // never the state itself
		"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_STATE": `{"Fn::Sub": "s3://${StateBucket}/` + release + `"}`,
	})
}

// templateCase is a deployment with the resources that it has in addition to those
// of all, and their properties.
type templateCase struct {
	deployment
	resources  map[string]string
	properties map[string]string
}

func templateCases() []templateCase {
	channel := func(name string) map[string]string {
		return map[string]string{"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_CHANNEL": strconv.Quote(name)}
	}
	return []templateCase{
		{deployment{"dev", one}, ofState, merged(stateOf("dev"), withoutAlarms, named("dev"), channel("#slow-queries-dev"), map[string]string{
			"DigestEventsRuleSchedule1.State": `"DISABLED"`, "DigestLogGroup.RetentionInDays": `7`})},
		{deployment{"trial", with("state=none")}, nil, merged(withoutAlarms, named("trial"), channel("#slow-queries-trial"), map[string]string{
			"DigestEventsRuleSchedule1.State": `"DISABLED"`, "DigestLogGroup.RetentionInDays": `7`,
			"DigestLambdaFunction.ReservedConcurrentExecutions":           `null`, // an account may have none to reserve
			"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_STATE": `null`})},
		{deployment{"staging", with("fanout=true")}, merged(ofState, ofAlarms, ofSchedule, ofFanout, ofFanoutAlarms), merged(stateOf("staging"), withAlarms, withSchedule, withFanout, withFanoutAlarms,
			named("staging"), channel("#slow-queries-staging"), map[string]string{
				"DigestEventsRuleSchedule1.State": `"ENABLED"`, "DigestLogGroup.RetentionInDays": `30`,
				"WorkQueueMapping.ScalingConfig.MaximumConcurrency": `5`})},
		{deployment{"prod", one}, merged(ofState, ofAlarms, ofSchedule), merged(stateOf("prod"), withAlarms, withSchedule, named("prod"), channel("#slow-queries"), map[string]string{
			"DigestEventsRuleSchedule1.State": `"ENABLED"`, "DigestLogGroup.RetentionInDays": `90`,
			"DigestLambdaFunction.TracingConfig": `null`, "Role.PermissionsBoundary": `null`,
			"NoDigestAlarm.Dimensions":                                         `[{"Name": "Stage", "Value": "prod"}]`,
			"ErrorsAlarm.Dimensions":                                           `[{"Name": "FunctionName", "Value": "slowdigest-prod"}]`,
			"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_KEEP":       `null`,
			"StateBucket.LifecycleConfiguration.Rules.2":                       `null`,
			"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_INSTANCES":  `"orders-1"`,
			"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_LIMIT":      `"95%:20"`,
			"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_DOWNLOAD":   `"portions"`,
			"DigestLambdaFunction.Environment.Variables.SLACK_TOKEN_PARAMETER": `"/slowdigest/prod/slack-token"`,
		})},
		{deployment{"prod", []string{"instances=orders-1", "state=s3://kept/of-before", "alarms=false", "interactive=true", "schedule=false", "channel=C0123456789", "slackApi=https://slack-gov.com/api/"}}, ofInteractive, merged(withInteractive, withoutAlarms, named("prod"), channel("C0123456789"), map[string]string{
			"DigestEventsRuleSchedule1.State":                                         `"DISABLED"`,
			"EntranceLambdaFunction.FunctionName":                                     `"slowdigest-prod_entrance"`,
			"EntranceLambdaFunction.ReservedConcurrentExecutions":                     `"3"`,
			"EntranceLambdaFunction.Environment.Variables.SLOWDIGEST_ANSWER_FUNCTION": `"slowdigest-prod"`,
			"EntranceLambdaFunction.Environment.Variables.SLACK_API_URL":              `"https://slack-gov.com/api/"`,
			"DigestLambdaFunction.Environment.Variables.SLACK_API_URL":                `"https://slack-gov.com/api/"`,
			"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_STATE":             `"s3://kept/of-before"`})},
		// What is archived expires by the bucket's rule, of this prefix alone.
		{deployment{"prod", with("keep=35", "week=false", "alarms=false")}, ofState, merged(stateOf("prod"), withoutAlarms, named("prod"), channel("#slow-queries"), map[string]string{
			"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_KEEP": `"35"`,
			"StateBucket.LifecycleConfiguration.Rules.2":                 `{"Id": "expire-reports", "Status": "Enabled", "Prefix": "prod/reports/", "ExpirationInDays": "35"}`})},
		// Nobody misses an hour that is not to come.
		{deployment{"prod", with("schedule=false")}, merged(ofState, ofAlarms), merged(stateOf("prod"), withAlarms, named("prod"), map[string]string{"DigestEventsRuleSchedule1.State": `"DISABLED"`})},
		{deployment{"prod", with("mcp=true", "alarms=false")}, merged(ofState, ofInteractive), merged(stateOf("prod"), withMCP, withoutAlarms, named("prod"), channel("#slow-queries"), map[string]string{
			"DigestLambdaFunction.Environment.Variables.SLACK_SIGNING_SECRET_PARAMETER": `null`})},
		{everything, merged(ofState, ofAlarms, ofSchedule, ofFanout, ofFanoutAlarms, ofInteractive, ofEmail, ofWeek), merged(stateOf("prod-next"), withAlarms, withSchedule, withFanout, withFanoutAlarms, withInteractive, withMCP,
			named("prod-next"), channel("C0123456789"), map[string]string{
				"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_KEEP": `"35"`,
				"StateBucket.LifecycleConfiguration.Rules.2":                 `{"Id": "expire-reports", "Status": "Enabled", "Prefix": "prod-next/reports/", "ExpirationInDays": "35"}`,
				"WorkQueueMapping.ScalingConfig.MaximumConcurrency":          `7`, "DigestLambdaFunction.TracingConfig.Mode": `"Active"`,
				"Role.PermissionsBoundary": `"arn:aws:iam::123456789012:policy/boundary"`,
				"NoDigestAlarm.Dimensions": `[{"Name": "Stage", "Value": "prod-next"}]`,
				"AlarmEmail.Protocol":      `"email"`,
				"StateBucket.BucketEncryption.ServerSideEncryptionConfiguration":          `[{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "` + key + `"}, "BucketKeyEnabled": true}]`,
				"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_MIN_TIME":          `"500ms"`,
				"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_PER_INSTANCE":      `"true"`,
				"DigestLambdaFunction.Environment.Variables.SLOWDIGEST_MAX_BYTES":         `null`,
				"EntranceLambdaFunction.FunctionName":                                     `"slowdigest-prod-next_entrance"`,
				"EntranceLambdaFunction.ReservedConcurrentExecutions":                     `null`,
				"EntranceLambdaFunction.TracingConfig.Mode":                               `"Active"`,
				"EntranceLambdaFunction.Environment.Variables.SLOWDIGEST_ANSWER_FUNCTION": `"slowdigest-prod-next"`,
				"WeekSchedule.ScheduleExpression":                                         `"cron(0 9 ? * MON *)"`,
				"WeekSchedule.State":                                                      `"ENABLED"`,
				"WeekSchedule.Target.Input":                                               `"{\"week\": \"last\", \"time\": \"<aws.scheduler.scheduled-time>\"}"`,
				"WeekRole.PermissionsBoundary":                                            `"arn:aws:iam::123456789012:policy/boundary"`,
				"WeekRole.Policies.0.PolicyDocument.Statement.0.Action":                   `"lambda:InvokeFunction"`,
				"WeekRole.Policies.0.PolicyDocument.Statement.0.Resource":                 `{"Fn::GetAtt": ["DigestLambdaFunction", "Arn"]}`,
				"AlarmEmail.Endpoint":                                                     `"dba@example.com"`,
				"AlarmEmail.TopicArn":                                                     `{"Ref": "AlarmTopic"}`,
				"Dashboard.DashboardName":                                                 `"slowdigest-prod-next"`})},
	}
}

// TestTemplate checks what each stage and each switch deploys, property by property.
func TestTemplate(t *testing.T) {
	t.Parallel()
	for _, c := range templateCases() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			tmpl := packaged(t, osls, c.deployment).template
			types := map[string]string{}
			for id, r := range tmpl.Resources {
				types[id] = r.Type
			}
			if want := merged(always, c.resources); !maps.Equal(types, want) {
				t.Errorf("resources: %v\nwant: %v", types, want)
			}
			for path, want := range merged(base, c.properties) {
				var value any
				unmarshal(t, []byte(want), &value)
				if got := tmpl.at(path); !reflect.DeepEqual(got, value) {
					shown, _ := json.Marshal(got)
					t.Errorf("%s: %s, want %s", path, shown, want)
				}
			}
			for id, r := range tmpl.Resources { // with an account's quota of 10 nothing can be reserved
				if r.Properties["ReservedConcurrentExecutions"] != nil && id != "EntranceLambdaFunction" {
					t.Errorf("%s reserves concurrency", id)
				}
				if kept := strings.HasPrefix(id, "State"); (r.DeletionPolicy == "Retain") != kept || (r.UpdateReplacePolicy == "Retain") != kept {
					t.Errorf("%s: %+v", id, r)
				}
			}
			variables, _ := tmpl.at("DigestLambdaFunction.Environment.Variables").(map[string]any)
			checkVariablesAreKnown(t, slices.Collect(maps.Keys(variables)))
			checkDashboard(t, tmpl)
		})
	}
}

// at returns the value at a path of a resource and its properties; nil for nothing.
func (tmpl template) at(path string) any {
	id, rest, _ := strings.Cut(path, ".")
	var v any = tmpl.Resources[id].Properties
	for key := range strings.SplitSeq(rest, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			if i, err := strconv.Atoi(key); err != nil || i >= len(in) {
				return nil
			} else {
				v = in[i]
			}
		default:
			return nil
		}
	}
	return v
}

// checkVariablesAreKnown checks that the function reads each variable: a name
// that it does not know would be ignored silently.
func checkVariablesAreKnown(t *testing.T, names []string) {
	t.Helper()
	for _, name := range names {
		if !slices.Contains(known(), name) {
			t.Errorf("the function does not read %s", name)
		}
	}
}

// checkDashboard checks that the body is JSON once its placeholders are filled,
// and that what it refers to is there: resources and metrics, those of the alarm
// too.
func checkDashboard(t *testing.T, tmpl template) {
	t.Helper()
	if _, has := tmpl.Resources["Dashboard"]; !has {
		return
	}
	if alarm := tmpl.at("PendingAlarm.MetricName"); alarm != "HoursPending" {
		t.Errorf("the alarm of pending hours is on the metric %v", alarm)
	}
	if alarm := tmpl.at("NoDigestAlarm.MetricName"); alarm != nil && !slices.ContainsFunc(metrics, func(known metric) bool { return known.Name == alarm }) {
		t.Errorf("the alarm is on the metric %v, which nothing writes", alarm)
	}
	body := fmt.Sprint(tmpl.at("Dashboard.DashboardBody.Fn::Sub"))
	for _, m := range regexp.MustCompile(`\$\{([^}]*)\}`).FindAllStringSubmatch(body, -1) {
		id, _, _ := strings.Cut(m[1], ".")
		if _, has := tmpl.Resources[id]; !has && m[1] != "AWS::Region" {
			t.Errorf("the dashboard refers to %s", m[1])
		}
	}
	var dashboard struct {
		Widgets []struct {
			X, Y, Width, Height int
			Properties          struct{ Metrics [][]any }
		}
	}
	unmarshal(t, []byte(body), &dashboard)
	taken := map[[2]int]bool{}
	for _, w := range dashboard.Widgets {
		for _, m := range w.Properties.Metrics {
			if m[0] == "slowdigest" && !slices.ContainsFunc(metrics, func(known metric) bool { return known.Name == m[1] }) {
				t.Errorf("the dashboard shows the metric %v, which nothing writes", m[1])
			}
		}
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if taken[[2]int{x, y}] || x >= 24 {
					t.Fatalf("widgets overlap: %+v", dashboard.Widgets)
				}
				taken[[2]int{x, y}] = true
			}
		}
	}
	if len(dashboard.Widgets) < 6 {
		t.Errorf("%d widgets", len(dashboard.Widgets))
	}
}

// TestDeploymentsDoNotClash gathers every name that a deployment fixes itself:
// two stages, and two releases of one stage, have none in common.
func TestDeploymentsDoNotClash(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	for _, c := range []struct {
		deployment
		names int // function, log group and export; with alarms these and the dashboard
	}{
		{deployment{"dev", one}, 3}, {deployment{"staging", with("fanout=true")}, 11}, {deployment{"prod", one}, 10}, {everything, 12},
	} {
		p := packaged(t, osls, c.deployment)
		var state struct {
			Service struct{ Provider struct{ StackName string } }
		}
		unmarshal(t, p.state, &state)
		names := fixedNames(p.template)
		if len(names) != c.names {
			t.Errorf("%v: names %q, want %d", c, names, c.names)
		}
		for _, name := range append(names, "stack "+state.Service.Provider.StackName) {
			if owner[name] != "" {
				t.Errorf("%v and %v are both to have %s", owner[name], c, name)
			}
			owner[name] = c.String()
		}
	}
}

// fixedNames returns the names that must be unique in AWS. All other resources are
// named by CloudFormation after their stack.
func fixedNames(tmpl template) (names []string) {
	for _, r := range tmpl.Resources {
		for key, value := range r.Properties {
			// Not names of the resource itself.
			if s, literal := value.(string); literal && strings.HasSuffix(key, "Name") && key != "MetricName" && key != "DisplayName" {
				names = append(names, r.Type+" "+s)
			}
		}
	}
	for _, o := range tmpl.Outputs {
		if e, ok := o.Export.(map[string]any); ok {
			names = append(names, fmt.Sprint("export ", e["Name"]))
		}
	}
	return names
}

// defaults returns the parameters of serverless.yml with their defaults.
func defaults(t *testing.T) map[string]string {
	t.Helper()
	_, section, _ := strings.Cut(string(read(t, "../../serverless.yml")), "\n  default:\n")
	section, _, _ = strings.Cut(section, "\n  staging:\n")
	all := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^    (\w+): (.*)$`).FindAllStringSubmatch(section, -1) {
		all[m[1]] = strings.Trim(m[2], "'")
	}
	if len(all) < 25 || all["workers"] != "5" {
		t.Fatalf("the defaults of serverless.yml: %q", all)
	}
	return all
}

// TestSwitchesRefuse passes invalid parameters to iam/deploy/switches.js.
func TestSwitchesRefuse(t *testing.T) {
	if _, err := os.Stat("../../node_modules/js-yaml"); err != nil {
		missing(t, "js-yaml is not installed; install it with "+osls)
	}
	good := map[string]any{"sls:stage": "prod", "param:instances": "orders-1", "param:channel": "C0123456789"}
	for name, value := range defaults(t) {
		if _, has := good["param:"+name]; !has {
			good["param:"+name] = value
		}
	}
	cases := []struct{ name, value, err string }{
		{"sls:stage", "prod", ""},
		{"sls:stage", "prod-next", `"prod-next" is not the name of a stage`},
		{"sls:stage", "Prod", "is not the name of a stage"},
		{"sls:stage", "aveveryverylongname", "is not the name of a stage"},
		{"param:name", "next", ""},
		{"param:name", "Next", `"Next" is not the name of a stage or release`},
		{"param:fanout", "yes", `parameter "fanout" is "yes": want true or false`},
		{"param:alarms", "", `parameter "alarms" is ""`},
		{"param:interactive", "true", ""}, // the channel of good is an ID
		{"param:mcp", "yes", `parameter "mcp" is "yes": want true or false`},
		{"param:askConcurrency", "none", ""},
		{"param:askConcurrency", "1", ""},
		{"param:askConcurrency", "0", `parameter "askConcurrency" is "0": want a number from 1 on, or none`},
		{"param:askConcurrency", "", `parameter "askConcurrency" is ""`},
		{"param:slackApi", "https://slack-gov.com/api/", ""},
		{"param:slackApi", "https://slack-gov.com/api", "SLACK_API_URL: "},
		{"param:slackApi", "http://slack-gov.com/api/", "SLACK_API_URL: "},
		{"param:limit", "most", `SLOWDIGEST_LIMIT: limit "most": want`},
		{"param:minTime", "soon", "SLOWDIGEST_MIN_TIME: "},
		{"param:daily", "25:00", "SLOWDIGEST_DAILY: "},
		{"param:keep", "35", ""},
		{"param:keep", "999", ""},
		{"param:keep", "1000", `parameter "keep" is "1000": want a number of days up to 999`},
		{"param:keep", "0", `parameter "keep" is "0": want a number of days`},
		{"param:timeZone", "Europe/Bonn", "SLOWDIGEST_TIME_ZONE: "},
		{"param:maxBytes", "lots", "SLOWDIGEST_MAX_BYTES: "},
		{"param:links", "Grafana=http://grafana.example.com", "SLOWDIGEST_LINKS: "},
		{"param:channel", "Slow Queries", "SLOWDIGEST_CHANNEL: "},
		{"param:channel", "#slow-queries", ""},
		{"param:askUsers", "alice", ""}, // it has no effect, and no variable, unless people may ask
		// More than IAM takes, and more than Lambda does.
		{"param:instances", strings.Repeat("orders-12345,", 150), "name the instances by a pattern or a tag"},
		{"param:instances", strings.Repeat("orders-12345,", 320), "Lambda takes 4096 for all variables together"},
		{"param:orderBy", "max", ""},
		{"param:orderBy", "longest", `parameter "orderBy" is "longest": want sum, max, count, rows_examined or lock_time`},
		{"param:retention", "8", `parameter "retention" is "8": want 1, 3, 5,`},
		{"param:email", "dba", `parameter "email" is "dba": want an e-mail address`},
		{"param:tokenKey", "alias/mine", `"alias/mine" is not the ARN of a KMS key`},
		{"param:workers", "1", "want a number from 2 to 1000"},
		{"param:workers", "5 ", "want a number from 2 to 1000"},
		{"param:state", "s3://kept/prod", ""},
		{"param:state", "/tmp", `parameter "state" is "/tmp": want own, none or s3`},
		{"param:state", "s3://*", "is not the location of a state"},
		{"param:instances", "orders-*", ""},
		{"param:instances", "orders-?", `"orders-?" is neither`},
		{"param:instances", "", "SLOWDIGEST_INSTANCES: names no instance, nor does SLOWDIGEST_TAG"},
		{"param:tag", "slowdigest=on", ""},
		{"param:tag", "slow*", "is not a tag"},
		{"param:download", "fast", `parameter "download" is "fast": want portions, complete or auto`},
	}
	var all []map[string]any
	for _, c := range cases {
		all = append(all, merged(good, map[string]any{c.name: c.value}))
	}
	// What people in Slack need besides.
	for _, c := range []struct{ name, value, err string }{
		{"param:channel", "#slow-queries", "SLOWDIGEST_CHANNEL: is the name of a channel, people may ask in Slack, and Slack tells IDs"},
		{"param:state", "none", `parameter "interactive" is true, which needs a state`},
		{"param:askUsers", "alice", "SLOWDIGEST_ASK_USERS: "},
		{"param:askChannels", "#alice", "SLOWDIGEST_ASK_CHANNELS: "},
		{"param:askUsers", "U0123456789,W0123456789", ""},
	} {
		cases = append(cases, c)
		all = append(all, merged(good, map[string]any{"param:interactive": true, c.name: c.value}))
	}
	// A misspelt parameter, for another would hold in its place.
	cases = append(cases, struct{ name, value, err string }{"prod", "chanel", `there is no parameter "chanel"`})
	all = append(all, merged(good, map[string]any{"self:params": map[string]any{"default": map[string]any{"channel": "C1"}, "prod": map[string]any{"chanel": "C1"}}}))
	given, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t, "node"), "-e", `
		const switches = require('../../iam/deploy/switches.js');
		const { readFileSync } = require('fs');
		const file = (name) => require('js-yaml').load(readFileSync('../../' + /^file\((.*)\)$/.exec(name)[1], 'utf8'));
		const resolver = (values) => async (name) => name in values ? values[name] : name.startsWith('file') ? file(name) : '';
		Promise.all(JSON.parse(readFileSync(0, 'utf8')).map((values) => switches({ resolveVariable: resolver(values) }).then(() => '', (error) => error.message)))
			.then((errors) => console.log(JSON.stringify(errors)));`)
	cmd.Stdin = strings.NewReader(string(given))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var errs []string
	unmarshal(t, out, &errs)
	for i, c := range cases {
		if (errs[i] == "") != (c.err == "") || !strings.Contains(errs[i], c.err) {
			t.Errorf("%s=%s: error %q, want %q", c.name, c.value, errs[i], c.err)
		}
	}
}
