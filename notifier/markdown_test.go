package notifier_test

import (
	"bytes"
	"strings"
	"testing"

	"slowdigest/digest"
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
		if rows++; strings.Count(l, "|")-strings.Count(l, `\|`) != 5 {
			t.Errorf("not a row of four cells: %s", l)
		}
	}
	if rows != 8 {
		t.Errorf("%d rows, want the head, its rule and six", rows)
	}
}

// What justifies a change stands once in a digest, be it in its head or with its class; for how long what is
// NEW was not seen once for all of it.
func TestEvidenceStandsOnce(t *testing.T) {
	formats := map[string]func(*bytes.Buffer) notifier.Notifier{
		"text":     func(b *bytes.Buffer) notifier.Notifier { return notifier.NewText(b, notifier.TextOptions{Width: 1000}) },
		"Markdown": func(b *bytes.Buffer) notifier.Notifier { return notifier.NewMarkdown(b, nil) },
		"HTML":     func(b *bytes.Buffer) notifier.Notifier { return notifier.NewHTML(b, nil) },
	}
	found := 0
	for _, name := range notifiertest.Reports {
		r := notifiertest.Load(t, name)
		for format, n := range formats {
			got := string(notifiertest.Render(t, n, r))
			of := map[string]int{}
			for i := range r.Classes {
				if _, evidence, changed := strings.Cut(notifier.Evidence(&r.Classes[i]), ": "); changed {
					if r.Classes[i].Change.Kind == digest.Better { // in fewer words
						evidence, _, _ = strings.Cut(evidence, " per hour")
						evidence += " per hour"
					}
					if kind := r.Classes[i].Change.Kind; kind == digest.New || kind == digest.Back { // the time stands with the class
						_, evidence, _ = strings.Cut(evidence, "; ")
					}
					if kind := r.Classes[i].Change.Kind; kind == digest.New { // one says it for all
						of[strings.TrimPrefix(evidence, "not ")] = 1
						continue
					}
					of[evidence]++
				}
			}
			for evidence, classes := range of {
				found++
				if times := strings.Count(got, evidence); times != classes {
					t.Errorf("%s as %s: %d times %q of %d classes", name, format, times, evidence, classes)
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d were looked for", found)
	}
}
