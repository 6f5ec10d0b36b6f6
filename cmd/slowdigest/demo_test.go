package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slowdigest/cmd/slowdigest/demo"
	"slowdigest/digest"
)

// TestDemo calls what the guide of a demo says to call, in processes of their own and with the
// environment that it prints. An incident is on its way.
func TestDemo(t *testing.T) {
	t.Parallel()
	shop := exec.Command(built(t), "demo", "--incident", "0")
	shop.Env = environment(map[string]string{"TMPDIR": t.TempDir()})
	var said lockedBuffer
	shop.Stdout, shop.Stderr = &said, &said
	if err := shop.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = shop.Process.Kill() }()
	said.wait(t, "Ctrl-C ends the shop.", time.Minute)
	guide := said.String()
	// A fresh terminal has none of our variables, as the test run does.
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "SLOWDIGEST_") || strings.HasPrefix(e, "SLACK_") })
	for _, m := range regexp.MustCompile(`(?m)^(?:export|      ) ([A-Z_]+=\S+)`).FindAllStringSubmatch(guide, -1) {
		env = append(env, m[1])
	}
	calls := map[string]string{ // what the guide has, and what is to be seen
		"doctor":                       `(?m)^ok +Slack blocks `,
		"doctor --instance shop-3":     `(?m)^wrong +shop-3 log_output +TABLE`,
		"run --last 1h":                `SELECT products by name`,
		"invoke --event now":           `(?m)^NEW  #1 SELECT orders, order_lines by created_at on shop-1`,
		"run --last 1m --compare 1h":   `(?m)^1  (slower|new) .* SELECT orders by customer_id`,
		"run --last 5m --per-instance": `(?m)^1  .* shop-2 +SELECT orders by customer_id`,
		"run --last 5m --follow":       `SELECT orders by customer_id`,
	}
	said.wait(t, "shop-2 has lost an index", time.Minute)
	called := 0
	for _, m := range regexp.MustCompile(`(?m)^slowdigest (\S.*?) +#`).FindAllStringSubmatch(guide, -1) {
		want := calls[m[1]]
		if called++; want == "" {
			t.Errorf("the guide has %s, which is not tried", m[1])
			continue
		}
		seen := regexp.MustCompile(want)
		cmd, out := demoCall(t, env, m[1])
		// The lost index is seen when calls that miss it have ended, of which there are four in 15 s.
		for limit := time.Now().Add(2 * time.Minute); !seen.Match(out) && strings.HasPrefix(m[1], "run ") && time.Now().Before(limit); time.Sleep(time.Second) {
			cmd, out = demoCall(t, env, m[1])
		}
		if !seen.Match(out) {
			t.Errorf("slowdigest %s: want %s in\n%s", m[1], want, out)
		}
		if wrong := strings.Contains(m[1], "shop-3"); (cmd.ExitCode() != 0) != wrong {
			t.Errorf("slowdigest %s: exit %d\n%s", m[1], cmd.ExitCode(), out)
		}
	}
	if called != 7 {
		t.Errorf("the guide has %d calls:\n%s", called, guide)
	}
	said.wait(t, "in Slack: 1 new on shop-1, shop-2: ", time.Minute)
	if strings.Contains(said.String(), "<!date") {
		t.Errorf("a time is as Slack takes it:\n%s", said.String())
	}

	state := regexp.MustCompile(`SLOWDIGEST_STATE=(\S+)`).FindStringSubmatch(guide)[1]
	if _, err := os.Stat(state); err != nil {
		t.Error(err)
	}
	if err := shop.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := shop.Wait(); err != nil {
		t.Errorf("it ends with %v\n%s", err, said.String())
	}
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("the state is left behind: %v", err)
	}
}

// demoCall calls the built command, which is interrupted if it would follow for ever.
func demoCall(t *testing.T, env []string, args string) (*os.ProcessState, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, built(t), strings.Fields(args)...)
	cmd.Env = env
	if strings.HasSuffix(args, "--follow") {
		time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Signal(os.Interrupt) })
	}
	out, _ := cmd.CombinedOutput() // the exit code tells
	return cmd.ProcessState, out
}

// The hour that has the incident says so, and the hour before it that a query is new.
func TestDemoIncidentIsReported(t *testing.T) {
	start := time.Now().UTC().Truncate(time.Hour).Add(-90 * time.Minute)
	d := demo.New(start, 15*time.Minute)
	defer d.Close()
	state := t.TempDir()
	if err := learn(t.Context(), d, state); err != nil {
		t.Fatal(err)
	}
	d.Advance(start.Add(time.Hour))
	var c Config
	f := newFlags(func(name string) string {
		for _, e := range d.Environment(state) {
			if value, found := strings.CutPrefix(e, name+"="); found {
				return value
			}
		}
		return ""
	})
	c.declareHandler(f)
	if _, err := f.parse(nil); err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"new", "incident"} {
		s := newService(&c, d.Config(), slog.New(slog.DiscardHandler))
		s.pause = time.Millisecond
		end := start.Truncate(time.Hour).Add(time.Duration(n) * time.Hour)
		answer, err := s.handleEvent(t.Context(), json.RawMessage(fmt.Sprintf(`{"time": %q}`, end.Add(5*time.Minute).Format(time.RFC3339))))
		r, isReport := answer.(*digest.Report)
		if err != nil || !isReport || r.Past == nil || r.Past.Learning {
			t.Fatalf("%s: %v, %+v", want, err, answer)
		}
		switch x := r.Past.Incident; want {
		case "new":
			if x != nil || r.Past.New != 1 || r.Classes[0].Change == nil || r.Classes[0].Change.Kind != digest.New {
				t.Errorf("the hour before: incident %+v, %d new", x, r.Past.New)
			}
		case "incident":
			if x == nil || x.Instance != demo.Reader || x.Share < 0.8 || !strings.HasPrefix(r.Classes[0].Fingerprint, "select id, total, status from orders") {
				t.Errorf("the hour of the incident: %+v", x)
			}
		}
	}
}
