package slacktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"slowdigest/notifier"
)

type object = map[string]any

// call serves a method of the Web API.
func (s *Server) call(w http.ResponseWriter, r *http.Request, method string) {
	if err := r.ParseForm(); err != nil {
		answer(w, object{"ok": false, "error": "invalid_form_data"})
		return
	}
	token := r.Form.Get("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	serve := map[string]func(*http.Request) object{
		"auth.test": func(*http.Request) object {
			return object{"ok": true, "team": "slacktest", "user": "slowdigest", "bot_id": "B0SLACKTEST"}
		},
		"chat.postMessage": s.postMessage, "chat.update": s.update, "chat.delete": s.delete,
		"chat.getPermalink": s.permalink, "conversations.info": s.info,
		"conversations.history": s.history, "conversations.replies": s.history, "blocks.validate": s.validate,
	}[method]
	switch {
	case serve == nil:
		answer(w, object{"ok": false, "error": "unknown_method", "req_method": method})
	case token == "":
		answer(w, object{"ok": false, "error": "not_authed"})
	case token != Token:
		answer(w, object{"ok": false, "error": "invalid_auth"})
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		answer(w, serve(r))
	}
}

func failed(code string) object { return object{"ok": false, "error": code} }

// postMessage and the following are called with s.mu held.
func (s *Server) postMessage(r *http.Request) object {
	channel, code := s.channel(r.Form.Get("channel"))
	if code != "" {
		return failed(code)
	}
	m := Message{Channel: channel, Text: r.Form.Get("text"), Blocks: json.RawMessage(r.Form.Get("blocks")),
		Metadata: json.RawMessage(r.Form.Get("metadata"))}
	if rejected := s.reject(m); rejected != nil {
		return rejected
	}
	// Slack puts a reply to what is no longer there into the channel itself.
	if ts := r.Form.Get("thread_ts"); s.find(channel, ts) != nil {
		m.ThreadTS = ts
	}
	m = s.add(m)
	return object{"ok": true, "channel": channel, "ts": m.Timestamp, "message": m}
}

// channel resolves an ID or a name, and says what is wrong with posting there.
func (s *Server) channel(id string) (string, string) {
	for known, c := range s.Channels {
		if known != id && "#"+c.Name != id && c.Name != id {
			continue
		}
		switch {
		case c.Archived:
			return "", "is_archived"
		case !c.Member && c.Private:
			return "", "channel_not_found"
		case !c.Member:
			return "", "not_in_channel"
		}
		return known, ""
	}
	return "", "channel_not_found"
}

// violations are the limits that a message breaks.
func (s *Server) violations(m Message) []notifier.Violation {
	var blocks []struct {
		Type string `json:"type"`
	}
	badForm := []notifier.Violation{{Code: "invalid_blocks_format", Message: "not a list of blocks"}}
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks, &blocks) != nil {
		return badForm
	}
	b, err := json.Marshal(Message{Text: m.Text, Blocks: m.Blocks})
	if err != nil {
		return badForm
	}
	violations := notifier.ValidateSlack(b, cmp.Or(s.MaxText, notifier.SlackMaxText))
	for i, block := range blocks {
		if slices.Contains(s.Unsupported, block.Type) {
			violations = append(violations, notifier.Violation{Code: "invalid_blocks",
				Pointer: fmt.Sprintf("/blocks/%d/type", i), Message: "unsupported type: " + block.Type})
		}
	}
	return violations
}

// reject is the answer to a message that breaks a limit, or nil.
func (s *Server) reject(m Message) object {
	violations := s.violations(m)
	if len(violations) == 0 {
		return nil
	}
	var messages []string
	for _, v := range violations {
		messages = append(messages, "[ERROR] "+v.Error())
	}
	return object{"ok": false, "error": violations[0].Code, "errors": messages,
		"response_metadata": object{"messages": messages}}
}

func (s *Server) add(m Message) Message {
	s.clock++
	m.Timestamp = fmt.Sprintf("%d.000100", 1_700_000_000+s.clock)
	s.messages = append(s.messages, m)
	return m
}

