package ask_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slowdigest/handler/ask"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// stores are those that keep what is remembered.
func stores(t *testing.T) map[string]state.Store {
	return map[string]state.Store{
		"files": state.FileStore{Dir: t.TempDir()},
		"S3":    state.NewS3Store(s3test.New(t, nil), s3test.Bucket, "prod"),
	}
}

// Of copies of a request that come at the same time, however they are spelled, one is
// answered and done, and of copies of its task one says something.
func TestCopiesAtOnce(t *testing.T) {
	const copies = 16
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			a := newAsking(t)
			a.Store = store
			a.Now = time.Now
			var started, said atomic.Int32
			var task *ask.Task
			a.Start = func(_ context.Context, event []byte) (err error) {
				started.Add(1)
				task, err = ask.ReadTask(event)
				return err
			}
			e := a.event(slacktest.Command("mute " + classID))
			var answered atomic.Int32
			atOnce(copies, func(i int) {
				copied := e
				copied.Headers = map[string]string{}
				for name, value := range e.Headers {
					if strings.Contains(name, "signature") {
						value = "v0=" + strings.ToUpper(value[3:3+4*i]) + value[3+4*i:]
					}
					copied.Headers[name] = value
				}
				status, text, err := a.send(t.Context(), copied)
				switch {
				case status != http.StatusOK:
					t.Errorf("%d, %v", status, err)
				case text != "":
					answered.Add(1)
				case !errors.Is(err, state.ErrReplayed):
					t.Error(err)
				}
			})
			if answered.Load() != 1 || started.Load() != 1 {
				t.Fatalf("%d answers, %d tasks", answered.Load(), started.Load())
			}
			atOnce(copies, func(int) {
				once := &ask.Once{Store: store, Task: task, Now: time.Now}
				if err := once.Do(t.Context(), func() error { said.Add(1); return nil }); err != nil {
					t.Error(err)
				}
			})
			if said.Load() != 1 {
				t.Errorf("said %d times", said.Load())
			}
			if answered, err := (&ask.Once{Store: store, Task: task}).Answered(t.Context()); !answered || err != nil {
				t.Errorf("answered: %v, %v", answered, err)
			}
		})
	}
}

func atOnce(n int, do func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			do(i)
		})
	}
	close(begin)
	wg.Wait()
}

// What certainly reached nobody may be said again; what may have, not.
func TestOnceGivesBack(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		again bool
	}{
		{"said", nil, false},
		{"refused", &notifier.DeliveryError{Posted: notifier.NotPosted, Err: errors.New("x")}, true},
		{"perhaps said", &notifier.DeliveryError{Posted: notifier.MaybePosted, Err: errors.New("x")}, false},
		{"said in part", &notifier.DeliveryError{Posted: notifier.IsPosted, Err: errors.New("x")}, false},
		{"of an unknown error", errors.New("x"), false},
	} {
		store := state.FileStore{Dir: t.TempDir()}
		once := &ask.Once{Store: store, Task: &ask.Task{Request: "1", State: "C1"}, Now: time.Now}
		if err := once.Do(t.Context(), func() error { return c.err }); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		said := false
		if err := once.Do(t.Context(), func() error { said = true; return nil }); err != nil || said != c.again {
			t.Errorf("%s: said again: %v, %v", c.name, said, err)
		}
	}
}

