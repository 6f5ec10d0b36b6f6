package state

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
)

// forgetFuture takes back what is remembered of hours that had not ended when they
// were entered, or have not by now. Earlier releases believed the time of every
// event, such as one of next year: such hours were filed as posted or as missed,
// and hid the real ones.
func forgetFuture(s *State, now time.Time) {
	now = now.Add(clockSkew)
	if s.Since.After(now) {
		s.Since = time.Time{}
	}
	if s.Settled.After(now) {
		s.Settled = time.Time{} // what the entries tell counts
	}
	if s.Claim != nil && s.Claim.End.After(now) {
		s.Claim = nil
	}
	var kept Entries
	for _, e := range s.Entries {
		if e.End = endKnown(e, now); e.End.After(e.Start) {
			kept = append(kept, e)
		}
	}
	s.Entries = kept
	future := func(w digest.Window) bool { return w.End.After(now) }
	s.Missed = slices.DeleteFunc(s.Missed, future)
	s.GivenUp = slices.DeleteFunc(s.GivenUp, future)
	maps.DeleteFunc(s.GivenUpSaid, func(_ string, at time.Time) bool { return at.After(now) })
	s.Open = slices.DeleteFunc(s.Open, func(o Open) bool { return future(o.window()) })
	s.History.Forget(now)
}

// clockSkew is how far a clock may be ahead of the one that ended an hour.
const clockSkew = 5 * time.Minute

// endKnown returns the end of an entry; of one that has not ended, that of its
// hours that had when its message was posted, which the message's timestamp tells.
// Without a message nothing of it is known.
func endKnown(e Entry, now time.Time) time.Time {
	if !e.End.After(now) {
		return e.End
	}
	seconds, _, _ := strings.Cut(e.TS, ".")
	posted, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return e.Start
	}
	if at := time.Unix(posted, 0).Add(clockSkew); at.Before(now) {
		now = at
	}
	return now.UTC().Truncate(time.Hour)
}
