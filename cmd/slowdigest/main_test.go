package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"slowdigest/notifier"
)

// binDir is where built puts the command.
var binDir string

// TestMain also lets scripts call this program as slowdigest.
func TestMain(m *testing.M) {
	testscript.Main(inBinDir{m}, map[string]func(){"slowdigest": main})
}

type inBinDir struct{ *testing.M }

func (m inBinDir) Run() int {
	dir, err := os.MkdirTemp("", "slowdigest")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binDir = dir
	return m.M.Run()
}

var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binDir, "bootstrap")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-tags", "lambda.norpc", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the command: %w\n%s", err, out)
	}
	return path, nil
})

// built returns the path of the command, built once for all tests, as a release is.
func built(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// What can be done about an error is said once, on the command line, in the error of an
// invocation and in a report.
func TestHintIsSaidOnce(t *testing.T) {
	const advice = "is it the bot token?"
	err := fmt.Errorf("post digest: %w", &notifier.DeliveryError{Kind: notifier.Configuration, Step: "post to Slack", Err: errors.New("invalid_auth"), Advice: advice})
	var stderr bytes.Buffer
	(&process{stderr: &stderr}).fail(err)
	for name, say := range map[string]func() string{
		"command line": func() string { return stderr.String() },
		"invocation":   func() string { return withHint(err).Error() },
		"doctor": func() string {
			var out bytes.Buffer
			(&doctor{say: func(k Check) { k.print(&out) }}).fail("Slack", err)
			return out.String()
		},
	} {
		if said := say(); strings.Count(said, advice) != 1 {
			t.Errorf("%s: %s", name, said)
		}
	}
}
