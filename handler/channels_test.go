package handler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// TestChannelThatNoTagNames: of two channels by tag one loses its instances, and is told so
// once; after a day nobody asks for it any more, and when it has an instance again its
// digests go on.
func TestChannelThatNoTagNames(t *testing.T) {
	rds, chat := rdstest.NewServer(), slacktest.New()
	defer rds.Close()
	defer chat.Close()
	const dba, team = "C0TEAMDBA1", "C0TEAMSHOP"
	for _, id := range []string{dba, team} {
		chat.Channels[id] = slacktest.ChannelState{Name: strings.ToLower(id), Member: true}
	}
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	now := start
	add := func(id, channel string) *rdstest.Instance {
		db := rds.AddInstance(id)
		db.Tags = map[string]string{"slowdigest:channel": channel}
		db.SetParameters("logging", map[string]string{"slow_query_log": "1", "log_output": "FILE"})
		db.Write(rdstest.SlowLog, []byte(rdstest.Banner), now)
		return db
	}
	logs := map[string]*rdstest.Instance{"orders": add("orders", dba), "shop": add("shop", team)}
	store := state.NewS3Store(s3test.New(t, nil), s3test.Bucket, "prod")
	from := source.NewRDS(rds.Config(), source.Options{Patience: time.Nanosecond, Now: func() time.Time { return now }})
	var left []string
	f := &handler.Fleet{
		Now: func() time.Time { return now }, Channels: store,
		Discover: func(ctx context.Context) ([]source.Instance, error) { return from.Discover(ctx, []string{"*"}, "") },
		Defaults: handler.Route{Limit: digest.DefaultLimit, OrderBy: digest.OrderBySum},
		Handler: func(_ context.Context, channel string) (*handler.Handler, error) {
			return &handler.Handler{Source: from, Store: store, Channel: channel, Now: func() time.Time { return now }, Owner: now.String(),
				Notifier: slack.New(slacktest.Token, channel, slack.Options{APIURL: chat.URL(), Pause: time.Nanosecond})}, nil
		},
		Omitted: func(_ context.Context, note string) { left = append(left, note) },
	}
	pass := func(hours int) (asked int) {
		for range hours {
			for id, db := range logs {
				at := now.Add(20 * time.Minute)
				db.Append(rdstest.SlowLog, []byte(entry(at, "select a from "+id)), at)
				db.EndHour(now.Add(time.Hour))
			}
			now = now.Add(65 * time.Minute)
			answer, err := f.HandleEvent(t.Context(), fmt.Appendf(nil, `{"time":%q}`, now.Format(time.RFC3339)))
			if err != nil {
				t.Fatalf("%v: %v", now, err)
			}
			asked = 1
			if d, ok := answer.(*handler.Dispatched); ok {
				asked = d.Channels
			}
			now = now.Truncate(time.Hour)
		}
		return asked
	}
	posted := func(channel, text string) (n int) {
		for _, m := range chat.Messages() {
			if m.Channel == channel && m.ThreadTS == "" && strings.Contains(m.ShownText()+m.Shown(), text) {
				n++
			}
		}
		return n
	}
	if asked := pass(2); asked != 2 || posted(team, "") != 2 {
		t.Fatalf("%d channels, %d digests", asked, posted(team, ""))
	}
	rds.RemoveInstance("shop")
	delete(logs, "shop")
	if asked := pass(24); asked != 2 {
		t.Errorf("within a day: %d channels", asked)
	}
	if posted(team, "NO DATA") != 1 || posted(team, "no longer exist")+posted(team, "any more") == 0 || posted(team, "") != 3 {
		t.Errorf("%d messages, %d of them NO DATA", posted(team, ""), posted(team, "NO DATA"))
	}
	if asked := pass(1); asked != 1 {
		t.Errorf("after a day: %d channels", asked)
	}
	logs["shop"] = add("shop", team)
	if asked := pass(2); asked != 2 || posted(team, "") < 4 || posted(dba, "NO DATA") != 0 || posted(dba, "") != 29 {
		t.Errorf("later: %d channels, %d and %d digests", asked, posted(team, ""), posted(dba, ""))
	}
	if len(left) > 0 {
		t.Errorf("left out: %q", left)
	}

	// Without the list the others have their digests, and it is made anew.
	data, tag, err := store.Load(t.Context(), "fleet/channels.json")
	if err != nil || !json.Valid(data) {
		t.Fatalf("%s: %v", data, err)
	}
	if _, err := store.Save(t.Context(), "fleet/channels.json", []byte("["), tag); err != nil {
		t.Fatal(err)
	}
	if asked := pass(2); asked != 2 || len(left) != 1 || !slices.ContainsFunc(left, func(note string) bool { return strings.Contains(note, "made anew") }) {
		t.Errorf("%d channels, %q", asked, left)
	}
}
