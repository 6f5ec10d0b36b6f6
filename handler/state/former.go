package state

import (
	"time"

	"slowdigest/digest"
)

// Former is an instance that had a name of the channel which is another's now, or nobody's:
// it was switched over, renamed or deleted. It is known by its DbiResourceId, which no other
// instance ever has.
type Former struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`            // that it had
	Later string    `json:"later,omitempty"` // that it had when it was first seen without it; empty if it was no more
	From  time.Time `json:"from,omitzero"`   // since when it may have had it; zero if always
	Last  time.Time `json:"last,omitzero"`   // when it was last seen with it
	Until time.Time `json:"until,omitzero"`  // when it was first seen without it
}

// HadName reports whether it may have had the name in a part of w.
func (f Former) HadName(w digest.Window) bool { return w.Start.Before(f.Until) && w.End.After(f.From) }

// Hardly reports whether it had the name in an hour only if it lost it between the end of the
// hour before and the run after that.
func (f Former) Hardly(hour digest.Window) bool { return !hour.Start.Before(HourSince(f.Until)) }

// Claim returns parts as they are where that is known: of those that are open of the name,
// the ones of before Last are its own, and of later ones it may have a share.
func (f Former) Claim(parts Parts) Parts {
	var all Parts
	for _, o := range parts {
		if o.Instance != f.Name || o.Holder != "" || !f.HadName(o.window()) {
			all = append(all, o)
			continue
		}
		own := o
		own.Holder = f.ID
		if all = append(all, own); o.End.After(f.Last) {
			o.Start = later(o.Start, f.Last)
			all = append(all, o)
		}
	}
	return Join(all)
}