// Events that are tasks, that are none, and that are broken.
func TestReadTask(t *testing.T) {
	good := `{"request":"1","state":"C1","channel":"C2","user":"U1","name":"dba","instances":["a"],"since":"2026-11-23T09:00:00Z","until":"2026-11-23T09:15:00Z"}`
	for event, want := range map[string]string{
		`{"asked":` + good + `}`: "task",
		`{"asked":` + strings.Replace(good, `"since":"2026-11-23T09:00:00Z","until":"2026-11-23T09:15:00Z"`, `"text":"x"`, 1) + `}`: "task",
		`{"asked":` + strings.Replace(good, "23T09:00", "22T09:15", 1) + `}`:                                                        "task", // 24 hours
		`{"asked":` + strings.Replace(good, "23T09:00", "22T09:14", 1) + `}`:                                                        "error",
		`{"asked":` + strings.Replace(good, "23T09:00", "23T09:15", 1) + `}`:                                                        "error", // none
		`{"asked":` + strings.Replace(good, `"user":"U1"`, `"user":""`, 1) + `}`:                                                    "error",
		`{"asked":` + strings.Replace(good, `"name"`, `"nom"`, 1) + `}`:                                                             "error",
		`{"asked":{}}`:   "error",
		`{"last":"15m"}`: "none",
		`"text"`:         "none",
	} {
		task, err := ask.ReadTask([]byte(event))
		got := "none"
		if err != nil {
			got = "error"
		} else if task != nil {
			got = "task"
		}
		if got != want {
			t.Errorf("%s: %s, %v", event, got, err)
		}
	}
}

// What cannot be from Slack is answered before anything is asked for; what is asked twice
// by headers, too.
func TestOpen(t *testing.T) {
	a := newAsking(t)
	body := slacktest.Command("last 15m")
	for name, c := range map[string]struct {
		change func(e *events.LambdaFunctionURLRequest)
		status int // 0 is that it may be from Slack
	}{
		"good": {func(*events.LambdaFunctionURLRequest) {}, 0},
		"PUT":  {func(e *events.LambdaFunctionURLRequest) { e.RequestContext.HTTP.Method = "PUT" }, 405},
		"post": {func(e *events.LambdaFunctionURLRequest) { e.RequestContext.HTTP.Method = "post" }, 405},
		"base 64": {func(e *events.LambdaFunctionURLRequest) {
			e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
		}, 0},
		"not base 64": {func(e *events.LambdaFunctionURLRequest) { e.Body, e.IsBase64Encoded = "%", true }, 400},
		"two signatures": {func(e *events.LambdaFunctionURLRequest) {
			e.Headers["X-Slack-Signature"] = e.Headers["x-slack-signature"]
		}, 401},
		"joined": {func(e *events.LambdaFunctionURLRequest) {
			e.Headers["x-slack-signature"] += "," + e.Headers["x-slack-signature"]
		}, 401},
		"two times": {func(e *events.LambdaFunctionURLRequest) {
			e.Headers["X-slack-request-timestamp"] = e.Headers["x-slack-request-timestamp"]
		}, 401},
		"no time":        {func(e *events.LambdaFunctionURLRequest) { delete(e.Headers, "x-slack-request-timestamp") }, 401},
		"no signature":   {func(e *events.LambdaFunctionURLRequest) { delete(e.Headers, "x-slack-signature") }, 401},
		"long signature": {func(e *events.LambdaFunctionURLRequest) { e.Headers["x-slack-signature"] += "00" }, 401},
		"ssl_check":      {func(e *events.LambdaFunctionURLRequest) { e.Body, e.Headers = "ssl_check=1", nil }, 200},
		"no ssl_check":   {func(e *events.LambdaFunctionURLRequest) { e.Body, e.Headers = "ssl_check=0", nil }, 401},
		"ssl_check as GET": {func(e *events.LambdaFunctionURLRequest) {
			e.QueryStringParameters, e.RequestContext.HTTP.Method = map[string]string{"ssl_check": "1"}, "GET"
		}, 200},
		"ssl_check in the query of a POST": {func(e *events.LambdaFunctionURLRequest) {
			e.QueryStringParameters, e.Headers = map[string]string{"ssl_check": "1"}, nil
		}, 401},
		"a command with ssl_check": {func(e *events.LambdaFunctionURLRequest) {
			*e = a.event([]byte(string(body) + "&ssl_check=1"))
		}, 0},
	} {
		e := a.event(body)
		c.change(&e)
		signed, r, err := ask.Open(e, a.now)
		if (signed != nil) != (c.status == 0) || r.StatusCode != c.status || r.Body != "" || err != nil && !ask.Refusal(err) {
			t.Errorf("%s: %v, %+v, %v", name, signed, r, err)
		}
	}
}

