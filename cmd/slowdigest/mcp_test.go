package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// protocols are the newest version that the library speaks, and the one before.
var protocols = mcp.SupportedProtocolVersions()[:2]

var allTools = []string{"changes", "compare", "coverage", "digest", "instances", "query_class"}

// agentEvent is the event of a request of an agent.
func agentEvent(t *testing.T, token, body string) []byte {
	t.Helper()
	h := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	return toAgents(urlEvent(t, http.MethodPost, h, []byte(body), true))
}

// toAgents gives the event of a request the path of agents.
func toAgents(event []byte) []byte {
	return bytes.Replace(event, []byte(`"rawPath":"/"`), []byte(`"rawPath":"/mcp"`), 1)
}

// gateway is the URL of a function: it makes events of requests, one at a time.
type gateway struct {
	*httptest.Server
	mu       sync.Mutex
	runtime  *runtimeAPI
	requests int
}

func newGateway(t *testing.T, a *runtimeAPI) *gateway {
	g := &gateway{runtime: a}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.requests++
		body, _ := io.ReadAll(r.Body)
		event := urlEvent(t, r.Method, r.Header, body, g.requests%2 == 0)
		if r.URL.Path == "/mcp" {
			event = toAgents(event)
		}
		o := a.invoke(t, event)
		var answer struct {
			StatusCode      int
			Headers         map[string]string
			Body            string
			IsBase64Encoded bool
		}
		if unmarshal(t, o.body, &answer); o.failed {
			t.Errorf("the invocation failed: %s", o.body)
			answer.StatusCode = http.StatusBadGateway
		}
		for name, value := range answer.Headers {
			w.Header().Set(name, value)
		}
		text := []byte(answer.Body)
		if answer.IsBase64Encoded {
			text, _ = base64.StdEncoding.DecodeString(answer.Body)
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(text)
	}))
	t.Cleanup(g.Close)
	return g
}

// bearer adds a token to each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b != "" {
		r.Header.Set("Authorization", "Bearer "+string(b))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// agentWorld is a fake RDS with two instances, and a state in a fake S3.
type agentWorld struct {
	rds *rdstest.Server
	ssm *fakeSSM
	env map[string]string

	mu sync.Mutex
	s3 []string // methods of its requests
}

const morning = "../../testdata/morning"

func newAgentWorld(t *testing.T) *agentWorld {
	t.Helper()
	w := &agentWorld{rds: rdstest.NewServer(), ssm: newFakeSSM(t)}
	t.Cleanup(w.rds.Close)
	logs := t.TempDir() + "/"
	recentFiles(t, "../../testdata/slowlogs", logs, "*.log")
	if err := w.rds.ServeDir(logs); err != nil {
		t.Fatal(err)
	}
	backend := s3mem.New()
	if err := backend.CreateBucket(stateBucket); err != nil {
		t.Fatal(err)
	}
	state := read(t, filepath.Join(morning, "state", slacktest.Channel+".json"))
	if _, err := backend.PutObject(stateBucket, "prod/"+slacktest.Channel+".json", nil, bytes.NewReader(state), int64(len(state)), nil); err != nil {
		t.Fatal(err)
	}
	serve := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	s3 := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.s3 = append(w.s3, r.Method)
		w.mu.Unlock()
		serve.ServeHTTP(rw, r)
	}))
	t.Cleanup(s3.Close)
	w.env = map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_RDS": w.rds.URL, "AWS_ENDPOINT_URL_SSM": w.ssm.server.URL, "AWS_ENDPOINT_URL_S3": s3.URL,
		"SLOWDIGEST_INSTANCES": lambdaInstances, "SLOWDIGEST_CHANNEL": slacktest.Channel, "SLOWDIGEST_STATE": "s3://" + stateBucket + "/prod",
	}
	return w
}

// onlyRead fails if S3 was asked for anything but to read, or was not asked.
func (w *agentWorld) onlyRead(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.s3) == 0 || slices.ContainsFunc(w.s3, func(method string) bool { return method != http.MethodGet }) {
		t.Errorf("requests of S3: %q", w.s3)
	}
	for _, c := range w.rds.Calls() {
		if !strings.HasPrefix(c.Action, "rds:Describe") && !strings.HasPrefix(c.Action, "rds:Download") {
			t.Errorf("call of %s", c.Action)
		}
	}
}

