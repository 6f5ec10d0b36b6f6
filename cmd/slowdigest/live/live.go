// Package live shows on a terminal, while logs are read, how far that has come and how long it will
// take, and the ranking so far where the digest will be printed below. It draws over what it drew
// before, and leaves nothing of it.
package live

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
)

const (
	patience = time.Second // what is done sooner shows nothing
	redraw   = 500 * time.Millisecond

	narrowest = 40 // columns of a ranking
)

// Options say what is shown, and where.
type Options struct {
	Stderr io.Writer           // gets it, if it is a terminal
	Getenv func(string) string // NO_COLOR and TERM=dumb count
	What   string              // is read, such as the name of a file; empty is "reading"
	Step   string              // which of several readings it is, the only one that the time left is of; it is shown as long as that
	Counts func() handler.Counts
	Follow bool // there is no end
	// Report returns the ranking so far, or nil; a nil Report is never asked.
	Report func() *digest.Report
	Zone   *time.Location // of the ranking's times; nil is UTC
}

// Terminal returns the terminal that w is, or nil. One that says it is dumb does not count.
func Terminal(w io.Writer, getenv func(string) string) *os.File {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || getenv("TERM") == "dumb" {
		return nil
	}
	return f
}

// Watch shows what there is to show until stop is called, which leaves nothing of it. Where there is
// no terminal it does nothing.
func Watch(o Options) (stop func()) {
	f := Terminal(o.Stderr, o.Getenv)
	if f == nil {
		return func() {}
	}
	s := &screen{out: f, size: func() (int, int) {
		width, height, err := term.GetSize(int(f.Fd()))
		if err != nil || width < 1 || height < 1 {
			return 80, 24
		}
		return width, height
	}}
	started := time.Now()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		var r rate
		for {
			select {
			case now := <-tick.C:
				c := o.Counts()
				r.add(now, c.Read)
				if now.Sub(started) < patience {
					continue
				}
				width, height := s.size()
				s.draw(o.ranking(width, height)+line(o, c, r.perSecond(), now.Sub(started), width-1)+"\n", width)
			case <-done:
				width, _ := s.size()
				s.draw("", width)
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		wg.Wait()
	})
}

// ranking returns as much of the ranking so far as the terminal is high.
func (o *Options) ranking(width, height int) string {
	if o.Report == nil || width < narrowest {
		return ""
	}
	r := o.Report()
	if r == nil {
		return ""
	}
	var b bytes.Buffer
	to := notifier.NewText(&b, notifier.TextOptions{Width: width, Color: o.Getenv("NO_COLOR") == "", SoFar: true, Zone: o.Zone})
	if err := to.Notify(context.Background(), r); err != nil {
		return ""
	}
	lines := strings.SplitAfter(b.String(), "\n")
	return strings.Join(lines[:min(len(lines), max(0, height-3))], "")
}

// screen is the end of what a terminal shows.
type screen struct {
	out   io.Writer
	size  func() (width, height int)
	drawn string // whole lines
}

// draw puts whole lines in the place of those that were drawn before. A terminal that has become
// narrower since has broken them.
func (s *screen) draw(text string, width int) {
	back := ""
	rows := 0
	for l := range strings.Lines(s.drawn) {
		rows += max(1, (ansi.StringWidth(strings.TrimSuffix(l, "\n"))+width-1)/width)
	}
	if rows > 0 {
		back = fmt.Sprintf("\x1b[%dA\r\x1b[J", rows)
	}
	s.drawn = text
	if back+text != "" {
		_, _ = io.WriteString(s.out, back+text) // a terminal that is gone hears nothing
	}
}
