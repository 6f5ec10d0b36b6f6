// Package weekly says in sentences what a week was like, for every format.
package weekly

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/digest/week"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

const (
	// Top is how many of the classes that cost the most a week names.
	Top = 10

	maxFixed = 10
	maxMuted = 10
)

// Memo says what a week was like. ForOthers withholds what others than the readers of the log may not see.
func Memo(w *week.Week, forOthers bool) *notifier.Memo {
	m := newMaker(w, forOthers)
	memo := &notifier.Memo{Title: title(w), Headline: m.headline(), Facts: m.facts(), Table: m.table()}
	add := func(title string, lines []notifier.MemoLine, all int) {
		if len(lines) == 0 {
			return
		}
		s := notifier.Section{Title: title, Lines: lines}
		if more := all - len(lines); more > 0 {
			s.More = fmt.Sprintf("and %d more", more)
		}
		memo.Sections = append(memo.Sections, s)
	}
	add("What cost the most", m.top(), len(w.Top))
	add("New, and still there", m.isNew(), w.NewCount)
	add("Fixed", m.fixed(), len(w.Fixed))
	add("Muted", m.muted(), len(w.Muted))
	return memo
}

// maker knows what the classes are called.
type maker struct {
	week  *week.Week
	names map[string]*digest.Class // by their IDs, as they may be shown
}

func newMaker(w *week.Week, forOthers bool) *maker {
	r := &digest.Report{Window: w.Window, Instances: w.Instances}
	for _, c := range w.Named() {
		if !slices.ContainsFunc(r.Classes, func(had digest.Class) bool { return had.ID == c.ID }) {
			r.Classes = append(r.Classes, *c)
		}
	}
	if forOthers {
		r = redact.Of(r).Digest()
	} else {
		for i := range r.Classes {
			r.Classes[i].Fingerprint = redact.ForCLI(r.Classes[i].Fingerprint)
		}
		redact.Label(r.Classes)
	}
	m := &maker{w, map[string]*digest.Class{}}
	for i := range r.Classes {
		m.names[r.Classes[i].ID] = &r.Classes[i]
	}
	return m
}

// label is what a class is called, or its ID.
func (m *maker) label(id string) string {
	if c := m.names[id]; c != nil && c.Label != "" {
		return c.Label
	}
	return redact.ShortID(id)
}

// name is the label of a class with its ID; of one that no hour has what it was called, or the ID alone.
func (m *maker) name(id, remembered string) string {
	short := redact.ShortID(id)
	if c := m.names[id]; c != nil && c.Label != "" {
		return c.Label + " " + short
	}
	return strings.TrimSpace(redact.RememberedLabel(remembered) + " " + short)
}

func title(w *week.Week) string {
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		zone = time.UTC
	}
	first := w.Window.Start.Add(time.Hour - 1).In(zone) // a window begins up to an hour before midnight
	_, n := first.ISOWeek()
	last := first.AddDate(0, 0, 6)
	return fmt.Sprintf("Slow queries of week %d: %s to %s (%s)", n, first.Format("Mon 2 Jan"), last.Format("Mon 2 Jan 2006"), w.Zone)
}

// headline compares the week with the ones before.
func (m *maker) headline() string {
	w := m.week
	switch {
	case w.Hours.Read == 0:
		return "Nothing of this week is kept."
	case w.Calls == 0:
		return "No slow query" + unknownPart(w.Hours) + "."
	}
	s := fmt.Sprintf("%s of query time in %s of %s", notifier.Duration(w.QueryTime), notifier.Plural(w.Calls, "call", "calls"),
		notifier.Plural(int64(w.Classes), "class", "classes"))
	return s + unknownPart(w.Hours) + m.against() + "."
}

func unknownPart(h week.Hours) string {
	if h.Read < h.All {
		return " in what was read"
	}
	return ""
}

// against says how the query time differs from that of the weeks before.
func (m *maker) against() string {
	w := m.week
	than := "the week before"
	if w.UsualOf > 1 {
		than = fmt.Sprintf("the mean of the %d weeks before", w.UsualOf)
		if w.UsualOf < week.Earlier {
			than = fmt.Sprintf("the mean of %d of the %d weeks before", w.UsualOf, week.Earlier)
		}
	} else if w.UsualOf == 1 && !w.Earlier[0].Known {
		than = "the one week of those before that is known"
	}
	switch ratio := w.QueryTime / w.Usual; {
	case !w.Known || w.UsualOf == 0 || w.Usual == 0:
		return ""
	case ratio >= 2:
		return fmt.Sprintf(", %s times %s (%s)", times(ratio), than, notifier.Duration(w.Usual))
	case math.Abs(ratio-1) < 0.02:
		return fmt.Sprintf(", as in %s (%s)", than, notifier.Duration(w.Usual))
	default:
		return fmt.Sprintf(", %s %s than in %s (%s)", notifier.Percent(math.Abs(ratio-1)), moreOrLess(ratio), than, notifier.Duration(w.Usual))
	}
}

