package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/week"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/notifier/slacktest"
)

// The event of a week tells each channel that the instances have, once, and one alone if it names that.
func TestWeekEvent(t *testing.T) {
	w := newWorld(t, time.Now())
	store := state.FileStore{Dir: w.env["SLOWDIGEST_STATE"]}
	last := week.Last(time.Now(), time.UTC)
	for _, channel := range []string{slacktest.Channel, "C0PEOPLE01"} {
		for i, hour := range last.Hours()[:3] {
			r := &digest.Report{Version: 1, Window: hour}
			c := digest.Class{ID: strings.Repeat("A", 32), Fingerprint: "select a from " + strings.ToLower(channel) + " where b = ?"}
			c.Calls, c.QueryTime.Sum, r.Coverage.InWindow = 1, float64(i+1), 1
			r.Classes, r.Overall.Totals = []digest.Class{c}, c.Totals
			if err := archive.Save(t.Context(), store, state.Key(channel), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := state.Edit(t.Context(), store, state.Key(channel), func(s *state.State) error { s.Since = last.Start; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	w.env["SLOWDIGEST_INSTANCES"], w.env["SLOWDIGEST_TAG"] = "", "slowdigest=on"
	for _, variable := range environment(w.env) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	told := func(event string) []string {
		t.Helper()
		before := len(w.slack.Messages())
		file := filepath.Join(t.TempDir(), "event.json")
		if err := os.WriteFile(file, []byte(event), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := call(t, "", []string{"invoke", "--event", file}, environment(w.env)...); code != 0 {
			t.Fatalf("%s: exit %d: %s", event, code, stderr)
		}
		var channels []string
		for _, m := range w.slack.Messages()[before:] {
			if m.ThreadTS == "" && strings.Contains(m.Text, "6s of query time in 3 calls") {
				channels = append(channels, m.Channel)
			}
		}
		slices.Sort(channels)
		return channels
	}
	for _, c := range []struct{ event, want string }{
		{`{"week": "last", "channel": "C0PEOPLE01"}`, "C0PEOPLE01"},
		{`{"week": "last", "time": "` + time.Now().UTC().Format(time.RFC3339) + `"}`, slacktest.Channel},
		{`{"week": "last"}`, ""},
	} {
		if got := strings.Join(told(c.event), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.event, got, c.want)
		}
	}
}
