package notifier_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
)

func FuzzNotifiers(f *testing.F) {
	notifiertest.FuzzSeeds(f)
	f.Fuzz(func(t *testing.T, sql, name, note string, classes, slots uint8, number uint64, complete bool) {
		if len(sql)+len(name)+len(note) > 3_000 {
			t.Skip("longer texts are cut, and take too long")
		}
		r := notifiertest.Fuzzed(sql, name, note, classes, slots, number, complete)
		before, _ := json.Marshal(r) // fails for a NaN, and then is empty

		notifiertest.CheckText(t, "Markdown", notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier { return notifier.NewMarkdown(b, nil) }, r))
		withDetail := *r
		page := htmlOf(t, detailed(&withDetail))
		checkHTML(t, "HTML", page)
		if strings.Contains(page, notifiertest.Planted) {
			t.Error("HTML holds what should have been withheld")
		}
		text := notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
			return notifier.NewText(b, notifier.TextOptions{Width: 80})
		}, r)
		for l := range strings.Lines(string(text)) {
			if w := ansi.StringWidth(l); w > 100 {
				t.Errorf("a line of %d columns: %q", w, l)
			}
			if strings.ContainsFunc(strings.TrimSuffix(l, "\n"), unicode.IsControl) {
				t.Errorf("a control character: %q", l)
			}
		}
		if after, _ := json.Marshal(r); !bytes.Equal(before, after) {
			t.Error("the report was changed")
		}
	})
}
