package handler

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/source"
)

// leastTime bounds what a digest is given, the time to post it included. Where
// there is less left none is begun.
const leastTime = time.Minute

// Queue takes the messages of a fleet. A message may be delivered more than once
// and in any order.
type Queue interface {
	Send(ctx context.Context, bodies [][]byte) error
}

// Fleet serves the events of a schedule and of a queue.
//
// A scheduled event is for the last hour of all instances. If they have one
// channel it makes the digest. For more channels it leaves a message for each on
// the queue, and other invocations, the workers, take these. Without a queue it
// makes one digest after the other as long as the time lasts.
//
// SQS and Lambda deliver a message again after a failure, and now and then
// without one. It is the Store of the Handler that keeps each hour from being
// posted twice; where a run has died just when it posted, it has to find the
// message in the channel, for which the channel must be named by its ID.
//
// # What a large fleet takes
//
// An hour of 1,000 instances in 100 channels, as TestFleet simulates it: a call
// of RDS takes 150 ms and a portion of 1 MB two seconds, of which an instance has
// one. "Calls/s" is the rate above which RDS throttles the account; AWS does not
// publish it. "Everything" is that the schedule fires twice, batches of messages
// are sent twice, in part, or only seem not to be sent, and three of ten runs die
// at any call; such a message comes back after 16 minutes.
//
//	workers  calls/s   disturbed by  finished in  RDS calls per hour  throttled  runs  $ per instance and month
//	5        no limit  nothing           5m7s               4210          0       101   0.0084
//	10       20        nothing          4m19s               4874        664       101   0.0107
//	5        10        nothing          8m50s               4991        781       101   0.0110
//	10       20        everything      35m42s               5926        676       266   0.0121
//
// Each channel had its digest once. The costs are for 730 such hours at prices of
// us-east-1 that are to be checked before they are relied on: Lambda on arm64
// with 256 MB $0.0000133334 per GB-second and $0.20 per million requests; SQS $0.40
// per million, idle polling included; S3 $0.005 for 1,000 PUT and $0.0004 for 1,000
// GET; CloudWatch $0.50 per GB of logs, at 3 kB for each run, and $0.30 for each of
// eleven metrics, which are most of it for a small fleet. Transfer, KMS, alarms, the
// dashboard and free tiers are left out.
type Fleet struct {
	Discover func(ctx context.Context) ([]source.Instance, error)
	Names    []string // what Discover goes by, for a sentence where nothing matches it
	Defaults Route    // what the tags of an instance do not set
	// WithoutChannel makes a digest also of the instances that have no channel.
	WithoutChannel bool
	// Handler returns a handler for a channel. The fleet gives it its route.
	Handler  func(ctx context.Context, channel string) (*Handler, error)
	Queue    Queue                                  // nil for none
	Now      func() time.Time                       // the clock of events, and of the deadlines of contexts
	Kept     time.Duration                          // how long logs are kept, for CheckWindow; 0 is LogsKept
	Done     func(ctx context.Context, o Outcome)   // hears how each digest ended; may be nil
	Channels state.Store                            // remembers which channels the tags name, so that one which no tag names any more is told so; may be nil
	Omitted  func(ctx context.Context, note string) // hears what has no channel or nothing to read; may be nil
}

// Outcome tells how one digest ended.
type Outcome struct {
	Job     Job
	Message string         // ID of the message; empty if it did not come from the queue
	Report  *digest.Report // nil if there is none
	Err     error
	Took    time.Duration
	Done    int  // hours that were finished
	Pending *int // hours that are left; nil where the state does not tell
	Silent  bool // nothing was posted, though there may be a report

	remembered bool // a second try would not post again what is posted
}

// Dispatched is the answer to a scheduled event for several channels.
type Dispatched struct {
	Window   digest.Window `json:"window"`
	Channels int           `json:"channels"`
	Queued   int           `json:"queued"`           // messages sent
	Failed   []string      `json:"failed,omitempty"` // channels whose digest ended in an error
	Left     []string      `json:"left,omitempty"`   // channels for which there was no time
}

