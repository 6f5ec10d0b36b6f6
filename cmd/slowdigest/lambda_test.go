package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// runtimeAPI is the Lambda Runtime API of one execution environment.
type runtimeAPI struct {
	server   *httptest.Server
	events   chan []byte
	outcomes chan outcome
	requests int
	deadline func() time.Time // of an invocation that begins now
}

// outcome is how an invocation ended.
type outcome struct {
	request string
	failed  bool
	body    []byte
}

func newRuntimeAPI(t *testing.T) *runtimeAPI {
	a := &runtimeAPI{events: make(chan []byte), outcomes: make(chan outcome), deadline: func() time.Time { return time.Now().Add(15 * time.Minute) }}
	const base = "/2018-06-01/runtime/invocation/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case event := <-a.events:
			a.requests++
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("8476a536-e9f4-11e8-9739-%012d", a.requests))
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(a.deadline().UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+rdstest.Region+":"+rdstest.Account+":function:prod-slowdigest")
			h.Set("Content-Type", "application/json")
			_, _ = w.Write(event)
		case <-r.Context().Done():
		}
	})
	end := func(failed bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			a.outcomes <- outcome{r.PathValue("request"), failed, body}
		}
	}
	mux.HandleFunc("POST "+base+"{request}/response", end(false))
	mux.HandleFunc("POST "+base+"{request}/error", end(true))
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.server.Close)
	return a
}

// invoke hands over an event and waits for what becomes of it.
func (a *runtimeAPI) invoke(t *testing.T, event []byte) outcome {
	t.Helper()
	late := time.After(time.Minute)
	select {
	case a.events <- event:
	case <-late:
		t.Fatal("nobody asks for the event")
	}
	select {
	case o := <-a.outcomes:
		if !strings.HasSuffix(o.request, fmt.Sprint(a.requests)) {
			t.Fatalf("answer to request %s, want that of %d", o.request, a.requests)
		}
		return o
	case <-late:
		t.Fatal("no answer to the event")
	}
	panic("unreachable")
}

const (
	secretParameter = "/slowdigest/prod/slack-signing-secret"
	agentsParameter = "/slowdigest/prod/mcp-token"
	agentsToken     = "0123456789abcdefghijklmn" // as short as it may be
)

// fakeSSM is a Parameter Store of two parameters.
type fakeSSM struct {
	server *httptest.Server
	mu     sync.Mutex
	value  string // of lambdaParameter, which is not there if empty
	secret string // of secretParameter, likewise
	agents string // of agentsParameter, likewise
	refuse string // an error to answer with, as JSON
	calls  []awsCall
}

func newFakeSSM(t *testing.T) *fakeSSM {
	s := &fakeSSM{value: slacktest.Token, agents: agentsToken}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var in struct {
			Name, Value    string
			WithDecryption bool
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Errorf("SSM request: %v", err)
		}
		if r.Header.Get("X-Amz-Target") == "AmazonSSM.PutParameter" && in.Name == lambdaParameter { // as a person does
			s.value = in.Value
			_, _ = io.WriteString(w, `{"Version":1,"Tier":"Standard"}`)
			return
		}
		if target := r.Header.Get("X-Amz-Target"); target != "AmazonSSM.GetParameter" || !in.WithDecryption {
			t.Errorf("SSM request: %s of %+v", target, in)
		}
		s.calls = append(s.calls, awsCall{"ssm:GetParameter", "arn:aws:ssm:" + rdstest.Region + ":" + rdstest.Account + ":parameter" + in.Name})
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if s.refuse != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, s.refuse)
			return
		}
		value := map[string]string{lambdaParameter: s.value, secretParameter: s.secret, agentsParameter: s.agents}[in.Name]
		if value == "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"ParameterNotFound"}`)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]any{
			"Name": in.Name, "Type": "SecureString", "Value": value, "Version": 1,
		}})
	}))
	t.Cleanup(s.server.Close)
	return s
}

func (s *fakeSSM) set(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = value
}
