package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
)

// archiveHours archives in a directory what local logs have in some hours.
func archiveHours(t *testing.T, dir string, from time.Time, hours int, logs ...string) {
	t.Helper()
	h := &handler.Handler{Source: source.Local{Paths: logs}, Instances: []string{""}, Keep: time.Hour}
	_, all, err := h.CollectHours(context.Background(), digest.Window{Start: from, End: from.Add(time.Duration(hours) * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		kept, err := digest.Archived(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := archive.Save(t.Context(), state.FileStore{Dir: dir}, state.Key(slacktest.Channel), kept); err != nil {
			t.Fatal(err)
		}
	}
}

// shell runs the built command.
func shell(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(built(t), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(nil), &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestArchive has the command post hours and archive them, one of them twice and one not at all: a report of the archive
// is that of all their logs, in each format, and says what is missing.
func TestArchive(t *testing.T) {
	t.Parallel()
	dir, logs := t.TempDir(), t.TempDir()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	const hours = 7
	var whole []byte
	for n := range hours {
		at := start.Add(time.Duration(n) * time.Hour)
		log := deployLog(at, n >= 3)
		if n == 5 {
			slackMessages(t, dir, at, log) // without --keep
			continue
		}
		whole = append(whole, log...)
		for range 1 + n%2 {
			slackMessages(t, dir, at, log, "--keep", "35")
		}
	}
	path := filepath.Join(logs, "shop-1.log")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	state := []string{"--from-state", "--state", dir, "--channel", slacktest.Channel}
	archived := func(command string, args ...string) (string, string, int) {
		return shell(t, slices.Concat([]string{command}, state, args)...)
	}
	window := []string{"--since", "2026-11-02T00:00", "--until", "2026-11-02T07:00", "--limit", "all"}
	read := func(text string) *digest.Report {
		r := new(digest.Report)
		unmarshal(t, []byte(text), r)
		return r
	}
	stdout, stderr, code := archived("report", append(window, "--format", "json")...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	got := read(stdout)
	stdout, _, _ = shell(t, slices.Concat([]string{"report"}, window, []string{"--format", "json", path})...)
	want := read(stdout)
	if got.Coverage.Complete || len(got.Coverage.Notes) != 1 || got.Coverage.Notes[0] != "1 of 7 hours is not archived: from 2026-11-02 05:00 to 06:00 UTC. What happened then is not known." {
		t.Errorf("%+v", got.Coverage)
	}
	if len(got.Classes) != 35 || got.Kept != nil {
		t.Errorf("%d classes", len(got.Classes))
	}
	for _, r := range []*digest.Report{got, want} { // by which instance, and in which file, is not the same
		r.Instances, r.Coverage = nil, digest.Coverage{}
		for i := range r.Classes {
			r.Classes[i].Instances, r.Classes[i].Slowest.Instance, r.Classes[i].Slowest.File, r.Classes[i].Slowest.Offset = nil, "", "", nil
		}
	}
	a, _ := json.MarshalIndent(got, "", " ")
	b, _ := json.MarshalIndent(want, "", " ")
	if !bytes.Equal(a, b) {
		t.Errorf("the archive has\n%s", difference(string(a), string(b)))
	}
	for format, shows := range map[string]string{"text": "PARTIAL", "markdown": "from old_aa", "html": "<html", "slack": `"blocks"`} {
		if stdout, stderr, code := archived("report", append(window, "--format", format)...); code != 0 || !strings.Contains(stdout, shows) || !strings.Contains(stdout, "1 of 7 hours is not archived") {
			t.Errorf("%s: exit %d, %s%s", format, code, stdout, stderr)
		}
	}
	// A part of an hour is the hour, and that is said.
	stdout, stderr, code = archived("report", "--since", "2026-11-02T01:30", "--until", "2026-11-02T02:01", "--format", "json")
	if r := read(stdout); code != 0 || r.Overall.Calls != 1200 || stderr != "slowdigest: the archive has hours of the clock: this is 2026-11-02 01:00 to 2026-11-02 03:00 UTC\n" {
		t.Errorf("exit %d, %d calls, %s", code, r.Overall.Calls, stderr)
	}
	// What changed against the same window before.
	stdout, stderr, code = archived("diff", "--since", "2026-11-02T03:00", "--until", "2026-11-02T05:00", "--compare", "3h", "--limit", "all", "--format", "json")
	var d digest.Diff
	if unmarshal(t, []byte(stdout), &d); code != 0 || d.Before.Calls != 1200 || d.After.Calls != 1800 || len(d.Classes) != 35 || !d.Before.Coverage.Complete {
		t.Errorf("exit %d, %s: %+v and %+v, %d classes", code, stderr, d.Before, d.After, len(d.Classes))
	}
	if stdout, _, code := archived("diff", "--since", "2026-11-02T03:00", "--until", "2026-11-02T06:00", "--compare", "3h"); code != 0 || !strings.Contains(stdout, "After: 1 of 3 hours is not archived") ||
		!strings.Contains(stdout, "Not as much is known of the one window as of the other (3h00m and 2h00m), so all calls and\n    times are per hour.") || strings.Contains(stdout, "counts as less") {
		t.Errorf("exit %d: %s", code, stdout)
	}
	// What cannot be is said, with what to do.
	for _, c := range []struct {
		args []string
		want []string
		code int
	}{
		{[]string{"report"}, []string{"--from-state wants a window", "--last 24h"}, 2},
		{[]string{"report", "--since", "2001-01-01", "--until", "2001-01-02"}, []string{"2001-01-01 00:00 to 2001-01-02 00:00 UTC: no hour of the window is archived", "--keep, or SLOWDIGEST_KEEP"}, 1},
		{[]string{"report", "--since", "2001-01-01"}, []string{"longer than a year"}, 2},
		{[]string{"report", "--last", "24h", path}, []string{"reads what is archived, and no file"}, 2},
		{[]string{"report", "--last", "24h", "--by", "user"}, []string{"an archived hour has the numbers of each query class, and no single calls"}, 2},
		{[]string{"report", "--last", "24h", "--min-time", "2s"}, []string{"no single calls"}, 2},
		{[]string{"diff", "--last", "24h"}, []string{"wants --compare, of whole hours", "--compare 7d"}, 2},
		{[]string{"diff", "--last", "24h", "--compare", "90m"}, []string{"wants --compare, of whole hours"}, 2},
		{[]string{"diff", "--last", "24h", "--compare", "23h"}, []string{"hours would be in both", "use a longer --compare"}, 2},
		{[]string{"diff", "--last", "24h", "--compare", "1h", path, path}, []string{"compares what is archived, and no file"}, 2},
	} {
		stdout, stderr, code := archived(c.args[0], c.args[1:]...)
		for _, text := range c.want {
			if code != c.code || stdout != "" || !strings.Contains(stderr, text) {
				t.Errorf("%q: exit %d, %s%s\nwant %d, %q", c.args, code, stdout, stderr, c.code, text)
			}
		}
	}
}

// TestArchiveNeedsNoMore: of S3 the archive asks what the state does, of keys below its prefix, so that its role has the same
// policy; without the setting there is neither an object nor a request.
func TestArchiveNeedsNoMore(t *testing.T) {
	policy := func(env ...string) string {
		stdout, stderr, code := call(t, "", []string{"iam", "--account", "123456789012", "--region", "eu-central-1", "--instance", "orders-1"}, append(env, "SLOWDIGEST_STATE=s3://"+s3test.Bucket+"/prod")...)
		if code != 0 {
			t.Fatal(stderr)
		}
		return stdout
	}
	if with, without := policy("SLOWDIGEST_KEEP=35"), policy(); with != without || !strings.Contains(with, "arn:aws:s3:::"+s3test.Bucket+"/prod/*") {
		t.Errorf("with an archive the policy is\n%s\nwithout\n%s", with, without)
	}
	for _, keep := range []string{"", "0", "35"} {
		var mu sync.Mutex
		var asked []string
		s3 := s3test.New(t, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				asked = append(asked, r.Method+" "+r.URL.Path+" "+r.URL.Query().Get("list-type"))
				mu.Unlock()
				next.ServeHTTP(w, r)
			})
		})
		w := newWorld(t, time.Now())
		w.env["SLOWDIGEST_STATE"], w.env["AWS_ENDPOINT_URL_S3"], w.env["SLOWDIGEST_KEEP"] = "s3://"+s3test.Bucket+"/prod", *s3.BaseEndpoint, keep
		w.useAWS(t)
		if out := w.lambda(t, example(t, "schedule")); !strings.Contains(out, "<nil>") {
			t.Fatal(out)
		}
		reports := 0
		for _, a := range asked {
			method, path, _ := strings.Cut(strings.TrimSuffix(a, " "), " ")
			if method != "GET" && method != "PUT" || !strings.HasPrefix(path, "/"+s3test.Bucket+"/prod/") {
				t.Errorf("keep %q: %s", keep, a)
			}
			if strings.Contains(path, "/"+archive.Prefix) {
				reports++
			}
		}
		if want := map[string]int{"35": 2}[keep]; reports != want {
			t.Errorf("keep %q: %d requests of %q are of the archive, want %d", keep, reports, asked, want)
		}
	}
}

// TestArchiveHoldsNoLiteral: nothing of a statement but its fingerprint is archived.
func TestArchiveHoldsNoLiteral(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	log := slowEntry(start.Add(time.Minute), 2, 10, fmt.Sprintf("select a from t where b = '%s' and c in (4111111111111111, 7) -- %s", canary, canary))
	slackMessages(t, dir, start, []byte(log), "--keep", "35")
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(archive.Key(state.Key(slacktest.Channel), start))))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("gzip", "-dc")
	cmd.Stdin = bytes.NewReader(data)
	text, err := cmd.Output()
	if err != nil || !bytes.Contains(text, []byte("select a from t where b = ? and c in(?+)")) || bytes.Contains(text, []byte(canary)) || bytes.Contains(text, []byte("4111111111111111")) {
		t.Errorf("%v: %s", err, text)
	}
}
