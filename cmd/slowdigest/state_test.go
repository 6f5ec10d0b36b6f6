package main

import (
	"strings"
	"testing"

	"slowdigest/notifier/slacktest"
)

func TestInvokeRemembersWhatItPosted(t *testing.T) {
	args := []string{"invoke", "--event", "../../testdata/events/schedule.json", "--logs", logs, "--instance", "mysql-9-7",
		"--channel", slacktest.Channel, "--state", t.TempDir()}
	for i, want := range []string{"messages, of which", ": 0 messages", "messages, of which"} {
		if i == 2 {
			args = append(args, "--force")
		}
		stdout, stderr, code := call(t, "", args)
		if code != 0 || !strings.Contains(stdout, want) || strings.Contains(stdout, ": 0 messages") != (i == 1) {
			t.Errorf("call %d: exit %d\n%s\n%s", i+1, code, stdout, stderr)
		}
		if i == 1 && !strings.Contains(stderr, "posted already") {
			t.Errorf("stderr does not say why: %s", stderr)
		}
	}
}

func TestBadState(t *testing.T) {
	for flag, want := range map[string]string{
		"--state=s3://": "names no bucket\nhint: want s3://BUCKET/PREFIX", "--repeat=always": "want post or skip",
	} {
		_, stderr, code := call(t, "", []string{"invoke", "--event", "../../testdata/events/schedule.json", "--logs", logs,
			"--instance", "mysql-9-7", "--channel", slacktest.Channel, flag})
		for part := range strings.SplitSeq(want, "\n") {
			if code != 2 || !strings.Contains(stderr, part) {
				t.Errorf("%s: exit %d, stderr lacks %q: %s", flag, code, part, stderr)
			}
		}
	}
}
