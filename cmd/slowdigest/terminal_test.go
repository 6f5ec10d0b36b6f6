package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

// terminal opens a terminal of so many columns. What is written to the returned
// file is read from the other end, until it is closed.
func terminal(t *testing.T, columns int) (*os.File, func() string) {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		missing(t, "there are no terminals here: "+err.Error())
	}
	t.Cleanup(func() { _ = screen.Close() }) // at the latest
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 50, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(&shown, screen) // ends in EIO when the terminal is closed
	}()
	return tty, func() string {
		_ = tty.Close()
		<-done
		return strings.ReplaceAll(shown.String(), "\r\n", "\n")
	}
}

// toCopy matches lines that are left to the terminal to break.
var toCopy = regexp.MustCompile(`^ *(?:SHOW |EXPLAIN |USE |byte \d+ of )`)

// A terminal gets colours, unless it wants none, and no other line is wider than it.
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
				if toCopy.MatchString(ansi.Strip(l)) {
					continue
				}
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
