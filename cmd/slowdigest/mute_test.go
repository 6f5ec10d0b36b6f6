package main

import (
	"strings"
	"testing"
)

// A class is muted, noted and unmuted in one and the same state, and what was
// said of it can be listed.
func TestMuteAndNote(t *testing.T) {
	const id = "0123456789ABCDEF0123456789ABCDEF"
	env := []string{"SLOWDIGEST_STATE=" + t.TempDir(), "SLOWDIGEST_CHANNEL=C1", "USER=dba"}
	for _, c := range []struct {
		args []string
		code int
		want string // of what is printed
	}{
		{[]string{"mute"}, 0, ""},
		{[]string{"mute", strings.ToLower(id), "--for", "3d", "--reason", "nightly export"}, 0, id + " is muted until 2"},
		{[]string{"note", id, "see", "the", "runbook"}, 0, id + " has the note: see the runbook"},
		{[]string{"mute"}, 0, "by dba  nightly export\n" + id + " note: see the runbook\n"},
		{[]string{"mute", id, "--for", "0"}, 0, "forever"},
		{[]string{"unmute", id}, 0, id + " is not muted."},
		{[]string{"note", id}, 0, "has no note"},
		{[]string{"mute"}, 0, ""},
		{[]string{"mute", "0123"}, 1, "slowdigest: error: mute: query 0123 is not remembered"},
		{[]string{"unmute"}, 2, "wants the ID"},
		{[]string{"mute", id, "--for", "ever"}, 2, "for"},
	} {
		stdout, stderr, code := call(t, "", c.args, env...)
		if out := stdout + stderr; code != c.code || !strings.Contains(out, c.want) || c.want == "" && len(c.args) == 1 && out != "" {
			t.Errorf("%v: exit %d, %q", c.args, code, out)
		}
	}
	for _, missing := range []string{"SLOWDIGEST_STATE", "SLOWDIGEST_CHANNEL"} {
		if _, stderr, code := call(t, "", []string{"mute", id}, strings.Replace(env[0], missing, "X", 1), strings.Replace(env[1], missing, "X", 1)); code != 2 || !strings.Contains(stderr, missing) {
			t.Errorf("without %s: exit %d, %s", missing, code, stderr)
		}
	}
}
