package notifier

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// Title is the headline for a chat, which begins with what changed. That
// something is missing stands before that, with a sign and a word.
func Title(r *digest.Report) string {
	on := where(r)
	title := on + ": "
	n := changeCount(r)
	if over := endedIncident(r); over != "" { // of which that is the verdict
		n = strings.TrimSuffix(over+", "+n, ", ")
	}
	if n != "" {
		title = upperFirst(n) + " on " + title
	}
	if s := silent(r); s != "" && r.Overall.Calls > 0 {
		if n != "" && endedIncident(r) == "" {
			title = lowerFirst(title)
		}
		title = s + "; " + title
	}
	switch {
	case r.Overall.Calls == 0 && n == "" && noneRead(r):
		title = notRead(r)
	case r.Overall.Calls == 0 && n == "":
		title = "No slow query logged on " + on
	case r.Overall.Calls == 0:
		title += "no slow query logged"
	default:
		title += fmt.Sprintf("%s, %s", Plural(r.Overall.Calls, "slow query", "slow queries"), Duration(r.Overall.QueryTime.Sum))
	}
	if s := incidentTitle(r); s != "" {
		title = s
	}
	switch all := Notices(r); {
	case Incomplete(r) && r.Overall.Calls == 0:
		return "⚠️ NO DATA from " + on
	case Incomplete(r):
		return "⚠️ PARTIAL: " + title
	case endedIncident(r) != "" && len(all) == 1:
		return title
	case endedIncident(r) != "":
		return "⚠️ " + title
	case len(all) > 0:
		return "⚠️ " + all[0].Word + ": " + title
	}
	return title
}

// Facts is the second line below the title: the totals and what they rest on.
func Facts(r *digest.Report) string {
	o, c := r.Overall, r.Coverage
	var facts []string
	if o.Calls > 0 {
		facts = append(facts, Classes(r.By, o.Classes, ""), "p95 "+Duration(o.QueryTime.P95),
			rowsOf(o.RowsExamined.Sum)+" examined")
	}
	coverage := fmt.Sprintf("%s: %s, %s", lowerFirst(Trust(r)), Plural(int64(c.Files), "file", "files"), byteSize(c.BytesRead))
	if Incomplete(r) {
		coverage = strings.TrimSuffix(CoverageFacts(c), ".") // the title says that it is incomplete
	}
	return strings.Join(append(facts, coverage), " · ")
}

// WhenAndUsual is the line below the title: the window, and what such an hour usually holds.
func WhenAndUsual(r *digest.Report) string {
	if s := usually(r); s != "" {
		return When(r) + " · " + s
	}
	return When(r)
}

// headline is the report in one sentence, which begins with what changed.
func headline(r *digest.Report) string {
	o, filtered := r.Overall, ""
	if r.Filter != nil {
		filtered = "Filtered: "
	}
	if o.Calls == 0 {
		if noneRead(r) {
			return filtered + notRead(r) + "."
		}
		if Incomplete(r) {
			return filtered + "No slow query was seen, but what was read is not all of the window."
		}
		if r.Coverage.AsListed {
			return filtered + "No slow query was seen."
		}
		if s := usually(r); s != "" {
			return filtered + "No slow query; " + s + "."
		}
		return filtered + "No slow query."
	}
	first := ""
	if n := changeCount(r); n != "" {
		first = upperFirst(n) + ". "
	}
	total := Duration(o.QueryTime.Sum) + " in total"
	if s := usually(r); s != "" {
		total += " (" + s + ")"
	}
	return first + filtered + fmt.Sprintf("%s in %s: %s, p95 %s, max %s, %s examined.",
		Plural(o.Calls, "slow query", "slow queries"), Classes(r.By, o.Classes, ""), total,
		Duration(o.QueryTime.P95), Duration(o.QueryTime.Max), rowsOf(o.RowsExamined.Sum))
}

// miscLine sums up the classes that are not shown, if there are any.
func miscLine(r *digest.Report) string {
	m := r.Misc
	if m.Calls == 0 {
		return ""
	}
	share := ""
	if r.Overall.QueryTime.Sum > 0 {
		share = Percent(m.QueryTime.Sum/r.Overall.QueryTime.Sum) + ", "
	}
	return fmt.Sprintf("MISC: %s, %s%s, %s.", Classes(r.By, m.Classes, "more "),
		share, Duration(m.QueryTime.Sum), Plural(m.Calls, "call", "calls"))
}

