package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/sqstest"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// TestBootstrapFleet has the built command share the work of two channels over a
// queue, as Lambda and SQS do, and reads the metrics from its log.
func TestBootstrapFleet(t *testing.T) {
	t.Parallel()
	const people = "C0PEOPLE01"
	rds, queue, slack := rdstest.NewServer(), sqstest.New(), slacktest.New()
	defer rds.Close()
	defer queue.Close()
	defer slack.Close()
	slack.Channels[people] = slacktest.ChannelState{Name: "people", Member: true}
	text := []byte(recent(string(read(t, logs+"mysql-9-7.log"))))
	for id, channel := range map[string]string{"orders-1": "", "users-1": people} {
		db := rds.AddInstance(id)
		db.Tags = map[string]string{"slowdigest": "on", "slowdigest:channel": channel}
		db.Write(rdstest.SlowLog, text, recentDay.Add(10*time.Hour))
	}
	rds.Inject(rdstest.Fault{Kind: rdstest.Throttling, Action: "rds:DescribeDBLogFiles"})
	runtime := newRuntimeAPI(t)
	output := startBootstrap(t, map[string]string{
		"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(runtime.server.URL, "http://"),
		"AWS_ENDPOINT_URL_RDS":   rds.URL,
		"AWS_ENDPOINT_URL_SQS":   queue.URL,
		"SLACK_API_URL":          slack.URL(),
		"SLACK_TOKEN":            slacktest.Token,
		"SLOWDIGEST_TAG":         "slowdigest=on",
		"SLOWDIGEST_CHANNEL":     slacktest.Channel,
		"SLOWDIGEST_LIMIT":       "1",
		"SLOWDIGEST_QUEUE_URL":   queue.QueueURL(),
		"SLOWDIGEST_STATE":       t.TempDir(),
		"SLOWDIGEST_STAGE":       "prod",
	})
	schedule := example(t, "schedule")
	var d handler.Dispatched
	for range 2 { // the schedule fires twice
		o := runtime.invoke(t, schedule)
		if unmarshal(t, o.body, &d); o.failed || d.Channels != 2 || d.Queued != 2 {
			t.Fatalf("answer %s", o.body)
		}
	}
	queue.Put("malformed")
	for batch := queue.Receive(2); batch != nil; batch = queue.Receive(2) {
		o := runtime.invoke(t, batch)
		if o.failed {
			t.Fatalf("answer %s", o.body)
		}
		queue.Finish(batch, o.body, nil)
	}
	if queue.Waiting() != 1 {
		t.Errorf("%d messages are left, want the malformed one", queue.Waiting())
	}
	posted := map[string]int{}
	for _, m := range slack.Messages() {
		if m.ThreadTS == "" {
			posted[m.Channel]++
		}
	}
	if posted[people] != 1 || posted[slacktest.Channel] != 1 {
		t.Errorf("posted %v, want one digest in each channel", posted)
	}

	sums := map[string]float64{}
	for line := range strings.Lines(logged(output, "read message")) {
		var record struct {
			Request string    `json:"request_id"`
			Aws     *embedded `json:"_aws"`
			Stage   string
		}
		var values map[string]any
		if json.Unmarshal([]byte(line), &record) != nil || json.Unmarshal([]byte(line), &values) != nil || record.Request == "" {
			t.Errorf("the log holds %s", line)
			continue
		}
		if record.Aws == nil {
			continue
		}
		if record.Stage != "prod" || record.Aws.Timestamp == 0 {
			t.Errorf("stage %q, timestamp %d", record.Stage, record.Aws.Timestamp)
		}
		for _, m := range record.Aws.CloudWatchMetrics[0].Metrics {
			sums[m.Name] += values[m.Name].(float64)
		}
	}
	if sums["DigestsPosted"] != 2 || sums["HoursDone"] != 2 || sums["Throttles"] != 1 || sums["Retries"] != 1 ||
		sums["BytesRead"] != float64(2*len(text)) || sums["Events"] == 0 || sums["Seconds"] <= 0 {
		t.Errorf("metrics %v", sums)
	}
	if t.Failed() {
		t.Log(output())
	}
}

