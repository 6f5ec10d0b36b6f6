package slack_test

import (
	"testing"

	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
)

func FuzzMessage(f *testing.F) {
	notifiertest.FuzzSeeds(f)
	f.Fuzz(func(t *testing.T, sql, name, note string, classes, slots uint8, number uint64, complete bool) {
		if len(sql)+len(name)+len(note) > 3_000 {
			t.Skip("longer texts are cut, and take too long")
		}
		r := notifiertest.Fuzzed(sql, name, note, classes, slots, number, complete)
		if !notifier.Quiet(r) {
			message := slackJSON(t, r, slackOptions())
			checkMessage(t, message)
			notifiertest.CheckText(t, "Slack", message)
		}
	})
}
