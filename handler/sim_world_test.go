package handler_test

import (
	"container/heap"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
)

// world is a simulated time in which a function is invoked. Everything that an
// invocation asks the outside for, over the wire or from its source, is a step;
// between two steps others may have theirs, the connection may be cut, or the
// invocation may die. One step is made at a time, so that a seed tells it all.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	now   time.Time
	queue moments
	seq   int

	slack  *slacktest.Server
	s3     aws.Config
	logs   string    // directory of the hours' logs
	quiet  bool      // nothing goes wrong any more
	silent time.Time // before which there are no events
	blind  bool      // the channel may not be searched
	daily  handler.Daily
	denies bool // RDS denies some invocations everything
	keep   time.Duration

	fleet *instances // the instances of RDS; nil reads the hours' logs from files

	archive []slacktest.Message
	traffic map[time.Time]bool // hours in which there was any
	cuts    map[string]int     // by method: cut or died at, with the outcome unknown
	runs    map[string]int     // how invocations ended
}

var traced = flag.Bool("trace", false, "tell what happens in a simulated world, and when")

func (w *world) trace(format string, args ...any) {
	if *traced {
		w.t.Logf(w.now.Format("02 15:04:05 ")+format, args...)
	}
}

// moment is when something goes on.
type moment struct {
	at  time.Time
	seq int
	do  func()
}

type moments []moment

func (e moments) Len() int { return len(e) }
func (e moments) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].seq < e[j].seq
}
func (e moments) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *moments) Push(x any)   { *e = append(*e, x.(moment)) }
func (e *moments) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (w *world) at(t time.Time, do func()) {
	w.seq++
	heap.Push(&w.queue, moment{t, w.seq, do})
}

// play lets everything happen that is due before a time.
func (w *world) play(until time.Time) {
	for len(w.queue) > 0 && w.queue[0].at.Before(until) {
		e := heap.Pop(&w.queue).(moment)
		w.now = e.at
		e.do()
	}
	w.now = until
}

// likely is true with a probability, and never again once it is quiet.
func (w *world) likely(p float64) bool { return !w.quiet && w.rng.Float64() < p }

func (w *world) between(a, b time.Duration) time.Duration {
	return a + time.Duration(w.rng.Int64N(int64(b-a)))
}

// invocation is one run of the handler in a process of its own.
type invocation struct {
	w        *world
	request  string
	window   digest.Window
	tries    int
	deadline time.Time
	dead     bool
	denied   bool         // RDS denies it everything
	arrived  chan string  // at a step, or "" at its end
	verdicts chan verdict // what becomes of the step
	err      error        // of its end
	cancel   context.CancelFunc
}

type verdict int

const (
	goOn verdict = iota
	cutBefore
	cutAfter
	die
	dieAfter
)

const timeout = 15 * time.Minute

// invoke starts an invocation, and Lambda's retries of it.
func (w *world) invoke(request string, window digest.Window, tries int) {
	ctx, cancel := context.WithCancel(w.t.Context())
	i := &invocation{w: w, request: request, window: window, tries: tries, deadline: w.now.Add(timeout),
		denied: w.denies && w.likely(0.05), arrived: make(chan string), verdicts: make(chan verdict), cancel: cancel}
	go func() {
		if w.fleet != nil {
			i.err = w.fleet.serve(ctx, i)
		} else {
			_, i.err = w.handler(i).Run(ctx, window)
		}
		i.arrived <- ""
	}()
	i.next()
}

// next waits until the invocation is at its next step, and sets the time of that.
func (i *invocation) next() {
	name := <-i.arrived
	if name == "" {
		i.end()
		return
	}
	took := i.w.between(10*time.Millisecond, 2*time.Second)
	if name == reply {
		took = 10 * time.Millisecond
	}
	if name == "list" && i.w.likely(0.2) {
		took = i.w.between(time.Minute, 16*time.Minute)
	}
	if name == "POST /api/chat.postMessage" && i.w.likely(0.2) { // as where Slack asks to wait
		took = i.w.between(2*time.Second, 5*time.Minute)
	}
	i.w.at(i.w.now.Add(took), func() { i.step(name) })
}

// step decides what becomes of a step.
func (i *invocation) step(name string) {
	w, v := i.w, goOn
	switch {
	case i.dead:
		v = die
	case name == reply:
	case w.now.After(i.deadline) || w.likely(0.015):
		v = die
	case w.likely(0.01):
		v = dieAfter
	case name == "list" && !w.denies: // what is not read is not remembered, which checkHistory would see
	case w.likely(0.015):
		v = cutBefore
	case w.likely(0.02):
		v = cutAfter
	}
	if v != goOn {
		w.cuts[name]++
	}
	if v == die || v == dieAfter {
		i.dead = true
	}
	i.verdicts <- v
	i.next()
}

