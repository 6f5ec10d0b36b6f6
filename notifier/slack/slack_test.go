package slack_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// slackOptions are those of the goldens.
func slackOptions() slack.Options {
	return slack.Options{Region: "eu-west-1", Pause: time.Millisecond}
}

func slackJSON(t *testing.T, r *digest.Report, o slack.Options) []byte {
	t.Helper()
	return notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier { return slack.NewJSON(b, o) }, r)
}

func TestSlackGoldens(t *testing.T) {
	cases := map[string]*digest.Report{"300": notifiertest.Many(t, 300)}
	for _, name := range notifiertest.Reports {
		cases[name] = notifiertest.Load(t, name)
	}
	for name, r := range cases {
		t.Run(name, func(t *testing.T) {
			got := slackJSON(t, r, slackOptions())
			notifiertest.Golden(t, "slack-"+name+".json", got)
			if name == "quiet" {
				if len(got) > 0 {
					t.Errorf("something would be posted where nothing is slow: %s", got)
				}
				return
			}
			checkMessage(t, got)
		})
	}
}

// The forms that a workspace gets which rejects the richer ones.
func TestSlackDegradedGoldens(t *testing.T) {
	for form, unsupported := range map[string][]string{
		"simple":  {"data_visualization", "table"},
		"minimal": {"data_visualization", "table", "header", "context", "divider"},
	} {
		for _, report := range []string{"partial", "worse"} {
			server := slacktest.New()
			defer server.Close()
			server.Unsupported = unsupported
			o := slackOptions()
			o.APIURL, o.NoThread = server.URL(), true
			receipt, err := slack.New(slacktest.Token, slacktest.Channel, o).Post(t.Context(), notifiertest.Load(t, report))
			if err != nil || receipt.Form != form {
				t.Fatalf("posted in the form %q: %v", receipt.Form, err)
			}
			m := server.Messages()[0]
			b, err := json.Marshal(struct {
				Text   string          `json:"text"`
				Blocks json.RawMessage `json:"blocks"`
			}{m.Text, m.Blocks})
			if err != nil {
				t.Fatal(err)
			}
			notifiertest.Golden(t, "slack-"+form+"-"+report+".json", notifiertest.Indented(t, b))
			checkMessage(t, b)
		}
	}
}

// checkMessage proves that a message and its replies are valid and harmless.
func checkMessage(t testing.TB, message []byte) {
	t.Helper()
	var m struct {
		Text   string
		Blocks json.RawMessage
		Thread []json.RawMessage
	}
	if err := json.Unmarshal(message, &m); err != nil {
		t.Fatal(err)
	}
	for _, v := range slacktest.Validate(message, slack.TextBudget) {
		t.Errorf("%s: %v", v.Code, v)
	}
	if m.Text == "" || strings.ContainsAny(times.ReplaceAllString(m.Text, ""), "<>") || unescaped.MatchString(m.Text) {
		t.Errorf("the fallback is not an escaped text: %q", m.Text)
	}
	// Only these could carry markup, and only they would ping anybody.
	for _, no := range []string{`"mrkdwn"`, `"markdown"`, `"broadcast"`, `"user"`, `"usergroup"`, `"channel"`, `"emoji":true`} {
		if bytes.Contains(m.Blocks, []byte(`"type": `+no)) || bytes.Contains(m.Blocks, []byte(no)) && strings.HasPrefix(no, `"emoji`) {
			t.Errorf("a block has %s", no)
		}
	}
	if at := timeInText.Find(m.Blocks); at != nil {
		t.Errorf("a time is not one that Slack shows in the reader's zone: %s", at)
	}
	for _, reply := range m.Thread {
		checkMessage(t, reply)
	}
}

// times are the one markup of a text.
var times = regexp.MustCompile(`<!date\^\d+\^(\{date_short_pretty\} )?\{time(_secs)?\}\|[-0-9: ]+ UTC>`)

var timeInText = regexp.MustCompile(`"text": ?"[^"]*[12]\d{3}-\d\d-\d\d \d\d:\d\d[^"]* UTC[^"]*"`)

var unescaped = regexp.MustCompile(`&(?:[^alg]|$)`)
