package parser

// Stats tells what a Parser has met so far.
type Stats struct {
	Bytes   int64 // read from the reader
	Events  int64 // delivered, those with a Problem included
	Banners int64 // the server's lines "..., Version: ... started with:"

	// Cut is how many of the events hold only the beginning of a statement.
	Cut int64

	// Unreadable is how many entries could not be delivered, and SkippedBytes
	// how much of the stream belongs to no event: unreadable entries, banners
	// and blank lines.
	Unreadable   int64
	SkippedBytes int64

	// SlowLog reports whether anything of a slow log was seen: a banner or the
	// header of an entry. If it is false at the end of a stream that is not
	// empty, the stream is no slow log.
	SlowLog bool

	// Problems lists by reason what could not be read, in the order of their
	// first occurrence.
	Problems []Problem
}

// Problem is one reason why entries, or a field of them, could not be read.
type Problem struct {
	Reason string
	Lost   bool  // the entries were not delivered: they count in Stats.Unreadable
	Count  int64 // how many entries
	// Offsets are the positions of the first few of them, in bytes from the
	// start of the stream.
	Offsets []int64
}

// The reasons of problems.
const (
	// Not delivered:
	reasonNoHeader   = "text before the first header of an entry"
	reasonBadHeader  = "header that cannot be read"
	reasonHeaderEnds = "log ends within a header"
	// Delivered:
	reasonBadTime     = "Query_time out of range, taken as 0"
	reasonBadLock     = "Lock_time out of range, taken as 0"
	reasonNoStatement = "entry without a statement"
	reasonWarned      = "statement that warnings make unclear, withheld"
	reasonNoTime      = "entry without a time"
	reasonClock       = "time that a session has set, replaced by the log's"
)

const maxOffsets = 5

func (s *Stats) problem(reason string, lost bool, offset int64) {
	if lost {
		s.Unreadable++
	}
	for i := range s.Problems {
		if p := &s.Problems[i]; p.Reason == reason {
			p.Count++
			if len(p.Offsets) < maxOffsets {
				p.Offsets = append(p.Offsets, offset)
			}
			return
		}
	}
	s.Problems = append(s.Problems, Problem{Reason: reason, Lost: lost, Count: 1, Offsets: []int64{offset}})
}
