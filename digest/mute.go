package digest

import "time"

// Mute keeps a class out of the digests for a while. Its calls stay in the
// totals, and it returns at once if it becomes WORSE.
type Mute struct {
	ID     string    `json:"id"` // Class.ID
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero is forever
}

// covers reports whether the mute holds at the end of the window.
func (m Mute) covers(w Window) bool { return m.Until.IsZero() || w.End.Before(m.Until) }

// mute lists the classes that are to be left out. It returns the IDs of all that
// are muted.
func (c *comparison) mute(mutes []Mute) map[string]bool {
	muted := map[string]bool{}
	by := map[string]Mute{}
	for _, m := range mutes {
		if m.covers(c.report.Window) {
			muted[m.ID], by[m.ID] = true, m
		}
	}
	for i := range c.report.Classes {
		class := &c.report.Classes[i]
		m, ok := by[class.ID]
		if !ok || class.Change != nil && class.Change.Kind == Worse {
			continue
		}
		c.report.Past.Muted = append(c.report.Past.Muted, MutedClass{
			ID: class.ID, Fingerprint: class.Fingerprint, Calls: class.Calls, QueryTime: class.QueryTime.Sum,
			Until: m.Until, Reason: m.Reason, By: m.By,
		})
	}
	return muted
}
