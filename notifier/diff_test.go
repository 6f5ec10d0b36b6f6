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
		{0, 0, "No slow query, before or after."},
		{0, 5, "Query time rose from nothing to 5s."},
		{5, 5, "Query time stayed at 5s."},
		{4, 5, "Query time rose by 1s, 25%: from 4s to 5s."},
		{4, 1, "Query time fell by 3s, 75%: from 4s to 1s."},
		{1, 50, "Query time rose by 49s, 50 times as much: from 1s to 50s."},
	} {
		var b bytes.Buffer
		d := &digest.Diff{Before: digest.Side{QueryTime: c.before}, After: digest.Side{QueryTime: c.after}}
		if err := notifier.WriteDiffText(&b, d, notifier.TextOptions{}); err != nil || !strings.Contains(b.String(), "\n"+c.want+"\n") {
			t.Errorf("no %q in\n%s", c.want, b.String())
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
