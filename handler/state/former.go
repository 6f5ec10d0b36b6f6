package state

import (
	"slices"
	"time"

	"slowdigest/digest"
)

// Former is an instance that had a name of the channel which is another's now, or nobody's:
// it was switched over, renamed or deleted. It is known by its DbiResourceId, which no other
// instance ever has.
type Former struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`           // that it had
	From  time.Time `json:"from,omitzero"`  // since when it may have had it; zero if always
	Last  time.Time `json:"last,omitzero"`  // when it was last seen with it
	Until time.Time `json:"until,omitzero"` // when it was first seen without it
}

// HadName reports whether it may have had the name in a part of w.
func (f Former) HadName(w digest.Window) bool { return w.Start.Before(f.Until) && w.End.After(f.From) }

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

// addFormers adds those that had a name, and forgets the ones of which RDS has no log any more.
func (s *State) addFormers(all []Former, end time.Time) {
	s.Formers = slices.DeleteFunc(append(s.Formers, all...), func(f Former) bool { return f.Until.Before(end.Add(-maxAge)) })
	for _, f := range all {
		s.Open = f.Claim(s.Open)
	}
}

// Knows reports whether an instance of an ID has, or had, a name of the channel.
func (s *State) Knows(id string) bool {
	has := func(f Former) bool { return f.ID == id }
	for _, seen := range s.Instances {
		if seen.ID == id {
			return true
		}
	}
	return slices.ContainsFunc(s.Formers, has)
}
