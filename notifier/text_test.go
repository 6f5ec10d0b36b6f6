package notifier_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
)

func TestTextGoldens(t *testing.T) {
	for _, name := range notifiertest.Reports {
		for _, width := range []int{80, 120} {
			t.Run(fmt.Sprint(name, width), func(t *testing.T) {
				got := notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
					return notifier.NewText(b, notifier.TextOptions{Width: width})
				}, notifiertest.Load(t, name))
				notifiertest.Golden(t, fmt.Sprintf("%s-%d.txt", name, width), got)
				for i, l := range strings.Split(string(got), "\n") {
					if w := ansi.StringWidth(l); w > width {
						t.Errorf("line %d is %d columns wide: %s", i+1, w, l)
					}
					if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' }) {
						t.Errorf("line %d has a control character: %q", i+1, l)
					}
				}
			})
		}
	}
}

// Colour adds nothing but colour.
func TestTextColor(t *testing.T) {
	r := notifiertest.Load(t, "full")
	text := func(color bool) string {
		return string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
			return notifier.NewText(b, notifier.TextOptions{Width: 80, Color: color})
		}, r))
	}
	plain, colored := text(false), text(true)
	if plain == colored {
		t.Error("a coloured text has no colour")
	}
	if got := ansi.Strip(colored); got != plain {
		t.Errorf("without its colours the text is\n%s", got)
	}
}

// A report without a window, classes or anything still says something true.
func TestTextOfNothing(t *testing.T) {
	got := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
		return notifier.NewText(b, notifier.TextOptions{})
	}, &digest.Report{}))
	for _, want := range []string{"all times", "NO DATA", "not everything could be read"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
