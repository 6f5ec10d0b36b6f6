package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/handler/sqstest"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// world is all that an event touches: fakes of AWS and of Slack, and a state.
type world struct {
	rds     *rdstest.Server
	slack   *slacktest.Server
	ssm     *fakeSSM
	queue   *sqstest.Server
	invoked chan []byte // events that the function gave itself
	env     map[string]string
}

// newWorld has the logs of two instances, of which the second has a channel of
// its own if they are found by their tag, slowdigest=on. Each has four entries in
// the hour of the examples in testdata/events, and four that are nine minutes old.
func newWorld(t *testing.T, now time.Time) *world {
	w := &world{rds: rdstest.NewServer(), slack: slacktest.New(), ssm: newFakeSSM(t), queue: sqstest.New()}
	t.Cleanup(w.rds.Close)
	t.Cleanup(w.slack.Close)
	t.Cleanup(w.queue.Close)
	w.slack.Channels["C0PEOPLE01"] = slacktest.ChannelState{Name: "people", Member: true}
	for _, id := range []string{"mysql-9-7", "mysql-9-7-extra"} {
		var log strings.Builder
		for _, at := range []time.Time{recentDay.Add(9*time.Hour + 55*time.Minute), now.Add(-9 * time.Minute)} {
			for i, sql := range []string{"select a from t", "select b from t /*team='people'*/", "select b from t", "update t set a = 1"} {
				log.WriteString(slowEntry(at, float64(5-i)/2, i*1000, sql))
			}
		}
		db := w.rds.AddInstance(id)
		db.Tags = map[string]string{"slowdigest": "on"}
		db.Write(rdstest.SlowLog, []byte(log.String()), now)
		if id == "mysql-9-7-extra" {
			db.Tags["slowdigest:channel"] = "C0PEOPLE01"
		}
	}
	lambda, invoked := fakeLambda(t)
	w.invoked = invoked
	w.env = map[string]string{
		"AWS_ENDPOINT_URL_RDS": w.rds.URL, "AWS_ENDPOINT_URL_SSM": w.ssm.server.URL, "AWS_ENDPOINT_URL_SQS": w.queue.URL,
		"AWS_ENDPOINT_URL_LAMBDA": lambda, "SLACK_API_URL": w.slack.URL(), "SLACK_SIGNING_SECRET": slacktest.SigningSecret,
		"SLACK_TOKEN_PARAMETER": lambdaParameter, "SLOWDIGEST_INSTANCES": lambdaInstances, "SLOWDIGEST_CHANNEL": slacktest.Channel,
		"SLOWDIGEST_STATE": t.TempDir(), "SLOWDIGEST_LIMIT": "1",
	}
	return w
}

// slowEntry writes an entry of a slow log.
func slowEntry(at time.Time, seconds float64, rows int, sql string) string {
	return fmt.Sprintf("# Time: %s\n# User@Host: app[app] @ web-1 [10.0.0.1]  Id: 7\n# Query_time: %f  Lock_time: 0.0 Rows_sent: 1  Rows_examined: %d\nuse shop;\nSET timestamp=%d;\n%s;\n",
		at.UTC().Format("2006-01-02T15:04:05.000000Z"), seconds, rows, at.Unix(), sql)
}

