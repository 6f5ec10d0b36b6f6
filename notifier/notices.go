package notifier

import (
	"fmt"
	"slices"
	"strings"

	"slowdigest/digest"
)

// Notice is a word and a text that have to be read before the numbers.
type Notice struct{ Word, Text string }

// Notices says which hours are lost, and whether the digest may be a repeat.
func Notices(r *digest.Report) []Notice {
	if r.Past == nil {
		return nil
	}
	var out []Notice
	if r.Past.Repeat {
		out = append(out, Notice{"POSSIBLE REPEAT", "An earlier attempt to post this digest got no answer. It may stand above already."})
	}
	if lost := merged(r.Past.Missed); len(lost) > 0 {
		var all []string
		for _, w := range lost[:min(4, len(lost))] {
			all = append(all, window(w))
		}
		if more := len(lost) - 4; more > 0 {
			all = append(all, fmt.Sprintf("and %d more", more))
		}
		out = append(out, Notice{"HOURS LOST", strings.Join(all, ", ") + ". RDS had deleted the logs before they could be read."})
	}
	return out
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

// Learning says since when the digests have been learning, or is empty.
func Learning(r *digest.Report) string {
	if r.Past == nil || !r.Past.Learning {
		return ""
	}
	return "Learning since " + r.Past.Since.UTC().Format("2006-01-02 15:04") + " UTC what is usual here: nothing is called new or worse yet."
}

// Muted counts the classes that are muted, and names them, or is empty.
func Muted(r *digest.Report) string {
	if r.Past == nil || len(r.Past.Muted) == 0 {
		return ""
	}
	var ids []string
	var calls int64
	sum := 0.0
	for i, m := range r.Past.Muted {
		calls, sum = calls+m.Calls, sum+m.QueryTime
		if i < 5 {
			ids = append(ids, ShortID(m.ID))
		}
	}
	if more := len(r.Past.Muted) - len(ids); more > 0 {
		ids = append(ids, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%d muted: %s (%s, %s)", len(r.Past.Muted), strings.Join(ids, ", "), Plural(calls, "call", "calls"), Duration(sum))
}

// When is the window, and how many hours it covers if these are several.
func When(r *digest.Report) string {
	if r.Past != nil && r.Past.CatchUp > 1 {
		return fmt.Sprintf("%d hours in one message: %s", r.Past.CatchUp, window(r.Window))
	}
	return window(r.Window)
}
