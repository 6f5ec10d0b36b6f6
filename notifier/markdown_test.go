package notifier_test

import (
	"bytes"
	"strings"
	"testing"

	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
)

func TestMarkdownGoldens(t *testing.T) {
	for _, name := range notifiertest.Reports {
		got := notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier { return notifier.NewMarkdown(b, nil) }, notifiertest.Load(t, name))
		notifiertest.Golden(t, name+".md", got)
	}
}

// Every row of the table has as many cells as its head, whatever stands in them.
func TestMarkdownTableHolds(t *testing.T) {
	got := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier { return notifier.NewMarkdown(b, nil) }, notifiertest.Load(t, "hostile")))
	rows := 0
	table, _, _ := strings.Cut(got, "### ")
	for l := range strings.Lines(table) {
		if !strings.HasPrefix(l, "|") {
			continue
		}
		if rows++; strings.Count(l, "|")-strings.Count(l, `\|`) != 8 {
			t.Errorf("not a row of seven cells: %s", l)
		}
	}
	if rows != 8 {
		t.Errorf("%d rows, want the head, its rule and six", rows)
	}
}
