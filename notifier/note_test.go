package notifier_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
)

// The longest note that is remembered is shown as it is wherever a class is shown,
// and of a longer one, which can only be of another release, there is a mark.
func TestNotesAreWhole(t *testing.T) {
	note := ""
	for i := range digest.MaxNote / 5 {
		note += fmt.Sprintf("ö%c%c%c ", 'a'+i%26, 'a'+i/26, 'ü')
	}
	note = strings.TrimSuffix(note, " ") + "x"
	for name, make := range map[string]func(*bytes.Buffer) notifier.Notifier{
		"text":     func(b *bytes.Buffer) notifier.Notifier { return notifier.NewText(b, notifier.TextOptions{}) },
		"Markdown": func(b *bytes.Buffer) notifier.Notifier { return notifier.NewMarkdown(b, nil) },
		"HTML":     func(b *bytes.Buffer) notifier.Notifier { return notifier.NewHTML(b, nil) },
		"Slack":    func(b *bytes.Buffer) notifier.Notifier { return slack.NewJSON(b, slack.Options{}) },
	} {
		for text, want := range map[string]string{note: note, note + "x": strings.TrimSuffix(note, "x") + "…"} {
			r := notifiertest.Load(t, "full")
			r.Classes[0].Note = text
			got := string(notifiertest.Render(t, make, r))
			if !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
				t.Errorf("%s of %d characters: it is cut:\n%s", name, len([]rune(text)), got)
			}
		}
	}
}
