package ask_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slowdigest/digest"
	"slowdigest/handler/ask"
	"slowdigest/handler/state"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

const (
	askChannel = "C0ASKERS01"
	classID    = "0123456789ABCDEF0123456789ABCDEF"
)

var ten = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// asking is a Slack with two channels, in which somebody asks, and a function that works
// on the tasks at once.
type asking struct {
	*testing.T
	slack *slacktest.Server
	store state.FileStore
	now   time.Time
	tasks []*ask.Task
	ask.Entrance
}

func newAsking(t *testing.T) *asking {
	a := &asking{T: t, slack: slacktest.New(), store: state.FileStore{Dir: t.TempDir()}, now: time.Now().UTC()}
	t.Cleanup(a.slack.Close)
	a.slack.Channels[askChannel] = slacktest.ChannelState{Name: "ask", Member: true}
	a.Entrance = ask.Entrance{
		Proved: func(_ context.Context, r *slack.Signed) (bool, error) { return r.Verify(slacktest.SigningSecret), nil },
		Askers: slack.Askers{Channels: []string{slacktest.Channel, askChannel}},
		Store:  a.store, Now: func() time.Time { return a.now }, Channel: slacktest.Channel,
		Start: func(ctx context.Context, event []byte) error {
			task, err := ask.ReadTask(event)
			if err != nil {
				return err
			}
			a.tasks = append(a.tasks, task)
			once := &ask.Once{Store: a.store, Task: task, Now: time.Now}
			return once.Do(ctx, func() error {
				return slack.New(slacktest.Token, task.Channel, slack.Options{APIURL: a.slack.URL()}).PostText(ctx, task.Thread, task.Text)
			})
		},
	}
	return a
}

// event is a request as a function URL hands it over.
func (a *asking) event(body []byte) events.LambdaFunctionURLRequest {
	headers := map[string]string{}
	for name, values := range slacktest.Sign(body, slacktest.SigningSecret, a.now) {
		headers[strings.ToLower(name)] = values[0]
	}
	e := events.LambdaFunctionURLRequest{Headers: headers, Body: string(body)}
	e.RequestContext.HTTP.Method = http.MethodPost
	return e
}

// send is what the function does with an event, and returns the text of the answer.
func (a *asking) send(ctx context.Context, e events.LambdaFunctionURLRequest) (status int, text string, err error) {
	signed, r, err := ask.Open(e, a.now)
	if signed != nil {
		r, err = a.Serve(ctx, signed)
	}
	var answer struct{ Text string }
	if r.Body != "" {
		if err := json.Unmarshal([]byte(r.Body), &answer); err != nil {
			a.Error(err)
		}
	}
	return r.StatusCode, answer.Text, err
}

// in sends the body of a request as if it was made in a channel, and returns the
// answer that only its author sees.
func (a *asking) in(channel string, body []byte) string {
	a.Helper()
	a.now = a.now.Add(time.Second)
	body = bytes.ReplaceAll(body, []byte(slacktest.Channel), []byte(channel))
	status, text, _ := a.send(a.Context(), a.event(body))
	if status != http.StatusOK {
		a.Fatalf("%d %s", status, text)
	}
	return text
}

func (a *asking) mutes(channel string) []digest.Mute {
	a.Helper()
	s, err := state.Read(a.Context(), a.store, state.Key(channel))
	if err != nil {
		a.Fatal(err)
	}
	return s.Mutes
}

