package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestMemory reads 200 MB of a real log through the built command and asks the
// system for the most memory that was resident.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds the command and reads 200 MB")
	}
	text, err := os.ReadFile(logs + "mysql-9-7-extra.log")
	if err != nil {
		t.Fatal(err)
	}
	// The readers share the text: what is resident here at the time of the fork
	// counts as resident there.
	const want = 200 << 20
	var parts []io.Reader
	for n := 0; n < want; n += len(text) {
		parts = append(parts, bytes.NewReader(text))
	}
	cmd := exec.Command(built(t), "report", "-")
	cmd.Stdin = io.MultiReader(parts...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	kilobytes := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	t.Logf("most resident memory: %d MiB on %d MiB, in %v", kilobytes>>10, want>>20, cmd.ProcessState.UserTime())
	if kilobytes > 64<<10 {
		t.Errorf("%d MiB are resident, more than 64", kilobytes>>10)
	}
}
