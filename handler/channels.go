package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
)

// channelsKey is where it is remembered which channels the tags of instances name. No
// channel's state has such a key.
const channelsKey = "fleet/channels.json"

// missedFor is for how long a channel that no tag names any more is told so.
const missedFor = 24 * time.Hour

// channels are those that tags have named, with the end of the first hour for which none
// did; zero for those that are named.
type channels map[string]time.Time

// missed returns a route without an instance to each channel that had some an hour ago, or
// within a day. Where the list of them cannot be read or saved it returns the error, and
// the other digests can be made nevertheless.
func (f *Fleet) missed(ctx context.Context, w digest.Window, routes []Route) ([]Route, error) {
	if f.Channels == nil {
		return nil, nil
	}
	data, tag, err := f.Channels.Load(ctx, channelsKey)
	if err != nil {
		return nil, fmt.Errorf("load the list of channels: %w", err)
	}
	before := channels{}
	if tag != "" {
		if err := json.Unmarshal(data, &before); err != nil { // which is no reason to be silent: it is made anew
			f.omit(ctx, fmt.Sprintf("The list of channels, %s, could not be read: %v. It is made anew.", channelsKey, err))
		}
	}
	now := channels{}
	for _, r := range routes {
		if r.Channel != f.Defaults.Channel { // which is asked in any case
			now[r.Channel] = time.Time{}
		}
	}
	var missed []Route
	for _, channel := range slices.Sorted(maps.Keys(before)) {
		if _, named := now[channel]; named || channel == f.Defaults.Channel {
			continue
		}
		since := before[channel]
		if since.IsZero() || w.End.Before(since) {
			since = w.End.UTC()
		}
		if w.End.Sub(since) >= missedFor {
			continue
		}
		now[channel] = since
		none := f.Defaults
		none.Channel, none.Notes = channel, []string{"No instance has the tag " + tagChannel + " of this channel any more."}
		missed = append(missed, none)
	}
	if maps.EqualFunc(before, now, time.Time.Equal) {
		return missed, nil
	}
	data, err = json.Marshal(now)
	if err == nil {
		_, err = f.Channels.Save(ctx, channelsKey, data, tag)
	}
	if err != nil && !errors.Is(err, state.ErrConflict) { // another run has looked at the same hour
		return missed, fmt.Errorf("save the list of channels: %w", err)
	}
	return missed, nil
}
