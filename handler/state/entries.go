package state

import (
	"slices"
	"time"

	"slowdigest/digest"
)

// Entry records what became of the hours of one message.
type Entry struct {
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	Kind        EntryKind `json:"kind"`
	Channel     string    `json:"channel,omitempty"` // where it was posted, as an ID
	TS          string    `json:"ts,omitempty"`      // the message; empty where there is none, or it is not known
	Unconfirmed bool      `json:"maybe,omitempty"`   // the digest may be in the channel nevertheless, or twice
	Unseen      bool      `json:"unseen,omitempty"`  // of FailureReported: delivery of the message is unconfirmed
	Silent      bool      `json:"silent,omitempty"`  // of Posted: there was nothing to report
	// Calls are those that the message counts, by the ID of the instance, or its name, where a part is open. Uncounted
	// says that it may count more, for a run may have died when it had corrected it.
	Calls     map[string]int64 `json:"calls,omitempty"`
	Uncounted bool             `json:"uncounted,omitempty"`
	// Said is what the message says beside them, likewise, so that a correction says it, too.
	Said *Said `json:"said,omitempty"`
}

// Said holds what a message says that is not of its hours.
type Said struct {
	News    []string        `json:"news,omitempty"`
	Notes   []string        `json:"notes,omitempty"`
	Missed  []digest.Window `json:"missed,omitempty"`
	GivenUp []digest.Window `json:"given_up,omitempty"`
	Day     *digest.Day     `json:"day,omitempty"`
}

// EntryKind says what became of an hour. Only FailureReported leaves it pending.
type EntryKind string

const (
	Posted          EntryKind = "posted" // or there was nothing to report
	Missed          EntryKind = "missed" // deleted before it could be read, or given up
	FailureReported EntryKind = "told"   // nothing could be read, and the channel knows
)

// entriesKept is how long entries are kept, counted from the end of the last one,
// and longer only where one of before is pending or open.
const entriesKept = 7 * 24 * time.Hour

// failureAgain is how often it is reported that nothing can be read.
const failureAgain = 24 * time.Hour

// Entries are the entries of a channel, the oldest first.
type Entries []Entry

// At returns the entry of the hour that begins at a time.
func (es Entries) At(hour time.Time) (Entry, bool) {
	for _, e := range es {
		if (digest.Window{Start: e.Start, End: e.End}).Contains(hour) {
			return e, true
		}
	}
	return Entry{}, false
}

// Done reports whether an hour was done.
func (es Entries) Done() bool {
	return slices.ContainsFunc(es, func(e Entry) bool { return e.Kind != FailureReported })
}

// horizon returns the time before which nothing is known any more; zero if there
// is no entry.
func (es Entries) horizon() time.Time {
	if len(es) == 0 {
		return time.Time{}
	}
	return es[len(es)-1].End.Add(-entriesKept)
}

// FailureKnown reports whether it is no news that nothing of w could be read: the
// channel knows of each hour, or of one of them that was within a day.
func (es Entries) FailureKnown(w digest.Window) bool {
	return es.FailureReported(w) || slices.ContainsFunc(es, func(e Entry) bool {
		return e.Kind == FailureReported && e.TS != "" && w.Contains(e.Start) && w.End.Sub(e.End) < failureAgain
	})
}

// FailureReported reports whether the channel knows of each hour that nothing of
// it could be read.
func (es Entries) FailureReported(w digest.Window) bool {
	return es.each(w, func(e Entry) bool { return e.Kind == FailureReported })
}

// failureUnseen reports whether the message that nothing could be read of a window
// may be in the channel, and is not known.
func (es Entries) failureUnseen(w digest.Window) bool {
	return es.each(w, func(e Entry) bool { return e.Unseen })
}

// each reports whether each hour of a window has an entry, and that is as asked.
func (es Entries) each(w digest.Window, is func(Entry) bool) bool {
	return !slices.ContainsFunc(w.Hours(), func(hour digest.Window) bool {
		e, ok := es.At(hour.Start)
		return !ok || !is(e)
	})
}

// IsFailure reports whether the message with a timestamp only says that nothing
// could be read.
func (es Entries) IsFailure(ts string) bool {
	return slices.ContainsFunc(es, func(e Entry) bool { return e.Kind == FailureReported && e.TS != "" && e.TS == ts })
}

// unconfirmed reports whether the digest of any of the hours may be in the channel.
func (es Entries) unconfirmed(w digest.Window) bool {
	return slices.ContainsFunc(es, func(e Entry) bool { return e.Unconfirmed && w.Contains(e.Start) })
}

// put replaces what was known of the hours of e.
func (es *Entries) put(e Entry) {
	*es = slices.DeleteFunc(*es, func(old Entry) bool {
		return !old.Start.Before(e.Start) && !old.End.After(e.End)
	})
	*es = append(*es, e)
	slices.SortStableFunc(*es, func(a, b Entry) int { return a.Start.Compare(b.Start) })
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
