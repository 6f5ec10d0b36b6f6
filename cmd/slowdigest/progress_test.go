package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/ulikunitz/xz"
)

// slowFile is a log that takes some seconds to read: it is compressed, in a hundred parts.
var slowFile = sync.OnceValues(func() ([]byte, error) {
	text, err := os.ReadFile(logs + "mysql-9-7.log")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(bytes.Repeat(text, 5)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Repeat(b.Bytes(), 100), nil
})

// withTerminal runs the built command with the standard error on a terminal of so many columns, and the
// standard output in a buffer, unless there is none. During gets the other end of the terminal, and
// what was shown so far as a function. It returns all that was shown, and the exit code.
func withTerminal(t *testing.T, columns int, env []string, stdout *bytes.Buffer, args []string, during func(screen *os.File, cmd *exec.Cmd, shown func() string)) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built(t), args...)
	cmd.Env = append(environment(nil), append([]string{"GOMAXPROCS=1", "TERM=xterm"}, env...)...)
	if stdout != nil {
		cmd.Stdout = stdout
	}
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)})
	if err != nil {
		missing(t, "there are no terminals here: "+err.Error())
	}
	defer screen.Close()
	shown := new(lockedBuffer)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(shown, screen) // ends in EIO when the command has ended
	}()
	if during != nil {
		during(screen, cmd, shown.String)
	}
	_ = cmd.Wait() // the code tells
	<-done
	return shown.String(), cmd.ProcessState.ExitCode()
}

var control = regexp.MustCompile("\x1b\\[([0-9;]*)([A-Za-z])")

