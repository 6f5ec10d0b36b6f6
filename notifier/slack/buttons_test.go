package slack_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// Each button of a digest, pressed, is a request that the verifier reads; and without
// somebody to listen there is none.
func TestButtons(t *testing.T) {
	type button struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
	}
	for _, name := range []string{"full", "new", "hostile", "japanese"} {
		for _, with := range []struct{ show, mute bool }{{false, false}, {true, true}, {true, false}} {
			fake := slacktest.New()
			defer fake.Close()
			s := slack.New(slacktest.Token, slacktest.Channel, slack.Options{APIURL: fake.URL(), Pause: time.Microsecond, Show: with.show, Mute: with.mute})
			r := notifiertest.Load(t, name)
			if err := s.Notify(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			verbs := map[slack.Action]int{}
			for _, m := range fake.Messages() {
				var blocks []struct {
					Type     string
					Elements []json.RawMessage
				}
				if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
					t.Fatal(err)
				}
				for _, b := range blocks {
					if b.Type != "actions" {
						continue
					}
					var pressed button
					if err := json.Unmarshal(b.Elements[0], &pressed); err != nil {
						t.Fatal(err)
					}
					body := slacktest.Press(pressed.ActionID, pressed.Value, m.Timestamp)
					req, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body)
					if err != nil {
						t.Fatalf("%+v: %v", pressed, err)
					}
					verbs[req.Action]++
				}
			}
			if with.mute != (verbs[slack.Mute] >= 1) || with.show != (verbs[slack.Show] == 1) {
				t.Errorf("%s: %v, want %v", name, verbs, with)
			}
		}
	}
}

// The button asks for no more instances than a request may name, but for all; so does one
// of a digest that was posted before there was a bound.
func TestButtonOfManyInstances(t *testing.T) {
	for n, named := range map[int]bool{1: true, slack.MaxNames: true, slack.MaxNames + 1: false} {
		r := notifiertest.Load(t, "full")
		r.Instances = nil
		for i := range n {
			r.Instances = append(r.Instances, fmt.Sprint("orders-", i))
		}
		fake := slacktest.New()
		t.Cleanup(fake.Close)
		s := slack.New(slacktest.Token, slacktest.Channel, slack.Options{APIURL: fake.URL(), Show: true, NoThread: true, Pause: time.Millisecond})
		if err := s.Notify(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		all := strings.Join(r.Instances, ",")
		if got := strings.Contains(string(fake.Messages()[0].Blocks), `"value":"`+all+`"`); got != named {
			t.Errorf("%d instances: named %v", n, got)
		}
		body := slacktest.Press("slowdigest_show", all, "17.1")
		req, err := slackApp.Read(slacktest.Sign(body, slacktest.SigningSecret, time.Now()), body)
		if err != nil || len(req.Instances) != n && named || len(req.Instances) != 0 && !named {
			t.Errorf("%d instances: %+v, %v", n, req, err)
		}
	}
}