// received returns what the fakes were asked for and have got, and the state.
func (w *world) received(t *testing.T) string {
	var all []string
	for _, call := range w.rds.Calls() {
		all = append(all, fmt.Sprint(call.Action, " ", call.Resource, " ", call.Params))
	}
	slices.Sort(all) // they are made side by side
	for _, call := range w.ssm.calls {
		all = append(all, fmt.Sprint(call))
	}
	for _, m := range w.slack.Messages() {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	for batch := w.queue.Receive(1); batch != nil; batch = w.queue.Receive(1) {
		var e struct{ Records []struct{ Body string } }
		unmarshal(t, batch, &e)
		all = append(all, e.Records[0].Body)
	}
	state := os.DirFS(cmp.Or(w.env["SLOWDIGEST_STATE"], t.TempDir()))
	err := fs.WalkDir(state, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".json.gz") {
			all = append(all, name)
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".json") {
			return err
		}
		text, err := fs.ReadFile(state, name)
		all = append(all, name+" "+string(text))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return sameTimes(strings.Join(all, "\n"))
}

// sameTimes leaves the time, and what depends on it, out of a text, so that it is
// the same a minute later and with other servers.
func sameTimes(s string) string {
	return regexp.MustCompile(`\d{4}-\d\d-\d\d|\d\d:\d\d(:\d\d(\.\d+)?)?|\b1[78]\d{8}(\d{3})?\b|digest [0-9a-f]{8}|\b[0-9a-f]{32}\b|127\.0\.0\.1:\d+|"Seconds":[0-9.e-]+|Marker:\S*`).ReplaceAllString(s, "TIME")
}

// throughLambda serves an event, and what the function has left to itself, by the
// built command under the Lambda Runtime API. It returns the answers as JSON, or
// the error.
func (w *world) throughLambda(t *testing.T, event []byte) (answers []string) {
	runtime := newRuntimeAPI(t)
	env := maps.Clone(w.env)
	env["AWS_LAMBDA_RUNTIME_API"] = strings.TrimPrefix(runtime.server.URL, "http://")
	startBootstrap(t, env)
	for isTask := false; event != nil; isTask = true {
		o := runtime.invoke(t, event)
		answer := canonicalJSON(t, bytes.NewReader(o.body))
		if o.failed {
			var e struct{ ErrorMessage string }
			unmarshal(t, o.body, &e)
			answer = []string{e.ErrorMessage}
		}
		if !isTask || string(o.body) != "null" { // invoke does not print that a line was posted
			answers = append(answers, answer...)
		}
		select {
		case event = <-w.invoked:
		default:
			event = nil
		}
	}
	return answers
}

// throughInvoke does the same by `slowdigest invoke`.
func (w *world) throughInvoke(t *testing.T, event []byte) (answers []string) {
	cmd := exec.Command(built(t), "invoke", "--event", "-", "--format", "json")
	cmd.Dir, cmd.Env, cmd.Stdin = t.TempDir(), environment(w.env), bytes.NewReader(event)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	answers = canonicalJSON(t, &stdout)
	if err != nil {
		message := stderr.String()
		_, message, _ = strings.Cut(message, "slowdigest: error: ")
		message, hint, _ := strings.Cut(strings.TrimSuffix(message, "\n"), "\nslowdigest: hint: ")
		if hint != "" {
			message += " (" + hint + ")"
		}
		answers = append(answers, message)
	}
	return answers
}

// difference shows where two texts begin to differ.
func difference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-100)
	return a[from:min(len(a), i+200)] + "\n" + b[from:min(len(b), i+200)]
}

// canonicalJSON splits a text into its JSON values, each in one form.
func canonicalJSON(t *testing.T, r io.Reader) (values []string) {
	t.Helper()
	for d := json.NewDecoder(r); ; {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return values
		} else if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, sameTimes(string(b)))
	}
}

// What is to be posted under Lambda needs a channel, before anything is read for it.
func TestLambdaNeedsAChannel(t *testing.T) {
	t.Parallel()
	now := time.Now()
	command := slacktest.Command("last 15m")
	for want, events := range map[string][][]byte{
		"SLOWDIGEST_CHANNEL is not set":  {example(t, "schedule"), example(t, "queue")},
		`"statusCode":503`:               {urlEvent(t, http.MethodPost, slacktest.Sign(command, slacktest.SigningSecret, now), command, true)},
		"there is no channel to post to": {[]byte(`{"last":"15m"}`)},
	} {
		for _, event := range events {
			w := newWorld(t, now)
			w.env["SLOWDIGEST_CHANNEL"] = ""
			if got := w.throughLambda(t, event); len(got) != 1 || !strings.Contains(got[0], want) || len(w.rds.Calls())+len(w.slack.Messages()) > 0 {
				t.Errorf("%s: %q, %d calls, want %q", event, got, len(w.rds.Calls()), want)
			}
		}
	}
}

