package notifier

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"
)

// A Request is what a person asks for in Slack: by the command /slowdigest, or
// by a button below a digest.
type Request struct {
	// ID is the same for a repetition of the request, and for no other.
	ID      string
	Channel string // ID of the channel in which it was made
	User    string // ID of who made it
	Name    string // of the user, cleaned
	// Thread is the digest below which a button was pressed; empty for a command.
	Thread string

	Verb      Verb
	Instances []string // to show; none are all
	Last      time.Duration
	ClassID   string // to mute or unmute: an ID as the digest shows it
	For       time.Duration
	Reason    string
}

// Verb is what a Request asks for.
type Verb string

const (
	Show   Verb = "show"   // the digest of the time just past
	Mute   Verb = "mute"   // leave a class out of the digests for some time
	Unmute Verb = "unmute" // show it again
	Usage  Verb = "help"
)

// Why a request is refused. A refusal that is not one of these tells a person
// what is wrong with the command.
var (
	ErrNotFromSlack = errors.New("the request is not signed by Slack, or too old")
	ErrBadRequest   = errors.New("the request is none of Slack's commands or buttons")
	ErrNotAllowed   = errors.New("this is not allowed here")
)

// Door lets in what Slack has signed, for the channels and users that may ask.
type Door struct {
	SigningSecret string
	Channels      []string // IDs; none is allowed if empty
	Users         []string // IDs; empty is everybody in the channels
}

const (
	// maxRequest is how long the body of a request may be, in bytes. Slack's own
	// hold a whole message at most.
	maxRequest    = 256 << 10
	maxLast       = 24 * time.Hour
	usualMute     = 7 * 24 * time.Hour
	usualLast     = 15 * time.Minute
	maxMuteReason = 200 // characters
)

// Read checks the signature of a request and its age, which may be five minutes,
// and who makes it, before it looks at what is asked.
func (d Door) Read(header http.Header, body []byte) (*Request, error) {
	if len(body) > maxRequest {
		return nil, fmt.Errorf("%w: %d bytes", ErrBadRequest, len(body))
	}
	verifier, err := slack.NewSecretsVerifier(header, d.SigningSecret)
	if err != nil {
		return nil, ErrNotFromSlack
	}
	_, _ = verifier.Write(body) // a hash takes everything
	if verifier.Ensure() != nil {
		return nil, ErrNotFromSlack
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, ErrBadRequest
	}
	r, err := read(form)
	if r == nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(header.Get("X-Slack-Signature")))
	r.ID = hex.EncodeToString(sum[:16])
	if !slices.Contains(d.Channels, r.Channel) || len(d.Users) > 0 && !slices.Contains(d.Users, r.User) {
		return nil, ErrNotAllowed
	}
	return r, err
}

// read returns a request without its verb beside an error that the user is to be
// told.
func read(form url.Values) (*Request, error) {
	if payload := form.Get("payload"); payload != "" {
		return readButton([]byte(payload))
	}
	if form.Get("command") == "" || form.Get("channel_id") == "" || form.Get("user_id") == "" {
		return nil, ErrBadRequest
	}
	r := &Request{Channel: form.Get("channel_id"), User: form.Get("user_id"), Name: clean(form.Get("user_name"))}
	return r, r.command(strings.Fields(form.Get("text")))
}

// command reads the words after /slowdigest.
func (r *Request) command(words []string) error {
	if len(words) == 0 {
		r.Verb = Usage
		return nil
	}
	switch Verb(words[0]) {
	case Usage:
		r.Verb = Usage
		return nil
	case Mute, Unmute:
		return r.muteCommand(Verb(words[0]), words[1:])
	}
	r.Last = usualLast
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
			return errors.New("after `last` there is no time, as 15m or 2h")
		}
		last, err := ParseDays(words[i])
		if err != nil || last < time.Minute || last > maxLast {
			return errors.New("the time after `last` must be between 1m and 24h")
		}
		r.Last = last
	}
	r.Verb = Show
	return nil
}

func (r *Request) muteCommand(verb Verb, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("after `%s` the ID of a query is missing", verb)
	}
	r.ClassID, r.For = strings.ToUpper(words[0]), usualMute
	if !isClassID(r.ClassID) {
		return errors.New("the ID of a query is 8 to 32 hexadecimal digits, as the digest shows it")
	}
	words = words[1:]
	if len(words) > 0 && words[0] == "for" {
		words = words[1:]
	}
	if len(words) > 0 {
		if d, err := ParseDays(words[0]); err == nil {
			r.For, words = d, words[1:]
		}
	}
	r.Reason = cut(clean(strings.Join(words, " ")), maxMuteReason)
	r.Verb = verb
	return nil
}

func isClassID(s string) bool {
	return len(s) >= 8 && len(s) <= 32 && strings.Trim(s, "0123456789ABCDEF") == ""
}

// ParseDays is time.ParseDuration that also knows d, for days of 24 hours.
func ParseDays(s string) (time.Duration, error) {
	if days, found := strings.CutSuffix(s, "d"); found {
		d, err := time.ParseDuration(days + "h")
		if d.Abs() > math.MaxInt64/24 {
			return 0, fmt.Errorf("%q is too long", s)
		}
		return 24 * d, err
	}
	return time.ParseDuration(s)
}

// What the buttons below a digest are called, and how much a press of one asks.
const (
	muteButton = "slowdigest_mute" // its value is the class's ID
	showButton = "slowdigest_show" // its value are the instances, with commas
)

func readButton(payload []byte) (*Request, error) {
	var c slack.InteractionCallback
	if err := json.Unmarshal(payload, &c); err != nil || c.Type != slack.InteractionTypeBlockActions {
		return nil, ErrBadRequest
	}
	if len(c.ActionCallback.BlockActions) != 1 || c.Channel.ID == "" || c.User.ID == "" {
		return nil, ErrBadRequest
	}
	action := c.ActionCallback.BlockActions[0]
	r := &Request{Channel: c.Channel.ID, User: c.User.ID, Name: clean(c.User.Name), Thread: c.Message.ThreadTimestamp}
	if r.Thread == "" {
		r.Thread = c.Message.Timestamp
	}
	words := strings.Fields(action.Value)
	switch {
	case action.ActionID == muteButton && len(words) == 1:
		return r, r.muteCommand(Mute, words)
	case action.ActionID == showButton && len(words) <= 1:
		return r, r.command(append(words, "last", "15m"))
	}
	return nil, ErrBadRequest
}

// Help is what /slowdigest help answers.
const Help = "/slowdigest [instance …] last 15m — the slow queries of the last 15 minutes, up to 24h\n" +
	"/slowdigest mute ID [for 7d] [reason] — leave a query out of the digests; one that gets worse comes back\n" +
	"/slowdigest unmute ID — show it again"

// Whisper is the body of an answer to a Request that only who asked can see.
func Whisper(text string) []byte {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = slackutilsx.EscapeMessage(cut(clean(l), 500))
	}
	b, _ := json.Marshal(map[string]any{ // of strings, which cannot be wrong
		"response_type": "ephemeral", "text": strings.Join(lines, "\n"), "mrkdwn": false,
	})
	return b
}
