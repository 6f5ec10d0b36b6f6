package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"slowdigest/digest"
	"slowdigest/handler/state"
)

// What any release has written is read by all that come after it.
func TestEveryOldStateIsRead(t *testing.T) {
	files, err := filepath.Glob("testdata/state-*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("states %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		store := state.FileStore{Dir: t.TempDir()}
		if _, err := store.Save(t.Context(), "c.json", text, ""); err != nil {
			t.Fatal(err)
		}
		s, err := state.Read(t.Context(), store, "c.json")
		if err != nil || s.Doubt || len(s.Entries) == 0 || s.Claim == nil || len(s.Mutes) == 0 || len(s.Notes) == 0 || s.Since.IsZero() {
			t.Errorf("%s: %+v", file, s)
		}
	}
}

func TestStateKey(t *testing.T) {
	for channel, want := range map[string]string{
		"C0SLOWLOGS": "C0SLOWLOGS.json", "#slow-queries": "slow-queries.json", "a/../b": "a%2F..%2Fb.json", "..": "...json",
	} {
		if got := state.Key(channel); got != want {
			t.Errorf("StateKey(%q) = %q, want %q", channel, got, want)
		}
	}
}

func TestMutesAndNotesOfManyWriters(t *testing.T) {
	stores(t, func(t *testing.T, a, b state.Store) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				s := []state.Store{a, b}[i%2]
				id := fmt.Sprintf("%032X", i)
				edit := func(edit func(*state.State) error) {
					if err := state.Edit(ctx, s, state.Key("C1"), edit); err != nil {
						t.Error(err)
					}
				}
				mute := func(reason string) {
					edit(func(s *state.State) error { _, err := s.Mute(digest.Mute{ID: id, Reason: reason}, 0); return err })
				}
				note := func(text string) {
					edit(func(s *state.State) error { _, _, err := s.Note(id, text); return err })
				}
				mute("known")
				note("see the runbook")
				mute("still known")
				if i%3 == 0 {
					edit(func(s *state.State) error { _, err := s.Unmute(id); return err })
					note(" ")
				}
			})
		}
		wg.Wait()
		s, err := state.Read(ctx, a, state.Key("C1"))
		if err != nil || len(s.Mutes) != 8 || len(s.Notes) != 8 || s.Mutes[0].Reason != "still known" {
			t.Errorf("%d mutes, %d notes, %v", len(s.Mutes), len(s.Notes), err)
		}
		for id, text := range map[string]string{"X": "no ID", "0123": "not remembered", fmt.Sprintf("%032X", 1): strings.Repeat("x", 501)} {
			if _, _, err := s.Note(id, text); err == nil {
				t.Errorf("a note of %d bytes on %s is no error", len(text), id)
			}
		}
	})
}
