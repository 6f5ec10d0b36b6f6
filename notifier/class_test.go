package notifier

import (
	"fmt"
	"testing"
)

// Names are told by what they tell: who made most of the calls or, where they are many
// and nobody did, how many there are, and in which network.
func TestMostCalls(t *testing.T) {
	hosts := func(n int, format string, more map[string]int64) map[string]int64 {
		all := map[string]int64{}
		for i := range n {
			all[fmt.Sprintf(format, i/100, i%100)] = 1
		}
		for name, calls := range more {
			all[name] = calls
		}
		return all
	}
	for _, test := range []struct {
		calls map[string]int64
		want  string
	}{
		{map[string]int64{"app": 9}, "app"},
		{map[string]int64{"app": 9, "report": 1}, "app (9), report (1)"},
		{map[string]int64{"app": 9, "(others)": 100}, "app (9), and others"},
		{map[string]int64{"": 1, "b": 1}, "(none) (1), b (1)"},
		{hosts(4, "10.0.%d.%d", nil), "10.0.0.0 (1), 10.0.0.1 (1), 10.0.0.2 (1), 10.0.0.3 (1)"},
		{hosts(50, "10.0.%d.%d", nil), "50 in 10.0.0.*, none above 2%"},
		{hosts(50, "10.0.%d.%d", map[string]int64{"(others)": 5000}), "over 50 in 10.0.0.*, none above 1%"},
		{hosts(200, "10.%d.7.%d", map[string]int64{"(others)": 5}), "over 200, none above 1%"},
		{hosts(200, "10.9.%d.%d", nil), "200 in 10.9.*, none above 1%"},
		{hosts(49, "web-%d-%d", nil), "49, none above 3%"},
		{hosts(45, "web-%d-%d", map[string]int64{"cron": 5}), "cron (5), web-0-0 (1), web-0-1 (1), web-0-10 (1), and 42 more"},
		{hosts(46, "web-%d-%d", map[string]int64{"cron": 5}), "47, none above 10%"},
		{hosts(5, "web-%d-%d", map[string]int64{"(others)": 1}), "web-0-0 (1), web-0-1 (1), web-0-2 (1), web-0-3 (1), and over 1 more"},
	} {
		if got := mostCalls(test.calls, 4); got != test.want {
			t.Errorf("of %d: %q, want %q", len(test.calls), got, test.want)
		}
	}
}