// TestInvokeIsLambda serves the same events by the built command under Lambda and
// by `slowdigest invoke`. The answers are the same, and so is what AWS, Slack and
// the state have got. Where Lambda does not answer with the digests, as where they
// are of a queue, invoke prints them first.
func TestInvokeIsLambda(t *testing.T) {
	t.Parallel()
	now := time.Now()
	example := func(name string) []byte { return example(t, name) }
	signed := func(body []byte) []byte {
		return urlEvent(t, http.MethodPost, slacktest.Sign(body, slacktest.SigningSecret, now), body, true)
	}
	ask := map[string]string{"SLOWDIGEST_ASK_CHANNELS": "C0PEOPLE01"}
	askFleet := map[string]string{"SLOWDIGEST_ASK_CHANNELS": "C0PEOPLE01", "SLOWDIGEST_INSTANCES": "mysql-*"}
	channels := map[string]string{"SLOWDIGEST_INSTANCES": "", "SLOWDIGEST_TAG": "slowdigest=on"}
	for _, c := range []struct {
		name   string
		event  []byte
		env    map[string]string
		queue  bool
		posted int    // messages, or entries of a queue
		want   string // in the answers
		prints int    // digests that are no answer of Lambda's
	}{
		{"schedule", example("schedule"), nil, false, 1, `"calls":8`, 0},
		{"schedule of two channels", example("schedule"), channels, false, 2, `"channels":2,"queued":0`, 2},
		{"schedule of two channels, with a queue", example("schedule"), channels, true, 0, `"channels":2,"queued":2`, 0},
		{"queue", example("queue"), nil, false, 2, `{"batchItemFailures":[]}`, 1},
		{"malformed message", bytes.Replace(example("queue"), []byte(`mysql-9-7\`), []byte(`../..\`), 1), nil, false, 0, `{"batchItemFailures":[{"itemIdentifier":"6f1a9a3e-`, 0},
		{"manual", example("manual"), nil, false, 2, `"calls":8`, 0},
		{"manual of the last minutes", []byte(`{"last":"15m","limit":"1","instances":["mysql-9-7"],"thread_ts":"1.2"}`), nil, false, 1, `"calls":4`, 0},
		{"dry run", []byte(`{"last":"15m","dry_run":true}`), nil, false, 0, `"calls":8`, 0},
		{"dry run without a channel", []byte(`{"last":"15m","dry_run":true}`), map[string]string{"SLOWDIGEST_CHANNEL": ""}, false, 0, `"calls":8`, 0},
		{"manual for a channel", []byte(`{"last":"15m","channel":"C0PEOPLE01"}`), map[string]string{"SLOWDIGEST_CHANNEL": ""}, false, 1, `"calls":8`, 0},
		{"manual with an error", []byte(`{"last":"15m","limits":3}`), nil, false, 0, `unknown field "limits"`, 0},
		{"none of its events", []byte(`{"Records":[]}`), nil, false, 0, `no "time"`, 0},
		{"command in Slack", signed(slacktest.Command("mysql-9-7 last 15m")), nil, false, 1, `"calls":4`, 0},
		{"forged command", urlEvent(t, http.MethodPost, http.Header{}, slacktest.Command("last 15m"), false), nil, false, 0, `"statusCode":401`, 0},
		{"button", signed(slacktest.Press("slowdigest_mute", "0123456789ABCDEF0123456789ABCDEF", "1.2")), nil, false, 1, "Done.", 0},
		{"state with no bucket", example("schedule"), map[string]string{"SLOWDIGEST_STATE": "s3://"}, false, 0, "names no bucket (want s3://BUCKET/PREFIX)", 0},
		{"bad variable", example("schedule"), map[string]string{"SLOWDIGEST_LIMIT": "x"}, false, 0, "percentage (95%), both (95%:20), with outliers (95%:20+3), or all (slowdigest COMMAND --help shows the variables)", 0},
		{"manual of no time", []byte(`{"last":""}`), nil, false, 0, `last: time "": want`, 0},
		{"manual with no limit", []byte(`{"last":"15m","limit":""}`), nil, false, 0, `limit "": want`, 0},
		{"button for an answer elsewhere", signed(bytes.ReplaceAll(slacktest.Press("slowdigest_mute", "0123456789ABCDEF0123456789ABCDEF", "1.2"), []byte(slacktest.Channel), []byte("C0PEOPLE01"))), ask, false, 1, "Done.", 0},
		{"button where several channels have digests", signed(bytes.ReplaceAll(slacktest.Press("slowdigest_mute", "0123456789ABCDEF0123456789ABCDEF", "1.2"), []byte(slacktest.Channel), []byte("C0PEOPLE01"))), askFleet, false, 0, "No digest is posted in this channel", 0},
		{"command with no state", signed(slacktest.Command("last 15m")), map[string]string{"SLOWDIGEST_STATE": ""}, false, 0, `"statusCode":503`, 0},
	} {
		t.Run(c.name, func(t *testing.T) { // not later: what is signed is good for five minutes
			inLambda, invoked := newWorld(t, now), newWorld(t, now)
			for _, w := range []*world{inLambda, invoked} {
				maps.Copy(w.env, c.env)
				if c.queue {
					w.env["SLOWDIGEST_QUEUE_URL"] = w.queue.QueueURL()
				}
			}
			want, got := inLambda.throughLambda(t, c.event), invoked.throughInvoke(t, c.event)
			var printed int
			for printed < c.prints && printed < len(got) && strings.Contains(got[printed], `"coverage":`) {
				printed++
			}
			if got = got[printed:]; printed != c.prints || !slices.Equal(got, want) || !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("invoke: %d digests and\n%s\nLambda:\n%s\nwant %s", printed, strings.Join(got, "\n"), strings.Join(want, "\n"), c.want)
			}
			if n := len(invoked.slack.Messages()); n != c.posted {
				t.Errorf("%d messages, want %d", n, c.posted)
			}
			if got, want := invoked.received(t), inLambda.received(t); got != want {
				t.Errorf("invoke and Lambda, where they begin to differ:\n%s", difference(got, want))
			}
		})
	}
}
