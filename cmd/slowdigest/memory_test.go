package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// TestMemory reads 200 MB of a real log through the built command and asks the
// system, before the last byte is read, for the most memory that was resident.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds the command and reads 200 MB")
	}
	text, err := os.ReadFile(logs + "mysql-9-7-extra.log")
	if err != nil {
		t.Fatal(err)
	}
	const want = 200 << 20
	cmd := exec.Command(built(t), "report", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < want; n += len(text) {
		if _, err := in.Write(text); err != nil {
			break // the command has ended, and says why
		}
	}
	kilobytes := resident(cmd.Process.Pid)
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	t.Logf("most resident memory: %d MiB on %d MiB, in %v", kilobytes>>10, want>>20, cmd.ProcessState.UserTime())
	if kilobytes == 0 || kilobytes > 64<<10 {
		t.Errorf("%d MiB are resident, more than 64", kilobytes>>10)
	}
}
