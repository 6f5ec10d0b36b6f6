package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// declared returns the flags of a command.
func declared(name string) *flags {
	for _, c := range commands() {
		if c.name == name {
			f := newFlags(func(string) string { return "" })
			c.declare(f, &process{})
			return f
		}
	}
	return nil
}

// lambdaFlags returns the settings that Lambda reads, whose variables alone count.
func lambdaFlags() *flags {
	f := newFlags(func(string) string { return "" })
	new(Config).declareLambda(f)
	return f
}

// Each flag of each command with what makes it tell: a value and, where the
// command does not need it without this flag, other arguments. Those of invoke that
// settingRows has are left out.
var flagValues = map[string]map[string]string{
	"report": {
		"limit": "2", "order-by": "max", "min-time": "2", "per-instance": "true", "by": "host", "user": "other", "host": "other", "schema": "other",
		"query-tag": "controller=other", "query-tag-key": "team",
		"id": "AA", "filter": "query_time>2", "format": "json", "owners": "OWNERS", "link": "A=https://a.example", "since": "2026-11-23T10:00", "until": "2026-11-23T09:00", "last": "1m",
		"channel": "C0PEOPLE01", "slack-token-parameter": "/another", "slack-api-url": "http://127.0.0.1:1/", "post": "true", "from-state": "true", "state": "DIRECTORY",
		"time-zone": "Asia/Kolkata --since=2026-11-23T09:00 --until=2026-11-23T10:00",
	},
	"diff": {"time-zone": "Asia/Kolkata", "format": "json", "limit": "1", "by": "user", "user": "other", "host": "other", "schema": "other", "query-tag": "controller=other", "id": "AA", "filter": "query_time>2", "min-time": "2",
		"since": "2026-11-23T10:00", "until": "2026-11-23T09:00", "last": "1m",
		"channel": "C0PEOPLE01", "slack-token-parameter": "/another", "slack-api-url": "http://127.0.0.1:1/", "post": "true", "from-state": "true", "state": "DIRECTORY", "compare": "48h"},
	"fingerprint": {"0": "true"},
	"check":       {"owners": "OWNERS"},
	"run": {
		"instance": "mysql-9-7", "tag": "slowdigest=on", "download": "complete", "max-bytes": "1000", "limit": "90%", "order-by": "max",
		"min-time": "2", "per-instance": "true", "by": "host", "format": "json", "channel": "C0PEOPLE01", "slack-token-parameter": "/another",
		"slack-api-url": "http://127.0.0.1:1/", "link": "A=https://a.example", "time-zone": "Asia/Kolkata",
		"user": "other", "host": "other", "schema": "other", "query-tag": "controller=other", "query-tag-key": "team", "id": "AA", "filter": "query_time>2", "owners": "OWNERS", "last": "5m", "since": "2026-11-23T09:30", "until": "2026-11-23T10:00 --since=2026-11-23T09:00",
		"region": "no/region", "profile": "nowhere",
		"compare": "24h", "post": "true", "follow": "true --until=2026-11-23T10:00", // which is refused; TestFollowReadsAll follows
	},
	"doctor": {
		"instance": "mysql-9-7", "tag": "slowdigest=on", "download": "complete", "channel": "C0PEOPLE01", "slack-token-parameter": "/another",
		"slack-api-url": "http://127.0.0.1:1/", "state": "s3://", "owners": "OWNERS", "queue-url": "QUEUE", "signing-secret-parameter": secretParameter,
		"mcp-token-parameter": "/another", "max-bytes": "1000 --instance=users-1", "region": "no/region", "profile": "nowhere",
	},
	"mute":    {"state": "DIRECTORY", "channel": "C0PEOPLE01", "for": "0", "reason": "because", "time-zone": "Asia/Kolkata"},
	"unmute":  {"state": "DIRECTORY", "channel": "C0PEOPLE01"},
	"note":    {"state": "DIRECTORY", "channel": "C0PEOPLE01"},
	"release": {"state": "DIRECTORY", "channel": "C0PEOPLE01", "at": "2020-01-01", "remove": "true", "time-zone": "Asia/Kolkata"},
	"week":    {"state": "DIRECTORY", "channel": "C0PEOPLE01", "slack-token-parameter": "/another", "slack-api-url": "http://127.0.0.1:1/", "owners": "OWNERS", "time-zone": "Asia/Kolkata", "format": "json", "post": "true"},
	"invoke":  {"event": "../../testdata/events/manual.json", "logs": logs},
	"iam": {
		"instance": "orders-1", "tag": "team=people", "download": "auto", "slack-token-parameter": "/another", "state": "s3://kept/prod",
		"queue-url": "work", "signing-secret-parameter": secretParameter + " --function=f", "stage": "prod", "function": "f", "topic": "alarms",
		"token-key": key, "topic-key": key, "state-key": key + " --state=s3://kept/p",
		"mcp-token-parameter": "/another", "tracing": "true", "account": "123456789012", "region": "cn-north-1", "partition": "aws-eusc", "boundary": "true",
		"cloudformation": "true",
	},
}

