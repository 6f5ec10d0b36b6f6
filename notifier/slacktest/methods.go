package slacktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
			return object{"ok": true, "team": "slacktest", "user": "slowdigest", "bot_id": BotID}
		},
		"chat.postMessage": s.postMessage, "chat.postEphemeral": s.postEphemeral, "chat.update": s.update, "chat.delete": s.delete,
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
		w.Header().Set("X-OAuth-Scopes", strings.Join(s.scopes(), ","))
		if missing := s.missingScope(method, r.Form.Get("channel")); missing != "" {
			answer(w, object{"ok": false, "error": "missing_scope", "needed": missing, "provided": strings.Join(s.scopes(), ",")})
			return
		}
		answer(w, serve(r))
	}
}

func (s *Server) scopes() []string {
	if s.Scopes != nil {
		return s.Scopes
	}
	return []string{"chat:write", "channels:read", "channels:history", "groups:read", "groups:history"}
}

// missingScope is the scope that the token lacks for a method, or empty.
func (s *Server) missingScope(method, channel string) string {
	kind := "channels"
	if s.Channels[channel].Private {
		kind = "groups"
	}
	need := map[string]string{
		"chat.postMessage": "chat:write", "chat.postEphemeral": "chat:write", "chat.update": "chat:write", "chat.delete": "chat:write",
		"conversations.info": kind + ":read", "conversations.history": kind + ":history", "conversations.replies": kind + ":history",
	}[method]
	if need == "" || slices.Contains(s.scopes(), need) {
		return ""
	}
	return need
}

func failed(code string) object { return object{"ok": false, "error": code} }

// postMessage and the following are called with s.mu held.
func (s *Server) postMessage(r *http.Request) object {
	channel, code := s.channel(r.Form.Get("channel"))
	if code != "" {
		return failed(code)
	}
	m := Message{Channel: channel, BotID: BotID, Text: r.Form.Get("text"), Blocks: json.RawMessage(r.Form.Get("blocks")),
		Metadata: json.RawMessage(r.Form.Get("metadata"))}
	var mentions []string
	if r.Form.Get("thread_ts") == "" {
		mentions = s.Mentions
	}
	if rejected := s.reject(m, mentions...); rejected != nil {
		return rejected
	}
	// Slack puts a reply to what is no longer there into the channel itself.
	if ts := r.Form.Get("thread_ts"); s.find(channel, ts) != nil {
		m.ThreadTS = ts
	}
	m = s.add(m)
	return object{"ok": true, "channel": channel, "ts": m.Timestamp, "message": m}
}

// postEphemeral shows a message to one user, who must be in the channel, as the bot must.
func (s *Server) postEphemeral(r *http.Request) object {
	channel, code := s.channel(r.Form.Get("channel"))
	switch {
	case code != "":
		return failed(code)
	case !s.Channels[channel].Member:
		return failed("not_in_channel")
	case r.Form.Get("user") != User:
		return failed("user_not_in_channel")
	}
	m := Message{Channel: channel, BotID: BotID, ThreadTS: r.Form.Get("thread_ts"), Text: r.Form.Get("text"), Blocks: json.RawMessage(r.Form.Get("blocks"))}
	if rejected := s.reject(m); rejected != nil {
		return rejected
	}
	s.clock++
	m.Timestamp = fmt.Sprintf("%d.000100", year2100+s.clock)
	s.ephemeral = append(s.ephemeral, m)
	return object{"ok": true, "message_ts": m.Timestamp}
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
		case !c.Member && !slices.Contains(s.scopes(), "chat:write.public"):
			return "", "not_in_channel"
		}
		return known, ""
	}
	return "", "channel_not_found"
}

// violations are the limits that a message breaks.
func (s *Server) violations(m Message, mentions ...string) []Violation {
	var blocks []struct {
		Type string `json:"type"`
	}
	badForm := []Violation{{Code: "invalid_blocks_format", Message: "not a list of blocks"}}
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks, &blocks) != nil {
		return badForm
	}
	b, err := json.Marshal(Message{Text: m.Text, Blocks: m.Blocks})
	if err != nil {
		return badForm
	}
	violations := Validate(b, cmp.Or(s.MaxText, MaxText), mentions...)
	for i, block := range blocks {
		if slices.Contains(s.Unsupported, block.Type) {
			violations = append(violations, Violation{Code: "invalid_blocks",
				Pointer: fmt.Sprintf("/blocks/%d/type", i), Message: "unsupported type: " + block.Type})
		}
	}
	return violations
}

// reject is the answer to a message that breaks a limit, or nil.
func (s *Server) reject(m Message, mentions ...string) object {
	violations := s.violations(m, mentions...)
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

const year2100 = 4_102_444_800

func (s *Server) add(m Message) Message {
	s.clock++
	m.Timestamp = fmt.Sprintf("%d.000100", year2100+s.clock)
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

// update leaves what the request does not name as it was.
func (s *Server) update(r *http.Request) object {
	m := s.find(r.Form.Get("channel"), r.Form.Get("ts"))
	switch {
	case m == nil:
		return failed("message_not_found")
	case m.BotID != BotID:
		return failed("cant_update_message")
	}
	changed := *m
	for name, set := range map[string]func(string){
		"text":     func(v string) { changed.Text = v },
		"blocks":   func(v string) { changed.Blocks = json.RawMessage(v) },
		"metadata": func(v string) { changed.Metadata = json.RawMessage(v) },
	} {
		if r.Form.Has(name) {
			set(r.Form.Get(name))
		}
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
// given, conversations.replies, the oldest first. Metadata is sent where it
// is asked for.
func (s *Server) history(r *http.Request) object {
	channel, thread := r.Form.Get("channel"), r.Form.Get("ts")
	switch c, ok := s.Channels[channel]; {
	case !ok || c.Private && !c.Member:
		return failed("channel_not_found")
	case !c.Member:
		return failed("not_in_channel")
	}
	oldest, latest := r.Form.Get("oldest"), r.Form.Get("latest")
	found, replies := []Message{}, map[string]int{}
	for _, m := range slices.Backward(s.messages) {
		replies[m.ThreadTS]++ // the newest first: a message comes after its replies
		inThread := m.ThreadTS == thread || thread != "" && m.Timestamp == thread
		if m.Channel != channel || !inThread || oldest != "" && m.Timestamp <= oldest || latest != "" && m.Timestamp >= latest {
			continue
		}
		if all := r.Form.Get("include_all_metadata"); all != "1" && all != "true" {
			m.Metadata = nil
		}
		m.ReplyCount = replies[m.Timestamp]
		found = append(found, m)
	}
	if thread != "" {
		slices.Reverse(found)
	}
	return paged(found, r.Form.Get("cursor"), r.Form.Get("limit"))
}

// paged is the page of messages that a cursor stands for, which is the number of
// the messages before it.
func paged(all []Message, cursor, limit string) object {
	number := func(s string, otherwise int) int {
		if n, err := strconv.Atoi(s); err == nil && n >= 0 {
			return n
		}
		return otherwise
	}
	from := min(number(cursor, 0), len(all))
	to := min(from+number(limit, 100), len(all))
	out := object{"ok": true, "messages": all[from:to], "has_more": to < len(all)}
	if to < len(all) {
		out["response_metadata"] = object{"next_cursor": strconv.Itoa(to)}
	}
	return out
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
	if rejected := s.reject(m, s.Mentions...); rejected != nil {
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
