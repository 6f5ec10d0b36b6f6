package handler

import (
	"fmt"
	"slices"
	"strings"

	"slowdigest/digest"
)

// Mute keeps a class out of the digests of a channel; another mute of the class
// ends, and expired ones are forgotten. The ID is as digest.ParseID takes it. The mute is returned with the ID in
// full.
func (s *State) Mute(m digest.Mute) (digest.Mute, error) {
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

// maxNote is how long a note may be. A state of many notes has to stay small.
const maxNote = 500

// Note has the digests of a channel show a text with a class, in the place of an
// earlier one, and returns its ID in full. An empty text takes that away.
func (s *State) Note(id, text string) (string, error) {
	text = strings.TrimSpace(text)
	id, err := s.History.Resolve(id)
	switch {
	case err != nil:
		return "", fmt.Errorf("note: %w", err)
	case len(text) > maxNote:
		return "", fmt.Errorf("note on %s: it has %d bytes, and %d are the most", id, len(text), maxNote)
	case text == "":
		delete(s.Notes, id)
		return id, nil
	}
	if s.Notes == nil {
		s.Notes = map[string]string{}
	}
	s.Notes[id] = text
	return id, nil
}
