package live

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/handler"
	"slowdigest/notifier"
)

const (
	longestBar, shortBar = 30, 10
	shortestBar, narrow  = 5, 60 // where the terminal has fewer columns than narrow
)

// line tells in at most width columns how far the reading is: a bar with the share that was read,
// megabytes, the rate in bytes per second, and what is left at that rate. Where it is not known how
// much there is, it has no bar. What there is no room for is left out, the least important first.
func line(o Options, c handler.Counts, perSecond float64, elapsed time.Duration, width int) string {
	what := o.What
	if what == "" {
		what = "reading"
	}
	var share float64
	toRead := max(c.Listed-c.Skipped, c.Read) // the live file grows while it is read
	var parts []part
	switch sized := !c.Unsized && toRead > 0; {
	case c.Files == 0:
		return fit("listing logs …", width)
	case o.Follow:
		logs := "1 log"
		if c.Files > 1 {
			logs = fmt.Sprintf("%d logs", c.Files)
		}
		parts = []part{{1, "following " + logs + ":"}, {0, megabytes(c.Read)}, {2, "in " + seconds(elapsed)}, {3, "Ctrl-C ends it with the digest"}}
	case sized:
		share = float64(c.Read) / float64(toRead)
		parts = []part{{5, what}, {1, o.Step}, {0, ""}, {0, fmt.Sprintf("%3d%%", int(100*share))}, {2, partOf(c.Read, toRead)},
			{3, speed(perSecond)}, {1, left(toRead-c.Read, perSecond)}, {6, files(c)}, {4, "Ctrl-C shows what there is"}}
	default:
		parts = []part{{3, what}, {1, o.Step}, {0, megabytes(c.Read)}, {1, speed(perSecond)}, {2, "in " + seconds(elapsed)}, {4, files(c)}, {5, "Ctrl-C shows what there is"}}
	}
	return layOut(parts, share, width)
}

// part is a part of the line. Those with the lowest rank are kept the longest; an empty text of the
// rank 0 is the bar.
type part struct {
	rank int
	text string
}

func layOut(parts []part, share float64, width int) string {
	least, gap := shortBar, "  "
	if width < narrow {
		least, gap = shortestBar, " "
	}
	var kept []string
	for most := len(parts); most >= 0; most-- {
		kept = kept[:0]
		bar := -1
		for _, p := range parts {
			switch {
			case p.rank == 0 && p.text == "":
				bar, kept = len(kept), append(kept, "")
			case p.rank <= most && p.text != "":
				kept = append(kept, p.text)
			}
		}
		room := width - ansi.StringWidth(strings.Join(kept, gap))
		switch {
		case bar < 0 && room >= 0:
			return strings.Join(kept, gap)
		case bar >= 0 && room >= least:
			kept[bar] = drawBar(share, min(room, longestBar))
			return strings.Join(kept, gap)
		}
	}
	if len(kept) > 1 { // a terminal without room for a bar
		kept = kept[1:]
	}
	return fit(strings.TrimSpace(strings.Join(kept, gap)), width)
}

func drawBar(share float64, width int) string {
	full := min(int(share*float64(width)), width)
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

func fit(s string, width int) string {
	return ansi.Truncate(s, max(width, 0), "…")
}

func megabytes(n int64) string {
	const mega, giga = 1e6, 1e9
	if n >= giga {
		return fmt.Sprintf("%.2f GB", float64(n)/giga)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/mega)
}

// partOf writes the unit once where both have the same.
func partOf(n, of int64) string {
	part, whole := megabytes(n), megabytes(of)
	if unit := whole[len(whole)-2:]; strings.HasSuffix(part, unit) {
		part = strings.TrimSuffix(part, " "+unit)
	}
	return part + " of " + whole
}

func speed(perSecond float64) string {
	if perSecond <= 0 {
		return ""
	}
	return megabytes(int64(perSecond)) + "/s"
}

// left is empty where nobody can say how long the rest takes.
func left(bytes int64, perSecond float64) string {
	const longest = 100 * 24 * 3600
	switch rest := float64(bytes) / perSecond; {
	case perSecond <= 0 || rest > longest:
		return ""
	case rest < 1:
		return "<1s left"
	default:
		return seconds(time.Duration(rest*float64(time.Second))) + " left"
	}
}

func seconds(d time.Duration) string {
	return notifier.Duration(d.Round(time.Second).Seconds())
}

func files(c handler.Counts) string {
	if c.Files < 2 {
		return ""
	}
	return fmt.Sprintf("%d of %d files", c.Done, c.Files)
}

// span is the time over which the rate is measured: short enough to follow what changes, and long
// enough for the time left not to jump.
const span = 10 * time.Second

// rate measures how much is read in a second.
type rate struct{ samples []sample }

type sample struct {
	at   time.Time
	read int64
}

func (r *rate) add(at time.Time, read int64) {
	r.samples = append(r.samples, sample{at, read})
	for len(r.samples) > 2 && at.Sub(r.samples[1].at) >= span {
		r.samples = r.samples[1:]
	}
}

// perSecond returns 0 where nothing is known yet.
func (r *rate) perSecond() float64 {
	if len(r.samples) < 2 {
		return 0
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	if took := last.at.Sub(first.at).Seconds(); took > 0 {
		return float64(last.read-first.read) / took
	}
	return 0
}