func moreOrLess(ratio float64) string {
	if ratio > 1 {
		return "more"
	}
	return "less"
}

func times(ratio float64) string {
	if ratio < 10 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", ratio), ".0")
	}
	return notifier.Count(ratio)
}

// facts say in a line what the numbers rest on, and what is not known.
func (m *maker) facts() []string {
	w := m.week
	s := fmt.Sprintf("Complete: all %d hours were read.", w.Hours.All)
	if n := w.Hours.AsListed; n > 0 {
		s = fmt.Sprintf("As listed: all %d hours were read, and of %d an instance listed no file for a part, as where it logged nothing.", w.Hours.All, n)
	}
	if missing := w.Hours.All - w.Hours.Read; missing > 0 || w.Hours.Partial > 0 {
		s = fmt.Sprintf("PARTIAL: %d of %d hours were read", w.Hours.Read, w.Hours.All)
		if w.Hours.Partial > 0 {
			s += fmt.Sprintf(", %d of them not completely", w.Hours.Partial)
		}
		s += "; what is missing counts as nothing."
	}
	switch unknown := week.Earlier - w.UsualOf; {
	case w.Hours.Read == 0 || unknown == 0 && w.Known:
	case !w.Known:
		s += " That is too little to compare it with the weeks before."
	case unknown == week.Earlier:
		s += " Of none of the 4 weeks before enough is kept to compare with it, or to know what is new."
	default:
		s += fmt.Sprintf(" Of %d of the 4 weeks before too little is kept to compare with.", unknown)
	}
	if !w.RulesSince.IsZero() {
		s += " Since " + notifier.At(w.RulesSince) + " query IDs are made by other rules: what a class did before is not known."
	}
	out := []string{s}
	if len(w.Instances) > 0 {
		out = append(out, "On "+redact.Cut(strings.Join(redacted(w.Instances), ", "), redact.MaxCoverageNote)+".")
	}
	if w.Unreadable > 0 {
		out = append(out, notifier.Plural(int64(w.Unreadable), "hour that is", "hours that are")+" kept could not be read: the function's log says why.")
	}
	return out
}

func redacted(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = redact.Text(n, redact.MaxName)
	}
	return out
}

func (m *maker) top() []notifier.MemoLine {
	var lines []notifier.MemoLine
	for i := range m.week.Top {
		c := &m.week.Top[i]
		text := fmt.Sprintf("%s: %s, %s", m.label(c.ID), notifier.Percent(c.Share), notifier.Plural(c.Calls, "call", "calls"))
		for _, s := range []string{trend(c), m.place(c.ID), m.isMuted(c.ID)} {
			if s != "" {
				text += "; " + s
			}
		}
		text += m.owners(c.ID)
		lines = append(lines, notifier.MemoLine{Strong: fmt.Sprintf("#%d %s", i+1, notifier.Duration(c.QueryTime)), Text: text})
	}
	return lines
}

// trend compares a class with the weeks before, and draws these and the week, the last one last.
func trend(c *week.Class) string {
	if c.Usual == nil {
		return ""
	}
	var drawn []float64
	for _, t := range c.Earlier {
		if t != nil {
			drawn = append(drawn, *t)
		}
	}
	slices.Reverse(drawn)
	line := " " + notifier.Sparkline(append(drawn, c.QueryTime))
	switch ratio := c.QueryTime / *c.Usual; {
	case *c.Usual == 0:
		return "not in the weeks before"
	case ratio >= 2:
		return times(ratio) + " times as much as before" + line
	case math.Abs(ratio-1) < 0.1:
		return "as before" + line
	case ratio < 0.01:
		return "less than 1% of before" + line
	default:
		return fmt.Sprintf("%s %s than before%s", notifier.Percent(math.Abs(ratio-1)), moreOrLess(ratio), line)
	}
}

// place is the code that a class comes from.
func (m *maker) place(id string) string {
	c := m.names[id]
	if c == nil {
		return ""
	}
	tags := redact.Tags(c.Tags)
	for _, t := range tags {
		if t.Key != digest.CodeTag || t.Value == digest.OtherNames {
			continue
		}
		if n := 0; t.Calls < c.Calls {
			for _, other := range tags {
				if other.Key == digest.CodeTag {
					n++
				}
			}
			if n > 1 {
				return "code " + t.Value + " and others"
			}
		}
		return "code " + t.Value
	}
	return ""
}

