package notifiertest

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"

	"slowdigest/digest"
)

// Planted stands for a literal that should never have come this far.
const Planted = "alice@example.com"

// Fuzzed makes a report of whatever the fuzzer thinks of.
func Fuzzed(sql, name, note string, classes, slots uint8, number uint64, complete bool) *digest.Report {
	f := math.Float64frombits(number)
	n := int64(number >> 1)
	totals := digest.Totals{Calls: n, QueryTime: digest.Metrics{Sum: f, Min: f, Max: f, Mean: f, Median: f, P95: f},
		RowsExamined: digest.Metrics{Sum: f, Mean: f}, FullScans: &n, CallsPerSecond: f, Concurrency: f}
	names := map[string]int64{name: n, name + Planted: 1, "x" + name: 2, Planted + name: 3}
	r := &digest.Report{
		Version: 1, Instances: []string{name, Planted + name, name + "x"}[:1+(int(classes)+int(slots))%3],
		Window:   digest.Window{Start: time.Unix(int64(number%1e10), 0), End: time.Unix(int64(number%1e10)+int64(slots)*977, 0)},
		Coverage: digest.Coverage{Files: int(classes), Events: n, InWindow: n, BytesListed: n, Complete: complete, Notes: []string{note, note + Planted}},
		Overall:  digest.Overall{Classes: int(classes), Totals: totals},
		Misc:     digest.Misc{Classes: int(slots), Calls: n},
	}
	for i := range int(classes) % 9 {
		c := digest.Class{Rank: i + 1, ID: name, Fingerprint: sql, Share: f, Totals: totals,
			Users: names, Hosts: names, Schemas: names, Instances: names, FirstSeen: r.Window.Start, LastSeen: r.Window.End,
			Tags: []digest.TagCount{{Key: digest.CodeTag, Value: name, Calls: n, QueryTime: f}, {Key: digest.CodeTag, Value: Planted, Calls: 1},
				{Key: digest.CodeTag, Value: "orders#index", Calls: n, QueryTime: -f}, {Key: name, Value: name + Planted, Calls: n}},
			Plans:   fuzzedPlans(name, n, f),
			Tables:  []digest.Table{{Schema: name, Name: Planted + name}, {Name: name}},
			Slowest: &digest.Slowest{QueryTime: f, Time: r.Window.End, File: name + Planted, Offset: &n, Instance: name, User: Planted + name, Host: name, Schema: name}}
		for range int(slots) % 5 {
			c.Distribution = append(c.Distribution, digest.Bin{From: f, To: -f, Calls: n})
		}
		if kinds := []digest.ChangeKind{digest.New, digest.Worse, digest.Back, digest.Better, digest.ChangeKind(name), ""}; i%4 < 3 {
			v := digest.Values{Now: f, Median: f, Highest: -f, Days: int(slots) % 3, Hours: int(classes) % 3}
			c.Change, c.Note = &digest.Change{Kind: kinds[(i+int(slots))%len(kinds)], Of: []string{"query_time", "p95"}[i%2], Values: v,
				Unseen: f, TimesCalls: float64(slots), TimesEach: f, MeanOf: int(slots), LastSeen: r.Window.Start}, note
			if i%4 == 2 {
				c.Change.P95, c.Change.Since, c.Note = &v, r.Window.End, name+Planted
			}
		}
		if i%3 == 1 {
			c.Fingerprint = name + Planted + sql
		}
		for range int(slots) % 24 {
			c.Timeline = append(c.Timeline, f)
		}
		r.Classes = append(r.Classes, c)
	}
	if slots%5 == 4 {
		fuzzedGroups(r, sql, name)
	}
	if slots%3 > 0 {
		r.Past = fuzzedPast(r, sql, name, note, slots)
	}
	return r
}

