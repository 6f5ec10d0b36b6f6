package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestREADMEShowsWhatIsPrinted: the first sample of the README is made of parts of what
// make invoke-local prints.
func TestREADMEShowsWhatIsPrinted(t *testing.T) {
	_, sample, _ := strings.Cut(string(read(t, "../../README.md")), "```\n")
	sample, _, found := strings.Cut(sample, "```\n")
	cmd := exec.Command(built(t), "invoke", "--event", "testdata/events/schedule.json", "--logs", "testdata/slowlogs", "--channel", "C0SLOWLOGS")
	cmd.Dir = "../.."
	cmd.Env = environment(map[string]string{"SLOWDIGEST_INSTANCES": "mysql-9-7,mysql-9-7-extra"})
	out, err := cmd.Output()
	if err != nil || !found {
		t.Fatalf("%v: %s", err, out)
	}
	for part := range strings.SplitSeq(sample, "\n...\n") {
		if !strings.Contains(string(out), part) {
			t.Errorf("not printed is\n%s", part)
		}
	}
}
