package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"slowdigest/digest"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// The kinds of run that the settings are for. All but the last two are under
// Lambda. Of what a run leaves to another, on a queue or to itself, that other is
// a part.
var kinds = []string{"schedule", "queue", "manual", "slack", "run", "invoke"}

// What a setting may do in a kind of run, other than to show what the row says.
const (
	none    = "none"    // it has no effect: nothing is different
	refused = "refused" // the command does not take the flag
)

// settingRow names a setting with a value, and what shows that it has an effect: a
// text that is seen only with it or, after an exclamation mark, only without it.
type settingRow struct {
	flag, env, value string
	shows            string
	in               map[string]string // kinds in which it is something else
	prepare          func(t *testing.T, kind string, w *world)
	invokes          string // the kind of event that invoke is given; else a schedule's
}

func settingRows(t *testing.T) []settingRow {
	// The hour of the schedule may have been posted by a run that died.
	unconfirmed := func(t *testing.T, _ string, w *world) {
		w.slack.Scopes = []string{"chat:write"}
		w.remember(t, `{"version":1,"since":"2026-11-23T09:00:00Z","history":{},"claim":{"owner":"x/y","start":"2026-11-23T09:00:00Z",`+
			`"end":"2026-11-23T10:00:00Z","stage":"posting","instances":["mysql-9-7","mysql-9-7-extra"],"expires":"2026-11-23T10:10:00Z"}}`)
	}
	posted := func(t *testing.T, _ string, w *world) {
		w.remember(t, `{"version":1,"since":"2026-11-23T09:00:00Z","history":{},`+
			`"entries":[{"start":"2026-11-23T09:00:00Z","end":"2026-11-23T10:00:00Z","kind":"posted","channel":"C0SLOWLOGS","ts":"4102444801.000100"}]}`)
		w.slack.Post(slacktest.Message{Channel: slacktest.Channel, BotID: slacktest.BotID, Text: "an older digest"})
	}
	remembering := func(t *testing.T, _ string, w *world) {
		w.remember(t, `{"version":1,"since":"2026-11-23T09:00:00Z","history":{}}`)
	}
	unsigned := func(_ *testing.T, _ string, w *world) { delete(w.env, "SLACK_SIGNING_SECRET") }
	elsewhere := func(_ *testing.T, _ string, w *world) { w.env["SLOWDIGEST_CHANNEL"] = "C0PEOPLE01" }
	twoChannels := func(_ *testing.T, _ string, w *world) {
		w.env["SLOWDIGEST_INSTANCES"] = "mysql-*"
		delete(w.env, "SLOWDIGEST_QUEUE_URL")
	}
	portions := func(_ *testing.T, _ string, w *world) { w.rds.PortionBytes = 500 }
	stateless := func(_ *testing.T, _ string, w *world) { delete(w.env, "SLOWDIGEST_STATE") }
	otherSlack := slacktest.New()
	t.Cleanup(otherSlack.Close)
	stateful := map[string]string{"manual": none, "slack": none, "run": refused} // what these answer is not remembered
	onlySlack := map[string]string{"schedule": none, "queue": none, "manual": none, "run": refused}
	return []settingRow{
		{flag: "instance", env: "SLOWDIGEST_INSTANCES", value: "mysql-9-7", shows: "!db:mysql-9-7-extra"},
		{flag: "tag", env: "SLOWDIGEST_TAG", value: "team=people", shows: "db:users-1"},
		{flag: "download", env: "SLOWDIGEST_DOWNLOAD", value: "complete", shows: "DownloadCompleteDBLogFile"},
		{flag: "max-bytes", env: "SLOWDIGEST_MAX_BYTES", value: "1000", shows: "PARTIAL", prepare: portions, in: map[string]string{"slack": "NO DATA"}},
		{flag: "limit", env: "SLOWDIGEST_LIMIT", value: "2", shows: "1 class not shown"},
		{flag: "order-by", env: "SLOWDIGEST_ORDER_BY", value: "max", shows: "460B801D1AC030CB)"},
		{flag: "min-time", env: "SLOWDIGEST_MIN_TIME", value: "2", shows: "query time of 2s or more"},
		{flag: "per-instance", env: "SLOWDIGEST_PER_INSTANCE", value: "true", shows: "!AAD7F5698A4F7D4F)"},
		{flag: "query-tag-key", env: "SLOWDIGEST_QUERY_TAG_KEYS", value: "team", shows: "team people"},
		{flag: "format", env: "SLOWDIGEST_FORMAT", value: "markdown", shows: "# Slow queries",
			in: map[string]string{"schedule": none, "queue": none, "manual": none, "slack": none}},
		{flag: "channel", env: "SLOWDIGEST_CHANNEL", value: "C0OTHER001", shows: `"channel":"C0OTHER001"`,
			in: map[string]string{"slack": "may not ask slowdigest in this channel"}},
		{flag: "slack-token-parameter", env: "SLACK_TOKEN_PARAMETER", value: "/another", shows: "parameter/another"},
		{env: "SLACK_TOKEN", value: "xoxb-another", shows: "!ssm:GetParameter"},
		{flag: "slack-api-url", env: "SLACK_API_URL", value: otherSlack.URL(), shows: `!"bot_id":"B0SLACKTEST"`},
		{flag: "link", env: "SLOWDIGEST_LINKS", value: "Board=https://board.example/{instance}", shows: "board.example"},
		{flag: "time-zone", env: "SLOWDIGEST_TIME_ZONE", value: "Asia/Kolkata", shows: "Asia/Kolkata"},
		{flag: "state", env: "SLOWDIGEST_STATE", value: "DIRECTORY", shows: "C0SLOWLOGS.json", prepare: stateless,
			in: map[string]string{"manual": none, "run": refused}},
		{flag: "repeat", env: "SLOWDIGEST_REPEAT", value: "skip", shows: `!"channel":"C0SLOWLOGS","ts"`, in: stateful, prepare: unconfirmed},
		{flag: "daily", env: "SLOWDIGEST_DAILY", value: "10:00", shows: "The day, ", in: stateful, prepare: remembering},
		{flag: "keep", env: "SLOWDIGEST_KEEP", value: "35", shows: "reports/C0SLOWLOGS/", in: stateful, prepare: remembering},
		{flag: "force", value: "true", shows: "!an older digest", prepare: posted,
			in: map[string]string{"run": refused}},
		{flag: "queue-url", env: "SLOWDIGEST_QUEUE_URL", value: "QUEUE", shows: `"queued":2`, prepare: twoChannels,
			in: map[string]string{"invoke": `"queued": 2`, "manual": none, "slack": none, "run": refused}},
		{flag: "signing-secret-parameter", env: "SLACK_SIGNING_SECRET_PARAMETER", value: secretParameter, shows: "slowdigest_mute",
			in: map[string]string{"run": refused}, prepare: unsigned},
		{env: "SLACK_SIGNING_SECRET", value: slacktest.SigningSecret, shows: "slowdigest_mute", in: map[string]string{"run": none}, prepare: unsigned},
		{flag: "ask-channel", env: "SLOWDIGEST_ASK_CHANNELS", value: slacktest.Channel, shows: "Reading the last", in: onlySlack, prepare: elsewhere, invokes: "slack"},
		{flag: "ask-user", env: "SLOWDIGEST_ASK_USERS", value: "U0ANOTHER", shows: "may not ask slowdigest in this channel", in: onlySlack, invokes: "slack"},
		{flag: "mcp-token-parameter", env: "SLOWDIGEST_MCP_TOKEN_PARAMETER", value: agentsParameter, shows: "Slow queries of a window, ranked",
			in: map[string]string{"schedule": none, "queue": none, "manual": none, "slack": none, "run": refused}, invokes: "agent"},
		{env: "SLOWDIGEST_ANSWER_FUNCTION", value: "another", shows: "invoke another: ", in: map[string]string{"schedule": none, "queue": none, "manual": none, "run": none, "invoke": none}},
		{flag: "stage", env: "SLOWDIGEST_STAGE", value: "prod", shows: `"Stage":"prod"`,
			in: map[string]string{"manual": none, "slack": none, "run": refused, "invoke": refused}},
	}
}