// left is what a terminal shows in the end of what was written to it, and the most rows that it had.
func left(t *testing.T, written string, columns int) (text string, rows int) {
	t.Helper()
	screen := [][]rune{nil}
	row, column := 0, 0
	for len(written) > 0 {
		if m := control.FindStringSubmatch(written); m != nil && strings.HasPrefix(written, m[0]) {
			switch n, _ := strconv.Atoi(m[1]); m[2] {
			case "A":
				if row -= n; row < 0 {
					t.Fatal("the cursor goes above what was drawn")
				}
			case "J":
				screen = screen[:row+1]
				screen[row] = screen[row][:min(column, len(screen[row]))]
			}
			written = written[len(m[0]):]
			continue
		}
		r, n := utf8.DecodeRuneInString(written)
		written = written[n:]
		if r >= ' ' && column == columns {
			row, column = row+1, 0
		}
		if r == '\n' {
			row++
		}
		for row >= len(screen) {
			screen = append(screen, nil)
		}
		switch rows = max(rows, len(screen)); {
		case r == '\r':
			column = 0
		case r >= ' ':
			for column >= len(screen[row]) {
				screen[row] = append(screen[row], ' ')
			}
			screen[row][column] = r
			column++
		}
	}
	var lines []string
	for _, l := range screen {
		lines = append(lines, strings.TrimRight(string(l), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n"), rows
}

var percentages = regexp.MustCompile(`(\d+)%`)

// What takes longer than a second shows on a terminal how far it is, in one row, and nothing of
// that is left. The digest is the same as elsewhere.
func TestProgress(t *testing.T) {
	text, err := slowFile()
	if err != nil {
		t.Fatal(err)
	}
	log := write(t, "slow.log.xz", string(text))
	want, stderr, code := call(t, "", []string{"report", "--format", "json", log})
	if code != 0 {
		t.Fatal(stderr)
	}
	for _, columns := range []int{20, 40, 120} {
		t.Run(strconv.Itoa(columns), func(t *testing.T) {
			t.Parallel()
			var stdout bytes.Buffer
			shown, code := withTerminal(t, columns, nil, &stdout, []string{"report", "--format", "json", log}, nil)
			if code != 0 || stdout.String() != want {
				t.Errorf("exit %d, and the digest is the same: %v", code, stdout.String() == want)
			}
			last, seen := -1, 0
			for _, m := range percentages.FindAllStringSubmatch(shown, -1) {
				percent, _ := strconv.Atoi(m[1])
				if percent < last || percent > 100 {
					t.Errorf("%d%% after %d%%", percent, last)
				}
				last, seen = percent, seen+1
			}
			if seen < 2 || last < 50 || !strings.Contains(shown, "█░") || !strings.Contains(shown, "s left") {
				t.Errorf("there is no bar:\n%q", shown)
			}
			if columns == 120 && !regexp.MustCompile(`  \d+% +\d+\.\d of \d+\.\d MB  \d+\.\d MB/s  <?\d+s left  Ctrl-C`).MatchString(shown) {
				t.Errorf("%q", shown)
			}
			rest, rows := left(t, shown, columns)
			if rest != "" || rows > 2 {
				t.Errorf("%q is left, of %d rows", rest, rows)
			}
		})
	}
}

// Ctrl-C, also on a terminal that was made narrower, leaves it clean, and what there is is printed.
func TestProgressInterrupted(t *testing.T) {
	text, err := slowFile()
	if err != nil {
		t.Fatal(err)
	}
	log := write(t, "slow.log.xz", string(text))
	var stdout bytes.Buffer
	shown, code := withTerminal(t, 120, nil, &stdout, []string{"report", log}, func(screen *os.File, _ *exec.Cmd, shown func() string) {
		waitFor(t, "a bar", func() bool { return strings.Contains(shown(), "█") })
		if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 30}); err != nil {
			t.Fatal(err)
		}
		n := len(shown())
		waitFor(t, "a bar in a narrower terminal", func() bool { return strings.Contains(shown()[n:], "█") })
		if _, err := screen.Write([]byte{3}); err != nil {
			t.Fatal(err)
		}
	})
	if code != interrupted || !strings.Contains(stdout.String(), "PARTIAL") {
		t.Errorf("exit %d: %s", code, stdout.String())
	}
	_, shown, _ = strings.Cut(shown, "A\r\x1b[J") // from the first that was drawn over
	if !strings.HasSuffix(strings.ReplaceAll(shown, "\r\n", "\n"), "\x1b[1A\r\x1b[Jslowdigest: interrupted; what was shown is not all\n") {
		t.Errorf("%q", shown)
	}
	if n := widest(shown); n > 29 {
		t.Errorf("a line of %d columns in 30", n)
	}
}

// widest is the length of the longest line that was drawn.
func widest(shown string) int {
	most := 0
	for l := range strings.Lines(control.ReplaceAllString(shown, "")) {
		if !strings.Contains(l, "interrupted") {
			most = max(most, len([]rune(strings.TrimSpace(l))))
		}
	}
	return most
}

// The ranking so far is shown where the digest will be printed on the terminal, and goes, too.
func TestProgressRanking(t *testing.T) {
	text, err := slowFile()
	if err != nil {
		t.Fatal(err)
	}
	log := write(t, "slow.log.xz", string(text))
	shown, code := withTerminal(t, 80, []string{"NO_COLOR=1"}, nil, []string{"report", "--limit", "2", log}, nil)
	rest, rows := left(t, shown, 80)
	if code != 0 || strings.Count(shown, "Slow queries on slow.log.xz") < 3 || strings.Count(rest, "Slow queries on slow.log.xz") != 1 || !strings.HasPrefix(rest, "Slow queries") {
		t.Errorf("exit %d, %d rows:\n%s", code, rows, rest)
	}
	if strings.Contains(rest, "left") || strings.Contains(rest, "█░") || strings.Contains(shown, "\x1b[1m") {
		t.Errorf("what was drawn is left:\n%s", rest)
	}
}

// Of a pipe nobody knows how much it will hold.
func TestProgressOfPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	entry := slowEntry(recentDay, 1, 1, "select '"+strings.Repeat("x", 10_000)+"'")
	var stdout bytes.Buffer
	shown, code := withTerminal(t, 60, nil, &stdout, []string{"diff", logs + "mysql-9-7.log", pipe}, func(_ *os.File, _ *exec.Cmd, shown func() string) {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		waitFor(t, "bytes and a rate", func() bool {
			for range 20 {
				if _, err := io.WriteString(w, entry); err != nil {
					t.Fatal(err)
				}
			}
			return strings.Contains(shown(), " MB/s in ")
		})
	})
	rest, rows := left(t, shown, 60)
	if code != 0 || rest != "" || rows > 2 || strings.Contains(shown, "%") || !strings.Contains(shown, "pipe window 2 of 2 ") || stdout.Len() == 0 {
		t.Errorf("exit %d, %q is left of %q", code, rest, shown)
	}
}

// A terminal that can do nothing gets nothing, nor does what is none.
func TestProgressNowhere(t *testing.T) {
	text, err := slowFile()
	if err != nil {
		t.Fatal(err)
	}
	log := write(t, "slow.log.xz", string(text))
	var stdout bytes.Buffer
	if shown, code := withTerminal(t, 80, []string{"TERM=dumb"}, &stdout, []string{"report", log}, nil); shown != "" || code != 0 {
		t.Errorf("exit %d: %q", code, shown)
	}
	cmd := exec.CommandContext(t.Context(), built(t), "report", log)
	cmd.Env = append(environment(nil), "GOMAXPROCS=1", "TERM=xterm")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v: %q", err, stderr.String())
	}
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("there is not: " + what)
		}
	}
}