// fuzzedPlans makes plans of a report that came from elsewhere.
func fuzzedPlans(name string, n int64, f float64) *digest.Plans {
	var p digest.Plan
	row := digest.PlanRow{Estimated: &f, Read: &f, Filtered: &f}
	row.Select, row.Table, row.Type, row.Key, row.Ref, row.Extra, row.Times = "SIMPLE", name, "ALL", name+","+Planted, Planted, []string{name, "Using filesort"}, int(n)
	p.ID, p.Calls, p.QueryTime = "0123456789abcdef", n, f
	p.Rows = append(p.Rows, row, row)
	row.Select, row.Table, row.Type = name+Planted, "<"+Planted+">", Planted
	other := p
	other.ID, other.Rows = name+Planted, append(other.Rows[:1:1], row)
	out := &digest.Plans{Calls: n, QueryTime: f, Usual: p, Worst: &other, Others: []digest.Plan{other, p}}
	out.Change = &digest.PlanChange{From: p.ID, To: []string{other.ID, p.ID}[n&1]}
	return out
}

// fuzzedGroups makes groups of the classes.
func fuzzedGroups(r *digest.Report, sql, name string) {
	all := []digest.By{digest.ByUser, digest.ByHost, digest.BySchema, digest.ByTable, digest.ByInstance, "tag:controller", "tag:code"}
	r.By = all[len(r.Classes)%len(all)]
	for i := range r.Classes {
		c := &r.Classes[i]
		c.Fingerprint = ""
		c.Group = &digest.Group{Name: []string{name, name + Planted, ""}[i%3], None: i%4 == 2,
			Queries: []digest.GroupQuery{{ID: name, Fingerprint: sql, Calls: c.Calls, QueryTime: c.Share}, {ID: "1", Fingerprint: name + Planted + sql}}}
	}
}

func fuzzedPast(r *digest.Report, sql, name, note string, n uint8) *digest.Past {
	p := &digest.Past{Since: r.Window.Start, Learning: n%5 == 0, Repeat: n%4 == 0, CatchUp: int(n) % 7, New: int(n), Forgot: int(n)}
	if n%7 == 0 {
		p.Regrouped = &digest.Regrouped{Since: r.Window.Start, Unseen: int(n), Mutes: []string{name, "1"}, Notes: []string{name}}
	}
	for i := range int(n) % 6 {
		w := digest.Window{Start: r.Window.Start.Add(time.Duration(i*i) * time.Hour)}
		w.End = w.Start.Add(time.Hour)
		p.Missed = append(p.Missed, w)
		p.Gone = append(p.Gone, digest.GoneClass{ID: name, Label: sql, Mean: float64(n), LongestGap: i, LastSeen: w.Start},
			digest.GoneClass{ID: "1", Label: sql + Planted})
		p.Muted = append(p.Muted, digest.MutedClass{ID: name, Fingerprint: sql + Planted, Calls: int64(n), QueryTime: 1, Reason: note + Planted, By: Planted})
	}
	return p
}

// FuzzSeeds adds arguments of Fuzzed that have found something once.
func FuzzSeeds(f *testing.F) {
	f.Add("select 1", "app", "note", uint8(3), uint8(12), uint64(1<<62), true)
	f.Add("select ```<!channel> <@U1>", "<!here|x>", "<https://evil.example|click> &lt;!", uint8(30), uint8(23), math.Float64bits(12.5), false)
	f.Add(strings.Repeat("注文`|", 300), "\x1b[2J\u202e\x00", "\xff\xfe", uint8(9), uint8(1), math.Float64bits(math.NaN()), false)
	f.Add("select 1", "\x1b]0;PWN\x07\u202e\u009b31m", "note", uint8(2), uint8(1), math.Float64bits(1), true)
	f.Add("set password = ?", "", "", uint8(0), uint8(0), math.Float64bits(math.Inf(-1)), true)
}

// CheckText proves that what goes into a chat holds nothing that must not leave.
func CheckText(t *testing.T, where string, b []byte) {
	t.Helper()
	for i, r := range string(b) {
		if unicode.IsControl(r) && r != '\n' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == unicode.ReplacementChar {
			t.Errorf("%s: %U at %d", where, r, i)
			return
		}
	}
	if bytes.Contains(b, []byte(Planted)) {
		t.Errorf("%s holds %s", where, Planted)
	}
}