// HandleEvent serves an event of a schedule or of a queue. It answers a queue with the messages to be
// delivered again, and a schedule with the report or a Dispatched.
func (f *Fleet) HandleEvent(ctx context.Context, event json.RawMessage) (any, error) {
	var queued events.SQSEvent
	if err := json.Unmarshal(event, &queued); err == nil && len(queued.Records) > 0 {
		return f.work(ctx, queued.Records)
	}
	w, err := EventWindow(event)
	if err == nil {
		err = f.awaitWindow(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	jobs, err := f.jobs(ctx, w)
	switch {
	case err != nil:
		return nil, err
	case len(jobs) == 1:
		o := f.run(ctx, jobs[0], "")
		if o.Report == nil {
			return nil, o.Err
		}
		return o.Report, o.Err
	case f.Queue == nil:
		return f.runAll(ctx, w, jobs)
	}
	return f.send(ctx, w, jobs)
}

// awaitWindow checks a window. Where that is to end within the skew it waits, or what is
// logged in the rest of it would be lost.
func (f *Fleet) awaitWindow(ctx context.Context, w digest.Window) error {
	now := f.Now()
	err := CheckWindow(w, now, cmp.Or(f.Kept, LogsKept))
	left := w.End.Sub(now)
	if deadline, limited := ctx.Deadline(); err == nil && left > 0 && limited && deadline.Sub(now) < left+leastTime {
		err = notEnded(w, now, "the clocks differ, and the run has no time to wait; the next try may")
	}
	switch {
	case err != nil:
		return fmt.Errorf("read event: %w", err)
	case left <= 0:
		return nil
	}
	select {
	case <-time.After(left):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jobs returns the digests of a window. If there is no instance, there is one of none:
// whether there were some is remembered with the default channel.
func (f *Fleet) jobs(ctx context.Context, w digest.Window) ([]Job, error) {
	found, err := f.Discover(ctx)
	if err != nil {
		return nil, err
	}
	routes, omitted := Routes(found, f.Defaults, f.WithoutChannel)
	for _, note := range omitted {
		f.omit(ctx, note)
	}
	missed, err := f.missed(ctx, w, routes)
	if err != nil {
		f.omit(ctx, fmt.Sprintf("Channels that no tag names any more may not be told so: %v.", err))
	}
	if len(routes) == 0 && (len(missed) == 0 || f.Defaults.Channel != "") {
		none := f.Defaults
		if none.Notes = omitted; len(found) == 0 {
			none.Notes = []string{"No instance matches " + strings.Join(f.Names, ", ") + "."}
		}
		routes = []Route{none}
	}
	routes = append(routes, missed...)
	jobs := make([]Job, len(routes))
	for i, r := range routes {
		jobs[i] = Job{Window: w, Route: r}
	}
	return jobs, nil
}

func (f *Fleet) omit(ctx context.Context, note string) {
	if f.Omitted != nil {
		f.Omitted(ctx, note)
	}
}

// NoInstanceError says that there is no instance to make a digest of.
type NoInstanceError struct {
	Omitted []string // sentences on those that were found
}

func (e *NoInstanceError) Error() string {
	return strings.TrimSuffix("find instances: there is none to read: "+strings.Join(e.Omitted, " "), ": ")
}

// send leaves the jobs to the workers. Where a part of them was not sent the
// schedule's event is to be tried again, and then the others come twice.
func (f *Fleet) send(ctx context.Context, w digest.Window, jobs []Job) (*Dispatched, error) {
	d := &Dispatched{Window: w, Channels: len(jobs)}
	var bodies [][]byte
	var errs []error
	for _, j := range jobs {
		body, err := j.Encode()
		if err != nil {
			d.Failed = append(d.Failed, j.Channel)
			errs = append(errs, err)
			continue
		}
		bodies = append(bodies, body)
	}
	if err := f.Queue.Send(ctx, bodies); err != nil {
		return d, errors.Join(append(errs, err)...)
	}
	d.Queued = len(bodies)
	return d, errors.Join(errs...)
}

// runAll makes the digests one after the other. Where the time does not last for
// all of them it is not the same ones every hour that are left. It ends in an
// error, for which Lambda tries it again, only if that would post nothing twice.
func (f *Fleet) runAll(ctx context.Context, w digest.Window, jobs []Job) (*Dispatched, error) {
	slices.SortFunc(jobs, func(a, b Job) int { return cmp.Compare(a.shardOrder(), b.shardOrder()) })
	d := &Dispatched{Window: w, Channels: len(jobs)}
	var errs []error
	again := true
	for i, j := range jobs {
		share, cancel, ok := f.share(ctx, len(jobs)-i)
		if !ok {
			d.Left = append(d.Left, j.Channel)
			continue
		}
		o := f.run(share, j, "")
		cancel()
		if o.Err != nil {
			d.Failed = append(d.Failed, j.Channel)
			errs = append(errs, fmt.Errorf("%s: %w", j.Channel, o.Err))
		}
		again = again && (o.Err != nil || o.remembered)
	}
	if !again {
		return d, nil // Done has heard of the errors
	}
	if len(d.Left) > 0 {
		errs = append(errs, fmt.Errorf("no time was left for %d of %d channels: %s", len(d.Left), len(jobs), strings.Join(d.Left, ", ")))
	}
	return d, errors.Join(errs...)
}

// shardOrder sorts the jobs of an hour, differently each hour.
func (j Job) shardOrder() uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, j.Window.Start.Unix(), j.Channel)
	return h.Sum64()
}

// work makes the digests of the messages, one after the other. Those that fail,
// are malformed, or for which there was no time go back to the queue, which puts
// them aside after some attempts.
func (f *Fleet) work(ctx context.Context, records []events.SQSMessage) (events.SQSEventResponse, error) {
	// An empty list, and not none, says that all went well.
	answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for i, m := range records {
		var err error
		switch share, cancel, ok := f.share(ctx, len(records)-i); {
		case m.EventSource != "aws:sqs":
			cancel()
			return answer, fmt.Errorf("read event: its record %d is of %q, and not of SQS", i, m.EventSource)
		case !ok:
			cancel()
			err = errors.New("no time was left for it")
			f.done(ctx, Outcome{Message: m.MessageId, Err: err})
		default:
			err = f.workOn(share, m)
			cancel()
		}
		if err != nil {
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return answer, nil
}

func (f *Fleet) workOn(ctx context.Context, m events.SQSMessage) error {
	j, err := DecodeJob([]byte(m.Body))
	if err == nil {
		err = f.awaitWindow(ctx, j.Window)
	}
	if err != nil {
		f.done(ctx, Outcome{Message: m.MessageId, Err: err})
		return err
	}
	return f.run(ctx, j, m.MessageId).Err
}

// share gives the next of n digests its part of the time, and the least time at
// least. It is not ok if there is less.
func (f *Fleet) share(ctx context.Context, n int) (context.Context, context.CancelFunc, bool) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return ctx, func() {}, true
	}
	left := deadline.Sub(f.Now())
	share, cancel := context.WithTimeout(ctx, min(left, max(left/time.Duration(n), leastTime)))
	return share, cancel, left >= leastTime
}

// run makes one digest.
func (f *Fleet) run(ctx context.Context, j Job, message string) Outcome {
	o := Outcome{Job: j, Message: message}
	began := f.Now()
	h, err := f.Handler(ctx, j.Channel)
	if err == nil {
		j.Route.Apply(h)
		if message != "" { // which stays the same when it is delivered again
			h.Owner = message
		}
		o.remembered = h.Store != nil
		o.Report, err = h.Run(ctx, j.Window)
		o.Done, o.Pending, o.Silent = h.Done, h.Pending, h.Silent
	}
	o.Err, o.Took = err, f.Now().Sub(began)
	f.done(ctx, o)
	return o
}

func (f *Fleet) done(ctx context.Context, o Outcome) {
	if f.Done != nil {
		f.Done(ctx, o)
	}
}
