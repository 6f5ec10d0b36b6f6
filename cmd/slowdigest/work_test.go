package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/digest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/notifier/teams"
	"slowdigest/source/rdstest"
)

// A request that Lambda tries again goes on where its first try ended; another does
// not, while the first may still be at work.
func TestLambdaKnowsItsRequests(t *testing.T) {
	for request, posted := range map[string]int{"request-1": 1, "request-2": 0, "": 0} {
		w := newWorld(t, time.Now())
		w.useAWS(t)
		w.remember(t, `{"version":1,"since":"2026-11-23T09:00:00Z","history":{},"claim":{"owner":"request-1/x","start":"2026-11-23T09:00:00Z",`+
			`"end":"2026-11-23T10:00:00Z","stage":"reading","expires":"`+time.Now().Add(10*time.Minute).UTC().Format(time.RFC3339)+`"}}`)
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: request})
		p := &process{getenv: func(name string) string { return w.env[name] }}
		_, err := handleEvent(ctx, p, example(t, "schedule"), newRunLog(slog.New(slog.DiscardHandler)))
		got := 0
		for _, m := range w.slack.Messages() {
			if m.ThreadTS == "" {
				got++
			}
		}
		if err != nil || got != posted {
			t.Errorf("by %q: %d messages, %v; want %d", request, got, err, posted)
		}
	}
}

// The token is fetched once for all channels of an event.
func TestTokenIsFetchedOnce(t *testing.T) {
	w := newWorld(t, time.Now())
	w.useAWS(t)
	maps.Copy(w.env, map[string]string{"SLOWDIGEST_INSTANCES": "", "SLOWDIGEST_TAG": "slowdigest=on"})
	w.lambda(t, example(t, "schedule"))
	channels := map[string]bool{}
	for _, m := range w.slack.Messages() {
		channels[m.Channel] = true
	}
	if len(channels) != 2 || len(w.ssm.calls) != 1 {
		t.Errorf("%d channels, and SSM was asked %v", len(channels), w.ssm.calls)
	}
}

// What a manual event names is read, and nothing that the settings find.
func TestManualNamesItsInstances(t *testing.T) {
	for _, c := range []struct {
		event string
		env   map[string]string
		calls int64
	}{
		{`{"last":"15m","dry_run":true}`, map[string]string{"SLOWDIGEST_INSTANCES": "", "SLOWDIGEST_TAG": "slowdigest=on"}, 8},
		{`{"last":"15m","dry_run":true,"instances":["mysql-9-7"]}`, map[string]string{"SLOWDIGEST_INSTANCES": "", "SLOWDIGEST_TAG": "slowdigest=on"}, 4},
		{`{"last":"15m","dry_run":true,"instances":["mysql-9-7"]}`, map[string]string{"SLOWDIGEST_INSTANCES": "mysql-*"}, 4},
	} {
		w := newWorld(t, time.Now())
		w.useAWS(t)
		maps.Copy(w.env, c.env)
		p := &process{getenv: func(name string) string { return w.env[name] }}
		answer, err := handleEvent(t.Context(), p, json.RawMessage(c.event), newRunLog(slog.New(slog.DiscardHandler)))
		if r, ok := answer.(*digest.Report); err != nil || !ok || r.Overall.Calls != c.calls {
			t.Errorf("%s with %v: %+v, %v", c.event, c.env, answer, err)
		}
	}
}

// Where instances are found, each may have a channel by its tag, and none is needed
// for all: by a pattern, by a tag, and by their cluster.
func TestFoundInstancesHaveChannels(t *testing.T) {
	for _, env := range []map[string]string{
		{"SLOWDIGEST_INSTANCES": "mysql-9-7-ex*"},
		{"SLOWDIGEST_INSTANCES": "cluster:orders"},
		{"SLOWDIGEST_INSTANCES": "", "SLOWDIGEST_TAG": "of=orders"},
	} {
		w := newWorld(t, time.Now())
		w.useAWS(t)
		maps.Copy(w.env, env)
		w.env["SLOWDIGEST_CHANNEL"] = ""
		db := w.rds.AddInstance("orders-1")
		db.Cluster, db.Tags = "orders", map[string]string{"of": "orders", "slowdigest:channel": "C0PEOPLE01"}
		db.Write(rdstest.SlowLog, []byte(slowEntry(recentDay.Add(9*time.Hour+55*time.Minute), 1, 1, "select 1")), time.Now())
		log := w.lambda(t, example(t, "schedule"))
		if m := w.slack.Messages(); len(m) == 0 || m[0].Channel != "C0PEOPLE01" {
			t.Errorf("%v: %d messages\n%s", env, len(m), log)
		}
	}
}