// end does what Lambda does at the end of an invocation.
func (i *invocation) end() {
	i.cancel()
	if i.w.trace("%s for %s ends: dead %v, %v", i.request, i.window.End.Format("02 15:04"), i.dead, i.err); *traced && i.w.fleet != nil {
		i.w.trace("open are %+v", i.w.fleet.state().Open)
	}
	switch {
	case i.dead:
		i.w.runs["died"]++
	case i.err != nil:
		i.w.runs["error"]++
	default:
		i.w.runs["ok"]++
		return
	}
	if i.tries < 2 {
		at := i.w.now.Add(time.Duration(i.tries+1)*time.Minute + i.w.between(0, 20*time.Second))
		i.w.at(at, func() { i.w.invoke(i.request, i.window, i.tries+1) })
	}
}

// pass asks what becomes of a step. Of a dead invocation nothing gets out.
func (i *invocation) pass(name string) verdict {
	i.arrived <- name
	v := <-i.verdicts
	if v == die {
		i.cancel()
	}
	return v
}

// reply is the step that posts a part of a thread. A fleet's are all posted, for what
// was told is read from them, and nothing is promised of a thread that is cut.
const reply = "POST a reply"

func inThread(r *http.Request) bool {
	if r.GetBody == nil {
		return false
	}
	body, err := r.GetBody()
	if err != nil {
		return false
	}
	text, _ := io.ReadAll(body)
	return strings.Contains(string(text), "thread_ts=")
}

// RoundTrip is the wire of the invocation.
func (i *invocation) RoundTrip(r *http.Request) (*http.Response, error) {
	name := r.Method + " " + r.URL.Path
	if i.w.fleet != nil && inThread(r) {
		name = reply
	}
	v := i.pass(name)
	if v == die || v == cutBefore {
		return nil, io.ErrUnexpectedEOF
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if v == goOn || err != nil {
		return answer, err
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	if v == dieAfter {
		i.cancel()
	}
	return nil, io.ErrUnexpectedEOF
}

// LogFiles lists an hour's log for each hour, as RDS does for a day.
func (i *invocation) LogFiles(_ context.Context, instance string, start, end time.Time) ([]source.File, error) {
	if v := i.pass("list"); v != goOn && v != dieAfter {
		return nil, io.ErrUnexpectedEOF
	}
	if i.denied {
		return nil, errors.New("list slow logs: AccessDenied")
	}
	return i.w.files(instance, start, end), nil
}

func (w *world) files(instance string, start, end time.Time) []source.File {
	var files []source.File
	for at := start; at.Before(end); at = at.Add(time.Hour) {
		f := source.File{Instance: instance, Name: w.logName(at), LastWritten: at.Add(time.Hour)}
		if info, err := os.Stat(f.Name); err == nil {
			f.Size = info.Size()
			files = append(files, f)
		}
	}
	return files
}

// undisturbed is the source as it is for one who is alone in the world.
type undisturbed struct{ w *world }

func (u undisturbed) LogFiles(_ context.Context, instance string, start, end time.Time) ([]source.File, error) {
	return u.w.files(instance, start, end), nil
}

func (u undisturbed) Open(ctx context.Context, f source.File) (*source.Log, error) {
	return source.Local{}.Open(ctx, f)
}

func (i *invocation) Open(ctx context.Context, f source.File) (*source.Log, error) {
	return source.Local{}.Open(ctx, f)
}

func (w *world) logName(hour time.Time) string {
	return filepath.Join(w.logs, hour.Format("2006-01-02T15")+".log")
}

// write makes the log of an hour; some hours have no slow query.
func (w *world) write(hour time.Time) {
	if w.rng.IntN(6) == 0 {
		return
	}
	var log strings.Builder
	for n := range 4 {
		log.WriteString(entry(hour.Add(time.Duration(n+1)*10*time.Minute), fmt.Sprintf("select c%d from t where id = 7", n)))
	}
	if err := os.WriteFile(w.logName(hour), []byte(log.String()), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.traffic[hour] = true
}

// handler is that of one invocation: its own connections, and the store and the
// chat that all share.
func (w *world) handler(i *invocation) *handler.Handler {
	wire := &http.Client{Transport: i}
	cfg := w.s3.Copy()
	cfg.HTTPClient = wire
	cfg.Retryer = func() aws.Retryer { // the SDK's, which does not sleep
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.RateLimiter = unlimited{}
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	return &handler.Handler{
		Source: i, Instances: []string{"orders-1"}, Limit: digest.Limit{Count: 1},
		Notifier: slack.New(slacktest.Token, slacktest.Channel, slack.Options{
			APIURL: w.slack.URL(), HTTPClient: wire, Pause: time.Nanosecond}),
		Store: state.NewS3Store(cfg, s3test.Bucket, "prod"), Channel: slacktest.Channel, Daily: w.daily, Keep: w.keep,
		Now: func() time.Time { return w.now }, Owner: i.request, Timeout: timeout,
	}
}

type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }
