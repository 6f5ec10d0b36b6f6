package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// friday is when the nights begin: Friday, 2026-11-20, 18:00 UTC.
var friday = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)

// night is a simulated world: databases that are used, that sleep and fail; a
// schedule; a chat; and the command, under a Runtime API. It knows what is true.
type night struct {
	t       *testing.T
	clock   *clock
	at      time.Time // the hour to come
	rds     *rdstest.Server
	slack   *slacktest.Server
	ssm     *fakeSSM
	ssmGate gate
	s3Gate  gate // of the state

	archiveGate gate
	store       state.Store
	runtime     *runtimeAPI
	output      func() string

	names   []string // of instances, as they are configured
	dbs     []*database
	first   time.Time         // hour of the first event
	nobody  int               // hours after which there was no instance
	failed  []string          // errors of invocations
	changes []string          // of a state, each of which may have a message of its own
	waiting time.Duration     // for an invocation, at most
	dead    bool              // an invocation has not come to its end
	seen    map[string]string // texts that were looked at, by timestamp
	wrong   []string          // what is not as it ought to be
}

// database is an instance and the truth about it.
type database struct {
	*rdstest.Instance
	name   string
	n      int       // its number
	rate   int       // slow queries per hour
	off    time.Time // since when it does not log
	asleep bool
	gone   bool
	slow   map[time.Time]int    // slow queries of each hour
	logged map[time.Time]int    // those that a log holds, or held
	lost   map[time.Time]string // hours that nobody can read any more, with an expression for the cause
	slept  int                  // how often it went to sleep
}

// newNight has no database yet. instances are as they are configured, and so is daily.
func newNight(t *testing.T, instances, daily string) *night {
	n := &night{t: t, names: strings.Split(instances, ","), clock: newClock(t, friday), at: friday, rds: rdstest.NewServer(), slack: slacktest.New(), ssm: newFakeSSM(t),
		runtime: newRuntimeAPI(t), waiting: time.Minute, seen: map[string]string{}}
	t.Cleanup(n.rds.Close)
	t.Cleanup(n.slack.Close)
	n.ssm.server.Config.Handler = n.ssmGate.wrap(n.ssm.server.Config.Handler)
	s3 := s3test.New(t, func(h http.Handler) http.Handler {
		return byPath("/"+archive.Prefix, n.archiveGate.wrap(h), n.s3Gate.wrap(h))
	})
	s3.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported // as the command's
	n.store = state.NewS3Store(s3, s3test.Bucket, "prod")
	n.runtime.deadline = func() time.Time { return n.clock.now().Add(15 * time.Minute) }
	n.output = n.start(map[string]string{
		clockFile:                n.clock.name,
		"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(n.runtime.server.URL, "http://"),
		"AWS_ENDPOINT_URL_RDS":   n.rds.URL, "AWS_ENDPOINT_URL_SSM": n.ssm.server.URL, "AWS_ENDPOINT_URL_S3": *s3.BaseEndpoint,
		"SLACK_API_URL": n.slack.URL(), "SLACK_TOKEN_PARAMETER": lambdaParameter, "SLOWDIGEST_INSTANCES": instances,
		"SLOWDIGEST_CHANNEL": slacktest.Channel, "SLOWDIGEST_STATE": "s3://" + s3test.Bucket + "/prod", "SLOWDIGEST_LIMIT": "all",
		"SLOWDIGEST_DAILY": daily, "SLOWDIGEST_KEEP": "35",
	})
	return n
}

// byPath is one handler of the paths that hold a part, and another of the others.
func byPath(part string, these, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, part) {
			these.ServeHTTP(w, r)
		} else {
			others.ServeHTTP(w, r)
		}
	})
}

