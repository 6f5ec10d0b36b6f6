package notifier

import (
	"fmt"
	"io"
	"math"
	"strings"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
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
	case d.Before.Calls == 0 && d.After.Calls == 0:
		return "No slow query, before or after."
	case Duration(a) == Duration(b):
		return fmt.Sprintf("Query time stayed at %s%s.", Duration(a), unit)
	case d.Before.Calls == 0:
		return fmt.Sprintf("Query time rose from nothing to %s%s.", Duration(a), unit)
	case b == 0:
		return fmt.Sprintf("Query time rose from %s to %s%s.", Duration(b), Duration(a), unit)
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
	switch {
	case d.PerHour && !d.Unlike():
		notes = append(notes, fmt.Sprintf("Not as much is known of the one window as of the other (%s and %s), so all calls and times are per hour.",
			Duration(d.Before.Known()), Duration(d.After.Known())))
	case d.PerHour:
		notes = append(notes, fmt.Sprintf("The windows differ in length (%s and %s), so all calls and times are per hour.",
			windowLength(d.Before.Window), windowLength(d.After.Window)))
	case d.Unlike():
		notes = append(notes, fmt.Sprintf("The windows differ in length (%s and %s), and %s, which does not tell how long it was quiet: calls and times are totals as they are, and not per hour. "+
			"To give windows, save each side by report --since … --until … --limit all --format json.",
			windowLength(d.Before.Window), windowLength(d.After.Window), inferred(d)))
	}
	if d.Before.Rules != d.After.Rules {
		notes = append(notes, fmt.Sprintf("The query IDs were made by releases with other rules (%d and %d), so what only one side has is called regrouped, not new or gone.",
			d.Before.Rules, d.After.Rules))
	}
	for _, s := range []struct {
		name string
		side *digest.Side
	}{{"Before", &d.Before}, {"After", &d.After}} {
		if Incomplete(&digest.Report{Coverage: s.side.Coverage}) && !(d.PerHour && s.side.OnlyHoursMissing()) {
			notes = append(notes, s.name+" is PARTIAL: what is missing there counts as less.")
		}
		if s.side.Unlisted > 0 {
			notes = append(notes, fmt.Sprintf("%s lists %d of its %s; what only the other side lists is called unlisted, not new or gone, and its change is not known. Save it with --limit all to compare all.",
				s.name, s.side.Classes-s.side.Unlisted, Classes(d.By, s.side.Classes, "")))
		}
		for _, n := range coverageNotes(&s.side.Coverage, s.side.Filter, d.By) {
			notes = append(notes, s.name+": "+n)
		}
	}
	if before, after := d.Before.Filter, d.After.Filter; (before == nil) != (after == nil) || before != nil && filterText(before) != filterText(after) {
		notes = append(notes, "The two sides are filtered in different ways, so that the difference says little.")
	}
	return notes
}

func windowLength(w digest.Window) string {
	if w.Start.IsZero() || w.End.IsZero() {
		return "unknown"
	}
	return Duration(w.End.Sub(w.Start).Seconds())
}

// inferred says which windows nobody gave.
func inferred(d *digest.Diff) string {
	const what = " only from the first entry to the last"
	switch {
	case d.Before.Inferred && d.After.Inferred:
		return "both are" + what
	case d.Before.Inferred:
		return "that of Before is" + what
	case d.After.Inferred:
		return "that of After is" + what
	}
	return "one is unknown"
}

// DiffSide describes one of the two windows, and what its classes are.
func DiffSide(s *digest.Side, by digest.By, perHour bool) string {
	if names := sideNames(s); names != "" {
		return window(s.Window) + ", " + names + ": " + sideTotals(s, by, perHour)
	}
	return window(s.Window) + ": " + sideTotals(s, by, perHour)
}

func sideNames(s *digest.Side) string { return strings.Join(cleanAll(s.Instances), ", ") }

func sideTotals(s *digest.Side, by digest.By, perHour bool) string {
	unit := ""
	if perHour {
		unit = " per hour"
	}
	return fmt.Sprintf("%s%s in %s, %s%s", Plural(int64(math.Round(s.Calls)), "call", "calls"), unit,
		Classes(by, s.Classes, ""), Duration(s.QueryTime), unit)
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
	if c.Plans != nil {
		facts = append(facts, PlanDiff(c.Plans))
	}
	return append(facts, tagChanges(d, c)...)
}

// shownTags is how many values of a key a difference shows.
const shownTags = 3

// tagChanges says of the place in the code, and of the keys that are shown beside it, which values changed
// most, a line for each key.
func tagChanges(d *digest.Diff, c *digest.ClassDiff) []string {
	var lines []string
	n, last := 0, ""
	for _, t := range redact.TagDiffs(c.Tags) {
		if t.Key != digest.CodeTag && !digest.IsNewsTagKey(t.Key) || t.Key == d.By.Tag() {
			continue
		}
		if t.Key != last {
			lines, n, last = append(lines, t.Key+" "), 0, t.Key
		}
		line := &lines[len(lines)-1]
		switch n++; {
		case n > shownTags+1:
			continue
		case n > shownTags:
			*line += ", and others"
			continue
		case n > 1:
			*line += ", "
		}
		*line += t.Value
		if t.Before == nil || t.After == nil || t.Before.Calls != c.Before.Calls || t.After.Calls != c.After.Calls {
			*line += " " + tagTime(t.Before) + " → " + tagTime(t.After)
		}
	}
	return lines
}

func tagTime(t *digest.TagTime) string {
	if t == nil {
		return "among others"
	}
	return Duration(t.QueryTime)
}

// UnlistedFacts are those of a class that one side does not list.
func UnlistedFacts(u *digest.UnlistedClass) string {
	time, calls := notListed(u, Duration(u.QueryTime)), notListed(u, Count(math.Round(u.Calls)))
	return fmt.Sprintf("query time %s → %s, calls %s → %s; mean %s, p95 %s where it is listed", time[0], time[1], calls[0], calls[1], Duration(u.Mean), Duration(u.P95))
}

// notListed is what the sides before and after say of a class that only one lists.
func notListed(u *digest.UnlistedClass, said string) [2]string {
	if u.Listed == digest.InBefore {
		return [2]string{said, "not listed"}
	}
	return [2]string{"not listed", said}
}

// DiffMisc is the line for all that is not compared class by class, or empty.
func DiffMisc(d *digest.Diff) string {
	m := d.Misc
	if m == (digest.MiscDiff{}) {
		return ""
	}
	others := "Other classes"
	if d.By != digest.ByClass {
		others = "Other " + string(d.By) + "s"
	}
	if d.Before.Unlisted+d.After.Unlisted > 0 {
		others += ", unlisted ones included"
	}
	return fmt.Sprintf("%s: %s of the change, %s, from %s to %s.", others, DiffPart(d, m.Change), Signed(m.Change, Duration), Duration(m.Before), Duration(m.After))
}
