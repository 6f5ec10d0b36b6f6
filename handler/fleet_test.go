package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/sqstest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// newFleet is a fleet of three instances in two channels. What it posts and how
// its digests end is kept.
func newFleet(t *testing.T) (f *handler.Fleet, posted map[string]*digest.Report, outcomes *[]handler.Outcome) {
	rds := rdstest.NewServer()
	t.Cleanup(rds.Close)
	for id, channel := range map[string]string{"orders-1": "", "orders-2": "", "users-1": "people"} {
		db := rds.AddInstance(id)
		db.Tags = map[string]string{"slowdigest:channel": channel, "slowdigest:min-time": "1"}
		db.Write("slowquery/mysql-slowquery.log", []byte(entry(ten.Add(-time.Minute), "select a from "+strings.TrimRight(id, "-12"))), ten)
	}
	posted, outcomes = map[string]*digest.Report{}, new([]handler.Outcome)
	from := source.NewRDS(rds.Config(), source.Options{})
	return &handler.Fleet{
		Now:      time.Now,
		Kept:     100 * 365 * 24 * time.Hour, // the example is as old as it is
		Defaults: handler.Route{Channel: "#dba", Limit: digest.DefaultLimit},
		Discover: func(ctx context.Context) ([]source.Instance, error) { return from.Discover(ctx, []string{"*"}, "") },
		Handler: func(_ context.Context, channel string) (*handler.Handler, error) {
			return &handler.Handler{Source: from, Notifier: notify(func(r *digest.Report) error {
				posted[channel] = r
				if channel == "#broken" {
					return errors.New("channel_not_found")
				}
				return nil
			})}, nil
		},
		Done: func(_ context.Context, o handler.Outcome) { *outcomes = append(*outcomes, o) },
	}, posted, outcomes
}

