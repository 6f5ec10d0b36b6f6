package source

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// The beginning of a window is searched for in a file as exactly as seekGrain,
	// and as much is read before it: the database of an entry is named only
	// where it differs from that of the entry before.
	seekGrain = 1 << 20
	// Entries may be out of the order of their times by as much as seekMargin.
	seekMargin = time.Minute
	// A probe has a few entries. With seven of them a round narrows the search to
	// an eighth.
	probeLines = 200
	probes     = 7
)

// seek finds the part of a file that the window begins in, by asking for positions
// between. It relies on no more than that entries are in the order of their times,
// and that markers of the known form name offsets. Where an answer does not bear
// that out, or the part is the beginning, it reports false.
func (f *fetcher) seek(file File) (at marker, found bool) {
	if f.api.opts.Sequential || file.Size < 4*seekGrain {
		return marker{}, false
	}
	first := f.probe(file, marker{}, true)
	f.cov.Retries += first.retries
	prefix := first.next.prefix
	if !first.before {
		return marker{}, false
	}
	low, high := probe{}, file.Size
	for high-low.line > seekGrain {
		round := f.round(file, prefix, low.line, high)
		n := 0
		for n < len(round) && round[n].before {
			n++
		}
		for _, p := range round {
			f.cov.Retries += p.retries
			if !p.certain {
				return marker{}, false
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
	if back := f.probe(file, marker{prefix, max(0, begin-seekGrain)}, false); back.certain && back.line < begin {
		begin = back.line
	}
	return marker{prefix, begin}, low.line > 0 && begin > 0
}

// probe holds what a few lines of a file tell.
type probe struct {
	asked   int64 // the offset
	line    int64 // where the first whole line begins; 0 at the beginning
	next    marker
	before  bool // entries, and none of them is of the window
	certain bool // the answer is to what was asked for
	retries int
}

// round asks for positions between low and high, in order and all at once.
func (f *fetcher) round(file File, prefix string, low, high int64) []probe {
	round := make([]probe, probes)
	var wg sync.WaitGroup
	for i := range round {
		wg.Go(func() {
			round[i] = f.probe(file, marker{prefix, low + (high-low)*int64(i+1)/(probes+1)}, false)
		})
	}
	wg.Wait()
	return round
}

func (f *fetcher) probe(file File, at marker, beginning bool) probe {
	from := at.String()
	if beginning {
		from = "0"
	}
	p := probe{asked: at.offset}
	answer, err := f.api.portion(f.ctx, file, from, probeLines)
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
		p.before = !latest.IsZero() && latest.Before(file.from.Add(-seekMargin))
	}
	return p
}

const (
	// A local file of at least seekSize is sought into. A smaller one is read within a second.
	seekSize = 64 << 20
	// It is looked at once in each sampleStride first, or in more where that were over maxSamples
	// places, sampleBytes in each, for it may have been put together of several logs.
	sampleStride = 256 << 10
	maxSamples   = 16 << 10
	sampleBytes  = 16 << 10
)

// seekFile returns an offset at which an entry begins, a seekGrain or more before the first
// entry of a time or later. It relies on the entries being in the order of their times, to a minute;
// where a sample does not bear that out, or the offset would be near the beginning, it reports false.
func seekFile(r io.ReaderAt, size int64, from time.Time) (begin int64, found bool) {
	s := fileSeeker{r: r, buf: make([]byte, sampleBytes), before: from.Add(-seekMargin)}
	low, high := int64(0), size
	var latest time.Time
	for at := int64(0); at < size; at += max(sampleStride, size/maxSamples) {
		t := s.latest(at)
		if !t.IsZero() && t.Before(latest.Add(-seekMargin)) {
			return 0, false
		}
		latest = later(latest, t)
		switch early := !t.IsZero() && t.Before(s.before); {
		case early && high == size:
			low = at
		case !early && (low > 0 || !t.IsZero()):
			high = min(high, at)
		}
	}
	for high-low > seekGrain {
		if at := low + (high-low)/2; s.early(at) {
			low = at
		} else {
			high = at
		}
	}
	if low < 2*seekGrain {
		return 0, false
	}
	return s.entry(low - seekGrain)
}

type fileSeeker struct {
	r      io.ReaderAt
	buf    []byte
	before time.Time
}

// read returns what is at an offset, less at the end of the file.
func (s *fileSeeker) read(at int64) []byte {
	n, _ := s.r.ReadAt(s.buf, at) // what cannot be read says nothing, and reading will tell
	return s.buf[:n]
}

// latest returns the latest time of the entries at an offset, or else of those after it; zero if
// there is none within a seekGrain.
func (s *fileSeeker) latest(at int64) (t time.Time) {
	for end := at + seekGrain; t.IsZero() && at < end; at += int64(len(s.buf)) {
		t = latestTime(s.read(at))
	}
	return t
}

func (s *fileSeeker) early(at int64) bool {
	t := s.latest(at)
	return !t.IsZero() && t.Before(s.before)
}

// entry returns where the first entry begins that begins at an offset or within a seekGrain
// after it.
func (s *fileSeeker) entry(at int64) (begin int64, found bool) {
	for end := at + seekGrain; at < end; at += int64(len(s.buf)) {
		text := s.read(at)
		first := fullTime.FindIndex(text)
		if first == nil {
			first = header.FindIndex(text)
		}
		if first != nil {
			return at + int64(first[0]), true
		}
	}
	return 0, false
}
