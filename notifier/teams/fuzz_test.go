package teams

import (
	"encoding/json"
	"testing"

	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/redact"
)

func FuzzCard(f *testing.F) {
	notifiertest.FuzzSeeds(f)
	f.Fuzz(func(t *testing.T, sql, name, note string, classes, slots uint8, number uint64, complete bool) {
		r := notifiertest.Fuzzed(sql, name, note, classes, slots, number, complete)
		card, err := json.Marshal(newMessage(redact.Of(r), Options{Region: "eu-west-1"}, 5))
		if err != nil {
			t.Fatal(err)
		}
		notifiertest.CheckText(t, "Teams", card)
	})
}
