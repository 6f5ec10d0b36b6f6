package slacktest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"slowdigest/notifier/slacktest"
)

func client(s *slacktest.Server, token string) *slack.Client {
	return slack.New(token, slack.OptionAPIURL(s.URL()))
}

// A real client finds what it needs: it posts, replies, changes, looks back.
func TestConversation(t *testing.T) {
	s := slacktest.New()
	defer s.Close()
	c := client(s, slacktest.Token)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.AuthTestContext(t.Context())
	must(err)
	meta := slack.SlackMetadata{EventType: "window", EventPayload: map[string]any{"id": "1"}}
	channel, ts, err := c.PostMessageContext(t.Context(), "#slow-queries", slack.MsgOptionText("one", false), slack.MsgOptionMetadata(meta))
	must(err)
	_, reply, err := c.PostMessageContext(t.Context(), channel, slack.MsgOptionText("two", false), slack.MsgOptionTS(ts))
	must(err)
	_, _, _, err = c.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("one, changed", false))
	must(err)

	history, err := c.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	must(err)
	if len(history.Messages) != 1 || history.Messages[0].Text != "one, changed" || history.Messages[0].Metadata.EventPayload["id"] != "1" {
		t.Errorf("history: %+v", history.Messages)
	}
	replies, _, _, err := c.GetConversationRepliesContext(t.Context(), &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts})
	must(err)
	if len(replies) != 2 || replies[1].Timestamp != reply {
		t.Errorf("replies: %+v", replies)
	}
	_, _, err = c.DeleteMessageContext(t.Context(), channel, reply)
	must(err)
	if got := s.Messages(); len(got) != 1 || got[0].Updates != 1 {
		t.Errorf("at the end: %+v", got)
	}
	if _, _, _, err = c.UpdateMessageContext(t.Context(), channel, reply, slack.MsgOptionText("x", false)); err == nil || err.Error() != "message_not_found" {
		t.Errorf("update of a deleted message: %v", err)
	}
}

func TestStrictness(t *testing.T) {
	for want, post := range map[string]struct {
		token, channel string
		option         slack.MsgOption
	}{
		"invalid_auth":      {"xoxb-other", slacktest.Channel, slack.MsgOptionText("x", false)},
		"channel_not_found": {slacktest.Token, "C0OTHER", slack.MsgOptionText("x", false)},
		"no_text":           {slacktest.Token, slacktest.Channel, slack.MsgOptionText("", false)},
		"invalid_blocks": {slacktest.Token, slacktest.Channel,
			slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject("plain_text", strings.Repeat("x", 151), false, false)))},
		"msg_too_long": {slacktest.Token, slacktest.Channel, slack.MsgOptionText(strings.Repeat("x", 4001), false)},
	} {
		s := slacktest.New()
		_, _, err := client(s, post.token).PostMessageContext(t.Context(), post.channel, post.option)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		var answer slack.SlackErrorResponse
		if want == "invalid_blocks" && (!errors.As(err, &answer) || !strings.Contains(answer.ResponseMetadata.Messages[0], "[json-pointer:/blocks/0/text/text]")) {
			t.Errorf("no pointer in %+v", answer)
		}
		if len(s.Messages()) > 0 {
			t.Errorf("%s: posted all the same", want)
		}
		s.Close()
	}
}

// Faults are for the requests they name, one each, in their order.
func TestFaults(t *testing.T) {
	s := slacktest.New()
	defer s.Close()
	s.Fail(slacktest.Fault{Method: "chat.postMessage", Skip: 1, Code: "internal_error"}, slacktest.Fault{Method: "chat.update", Code: "fatal_error"})
	c := client(s, slacktest.Token)
	for i, want := range []string{"", "internal_error", ""} {
		_, _, err := c.PostMessageContext(t.Context(), slacktest.Channel, slack.MsgOptionText("x", false))
		if got := text(err); got != want {
			t.Errorf("post %d: %q, want %q", i, got, want)
		}
	}
	ts := s.Messages()[0].Timestamp
	for i, want := range []string{"fatal_error", ""} {
		_, _, _, err := c.UpdateMessageContext(t.Context(), slacktest.Channel, ts, slack.MsgOptionText("y", false))
		if got := text(err); got != want {
			t.Errorf("update %d: %q, want %q", i, got, want)
		}
	}
	if got := len(s.Requests()); got != 5 {
		t.Errorf("%d requests", got)
	}
}

func TestWebhook(t *testing.T) {
	s := slacktest.New()
	defer s.Close()
	for body, status := range map[string]int{`{"text":"x"}`: 200, `{"text":""}`: 400, `x`: 400} {
		resp, err := http.Post(s.WebhookURL(), "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != status {
			t.Errorf("%s: %d, want %d", body, resp.StatusCode, status)
		}
	}
	if got := s.Messages(); len(got) != 1 || !got[0].Webhook {
		t.Errorf("%+v", got)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