// An event that is a little early is served when its hour has ended, if the time of the
// run lasts for that, and else refused.
func TestEarlyEventWaitsForTheHour(t *testing.T) {
	const early = 400 * time.Millisecond
	end := time.Now().Truncate(time.Hour).Add(time.Hour)
	for name, c := range map[string]struct {
		time time.Duration // of the run; 0 is without end
		ok   bool
	}{"there is time": {2 * time.Minute, true}, "no end": {0, true}, "no time": {time.Minute + early - 100*time.Millisecond, false}} {
		f, posted, _ := newFleet(t)
		began := time.Now()
		f.Now = func() time.Time { return end.Add(time.Since(began) - early) }
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if c.time > 0 {
			ctx, cancel = context.WithDeadline(ctx, f.Now().Add(c.time))
		}
		_, err := f.HandleEvent(ctx, fmt.Appendf(nil, `{"time":%q}`, end.Format(time.RFC3339)))
		cancel()
		waited := time.Since(began) >= early
		if (err == nil) != c.ok || waited != c.ok || (len(posted) > 0) != c.ok {
			t.Errorf("%s: error %v, waited %v, posted %v", name, err, waited, posted)
		}
		if !c.ok && (err == nil || !strings.Contains(err.Error(), "has not ended") || source.Hint(err) == "") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

type notify func(*digest.Report) error

func (n notify) Notify(_ context.Context, r *digest.Report) error { return n(r) }

func TestFleetWithoutQueue(t *testing.T) {
	f, posted, outcomes := newFleet(t)
	answer, err := f.HandleEvent(t.Context(), json.RawMessage(event))
	d, ok := answer.(*handler.Dispatched)
	if err != nil || !ok || d.Channels != 2 || d.Window != window || len(d.Left)+len(d.Failed)+d.Queued != 0 {
		t.Fatalf("answer %+v, error %v", answer, err)
	}
	if r := posted["#dba"]; r == nil || r.Overall.Calls != 2 || !slices.Equal(r.Instances, []string{"orders-1", "orders-2"}) ||
		r.Classes[0].Instances["orders-2"] != 1 || r.Filter.MinTimes["orders-1"] != 1 {
		t.Errorf("#dba: %+v", r)
	}
	if r := posted["#people"]; r == nil || r.Overall.Calls != 1 || len(*outcomes) != 2 {
		t.Errorf("#people: %+v, outcomes %+v", r, *outcomes)
	}

	// No digest is begun for which there is no time.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	answer, err = f.HandleEvent(ctx, json.RawMessage(event))
	if d, ok := answer.(*handler.Dispatched); !ok || len(d.Left) != 2 || err == nil || !strings.Contains(err.Error(), "#people") {
		t.Errorf("without time: answer %+v, error %v", answer, err)
	}
}

// A digest is begun with a minute left and not with less.
func TestFleetNeedsAMinute(t *testing.T) {
	for short, want := range map[time.Duration]int{0: 0, 1: 2} {
		f, _, _ := newFleet(t)
		deadline := time.Now().Add(time.Hour)
		f.Now = func() time.Time { return deadline.Add(short - time.Minute) }
		ctx, cancel := context.WithDeadline(t.Context(), deadline)
		defer cancel()
		answer, _ := f.HandleEvent(ctx, json.RawMessage(event))
		if d, ok := answer.(*handler.Dispatched); !ok || len(d.Left) != want {
			t.Errorf("%v short of a minute: %+v, want %d left", short, answer, want)
		}
	}
}

func TestFleetOverQueue(t *testing.T) {
	f, posted, outcomes := newFleet(t)
	queue := sqstest.New()
	defer queue.Close()
	f.Queue = handler.NewSQS(queue.Config(), queue.QueueURL())
	answer, err := f.HandleEvent(t.Context(), json.RawMessage(event))
	if d, ok := answer.(*handler.Dispatched); err != nil || !ok || d.Queued != 2 || len(posted) != 0 || queue.Waiting() != 2 {
		t.Fatalf("answer %+v, error %v", answer, err)
	}
	queue.Put(`{"version":1,"channel":"C","instances":["../etc"]}`)
	queue.Put(strings.ReplaceAll(`{"version":1,"window":{"start":"2026-11-23T09:00:00Z","end":"2026-11-23T10:00:00Z"},"channel":"#broken","instances":["users-1"],"limit":"all"}`, " ", ""))
	batch := queue.Receive(10)
	answer, err = f.HandleEvent(t.Context(), batch)
	failures := answer.(events.SQSEventResponse).BatchItemFailures
	if err != nil || len(failures) != 2 || posted["#dba"].Overall.Calls != 2 || posted["#people"].Overall.Calls != 1 {
		t.Fatalf("answer %+v, error %v", answer, err)
	}
	if o := *outcomes; len(o) != 4 || o[2].Message != failures[0].ItemIdentifier || !strings.Contains(o[2].Err.Error(), "read message") || !strings.Contains(o[3].Err.Error(), "channel_not_found") {
		t.Errorf("outcomes %+v", o)
	}
	body, _ := json.Marshal(answer)
	if queue.Finish(batch, body, nil); queue.Waiting() != 2 {
		t.Errorf("%d messages are left, want those that failed", queue.Waiting())
	}

	// All goes well: the list is empty, but there, for without one all would fail.
	queue.Put(strings.Replace(string(mustEncode(t, "#dba")), "\n", "", 1))
	answer, err = f.HandleEvent(t.Context(), queue.Receive(1))
	if body, _ := json.Marshal(answer); err != nil || string(body) != `{"batchItemFailures":[]}` {
		t.Errorf("answer %s, error %v", body, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	queue.Put(string(mustEncode(t, "#dba")))
	answer, _ = f.HandleEvent(ctx, queue.Receive(1))
	if n := len(answer.(events.SQSEventResponse).BatchItemFailures); n != 1 {
		t.Errorf("without time %d failures", n)
	}
	if _, err := f.HandleEvent(t.Context(), json.RawMessage(`{"Records":[{"eventSource":"aws:s3","messageId":"x"}]}`)); err == nil {
		t.Error("an event of S3 was taken")
	}
}

func mustEncode(t *testing.T, channel string) []byte {
	body, err := handler.Job{Window: window, Route: handler.Route{Channel: channel, Instances: []string{"users-1"}, Limit: digest.DefaultLimit}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestQueue(t *testing.T) {
	for _, tt := range []struct {
		name    string
		faults  []sqstest.Fault
		bodies  int
		size    int
		waiting int
		calls   int
		err     string
	}{
		{"batches of ten", nil, 23, 10, 23, 3, ""},
		{"batches of 256 KB", nil, 5, 100 << 10, 5, 3, ""},
		{"some later", []sqstest.Fault{{Busy: 4}, {Busy: 2}}, 10, 10, 10, 3, ""},
		{"some never", []sqstest.Fault{{Refuse: 4}}, 12, 10, 8, 2, "4 not sent"},
		{"busy for good", []sqstest.Fault{{Busy: 1}, {Busy: 1}, {Busy: 1}}, 3, 10, 2, 3, "1 not sent"},
		{"the answer is lost", []sqstest.Fault{{Lost: true}}, 3, 10, 6, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			queue := sqstest.New()
			defer queue.Close()
			queue.Inject(tt.faults...)
			cfg := queue.Config()
			cfg.Retryer = func() aws.Retryer {
				return retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Microsecond)
			}
			var bodies [][]byte
			for i := range tt.bodies {
				bodies = append(bodies, fmt.Appendf(nil, "%0*d", tt.size, i))
			}
			err := handler.NewSQS(cfg, queue.QueueURL()).Send(t.Context(), bodies)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if queue.Waiting() != tt.waiting || len(queue.Calls()) != tt.calls {
				t.Errorf("%d messages in %d calls, want %d in %d", queue.Waiting(), len(queue.Calls()), tt.waiting, tt.calls)
			}
		})
	}
}
