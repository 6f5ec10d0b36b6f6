// Package notifier writes what a digest.Report says, in sentences: for a
// terminal, as JSON, as Markdown and HTML. It also has the sentences that all
// chats share, and what they share in delivering them; each chat is a package of
// its own.
//
// Everything a report names is hostile input: see package redact. It reaches a
// chat only in elements that the chat shows as they are, never in a markup
// language. The one markup is that of times, in the text of a Slack message.
package notifier

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// Notifier shows a report to people. It does not keep or change r.
type Notifier interface {
	Notify(ctx context.Context, r *digest.Report) error
}

// Quiet reports whether a report holds nothing that anybody needs to know: no class, and
// nothing of the window missing but what will be read when it is there, nor hours that were
// never read. A chat stays silent then, but for hours that were read and had no slow query, or
// only muted ones: or nobody would know whether they were read.
func Quiet(r *digest.Report) bool {
	return len(r.Classes) == 0 && r.Misc.Calls == 0 && (!Incomplete(r) || r.Coverage.Awaited) && !empty(r) &&
		(r.Past == nil || len(r.Past.Missed)+len(r.Past.GivenUp) == 0 && r.Past.Day == nil)
}

// empty reports whether hours that are remembered are known to have had no slow query that is
// not muted.
func empty(r *digest.Report) bool {
	return r.Past != nil && r.Coverage.Complete && !r.Coverage.AsListed && (r.Overall.Calls == 0 || len(r.Past.Muted) > 0)
}

// Classes counts classes as what they are, such as "3 users". Of is empty, or says of what kind
// they are: "more ".
func Classes(by digest.By, n int, of string) string {
	one, many := noun(by)
	return Plural(int64(n), of+one, of+many)
}

// What is what a class is, such as "class" or "user".
func What(by digest.By) string {
	one, _ := noun(by)
	return one
}

// noun is what classes are, one and more of them.
func noun(by digest.By) (one, many string) {
	switch key := by.Tag(); {
	case by == digest.ByClass:
		return "class", "classes"
	case key == digest.CodeTag:
		return "place", "places"
	case strings.HasSuffix(key, "s"):
		return key, key
	case key != "":
		return key, key + "s"
	}
	return string(by), string(by) + "s"
}

// ClassHead is the heading above the names of classes, such as "User"; and more than one of "Users".
func ClassHead(by digest.By, one bool) string {
	switch {
	case by == digest.ByClass && one:
		return "Query"
	case by == digest.ByClass:
		return "Queries"
	}
	name, names := noun(by)
	if one {
		return upperFirst(name)
	}
	return upperFirst(names)
}

// groupsHead is the heading above classes.
func groupsHead(by digest.By) string {
	if by == digest.ByClass {
		return "Classes"
	}
	return ClassHead(by, false)
}

// groupNotes says how the calls are grouped if that is not by class, and how to go on.
func groupNotes(r *digest.Report) []string {
	if r.By == digest.ByClass || len(r.Classes) == 0 {
		return nil
	}
	next := fmt.Sprintf("--%s NAME in the place of --by %[1]s shows the query classes of one.", r.By)
	switch r.By {
	case digest.ByTable:
		next = "--id ID in the place of --by table shows a query class."
	case digest.ByInstance:
		next = "--per-instance in the place of --by instance shows the query classes of each."
	}
	if key := r.By.Tag(); key != "" {
		next = fmt.Sprintf("--query-tag %s=VALUE in the place of --by %s shows the query classes of one.", key, r.By)
	}
	out := []string{fmt.Sprintf("Grouped by %s: %s", r.By, next)}
	if r.By == digest.ByTable {
		out = append(out, "A statement counts whole for each table that it names, in the default database of the call if it names none, so the shares may add up to more than 100%.")
	}
	if r.By == digest.ByTable && slices.ContainsFunc(r.Classes, func(c digest.Class) bool { return c.Group != nil && strings.Contains(c.Group.Name, "?") }) {
		out = append(out, "Tables that differ in digits only are one, with ? for these.")
	}
	if slices.ContainsFunc(r.Classes, func(c digest.Class) bool { return c.Group != nil && c.Group.None }) {
		of := none[r.By]
		if key := r.By.Tag(); key != "" {
			of = "the calls of statements without a comment that has the tag " + key
		}
		out = append(out, redact.NoName+" is of "+of+".")
	}
	return []string{strings.Join(out, " ")}
}

// none says of which calls a group without a name is.
var none = map[digest.By]string{
	digest.ByInstance: "the calls in logs of no instance",
	digest.ByUser:     "the calls of which the log names no user, such as those of the server's own threads",
	digest.ByHost:     "the calls of which the log names no host, such as those of the server's own threads",
	digest.BySchema:   "the calls of which the log names no schema: it had none, or the log began after it was chosen",
	digest.ByTable:    "the calls of statements that name no table",
}

// groupQueries are the query classes on which a group spent most time, each with its ID.
func groupQueries(c *digest.Class) []string {
	if c.Group == nil {
		return nil
	}
	var out []string
	for _, q := range c.Group.Queries {
		took := Duration(q.QueryTime)
		if c.QueryTime.Sum > 0 {
			took += ", " + Percent(q.QueryTime/c.QueryTime.Sum)
		}
		out = append(out, fmt.Sprintf("%s %s (%s)", cmp.Or(q.Label, "-"), redact.ShortID(q.ID), took))
	}
	return out
}

// classID is the query ID of a class as people are shown it; a group has none.
func classID(c *digest.Class) string {
	if c.Group != nil {
		return ""
	}
	return redact.ShortID(c.ID)
}
