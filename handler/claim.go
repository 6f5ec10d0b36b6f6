package handler

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// Claim says who is at work for a channel. Nobody else posts there until it
// expires, which is when its owner must have ended.
type Claim struct {
	Owner     string    `json:"owner"` // Handler.Owner, a slash and what is random
	Start     time.Time `json:"start"` // of the hours that are read or posted
	End       time.Time `json:"end"`
	Stage     Stage     `json:"stage"`
	Trouble   bool      `json:"trouble,omitempty"`   // what is posted only says that nothing could be read
	Instances []string  `json:"instances,omitempty"` // of the message, by which it is found
	Expires   time.Time `json:"expires"`
}

// Stage says how far the owner of a Claim has come.
type Stage string

const (
	Reading Stage = "reading" // nothing is posted
	Posting Stage = "posting" // it may be
)

const (
	defaultTimeout = 15 * time.Minute // no Lambda function runs longer
	claimMargin    = time.Minute      // for clocks that differ
)

func (c *Claim) window() digest.Window { return digest.Window{Start: c.Start, End: c.End} }

// live reports whether the owner may still be at work. The same request comes again
// where Lambda tries it again after its end. Should its first try be alive
// nevertheless, that one notices before it posts.
func (c *Claim) live(now time.Time, request string) bool {
	again := request != "" && c.Stage == Reading && strings.HasPrefix(c.Owner, request+"/")
	return now.Before(c.Expires) && !again
}

// BusyError says that somebody else is at work for the channel, at other hours.
type BusyError struct {
	Owner   string
	Expires time.Time
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("another run, %s, is at work for this channel, until %s at the latest", e.Owner, e.Expires.Format("15:04:05 UTC"))
}

// Reasons to do nothing.
var (
	errSettled = errors.New("its hour is posted already")
	errAtWork  = errors.New("another run is at work at it")
	errLost    = errors.New("another run has taken over")
)

// debt is what a claim is for: hours to be read and posted as one message.
type debt struct {
	owner  string
	window digest.Window
	maybe  bool             // it may have been posted already
	by     []string         // instances of the message that may have been posted
	found  bool             // it was
	repeat bool             // it may have been, and no more is to be known about that
	at     notifier.Receipt // of the message that is to be replaced
	redo   bool             // the hours were posted, and are to be once more
	state  *State           // as it was claimed
}

// claim takes on the next hours that are owed at the end of w.
func (h *Handler) claim(ctx context.Context, w digest.Window, except []digest.Window) (*debt, error) {
	var d *debt
	owner := h.Owner + "/" + rand.Text()
	err := EditState(ctx, h.Store, StateKey(h.Channel), func(s *State) error {
		if s.Since.IsZero() {
			s.Since = w.Start
		}
		if c := s.Claim; c != nil && c.Owner != owner && c.live(h.Now(), h.Owner) {
			if c.window().Contains(w.Start) {
				return errAtWork
			}
			if !s.settled(w.Start) || h.Force {
				return &BusyError{Owner: c.Owner, Expires: c.Expires}
			}
			return errSettled
		}
		if d = h.next(s, w, except); d == nil {
			return errSettled
		}
		d.owner, d.state = owner, s
		s.Claim = &Claim{Owner: owner, Start: d.window.Start, End: d.window.End, Stage: Reading, Expires: h.expiry(ctx)}
		if d.maybe {
			s.Claim.Stage, s.Claim.Instances = Posting, d.by
		}
		return nil
	})
	return d, err
}

// next is what is to be done first: what a run has left undone that did not come
// to its end, what is to be done again, or the oldest hours that are owed.
func (h *Handler) next(s *State, w digest.Window, except []digest.Window) *debt {
	if c := s.Claim; c != nil && c.Stage == Posting && !s.allSettled(c.window()) {
		if !c.Trouble {
			return &debt{window: c.window(), maybe: true, by: c.Instances}
		}
		s.told(c.window(), Entry{}) // rather not at all than twice
	}
	s.giveUp(w)
	if e, ok := s.at(w.Start); h.Force && ok && e.Kind != Told && len(except) == 0 {
		return &debt{window: digest.Window{Start: e.Start, End: e.End}, redo: true, at: notifier.Receipt{Channel: e.Channel, Timestamp: e.TS}}
	}
	if window, ok := s.owed(w, except); ok {
		return &debt{window: window, maybe: s.Doubt, by: h.Instances, repeat: s.undecided(window)}
	}
	return nil
}

func (h *Handler) expiry(ctx context.Context) time.Time {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline.Add(claimMargin).UTC()
	}
	return h.Now().Add(cmp.Or(h.Timeout, defaultTimeout) + claimMargin).UTC()
}

// aboutToPost notes that from now on the message may be in the channel. If the
// claim is not ours any more, it must not be posted.
func (h *Handler) aboutToPost(ctx context.Context, d *debt, trouble bool) error {
	return EditState(ctx, h.Store, StateKey(h.Channel), func(s *State) error {
		c := s.Claim
		if c == nil || c.Owner != d.owner {
			return errLost
		}
		c.Stage, c.Trouble, c.Instances, c.Expires = Posting, trouble, h.Instances, h.expiry(ctx)
		c.Start, c.End = d.window.Start, d.window.End
		return nil
	})
}

// release gives a claim back. Where the message may be in the channel, what is
// known of it stays for the run that comes next.
func (h *Handler) release(ctx context.Context, d *debt) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), savingTime)
	defer cancel()
	return EditState(ctx, h.Store, StateKey(h.Channel), func(s *State) error {
		switch c := s.Claim; {
		case c == nil || c.Owner != d.owner:
		case d.maybe:
			c.Expires = h.Now().UTC()
		default:
			s.Claim = nil
		}
		return nil
	})
}

// savingTime is how long it may take to save what has become of a message, also
// if the time of the run is over.
const savingTime = 10 * time.Second