// The kind of the token tells which chat it is for.
func TestChatOfAToken(t *testing.T) {
	for token, want := range map[string]any{
		slacktest.Token:                              &slack.Bot{},
		"https://hooks.slack.com/services/T/B/x":     &slack.Webhook{},
		"https://HOOKS.slack-gov.com/services/T/B/x": &slack.Webhook{},
		"https://gateway.example/services/T0/B0/aB3": &slack.Webhook{},
		"https://prod-1.logic.azure.com/workflow":    &teams.Webhook{},
		"https://x.y.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke?sig=s": &teams.Webhook{},
		"https://contoso.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4":                                                              &teams.Webhook{},
		"https://gateway.example/workflows/1/triggers/manual/paths/invoke?sig=s":                                                            &teams.Webhook{},

		// What is of neither chat is refused, with a hint, and without what is secret in it.
		"https://hooks.slack.com.evil.example/x":          "neither one of Slack nor of a Teams workflow",
		"https://evil.example/logic.azure.com/secretpart": "neither one of Slack nor of a Teams workflow",
		"https://mattermost.example/hooks/secretpart":     "Mattermost or Rocket.Chat",
		"https://chat.example/x/hooks/1/secretpart":       "Mattermost or Rocket.Chat",
		"http://hooks.slack.com/services/T/B/secretpart":  "begins with https://",
		"https://discord.com/api/webhooks/1/secretpart":   "neither one of Slack nor of a Teams workflow",
	} {
		s := newService(&Config{}, aws.Config{}, slog.New(slog.DiscardHandler))
		got, err := s.chat(token, slacktest.Channel, nil)
		if says, refused := want.(string); refused {
			if err == nil || got != nil || !strings.Contains(withHint(err).Error(), says) || strings.Contains(withHint(err).Error(), "secretpart") {
				t.Errorf("%s: %T, %v; want an error that says %q", token, got, err, says)
			}
		} else if err != nil || reflect.TypeOf(got) != reflect.TypeOf(want) {
			t.Errorf("%s: %T, %v; want %T", token, got, err, want)
		}
	}
}

// To the URL of a Teams workflow goes a card, and not a message of Slack's.
func TestRunPostsToTeams(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Now())
	posted := make(chan []byte, 9)
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posted <- body
		rw.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	w.env["SSL_CERT_FILE"] = write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	w.env["SLACK_TOKEN"] = server.URL + "/workflows?sig=secretsecretsecret"
	cmd := exec.Command(built(t), "run", "--post", "--last", "15m")
	cmd.Env = environment(w.env)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "secretsecret") {
		t.Fatalf("%v\n%s", err, out)
	}
	var card struct {
		Type        string
		Attachments []struct{ ContentType string }
	}
	unmarshal(t, <-posted, &card)
	if card.Type != "message" || len(card.Attachments) != 1 || card.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" || len(w.slack.Requests()) > 0 {
		t.Errorf("%+v, and Slack was asked %v", card, w.slack.Requests())
	}
}

// The database is logged only where it changes. A run that filters by it reads the
// log from its beginning, and one that does not begins at the window.
func TestRunWithASchemaReadsAll(t *testing.T) {
	rds := rdstest.NewServer()
	defer rds.Close()
	end := time.Now().UTC().Truncate(time.Second)
	log := hourLog{end: end, size: 3600 * 8 * entryBytes, first: "use shop;\n"}
	rds.AddInstance("orders-1").WriteContent(rdstest.SlowLog, log, end)
	for _, c := range []struct {
		flags []string
		all   bool
		calls int64
	}{{nil, false, 180 * 8}, {[]string{"--schema=shop"}, true, 180 * 8}, {[]string{"--schema=other"}, true, 0}} {
		cmd := exec.Command(built(t), append([]string{"run", "--instance=orders-1", "--format=json",
			"--since=" + end.Add(-3*time.Minute).Format(time.RFC3339), "--until=" + end.Format(time.RFC3339)}, c.flags...)...)
		cmd.Env = awsEnv(rds)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var r digest.Report
		unmarshal(t, out, &r)
		if r.Overall.Calls != c.calls || (r.Coverage.BytesRead == log.size) != c.all {
			t.Errorf("%v: %d calls of %d bytes", c.flags, r.Overall.Calls, r.Coverage.BytesRead)
		}
	}
}

// However many instances are followed, each is read at the same time.
func TestFollowReadsAll(t *testing.T) {
	rds := rdstest.NewServer()
	defer rds.Close()
	now := time.Now().UTC().Truncate(time.Second)
	var ids []string
	for i := range 9 {
		ids = append(ids, fmt.Sprintf("orders-%d", i))
		log := rdstest.Banner + slowEntry(now, 1, 1, "select a from t"+ids[i][7:]) + slowEntry(now, 1, 1, "select b from t")
		rds.AddInstance(ids[i]).Append(rdstest.SlowLog, []byte(log), now)
	}
	cmd, screen := onTerminal(t, rds, "run", "--instance", strings.Join(ids, ","), "--last", "15m", "--follow", "--limit", "all")
	screen.wait(t, "following 9 logs", time.Minute)
	screen.wait(t, "9 slow queries", time.Minute)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}
