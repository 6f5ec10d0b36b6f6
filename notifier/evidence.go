package notifier

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// Reasons says what the numbers of a class show to be wrong, each in a phrase that
// names its evidence.
func Reasons(c *digest.Class) []string {
	var out []string
	for _, r := range digest.Reasons(c) {
		out = append(out, reason(r))
	}
	return out
}

func reason(r digest.Reason) string {
	switch r.Kind {
	case digest.FullScans:
		return "full scan in " + callsOf(r)
	case digest.RowsExamined:
		if r.NoResult {
			return fmt.Sprintf("%s examined per call, none %s", rowsOf(r.Rows), r.Result)
		}
		return fmt.Sprintf("%s examined per row %s", rowsOf(r.Rows), r.Result)
	case digest.TmpDiskTables:
		return fmt.Sprintf("%s on disk in %s", Plural(r.Count, "temporary table", "temporary tables"), Plural(r.Of, "call", "calls")+whoseLogTells(r))
	case digest.LockTime:
		return fmt.Sprintf("lock time is %s of the query time", Percent(r.Share))
	case digest.LongLists:
		return fmt.Sprintf("lists of up to %s; the long ones took %s of the time", Count(float64(r.Count)), Percent(r.Share))
	case digest.Growing:
		return fmt.Sprintf("it grew from %s per %s in the first quarter to %s in the last", Duration(r.Growth.From), Duration(r.Growth.Every), Duration(r.Growth.To))
	case digest.Errors:
		return callsOf(r) + " ended in an error"
	}
	return fmt.Sprintf("one call of %s took %s of the time, the median is %s", Duration(r.Longest), Percent(r.Share), Duration(r.Median))
}

// callsOf says in how many of the calls something was, of which the log tells.
func callsOf(r digest.Reason) string {
	switch {
	case r.Count < r.Of:
		return fmt.Sprintf("%s of the %s", Count(float64(r.Count)), Plural(r.Of, "call", "calls")) + whoseLogTells(r)
	case r.Partly && r.Of == 1:
		return "the one call" + whoseLogTells(r)
	case r.Partly:
		return "all of the " + Plural(r.Of, "call", "calls") + whoseLogTells(r)
	}
	return "every call"
}

func whoseLogTells(r digest.Reason) string {
	if r.Partly {
		return " whose log tells it"
	}
	return ""
}

// Evidence is the badge and what justifies it, or empty.
func Evidence(c *digest.Class) string {
	switch {
	case c.Change == nil:
		return ""
	case !c.Change.Since.IsZero():
		word := "Still " // since when stands with its name
		if c.Change.Again {
			word = "Again "
		}
		return word + strings.ToLower(kindWord(c.Change.Kind)) + ": " + changeEvidence(c)
	}
	return kindWord(c.Change.Kind) + ": " + changeEvidence(c)
}

// EvidenceBeside is Evidence without the time and the calls, for where they stand next to it.
func EvidenceBeside(c *digest.Class) string {
	word, evidence, _ := strings.Cut(Evidence(c), ": ")
	if evidence == "" {
		return ""
	}
	return word + ": " + strings.TrimPrefix(evidence, took(c)+"; ")
}

// plainlyNew reports whether of a class is said that it is NEW as of this hour.
func plainlyNew(c *digest.Class) bool {
	return c.Change != nil && c.Change.Kind == digest.New && c.Change.First.IsZero() && c.Change.Since.IsZero()
}

// newSince returns the one class that says for how long none that is NEW was seen, where several are and that is
// the same of all: the first that the head names or, where it names none, the first. Else it is nil.
func newSince(r *digest.Report) *digest.Class {
	var all []*digest.Class
	for _, c := range InOrder(r) {
		if plainlyNew(c) {
			all = append(all, c)
		}
	}
	if len(all) < 2 || slices.ContainsFunc(all, func(c *digest.Class) bool { return span(c.Change.Unseen) != span(all[0].Change.Unseen) }) {
		return nil
	}
	most := mostOfIncident(r, all) // has no line
	for _, c := range Leading(r) {
		if plainlyNew(c) && c != most {
			return c
		}
	}
	return all[0]
}

