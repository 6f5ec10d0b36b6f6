package main

import (
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
)

// silent is a front of a server that takes some requests and never answers them.
type silent struct {
	*httptest.Server
	taken    atomic.Int64
	from, to atomic.Int64 // the requests that have no answer
}

// newSilent stands before a server; from is the first request without an answer, and
// to the first with one again.
func newSilent(t *testing.T, server string, from, to int64) *silent {
	behind, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host // which is signed
	}}
	s := &silent{}
	s.from.Store(from)
	s.to.Store(to)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := s.taken.Add(1); n >= s.from.Load() && n < s.to.Load() {
			_, _ = io.Copy(io.Discard, r.Body) // or the end of the connection is not seen
			<-r.Context().Done()
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	return s
}

const never = 1 << 40

// logged waits for a line of the log, which comes by another way than the answer, and
// returns what was logged by then.
func logged(output func() string, text string) string {
	for range 100 {
		if log := output(); strings.Contains(log, text) && strings.HasSuffix(log, "\n") {
			return log
		}
		time.Sleep(50 * time.Millisecond)
	}
	return output()
}

// An answer that never comes ends an invocation within a minute, whoever owes it,
// and where the next try has one, the digest is posted. Nobody else is kept from it.
func TestSilenceEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for what does not come")
	}
	t.Parallel()
	schedule := example(t, "schedule")
	for _, c := range []struct {
		name, variable string
		from, to       int64 // as newSilent's
		queue          bool
		want           string // in the error; none where all ends well
		posted         int    // at last, when all answer again
	}{
		{"SSM, never", "AWS_ENDPOINT_URL_SSM", 1, never, false, "read parameter", 1},
		{"SSM, once", "AWS_ENDPOINT_URL_SSM", 1, 2, false, "", 1},
		{"S3, never", "AWS_ENDPOINT_URL_S3", 1, never, false, "load state", 1},
		{"S3, once at the first load", "AWS_ENDPOINT_URL_S3", 1, 2, false, "", 1},
		{"S3, once at a save", "AWS_ENDPOINT_URL_S3", 2, 3, false, "", 1},
		{"S3, at the owners", "AWS_ENDPOINT_URL_S3", 3, 4, false, "", 1},
		{"S3, before it is posted", "AWS_ENDPOINT_URL_S3", 4, 7, false, "claim the right to post", 1},
		{"SQS, never", "AWS_ENDPOINT_URL_SQS", 1, never, true, "2 not sent", 0},
		{"SQS, once", "AWS_ENDPOINT_URL_SQS", 1, 2, true, "", 0},
		{"Slack, never", "SLACK_API_URL", 1, never, false, "post digest", 1},
		{"Slack, once", "SLACK_API_URL", 1, 2, false, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Now())
			cfg := s3test.New(t, nil)
			w.env["AWS_ENDPOINT_URL_S3"], w.env["SLOWDIGEST_STATE"] = *cfg.BaseEndpoint, "s3://"+s3test.Bucket+"/prod"
			if c.queue {
				w.env["SLOWDIGEST_INSTANCES"], w.env["SLOWDIGEST_TAG"], w.env["SLOWDIGEST_QUEUE_URL"] = "", "slowdigest=on", w.queue.QueueURL()
			}
			server, api := strings.CutSuffix(w.env[c.variable], "/api/")
			front := newSilent(t, server, c.from, c.to)
			if w.env[c.variable] = front.URL; api {
				w.env[c.variable] += "/api/"
			}
			if c.queue {
				w.env["SLOWDIGEST_QUEUE_URL"] = strings.Replace(w.queue.QueueURL(), w.queue.URL, front.URL, 1)
			}
			runtime := newRuntimeAPI(t)
			env := maps.Clone(w.env)
			env["AWS_LAMBDA_RUNTIME_API"] = strings.TrimPrefix(runtime.server.URL, "http://")
			startBootstrap(t, env)
			began := time.Now()
			o := runtime.invoke(t, schedule)
			took := time.Since(began)
			if o.failed != (c.want != "") || !strings.Contains(string(o.body), c.want) || took > time.Minute {
				t.Errorf("after %v: failed %t, %.500s", took, o.failed, o.body)
			}
			front.to.Store(0) // all answer now, and another run is not kept waiting
			if o := runtime.invoke(t, schedule); o.failed {
				t.Errorf("then: %.500s", o.body)
			}
			posted := 0
			for _, m := range w.slack.Messages() {
				if m.ThreadTS == "" {
					posted++
				}
			}
			if posted != c.posted {
				t.Errorf("%d digests are posted, want %d", posted, c.posted)
			}
		})
	}
}

// doctor and a request from Slack, which has the function invoke itself, end as well.
func TestSilenceOfLambdaAndSTSEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for what does not come")
	}
	t.Parallel()
	w := newWorld(t, time.Now())
	front := newSilent(t, w.ssm.server.URL, 1, never)
	w.env["AWS_ENDPOINT_URL_LAMBDA"], w.env["AWS_ENDPOINT_URL_STS"], w.env["SLACK_TOKEN"] = front.URL, front.URL, slacktest.Token
	t.Run("Lambda", func(t *testing.T) {
		t.Parallel()
		runtime := newRuntimeAPI(t)
		env := maps.Clone(w.env)
		env["AWS_LAMBDA_RUNTIME_API"] = strings.TrimPrefix(runtime.server.URL, "http://")
		output := startBootstrap(t, env)
		body := slacktest.Command("last 15m")
		began := time.Now()
		runtime.invoke(t, urlEvent(t, http.MethodPost, slacktest.Sign(body, slacktest.SigningSecret, began), body, true))
		took := time.Since(began)
		if log := logged(output, "invoke prod-slowdigest"); took > time.Minute || !strings.Contains(log, "invoke prod-slowdigest") {
			t.Errorf("after %v: %s", took, log)
		}
	})
	t.Run("STS", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command(built(t), "doctor")
		cmd.Env = environment(w.env)
		began := time.Now()
		out, err := cmd.CombinedOutput()
		if took := time.Since(began); err == nil || took > time.Minute || !strings.Contains(string(out), "wrong    AWS credentials") {
			t.Errorf("after %v: %v\n%s", took, err, out)
		}
	})
}
