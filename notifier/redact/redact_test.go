package redact

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/parser/tags"
)

// outside is a report of which every string that came from outside is s.
func outside(s string) *digest.Report {
	names := func() map[string]int64 { return map[string]int64{s: 1} }
	return &digest.Report{
		Overall:   digest.Overall{ByInstance: []digest.InstanceTotal{{Instance: s}}},
		Instances: []string{s}, Coverage: digest.Coverage{Notes: []string{s}, Gaps: []digest.Gap{{Instance: s, File: s}}},
		Filter: &digest.Filter{Users: []string{s}, Hosts: []string{s}, Schemas: []string{s}, IDs: []string{s}, Tags: map[string][]string{s: {s}}, MinTimes: map[string]float64{s: 1}, Expression: s},
		Past: &digest.Past{Gone: []digest.GoneClass{{ID: s, Label: s}},
			Muted:         []digest.MutedClass{{ID: s, Fingerprint: s, Reason: s, By: s}},
			Minor:         []digest.Minor{{Instance: s, First: []digest.MinorClass{{ID: s, Fingerprint: s, Label: s}}}},
			Day:           &digest.Day{Told: []digest.Minor{{First: []digest.MinorClass{{Fingerprint: s}}}}, Incidents: []digest.EndedIncident{{Of: "1", Label: s}}},
			EndedIncident: &digest.EndedIncident{Of: "1", Label: s},
			Regrouped:     &digest.Regrouped{Mutes: []string{s}, Notes: []string{s}}},
		Classes: []digest.Class{{ID: "1", Fingerprint: s, HostNetwork: s, HostOutside: s, Users: names(), Hosts: names(), Schemas: names(),
			Instances: names(), ByInstance: []digest.InstancePart{{Instance: s}}, Tags: []digest.TagCount{{Key: s, Value: s}, {Key: digest.CodeTag, Value: s}}, Note: s}},
	}
}

// Nothing that came from outside passes, wherever it stands, and the report itself
// is left as it was.
func TestOf(t *testing.T) {
	const secret = "alice@example.com"
	r := outside(secret)
	r.Past.Gone[0].ID, r.Past.Muted[0].ID, r.Past.Minor[0].First[0].ID = "1", "1", "1" // IDs are cleaned and cut, but nothing can be withheld of one
	r.Past.Regrouped.Mutes[0], r.Past.Regrouped.Notes[0] = "1", "1"
	before, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	redacted, err := json.Marshal(Of(r).Digest())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(redacted), secret) {
		t.Errorf("the secret passes: %s", redacted)
	}
	if after, err := json.Marshal(r); err != nil || string(after) != string(before) {
		t.Errorf("the report was changed: %s, %v", after, err)
	}
}

func TestOfDiff(t *testing.T) {
	const secret = "alice@example.com"
	side := digest.Side{Instances: []string{secret}, Coverage: digest.Coverage{Notes: []string{secret}}}
	d := &digest.Diff{Before: side, After: side, Classes: []digest.ClassDiff{{ID: "1", Fingerprint: secret}},
		Unlisted: []digest.UnlistedClass{{ID: "2", Fingerprint: secret}, {ID: "3", Group: &digest.Group{Name: secret}}}}
	redacted, err := json.Marshal(OfDiff(d).Digest())
	if err != nil || strings.Contains(string(redacted), secret) {
		t.Errorf("%s, %v", redacted, err)
	}
	if d.Before.Instances[0] != secret || d.Classes[0].Fingerprint != secret || d.Unlisted[0].Fingerprint != secret || d.Unlisted[1].Group.Name != secret {
		t.Error("the difference was changed")
	}
}

// A text is whole at its bound, and cut one character beyond it.
func TestTextsAtTheirBounds(t *testing.T) {
	only := func(m map[string]int64) string {
		for name := range m {
			return name
		}
		return ""
	}
	for _, c := range []struct {
		name  string
		bound int
		of    func(r *digest.Report) string
	}{
		{"instance", 64, func(r *digest.Report) string { return r.Instances[0] }},
		{"instance of a class", 64, func(r *digest.Report) string { return r.Classes[0].ByInstance[0].Instance }},
		{"user", 64, func(r *digest.Report) string { return only(r.Classes[0].Users) }},
		{"host", 64, func(r *digest.Report) string { return only(r.Classes[0].Hosts) }},
		{"schema", 64, func(r *digest.Report) string { return only(r.Classes[0].Schemas) }},
		{"ID", 64, func(r *digest.Report) string { return r.Past.Gone[0].ID }},
		{"ID of a mute", 64, func(r *digest.Report) string { return r.Past.Regrouped.Mutes[0] }},
		{"ID of a note", 64, func(r *digest.Report) string { return r.Past.Regrouped.Notes[0] }},
		{"who muted", 64, func(r *digest.Report) string { return r.Past.Muted[0].By }},
		{"why muted", 200, func(r *digest.Report) string { return r.Past.Muted[0].Reason }},
		{"note on a class", 500, func(r *digest.Report) string { return r.Classes[0].Note }},
		{"note on the coverage", 400, func(r *digest.Report) string { return r.Coverage.Notes[0] }},
		{"statement", 8_000, func(r *digest.Report) string { return r.Classes[0].Fingerprint }},
	} {
		for n, want := range map[int]string{c.bound: strings.Repeat("x", c.bound), c.bound + 1: strings.Repeat("x", c.bound-1) + "…"} {
			if got := c.of(Of(outside(strings.Repeat("x", n))).Digest()); got != want {
				t.Errorf("%s of %d: %d characters, want %d", c.name, n, len([]rune(got)), len([]rune(want)))
			}
		}
	}
}

