package source

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Coverage tells how much of a file its Log has delivered.
type Coverage struct {
	BytesRead int64 // of the file as stored
	Skipped   int64 // bytes at its beginning that were not asked for, being older than the window
	Portions  int   // answers of the server that carried text
	Retries   int   // calls that had to be repeated

	// TruncatedLines is the number of lines that the server cut because they
	// exceed its portion size. Such a line is delivered as far as it goes.
	TruncatedLines int

	// Complete is false where anything of the file is known to be missing.
	Complete bool

	// Gaps are the parts of the file that are known to be missing, in the order
	// they were met. Where Read ends with an error, the last gap is the part
	// that the error is about.
	Gaps []Gap

	// Notes say in whole sentences what is missing, and why. They name files,
	// bytes and times, never the text of a log. What an error of Read says is
	// not said again.
	Notes []string
}

// Gap is a part of a file that was not delivered. Where the markers of RDS do not
// tell offsets, they are counted, and a gap may seem to begin earlier than it does.
type Gap struct {
	From, To int64 // offsets in bytes; To is after the last one

	// After and Before are UTC and bound the times of the entries in the gap.
	// Either is zero where it is not known.
	After, Before time.Time
}

// miss says that something of the file was not delivered.
func (c *Coverage) miss(note string) {
	c.Complete = false
	c.Notes = append(c.Notes, note)
}

// gap says which part of f was not delivered, and why.
func (c *Coverage) gap(f File, g Gap, reason string) {
	c.Complete = false
	c.Gaps = append(c.Gaps, g)
	if reason != "" {
		c.Notes = append(c.Notes, fmt.Sprintf("Bytes %d to %d of %s of %s are missing%s: %s.",
			g.From, g.To, f.Name, f.Instance, g.times(), reason))
	}
}

func (g Gap) times() string {
	const format = "2006-01-02 15:04:05 UTC"
	switch {
	case !g.After.IsZero() && !g.Before.IsZero():
		return fmt.Sprintf(", written between %s and %s", g.After.Format(format), g.Before.Format(format))
	case !g.After.IsZero():
		return ", written after " + g.After.Format(format)
	case !g.Before.IsZero():
		return ", written before " + g.Before.Format(format)
	}
	return ""
}

// clone is a copy that does not change with c.
func (c *Coverage) clone() Coverage {
	snapshot := *c
	snapshot.Gaps = slices.Clip(c.Gaps)
	snapshot.Notes = slices.Clip(c.Notes)
	return snapshot
}

// Every entry of every server has this line, and its seconds since 1970 need no
// time zone.
var timestamp = regexp.MustCompile(`(?m)^SET (?:\S+,)?timestamp=(\d{1,11});`)

// firstTime is the time of the first entry in a piece of a log; zero if there is
// none.
func firstTime(text []byte) time.Time {
	return entryTime(timestamp.FindSubmatch(text))
}

// lastTime is the time of the last entry in the last 64 KB.
func lastTime(text []byte) time.Time {
	all := timestamp.FindAllSubmatch(text[max(0, len(text)-64<<10):], -1)
	if len(all) == 0 {
		return time.Time{}
	}
	return entryTime(all[len(all)-1])
}

func entryTime(match [][]byte) time.Time {
	if match == nil {
		return time.Time{}
	}
	seconds, _ := strconv.ParseInt(string(match[1]), 10, 64)
	return time.Unix(seconds, 0).UTC()
}
