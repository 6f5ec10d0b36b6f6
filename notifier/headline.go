package notifier

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"slowdigest/digest"
)

// Title is the headline for a chat, which begins with what changed. That
// something is missing stands before that, with a sign and a word.
func Title(r *digest.Report) string {
	where := names(r.Instances, 2)
	title := where + ": "
	if n := changeCount(r); n != "" {
		title = upperFirst(n) + " on " + title
	}
	title += fmt.Sprintf("%s, %s", Plural(r.Overall.Calls, "slow query", "slow queries"), Duration(r.Overall.QueryTime.Sum))
	switch all := Notices(r); {
	case Incomplete(r) && r.Overall.Calls == 0:
		return "⚠️ NO DATA from " + where
	case Incomplete(r):
		return "⚠️ PARTIAL: " + title
	case len(all) > 0:
		return "⚠️ " + all[0].Word + ": " + title
	}
	return title
}

// Facts is the line below the title: the window, the totals and what they rest on.
func Facts(r *digest.Report) string {
	o, c := r.Overall, r.Coverage
	facts := []string{When(r)}
	if o.Calls > 0 {
		facts = append(facts, Plural(int64(o.Classes), "class", "classes"), "p95 "+Duration(o.QueryTime.P95),
			Count(o.RowsExamined.Sum)+" rows examined")
	}
	coverage := fmt.Sprintf("complete: %s, %s", Plural(int64(c.Files), "file", "files"), byteSize(c.BytesRead))
	if Incomplete(r) {
		coverage = Trust(r) + ": " + strings.TrimSuffix(CoverageFacts(c), ".")
	}
	return strings.Join(append(facts, coverage), " · ")
}

// Warning says what an incomplete report means.
func Warning(r *digest.Report) string {
	if r.Overall.Calls == 0 {
		return "Nothing is known of this window. It may have been slow."
	}
	return "A part of this window could not be read. The true numbers are higher."
}

// maxNotes is how many notes on the coverage a chat shows.
const maxNotes = 8

// Notes returns the notes on the coverage for a chat, as many as there is room
// for, and how many were left out.
func Notes(r *digest.Report) (notes []string, more int) {
	all := r.Coverage.Notes
	n := min(maxNotes, len(all))
	return all[:n], len(all) - n
}

// headline is the report in one sentence, which begins with what changed.
func headline(r *digest.Report) string {
	o, filtered := r.Overall, ""
	if r.Filter != nil {
		filtered = "Filtered: "
	}
	if o.Calls == 0 {
		if Incomplete(r) {
			return filtered + "No slow query was seen, but not everything could be read."
		}
		return filtered + "No slow query."
	}
	first := ""
	if n := changeCount(r); n != "" {
		first = upperFirst(n) + ". "
	}
	return first + filtered + fmt.Sprintf("%s in %s: %s in total, p95 %s, max %s, %s rows examined.",
		Plural(o.Calls, "slow query", "slow queries"), Plural(int64(o.Classes), "class", "classes"),
		Duration(o.QueryTime.Sum), Duration(o.QueryTime.P95), Duration(o.QueryTime.Max), Count(o.RowsExamined.Sum))
}

// CoverageFacts says what the numbers rest on.
func CoverageFacts(c digest.Coverage) string {
	var facts []string
	if c.Files > 0 || c.BytesRead > 0 {
		read := byteSize(c.BytesRead)
		if c.BytesListed > c.BytesRead {
			read += " of " + byteSize(c.BytesListed)
		}
		facts = append(facts, Plural(int64(c.Files), "file", "files")+", "+read)
	}
	entries := Plural(c.Events, "entry", "entries") + " read"
	if c.InWindow != c.Events {
		entries += ", " + Count(float64(c.InWindow)) + " in the window"
	}
	facts = append(facts, entries)
	if c.Unreadable > 0 {
		facts = append(facts, Count(float64(c.Unreadable))+" unreadable")
	}
	if c.Truncated > 0 {
		facts = append(facts, Count(float64(c.Truncated))+" cut short")
	}
	return strings.Join(facts, ", ") + "."
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
	return fmt.Sprintf("MISC: %s, %s%s, %s.", Plural(int64(m.Classes), "more class", "more classes"),
		share, Duration(m.QueryTime.Sum), Plural(m.Calls, "call", "calls"))
}

// upperFirst writes the first letter large, as a sentence begins.
func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
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
