package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/filter"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
)

// Manual is sent by somebody who wants to know now, by `aws lambda invoke`
// or from Slack. What it leaves out is as configured.
type Manual struct {
	Window    digest.Window
	Instances []string
	Limit     *digest.Limit
	Channel   string // ID; "" is the configured one
	Thread    string // timestamp of a message of the channel below which to answer
	DryRun    bool   // answer with the report, and post nothing
	Asked     string // the name of who asked
}

// ParseTime reads a time, which is in UTC unless it names its zone: RFC 3339, or a part of that
// such as 2026-11-23T10:00 or 2026-11-23.
func ParseTime(s string) (time.Time, error) {
	return filter.ParseTime(s)
}

// maxManual bounds the window that a manual event may ask for.
const maxManual = slack.MaxLast

// ReadManual returns nil for an event of another kind. A manual event has either
// "last", the time up to now such as "15m", or "since" and perhaps "until", in RFC
// 3339. A field that is not known is an error, for it may be misspelt.
func ReadManual(event []byte, now time.Time) (*Manual, error) {
	var kind struct{ Last, Since json.RawMessage }
	if json.Unmarshal(event, &kind) != nil || kind.Last == nil && kind.Since == nil {
		return nil, nil
	}
	var e struct {
		Instances    []string        `json:"instances"`
		Last         string          `json:"last"`
		Since, Until *time.Time      // RFC 3339
		Limit        json.RawMessage `json:"limit"` // a number or a text
		Channel      string          `json:"channel"`
		Thread       string          `json:"thread_ts"`
		DryRun       bool            `json:"dry_run"`
		Asked        string          `json:"asked_by"`
	}
	if kind.Last != nil && kind.Since != nil {
		return nil, errors.New(`read event: it has both "last" and "since"`)
	}
	if err := readFields(event, &e); err != nil {
		return nil, err
	}
	m := &Manual{Instances: e.Instances, Channel: e.Channel, Thread: e.Thread, DryRun: e.DryRun, Asked: e.Asked}
	if len(e.Limit) > 0 {
		limit, err := digest.ParseLimit(strings.Trim(string(e.Limit), `"`))
		if err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		m.Limit = &limit
	}
	m.Window.End = now.UTC()
	if e.Until != nil {
		m.Window.End = e.Until.UTC()
	}
	if e.Since != nil {
		m.Window.Start = e.Since.UTC()
	}
	if kind.Last != nil {
		last, err := notifier.ParseDays(e.Last)
		if err != nil {
			return nil, fmt.Errorf("read event: last: %w", err)
		}
		m.Window.Start = m.Window.End.Add(-last)
	}
	if length := m.Window.End.Sub(m.Window.Start); length <= 0 || length > maxManual {
		return nil, fmt.Errorf("read event: its window is %s long, and it may be up to %gh", notifier.Duration(length.Seconds()), maxManual.Hours())
	}
	return m, nil
}

// readFields reads an event. A field that is not known is an error, for it may be misspelt.
func readFields(event []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(event))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	return nil
}

// Marked is sent by a pipeline that rolls a release out.
type Marked struct {
	Release string
	At      time.Time // zero is now
	Remove  bool      // take the mark back
	Channel string    // "" is the configured one
}

// ReadMarked returns nil for an event of another kind. One that marks a release has "release", and perhaps "at" in RFC
// 3339, "channel" and "remove". A field that is not known is an error, for it may be misspelt.
func ReadMarked(event []byte) (*Marked, error) {
	var kind struct{ Release json.RawMessage }
	if json.Unmarshal(event, &kind) != nil || kind.Release == nil {
		return nil, nil
	}
	var e struct {
		Release string     `json:"release"`
		At      *time.Time `json:"at"`
		Remove  bool       `json:"remove"`
		Channel string     `json:"channel"`
	}
	if err := readFields(event, &e); err != nil {
		return nil, err
	}
	if e.Channel != "" && !strings.HasPrefix(e.Channel, "#") && !IsChannelID(e.Channel) {
		return nil, fmt.Errorf("read event: channel %q: want an ID such as C0123456789, or a name with its number sign", e.Channel)
	}
	m := &Marked{Release: e.Release, Remove: e.Remove, Channel: e.Channel}
	if e.At != nil {
		m.At = e.At.UTC()
	}
	return m, nil
}
