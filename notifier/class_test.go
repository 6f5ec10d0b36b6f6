package notifier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"slowdigest/digest"
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
		calls   map[string]int64
		most    int64
		network string
		want    string
	}{
		{calls: map[string]int64{"app": 9}, want: "app"},
		{calls: map[string]int64{"app": 9, "report": 1}, want: "app (9), report (1)"},
		{calls: map[string]int64{"app": 9, "(others)": 100}, want: "app (at least 9), and others"},
		{calls: map[string]int64{"": 1, "b": 1}, want: "(none) (1), b (1)"},
		{hosts(4, "10.0.%d.%d", nil), 0, "10.0.0.0/24", "10.0.0.0 (1), 10.0.0.1 (1), 10.0.0.2 (1), 10.0.0.3 (1)"},
		{hosts(50, "10.0.%d.%d", nil), 0, "10.0.0.0/24", "50 hosts in 10.0.0.*, none above 2%"},
		{hosts(128, "10.0.0.%[2]d", map[string]int64{"(others)": 5000}), 50, "10.0.0.0/16", "over 100 hosts in 10.0.*, none above 1%"},
		{calls: hosts(100, "10.0.%d.%d", map[string]int64{"(others)": 5000}), most: 52, want: "over 100 hosts, none above 2%"},
		{calls: hosts(100, "10.0.%d.%d", map[string]int64{"(others)": 5000}), want: "over 100 hosts"},
		{calls: hosts(100, "10.0.%d.%d", map[string]int64{"db": 990, "(others)": 10}), most: 995, want: "db (at least 990), and over 100 more hosts"},
		{hosts(200, "10.9.%d.%d", nil), 0, "10.9.0.0/16", "200 hosts in 10.9.*, none above 1%"},
		{hosts(49, "web-%d-%d", nil), 0, "<x>", "49 hosts, none above 3%"},
		{calls: hosts(49, "web-%d-%d", nil), want: "49 hosts, none above 3%"},
		{calls: hosts(45, "web-%d-%d", map[string]int64{"cron": 5}), want: "cron (5), and 45 more hosts"},
		{hosts(60, "web-%d-%d.eu.example.com", nil), 0, "*.eu.example.com", "60 hosts in *.eu.example.com, none above 2%"},
		{hosts(60, "2001:db8:0:1::%d%d", nil), 0, "2001:db8:0:1::/64", "60 hosts in 2001:db8:0:1::/64, none above 2%"},
		{hosts(60, "10.3.%d.%d", map[string]int64{"db": 1}), 0, "10.3.0.0/16 but db", "61 hosts in 10.3.* and one other, none above 2%"},
		{hosts(60, "10.3.%d.%d", map[string]int64{"db": 60}), 0, "10.3.0.0/16 but db", "db (60), and 60 more hosts in 10.3.*"},
		{hosts(60, "10.3.%d.%d", map[string]int64{"db": 60, "10.3.9.9": 40}), 0, "10.3.0.0/16 but db", "db (60), 10.3.9.9 (40), and 60 more hosts in 10.3.*"},
		{hosts(4, "%d.%d", map[string]int64{"db": 400}), 0, "", "db (400), and 4 more hosts"},
		{calls: hosts(46, "web-%d-%d", map[string]int64{"cron": 5}), want: "47 hosts, none above 10%"},
	} {
		network, outside, _ := strings.Cut(test.network, " but ")
		c := digest.Class{Hosts: test.calls, HostNetwork: network, HostOutside: outside, Most: digest.MostCalls{Hosts: test.most}}
		if got := hostsOf(&c, 4); got != test.want {
			t.Errorf("of %d: %q, want %q", len(test.calls), got, test.want)
		}
	}
}

// What stands elsewhere in a message, or in a reason, is not said of a class again.
func TestAFactStandsOnce(t *testing.T) {
	n := func(n int64) *int64 { return &n }
	c := &digest.Class{Share: 0.5, Totals: digest.Totals{Calls: 40, QueryTime: digest.Metrics{Sum: 80, Mean: 2, Median: 1, P95: 3, Max: 4}}}
	for want, said := range map[string]Said{
		"50% of the time · 1m20s in 40 calls · mean 2s · p95 3s · max 4s": {},
		"50% of the time · 40 calls · mean 2s · p95 3s · max 4s":          {Time: true},
		"50% of the time · 1m20s · mean 2s · max 4s":                      {Calls: true, P95: true},
		"mean 2s · max 4s": {Share: true, Time: true, Calls: true, P95: true},
	} {
		if got := Numbers(c, said); got != want {
			t.Errorf("%+v: %q, want %q", said, got, want)
		}
	}
	one := &digest.Class{Share: 0.5, Totals: digest.Totals{Calls: 1, QueryTime: digest.Metrics{Sum: 4, Mean: 4, Median: 4, P95: 4, Max: 4}}}
	if got := Numbers(one, Said{}) + Numbers(one, Said{Share: true, Time: true, Calls: true}); got != "50% of the time · 4s in 1 call" {
		t.Errorf("of one call: %q", got)
	}
	if c.QueryTime.Max = 50; strings.Contains(Numbers(c, Said{}), "max") {
		t.Errorf("the longest call stands in a reason: %s", Numbers(c, Said{}))
	}

	for name, x := range map[string]struct {
		change func(c *digest.Class)
		want   []string
	}{
		"rows of no reason": {func(c *digest.Class) {
			c.RowsExamined, c.RowsSent = digest.Metrics{Sum: 80, Mean: 2}, digest.Metrics{Sum: 40, Mean: 1}
		}, []string{"Rows per call: 2 examined, 1 sent"}},
		"rows of a reason": {func(c *digest.Class) {
			c.RowsExamined, c.RowsSent = digest.Metrics{Sum: 40e6, Mean: 1e6}, digest.Metrics{Sum: 40, Mean: 1}
		}, []string{"1M rows examined per row sent", "Rows per call: 1 sent"}},
		"no rows sent": {func(c *digest.Class) { c.RowsExamined = digest.Metrics{Sum: 40e6, Mean: 1e6} }, []string{"1M rows examined per call, none sent"}},
		"full scans, errors": {func(c *digest.Class) { c.FullScans, c.Errors, c.TmpTables = n(40), n(40), n(7) },
			[]string{"full scan in every call", "every call ended in an error", "7 temporary tables"}},
		"few full scans, errors": {func(c *digest.Class) { c.FullScans, c.Errors = n(1), n(1) }, []string{"1 full scan, 1 error"}},
		"tables on disk":         {func(c *digest.Class) { c.TmpTables, c.TmpDiskTables = n(7), n(7) }, []string{"7 temporary tables on disk in 40 calls"}},
		"some on disk":           {func(c *digest.Class) { c.TmpTables, c.TmpDiskTables = n(8), n(7) }, []string{"7 temporary tables on disk in 40 calls", "8 temporary tables"}},
		"long lists":             {func(c *digest.Class) { c.Lists = &digest.Lists{Median: 2, Max: 5000, LongTime: 80} }, []string{"lists of up to 5,000; the long ones took 100% of the time", "Lists of 2 members in the median"}},
		"short lists":            {func(c *digest.Class) { c.Lists = &digest.Lists{Median: 2, Max: 5} }, []string{"Lists of up to 5 members, 2 in the median"}},
	} {
		c := &digest.Class{Totals: digest.Totals{Calls: 40, QueryTime: digest.Metrics{Sum: 80, Mean: 2, Median: 2, P95: 3, Max: 4}}}
		x.change(c)
		var got []string
		for _, f := range FactsOf(c, false) {
			got = append(got, f.Text)
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