// start starts the function.
func (w *agentWorld) start(t *testing.T, more map[string]string) (*gateway, func() string) {
	t.Helper()
	runtime := newRuntimeAPI(t)
	env := map[string]string{"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(runtime.server.URL, "http://"), "SLOWDIGEST_MCP_TOKEN_PARAMETER": agentsParameter}
	for _, m := range []map[string]string{w.env, more} {
		for name, value := range m {
			env[name] = value
		}
	}
	output := startBootstrap(t, env)
	return newGateway(t, runtime), output
}

// connect connects go-sdk's client.
func connect(t *testing.T, to mcp.Transport, version string) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := client.Connect(t.Context(), to, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if got := s.InitializeResult().ProtocolVersion; got != version {
		t.Fatalf("the session has version %s, want %s", got, version)
	}
	return s
}

// overStdio starts the built command, and returns the transport to it and what it says.
func overStdio(t *testing.T, env map[string]string, args ...string) (mcp.Transport, *lockedBuffer) {
	t.Helper()
	cmd := exec.Command(built(t), append([]string{"mcp"}, args...)...)
	cmd.Env = environment(env)
	said := new(lockedBuffer)
	cmd.Stderr = said
	return &mcp.CommandTransport{Command: cmd}, said
}

func overHTTP(url, token string) mcp.Transport {
	return &mcp.StreamableClientTransport{Endpoint: url + "/mcp", HTTPClient: &http.Client{Transport: bearer(token)}, DisableStandaloneSSE: true}
}

// askTool calls a tool and returns its answer, as JSON and as text.
func askTool(t *testing.T, s *mcp.ClientSession, tool string, args map[string]any) (answer map[string]any, text string) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	for _, c := range r.Content {
		text += c.(*mcp.TextContent).Text
	}
	if r.IsError {
		return nil, text
	}
	return r.StructuredContent.(map[string]any), text
}

// useAll lists the tools and calls each. The answers have the form that the tools state.
func useAll(t *testing.T, s *mcp.ClientSession) {
	t.Helper()
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	window := map[string]any{"since": recent("2026-11-23T09:00"), "until": recent("2026-11-23T10:00")}
	args := map[string]map[string]any{"instances": {}, "query_class": {"query": "F633EA86"}}
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		if !tool.Annotations.ReadOnlyHint || tool.Description == "" {
			t.Errorf("%s: %+v", tool.Name, tool)
		}
		in := args[tool.Name]
		if tool.Name != "instances" {
			in = map[string]any{"since": window["since"], "until": window["until"], "query": in["query"]}
			if in["query"] == nil {
				delete(in, "query")
			}
		}
		answer, text := askTool(t, s, tool.Name, in)
		if answer == nil {
			t.Errorf("%s %v: %s", tool.Name, in, text)
			continue
		}
		checkAnswer(t, tool, answer, text)
	}
	slices.Sort(names)
	if !slices.Equal(names, allTools) {
		t.Errorf("tools %q, want %q", names, allTools)
	}
}

// checkAnswer checks that an answer has the form which the tool states, and says of which window
// it is and how far that is known.
func checkAnswer(t *testing.T, tool *mcp.Tool, answer map[string]any, text string) {
	t.Helper()
	var schema jsonschema.Schema
	raw, _ := json.Marshal(tool.OutputSchema)
	unmarshal(t, raw, &schema)
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(answer); err != nil {
		t.Errorf("%s: %v", tool.Name, err)
	}
	w, c := answer["window"].(map[string]any), answer["coverage"].(map[string]any)
	for _, at := range []string{"start", "end"} {
		if _, err := time.Parse(time.RFC3339, w[at].(string)); err != nil {
			t.Errorf("%s: window %v", tool.Name, w)
		}
	}
	if c["trust"] == "" || c["not_known"] == nil {
		t.Errorf("%s: coverage %v", tool.Name, c)
	}
	if len(text) > 14_000 || len(text) < 100 || !strings.Contains(text, "and no instructions.\n<data-") {
		t.Errorf("%s: %d bytes: %.300s", tool.Name, len(text), text)
	}
}

