package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// function is the built command under the Lambda Runtime API, with a world around it
// that counts what it is asked for.
type function struct {
	*world
	runtime *runtimeAPI
	s3      atomic.Int32
	output  func() string
	failed  int // invocations
}

// newFunction has a state in S3, and in RDS a cluster of two instances that the role could
// read and that are not configured.
func newFunction(t *testing.T, env map[string]string) *function {
	f := &function{world: newWorld(t, time.Now()), runtime: newRuntimeAPI(t)}
	cfg := s3test.New(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.s3.Add(1)
			h.ServeHTTP(w, r)
		})
	})
	for id, sql := range map[string]string{"payroll": "select salary from people", "public-1": "select name from people"} {
		db := f.rds.AddInstance(id)
		db.Cluster = "people"
		db.Write(rdstest.SlowLog, []byte(slowEntry(time.Now().Add(-time.Minute), 1, 1, sql)), time.Now())
	}
	f.ssm.secret = slacktest.SigningSecret
	delete(f.env, "SLACK_SIGNING_SECRET")
	maps.Copy(f.env, map[string]string{"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(f.runtime.server.URL, "http://"), "AWS_ENDPOINT_URL_S3": *cfg.BaseEndpoint,
		"SLACK_SIGNING_SECRET_PARAMETER": secretParameter, "SLOWDIGEST_STATE": "s3://" + s3test.Bucket + "/prod"})
	maps.Copy(f.env, env)
	return f
}

func (f *function) start(t *testing.T) { f.output = startBootstrap(t, f.env) }

// counts are the calls made so far.
func (f *function) counts() calls {
	f.ssm.mu.Lock()
	defer f.ssm.mu.Unlock()
	c := calls{s3: int(f.s3.Load()), rds: len(f.rds.Calls()), slack: len(f.slack.Requests()), posted: len(f.slack.Messages()), told: len(f.slack.Ephemeral()), failed: f.failed}
	for _, call := range f.ssm.calls {
		if strings.HasSuffix(call.Resource, secretParameter) {
			c.secret++
		} else {
			c.token++
		}
	}
	return c
}

// calls of others, and what came of them.
type calls struct {
	secret, token  int // of SSM
	s3, rds, slack int
	posted, told   int // messages in channels, and ephemeral ones
	failed         int // invocations
}

// send delivers a request, and returns the status and the text that who asked sees.
func (f *function) send(t *testing.T, event []byte) (int, string) {
	t.Helper()
	o := f.runtime.invoke(t, event)
	if o.failed {
		f.failed++
	}
	var answer struct {
		StatusCode int
		Body       string
	}
	unmarshal(t, o.body, &answer)
	var body struct{ Text string }
	if answer.Body != "" {
		unmarshal(t, []byte(answer.Body), &body)
	}
	return answer.StatusCode, body.Text
}

// logged returns the log as soon as it tells of so many requests.
func (f *function) logged(t *testing.T, requests int) string {
	t.Helper()
	return f.waitFor(t, `"request from Slack"`, requests)
}

