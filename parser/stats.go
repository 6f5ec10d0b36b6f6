package parser

import (
	"slices"
	"time"
)

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

	// Doubtful is how many places leave it open whether there is an entry: texts like
	// one that were not believed, and entries cut in their middle.
	Doubtful int64

	// First is when the log begins, in UTC: the time of its first entry, or that of
	// the banner before it, which newer servers write. It is zero if neither is
	// known: SET timestamp does not tell, as a session can set it. What happened before it, this log cannot tell.
	First time.Time

	// SlowLog reports whether anything of a slow log was seen: a banner or the
	// header of an entry. If it is false at the end of a stream that is not
	// empty, the stream is no slow log.
	SlowLog bool

	// Problems lists by reason what could not be read, in the order of their
	// first occurrence.
	Problems []Problem
}

// Complete reports whether every entry was delivered, and of every text like an entry
// it was decided whether it is one.
func (s *Stats) Complete() bool { return s.Unreadable == 0 && s.Doubtful == 0 }

// Problem is one reason why entries, or a field of them, could not be read, or why
// it is in doubt whether all were.
type Problem struct {
	Reason string
	Lost   bool  // the entries were not delivered: they count in Stats.Unreadable
	Doubt  bool  // entries may be missing, or be none: they count in Stats.Doubtful
	Count  int64 // how many entries, or texts
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
	// In doubt:
	reasonNoStatement = "entry without a statement"
	reasonWarned      = "statement that warnings make unclear, withheld"
	reasonCut         = "entry that ends in its middle"
	reasonOpen        = "entry that ends within a literal or comment"
	reasonStray       = "text that belongs to no entry"
	reasonForm        = "text in another form, compressed or not in UTF-8, not read"
	reasonDisbelieved = "text like an entry that does not fit the log, taken for a comment; give the logs of two servers as two files"
	reasonUndecided   = "text like an entry that may stand in a literal or comment"
	reasonTwofold     = "header that may be those of two entries"
	// Delivered:
	reasonBadTime = "Query_time out of range, taken as 0"
	reasonBadLock = "Lock_time out of range, taken as 0"
	reasonNoTime  = "entry without a time"
	reasonGarbled = "\"# Time:\" that cannot be read"
	reasonClock   = "time that a session has set, replaced by the log's"
)

const maxOffsets = 5

func (s *Stats) problem(reason string, offset int64) {
	at := slices.IndexFunc(s.Problems, func(p Problem) bool { return p.Reason == reason })
	if at < 0 {
		at = len(s.Problems)
		s.Problems = append(s.Problems, newProblem(reason))
	}
	p := &s.Problems[at]
	p.Count++
	if len(p.Offsets) < maxOffsets {
		p.Offsets = append(p.Offsets, offset)
	}
	if p.Lost {
		s.Unreadable++
	}
	if p.Doubt {
		s.Doubtful++
	}
}

func newProblem(reason string) Problem {
	p := Problem{Reason: reason}
	switch reason {
	case reasonNoHeader, reasonBadHeader, reasonHeaderEnds:
		p.Lost = true
	case reasonNoStatement, reasonWarned, reasonCut, reasonOpen, reasonStray, reasonForm, reasonDisbelieved, reasonUndecided, reasonTwofold:
		p.Doubt = true
	}
	return p
}
