package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/parser"
)

// A host with nearly all of the calls is named, though hundreds came before it; and of hosts
// that are not named it is known which network they are in.
func TestLateHost(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	report := func(hosts []string) string {
		a := digest.NewAggregator(digest.Window{Start: start, End: start.Add(time.Hour)})
		s := a.Stream("db-1")
		for _, h := range hosts {
			s.Add(&parser.Event{Time: start, Host: h, SQL: []byte("select 1"), QueryTime: 1, Weight: 1})
		}
		var out strings.Builder
		if err := notifier.NewMarkdown(&out, nil).Notify(t.Context(), a.Report(digest.Limit{}, "")); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	var even []string
	for i := range 5000 {
		even = append(even, fmt.Sprintf("10.7.%d.%d", i%200, i/200))
	}
	late := slices.Concat(even[:300], slices.Repeat([]string{"10.7.9.250"}, 300*49))
	other := slices.Concat(even, []string{"192.168.1.1"})
	for _, test := range []struct {
		hosts []string
		want  string
	}{
		{even, "From over 128 hosts in 10.7.\\*, none above 1%"},
		{other, "From over 128 hosts in 10.7.\\* and one other, none above 1%"},
		{late, "From 10.7.9.250 (at least 14,700), and over 127 more hosts in 10.7."},
	} {
		if got := report(test.hosts); !strings.Contains(got, test.want) {
			t.Errorf("of %d hosts: %s, want %q", len(test.hosts), got, test.want)
		}
	}
}
