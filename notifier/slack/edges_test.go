package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/slacktest"
)

// What is counted at run time is what the fake counts, which also knows every
// other limit.
func TestTextIsCountedAsByTheFake(t *testing.T) {
	for _, name := range notifiertest.Reports {
		d := newDraft(redact.Of(notifiertest.Load(t, name)), Options{Region: "eu-west-1", Show: true, Mute: true}.withDefaults())
		for _, f := range d.fallbacks() {
			if f.Blocks == nil {
				continue
			}
			b, err := json.Marshal(f.Message)
			if err != nil {
				t.Fatal(err)
			}
			var v any
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatal(err)
			}
			n := textIn(v.(map[string]any)["blocks"])
			if at, below := slacktest.Validate(b, n), slacktest.Validate(b, n-1); len(at) != 0 || len(below) != 1 || below[0].Code != "msg_blocks_too_long" {
				t.Errorf("%s, %s: %d counted; of that the fake says %v, of one less %v", name, f.name, n, at, below)
			}
		}
	}
}

func TestTextBudget(t *testing.T) {
	for n, want := range map[int]bool{9_000: true, 9_001: false} {
		blocks := []slackgo.Block{rich(line(words(strings.Repeat("x", n-4_000)))), rich(line(words(strings.Repeat("😀", 2_000))))}
		if got := fits(blocks); got != want {
			t.Errorf("%d code units: %v", n, got)
		}
	}
}

// Where the message with a third statement is over the budget, the statement goes
// to the thread.
func TestStatementsGiveWay(t *testing.T) {
	r := notifiertest.Many(t, 3)
	for i := range r.Classes {
		r.Classes[i].Change = &digest.Change{Kind: digest.New}
		r.Classes[i].Note = strings.Repeat("x", 200)
	}
	d := newDraft(redact.Of(r), Options{}.withDefaults())
	if got := len(d.fallbacks()[0].inFull); got != 3 {
		t.Errorf("%d statements where there is room for three", got)
	}
	for i := range r.Classes {
		r.Classes[i].Fingerprint = strings.Repeat("select a from b ", 100)
		r.Classes[i].Note = strings.Repeat("😀", 200)
		r.Classes[i].Users = map[string]int64{strings.Repeat("😀", 63) + "a": 1, strings.Repeat("😀", 63) + "b": 1, strings.Repeat("😀", 63) + "c": 1, strings.Repeat("😀", 63) + "d": 1}
		r.Classes[i].Hosts, r.Classes[i].Schemas, r.Classes[i].Instances = r.Classes[i].Users, r.Classes[i].Users, r.Classes[i].Users
		for name := range r.Classes[i].Users {
			r.Classes[i].ByInstance = append(r.Classes[i].ByInstance, digest.InstancePart{Instance: name, Share: 0.25})
		}
	}
	r.Coverage.Complete, r.Coverage.Notes = false, slices.Repeat([]string{strings.Repeat("x", 300)}, 3)
	d = newDraft(redact.Of(r), Options{}.withDefaults())
	form := d.fallbacks()[0]
	if got := len(form.inFull); got != 2 || len(d.replies(form.inFull)) != 1 {
		t.Errorf("%d statements and %d replies", got, len(d.replies(form.inFull)))
	}
	for i := range r.Classes { // the longest notes, which are never cut
		r.Classes[i].Note = strings.Repeat("😀", digest.MaxNote)
	}
	d = newDraft(redact.Of(r), Options{}.withDefaults())
	form = d.fallbacks()[0]
	notes := strings.Join(text(t, form.Blocks...), " ")
	for _, m := range d.replies(form.inFull) {
		notes += strings.Join(text(t, m.Blocks...), " ")
		if !fits(m.Blocks) {
			t.Error("a reply is over the budget")
		}
	}
	if got := strings.Count(notes, r.Classes[0].Note); form.name != "full" || got != 3 {
		t.Errorf("%d whole notes in the form %s", got, form.name)
	}
}

// text returns the texts of blocks, one after the other.
func text(t *testing.T, blocks ...slackgo.Block) []string {
	t.Helper()
	b, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var out []string
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				collect(x)
			}
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				out = append(out, s)
			}
			for _, x := range v {
				collect(x)
			}
		}
	}
	collect(v)
	return out
}

