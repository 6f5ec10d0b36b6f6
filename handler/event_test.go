package handler_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
)

// A manual event says what to read, and for how long at most.
func TestReadManual(t *testing.T) {
	now := ten.Add(30 * time.Minute)
	limit := func(count int) *digest.Limit { return &digest.Limit{Count: count} }
	share := &digest.Limit{Percent: 90, Count: 7, Outliers: digest.DefaultOutliers}
	last := func(d time.Duration) digest.Window { return digest.Window{Start: now.Add(-d), End: now} }
	for _, tt := range []struct {
		event string
		want  *handler.Manual
		err   string
	}{
		{event: `{"time":"2026-11-23T10:05:00Z"}`},
		{event: `{"Records":[]}`},
		{event: `"last"`},
		{event: `{"last":"15m"}`, want: &handler.Manual{Window: last(15 * time.Minute)}},
		{event: `{"last":"24h"}`, want: &handler.Manual{Window: last(24 * time.Hour)}},
		{event: `{"last":"24h0m0.000000001s"}`, err: "may be up to 24h"},
		{event: `{"last":"15m","since":"2026-11-23T09:00:00Z"}`, err: "both"},
		{event: `{"last":"1ns"}`, want: &handler.Manual{Window: last(1)}},
		{event: `{"last":"0s"}`, err: "its window is 0s long"},
		{event: `{"last":"-1h"}`, err: "its window is -1h00m long"},
		{event: `{"last":"soon"}`, err: "last: "},
		{event: `{"last":""}`, err: `last: time "": want hours, minutes`},
		{event: `{"last":null}`, err: `last: time "": want hours, minutes`},
		{event: `{"last":"1d"}`, want: &handler.Manual{Window: last(24 * time.Hour)}},
		{event: `{"last":"15m","limit":""}`, err: `limit "": want a number`},
		{event: `{"since":"2026-11-23T09:00:00Z"}`, want: &handler.Manual{Window: digest.Window{Start: ten.Add(-time.Hour), End: now}}},
		{event: `{"since":"2026-11-23T11:00:00+02:00","until":"2026-11-23T12:00:00+02:00"}`, want: &handler.Manual{Window: window}},
		{event: `{"since":"2026-11-23T10:00:00Z","until":"2026-11-23T10:00:00Z"}`, err: "its window is 0s long"},
		{event: `{"since":"0001-01-01T00:00:00Z","until":"2026-11-23T10:00:00Z"}`, err: "it may be up to 24h"},
		{event: `{"since":"2026-11-23T09:00:00Z","until":"0001-01-01T00:00:00Z"}`, err: "it may be up to 24h"},
		{event: `{"last":"15m","limit":3}`, want: &handler.Manual{Window: last(15 * time.Minute), Limit: limit(3)}},
		{event: `{"last":"15m","limit":"90%:7"}`, want: &handler.Manual{Window: last(15 * time.Minute), Limit: share}},
		{event: `{"last":"15m","limit":"all"}`, want: &handler.Manual{Window: last(15 * time.Minute), Limit: limit(0)}},
		{event: `{"last":"15m","limit":0}`, err: "limit"},
		{event: `{"last":"15m","limits":3}`, err: `unknown field "limits"`},
		{event: `{"last":"15m","instances":["a","b"],"channel":"C1","thread_ts":"1.2","dry_run":true,"asked_by":"dba"}`,
			want: &handler.Manual{Window: last(15 * time.Minute), Instances: []string{"a", "b"}, Channel: "C1", Thread: "1.2", DryRun: true, Asked: "dba"}},
	} {
		got, err := handler.ReadManual([]byte(tt.event), now)
		if !reflect.DeepEqual(got, tt.want) || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %+v, error %v; want %+v, %q", tt.event, got, err, tt.want, tt.err)
		}
	}
}

func TestEventWindow(t *testing.T) {
	for in, want := range map[string]time.Time{
		`{"time":"2026-11-23T10:05:00Z"}`:      ten,
		`{"time":"2026-11-23T10:59:59.9Z"}`:    ten,
		`{"time":"2026-11-23T10:00:00Z"}`:      ten,
		`{"time":"2026-11-23T15:35:00+05:30"}`: ten,
	} {
		got, err := handler.EventWindow([]byte(in))
		if err != nil || got != (digest.Window{Start: want.Add(-time.Hour), End: want}) {
			t.Errorf("EventWindow(%s) = %v, %v", in, got, err)
		}
	}
	for _, in := range []string{``, `[]`, `{}`, `{"time":"now"}`, `{"time":null}`, `"x"`} {
		if got, err := handler.EventWindow([]byte(in)); err == nil {
			t.Errorf("EventWindow(%s) = %v, want an error", in, got)
		}
	}
}

func TestReadMarked(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 5, 0, 0, time.UTC)
	for event, want := range map[string]*handler.Marked{
		`{"release":"v142"}`: {Release: "v142"},
		`{"release":"v142","at":"2026-11-23T11:05:00+01:00","channel":"C0123456789"}`: {Release: "v142", At: at, Channel: "C0123456789"},
		`{"release":"v142","remove":true,"channel":"#deploys"}`:                       {Release: "v142", Remove: true, Channel: "#deploys"},
		`{"last":"15m"}`: nil, `{"time":"2026-11-23T10:05:00Z"}`: nil, `[]`: nil,
	} {
		got, err := handler.ReadMarked([]byte(event))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", event, got, err)
		}
	}
	for _, event := range []string{
		`{"release":142}`, `{"release":"v142","time":"2026-11-23T10:05:00Z"}`, `{"release":"v142","at":"yesterday"}`, `{"release":"v142","channel":"deploys"}`,
		`{"release":"v142","channel":"../other"}`, `{"release":"v142","last":"15m"}`,
	} {
		if got, err := handler.ReadMarked([]byte(event)); err == nil {
			t.Errorf("%s: %+v", event, got)
		}
	}
}