// start starts the command with the clock of the world.
func (n *night) start(env map[string]string) (output func() string) {
	path, err := buildShifted()
	if err != nil {
		n.t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Dir = n.t.TempDir()
	cmd.Env = append(environment(env), "AWS_LAMBDA_FUNCTION_NAME=prod-slowdigest", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "_HANDLER=bootstrap")
	var log lockedBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return log.String
}

// add adds a database that has a number of slow queries per hour, and whose
// parameters log them.
func (n *night) add(id string, rate int) *database {
	db := &database{Instance: n.rds.AddInstance(id), name: id, n: len(n.dbs), rate: rate,
		slow: map[time.Time]int{}, logged: map[time.Time]int{}, lost: map[time.Time]string{}}
	db.SetParameters("logging", map[string]string{"slow_query_log": "1", "log_output": "FILE", "long_query_time": "0.5"})
	db.Keep = 14 * 24 * time.Hour
	db.Write(rdstest.SlowLog, []byte(rdstest.Banner), n.at)
	n.dbs = append(n.dbs, db)
	return db
}

// change notes that a state changes, which a message may say.
func (n *night) change(what string) { n.changes = append(n.changes, what) }

func (n *night) sleep(db *database, how func(*rdstest.Instance)) {
	how(db.Instance)
	db.asleep = true
	db.slept++
	n.change(db.name + " sleeps")
}

func (n *night) wake(db *database, at time.Time) {
	db.Start(at)
	db.asleep = false
	n.change(db.name + " wakes")
}

// parameters puts a database into another parameter group.
func (n *night) parameters(db *database, on bool) {
	if db.off = n.at; on {
		db.off = time.Time{}
	}
	value := map[bool]string{true: "1", false: "0"}[on]
	db.SetParameters("after-upgrade", map[string]string{"slow_query_log": value, "log_output": "FILE"})
	n.change("the slow log of " + db.name + " is set to " + value)
}

// file is the name of the log of the hour that ends at a time.
func file(end time.Time) string {
	return fmt.Sprintf("%s.%s.%d", rdstest.SlowLog, end.Format(time.DateOnly), end.Hour())
}

// remove deletes an instance. What was not told of it is lost.
func (n *night) remove(db *database, hour time.Time, cause string) {
	n.rds.RemoveInstance(db.name)
	db.gone = true
	db.lost[hour] = cause
	n.change(db.name + " is gone")
}

// step is something that happens within an hour.
type step struct {
	minute int
	do     func(hour time.Time)
}

// live lets an hour pass, in which the databases are used, and returns its end. Its
// event is left to the caller.
func (n *night) live(steps ...step) time.Time {
	hour := n.at
	for minute := range 60 {
		now := hour.Add(time.Duration(minute) * time.Minute)
		for _, s := range steps {
			if s.minute == minute {
				s.do(hour)
			}
		}
		for _, db := range n.dbs {
			if db.rate == 0 || db.asleep || db.gone || minute%max(60/db.rate, 1) != 1 {
				continue
			}
			if db.off.IsZero() || hour.Sub(db.off) >= 6*time.Hour { // before that nobody can know
				db.slow[hour]++
			}
			if db.off.IsZero() {
				db.logged[hour]++
				db.Append(rdstest.SlowLog, []byte(slowEntry(now, 1.5, 10, "select a from "+db.word(hour)+" where id = 7")), now)
			}
		}
	}
	n.at = hour.Add(time.Hour)
	there := false
	for _, db := range n.dbs {
		db.EndHour(n.at)
		there = there || !db.gone
	}
	if !there {
		n.nobody++
	}
	return n.at
}

// word is the table that only one hour of one instance uses, by which a message
// is seen to tell of it.
func (db *database) word(hour time.Time) string {
	h := int(hour.Sub(friday) / time.Hour)
	return fmt.Sprintf("hr%c%c%cx", 'a'+db.n, 'a'+h/26, 'a'+h%26)
}

// pass lets hours pass and hands their events over in time.
func (n *night) pass(hours int, steps ...step) {
	for range hours {
		n.event(n.live(steps...), 5*time.Minute)
	}
}

// event hands over the event of the hour that ends at a time, some time after that,
// and again where it fails, as Lambda does.
func (n *night) event(end time.Time, after time.Duration) {
	if n.first.IsZero() {
		n.first = end.Add(-time.Hour)
	}
	now := end.Add(after)
	for try := range 3 {
		n.clock.set(now)
		if try > 0 {
			n.runtime.requests--
		}
		if n.invoke(scheduled(end.Add(5 * time.Minute))) {
			return
		}
		now = now.Add(time.Duration(try+1) * time.Minute)
	}
}

func scheduled(at time.Time) string {
	return fmt.Sprintf(`{"version":"0","id":"cdc73f9d-aea9-11e3-9d5a-835b769c0d9c","detail-type":"Scheduled Event","source":"aws.events","time":%q,"detail":{}}`,
		at.Format(time.RFC3339))
}

// invoke hands over an event, and reports whether it was served.
func (n *night) invoke(event string) bool {
	n.t.Helper()
	if n.dead {
		return true
	}
	late := time.After(n.waiting)
	select {
	case n.runtime.events <- []byte(event):
	case <-late:
		n.t.Fatalf("nobody asks for the event\n%s", n.output())
	}
	select {
	case o := <-n.runtime.outcomes:
		if o.failed {
			var e struct{ ErrorMessage string }
			unmarshal(n.t, o.body, &e)
			n.failed = append(n.failed, e.ErrorMessage)
		} else {
			n.checkAnswer(o.body)
		}
		n.checkTexts()
		return !o.failed
	case <-late:
		n.errorf("no answer within %v to %s", n.waiting, event)
		n.dead = true
		return true
	}
}

// saved returns the state as it is stored; nil is none.
func (n *night) saved() []byte {
	data, _, err := n.store.Load(n.t.Context(), state.Key(slacktest.Channel))
	if err != nil {
		n.t.Fatal(err)
	}
	return data
}

func (n *night) save(data string) {
	_, tag, err := n.store.Load(n.t.Context(), state.Key(slacktest.Channel))
	if err == nil {
		_, err = n.store.Save(n.t.Context(), state.Key(slacktest.Channel), []byte(data), tag)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// refused hands over an event that is to be refused: it is an error, and nothing
// is posted or stored.
func (n *night) refused(event string) {
	posted, stored := len(n.slack.Messages()), n.saved()
	if n.invoke(event) {
		n.errorf("not refused: %s", event)
	} else {
		n.failed = n.failed[:len(n.failed)-1]
	}
	if len(n.slack.Messages()) != posted {
		n.errorf("posted for %s", event)
	}
	if !bytes.Equal(n.saved(), stored) {
		n.errorf("stored for %s", event)
	}
}

func (n *night) errorf(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(n.wrong, s) {
		n.wrong = append(n.wrong, s)
	}
}

// gate stands before a server and answers some requests itself.
type gate struct {
	mu     sync.Mutex
	faults []gateFault
}

type gateFault struct {
	method string // empty is any
	times  int
	serve  http.HandlerFunc
}

func (g *gate) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if serve := g.next(r.Method); serve != nil {
			serve(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (g *gate) next(method string) http.HandlerFunc {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.faults {
		if f := &g.faults[i]; f.times > 0 && (f.method == "" || f.method == method) {
			f.times--
			return f.serve
		}
	}
	return nil
}

func (g *gate) fail(method string, times int, serve http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, gateFault{method, times, serve})
}

// hang takes a request and never answers.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // or the server would not see that the client is gone
	<-r.Context().Done()
}

// answerXML answers with an error of S3.
func answerXML(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	}
}

// answerJSON answers with an error of SSM.
func answerJSON(code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
	}
}

// readState is how the release itself reads what it has stored.
func (n *night) readState() (*state.State, error) {
	return state.Read(context.WithoutCancel(n.t.Context()), n.store, state.Key(slacktest.Channel))
}
