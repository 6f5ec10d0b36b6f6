package main

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

const (
	lambdaParameter = "/slowdigest/prod/slack-token"
	lambdaInstances = "mysql-9-7,mysql-9-7-extra"
)

// TestBootstrap starts the built command as Lambda does, with real HTTP servers
// in place of the Runtime API, RDS, SSM and Slack, and hands it one event after
// the other.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	rds := rdstest.NewServer()
	defer rds.Close()
	logs := t.TempDir() + "/"
	recentFiles(t, "../../testdata/slowlogs", logs, "*.log")
	if err := rds.ServeDir(logs); err != nil {
		t.Fatal(err)
	}
	slack := slacktest.New()
	defer slack.Close()
	ssm, runtime := newFakeSSM(t), newRuntimeAPI(t)
	output := startBootstrap(t, map[string]string{
		"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(runtime.server.URL, "http://"),
		"AWS_ENDPOINT_URL_RDS":   rds.URL,
		"AWS_ENDPOINT_URL_SSM":   ssm.server.URL,
		"SLACK_API_URL":          slack.URL(),
		"SLOWDIGEST_INSTANCES":   lambdaInstances,
		"SLOWDIGEST_CHANNEL":     slacktest.Channel,
		"SLOWDIGEST_LIMIT":       "1",
		"SLACK_TOKEN_PARAMETER":  lambdaParameter,
	})
	event := example(t, "schedule")
	// The same hour, read from the files themselves, is what is to be posted.
	want := reportJSON(t, "--limit", "1", "--since", recent("2026-11-23T09:00"), "--until", recent("2026-11-23T10:00"),
		logs+"mysql-9-7.log", logs+"mysql-9-7-extra.log")
	if len(want.Classes) != 1 {
		t.Fatal("the hour of the event is empty")
	}

	checkReport(t, runtime.invoke(t, event), want)
	posted := slack.Messages()
	if len(posted) == 0 || !strings.Contains(posted[0].Text, want.Classes[0].ID[16:]) {
		t.Fatalf("the first message does not name query %s: %+v", want.Classes[0].ID, posted)
	}

	for _, bad := range []string{`{"Records":[]}`, `"text"`, `{"time":"yesterday"}`} {
		checkError(t, runtime.invoke(t, []byte(bad)), "read event")
	}
	ssm.set("")
	checkError(t, runtime.invoke(t, event), lambdaParameter, "ParameterNotFound")
	ssm.set(slacktest.Token + "-revoked")
	revoked := runtime.invoke(t, event)
	if checkError(t, revoked, "invalid_auth"); strings.Count(string(revoked.body), "is it the bot token") != 1 {
		t.Errorf("the hint does not stand once in %s", revoked.body)
	}
	ssm.set(slacktest.Token)
	slack.Fail(slacktest.Fault{Method: "chat.postMessage", Code: "is_archived"})
	checkError(t, runtime.invoke(t, event), "is_archived")
	if again := slack.Messages(); len(again) != len(posted) {
		t.Errorf("events that ended in an error have posted: %+v", again[len(posted):])
	}

	// None of these errors ended the process, and the token is read for each event.
	checkReport(t, runtime.invoke(t, event), want)
	if again := slack.Messages(); len(again) != 2*len(posted) {
		t.Errorf("%d messages after the second digest, and %d after the first", len(again), len(posted))
	}

	log := output()
	if strings.Contains(log, slacktest.Token) {
		t.Error("the token is in the log")
	}
	if !strings.Contains(log, recent(`"window_start":"2026-11-23T09:00:00Z"`)) {
		t.Error("the log does not name the window")
	}
	if t.Failed() {
		t.Log(log)
	}
}

// checkReport checks that an invocation was answered with the report.
func checkReport(t *testing.T, o outcome, want *digest.Report) {
	t.Helper()
	if o.failed {
		t.Fatalf("error: %s", o.body)
	}
	var got digest.Report
	unmarshal(t, o.body, &got)
	if !got.Coverage.Complete || got.Window.Start.Format(time.RFC3339) != recent("2026-11-23T09:00:00Z") {
		t.Errorf("window %v, coverage %+v", got.Window, got.Coverage)
	}
	if got.Overall.Calls != want.Overall.Calls || len(got.Classes) != len(want.Classes) {
		t.Fatalf("%d calls and %d classes, want %d and %d", got.Overall.Calls, len(got.Classes), want.Overall.Calls, len(want.Classes))
	}
	for i, w := range want.Classes {
		if g := got.Classes[i]; g.ID != w.ID || g.Calls != w.Calls || g.QueryTime != w.QueryTime {
			t.Errorf("rank %d: %s with %d calls, want %s with %d", i+1, g.ID, g.Calls, w.ID, w.Calls)
		}
	}
}

// checkError checks that an invocation failed as Lambda is to see it.
func checkError(t *testing.T, o outcome, wants ...string) {
	t.Helper()
	if !o.failed {
		t.Fatalf("no error but %s", o.body)
	}
	var e struct{ ErrorMessage, ErrorType string }
	unmarshal(t, o.body, &e)
	for _, want := range wants {
		if !strings.Contains(e.ErrorMessage, want) {
			t.Errorf("error %q does not say %q", e.ErrorMessage, want)
		}
	}
	if strings.Contains(string(o.body), slacktest.Token) {
		t.Error("the token is in the error")
	}
}

// startBootstrap starts the command with nothing but the environment given and
// what Lambda always sets. It returns what gives the output so far.
func startBootstrap(t *testing.T, env map[string]string) (output func() string) {
	t.Helper()
	cmd := exec.Command(built(t))
	cmd.Dir = t.TempDir()
	cmd.Env = append(environment(env), "AWS_LAMBDA_FUNCTION_NAME=prod-slowdigest", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "_HANDLER=bootstrap")
	var log lockedBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return log.String
}

// What packages do before main begins, needed or not, Lambda waits for at each cold start. Bytes and numbers
// of allocations are the same on any machine, and their time is in docs/performance.md.
func TestStartIsCheap(t *testing.T) {
	cmd := exec.Command(built(t), "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	type cost struct {
		name               string
		bytes, allocations int
	}
	var each []cost
	all := cost{}
	for line := range strings.Lines(string(trace)) { // init PACKAGE @1.5 ms, 0.2 ms clock, 500 bytes, 20 allocs
		f := strings.Fields(line)
		if len(f) < 11 || f[0] != "init" {
			continue
		}
		c := cost{name: f[1]}
		c.bytes, _ = strconv.Atoi(f[7])
		c.allocations, _ = strconv.Atoi(f[9])
		each = append(each, c)
		all.bytes, all.allocations = all.bytes+c.bytes, all.allocations+c.allocations
	}
	slices.SortFunc(each, func(x, y cost) int { return cmp.Compare(y.bytes, x.bytes) })
	t.Logf("%d packages: %d bytes, %d allocations", len(each), all.bytes, all.allocations)
	if len(each) < 100 || all.bytes > 3e6 || all.allocations > 18_000 {
		t.Errorf("%d packages take %d bytes in %d allocations, most of them\n%v", len(each), all.bytes, all.allocations, each[:min(len(each), 8)])
	}
}

// environment is that of a command that knows no AWS but a fake one.
func environment(env map[string]string) []string {
	all := []string{
		"AWS_REGION=" + rdstest.Region, "AWS_ACCESS_KEY_ID=" + rdstest.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + rdstest.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true",
	}
	for name, value := range env {
		all = append(all, name+"="+value)
	}
	return all
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
