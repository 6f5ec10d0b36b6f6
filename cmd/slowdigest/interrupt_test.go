package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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
	for _, c := range r.Classes {
		if c.Fingerprint == "(no statement)" {
			t.Errorf("what the interrupt cut is a class of %d", c.Totals.Calls)
		}
	}
	if r.Coverage.Truncated != 0 || !strings.HasSuffix(r.Coverage.Notes[0], ": interrupted") {
		t.Errorf("%d cut; notes %q", r.Coverage.Truncated, r.Coverage.Notes)
	}
	if !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("stderr: %s", stderr.String())
	}
}

// Who waits for what does not come ends on a signal: for a writer of a pipe, and for the standard
// input. Each command that reads one says that it was interrupted.
func TestSignalEndsWaiting(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	log := write(t, "a.log", slowEntry(recentDay, 1, 1, "select 1"))
	for _, args := range [][]string{
		{"report", pipe}, {"report", log, pipe}, {"report", "-"}, {"diff", log, "-"}, {"fingerprint"}, {"fingerprint", pipe}, {"entry", pipe, "0"}, {"entry", "-", "0"}, {"invoke", "--event", "-"},
		{"invoke", "--event", pipe}, {"check", pipe}, {"check"},
	} {
		for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
			code, stderr := -1, ""
			for wait := 100 * time.Millisecond; code == -1 && wait < 10*time.Second; wait *= 2 { // -1 is of a signal that came before it listened
				code, stderr = signalled(t, signal, wait, args)
			}
			if code != interrupted || !strings.Contains(stderr, "interrupted") {
				t.Errorf("%v, %v: exit %d: %s", args, signal, code, stderr)
			}
		}
	}
	if stdout, stderr, code := call(t, "", []string{"report", dir, log}); code != 0 || !strings.Contains(stdout, "pipe is a named pipe, and is not read.") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}

// An agent's call that waits for a pipe ends, and the command with it.
func TestSignalEndsAgentsWaiting(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, built(t), "mcp", pipe)
		cmd.Env = environment(nil)
		var stderr lockedBuffer
		cmd.Stderr = &stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for _, message := range []string{
			`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`,
			`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
			`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"digest","arguments":{"since":"2026-11-23T09:00:00Z","until":"2026-11-23T10:00:00Z"}}}`,
		} {
			if _, err := io.WriteString(in, message+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // the call has come to wait
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // the log tells
		if ctx.Err() != nil || !strings.Contains(stderr.String(), "open pipe: context canceled") && !strings.Contains(stderr.String(), pipe+": context canceled") {
			t.Errorf("%v: exit %d, %v: %s", signal, cmd.ProcessState.ExitCode(), ctx.Err(), stderr.String())
		}
	}
}

// signalled sends a signal to the built command after a while, and returns its exit code and what
// it said.
func signalled(t *testing.T, signal os.Signal, after time.Duration, args []string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, built(t), args...)
	cmd.Env = environment(nil)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(after, func() { _ = cmd.Process.Signal(signal) })
	_ = cmd.Wait() // the code tells
	if ctx.Err() != nil {
		t.Fatalf("%v waits on after %v", args, signal)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}
