package weekjob

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/filter"
	"slowdigest/digest/week"
)

// Event asks for a week to be told.
type Event struct {
	Window  digest.Window
	Channel string // the one to tell it; empty is each that there is
}

// ReadEvent returns nil for an event of another kind. That of a week has "week": "last", which is the one before
// its "time", or before now without one, or a day of the week that is meant, such as "2026-11-18". A field that is
// not known is an error, for it may be misspelt.
func ReadEvent(event []byte, now time.Time, zone *time.Location) (*Event, error) {
	var kind struct{ Week json.RawMessage }
	if json.Unmarshal(event, &kind) != nil || kind.Week == nil {
		return nil, nil
	}
	var e struct {
		Week    string     `json:"week"`
		Time    *time.Time `json:"time"` // RFC 3339
		Channel string     `json:"channel"`
	}
	d := json.NewDecoder(bytes.NewReader(event))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	if e.Time != nil {
		now = *e.Time
	}
	w, err := Window(e.Week, now, zone)
	if err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	return &Event{w, e.Channel}, nil
}

// Window returns the week of a day, or the last one that has ended by now for "last".
func Window(day string, now time.Time, zone *time.Location) (digest.Window, error) {
	if day == "last" {
		return week.Last(now, zone), nil
	}
	t, err := filter.ParseTime(day)
	if err != nil {
		return digest.Window{}, fmt.Errorf(`week %q: want last, or a day of it such as 2026-11-18`, day)
	}
	if len(day) == len(time.DateOnly) { // which has no zone of its own
		t = time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, zone)
	}
	return week.Of(t, zone), nil
}
