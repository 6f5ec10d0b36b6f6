package handler

import (
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// Entry is what became of the hours of one message.
type Entry struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Kind    EntryKind `json:"kind"`
	Channel string    `json:"channel,omitempty"` // where it was posted, as an ID
	TS      string    `json:"ts,omitempty"`      // the message; empty where there is none, or it is not known
	Maybe   bool      `json:"maybe,omitempty"`   // of Told: the digest may be in the channel nevertheless
}

// EntryKind says whether an hour is still owed.
type EntryKind string

const (
	Posted EntryKind = "posted" // or there was nothing to tell
	Missed EntryKind = "missed" // purged before it could be read
	Told   EntryKind = "told"   // nothing could be read, the channel knows, and it is still owed
)

const (
	// remembered is how long entries are kept. No event is delivered later.
	remembered = 7 * 24 * time.Hour

	// catchUp is how far back hours are owed, and how long one message may be. It
	// is how long RDS keeps the logs of Aurora and MariaDB.
	catchUp = 24 * time.Hour
)

// at returns the entry of the hour that begins at a time.
func (s *State) at(hour time.Time) (Entry, bool) {
	for _, e := range s.Entries {
		if (digest.Window{Start: e.Start, End: e.End}).Contains(hour) {
			return e, true
		}
	}
	return Entry{}, false
}

// settled reports whether an hour is owed no more.
func (s *State) settled(hour time.Time) bool {
	if e, ok := s.at(hour); ok {
		return e.Kind != Told
	}
	return !hour.Before(s.Since) && hour.Before(s.horizon())
}

func (s *State) allSettled(w digest.Window) bool {
	for _, hour := range w.Hours() {
		if !s.settled(hour.Start) {
			return false
		}
	}
	return true
}

// told enters hours of which nothing could be read and the channel knows it, by
// the message that e names.
func (s *State) told(w digest.Window, e Entry) {
	for _, hour := range w.Hours() {
		told := Entry{Start: hour.Start, End: hour.End, Kind: Told, Channel: e.Channel, TS: e.TS, Maybe: e.Maybe}
		if before, ok := s.at(hour.Start); ok && e.TS == "" {
			told.Channel, told.TS = before.Channel, before.TS
		}
		s.enter(told)
	}
}

// undecided reports whether the digest of any of the hours may be in the channel.
func (s *State) undecided(w digest.Window) bool {
	return slices.ContainsFunc(s.Entries, func(e Entry) bool { return e.Maybe && w.Contains(e.Start) })
}

func (s *State) allTold(w digest.Window) bool {
	for _, hour := range w.Hours() {
		if e, ok := s.at(hour.Start); !ok || e.Kind != Told {
			return false
		}
	}
	return true
}

// isTold reports whether a message only says that nothing could be read.
func (s *State) isTold(at notifier.Receipt) bool {
	return slices.ContainsFunc(s.Entries, func(e Entry) bool { return e.Kind == Told && e.TS != "" && e.TS == at.Timestamp })
}

// horizon is before what is remembered.
func (s *State) horizon() time.Time {
	if len(s.Entries) == 0 {
		return s.Since
	}
	return s.Entries[len(s.Entries)-1].End.Add(-remembered)
}

// giveUp enters the hours that are owed since more than catchUp as missed.
func (s *State) giveUp(w digest.Window) {
	from := s.Since
	if h := s.horizon(); h.After(from) {
		from = h
	}
	var lost []digest.Window
	for _, hour := range (digest.Window{Start: from, End: w.End.Add(-catchUp)}).Hours() {
		if !s.settled(hour.Start) {
			lost = append(lost, hour)
		}
	}
	s.miss(joined(lost))
}

func (s *State) miss(windows []digest.Window) {
	for _, w := range windows {
		s.enter(Entry{Start: w.Start, End: w.End, Kind: Missed})
		s.Missed = append(s.Missed, w)
	}
}

// owed returns the oldest hours that are owed at the end of w, as many as follow
// on each other. Those in except are passed over.
func (s *State) owed(w digest.Window, except []digest.Window) (digest.Window, bool) {
	from := w.End.Add(-catchUp)
	if from.Before(s.Since) {
		from = s.Since
	}
	hours := digest.Window{Start: from, End: w.End}.Hours()
	if w.Start.Before(s.Since) { // as for an event that came late: nothing else is owed
		hours = []digest.Window{w}
	}
	hours = slices.DeleteFunc(hours, func(hour digest.Window) bool {
		return s.settled(hour.Start) || slices.ContainsFunc(except, func(e digest.Window) bool { return e.Contains(hour.Start) })
	})
	if len(hours) == 0 {
		return digest.Window{}, false
	}
	return joined(hours)[0], true
}

// enter replaces what was known of the hours of e.
func (s *State) enter(e Entry) {
	s.Entries = slices.DeleteFunc(s.Entries, func(old Entry) bool {
		return !old.Start.Before(e.Start) && !old.End.After(e.End)
	})
	s.Entries = append(s.Entries, e)
	slices.SortStableFunc(s.Entries, func(a, b Entry) int { return a.Start.Compare(b.Start) })
	horizon := s.horizon()
	s.Entries = slices.DeleteFunc(s.Entries, func(old Entry) bool { return old.End.Before(horizon) })
}
