package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"slowdigest/digest"
)

// An interrupted command shows what it has read so far, says that this is not
// all, and ends with the code that shells know an interrupt by.
func TestInterrupt(t *testing.T) {
	text, err := os.ReadFile(logs + "mysql-9-7.log")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), built(t), "report", "--format", "json", "-")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The log has no end; that more was taken than a pipe holds shows that it is being read.
	limit := time.Now().Add(time.Minute)
	for n := 0; ; n++ {
		if _, err := in.Write(text); err != nil {
			break
		}
		if n == 3 {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(limit) {
			t.Fatal("it reads on after an interrupt")
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGINT) {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
	var r digest.Report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if r.Coverage.Complete || r.Overall.Calls < 1000 || len(r.Coverage.Notes) == 0 {
		t.Errorf("%d calls, coverage %+v", r.Overall.Calls, r.Coverage)
	}
	if !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("stderr: %s", stderr.String())
	}
}