// A text is whole at its bound, and cut one UTF-16 code unit beyond it.
func TestTextsAtTheirBounds(t *testing.T) {
	statement := func(sql int) func(s string) string {
		return func(s string) string {
			texts := text(t, detail(&digest.Class{Fingerprint: s}, sql, notifier.Said{}, false))
			return texts[slices.IndexFunc(texts, func(x string) bool { return strings.HasPrefix(x, "x") })]
		}
	}
	for _, c := range []struct {
		name  string
		bound int
		show  func(s string) string
	}{
		{"heading", 150, func(s string) string { return text(t, heading(s))[0] }},
		{"small line", 1_000, func(s string) string { return text(t, small(s))[0] }},
		{"statement of the message", 600, statement(messageSQL)},
		{"statement of a reply", 2_500, statement(replySQL)},
		{"line of an ephemeral reply", 500, func(s string) string {
			var m struct{ Text string }
			if err := json.Unmarshal(Ephemeral(s), &m); err != nil {
				t.Fatal(err)
			}
			return m.Text
		}},
	} {
		x := func(n int) string { return strings.Repeat("x", n) }
		if got := c.show(x(c.bound)); got != x(c.bound) {
			t.Errorf("%s of %d is cut to %d", c.name, c.bound, len(got))
		}
		if got := c.show(x(c.bound + 1)); got != x(c.bound-1)+"…" {
			t.Errorf("%s of %d is cut to %d", c.name, c.bound+1, len([]rune(got)))
		}
	}
	for in, want := range map[string]string{"😀😀": "😀😀", "😀😀a": "😀…", "abcde": "abc…", "注文一覧表": "注文一…"} {
		if got := cutUnits(in, 4); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A list is whole at its bound and not beyond it.
func TestListsAtTheirBounds(t *testing.T) {
	instances := func(n int) *digest.Report {
		r := &digest.Report{Window: digest.Window{Start: time.Unix(0, 0), End: time.Unix(3600, 0)}}
		for i := range n {
			r.Instances = append(r.Instances, fmt.Sprintf("db-%d", i))
		}
		return r
	}
	draftOf := func(r *digest.Report, o Options) *draft { return newDraft(redact.Of(r), o.withDefaults()) }
	for _, c := range []struct {
		name  string
		bound int
		count func(n int) int
	}{
		{"classes of the message, besides those that changed", 3, func(n int) int { return len(draftOf(notifiertest.Many(t, n), Options{}).worst()) }},
		{"series of the chart", 3, func(n int) int { return len(charted(notifier.InOrder(notifiertest.Many(t, n)))) }},
		{"statements of the message", 3, func(n int) int {
			r := notifiertest.Many(t, n)
			for i := range r.Classes {
				r.Classes[i].Change = &digest.Change{Kind: digest.New}
			}
			return len(draftOf(r, Options{}).inFull)
		}},
		{"statements of a webhook's message", 5, func(n int) int {
			d := draftOf(notifiertest.Many(t, n), Options{})
			d.withoutThread()
			return len(d.inFull)
		}},
		{"statements in the thread", 20, func(n int) int {
			r := notifiertest.Many(t, n)
			for i := range r.Classes {
				r.Classes[i].Fingerprint, r.Classes[i].Users, r.Classes[i].Hosts = "select 1", nil, nil
			}
			m, shown := draftOf(r, Options{}).statements(nil)
			if shown != len(m.Blocks) {
				t.Errorf("%d statements, of which %d are counted", len(m.Blocks), shown)
			}
			return shown
		}},
		{"instances with links", 3, func(n int) int {
			d := draftOf(instances(n), Options{Links: []notifier.Link{{Label: "x", URL: "https://g.example/{instance}"}}})
			return (len(d.links()) + 1) / 2 // a dot stands between two
		}},
		{"notes of a complete report", 3, func(n int) int {
			r := &digest.Report{Coverage: digest.Coverage{Complete: true, Notes: slices.Repeat([]string{"NOTE"}, n)}}
			return strings.Count(strings.Join(text(t, head(r)...), " "), "NOTE")
		}},
		{"notes of an incomplete report", 8, func(n int) int {
			r := &digest.Report{Coverage: digest.Coverage{Notes: slices.Repeat([]string{"NOTE"}, n)}}
			return strings.Count(strings.Join(text(t, head(r)...), " "), "NOTE")
		}},
	} {
		if got := c.count(c.bound); got != c.bound {
			t.Errorf("%s: of %d %d are shown", c.name, c.bound, got)
		}
		if got := c.count(c.bound + 1); got != c.bound {
			t.Errorf("%s: of %d %d are shown", c.name, c.bound+1, got)
		}
	}
	if got := draftOf(notifiertest.Many(t, 3), Options{NoThread: true}).replies(nil); got != nil {
		t.Errorf("%d replies where there shall be none", len(got))
	}
}

// The message says how many classes its thread has, and not how many there are.
func TestClassesInTheThread(t *testing.T) {
	foot := func(n, inFull int) string {
		d := newDraft(redact.Of(notifiertest.Many(t, n)), Options{}.withDefaults())
		d.news = true
		return strings.Join(text(t, d.foot(d.classes[:inFull])...), " ")
	}
	for _, x := range []struct{ want, got string }{
		{"100 classes in the thread · 224 classes not shown", foot(320, 1)},
		{"100 classes in the thread · 5 classes not shown", foot(101, 1)},
		{"100 classes in the thread · 4 classes not shown", foot(100, 1)},
		{"2 classes in the thread · 4 classes not shown", foot(3, 1)}, // whose lines the message has
	} {
		if !strings.Contains(x.got, x.want) {
			t.Errorf("%q, want %q", x.got, x.want)
		}
	}
}

// Links are left out where they would take more than their part of the budget.
func TestLinkText(t *testing.T) {
	r := &digest.Report{Instances: []string{"a"}}
	var all []notifier.Link
	for i := range 5 {
		all = append(all, notifier.Link{Label: fmt.Sprint(i), URL: fmt.Sprintf("https://g.example/%d", i) + strings.Repeat("x", 400-19)})
	}
	links := func() int { return (len(newDraft(redact.Of(r), Options{Links: all}).links()) + 1) / 2 }
	if got := links(); got != 5 {
		t.Errorf("%d of 5 links of 400 bytes", got)
	}
	if all[4].URL += "x"; links() != 4 {
		t.Errorf("%d links of 2,001 bytes", links())
	}
}

// The timeline is drawn if it has 2 to 20 parts, by their time of day, and up to a
// day without the date.
func TestChartAtItsBounds(t *testing.T) {
	labels := func(parts int, length time.Duration) []string {
		start := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
		return slotLabels(&digest.Report{Window: digest.Window{Start: start, End: start.Add(length)},
			Classes: []digest.Class{{Timeline: make([]float64, parts)}}}, time.UTC)
	}
	for parts, want := range map[int]int{1: 0, 2: 2, 20: 20, 21: 0} {
		if got := len(labels(parts, time.Hour)); got != want {
			t.Errorf("%d parts: %d labels", parts, got)
		}
	}
	for length, want := range map[time.Duration]string{
		24 * time.Hour: "14:00", 24*time.Hour + time.Second: "Nov 23 14:00", 2 * time.Minute: "14:00", 2*time.Minute - time.Second: "14:00:00"} {
		if got := labels(2, length); len(got) == 0 || got[0] != want {
			t.Errorf("%s: labels %q, want %q", length, got, want)
		}
	}
	r := notifiertest.Load(t, "full")
	for n, want := range map[int]string{20: strings.Repeat("x", 17), 21: strings.Repeat("x", 16) + "…"} {
		r.Classes[0].Label = strings.Repeat("x", n-len("#1 "))
		b, err := json.Marshal(chart(r, notifier.InOrder(r), time.UTC))
		if err != nil || !strings.Contains(string(b), `"name":"#1 `+want+`"`) {
			t.Errorf("a name of %d: %s, %v", n, b, err)
		}
	}
}

// The button for the time since names the instances, if it can carry their names.
func TestShowButtonAtItsBounds(t *testing.T) {
	value := func(names ...string) string {
		b, err := json.Marshal(showButton(names))
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ Elements []struct{ Value string } }
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		return v.Elements[0].Value
	}
	for n, want := range map[int]int{2_000: 2_000, 2_001: 0} {
		if got := len(value(strings.Repeat("x", n))); got != want {
			t.Errorf("%d bytes: %d", n, got)
		}
	}
	if got := value("a b"); got != "" {
		t.Errorf("a name with a space: %q", got)
	}
}

func TestFallbackText(t *testing.T) {
	d := &draft{r: &digest.Report{Instances: []string{"x"}}}
	before := len([]rune(d.fallbackText()))
	for n, cut := range map[int]bool{600: false, 601: true} {
		d.r.Instances[0] = strings.Repeat("x", 1+n-before)
		if got := []rune(d.fallbackText()); len(got) != 600 || strings.HasSuffix(string(got), "…") != cut {
			t.Errorf("of %d characters %d: %q", n, len(got), string(got))
		}
	}
}

// What a phone's first screen holds comes first: the verdict, what changed or what is most
// of an incident, and the table of the worst. The chart comes after.
func TestFirstScreen(t *testing.T) {
	for name, want := range map[string]string{
		"full":     "header rich_text context rich_text data_visualization",
		"worse":    "header rich_text context rich_text rich_text data_visualization",
		"incident": "header rich_text rich_text context context rich_text divider rich_text data_visualization",
		"at-once":  "header rich_text rich_text context context rich_text data_visualization",
	} {
		var kinds []string
		for _, b := range newDraft(redact.Of(notifiertest.Load(t, name)), Options{}).fallbacks()[0].Blocks {
			kinds = append(kinds, string(b.BlockType()))
		}
		if got := strings.Join(kinds, " "); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The thread names all instances where the head names not all, within Slack's
// bounds.
func TestThreadNamesAllInstances(t *testing.T) {
	for _, n := range []int{4, 5, 200} {
		r := notifiertest.Many(t, 30)
		for i := range n {
			r.Overall.ByInstance = append(r.Overall.ByInstance, digest.InstanceTotal{Instance: fmt.Sprintf("orders-%03d", i), QueryTime: 10, Calls: 1})
		}
		var b bytes.Buffer
		if err := NewJSON(&b, Options{}).Notify(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		var m struct{ Thread []json.RawMessage }
		if err := json.Unmarshal(b.Bytes(), &m); err != nil || len(m.Thread) != 2 {
			t.Fatalf("%d replies, %v", len(m.Thread), err)
		}
		if got := bytes.Contains(m.Thread[0], []byte("By instance: orders-000")); got != (n > 4) {
			t.Errorf("%d instances: %.300s", n, m.Thread[0])
		}
		for _, reply := range m.Thread {
			for _, v := range slacktest.Validate(reply, TextBudget) {
				t.Errorf("%d instances: %v", n, v)
			}
		}
	}
}

// A share is written alike in plain text and in rich text, and nothing else has its angles.
func TestPlainShares(t *testing.T) {
	if got := plain("a (<1%), b (>99%), <!channel>, <1").Text; got != "a (<1%), b (>99%), ‹!channel›, ‹1" {
		t.Errorf("%q", got)
	}
}

// An hour in which only muted classes ran is one short message, which names them.
func TestOnlyMuted(t *testing.T) {
	r := notifiertest.Load(t, "muted")
	r.Classes, r.Misc = nil, digest.Misc{}
	var b bytes.Buffer
	if err := NewJSON(&b, Options{}).Notify(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var m struct {
		Message json.RawMessage
		Thread  []json.RawMessage
	}
	if err := json.Unmarshal(b.Bytes(), &m); err != nil || len(m.Thread) > 0 || !bytes.Contains(b.Bytes(), []byte("2 muted: SELECT orders, customers by status +1 B12971295DEB39C1, DELETE")) {
		t.Errorf("%d replies, %v: %s", len(m.Thread), err, b.Bytes())
	}
}

// The thread shows the statements of what changed first, and the others by their ranks.
func TestChangedFirst(t *testing.T) {
	var classes []*digest.Class
	for i, change := range []*digest.Change{nil, {Kind: digest.Better}, {Kind: digest.New, Common: true}, {Kind: digest.Worse, Since: time.Unix(1, 0)}, {Kind: digest.New}} {
		classes = append(classes, &digest.Class{Rank: i + 1, Change: change})
	}
	ranks := ""
	for _, c := range changedFirst(classes) {
		ranks += fmt.Sprint(c.Rank)
	}
	if ranks != "35124" {
		t.Errorf("in the order %s", ranks)
	}
}

// A group cannot be muted: there is a button below a class, and none below a user or a table.
func TestGroupsHaveNoButtons(t *testing.T) {
	for name, want := range map[string]bool{"full": true, "by-user": false, "by-table": false} {
		d := newDraft(redact.Of(notifiertest.Load(t, name)), Options{Mute: true}.withDefaults())
		first := d.fallbacks()[0]
		text, err := json.Marshal(append([]Message{first.Message}, d.replies(first.inFull)...))
		if err != nil || strings.Contains(string(text), muteAction) != want {
			t.Errorf("%s: error %v, buttons in %s", name, err, text)
		}
	}
}