// asFunction has this process be a function of Lambda, which knows its name.
func asFunction(t *testing.T) {
	name := lambdacontext.FunctionName // from its environment when it starts
	lambdacontext.FunctionName = "prod-slowdigest"
	t.Cleanup(func() { lambdacontext.FunctionName = name })
}

// TestSettings tries every setting in every kind of run: either what AWS, Slack
// and whoever called have got shows its effect, or all of that is as without it,
// or the command refuses the flag.
func TestSettings(t *testing.T) {
	asFunction(t)
	rows := settingRows(t)
	for _, f := range []*flags{lambdaFlags(), declared("run"), declared("invoke")} {
		variables := slices.Collect(maps.Values(f.env))
		for _, v := range f.only {
			variables = append(variables, v.Name)
		}
		for _, variable := range variables {
			if !slices.ContainsFunc(rows, func(row settingRow) bool { return row.env == variable }) {
				t.Errorf("%s is not tried", variable)
			}
		}
	}
	for _, row := range rows {
		for _, kind := range kinds {
			want := row.shows
			if in, other := row.in[kind]; other {
				want = in
			}
			underLambda := kind != "run" && kind != "invoke"
			if underLambda && row.env == "" {
				continue // no flag comes there
			}
			t.Run(row.flag+row.env+" in "+kind, func(t *testing.T) {
				without, _ := row.try(t, kind, false)
				with, code := row.try(t, kind, true)
				text, absent := strings.CutPrefix(want, "!")
				switch {
				case want == refused:
					if code != 2 || !strings.Contains(with, "there is no flag --"+row.flag) {
						t.Errorf("it is not refused:\n%s", with)
					}
				case want == none:
					if with != without {
						t.Errorf("it has an effect:\n%s", difference(with, without))
					}
				case strings.Contains(with, text) == absent || strings.Contains(without, text) != absent:
					t.Errorf("%q does not show:\n%s\nwithout it:\n%s", want, with, without)
				}
			})
		}
	}
}

