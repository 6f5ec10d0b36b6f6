package main

import (
	"bytes"
	"encoding/json"
	"errors"
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
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		p.names = append(p.names, name)
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

// A log that is cut, or stands next to one that cannot be read, yields a report
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

// full is a disk on which there is room for so many bytes.
type full struct{ left int }

var errFull = errors.New("write /dev/stdout: no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// Where a report cannot be written, in any format, and be it only its end, the command has failed and says why.
func TestReportOnAFullDisk(t *testing.T) {
	for _, format := range formats {
		args := []string{"report", "--format", format, "--limit", "all", logs + "mysql-9-7.log"}
		stdout, _, _ := call(t, "", args)
		for _, room := range []int{0, len(stdout) - 1, len(stdout)} {
			var errs bytes.Buffer
			p := &process{getenv: func(string) string { return "" }, stdin: strings.NewReader(""), stdout: &full{room}, stderr: &errs}
			failed := p.run(t.Context(), args) == 1 && strings.HasPrefix(errs.String(), "slowdigest: error: ") &&
				strings.HasSuffix(errs.String(), errFull.Error()+"\n") && strings.Count(errs.String(), "\n") == 1
			if failed != (room < len(stdout)) || !failed && errs.Len() > 0 {
				t.Errorf("%s, with room for %d of %d bytes: %q", format, room, len(stdout), errs.String())
			}
		}
	}
}