// What is asked for twice, as by a second click or by two people, is done once; a little
// later, or where anything differs, it is another.
func TestAskedTwice(t *testing.T) {
	a := newAsking(t)
	a.Start = func(_ context.Context, event []byte) error {
		task, err := ask.ReadTask(event)
		a.tasks = append(a.tasks, task)
		return err
	}
	defer func() {
		if len(a.mutes(slacktest.Channel)) != 1 {
			t.Error("it is not muted")
		}
	}()
	show := slacktest.Press("slowdigest_show", "a,b", "17.1")
	for i, c := range []struct {
		after time.Duration
		body  []byte
		tasks int
	}{
		{time.Second, show, 1}, {time.Second, show, 1}, {43 * time.Second, show, 1}, {time.Second, show, 2}, {44 * time.Second, show, 2},
		{time.Second, slacktest.Press("slowdigest_show", "a,b", "17.2"), 3}, {time.Second, slacktest.Press("slowdigest_show", "a", "17.1"), 4},
		{time.Second, slacktest.Command("a last 15m"), 5}, {time.Second, slacktest.Command("a last 15m"), 5}, {time.Second, slacktest.Command("a last 16m"), 6},
		{time.Second, slacktest.Command("mute " + classID), 7}, {time.Second, slacktest.Command("mute " + classID + " for 7d"), 7}, {time.Second, slacktest.Command("mute " + classID + " for 8d"), 8},
		{time.Second, slacktest.Command("unmute " + classID), 9}, {time.Second, slacktest.Command("unmute " + classID), 9},
		{time.Second, slacktest.Command("mute " + classID + " for 8d"), 10}, {time.Second, slacktest.Command("mute " + classID + " for 8d"), 10},
	} {
		before := len(a.tasks)
		a.now = a.now.Add(c.after)
		status, text, err := a.send(t.Context(), a.event(c.body))
		repeats := len(a.tasks) == before
		if status != 200 || err != nil || len(a.tasks) != c.tasks || repeats != (text == "That was asked for just now. If no answer comes in this channel, or to you alone, ask again in a minute.") {
			t.Errorf("step %d: %d %q, %v, %d tasks", i, status, text, err, len(a.tasks))
		}
	}
}

// Where a name may be wrong, which is told to one person alone, another who asks for the same has an
// answer of their own.
func TestAskedTwiceInAFleet(t *testing.T) {
	a := newAsking(t)
	a.Known = nil
	a.Start = func(_ context.Context, event []byte) error {
		task, err := ask.ReadTask(event)
		a.tasks = append(a.tasks, task)
		return err
	}
	one := slacktest.Command("payrol")
	another := []byte(strings.Replace(string(one), "user_id="+slacktest.User, "user_id=U0ANOTHER1", 1))
	for i, c := range []struct {
		body  []byte
		tasks int
	}{{one, 1}, {one, 1}, {another, 2}, {another, 2}, {slacktest.Command("last 15m"), 3}, {[]byte(strings.Replace(string(slacktest.Command("last 15m")), "user_id="+slacktest.User, "user_id=U0ANOTHER1", 1)), 3}} {
		a.now = a.now.Add(time.Second)
		if status, _, err := a.send(t.Context(), a.event(c.body)); status != 200 || err != nil || len(a.tasks) != c.tasks {
			t.Errorf("step %d: %d, %v, %d tasks, want %d", i, status, err, len(a.tasks), c.tasks)
		}
	}
}

// No error of the state, an SDK or the like is told in Slack.
func TestErrorsAreNotTold(t *testing.T) {
	a := newAsking(t)
	a.Start = func(context.Context, []byte) error {
		return errors.New("operation error Lambda: Invoke, arn:aws:secret")
	}
	for _, command := range []string{"last 15m", "mute " + classID, "unmute " + classID} {
		a.now = a.now.Add(time.Second)
		status, text, err := a.send(t.Context(), a.event(slacktest.Command(command)))
		if status != 200 || strings.Contains(text, "arn:") || !strings.Contains(text, "Ask again in a minute; the log of the function says why.") || err == nil || ask.Refusal(err) {
			t.Errorf("%s: %d %q, %v", command, status, text, err)
		}
	}
	if len(a.mutes(slacktest.Channel)) != 0 {
		t.Error("it was not unmuted")
	}
	a.Store = brokenStore{}
	status, text, err := a.send(t.Context(), a.event(slacktest.Command("help")))
	if status != 200 || strings.Contains(text, "bucket") || err == nil {
		t.Errorf("%d %q, %v", status, text, err)
	}
	a.Proved = func(context.Context, *slack.Signed) (bool, error) { return false, errors.New("operation error SSM") }
	if status, text, err := a.send(t.Context(), a.event(slacktest.Command("help"))); status != 503 || text != "" || err == nil || ask.Refusal(err) {
		t.Errorf("%d %q, %v", status, text, err)
	}
}

