package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// A Request is made by a person in Slack, by the command /slowdigest, or
// by a button below a digest.
type Request struct {
	// ID is the same for a repetition of the request, and for no other.
	ID      string
	Channel string // ID of the channel in which it was made
	User    string // ID of who made it
	Name    string // of the user, cleaned
	// Thread is the digest below which a button was pressed; empty for a command.
	Thread string

	Action    Action
	Instances []string // to show; none are all
	Last      time.Duration
	ClassID   string        // to mute or unmute, as digest.ParseID returns it
	For       time.Duration // how long to mute; the bounds, and what 0 means, are handler/state's
	Reason    string
}

// Action names what a Request asks for.
type Action string

const (
	Show   Action = "show"   // the digest of the time just past
	Mute   Action = "mute"   // leave a class out of the digests for some time
	Unmute Action = "unmute" // show it again
	Usage  Action = "help"
)

// Askers are those who may ask, and the channels in which they may.
type Askers struct {
	Channels []string // IDs; none is allowed if empty
	Users    []string // IDs; empty is everybody in the channels
}

const (
	minLast     = time.Minute
	defaultLast = 15 * time.Minute
	defaultMute = 7 * 24 * time.Hour
)

// MaxLast is how much of the past may be asked for, by whatever way.
const MaxLast = 24 * time.Hour

// MaxNames is how many instances may be named in a request.
const MaxNames = 20

// Read reads a request that is verified. Where the error is neither ErrBadRequest nor
// ErrNotAllowed there is a request without its action, and the error is for who made it.
func (a Askers) Read(s *Signed) (*Request, error) {
	form, err := url.ParseQuery(string(s.Body))
	if err != nil {
		return nil, ErrBadRequest
	}
	r, err := read(form)
	if r == nil {
		return nil, err
	}
	r.ID = s.ID()
	if !slices.Contains(a.Channels, r.Channel) || len(a.Users) > 0 && !slices.Contains(a.Users, r.User) {
		return nil, ErrNotAllowed
	}
	return r, err
}

// IsSSLCheck reports whether a body is one by which Slack looks now and then whether the
// URL is there, with no command. Whether it signs that is not documented.
func IsSSLCheck(body []byte) bool {
	if len(body) > maxRequest {
		return false
	}
	form, err := url.ParseQuery(string(body))
	return err == nil && form.Get("ssl_check") == "1" && !form.Has("command") && !form.Has("payload")
}

// read returns a request without its action, and an error, where the error is for
// the user.
func read(form url.Values) (*Request, error) {
	if payload := form.Get("payload"); payload != "" {
		return readAction([]byte(payload))
	}
	if form.Get("command") == "" || form.Get("channel_id") == "" || form.Get("user_id") == "" {
		return nil, ErrBadRequest
	}
	r := &Request{Channel: form.Get("channel_id"), User: form.Get("user_id"), Name: redact.Text(form.Get("user_name"), redact.MaxName)}
	return r, r.command(strings.Fields(form.Get("text")))
}

// command reads the words after /slowdigest.
func (r *Request) command(words []string) error {
	if len(words) == 0 {
		r.Action = Usage
		return nil
	}
	switch Action(words[0]) {
	case Usage:
		r.Action = Usage
		return nil
	case Mute, Unmute:
		return r.muteCommand(Action(words[0]), words[1:])
	}
	r.Last = defaultLast
	for i := 0; i < len(words); i++ {
		if words[i] != "last" {
			for id := range strings.SplitSeq(words[i], ",") {
				if id != "" {
					r.Instances = append(r.Instances, strings.ToLower(id))
				}
			}
			continue
		}
		i++
		if i == len(words) {
			return errors.New("after `last` there is no time, such as 15m or 2h")
		}
		last, err := notifier.ParseDays(words[i])
		if err != nil || last < minLast || last > MaxLast {
			return errors.New("the time after `last` must be between 1m and 24h")
		}
		r.Last = last
	}
	r.Action = Show
	return nil
}

func (r *Request) muteCommand(action Action, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("after `%s` the ID of a query is missing", action)
	}
	id, err := digest.ParseID(words[0])
	words = words[1:]
	switch {
	case err != nil:
		return err
	case action == Unmute && len(words) > 0:
		return errors.New("after `unmute` comes the ID of a query, and nothing else")
	case action == Mute:
		r.For, words, err = muteLength(words)
	}
	if err != nil {
		return err
	}
	r.Action, r.ClassID, r.Reason = action, id, redact.Clean(strings.Join(words, " "))
	return nil
}

// muteLength reads how long to mute, with or without the word for, and returns the
// words after it. After for there must be a length.
func muteLength(words []string) (time.Duration, []string, error) {
	isFor := len(words) > 0 && words[0] == "for"
	if isFor {
		words = words[1:]
	}
	length, err := notifier.ParseDays(strings.Join(words[:min(1, len(words))], ""))
	switch {
	case err == nil:
		return length, words[1:], nil
	case isFor:
		return 0, nil, fmt.Errorf("after `for`: %w", err)
	}
	return defaultMute, words, nil
}

func readAction(payload []byte) (*Request, error) {
	var c slackgo.InteractionCallback
	if err := json.Unmarshal(payload, &c); err != nil || c.Type != slackgo.InteractionTypeBlockActions {
		return nil, ErrBadRequest
	}
	if len(c.ActionCallback.BlockActions) != 1 || c.Channel.ID == "" || c.User.ID == "" {
		return nil, ErrBadRequest
	}
	action := c.ActionCallback.BlockActions[0]
	r := &Request{Channel: c.Channel.ID, User: c.User.ID, Name: redact.Text(c.User.Name, redact.MaxName), Thread: c.Message.ThreadTimestamp}
	if r.Thread == "" {
		r.Thread = c.Message.Timestamp
	}
	words := strings.Fields(action.Value)
	switch {
	case action.ActionID == muteAction && len(words) == 1:
		return r, r.muteCommand(Mute, words)
	case action.ActionID == showAction && len(words) <= 1:
		err := r.command(append(words, "last", "15m"))
		if len(r.Instances) > MaxNames { // of a digest of before there was a bound
			r.Instances = nil
		}
		return r, err
	}
	return nil, ErrBadRequest
}

// Help is the answer to /slowdigest help.
const Help = "/slowdigest [instance …] last 15m — the slow queries of the last 15 minutes, up to 24h\n" +
	"/slowdigest mute ID [for 7d] [reason] — leave a query out of the digests, for 1h to 90d, or forever for 0; one that gets worse comes back\n" +
	"/slowdigest unmute ID — show it again"

// Ephemeral is the body of an answer that only the author of a Request can see.
func Ephemeral(text string) []byte {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = slackutilsx.EscapeMessage(redact.Cut(redact.Clean(l), 500))
	}
	b, _ := json.Marshal(map[string]any{ // of strings, which cannot be wrong
		"response_type": "ephemeral", "text": strings.Join(lines, "\n"), "mrkdwn": false,
	})
	return b
}
