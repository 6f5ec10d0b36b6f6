package main

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

// live shows on a terminal, while logs are read, how far that has come and,
// where the digest will be printed below, the ranking so far. It draws over what
// it drew before.
type live struct {
	out           io.Writer
	width, height int
	progress      *handler.Progress
	limit         digest.Limit
	ranking       bool
	color         bool
	zone          *time.Location
	started       time.Time
	drawn         int // lines
}

const redraw = 500 * time.Millisecond

// watch shows the progress of h on the terminal, if there is one, until stop is
// called, which leaves nothing of it.
func watch(p *process, h *handler.Handler, c *Config, ranking bool) (stop func()) {
	f, ok := p.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width, height = 80, 24
	}
	h.Progress = new(handler.Progress)
	out, toTerminal := p.stdout.(*os.File)
	l := &live{out: f, width: width, height: height, progress: h.Progress, limit: c.Limit, zone: c.Zone, color: p.getenv("NO_COLOR") == "", started: time.Now(),
		ranking: ranking && toTerminal && term.IsTerminal(int(out.Fd()))}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.draw(l.text(time.Since(l.started)))
			case <-done:
				l.draw("")
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// text returns the ranking so far, as much of it as the terminal is high, and the
// line that tells how far the reading is.
func (l *live) text(elapsed time.Duration) string {
	line := ansi.Truncate(progressLine(l.progress.Counts(), elapsed), l.width-1, "…") + "\n" // or it would be two, and only one be drawn over
	if r := l.progress.Report(l.limit); l.ranking && r != nil {
		var b bytes.Buffer
		to := notifier.NewText(&b, notifier.TextOptions{Width: l.width, Color: l.color, Brief: true, Zone: l.zone})
		if err := to.Notify(context.Background(), r); err == nil {
			lines := strings.SplitAfter(b.String(), "\n")
			line = strings.Join(lines[:min(len(lines), max(0, l.height-3))], "") + line
		}
	}
	return line
}

func (l *live) draw(text string) {
	back := ""
	if l.drawn > 0 {
		back = fmt.Sprintf("\x1b[%dA\r\x1b[J", l.drawn)
	}
	l.drawn = strings.Count(text, "\n")
	_, _ = io.WriteString(l.out, back+text) // a terminal that is gone hears nothing
}

// progressLine tells files, megabytes, the rate, and what is left at that rate.
func progressLine(c handler.Counts, elapsed time.Duration) string {
	const mega = 1e6
	switch {
	case c.Files == 0:
		return "listing logs …"
	case c.Listed == 0: // how much a live log will hold is not known
		return fmt.Sprintf("following %d logs: %.1f MB in %s; Ctrl-C ends it with the digest", c.Files, float64(c.Read)/mega, notifier.Duration(elapsed.Round(time.Second).Seconds()))
	}
	toRead := max(c.Listed-c.Skipped, c.Read)
	s := fmt.Sprintf("reading: %d of %d files, %.1f of %.1f MB", c.Done, c.Files, float64(c.Read)/mega, float64(toRead)/mega)
	rate := float64(c.Read) / elapsed.Seconds()
	if rate > 0 {
		s += fmt.Sprintf(", %.1f MB/s", rate/mega)
		if left := time.Duration(float64(toRead-c.Read) / rate * float64(time.Second)); left > time.Second {
			s += ", " + notifier.Duration(left.Round(time.Second).Seconds()) + " left"
		}
	}
	return s + "; Ctrl-C shows what there is"
}
