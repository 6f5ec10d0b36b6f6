package parser

import (
	"strconv"
	"strings"
	"time"
)

// clock works out when entries were written.
//
// From MySQL 5.7 on every entry has a "# Time:" with its zone: that is it.
//
// MariaDB and older servers write "# Time:" in the server's zone, and only
// when the second has changed, and the seconds since 1970 in SET timestamp.
// Where the two of one entry differ by what can be the offset of a zone, SET
// timestamp is right whatever the zone is, and the zone is known for the
// entries where it is not. Without such a pair Location decides.
//
// A client can set its session's timestamp, and then SET timestamp lies; in
// MariaDB "# Time:" lies with it. Entries are written in the order of time, so
// one that lies an hour or more before those already seen gets their time,
// unless another connection confirms it: then the clock has been set back, or
// logs were joined.
type clock struct {
	location *time.Location

	// startStamps: SET timestamp is the start of the statement and not its end,
	// as in MySQL from 8.0.14 on.
	startStamps bool

	zoneKnown bool
	zone      time.Duration // east of UTC

	second  time.Time // of the last "# Time:", for the entries that have none
	latest  time.Time // of the entries that are believed
	doubted time.Time // the time of an entry that is not
	doubter uint64    // and its connection
}

// Offsets of zones lie between these, and are multiples of a quarter.
const (
	westmost    = -12 * time.Hour
	eastmost    = 14 * time.Hour
	zoneQuarter = 15 * time.Minute
)

// plausible returns the zero time for one that no server's clock has. What is made
// of the others by adding to them is still a time of RFC 3339.
func plausible(t time.Time) time.Time {
	if t.Before(earliest) || !t.Before(latest) {
		return time.Time{}
	}
	return t
}

var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// reopened is to be called at a banner, where another server may have begun.
func (c *clock) reopened(banner string) {
	*c = clock{location: c.location, startStamps: c.startStamps}
	if _, version, ok := strings.Cut(banner, ", Version: "); ok {
		c.startStamps = !strings.Contains(version, "MariaDB") && atLeast8014(version)
	}
}

func atLeast8014(version string) bool {
	version, _, _ = strings.Cut(version, " ")
	var n [3]int
	for i, part := range strings.SplitN(version, ".", 3) {
		end := 0
		for end < len(part) && part[end] >= '0' && part[end] <= '9' {
			end++
		}
		n[i], _ = strconv.Atoi(part[:end])
	}
	return n[0] > 8 || n[0] == 8 && (n[1] > 0 || n[2] >= 14)
}

// set sets Time and Start of e. It reports whether the time was believed.
func (c *clock) set(e *entry) bool {
	took := time.Duration(e.QueryTime * float64(time.Second))
	believed := true
	switch {
	case e.loggedZone == utcTime:
		e.Time = e.logged
	case !e.end.IsZero():
		e.Time = e.end
	default:
		e.Time = c.logged(e)
		if c.startStamps && e.loggedZone == noTime && !e.Time.IsZero() {
			e.Time = e.Time.Add(took)
		}
		if believed = c.believe(e); !believed {
			e.Time = c.latest
		}
	}
	e.Time = plausible(e.Time)
	if e.Time.After(c.latest) {
		c.latest = e.Time
	}
	e.Start = e.start
	if e.Start.IsZero() && !e.Time.IsZero() {
		e.Start = e.Time.Add(-took)
	}
	return believed
}

// logged returns the time that the entry itself has: a local time, SET timestamp, or both.
func (c *clock) logged(e *entry) time.Time {
	if e.loggedZone == noTime {
		if !c.second.IsZero() {
			return c.second
		}
		return e.epoch
	}
	if !e.epoch.IsZero() {
		// The two are taken at different moments in some servers.
		zone := e.logged.Sub(e.epoch).Round(time.Minute)
		off := e.logged.Sub(e.epoch) - zone
		if zone%zoneQuarter == 0 && zone >= westmost && zone <= eastmost && off.Abs() <= 2*time.Second {
			c.zone, c.zoneKnown = zone, true
		}
	}
	if c.zoneKnown {
		c.second = e.logged.Add(-c.zone)
	} else {
		t := e.logged
		c.second = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), c.location).UTC()
	}
	return c.second
}

// own reports whether the time of an entry is the log's and not one that a session can set.
func (c *clock) own(e *entry) bool {
	return e.loggedZone != noTime || !e.end.IsZero() || !c.second.IsZero()
}

func (c *clock) believe(e *entry) bool {
	if e.Time.IsZero() || !e.Time.Before(c.latest.Add(-time.Hour)) {
		return true
	}
	if !c.doubted.IsZero() && c.doubter != e.ConnectionID && e.Time.Sub(c.doubted).Abs() < time.Hour {
		c.latest = e.Time
		return true
	}
	c.doubted, c.doubter = e.Time, e.ConnectionID
	return false
}
