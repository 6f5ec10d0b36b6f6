package state

import (
	"errors"
	"time"

	"slowdigest/digest"
)

// Week says which week was told last, and who is about to tell one. It is claimed as hours are: see package weekjob.
type Week struct {
	Told    time.Time `json:"told,omitzero"`  // the end of the last week that was told
	Claimed time.Time `json:"claim,omitzero"` // the end of the week that somebody is about to tell
	Owner   string    `json:"owner,omitempty"`
	Since   time.Time `json:"since,omitzero"` // when the claim began
	Until   time.Time `json:"until,omitzero"` // and when it ends
	// Posting is set from just before the message is sent: what has become of it is not known while it stays.
	Posting bool `json:"posting,omitempty"`
}

// sameRun is how long a claim keeps out also its owner: Lambda may deliver an event twice at a time, and tries
// one whose run has died again after a minute, with the same ID.
const sameRun = 50 * time.Second

var (
	// ErrTold says that a week was told, or a later one.
	ErrTold = errors.New("the week was told")
	// ErrNoHours says that the channel has had no hour yet.
	ErrNoHours = errors.New("no hour was told yet")
)

// ClaimWeek has the owner tell a week, until a time. It reports whether somebody was about to send the message
// before, so that it may be in the channel. The error is ErrTold, ErrNoHours, or ErrAtWork while another's claim holds.
func (s *State) ClaimWeek(w digest.Window, owner string, now, until time.Time) (unconfirmed bool, err error) {
	if s.Since.IsZero() {
		return false, ErrNoHours
	}
	if s.Week == nil {
		s.Week = new(Week)
	}
	k := s.Week
	mine := k.Claimed.Equal(w.End)
	switch {
	case !k.Told.Before(w.End):
		return false, ErrTold
	case !k.Claimed.IsZero() && now.Before(k.Until) && (k.Owner != owner || now.Before(k.Since.Add(sameRun))):
		return false, ErrAtWork
	}
	unconfirmed = mine && k.Posting
	*k = Week{Told: k.Told, Claimed: w.End, Owner: owner, Since: now, Until: until, Posting: unconfirmed}
	return unconfirmed, nil
}

// PostWeek notes that the owner is about to send the message. The error is ErrLost if the claim is not his any more.
func (s *State) PostWeek(w digest.Window, owner string) error {
	if !s.ownsWeek(w, owner) {
		return ErrLost
	}
	s.Week.Posting = true
	return nil
}

// EndWeek ends the owner's claim: the week was told, or it was not, so that it can be told by another.
func (s *State) EndWeek(w digest.Window, owner string, told bool) {
	if !s.ownsWeek(w, owner) {
		return
	}
	end := s.Week.Told
	if told {
		end = w.End
	}
	s.Week = &Week{Told: end}
}

func (s *State) ownsWeek(w digest.Window, owner string) bool {
	return s.Week != nil && s.Week.Claimed.Equal(w.End) && s.Week.Owner == owner
}