// The modes of the commands that have several. A flag may be refused in one of them.
var flagModes = map[string][]string{
	"report":  {"", "--by=host", "--format=json", "--format=markdown", "--format=html", "--format=slack", "--post", "--since=2026-11-23T09:00", "--from-state=true --since=2026-11-23T09:00"},
	"diff":    {"", "--format=json", "--format=markdown", "--format=html", "--format=slack", "--post", "--since=2026-11-23T09:00", "--from-state=true --since=2026-11-23T09:00 --until=2026-11-23T10:00 --compare=1h"},
	"run":     {"", "--by=host", "--format=slack", "--format=json", "--post", "--compare=24h", "--compare=24h --format=slack", "--since=2026-11-23T09:00"},
	"mute":    {"0123456789ABCDEF0123456789ABCDEF", ""},
	"release": {"v141", ""},
	"week":    {"", "--post"},
	"invoke":  {"", "--logs=" + logs},
	"iam":     {"", "--cloudformation", "--boundary"},
}

// TestEveryFlagHasAnEffect calls each command in each of its modes with each of its
// flags and without it: something that can be seen is different, or it is refused.
func TestEveryFlagHasAnEffect(t *testing.T) {
	const known = "0123456789ABCDEF0123456789ABCDEF"
	log := func(id string) string {
		at := recentDay.Add(9*time.Hour + 55*time.Minute)
		return write(t, id+".log", slowEntry(at, 2.5, 0, "select a from t")+slowEntry(at, 1.5, 9, "select b from t /*team='people'*/")+slowEntry(at, 2, 9, "select b from t"))
	}
	a, b := log("a"), log("b")
	base := map[string][]string{
		"report": {a, b}, "diff": {logs + "mysql-9-7.log", a}, "fingerprint": {}, "run": {}, "doctor": {},
		"mute": {}, "unmute": {known}, "note": {known, "text"}, "release": {}, "week": {recentDay.Format(time.DateOnly)}, "invoke": {"--event=" + write(t, "schedule.json", string(example(t, "schedule")))}, "iam": {},
	}
	sts := newSTS(t)
	inSettings := map[string]bool{}
	for _, row := range settingRows(t) {
		inSettings[row.flag] = true
	}
	isRefused := map[string]bool{} // by command and reason
	for _, c := range commands() {
		if c.name == "mcp" || c.name == "demo" {
			continue // TestEveryFlagOfMCP asks the one, and TestDemo plays the other
		}
		modes := flagModes[c.name]
		if modes == nil {
			modes = []string{""}
		}
		flags := declared(c.name).order
		for _, mode := range modes {
			try := func(t *testing.T, flag, value string, set bool) (string, int) {
				w := newWorld(t, time.Now())
				w.rds.PortionBytes = 500
				w.ssm.secret = slacktest.SigningSecret
				w.slack.Unsupported = []string{"actions"} // the buttons, which come with a signing secret
				users := w.rds.AddInstance("users-1")
				users.Tags = map[string]string{"slowdigest": "on"}
				users.WriteContent(rdstest.SlowLog+".2026-11-23.9", sized(2000), recentDay.Add(9*time.Hour))
				users.Write(rdstest.SlowLog, nil, time.Now()) // or it is waited for, as if the log were being rotated
				w.env["AWS_ENDPOINT_URL_STS"] = sts
				w.useAWS(t)
				delete(w.env, "SLACK_SIGNING_SECRET")
				args := append([]string{c.name}, base[c.name]...)
				if strings.HasPrefix(mode, "--from-state") {
					args = args[:1]
				}
				args = append(args, strings.Fields(recent(mode))...)
				if others := strings.Fields(value); set {
					value := strings.NewReplacer("QUEUE", w.queue.QueueURL(), "DIRECTORY", t.TempDir(), "OWNERS", ownersFile(t)).Replace(others[0])
					args = append(args, append(others[1:], "--"+flag+"="+value)...)
				} else {
					args = append(args, others[min(1, len(others)):]...)
				}
				w.remember(t, `{"version":1,"since":"2026-11-23T09:00:00Z","history":{"marks":[{"name":"v141","at":"`+recentDay.Add(9*time.Hour).Format(time.RFC3339)+`"}]},"mutes":[{"id":"`+known+`","since":"2026-11-23T09:00:00Z"},{"id":"FEDCBA9876543210FEDCBA9876543210","since":"2026-11-23T09:00:00Z","until":"2099-01-01T00:00:00Z"}]}`)
				archiveHours(t, w.env["SLOWDIGEST_STATE"], recentDay.Add(7*time.Hour), 3, a)
				stdout, stderr, code := call(t, "select 1\nselect\x002\n", args, environment(w.env)...)
				for _, u := range unused {
					isRefused[u.command+u.why] = isRefused[u.command+u.why] || strings.HasPrefix(stderr, "slowdigest: error: "+u.command+": "+u.why+"\n")
				}
				seen := fmt.Sprint(sameTimes(stdout+stderr), code, w.received(t), w.slack.Requests())
				return strings.ReplaceAll(seen, w.env["SLOWDIGEST_STATE"], "STATE"), code
			}
			t.Run(c.name+" "+mode+" again", func(t *testing.T) {
				one, _ := try(t, "", "", false)
				if again, _ := try(t, "", "", false); again != one { // or the time alone would tell the two apart
					t.Errorf("the same call shows something else:\n%s", difference(again, one))
				}
			})
			for _, flag := range flags {
				value, listed := flagValues[c.name][flag]
				value = recent(value)
				switch {
				case inSettings[flag] && c.name == "invoke", strings.HasPrefix(mode+"=", "--"+flag+"="):
					continue
				case flag == "limit" && mode == "--by=host": // there is one
					continue
				case !listed:
					t.Errorf("%s --%s is not tried", c.name, flag)
					continue
				}
				t.Run(c.name+" "+mode+" "+flag, func(t *testing.T) {
					with, code := try(t, flag, value, true)
					without, _ := try(t, flag, value, false)
					if with == without {
						t.Errorf("--%s=%s has no effect:\n%s", flag, value, with)
					}
					if refusal := strings.Contains(with, "hint: leave out"); code == 2 && mode == "" && refusal && !slices.Contains([]string{"link", "channel", "slack-token-parameter", "slack-api-url", "follow"}, flag) {
						t.Errorf("--%s is refused: %s", flag, with)
					}
				})
			}
		}
	}
	for _, u := range unused {
		if !isRefused[u.command+u.why] && u.command != "invoke" && u.command != "mcp" {
			t.Errorf("nothing was refused for this reason: %s: %s", u.command, u.why)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]int64{
		"1": 1, "500MB": 500e6, "1 GiB": 1 << 30, "1.5 GB": 1.5e9, "9223372036854774784": math.MaxInt64 - 1023,
		"0": 0, "9223372036854775808": 0, "-1": 0, "": 0, "MB": 0, // which are refused
	} {
		if got, err := parseBytes(in); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, error %v, want %d", in, got, err, want)
		}
	}
}