// TestRunLog pins the line that people, alarms and dashboards read.
func TestRunLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}}))
	l := newRunLog(log)
	l.stage = "prod"
	l.now = func() time.Time { return time.UnixMilli(1795428300000) }
	l.calls = func() source.Calls { return source.Calls{Made: 12, Repeated: 2, Throttled: 1} }
	r := &digest.Report{Classes: []digest.Class{{}}, Coverage: digest.Coverage{Files: 2, BytesRead: 1000, Events: 70, Complete: true}}
	r.Overall.Classes, r.Overall.Calls, r.Overall.QueryTime.Sum = 3, 60, 1.5
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	job := handler.Job{Window: digest.Window{Start: start, End: start.Add(time.Hour)},
		Route: handler.Route{Channel: "#shop", Instances: []string{"orders-1"}}}
	l.done(t.Context(), handler.Outcome{Job: job, Message: "m-1", Report: r, Took: 2500 * time.Millisecond, Done: 1, Pending: new(0)})
	l.done(t.Context(), handler.Outcome{Job: job, Err: errors.New("not_in_channel"), Pending: new(3)})
	l.done(t.Context(), handler.Outcome{Job: job, Err: errors.New("load state: AccessDenied")})
	const described = `"_aws":{"Timestamp":1795428300000,"CloudWatchMetrics":[{"Namespace":"slowdigest","Dimensions":[["Stage"]],"Metrics":[` +
		`{"Name":"DigestsPosted","Unit":"Count"},{"Name":"HoursDone","Unit":"Count"},{"Name":"HoursPending","Unit":"Count"},{"Name":"Events","Unit":"Count"},{"Name":"Classes","Unit":"Count"},` +
		`{"Name":"BytesRead","Unit":"Bytes"},{"Name":"Seconds","Unit":"Seconds"},{"Name":"Calls","Unit":"Count"},{"Name":"Retries","Unit":"Count"},` +
		`{"Name":"Throttles","Unit":"Count"},{"Name":"Complete","Unit":"Count"}]}]}}`
	want := []string{
		`{"level":"INFO","msg":"digest made","Channel":"#shop","message_id":"m-1","window_start":"2026-11-23T09:00:00Z","instance_count":1,"instances":["orders-1"],` +
			`"files":2,"bytes_listed":0,"portions":0,"gaps":0,"truncated":0,"unreadable":0,"calls_in_window":60,"query_time":1.5,"notes":null,"Stage":"prod","DigestsPosted":1,"HoursDone":1,"HoursPending":0,"Events":70,"Classes":3,"BytesRead":1000,` +
			`"Seconds":2.5,"Calls":12,"Retries":2,"Throttles":1,"Complete":1,` + described,
		`{"level":"ERROR","msg":"digest not made or not posted","Channel":"#shop","window_start":"2026-11-23T09:00:00Z","instance_count":1,"instances":["orders-1"],` +
			`"error":"not_in_channel","Stage":"prod","DigestsPosted":0,"HoursDone":0,"HoursPending":3,"Events":0,"Classes":0,"BytesRead":0,` +
			`"Seconds":0,"Calls":0,"Retries":0,"Throttles":0,"Complete":0,` + described,
		`{"level":"ERROR","msg":"digest not made or not posted","Channel":"#shop","window_start":"2026-11-23T09:00:00Z","instance_count":1,"instances":["orders-1"],` +
			`"error":"load state: AccessDenied","Stage":"prod","DigestsPosted":0,"HoursDone":0,"Events":0,"Classes":0,"BytesRead":0,` +
			`"Seconds":0,"Calls":0,"Retries":0,"Throttles":0,"Complete":0,` + strings.Replace(described, `{"Name":"HoursPending","Unit":"Count"},`, "", 1),
	}
	if got := strings.Split(strings.TrimSpace(out.String()), "\n"); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