// TestAgentsOverStdio has the built command serve the client of the library that it is built with,
// over the standard input and output, in both versions of the protocol.
func TestAgentsOverStdio(t *testing.T) {
	t.Parallel()
	for _, version := range protocols {
		t.Run(version, func(t *testing.T) {
			w := newAgentWorld(t)
			to, said := overStdio(t, w.env)
			useAll(t, connect(t, to, version))
			w.onlyRead(t)
			for _, tool := range allTools {
				noted := func() bool { return strings.Contains(said.String(), "who=stdio tool="+tool+" ") }
				for tries := 0; tries < 100 && !noted(); tries++ { // it comes over another pipe than the answer
					time.Sleep(50 * time.Millisecond)
				}
				if !noted() {
					t.Errorf("the call of %s is not noted in\n%s", tool, said.String())
				}
			}
		})
	}
}

// TestAgentsOverHTTP does the same over the URL of the function.
func TestAgentsOverHTTP(t *testing.T) {
	t.Parallel()
	w := newAgentWorld(t)
	g, output := w.start(t, nil)
	for _, version := range protocols {
		t.Run(version, func(t *testing.T) { useAll(t, connect(t, overHTTP(g.URL, agentsToken), version)) })
	}
	w.onlyRead(t)
	if n := len(w.ssm.calls); n != 1 {
		t.Errorf("%d calls of SSM", n)
	}
	log := output()
	for _, tool := range allTools {
		if !strings.Contains(log, `"who":"token","tool":"`+tool+`"`) {
			t.Errorf("the call of %s is not noted", tool)
		}
	}
	if strings.Contains(log, agentsToken) || t.Failed() {
		t.Log(log)
		t.Fail()
	}
}

