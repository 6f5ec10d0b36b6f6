package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"slowdigest/handler/state"
)

// hostile is what a terminal would obey: a title, a cleared screen, an 8-bit control
// sequence, text from right to left, and what is no UTF-8.
const hostile = "a\x1b]0;owned\x07\x1b[2J\u009b31m\u202egnp\u2066\u200b\x08\x00\x9b\xffz"

// checkHarmless fails where a text has anything that a terminal would obey.
func checkHarmless(t *testing.T, name, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.Is(unicode.C, r) || r == unicode.ReplacementChar || r == '\u2028') {
			t.Fatalf("%s: %q has %U", name, text, r)
		}
	}
}

// Errors and hints show nothing that a terminal obeys, whoever has written them.
func TestErrorsAreHarmless(t *testing.T) {
	for name, args := range map[string][]string{
		"a file": {"report", "/nowhere/" + hostile}, "a command": {hostile}, "a flag": {"report", "--" + hostile + "=1", "x"}, "a value": {"report", "--limit", hostile, "x"},
		"an argument": {"version", hostile}, "a link": {"report", "--format=slack", "--link", hostile, "x"}, "an instance": {"iam", "--instance", hostile, "--region", "eu-central-1", "--account", "123456789012"},
	} {
		stdout, stderr, code := call(t, "", args)
		checkHarmless(t, name, stdout+stderr)
		if code == 0 || !strings.Contains(stderr, "slowdigest: error: ") {
			t.Errorf("%s: exit %d, %q", name, code, stderr)
		}
	}
	_, stderr, _ := call(t, "", []string{"report", "x"}, "SLOWDIGEST_LIMIT="+strings.ReplaceAll(hostile, "\x00", ""))
	checkHarmless(t, "a variable", stderr)
	var shown strings.Builder
	p := &process{stderr: &shown}
	p.fail(hinted{errors.New("server: " + hostile + "\nsecond"), "hint " + hostile})
	checkHarmless(t, "a server", shown.String())
	if want := "slowdigest: error: server: a]0;owned[2J31mgnpz\nsecond\nslowdigest: hint: hint a]0;owned[2J31mgnpz\n"; shown.String() != want {
		t.Errorf("%q, want %q", shown.String(), want)
	}
	shown.Reset()
	Check{"wrong", hostile, hostile, hostile}.print(&shown)
	checkHarmless(t, "doctor", shown.String())
}

// What is muted and noted is shown without what a terminal obeys, and without what may be
// secret, although an earlier release, or somebody else, has put it into the state.
func TestListsAreHarmless(t *testing.T) {
	dir := t.TempDir()
	quoted := `a\u001b]0;owned\u0007\u001b[2J\u009b31m\u202egnp\u2066\u200bz`
	text := `{"version":1,"history":{},"mutes":[{"id":"0123456789ABCDEF0123456789ABCDEF` + quoted + `","by":"` + quoted + `","reason":"ask jane.doe@example.com"},` +
		`{"id":"1123456789ABCDEF0123456789ABCDEF","by":"xoxb-123456789-secret","reason":"` + quoted + `"}],"notes":{"` + quoted + `":"` + quoted + `","2":"key AKIAABCDEFGHIJKLMNOP"}}`
	if err := os.WriteFile(filepath.Join(dir, state.Key("C1")), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := call(t, "", []string{"mute", "--state", dir, "--channel", "C1"})
	checkHarmless(t, "mute", stdout)
	if code != 0 || strings.Count(stdout, "\n") != 4 || !strings.Contains(stdout, "may hold an e-mail address") || !strings.Contains(stdout, "gnpz") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	for _, secret := range []string{"jane.doe", "xoxb-", "AKIA"} {
		if strings.Contains(stdout, secret) {
			t.Errorf("%s is shown: %s", secret, stdout)
		}
	}
}

// A reason or a note that would be withheld wherever it is shown is refused, and not kept.
func TestSecretReasonsAreRefused(t *testing.T) {
	const id = "0123456789ABCDEF0123456789ABCDEF"
	for text, refused := range map[string]string{
		"ask jane.doe@example.com": "an e-mail address", "token xoxb-123456789012": "an access key", "https://hooks.slack.com/services/x": "a secret URL",
		"nightly export from 10.0.0.1": "", "known since 2024": "",
	} {
		for _, command := range []string{"mute", "note"} {
			dir := t.TempDir()
			args := []string{command, "--state", dir, "--channel", "C1", id, text}
			if command == "mute" {
				args = []string{command, "--state", dir, "--channel", "C1", "--reason", text, id}
			}
			_, stderr, code := call(t, "", args)
			if (code == 0) != (refused == "") || !strings.Contains(stderr, refused) {
				t.Errorf("%s %q: exit %d, %s", command, text, code, stderr)
			}
			s, err := state.Read(t.Context(), state.FileStore{Dir: dir}, state.Key("C1"))
			if err != nil || len(s.Mutes)+len(s.Notes) > 0 != (refused == "") {
				t.Errorf("%s %q: %+v, %v", command, text, s, err)
			}
		}
	}
}

// On a terminal a fingerprint does nothing either; a pipe has it as it is.
func TestFingerprintsOnATerminal(t *testing.T) {
	statement := "select `" + strings.ReplaceAll(hostile, "\x00", "") + "` from t\n"
	tty, screen := terminal(t, 200)
	p := &process{stdin: strings.NewReader(statement), stdout: tty, stderr: t.Output(), getenv: func(string) string { return "" }}
	if code := p.run(t.Context(), []string{"fingerprint"}); code != 0 {
		t.Fatalf("exit %d", code)
	}
	checkHarmless(t, "fingerprint", screen())
	stdout, _, _ := call(t, statement, []string{"fingerprint"})
	if !strings.Contains(stdout, "\u202egnp") {
		t.Errorf("in a pipe: %q", stdout)
	}
}

// On a terminal an entry shows what it holds, and does nothing; a pipe has the bytes of the log.
func TestEntryOnATerminal(t *testing.T) {
	log := "# User@Host: a[a] @ b []\n# Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 12\nselect '" + hostile + "\xff\r';\n"
	path := write(t, "slow.log", log)
	tty, screen := terminal(t, 200)
	var said bytes.Buffer
	p := &process{stdout: tty, stderr: &said, getenv: func(string) string { return "" }}
	if code := p.run(t.Context(), []string{"entry", path, "0"}); code != 0 {
		t.Fatalf("exit %d: %s", code, &said)
	}
	shown := screen()
	checkHarmless(t, "entry", shown)
	if !strings.Contains(shown, `\x1b`) || !strings.Contains(shown, `\u202e`) || !strings.Contains(shown, `\xff\x0d';`) || !strings.Contains(said.String(), "the bytes of the log") {
		t.Errorf("on a terminal: %s\n%s", shown, &said)
	}
	stdout, stderr, code := call(t, "", []string{"entry", path, "0"})
	if code != 0 || stdout != log || stderr != "slowdigest: this is the statement with its values; do not paste it where others read\n" {
		t.Errorf("in a pipe: exit %d, %q\n%s", code, stdout, stderr)
	}
}