// owners are those of a class, after a dot.
func (m *maker) owners(id string) string {
	if c := m.names[id]; c != nil {
		return notifier.OwnedBy(c)
	}
	return ""
}

func (m *maker) isMuted(id string) string {
	if slices.ContainsFunc(m.week.Muted, func(x week.Muted) bool { return x.ID == id }) {
		return "muted"
	}
	return ""
}

func (m *maker) isNew() []notifier.MemoLine {
	var lines []notifier.MemoLine
	for i := range m.week.New {
		c := &m.week.New[i]
		text := fmt.Sprintf("%s: since %s, %s in %s", m.name(c.ID, ""), notifier.At(began(c)), notifier.Duration(c.QueryTime), notifier.Plural(c.Calls, "call", "calls"))
		text = notifier.WithRelease(text, c.Release)
		if s := m.place(c.ID); s != "" {
			text += "; " + s
		}
		text += m.owners(c.ID)
		lines = append(lines, notifier.MemoLine{Strong: "NEW", Text: text})
	}
	return lines
}

// began is when a class was seen first, as far as that is known.
func began(c *week.Class) time.Time {
	if c.First.IsZero() {
		return c.Since
	}
	return c.First
}

func (m *maker) fixed() []notifier.MemoLine {
	var lines []notifier.MemoLine
	for _, f := range m.week.Fixed[:min(maxFixed, len(m.week.Fixed))] {
		text := fmt.Sprintf("%s: %s from %s to %s with %s an hour, %s in the day after", m.name(f.ID, f.Label), f.Was,
			notifier.At(f.Since), notifier.At(f.To), notifier.Duration(f.Before), notifier.Duration(f.Now))
		if f.Again {
			text += fmt.Sprintf("; again %s an hour in the last day of the week", notifier.Duration(f.Lately))
		}
		lines = append(lines, notifier.MemoLine{Strong: "FIXED", Text: text + m.owners(f.ID)})
	}
	return lines
}

func (m *maker) muted() []notifier.MemoLine {
	var lines []notifier.MemoLine
	for _, x := range m.week.Muted[:min(maxMuted, len(m.week.Muted))] {
		text := m.name(x.ID, "") + ": " + notifier.Until(x.Until)
		if !x.Since.IsZero() {
			text += ", since " + notifier.At(x.Since)
		}
		if x.Calls > 0 {
			text += fmt.Sprintf("; %s in %s", notifier.Duration(x.QueryTime), notifier.Plural(x.Calls, "call", "calls"))
		} else {
			text += "; not seen"
		}
		if reason := redact.Text(x.Reason, digest.MaxNote); reason != "" {
			text += "; " + reason
		}
		lines = append(lines, notifier.MemoLine{Text: text})
	}
	return lines
}

// table has a row for each of the classes that cost the most, with their time in each week and by hour of the day.
func (m *maker) table() notifier.Table {
	t := notifier.Table{Title: "By week, and by hour of the day (" + m.week.Zone + ")", Without: []string{"-4", "-3", "Max", "-2", "-1", "0h to 23h", "Mean", "Calls"}}
	t.Head = []string{"#", "Query ID", "Time", "Calls", "Mean", "Max", "-4", "-3", "-2", "-1", "0h to 23h", "Query"}
	for i := range m.week.Top {
		c := &m.week.Top[i]
		time, calls := notifier.Duration(c.QueryTime), notifier.Count(float64(c.Calls))
		mean, longest := notifier.Duration(c.QueryTime/float64(max(1, c.Calls))), notifier.Duration(c.Max)
		var weeks []string
		for n := week.Earlier - 1; n >= 0; n-- {
			weeks = append(weeks, earlier(c.Earlier[n]))
		}
		day := notifier.Sparkline(c.ByHour[:])
		day += strings.Repeat(" ", max(0, len(c.ByHour)-len([]rune(day))))
		id := redact.ShortID(c.ID)
		row := append([]string{fmt.Sprint(i + 1), id, time, calls, mean, longest}, weeks...)
		t.Rows = append(t.Rows, append(row, day, m.label(c.ID)))
		t.Details = append(t.Details, notifier.Detail{
			Strong: fmt.Sprintf("#%d %s", i+1, m.label(c.ID)), Code: id, Drawn: day, Of: "0h to 23h",
			Text: fmt.Sprintf("%s in %s, mean %s, longest %s; the weeks before, the oldest first: %s", time, notifier.Plural(c.Calls, "call", "calls"), mean, longest, strings.Join(weeks, ", ")),
		})
	}
	return t
}

func earlier(seconds *float64) string {
	if seconds == nil {
		return "?"
	}
	return notifier.Duration(*seconds)
}
