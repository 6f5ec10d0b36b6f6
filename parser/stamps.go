package parser

import (
	"bufio"
	"bytes"
	"io"
	"sort"
)

const (
	maxHead    = 2 << 10 // bytes of a line that are looked at: its stamp, and a banner
	maxStream  = 512     // bytes, of the name of a log stream
	maxStreams = 100     // whose names are kept
)

// stamps reads an export of CloudWatch Logs without what stands before its lines:
//
//	2026-11-23T10:00:00.123000+00:00 mydb # Time: 2026-11-23T10:00:00.000000Z
//
// That is a time and the name of the log stream, as "aws logs tail" writes it, or the
// time alone, as in the export to S3. It stands before each line, or only before the
// first one of an entry.
type stamps struct {
	r       *bufio.Reader
	rest    []byte // of the line at hand; of r
	started bool   // rest is not the start of a line
	err     error

	bare    bool            // there are lines with a time alone
	streams map[string]bool // whose names are known

	at      int64 // where the next byte is in what is delivered
	removed int64
	cuts    []stampCut // ascending
}

// stampCut is where a stamp was left out.
type stampCut struct {
	at     int64 // in what is delivered
	before int64 // how many bytes are left out before it
}

func newStamps(r io.Reader) *stamps {
	return &stamps{r: bufio.NewReaderSize(r, firstWindow), streams: map[string]bool{}}
}

func (s *stamps) Read(b []byte) (n int, err error) {
	for n < len(b) && (n == 0 || len(s.rest) > 0 || s.r.Buffered() > maxHead) {
		if len(s.rest) == 0 && !s.next() {
			break
		}
		k := copy(b[n:], s.rest)
		s.rest = s.rest[k:]
		s.at += int64(k)
		n += k
	}
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

// next reads a line, or what the buffer holds of it.
func (s *stamps) next() bool {
	if s.err != nil {
		return false
	}
	if !s.started {
		head, _ := s.r.Peek(maxHead)
		if n := s.stamp(head); n > 0 {
			_, _ = s.r.Discard(n)
			s.cuts = append(s.cuts, stampCut{s.at, s.removed})
			s.removed += int64(n)
		}
	}
	s.rest, s.err = s.r.ReadSlice('\n')
	if s.started = s.err == bufio.ErrBufferFull; s.started {
		s.err = nil
	}
	return len(s.rest) > 0
}

// stamp returns the length of the stamp with which a line begins, 0 if it has none.
func (s *stamps) stamp(line []byte) int {
	n := stampTime(line)
	if n == 0 {
		return 0
	}
	if startsText(line[n:]) {
		s.bare = true
		return n
	}
	end := bytes.IndexAny(line[n:], " \r\n")
	if end > 0 && end <= maxStream {
		stream, after := string(line[n:n+end]), n+end
		if line[after] == ' ' {
			after++
		}
		if startsText(line[after:]) && len(s.streams) < maxStreams {
			s.streams[stream] = true
		}
		if s.streams[stream] {
			return after
		}
	}
	if s.bare {
		return n
	}
	return 0
}

// stampTime returns the length of the time with which a line begins, and the blank
// after it.
func stampTime(line []byte) int {
	_, z, n := parseTime(line)
	if z == noTime || line[4] != '-' || n >= len(line) || line[n] != ' ' {
		return 0
	}
	return n + 1
}

// startsText reports whether b begins as the first line of an entry, or a banner: the
// path of the server, and a comma.
func startsText(b []byte) bool {
	if bytes.HasPrefix(b, []byte(timePrefix)) || bytes.HasPrefix(b, []byte(userPrefix)) {
		return true
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	program, _, _ := bytes.Cut(line, []byte(" "))
	return bytes.HasSuffix(program, []byte(",")) && isBanner(trimEOL(line))
}

// raw is the position in the export of what is delivered at a position. What is left
// out there is after it.
func (s *stamps) raw(position int64) int64 {
	i := sort.Search(len(s.cuts), func(i int) bool { return s.cuts[i].at >= position })
	switch {
	case i < len(s.cuts):
		return position + s.cuts[i].before
	default:
		return position + s.removed
	}
}

// forget drops what raw needs for positions before the given one.
func (s *stamps) forget(position int64) {
	i := sort.Search(len(s.cuts), func(i int) bool { return s.cuts[i].at >= position })
	s.cuts = append(s.cuts[:0], s.cuts[i:]...)
}