type brokenStore struct{}

func (brokenStore) Load(context.Context, string) ([]byte, string, error) {
	return nil, "", errors.New("s3://bucket: operation error S3")
}

func (brokenStore) Save(context.Context, string, []byte, string) (string, error) {
	return "", errors.New("s3://bucket: operation error S3")
}

// A task holds nothing that is secret in the request.
func TestTaskHoldsNoSecret(t *testing.T) {
	a := newAsking(t)
	var event []byte
	a.Start = func(_ context.Context, e []byte) error { event = e; return nil }
	a.in(slacktest.Channel, slacktest.Command("orders-1 last 15m"))
	var held map[string]map[string]any
	if err := json.Unmarshal(event, &held); err != nil || strings.Contains(string(event), "secret") || strings.Contains(string(event), "hooks.slack.com") {
		t.Errorf("%s, %v", event, err)
	}
}

// Whatever comes to the URL is answered, and only what has Slack's form goes on.
func FuzzOpen(f *testing.F) {
	f.Add("POST", "command=/slowdigest", "v0="+strings.Repeat("0", 64), "1795712000", false, "x")
	f.Add("GET", "ssl_check=1", "", "", true, "X-Slack-Signature")
	f.Fuzz(func(t *testing.T, method, body, signature, stamp string, inBase64 bool, name string) {
		e := events.LambdaFunctionURLRequest{Body: body, IsBase64Encoded: inBase64, Headers: map[string]string{
			"x-slack-signature": signature, "x-slack-request-timestamp": stamp, name: signature}}
		e.RequestContext.HTTP.Method = method
		signed, r, err := ask.Open(e, time.Unix(1795712000, 0))
		if (signed != nil) == (r.StatusCode != 0) || r.Body != "" || err != nil && !ask.Refusal(err) {
			t.Errorf("%v, %+v, %v", signed, r, err)
		}
		if signed != nil && (method != http.MethodPost || len(signature) != 67) {
			t.Errorf("%q and %q go on", method, signature)
		}
	})
}

// A task says all that is asked for, and the answer too.
func TestTaskOfARequest(t *testing.T) {
	for command, want := range map[string]struct {
		instances []string
		last      time.Duration
		says      string
	}{
		"last 2h":                  {nil, 2 * time.Hour, "Reading the last 2h00m of all instances of this channel."},
		"Orders-1,orders-2 orders": {[]string{"orders-1", "orders-2", "orders"}, 15 * time.Minute, "Reading the last 15m00s of orders-1, orders-2, orders."},
	} {
		a := newAsking(t)
		a.Start = func(_ context.Context, event []byte) error {
			task, err := ask.ReadTask(event)
			a.tasks = append(a.tasks, task)
			return err
		}
		got := a.in(askChannel, slacktest.Command(command))
		if len(a.tasks) != 1 || !strings.HasPrefix(got, want.says) {
			t.Fatalf("%s: %q, %d tasks", command, got, len(a.tasks))
		}
		task := *a.tasks[0]
		if task.Request == "" || !task.Window().Start.Equal(a.now.Add(-want.last)) || !task.Window().End.Equal(a.now) || !slices.Equal(task.Instances, want.instances) ||
			task.State != slacktest.Channel || task.Channel != askChannel || task.User != slacktest.User || task.Name != "dba" || task.Thread != "" || task.Text != "" {
			t.Errorf("%s: %+v", command, task)
		}
	}
}
