package notifier

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// Incomplete reports whether something of the window is missing from the numbers
// of a report, as opposed to their being small. That is always shown, and looks
// different. What is known to be missing, and was said, is only named.
func Incomplete(r *digest.Report) bool {
	return !r.Coverage.Complete && len(r.Coverage.Without) == 0 || r.Coverage.InWindow == 0 && r.Coverage.Unreadable > 0
}

// Trust says in a word how far the numbers of a report can be trusted.
func Trust(r *digest.Report) string {
	switch {
	case !Incomplete(r) && r.Coverage.Complete && r.Coverage.AsListed:
		return "As listed"
	case !Incomplete(r) && r.Coverage.Complete && r.Coverage.Sampled:
		return "By samples"
	case !Incomplete(r) && r.Coverage.Complete:
		return "Complete"
	case !Incomplete(r):
		return "Without " + names(r.Coverage.Without, 3)
	case r.Coverage.InWindow == 0:
		return "NO DATA"
	}
	return "PARTIAL"
}

// Warning says what an incomplete report means.
func Warning(r *digest.Report) string {
	if r.Overall.Calls == 0 {
		return "Nothing is known of this window. It may have been slow."
	}
	return "A part of this window could not be read. The true numbers are higher."
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

// CoverageNotes returns the notes on the coverage of a report, and after them a
// sentence for each of the numbers that people have to know of.
func CoverageNotes(r *digest.Report) []string { return coverageNotes(&r.Coverage, r.Filter, r.By) }

// coverageNotes leaves out what is among the notes already, as in a report that was
// saved as JSON.
func coverageNotes(c *digest.Coverage, filter *digest.Filter, by digest.By) []string {
	notes := slices.Clip(c.Notes)
	add := func(format string, args ...any) {
		note := fmt.Sprintf(format, args...)
		if !slices.Contains(c.Notes, note) {
			notes = append(notes, note)
		}
	}
	filtered := func(note string) bool { return strings.HasPrefix(note, "Filtered: ") }
	if filter != nil && !slices.ContainsFunc(c.Notes, filtered) {
		only := filterText(filter)
		if only != "" {
			only = "only " + only + ". "
		}
		add("Filtered: %s%s of %s in the window are left out, and shares are of the others.", only,
			Count(float64(c.Filtered)), Plural(c.InWindow, "entry", "entries"))
	}
	if c.Unanswered > 0 {
		lack, are := "entries lack", "are"
		if c.Unanswered == 1 {
			lack, are = "entry lacks", "is"
		}
		add("%s %s %s, on which the filter depends, and %s not counted.", Count(float64(c.Unanswered)), lack, names(c.Unknown, maxUnknown), are)
	}
	if c.Untimed > 0 {
		add("%s.", Plural(c.Untimed, "entry has no timestamp and is not counted", "entries have no timestamp and are not counted"))
	}
	if c.Throttled > 0 {
		add("The server left out %s without an index (log_throttle_queries_not_using_indexes).", Plural(c.Throttled, "statement", "statements"))
	}
	if c.Folded > 0 {
		all, _ := strings.CutPrefix(Classes(by, 2, ""), "2 ")
		add("There were too many %s to keep; the least %s only counted together, and one that came back may be counted twice.",
			all, Plural(int64(c.Folded), "is", "are"))
	}
	return notes
}

// filterText says what is counted, such as "user app, query time of 500ms or more".
func filterText(f *digest.Filter) string {
	var s []string
	add := func(what string, values []string) {
		if len(values) > 0 {
			values = slices.Clone(values)
			for i := range values {
				values[i] = cmp.Or(values[i], redact.NoName)
			}
			s = append(s, what+" "+strings.Join(values, " or "))
		}
	}
	add("user", f.Users)
	add("host", f.Hosts)
	add("schema", f.Schemas)
	add("query ID", f.IDs)
	for _, key := range slices.Sorted(maps.Keys(f.Tags)) {
		add("tag "+key, f.Tags[key])
	}
	if f.MinTime > 0 {
		s = append(s, fmt.Sprintf("query time of %s or more", Duration(f.MinTime)))
	}
	for _, instance := range slices.Sorted(maps.Keys(f.MinTimes)) {
		s = append(s, fmt.Sprintf("query time of %s or more on %s", Duration(f.MinTimes[instance]), instance))
	}
	if f.Expression != "" {
		s = append(s, "where "+f.Expression)
	}
	return strings.Join(s, ", ")
}

// maxUnknown is how many fields are named that entries do not tell.
const maxUnknown = 6

// maxNotes is how many notes on the coverage a chat shows.
const maxNotes = 8

// Notes returns the notes on the coverage for a chat, as many as there is room
// for, and how many were left out.
func Notes(r *digest.Report) (notes []string, more int) {
	all := folded(CoverageNotes(r))
	for _, n := range all[:min(maxNotes, len(all))] {
		notes = append(notes, redact.Cut(n, redact.MaxCoverageNote))
	}
	return notes, len(all) - len(notes)
}

// folded says once what sentences say that differ in the name of an instance only, with which
// they begin, but for a word.
func folded(sentences []string) []string {
	like := map[string][]string{} // names, by the sentence without its own
	split := func(s string) (before, name, after string) {
		for _, word := range []string{"", "What ", "Instance "} {
			if rest, found := strings.CutPrefix(s, word); found {
				before = word
				name, after, _ = strings.Cut(rest, " ") // of a sentence of one word, nothing else is alike
			}
		}
		return before, name, after
	}
	for _, s := range sentences {
		before, name, after := split(s)
		like[before+" "+after] = append(like[before+" "+after], name)
	}
	var out []string
	for _, s := range sentences {
		before, _, after := split(s)
		key := before + " " + after
		switch all := like[key]; {
		case len(all) == 1 || after == "" && len(all) > 0:
			out = append(out, s)
			continue
		case len(all) > 1 && strings.HasSuffix(all[0], ":"): // the names stand before what is said of each
			for i := range all {
				all[i] = strings.TrimSuffix(all[i], ":")
			}
			out = append(out, before+names(all, maxTotals)+": "+after)
		case len(all) > 1:
			each := map[string]string{"": "Each of ", "What ": "What each of ", "Instance ": "Each of the instances "}[before]
			out = append(out, each+names(all, maxTotals)+" "+after)
		}
		delete(like, key)
	}
	return out
}