// NewIsSaid reports whether another class has said of a class that is NEW for how long it was not seen.
func NewIsSaid(r *digest.Report, c *digest.Class) bool {
	if !plainlyNew(c) {
		return false
	}
	says := newSince(r)
	return says != nil && says != c
}

// lineEvidence is changeEvidence for a line of the head, of which one says for all that are NEW how long
// they were not seen.
func lineEvidence(r *digest.Report, c *digest.Class) string {
	switch {
	case NewIsSaid(r, c):
		return WithRelease(took(c), c.Change.Release)
	case plainlyNew(c) && newSince(r) == c:
		return WithRelease(fmt.Sprintf("%s; none that is NEW was seen in the %s before", took(c), span(c.Change.Unseen)), c.Change.Release)
	}
	return changeEvidence(c)
}

// Detection says how many calls of a class would be seen to be more within a day; empty where that
// is not known, or the class has changed. It is for details.
func Detection(c *digest.Class) string {
	if c.Change != nil || !(c.Detectable > 0) {
		return ""
	}
	return fmt.Sprintf("Less than %s times the calls would not be seen within a day", Count(twoDigits(math.Min(c.Detectable, 1000))))
}

// changeEvidence is a phrase with the numbers that justify a change, and the release with which it began.
func changeEvidence(c *digest.Class) string { return WithRelease(evidenceOf(c), c.Change.Release) }

// WithRelease adds since which release something is so. It is no cause.
func WithRelease(evidence string, r *digest.Release) string {
	if r == nil {
		return evidence
	}
	return fmt.Sprintf("%s; since %s (%s)", evidence, r.Name, At(r.At))
}

func evidenceOf(c *digest.Class) string {
	x := c.Change
	late := !x.First.IsZero()
	switch {
	case x.Kind == digest.New && late:
		return fmt.Sprintf("%s; first seen %s, and not in the %s before that", took(c), At(x.First), span(x.Unseen))
	case x.Kind == digest.New:
		return fmt.Sprintf("%s; not seen in the %s before", took(c), span(x.Unseen))
	case x.Kind == digest.Back && late:
		return fmt.Sprintf("%s; seen again %s; before that last seen %s, %s earlier", took(c), At(x.First), At(x.LastSeen), span(x.Unseen))
	case x.Kind == digest.Back:
		return fmt.Sprintf("%s; last seen %s, %s before", took(c), At(x.LastSeen), span(x.Unseen))
	case x.Kind == digest.Better:
		return fmt.Sprintf("%s; usually %s around this time of %s", perHour(x), Duration(x.Median), Plural(int64(x.Days), "day", "days"))
	}
	phrases := []string{"p95 " + Duration(x.Now) + "; " + pastOf(x.Values)}
	if x.Of == "query_time" {
		phrases = []string{perHour(x) + "; " + pastOf(x.Values)}
	}
	switch {
	case x.TimesCalls > 0:
		phrases = append(phrases, Count(x.TimesCalls)+" times the usual calls")
	case x.TimesEach > 0 && !has(c, digest.OneCall): // else the others may be as ever
		phrases = append(phrases, fmt.Sprintf("a call takes %s times as long as usual", Count(x.TimesEach)))
	}
	if p := x.P95; p != nil {
		past := "; " + pastOf(*p)
		if x.Of == "query_time" && basisOf(*p) == basisOf(x.Values) { // which is said
			past = ", before that " + atMostOrUsually(*p)
		}
		phrases = append(phrases, "p95 "+Duration(p.Now)+past)
	}
	return strings.Join(phrases, "; ")
}

func took(c *digest.Class) string {
	return fmt.Sprintf("%s in %s", Duration(c.QueryTime.Sum), Plural(c.Calls, "call", "calls"))
}

