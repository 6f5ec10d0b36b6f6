package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// A text or a list of just the size stays as it is, and one of a byte more is cut and
// says so.
func TestCut(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 200), strings.Repeat("<\x01\"", 40), strings.Repeat("é", 100), strings.Repeat("\xff", 50)} {
		size := jsonSize(s)
		if got := cut(s, size); got != s {
			t.Errorf("%.10q… of %d bytes is cut to %q", s, size, got)
		}
		if got := cut(s, size-1); got == s || jsonSize(got) >= size || !strings.Contains(got, " more bytes)") {
			t.Errorf("%.10q… is cut to %q", s, got)
		}
	}
	list := slices.Repeat([]string{"item"}, 50)
	size := 32 + 50*len(`"item",`)
	if got := cutList(list, size); !slices.Equal(got, list) {
		t.Errorf("list %q", got)
	}
	if got := cutList(list, size-1); len(got) != 50 || got[49] != "and 1 more" || list[49] != "item" {
		t.Errorf("list %q of %q", got, list)
	}
}

// No line of the log is longer than CloudWatch takes, whatever is in it.
func TestLogLineIsBounded(t *testing.T) {
	var out bytes.Buffer
	l := newRunLog(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: boundAttr})))
	long := strings.Repeat("\x01<", 1<<20)
	many := make([]string, 100_000)
	for i := range many {
		many[i] = fmt.Sprint("name-", i)
	}
	many[0] = long
	r := &digest.Report{Coverage: digest.Coverage{Notes: many}}
	o := handler.Outcome{Job: handler.Job{Route: handler.Route{Channel: long[:256], Instances: many[1:]}}, Report: r, Took: -time.Hour,
		Err: hinted{errors.New(long), "the hint is kept"}}
	l.calls = func() source.Calls { return source.Calls{Made: 1, Repeated: -1} }
	l.done(t.Context(), o)
	l.ended(t.Context(), &handler.Dispatched{Failed: many, Left: many}, errors.New(long))
	for line := range strings.Lines(out.String()) {
		var values map[string]any
		if err := json.Unmarshal([]byte(line), &values); err != nil || len(line) >= 256<<10 {
			t.Errorf("a line of %d bytes, %v: %.300s", len(line), err, line)
		}
		for _, m := range metrics {
			if v, ok := values[m.Name].(float64); ok && v < 0 {
				t.Errorf("%s is %g", m.Name, v)
			}
		}
	}
	if !strings.Contains(out.String(), "(the hint is kept)") {
		t.Error("the hint is cut off")
	}
	if text := boundError(withHint(o.Err)).Error(); jsonSize(text) > 64<<10 || !strings.HasSuffix(text, "(the hint is kept)") {
		t.Errorf("an error of %d bytes: …%s", jsonSize(text), text[len(text)-50:])
	}
}

// A report of just the size of an answer stays whole, and for one of a byte less
// room it is shortened and says so.
func TestAnswerIsBounded(t *testing.T) {
	r := reportJSON(t, "--limit", "all", logs+"mysql-9-7.log")
	whole, err := boundReport(r, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for room, want := range map[int]bool{len(whole): true, len(whole) - 1: false, len(whole) / 3: false} {
		b, err := boundReport(r, room)
		var got digest.Report
		unmarshal(t, b, &got)
		if err != nil || len(b) > room || bytes.Equal(b, whole) != want {
			t.Errorf("an answer of %d bytes where %d have room, %v", len(b), room, err)
		}
		if says := strings.Contains(strings.Join(got.Coverage.Notes, "\n"), "room for 6 MB"); says == want || got.Overall.Calls != r.Overall.Calls ||
			got.Misc.Classes+len(got.Classes) != r.Misc.Classes+len(r.Classes) {
			t.Errorf("notes %q, %d classes and %d others of %d", got.Coverage.Notes, len(got.Classes), got.Misc.Classes, len(r.Classes))
		}
	}
}

// The channels that a large fleet's answer names have a quarter of its room, those that
// failed as those that were left. A list of just the size stays whole.
func TestAnswerOfAFleetIsBounded(t *testing.T) {
	channel := strings.Repeat("<", 250)
	fit := (maxAnswer/4 - 32) / (jsonSize(channel) + 1)
	for n, whole := range map[int]bool{fit: true, fit + 1: false, 10 * fit: false} {
		d := &handler.Dispatched{Channels: 2 * n, Failed: slices.Repeat([]string{channel}, n), Left: slices.Repeat([]string{channel}, n)}
		answer, err := boundAnswer(d)
		b, _ := json.Marshal(answer)
		var got handler.Dispatched
		unmarshal(t, b, &got)
		if err != nil || len(b) > maxAnswer || got.Channels != 2*n || len(d.Left) != n {
			t.Errorf("%d channels: an answer of %d bytes, %v", n, len(b), err)
		}
		for _, list := range [][]string{got.Failed, got.Left} {
			if last := list[len(list)-1]; (len(list) == n && last == channel) != whole || !whole && !strings.HasPrefix(last, "and ") {
				t.Errorf("%d channels: %d, the last is %q", n, len(list), last)
			}
		}
	}
}

// Of 1,000 instances none can be read. Each line of the log is one for CloudWatch, and
// the error one for the failure destination.
func TestBootstrapOfManyFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now())
	w.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBLogFiles", Times: -1})
	for i := range 1000 {
		w.rds.AddInstance(fmt.Sprintf("a-database-of-a-large-company-with-a-long-name-%04d", i))
	}
	w.env["SLOWDIGEST_INSTANCES"] = "a-database-*"
	runtime := newRuntimeAPI(t)
	env := maps.Clone(w.env)
	env["AWS_LAMBDA_RUNTIME_API"] = strings.TrimPrefix(runtime.server.URL, "http://")
	output := startBootstrap(t, env)
	o := runtime.invoke(t, example(t, "schedule"))
	if !o.failed || len(o.body) >= 64<<10 || !strings.Contains(string(o.body), "the role must allow rds:DescribeDBLogFiles on ") {
		t.Errorf("failed %t, %d bytes: %.500s", o.failed, len(o.body), o.body)
	}
	described := false
	for line := range strings.Lines(logged(output, `"_aws":`)) {
		var record struct {
			Aws *embedded `json:"_aws"`
		}
		// Lambda's own library logs the error, too, and not as JSON.
		if err := json.Unmarshal([]byte(line), &record); err != nil && line[0] == '{' || len(line) >= 256<<10 {
			t.Errorf("a line of %d bytes, %v: %.300s", len(line), err, line)
		}
		described = described || record.Aws != nil
	}
	if !described {
		t.Errorf("no metrics: %.1000s", output())
	}
}