func (s *Server) find(channel, ts string) *Message {
	for i := range s.messages {
		if m := &s.messages[i]; m.Channel == channel && m.Timestamp == ts {
			return m
		}
	}
	return nil
}

func (s *Server) update(r *http.Request) object {
	m := s.find(r.Form.Get("channel"), r.Form.Get("ts"))
	if m == nil {
		return failed("message_not_found")
	}
	changed := *m
	changed.Text, changed.Blocks = r.Form.Get("text"), json.RawMessage(r.Form.Get("blocks"))
	if meta := r.Form.Get("metadata"); meta != "" {
		changed.Metadata = json.RawMessage(meta)
	}
	if rejected := s.reject(changed); rejected != nil {
		return rejected
	}
	changed.Updates++
	*m = changed
	return object{"ok": true, "channel": m.Channel, "ts": m.Timestamp, "text": m.Text}
}

func (s *Server) delete(r *http.Request) object {
	m := s.find(r.Form.Get("channel"), r.Form.Get("ts"))
	if m == nil {
		return failed("message_not_found")
	}
	channel, ts := m.Channel, m.Timestamp
	s.messages = slices.DeleteFunc(s.messages, func(m Message) bool { return m.Channel == channel && m.Timestamp == ts })
	return object{"ok": true, "channel": channel, "ts": ts}
}

func (s *Server) permalink(r *http.Request) object {
	m := s.find(r.Form.Get("channel"), r.Form.Get("message_ts"))
	if m == nil {
		return failed("message_not_found")
	}
	return object{"ok": true, "channel": m.Channel, "permalink": "https://slacktest.slack.com/archives/" + m.Channel +
		"/p" + strings.ReplaceAll(m.Timestamp, ".", "")}
}

func (s *Server) info(r *http.Request) object {
	id := r.Form.Get("channel")
	c, ok := s.Channels[id]
	if !ok || c.Private && !c.Member {
		return failed("channel_not_found")
	}
	return object{"ok": true, "channel": object{"id": id, "name": c.Name, "is_channel": true,
		"is_archived": c.Archived, "is_private": c.Private, "is_member": c.Member}}
}

// history serves conversations.history, the newest first, and, where ts is
// given, conversations.replies, the oldest first. Metadata is told where it is
// asked for.
func (s *Server) history(r *http.Request) object {
	channel, thread := r.Form.Get("channel"), r.Form.Get("ts")
	if c, ok := s.Channels[channel]; !ok || !c.Member {
		return failed("not_in_channel")
	}
	oldest, latest := r.Form.Get("oldest"), r.Form.Get("latest")
	out := []Message{}
	for _, m := range slices.Backward(s.messages) {
		inThread := m.ThreadTS == thread || thread != "" && m.Timestamp == thread
		if m.Channel != channel || !inThread || oldest != "" && m.Timestamp <= oldest || latest != "" && m.Timestamp >= latest {
			continue
		}
		if all := r.Form.Get("include_all_metadata"); all != "1" && all != "true" {
			m.Metadata = nil
		}
		out = append(out, m)
	}
	if thread != "" {
		slices.Reverse(out)
	}
	return object{"ok": true, "messages": out, "has_more": false}
}

// validate serves blocks.validate, whose errors are objects.
func (s *Server) validate(r *http.Request) object {
	violations := s.violations(Message{Text: "-", Blocks: json.RawMessage(r.Form.Get("blocks"))})
	if len(violations) == 0 {
		return object{"ok": true}
	}
	var all []object
	for _, v := range violations {
		all = append(all, object{"pointer": v.Pointer, "code": v.Code, "message": v.Message})
	}
	return object{"ok": false, "error": violations[0].Code, "errors": all}
}

// webhook serves an incoming webhook, which answers in plain text.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) {
	var m Message
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &m) != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if rejected := s.reject(m); rejected != nil {
		http.Error(w, rejected["error"].(string), http.StatusBadRequest)
		return
	}
	if _, code := s.channel(Channel); code != "" {
		http.Error(w, strings.Replace(code, "is_archived", "channel_is_archived", 1), http.StatusGone)
		return
	}
	s.add(Message{Channel: Channel, Text: m.Text, Blocks: m.Blocks, Webhook: true})
	_, _ = io.WriteString(w, "ok")
}