// The tags of an instance come before the settings for all, whatever the kind of
// run, and after what whoever asks has said.
func TestTagsCount(t *testing.T) {
	const hour = `"since":"2026-11-23T09:00:00Z","until":"2026-11-23T10:00:00Z","dry_run":true`
	byTag := &digest.Filter{MinTimes: map[string]float64{"tagged-1": 2}}
	run := []string{"run", recent("--since=2026-11-23T09:00"), recent("--until=2026-11-23T10:00"), "--format=json"}
	for _, c := range []struct {
		name     string
		event    string // under Lambda, else args
		args     []string
		calls    int64
		classes  int // that are shown
		filtered *digest.Filter
	}{
		{"schedule", `{"time":"2026-11-23T10:05:00Z"}`, nil, 2, 2, byTag},
		{"manual", `{` + hour + `}`, nil, 2, 2, byTag},
		{"manual with a limit", `{"limit":1,` + hour + `}`, nil, 2, 1, byTag},
		{"run", "", run, 2, 2, byTag},
		{"run with flags", "", append(run, "--min-time=1.5", "--limit=1"), 3, 1, &digest.Filter{MinTime: 1.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, time.Now())
			w.useAWS(t)
			w.env["SLOWDIGEST_INSTANCES"] = "tagged-*"
			db := w.rds.AddInstance("tagged-1")
			db.Tags = map[string]string{"slowdigest:min-time": "2", "slowdigest:limit": "2"}
			var log strings.Builder
			for i, sql := range []string{"select a from t", "select b from t", "select b from t", "update t set a = 1"} {
				log.WriteString(slowEntry(recentDay.Add(9*time.Hour+55*time.Minute), float64(5-i)/2, 0, sql))
			}
			db.Write(rdstest.SlowLog, []byte(log.String()), time.Now())
			r := new(digest.Report)
			if c.args != nil {
				stdout, stderr, code := call(t, "", c.args, environment(w.env)...)
				if code != 0 {
					t.Fatal(stderr)
				}
				unmarshal(t, []byte(stdout), r)
			} else {
				p := &process{getenv: func(name string) string { return w.env[name] }}
				answer, err := handleEvent(t.Context(), p, json.RawMessage(recent(c.event)), newRunLog(slog.New(slog.DiscardHandler)))
				if err != nil {
					t.Fatal(err)
				}
				r = answer.(*digest.Report)
			}
			if r.Overall.Calls != c.calls || len(r.Classes) != c.classes || !reflect.DeepEqual(r.Filter, c.filtered) {
				t.Errorf("%d calls, %d classes, filter %+v", r.Overall.Calls, len(r.Classes), r.Filter)
			}
		})
	}
}