// The answer with all the classes of a large hour would be more than Lambda takes.
func TestBootstrapOfManyClasses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, now)
	var log strings.Builder
	columns := strings.Repeat("a_column_of_the_table <> b_column_of_the_table and ", 40)
	for i := range 4000 {
		name := strings.NewReplacer("0", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6", "g", "7", "h", "8", "i", "9", "j").Replace(strconv.Itoa(i))
		log.WriteString(slowEntry(now.Add(-9*time.Minute), 1, 1, fmt.Sprintf("select 1 from table_%s where %s 1 = 1", name, columns)))
	}
	w.rds.AddInstance("large").Write(rdstest.SlowLog, []byte(log.String()), now)
	w.env["SLOWDIGEST_INSTANCES"] = "large"
	runtime := newRuntimeAPI(t)
	w.env["AWS_LAMBDA_RUNTIME_API"] = strings.TrimPrefix(runtime.server.URL, "http://")
	startBootstrap(t, w.env)
	o := runtime.invoke(t, []byte(`{"last":"15m","dry_run":true,"limit":"all"}`))
	var r digest.Report
	unmarshal(t, o.body, &r)
	if size := len(o.body); o.failed || size > maxAnswer || size < maxAnswer/4 || len(r.Classes) == 0 || len(r.Classes)+r.Misc.Classes != 4000 ||
		!strings.Contains(r.Coverage.Notes[0], "room for 6 MB") {
		t.Errorf("%d bytes, %d classes and %d others, notes %q", size, len(r.Classes), r.Misc.Classes, r.Coverage.Notes)
	}
}

// The state of a channel that is called doctor is as it was after slowdigest doctor.
func TestDoctorLeavesStatesAlone(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{"doctor", "#doctor", "doctor/probe", slacktest.Channel} {
		w := newWorld(t, time.Now())
		dir := w.env["SLOWDIGEST_STATE"]
		const text = `{"version":1,"since":"2026-11-23T09:00:00Z","history":{}}`
		path := filepath.Join(dir, state.Key(channel))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.env["SLOWDIGEST_CHANNEL"], w.env["AWS_ENDPOINT_URL_STS"] = channel, newSTS(t)
		cmd := exec.Command(built(t), "doctor")
		cmd.Env = environment(w.env)
		stdout, _ := cmd.Output() // in which other things are wrong
		if got, err := os.ReadFile(path); err != nil || string(got) != text || !strings.Contains(string(stdout), "ok       state ") {
			t.Errorf("%s: %v, state %s\n%s", channel, err, got, stdout)
		}
	}
}

// A state that is larger than any is an error, and not the end of the memory.
func TestHugeStateIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now())
	path := filepath.Join(w.env["SLOWDIGEST_STATE"], state.Key(slacktest.Channel))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	answers := w.throughLambda(t, example(t, "schedule"))
	if !strings.Contains(answers[0], "it is larger than 16 MB (it is no state of slowdigest") || len(w.slack.Messages()) > 0 {
		t.Errorf("%q, %d messages", answers, len(w.slack.Messages()))
	}
}
