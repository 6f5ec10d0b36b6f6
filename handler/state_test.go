package handler_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/notifier/slacktest"
)

// put writes the state of the channel as it stands there.
func (c *channel) put(text string) {
	c.t.Helper()
	key := state.Key(slacktest.Channel)
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
	const newer = `{"version":4,"since":{"seconds":1}}`
	c.put(newer)
	_, err := c.run(ten)
	var refused *state.StoreError
	if err == nil || !strings.Contains(err.Error(), "version 4") || !strings.Contains(err.Error(), "versions up to 3") || !errors.As(err, &refused) || refused.Hint() == "" {
		t.Errorf("error %v", err)
	}
	c.expect("")
	if data, _, _ := c.store.Load(t.Context(), state.Key(slacktest.Channel)); string(data) != newer {
		t.Errorf("the state became %s", data)
	}
}

// With the state, what was open or pending is lost, which is the first note of the next
// message, whatever else there is.
func TestLostStateLosesWhatWasPending(t *testing.T) {
	c := newChannel(t)
	eleven := ten.Add(time.Hour)
	c.hour(ten)
	c.hour(eleven)
	both := c.second(ten)
	c.runWith(ten, both)
	c.put("?")
	c.runWith(eleven, both, func(h *handler.Handler) { h.Notes = []string{"A", "B", "C", "D", "E", "F", "G"} })
	const want = "What was still to be read of earlier hours is not known any more."
	if all := c.slack.Messages(); len(all) != 2 || !strings.Contains(string(all[1].Blocks), want) {
		t.Errorf("%d messages, the last is %s", len(all), all[len(all)-1].Blocks)
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
				t.Errorf("reported again: %s", r.Coverage.Notes)
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

// A year of entries weighs no more than a week's.
func TestStateStaysSmall(t *testing.T) {
	c := newChannel(t)
	key := state.Key(slacktest.Channel)
	err := state.Edit(t.Context(), c.store, key, func(s *state.State) error {
		s.Since = ten.Add(-365 * 24 * time.Hour)
		for at := s.Since; at.Before(ten); at = at.Add(time.Hour) {
			s.Entries = append(s.Entries, state.Entry{Start: at, End: at.Add(time.Hour), Kind: state.Posted, Channel: "C0SLOWLOGS", TS: "1700000000.000100"})
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
