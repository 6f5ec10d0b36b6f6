package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"
)

// terminal opens a terminal of so many columns. What is written to the returned
// file is read from the other end, until it is closed.
func terminal(t *testing.T, columns int) (*os.File, func() string) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		missing(t, "there are no terminals here: "+err.Error())
	}
	t.Cleanup(func() { _ = screen.Close() }) // at the latest
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	must(err)
	must(unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: uint16(columns)}))
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	must(err)
	var shown bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&shown, screen) // ends in EIO when the terminal is closed
	}()
	return tty, func() string {
		must(tty.Close())
		<-done
		return strings.ReplaceAll(shown.String(), "\r\n", "\n")
	}
}

// A terminal gets colours, unless it wants none, and no line is wider than it.
func TestTerminal(t *testing.T) {
	for _, columns := range []int{80, 120} {
		var plain []string
		for _, noColor := range []string{"", "1"} {
			tty, screen := terminal(t, columns)
			p := &process{stdin: strings.NewReader(""), stdout: tty, stderr: t.Output(),
				getenv: func(name string) string { return map[string]string{"NO_COLOR": noColor}[name] }}
			code := p.run(t.Context(), []string{"report", "--limit", "5", logs + "mysql-9-7-extra.log", logs + "mariadb-10-11-verbose.log"})
			got := screen()
			if code != 0 {
				t.Fatalf("exit code %d", code)
			}
			if colored := strings.Contains(got, "\x1b["); colored != (noColor == "") {
				t.Errorf("%d columns, NO_COLOR=%q: colours %v", columns, noColor, colored)
			}
			widest := 0
			for l := range strings.Lines(got) {
				widest = max(widest, ansi.StringWidth(strings.TrimSuffix(l, "\n")))
			}
			if widest != columns {
				t.Errorf("the widest line has %d columns of %d", widest, columns)
			}
			plain = append(plain, ansi.Strip(got))
		}
		if plain[0] != plain[1] {
			t.Errorf("%d columns: the colours change the text", columns)
		}
	}
}