// upperFirst writes the first letter large, as a sentence begins.
func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// names lists the first n, and how many others there are.
func names(all []string, n int) string {
	if len(all) == 0 {
		return "slow log"
	}
	out := strings.Join(all[:min(n, len(all))], ", ")
	if more := len(all) - n; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

// Notice is a word and a text that have to be read before the numbers.
type Notice struct{ Word, Text string }

// maxLost and maxIDs are how many lost hours, and classes of a kind, are named.
const (
	maxLost = 4
	maxIDs  = 5
)

// Notices says which hours are lost, and whether the digest may be a repeat.
func Notices(r *digest.Report) []Notice {
	if r.Past == nil {
		return nil
	}
	var out []Notice
	if x := r.Past.Incident; x != nil {
		out = append(out, Notice{incidentWord(ofIncident(x)), incidentText(r, x, false)})
	}
	if x := r.Past.EndedIncident; x != nil {
		out = append(out, Notice{endedIncident(r), endedText(r, x)})
	}
	if x := r.Past.Logged; x != nil && x.Now > x.Before {
		out = append(out, Notice{"LOG CHANGED", fmt.Sprintf("It holds no call below %s, before from %s on: long_query_time was raised, log_queries_not_using_indexes switched off, or the instance with the lowest is not there. Classes with shorter calls may be missing, or have fewer of them; they are neither gone nor better for that.",
			Duration(x.Now), Duration(x.Before))})
	} else if x != nil {
		out = append(out, Notice{"LOG CHANGED", fmt.Sprintf("It holds calls of %s, before none below %s: long_query_time was lowered, or an instance with a lower one has come. %s seen for that only, and not new.",
			Duration(x.Now), Duration(x.Before), Plural(int64(x.Classes), "class is", "classes are"))})
	}
	if r.Past.Repeat {
		out = append(out, Notice{"POSSIBLE REPEAT", "An earlier attempt to post this digest got no answer. It may stand above already."})
	}
	if lost := merged(r.Past.Missed); len(lost) > 0 {
		out = append(out, Notice{"HOURS LOST", windows(lost) + ". RDS had deleted the logs before they could be read."})
	}
	if lost := merged(r.Past.GivenUp); len(lost) > 0 {
		out = append(out, Notice{"HOURS GIVEN UP", windows(lost) + ". They could not be read for 14 days, and RDS keeps no log for longer."})
	}
	return out
}

// NoticesBelow is Notices without what Title says.
func NoticesBelow(r *digest.Report) []Notice {
	all := Notices(r)
	if len(all) == 0 || Incomplete(r) {
		return all
	}
	if all[0].Word = ""; r.Past.Incident != nil {
		all[0].Text = incidentText(r, r.Past.Incident, true)
	}
	return all
}

// Label is the word with a colon after it, or empty.
func (n Notice) Label() string {
	if n.Word == "" {
		return ""
	}
	return n.Word + ": "
}

// windows lists the first of them, and how many others there are.
func windows(all []digest.Window) string {
	var out []string
	for _, w := range all[:min(maxLost, len(all))] {
		out = append(out, window(w))
	}
	if more := len(all) - maxLost; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

// merged joins windows that touch.
func merged(all []digest.Window) []digest.Window {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b digest.Window) int { return a.Start.Compare(b.Start) })
	var out []digest.Window
	for _, w := range all {
		if n := len(out); n > 0 && !w.Start.After(out[n-1].End) {
			if w.End.After(out[n-1].End) {
				out[n-1].End = w.End
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// Caveats say how the calls are grouped, why less is said of what changed than may have changed,
// and what has become of instances: each in a sentence or two.
func Caveats(r *digest.Report) []string {
	out := groupNotes(r)
	if what := rankedBy[r.OrderBy]; what != "" {
		out = append(out, "Ranked by "+what+", and not by time.")
	}
	for _, s := range []string{day(r), learning(r)} {
		if s != "" {
			out = append(out, s)
		}
	}
	out = append(out, caveats(r)...)
	if s := firstWeek(r); s != "" {
		out = append(out, s)
	}
	return out
}

var rankedBy = map[digest.OrderBy]string{
	digest.OrderByMax: "the longest call", digest.OrderByCount: "calls", digest.OrderByRowsExamined: "rows examined", digest.OrderByLockTime: "lock time",
}

// caveats are those for which details are shown.
func caveats(r *digest.Report) []string {
	var out []string
	if s := regrouped(r); s != "" {
		out = append(out, s)
	}
	if r.Past != nil {
		out = append(out, folded(r.Past.News)...)
	}
	return out
}

// firstWeek says what cannot be seen yet: in the message that tells a day or else in one
// of 24 hours; elsewhere it is empty.
func firstWeek(r *digest.Report) string {
	if r.Past == nil || r.Past.Days == 0 {
		return ""
	}
	const day = 24 * time.Hour
	before := func(t time.Time) int64 { return int64((t.Sub(r.Past.Since) - time.Hour) / day) } // whole days before the hour that ends then
	if r.Past.Day == nil && before(r.Window.End) == before(r.Window.Start) {
		return ""
	}
	rhythm := "weekly rhythm is not known yet, so a weekly job may look new or worse"
	if r.Past.Days < 3 {
		rhythm = "neither daily nor weekly rhythm is known yet, so a job may look new or worse"
	}
	return Plural(int64(r.Past.Days), "day", "days") + " of history: " + rhythm + ". Better and gone need more than a week."
}

// day tells a day, or is empty.
func day(r *digest.Report) string {
	if r.Past == nil || r.Past.Day == nil {
		return ""
	}
	d := r.Past.Day
	read := d.Posted + d.Silent
	s := fmt.Sprintf("The day, %s: %s read, %d with news and %d without; about %s of query time.", window(d.Window),
		Plural(int64(read), "hour", "hours"), d.Posted, d.Silent, Duration(twoDigits(d.QueryTime)))
	// These can be of both.
	if d.Partial > 0 {
		s += " " + Plural(int64(d.Partial), "hour was", "hours were") + " read only in part."
	}
	if d.Asleep > 0 {
		s += " In " + Plural(int64(d.Asleep), "hour", "hours") + " an instance was paused or stopped."
	}
	if d.Empty > 0 {
		s += " " + Plural(int64(d.Empty), "hour was", "hours were") + " without any slow query."
	}
	if d.Learning > 0 {
		s += fmt.Sprintf(" In %s it was not known yet what is usual.", Plural(int64(d.Learning), "hour", "hours"))
	}
	if d.Left > 0 {
		s += " " + Plural(int64(d.Left), "hour is", "hours are") + " yet to be read."
	}
	if d.Missed > 0 {
		s += " " + Plural(int64(d.Missed), "hour is", "hours are") + " lost."
	}
	return s + toldOfDay(d)
}

// toldOfDay says what was told in the hours of a day, or is empty.
func toldOfDay(d *digest.Day) string {
	var told []string
	for _, x := range d.Incidents {
		of := ""
		if x.Label != "" {
			of = " (" + x.Label + ")"
		}
		told = append(told, fmt.Sprintf("%s from %s%s", incidentWord(x.Of), window(digest.Window{Start: x.From, End: x.To}), of))
	}
	for _, m := range d.Told {
		told = append(told, fmt.Sprintf("%d %s (%s)", m.Classes, kindWord(m.Kind), minorNames(m.First, m.Classes)))
	}
	if told == nil {
		return ""
	}
	return " It told: " + strings.Join(told, "; ") + "."
}

// regrouped says that this release regroups queries, in its first digest, and which
// mutes and notes wait in vain for one that was, or is empty.
func regrouped(r *digest.Report) string {
	if r.Past == nil || r.Past.Regrouped == nil {
		return ""
	}
	g := r.Past.Regrouped
	var out []string
	if r.Window.Contains(g.Since) {
		out = append(out, "Queries were regrouped by this release: one not seen since may be old or new, and is not called new until "+
			At(g.Until)+".")
	}
	var marks []string
	if n := len(g.Mutes); n > 0 {
		marks = append(marks, Plural(int64(n), "mute", "mutes"))
	}
	if n := len(g.Notes); n > 0 {
		marks = append(marks, Plural(int64(n), "note", "notes"))
	}
	if marks != nil {
		ids := slices.Concat(g.Mutes, g.Notes)
		slices.Sort(ids)
		ids = slices.Compact(ids)
		out = append(out, fmt.Sprintf("Set on queries that are gone or regrouped: %s (%s).", strings.Join(marks, " and "), shortIDs(ids)))
	}
	return strings.Join(out, " ")
}

// shortIDs lists the first of the IDs, and how many others there are.
func shortIDs(ids []string) string {
	var out []string
	for _, id := range ids[:min(maxIDs, len(ids))] {
		out = append(out, redact.ShortID(id))
	}
	if more := len(ids) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

// firstEver reports whether nothing was remembered before the report.
func firstEver(r *digest.Report) bool {
	return r.Past != nil && r.Past.Learning && !r.Past.Since.Before(r.Window.Start)
}

// learning says that it is not known what is usual, and at first what that means; or is empty.
func learning(r *digest.Report) string {
	switch {
	case r.Past == nil || !r.Past.Learning:
		return ""
	case firstEver(r):
		return "Learning since " + At(r.Past.Since) + " what is usual here: until 24 hours are read, nothing is called new or worse."
	}
	return "Learning since " + At(r.Past.Since) + "."
}

// Muted counts the classes that are muted, and names them, or is empty.
func Muted(r *digest.Report) string {
	if r.Past == nil || len(r.Past.Muted) == 0 {
		return ""
	}
	var named []string
	var calls int64
	sum := 0.0
	for i, m := range r.Past.Muted {
		calls, sum = calls+m.Calls, sum+m.QueryTime
		if id := redact.ShortID(m.ID); i < maxIDs && m.Fingerprint != "" {
			named = append(named, nameOf(digest.MinorClass{Fingerprint: m.Fingerprint})+" "+id)
		} else if i < maxIDs {
			named = append(named, id)
		}
	}
	if more := len(r.Past.Muted) - len(named); more > 0 {
		named = append(named, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%d muted: %s (%s, %s)", len(r.Past.Muted), strings.Join(named, ", "), Plural(calls, "call", "calls"), Duration(sum))
}

// When is the window, and how many hours it covers if these are several.
func When(r *digest.Report) string {
	if r.Past != nil && r.Past.CatchUp > 1 {
		return fmt.Sprintf("%d hours in one message: %s", r.Past.CatchUp, window(r.Window))
	}
	return window(r.Window)
}
