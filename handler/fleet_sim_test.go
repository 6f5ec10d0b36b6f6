package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/sqstest"
	"slowdigest/handler/state"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// What the fleetSim takes for granted. A portion of 1 MB in two seconds is in
// the middle of what has been observed of RDS.
const (
	simInstances = 1000
	simChannels  = 100
	simPortion   = 2 * time.Second
	simList      = 150 * time.Millisecond // any other call of RDS
	simSlack     = 200 * time.Millisecond
	simSQS       = 20 * time.Millisecond
	simS3        = 50 * time.Millisecond
	simTimeout   = 15 * time.Minute // of the function
)

// fleetSim is a fleet and all of AWS and Slack around it, in simulated time.
type fleetSim struct {
	t      *testing.T
	random *rand.Rand // guarded by mu
	mu     sync.Mutex
	rds    *rdstest.Server
	sqs    *sqstest.Server
	slack  *slacktest.Server
	store  *memoryStore
	queued bool
	crash  float64 // how likely a lambdaRun dies at one of its first calls
	end    chan struct{}
	dead   sync.WaitGroup

	invocations, crashes atomic.Int64
	billed               atomic.Int64 // nanoseconds
	calls, throttled     atomic.Int64
	loads, saves         atomic.Int64 // of S3
	began                time.Time
	finished             time.Duration
}

// newFleetSim makes instances that have all written a little in the hour of
// window. It is called outside the bubble, for its servers have goroutines.
func newFleetSim(t *testing.T, seed uint64, perSecond int) *fleetSim {
	s := &fleetSim{t: t, random: rand.New(rand.NewPCG(seed, 7)), rds: rdstest.NewServer(), sqs: sqstest.New(), slack: slacktest.New(), queued: true}
	t.Cleanup(s.rds.Close)
	t.Cleanup(s.sqs.Close)
	t.Cleanup(s.slack.Close)
	s.rds.CallsPerSecond, s.rds.Latency = perSecond, simPortion
	s.sqs.Visibility, s.sqs.MaxReceives = simTimeout+time.Minute, 20
	for i := range simChannels {
		s.slack.Channels[fmt.Sprintf("C0TEAM%04d", i)] = slacktest.ChannelState{Name: fmt.Sprintf("team-%02d", i), Member: true}
	}
	for i := range simInstances {
		db := s.rds.AddInstance(fmt.Sprintf("db-%04d", i))
		db.Tags = map[string]string{"slowdigest": "on", "slowdigest:channel": fmt.Sprintf("C0TEAM%04d", i%simChannels)}
		db.Write("slowquery/mysql-slowquery.log.2026-11-23.10", []byte(rdstest.Banner+
			entry(ten.Add(-30*time.Minute), fmt.Sprintf("select a from t%s where id = 1", strings.Repeat("x", 1+i%7)))+
			entry(ten.Add(-20*time.Minute), "select b from t where id = 1")), ten)
		db.Write("slowquery/mysql-slowquery.log", []byte(rdstest.Banner), ten)
	}
	return s
}

// lambdaRun is one run of the function. When it dies, none of its calls comes
// back, and none is answered any more.
type lambdaRun struct {
	sim  *fleetSim
	left atomic.Int64 // calls before it dies
	late bool         // it dies after that call has been served
	died chan struct{}
}

var errDead = errors.New("the process is dead")

// call makes one call, unless the lambdaRun is dead.
func (i *lambdaRun) call(takes time.Duration, do func()) error {
	left := i.left.Add(-1)
	if left == 0 && i.late {
		do()
	}
	if left == 0 {
		close(i.died)
	}
	if left <= 0 {
		<-i.sim.end
		return errDead
	}
	time.Sleep(takes)
	do()
	return nil
}

// client serves requests without a network, so that all waiting is known to the
// fleetSim's clock.
func (i *lambdaRun) client(to http.Handler) *http.Client {
	return &http.Client{Transport: sendTo(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		takes := simSlack
		switch to {
		case i.sim.sqs:
			takes = simSQS
		case i.sim.rds:
			takes = simList
		}
		if err := i.call(takes, func() { to.ServeHTTP(w, r) }); err != nil {
			return nil, err
		}
		return w.Result(), nil
	})}
}

type sendTo func(*http.Request) (*http.Response, error)

func (f sendTo) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// memoryStore keeps objects as S3 does.
type memoryStore struct {
	mu      sync.Mutex
	objects map[string][]byte
	tags    map[string]int
}

// storeOf is the store as a lambdaRun sees it.
type storeOf struct{ *lambdaRun }

