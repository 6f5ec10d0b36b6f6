package notifier_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/slacktest"
)

// slackOptions are those of the goldens.
func slackOptions() notifier.SlackOptions {
	return notifier.SlackOptions{Region: "eu-west-1", Pause: time.Millisecond}
}

// manyClasses is a report of n classes that all look alike.
func manyClasses(t testing.TB, n int) *digest.Report {
	r := load(t, "full")
	one := r.Classes[1]
	r.Classes = nil
	for i := range n {
		c := one
		c.Rank, c.ID = i+1, fmt.Sprintf("%032X", i+1)
		c.Fingerprint = fmt.Sprintf("select a, b, c from table_%d where id = ? and state in (?+) order by b", i)
		c.Share = 1 / float64(n)
		r.Classes = append(r.Classes, c)
	}
	r.Overall.Classes = n + r.Misc.Classes
	return r
}

func slackJSON(t *testing.T, r *digest.Report, o notifier.SlackOptions) []byte {
	t.Helper()
	return render(t, func(b *bytes.Buffer) notifier.Notifier { return notifier.NewSlackJSON(b, o) }, r)
}

func TestSlackGoldens(t *testing.T) {
	cases := map[string]*digest.Report{"300": manyClasses(t, 300)}
	for _, name := range reports {
		cases[name] = load(t, name)
	}
	for name, r := range cases {
		t.Run(name, func(t *testing.T) {
			got := slackJSON(t, r, slackOptions())
			golden(t, "slack-"+name+".json", got)
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
			o.APIURL, o.Replies = server.URL(), -1
			receipt, err := notifier.NewSlack(slacktest.Token, slacktest.Channel, o).Post(t.Context(), load(t, report))
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
			golden(t, "slack-"+form+"-"+report+".json", indented(t, b))
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
	for _, v := range notifier.ValidateSlack(message, notifier.SlackTextBudget) {
		t.Errorf("%s: %v", v.Code, v)
	}
	if m.Text == "" || strings.ContainsAny(m.Text, "<>") || unescaped.MatchString(m.Text) {
		t.Errorf("the fallback is not an escaped text: %q", m.Text)
	}
	// Only these could carry markup, and only they would ping anybody.
	for _, no := range []string{`"mrkdwn"`, `"markdown"`, `"broadcast"`, `"user"`, `"usergroup"`, `"channel"`, `"emoji":true`} {
		if bytes.Contains(m.Blocks, []byte(`"type": `+no)) || bytes.Contains(m.Blocks, []byte(no)) && strings.HasPrefix(no, `"emoji`) {
			t.Errorf("a block has %s", no)
		}
	}
	for _, reply := range m.Thread {
		checkMessage(t, reply)
	}
}

var unescaped = regexp.MustCompile(`&(?:[^alg]|$)`)
