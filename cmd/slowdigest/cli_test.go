package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slowdigest/digest"
)

const logs = "../../testdata/slowlogs/"

// call runs the command in this process, with the environment given as
// NAME=VALUE, and returns what it printed and its exit code.
func call(t *testing.T, stdin string, args []string, env ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &process{
		getenv: func(name string) string {
			for _, e := range env {
				if value, ok := strings.CutPrefix(e, name+"="); ok {
					return value
				}
			}
			return ""
		},
		stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs,
	}
	code = p.run(t.Context(), args)
	return out.String(), errs.String(), code
}

// reportJSON runs `report --format json` and fails the test if that does.
func reportJSON(t *testing.T, args ...string) *digest.Report {
	t.Helper()
	stdout, stderr, code := call(t, "", append([]string{"report", "--format", "json"}, args...))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	r := new(digest.Report)
	if err := json.Unmarshal([]byte(stdout), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		env    []string
		code   int
		stderr string // each line of it is to be found
	}{
		{"no command", nil, nil, 2, "slowdigest report"},
		{"unknown command", []string{"digest"}, nil, 2, `error: unknown command "digest"` + "\nhint: slowdigest help"},
		{"unknown flag", []string{"report", "--colour", "x"}, nil, 2, "error: flag provided but not defined: -colour\nhint: slowdigest report --help"},
		{"no file", []string{"report"}, nil, 2, "error: report: no file is given\nhint: name slow logs"},
		{"no such file", []string{"report", "nowhere.log"}, nil, 1, "nowhere.log: no such file"},
		{"bad limit", []string{"report", "--limit", "0", logs + "mysql-9-7.log"}, nil, 2, `limit "0": want`},
		{"bad limit in the environment", []string{"report", logs + "mysql-9-7.log"}, []string{"SLOWDIGEST_LIMIT=x"}, 2, "environment variable SLOWDIGEST_LIMIT"},
		{"bad budget", []string{"run", "--instance", "db", "--max-bytes", "much"}, nil, 2, `bytes "much": want a number such as 500MB`},
		{"bad order", []string{"report", "--order-by", "avg", "x"}, nil, 2, `order by "avg": want sum`},
		{"bad format", []string{"report", "--format", "xml", "x"}, nil, 2, `format "xml": want text`},
		{"bad time", []string{"report", "--since", "yesterday", "x"}, nil, 2, "want a time such as"},
		{"empty window", []string{"report", "--since", "2026-11-23", "--until", "2026-11-22", "x"}, nil, 2, "--since is not before --until"},
		{"not a log", []string{"report", write(t, "x.txt", "Dear reader,\nthis is a letter.\n")}, nil, 1, "no slow-log entr\nhint: an entry begins"},
		{"empty", []string{"report", write(t, "empty.log", "")}, nil, 1, "no slow-log entr\nhint: an entry begins"},
		{"binary", []string{"report", write(t, "binary.log", "\x7fELF\x00\x01\x02\xff\xfe")}, nil, 1, "no slow-log entr\nhint: an entry begins"},
		{"damaged gzip", []string{"report", write(t, "x.gz", "\x1f\x8bnot really")}, nil, 1, "gzip"},
		{"run without instance", []string{"run"}, nil, 2, "no instance is given\nSLOWDIGEST_INSTANCES"},
		{"invoke without event", []string{"invoke"}, nil, 2, "wants --event FILE"},
		{"no such event", []string{"invoke", "--event", "nowhere.json"}, nil, 1, "read event: open nowhere.json"},
		{"not an event", []string{"invoke", "--event", write(t, "e.json", `{"Records":[]}`), "--logs", logs}, nil, 1, `no "time"`},
		{"no logs", []string{"invoke", "--event", "../../testdata/events/schedule.json", "--logs", "nowhere"}, nil, 1, "nowhere"},
		{"no such instance", []string{"invoke", "--event", "../../testdata/events/schedule.json", "--logs", logs, "--instance", "db-1"}, nil, 1,
			"db-1\nhint: \nnot of a cluster"},
		{"channel without token", []string{"invoke", "--event", "../../testdata/events/schedule.json", "--logs", logs, "--channel", "C1"}, nil, 1,
			"Slack token\nhint: set SLACK_TOKEN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, stderr, code := call(t, "", c.args, c.env...)
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			for want := range strings.SplitSeq(c.stderr, "\n") {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr lacks %q:\n%s", want, stderr)
				}
			}
			if c.code != 0 && len(c.args) > 0 && !strings.HasPrefix(stderr, "slowdigest: error: ") {
				t.Errorf("stderr: %s", stderr)
			}
		})
	}
}

// A log that is cut, or stands beside one that cannot be read, yields a report
// of what is there.
func TestPartialInputIsReported(t *testing.T) {
	whole, err := os.ReadFile(logs + "mysql-9-7.log")
	if err != nil {
		t.Fatal(err)
	}
	cut := write(t, "cut.log", string(whole[len(whole)/3:len(whole)/3*2]))
	if r := reportJSON(t, cut); r.Overall.Calls < 100 || r.Coverage.Unreadable == 0 {
		t.Errorf("cut log: %d calls, coverage %+v", r.Overall.Calls, r.Coverage)
	}

	stdout, stderr, code := call(t, "", []string{"report", logs + "mysql-9-7.log", "--format=json", "nowhere.log"})
	if code != 1 || !strings.Contains(stderr, "nowhere.log") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	var r digest.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if r.Overall.Calls != 679 || r.Coverage.Complete || len(r.Coverage.Notes) == 0 {
		t.Errorf("%d calls, coverage %+v", r.Overall.Calls, r.Coverage)
	}
}

func TestReportReadsStandardInput(t *testing.T) {
	whole, err := os.ReadFile(logs + "mysql-9-7.log")
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := call(t, string(whole), []string{"report", "-", "--limit", "3"})
	if code != 0 || !strings.Contains(stdout, "select status, sum(total) from orders") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestFingerprintCommand(t *testing.T) {
	// What md5sum prints for "select ?", in capitals.
	const want = "1FE1379FE2A31B8D16219655761820A2\tselect ?\n"
	for _, c := range []struct {
		args []string
		in   string
	}{
		{nil, "SELECT 1\nselect 'x'\n"},
		{[]string{"-0"}, "select\n1;\x00select 2"},
		{[]string{"-0", write(t, "statements", "select\n1\x00select 2\x00")}, ""},
	} {
		stdout, stderr, code := call(t, c.in, append([]string{"fingerprint"}, c.args...))
		if code != 0 || stdout != want+want {
			t.Errorf("%q: exit %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
}

func TestHelpShowsEveryFlagWithItsVariable(t *testing.T) {
	stdout, _, code := call(t, "", []string{"help"})
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	for _, want := range []string{
		"--limit", "$SLOWDIGEST_LIMIT", "--instance", "$SLOWDIGEST_INSTANCES", "--channel", "$SLOWDIGEST_CHANNEL",
		"--slack-token-parameter", "$SLACK_TOKEN_PARAMETER", "$SLACK_TOKEN", "--since", "--event", "--logs", "--post", "--follow", "-0", "$SLOWDIGEST_DOWNLOAD", "$SLOWDIGEST_MAX_BYTES",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("help lacks %s", want)
		}
	}
}