func (s storeOf) Load(_ context.Context, key string) (data []byte, tag string, err error) {
	m := s.sim.store
	err = errors.Join(s.call(simS3, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		s.sim.loads.Add(1)
		if n := m.tags[key]; n > 0 {
			data, tag = m.objects[key], strconv.Itoa(n)
		}
	}), err)
	return data, tag, err
}

func (s storeOf) Save(_ context.Context, key string, data []byte, tag string) (newTag string, err error) {
	m := s.sim.store
	var conflict error
	err = s.call(simS3, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		s.sim.saves.Add(1)
		if n := m.tags[key]; n > 0 && tag != strconv.Itoa(n) || n == 0 && tag != "" {
			conflict = state.ErrConflict
			return
		}
		m.tags[key]++
		m.objects[key], newTag = append([]byte(nil), data...), strconv.Itoa(m.tags[key])
	})
	return newTag, errors.Join(err, conflict)
}

// invoke runs the function as Lambda does. It returns nothing where it has died.
func (s *fleetSim) invoke(event []byte) (answer []byte, err error) {
	i := &lambdaRun{sim: s, died: make(chan struct{})}
	i.left.Store(1 << 40)
	s.mu.Lock()
	if i.late = s.random.IntN(2) == 0; s.random.Float64() < s.crash {
		i.left.Store(1 + s.random.Int64N(70))
	}
	s.mu.Unlock()
	n := s.invocations.Add(1)
	ctx, cancel := context.WithTimeout(context.Background(), simTimeout)
	began := time.Now()
	done := make(chan struct{})
	s.dead.Go(func() {
		defer close(done)
		defer cancel()
		var result any
		if result, err = s.function(i, fmt.Sprint("request-", n)).HandleEvent(ctx, event); err == nil {
			answer, err = json.Marshal(result)
		}
	})
	select {
	case <-done:
	case <-i.died:
		s.crashes.Add(1)
		answer, err = nil, errDead
	}
	s.billed.Add(int64(time.Since(began)))
	return answer, err
}

// function is set up by a lambdaRun.
func (s *fleetSim) function(i *lambdaRun, request string) *handler.Fleet {
	cfg := s.rds.Config()
	cfg.HTTPClient, cfg.Retryer = i.client(s.rds), newAdaptive
	from := source.NewRDS(cfg, source.Options{})
	f := &handler.Fleet{
		Now:      time.Now,
		Defaults: handler.Route{Limit: digest.DefaultLimit, OrderBy: digest.OrderBySum},
		Discover: func(ctx context.Context) ([]source.Instance, error) { return from.Discover(ctx, nil, "slowdigest=on") },
		Handler: func(_ context.Context, channel string) (*handler.Handler, error) {
			return &handler.Handler{
				Source: from, Store: storeOf{i}, Channel: channel, Now: time.Now, Owner: request,
				Notifier: slack.New(slacktest.Token, channel, slack.Options{HTTPClient: i.client(s.slack), APIURL: s.slack.URL()}),
			}, nil
		},
		Done: func(_ context.Context, o handler.Outcome) {
			s.throttled.Add(from.Calls().Throttled)
			if o.Err != nil && !errors.Is(o.Err, errDead) && s.crash == 0 {
				s.t.Errorf("%s: %v", o.Job.Channel, o.Err)
			}
			if r := o.Report; r != nil && o.Err == nil && !r.Coverage.Complete {
				s.t.Errorf("%s: not complete: %q", o.Job.Channel, r.Coverage.Notes)
			}
		},
	}
	if s.queued {
		cfg := s.sqs.Config()
		cfg.HTTPClient = i.client(s.sqs)
		f.Queue = handler.NewSQS(cfg, s.sqs.QueueURL())
	}
	return f
}

// adaptive is the SDK's adaptive retryer, as source uses it. The SDK's own wait
// for a token may be of 0 ns, with which simulated time would stand still.
type adaptive struct{ aws.RetryerV2 }

func newAdaptive() aws.Retryer {
	return retry.AddWithMaxAttempts(adaptive{retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) { o.FailOnNoAttemptTokens = true })}, 8)
}