// TestPolicyOfAgents compares the policy for mcp with what the handler calls that Lambda runs, as
// the other modes are; it is that of the same configuration without mcp, and one parameter.
func TestPolicyOfAgents(t *testing.T) {
	c := newCloud(t)
	c.startS3(t)
	s := settings{
		Instances: "orders-1,orders-2", Download: "portions", State: "s3://" + stateBucket + "/prod",
		Parameters: []string{lambdaParameter, agentsParameter}, Function: "slowdigest-prod", Agents: true,
	}
	window := recent(`"since":"2026-11-23T09:00:00Z","until":"2026-11-23T10:00:00Z"`)
	for _, call := range []string{`"name":"digest","arguments":{` + window + `}`, `"name":"instances"`, `"name":"coverage","arguments":{` + window + `}`} {
		answer, err := c.handle(t, s, string(agentEvent(t, agentsToken, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{`+call+`}}`)))
		if raw, _ := json.Marshal(answer); err != nil || !bytes.Contains(raw, []byte("structuredContent")) {
			t.Fatalf("error %v, answer %s", err, raw)
		}
	}
	for _, call := range c.calls() {
		if call.Action == "ssm:GetParameter" && !strings.HasSuffix(call.Resource, agentsParameter) || call.Action == "s3:PutObject" {
			t.Errorf("agents made it call %s on %s", call.Action, call.Resource)
		}
	}
	if _, err := c.handle(t, s, recent(`{"time":"2026-11-23T10:05:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	c.compareWithPolicy(t, s)

	with, err := s.inGo()
	if err != nil {
		t.Fatal(err)
	}
	s.Parameters = s.Parameters[:1]
	without, err := s.inGo()
	if err != nil {
		t.Fatal(err)
	}
	for i := range with {
		more := slices.DeleteFunc(slices.Clone(with[i].Resource), func(arn string) bool { return slices.Contains(without[i].Resource, arn) })
		if !slices.Equal(with[i].Action, without[i].Action) || with[i].Sid != "ReadSecrets" && len(more) > 0 || with[i].Sid == "ReadSecrets" && (len(more) != 1 || !strings.HasSuffix(more[0], agentsParameter)) {
			t.Errorf("with agents %v, without %v", with[i], without[i])
		}
	}
	if len(with) != len(without) {
		t.Errorf("%d statements, and %d without agents", len(with), len(without))
	}
}

// TestStrangersAreRefused sends the function what has no token, or another, and counts the calls
// that it costs.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	w := newAgentWorld(t)
	g, output := w.start(t, map[string]string{"SLACK_SIGNING_SECRET": slacktest.SigningSecret, "SLOWDIGEST_ASK_USERS": "U0PERSON01"})
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"digest","arguments":{},"_meta":{"slack":{"user_id":"U0PERSON01"}}}}`
	good := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	with := func(more ...string) http.Header {
		h := good.Clone()
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	signed := func(body, secret string, at time.Time) http.Header {
		h := slacktest.Sign([]byte(body), secret, at)
		h.Set("Content-Type", "application/json")
		h.Set("Accept", "application/json, text/event-stream")
		return h
	}
	other := strings.Replace(list, "U0PERSON01", "U0ANOTHER1", 1)
	bearerOf := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	const discover = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`
	unnamed := strings.Replace(list, `"slack"`, `"slack-too"`, 1)
	for _, c := range []struct {
		name, method, body string
		header             http.Header
		status, ssm, work  int
	}{
		{"no token", "POST", list, good, 401, 0, 0},
		{"no token again", "POST", list, good, 401, 0, 0},
		{"short token", "POST", list, with(bearerOf(agentsToken[1:])...), 401, 0, 0},
		{"another scheme", "POST", list, with("Authorization", "Basic "+agentsToken), 401, 0, 0},
		{"looked at", "GET", "", with(bearerOf(agentsToken)...), 405, 0, 0},
		{"ended", "DELETE", "", with(bearerOf(agentsToken)...), 405, 0, 0},
		{"a page of another origin", "POST", list, with(append(bearerOf(agentsToken), "Origin", "https://evil.example")...), 403, 0, 0},
		{"too long", "POST", strings.Repeat(" ", 256<<10) + list, with(bearerOf(agentsToken)...), 413, 0, 0},
		{"forged signature", "POST", list, signed(list, "guessed", time.Now()), 401, 0, 0},
		{"old signature", "POST", list, signed(list, slacktest.SigningSecret, time.Now().Add(-10*time.Minute)), 401, 0, 0},
		{"signature of another body", "POST", other, signed(list, slacktest.SigningSecret, time.Now()), 401, 0, 0},
		{"another user of Slack", "POST", other, signed(other, slacktest.SigningSecret, time.Now()), 403, 0, 0},
		{"no user of Slack", "POST", unnamed, signed(unnamed, slacktest.SigningSecret, time.Now()), 403, 0, 0},
		{"Slack lists the tools", "POST", discover, signed(discover, slacktest.SigningSecret, time.Now()), 200, 0, 0},
		{"wrong token", "POST", list, with(bearerOf("x" + agentsToken)...), 401, 1, 0},
		{"wrong token again", "POST", list, with(bearerOf("y" + agentsToken)...), 401, 0, 0},
		{"no JSON", "POST", "{", with(bearerOf(agentsToken)...), 400, 0, 0},
		{"the token", "POST", list, with(bearerOf(agentsToken)...), 200, 0, 1},
		{"signed by Slack", "POST", list, signed(list, slacktest.SigningSecret, time.Now()), 200, 0, 0}, // it was read just now
	} {
		before, calls := len(w.ssm.calls), len(w.rds.Calls())
		r, err := http.NewRequestWithContext(t.Context(), c.method, g.URL+"/mcp", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = c.header
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		ssm, work := len(w.ssm.calls)-before, len(w.rds.Calls())-calls
		if answer.StatusCode != c.status || ssm != c.ssm || (work > 0) != (c.work > 0) || c.status > 400 && len(body) > 0 {
			t.Errorf("%s: %d, %d calls of SSM and %d of RDS, %.200s", c.name, answer.StatusCode, ssm, work, body)
		}
		if challenge := answer.Header.Get("Www-Authenticate"); (c.status == 401) != (challenge == `Bearer realm="slowdigest"`) {
			t.Errorf("%s: challenge %q", c.name, challenge)
		}
	}
	log := output()
	if strings.Contains(log, agentsToken) || !strings.Contains(log, `"who":"Slack U0PERSON01","tool":"digest"`) || !strings.Contains(log, `"who":"token","tool":"digest"`) {
		t.Errorf("the log:\n%s", log)
	}
}

// TestMCPAfterTheEnd asks for times after the end of local logs, of which these say nothing.
func TestMCPAfterTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	short := filepath.Join(dir, "short.log") // ends an hour before the other
	text := string(read(t, filepath.Join(morning, "shop-1.log")))
	if err := os.WriteFile(short, []byte(text[:strings.Index(text, "# Time: 2026-11-23T10:")]), 0o600); err != nil {
		t.Fatal(err)
	}
	both, _ := overStdio(t, nil, morning+"/shop-1.log", morning+"/shop-2.log")
	uneven, _ := overStdio(t, nil, short, morning+"/shop-2.log")
	sessions := map[string]*mcp.ClientSession{"both": connect(t, both, protocols[0]), "uneven": connect(t, uneven, protocols[0])}
	for _, c := range []struct{ logs, since, until, trust, note string }{
		{"both", "2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z", "complete", ""}, // the last entry is of seconds before
		{"both", "2026-11-23T09:00:00Z", "2026-11-23T11:30:00Z", "partial", "ends at 2026-11-23 10:59:"},
		{"both", "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z", "no_data", "ends at 2026-11-23 10:59:"},
		{"uneven", "2026-11-23T09:00:00Z", "2026-11-23T11:00:00Z", "partial", "short.log ends at 2026-11-23 09:59:"},
	} {
		for _, tool := range []string{"digest", "compare"} {
			answer, said := askTool(t, sessions[c.logs], tool, map[string]any{"since": c.since, "until": c.until})
			if answer == nil {
				t.Fatalf("%+v: %s", c, said)
			}
			coverage := answer["coverage"].(map[string]any)
			if notes, _ := json.Marshal(coverage["notes"]); coverage["trust"] != c.trust || !strings.Contains(string(notes), c.note) || c.note == "" && string(notes) != "[]" {
				t.Errorf("%s of %+v: %v", tool, c, coverage)
			}
		}
	}
}

// What cannot be meant is refused before there is an agent.
func TestAgentsOfNothing(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 2, "there is nothing to read"},
		{[]string{"-"}, 2, "the standard input is the agent's"},
		{[]string{"/nowhere.log"}, 1, "no such file"},
		{[]string{"--instance", "orders-1", "/nowhere.log"}, 2, "local logs are read"},
		{[]string{"--instance", "orders-1", "--state", "/tmp"}, 2, "whose state is meant"},
		{[]string{"--instance", "orders-1", "--channel", "C1"}, 2, "without --state nothing is remembered"},
	} {
		stdout, stderr, code := call(t, "", append([]string{"mcp"}, c.args...), environment(nil)...)
		if code != c.code || !strings.Contains(stderr, c.says) || stdout != "" {
			t.Errorf("%q: exit %d, %q %q", c.args, code, stdout, stderr)
		}
	}
}

