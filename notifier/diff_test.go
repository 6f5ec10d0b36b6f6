package notifier_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/redact"
)

// diffOf compares a report with what it might be an hour later.
func diffOf(t *testing.T, name string) *digest.Diff {
	before, after := notifiertest.Load(t, name), notifiertest.Load(t, name)
	after.Window = digest.Window{Start: before.Window.End, End: before.Window.End.Add(30 * time.Minute)}
	after.Overall.QueryTime.Sum = before.Misc.QueryTime.Sum
	for i := range after.Classes {
		c := &after.Classes[i]
		switch i % 4 {
		case 0:
			c.QueryTime.Sum, c.QueryTime.Mean, c.QueryTime.P95 = 3*c.QueryTime.Sum, 3*c.QueryTime.Mean, 3*c.QueryTime.P95
		case 1:
			c.QueryTime.Sum, c.Calls = c.QueryTime.Sum/4, c.Calls/4
		case 2:
			c.ID = "0123456789ABCDEF0123456789ABCDEF"
		}
		after.Overall.QueryTime.Sum += c.QueryTime.Sum
	}
	return digest.Compare(before, after)
}

func TestDiffGoldens(t *testing.T) {
	for _, name := range []string{"full", "hostile", "partial"} {
		d := diffOf(t, name)
		for _, width := range []int{40, 60, 80, 120} {
			var b bytes.Buffer
			if err := notifier.WriteDiffText(&b, d, notifier.TextOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			notifiertest.Golden(t, fmt.Sprintf("diff-%s-%d.txt", name, width), b.Bytes())
			for l := range strings.Lines(b.String()) {
				if l = strings.TrimSuffix(l, "\n"); ansi.StringWidth(l) > width || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' }) {
					t.Errorf("%s, %d: line %q", name, width, l)
				}
			}
		}
		var b bytes.Buffer
		if err := notifier.WriteDiffMarkdown(&b, d, nil); err != nil {
			t.Fatal(err)
		}
		notifiertest.Golden(t, fmt.Sprintf("diff-%s.md", name), b.Bytes())
		page := diffHTML(t, d)
		checkHTML(t, name, page)
		page = policyOf.ReplaceAllString(element.ReplaceAllString(page, "<$1>…</$1>"), `Content-Security-Policy" content="…"`) // those are the report's
		notifiertest.Golden(t, fmt.Sprintf("diff-%s.html", name), []byte(page))
	}
}