// perHour is the query time of an hour, and of which.
func perHour(x *digest.Change) string {
	switch {
	case x.Kind == digest.Better:
		return fmt.Sprintf("%s per hour in the last %s", Duration(x.Now), Plural(int64(x.MeanOf), "hour", "hours"))
	case x.MeanOf > 1:
		return fmt.Sprintf("%s per hour in %d hours", Duration(x.Now), x.MeanOf)
	}
	return Duration(x.Now) + " this hour"
}

// pastOf says what a value was at most or, where that is not what it is measured by, usually.
func pastOf(v digest.Values) string { return atMostOrUsually(v) + " " + basisOf(v) }

func atMostOrUsually(v digest.Values) string {
	if v.Highest == 0 {
		return "usually " + Duration(v.Median)
	}
	return "at most " + Duration(v.Highest)
}

// basisOf says of which hours that is.
func basisOf(v digest.Values) string {
	switch {
	case v.Days > 0:
		return "around this hour on " + Plural(int64(v.Days), "day", "days")
	case v.Hours > 0:
		return fmt.Sprintf("in the %d hours it was seen in", v.Hours)
	case v.Highest == 0:
		return "in the hours before"
	}
	return "in any hour before"
}

// span writes how long ago an hour of the clock was, in hours below two days.
func span(seconds float64) string {
	hours := math.Round(seconds / 3600)
	if hours < 48 {
		return Plural(int64(hours), "hour", "hours")
	}
	return Plural(int64(math.Round(hours/24)), "day", "days")
}

// lastSeen says when a class that is GONE was seen last.
func lastSeen(g digest.GoneClass) string {
	return "last seen " + At(g.LastSeen)
}

// GoneEvidence says what is known of a class that is GONE.
func GoneEvidence(g digest.GoneClass) string {
	rhythm := "one after the other"
	if g.LongestGap > 1 {
		rhythm = fmt.Sprintf("never more than %d hours apart", g.LongestGap)
	}
	return fmt.Sprintf("%s; before that %s per hour in %d hours, %s", lastSeen(g), Duration(g.Mean), g.Hours, rhythm)
}

// FixedEvidence says since when a class is FIXED, and what it took before and after.
func FixedEvidence(f digest.FixedClass) string {
	now := Duration(f.Now) + " per hour"
	if f.Now == 0 {
		now = "none"
	}
	s := fmt.Sprintf("%s from %s with %s per hour; %s in the %d hours up to now", strings.ToLower(kindWord(f.Was)),
		window(digest.Window{Start: f.From, End: f.To}), Duration(f.Before), now, f.Hours)
	if f.Was == digest.Worse {
		s += ", usually " + Duration(f.Usual)
	}
	return WithRelease(s, f.Release)
}

// PlanLines say how the server executed the calls of a class: what changed, and which plan most calls had.
func PlanLines(c *digest.Class) []string {
	return slices.DeleteFunc([]string{planChange(c), planLine(c)}, func(s string) bool { return s == "" })
}

// PlanDiff says which plan most calls had before and have now.
func PlanDiff(p *digest.PlanDiff) string {
	before, after := redact.Plan(p.Before), redact.Plan(p.After)
	return fmt.Sprintf("plan changed: was %s (%s), is %s (%s)", planText(&before, true), planCalls(&before, p.BeforeCalls), planText(&after, true), planCalls(&after, p.AfterCalls))
}

// planRows is how many rows a line shows of a plan.
const planRows = 4

// planLine says how the server executed most calls of a class, how those that took the longest, and how many
// other ways there were.
func planLine(c *digest.Class) string {
	p := redact.Plans(c.Plans)
	if p == nil {
		return ""
	}
	s, least := planText(&p.Usual, true), ""
	if p.Rest != nil { // of which some may have had one of these
		least = "at least "
	}
	if p.Usual.Calls < c.Calls {
		s += " (" + least + planCalls(&p.Usual, c.Calls) + ")"
	}
	others := p.Others
	next, calls := p.Worst, ""
	if next != nil {
		calls = ", mean " + Duration(next.QueryTime/float64(max(next.Calls, 1)))
	} else if len(others) > 0 {
		next, others = &others[0], others[1:]
	}
	if next != nil {
		s += fmt.Sprintf("; else %s (%s%s%s)", planText(next, p.Worst != nil), least, Plural(next.Calls, "call", "calls"), calls)
	}
	switch {
	case p.Rest != nil:
		s += "; and others"
	case len(others) > 0:
		s += "; and " + Plural(int64(len(others)), "other plan", "other plans")
	}
	return s
}

