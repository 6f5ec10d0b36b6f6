package source

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// openGap is a gap that ends where the next entry begins: what lies between must
// not be joined to the entry before the gap.
type openGap struct {
	Gap
	reason string
}

// skip leaves out a part of the file. Portions go on at its end.
func (t *tracker) skip(from, to int64, reason string) {
	if t.gap == nil {
		t.headDone = true
		t.gap = &openGap{Gap: Gap{From: from, After: lastTime(t.tail)}, reason: reason}
	}
	t.gap.To = to
}

// resume drops what is left of the entry in which a gap ends.
func (t *tracker) resume(text []byte) []byte {
	begin := t.entry(text)
	t.gap.To += stored(text[:begin])
	if begin == len(text) {
		return nil
	}
	t.gap.Before = firstTime(text[begin:])
	t.closeGap()
	return text[begin:]
}

// entry returns where the first entry begins that begins in the text, at the end
// of which the text remembered ends.
func (t *tracker) entry(text []byte) int {
	begin := fullTime.FindIndex(text)
	if begin == nil && !fullTime.Match(t.tail) {
		begin = header.FindIndex(text)
	}
	if begin == nil {
		return len(text)
	}
	return begin[0]
}

func (t *tracker) closeGap() {
	if t.gap != nil {
		t.cov.gap(t.file, t.gap.Gap, t.gap.reason)
		t.gap = nil
	}
}

// errStopped ends a reading whose coverage says what is missing.
var errStopped = errors.New("stopped")

// stop ends the reading with what is left of the file as a gap.
func (t *tracker) stop(reason string) error {
	t.closeGap()
	t.left = &openGap{t.rest(), reason}
	return errStopped
}

// fail ends the reading with an error, which says why the rest is missing.
func (t *tracker) fail(err error) error {
	t.closeGap()
	rest := t.rest()
	t.left = &openGap{rest, ""}
	return fmt.Errorf("from byte %d of %d on: %w", rest.From, rest.To, err)
}

// reportLeft adds what was left unread to the coverage.
func (t *tracker) reportLeft() {
	if t.left != nil {
		t.cov.gap(t.file, t.left.Gap, t.left.reason)
		t.left = nil
	}
}

// shrink takes notice that the file has become smaller, if it has.
func (t *tracker) shrink(size int64) {
	if size >= t.file.Size {
		return
	}
	t.cov.gap(t.file, t.restFrom(max(t.pos, t.end, size)), "the file has become smaller, which a failover or a restart does to the end of a log")
	t.file.Size = size
	t.finished = t.pos >= size
}

// rest returns what has not been delivered of the file.
func (t *tracker) rest() Gap { return t.restFrom(max(t.pos, t.end)) }

func (t *tracker) restFrom(offset int64) Gap {
	return Gap{From: offset, To: max(offset, t.file.Size), After: lastTime(t.tail), Before: t.file.LastWritten}
}

// An entry begins with its time, since MySQL 5.7 every one, and before that and in
// MariaDB the first of a second.
var (
	header   = regexp.MustCompile(`(?m)^# (?:Time|User@Host): `)
	fullTime = regexp.MustCompile(`(?m)^# Time: \d{4}-`)

	// isoTime matches the time at which an entry was written, in the form of MySQL
	// since 5.7.
	isoTime = regexp.MustCompile(`(?m)^# Time: (\d{4}-\d\d-\d\dT\S+)`)

	// timestamp matches a line of every entry of every server. Its seconds since 1970
	// need no time zone.
	timestamp = regexp.MustCompile(`(?m)^SET (?:\S+,)?timestamp=(\d{1,11});`)
)

// firstTime returns the timestamp of the first entry in a piece of a log; zero if
// there is none.
func firstTime(text []byte) time.Time {
	return entryTime(timestamp.FindSubmatch(text))
}

// lastTime returns the timestamp of the last entry in the last 64 KB.
func lastTime(text []byte) time.Time {
	all := timestamp.FindAllSubmatch(text[max(0, len(text)-64<<10):], -1)
	if len(all) == 0 {
		return time.Time{}
	}
	return entryTime(all[len(all)-1])
}

// latestTime returns the latest time at which an entry of a text was written; zero
// if none is known. What servers before MySQL 5.7 and MariaDB write has no time
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

func entryTime(match [][]byte) time.Time {
	if match == nil {
		return time.Time{}
	}
	seconds, _ := strconv.ParseInt(string(match[1]), 10, 64)
	return time.Unix(seconds, 0).UTC()
}
