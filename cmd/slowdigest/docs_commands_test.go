package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"slowdigest/source/rdstest"
)

// needsAWS is the first line of a block that changes, or needs, what is in an AWS account.
const needsAWS = "# needs AWS"

// inShell is what stands before a block, for what cannot be run as it is. A make that runs
// this test is not started again, and what deploys is only looked at.
const inShell = `set -euo pipefail
in_checkout() { (cd "$CHECKOUT" && command "$@"); }
go() { in_checkout go "$@"; }
make() {
	case $1 in
	test | package | template | deploy) in_checkout make --no-print-directory -n "$@" ;;
	*) in_checkout make --no-print-directory "$@" ;;
	esac
}
EDITOR='in_checkout test -f'
sam() { [[ $1 == deploy ]]; } # which Debian does not have
slowdigest() {
	case $1 in
	demo) # it serves until Ctrl-C
		command slowdigest "$@" >"$HOME/demo" &
		until grep -q 'Ctrl-C ends' "$HOME/demo"; do kill -0 $! || return 1; sleep 0.1; done
		kill -INT $!
		wait $!
		;;
	*) command slowdigest "$@" ;;
	esac
}
claude() { # adds a command to those that it starts
	while [[ $# -gt 0 && $1 != -- ]]; do shift; done
	"${@:2}"
}
`

// asAWS is the command line of AWS without AWS: an event for the function goes to invoke, and
// of other calls the arguments are checked by the real one, if it can do so without a call.
const asAWS = `#!/bin/bash
case "$1 $2" in
"lambda invoke")
	while [[ $1 != --payload ]]; do shift; done
	slowdigest invoke --format json --event - <<<"$2" >"$3"
	;;
"s3api list-object-versions") echo '{"Objects": [{"Key": "prod/a.json", "VersionId": "1"}]}' ;;
s3\ * | "cloudformation deploy" | "cloudformation describe-stacks") ;;
*) exec "$AWS" --region "$AWS_REGION" "$@" --generate-cli-skeleton output >/dev/null ;;
esac
`

var codeBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestDocumentsRun runs each block of commands in the documents as it stands, in a directory
// with logs of the names that it has, and with fakes of AWS and Slack. What needs AWS says so.
func TestDocumentsRun(t *testing.T) {
	blocks := 0
	for path, text := range documents(t) {
		for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
			blocks++
			t.Run(filepath.Base(path), func(t *testing.T) { runBlock(t, block[1]) })
		}
	}
	if blocks < 10 {
		t.Errorf("there are %d blocks", blocks)
	}
}

func runBlock(t *testing.T, block string) {
	w := newWorld(t, time.Now())
	for _, id := range []string{"orders-1", "orders-2"} {
		db, now := w.rds.AddInstance(id), time.Now()
		db.SetParameters("orders", map[string]string{"slow_query_log": "1", "log_output": "FILE", "long_query_time": "1"})
		db.Write(rdstest.SlowLog, []byte(slowEntry(recentDay.Add(9*time.Hour), 1, 1, "select 1")+slowEntry(now.Add(-time.Minute), 1, 1, "select 1")), now)
	}
	w.env["SLOWDIGEST_INSTANCES"] = "orders-1,orders-2"
	env := map[string]string{"AWS_ENDPOINT_URL_STS": newSTS(t), "AWS": "false", "GOFLAGS": "-buildvcs=false", "MAKEFLAGS": ""}
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		env[name] = goEnv(t, name)
	}
	inAWS := strings.HasPrefix(block, needsAWS)
	if inAWS {
		env["AWS"] = program(t, "aws")
	} else if found := regexp.MustCompile(`(?m)^(aws|make (deploy|doctor|invoke )).*`).FindString(block); found != "" {
		t.Fatalf("%q needs AWS, and the block does not begin with %q", found, needsAWS)
	}
	for name, value := range w.env {
		if inAWS || strings.HasPrefix(name, "AWS_") {
			env[name] = value
		}
	}
	dir, bin := exampleDirectory(t), t.TempDir()
	checkout, err := filepath.Abs("../..")
	if err == nil && !strings.Contains(block, "go install ./cmd/slowdigest") {
		err = os.Symlink(built(t), filepath.Join(bin, "slowdigest"))
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(bin, "aws"), []byte(asAWS), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	env["CHECKOUT"], env["HOME"], env["GOBIN"], env["PATH"] = checkout, dir, bin, bin+string(os.PathListSeparator)+os.Getenv("PATH")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", inShell+recent(block))
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, environment(env), time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v in\n%s\n%s", err, block, out)
	}
}

// exampleDirectory holds the files that the documents name.
func exampleDirectory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	log := string(read(t, "../../testdata/slowlogs/mysql-9-7.log"))
	var compressed bytes.Buffer
	z := gzip.NewWriter(&compressed)
	_, err := z.Write([]byte(log))
	if err == nil {
		err = z.Close()
	}
	for name, text := range map[string]string{
		"slow.log": log, "mysql-slow.log": log, "before.log": log, "after.log": string(read(t, "../../testdata/slowlogs/mysql-9-7-extra.log")),
		"old.log.gz": compressed.String(), "token": "xoxb-1", "owners": "* platform\n",
	} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
		}
	}
	testdata, absErr := filepath.Abs("../../testdata")
	if err := errors.Join(err, absErr, os.Symlink(testdata, filepath.Join(dir, "testdata"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

var (
	inline = regexp.MustCompile("`((?:slowdigest|make|go test) [^`]+)`")
	target = regexp.MustCompile(`(?m)^([a-z-]+):.*## `)
	testOf = regexp.MustCompile(`^go test (\./\S+) -run (\S+)`)
)

// A command that stands in a sentence is one that there is: its flags are declared, the
// Makefile has the target, the package the test.
func TestDocumentsCallWhatIsDeclared(t *testing.T) {
	targets := map[string]bool{}
	for _, m := range target.FindAllStringSubmatch(string(read(t, "../../Makefile")), -1) {
		targets[m[1]] = true
	}
	calls := 0
	for path, text := range documents(t) {
		for _, m := range inline.FindAllStringSubmatch(text, -1) {
			calls++
			words := strings.Fields(strings.ReplaceAll(m[1], "'", ""))
			switch words[0] {
			case "make":
				if !targets[words[1]] {
					t.Errorf("%s: %s: there is no such target", path, m[1])
				}
			case "go":
				if of := testOf.FindStringSubmatch(m[1]); of != nil && !hasTest(t, of[1], of[2]) {
					t.Errorf("%s: %s: there is no such test", path, m[1])
				}
			default:
				checkCall(t, path, words[1:])
			}
		}
		// In the settings of programs that start slowdigest.
		for _, m := range regexp.MustCompile(`"command": "slowdigest", "args": (\[[^]]*\])`).FindAllStringSubmatch(text, -1) {
			var args []string
			unmarshal(t, []byte(m[1]), &args)
			checkCall(t, path, args)
		}
	}
	if calls < 20 {
		t.Errorf("%d calls were looked at", calls)
	}
}

func checkCall(t *testing.T, path string, args []string) {
	t.Helper()
	f := declared(args[0])
	if f == nil {
		t.Errorf("%s: there is no command %s", path, args[0])
	} else if _, err := f.parse(args[1:]); err != nil {
		t.Errorf("%s: %q: %v", path, args, err)
	}
}

// hasTest reports whether a package, or one below it for a path that ends in dots, has a
// test whose name holds the text.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(filepath.Join("../..", strings.TrimSuffix(dir, "/...")), func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			found = found || regexp.MustCompile(`(?m)^func Test\w*`+strings.TrimPrefix(name, "Test")).Match(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
