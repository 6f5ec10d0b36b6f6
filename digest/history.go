package digest

import "time"

// History is what one channel's digests remember of the hours before: for each
// class an ID and numbers, and no text. It is a fold over hours,
//
//	h.Compare(r, o)  // r is of the hour, or of several that were missed
//	h.Add(r)         // for each of its hours, with Report(Limit{}, order), by time
//	h.Told(r)        // what r says is not said again
//	r.Shorten(limit, order)
//
// and nothing in it depends on a clock. The zero History remembers nothing. It
// marshals to JSON, always in the same way.
type History struct {
	Since time.Time `json:"since"` // start of the first hour that was added
}

// Options of History.Compare.
type Options struct {
	NewAfter time.Duration     // a class unseen for this long is NEW, or BACK; zero is 14 days
	Mutes    []Mute            // of any classes, expired ones too
	Notes    map[string]string // what people wrote, by Class.ID
}

// Compare marks in r, which must hold all classes, what changed, and moves the
// muted classes to r.Past.Muted. It does not change h, and says the same
// before and after r's hours were added.
func (h *History) Compare(r *Report, o Options) {
	r.Past = &Past{Since: h.Since, Learning: true}
}

// Add folds in one whole hour, whose report must hold all classes. An hour that
// was added before, or is older than one that was, changes nothing. Of an hour
// whose coverage is incomplete only what was seen is remembered, not what was
// absent. The error says that the window is not an hour of the clock.
func (h *History) Add(r *Report) error { return nil }

// Told remembers what r says, so that BETTER is said once and WORSE for a day.
func (h *History) Told(r *Report) {}

// Shorten moves the classes that the limit leaves out to Misc. Those with a
// Change that matters are kept, and NEW, WORSE and BACK ones stand first; Rank
// stays the rank among all classes.
func (r *Report) Shorten(l Limit, order OrderBy) {}
