package ask

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
)

// Task is what the entrance leaves to another invocation: to post a line, or the digest of
// a window.
type Task struct {
	Request string `json:"request"` // ID of the request
	State   string `json:"state"`   // the channel whose state remembers it
	Channel string `json:"channel"` // ID of the one in which it was asked
	Thread  string `json:"thread_ts,omitempty"`
	User    string `json:"user"` // ID of who asked
	Name    string `json:"name"` // of the user

	Text      string    `json:"text,omitempty"` // the line; else it is a digest
	Instances []string  `json:"instances,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	Until     time.Time `json:"until,omitzero"`
}

type taskEvent struct {
	Asked *Task `json:"asked"`
}

// ReadTask returns nil for an event of another kind.
func ReadTask(event []byte) (*Task, error) {
	var kind struct{ Asked json.RawMessage }
	if json.Unmarshal(event, &kind) != nil || kind.Asked == nil {
		return nil, nil
	}
	var e taskEvent
	d := json.NewDecoder(bytes.NewReader(event))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	t := e.Asked
	length := t.Window().End.Sub(t.Window().Start)
	if t.Request == "" || t.State == "" || t.Channel == "" || t.User == "" || t.Text == "" && (length <= 0 || length > slack.MaxLast) {
		return nil, errors.New("read event: it is no task of the entrance")
	}
	return t, nil
}

// Window is that of the digest.
func (t *Task) Window() digest.Window { return digest.Window{Start: t.Since, End: t.Until} }

// Once says what a Task asks for once, whoever works on it and how often: Lambda delivers
// an event at least once, and tries again what failed.
type Once struct {
	Store state.Store
	Task  *Task
	Now   func() time.Time

	// Said is set by Do where something was said, or may have been, now or before.
	Said bool
}

// Answered reports whether something was said already.
func (o *Once) Answered(ctx context.Context) (bool, error) {
	s, err := state.Read(ctx, o.Store, state.Key(o.Task.State))
	return err == nil && s.Answered(o.Task.Request), err
}

// Do claims the Task and then says something. Where that is certain not to have reached
// anybody the claim is given back, so that it can be tried again. Where it was said before
// nothing happens.
func (o *Once) Do(ctx context.Context, say func() error) error {
	key, now := state.Key(o.Task.State), o.Now().UTC()
	err := state.Edit(ctx, o.Store, key, func(s *state.State) error { return s.AnswerOnce(o.Task.Request, now) })
	if o.Said = errors.Is(err, state.ErrReplayed); o.Said {
		return nil
	}
	if err != nil {
		return err
	}
	err = say()
	o.Said = true
	var delivery *notifier.DeliveryError
	if errors.As(err, &delivery) && delivery.Posted == notifier.NotPosted {
		back := state.Edit(context.WithoutCancel(ctx), o.Store, key, func(s *state.State) error { s.Unanswer(o.Task.Request, now); return nil })
		err, o.Said = errors.Join(err, back), false
	}
	return err
}

// Notifier returns one that posts by another, once.
func (o *Once) Notifier(to notifier.Notifier) notifier.Notifier { return onceNotifier{o, to} }

type onceNotifier struct {
	once *Once
	to   notifier.Notifier
}

func (n onceNotifier) Notify(ctx context.Context, r *digest.Report) error {
	return n.once.Do(ctx, func() error { return n.to.Notify(ctx, r) })
}