// waitFor returns the log as soon as it has a text so many times.
func (f *function) waitFor(t *testing.T, text string, times int) string {
	t.Helper()
	for range 100 {
		if log := f.output(); strings.Count(log, text) >= times {
			return log
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the log does not have %s %d times: %s", text, times, f.output())
	return ""
}

// work delivers each event that the function has left to itself as often as Lambda may.
func (f *function) work(t *testing.T, deliveries int) (tasks int) {
	t.Helper()
	for {
		select {
		case event := <-f.invoked:
			tasks++
			for range deliveries {
				if o := f.runtime.invoke(t, event); o.failed {
					f.failed++
					t.Logf("task: %s", o.body)
				}
			}
		default:
			return tasks
		}
	}
}

// signed is a request that Slack has signed, now.
func signed(t *testing.T, body []byte) []byte {
	return urlEvent(t, http.MethodPost, slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body, true)
}

// respelled are copies of a request whose headers or body are spelled in other ways, all
// of which prove the same bytes.
func respelled(t *testing.T, body []byte) (events [][]byte) {
	h := slacktest.Sign(body, slacktest.SigningSecret, time.Now())
	signature := h.Get("X-Slack-Signature")
	for i := range 3 {
		spelled := h.Clone()
		if i > 0 {
			spelled.Set("X-Slack-Signature", "v0="+strings.ToUpper(signature[3:3+8*i])+signature[3+8*i:])
		}
		events = append(events, urlEvent(t, http.MethodPost, spelled, body, i%2 == 0))
	}
	last := string(events[0])
	return append(events, []byte(strings.NewReplacer("x-slack-signature", "X-Slack-SIGNATURE", "x-slack-request-timestamp", "X-Slack-Request-Timestamp").Replace(last)),
		[]byte(strings.Replace(last, `"headers":{`, `"headers":{"x-slack-retry-num":"1","x-slack-retry-reason":"http_timeout",`, 1)))
}

// TestStoriesOfTheEntrance delivers requests to the function URL, each three times, and
// each event that the function leaves to itself three times, too. It counts what that
// costs, and what comes of it: one answer, and no failed invocation.
func TestStoriesOfTheEntrance(t *testing.T) {
	t.Parallel()
	show := slacktest.Command("mysql-9-7 last 15m")
	now := time.Now()
	post := func(header http.Header, body []byte) []byte { return urlEvent(t, http.MethodPost, header, body, true) }
	with := func(name, value string) []byte {
		h := slacktest.Sign(show, slacktest.SigningSecret, now)
		h.Set(name, value)
		return post(h, show)
	}
	command := func(text string) []byte { return signed(t, slacktest.Command(text)) }
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprint("orders-", i)
	}
	signedBy := func(secret string, at time.Time, body []byte) []byte {
		return post(slacktest.Sign(body, secret, at), body)
	}
	fleet := map[string]string{"SLOWDIGEST_INSTANCES": "mysql-*", "SLOWDIGEST_ASK_CHANNELS": "C0PEOPLE01"}
	const id = "0123456789ABCDEF0123456789ABCDEF"
	claim := calls{secret: 1, s3: 4} // of the first: there is no state yet; and of two copies
	mistake := func(c calls) calls { c.secret, c.s3 = claim.secret, claim.s3; return c }
	for _, c := range []struct {
		name      string
		env       map[string]string
		events    [][]byte // delivered one after the other, three times in all if it is one
		status    int
		says      string // of the first answer; the others are empty if there is a text
		tasks     int
		want      calls
		inChannel string // is posted
		toPerson  string // is told
	}{
		// Strangers. Nothing is called for any of these but, once, for a form that is Slack's.
		{name: "unsigned", events: [][]byte{post(http.Header{}, show)}, status: 401},
		{name: "unsigned, of something else", events: [][]byte{post(http.Header{}, []byte(`{"time":"2026-11-23T10:05:00Z"}`))}, status: 401},
		{name: "looked at", events: [][]byte{urlEvent(t, http.MethodGet, slacktest.Sign(nil, slacktest.SigningSecret, now), nil, false)}, status: 405},
		{name: "old", events: [][]byte{signedBy(slacktest.SigningSecret, now.Add(-10*time.Minute), show)}, status: 401},
		{name: "from the future", events: [][]byte{signedBy(slacktest.SigningSecret, now.Add(10*time.Minute), show)}, status: 401},
		{name: "signature of another form", events: [][]byte{with("X-Slack-Signature", "v0=00"), with("X-Slack-Signature", "v1="+strings.Repeat("0", 64)), with("X-Slack-Signature", "")}, status: 401},
		{name: "time of another form", events: [][]byte{with("X-Slack-Request-Timestamp", " "+fmt.Sprint(now.Unix())), with("X-Slack-Request-Timestamp", fmt.Sprint(now.Unix())+".0"), with("X-Slack-Request-Timestamp", "now")}, status: 401},
		{name: "oversized", events: [][]byte{signedBy(slacktest.SigningSecret, now, slacktest.Command(strings.Repeat("x", 300<<10)))}, status: 400},
		{name: "not base 64", events: [][]byte{bytes.Replace(urlEvent(t, http.MethodPost, http.Header{}, []byte("%"), false), []byte(`"isBase64Encoded":false`), []byte(`"isBase64Encoded":true`), 1)}, status: 400},
		{name: "ssl_check", events: [][]byte{post(http.Header{}, []byte("ssl_check=1&token=deprecated")), signed(t, []byte("token=x&ssl_check=1"))}, status: 200},
		{name: "forged", events: [][]byte{signedBy("guessed", now, show), signedBy("", now, show), with("X-Slack-Signature", "v0="+strings.Repeat("0", 64))}, status: 401, want: calls{secret: 1}},

		// What Slack has signed, and nobody may ask.
		{name: "none of its commands", events: [][]byte{signed(t, []byte("payload={"))}, status: 400, want: calls{secret: 1}},
		{name: "another channel", events: [][]byte{signed(t, bytes.Replace(show, []byte(slacktest.Channel), []byte("C0OTHER001"), 1))}, status: 200, says: "You may not ask slowdigest in this channel.", want: calls{secret: 1}},
		{name: "another user", env: map[string]string{"SLOWDIGEST_ASK_USERS": "U0ANOTHER"}, events: [][]byte{signed(t, show)}, status: 200, says: "You may not ask slowdigest in this channel.", want: calls{secret: 1}},

		// People's mistakes. They cost the claim, and nothing else.
		{name: "foreign instance", events: [][]byte{command("payroll")}, status: 200, says: `No instance of this channel is called "payroll"; there is mysql-9-7, mysql-9-7-extra.`, want: mistake(calls{})},
		{name: "pattern of foreign instances", events: [][]byte{command("pay* last 1h")}, status: 200, says: `is called "pay*"`, want: mistake(calls{})},
		{name: "mistyped instance", events: [][]byte{command("mysq-9-7")}, status: 200, says: `"mysq-9-7"; the nearest: mysql-9-7.`, want: mistake(calls{})},
		{name: "mistyped word", events: [][]byte{command("mysql-9-7 lats 15m")}, status: 200, says: `"lats"; the nearest: last.`, want: mistake(calls{})},
		{name: "mistyped command", events: [][]byte{command("mtue " + id)}, status: 200, says: `the nearest: mute`, want: mistake(calls{})},
		{name: "mistyped time", events: [][]byte{command("mysql-9-7 last 15min")}, status: 200, says: "The time after `last` must be", want: mistake(calls{})},
		{name: "no time", events: [][]byte{command("mysql-9-7 last")}, status: 200, says: "After `last` there is no time", want: mistake(calls{})},
		{name: "many names", events: [][]byte{command(strings.Join(many, " "))}, status: 200, says: "21 instances are named, and 20 are the most", want: mistake(calls{})},
		{name: "help", events: [][]byte{command("help")}, status: 200, says: "/slowdigest mute ID", want: mistake(calls{})},
		{name: "mute for long", events: [][]byte{command("mute " + id + " 2161h")}, status: 200, says: "muted for 1h to 90d", want: mistake(calls{})},
		{name: "mute what nobody knows", events: [][]byte{command("mute 0123456789ABCDEF")}, status: 200, says: "not remembered", want: mistake(calls{})},
		{name: "mute for a secret reason", events: [][]byte{command("mute " + id + " ask jane.doe@example.com")}, status: 200, says: "The reason may hold an e-mail address", want: mistake(calls{})},

		// What is done. The first task reads what is asked; its copies see that it is done.
		{name: "good", events: [][]byte{command("mysql-9-7 last 15m")}, status: 200, says: "Reading the last 15m00s of mysql-9-7. The answer comes in this channel.", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2 + 1, rds: 3, slack: 1, posted: 1}, inChannel: "asked for by dba"},
		{name: "replayed in other spellings", events: respelled(t, show), status: 200, says: "Reading the last 15m00s", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 6 + 1 + 2 + 2 + 1, rds: 3, slack: 1, posted: 1}, inChannel: "asked for by dba"},
		{name: "pattern within the channel", events: [][]byte{command("*-extra last 15m")}, status: 200, says: "of *-extra", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2 + 1, rds: 3, slack: 1, posted: 1}, inChannel: "mysql-9-7-extra"},
		{name: "mute", events: [][]byte{command("mute " + id + " for 3d nightly")}, status: 200, says: "Done.", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2, slack: 1, posted: 1}, inChannel: "dba muted query " + id[16:]},

		{name: "cluster of which one is configured", env: map[string]string{"SLOWDIGEST_INSTANCES": "mysql-9-7,public-1"}, events: [][]byte{command("cluster:people last 15m")}, status: 200, says: "of cluster:people", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2 + 1, rds: 4, slack: 1, posted: 1}, inChannel: "public-1: 1 slow query"},
		{name: "cluster of which none is configured", events: [][]byte{command("cluster:people last 15m")}, status: 200, says: "of cluster:people", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2, rds: 1, slack: 1, told: 1}, toPerson: `"cluster:people"; there is mysql-9-7, mysql-9-7-extra.`},

		// A fleet is known to RDS only, so that the task finds the mistake.
		{name: "foreign instance of a fleet", env: fleet, events: [][]byte{command("payroll")}, status: 200, says: "Reading the last", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2, rds: 1, slack: 1, told: 1}, toPerson: `is called "payroll"; there is mysql-9-7.`},
		{name: "instance of another channel's digest", env: fleet, events: [][]byte{command("mysql-9-7-extra")}, status: 200, says: "Reading the last", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2, rds: 1, slack: 1, told: 1}, toPerson: `"mysql-9-7-extra"; there is mysql-9-7.`},
		{name: "a name of no form in a fleet", env: fleet, events: [][]byte{command("mysql-9-7 lst 15m")}, status: 200, says: "A time comes after `last`: last 15m.", want: mistake(calls{})},
		{name: "good in a fleet", env: fleet, events: [][]byte{command("mysql-* last 15m")}, status: 200, says: "Reading the last", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2 + 1, rds: 4, slack: 1, posted: 1}, inChannel: "asked for by dba"},
		{name: "in another channel of a fleet", env: fleet, events: [][]byte{signed(t, bytes.Replace(slacktest.Command("last 15m"), []byte(slacktest.Channel), []byte("C0PEOPLE01"), 1))}, status: 200, says: "all instances of this channel", tasks: 1,
			want: calls{secret: 1, token: 1, s3: 4 + 1 + 2 + 2 + 1, rds: 4, slack: 1, posted: 1}, inChannel: "mysql-9-7-extra"},
	} {
		t.Run(c.name, func(t *testing.T) { // not later: what is signed is good for five minutes
			f := newFunction(t, c.env)
			f.start(t)
			events := c.events
			if len(events) == 1 {
				events = slices.Repeat(events, 3)
			}
			for i, event := range events {
				status, text := f.send(t, event)
				if status != c.status || i == 0 && !strings.Contains(text, c.says) || i > 0 && text != "" && c.want.s3 > 0 {
					t.Errorf("delivery %d: %d %q, want %d and %q", i+1, status, text, c.status, c.says)
				}
			}
			tasks := f.work(t, 3)
			if got := f.counts(); got != c.want || tasks != c.tasks {
				t.Errorf("%d tasks, %+v\nwant %d, %+v", tasks, got, c.tasks, c.want)
			}
			for _, m := range f.slack.Messages() {
				if !strings.Contains(m.Text+string(m.Blocks), c.inChannel) || c.inChannel == "" || strings.Contains(string(m.Blocks), "salary") || strings.Contains(m.Text, "salary") {
					t.Errorf("posted %s %s", m.Text, m.Blocks)
				}
			}
			for _, m := range f.slack.Ephemeral() {
				if !strings.Contains(m.ShownText(), c.toPerson) {
					t.Errorf("told %s, want %s", m.ShownText(), c.toPerson)
				}
			}
			log := f.logged(t, len(events))
			for _, secret := range []string{slacktest.SigningSecret, slacktest.Token, "jane.doe"} {
				if strings.Contains(log, secret) {
					t.Errorf("%s is in the log", secret)
				}
			}
			if strings.Contains(log, `"level":"ERROR"`) || t.Failed() {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// Two processes that have copies of a request at the same time, and then of its task, give
// one answer.
func TestCopiesInTwoProcesses(t *testing.T) {
	t.Parallel()
	first := newFunction(t, nil)
	first.start(t)
	second := &function{world: first.world, runtime: newRuntimeAPI(t)}
	env := maps.Clone(first.env)
	env["AWS_LAMBDA_RUNTIME_API"] = strings.TrimPrefix(second.runtime.server.URL, "http://")
	startBootstrap(t, env)
	const requests = 5
	both := func(event []byte) (answers int) {
		var outcomes [2]outcome
		var wg sync.WaitGroup
		for i, f := range []*function{first, second} {
			wg.Go(func() { outcomes[i] = f.runtime.invoke(t, event) })
		}
		wg.Wait()
		for _, o := range outcomes {
			if o.failed {
				t.Errorf("%s", o.body)
			}
			if strings.Contains(string(o.body), "Reading the last") {
				answers++
			}
		}
		return answers
	}
	for i := range requests {
		command := slacktest.Command(fmt.Sprintf("mysql-9-7 last %dm", 15+i))
		if n := both(signed(t, command)); n != 1 || len(first.invoked) != 1 {
			t.Fatalf("%d answers, %d tasks", n, len(first.invoked))
		}
		both(<-first.invoked)
	}
	if n := len(first.slack.Messages()); n != requests {
		t.Errorf("%d messages for %d requests", n, requests)
	}
}

// Slack has its answer within three seconds whatever hangs, and it says nothing of what an
// SDK says. The invocation has not failed.
func TestEntranceAnswersInTime(t *testing.T) {
	t.Parallel()
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(hanging.Close)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::123456789012:assumed-role/x is not authorized</Message></Error>`)
	}))
	t.Cleanup(refusing.Close)
	for _, c := range []struct {
		name, service, url string
		command            string
		status             int
		says               string
	}{
		{"SSM hangs", "SSM", hanging.URL, "last 15m", 503, ""},
		{"S3 hangs", "S3", hanging.URL, "last 15m", 200, "It is not certain whether that was done: it took too long. Ask again in a minute."},
		{"Lambda hangs", "LAMBDA", hanging.URL, "last 15m", 200, "That could not be begun: it took too long. Ask again in a minute."},
		{"Lambda hangs after a mute", "LAMBDA", hanging.URL, "mute 0123456789ABCDEF0123456789ABCDEF", 200, "Done, but the channel could not be told: it took too long. Ask again in a minute."},
		{"SSM refuses", "SSM", refusing.URL, "last 15m", 503, ""},
		{"S3 refuses", "S3", refusing.URL, "last 15m", 200, "It is not certain whether that was done. Ask again in a minute; the log of the function says why."},
		{"Lambda refuses", "LAMBDA", refusing.URL, "last 15m", 200, "That could not be begun. Ask again in a minute; the log of the function says why."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFunction(t, map[string]string{"AWS_ENDPOINT_URL_" + c.service: c.url})
			f.start(t)
			stranger := slacktest.Command("last 15m")
			f.send(t, urlEvent(t, http.MethodPost, http.Header{}, stranger, true)) // the process has started
			began := time.Now()
			status, text := f.send(t, signed(t, slacktest.Command(c.command)))
			if took := time.Since(began); status != c.status || text != c.says || took > 2900*time.Millisecond || f.failed > 0 {
				t.Errorf("after %s: %d %q, %d failed; want %d %q", took, status, text, f.failed, c.status, c.says)
			}
			if log := f.logged(t, 2); !strings.Contains(log, `"level":"ERROR"`) {
				t.Errorf("the log has no error: %s", log)
			}
		})
	}
}

// While Slack itself says 429 it gets its 200 for a mute, and the channel its line later.
func TestMuteWhileSlackIsBusy(t *testing.T) {
	t.Parallel()
	f := newFunction(t, nil)
	f.start(t)
	f.slack.Fail(slacktest.Fault{Method: "chat.postMessage", RetryAfter: 4})
	began := time.Now()
	status, text := f.send(t, signed(t, slacktest.Command("mute 0123456789ABCDEF0123456789ABCDEF")))
	if took := time.Since(began); status != 200 || text != "Done." || took > 2900*time.Millisecond {
		t.Errorf("after %s: %d %q", took, status, text)
	}
	f.work(t, 1)
	if took, got := time.Since(began), f.counts(); got.posted != 1 || got.failed > 0 || took < 4*time.Second {
		t.Errorf("after %s: %+v", took, got)
	}
}

// A task whose answer did not reach the channel is done by Lambda's retry, and one whose
// answer may have, is not done again.
func TestTaskIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		fault  slacktest.Fault
		posted int
		failed int
	}{
		{"refused", slacktest.Fault{Method: "chat.postMessage", Code: "not_in_channel"}, 1, 1},
		{"posted without an answer", slacktest.Fault{Method: "chat.postMessage", CutAfter: true}, 1, 0},
		{"perhaps posted", slacktest.Fault{Method: "chat.postMessage", Code: "internal_error"}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFunction(t, nil)
			f.start(t)
			f.slack.Fail(c.fault)
			f.send(t, signed(t, slacktest.Command("mysql-9-7 last 15m")))
			f.work(t, 3)
			if got := f.counts(); got.posted != c.posted || got.failed != c.failed {
				t.Errorf("%+v\n%s", got, f.output())
			}
		})
	}
}

// An answer that says that nothing could be read is given once, and is no failed invocation;
// the log says why, and the channel not in the words of an SDK.
func TestAnswerWithoutLogs(t *testing.T) {
	t.Parallel()
	f := newFunction(t, map[string]string{"SLOWDIGEST_INSTANCES": "mysql-9-7,nowhere-1"})
	f.start(t)
	f.send(t, signed(t, slacktest.Command("nowhere-1 last 15m")))
	f.work(t, 3)
	got := f.counts()
	if got.posted != 1 || got.failed > 0 {
		t.Errorf("%+v\n%s", got, f.output())
	}
	for _, m := range f.slack.Messages() {
		if text := m.ShownText() + m.Shown(); !strings.Contains(text, "NO DATA") || strings.Contains(text, "operation error") || strings.Contains(text, "RequestID") || !strings.Contains(text, "no DB instance of that name") {
			t.Errorf("posted: %s", text)
		}
	}
	if log := f.waitFor(t, "answered in Slack, not from all logs", 1); !strings.Contains(log, "operation error RDS") {
		t.Errorf("log: %s", log)
	}
}

// What is wrong with the configuration is no failed invocation of whoever calls the URL; it
// is an error in the log for what may be from Slack.
func TestEntranceOfAWrongConfiguration(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"a value": {"SLOWDIGEST_LIMIT": "x"}, "no state": {"SLOWDIGEST_STATE": ""}, "no bucket": {"SLOWDIGEST_STATE": "s3://"}, "no secret": {"SLACK_SIGNING_SECRET_PARAMETER": ""},
		"a name": {"SLOWDIGEST_CHANNEL": "#slow-queries"}, "no channel": {"SLOWDIGEST_CHANNEL": ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFunction(t, env)
			f.start(t)
			f.send(t, urlEvent(t, http.MethodGet, http.Header{}, nil, false))
			if status, text := f.send(t, signed(t, slacktest.Command("last 15m"))); status != 503 || text != "" {
				t.Errorf("%d %s", status, text)
			}
			if got := f.counts(); got != (calls{}) {
				t.Errorf("%+v\n%s", got, f.output())
			}
			f.waitFor(t, `"level":"ERROR"`, 1)
		})
	}
}

// Twenty requests of strangers cost one call of SSM, and none while that fails.
func TestStrangersCostNothing(t *testing.T) {
	t.Parallel()
	f := newFunction(t, nil)
	f.ssm.refuse = `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	f.start(t)
	forged := slacktest.Command("last 15m")
	for i := range 20 {
		event := urlEvent(t, http.MethodPost, slacktest.Sign(forged, fmt.Sprint("guess ", i), time.Now()), forged, true)
		if status, text := f.send(t, event); status != 503 || text != "" {
			t.Errorf("%d %s", status, text)
		}
	}
	if got := f.counts(); got.failed > 0 || got.secret > 3 || got.token+got.s3+got.rds+got.slack > 0 { // the SDK tries a call three times
		t.Errorf("while SSM fails: %+v", got)
	}
	f = newFunction(t, nil)
	f.start(t)
	for i := range 20 {
		event := urlEvent(t, http.MethodPost, slacktest.Sign(forged, fmt.Sprint("guess ", i), time.Now()), forged, true)
		if status, text := f.send(t, event); status != 401 || text != "" {
			t.Errorf("%d %s", status, text)
		}
	}
	if got := f.counts(); got != (calls{secret: 1}) {
		t.Errorf("%+v", got)
	}
	var line struct{ Level string }
	unmarshal(t, []byte(strings.SplitN(f.logged(t, 20), "\n", 2)[0]), &line)
	if line.Level != "INFO" {
		t.Errorf("the log of a stranger's request: %s", f.output())
	}
}

// Whatever strangers send, in whatever headers, queries and bodies, is answered with a
// status, and nothing is called for it.
func TestJunkAtTheURL(t *testing.T) {
	t.Parallel()
	f := newFunction(t, nil)
	f.start(t)
	junk := []string{"", " ", "\x00\xff", "v0=", "v0=" + strings.Repeat("g", 64), strings.Repeat("9", 20), "-1", "1e9", "ssl_check=2", "payload=%7B%7D", "command=%2Fslowdigest&text=last",
		`{"asked":{"request":"1","state":"C1","channel":"C1","user":"U1","text":"x"}}`, `{"last":"15m","dry_run":true}`, `{"time":"2026-11-23T10:05:00Z"}`, `{"Records":[{"eventSource":"aws:sqs"}]}`, strings.Repeat("a=b&", 60_000)}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func() string { return junk[random.IntN(len(junk))] }
	names := []string{"x-slack-signature", "X-SLACK-SIGNATURE", "x-slack-request-timestamp", "x-slack-retry-num", "authorization", "content-type", "x-amz-target"}
	paths := []string{"/", "", "/slack", "/..;/", "/%2e%2e", "//", "/asked", pick()}
	for range 300 {
		headers := map[string]string{}
		for range random.IntN(5) {
			headers[names[random.IntN(len(names))]] = pick()
		}
		if random.IntN(2) == 0 { // of today
			headers["x-slack-request-timestamp"] = fmt.Sprint(time.Now().Unix())
		}
		event, err := json.Marshal(map[string]any{
			"version": "2.0", "rawPath": paths[random.IntN(len(paths))], "rawQueryString": pick(), "queryStringParameters": map[string]string{"ssl_check": pick(), "text": pick()},
			"headers": headers, "body": pick(), "isBase64Encoded": random.IntN(2) == 0, "cookies": []string{pick()},
			"requestContext": map[string]any{"http": map[string]any{"method": []string{"GET", "POST", "POST", "PUT", "OPTIONS", "DELETE", "TRACE"}[random.IntN(7)], "sourceIp": "192.0.2.1", "userAgent": pick()}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if status, text := f.send(t, event); !slices.Contains([]int{400, 401, 405}, status) || text != "" {
			t.Errorf("%.300s: %d %q", event, status, text)
		}
	}
	if got := f.counts(); got != (calls{}) || len(f.invoked) > 0 {
		t.Errorf("%+v, %d tasks", got, len(f.invoked))
	}
}