// A flag comes before its variable, and the variable before the default, in each
// command that has it.
func TestFlagsComeBeforeTheEnvironment(t *testing.T) {
	values := map[string][2]string{} // of a flag: two that can be told apart
	for _, row := range settingRows(t) {
		values[row.flag] = [2]string{row.value, row.value + "0"}
	}
	for flag, pair := range map[string][2]string{
		"download": {"complete", "auto"}, "order-by": {"max", "count"}, "per-instance": {"true", "false"}, "format": {"json", "html"},
		"repeat": {"skip", "post"}, "daily": {"09:00", "10:00 Europe/Berlin"}, "keep": {"35", "7d"}, "time-zone": {"Asia/Kolkata", "Europe/Berlin"}, "region": {"a", "b"}, "link": {"A=https://a.example", "B=https://b.example"},
	} {
		values[flag] = pair
	}
	tried := 0
	for _, c := range commands() {
		for flag, variable := range declared(c.name).env {
			for i := range 2 {
				one, other := values[flag][i], values[flag][1-i]
				for _, tt := range []struct{ env, arg, want string }{{one, "", one}, {"", one, one}, {other, one, one}} {
					f := newFlags(func(name string) string { return map[string]string{variable: tt.env}[name] })
					c.declare(f, &process{})
					var args []string
					if tt.arg != "" {
						args = []string{"--" + flag + "=" + tt.arg}
					}
					if _, err := f.parse(args); err != nil {
						t.Fatal(err)
					}
					got := f.Lookup(flag).Value.String()
					if got != tt.want {
						t.Errorf("%s: $%s is %q and --%s %q: got %q", c.name, variable, tt.env, flag, tt.arg, got)
					}
					tried++
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d were tried", tried)
	}
}

// Only one function makes a handler.Handler.
func TestOnePlaceMakesHandlers(t *testing.T) {
	var places []string
	for _, pattern := range []string{"../../*/*.go", "../../*/*/*.go", "../../*/*/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "node_modules") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range parsed.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				ast.Inspect(f, func(n ast.Node) bool {
					if lit, ok := n.(*ast.CompositeLit); ok {
						s, ok := lit.Type.(*ast.SelectorExpr)
						x, _ := lit.Type.(*ast.Ident)
						if ok && fmt.Sprint(s.X, ".", s.Sel) == "handler.Handler" || x != nil && x.Name == "Handler" && parsed.Name.Name == "handler" {
							places = append(places, file+" "+f.Name.Name)
						}
					}
					return true
				})
			}
		}
	}
	if len(places) != 1 || places[0] != "../../cmd/slowdigest/work.go newHandler" {
		t.Errorf("a Handler is made in %q", places)
	}
}

// RDS is asked for instances only where a tag, a pattern or a cluster stands for them.
func TestConfigDiscovers(t *testing.T) {
	for _, c := range []struct {
		tag, instances string
		want           bool
	}{{"", "orders-1,orders-2", false}, {"slowdigest=on", "", true}, {"", "orders-*", true}, {"", "cluster:orders", true}, {"", "", false}} {
		config := Config{Tag: c.tag}
		if c.instances != "" {
			if err := config.Instances.Set(c.instances); err != nil {
				t.Fatal(err)
			}
		}
		if got := config.discovers(); got != c.want {
			t.Errorf("tag %q, instances %q: %v", c.tag, c.instances, got)
		}
	}
}
