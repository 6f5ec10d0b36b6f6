package digest

import "time"

// Mute keeps a class out of the digests for a while. Its calls stay in the
// totals, and it returns at once if it becomes WORSE.
type Mute struct {
	ID     string    `json:"id"` // Class.ID
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero is for ever
}

// covers tells whether the mute holds at the end of the window.
func (m Mute) covers(w Window) bool { return m.Until.IsZero() || w.End.Before(m.Until) }