// planChange says that a plan took the place of another, and when.
func planChange(c *digest.Class) string {
	p := redact.Plans(c.Plans)
	if p == nil || p.Change == nil {
		return ""
	}
	from, to := p.Find(p.Change.From), p.Find(p.Change.To)
	if from == nil || to == nil {
		return ""
	}
	unlike(from, to)
	return fmt.Sprintf("plan changed: %s until %s, %s since", planText(from, false), At(p.Change.Until), planText(to, false))
}

// unlike leaves out of two plans the first and the last rows that both have, and no plan without one.
func unlike(a, b *digest.Plan) {
	same := func(i, k int) bool { return planStep(&a.Rows[i], false) == planStep(&b.Rows[k], false) }
	for len(a.Rows) > 1 && len(b.Rows) > 1 && same(0, 0) {
		a.Rows, b.Rows = a.Rows[1:], b.Rows[1:]
	}
	for len(a.Rows) > 1 && len(b.Rows) > 1 && a.More+b.More == 0 && same(len(a.Rows)-1, len(b.Rows)-1) {
		a.Rows, b.Rows = a.Rows[:len(a.Rows)-1], b.Rows[:len(b.Rows)-1]
	}
}

func planCalls(p *digest.Plan, of int64) string {
	return fmt.Sprintf("%s of %s", Count(float64(p.Calls)), Plural(of, "call", "calls"))
}

// planText writes a plan, with the numbers of the row of which the most was read.
func planText(p *digest.Plan, numbers bool) string {
	most := -1
	for i, r := range p.Rows {
		if numbers && (r.Read != nil || r.Estimated != nil) && (most < 0 || rowsRead(&r) > rowsRead(&p.Rows[most])) {
			most = i
		}
	}
	var steps []string
	for i := range p.Rows[:min(planRows, len(p.Rows))] {
		steps = append(steps, planStep(&p.Rows[i], i == most))
	}
	if more := len(p.Rows) - len(steps) + p.More; more > 0 {
		steps = append(steps, fmt.Sprintf("%d more", more))
	}
	return strings.Join(steps, " → ")
}

func planStep(r *digest.PlanRow, numbers bool) string {
	var words []string
	if r.Select != "SIMPLE" && r.Select != "PRIMARY" {
		words = append(words, r.Select)
	}
	words = slices.DeleteFunc(append(words, r.Table, r.Type, r.Key), func(w string) bool { return w == "" })
	if r.Times > 1 {
		words = append(words, fmt.Sprintf("(%d times)", r.Times))
	}
	var parts []string
	if len(words) > 0 {
		parts = append(parts, strings.Join(words, " "))
	}
	if numbers {
		parts = append(parts, readOf(r)...)
	}
	for _, e := range r.Extra {
		if e != "Using where" {
			parts = append(parts, e)
		}
	}
	return strings.Join(parts, ", ")
}

func rowsRead(r *digest.PlanRow) float64 {
	if r.Read != nil {
		return *r.Read
	}
	if r.Estimated != nil {
		return *r.Estimated
	}
	return 0
}

// readOf says how many rows were read, and how many the server took them for.
func readOf(r *digest.PlanRow) []string {
	rows := func(n float64) string { return Plural(int64(math.Round(math.Min(n, 1e15))), "row", "rows") }
	switch {
	case r.Read != nil && r.Estimated != nil && rowsRead(r) > 1:
		return []string{fmt.Sprintf("%s read of %s estimated", rows(*r.Read), Count(math.Round(*r.Estimated)))}
	case r.Read != nil && rowsRead(r) > 1:
		return []string{rows(*r.Read) + " read"}
	case r.Read == nil && rowsRead(r) > 1:
		return []string{rows(*r.Estimated) + " estimated"}
	}
	return nil
}
