package handler_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier/slacktest"
)

// put writes the state of the channel as it stands there.
func (c *channel) put(text string) {
	c.t.Helper()
	key := handler.StateKey(slacktest.Channel)
	_, tag, err := c.store.Load(c.t.Context(), key)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.store.Save(c.t.Context(), key, []byte(text), tag); err != nil {
		c.t.Fatal(err)
	}
}

func TestNewerStateIsRefused(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	const newer = `{"version":2,"since":{"seconds":1}}`
	c.put(newer)
	_, err := c.run(ten)
	var refused *handler.StoreError
	if err == nil || !strings.Contains(err.Error(), "version 2") || !strings.Contains(err.Error(), "versions up to 1") || !errors.As(err, &refused) || refused.Hint() == "" {
		t.Errorf("error %v", err)
	}
	c.expect("")
	if data, _, _ := c.store.Load(t.Context(), handler.StateKey(slacktest.Channel)); string(data) != newer {
		t.Errorf("the state became %s", data)
	}
}

func TestCorruptStateIsKeptAside(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": `{"version":1,"since":"2026-11-`, "nothing": "", "another type": `{"version":1,"entries":7}`, "no version": `{}`, "no object": `null`,
	} {
		t.Run(name, func(t *testing.T) {
			c := newChannel(t)
			c.hour(ten)
			c.put(text)
			r := c.mustRun(ten)
			notes := strings.Join(r.Coverage.Notes, " ")
			var aside string
			for word := range strings.FieldsSeq(notes) {
				if strings.Contains(word, ".corrupt-") {
					aside = strings.TrimSuffix(word, ",")
				}
			}
			if data, _, err := c.store.Load(t.Context(), aside); err != nil || string(data) != text || !strings.Contains(notes, "learning starts again") {
				t.Errorf("%s holds %q, %v; notes: %s", aside, data, err, notes)
			}
			c.expect("09-10")
			c.hour(ten.Add(time.Hour))
			if r := c.mustRun(ten.Add(time.Hour)); len(r.Coverage.Notes) != 0 {
				t.Errorf("told again: %s", r.Coverage.Notes)
			}
		})
	}
}

// With the state, what was posted is forgotten too; the channel still knows.
func TestLostStateDoesNotRepeatADigest(t *testing.T) {
	c := newChannel(t)
	c.hour(ten)
	c.mustRun(ten)
	c.put("?")
	c.mustRun(ten)
	c.expect("09-10")
}

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
		c := newChannel(t)
		c.put(string(text))
		s := c.state()
		if s.Doubt || len(s.Entries) == 0 || s.Claim == nil || len(s.Mutes) == 0 || len(s.Notes) == 0 || s.Since.IsZero() {
			t.Errorf("%s: %+v", file, s)
		}
	}
}

func TestStateKey(t *testing.T) {
	for channel, want := range map[string]string{
		"C0SLOWLOGS": "C0SLOWLOGS.json", "#slow-queries": "slow-queries.json", "a/../b": "a%2F..%2Fb.json", "..": "...json",
	} {
		if got := handler.StateKey(channel); got != want {
			t.Errorf("StateKey(%q) = %q, want %q", channel, got, want)
		}
	}
}

func TestMutesAndNotesOfManyWriters(t *testing.T) {
	stores(t, func(t *testing.T, a, b handler.Store) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				s := []handler.Store{a, b}[i%2]
				id := fmt.Sprintf("%032X", i)
				edit := func(edit func(*handler.State) error) {
					if err := handler.EditState(ctx, s, handler.StateKey("C1"), edit); err != nil {
						t.Error(err)
					}
				}
				mute := func(reason string) {
					edit(func(s *handler.State) error { _, err := s.Mute(digest.Mute{ID: id, Reason: reason}); return err })
				}
				note := func(text string) {
					edit(func(s *handler.State) error { _, err := s.Note(id, text); return err })
				}
				mute("known")
				note("see the runbook")
				mute("still known")
				if i%3 == 0 {
					edit(func(s *handler.State) error { _, err := s.Unmute(id); return err })
					note(" ")
				}
			})
		}
		wg.Wait()
		s, err := handler.ReadState(ctx, a, handler.StateKey("C1"))
		if err != nil || len(s.Mutes) != 8 || len(s.Notes) != 8 || s.Mutes[0].Reason != "still known" {
			t.Errorf("%d mutes, %d notes, %v", len(s.Mutes), len(s.Notes), err)
		}
		for id, text := range map[string]string{"X": "no ID", "0123": "not remembered", fmt.Sprintf("%032X", 1): strings.Repeat("x", 501)} {
			if _, err := s.Note(id, text); err == nil {
				t.Errorf("a note of %d bytes on %s is no error", len(text), id)
			}
		}
	})
}

// A year of entries weighs no more than a week's.
func TestStateStaysSmall(t *testing.T) {
	c := newChannel(t)
	key := handler.StateKey(slacktest.Channel)
	err := handler.EditState(t.Context(), c.store, key, func(s *handler.State) error {
		s.Since = ten.Add(-365 * 24 * time.Hour)
		for at := s.Since; at.Before(ten); at = at.Add(time.Hour) {
			s.Entries = append(s.Entries, handler.Entry{Start: at, End: at.Add(time.Hour), Kind: handler.Posted, Channel: "C0SLOWLOGS", TS: "1700000000.000100"})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.hour(ten.Add(time.Hour))
	c.mustRun(ten.Add(time.Hour))
	data, err := json.Marshal(c.state().Entries)
	if err != nil || len(data) > 32<<10 {
		t.Errorf("the entries have %d bytes, %v", len(data), err)
	}
}
