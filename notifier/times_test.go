package notifier

import (
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

// Every time of a sentence is written in the zone, whoever made the sentence, and all
// else stays as it is.
func TestInZone(t *testing.T) {
	for _, c := range []struct{ zone, in, want string }{
		{"Europe/Berlin", "2026-11-23 14:00 to 15:00 UTC", "2026-11-23 15:00 to 16:00 CET"},
		{"Europe/Berlin", "since 2026-06-23 22:30 UTC.", "since 2026-06-24 00:30 CEST."},
		{"Europe/Berlin", "2026-11-23 22:00 to 2026-11-24 02:00 UTC", "2026-11-23 23:00 to 2026-11-24 03:00 CET"},
		{"Europe/Berlin", "2026-11-23 22:00 to 2026-11-23 23:00 UTC", "2026-11-23 23:00 to 2026-11-24 00:00 CET"},
		{"Europe/Berlin", "2026-11-23 23:00 to 2026-11-24 00:00 UTC", "2026-11-24 00:00 to 01:00 CET"},
		{"Europe/Berlin", "2026-10-25 00:00 to 02:00 UTC", "2026-10-25 02:00 CEST to 03:00 CET"},
		{"Asia/Kolkata", "2026-11-23 14:00:05 to 14:59:59 UTC", "2026-11-23 19:30:05 to 20:29:59 IST"},
		{"America/Sao_Paulo", "until 2026-11-23 14:00 UTC, or 2026-11-24 01:00 UTC", "until 2026-11-23 11:00 -03, or 2026-11-23 22:00 -03"},
		{"Europe/Berlin", "no time: 14:00 UTC, 2026-11-23 UTC, 2026-11-23 14:00, 2026-13-23 14:00 UTC, 2026-11-23 25:00 UTC, 2026-11-23 14:00 UTC1",
			"no time: 14:00 UTC, 2026-11-23 UTC, 2026-11-23 14:00, 2026-13-23 14:00 UTC, 2026-11-23 25:00 UTC, 2026-11-23 14:00 UTC1"},
		{"Europe/Berlin", "1969-12-31 23:59 UTC, 1970-01-01 00:00 UTC", "1969-12-31 23:59 UTC, 1970-01-01 01:00 CET"},
		{"UTC", "2026-11-23 14:00 to 15:00 UTC", "2026-11-23 14:00 to 15:00 UTC"},
		{"", "2026-11-23 14:00 to 15:00 UTC", "2026-11-23 14:00 to 15:00 UTC"},
	} {
		var zone *time.Location
		if c.zone != "" {
			var err error
			if zone, err = time.LoadLocation(c.zone); err != nil {
				t.Fatal(err)
			}
		}
		if got := InZone(c.in, zone); got != c.want {
			t.Errorf("%s in %s: got %q", c.in, c.zone, got)
		}
	}
}

// What is split is whole when it is put together again.
func TestPieces(t *testing.T) {
	for _, s := range []string{"", "x", "2026-11-23 14:00 UTC", "a 2026-11-23 14:00 to 15:00 UTC b 2026-11-23 14:00:01 UTC c"} {
		var b strings.Builder
		for i, p := range Pieces(s) {
			if p.Text == "" {
				layout := dayAndClock(p.Seconds)
				if p.NoDay {
					layout = layout[len("2006-01-02 "):]
				}
				if b.WriteString(p.At.Format(layout)); i+1 == len(Pieces(s)) || Pieces(s)[i+1].Text != " to " {
					b.WriteString(" UTC")
				}
			}
			b.WriteString(p.Text)
		}
		if b.String() != s {
			t.Errorf("%q became %q", s, b.String())
		}
	}
}

// No sentence states a time in a form that InZone does not find.
func TestSentencesStateTimes(t *testing.T) {
	start := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	zone := time.FixedZone("XYZ", 5*3600)
	past := &digest.Past{Since: start, Learning: true, Day: &digest.Day{Window: digest.Window{Start: start.Add(-24 * time.Hour), End: start}},
		Regrouped: &digest.Regrouped{Since: start, Until: start.Add(time.Hour)},
		Missed:    []digest.Window{{Start: start.Add(-time.Hour), End: start}}, GivenUp: []digest.Window{{Start: start.Add(-time.Hour), End: start}},
		Gone: []digest.GoneClass{{ID: "A", LastSeen: start}}}
	r := &digest.Report{Window: digest.Window{Start: start, End: start.Add(time.Hour)}, Past: past}
	back := digest.Class{Change: &digest.Change{Kind: digest.Back, LastSeen: start}, FirstSeen: start, LastSeen: start.Add(time.Minute)}
	worse := digest.Class{Change: &digest.Change{Kind: digest.Worse, Of: "p95", Since: start}, FirstSeen: start, LastSeen: start}
	sentences := []string{WhenAndUsual(r), Evidence(&back), Seen(&back), Seen(&worse), Until(start), GoneEvidence(past.Gone[0])}
	sentences = append(sentences, Caveats(r)...)
	for _, n := range Notices(r) {
		sentences = append(sentences, n.Text)
	}
	for _, x := range Changes(r) {
		sentences = append(sentences, x.String())
	}
	for _, s := range sentences {
		shown := InZone(s, zone)
		if shown == s || strings.Contains(shown, "14:") || strings.Contains(shown, "UTC") {
			t.Errorf("%q became %q", s, shown)
		}
	}
	if len(sentences) < 11 {
		t.Errorf("only %d were tried", len(sentences))
	}
}

// In each form that has no times of the reader's own, no time is left in UTC.
func TestFormsHaveTheZone(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	r := &digest.Report{Window: digest.Window{Start: start, End: start.Add(time.Hour)}, Past: &digest.Past{Since: start, Learning: true},
		Coverage: digest.Coverage{Complete: true, Notes: []string{"The log begins at 2026-11-23 14:00:01 UTC."}},
		Classes: []digest.Class{{Rank: 1, ID: "A", Fingerprint: "select a from t", FirstSeen: start, LastSeen: start.Add(time.Minute),
			Told: &digest.Told{Kind: digest.New, Since: start}, Totals: digest.Totals{Calls: 1}}}}
	r.Detail = &digest.Detail{Start: start, Step: 1, Lines: digest.Lines{Load: []float64{1}}}
	for name, n := range map[string]func(*strings.Builder) Notifier{
		"text":     func(b *strings.Builder) Notifier { return NewText(b, TextOptions{Zone: zone}) },
		"Markdown": func(b *strings.Builder) Notifier { return NewMarkdown(b, zone) },
		"HTML":     func(b *strings.Builder) Notifier { return NewHTML(b, zone) },
	} {
		var b strings.Builder
		if err := n(&b).Notify(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		for _, want := range []string{"2026-11-23 19:30 to 20:30 IST", "Learning since 2026-11-23 19:30 IST", "begins at 2026-11-23 19:30:01 IST", "new since 19:30", "2026-11-23 19:30:00 to 19:31:00 IST"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
		if strings.Contains(got, "14:00") || strings.Contains(got, " UTC") {
			t.Errorf("%s has a time in UTC", name)
		}
		if name == "HTML" && !strings.Contains(got, `"zone":"Asia/Kolkata"`) {
			t.Error("the charts have another zone")
		}
	}
}
