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

// ErrTold says that a week, or a later one, was told.
var ErrTold = errors.New("the week, or a later one, was told")

// Claim has the owner tell a week, until a time. It reports whether somebody was about to send the message
// before, so that it may be in the channel. The error is ErrTold, or ErrAtWork while another's claim holds.
func (k *Week) Claim(w digest.Window, owner string, now, until time.Time) (unconfirmed bool, err error) {
	switch {
	case !k.Told.Before(w.End):
		return false, ErrTold
	case !k.Claimed.IsZero() && now.Before(k.Until) && (k.Owner != owner || now.Before(k.Since.Add(sameRun))):
		return false, ErrAtWork
	}
	unconfirmed = k.Claimed.Equal(w.End) && k.Posting
	*k = Week{Told: k.Told, Claimed: w.End, Owner: owner, Since: now, Until: until, Posting: unconfirmed}
	return unconfirmed, nil
}

// Post notes that the owner is about to send the message. The error is ErrLost if the claim is not his any more.
func (k *Week) Post(w digest.Window, owner string) error {
	if !k.owned(w, owner) {
		return ErrLost
	}
	k.Posting = true
	return nil
}

// End ends the owner's claim: the week was told, or it was not, so that it can be told by another.
func (k *Week) End(w digest.Window, owner string, told bool) {
	if !k.owned(w, owner) {
		return
	}
	end := k.Told
	if told {
		end = w.End
	}
	*k = Week{Told: end}
}

func (k *Week) owned(w digest.Window, owner string) bool {
	return k != nil && k.Claimed.Equal(w.End) && k.Owner == owner
}
