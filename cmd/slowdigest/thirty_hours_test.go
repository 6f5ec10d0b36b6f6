package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier/slacktest"
)

// deployLog is the log of an hour of an instance that runs ten queries of five seconds
// each minute; and, after a deploy, 25 more of about a second, every five minutes.
func deployLog(start time.Time, deployed bool) []byte {
	name := func(prefix string, n int) string { return prefix + string([]byte{'a' + byte(n/10), 'a' + byte(n%10)}) }
	var b strings.Builder
	for minute := range 60 {
		at := start.Add(time.Duration(minute) * time.Minute)
		for n := range 10 {
			b.WriteString(slowEntry(at.Add(time.Duration(n)*time.Second), 5+float64(minute)/100, 10, "SELECT a FROM "+name("old_", n)+" WHERE id = 7"))
		}
		for n := range 25 {
			if deployed && minute%5 == 0 {
				b.WriteString(slowEntry(at.Add(time.Duration(20+n)*time.Second), 1.1+float64(minute)/120, 10, "SELECT b FROM "+name("new_", n)+" WHERE id = 7"))
			}
		}
	}
	return []byte(b.String())
}

// slackHour hands the built command the event after an hour, and returns the message that
// is posted: its text, how many are in its thread, and its blocks; all empty if none is.
func slackHour(t *testing.T, state string, start time.Time, log []byte, args ...string) (title string, thread int, all string) {
	t.Helper()
	title, replies, all := slackMessages(t, state, start, log, args...)
	return title, len(replies), all
}

