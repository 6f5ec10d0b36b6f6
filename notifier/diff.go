package notifier

import (
	"fmt"
	"io"
	"math"
	"strings"

	"slowdigest/digest"
)

// WriteDiffJSON writes what changed as indented JSON, exactly the struct.
func WriteDiffJSON(w io.Writer, d *digest.Diff) error {
	b, err := IndentedJSON(d)
	if err != nil {
		return fmt.Errorf("write the difference as JSON: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// DiffHeadline is the change in one sentence.
func DiffHeadline(d *digest.Diff) string {
	unit := ""
	if d.PerHour {
		unit = " per hour"
	}
	b, a := d.Before.QueryTime, d.After.QueryTime
	switch {
	case b == 0 && a == 0:
		return "No slow query, before or after."
	case b == 0:
		return fmt.Sprintf("Query time rose from nothing to %s%s.", Duration(a), unit)
	case Duration(a) == Duration(b):
		return fmt.Sprintf("Query time stayed at %s%s.", Duration(a), unit)
	}
	way := "rose"
	if a < b {
		way = "fell"
	}
	ratio := fmt.Sprintf("%.0f%%", 100*math.Abs(a-b)/b)
	if a >= 10*b {
		ratio = Count(a/b) + " times as much"
	}
	return fmt.Sprintf("Query time %s by %s, %s: from %s to %s%s.", way, Duration(math.Abs(a-b)), ratio, Duration(b), Duration(a), unit)
}

// DiffNotes says what has to be known of the two windows before they are compared.
func DiffNotes(d *digest.Diff) []string {
	var notes []string
	if d.PerHour {
		notes = append(notes, fmt.Sprintf("The windows differ in length (%s and %s), so all calls and times are per hour.",
			windowLength(d.Before.Window), windowLength(d.After.Window)))
	}
	if d.Before.Rules != d.After.Rules {
		notes = append(notes, fmt.Sprintf("The query IDs were made by releases with other rules (%d and %d), so what only one side has is called regrouped, not new or gone.",
			d.Before.Rules, d.After.Rules))
	}
	for _, s := range []struct {
		name string
		side *digest.Side
	}{{"Before", &d.Before}, {"After", &d.After}} {
		if Incomplete(&digest.Report{Coverage: s.side.Coverage}) {
			notes = append(notes, s.name+" is PARTIAL: what is missing there counts as less.")
		}
		if s.side.Unlisted > 0 {
			notes = append(notes, fmt.Sprintf("%s lists %d of its %d classes; what only the other side lists is called unlisted, not new or gone.",
				s.name, s.side.Classes-s.side.Unlisted, s.side.Classes))
		}
		for _, n := range coverageNotes(&s.side.Coverage, s.side.Filter) {
			notes = append(notes, s.name+": "+n)
		}
	}
	if before, after := d.Before.Filter, d.After.Filter; (before == nil) != (after == nil) || before != nil && filterText(before) != filterText(after) {
		notes = append(notes, "The two sides are filtered in different ways, so that the difference says little.")
	}
	return notes
}

func windowLength(w digest.Window) string { return Duration(w.End.Sub(w.Start).Seconds()) }

// DiffSide describes one of the two windows.
func DiffSide(s *digest.Side, perHour bool) string {
	if names := sideNames(s); names != "" {
		return window(s.Window) + ", " + names + ": " + sideTotals(s, perHour)
	}
	return window(s.Window) + ": " + sideTotals(s, perHour)
}

func sideNames(s *digest.Side) string { return strings.Join(cleanAll(s.Instances), ", ") }

func sideTotals(s *digest.Side, perHour bool) string {
	unit := ""
	if perHour {
		unit = " per hour"
	}
	return fmt.Sprintf("%s%s in %s, %s%s", Plural(int64(math.Round(s.Calls)), "call", "calls"), unit,
		Plural(int64(s.Classes), "class", "classes"), Duration(s.QueryTime), unit)
}

// Signed writes a change with its sign, a true minus.
func Signed(f float64, write func(float64) string) string {
	switch text := write(math.Abs(f)); {
	case text == write(0):
		return text
	case f < 0:
		return "−" + text
	default:
		return "+" + text
	}
}

// DiffPart is a class's part of the change of the total: over 100 % where others
// made up for it, and below zero for a class that went the other way. It is empty
// where the total hardly changed, and parts of nothing would mean nothing.
func DiffPart(d *digest.Diff, change float64) string {
	if math.Abs(d.Change) < 0.01*math.Max(d.Before.QueryTime, d.After.QueryTime) || d.Change == 0 {
		return "-"
	}
	share := 100 * change / d.Change
	return strings.TrimPrefix(Signed(share, func(f float64) string { return fmt.Sprintf("%.0f%%", f) }), "+")
}

// fromTo writes a number before and after.
func fromTo(before, after float64, write func(float64) string) string {
	b, a := write(before), write(after)
	if b == a {
		return a
	}
	return b + " → " + a
}

// DiffFacts are the numbers of a class, a line each.
func DiffFacts(d *digest.Diff, c *digest.ClassDiff) []string {
	whole := func(f float64) string { return Count(math.Round(f)) }
	facts := []string{fmt.Sprintf("query time %s, calls %s", fromTo(c.Before.QueryTime, c.After.QueryTime, Duration), fromTo(c.Before.Calls, c.After.Calls, whole))}
	if c.Before.Calls > 0 && c.After.Calls > 0 {
		facts[0] += fmt.Sprintf(", mean %s, p95 %s", fromTo(c.Before.Mean, c.After.Mean, Duration), fromTo(c.Before.P95, c.After.P95, Duration))
		facts = append(facts, fmt.Sprintf("of the change %s by the number of calls, %s by the time of each",
			Signed(c.ByCalls, Duration), Signed(c.ByTime, Duration)))
	}
	return facts
}

// DiffMisc is the line for all that is not listed, or empty.
func DiffMisc(d *digest.Diff) string {
	m := d.Misc
	if m == (digest.MiscDiff{}) {
		return ""
	}
	return fmt.Sprintf("Other classes: %s of the change, %s, from %s to %s.", DiffPart(d, m.Change), Signed(m.Change, Duration), Duration(m.Before), Duration(m.After))
}