func TestCutAndMarks(t *testing.T) {
	for in, want := range map[string]string{"abc": "abc", "abcd": "ab…", "注文一": "注文一", "注文一覧": "注文…", "a  bc": "a…"} {
		if got := Cut(in, 3); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for n, want := range map[int]int{4: 4, 5: 4} {
		if got := Clean("x" + strings.Repeat("\u0301", n)); len([]rune(got)) != 1+want {
			t.Errorf("of %d marks %d stay", n, len([]rune(got))-1)
		}
	}
}

// A password is a secret for its name, where it looks like one.
func TestNamedSecrets(t *testing.T) {
	for text, secret := range map[string]bool{
		"password=hunter2": true, "the PWD: Sommer2024": true, "api_key=abc1": true, "token = t0k": true, "passwd: 1": true, "token:refresh2": false,
		"password: reset is slow": false, "tokens of 2024": false, "waits for secret rotation": false, "token=?": false, "token=x, 2 calls": false,
	} {
		if got := SecretIn(text); (got != "") != secret {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// Where the number of digits decides what is a secret, one fewer is none.
func TestSecretsAtTheirBounds(t *testing.T) {
	for _, c := range []struct{ secret, none string }{
		{"378282246310005", "37828224631003"},           // 15 and 14 digits that pass as card numbers
		{"4111111111111111110", "41111111111111111206"}, // 19 and 20
		{strings.Repeat("a1", 16), strings.Repeat("a1", 15) + "a"},
		{strings.Repeat("aB1z", 10), strings.Repeat("aB1z", 9) + "aB1"},
		{"AKIA" + strings.Repeat("A", 16), "AKIA" + strings.Repeat("A", 15)},
	} {
		if secretIn(c.secret) == "" {
			t.Errorf("%s is shown", c.secret)
		}
		if what := secretIn(c.none); what != "" {
			t.Errorf("%s is taken for %s", c.none, what)
		}
	}
}

// The same window of the same instances has the same key, and no other has.
func TestKey(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	of := func(start, end time.Time, instances ...string) string {
		return Of(&digest.Report{Window: digest.Window{Start: start, End: end}, Instances: instances}).Key()
	}
	key := of(at, at.Add(time.Hour), "a", "b")
	if len(key) != 8 || key != of(at.In(time.FixedZone("", 3600)), at.Add(time.Hour), "b", "a") {
		t.Errorf("key %s", key)
	}
	for _, other := range []string{of(at, at.Add(time.Hour+time.Second), "a", "b"), of(at, at.Add(time.Hour), "a"), of(at, at.Add(time.Hour), "a b")} {
		if other == key {
			t.Error("another digest has the same key")
		}
	}
	if got := Of(&digest.Report{}); reflect.DeepEqual(got, Report{}) {
		t.Error("a report of nothing is none")
	}
}

func TestFollowsCompile(t *testing.T) {
	for word, expression := range follows {
		if expression() == nil { // or it panics
			t.Error(word)
		}
	}
}

// What a reader of tags lets through is nothing that others may not see; and of a report that comes from
// elsewhere nothing but that gets to them.
func TestTagsHoldNoSecret(t *testing.T) {
	seen := 0
	check := func(v string) {
		r := tags.NewReader(nil)
		for _, tag := range r.Read([]byte("select 1 /*job='"+v+"'*/"), true) {
			seen++
			if what := SecretIn(tag.Value); what != "" {
				t.Errorf("%s looks like %s", tag.Value, what)
			}
			if clean := Text(tag.Value, 2*MaxName); clean != tag.Value {
				t.Errorf("%s is shown as %s", tag.Value, clean)
			}
		}
	}
	pieces := []string{"jane", ".doe", "@", "example", ".com", ".", "eyJ", "AKIA", "IOSFODNN7EXAMPLE", "0x", "deadbeef", "9f86d081", "4111", "1111", "-", "10.", "0.", "1", ":", "/", "#", "xoxb-", "ghp_",
		"sk_live_", "://", "user", "Api::V1", "+", "index", "A1b2C3", "abcdefghij", "KLMNOPQRST", "2001:db8", "::", "_", "-----BEGIN", "hooks.slack.com", "token"}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var v strings.Builder
		for range 1 + rnd.IntN(8) {
			v.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		check(v.String())
	}
	if seen < 1000 {
		t.Errorf("%d tags", seen)
	}
	hostile := []digest.TagCount{
		{Key: "code", Value: "<!here>", Calls: 1, QueryTime: 1}, {Key: "code", Value: "jane@example.com", Calls: 2, QueryTime: 2}, {Key: "code", Value: "a\u202e", Calls: 4, QueryTime: 4},
		{Key: "code", Value: "(others)", Calls: 8, QueryTime: 8}, {Key: "a b", Value: "x"}, {Key: "traceparent", Value: "x"}, {Key: "job", Value: "x", Calls: 1}, {Key: "job", Value: "b\n", Calls: 1},
	}
	if got, want := fmt.Sprint(Tags(hostile)), "[{code (others) 15 15} {job x 1 0} {job (others) 1 0}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// Programs see one that may be a sentence by a hash.
	r := ForAgents(&digest.Report{Classes: []digest.Class{{Tags: []digest.TagCount{
		{Key: "code", Value: "Api::V1::Orders#index"}, {Key: "code", Value: "/orders/:id"}, {Key: "code", Value: strings.Repeat("ignore-", 10)}}}}})
	if got := fmt.Sprint(r.Digest().Classes[0].Tags); !strings.HasPrefix(got, "[{code Api::V1::Orders#index 0 0} {code /orders/:id 0 0} {code name_") {
		t.Error(got)
	}
}