// slackMessages is slackHour that returns the messages of the thread.
func slackMessages(t *testing.T, state string, start time.Time, log []byte, args ...string) (title string, thread []string, all string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shop-1.log"), log, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built(t), "invoke", "--event", "-", "--logs", dir, "--state", state, "--channel", slacktest.Channel, "--format", "slack")
	cmd.Args = append(cmd.Args, args...)
	cmd.Env = environment(nil)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"time": %q}`, start.Add(65*time.Minute).Format(time.RFC3339)))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "Posted to a fake Slack") {
		return "", nil, ""
	}
	var m struct {
		Text   string
		Blocks json.RawMessage
		Thread []json.RawMessage
	}
	if err := json.NewDecoder(strings.NewReader(string(out))).Decode(&m); err != nil {
		t.Fatalf("%s: %v: %s", start, err, out)
	}
	for _, reply := range m.Thread {
		thread = append(thread, string(reply))
	}
	return m.Text, thread, string(m.Blocks)
}

// TestThirtyHours: an hour without news is one message, however alike all of them are, and
// one of a deploy with 25 small new classes has them in a line, and the load as before.
func TestThirtyHours(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for n := range 31 {
		at := start.Add(time.Duration(n) * time.Hour)
		title, replies, message := slackMessages(t, state, at, deployLog(at, n == 30))
		thread := len(replies)
		switch {
		case n < 24:
			if (thread > 0) != (n == 0) || thread > 2 || strings.Contains(title, "new") || !strings.Contains(message, "Learning since ") {
				t.Errorf("hour %d, of which nothing is known: %d in the thread, %q, %s", n, thread, title, message)
			}
		case n < 30:
			if thread != 0 || !strings.HasPrefix(title, "Nothing new on shop-1: 600 slow queries, 52m57s") || !strings.Contains(message, "usually 5") || strings.Count(message, "SELECT old_") != 3 {
				t.Errorf("hour %d: %d in the thread, %q, %s", n, thread, title, message)
			}
		default:
			if thread > 2 || !strings.HasPrefix(title, "25 new on shop-1: 900 slow queries") || !strings.Contains(message, "25 classes, ") {
				t.Errorf("of the deploy: %d in the thread, %q, %s", thread, title, message)
			}
			if old := strings.Index(message, "SELECT old_"); strings.Count(message, "SELECT old_") < 3 || old < 0 {
				t.Errorf("of the deploy the load is out of sight: %s", message)
			}
			if !strings.Contains(message, `b\nfrom new_`) || strings.Contains(message, `a\nfrom old_`) {
				t.Errorf("of the deploy, not the first that is new is shown in full: %s", message)
			}
			for k := range 25 {
				name := "SELECT new_" + string([]byte{'a' + byte(k/10), 'a' + byte(k%10)}) + " by id"
				if !strings.Contains(message+strings.Join(replies, ""), name) {
					t.Errorf("of the deploy %s is named nowhere", name)
				}
			}
		}
	}
}

// TestDaily: with a time for the day, hours without news are not posted, and at this time
// one message tells that all were read, among them its own hour.
func TestDaily(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	var posted []string
	for n := range 52 {
		at := start.Add(time.Duration(n) * time.Hour)
		log := deployLog(at, n == 40)
		if n == 36 {
			log = nil // a quiet hour is none of those that are missing
		}
		title, thread, message := slackHour(t, state, at, log, "--daily=04:30 Europe/Berlin")
		if n < 24 || title == "" {
			continue
		}
		posted = append(posted, at.Format("02 15"))
		if n == 27 || n == 51 {
			want := map[int]string{27: "24 hours read, 20 with news and 4 without; about ",
				51: "24 hours read, 1 with news and 23 without; about "}[n]
			if told := strings.Contains(message, "It told: 25 NEW ("); told != (n == 51) {
				t.Errorf("hour %d: not what was told: %s", n, message)
			}
			if !strings.Contains(message, "The day, ") || !strings.Contains(message, want) || thread != 0 {
				t.Errorf("hour %d: %d in the thread, or no %q in %s", n, thread, want, message)
			}
		}
	}
	if got := strings.Join(posted, ", "); got != "03 03, 03 16, 04 03" {
		t.Errorf("posted are %s", got)
	}
}

// releasedLog is deployLog with a query that takes eight times as long, and one that is new, from one time to another.
func releasedLog(start, from, to time.Time) []byte {
	var b strings.Builder
	for minute := range 60 {
		at := start.Add(time.Duration(minute) * time.Minute)
		bad := !at.Before(from) && at.Before(to)
		for n := range 10 {
			seconds := 5 + float64(minute)/100
			if bad && n == 0 {
				seconds *= 8
			}
			b.WriteString(slowEntry(at.Add(time.Duration(n)*time.Second), seconds, 10, "SELECT a FROM old_"+string([]byte{'a' + byte(n)})+" WHERE id = 7"))
		}
		if bad {
			b.WriteString(slowEntry(at.Add(20*time.Second), 4, 10, "SELECT b FROM newly WHERE id = 7"))
		}
	}
	return []byte(b.String())
}

// TestReleasesOverHours: what begins five minutes after a release was marked says so, and what ends after another one is
// FIXED with it in the 24th hour from that on, once. One mark comes by an event, the other by the command.
func TestReleasesOverHours(t *testing.T) {
	t.Parallel()
	const before = 126 // hours
	state := t.TempDir()
	start := time.Now().UTC().Truncate(time.Hour).Add(-(before + 34) * time.Hour)
	at := func(hour, minute int) time.Time {
		return start.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	bad, fixed := at(before, 20), at(before+4, 10)
	mark := func(stdin string, args ...string) {
		t.Helper()
		cmd := exec.Command(built(t), append(args, "--state", state, "--channel", slacktest.Channel)...)
		cmd.Env, cmd.Stdin = environment(nil), strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	said := map[string][]int{}
	for n := range before + 33 {
		switch n {
		case before:
			mark(fmt.Sprintf(`{"release":"v142","at":%q}`, bad.Format(time.RFC3339)), "invoke", "--event", "-")
		case before + 4:
			mark("", "release", "v143", "--at", fixed.Format(time.RFC3339))
		}
		_, _, message := slackMessages(t, state, at(n, 0), releasedLog(at(n, 0), bad.Add(5*time.Minute), fixed.Add(5*time.Minute)))
		for _, word := range []string{"NEW", "WORSE", "FIXED"} {
			if n >= 24 && strings.Contains(message, `"`+word+" ") {
				said[word] = append(said[word], n)
				release, name := bad, "v142"
				if word == "FIXED" {
					release, name = fixed, "v143"
				}
				times := 1
				if word == "FIXED" {
					times = 2
				}
				if got := strings.Count(message, "since "+name+" ("); got < times || !strings.Contains(message, fmt.Sprint(release.Unix())) {
					t.Errorf("hour %d, %s: %d times since %s in %s", n, word, got, name, message)
				}
			}
		}
	}
	if want := map[string][]int{"NEW": {before}, "WORSE": {before}, "FIXED": {before + 27}}; !reflect.DeepEqual(said, want) {
		t.Errorf("said in the hours %v, want %v", said, want)
	}
}