// try runs what is of the kind with the setting or without it, and returns all
// that can be seen of that, and the exit code of a command.
func (row settingRow) try(t *testing.T, kind string, set bool) (seen string, code int) {
	t.Helper()
	now := time.Now()
	w := newWorld(t, now)
	people := w.rds.AddInstance("users-1")
	people.Tags = map[string]string{"team": "people"}
	people.Write(rdstest.SlowLog, []byte(slowEntry(recentDay.Add(9*time.Hour+30*time.Minute), 1, 1, "select 1")), now)
	w.slack.Channels["C0OTHER001"] = slacktest.ChannelState{Name: "other", Member: true}
	w.ssm.secret = slacktest.SigningSecret
	if kind != "slack" && row.invokes != "slack" {
		unset := []string{"SLOWDIGEST_STATE", "SLACK_SIGNING_SECRET"}
		maps.DeleteFunc(w.env, func(name, _ string) bool { return slices.Contains(unset, name) })
	}
	if kind == "queue" {
		w.env["SLOWDIGEST_INSTANCES"], w.env["SLOWDIGEST_QUEUE_URL"] = "mysql-*", w.queue.QueueURL()
	}
	if row.prepare != nil {
		row.prepare(t, kind, w)
	}
	value := strings.NewReplacer("QUEUE", w.queue.QueueURL(), "DIRECTORY", t.TempDir()).Replace(row.value)
	w.useAWS(t)
	var args []string
	switch {
	case !set:
	case row.flag != "" && (kind == "run" || kind == "invoke"):
		args = []string{"--" + row.flag + "=" + value}
	default:
		w.env[row.env] = value
	}
	switch kind {
	case "run":
		args = append([]string{"run", "--since", recent("2026-11-23T09:00"), "--until", recent("2026-11-23T10:00"), "--post"}, args...)
	case "invoke":
		args = append([]string{"invoke", "--event", write(t, "event.json", string(eventOf(t, row.invokes, now)))}, args...)
	default:
		seen = w.lambda(t, eventOf(t, kind, now))
		args = nil
	}
	if args != nil {
		var stdout, stderr string
		stdout, stderr, code = call(t, "", args, environment(w.env)...)
		seen = stdout + stderr
	}
	if row.flag == "state" && set {
		w.env["SLOWDIGEST_STATE"] = value
	}
	return sameTimes(seen) + w.received(t), code
}

// useAWS points the AWS SDK of this process at the world.
func (w *world) useAWS(t *testing.T) {
	for _, e := range environment(w.env) {
		if name, value, _ := strings.Cut(e, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value)
		}
	}
}

// eventOf returns an event of a kind of run.
func eventOf(t *testing.T, kind string, now time.Time) []byte {
	switch kind {
	case "manual":
		return []byte(recent(`{"since":"2026-11-23T09:00:00Z","until":"2026-11-23T10:00:00Z"}`))
	case "slack":
		body := slacktest.Command("last 15m")
		return urlEvent(t, http.MethodPost, slacktest.Sign(body, slacktest.SigningSecret, now), body, true)
	case "agent":
		return agentEvent(t, agentsToken, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`)
	}
	return example(t, "schedule")
}

// lambda has the handler of Lambda serve an event in this process, and what that
// leaves to other invocations. It returns the answers and the log.
func (w *world) lambda(t *testing.T, event []byte) string {
	var out, log bytes.Buffer
	p := &process{getenv: func(name string) string { return w.env[name] }, stdout: &out, stderr: &out}
	for events := [][]byte{event}; len(events) > 0; events = events[1:] {
		answer, err := handleEvent(t.Context(), p, json.RawMessage(events[0]), newRunLog(slog.New(slog.NewJSONHandler(&log, nil))))
		if err := json.NewEncoder(&out).Encode(answer); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, err)
		if strings.HasPrefix(w.env["SLOWDIGEST_QUEUE_URL"], "http") {
			for m := w.queue.Receive(1); m != nil; m = w.queue.Receive(1) {
				events = append(events, m)
			}
		}
		select {
		case e := <-w.invoked:
			events = append(events, e)
		default:
		}
	}
	return out.String() + log.String()
}

// remember sets the state of the channel before the run.
func (w *world) remember(t *testing.T, state string) {
	t.Helper()
	w.env["SLOWDIGEST_STATE"] = t.TempDir()
	if err := os.WriteFile(filepath.Join(w.env["SLOWDIGEST_STATE"], slacktest.Channel+".json"), []byte(recent(state)), 0o600); err != nil {
		t.Fatal(err)
	}
}
