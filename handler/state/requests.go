package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"slowdigest/digest"
)

// The bounds of what people have remembered. A state of many mutes and notes has
// to stay small.
const (
	minMute = time.Hour
	maxMute = 90 * 24 * time.Hour

	// maxReleased is the greatest age of a release that is marked.
	maxReleased = 14 * 24 * time.Hour

	// replayTime is for how long a request is remembered. Slack's signature is good
	// for five minutes, in either direction of the clock, and a second.
	replayTime = 11 * time.Minute
	// answeredTime is for how long it is remembered that a request was answered. Lambda
	// delivers an event up to six hours late.
	answeredTime = 24 * time.Hour
)

// ErrReplayed says that a request was served before.
var ErrReplayed = errors.New("the request was served before")

// Mute keeps a class out of the digests of a channel; another mute of the class
// ends, and expired ones are forgotten. It lasts 1 hour to 90 days from m.Since on,
// or forever if the length is 0. The ID is as digest.History.Resolve takes it. The
// mute is returned as it is kept: with the ID in full, its end, and its texts as one
// line each.
func (s *State) Mute(m digest.Mute, length time.Duration) (digest.Mute, error) {
	m.Until = time.Time{}
	if length != 0 {
		m.Until = m.Since.Add(length)
	}
	if length != 0 && (length < minMute || length > maxMute) {
		return m, errors.New("mute: a query can be muted for 1h to 90d, or forever, for 0")
	}
	m.Reason, m.By = oneLine(m.Reason), oneLine(m.By)
	if n := utf8.RuneCountInString(m.Reason); n > digest.MaxReason {
		return m, fmt.Errorf("mute: the reason has %d characters, and %d are the most", n, digest.MaxReason)
	}
	id, err := s.unmute(m.ID)
	if err != nil {
		return m, fmt.Errorf("mute: %w", err)
	}
	m.ID = id
	s.Mutes = slices.DeleteFunc(s.Mutes, func(old digest.Mute) bool { return !old.Until.IsZero() && old.Until.Before(m.Since) })
	s.Mutes = append(s.Mutes, m)
	return m, nil
}

// Unmute ends the mute of a class, whether there is one or not, and returns its
// ID in full.
func (s *State) Unmute(id string) (string, error) {
	id, err := s.unmute(id)
	if err != nil {
		return "", fmt.Errorf("unmute: %w", err)
	}
	return id, nil
}

func (s *State) unmute(id string) (string, error) {
	id, err := s.History.Resolve(id)
	if err != nil {
		return "", err
	}
	s.Mutes = slices.DeleteFunc(s.Mutes, func(m digest.Mute) bool { return m.ID == id })
	return id, nil
}

// Note has the digests of a channel show a line of up to 500 characters with a
// class, in the place of an earlier one. It returns the ID in full and the line as it
// is kept. A text of nothing but white space takes away what there was.
func (s *State) Note(id, text string) (fullID, kept string, err error) {
	kept = oneLine(text)
	id, err = s.History.Resolve(id)
	n := utf8.RuneCountInString(kept)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("note: %w", err)
	case n > digest.MaxNote:
		return "", "", fmt.Errorf("note on %s: it has %d characters, and %d are the most", id, n, digest.MaxNote)
	case n == 0:
		delete(s.Notes, id)
		return id, "", nil
	}
	if s.Notes == nil {
		s.Notes = map[string]string{}
	}
	s.Notes[id] = kept
	return id, kept, nil
}

// MarkRelease marks since when a release is there, by a time from 14 days ago on or, where that is zero, by now. It
// is as digest.History.MarkRelease has it, and returned as it is kept.
func (s *State) MarkRelease(name string, at, now time.Time) (digest.Release, error) {
	name, err := digest.CheckRelease(name)
	if err != nil {
		return digest.Release{}, err
	}
	given := !at.IsZero()
	if !given {
		at = now
	}
	switch {
	case at.After(now.Add(clockSkew)):
		return digest.Release{}, fmt.Errorf("release %s: %s has not come yet: it is %s", name, at.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case at.Before(now.Add(-maxReleased)):
		return digest.Release{}, fmt.Errorf("release %s: %s is more than %d days ago, which nobody compares with", name, at.UTC().Format(time.RFC3339), maxReleased/(24*time.Hour))
	}
	r := s.History.MarkRelease(digest.Release{Name: name, At: at.UTC().Truncate(time.Second)}, given)
	if kept := s.History.Releases(); !slices.ContainsFunc(kept, func(k digest.Release) bool { return k.Name == name }) {
		return digest.Release{}, fmt.Errorf("release %s: %d later ones are marked, and no more are kept", name, len(kept))
	}
	return r, nil
}

// UnmarkRelease takes a mark back.
func (s *State) UnmarkRelease(name string) error {
	if !s.History.RemoveRelease(name) {
		return fmt.Errorf("release %s is not marked", name)
	}
	return nil
}

// oneLine makes one space of all that a text has in the place of one, such as a
// line break, and of what chats and terminals would obey or not show, such as the
// beginning of an escape sequence. Everything that people have remembered passes
// through it.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.C, r) || r == utf8.RuneError
	}), " ")
}

// ServeOnce remembers the request with an ID, and forgets those that nobody can
// send again. The error is ErrReplayed if it was served before, at another time.
func (s *State) ServeOnce(id string, now time.Time) error {
	return once(&s.Served, id, now, replayTime)
}

// Repeats reports whether the same was asked for by another request within a time, and
// remembers that it is now, if not. What is the same is up to who calls; what begins with
// undone, unless that is empty, is then forgotten, as a mute is by an unmute.
func (s *State) Repeats(what, undone string, now time.Time, within time.Duration) bool {
	at, before := s.Served[what]
	if before && !at.Equal(now) && now.Sub(at) < within {
		return true
	}
	for old := range s.Served {
		if undone != "" && strings.HasPrefix(old, undone) {
			delete(s.Served, old)
		}
	}
	if s.Served == nil {
		s.Served = map[string]time.Time{}
	}
	s.Served[what] = now
	return false
}

// AnswerOnce remembers likewise that a request is answered in the channel.
func (s *State) AnswerOnce(id string, now time.Time) error {
	return once(&s.Answers, id, now, answeredTime)
}

// Unanswer takes back that a request was answered at a time.
func (s *State) Unanswer(id string, at time.Time) {
	if s.Answers[id].Equal(at) {
		delete(s.Answers, id)
	}
}

// Answered reports whether a request was answered in the channel.
func (s *State) Answered(id string) bool { return !s.Answers[id].IsZero() }

func once(done *map[string]time.Time, id string, now time.Time, kept time.Duration) error {
	if at, before := (*done)[id]; before && !at.Equal(now) { // else it is this one, whose saving had no answer
		return ErrReplayed
	}
	for old, at := range *done {
		if now.Sub(at) > kept {
			delete(*done, old)
		}
	}
	if *done == nil {
		*done = map[string]time.Time{}
	}
	(*done)[id] = now
	return nil
}