// What is said in the channel is what is remembered.
func TestMuteIsNamedInTheChannel(t *testing.T) {
	for command, want := range map[string]struct {
		length time.Duration // 0 is forever
		reason string
	}{
		classID:                                     {7 * 24 * time.Hour, ""},
		classID + " for 3d":                         {72 * time.Hour, ""},
		classID + " for 1h nightly export":          {time.Hour, "nightly export"},
		classID + " for 90d x":                      {90 * 24 * time.Hour, "x"},
		classID + " for 0 known \u202e for years":   {0, "known for years"},
		classID + " 0d":                             {0, ""},
		classID + " 2h " + strings.Repeat("ü", 200): {2 * time.Hour, strings.Repeat("ü", 200)},
	} {
		a := newAsking(t)
		if got := a.in(slacktest.Channel, slacktest.Command("mute "+command)); got != "Done." {
			t.Errorf("mute %s: %s", command, got)
			continue
		}
		until := time.Time{}
		text := "dba muted query 0123456789ABCDEF forever"
		if want.length != 0 {
			until = a.now.Add(want.length)
			text = "dba muted query 0123456789ABCDEF until " + until.Format("2006-01-02 15:04 UTC")
		}
		if want.reason != "" {
			text += ": " + want.reason
		}
		m := a.mutes(slacktest.Channel)
		if len(m) != 1 || m[0].ID != classID || m[0].Reason != want.reason || m[0].By != "dba" || !m[0].Since.Equal(a.now) || !m[0].Until.Equal(until) {
			t.Errorf("mute %s: %+v", command, m)
		}
		if posted := a.slack.Messages(); len(posted) != 1 || posted[0].ShownText() != text || posted[0].Shown() != text {
			t.Errorf("mute %s: %+v, want %s", command, posted, text)
		}
		if got := a.in(slacktest.Channel, slacktest.Command("unmute "+classID)); got != "Done." || len(a.mutes(slacktest.Channel)) != 0 ||
			a.slack.Messages()[1].Text != "dba unmuted query 0123456789ABCDEF" {
			t.Errorf("unmute: %s, %+v", got, a.slack.Messages())
		}
	}
}

// What is refused changes nothing, and nobody but who asked is told.
func TestMuteIsRefused(t *testing.T) {
	a := newAsking(t)
	for command, want := range map[string]string{
		"mute " + classID + " for 2w":                      "After `for`: time \"2w\": want hours, minutes and seconds",
		"mute " + classID + " for forever":                 "After `for`: time",
		"mute " + classID + " for 1d12h oops":              "After `for`: time",
		"mute " + classID + " for":                         "After `for`: time",
		"mute " + classID + " for 59m59s":                  "1h to 90d, or forever, for 0",
		"mute " + classID + " for 91d":                     "1h to 90d, or forever, for 0",
		"mute " + classID + " " + strings.Repeat("ü", 201): "the reason has 201 characters, and 200 are the most",
		"unmute " + classID + " for 3d":                    "and nothing else",
		"mute nightly":                                     "want its hexadecimal digits",
		"mute 0123456":                                     "not remembered",
	} {
		if got := a.in(slacktest.Channel, slacktest.Command(command)); !strings.Contains(got, want) {
			t.Errorf("%.60s: %s, want %s", command, got, want)
		}
	}
	if m, posted := a.mutes(slacktest.Channel), a.slack.Messages(); len(m)+len(posted) > 0 {
		t.Errorf("%+v, %+v", m, posted)
	}
}

// Who mutes in a channel in which one may only ask mutes in the digest, if there is
// but one. Else it is refused, unless the channel has a digest of its own.
func TestMuteFromAnotherChannel(t *testing.T) {
	for _, c := range []struct {
		name    string
		several bool
		digest  bool   // the channel has one of its own
		muted   string // where
	}{
		{"one digest", false, false, slacktest.Channel},
		{"one digest, which was another", false, true, slacktest.Channel},
		{"several digests", true, false, ""},
		{"several digests, one of them there", true, true, askChannel},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAsking(t)
			a.Several = c.several
			if c.digest {
				err := state.Edit(t.Context(), a.store, state.Key(askChannel), func(s *state.State) error { s.Since = ten; return nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			thread := a.slack.Post(slacktest.Message{Channel: askChannel, Text: "an answer"}).Timestamp
			answer := a.in(askChannel, slacktest.Press("slowdigest_mute", classID, thread))
			for _, channel := range []string{slacktest.Channel, askChannel} {
				if got := len(a.mutes(channel)) == 1; got != (channel == c.muted) {
					t.Errorf("muted in %s: %v", channel, got)
				}
			}
			posted := a.slack.Messages()[1:]
			if c.muted == "" {
				if unmute := a.in(askChannel, slacktest.Command("unmute "+classID)); !strings.Contains(answer, "No digest is posted in this channel") || unmute != answer || len(posted) > 0 {
					t.Errorf("%s; %s; %+v", answer, unmute, posted)
				}
				return
			}
			if answer != "Done." || len(posted) != 1 || posted[0].Channel != askChannel || posted[0].ThreadTS != thread {
				t.Errorf("%s, %+v", answer, posted)
			}
			if got := a.in(askChannel, slacktest.Command("unmute "+classID)); got != "Done." || len(a.mutes(c.muted)) > 0 {
				t.Errorf("unmute: %s", got)
			}
		})
	}
}
