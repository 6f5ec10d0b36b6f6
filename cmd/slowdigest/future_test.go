package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/handler/state"
	"slowdigest/notifier/slacktest"
)

// What an earlier release has settled for hours that had not been is unsettled by the
// next event: the real hour is posted, once, and no lost hours are told.
func TestFutureOfAnEarlierReleaseIsForgotten(t *testing.T) {
	t.Parallel()
	const future = `"start":"2999-11-23T09:00:00Z","end":"2999-11-23T10:00:00Z"`
	for name, c := range map[string]string{
		"next year":         `"since":"2026-11-23T09:00:00Z","entries":[{` + future + `,"kind":"posted","channel":"C0SLOWLOGS","ts":"4102444801.000100"}]`,
		"missed until then": `"since":"2026-11-23T08:00:00Z","entries":[{"start":"2026-11-23T08:00:00Z","end":"2999-11-22T10:00:00Z","kind":"missed"},{` + future + `,"kind":"posted"}],"missed":[{"start":"2026-11-23T08:00:00Z","end":"2999-11-22T10:00:00Z"}]`,
		"begun then":        `"since":"2999-11-23T09:00:00Z"`,
		"claimed then":      `"since":"2026-11-23T09:00:00Z","claim":{"owner":"x/y",` + future + `,"stage":"posting","expires":"2999-11-23T10:00:00Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Now())
			w.remember(t, fmt.Sprintf(`{"version":1,%s,"history":{}}`, c))
			answers := w.throughLambda(t, example(t, "schedule"))
			again := w.throughLambda(t, example(t, "schedule"))
			var digests []string
			for _, m := range w.slack.Messages() {
				if m.ThreadTS == "" {
					digests = append(digests, m.Text+string(m.Blocks))
				}
			}
			if len(digests) != 1 || strings.Contains(digests[0], "LOST") || len(again) != 1 || again[0] != "null" {
				t.Errorf("answers %q and %q, posted %q", answers, again, digests)
			}
			s, err := state.Read(t.Context(), state.FileStore{Dir: w.env["SLOWDIGEST_STATE"]}, state.Key(slacktest.Channel))
			if err != nil || len(s.Entries) == 0 || s.Entries[len(s.Entries)-1].End.After(recentDay.AddDate(0, 0, 1)) {
				t.Errorf("state %+v, %v", s, err)
			}
		})
	}
}
