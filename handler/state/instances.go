package state

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"slowdigest/digest"
)

// Seen states what is known of an instance after an hour. The times are whole hours,
// in UTC.
type Seen struct {
	Began  time.Time `json:"began,omitzero"`   // start of the first hour after which it was awake
	Read   time.Time `json:"read,omitzero"`    // end of the last hour after which it was there
	Asleep time.Time `json:"asleep,omitzero"`  // since when it is paused or stopped; zero if it is not
	Slept  time.Time `json:"slept,omitzero"`   // start of the first hour before which it was found so; zero with Asleep
	Unsaid bool      `json:"unsaid,omitempty"` // that it is asleep was not said yet
	Woke   time.Time `json:"woke,omitzero"`    // end of the hour in which it was last found awake after it had been asleep
	Off    time.Time `json:"off,omitzero"`     // since when it writes no slow log; zero if it does
	Said   time.Time `json:"said,omitzero"`    // the end of the hour whose digest said that last
	Gone   time.Time `json:"gone,omitzero"`    // when it was found not to be there any more, and that was said
	// ID is the DbiResourceId of the instance that had the name at Same, a time; empty where
	// that is not known.
	ID   string    `json:"id,omitempty"`
	Same time.Time `json:"same,omitzero"`
}

// Misses reports whether an instance that is gone may have logged something in w.
func (s Seen) Misses(w digest.Window) bool {
	return !s.Gone.IsZero() && w.Start.Before(s.Gone) && w.End.After(s.Read)
}

// Condition says how an instance was found at the end of an hour.
type Condition string

const (
	Awake   Condition = ""
	Asleep  Condition = "asleep"
	NotLogs Condition = "off" // it is not known to log
	Missing Condition = "missing"
	Blocked Condition = "blocked" // nothing is known of it
)

// offAgain is how often it is said that an instance does not log.
const offAgain = 24 * time.Hour

// soonAfter is for how long after the end of an hour what is found counts as having been so
// at that end.
const soonAfter = 15 * time.Minute

// HourSince returns the first hour of the clock that begins when what is found at a time is so.
func HourSince(at time.Time) time.Time {
	return at.Add(-soonAfter).UTC().Truncate(time.Hour).Add(time.Hour)
}

// SleptBefore reports whether an instance that is asleep was found so before an hour began.
func (s Seen) SleptBefore(hour digest.Window) bool {
	if s.Slept.IsZero() { // as in the states of earlier releases
		return !s.Asleep.IsZero() && s.Asleep.Before(hour.Start)
	}
	return !hour.Start.Before(s.Slept)
}

// Instances are those that were read, by their IDs.
type Instances map[string]Seen

// There counts those that are not gone.
func (is Instances) There() int {
	n := 0
	for _, seen := range is {
		if seen.Gone.IsZero() {
			n++
		}
	}
	return n
}

// Observe returns what is known of the instances after an hour in which they were
// found so, and sentences on what has changed, but for FellAsleep. Instances that are known and not among
// them are missing; became says what became of one. Off are those of which it is to be
// said now that they do not log.
func (is Instances) Observe(w digest.Window, at time.Time, found map[string]Condition, became func(instance string) string) (seen Instances, news, off []string) {
	seen = Instances{}
	found = maps.Clone(found)
	for id, was := range is {
		if _, there := found[id]; !there && at.Sub(was.Gone) < maxAge || !there && was.Gone.IsZero() {
			found[id] = Missing
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		now, known := is[id]
		condition := found[id]
		switch {
		case condition == Missing && !known:
			continue
		case condition == Missing && now.Gone.IsZero():
			gone := became(id)
			if now.Unsaid { // and FellAsleep will not say it any more
				gone += " " + id + " was found paused or stopped after " + now.foundAsleep() + "."
			}
			news, now.Gone = append(news, gone), at.UTC().Truncate(time.Hour)
		case condition == Asleep && now.Asleep.IsZero():
			now.Asleep, now.Unsaid = w.Start, true
			now.Slept = HourSince(at)
		case (condition == Awake || condition == NotLogs) && !now.Asleep.IsZero():
			news = append(news, now.awake(id))
			now.Asleep, now.Slept, now.Unsaid, now.Woke = time.Time{}, time.Time{}, false, at.UTC().Truncate(time.Hour).Add(time.Hour)
		}
		if condition != Missing {
			now.Read = w.End
		}
		if condition != Missing && condition != Blocked {
			now.Gone = time.Time{}
		}
		switch {
		case condition == NotLogs && (now.Off.IsZero() || w.End.Sub(now.Said) >= offAgain):
			if now.Off.IsZero() {
				now.Off = w.Start
			}
			now.Said = w.End
			off = append(off, id)
		case condition == Awake && !now.Off.IsZero():
			now.Off, now.Said = time.Time{}, time.Time{}
			news = append(news, id+" writes its slow log again.")
		}
		if condition == Awake && now.Began.IsZero() {
			now.Began = w.Start
		}
		seen[id] = now
	}
	return seen, news, off
}

// FellAsleep returns sentences on those that fell asleep and are so, which no message
// has said.
func (is Instances) FellAsleep() (news []string) {
	for _, id := range slices.Sorted(maps.Keys(is)) {
		if s := is[id]; s.Unsaid && s.Gone.IsZero() {
			news = append(news, fmt.Sprintf("%s was found paused or stopped after %s. What is missing of it is read when it is available again.", id, s.foundAsleep()))
		}
	}
	return news
}

// asleepSaid notes that a message says what FellAsleep returns.
func (is Instances) asleepSaid() {
	for id, s := range is {
		s.Unsaid = false
		is[id] = s
	}
}

// awake returns a sentence on an instance that was asleep. Where the beginning was not
// said it says that, too.
func (s Seen) awake(id string) string {
	const asleep, awake = " was found paused or stopped ", ", and is awake again. What it logged before is read."
	switch first := s.Asleep.Add(time.Hour); {
	case !s.Unsaid:
		return fmt.Sprintf("%s is awake again: it was found paused or stopped after %s.", id, s.foundAsleep())
	case s.Read.After(first):
		return id + asleep + "from " + Span(first, s.Read) + awake
	}
	return id + asleep + "after " + s.foundAsleep() + awake
}

// foundAsleep returns when it was found asleep first.
func (s Seen) foundAsleep() string { return s.Asleep.Add(time.Hour).Format(timeFormat + " UTC") }