func (a adaptive) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	for {
		if release, err := a.RetryerV2.GetAttemptToken(ctx); err == nil || ctx.Err() != nil {
			return release, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// hour lets the schedule start the function, which it does so many times, and
// the workers take the messages until there is none left.
func (s *fleetSim) hour(starts, workers int) {
	s.end, s.store = make(chan struct{}), &memoryStore{objects: map[string][]byte{}, tags: map[string]int{}}
	time.Sleep(time.Until(ten.Add(5 * time.Minute)))
	s.began = time.Now()
	event := []byte(`{"source":"aws.events","detail-type":"Scheduled Event","time":"2026-11-23T10:05:00Z"}`)
	var all sync.WaitGroup
	var started atomic.Int64
	for range starts {
		all.Go(func() {
			for try := range 3 { // Lambda's own
				if _, err := s.invoke(event); err == nil {
					break
				}
				time.Sleep(time.Duration(try+1) * time.Minute)
			}
			started.Add(1)
		})
	}
	for range workers {
		all.Go(func() {
			for started.Load() < int64(starts) || s.sqs.Waiting() > 0 {
				event := s.sqs.Receive(1)
				if event == nil {
					time.Sleep(time.Second)
					continue
				}
				answer, err := s.invoke(event)
				s.sqs.Finish(event, answer, err)
			}
		})
	}
	all.Wait()
	s.finished = time.Since(s.began)
	s.calls.Store(int64(len(s.rds.Calls())))
	close(s.end)
	s.dead.Wait()
}

// check sees that every channel has one digest, of all its instances.
func (s *fleetSim) check() {
	digests := map[string]int{}
	for _, m := range s.slack.Messages() {
		if m.ThreadTS == "" {
			digests[m.Channel]++
		}
	}
	for channel := range s.slack.Channels {
		if n := digests[channel]; n != 1 && channel != slacktest.Channel {
			s.t.Errorf("%d digests in %s", n, channel)
		}
	}
	if dead := s.sqs.Dead(); len(dead) > 0 {
		s.t.Errorf("%d dead letters: %.200s", len(dead), dead)
	}
}

// TestFleet runs an hour of 1,000 instances in 100 channels in simulated time,
// and prints what it takes. The table at Fleet is that.
func TestFleet(t *testing.T) {
	number := seed(t)
	var table strings.Builder
	fmt.Fprintf(&table, "%-8s %-9s %-18s %12s %10s %10s %12s %8s %12s\n", "workers", "calls/s", "disturbed by", "finished in", "RDS calls", "throttled", "invocations", "crashes", "$/instance")
	for _, tt := range []struct {
		workers, perSecond int
		disturbed          bool
	}{
		{5, 0, false}, {10, 20, false}, {5, 10, false}, {10, 20, true},
	} {
		s := newFleetSim(t, number, tt.perSecond)
		starts, by := 1, "nothing"
		if tt.disturbed {
			// Two events of the schedule, batches that are sent twice, in part or
			// not at all, and three of ten invocations that die at any call.
			starts, by, s.crash = 2, "everything", 0.3
			s.sqs.Inject(sqstest.Fault{Twice: true}, sqstest.Fault{Lost: true}, sqstest.Fault{Busy: 3}, sqstest.Fault{Error: true}, sqstest.Fault{Twice: true})
		}
		synctest.Test(t, func(*testing.T) { s.hour(starts, tt.workers) })
		s.check()
		limit := "no limit"
		if tt.perSecond > 0 {
			limit = strconv.Itoa(tt.perSecond)
		}
		fmt.Fprintf(&table, "%-8d %-9s %-18s %12s %10d %10d %12d %8d %12.4f\n", tt.workers, limit, by, s.finished.Round(time.Second),
			s.calls.Load(), s.throttled.Load(), s.invocations.Load(), s.crashes.Load(), s.cost())
		if t.Failed() {
			t.Fatalf("seed %d, %d workers\n%s", number, tt.workers, table.String())
		}
	}
	t.Logf("seed %d\n%s", number, table.String())
}

// cost returns what an instance costs in a month of such hours, in US dollars.
func (s *fleetSim) cost() float64 {
	const (
		hours      = 730
		gigabytes  = 0.25         // the function's memory
		compute    = 0.0000133334 // a GB-second, on arm64
		request    = 0.20 / 1e6
		message    = 0.40 / 1e6
		read       = 0.0004 / 1000 // S3
		write      = 0.005 / 1000
		logs       = 0.50 // a GB
		lineBytes  = 3000 // of log for each invocation: our line, and Lambda's three
		perMetric  = 0.30
		ourMetrics = 10
		pollers    = 5 // with which Lambda asks the queue every 20 s, also when there is nothing
	)
	runs := float64(s.invocations.Load())
	hour := time.Duration(s.billed.Load()).Seconds()*gigabytes*compute + runs*request + // Lambda
		(3*runs+pollers*3600/20)*message + // sent, received, deleted
		float64(s.loads.Load())*read + float64(s.saves.Load())*write +
		runs*lineBytes/1e9*logs
	return (hours*hour + ourMetrics*perMetric) / simInstances
}
