package slack_test

import (
	"strings"
	"testing"
	"time"

	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// Who asks gets an answer, below the message that was asked about, also if there
// is nothing slow, and it is not taken for the digest of the hour.
func TestAnswer(t *testing.T) {
	for _, name := range []string{"quiet", "full"} {
		t.Run(name, func(t *testing.T) {
			fake := slacktest.New()
			defer fake.Close()
			o := slack.Options{APIURL: fake.URL(), Pause: time.Microsecond}
			bot := slack.New(slacktest.Token, slacktest.Channel, o)
			first, err := bot.Post(t.Context(), notifiertest.Load(t, "full"))
			if err != nil {
				t.Fatal(err)
			}
			before := len(fake.Messages())
			o.Answer = &slack.Answer{To: "<!channel> dba", Thread: first.Timestamp}
			r := notifiertest.Load(t, name)
			r.Window.Start = r.Window.Start.Add(-time.Hour)
			answer := slack.New(slacktest.Token, slacktest.Channel, o)
			if err := answer.Notify(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			posted := fake.Messages()[before:]
			if len(posted) == 0 || len(posted) == 1 == (name == "full") {
				t.Fatalf("%d messages", len(posted))
			}
			for _, m := range posted {
				if m.ThreadTS != first.Timestamp {
					t.Errorf("a message stands in the thread of %q", m.ThreadTS)
				}
			}
			if !strings.Contains(string(posted[0].Blocks), "asked for by") || strings.Contains(posted[0].Text, "<!channel") {
				t.Errorf("%s", posted[0].Blocks)
			}
			if _, found, err := bot.Find(t.Context(), r); found || err != nil {
				t.Errorf("the answer is found as a digest: %v", err)
			}
		})
	}
}

// A line of text is posted whole up to 1,000 characters, and the name of who asked
// is shown up to 80.
func TestTextsOfAnswersAtTheirBounds(t *testing.T) {
	for n, cut := range map[int]bool{1_000: false, 1_001: true} {
		fake := slacktest.New()
		defer fake.Close()
		bot := slack.New(slacktest.Token, slacktest.Channel, slack.Options{APIURL: fake.URL()})
		if err := bot.PostText(t.Context(), "", strings.Repeat("x", n)); err != nil {
			t.Fatal(err)
		}
		if got := fake.Messages()[0].Text; len([]rune(got)) != 1_000 || strings.HasSuffix(got, "…") != cut {
			t.Errorf("of %d characters %d are posted", n, len([]rune(got)))
		}
	}
	for n, want := range map[int]string{80: strings.Repeat("x", 80), 81: strings.Repeat("x", 79) + "…"} {
		o := slackOptions()
		o.Answer = &slack.Answer{To: strings.Repeat("x", n)}
		if got := string(slackJSON(t, notifiertest.Load(t, "full"), o)); !strings.Contains(got, "asked for by "+want+" ·") {
			t.Errorf("a name of %d is not shown as %s", n, want)
		}
	}
}
