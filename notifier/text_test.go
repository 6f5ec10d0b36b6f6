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

// In a table of any width no two labels are the same, and each fits.
func TestTextLabelsAreUnique(t *testing.T) {
	r := &digest.Report{Version: 1, Instances: []string{"production-orders-1", "production-orders-2"}, Coverage: digest.Coverage{Complete: true}}
	for i := range 40 {
		r.Classes = append(r.Classes, digest.Class{Rank: i + 1, ID: fmt.Sprintf("%032X", uint64(i+1)*0x9E3779B97F4A7C15), Totals: digest.Totals{Calls: 10},
			ByInstance:  []digest.InstancePart{{Instance: "production-orders-1", Share: 1}, {Instance: "production-orders-2"}},
			Fingerprint: fmt.Sprintf("select a from production_schema.customer_orders where customer_id = ? and status = ? and region_%d %s ?", i/2, []string{"=", ">"}[i%2])})
	}
	for width := 60; width <= 140; width += 5 {
		text := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
			return notifier.NewText(b, notifier.TextOptions{Width: width, Brief: true})
		}, r))
		_, table, _ := strings.Cut(text, "Query ID")
		seen := map[string]bool{}
		for _, l := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
			_, label, _ := strings.Cut(l, "SELECT ")
			if seen[label] || label == "" || ansi.StringWidth(l) > width {
				t.Errorf("%d columns: too long, or not the only one: %s", width, l)
			}
			seen[label] = true
		}
		if len(seen) != 40 {
			t.Errorf("%d columns: %d lines", width, len(seen))
		}
	}
}