func diffHTML(t *testing.T, d *digest.Diff) string {
	t.Helper()
	var b bytes.Buffer
	if err := notifier.WriteDiffHTML(&b, d, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What comes from logs and saved reports cannot leave the element in which it is shown, nor do
// secrets stand there, in any form that others read.
func TestDiffOfHostileText(t *testing.T) {
	const evil = `</script><!--<script>alert(1)</script> </pre></details>"'><img src=x onerror=alert(1)>` + "\u2028\u202e\x1b[31m<!channel>"
	const secret = "jane@example.com"
	d := diffOf(t, "full")
	c := &d.Classes[0]
	c.Fingerprint, c.ID = "select "+evil+" from `"+evil+"`", evil
	d.Unlisted[0].Fingerprint, d.Unlisted[0].ID, d.Unlisted[1].Fingerprint = c.Fingerprint, evil, "select '"+secret+"'"
	d.Classes[1].Fingerprint = "create user a identified by ?"
	for _, s := range []*digest.Side{&d.Before, &d.After} {
		s.Instances, s.Filter = []string{evil, secret}, &digest.Filter{Users: []string{evil, secret}}
		s.Coverage.Notes, s.Coverage.Without, s.Coverage.Complete = []string{evil, "of " + secret}, []string{evil, secret}, false
	}
	page := diffHTML(t, d)
	checkHTML(t, "hostile", page)
	for _, bad := range []string{"<script>alert", "<img", "<!--", "</pre></details>\"", "\u2028", secret, "identified by"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if !strings.Contains(page, "&lt;img src=x") || strings.Count(page, "[withheld") < 6 || strings.Contains(page, "Before: Without") {
		t.Error("the text is not shown, or not withheld")
	}
	var b bytes.Buffer
	if err := notifier.WriteDiffMarkdown(&b, d, nil); err != nil || strings.Contains(b.String(), secret) || strings.Contains(b.String(), "\x1b") {
		t.Errorf("error %v, or the Markdown holds a secret", err)
	}
}

// The bars of the page are as long as the numbers next to them, and its times are in the zone.
func TestDiffPage(t *testing.T) {
	before, after := notifiertest.Load(t, "full"), notifiertest.Load(t, "full")
	before.Classes, after.Classes = before.Classes[:3], after.Classes[:3]
	for i, times := range []float64{4, 0.5, 1} {
		c := &after.Classes[i]
		before.Classes[i].QueryTime.Sum, c.QueryTime.Sum = 10, 10*times
	}
	d := digest.Compare(before, after)
	page := diffHTML(t, d)
	for _, want := range []string{`<td data-v="30">+30s<svg class="bar" aria-hidden="true" viewBox="0 0 200 10" preserveAspectRatio="none"><rect class="c6" x="100" width="100" height="10"/>`,
		`<td data-v="-5">−5s<svg class="bar" aria-hidden="true" viewBox="0 0 200 10" preserveAspectRatio="none"><rect class="c3" x="83.33" width="16.67" height="10"/>`,
		`<rect class="c-other" y="0" width="25" height="9"/><rect class="c1" y="11" width="100" height="9"/>`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, element.ReplaceAllString(page, ""))
		}
	}
	var b bytes.Buffer
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err == nil {
		err = notifier.WriteDiffHTML(&b, d, kolkata)
	}
	if err != nil || strings.Contains(strings.Join(strings.SplitAfter(b.String(), "</header>")[:1], ""), " UTC") || !strings.Contains(b.String(), "IST") {
		t.Errorf("error %v, or a time is not in the zone", err)
	}
	// Where nothing is different there is no table, and nothing fails.
	if page := diffHTML(t, digest.Compare(&digest.Report{}, &digest.Report{})); strings.Contains(page, "<table") || !strings.Contains(page, "No slow query, before or after.") {
		t.Error("a difference of nothing is shown as something")
	}
}

func TestDiffJSONIsTheDiff(t *testing.T) {
	d := diffOf(t, "full")
	var b bytes.Buffer
	if err := notifier.WriteDiffJSON(&b, d); err != nil {
		t.Fatal(err)
	}
	var got digest.Diff
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || !reflect.DeepEqual(&got, d) {
		t.Errorf("the difference changed on its way through JSON: %v", err)
	}
}

func TestDiffHeadline(t *testing.T) {
	for _, c := range []struct {
		before, after float64
		want          string
	}{
		{0, 5, "Query time rose from 0s to 5s."},
		{0, 0, "Query time stayed at 0s."},
		{5, 5, "Query time stayed at 5s."},
		{4, 5, "Query time rose by 1s, 25%: from 4s to 5s."},
		{4, 1, "Query time fell by 3s, 75%: from 4s to 1s."},
		{1, 50, "Query time rose by 49s, 50 times as much: from 1s to 50s."},
	} {
		var b bytes.Buffer
		d := &digest.Diff{Before: digest.Side{QueryTime: c.before, Calls: 10}, After: digest.Side{QueryTime: c.after, Calls: 20}}
		if err := notifier.WriteDiffText(&b, d, notifier.TextOptions{}); err != nil || !strings.Contains(b.String(), "\n"+c.want+"\n") {
			t.Errorf("no %q in\n%s", c.want, b.String())
		}
	}
}

// No call is another thing than calls of no time.
func TestDiffHeadlineWithoutCalls(t *testing.T) {
	for _, c := range []struct {
		before, after digest.Side
		want          string
	}{
		{digest.Side{}, digest.Side{}, "No slow query, before or after."},
		{digest.Side{}, digest.Side{Calls: 1, QueryTime: 5}, "Query time rose from nothing to 5s."},
		{digest.Side{Calls: 1, QueryTime: 5}, digest.Side{}, "Query time fell by 5s, 100%: from 5s to 0s."},
		{digest.Side{}, digest.Side{Calls: 1}, "Query time stayed at 0s."},
	} {
		if got := notifier.DiffHeadline(&digest.Diff{Before: c.before, After: c.after}); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Windows that differ by more than a hundredth are told apart by whether somebody gave them, and those that do not are not told.
func TestDiffNotesOfWindows(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	report := func(length time.Duration, inferred bool) *digest.Report {
		return &digest.Report{Window: digest.Window{Start: at, End: at.Add(length)}, Inferred: inferred, Coverage: digest.Coverage{Complete: true}}
	}
	const only = " only from the first entry to the last, which does not tell how long it was quiet: calls and times are totals as they are, and not per hour. " +
		"To give windows, save each side by report --since … --until … --limit all --format json."
	none := &digest.Report{Inferred: true, Coverage: digest.Coverage{Complete: true}} // of a log without an entry
	for _, c := range []struct {
		before, after *digest.Report
		want          string
	}{
		{report(time.Hour, false), report(time.Minute, false), "The windows differ in length (1h00m and 1m00s), so all calls and times are per hour."},
		{report(time.Hour, true), report(time.Minute, true), "The windows differ in length (1h00m and 1m00s), and both are" + only},
		{report(time.Hour, true), report(time.Minute, false), "The windows differ in length (1h00m and 1m00s), and that of Before is" + only},
		{report(time.Hour, false), report(time.Minute, true), "The windows differ in length (1h00m and 1m00s), and that of After is" + only},
		{none, report(time.Minute, false), "The windows differ in length (unknown and 1m00s), and that of Before is" + only},
		{report(time.Hour, true), report(time.Hour-36*time.Second, true), ""},
		{report(time.Hour, true), report(time.Hour-37*time.Second, true), "The windows differ in length (1h00m and 59m23s), and both are" + only},
		{none, none, ""},
	} {
		if got := strings.Join(notifier.DiffNotes(digest.Compare(c.before, c.after)), "\n"); got != c.want || len(got) > redact.MaxCoverageNote {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Where the IDs of two reports were made under different rules, that is said.
func TestDiffOfOtherRules(t *testing.T) {
	for _, rules := range []int{0, 1, 2} { // of the side before; the other has 2
		before, after := notifiertest.Load(t, "full"), notifiertest.Load(t, "full")
		before.Rules, after.Rules = rules, 2
		var b bytes.Buffer
		if err := notifier.WriteDiffMarkdown(&b, digest.Compare(before, after), nil); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "other rules (1 and 2)"); got != (rules < 2) {
			t.Errorf("%d: %s", rules, b.String())
		}
	}
}

// A difference shows the places in the code and the releases that changed most, and no tag that others may not see.
func TestDiffTags(t *testing.T) {
	n := func(s float64) *digest.TagTime { return &digest.TagTime{Calls: s, QueryTime: s} }
	for _, test := range []struct {
		name string
		by   digest.By
		tags []digest.TagDiff
		want string
	}{
		{"none", "", nil, ""},
		{"all calls", "", []digest.TagDiff{{Key: "code", Value: "a#b", Before: n(4), After: n(9)}}, "code a#b"},
		{"some", "", []digest.TagDiff{{Key: "code", Value: "a#b", Before: n(1), After: n(8)}, {Key: "code", Value: "c", Before: n(0), After: n(1)}}, "code a#b 1s → 8s, c 0s → 1s"},
		{"unknown", "", []digest.TagDiff{{Key: "code", Value: "a", After: n(3)}, {Key: "code", Value: digest.OtherNames, Before: n(4), After: n(6)}}, "code a among others → 3s, (others) 4s → 6s"},
		{"many", "", []digest.TagDiff{{Key: "code", Value: "a", After: n(3)}, {Key: "code", Value: "b", After: n(3)}, {Key: "code", Value: "c", After: n(3)},
			{Key: "code", Value: "d", After: n(3)}, {Key: "code", Value: "e", After: n(3)}},
			"code a among others → 3s, b among others → 3s, c among others → 3s, and others"},
		{"releases and others", "", []digest.TagDiff{{Key: "action", Value: "x", Before: n(4), After: n(1)}, {Key: "release", Value: "v1", Before: n(4), After: n(0)},
			{Key: "release", Value: "v2", Before: n(0), After: n(9)}, {Key: "team", Value: "shop", Before: n(4), After: n(9)}}, "release v1 4s → 0s, v2 0s → 9s|team shop"},
		{"what it is by", "tag:code", []digest.TagDiff{{Key: "code", Value: "a#b", Before: n(1), After: n(8)}}, ""},
		{"what others may not see", "", []digest.TagDiff{{Key: "code", Value: "<!here>", Before: n(1), After: n(8)}, {Key: "release", Value: "jane@example.com", Before: n(1), After: n(8)}}, ""},
	} {
		d := &digest.Diff{By: test.by}
		c := &digest.ClassDiff{Before: digest.ClassTime{Calls: 4}, After: digest.ClassTime{Calls: 9}, Tags: test.tags}
		if got := strings.Join(notifier.DiffFacts(d, c)[2:], "|"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		d.Classes = []digest.ClassDiff{*c}
		if got := redact.OfDiff(d).Digest().Classes[0].Tags; strings.Contains(fmt.Sprint(got), "jane") || strings.Contains(fmt.Sprint(got), "here") {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
