package source

import (
	"bytes"
	"regexp"
	"sync"
	"time"
)

const (
	// seekGrain is how exactly the beginning of a window is searched for in a
	// file, and how much is read before it: the database of an entry is named only
	// where it differs from that of the entry before.
	seekGrain = 1 << 20
	// seekMargin is by how much entries may not be in the order of their times.
	seekMargin = time.Minute
	// A probe has a few entries. With eight of them a round narrows the search to
	// an eighth.
	probeLines = 200
	probes     = 7
)

// seek sets out for the part of the file that the window begins in, found by
// asking for places between. It relies on no more than that entries are in the
// order of their times, and that markers of the known form name offsets. Where
// an answer does not bear that out, the walk stays where it is, at the beginning.
func (w *walk) seek() {
	complete := w.rds.opts.Download == Complete && !w.following
	if w.at != "0" || w.file.from.IsZero() || w.rds.opts.Sequential || complete || w.file.Size < 4*seekGrain {
		return
	}
	first := w.probe(marker{}, true)
	w.cov.Retries += first.retries
	prefix := first.next.prefix
	if !first.before {
		return
	}
	low, high := probe{}, w.file.Size
	for high-low.line > seekGrain {
		round := w.round(prefix, low.line, high)
		n := 0
		for n < len(round) && round[n].before {
			n++
		}
		for _, p := range round {
			w.cov.Retries += p.retries
			if !p.certain {
				return
			}
		}
		if n > 0 {
			low = round[n-1]
		}
		if n < len(round) {
			high = round[n].asked
		}
	}
	begin := low.line
	if back := w.probe(marker{prefix, max(0, begin-seekGrain)}, false); back.certain && back.line < begin {
		begin = back.line
	}
	if low.line == 0 || begin == 0 {
		return
	}
	w.begin(w.file, place{at: marker{prefix, begin}.String(), pos: begin})
	w.midway = true
	w.cov.Skipped += begin
}

// probe is what a few lines of a file tell.
type probe struct {
	asked   int64 // the offset
	line    int64 // where the first whole line begins; 0 at the beginning
	next    marker
	before  bool // entries, and none of them is of the window
	certain bool // the answer is what was asked for
	retries int
}

// round asks for places between low and high, in order and all at once.
func (w *walk) round(prefix string, low, high int64) []probe {
	round := make([]probe, probes)
	var wg sync.WaitGroup
	for i := range round {
		wg.Go(func() {
			round[i] = w.probe(marker{prefix, low + (high-low)*int64(i+1)/(probes+1)}, false)
		})
	}
	wg.Wait()
	return round
}

func (w *walk) probe(at marker, beginning bool) probe {
	from := at.String()
	if beginning {
		from = "0"
	}
	p := probe{asked: at.offset}
	answer, err := w.rds.fetch(w.ctx, w.file, from, probeLines)
	p.retries = answer.retries
	if err != nil {
		p.certain = unreadable(err)
		return p
	}
	var known bool
	p.next, known = parseMarker(answer.marker)
	exact := p.next.offset == at.offset+int64(len(answer.text)) || answer.truncated && p.next.offset > at.offset
	if !known || !exact || !beginning && p.next.prefix != at.prefix || len(answer.text) == 0 {
		return p
	}
	p.certain = true
	if line := bytes.IndexByte(answer.text, '\n'); line >= 0 {
		p.line = at.offset + int64(line) + 1
		latest := latestTime(answer.text)
		p.before = !latest.IsZero() && latest.Before(w.file.from.Add(-seekMargin))
	}
	return p
}

// isoTime is the time at which an entry was written, as MySQL has it since 5.7.
var isoTime = regexp.MustCompile(`(?m)^# Time: (\d{4}-\d\d-\d\dT\S+)`)

// latestTime is the latest time at which an entry of a text was written; zero if
// none is known. What servers before MySQL 5.7 and MariaDB write has no time
// zone, but their timestamp is the same time. Since MySQL 8.0 the timestamp is
// when the statement began.
func latestTime(text []byte) (latest time.Time) {
	for _, m := range isoTime.FindAllSubmatch(text, -1) {
		if t, err := time.Parse(time.RFC3339Nano, string(m[1])); err == nil && t.After(latest) {
			latest = t
		}
	}
	if latest.IsZero() {
		for _, m := range timestamp.FindAllSubmatch(text, -1) {
			if t := entryTime(m); t.After(latest) {
				latest = t
			}
		}
	}
	return latest
}
