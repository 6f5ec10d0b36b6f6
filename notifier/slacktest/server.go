// Package slacktest is a Slack that runs in the process of a test, for whoever
// posts messages by chat.postMessage or by an incoming webhook.
//
// It is strict where the real one is: a message that breaks one of Slack's
// limits, the unwritten ones included, is rejected as a whole with Slack's error
// and the JSON pointer of what is wrong; a token, a channel, a parent message or
// a thread that does not exist is an error. And it does on command what the real
// one does now and then: see Fault.
//
//	server := slacktest.New()
//	defer server.Close()
//	server.Fail(slacktest.Fault{Code: "internal_error"})
//	client := slack.New(slacktest.Token, slacktest.Channel, slack.Options{APIURL: server.URL()})
//	…
//	posted := server.Messages()
//
// It speaks chat.postMessage, chat.postEphemeral, chat.update, chat.delete, chat.getPermalink,
// conversations.history, conversations.replies, conversations.info, auth.test,
// blocks.validate and incoming webhooks. Nothing it says is random, and it knows
// no clock: timestamps count the seconds from the year 2100 on, so that whatever
// a test is about was before.
package slacktest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// What a new Server knows.
const (
	Token   = "xoxb-slacktest-token"
	Channel = "C0SLOWLOGS" // the bot is a member of it
	BotID   = "B0SLACKTEST"
)

// ChannelState decides how a channel answers those who post in it.
type ChannelState struct {
	Name     string
	Archived bool // is_archived
	Private  bool // channel_not_found unless Member
	Member   bool // not_in_channel where it is false and not Private
}

// Message is one that was posted and not deleted.
type Message struct {
	Channel   string          `json:"channel,omitempty"`
	Timestamp string          `json:"ts"`
	ThreadTS  string          `json:"thread_ts,omitempty"`
	BotID     string          `json:"bot_id,omitempty"` // BotID, if the token's bot posted it
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	// ReplyCount is set by conversations.history only.
	ReplyCount int  `json:"reply_count,omitempty"`
	Updates    int  `json:"-"` // how often it was updated
	Webhook    bool `json:"-"` // posted by the webhook
}

// Server is a fake Slack. Its fields may be set until the first request, and by
// Set from then on.
type Server struct {
	Channels    map[string]ChannelState // by ID
	Unsupported []string                // block types that this workspace rejects, such as data_visualization
	MaxText     int                     // of all blocks; 0 is the constant MaxText
	Scopes      []string                // of the token; nil is all but chat:write.public
	// Mentions are IDs of users and user groups that a message may mention, each once, if it is posted to a channel
	// and not to a thread. Nobody else may be mentioned: the real one takes such a message.
	Mentions []string

	http *httptest.Server
	stop chan struct{}

	mu        sync.Mutex
	faults    []Fault
	messages  []Message
	ephemeral []Message // that only User has seen
	requests  []string  // methods in the order of their arrival
	clock     int
}

// New starts a Slack on the loopback interface. Close ends it.
func New() *Server {
	s := &Server{
		Channels: map[string]ChannelState{Channel: {Name: "slow-queries", Member: true}},
		stop:     make(chan struct{}),
	}
	s.http = httptest.NewServer(s)
	return s
}

// Close ends the server and whatever hangs in it.
func (s *Server) Close() {
	close(s.stop)
	s.http.CloseClientConnections()
	s.http.Close()
}

// URL is that of the Web API, with the slash at its end that slack-go wants.
func (s *Server) URL() string { return s.http.URL + "/api/" }

// WebhookURL is that of an incoming webhook that posts to Channel.
func (s *Server) WebhookURL() string { return s.http.URL + webhookPath }

const webhookPath = "/services/T0SLACKTEST/B0SLACKTEST/secretsecretsecret"

// Messages returns what is in all channels and threads, the oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Ephemeral returns what was shown to User alone, the oldest first.
func (s *Server) Ephemeral() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ephemeral)
}

// Requests returns the methods called so far, such as "chat.postMessage" and "webhook".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Set changes the fields of a server that is in use.
func (s *Server) Set(change func(s *Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// Post puts a message into its channel, as people and other bots do, and returns
// it with its timestamp.
func (s *Server) Post(m Message) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(m)
}

// Delete removes a message, as a person would.
func (s *Server) Delete(ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = slices.DeleteFunc(s.messages, func(m Message) bool { return m.Timestamp == ts })
}

// Fail makes the next requests go wrong, each fault one of them.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// nextFault takes the first fault that is for a request of the method. s.mu is held.
func (s *Server) nextFault(method string) Fault {
	for i := range s.faults {
		f := &s.faults[i]
		if f.Method != "" && f.Method != method {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			return Fault{}
		}
		out := *f
		s.faults = slices.Delete(s.faults, i, i+1)
		return out
	}
	return Fault{}
}

// ServeHTTP makes a Server usable with a listener of one's own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := methodOf(r)
	s.mu.Lock()
	s.requests = append(s.requests, method)
	fault := s.nextFault(method)
	s.mu.Unlock()
	if fault.before(s, w, r) {
		return
	}
	rec := httptest.NewRecorder()
	if method == "webhook" {
		s.webhook(rec, r)
	} else {
		s.call(rec, r, method)
	}
	if fault.CutAfter {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	if fault.HangAfter {
		s.hang(r)
		return
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // the client is gone; nothing to be done
}

// hang holds a request until its client gives up or the server closes.
func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.stop:
	}
}
