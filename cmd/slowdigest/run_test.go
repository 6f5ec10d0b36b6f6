package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"slowdigest/digest"
	"slowdigest/source/rdstest"
)

// hourLog is a live log of an hour, made up as it is read: entries of 256 bytes,
// the same number of equal ones in each second.
type hourLog struct {
	end   time.Time
	size  int64
	first string // before the statements of the first second
}

const entryBytes = 256

func (l hourLog) Size() int64 { return l.size }

func (l hourLog) ReadAt(p []byte, offset int64) (n int, err error) {
	perSecond := l.size / 3600
	var entry []byte
	for second := int64(-1); n < len(p) && offset < l.size; {
		if s := offset / perSecond; s != second {
			second = s
			at := l.end.Add(time.Duration(second-3600) * time.Second)
			entry = fmt.Appendf(nil, "# Time: %s\n# User@Host: app[app] @ [10.0.0.1]  Id: 7\n# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nSET timestamp=%d;\nselect a from t where id = ",
				at.Format("2006-01-02T15:04:05.000000Z"), at.Unix())
			if second == 0 {
				entry = bytes.Replace(entry, []byte("SET"), []byte(l.first+"SET"), 1)
			}
			entry = append(entry, bytes.Repeat([]byte("1"), entryBytes-2-len(entry))...)
			entry = append(entry, ";\n"...)
		}
		k := copy(p[n:], entry[offset%entryBytes:])
		n, offset = n+k, offset+int64(k)
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// awsEnv is the environment of a command for which RDS is a fake one.
func awsEnv(rds *rdstest.Server) []string {
	return append(os.Environ(), "AWS_REGION="+rdstest.Region, "AWS_ACCESS_KEY_ID="+rdstest.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY="+rdstest.SecretAccessKey, "AWS_ENDPOINT_URL_RDS="+rds.URL, "NO_COLOR=1")
}

// onTerminal runs the built command in one, and returns what it shows as it goes.
func onTerminal(t *testing.T, rds *rdstest.Server, args ...string) (*exec.Cmd, *lockedBuffer) {
	t.Helper()
	cmd := exec.Command(built(t), args...)
	cmd.Env = awsEnv(rds)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	var screen lockedBuffer
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(&screen, tty) }) // ends with the command, by an error of the terminal
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		wg.Wait()
		_ = tty.Close()
	})
	return cmd, &screen
}

// wait returns how long it took until a text stood on the screen.
func (l *lockedBuffer) wait(t *testing.T, text string, limit time.Duration) time.Duration {
	t.Helper()
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if strings.Contains(l.String(), text) {
			return time.Since(start)
		}
		if time.Since(start) > limit {
			t.Fatalf("no %q in %v:\n%s", text, limit, l.String())
		}
	}
}

// TestRunLast reads the end of a live log of 1 GB, each call for which takes 150 ms.
// A ranking of the last quarter of an hour is on the screen within 3 s, or, where
// the machine is too busy for that, after few calls; and a digest counts just the
// calls of its window.
func TestRunLast(t *testing.T) {
	rds := rdstest.NewServer()
	defer rds.Close()
	rds.Latency = 150 * time.Millisecond
	end := time.Now().UTC().Truncate(time.Second)
	log := hourLog{end: end, size: 3600 * 1165 * entryBytes}
	rds.AddInstance("orders-1").WriteContent(rdstest.SlowLog, log, end)
	run := func(last time.Duration) []string {
		return []string{"run", "--instance", "orders-1", "--since", end.Add(-last).Format(time.RFC3339), "--until", end.Format(time.RFC3339)}
	}
	built(t)
	cmd, screen := onTerminal(t, rds, run(15*time.Minute)...)
	first := screen.wait(t, "Query ID", time.Minute)
	calls := len(rds.Calls())
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	t.Logf("the first ranking came after %v and %d calls", first, calls)
	if first > 3*time.Second && calls > 120 {
		t.Error("that is too late")
	}

	rds.Latency = 0
	cmd = exec.Command(built(t), append(run(3*time.Minute), "--format", "json")...)
	cmd.Env = awsEnv(rds)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r digest.Report
	unmarshal(t, out, &r)
	if want := log.size / entryBytes / 20; r.Overall.Calls != want || !r.Coverage.Complete || r.Coverage.BytesRead > log.size/10 {
		t.Errorf("%d calls, want %d; coverage %+v", r.Overall.Calls, want, r.Coverage)
	}
}

// TestRunFollow sees what is logged while it runs, over a rotation, until Ctrl-C.
func TestRunFollow(t *testing.T) {
	rds := rdstest.NewServer()
	defer rds.Close()
	db := rds.AddInstance("orders-1")
	now := time.Now().UTC().Truncate(time.Second)
	entry := func(n int, sql string) []byte {
		return fmt.Appendf(nil, "# Time: %s\n# User@Host: app[app] @ [10.0.0.1]  Id: 7\n# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nSET timestamp=%d;\n%s;\n",
			now.Add(time.Duration(n)*time.Second).Format("2006-01-02T15:04:05.000000Z"), now.Unix(), sql)
	}
	db.Append(rdstest.SlowLog, append([]byte(rdstest.Banner), entry(0, "select a from first_of_all")...), now)
	cmd, screen := onTerminal(t, rds, "run", "--instance", "orders-1", "--last", "15m", "--follow")
	// An entry is known to have ended when the next begins.
	db.Append(rdstest.SlowLog, entry(1, "select a from second_before_rotation"), now.Add(time.Second))
	screen.wait(t, "first_of_all", time.Minute)
	db.Rotate(rdstest.SlowLog, now.Add(time.Minute))
	db.Append(rdstest.SlowLog, entry(2, "select a from third_after_it"), now.Add(2*time.Minute))
	screen.wait(t, "second_before_rotat", time.Minute)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	time.Sleep(100 * time.Millisecond)
	final := screen.String()
	final = final[strings.LastIndex(final, "\x1b[J")+3:]
	if !strings.Contains(final, "3 slow queries in 3 classes") {
		t.Errorf("exit %d:\n%s", cmd.ProcessState.ExitCode(), final)
	}
}