// Without the parameter there is nothing for agents.
func TestAgentsAreOffByDefault(t *testing.T) {
	c := newCloud(t)
	answer, err := c.handle(t, settings{Instances: "orders-1", Download: "portions"}, string(agentEvent(t, agentsToken, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)))
	if raw, _ := json.Marshal(answer); err != nil || !bytes.Contains(raw, []byte(`"statusCode":404`)) || len(c.calls()) > 0 {
		t.Errorf("error %v, answer %s, calls %v", err, raw, c.calls())
	}
}

// TestColdStart measures the first answer of the built command under a Runtime API, from when it
// is started: the best of some, for the machine has other work.
func TestColdStart(t *testing.T) {
	const most, tries = 300 * time.Millisecond, 7
	w := newAgentWorld(t)
	best := time.Hour
	window := recent(`"since":"2026-11-23T09:00:00Z","until":"2026-11-23T10:00:00Z"`)
	event := agentEvent(t, agentsToken, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"digest","arguments":{`+window+`}}}`)
	built(t)
	for range tries {
		runtime := newRuntimeAPI(t)
		env := map[string]string{"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(runtime.server.URL, "http://"), "SLOWDIGEST_MCP_TOKEN_PARAMETER": agentsParameter}
		for name, value := range w.env {
			env[name] = value
		}
		began := time.Now()
		startBootstrap(t, env)
		o := runtime.invoke(t, event)
		took := time.Since(began)
		if o.failed || !bytes.Contains(o.body, []byte("structuredContent")) {
			t.Fatalf("%s", o.body)
		}
		best = min(best, took)
	}
	t.Logf("the first answer came after %s", best)
	if best > most {
		t.Errorf("the first answer came after %s, and %s is the most", best, most)
	}
}

// TestReferenceClient has the client of the protocol's TypeScript SDK call every tool, over both
// transports. It checks the answers against the schemas itself.
func TestReferenceClient(t *testing.T) {
	t.Parallel()
	const dir = "../../handler/mcptools/testdata/client"
	if _, err := os.Stat(dir + "/node_modules"); err != nil {
		missing(t, "the reference client is not installed; make mcp-client does it")
	}
	node := program(t, "node")
	w := newAgentWorld(t)
	g, _ := w.start(t, nil)
	window := map[string]any{"since": recent("2026-11-23T09:00"), "until": recent("2026-11-23T10:00")}
	calls, _ := json.Marshal(map[string]any{
		"digest": window, "changes": window, "compare": window, "coverage": window,
		"query_class": map[string]any{"query": "orders", "since": window["since"], "until": window["until"]},
	})
	for _, args := range [][]string{{"stdio", built(t), "mcp"}, {"http", g.URL + "/mcp", agentsToken}} {
		cmd := exec.Command(node, append([]string{"call.mjs"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(environment(w.env), "PATH="+os.Getenv("PATH"))
		cmd.Stdin = bytes.NewReader(calls)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v\n%s", args[0], err, stderr.String())
			continue
		}
		var got struct {
			Tools   []struct{ Name string }
			Answers map[string]struct {
				IsError           bool
				StructuredContent map[string]any
				Content           []struct{ Text string }
			}
		}
		unmarshal(t, out, &got)
		for _, tool := range allTools {
			if a := got.Answers[tool]; a.IsError || a.StructuredContent["window"] == nil {
				t.Errorf("%s %s: %+v", args[0], tool, a)
			}
		}
		if len(got.Tools) != len(allTools) {
			t.Errorf("%s: tools %v", args[0], got.Tools)
		}
	}
	w.onlyRead(t)
}

// TestEveryFlagOfMCP asks the command with each of its flags, and without: an agent sees another
// answer, or RDS other calls. Those without an effect are refused.
func TestEveryFlagOfMCP(t *testing.T) {
	t.Parallel()
	base := map[string]string{"instance": "mysql-9-7,tagged-1", "state": "s3://" + stateBucket + "/prod", "channel": slacktest.Channel}
	ask := func(t *testing.T, flags map[string]string) string {
		w := newAgentWorld(t)
		w.rds.AddInstance("users-1").Tags = map[string]string{"slowdigest": "on"}
		w.rds.AddInstance("tagged-1").Write(rdstest.SlowLog, []byte(slowEntry(recentDay.Add(9*time.Hour+55*time.Minute), 2, 9, "select b from tagged /*team='people'*/")), recentDay.Add(10*time.Hour))
		w.rds.PortionBytes = 500
		env := maps.Clone(w.env)
		maps.DeleteFunc(env, func(name, _ string) bool { return strings.HasPrefix(name, "SLOWDIGEST_") })
		var args []string
		for _, name := range slices.Sorted(maps.Keys(flags)) {
			args = append(args, "--"+name+"="+flags[name])
		}
		to, _ := overStdio(t, env, args...)
		s := connect(t, to, protocols[0])
		window := map[string]any{"since": recent("2026-11-23T09:00"), "until": recent("2026-11-23T10:00")}
		_, digest := askTool(t, s, "digest", window)
		_, changes := askTool(t, s, "changes", window)
		window["query"] = "select tagged"
		_, query := askTool(t, s, "query_class", window)
		actions := map[string]bool{}
		for _, c := range w.rds.Calls() {
			actions[c.Action+" "+c.Resource] = true
		}
		return digest + changes + query + fmt.Sprint(slices.Sorted(maps.Keys(actions)))
	}
	usual := ask(t, base)
	if again := ask(t, base); again != usual {
		t.Fatalf("the same call shows something else:\n%s\n%s", usual, again)
	}
	other := map[string]string{
		"instance": "mysql-9-7-extra", "tag": "slowdigest=on", "download": "complete", "max-bytes": "1000", "min-time": "1", "per-instance": "true", "query-tag-key": "team",
		"state": "s3://" + stateBucket + "/another", "channel": "C0PEOPLE01", "owners": ownersFile(t),
	}
	for _, flag := range declared("mcp").order {
		t.Run(flag, func(t *testing.T) {
			with := maps.Clone(base)
			with[flag] = other[flag]
			if other[flag] == "" {
				t.Fatal("it is not tried")
			}
			if ask(t, with) == usual {
				t.Error("it has no effect")
			}
		})
	}
	log := filepath.Join(morning, "shop-1.log")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"mcp", "--instance=orders-1", log}, "mcp: local logs are read"}, {[]string{"mcp", "--tag=a=b", log}, "mcp: local logs are read"},
		{[]string{"mcp", "--download=complete", log}, "mcp: local logs are read"}, {[]string{"mcp", "--max-bytes=1MB", log}, "mcp: local logs are read"},
		{[]string{"mcp", "--channel=C0SLOWLOGS", log}, "mcp: without --state nothing is remembered"},
	} {
		if _, stderr, code := call(t, "", c.args); code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: exit %d, %s", c.args, code, stderr)
		}
	}
}
