package handler

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"slowdigest/digest"
)

// Mute keeps a class out of the digests of a channel; another mute of the class
// ends. Its ID is the query ID in full.
func Mute(ctx context.Context, s Store, channel string, m digest.Mute) error {
	return EditState(ctx, s, StateKey(channel), func(state *State) error {
		state.unmute(m.ID)
		state.Mutes = append(state.Mutes, m)
		return nil
	})
}

// Unmute ends the mute of a class, whether there is one or not.
func Unmute(ctx context.Context, s Store, channel, id string) error {
	return EditState(ctx, s, StateKey(channel), func(state *State) error {
		state.unmute(id)
		return nil
	})
}

func (s *State) unmute(id string) {
	s.Mutes = slices.DeleteFunc(s.Mutes, func(m digest.Mute) bool { return m.ID == id })
}

// maxNote is how long a note may be. A state of many notes has to stay small.
const maxNote = 500

// Note has the digests of a channel show a text with a class, in the place of an
// earlier one. An empty text takes that away.
func Note(ctx context.Context, s Store, channel, id, text string) error {
	text = strings.TrimSpace(text)
	if len(text) > maxNote {
		return fmt.Errorf("note on %s: it has %d bytes, and %d are the most", id, len(text), maxNote)
	}
	return EditState(ctx, s, StateKey(channel), func(state *State) error {
		if text == "" {
			delete(state.Notes, id)
			return nil
		}
		if state.Notes == nil {
			state.Notes = map[string]string{}
		}
		state.Notes[id] = text
		return nil
	})
}
